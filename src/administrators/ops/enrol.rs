//! Takes an invitation: an administrator makes a first proof, once.

use super::begin;
use crate::accounts::password::{self, PasswordContext, PasswordPolicyError};
use crate::administrators::store::{self, AdminTotp, invitations};
use crate::administrators::territory::RoleGrant;
use crate::administrators::{AdminProof, Administrator};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::actor::{ActingAdministrator, Actor};
use crate::base::clock::Timestamp;
use crate::base::ids::{is_id, row_id};
use crate::base::secret::sha256_base64url;
use crate::credentials::totp::{TotpSecret, first_step};
use crate::crypto::{AssociatedData, Priority};
use crate::db::{Durability, UnitOfWork};
use crate::otp::TypedCode;
use crate::passkeys::store::NewPasskey;
use crate::passkeys::{self, CeremonyPurpose, PasskeyAnswer, PasskeyChallenge};

/// An invitation that serves, as its page shows it.
#[derive(Clone, Debug)]
pub struct ShownInvitation {
    id: String,
    pub administrator: Administrator,
    pub roles: Vec<RoleGrant>,
    pub expires_at: Timestamp,
}

/// Finds the invitation of a link. Opening it changes nothing.
pub async fn find_invitation(op: &Operation<'_>, token: &str) -> anyhow::Result<Option<ShownInvitation>> {
    if !is_id(token, 43) {
        return Ok(None);
    }
    let mut tx = op.app.db.read().await?;
    let Some(open) = invitations::find_open(&mut tx, &sha256_base64url(token), op.now).await? else { return Ok(None) };
    let Some(administrator) = store::find(&mut tx, &op.app.master_key, &open.administrator_id).await? else {
        return Ok(None);
    };
    let roles = store::roles::list(&mut tx, &administrator.id).await?;
    let expires_at = Timestamp(open.expires_at);
    Ok((!roles.is_empty()).then_some(ShownInvitation { id: open.id, administrator, roles, expires_at }))
}

/// Returns the challenge by which the invited person creates a passkey; `None` where there are no passkeys.
pub async fn challenge(
    op: &Operation<'_>,
    shown: &ShownInvitation,
    browser: &str,
) -> anyhow::Result<Option<PasskeyChallenge>> {
    let named = (shown.administrator.email.as_str(), shown.administrator.name.as_str());
    let ceremony = (CeremonyPurpose::AdministratorCreation, browser);
    passkeys::ops::creation_challenge_of(op, (&shown.administrator.id).into(), named, ceremony).await
}

/// Uses the invitation up and begins a session; the caller has written the proof. `None` if it served meanwhile.
async fn finish(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    shown: &ShownInvitation,
    method: AdminProof,
) -> anyhow::Result<Option<String>> {
    let id = &shown.administrator.id;
    if !invitations::consume(tx, &shown.id).await? {
        return Ok(None);
    }
    store::activate(tx, id).await?;
    tx.actor = Actor::Administrator(ActingAdministrator { id: id.clone(), role: String::new(), proof: method.name() });
    let about = AuditDetails { detail: method.name(), ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::AdministratorEnrolled, about).await?;
    begin(op, tx, id, method).await.map(Some)
}

/// Takes the invitation with the passkey that the browser created. Returns the cookie of the session; `None` if the
/// passkey was not accepted or the invitation served meanwhile.
pub async fn enrol_with_passkey(
    op: &Operation<'_>,
    shown: &ShownInvitation,
    browser: &str,
    answer: PasskeyAnswer<'_>,
    label: &str,
) -> anyhow::Result<Option<String>> {
    let id = &shown.administrator.id;
    let ceremony = (CeremonyPurpose::AdministratorCreation, browser);
    let Some(created) = passkeys::ops::finish_creation(op, id, ceremony, answer).await? else { return Ok(None) };
    let mut tx = op.write(Durability::Durable).await?;
    let row = row_id(op.now, op.app.rng.as_ref());
    let new = NewPasskey {
        id: &row,
        holder: id.into(),
        user_handle: &created.user_handle,
        credential_id: &created.credential_id,
        credential: &created.credential,
        label,
    };
    if !passkeys::store::insert(&mut tx, new).await? {
        tx.rollback().await?;
        return Ok(None);
    }
    match finish(op, &mut tx, shown, AdminProof::Passkey).await? {
        Some(cookie) => {
            tx.commit().await?;
            Ok(Some(cookie))
        }
        None => {
            tx.rollback().await?;
            Ok(None)
        }
    }
}

