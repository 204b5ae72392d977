//! Lets administrators in: by a passkey, or by a password with a code where the deployment allows it.

use super::begin;
use crate::accounts::password;
use crate::administrators::store;
use crate::administrators::{AdminProof, Administrator, AdministratorState};
use crate::app::{App, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::secret::sha256_base64url;
use crate::base::source::SourceAddress;
use crate::base::typed_ids::AdministratorId;
use crate::crypto::{HmacPurpose, PasswordError, Priority};
use crate::db::Durability;
use crate::limits::{self, RateLimit, RateLimitDecision, RateLimited};
use crate::mail;
use crate::otp::TypedCode;
use crate::passkeys::{self, CeremonyPurpose, PasskeyAnswer, PasskeyVerification};

/// The outcome of an entry.
#[derive(Debug)]
pub enum EntryOutcome {
    Done {
        cookie: String,
    },
    /// Wrong, whatever of it: not distinguished.
    Refused,
    /// The right proof of somebody whose roles have ended.
    NoRole,
    MustWait {
        until: Timestamp,
    },
    Limited(RateLimited),
    Busy {
        seconds: u32,
    },
}

/// Begins the session of somebody who was proven, if a role still counts.
async fn enter(
    op: &Operation<'_>,
    mut tx: crate::db::UnitOfWork<'_>,
    id: &AdministratorId,
    method: AdminProof,
) -> anyhow::Result<EntryOutcome> {
    let found = store::find(&mut tx, &op.app.master_key, id).await?;
    if !found.is_some_and(|found| found.state == AdministratorState::Active) {
        tx.rollback().await?;
        return Ok(EntryOutcome::Refused);
    }
    if store::roles::list_current(&mut tx, id, op.now).await?.is_empty() {
        tx.rollback().await?;
        return Ok(EntryOutcome::NoRole);
    }
    let cookie = begin(op, &mut tx, id, method).await?;
    tx.commit().await?;
    Ok(EntryOutcome::Done { cookie })
}

/// Lets in whoever holds the passkey of an administrator that answered the challenge of this browser. A passkey of an
/// account opens nothing here.
pub async fn enter_with_passkey(
    op: &Operation<'_>,
    browser: &str,
    answer: PasskeyAnswer<'_>,
    source: SourceAddress,
) -> anyhow::Result<EntryOutcome> {
    let ceremony = (CeremonyPurpose::AdministratorSignIn, browser);
    let proven = match passkeys::ops::verify_administrator(op, ceremony, None, answer).await? {
        PasskeyVerification::Proven(proven) => proven,
        PasskeyVerification::Copied | PasskeyVerification::Refused(_) => {
            let who = sha256_base64url(answer.credential);
            return Ok(match limits::ops::check_sign_in(op, source, &who, &who, false).await? {
                Ok(judging) => {
                    judging.record_failure(op).await?;
                    EntryOutcome::Refused
                }
                Err(refused) => EntryOutcome::Limited(refused),
            });
        }
    };
    let id = AdministratorId::new(&proven.holder_id);
    let mut tx = op.write(Durability::Relaxed).await?;
    if !store::lock(&mut tx, &id).await? || !passkeys::store::record_use(&mut tx, &proven).await? {
        tx.rollback().await?;
        return Ok(EntryOutcome::Refused);
    }
    enter(op, tx, &id, AdminProof::Passkey).await
}

/// An address, a password and a code, as typed.
#[derive(Clone, Copy, Debug)]
pub struct TypedEntry<'a> {
    pub email: &'a str,
    pub password: &'a str,
    pub code: &'a str,
}

/// Returns the key of the limit of an address, whether or not it is an administrator's.
fn limiter_key(app: &App, email: &str) -> String {
    app.master_key.hmac(HmacPurpose::LimiterKey, &format!("administrator/{}", email.to_lowercase()))
}

/// Counts an attempt for an address before anything is compared (docs/threats.md#attack-l1).
pub(super) async fn count_attempt(op: &Operation<'_>, email: &str) -> anyhow::Result<RateLimitDecision> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let decision = limits::store::consume(&mut tx, RateLimit::Administrator, &limiter_key(op.app, email)).await?;
    if matches!(decision, RateLimitDecision::Allowed { remaining: 0 }) {
        audit::store::record(&mut tx, AuditEvent::AdministratorLockedOut, AuditDetails::default()).await?;
    }
    tx.commit().await?;
    Ok(decision)
}

