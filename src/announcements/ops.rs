//! What visitors see of messages: read from memory, so that a page of sign-in costs no query for it.

use std::sync::Arc;

use super::{Announcement, ShownAnnouncement, academy_of, store};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::clients::Client;

/// The key of the messages among the rows that are kept in memory: no client has this id, which has a blank.
const KEPT_AS: &str = "open announcements";

/// Returns the open messages: kept for ten seconds on each server, and forgotten at once where one is changed.
async fn open_announcements(app: &App, now: Timestamp) -> anyhow::Result<Arc<Vec<Announcement>>> {
    let rows = app.db.recent_rows();
    let miss = match rows.find::<Vec<Announcement>>(KEPT_AS, now) {
        Ok(kept) => return Ok(kept),
        Err(miss) => miss,
    };
    let read = Arc::new(store::list_open(&mut app.db.read().await?, now).await?);
    rows.keep(KEPT_AS, miss, Arc::clone(&read));
    Ok(read)
}

/// Returns the messages of a page: those of all, and those of the academy of the client that one comes from.
/// Disturbances stand first. A page never fails for want of them.
pub async fn list_shown(app: &App, now: Timestamp, client: Option<&Client>, lang: Lang) -> Vec<ShownAnnouncement> {
    let open = match open_announcements(app, now).await {
        Ok(open) => open,
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "a page is shown without announcements");
            return Vec::new();
        }
    };
    let academy = client.and_then(|client| academy_of(&client.meta.perimeter));
    let mut shown: Vec<&Announcement> = open.iter().filter(|one| one.is_shown(academy, now)).collect();
    shown.sort_by_key(|one| (one.level, one.begins_at));
    let text = |one: &&Announcement| match lang {
        Lang::Fr => one.fr.clone(),
        Lang::En => one.en.clone(),
    };
    shown.iter().map(|one| ShownAnnouncement { level: one.level, text: text(one) }).collect()
}
