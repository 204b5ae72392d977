//! The proofs: a young sign-in or the password here, and of the other account its password, a letter's code, or a code
//! of an SMS that an activation in this browser proved for both.

use super::{RegroupPerson, judge, sides_with_factor};
use crate::accounts::{self, Account};
use crate::activation::{self, ops::AccountBySms};
use crate::app::Operation;
use crate::base::ids::id128;
use crate::base::source::SourceAddress;
use crate::base::typed_ids::{ActivationId, LetterId};
use crate::credentials::ops::{ComparisonRefusal, TypedCredentials};
use crate::credentials::{self, ProofRefusal};
use crate::db::Durability;
use crate::letters;
use crate::letters::code::{LetterCode, looks_like_a_code};
use crate::letters::ops::{LetterCodeRefusal, TypedLetter};
use crate::regroup::{
    FRESH_SIGN_IN, OtherProofRefusal, ProveOutcome, REGROUP_TTL, RegroupProof, RegroupRefusal, RegroupState,
    Regroupement, store,
};

/// The typed proofs, with the browser that sent them.
#[derive(Clone, Copy)]
pub struct ProveRequest<'a> {
    /// The password of the signed-in account; needed only after an older sign-in.
    pub own_password: &'a str,
    /// The other account, by its identifiant.
    pub identifiant: &'a str,
    pub proof: OtherProof<'a>,
    pub device_secrets: &'a [String],
    pub source: SourceAddress,
}

