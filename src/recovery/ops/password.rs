//! The password step: a new password, the end of what the former one opened, and the sign-in.

use super::{find_letter_proof, next_secret};
use crate::accounts::password::PasswordContext;
use crate::accounts::{self, Account, SuspendedBy};
use crate::app::Operation;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::{AccountId, ClientId};
use crate::credentials::ops::NewSession;
use crate::credentials::{self, NewPasswordError, PasswordChange, SignInContext, SignInCookies, TypedPassword};
use crate::db::{Durability, UnitOfWork};
use crate::guardianship;
use crate::interactions::{self, Interaction};
use crate::letters;
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::outbox::JobKind;
use crate::recovery::{BoundRecovery, CAUTION, Recovery, RecoveryChannel, RecoveryOutcome, RecoveryStep, store};
use crate::sessions::AuthenticationMethod;
use crate::tenants::{self, NoticeKind};

/// The outcome of the password step.
#[derive(Debug)]
pub enum RecoveryPasswordOutcome {
    Done(SignInCookies),
    Rejected(NewPasswordError),
    /// Another tab or another flow left the step meanwhile.
    StepChanged(RecoveryStep),
}

/// Returns the names of the children's schools, for pages and for the password policy.
fn school_names(recovery: &Recovery) -> Vec<String> {
    let mut schools: Vec<String> = recovery.children.iter().map(|c| c.school.clone()).collect();
    schools.sort();
    schools.dedup();
    schools
}

/// Returns what is known about the person, by which a password could be guessed.
pub fn password_context<'a>(recovery: &'a Recovery, account: &'a Account) -> PasswordContext<'a> {
    PasswordContext {
        identifiant: &account.identifiant,
        names: vec![&account.given_name, &account.family_name],
        schools: recovery.children.iter().map(|child| child.school.as_str()).collect(),
        ..PasswordContext::default()
    }
}

/// Sets the password and signs in. A flow that began before the account's last password is overtaken: its proofs are
/// older than what was decided since.
pub async fn choose_password(
    op: &Operation<'_>,
    held: &BoundRecovery,
    account: &Account,
    typed: TypedPassword<'_>,
    from: SignInContext<'_>,
) -> anyhow::Result<RecoveryPasswordOutcome> {
    let Operation { app, now, .. } = *op;
    let schools = school_names(held);
    let hash = match credentials::ops::hash_new_password(op, account, &schools, typed).await? {
        Ok(hash) => hash,
        Err(why) => {
            // Of two clicks at once the second may find the password that the first has set.
            return Ok(match current_step(op, held).await? {
                RecoveryStep::Password => RecoveryPasswordOutcome::Rejected(why),
                step => RecoveryPasswordOutcome::StepChanged(step),
            });
        }
    };
    let mut tx = op.write(Durability::Durable).await?;
    let current = accounts::store::find_and_lock(&mut tx, &account.id).await?;
    let mut next = held.recovery.clone();
    next.step = RecoveryStep::Ended;
    let overtaken = current.as_ref().is_some_and(|a| a.password_at.is_some_and(|at| at > held.created_at));
    // The dates did not ask for a factor that the account got since then; under the lock none is added any more.
    if !overtaken
        && held.factor_at.is_none()
        && credentials::store::find_factors(&mut tx, &account.id).await?.is_required()
    {
        next.step = RecoveryStep::Factor;
        let moved = store::advance(&mut tx, RecoveryStep::Password, &next).await?;
        tx.commit().await?;
        let step = if moved { RecoveryStep::Factor } else { current_step(op, held).await? };
        return Ok(RecoveryPasswordOutcome::StepChanged(step));
    }
    // A letter serves once: of any number of browsers with its code, one gets past here.
    if overtaken || !use_letter(&mut tx, held).await? {
        next.outcome = Some(RecoveryOutcome::Overtaken);
        let moved = store::advance(&mut tx, RecoveryStep::Password, &next).await?;
        tx.commit().await?;
        let step = if moved { RecoveryStep::Ended } else { current_step(op, held).await? };
        return Ok(RecoveryPasswordOutcome::StepChanged(step));
    }
    let changed = credentials::ops::set_password(op, &mut tx, &account.id, &hash, &held.support_code).await?;
    let Some(changed) = changed else {
        let by = current.and_then(|a| a.suspended_by).unwrap_or(SuspendedBy::School);
        next.outcome = Some(RecoveryOutcome::Suspended { by, school: schools.into_iter().next() });
        store::advance(&mut tx, RecoveryStep::Password, &next).await?;
        tx.commit().await?;
        return Ok(RecoveryPasswordOutcome::StepChanged(RecoveryStep::Ended));
    };
    next.step = RecoveryStep::Done;
    next.browser_digest = sha256_base64url(&next_secret(&app.master_key, held, RecoveryStep::Password));
    if !store::advance(&mut tx, RecoveryStep::Password, &next).await? {
        tx.rollback().await?;
        return Ok(RecoveryPasswordOutcome::StepChanged(current_step(op, held).await?));
    }
    if changed == PasswordChange::Replaced {
        accounts::store::set_caution(&mut tx, &account.id, now.plus(CAUTION)).await?;
    }
    store::end_others(&mut tx, &account.id, Some(&next.id)).await?;
    tenants::store::settle_reopening(&mut tx, &account.id).await?;
    let client = pending_client(&next);
    let new = NewSession { method: method(next.channel), client: client.as_ref(), identity: None };
    let signed_in = credentials::ops::begin_session(op, &mut tx, &account.id, new, from).await?;
    if changed == PasswordChange::Replaced {
        credentials::ops::tell_password_replaced(op, &mut tx, &account.id, &signed_in, held.lang).await?;
        if held.channel == RecoveryChannel::Sms {
            tell_schools_of_shared_mobile(&mut tx, held, &account.id).await?;
        }
    }
    if let Some(proven_at) = held.factor_at
        && find_letter_proof(&mut tx, held).await?.is_some_and(|from| from <= proven_at)
    {
        remove_lost_factors(op, &mut tx, held, (&account.id, &signed_in)).await?;
    }
    tx.commit().await?;
    app.job_notifier.notify(JobKind::BackchannelLogout);
    app.job_notifier.notify(JobKind::Mail);
    restore_interaction(op, &next).await;
    Ok(RecoveryPasswordOutcome::Done(signed_in))
}

