//! Reminders, by SMS or by mail, are ordered in two steps: a draft whose text, persons and price are read, and its
//! confirmation; the worker sends them ([`sending`]), and whoever may order them may cancel them meanwhile
//! ([`orders`]).
//!
//! Whoever confirms has the role for the school, read again in the same transaction; the persons are those of the page
//! that was read. Nothing is sent here.

pub mod orders;
pub mod sending;

use std::collections::BTreeSet;

use super::campaign::MAX_DRAFTS_A_DAY;
use super::{SchoolPlace, find_school};
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::store::drafts::{self, ConsoleDraftRow, DraftKind};
use crate::app::{App, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id;
use crate::base::lang::Lang;
use crate::base::typed_ids::PersonId;
use crate::db::{Durability, Tx, UnitOfWork};
use crate::http::pages::dates;
use crate::school_admin::figures::CampaignFigures;
use crate::school_admin::orders::DRAFT_TTL;
use crate::school_admin::reminders::{
    MIN_TIME_LEFT, ReminderChannel, ReminderObstacle, ReminderOrder, ReminderPlan, is_remindable,
};
use crate::school_admin::store;
use crate::school_admin::store::reminders::{self as rows, NewReminderBatch};
use crate::sms::{count_segments, to_default_alphabet};

/// The time for which the reminders of an order may leave: later the text is about another week.
const REMINDER_BATCH_TTL: Span = Span::days(4);

/// The effect that an order would have now.
#[derive(Clone, Debug)]
pub struct ReminderPreview {
    pub place: SchoolPlace,
    pub channel: ReminderChannel,
    pub plan: ReminderPlan,
    /// The subject of a mail; empty for an SMS.
    pub subject: String,
    /// The text as it would leave.
    pub text: String,
    /// The SMS that one text is billed as; none for a mail.
    pub segments: i64,
    /// The SMS, or the mails, that the school's budget leaves.
    pub left: i64,
    /// True if an order of the school by mail goes on, and this is another one.
    pub is_under_way: bool,
    pub digest: String,
}

impl ReminderPreview {
    /// Returns the SMS of the whole order, as they are billed.
    pub fn sms(&self) -> i64 {
        self.segments.saturating_mul(i64::try_from(self.plan.persons.len()).unwrap_or(i64::MAX))
    }

    /// Returns the mails of the whole order: one an address.
    pub fn mails(&self) -> i64 {
        match self.channel {
            ReminderChannel::Sms => 0,
            ReminderChannel::Mail => i64::try_from(self.plan.persons.len()).unwrap_or(i64::MAX),
        }
    }

    /// Returns the reason for which nothing can be sent; `None` if it can.
    pub fn obstacle(&self, app: &App, now: Timestamp) -> Option<ReminderObstacle> {
        if !is_on(app, self.channel) {
            return Some(match self.channel {
                ReminderChannel::Sms => ReminderObstacle::Off,
                ReminderChannel::Mail => ReminderObstacle::MailOff,
            });
        }
        if !is_remindable(self.place.campaign, now) {
            return Some(ReminderObstacle::NotOpen);
        }
        if self.is_under_way {
            return Some(ReminderObstacle::UnderWay);
        }
        if self.plan.persons.is_empty() {
            return Some(ReminderObstacle::Nobody);
        }
        (self.sms().max(self.mails()) > self.left).then_some(ReminderObstacle::OverBudget)
    }
}

/// True if the deployment sends reminders by these means.
pub fn is_on(app: &App, channel: ReminderChannel) -> bool {
    let config = &app.config.reminders;
    match channel {
        ReminderChannel::Sms => config.share_percent > 0,
        ReminderChannel::Mail => app.mail_gateway.is_some() && config.mail_daily_cap > 0 && config.school_mails > 0,
    }
}

/// Returns the kind of a draft.
fn kind_of(channel: ReminderChannel) -> DraftKind {
    match channel {
        ReminderChannel::Sms => DraftKind::Reminder,
        ReminderChannel::Mail => DraftKind::ReminderMail,
    }
}

/// A draft with what it would do now.
#[derive(Clone, Debug)]
pub struct ReminderDraft {
    pub row: ConsoleDraftRow,
    pub preview: ReminderPreview,
}

impl ReminderDraft {
    /// True if it is too old to be confirmed.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.since(Timestamp(self.row.created_at)) > DRAFT_TTL
    }
}

/// Returns what an order would do now, and keeps nothing.
pub async fn preview(
    op: &Operation<'_>,
    place: SchoolPlace,
    channel: ReminderChannel,
) -> anyhow::Result<ReminderPreview> {
    preview_in(op, &mut op.app.db.read().await?, (place, channel)).await
}