/// The proof of the other account.
#[derive(Clone, Copy)]
pub enum OtherProof<'a> {
    /// Its password, or the code of its letter.
    Typed(&'a str),
    /// A code of an SMS, typed earlier in a browser with these secrets.
    SmsCode(&'a [String]),
}

/// The proven other account.
struct ProvenOther {
    account: Account,
    proof: RegroupProof,
    letter_id: Option<LetterId>,
    activation_id: Option<ActivationId>,
}

/// Checks both proofs, then what the accounts are: nothing is said of the other account before its own proof.
pub async fn prove(
    op: &Operation<'_>,
    person: RegroupPerson<'_>,
    typed: ProveRequest<'_>,
) -> anyhow::Result<ProveOutcome> {
    let now = op.now;
    if now.since(person.session.proven_at()) >= FRESH_SIGN_IN {
        let own = (person.session, person.account);
        let own = credentials::ops::prove_owner(op, own, typed.own_password, typed.device_secrets);
        if let Err(why) = own.await? {
            return Ok(ProveOutcome::OwnNotProven(why));
        }
    } else if !credentials::ops::is_factor_shown(op, person.session, typed.device_secrets).await? {
        // A young sign-in on a known device may have skipped the factor.
        return Ok(ProveOutcome::OwnNotProven(ProofRefusal::FactorNeeded));
    }
    let proven = match prove_other(op, person, typed).await? {
        Ok(proven) => proven,
        Err(why) => return Ok(ProveOutcome::OtherNotProven(why)),
    };
    let mut tx = op.write(Durability::Durable).await?;
    if let Some(why) = judge(&mut tx, person.account, &proven.account).await? {
        tx.rollback().await?;
        return Ok(ProveOutcome::Refused(why));
    }
    // Whoever stole a password would get the children that the factor protects (docs/threats.md#attack-m10).
    let has_factor = sides_with_factor(&mut tx, &person.account.id, &proven.account.id).await?;
    let new = Regroupement {
        id: id128(op.app.rng.as_ref()),
        asked_by: person.account.id.clone(),
        other: proven.account.id.clone(),
        session_id: person.session.id.clone(),
        proof: proven.proof,
        letter_id: proven.letter_id,
        activation_id: proven.activation_id,
        state: match has_factor.other {
            true => RegroupState::Factor,
            false => Regroupement::state_after_factor(proven.proof),
        },
        factor_at: None,
        support_code: person.support_code.to_owned(),
        created_at: now,
        expires_at: now.plus(REGROUP_TTL),
    };
    let keepable = new.keepable(&proven.account, has_factor);
    if !keepable.current && !keepable.other {
        tx.rollback().await?;
        return Ok(ProveOutcome::Refused(RegroupRefusal::Factor));
    }
    store::insert(&mut tx, &new).await?;
    tx.commit().await?;
    Ok(ProveOutcome::Begun { id: new.id })
}

/// Compares the proof of the other account, counted as at the sign-in and at `/lettre`: the same for known and unknown
/// identifiants.
async fn prove_other(
    op: &Operation<'_>,
    person: RegroupPerson<'_>,
    typed: ProveRequest<'_>,
) -> anyhow::Result<Result<ProvenOther, OtherProofRefusal>> {
    let proof = match typed.proof {
        OtherProof::SmsCode(secrets) => {
            let found = find_proven_by_sms(op, person, secrets).await?;
            let one = found.into_iter().find(|one| one.account.identifiant == typed.identifiant);
            let proven = one.map(|one| ProvenOther {
                account: one.account,
                proof: RegroupProof::SmsCode,
                letter_id: None,
                activation_id: Some(one.activation_id),
            });
            return Ok(proven.ok_or(OtherProofRefusal::CodeOver));
        }
        OtherProof::Typed(proof) => proof,
    };
    if typed.identifiant.trim().is_empty() || proof.is_empty() {
        return Ok(Err(OtherProofRefusal::Empty));
    }
    if looks_like_a_code(proof) {
        return prove_by_letter(op, typed, proof).await;
    }
    prove_by_password(op, typed, proof).await
}

/// Returns the person's other accounts that a code of an SMS proved in this browser.
pub async fn find_proven_by_sms(
    op: &Operation<'_>,
    person: RegroupPerson<'_>,
    secrets: &[String],
) -> anyhow::Result<Vec<AccountBySms>> {
    let mut tx = op.app.db.read().await?;
    let secrets = secrets.iter().map(String::as_str);
    activation::ops::list_proven_in_browser(op, &mut tx, secrets, &person.account.id).await
}

async fn prove_by_letter(
    op: &Operation<'_>,
    typed: ProveRequest<'_>,
    proof: &str,
) -> anyhow::Result<Result<ProvenOther, OtherProofRefusal>> {
    let Ok(code) = LetterCode::parse(proof) else { return Ok(Err(OtherProofRefusal::Slip)) };
    let mut tx = op.write(Durability::Relaxed).await?;
    let letter = TypedLetter {
        identifiant: typed.identifiant,
        code: &code,
        source: typed.source,
        device_secrets: typed.device_secrets,
    };
    let checked = letters::ops::check(op, &mut tx, letter).await?;
    let account = match &checked {
        Ok(letter) => accounts::store::find(&mut tx, &letter.account_id).await?,
        Err(_) => None,
    };
    tx.commit().await?;
    Ok(match (checked, account) {
        (Ok(letter), Some(account)) => {
            let letter_id = Some(letter.id);
            Ok(ProvenOther { account, proof: RegroupProof::Letter, letter_id, activation_id: None })
        }
        (Err(LetterCodeRefusal::Limited { until }), _) => Err(OtherProofRefusal::Limited { until }),
        // What became of a code is told at `/lettre` only.
        (Err(_), _) | (Ok(_), None) => Err(OtherProofRefusal::Wrong),
    })
}

async fn prove_by_password(
    op: &Operation<'_>,
    typed: ProveRequest<'_>,
    proof: &str,
) -> anyhow::Result<Result<ProvenOther, OtherProofRefusal>> {
    let typed = TypedCredentials {
        identifiant: typed.identifiant,
        password: proof,
        device_secrets: typed.device_secrets,
        source: typed.source,
    };
    let compared = match credentials::ops::compare_password(op, typed).await? {
        Ok(compared) if compared.is_correct => compared,
        Ok(_) | Err(ComparisonRefusal::TooLong) => return Ok(Err(OtherProofRefusal::Wrong)),
        Err(ComparisonRefusal::Source(limited)) => return Ok(Err(OtherProofRefusal::Source(limited))),
        Err(ComparisonRefusal::Limited { until }) => return Ok(Err(OtherProofRefusal::Limited { until })),
        Err(ComparisonRefusal::Busy { seconds }) => return Ok(Err(OtherProofRefusal::Busy { seconds })),
    };
    let mut tx = op.write(Durability::Relaxed).await?;
    compared.reset_budget(&mut tx).await?;
    tx.commit().await?;
    let proven = |account| ProvenOther { account, proof: RegroupProof::Password, letter_id: None, activation_id: None };
    Ok(compared.account.map(proven).ok_or(OtherProofRefusal::Wrong))
}
