//! The closing of accounts of people whom no school names any more: parents' whose last child left, and pupils'. It is
//! asked for by the house, undone by a sign-in. An account that nobody ever used closes at once.

use super::closing::{self, CLOSING_DELAY};
use crate::accounts;
use crate::accounts::store::absent;
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::lang::Lang;
use crate::base::typed_ids::AccountId;
use crate::db::{Durability, UnitOfWork};
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::outbox::JobKind;
use crate::roster::absence::{ABSENCE, is_between_schools};

/// Withdraws the closings of parents who have a current child again, and of pupils whom a school enrolled again.
async fn withdraw(op: &Operation<'_>) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Durable).await?;
    for id in accounts::store::withdraw_childless_closings(&mut tx).await? {
        record_withdrawn(&mut tx, &id, "a current child again").await?;
    }
    for id in absent::withdraw_unenrolled_closings(&mut tx).await? {
        record_withdrawn(&mut tx, &id, "enrolled again").await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn record_withdrawn(tx: &mut UnitOfWork<'_>, id: &AccountId, detail: &'static str) -> anyhow::Result<()> {
    let about = AuditDetails { account: Some(id), detail, ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::ClosingWithdrawn, about).await?;
    Ok(())
}

/// Asks for the closing of accounts of parents without a current child for 92 days, and of pupils whom no school enrolled
/// for as long, one transaction each, but not before the 31st of October. Returns their number.
pub async fn close_without_child(op: &Operation<'_>) -> anyhow::Result<u64> {
    let Operation { app, now, .. } = *op;
    withdraw(op).await?;
    if is_between_schools(now) {
        return Ok(0);
    }
    // Somebody may have come back since a list was read.
    let times = (now.minus(ABSENCE), now.plus(CLOSING_DELAY));
    let mut asked = 0;
    for id in accounts::store::list_childless(&mut app.db.read().await?, times.0).await? {
        let mut tx = op.write(Durability::Durable).await?;
        if accounts::store::ask_childless_closing(&mut tx, &id, times).await? {
            tell_asked(op, &mut tx, &id, (notify::CHILDLESS, "no child for 92 days")).await?;
            asked += 1;
        }
        tx.commit().await?;
    }
    for id in absent::list_unenrolled(&mut app.db.read().await?, times.0).await? {
        let mut tx = op.write(Durability::Durable).await?;
        if absent::ask_unenrolled_closing(&mut tx, &id, times).await? {
            tell_asked(op, &mut tx, &id, (notify::UNENROLLED, "not enrolled for 92 days")).await?;
            asked += 1;
        }
        tx.commit().await?;
    }
    if asked > 0 {
        app.job_notifier.notify(JobKind::Mail);
    }
    Ok(asked)
}

async fn tell_asked(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    id: &AccountId,
    (detail, recorded): (&'static str, &'static str),
) -> anyhow::Result<()> {
    let about = AuditDetails { account: Some(id), detail: recorded, ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::ClosingRequested, about).await?;
    let kind = AccountNoticeKind::Closing;
    let what = NoticeRequest { account_id: id, kind, detail, device_id: None, lang: Lang::default() };
    notify::ops::notify_person(tx, op.app.into(), what).await
}

/// Closes the accounts that never had a password and whose people no school names for 92 days, one transaction each, but
/// not before the 31st of October: nobody can be told, and nobody can sign in to keep one. Returns their number.
pub async fn close_never_used(op: &Operation<'_>) -> anyhow::Result<u64> {
    if is_between_schools(op.now) {
        return Ok(0);
    }
    let before = op.now.minus(ABSENCE);
    let mut closed = 0;
    for id in absent::list_never_used(&mut op.app.db.read().await?, before).await? {
        let mut tx = op.write(Durability::Durable).await?;
        if absent::close_never_used(&mut tx, &id, before).await? {
            closing::end_all(op, &mut tx, &id).await?;
            closed += 1;
        }
        tx.commit().await?;
    }
    Ok(closed)
}
