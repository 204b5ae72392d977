//! Changes the password of the signed-in account.

use crate::accounts::{self, Account};
use crate::app::Operation;
use crate::base::lang::Lang;
use crate::credentials::ops::NewSession;
use crate::credentials::{self, NewPasswordError, ProofRefusal, SignInContext, SignInCookies, TypedPassword};
use crate::db::Durability;
use crate::outbox::JobKind;
use crate::sessions::{AuthenticationMethod, Session};
use crate::{recovery, roster};

/// The result of a password change.
#[derive(Debug)]
pub enum ChangePasswordOutcome {
    /// The password was replaced; the cookies are those of this browser's new session.
    Done(SignInCookies),
    /// The current password was not proven.
    NotProven(ProofRefusal),
    Rejected(NewPasswordError),
    /// The account was suspended, or its password replaced, while the hashes were computed.
    Overtaken,
}

/// A change of password as the browser sent it.
#[derive(Clone, Copy)]
pub struct PasswordChangeRequest<'a> {
    pub current: &'a str,
    pub new: TypedPassword<'a>,
    /// The device secrets in the browser's cookies.
    pub device_secrets: &'a [String],
    pub lang: Lang,
}

/// Replaces the password after the current one was typed, counted like a sign-in from this device: a session left open
/// is not enough to take an account over. Every session, refresh token and device of the account ends, and this browser
/// gets a new session.
pub async fn change_password(
    op: &Operation<'_>,
    (session, account): (&Session, &Account),
    typed: PasswordChangeRequest<'_>,
    support_code: &str,
    from: SignInContext<'_>,
) -> anyhow::Result<ChangePasswordOutcome> {
    let app = op.app;
    // A first password is chosen by the recovery, which asks for more than a session (docs/threats.md#attack-m10).
    if account.password.is_none() {
        return Ok(ChangePasswordOutcome::Overtaken);
    }
    if let Err(why) = credentials::ops::prove_owner(op, (session, account), typed.current, typed.device_secrets).await?
    {
        return Ok(ChangePasswordOutcome::NotProven(why));
    }
    let mut tx = app.db.read().await?;
    let pupils = roster::store::pupils::list_pupils_of_account(&mut tx, &account.id, account.profile).await?;
    drop(tx);
    let schools: Vec<String> = pupils.into_iter().map(|pupil| pupil.school).collect();
    let hash = match credentials::ops::hash_new_password(op, account, &schools, typed.new).await? {
        Ok(hash) => hash,
        Err(why) => return Ok(ChangePasswordOutcome::Rejected(why)),
    };
    let mut tx = op.write(Durability::Durable).await?;
    // Reloaded within the transaction: while the hashes were computed, the account may have been suspended or its
    // password replaced.
    let reloaded = accounts::store::find_and_lock(&mut tx, &account.id).await?;
    let unchanged =
        reloaded.is_some_and(|a| a.is_usable() && !a.must_change_password() && a.password == account.password);
    if !unchanged || credentials::ops::set_password(op, &mut tx, &account.id, &hash, support_code).await?.is_none() {
        tx.rollback().await?;
        return Ok(ChangePasswordOutcome::Overtaken);
    }
    recovery::store::end_others(&mut tx, &account.id, None).await?;
    let new = NewSession { method: AuthenticationMethod::Password, client: None, identity: None };
    let signed_in = credentials::ops::begin_session(op, &mut tx, &account.id, new, from).await?;
    credentials::ops::tell_password_replaced(op, &mut tx, &account.id, &signed_in, typed.lang).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::BackchannelLogout);
    app.job_notifier.notify(JobKind::Mail);
    Ok(ChangePasswordOutcome::Done(signed_in))
}
