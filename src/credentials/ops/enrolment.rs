//! Adds and removes second factors, in a session whose person proved the password again.

use super::factors::backup_code_digest;
use super::fresh_proof::{lock_owner, prove_owner};
use crate::accounts::Account;
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id;
use crate::base::lang::Lang;
use crate::base::typed_ids::{AccountId, TotpId};
use crate::credentials::backup_codes::BackupCode;
use crate::credentials::factors::{BACKUP_CODES, FactorKind, MAX_TOTP};
use crate::credentials::totp::{TotpSecret, first_step};
use crate::credentials::{OwnerRefusal, ProofRefusal, store};
use crate::db::{Durability, UnitOfWork};
use crate::devices;
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::otp::TypedCode;
use crate::outbox::JobKind;
use crate::sessions::Session;

/// The time in which a drawn secret may be confirmed.
const ENROLMENT_TTL: Span = Span::minutes(15);

/// A signed-in person who changes factors, with what the browser brings.
#[derive(Clone, Copy, Debug)]
pub struct FactorOwner<'a> {
    pub session: &'a Session,
    pub account: &'a Account,
    /// The device secrets in the browser's cookies.
    pub device_secrets: &'a [String],
    pub lang: Lang,
}

impl<'a> FactorOwner<'a> {
    /// Returns whose proof is judged again under the lock.
    pub(super) fn person(self) -> (&'a Session, &'a Account) {
        (self.session, self.account)
    }
}

/// The reason why no factor was added or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorChangeRefusal {
    NotProven(ProofRefusal),
    /// The password was replaced lately.
    Caution {
        until: Timestamp,
    },
    /// The account has as many as it may have, or not the one that is meant.
    NotPossible,
}

impl From<OwnerRefusal> for FactorChangeRefusal {
    fn from(why: OwnerRefusal) -> Self {
        match why {
            OwnerRefusal::NotProven(why) => FactorChangeRefusal::NotProven(why),
            OwnerRefusal::Caution { until } => FactorChangeRefusal::Caution { until },
        }
    }
}

/// Checks what every change of a factor asks for: no caution, the password, and a fresh factor where there is one.
async fn check(
    op: &Operation<'_>,
    owner: FactorOwner<'_>,
    password: &str,
) -> anyhow::Result<Result<(), FactorChangeRefusal>> {
    if let Some(until) = owner.account.caution(op.now) {
        return Ok(Err(FactorChangeRefusal::Caution { until }));
    }
    let proof = prove_owner(op, owner.person(), password, owner.device_secrets).await?;
    Ok(proof.map_err(FactorChangeRefusal::NotProven))
}

/// Draws a secret for an application. It counts once [`confirm_totp`] got one of its codes in the same session. Not for an
/// account without a password, which the factor would shut: its upstream stands for a password, not for a factor.
pub async fn start_totp(
    op: &Operation<'_>,
    owner: FactorOwner<'_>,
    password: &str,
) -> anyhow::Result<Result<(), FactorChangeRefusal>> {
    if owner.account.password.is_none() {
        return Ok(Err(FactorChangeRefusal::NotPossible));
    }
    if let Err(why) = check(op, owner, password).await? {
        return Ok(Err(why));
    }
    let app = op.app;
    let (account_id, session_id) = (&owner.account.id, &owner.session.id);
    let mut tx = op.write(Durability::Relaxed).await?;
    if let Err(why) = lock_owner(&mut tx, owner.person()).await? {
        tx.rollback().await?;
        return Ok(Err(why.into()));
    }
    if store::find_factors(&mut tx, account_id).await?.totp.len() >= MAX_TOTP {
        tx.rollback().await?;
        return Ok(Err(FactorChangeRefusal::NotPossible));
    }
    let id = TotpId::new(row_id(op.now, app.rng.as_ref()));
    let secret = TotpSecret::draw(app.rng.as_ref());
    store::insert_totp(&mut tx, &app.master_key, (&id, account_id, session_id), &secret, first_step(op.now)).await?;
    tx.commit().await?;
    Ok(Ok(()))
}

/// Returns the secret that waits for its first code in this session.
pub async fn find_waiting_totp(op: &Operation<'_>, session: &Session) -> anyhow::Result<Option<TotpSecret>> {
    let owner = (&session.account_id, &session.id);
    let mut tx = op.app.db.read().await?;
    let found = store::find_waiting(&mut tx, &op.app.master_key, owner, op.now.minus(ENROLMENT_TTL)).await?;
    Ok(found.map(|row| row.secret))
}

/// The outcome of the first code of an application.
#[derive(Debug)]
pub enum ConfirmTotpOutcome {
    /// It counts from now on, with the backup codes drawn for the first one.
    Added {
        backup_codes: Vec<BackupCode>,
    },
    Incorrect,
    Caution {
        until: Timestamp,
    },
    /// No secret waits in this session, or it waited too long.
    NothingWaiting,
}