/// Resets the limit of an address after a right proof.
pub(super) async fn reset_attempts(tx: &mut crate::db::UnitOfWork<'_>, app: &App, email: &str) -> anyhow::Result<()> {
    Ok(limits::store::reset(tx, RateLimit::Administrator, &limiter_key(app, email)).await?)
}

/// Lets in by a password and a code, where the deployment allows it. Unknown addresses, wrong passwords and wrong codes
/// cost the same and are answered alike (docs/threats.md#threat-s05).
pub async fn enter_with_totp(
    op: &Operation<'_>,
    typed: TypedEntry<'_>,
    source: SourceAddress,
) -> anyhow::Result<EntryOutcome> {
    let app = op.app;
    let email = mail::parse_address(typed.email).unwrap_or_else(|| typed.email.trim().to_owned());
    let chosen = password::normalize(typed.password);
    let judging = match limits::ops::check_sign_in(op, source, &email, &chosen, false).await? {
        Ok(judging) => judging,
        Err(refused) => return Ok(EntryOutcome::Limited(refused)),
    };
    if let RateLimitDecision::Limited { until } = count_attempt(op, &email).await? {
        return Ok(EntryOutcome::MustWait { until });
    }
    let mut tx = app.db.read().await?;
    let found = store::find_by_email(&mut tx, &app.master_key, &email).await?;
    let held = match &found {
        Some(found) => store::find_totp(&mut tx, &app.master_key, &found.id).await?,
        None => None,
    };
    drop(tx);
    let stored = held.as_ref().map(|held| held.password.as_str());
    let is_right = match app.password_hasher.verify(&chosen, stored, Priority::Known).await {
        Ok(is_right) => is_right,
        Err(PasswordError::Busy { seconds }) => return Ok(EntryOutcome::Busy { seconds }),
        Err(other) => return Err(other.into()),
    };
    let step = held.zip(TypedCode::parse(typed.code).ok()).and_then(|(held, code)| held.secret.step_of(&code, op.now));
    let (Some(found), Some(step), true) = (found, step, is_right) else {
        judging.record_failure(op).await?;
        return Ok(EntryOutcome::Refused);
    };
    let mut tx = op.write(Durability::Durable).await?;
    store::lock(&mut tx, &found.id).await?;
    if !store::take_step(&mut tx, &found.id, step).await? {
        tx.rollback().await?;
        judging.record_failure(op).await?;
        return Ok(EntryOutcome::Refused);
    }
    reset_attempts(&mut tx, app, &email).await?;
    enter(op, tx, &found.id, AdminProof::Totp).await
}

/// Lists the administrators whom a demo lets in without any proof; empty anywhere else.
pub async fn list_open_doors(op: &Operation<'_>) -> anyhow::Result<Vec<(Administrator, String)>> {
    let app = op.app;
    if !is_open(app) {
        return Ok(Vec::new());
    }
    let mut tx = app.db.read().await?;
    let mut doors: Vec<(Administrator, String)> = Vec::new();
    for row in store::roles::list_all(&mut tx).await? {
        if doors.iter().any(|(known, _)| known.id == row.administrator_id) || row.approved_at.is_none() {
            continue;
        }
        if let Some(found) = store::find(&mut tx, &app.master_key, &row.administrator_id).await? {
            doors.push((found, row.place.unwrap_or(row.role)));
        }
    }
    Ok(doors)
}

/// Returns true if the configuration of a loopback issuer lets administrators in without any proof.
fn is_open(app: &App) -> bool {
    let server = &app.config.server;
    app.config.administration.entry_without_proof && server.is_loopback() && server.listen.ip().is_loopback()
}

/// Lets an administrator of a demo in without any proof.
pub async fn enter_without_proof(op: &Operation<'_>, id: &AdministratorId) -> anyhow::Result<EntryOutcome> {
    if !is_open(op.app) {
        return Ok(EntryOutcome::Refused);
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    store::activate(&mut tx, id).await?;
    enter(op, tx, id, AdminProof::Demo).await
}
