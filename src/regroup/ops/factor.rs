//! The second factor of the other account, asked after its first proof, on its own budgets.

use super::RegroupPerson;
use crate::app::Operation;
use crate::base::typed_ids::AccountId;
use crate::credentials::factors::{FactorVerification, HeldFactors, TypedFactor};
use crate::db::{Durability, Tx};
use crate::passkeys::{PasskeyAnswer, PasskeyChallenge};
use crate::regroup::{RegroupState, Regroupement, store};
use crate::{accounts, credentials, devices, sessions};

/// A regroupement that waits for the second factor of the other account.
#[derive(Debug)]
pub struct FactorView {
    pub regroupement: Regroupement,
    pub identifiant: String,
    pub held: HeldFactors,
    pub passkey: Option<PasskeyChallenge>,
}

/// Finds the regroupement of a page; `None` if it waits for nothing, is another session's, or over.
pub async fn find_factor_step(
    op: &Operation<'_>,
    person: RegroupPerson<'_>,
    id: &str,
) -> anyhow::Result<Option<FactorView>> {
    let mut tx = op.app.db.read().await?;
    let found = store::find_open(&mut tx, op.now, id, &person.session.id).await?;
    let Some(found) = found.filter(|found| found.state == RegroupState::Factor) else { return Ok(None) };
    let Some(other) = accounts::store::find(&mut tx, &found.other).await? else { return Ok(None) };
    let held = credentials::store::find_factors(&mut tx, &found.other).await?;
    let passkey = credentials::ops::factor_challenge(op, &held, &found.id)?;
    Ok(Some(FactorView { regroupement: found, identifiant: other.identifiant, held, passkey }))
}

/// Judges a passkey of the other account that was shown in a regroupement.
pub async fn judge_passkey(
    op: &Operation<'_>,
    person: RegroupPerson<'_>,
    found: &Regroupement,
    answer: PasskeyAnswer<'_>,
) -> anyhow::Result<Option<TypedFactor>> {
    credentials::ops::judge_passkey_factor(op, &found.other, &found.id, (answer, person.lang)).await
}

/// The outcome of a factor of the other account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherFactorOutcome {
    /// The choice comes next.
    Proven,
    Refused(FactorVerification),
    /// The time is over, or a concurrent request was first.
    Over,
}

/// Compares a factor of the other account, counted as at its own sign-in.
pub async fn prove_factor(
    op: &Operation<'_>,
    person: RegroupPerson<'_>,
    (id, device_secrets): (&str, &[String]),
    typed: &TypedFactor,
) -> anyhow::Result<OtherFactorOutcome> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let Some(other) = find_waiting(&mut tx, op, person, id).await? else {
        tx.rollback().await?;
        return Ok(OtherFactorOutcome::Over);
    };
    // The account's row first: of two clicks at once the second uses nothing up, because it finds the step left.
    accounts::store::find_and_lock(&mut tx, &other).await?;
    let alive = sessions::store::lock(&mut tx, &person.session.id).await?;
    let found = store::find_open(&mut tx, op.now, id, &person.session.id).await?;
    let Some(found) = found.filter(|found| alive && found.state == RegroupState::Factor) else {
        tx.rollback().await?;
        return Ok(OtherFactorOutcome::Over);
    };
    let device = devices::ops::find_known(&mut tx, op.now, device_secrets, Some(&found.other)).await?;
    let device = device.as_ref().map(|device| device.id.as_str());
    let proven = match credentials::ops::verify_factor(op, &mut tx, &found.other, device, typed).await? {
        FactorVerification::Correct(proven) => proven,
        refused => {
            tx.commit().await?;
            return Ok(OtherFactorOutcome::Refused(refused));
        }
    };
    let next = Regroupement::state_after_factor(found.proof);
    let advanced = store::record_factor(&mut tx, &found, next).await?;
    if advanced {
        credentials::ops::record_proven(&mut tx, &found.other, proven).await?;
    }
    tx.commit().await?;
    Ok(if advanced { OtherFactorOutcome::Proven } else { OtherFactorOutcome::Over })
}

/// Returns the other account of a regroupement that waits for its factor.
async fn find_waiting(
    tx: &mut Tx,
    op: &Operation<'_>,
    person: RegroupPerson<'_>,
    id: &str,
) -> anyhow::Result<Option<AccountId>> {
    let found = store::find_open(tx, op.now, id, &person.session.id).await?;
    Ok(found.filter(|found| found.state == RegroupState::Factor).map(|found| found.other))
}
