//! The door of whoever has a letter: its code begins a recovery.

use super::code::advance_to_proof;
use crate::accounts::{self, AccountState};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::ids::{id128, support_code};
use crate::base::lang::Lang;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::RecoveryId;
use crate::credentials::browser_binding;
use crate::crypto::HmacPurpose;
use crate::db::{Durability, UnitOfWork};
use crate::interactions::Interaction;
use crate::letters::ops::{LetterCodeRefusal, TypedLetter};
use crate::letters::{self, Letter};
use crate::recovery::{RECOVERY_TTL, Recovery, RecoveryChannel, RecoveryOutcome, RecoveryStep, store};
use crate::roster;

/// The part of a binding secret that stands for the proof by a letter's code.
const LETTER_PROOF: &str = "letter";

/// The outcome of a letter's code.
#[derive(Debug)]
pub enum LetterStart {
    /// The code was right: a recovery began, bound to this secret.
    Begun {
        id: RecoveryId,
        step: RecoveryStep,
        secret: String,
    },
    Refused(LetterCodeRefusal),
}

/// Checks a letter's code, and begins a recovery with the right one. The code takes its letter again from any browser
/// that began before: nobody is locked out by a browser that was closed.
pub async fn start_with_letter(
    op: &Operation<'_>,
    navigation_cookie: &str,
    lang: Lang,
    typed: TypedLetter<'_>,
    waiting: Option<(String, Interaction)>,
) -> anyhow::Result<LetterStart> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let letter = match letters::ops::check(op, &mut tx, typed).await? {
        Ok(letter) => letter,
        Err(refused) => {
            tx.commit().await?;
            return Ok(LetterStart::Refused(refused));
        }
    };
    let app = op.app;
    let id = RecoveryId::new(id128(app.rng.as_ref()));
    let secret = browser_binding::next_secret(&app.master_key, &id, LETTER_PROOF, navigation_cookie);
    let (interaction, request) = match waiting {
        Some((i, request)) => (Some(i), Some(serde_json::to_string(&request)?)),
        None => (None, None),
    };
    let folded = accounts::identifier::normalize(typed.identifiant);
    let mut new = Recovery {
        typed_budget: app.master_key.hmac(HmacPurpose::LimiterKey, &format!("recovery/{folded}")),
        id,
        channel: RecoveryChannel::Letter,
        step: RecoveryStep::Code,
        browser_digest: sha256_base64url(&secret),
        identifiant: folded,
        challenge_id: None,
        letter_id: Some(letter.id.clone()),
        support_code: support_code(app.rng.as_ref()),
        lang,
        interaction_id: interaction,
        pending_request: request,
        account_id: Some(letter.account_id.clone()),
        children: Vec::new(),
        outcome: None,
        source_counters: None,
        device_id: None,
        factor_at: None,
        created_at: op.now,
        expires_at: op.now.plus(RECOVERY_TTL),
    };
    advance_from_letter(&mut tx, &mut new, &letter).await?;
    store::end_of_letter(&mut tx, &letter.id, &RecoveryOutcome::Overtaken).await?;
    anyhow::ensure!(store::insert(&mut tx, &app.master_key, &new).await?, "a new recovery has the id of another");
    let about =
        AuditDetails { account: Some(&letter.account_id), detail: &new.support_code, ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::RecoveryStarted, about).await?;
    audit::store::record(&mut tx, AuditEvent::CodeAccepted, about).await?;
    tx.commit().await?;
    Ok(LetterStart::Begun { id: new.id, step: new.step, secret })
}

async fn advance_from_letter(tx: &mut UnitOfWork<'_>, next: &mut Recovery, letter: &Letter) -> anyhow::Result<()> {
    let account = accounts::store::find(tx, &letter.account_id).await?;
    let Some(account) = account.filter(|a| a.state != AccountState::Closed) else {
        next.step = RecoveryStep::Ended;
        next.outcome = Some(RecoveryOutcome::NothingToAsk);
        return Ok(());
    };
    if let Some(by) = account.suspended_by {
        let school = roster::store::pupils::find_school_of_suspension(tx, &account.id, account.profile).await?;
        next.step = RecoveryStep::Ended;
        next.outcome = Some(RecoveryOutcome::Suspended { by, school });
        return Ok(());
    }
    advance_to_proof(tx, next, account.profile).await
}
