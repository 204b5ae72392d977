//! The worker's part of reminders: a few persons at a time, each in a transaction of its own.
//!
//! An order is claimed for a minute, and its place moves by compare-and-set with the message, so that a server that
//! dies loses nobody and doubles nobody. The order's row comes first in each transaction, as it does for whoever
//! cancels it. Reminders step aside for codes: they have a share of the caps, leave by day only, and wait while
//! messages wait, or while nobody takes any. Mails have a bound of the day, and stand behind all others in the outbox.

use std::collections::BTreeMap;

use crate::administrators::DraftKeeper;
use crate::administrators::ops::permitted_later;
use crate::administrators::roles::AdminAct;
use crate::administrators::store::drafts;
use crate::administrators::territory::Place;
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::PersonId;
use crate::db::{Durability, UnitOfWork};
use crate::http::pages::dates;
use crate::limits::{self, RateLimit};
use crate::mail::MailMessage;
use crate::otp;
use crate::otp::ops::{ReminderCount, SmsJob};
use crate::outbox::{self, JobKind};
use crate::roster::sealed_rows::{RowError, open_mail, open_mobile};
use crate::school_admin::ops::find_place;
use crate::school_admin::ops::reminders::is_on;
use crate::school_admin::reminders::{ReminderChannel, is_remindable};
use crate::school_admin::store::reminders::{self as rows, RemindedPersonRow, SendingBatchRow};
use crate::tenants;

/// The persons of a step.
const STEP_PERSONS: usize = 20;
/// The time for which a server has an order for itself.
const CLAIM_TTL: Span = Span::minutes(1);
/// The pause between two steps of an order: its messages are gone by then.
const STEP_PAUSE: Span = Span::seconds(10);
/// The pause while messages wait.
const QUEUE_PAUSE: Span = Span::seconds(30);
/// The pause after the share of the hour is used up.
const PACE_PAUSE: Span = Span::minutes(5);
/// The number of waiting messages of a kind at which reminders wait too: somebody may wait for a code among them.
const MAX_WAITING: i64 = 40;
/// The number of reminders by mail that were tried in vain at which others wait: mailboxes take none, though the mail
/// server is there.
const MAX_TRIED_IN_VAIN: i64 = 400;
/// The time for which the operator tries to reach the phone.
const REMINDER_SMS_TTL: Span = Span::hours(24);
/// The time for which a mail waits for a mail server that is away. Shorter than the 24 hours of other mails: readiness
/// knows reminders by that. A mailbox that takes its mail later is tried seven times within an hour, and no longer.
const REMINDER_MAIL_TTL: Span = Span::hours(22);

/// The outcome for one person.
enum Reminded {
    Sent,
    LeftOut,
    /// The caps leave no room before this time.
    Wait(Timestamp),
    /// Another server went past the person.
    Lost,
}

