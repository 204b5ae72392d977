//! Messages are drafted, read, confirmed and ended. What is confirmed is the version and the digest of the page that was
//! read, by a role that is read again in the same transaction.

use super::store::{self, ListedAnnouncementRow};
use super::{AnnouncementOrder, DRAFT_TTL, place_of};
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::scope::AdminScope;
use crate::administrators::store::drafts::{self, ConsoleDraftRow, DraftKind};
use crate::announcements::{self, Announcement, MAX_OPEN_ANNOUNCEMENTS};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id;
use crate::db::{Durability, Tx, UnitOfWork};
use crate::tenants;

/// The drafts of a person within a day.
const MAX_DRAFTS_A_DAY: i64 = 200;
/// The number of messages of a page.
pub const PAGE_ANNOUNCEMENTS: i64 = 50;

/// Lists the messages that the administrator may see, the last first: those of all are seen on every page of sign-in.
pub async fn list(op: &Operation<'_>, on_duty: &OnDuty, before: &str) -> anyhow::Result<Vec<ListedAnnouncementRow>> {
    let scope = AdminScope::of(&on_duty.roles, AdminAct::Announce, op.now);
    Ok(store::list(&mut op.app.db.read().await?, &scope, before, PAGE_ANNOUNCEMENTS + 1).await?)
}

/// The places for which an administrator may write: all, and academies by id and name.
#[derive(Clone, Debug, Default)]
pub struct AnnouncementPlaces {
    pub everywhere: bool,
    pub academies: Vec<(String, String)>,
}

impl AnnouncementPlaces {
    /// True if an academy, or all, is one of the places.
    pub fn offers(&self, academy: Option<&str>) -> bool {
        match academy {
            None => self.everywhere,
            Some(wanted) => self.academies.iter().any(|(id, _)| id == wanted),
        }
    }
}

/// Returns the places for which the administrator may write.
pub async fn list_places(op: &Operation<'_>, on_duty: &OnDuty) -> anyhow::Result<AnnouncementPlaces> {
    let scope = AdminScope::of(&on_duty.roles, AdminAct::Announce, op.now);
    let academies = store::list_academies(&mut op.app.db.read().await?, &scope).await?;
    Ok(AnnouncementPlaces { everywhere: scope.contains(&place_of(None)), academies })
}

/// The outcome of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnnouncementDraftOutcome {
    /// It is to be read under this id.
    Saved(String),
    TooMany,
    NotPermitted,
}

/// Keeps an order as a draft.
pub async fn draft(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    order: &AnnouncementOrder,
) -> anyhow::Result<AnnouncementDraftOutcome> {
    let keeper = on_duty.keeper();
    let mut tx = op.write(Durability::Durable).await?;
    let is_known = match &order.academy {
        Some(academy) => tenants::store::has_academy(&mut tx, academy).await?,
        None => true,
    };
    if !is_known || on_duty.permitted_everywhere(&mut tx, AdminAct::Announce, &[order.place()]).await?.is_none() {
        tx.rollback().await?;
        return Ok(AnnouncementDraftOutcome::NotPermitted);
    }
    if drafts::count_since(&mut tx, keeper, op.now.minus(Span::days(1))).await? >= MAX_DRAFTS_A_DAY {
        tx.rollback().await?;
        return Ok(AnnouncementDraftOutcome::TooMany);
    }
    let id = row_id(op.now, op.app.rng.as_ref());
    drafts::insert(&mut tx, (DraftKind::Announcement, &id), &serde_json::to_string(order)?, keeper).await?;
    tx.commit().await?;
    Ok(AnnouncementDraftOutcome::Saved(id))
}

/// A draft with what it would do now.
#[derive(Clone, Debug)]
pub struct AnnouncementDraft {
    pub row: ConsoleDraftRow,
    pub order: AnnouncementOrder,
    /// The name of the academy; `None` for all.
    pub place_name: Option<String>,
    /// The messages of the same place that are shown or will be.
    pub open: Vec<Announcement>,
    pub digest: String,
}

impl AnnouncementDraft {
    /// True if it is too old to be confirmed, or what it says has ended.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.since(Timestamp(self.row.created_at)) > DRAFT_TTL || self.order.ends_at <= now.0
    }

    /// True if its place has as many messages as it may.
    pub fn is_full(&self) -> bool {
        self.open.len() >= MAX_OPEN_ANNOUNCEMENTS
    }
}

/// Finds a draft of the administrator.
pub async fn find(op: &Operation<'_>, on_duty: &OnDuty, id: &str) -> anyhow::Result<Option<AnnouncementDraft>> {
    find_in(&mut op.app.db.read().await?, op.now, on_duty, id).await
}

async fn find_in(tx: &mut Tx, now: Timestamp, on_duty: &OnDuty, id: &str) -> anyhow::Result<Option<AnnouncementDraft>> {
    let found = drafts::find(tx, (DraftKind::Announcement, id), &on_duty.administrator.id).await?;
    let Some(row) = found else { return Ok(None) };
    // A draft of another release is none.
    let Ok(order) = serde_json::from_str::<AnnouncementOrder>(&row.form) else { return Ok(None) };
    let place_name = match &order.academy {
        Some(academy) => match tenants::store::find_academy_name(tx, academy).await? {
            Some(name) => Some(name),
            None => return Ok(None),
        },
        None => None,
    };
    let mut open = announcements::store::list_open(tx, now).await?;
    open.retain(|one| one.academy == order.academy);
    let ids: Vec<String> = open.iter().map(|one| one.id.clone()).collect();
    let digest = order.digest(&ids);
    Ok(Some(AnnouncementDraft { row, order, place_name, open, digest }))
}

