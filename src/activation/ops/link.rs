//! The end of an activation whose person came from an upstream: the link takes the place of a password.

use super::account::{current_step, device_identity_and_client, restore_interaction};
use crate::accounts::{self, Account, AccountState};
use crate::activation::browser_binding::{self, BoundActivation};
use crate::activation::{Activation, ActivationOutcome, ActivationStep, store};
use crate::app::{CampaignStep, Operation};
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::AccountId;
use crate::credentials::{SignInContext, SignInCookies};
use crate::db::{Durability, UnitOfWork};
use crate::devices;
use crate::federation::{self, PendingLink};
use crate::limits;
use crate::protocol::acr::Amr;
use crate::sessions::ops::{SessionOrigin, UpstreamProof};
use crate::sessions::{self, UpstreamOrigin};
use crate::tenants;

/// The outcome of the link.
#[derive(Debug)]
pub enum LinkOutcome {
    Done(SignInCookies),
    /// The upstream's person is linked to another account meanwhile, or the upstream serves no more: a password is chosen
    /// instead.
    PasswordNeeded,
    /// Another tab or another activation left the step meanwhile.
    StepChanged(ActivationStep),
}

/// Activates the account without a password, links it and signs in: the upstream, the code from the school's mobile and
/// the birth dates are proven. An account that is active already is not touched.
pub async fn finish_with_link(
    op: &Operation<'_>,
    held: &BoundActivation,
    account: &Account,
    from: SignInContext<'_>,
) -> anyhow::Result<LinkOutcome> {
    let app = op.app;
    let Some(person) = &held.upstream else { return Ok(LinkOutcome::PasswordNeeded) };
    let upstreams = app.upstreams();
    let serves = upstreams.enabled(&person.upstream_id).is_some_and(|upstream| upstream.issuer == person.issuer);
    let mut tx = op.write(Durability::Durable).await?;
    let current = accounts::store::find_and_lock(&mut tx, &account.id).await?;
    if !current.is_some_and(|a| a.state == AccountState::Pending && a.suspended_by.is_none()) {
        // Another flow was first, or the school suspended the account: as for a password.
        let outcome = Some(ActivationOutcome::Overtaken);
        let ended = Activation { step: ActivationStep::Ended, outcome, ..held.activation.clone() };
        let moved = store::advance(&mut tx, ActivationStep::Password, &ended).await?;
        tx.commit().await?;
        let step = if moved { ActivationStep::Ended } else { current_step(op, held).await? };
        return Ok(LinkOutcome::StepChanged(step));
    }
    if !serves || !federation::ops::link_activated(&mut tx, person, &account.id).await? {
        store::clear_upstream(&mut tx, &held.id).await?;
        tx.commit().await?;
        return Ok(LinkOutcome::PasswordNeeded);
    }
    let secret = browser_binding::next_secret(&app.master_key, &held.id, ActivationStep::Password, &held.secret);
    let browser_digest = sha256_base64url(&secret);
    let next = Activation { step: ActivationStep::Done, browser_digest, ..held.activation.clone() };
    let activated = accounts::store::federated::activate_without_password(&mut tx, &account.id).await?;
    if !activated || !store::advance(&mut tx, ActivationStep::Password, &next).await? {
        tx.rollback().await?;
        return Ok(LinkOutcome::StepChanged(current_step(op, held).await?));
    }
    store::end_others(&mut tx, &account.id, &next.id).await?;
    tenants::store::settle_reopening(&mut tx, &account.id).await?;
    let signed_in = begin_session(op, &mut tx, (&next, person), &account.id, from).await?;
    tx.commit().await?;
    app.metrics.record_activation(next.step.name());
    app.campaign_steps.note(&next.person_ids, CampaignStep::Activated, op.now);
    restore_interaction(op, &next).await;
    Ok(LinkOutcome::Done(signed_in))
}

async fn begin_session(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    (activation, person): (&Activation, &PendingLink),
    account_id: &AccountId,
    from: SignInContext<'_>,
) -> anyhow::Result<SignInCookies> {
    let (identity, client) = device_identity_and_client(op, activation);
    let label = devices::label(from.user_agent);
    let (id, device_secret) = devices::ops::remember(tx, account_id, None, &label, Some(&identity)).await?;
    let former = from.session_cookie.map(sessions::ops::session_id);
    let with = SessionOrigin { previous: former.as_ref(), device: Some(&id), client: client.as_ref() };
    let origin =
        UpstreamOrigin { upstream_id: person.upstream_id.clone(), acr: person.acr.clone(), level: person.level };
    let proof = UpstreamProof {
        origin: &origin,
        amr: &[Amr::Sms],
        authenticated_at: op.now,
        answered_at: None,
        id_token: None,
    };
    let session = sessions::ops::begin_upstream(op, tx, account_id, proof, with).await?;
    limits::ops::record_account_seen(op, tx, from.source, account_id).await?;
    Ok(SignInCookies { session_cookie: session.cookie, device_secret })
}
