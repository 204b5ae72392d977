//! Mails: written into the outbox, and handed to the gateway.
//!
//! Every mail leaves by [`deliver_mail`], and so by the circuit breaker: codes, notices, invitations, what
//! administrators are told, and reminders. Only `preau doctor` and the operator's page ask the mail server beside it,
//! for a sign of life.

use crate::app::{MAIL_SERVER, MailFailure, Operation};
use crate::base::clock::Timestamp;
use crate::crypto::MasterKey;
use crate::db::{Durability, UnitOfWork};
use crate::http::pages::dates;
use crate::mail::{MailMessage, MailSendError};
use crate::outbox::{self, Job, JobKind, JobOutcome};

/// The attempts of a mail that the server refuses without saying that it is of the recipient, while it takes others.
const MAX_REFUSED_ATTEMPTS: i64 = 3;
/// The attempts of a mail to one of many, whose mailbox takes it later: an hour. A greylist is over by then, and an
/// address that a roster has by mistake is nothing to go on with for a day.
const MAX_BATCH_ATTEMPTS: i64 = 7;

/// Enqueues a mail in the transaction that causes it. Returns the job's id.
pub async fn enqueue_mail(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    to: &str,
    subject: String,
    text: String,
) -> anyhow::Result<String> {
    let message = MailMessage { id: String::new(), to: to.to_owned(), subject, text };
    let body = serde_json::to_string(&message)?;
    outbox::enqueue(tx, master_key, JobKind::Mail, &body).await
}

/// Enqueues a mail like [`enqueue_mail`] that is worth nothing after a time, such as that of a code. Returns the job's
/// id.
pub async fn enqueue_mail_until(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    to: &str,
    (subject, text): (String, String),
    expires: Timestamp,
) -> anyhow::Result<String> {
    let message = MailMessage { id: String::new(), to: to.to_owned(), subject, text };
    outbox::enqueue_until(tx, master_key, JobKind::Mail, &serde_json::to_string(&message)?, expires).await
}

/// Hands a mail to the gateway. The job's id makes a second delivery after a crash the same mail. Returns `None` if the
/// job is settled: put off, or ended by whoever took it back.
pub async fn deliver_mail(op: &Operation<'_>, job: &Job) -> anyhow::Result<Option<JobOutcome>> {
    let app = op.app;
    let message: MailMessage = serde_json::from_str(&job.body)?;
    let Some(gateway) = &app.mail_gateway else { return Ok(Some(JobOutcome::Dead)) };
    let waking = dates::waking_hour(op.now);
    if job.batch_id.is_some() && waking > op.now {
        // It was written by day, and the mail server was away until the night.
        outbox::requeue(&app.db, job, waking.min(job.expires_at)).await?;
        return Ok(None);
    }
    if let Some(until) = app.mail_circuit.open_until(op.now) {
        outbox::hold_back(&app.db, job, until).await?;
        return Ok(None);
    }
    if !begin_handover(op, job).await? {
        return Ok(None);
    }
    let sent = gateway.send(&MailMessage { id: job.id.clone(), ..message }).await;
    let op = &Operation { now: app.now(), ..op.clone() };
    let is_last = |most| if job.attempts >= most { JobOutcome::Dead } else { JobOutcome::Retry };
    match sent {
        Ok(()) => {
            if app.mail_circuit.record_success() {
                tracing::info!("mails leave again");
            }
            app.metrics.record_mail("sent");
            Ok(Some(JobOutcome::Done))
        }
        Err(MailSendError::Rejected(why)) => {
            app.mail_circuit.record_answer(op.now);
            app.metrics.record_mail("refused");
            tracing::warn!(job = %job.id, why, "a mail was refused");
            Ok(Some(JobOutcome::Dead))
        }
        Err(MailSendError::RecipientBusy(why)) => {
            app.mail_circuit.record_answer(op.now);
            app.metrics.record_mail("later");
            tracing::debug!(job = %job.id, why, attempts = job.attempts, "a mailbox takes its mail later");
            undo_handover(op, job).await?;
            Ok(Some(if job.batch_id.is_some() { is_last(MAX_BATCH_ATTEMPTS) } else { JobOutcome::Retry }))
        }
        Err(MailSendError::Unreachable { why, uncertain: false }) => {
            undo_handover(op, job).await?;
            fail(op, job, MailFailure { why: &why, mail: None }, JobOutcome::Retry).await
        }
        // It may have been taken: it is not handed over each half minute, but at pauses that grow. Others are tried.
        Err(MailSendError::Unreachable { why, uncertain: true }) => {
            note_failure(op, MailFailure { why: &why, mail: Some(&job.id) });
            tracing::warn!(job = %job.id, why, attempts = job.attempts, "nobody knows whether a mail was taken");
            Ok(Some(JobOutcome::Retry))
        }
        Err(MailSendError::Unavailable(why)) => {
            undo_handover(op, job).await?;
            fail(op, job, MailFailure { why: &why, mail: Some(&job.id) }, JobOutcome::Retry).await
        }
        Err(MailSendError::Refused(why)) => {
            undo_handover(op, job).await?;
            fail(op, job, MailFailure { why: &why, mail: Some(&job.id) }, is_last(MAX_REFUSED_ATTEMPTS)).await
        }
    }
}

/// Records a failure that may be of every mail, and tells operators if it is due.
fn note_failure(op: &Operation<'_>, failure: MailFailure<'_>) {
    op.app.metrics.record_mail("failed");
    if let Some(outage) = op.app.mail_circuit.record_failure(failure, op.now) {
        let (why, failures) = (failure.why, outage.failures);
        let minutes = op.now.since(outage.began_at).0 / 60_000;
        tracing::error!(why, failures, minutes, "mails do not leave: see [mail] and its server");
    }
}

/// Records a failure that may be of every mail, and puts the mail off where others failed before it: without an
/// attempt, since that says nothing of the mail. While others leave, the outcome of the mail is `outcome`.
async fn fail(
    op: &Operation<'_>,
    job: &Job,
    failure: MailFailure<'_>,
    outcome: JobOutcome,
) -> anyhow::Result<Option<JobOutcome>> {
    note_failure(op, failure);
    let circuit = &op.app.mail_circuit;
    let until = if circuit.is_open(op.now) { circuit.open_until(op.now) } else { None };
    let Some(until) = until else {
        tracing::warn!(job = %job.id, why = failure.why, attempts = job.attempts, "a mail was not taken");
        return Ok(Some(outcome));
    };
    outbox::requeue(&op.app.db, job, until).await?;
    Ok(None)
}

/// Counts the hand-over of a mail that is one of many, so that nobody takes it back meanwhile. Returns false if
/// somebody did. Other mails cannot be taken back, so no commit is spent on them.
async fn begin_handover(op: &Operation<'_>, job: &Job) -> anyhow::Result<bool> {
    if job.batch_id.is_none() {
        return Ok(true);
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    let is_ours = outbox::begin_handover_in(&mut tx, job, MAIL_SERVER).await?;
    tx.commit().await?;
    Ok(is_ours)
}

/// Takes the hand-over back of a mail that the server certainly did not take: whoever ordered it may take it back
/// again.
async fn undo_handover(op: &Operation<'_>, job: &Job) -> anyhow::Result<()> {
    if job.batch_id.is_none() {
        return Ok(());
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    outbox::undo_handover_in(&mut tx, job).await?;
    Ok(tx.commit().await?)
}
