//! Orders of reminders as they stand, and the end of one before its time.
//!
//! Nobody reads a draft first, as for other acts on many: an order never grows, so that what is cancelled is what the
//! page showed, or less. What left stays sent, and holds the week of whoever got it. What waits is taken back with the
//! order, in one transaction: the budget of the school, the caps of the day and the week of those persons are as if it
//! had not been ordered. A message whose hand-over has begun counts as one that left, and is handed over no more.

use std::collections::BTreeMap;

use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::Place;
use crate::app::{App, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::db::{DbError, Durability, Tx, UnitOfWork};
use crate::http::pages::dates;
use crate::limits::{self, RateLimit};
use crate::otp;
use crate::otp::ops::SmsJob;
use crate::outbox::{self, TakenBackJob};
use crate::school_admin::ops::{SchoolPlace, find_place};
use crate::school_admin::reminders::ReminderChannel;
use crate::school_admin::store::reminders::marks;
use crate::school_admin::store::reminders::orders::{self as rows, ReminderBatchRow};
use crate::tenants::School;

/// The maximum number of orders of a school in a list.
const MAX_ORDERS: i64 = 20;
/// The attempts of a cancellation that PostgreSQL aborts.
const MAX_CONFLICT_ATTEMPTS: u32 = 3;
/// The time after which nothing of an order that was written waits any more.
const MAX_WAIT: Span = Span::days(2);

/// An order with what waits of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenReminderOrder {
    pub row: ReminderBatchRow,
    /// The messages that were written and that nobody may have taken yet.
    pub in_outbox: i64,
}

impl SeenReminderOrder {
    async fn of(tx: &mut Tx, row: ReminderBatchRow, now: Timestamp) -> anyhow::Result<Self> {
        let is_long_over = row.ended_at.is_some_and(|at| now.since(Timestamp(at)) >= MAX_WAIT);
        let in_outbox = match is_long_over || row.cancelled_at.is_some() {
            true => 0,
            false => outbox::count_waiting_of_batch(tx, &row.id).await?,
        };
        Ok(SeenReminderOrder { row, in_outbox })
    }

    /// Returns the number of messages that left, or are on their way.
    pub fn sent(&self) -> i64 {
        self.row.sent.saturating_sub(self.in_outbox).max(0)
    }

    /// Returns the number of messages that did not leave yet, at most.
    pub fn waiting(&self) -> i64 {
        self.in_outbox.saturating_add(self.row.unwritten())
    }

    pub fn is_cancelled(&self) -> bool {
        self.row.cancelled_at.is_some()
    }

    /// True if something of it may still leave.
    pub fn is_under_way(&self) -> bool {
        !self.is_cancelled() && (!self.row.is_written() || self.in_outbox > 0)
    }

    /// Returns the name of its state.
    pub fn state(&self) -> &'static str {
        if self.is_cancelled() {
            "cancelled"
        } else if self.is_under_way() {
            "sending"
        } else {
            "over"
        }
    }
}

/// Lists the orders of a school since its campaign opened, the last first.
pub async fn list(tx: &mut Tx, place: &SchoolPlace, now: Timestamp) -> anyhow::Result<Vec<SeenReminderOrder>> {
    let Some(campaign) = place.campaign else { return Ok(Vec::new()) };
    let mut orders = Vec::new();
    for row in rows::list(tx, &place.school.uai, campaign.opens_at, MAX_ORDERS).await? {
        orders.push(SeenReminderOrder::of(tx, row, now).await?);
    }
    Ok(orders)
}

/// An order that somebody opens, with its school and the place where a role must permit it.
#[derive(Clone, Debug)]
pub struct ReminderOrderFile {
    pub order: SeenReminderOrder,
    pub school: School,
    pub place: Place,
}

/// Finds an order, whoever asks.
pub async fn find(op: &Operation<'_>, id: &str) -> anyhow::Result<Option<ReminderOrderFile>> {
    let mut tx = op.app.db.read().await?;
    let Some(row) = rows::find(&mut tx, id).await? else { return Ok(None) };
    let Some((school, place)) = find_place(&mut tx, &row.uai).await? else { return Ok(None) };
    let order = SeenReminderOrder::of(&mut tx, row, op.now).await?;
    Ok(Some(ReminderOrderFile { order, school, place }))
}

/// The outcome of a cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReminderCancellation {
    /// The order is cancelled: by this call, or before.
    Done,
    /// Everything of it has left, or it ended by itself.
    Over,
    /// The role ended meanwhile, or never permitted it.
    NotPermitted,
}

