//! Proves the administrator of a session again, and changes the proofs.

use super::OnDuty;
use super::enter::{count_attempt, reset_attempts};
use crate::administrators::store;
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::ids::row_id;
use crate::db::Durability;
use crate::limits::RateLimitDecision;
use crate::otp::TypedCode;
use crate::passkeys::store::NewPasskey;
use crate::passkeys::{self, CeremonyPurpose, MAX_PASSKEYS, PasskeyAnswer, PasskeyChallenge, PasskeyVerification};

/// Returns the challenge of a fresh proof; `None` where there are no passkeys, or the administrator has none.
pub async fn proof_challenge(op: &Operation<'_>, on_duty: &OnDuty) -> anyhow::Result<Option<PasskeyChallenge>> {
    let Some(session) = on_duty.session() else { return Ok(None) };
    let held = passkeys::store::list(&mut op.app.db.read().await?, &on_duty.administrator.id).await?;
    match held.is_empty() {
        true => Ok(None),
        false => passkeys::ops::challenge(op, CeremonyPurpose::AdministratorProof, &session.id),
    }
}

/// The outcome of a fresh proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreshProofOutcome {
    Proven,
    Refused,
    MustWait { until: Timestamp },
}

/// Proves the administrator again by a passkey of their own.
pub async fn prove_with_passkey(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    answer: PasskeyAnswer<'_>,
) -> anyhow::Result<FreshProofOutcome> {
    let Some(session) = on_duty.session() else { return Ok(FreshProofOutcome::Refused) };
    let ceremony = (CeremonyPurpose::AdministratorProof, session.id.as_str());
    let of = Some(&on_duty.administrator.id);
    let verified = passkeys::ops::verify_administrator(op, ceremony, of, answer).await?;
    let PasskeyVerification::Proven(proven) = verified else { return Ok(FreshProofOutcome::Refused) };
    let mut tx = op.write(Durability::Relaxed).await?;
    if !passkeys::store::record_use(&mut tx, &proven).await?
        || !store::sessions::set_proven(&mut tx, &session.id).await?
    {
        tx.rollback().await?;
        return Ok(FreshProofOutcome::Refused);
    }
    tx.commit().await?;
    Ok(FreshProofOutcome::Proven)
}

/// Proves the administrator again by a code of the application, counted before it is compared.
pub async fn prove_with_code(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    code: &TypedCode,
) -> anyhow::Result<FreshProofOutcome> {
    let Some(session) = on_duty.session() else { return Ok(FreshProofOutcome::Refused) };
    let app = op.app;
    let administrator = &on_duty.administrator;
    if let RateLimitDecision::Limited { until } = count_attempt(op, &administrator.email).await? {
        return Ok(FreshProofOutcome::MustWait { until });
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    let held = store::find_totp(&mut tx, &app.master_key, &administrator.id).await?;
    let step = held.and_then(|held| held.secret.step_of(code, op.now));
    let Some(step) = step else {
        tx.rollback().await?;
        return Ok(FreshProofOutcome::Refused);
    };
    if !store::take_step(&mut tx, &administrator.id, step).await?
        || !store::sessions::set_proven(&mut tx, &session.id).await?
    {
        tx.rollback().await?;
        return Ok(FreshProofOutcome::Refused);
    }
    reset_attempts(&mut tx, app, &administrator.email).await?;
    tx.commit().await?;
    Ok(FreshProofOutcome::Proven)
}

/// Returns the challenge by which the administrator creates one more passkey.
pub async fn creation_challenge(op: &Operation<'_>, on_duty: &OnDuty) -> anyhow::Result<Option<PasskeyChallenge>> {
    let Some(session) = on_duty.session() else { return Ok(None) };
    let administrator = &on_duty.administrator;
    let named = (administrator.email.as_str(), administrator.name.as_str());
    let ceremony = (CeremonyPurpose::AdministratorCreation, session.id.as_str());
    passkeys::ops::creation_challenge_of(op, (&administrator.id).into(), named, ceremony).await
}

/// Adds a passkey, in a session that was proven freshly. Returns false if it was not accepted.
pub async fn add_passkey(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    answer: PasskeyAnswer<'_>,
    label: &str,
) -> anyhow::Result<bool> {
    let Some(session) = on_duty.session() else { return Ok(false) };
    let id = &on_duty.administrator.id;
    let ceremony = (CeremonyPurpose::AdministratorCreation, session.id.as_str());
    let Some(created) = passkeys::ops::finish_creation(op, id, ceremony, answer).await? else { return Ok(false) };
    let mut tx = op.write(Durability::Durable).await?;
    store::lock(&mut tx, id).await?;
    let held = store::sessions::find(&mut tx, &session.id).await?;
    let is_alive = held.is_some_and(|session| session.is_alive(op.now));
    let held = passkeys::store::list(&mut tx, id).await?;
    let row = row_id(op.now, op.app.rng.as_ref());
    let new = NewPasskey {
        id: &row,
        holder: id.into(),
        user_handle: &created.user_handle,
        credential_id: &created.credential_id,
        credential: &created.credential,
        label,
    };
    if !is_alive || held.len() >= MAX_PASSKEYS || !passkeys::store::insert(&mut tx, new).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    audit::store::record(&mut tx, AuditEvent::PasskeyAdded, AuditDetails::default()).await?;
    tx.commit().await?;
    Ok(true)
}

/// Removes a passkey, in a session that was proven freshly. The last one stays, unless an application serves.
pub async fn remove_passkey(op: &Operation<'_>, on_duty: &OnDuty, passkey_id: &str) -> anyhow::Result<bool> {
    let Some(session) = on_duty.session() else { return Ok(false) };
    let id = &on_duty.administrator.id;
    let mut tx = op.write(Durability::Durable).await?;
    store::lock(&mut tx, id).await?;
    let held = passkeys::store::list(&mut tx, id).await?;
    let is_last = held.len() < 2 && !on_duty.administrator.has_totp;
    if is_last || !passkeys::store::delete(&mut tx, id, passkey_id).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    // Whoever came in by it stays no longer.
    store::sessions::end_others(&mut tx, id, &session.id).await?;
    audit::store::record(&mut tx, AuditEvent::PasskeyRemoved, AuditDetails::default()).await?;
    tx.commit().await?;
    Ok(true)
}