async fn preview_in(
    op: &Operation<'_>,
    tx: &mut Tx,
    (place, channel): (SchoolPlace, ReminderChannel),
) -> anyhow::Result<ReminderPreview> {
    let uai = &place.school.uai;
    let links = store::list_links(tx, uai).await?;
    let figures = CampaignFigures::count(&links, 0, place.campaign);
    let reminded: BTreeSet<_> = rows::marks::list_reminded(tx, uai, op.now).await?.into_iter().collect();
    let plan = ReminderPlan::of(&figures, &reminded, channel);
    let config = &op.app.config.reminders;
    let (subject, text, segments, budget) = match channel {
        ReminderChannel::Sms => {
            let text = text_of(op.app, &place)?;
            let segments = i64::try_from(count_segments(&text))?;
            (String::new(), text, segments, config.school_budget)
        }
        ReminderChannel::Mail => {
            let (subject, text) = mail_of(op.app, &place)?;
            (subject, text, 0, config.school_mails)
        }
    };
    let used = rows::sum_ordered(tx, uai, (channel, op.now)).await?;
    let left = i64::from(budget).saturating_sub(used).max(0);
    let is_under_way = channel == ReminderChannel::Mail && rows::is_mailing(tx, uai).await?;
    let digest = plan.digest(channel, &format!("{subject}\n{text}"), left);
    Ok(ReminderPreview { place, channel, plan, subject, text, segments, left, is_under_way, digest })
}

/// Keeps an order as a draft, and returns its id; `None` beyond the drafts of a day, or without the role.
pub async fn draft(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    (place, channel): (&SchoolPlace, ReminderChannel),
) -> anyhow::Result<Option<String>> {
    let keeper = on_duty.keeper();
    let mut tx = op.write(Durability::Durable).await?;
    let whole = [place.whole()];
    let may = on_duty.permitted_everywhere(&mut tx, AdminAct::ChangeCampaign, &whole).await?.is_some();
    if !may || drafts::count_since(&mut tx, keeper, op.now.minus(Span::days(1))).await? >= MAX_DRAFTS_A_DAY {
        tx.rollback().await?;
        return Ok(None);
    }
    let id = row_id(op.now, op.app.rng.as_ref());
    let form = serde_json::to_string(&ReminderOrder { uai: place.school.uai.clone(), channel })?;
    drafts::insert(&mut tx, (kind_of(channel), &id), &form, keeper).await?;
    tx.commit().await?;
    Ok(Some(id))
}

/// Returns the text of a reminder: it names no child, and no link.
fn text_of(app: &App, place: &SchoolPlace) -> anyhow::Result<String> {
    let portal = app.config.reminders.portal.as_str();
    let key = if portal.is_empty() { "sms-reminder" } else { "sms-reminder-portal" };
    let day = place.campaign.map(|campaign| dates::day(Lang::Fr, campaign.closes_at)).unwrap_or_default();
    let school = place.school.name.as_str();
    let values = [("service", app.pages.service_name()), ("school", school), ("day", &*day), ("portal", portal)];
    Ok(to_default_alphabet(&app.pages.message(Lang::Fr, key, &values)?))
}

/// Returns the subject and the text of a mail: they name no child, no link that opens anything, and no code. A stranger
/// whose address a roster has by mistake is told what to do.
fn mail_of(app: &App, place: &SchoolPlace) -> anyhow::Result<(String, String)> {
    let portal = app.config.reminders.portal.as_str();
    let key = if portal.is_empty() { "mail-reminder-where" } else { "mail-reminder-where-portal" };
    let door = app.pages.message(Lang::Fr, key, &[("portal", portal)])?;
    let day = place.campaign.map(|campaign| dates::day(Lang::Fr, campaign.closes_at)).unwrap_or_default();
    let school = place.school.name.as_str();
    let values = [("service", app.pages.service_name()), ("school", school), ("day", &*day), ("where", &*door)];
    let subject = app.pages.message(Lang::Fr, "mail-reminder-subject", &values)?;
    Ok((subject, app.pages.message(Lang::Fr, "mail-reminder", &values)?))
}

/// Finds a draft of the administrator, with what it would do now.
pub async fn find(op: &Operation<'_>, on_duty: &OnDuty, id: &str) -> anyhow::Result<Option<ReminderDraft>> {
    find_in(op, &mut op.app.db.read().await?, on_duty, id).await
}