/// Cancels an order, by a role that is read again in the same transaction. Whoever may order reminders of the school
/// may cancel those of others.
pub async fn cancel(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    file: &ReminderOrderFile,
) -> anyhow::Result<ReminderCancellation> {
    let mut attempts = 1;
    loop {
        match cancel_once(op, on_duty, file).await {
            // On PostgreSQL, whoever claims some jobs and whoever takes all of them back may wait for each other.
            Err(error) if attempts < MAX_CONFLICT_ATTEMPTS && is_conflict(&error) => attempts += 1,
            outcome => return outcome,
        }
    }
}

fn is_conflict(error: &anyhow::Error) -> bool {
    error.downcast_ref::<DbError>().is_some_and(DbError::is_serialization_failure)
}

async fn cancel_once(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    file: &ReminderOrderFile,
) -> anyhow::Result<ReminderCancellation> {
    let mut tx = op.write(Durability::Durable).await?;
    let whole = [file.place.clone()];
    let Some(grant) = on_duty.permitted_everywhere(&mut tx, AdminAct::ChangeCampaign, &whole).await? else {
        tx.rollback().await?;
        return Ok(ReminderCancellation::NotPermitted);
    };
    tx.actor = on_duty.actor(Some(&grant));
    if !cancel_in(op.app, &mut tx, &file.order.row.id).await? {
        tx.rollback().await?;
        return Ok(ReminderCancellation::Over);
    }
    tx.commit().await?;
    Ok(ReminderCancellation::Done)
}

/// Cancels an order in the caller's transaction. Returns false if nothing of it may leave any more: the caller rolls
/// back.
async fn cancel_in(app: &App, tx: &mut UnitOfWork<'_>, id: &str) -> anyhow::Result<bool> {
    rows::lock(tx, id).await?;
    let Some(row) = rows::find(tx, id).await? else { return Ok(false) };
    if row.cancelled_at.is_some() {
        return Ok(true);
    }
    let taken_back = outbox::take_back_batch(tx, &app.master_key, id).await?;
    if row.is_written() && taken_back.is_empty() {
        return Ok(false);
    }
    let in_outbox = i64::try_from(taken_back.len())?;
    let Some(sent) = rows::cancel(tx, id, in_outbox).await? else { return Ok(true) };
    let jobs: Vec<&str> = taken_back.iter().map(|job| job.id.as_str()).collect();
    marks::release(tx, id, &jobs).await?;
    match row.channel() {
        ReminderChannel::Sms => give_sms_back(app, tx, &row.academy, &taken_back).await?,
        ReminderChannel::Mail => give_mails_back(app, tx, &taken_back).await?,
    }
    let means = if row.channel() == ReminderChannel::Mail { " by mail" } else { "" };
    let detail = format!("{sent} sent{means}, {} not sent", in_outbox.saturating_add(row.unwritten()));
    let about =
        AuditDetails { uai: Some(&row.uai), academy: Some(&row.academy), detail: &detail, ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::RemindersCancelled, about).await?;
    Ok(true)
}

/// Takes SMS that did not leave from the caps of the days on which they were written.
async fn give_sms_back(app: &App, tx: &mut Tx, academy: &str, taken_back: &[TakenBackJob]) -> anyhow::Result<()> {
    let number = |job: &TakenBackJob| {
        let sms: SmsJob = serde_json::from_str(job.body.as_deref()?).ok()?;
        Some((job.created_at, sms.to))
    };
    let reminders: Vec<(Timestamp, String)> = taken_back.iter().filter_map(number).collect();
    otp::ops::uncount_reminders(&app.config, tx, academy, &reminders).await?;
    for _ in taken_back {
        app.metrics.record_sms("cancelled");
    }
    Ok(())
}

/// Takes mails that did not leave from the bounds of the days on which they were written.
async fn give_mails_back(app: &App, tx: &mut Tx, taken_back: &[TakenBackJob]) -> anyhow::Result<()> {
    let mut days: BTreeMap<String, i64> = BTreeMap::new();
    for job in taken_back {
        *days.entry(dates::date_key(job.created_at)).or_default() += 1;
        app.metrics.record_reminder_mail("cancelled");
    }
    for (day, n) in days {
        limits::store::uncount_some(tx, RateLimit::DailyReminderMails, &day, n).await?;
    }
    Ok(())
}