/// Tells the children's schools that the number by which the password was replaced is not one person's alone: the other
/// parent may have chosen it (docs/threats.md#takeover-w1).
async fn tell_schools_of_shared_mobile(
    tx: &mut UnitOfWork<'_>,
    held: &Recovery,
    account_id: &AccountId,
) -> anyhow::Result<()> {
    if !accounts::store::phones::is_shared(tx, account_id).await? {
        return Ok(());
    }
    for child in &held.children {
        guardianship::ops::notify_school(tx, held.proof(), child.guardianship(), NoticeKind::SharedMobile).await?;
    }
    Ok(())
}

/// Removes the factors in whose place a letter was printed: their person has none of them, and could else not sign in
/// again. They are told on another device.
async fn remove_lost_factors(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    held: &Recovery,
    (account_id, by): (&AccountId, &SignInCookies),
) -> anyhow::Result<()> {
    credentials::ops::remove_all_factors(tx, account_id, None).await?;
    let device_id = Some(sha256_base64url(&by.device_secret));
    let kind = AccountNoticeKind::FactorRemoved;
    let what = NoticeRequest { account_id, kind, detail: "", device_id: device_id.as_deref(), lang: held.lang };
    notify::ops::notify_person(tx, op.app.into(), what).await
}

/// Ends the letter of the recovery by its use; false if it ended before.
async fn use_letter(tx: &mut UnitOfWork<'_>, recovery: &Recovery) -> anyhow::Result<bool> {
    match (&recovery.letter_id, recovery.channel) {
        (Some(letter), RecoveryChannel::Letter) => Ok(letters::store::mark_used(tx, letter).await?),
        (None, RecoveryChannel::Letter) => Ok(false),
        (_, RecoveryChannel::Sms | RecoveryChannel::Mail) => Ok(true),
    }
}

async fn current_step(op: &Operation<'_>, held: &BoundRecovery) -> anyhow::Result<RecoveryStep> {
    let fresh = store::find(&mut op.app.db.read().await?, &op.app.master_key, &held.id).await?;
    Ok(fresh.map_or(RecoveryStep::Ended, |recovery| recovery.step))
}

/// Returns the authentication method of the session that a recovery begins.
fn method(channel: RecoveryChannel) -> AuthenticationMethod {
    match channel {
        RecoveryChannel::Sms => AuthenticationMethod::Activation,
        RecoveryChannel::Letter | RecoveryChannel::Mail => AuthenticationMethod::Password,
    }
}

/// Returns the client of the pending request; `None` for a recovery without one.
fn pending_client(recovery: &Recovery) -> Option<ClientId> {
    let request = recovery.pending_request.as_deref().and_then(|text| serde_json::from_str::<Interaction>(text).ok());
    request.map(|waiting| waiting.request.client_id)
}

/// Signs in again after a double click on « Terminer », if the browser discarded the first response with its cookies.
pub async fn sign_in_again(
    op: &Operation<'_>,
    recovery: &Recovery,
    account: &Account,
    typed: &str,
    from: SignInContext<'_>,
) -> anyhow::Result<Option<SignInCookies>> {
    let client = pending_client(recovery);
    let new = NewSession { method: method(recovery.channel), client: client.as_ref(), identity: None };
    let signed_in = credentials::ops::begin_session_again(op, (account, recovery.created_at), typed, new, from).await?;
    if signed_in.is_some() {
        restore_interaction(op, recovery).await;
    }
    Ok(signed_in)
}

/// Restores the pending authorization request, which the store may have lost in a restart meanwhile.
async fn restore_interaction(op: &Operation<'_>, recovery: &Recovery) {
    let (Some(i), Some(request)) = (&recovery.interaction_id, &recovery.pending_request) else { return };
    let restored = match serde_json::from_str::<Interaction>(request) {
        Ok(interaction) => interactions::ops::restore(op, i, &interaction).await,
        Err(e) => Err(e.into()),
    };
    if !matches!(restored, Ok(true)) {
        // The end user is signed in all the same, and gets the page with one button to the service.
        tracing::warn!(recovery = %recovery.support_code, "the waiting request could not be put back");
    }
}