async fn find_in(op: &Operation<'_>, tx: &mut Tx, on_duty: &OnDuty, id: &str) -> anyhow::Result<Option<ReminderDraft>> {
    let own = &on_duty.administrator.id;
    let by_sms = drafts::find(tx, (DraftKind::Reminder, id), own).await?;
    let row = match by_sms {
        None => drafts::find(tx, (DraftKind::ReminderMail, id), own).await?,
        row => row,
    };
    let Some(row) = row else { return Ok(None) };
    // A draft of another release is none.
    let Ok(ReminderOrder { uai, channel }) = serde_json::from_str(&row.form) else { return Ok(None) };
    let Some(place) = find_school(tx, on_duty, &uai).await? else { return Ok(None) };
    Ok(Some(ReminderDraft { row, preview: preview_in(op, tx, (place, channel)).await? }))
}

/// The outcome of a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReminderConfirmation {
    Done,
    /// Something changed since it was read, or it was read too long ago.
    Changed,
    Obstacle(ReminderObstacle),
    /// The role ended meanwhile, or never was there.
    NotPermitted,
    NotFound,
}

/// Orders what a draft says. `seen` is the version and the digest of the page that was read.
pub async fn confirm(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    id: &str,
    seen: (i64, &str),
) -> anyhow::Result<ReminderConfirmation> {
    let mut tx = op.write(Durability::Durable).await?;
    let outcome = confirm_in(op, &mut tx, on_duty, id, seen).await?;
    match outcome {
        ReminderConfirmation::Done => tx.commit().await?,
        _ => tx.rollback().await?,
    }
    Ok(outcome)
}

async fn confirm_in(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    on_duty: &OnDuty,
    id: &str,
    (version, digest): (i64, &str),
) -> anyhow::Result<ReminderConfirmation> {
    let (now, own) = (tx.now, &on_duty.administrator.id);
    let Some(first) = find_in(op, tx, on_duty, id).await? else { return Ok(ReminderConfirmation::NotFound) };
    let place = &first.preview.place;
    let whole = [place.whole()];
    let grant = on_duty.permitted_everywhere(tx, AdminAct::ChangeCampaign, &whole).await?;
    let Some(grant) = grant else { return Ok(ReminderConfirmation::NotPermitted) };
    rows::lock_school(tx, &place.school.uai).await?;
    // Behind the lock: another order may have used the budget.
    let Some(draft) = find_in(op, tx, on_duty, id).await? else { return Ok(ReminderConfirmation::NotFound) };
    // Posted twice, the answer is the same.
    if draft.row.is_confirmed() && draft.row.version == version.saturating_add(1) {
        return Ok(ReminderConfirmation::Done);
    }
    if draft.row.is_confirmed() || draft.is_stale(now) || draft.row.version != version {
        return Ok(ReminderConfirmation::Changed);
    }
    if draft.preview.digest != digest {
        return Ok(ReminderConfirmation::Changed);
    }
    if let Some(obstacle) = draft.preview.obstacle(op.app, now) {
        return Ok(ReminderConfirmation::Obstacle(obstacle));
    }
    if !drafts::finish(tx, id, version).await? {
        return Ok(ReminderConfirmation::Changed);
    }
    tx.actor = on_duty.actor(Some(&grant));
    order(tx, own.as_str(), &draft).await
}

async fn order(tx: &mut UnitOfWork<'_>, by: &str, draft: &ReminderDraft) -> anyhow::Result<ReminderConfirmation> {
    let ReminderPreview { place, channel, plan, subject, text, segments, .. } = &draft.preview;
    let (now, school) = (tx.now, &place.school);
    let closes = place.campaign.map_or(now, |campaign| campaign.closes_at);
    let new = NewReminderBatch {
        id: &draft.row.id,
        uai: &school.uai,
        academy: &school.academy,
        channel: *channel,
        subject,
        text,
        segments: *segments,
        people: i64::try_from(plan.persons.len()).unwrap_or(i64::MAX),
        persons: &plan.in_turn().map(PersonId::as_str).collect::<Vec<_>>(),
        ordered_by: by,
        due_at: dates::waking_hour(now),
        expires_at: closes.minus(MIN_TIME_LEFT).min(now.plus(REMINDER_BATCH_TTL)),
    };
    if !rows::insert(tx, new).await? {
        return Ok(ReminderConfirmation::Changed);
    }
    let (persons, is_mail) = (plan.persons.len(), *channel == ReminderChannel::Mail);
    let (detail, sent) = match is_mail {
        true => (format!("{persons} persons, {} mails", draft.preview.mails()), format!("{subject}\n\n{text}")),
        false => (format!("{persons} persons, {} SMS", draft.preview.sms()), text.clone()),
    };
    let about = AuditDetails {
        uai: Some(&school.uai),
        academy: Some(&school.academy),
        detail: &detail,
        after: Some(&sent),
        ..AuditDetails::default()
    };
    audit::store::record(tx, AuditEvent::RemindersOrdered, about).await?;
    Ok(ReminderConfirmation::Done)
}
