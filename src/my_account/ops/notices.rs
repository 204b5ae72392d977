//! The answer to a banner: « c'était moi », or not.

use crate::accounts::{self, Account};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Span;
use crate::base::lang::Lang;
use crate::db::Durability;
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind, NoticeAnswer};
use crate::outbox::JobKind;
use crate::sessions::Session;
use crate::{credentials, devices, federation, letters, recovery, sessions};

/// The caution after the person said that something was not theirs.
const NOT_MINE_CAUTION: Span = Span::hours(48);

/// The effect of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeAnswered {
    /// The banner is gone, or was before.
    Recorded,
    /// Other devices were signed out: a new password comes next.
    ChangePassword,
}

/// Records the answer to a notice. « Non » signs every other browser out and forgets it, and holds for two days what a
/// thief would want; a factor that was not theirs goes; letters and recoveries under way end; this browser stays,
/// because the person needs it now.
pub async fn answer_notice(
    op: &Operation<'_>,
    session: &Session,
    account: &Account,
    (id, answer): (&str, NoticeAnswer),
    lang: Lang,
) -> anyhow::Result<NoticeAnswered> {
    let Operation { app, now, .. } = *op;
    let mut tx = op.write(Durability::Durable).await?;
    // The account's row first, as a new password does: two flows of one account run one after the other.
    accounts::store::find_and_lock(&mut tx, &account.id).await?;
    let device = session.device_id.as_deref();
    let recorded = notify::store::answer(&mut tx, id, (&account.id, device), answer).await?;
    if !recorded || answer != NoticeAnswer::NotMine {
        tx.commit().await?;
        return Ok(NoticeAnswered::Recorded);
    }
    let about = AuditDetails { account: Some(&account.id), ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::NotMineReported, about).await?;
    if let Some(told) = notify::store::find(&mut tx, id, (&account.id, device)).await? {
        if let Some((kind, detail)) = credentials::ops::remove_disowned(&mut tx, &account.id, &told).await? {
            let what = NoticeRequest { account_id: &account.id, kind, detail: &detail, device_id: device, lang };
            notify::ops::notify_person(&mut tx, app.into(), what).await?;
        }
        if told.kind == Some(AccountNoticeKind::UpstreamLinked) && told.known_before {
            federation::ops::unlink_all(&mut tx, account).await?;
        }
    }
    sessions::ops::end_others(&mut tx, &op.app.master_key, &account.id, Some(&session.id)).await?;
    devices::store::forget_others(&mut tx, &account.id, device).await?;
    letters::store::withdraw_all(&mut tx, &account.id).await?;
    recovery::store::end_others(&mut tx, &account.id, None).await?;
    accounts::store::emails::end_asked(&mut tx, &account.id).await?;
    accounts::store::set_caution(&mut tx, &account.id, now.plus(NOT_MINE_CAUTION)).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::BackchannelLogout);
    app.job_notifier.notify(JobKind::Mail);
    Ok(NoticeAnswered::ChangePassword)
}
