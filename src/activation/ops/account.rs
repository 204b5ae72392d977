//! The account steps: assigns the identifiant, sets the password, and signs in.

use crate::accounts::{self, Account, AccountState, SuspendedBy};
use crate::activation::browser_binding::{self, BoundActivation};
use crate::activation::{ACTIVATION_TTL, Activation, ActivationOutcome, ActivationStep, ChildStatus, store};
use crate::app::{CampaignStep, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::profile::Profile;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::{AccountId, ClientId};
use crate::credentials::ops::NewSession;
use crate::credentials::{self, NewPasswordError, SignInContext, SignInCookies, TypedPassword};
use crate::crypto::HmacPurpose;
use crate::db::{Durability, UnitOfWork};
use crate::guardianship;
use crate::interactions::{self, Interaction};
use crate::roster;
use crate::sessions::AuthenticationMethod;
use crate::subjects;
use crate::tenants;

/// The maximum number of conflicts between concurrent activations of one person; more are an internal error.
const MAX_CONFLICT_ATTEMPTS: usize = 4;

/// Assigns an account after the children are confirmed. Concurrent activations of one person end with one account:
/// linking a person is compare-and-set, and after a conflict the transaction is repeated and finds the account. Returns
/// the next step, `None` if another request of this browser did the same.
pub async fn assign_account(op: &Operation<'_>, proven: &BoundActivation) -> anyhow::Result<Option<ActivationStep>> {
    let app = op.app;
    for _ in 0..MAX_CONFLICT_ATTEMPTS {
        let mut next = proven.activation.clone();
        next.browser_digest = sha256_base64url(&browser_binding::next_secret(
            &app.master_key,
            &next.id,
            ActivationStep::Children,
            &proven.secret,
        ));
        let mut tx = op.write(Durability::Durable).await?;
        if !link_persons(&mut tx, &mut next).await? {
            tx.rollback().await?;
            continue;
        }
        unhide_confirmed_children(&mut tx, &next).await?;
        if !store::advance(&mut tx, ActivationStep::Children, &next).await? {
            tx.rollback().await?;
            return Ok(None);
        }
        let about =
            AuditDetails { account: next.account_id.as_ref(), detail: &next.support_code, ..AuditDetails::default() };
        audit::store::record(&mut tx, AuditEvent::ChildrenConfirmed, about).await?;
        tx.commit().await?;
        app.metrics.record_activation(next.step.name());
        app.campaign_steps.note(&next.person_ids, CampaignStep::ChildrenConfirmed, op.now);
        return Ok(Some(next.step));
    }
    anyhow::bail!("two activations of one person met {MAX_CONFLICT_ATTEMPTS} times")
}

/// Links the matching persons to an existing or a new account, and sets the next step. `false` after a conflict with a
/// concurrent activation.
async fn link_persons(tx: &mut UnitOfWork<'_>, next: &mut Activation) -> anyhow::Result<bool> {
    next.step = ActivationStep::Password;
    let mut free = Vec::new();
    // An account that was closed, or joined to another one, since the code: its persons know the one that holds.
    let mut account = match &next.account_id {
        Some(id) => lock_open(tx, id).await?,
        None => None,
    };
    for id in &next.person_ids {
        let Some(person) = roster::store::find_person(tx, id).await? else { continue };
        match &person.account_id {
            Some(theirs) if account.is_none() => account = lock_open(tx, theirs).await?,
            Some(_) => {}
            None => free.push(person),
        }
    }
    let account = match account {
        Some(known) => {
            // Activated meanwhile from another browser: a password that exists is replaced by a recovery only.
            if known.state == AccountState::Active {
                next.step = ActivationStep::ExistingAccount;
            }
            known.id
        }
        None if free.is_empty() => return Ok(false),
        None => {
            // The person exported last comes first, and gives the account its name.
            let Some(person) = free.first() else { anyhow::bail!("a proven activation without a person") };
            let (given, family, usage) = (&person.given_name, &person.family_name, person.usage_name.as_deref());
            // Includes a pupil who is his own responsable (link 70): an ordinary account with the same pupil as child.
            let opened = accounts::ops::create_account(tx, Profile::Responsable, given, family, usage).await?;
            let about =
                AuditDetails { account: Some(&opened.id), detail: &next.support_code, ..AuditDetails::default() };
            audit::store::record(tx, AuditEvent::IdentifierAssigned, about).await?;
            opened.id
        }
    };
    // The first one gave the name; they are written in the order of the ids, like imports do.
    free.sort_unstable_by(|left, right| left.id.cmp(&right.id));
    for person in &free {
        if !subjects::ops::link_person(tx, &person.id, &account).await? {
            return Ok(false);
        }
    }
    next.account_id = Some(account);
    Ok(true)
}

/// Locks an account that is not closed, until the persons are linked to it.
async fn lock_open(tx: &mut UnitOfWork<'_>, id: &AccountId) -> anyhow::Result<Option<Account>> {
    let found = accounts::store::find_and_lock(tx, id).await?;
    Ok(found.filter(|account| account.state != AccountState::Closed))
}

/// Shows children with correct dates again if hidden by an earlier activation, and closes the notices to the school.
async fn unhide_confirmed_children(tx: &mut UnitOfWork<'_>, next: &Activation) -> anyhow::Result<()> {
    for child in next.children.iter().filter(|c| c.settled == Some(ChildStatus::Right)) {
        guardianship::ops::confirm(tx, next.account_id.as_ref(), child.guardianship()).await?;
    }
    Ok(())
}

/// The outcome of the password step.
#[derive(Debug)]
pub enum ChoosePasswordOutcome {
    Done(SignInCookies),
    Rejected(NewPasswordError),
    /// Another tab or another activation left the step meanwhile.
    StepChanged(ActivationStep),
}

/// Sets the password and signs in. Replacing a password ends every session and every other activation of the account.
pub async fn choose_password(
    op: &Operation<'_>,
    held: &BoundActivation,
    account: &Account,
    typed: TypedPassword<'_>,
    brought: SignInContext<'_>,
) -> anyhow::Result<ChoosePasswordOutcome> {
    let app = op.app;
    let schools = super::school_names(held);
    let hash = match credentials::ops::hash_new_password(op, account, &schools, typed).await? {
        Ok(hash) => hash,
        Err(why) => {
            // Of two browsers at once the second may find the password that the first has set.
            let fresh = store::find(&mut app.db.read().await?, &app.master_key, &held.id).await?;
            return Ok(match fresh.map_or(ActivationStep::Ended, |activation| activation.step) {
                ActivationStep::Password => ChoosePasswordOutcome::Rejected(why),
                step => ChoosePasswordOutcome::StepChanged(step),
            });
        }
    };

    let mut tx = op.write(Durability::Durable).await?;
    let browser = sha256_base64url(&browser_binding::next_secret(
        &app.master_key,
        &held.id,
        ActivationStep::Password,
        &held.secret,
    ));
    let mut next = Activation { step: ActivationStep::Done, browser_digest: browser, ..held.activation.clone() };
    let current = accounts::store::find_and_lock(&mut tx, &account.id).await?;
    if current.is_some_and(|a| a.state == AccountState::Active) {
        // Another flow was first: a password that exists is replaced by a recovery only.
        next = Activation { step: ActivationStep::Ended, ..held.activation.clone() };
        next.outcome = Some(ActivationOutcome::Overtaken);
        let moved = store::advance(&mut tx, ActivationStep::Password, &next).await?;
        tx.commit().await?;
        let step = if moved { ActivationStep::Ended } else { current_step(op, held).await? };
        return Ok(ChoosePasswordOutcome::StepChanged(step));
    }
    if credentials::ops::set_password(op, &mut tx, &account.id, &hash, &next.support_code).await?.is_none() {
        let current = accounts::store::find(&mut tx, &account.id).await?;
        let by = current.and_then(|a| a.suspended_by).unwrap_or(SuspendedBy::School);
        next = Activation { step: ActivationStep::Ended, ..held.activation.clone() };
        next.outcome = Some(ActivationOutcome::Suspended { by, school: schools.into_iter().next() });
        store::advance(&mut tx, ActivationStep::Password, &next).await?;
        tx.commit().await?;
        return Ok(ChoosePasswordOutcome::StepChanged(ActivationStep::Ended));
    }
    if !store::advance(&mut tx, ActivationStep::Password, &next).await? {
        tx.rollback().await?;
        return Ok(ChoosePasswordOutcome::StepChanged(current_step(op, held).await?));
    }
    store::end_others(&mut tx, &account.id, &next.id).await?;
    tenants::store::settle_reopening(&mut tx, &account.id).await?;
    let signed_in = begin_session(op, &mut tx, &next, &account.id, brought).await?;
    tx.commit().await?;
    app.metrics.record_activation(next.step.name());
    app.campaign_steps.note(&next.person_ids, CampaignStep::Activated, op.now);
    restore_interaction(op, &next).await;
    Ok(ChoosePasswordOutcome::Done(signed_in))
}

pub(super) async fn current_step(op: &Operation<'_>, held: &BoundActivation) -> anyhow::Result<ActivationStep> {
    let fresh = store::find(&mut op.app.db.read().await?, &op.app.master_key, &held.id).await?;
    Ok(fresh.map_or(ActivationStep::Ended, |activation| activation.step))
}

/// Starts the session of a completed activation, and registers the device as known.
async fn begin_session(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    activation: &Activation,
    account: &AccountId,
    from: SignInContext<'_>,
) -> anyhow::Result<SignInCookies> {
    let (identity, client) = device_identity_and_client(op, activation);
    let new =
        NewSession { method: AuthenticationMethod::Activation, client: client.as_ref(), identity: Some(&identity) };
    credentials::ops::begin_session(op, tx, account, new, from).await
}

/// Returns the keyed digest of the identity whose code was typed, and the client of the pending request.
pub(super) fn device_identity_and_client(op: &Operation<'_>, activation: &Activation) -> (String, Option<ClientId>) {
    let identity = op.app.master_key.hmac(HmacPurpose::LimiterKey, &activation.identity.budget_key());
    // None for an activation without a pending request.
    let request = activation.pending_request.as_deref().and_then(|text| serde_json::from_str::<Interaction>(text).ok());
    (identity, request.map(|waiting| waiting.request.client_id))
}

/// Signs in again after a double click on « Terminer », if the browser discarded the first response with its cookies.
pub async fn sign_in_again(
    op: &Operation<'_>,
    activation: &Activation,
    account: &Account,
    typed: &str,
    from: SignInContext<'_>,
) -> anyhow::Result<Option<SignInCookies>> {
    let (identity, client) = device_identity_and_client(op, activation);
    let new =
        NewSession { method: AuthenticationMethod::Activation, client: client.as_ref(), identity: Some(&identity) };
    let began_at = activation.expires_at.minus(ACTIVATION_TTL);
    let signed_in = credentials::ops::begin_session_again(op, (account, began_at), typed, new, from).await?;
    if signed_in.is_some() {
        restore_interaction(op, activation).await;
    }
    Ok(signed_in)
}

/// Restores the pending authorization request, which the store may have lost in a restart meanwhile.
pub(super) async fn restore_interaction(op: &Operation<'_>, activation: &Activation) {
    let (Some(i), Some(request)) = (&activation.interaction_id, &activation.pending_request) else { return };
    let restored = match serde_json::from_str::<Interaction>(request) {
        Ok(interaction) => interactions::ops::restore(op, i, &interaction).await,
        Err(e) => Err(e.into()),
    };
    if !matches!(restored, Ok(true)) {
        // The end user is signed in all the same, and gets the page with one button to the service.
        tracing::warn!(activation = %activation.support_code, "the waiting request could not be put back");
    }
}