/// The outcome of a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnouncementConfirmation {
    Done,
    /// Something changed since it was read, or it was read too long ago.
    Changed,
    /// Its place has as many messages as it may.
    Full,
    /// The role ended meanwhile.
    NotPermitted,
    NotFound,
}

/// Shows what a draft says. `seen` is the version and the digest of the page that was read.
pub async fn confirm(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    id: &str,
    seen: (i64, &str),
) -> anyhow::Result<AnnouncementConfirmation> {
    let mut tx = op.write(Durability::Durable).await?;
    let outcome = confirm_in(&mut tx, on_duty, id, seen).await?;
    match outcome {
        AnnouncementConfirmation::Done => tx.commit().await?,
        _ => tx.rollback().await?,
    }
    Ok(outcome)
}

async fn confirm_in(
    tx: &mut UnitOfWork<'_>,
    on_duty: &OnDuty,
    id: &str,
    (version, digest): (i64, &str),
) -> anyhow::Result<AnnouncementConfirmation> {
    let (now, own) = (tx.now, &on_duty.administrator.id);
    // Before the draft is read: posted twice at once, the second one reads what the first one did; and of two persons who
    // publish for one place, the second one counts the message of the first.
    on_duty.current_roles(tx).await?;
    let Some(asked) = find_in(tx, now, on_duty, id).await? else { return Ok(AnnouncementConfirmation::NotFound) };
    announcements::store::lock_place(tx, asked.order.academy.as_deref()).await?;
    let Some(draft) = find_in(tx, now, on_duty, id).await? else { return Ok(AnnouncementConfirmation::NotFound) };
    let Some(grant) = on_duty.permitted_everywhere(tx, AdminAct::Announce, &[draft.order.place()]).await? else {
        return Ok(AnnouncementConfirmation::NotPermitted);
    };
    // Posted twice, the answer is the same.
    if draft.row.is_confirmed() && draft.row.version == version.saturating_add(1) {
        return Ok(AnnouncementConfirmation::Done);
    }
    if draft.row.is_confirmed() || draft.is_stale(now) || draft.row.version != version || draft.digest != digest {
        return Ok(AnnouncementConfirmation::Changed);
    }
    if draft.is_full() {
        return Ok(AnnouncementConfirmation::Full);
    }
    if !drafts::finish(tx, id, version).await? {
        return Ok(AnnouncementConfirmation::Changed);
    }
    tx.actor = on_duty.actor(Some(&grant));
    let order = draft.order;
    let new = Announcement {
        id: row_id(now, tx.rng),
        academy: order.academy,
        level: order.level,
        fr: order.fr,
        en: order.en,
        begins_at: order.begins_at.map_or(now, |at| Timestamp(at).max(now)),
        ends_at: Timestamp(order.ends_at),
    };
    announcements::store::insert(tx, &new, own).await?;
    record(tx, AuditEvent::AnnouncementPublished, &new, (None, Some(&words(&new, new.ends_at)))).await?;
    Ok(AnnouncementConfirmation::Done)
}

/// Returns a message as the journal has it.
fn words(one: &Announcement, ends_at: Timestamp) -> String {
    let (begins_at, ends_at) = (one.begins_at.0, ends_at.0);
    serde_json::json!({ "level": one.level.name(), "from": begins_at, "to": ends_at, "fr": one.fr, "en": one.en })
        .to_string()
}

async fn record(
    tx: &mut UnitOfWork<'_>,
    fact: AuditEvent,
    one: &Announcement,
    (before, after): (Option<&str>, Option<&str>),
) -> anyhow::Result<()> {
    let about =
        AuditDetails { academy: one.academy.as_deref(), detail: &one.id, before, after, ..AuditDetails::default() };
    Ok(audit::store::record(tx, fact, about).await?)
}

/// The outcome of ending a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndOutcome {
    /// It has ended, by this act or before it.
    Ended,
    NotPermitted,
}

/// Ends a message now, without a fresh proof: taking a wrong one away is urgent, and shows nothing new.
pub async fn end(op: &Operation<'_>, on_duty: &OnDuty, id: &str) -> anyhow::Result<EndOutcome> {
    let own = &on_duty.administrator.id;
    let mut tx = op.write(Durability::Durable).await?;
    let found = announcements::store::find(&mut tx, id).await?;
    let place = found.as_ref().map(|one| place_of(one.academy.as_deref()));
    let grant = match place {
        Some(place) => on_duty.permitted_everywhere(&mut tx, AdminAct::Announce, &[place]).await?,
        None => None,
    };
    let (Some(one), Some(grant)) = (found, grant) else {
        tx.rollback().await?;
        return Ok(EndOutcome::NotPermitted);
    };
    tx.actor = on_duty.actor(Some(&grant));
    if !announcements::store::end(&mut tx, id, own).await? {
        tx.rollback().await?;
        return Ok(EndOutcome::Ended);
    }
    let (before, after) = (words(&one, one.ends_at), words(&one, op.now));
    record(&mut tx, AuditEvent::AnnouncementEnded, &one, (Some(&before), Some(&after))).await?;
    tx.commit().await?;
    Ok(EndOutcome::Ended)
}
