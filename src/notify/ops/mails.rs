//! Mails: written into the outbox, and handed to the gateway.

use crate::app::Operation;
use crate::crypto::MasterKey;
use crate::db::UnitOfWork;
use crate::mail::{MailMessage, MailSendError};
use crate::outbox::{self, Job, JobKind, JobOutcome};

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

/// Hands a mail to the gateway. The job's id makes a second delivery after a crash the same mail.
pub async fn deliver_mail(op: &Operation<'_>, job: &Job) -> anyhow::Result<JobOutcome> {
    let app = op.app;
    let message: MailMessage = serde_json::from_str(&job.body)?;
    let Some(gateway) = &app.mail_gateway else { return Ok(JobOutcome::Dead) };
    match gateway.send(&MailMessage { id: job.id.clone(), ..message }).await {
        Ok(()) => Ok(JobOutcome::Done),
        Err(MailSendError::Rejected(why)) => {
            tracing::warn!(job = %job.id, why, "a mail was refused");
            Ok(JobOutcome::Dead)
        }
        Err(MailSendError::Unavailable(why)) => {
            tracing::warn!(job = %job.id, why, attempts = job.attempts, "mails do not leave");
            Ok(JobOutcome::Retry)
        }
    }
}
