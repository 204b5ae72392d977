//! Use cases of the recovery, in the order of the pages.
//!
//! Each use case is one transaction and leaves its step by compare-and-set. A wrong input is a normal result and
//! commits (a try was counted); only internal errors roll back.

mod birth;
mod channel;
mod code;
mod dates;
mod factor;
mod letter;
mod password;
mod send_code;
mod send_mail;
mod start;

pub use birth::{BirthOutcome, repeat_birth, submit_birth};
pub use channel::switch_channel;
pub use code::{RecoveryCodeOutcome, repeat_code, resend_code, verify_code};
pub use dates::{DateVerdict, DatesOutcome, repeat_dates, submit_dates};
pub use factor::{RecoveryFactorOutcome, find_letter_proof, repeat_factor, submit_factor};
pub use letter::{LetterStart, start_with_letter};
pub use password::{RecoveryPasswordOutcome, choose_password, password_context, sign_in_again};
pub use send_code::send_code_if_known;
pub use start::{ProvenPerson, RecoveryStart, RecoveryVisitor, begin_proven, start};

use super::{BoundRecovery, PROOF_STEPS, RecoveryOutcome, RecoveryStep, judge_phone, store};
use crate::accounts;
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;
use crate::base::typed_ids::{PersonId, RecoveryId};
use crate::credentials::browser_binding::{self, BindingState, BoundRow};
use crate::crypto::MasterKey;
use crate::db::Tx;

/// The result of a lookup of the recovery in a URL.
#[derive(Debug)]
pub enum RecoveryLookup {
    Active(Box<BoundRecovery>),
    /// The recovery left the step by a proof, and this browser may have missed the response: the proof may be sent
    /// again.
    LeftByProof(RecoveryStep, Box<BoundRecovery>),
    /// The two hours are over.
    Expired,
    /// Unknown id, or a recovery of another browser: not distinguished.
    Unknown,
}

/// Finds a recovery that is bound to one of the browser's secrets.
pub async fn find<'a>(
    op: &Operation<'_>,
    id: Option<&str>,
    secrets: impl Iterator<Item = &'a str> + Clone,
) -> anyhow::Result<RecoveryLookup> {
    let Operation { app, now, .. } = *op;
    let Some(id) = id.filter(|id| is_id(id, 22)) else { return Ok(RecoveryLookup::Unknown) };
    let found = store::find(&mut app.db.read().await?, &app.master_key, &RecoveryId::new(id)).await?;
    let Some(recovery) = found else { return Ok(RecoveryLookup::Unknown) };
    let row = BoundRow { id: &recovery.id, step: recovery.step.name(), digest: &recovery.browser_digest };
    let steps = PROOF_STEPS.map(|step| (step, step.name()));
    let state = browser_binding::binding_state(&app.master_key, row, &steps, secrets);
    let too_old = recovery.expires_at <= now;
    Ok(match state {
        BindingState::NotBound => RecoveryLookup::Unknown,
        _ if too_old => RecoveryLookup::Expired,
        BindingState::Bound(secret) => RecoveryLookup::Active(Box::new(BoundRecovery { recovery, secret })),
        BindingState::BoundUntilProof(step, secret) => {
            RecoveryLookup::LeftByProof(step, Box::new(BoundRecovery { recovery, secret }))
        }
    })
}

/// Judges whether a right code from the number of these persons, records of one parent, may tell of an account. One
/// record with a trusted number is enough: a second school writes the same number again.
pub async fn judge_persons(
    tx: &mut Tx,
    now: Timestamp,
    persons: &[PersonId],
) -> anyhow::Result<Option<RecoveryOutcome>> {
    let mut untrusted = None;
    for person_id in persons {
        let Some(history) = accounts::store::phones::find_phone_history(tx, person_id).await? else { continue };
        match judge_phone(history, now) {
            None => return Ok(None),
            judged => untrusted = untrusted.or(judged),
        }
    }
    Ok(untrusted)
}

/// Returns the secret that replaces the browser's after the proof of the step `from`.
pub fn next_secret(master_key: &MasterKey, held: &BoundRecovery, from: RecoveryStep) -> String {
    browser_binding::next_secret(master_key, &held.id, from.name(), &held.secret)
}