/// Does one step of the order that has been due for longest. Returns false if none is due.
pub async fn send_step(op: &Operation<'_>) -> anyhow::Result<bool> {
    if !rows::is_due(&mut op.app.db.read().await?, op.now).await? {
        return Ok(false);
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    let claimed = rows::claim(&mut tx, op.now.plus(CLAIM_TTL)).await?;
    tx.commit().await?;
    let Some(batch) = claimed else { return Ok(false) };
    let queue = queue_of(batch.channel());
    let due = Box::pin(work_on(op, &batch)).await?;
    let mut tx = op.write(Durability::Relaxed).await?;
    rows::set_due(&mut tx, &batch.id, due).await?;
    tx.commit().await?;
    op.app.job_notifier.notify(queue);
    Ok(true)
}

/// Returns the queue in which the messages of an order stand.
fn queue_of(channel: ReminderChannel) -> JobKind {
    match channel {
        ReminderChannel::Sms => JobKind::Sms,
        ReminderChannel::Mail => JobKind::Mail,
    }
}

/// Works on a claimed order. Returns when its next step is due.
async fn work_on(op: &Operation<'_>, batch: &SendingBatchRow) -> anyhow::Result<Timestamp> {
    let (waking, expires_at) = (dates::waking_hour(op.now), Timestamp(batch.expires_at));
    if waking > op.now && waking < expires_at {
        return Ok(waking);
    }
    let persons: Vec<&str> = batch.persons.lines().collect();
    let place = usize::try_from(batch.position).unwrap_or(usize::MAX);
    let mut tx = op.app.db.read().await?;
    let campaign = tenants::store::find_campaign(&mut tx, &batch.uai).await?;
    let channel = batch.channel();
    let waiting = outbox::count_waiting(&mut tx, queue_of(channel), MAX_WAITING).await?;
    let in_vain = match channel {
        ReminderChannel::Sms => 0,
        ReminderChannel::Mail => outbox::count_tried_in_vain(&mut tx, JobKind::Mail, MAX_TRIED_IN_VAIN).await?,
    };
    drop(tx);
    let is_over = waking >= expires_at || !is_remindable(campaign, op.now);
    if is_over || place >= persons.len() {
        finish(op, batch, "").await?;
        return Ok(op.now);
    }
    if channel == ReminderChannel::Mail && !is_on(op.app, channel) {
        finish(op, batch, "; reminders by mail are off").await?;
        return Ok(op.now);
    }
    let is_resting = match channel {
        ReminderChannel::Sms => otp::ops::are_gateways_resting(op.app, op.now),
        ReminderChannel::Mail => op.app.mail_circuit.outage(op.now).is_some(),
    };
    if waiting >= MAX_WAITING || in_vain >= MAX_TRIED_IN_VAIN || is_resting {
        return Ok(op.now.plus(QUEUE_PAUSE));
    }
    if !is_still_permitted(op, batch).await? {
        finish(op, batch, "; the role of whoever ordered them has ended").await?;
        return Ok(op.now);
    }
    let step: Vec<&str> = persons.iter().skip(place).take(STEP_PERSONS).copied().collect();
    let mut tx = op.app.db.read().await?;
    let found = match channel {
        ReminderChannel::Sms => rows::list_remindable(&mut tx, &batch.uai, &step).await?,
        ReminderChannel::Mail => rows::list_mailable(&mut tx, &batch.uai, &step).await?,
    };
    drop(tx);
    let found: BTreeMap<String, RemindedPersonRow> = found.into_iter().map(|row| (row.id.to_string(), row)).collect();
    for (n, id) in step.iter().enumerate() {
        let position = batch.position.saturating_add(i64::try_from(n)?);
        let outcome = match (channel, found.get(*id)) {
            (_, None) => pass(op, batch, position).await?,
            (ReminderChannel::Sms, Some(found)) => remind(op, batch, position, found).await?,
            (ReminderChannel::Mail, Some(found)) => remind_by_mail(op, batch, position, found).await?,
        };
        match outcome {
            Reminded::Sent | Reminded::LeftOut => {}
            Reminded::Wait(until) => return Ok(until),
            Reminded::Lost => return Ok(op.now.plus(CLAIM_TTL)),
        }
    }
    Ok(op.now.plus(STEP_PAUSE))
}

/// True if whoever ordered, a person or a program, still has a role for the whole school.
async fn is_still_permitted(op: &Operation<'_>, batch: &SendingBatchRow) -> anyhow::Result<bool> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let place = find_place(&mut tx, &batch.uai).await?;
    let places: Vec<Place> = place.into_iter().map(|(_, whole)| whole).collect();
    // The order has the id of its draft, which says which program it is of, and stays longer than the order goes on.
    let token = drafts::find_token(&mut tx, &batch.id).await?;
    let by = DraftKeeper { author: &batch.ordered_by, token: token.as_ref() };
    let grant = permitted_later(&mut tx, by, AdminAct::ChangeCampaign, &places).await?;
    tx.rollback().await?;
    Ok(grant.is_some())
}

/// Returns what was opened of a row. One row that cannot be read does not keep the others waiting.
fn opened_or_told<T>(person_id: &PersonId, opened: Result<T, RowError>) -> Option<T> {
    opened
        .inspect_err(|error| {
            let told = format!("{error:#}");
            tracing::error!(person = %person_id, error = told, "no reminder: number or address cannot be read");
        })
        .ok()
}

/// Writes the SMS of one person and goes past them, in one transaction.
async fn remind(
    op: &Operation<'_>,
    batch: &SendingBatchRow,
    position: i64,
    found: &RemindedPersonRow,
) -> anyhow::Result<Reminded> {
    let app = op.app;
    let number = opened_or_told(&found.id, open_mobile(&app.master_key, &found.id, &found.sealed));
    let number = number.filter(|number| app.config.sms.countries.permits(number.as_str()));
    let Some(number) = number else { return pass(op, batch, position).await };
    let mut tx = op.write(Durability::Relaxed).await?;
    if !rows::advance(&mut tx, &batch.id, position, true).await? {
        tx.rollback().await?;
        return Ok(Reminded::Lost);
    }
    let (to, text) = (number.as_str().to_owned(), batch.text.clone());
    let body = serde_json::to_string(&SmsJob { id: String::new(), to, text, by_day: true, about: None })?;
    let expires = op.now.plus(REMINDER_SMS_TTL).min(Timestamp(batch.expires_at));
    if write(op, &mut tx, (batch, found), (JobKind::Sms, &body, expires)).await?.is_none() {
        tx.rollback().await?;
        return pass(op, batch, position).await;
    }
    match otp::ops::count_reminder(app, &mut tx, op.now, (number.as_str(), &batch.academy)).await? {
        ReminderCount::Counted => {}
        other => {
            tx.rollback().await?;
            app.metrics.record_sms("capped");
            return match other {
                ReminderCount::Later => Ok(Reminded::Wait(op.now.plus(PACE_PAUSE))),
                ReminderCount::Tomorrow => Ok(Reminded::Wait(dates::next_morning(op.now))),
                ReminderCount::Counted | ReminderCount::NotThere => pass(op, batch, position).await,
            };
        }
    }
    tx.commit().await?;
    app.metrics.record_sms("queued");
    Ok(Reminded::Sent)
}

/// Writes the message of a reminder, and takes the week for it. Returns its job; `None` if another reminder had the
/// week, and the transaction is to be rolled back.
async fn write(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    (batch, found): (&SendingBatchRow, &RemindedPersonRow),
    (kind, body, expires): (JobKind, &str, Timestamp),
) -> anyhow::Result<Option<String>> {
    let job = outbox::enqueue_of_batch(tx, &op.app.master_key, kind, body, (&batch.id, expires)).await?;
    let is_taken = rows::marks::take_week(tx, &found.marks(), (&batch.uai, &batch.id, &job)).await?;
    Ok(is_taken.then_some(job))
}

/// Writes the mail of one person and goes past them, in one transaction.
async fn remind_by_mail(
    op: &Operation<'_>,
    batch: &SendingBatchRow,
    position: i64,
    found: &RemindedPersonRow,
) -> anyhow::Result<Reminded> {
    let app = op.app;
    let opened = opened_or_told(&found.id, open_mail(&app.master_key, &found.id, &found.sealed));
    let Some(to) = opened else { return pass(op, batch, position).await };
    let mut tx = op.write(Durability::Relaxed).await?;
    if !rows::advance(&mut tx, &batch.id, position, true).await? {
        tx.rollback().await?;
        return Ok(Reminded::Lost);
    }
    let (subject, text) = (batch.subject.clone(), batch.text.clone());
    let body = serde_json::to_string(&MailMessage { id: String::new(), to, subject, text })?;
    let expires = op.now.plus(REMINDER_MAIL_TTL).min(Timestamp(batch.expires_at));
    let Some(job) = write(op, &mut tx, (batch, found), (JobKind::Mail, &body, expires)).await? else {
        tx.rollback().await?;
        return pass(op, batch, position).await;
    };
    let (day, cap) = (dates::date_key(op.now), app.config.reminders.mail_daily_cap);
    if limits::store::count_daily(&mut tx, RateLimit::DailyReminderMails, &day, cap).await?.is_none() {
        tx.rollback().await?;
        app.metrics.record_reminder_mail("capped");
        return Ok(Reminded::Wait(dates::next_morning(op.now)));
    }
    outbox::put_last(&mut tx, &job).await?;
    tx.commit().await?;
    app.metrics.record_reminder_mail("queued");
    Ok(Reminded::Sent)
}

/// Goes past somebody who is not reminded.
async fn pass(op: &Operation<'_>, batch: &SendingBatchRow, position: i64) -> anyhow::Result<Reminded> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let is_ours = rows::advance(&mut tx, &batch.id, position, false).await?;
    tx.commit().await?;
    Ok(if is_ours { Reminded::LeftOut } else { Reminded::Lost })
}

/// Ends an order, once, for a reason in the words of the journal if it is none of its own.
async fn finish(op: &Operation<'_>, batch: &SendingBatchRow, why: &str) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Durable).await?;
    if let Some(sent) = rows::finish(&mut tx, &batch.id).await? {
        let means = if batch.channel() == ReminderChannel::Mail { " by mail" } else { "" };
        let detail = format!("{sent} sent{means}, {} left out{why}", batch.people.saturating_sub(sent).max(0));
        let about = AuditDetails {
            uai: Some(&batch.uai),
            academy: Some(&batch.academy),
            detail: &detail,
            ..AuditDetails::default()
        };
        audit::store::record(&mut tx, AuditEvent::RemindersSent, about).await?;
    }
    Ok(tx.commit().await?)
}
