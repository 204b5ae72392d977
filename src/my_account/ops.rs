//! Changes the password of the signed-in account.

use crate::accounts::ops::PasswordVerification;
use crate::accounts::{self, Account, password};
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::credentials::ops::NewSession;
use crate::credentials::{self, NewPasswordError, SignInContext, SignInCookies, TypedPassword};
use crate::crypto::Priority;
use crate::db::Durability;
use crate::limits::{self, RateLimit};
use crate::outbox::JobKind;
use crate::sessions::AuthenticationMethod;
use crate::{devices, recovery, roster};

/// The result of a password change.
#[derive(Debug)]
pub enum ChangePasswordOutcome {
    /// The password was replaced; the cookies are those of this browser's new session.
    Done(SignInCookies),
    WrongCurrent,
    /// The attempts on the current password are used up: it was not compared.
    Limited {
        until: Timestamp,
    },
    /// Too many hashes are queued: nothing was compared.
    Busy {
        seconds: u32,
    },
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
}

/// Replaces the password after the current one was typed, counted like a sign-in from this device: a session left open
/// is not enough to take an account over. Every session, refresh token and device of the account ends, and this browser
/// gets a new session.
pub async fn change_password(
    op: &Operation<'_>,
    account: &Account,
    typed: PasswordChangeRequest<'_>,
    support_code: &str,
    from: SignInContext<'_>,
) -> anyhow::Result<ChangePasswordOutcome> {
    let Operation { app, now, .. } = *op;
    let current = password::normalize(typed.current);
    if current.chars().count() > password::MAX_PASSWORD_CHARS {
        return Ok(ChangePasswordOutcome::WrongCurrent);
    }
    let mut tx = app.db.read().await?;
    let device = devices::ops::find_known(&mut tx, now, typed.device_secrets, Some(&account.id)).await?;
    let children = roster::store::list_children_of_account(&mut tx, &account.id).await?;
    drop(tx);
    let key = accounts::ops::password_limiter_key(app, &account.identifiant, device.as_ref().map(|d| d.id.as_str()));
    let _turn = app.password_hasher.lock_key(&key).await;
    match accounts::ops::verify_password(op, &key, &current, Some(account), Priority::Known).await? {
        PasswordVerification::Correct => {}
        PasswordVerification::Incorrect => return Ok(ChangePasswordOutcome::WrongCurrent),
        PasswordVerification::Limited { until } => return Ok(ChangePasswordOutcome::Limited { until }),
        PasswordVerification::Busy { seconds } => return Ok(ChangePasswordOutcome::Busy { seconds }),
    }
    let schools: Vec<String> = children.into_iter().map(|child| child.school).collect();
    let hash = match credentials::ops::hash_new_password(op, account, &schools, typed.new).await? {
        Ok(hash) => hash,
        Err(why) => {
            // The current password was right: only wrong ones use up the attempts.
            let mut tx = op.write(Durability::Relaxed).await?;
            limits::store::release(&mut tx, RateLimit::Password, &key).await?;
            tx.commit().await?;
            return Ok(ChangePasswordOutcome::Rejected(why));
        }
    };
    let mut tx = op.write(Durability::Durable).await?;
    // Reloaded within the transaction: while the hashes were computed, the account may have been suspended or its
    // password replaced.
    let reloaded = accounts::store::find_and_lock(&mut tx, &account.id).await?;
    let unchanged = reloaded.is_some_and(|a| a.is_usable() && a.password == account.password);
    if !unchanged || credentials::ops::set_password(op, &mut tx, &account.id, &hash, support_code).await?.is_none() {
        tx.rollback().await?;
        return Ok(ChangePasswordOutcome::Overtaken);
    }
    limits::store::reset(&mut tx, RateLimit::Password, &key).await?;
    recovery::store::end_others(&mut tx, &account.id, None).await?;
    let new = NewSession { method: AuthenticationMethod::Password, client: None, identity: None };
    let signed_in = credentials::ops::begin_session(op, &mut tx, &account.id, new, from).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::BackchannelLogout);
    Ok(ChangePasswordOutcome::Done(signed_in))
}
