//! Adds and removes passkeys of the signed-in account: who may, and by which proof.
//!
//! The first passkey is added after the password, and after the second factor of an account that has one; every other
//! one, and each removal, after a proof as strong as a passkey, because whoever stole the password must not bring a key
//! along, nor take the person's away (docs/threats.md#attack-m10, #attack-m12). The proof is given for the change itself:
//! a session that somebody else opened a minute ago is none. Only the session that began with the choice of the password
//! needs no second typing of it.

use crate::accounts::Account;
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::credentials::ops::{FactorOwner, PasskeyRemoval};
use crate::credentials::{self, ProofRefusal};
use crate::db::Durability;
use crate::passkeys::{self, CeremonyPurpose, MAX_PASSKEYS, PasskeyAnswer, PasskeyChallenge, PasskeyVerification};
use crate::sessions::Session;

/// The next need of adding a passkey.
#[derive(Debug)]
pub enum PasskeyStep {
    /// There are no passkeys at this address, or the account has no password beside which one is asked for.
    Unavailable,
    /// The password was replaced lately.
    Caution { until: Timestamp },
    /// The account has as many as it may.
    Full,
    /// The account has another second factor, which comes first.
    Factor,
    /// The password comes first.
    Password,
    /// A proof by a passkey of the account comes first.
    Passkey(PasskeyChallenge),
    /// The browser may create one.
    Create(PasskeyChallenge),
}

/// The proof that a page was given.
#[derive(Clone, Copy)]
pub enum TypedProof<'a> {
    Password(&'a str),
    Passkey(PasskeyAnswer<'a>),
}

/// The reason why a proof was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasskeyProofRefusal {
    Password(ProofRefusal),
    Passkey,
}

/// Returns what adding a passkey needs next, in this session.
pub async fn next_passkey_step(op: &Operation<'_>, owner: FactorOwner<'_>) -> anyhow::Result<PasskeyStep> {
    let (session, account) = (owner.session, owner.account);
    let count = passkeys::store::list_credential_ids(&mut op.app.db.read().await?, &account.id).await?.len();
    if let Some(until) = account.caution(op.now) {
        return Ok(PasskeyStep::Caution { until });
    }
    if account.password.is_none() {
        return Ok(PasskeyStep::Unavailable);
    }
    if count >= MAX_PASSKEYS {
        return Ok(PasskeyStep::Full);
    }
    if count == 0 && !credentials::ops::is_factor_shown(op, session, owner.device_secrets).await? {
        return Ok(PasskeyStep::Factor);
    }
    if count == 0 {
        return match session.began_with_password_of(account.password_at, op.now) {
            true => create(op, (session, account)).await,
            false => Ok(PasskeyStep::Password),
        };
    }
    let challenge = passkeys::ops::challenge(op, CeremonyPurpose::FreshProof, session.id.as_str())?;
    Ok(challenge.map_or(PasskeyStep::Unavailable, PasskeyStep::Passkey))
}

/// Returns what adding another passkey needs next of somebody who has none of theirs at hand: another second factor, then
/// the password. Both together open the account at the level of a passkey, so they may bring one
/// (docs/decisions/0050-passkeys-are-verified-by-webauthn-rs.md); they take none away.
pub async fn next_step_without_passkey(op: &Operation<'_>, owner: FactorOwner<'_>) -> anyhow::Result<PasskeyStep> {
    match next_passkey_step(op, owner).await? {
        PasskeyStep::Passkey(_) => {
            let shown = credentials::ops::is_factor_shown(op, owner.session, owner.device_secrets).await?;
            Ok(if shown { PasskeyStep::Password } else { PasskeyStep::Factor })
        }
        step => Ok(step),
    }
}

async fn create(op: &Operation<'_>, (session, account): (&Session, &Account)) -> anyhow::Result<PasskeyStep> {
    let challenge = passkeys::ops::creation_challenge(op, account, session.id.as_str()).await?;
    Ok(challenge.map_or(PasskeyStep::Unavailable, PasskeyStep::Create))
}

/// Judges the proof that the step asked for, and returns the next step.
pub async fn prove_for_passkey(
    op: &Operation<'_>,
    owner: FactorOwner<'_>,
    proof: TypedProof<'_>,
) -> anyhow::Result<Result<PasskeyStep, PasskeyProofRefusal>> {
    let step = next_passkey_step(op, owner).await?;
    judge_proof(op, owner, step, proof).await
}

/// Judges the password of somebody who has no passkey at hand, and returns the next step.
pub async fn prove_without_passkey(
    op: &Operation<'_>,
    owner: FactorOwner<'_>,
    password: &str,
) -> anyhow::Result<Result<PasskeyStep, PasskeyProofRefusal>> {
    let step = next_step_without_passkey(op, owner).await?;
    judge_proof(op, owner, step, TypedProof::Password(password)).await
}

async fn judge_proof(
    op: &Operation<'_>,
    owner: FactorOwner<'_>,
    step: PasskeyStep,
    proof: TypedProof<'_>,
) -> anyhow::Result<Result<PasskeyStep, PasskeyProofRefusal>> {
    let person = (owner.session, owner.account);
    match (step, proof) {
        (PasskeyStep::Password, TypedProof::Password(typed)) => {
            match credentials::ops::prove_owner(op, person, typed, owner.device_secrets).await? {
                Ok(()) => Ok(Ok(create(op, person).await?)),
                Err(why) => Ok(Err(PasskeyProofRefusal::Password(why))),
            }
        }
        (PasskeyStep::Passkey(_), TypedProof::Passkey(answer)) => match prove_by_passkey(op, owner, answer).await? {
            true => Ok(Ok(create(op, person).await?)),
            false => Ok(Err(PasskeyProofRefusal::Passkey)),
        },
        (step, _) => Ok(Ok(step)),
    }
}

/// Judges a passkey of the account, asked for in this session.
async fn prove_by_passkey(
    op: &Operation<'_>,
    owner: FactorOwner<'_>,
    answer: PasskeyAnswer<'_>,
) -> anyhow::Result<bool> {
    let ceremony = (CeremonyPurpose::FreshProof, owner.session.id.as_str());
    let verified = passkeys::ops::verify(op, ceremony, Some(&owner.account.id), answer, owner.lang).await?;
    let PasskeyVerification::Proven(proven) = verified else { return Ok(false) };
    let mut tx = op.write(Durability::Relaxed).await?;
    let recorded = passkeys::store::record_use(&mut tx, &proven).await?;
    tx.commit().await?;
    Ok(recorded)
}

/// The outcome of a request to remove a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasskeyRemovalOutcome {
    Done(PasskeyRemoval),
    /// No passkey of the account proved the person.
    NotProven,
    /// The password was replaced lately.
    Caution,
}

/// Removes a passkey, after a proof as strong as it, given for that.
pub async fn remove_passkey(
    op: &Operation<'_>,
    owner: FactorOwner<'_>,
    id: &str,
    answer: Option<PasskeyAnswer<'_>>,
) -> anyhow::Result<PasskeyRemovalOutcome> {
    if owner.account.caution(op.now).is_some() {
        return Ok(PasskeyRemovalOutcome::Caution);
    }
    let proven = match answer {
        Some(answer) => prove_by_passkey(op, owner, answer).await?,
        None => false,
    };
    if !proven {
        return Ok(PasskeyRemovalOutcome::NotProven);
    }
    Ok(PasskeyRemovalOutcome::Done(credentials::ops::remove_passkey(op, owner, id).await?))
}