/// Lets the application count after one of its codes, and tells the person. The code serves no second time.
pub async fn confirm_totp(
    op: &Operation<'_>,
    owner: FactorOwner<'_>,
    code: &TypedCode,
) -> anyhow::Result<ConfirmTotpOutcome> {
    let app = op.app;
    let id = &owner.account.id;
    let mut tx = op.write(Durability::Durable).await?;
    match lock_owner(&mut tx, owner.person()).await? {
        Ok(()) => {}
        Err(OwnerRefusal::Caution { until }) => {
            tx.rollback().await?;
            return Ok(ConfirmTotpOutcome::Caution { until });
        }
        Err(OwnerRefusal::NotProven(_)) => {
            tx.rollback().await?;
            return Ok(ConfirmTotpOutcome::NothingWaiting);
        }
    }
    let place = (id, &owner.session.id);
    let waiting = store::find_waiting(&mut tx, &app.master_key, place, op.now.minus(ENROLMENT_TTL)).await?;
    let held = store::find_factors(&mut tx, id).await?;
    let Some(waiting) = waiting.filter(|_| held.totp.len() < MAX_TOTP) else {
        tx.rollback().await?;
        return Ok(ConfirmTotpOutcome::NothingWaiting);
    };
    let Some(step) = waiting.secret.step_of(code, op.now) else {
        tx.rollback().await?;
        return Ok(ConfirmTotpOutcome::Incorrect);
    };
    if !store::take_step(&mut tx, &waiting.id, step).await? || !store::confirm_totp(&mut tx, &waiting.id).await? {
        tx.rollback().await?;
        return Ok(ConfirmTotpOutcome::NothingWaiting);
    }
    if let Some(device) = &owner.session.device_id {
        devices::store::mark_factor_proven(&mut tx, device).await?;
    }
    record(&mut tx, AuditEvent::FactorAdded, id, FactorKind::Totp.name()).await?;
    tell(op, &mut tx, owner, (AccountNoticeKind::FactorAdded, &waiting.id)).await?;
    let backup_codes = if held.backup_codes == 0 { draw_backup_codes(op, &mut tx, id).await? } else { Vec::new() };
    tx.commit().await?;
    app.job_notifier.notify(JobKind::Mail);
    Ok(ConfirmTotpOutcome::Added { backup_codes })
}

/// Removes an application; the backup codes go with the last one.
pub async fn remove_totp(
    op: &Operation<'_>,
    owner: FactorOwner<'_>,
    password: &str,
    totp_id: &TotpId,
) -> anyhow::Result<Result<(), FactorChangeRefusal>> {
    if let Err(why) = check(op, owner, password).await? {
        return Ok(Err(why));
    }
    let id = &owner.account.id;
    let mut tx = op.write(Durability::Durable).await?;
    if let Err(why) = lock_owner(&mut tx, owner.person()).await? {
        tx.rollback().await?;
        return Ok(Err(why.into()));
    }
    if !store::delete_totp(&mut tx, id, totp_id).await? {
        tx.rollback().await?;
        return Ok(Err(FactorChangeRefusal::NotPossible));
    }
    if !store::find_factors(&mut tx, id).await?.is_required() {
        store::delete_backup_codes(&mut tx, id).await?;
    }
    record(&mut tx, AuditEvent::FactorRemoved, id, FactorKind::Totp.name()).await?;
    tell(op, &mut tx, owner, (AccountNoticeKind::FactorRemoved, "")).await?;
    tx.commit().await?;
    op.app.job_notifier.notify(JobKind::Mail);
    Ok(Ok(()))
}

/// Draws ten new backup codes, in place of all others. The only place where they are readable.
pub async fn renew_backup_codes(
    op: &Operation<'_>,
    owner: FactorOwner<'_>,
    password: &str,
) -> anyhow::Result<Result<Vec<BackupCode>, FactorChangeRefusal>> {
    if let Err(why) = check(op, owner, password).await? {
        return Ok(Err(why));
    }
    let id = &owner.account.id;
    let mut tx = op.write(Durability::Durable).await?;
    if let Err(why) = lock_owner(&mut tx, owner.person()).await? {
        tx.rollback().await?;
        return Ok(Err(why.into()));
    }
    if !store::find_factors(&mut tx, id).await?.is_required() {
        tx.rollback().await?;
        return Ok(Err(FactorChangeRefusal::NotPossible));
    }
    let codes = draw_backup_codes(op, &mut tx, id).await?;
    record(&mut tx, AuditEvent::BackupCodesRenewed, id, "").await?;
    tell(op, &mut tx, owner, (AccountNoticeKind::BackupCodesRenewed, "")).await?;
    tx.commit().await?;
    op.app.job_notifier.notify(JobKind::Mail);
    Ok(Ok(codes))
}

pub(super) async fn draw_backup_codes(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
) -> anyhow::Result<Vec<BackupCode>> {
    store::delete_backup_codes(tx, account_id).await?;
    let mut codes: Vec<BackupCode> = Vec::with_capacity(BACKUP_CODES);
    while codes.len() < BACKUP_CODES {
        let code = BackupCode::draw(tx.rng);
        if codes.contains(&code) {
            continue;
        }
        let id = row_id(tx.now, tx.rng);
        store::insert_backup_code(tx, &id, account_id, &backup_code_digest(op.app, account_id, &code)).await?;
        codes.push(code);
    }
    Ok(codes)
}

pub(super) async fn record(
    tx: &mut UnitOfWork<'_>,
    event: AuditEvent,
    account: &AccountId,
    detail: &str,
) -> anyhow::Result<()> {
    let about = AuditDetails { account: Some(account), detail, ..AuditDetails::default() };
    Ok(audit::store::record(tx, event, about).await?)
}

pub(super) async fn tell(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    owner: FactorOwner<'_>,
    (kind, detail): (AccountNoticeKind, &str),
) -> anyhow::Result<()> {
    let (account_id, device_id) = (&owner.account.id, owner.session.device_id.as_deref());
    let what = NoticeRequest { account_id, kind, detail, device_id, lang: owner.lang };
    notify::ops::notify_person(tx, op.app.into(), what).await
}
