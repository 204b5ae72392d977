//! What a start finds missing: rosters, campaigns.

use std::path::PathBuf;

use super::folder::Folder;
use super::rosters::{self, SCHOOLS};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::config::deployment::Declared;
use crate::roster::ops::{House, Request, import};
use crate::roster::reconcile::Removals;
use crate::roster::store::import::set;
use crate::tenants::ops::{CampaignChange, change_campaign};
use crate::tenants::{self, Opening, opening};

/// Its campaign stays closed, to show the page that says so.
pub const CLOSED: &str = "0349997G";
/// How long the other campaigns are open from a start on.
const DAYS: i64 = 15;

/// The origin of the neighbours in the deployment's files.
const DECLARED_AT: &str = "http://localhost:8090";

/// Lets the relying parties live elsewhere than their files say: a test's free port.
pub fn relocate(declared: &mut Declared, base: &str) {
    let relocate = |uri: &mut String| {
        if let Some(rest) = uri.strip_prefix(DECLARED_AT) {
            *uri = format!("{base}{rest}");
        }
    };
    for (client, _) in &mut declared.clients {
        client.fields.redirect_uris.iter_mut().flatten().for_each(relocate);
        client.fields.post_logout_redirect_uris.iter_mut().flatten().for_each(relocate);
        client.fields.client_uri.iter_mut().for_each(relocate);
        client.fields.initiate_login_uri.iter_mut().for_each(relocate);
        client.fields.backchannel_logout_uri.iter_mut().for_each(relocate);
        client.fields.frontchannel_logout_uri.iter_mut().for_each(relocate);
    }
}

/// Writes and imports the roster of each school that has none.
pub async fn rosters(app: &App, folder: &Folder, now: Timestamp) -> anyhow::Result<()> {
    let mut tx = app.db.read().await?;
    let mut missing = Vec::new();
    for school in &SCHOOLS {
        if set(&mut tx, school.uai).await?.is_none() {
            missing.push(school);
        }
    }
    drop(tx);
    if missing.is_empty() {
        return Ok(());
    }
    let files = rosters::write(&folder.rosters(), now)?;
    let (db, vault, rng, numbering) = (&app.db, &app.vault, app.rng.as_ref(), &app.numbering);
    let house = House { db, vault, rng, numbering, now };
    for school in missing {
        let of_school = |path: &PathBuf| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(school.uai));
        let files = files.iter().map(|(_, path)| path.clone()).filter(of_school).collect();
        let academy = school.academy.to_owned();
        let request = Request { academy, files, removals: Removals::Guarded, dry_run: false };
        let mut report = String::new();
        let all = import(house, &request, &mut |finding| report.push_str(&format!("{finding} "))).await?;
        anyhow::ensure!(all, "the demo's own roster of {} was not taken: {report}", school.uai);
    }
    Ok(())
}

/// Opens every campaign from now on, but for the one that stays closed.
pub async fn campaigns(app: &App, now: Timestamp) -> anyhow::Result<()> {
    for school in &SCHOOLS {
        let change = if school.uai == CLOSED {
            let campaign = tenants::store::campaign(&mut app.db.read().await?, school.uai).await?;
            if matches!(opening(campaign, now), Opening::Closed(_)) {
                continue;
            }
            CampaignChange::Close
        } else {
            CampaignChange::Open { days: DAYS }
        };
        change_campaign(&app.db, app.rng.as_ref(), now, school.uai, change).await?;
    }
    Ok(())
}