fn secret_place(binding: &str) -> AssociatedData<'_> {
    AssociatedData { table: "invitation", column: "totp", row: binding }
}

/// A secret that the invitation's page shows, and its sealed form, which comes back with the form.
#[derive(Debug)]
pub struct OfferedSecret {
    pub secret: TotpSecret,
    pub sealed: String,
}

/// Returns the secret that came back with a form, if it was sealed for this invitation; else draws one.
pub fn offer_secret(op: &Operation<'_>, shown: &ShownInvitation, sealed: &str) -> anyhow::Result<OfferedSecret> {
    if let Some(secret) = open_secret(op, shown, sealed) {
        return Ok(OfferedSecret { secret, sealed: sealed.to_owned() });
    }
    let secret = TotpSecret::draw(op.app.rng.as_ref());
    let sealed = op.app.master_key.seal(secret_place(&shown.id), &secret.to_base32())?;
    Ok(OfferedSecret { secret, sealed })
}

fn open_secret(op: &Operation<'_>, shown: &ShownInvitation, sealed: &str) -> Option<TotpSecret> {
    let text = op.app.master_key.open(secret_place(&shown.id), sealed).ok()?;
    TotpSecret::parse(&text)
}

/// A password and a first code, as typed.
#[derive(Clone, Copy, Debug)]
pub struct TypedEnrolment<'a> {
    pub password: &'a str,
    pub again: &'a str,
    pub code: &'a str,
    pub sealed: &'a str,
}

/// The outcome of an enrolment by a password and an application.
#[derive(Debug)]
pub enum TotpEnrolment {
    Done {
        cookie: String,
    },
    Password(PasswordPolicyError),
    Different,
    Code,
    /// The invitation served meanwhile, or was replaced.
    Ended,
}

/// Takes the invitation with a password and an application, where the deployment allows it.
pub async fn enrol_with_totp(
    op: &Operation<'_>,
    shown: &ShownInvitation,
    typed: TypedEnrolment<'_>,
) -> anyhow::Result<TotpEnrolment> {
    let app = op.app;
    let id = &shown.administrator.id;
    let chosen = password::normalize(typed.password);
    let known = PasswordContext {
        identifiant: &shown.administrator.email,
        names: vec![&shown.administrator.name],
        ..PasswordContext::default()
    };
    if let Err(why) = password::validate(&chosen, &known) {
        return Ok(TotpEnrolment::Password(why));
    }
    if chosen != password::normalize(typed.again) {
        return Ok(TotpEnrolment::Different);
    }
    let secret = open_secret(op, shown, typed.sealed);
    let step = secret.as_ref().zip(TypedCode::parse(typed.code).ok()).and_then(|(s, code)| s.step_of(&code, op.now));
    let (Some(secret), Some(step)) = (secret, step) else { return Ok(TotpEnrolment::Code) };
    let hash = app.password_hasher.hash(&chosen, app.rng.as_ref(), Priority::Known).await?;
    let mut tx = op.write(Durability::Durable).await?;
    let totp = AdminTotp { password: hash, secret };
    store::set_totp(&mut tx, &app.master_key, id, &totp, step.max(first_step(op.now))).await?;
    match finish(op, &mut tx, shown, AdminProof::Totp).await? {
        Some(cookie) => {
            tx.commit().await?;
            Ok(TotpEnrolment::Done { cookie })
        }
        None => {
            tx.rollback().await?;
            Ok(TotpEnrolment::Ended)
        }
    }
}
