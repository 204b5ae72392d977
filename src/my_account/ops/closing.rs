//! Closes an account: asked for by its person, undone by a sign-in, done after thirty days.

use crate::accounts::{self, Account};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::lang::Lang;
use crate::base::typed_ids::AccountId;
use crate::credentials::{self, OwnerRefusal, ProofRefusal};
use crate::db::{Durability, UnitOfWork};
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::outbox::JobKind;
use crate::sessions::Session;
use crate::{devices, federation, grants, letters, recovery, sessions};

/// The time in which a sign-in keeps the account.
pub const CLOSING_DELAY: Span = Span::days(30);

/// The reason why something was not given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GiveUpRefusal {
    NotProven(ProofRefusal),
    /// The password was replaced lately.
    Caution {
        until: Timestamp,
    },
}

impl From<OwnerRefusal> for GiveUpRefusal {
    fn from(why: OwnerRefusal) -> Self {
        match why {
            OwnerRefusal::NotProven(why) => GiveUpRefusal::NotProven(why),
            OwnerRefusal::Caution { until } => GiveUpRefusal::Caution { until },
        }
    }
}

/// Checks what every such page asks for: no caution, and the current password, with the browser's device secrets. Who has
/// none, because an upstream opens the account, came back from there within five minutes.
pub(super) async fn check_proof(
    op: &Operation<'_>,
    person: (&Session, &Account),
    (typed, device_secrets): (&str, &[String]),
) -> anyhow::Result<Result<(), GiveUpRefusal>> {
    if let Some(until) = person.1.caution(op.now) {
        return Ok(Err(GiveUpRefusal::Caution { until }));
    }
    let proof = credentials::ops::prove_owner(op, person, typed, device_secrets).await?;
    Ok(proof.map_err(GiveUpRefusal::NotProven))
}

/// Asks for the closing of the account, by its password: every session, device and refresh token ends now.
pub async fn ask_closing(
    op: &Operation<'_>,
    (session, account): (&Session, &Account),
    typed: (&str, &[String]),
    lang: Lang,
) -> anyhow::Result<Result<(), GiveUpRefusal>> {
    let Operation { app, now, .. } = *op;
    if let Err(why) = check_proof(op, (session, account), typed).await? {
        return Ok(Err(why));
    }
    let mut tx = op.write(Durability::Durable).await?;
    if let Err(why) = credentials::ops::lock_owner(&mut tx, (session, account)).await? {
        tx.rollback().await?;
        return Ok(Err(why.into()));
    }
    if accounts::store::ask_closing(&mut tx, &account.id, now.plus(CLOSING_DELAY)).await? {
        let about = AuditDetails { account: Some(&account.id), ..AuditDetails::default() };
        audit::store::record(&mut tx, AuditEvent::ClosingRequested, about).await?;
        let kind = AccountNoticeKind::Closing;
        let what = NoticeRequest { account_id: &account.id, kind, detail: "", device_id: None, lang };
        notify::ops::notify_person(&mut tx, app.into(), what).await?;
    }
    sessions::ops::end_all(&mut tx, &op.app.master_key, &account.id, None).await?;
    devices::store::forget_others(&mut tx, &account.id, None).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::BackchannelLogout);
    app.job_notifier.notify(JobKind::Mail);
    Ok(Ok(()))
}

/// The warnings: the days told, and the time before the closing. The last one is a day and a half early, because its SMS
/// waits for nine o'clock.
const WARNINGS: [(i64, Span); 2] = [(7, Span::days(7)), (1, Span::hours(36))];

/// Warns persons whose accounts close in a week or tomorrow, once each, one transaction each. Returns their number.
pub async fn warn_of_closings(op: &Operation<'_>) -> anyhow::Result<u64> {
    let app = op.app;
    let mut warned = 0;
    // The last warning first: whoever was not warned in time is told once.
    for (days, ahead) in WARNINGS.into_iter().rev() {
        let before = op.now.plus(ahead);
        for id in accounts::store::list_unwarned_closings(&mut app.db.read().await?, before, days).await? {
            let mut tx = op.write(Durability::Durable).await?;
            if !accounts::store::mark_closing_warned(&mut tx, &id, before, days).await? {
                tx.rollback().await?;
                continue;
            }
            let kind = AccountNoticeKind::ClosingSoon;
            let what = NoticeRequest { account_id: &id, kind, detail: "", device_id: None, lang: Lang::default() };
            notify::ops::notify_person(&mut tx, app.into(), what).await?;
            tx.commit().await?;
            warned += 1;
        }
    }
    if warned > 0 {
        app.job_notifier.notify(JobKind::Mail);
    }
    Ok(warned)
}

/// Closes the accounts whose thirty days are over, one transaction each. Returns their number.
pub async fn close_due(op: &Operation<'_>) -> anyhow::Result<u64> {
    let due = accounts::store::list_due_closings(&mut op.app.db.read().await?, op.now).await?;
    let mut closed = 0;
    for id in due {
        // The present time: the audit is sealed a minute after that of its rows, and a thousand accounts may take longer.
        let op = &Operation { now: op.app.now(), ..op.clone() };
        let mut tx = op.write(Durability::Durable).await?;
        if accounts::store::close(&mut tx, &id).await? {
            end_all(op, &mut tx, &id).await?;
            closed += 1;
        }
        tx.commit().await?;
    }
    if closed > 0 {
        op.app.job_notifier.notify(JobKind::BackchannelLogout);
    }
    Ok(closed)
}

/// Ends and wipes what an account had, in the transaction that closed it.
pub(super) async fn end_all(op: &Operation<'_>, tx: &mut UnitOfWork<'_>, id: &AccountId) -> anyhow::Result<()> {
    sessions::ops::end_all(tx, &op.app.master_key, id, None).await?;
    devices::store::forget_others(tx, id, None).await?;
    letters::store::withdraw_all(tx, id).await?;
    federation::store::delete_of_account(tx, id).await?;
    recovery::store::end_others(tx, id, None).await?;
    credentials::store::delete_all(tx, id).await?;
    accounts::store::emails::delete_all(tx, id).await?;
    grants::store::consents::delete_all(tx, id).await?;
    grants::store::uses::delete_all(tx, id).await?;
    let about = AuditDetails { account: Some(id), ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::AccountClosed, about).await?;
    Ok(())
}
