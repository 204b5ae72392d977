//! Sends what is due: the mail of the day about notices (`notices`) and what others did (`acts`), and what happened to
//! relying parties (`services`). Nothing is looked for where no mail is sent.

mod acts;
mod notices;
mod services;

use crate::administrators;
use crate::app::Operation;
use crate::base::lang::Lang;
use crate::base::typed_ids::AdministratorId;
use crate::db::UnitOfWork;
use crate::notify;
use crate::outbox::JobKind;

/// Enqueues the mails that are due. Returns their number.
pub async fn send_due(op: &Operation<'_>) -> anyhow::Result<usize> {
    if op.app.mail_gateway.is_none() {
        return Ok(0);
    }
    let sent = notices::send_of_day(op).await? + services::send_untold(op).await?;
    if sent > 0 {
        op.app.job_notifier.notify(JobKind::Mail);
    }
    Ok(sent)
}

/// Enqueues a mail to an administrator. Returns false if they are not there any more.
async fn enqueue(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    to: &AdministratorId,
    key: &str,
    values: &[(&str, &str)],
) -> anyhow::Result<bool> {
    let app = op.app;
    let Some(found) = administrators::store::find(tx, &app.master_key, to).await? else { return Ok(false) };
    let mut all = vec![("service", app.pages.service_name())];
    all.extend(values);
    let subject = app.pages.message(Lang::Fr, &format!("{key}-subject"), &all)?;
    let text = app.pages.message(Lang::Fr, key, &all)?;
    notify::ops::enqueue_mail(tx, &app.master_key, &found.email, subject, text).await?;
    Ok(true)
}
