//! The second factor after the right password: the attempt that waits for it, and its end with a session.

use super::entry::{EntryProof, enter};
use super::{LoginContext, SignInOutcome};
use crate::accounts::{self, Account};
use crate::app::{Operation, SignInResult};
use crate::base::ids::{id128, id256, is_id};
use crate::base::secret::{constant_time_eq, sha256_base64url};
use crate::base::typed_ids::{AccountId, SignInAttemptId};
use crate::credentials;
use crate::credentials::factors::{FactorVerification, TypedFactor};
use crate::db::Durability;
use crate::devices;
use crate::login::{SIGN_IN_ATTEMPT_TTL, SignInAttempt, store};
use crate::outbox::JobKind;

impl SignInAttempt {
    /// Returns a new attempt, with the secret for the browser.
    pub(super) fn new(op: &Operation<'_>, account_id: &AccountId, support_code: &str) -> (Self, String) {
        let Operation { app, now, .. } = *op;
        let secret = id256(app.rng.as_ref());
        let attempt = SignInAttempt {
            id: SignInAttemptId::new(id128(app.rng.as_ref())),
            browser_digest: sha256_base64url(&secret),
            account_id: account_id.clone(),
            support_code: support_code.to_owned(),
            created_at: now,
            expires_at: now.plus(SIGN_IN_ATTEMPT_TTL),
            ended: false,
        };
        (attempt, secret)
    }
}

/// Finds an open attempt that is bound to one of the browser's secrets. An unknown one, one of another browser and one
/// that ended are not distinguished.
pub async fn find_attempt<'a>(
    op: &Operation<'_>,
    id: &str,
    mut secrets: impl Iterator<Item = &'a str>,
) -> anyhow::Result<Option<SignInAttempt>> {
    if !is_id(id, 22) {
        return Ok(None);
    }
    let found = store::find(&mut op.app.db.read().await?, &SignInAttemptId::new(id)).await?;
    let open = found.filter(|attempt| !attempt.ended && attempt.expires_at > op.now);
    Ok(open
        .filter(|attempt| secrets.any(|secret| constant_time_eq(&sha256_base64url(secret), &attempt.browser_digest))))
}

/// An attempt with what the request brings.
#[derive(Clone, Copy, Debug)]
pub struct AttemptContext<'a> {
    pub attempt: &'a SignInAttempt,
    pub login: LoginContext<'a>,
}

/// The outcome of a factor after the password.
#[derive(Debug)]
pub enum FactorSignInOutcome {
    /// A [`SignInOutcome::Done`].
    SignedIn(SignInOutcome),
    Refused(FactorVerification),
    /// The attempt ended, or the account was suspended or got a new password meanwhile: the sign-in begins again.
    Ended,
}

/// Compares the factor and begins the session. Each attempt begins one session at most.
pub async fn finish_with_factor(
    op: &Operation<'_>,
    AttemptContext { attempt, login }: AttemptContext<'_>,
    typed: &TypedFactor,
) -> anyhow::Result<FactorSignInOutcome> {
    let app = op.app;
    let id = &attempt.account_id;
    let mut tx = app.db.read().await?;
    let device = devices::ops::find_known(&mut tx, op.now, login.device_secrets, Some(id)).await?;
    let knew = devices::ops::was_known(&mut tx, login.device_secrets, Some(id)).await?;
    drop(tx);
    let mut tx = op.write(Durability::Relaxed).await?;
    // The account's row first, as a new password does.
    let account = accounts::store::find_and_lock(&mut tx, id).await?;
    let unchanged = |a: &Account| {
        a.is_usable() && !a.must_change_password() && a.password_at.is_some_and(|at| at <= attempt.created_at)
    };
    let Some(account) = account.filter(unchanged) else {
        tx.rollback().await?;
        return Ok(FactorSignInOutcome::Ended);
    };
    let known = device.as_ref().map(|device| device.id.as_str());
    let proven = match credentials::ops::verify_factor(op, &mut tx, id, known, typed).await? {
        FactorVerification::Correct(proven) => proven,
        refused => {
            tx.commit().await?;
            app.sign_ins.note(SignInResult::WrongFactor, (Some(id), login.client_id), op.now);
            return Ok(FactorSignInOutcome::Refused(refused));
        }
    };
    if !store::end(&mut tx, &attempt.id).await? {
        tx.commit().await?;
        return Ok(FactorSignInOutcome::Ended);
    }
    let method = proven.kind.after_password();
    let how = EntryProof { method, device: device.as_ref(), knew, must_change: false };
    let done = enter(op, &mut tx, account, how, login).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::Mail);
    Ok(FactorSignInOutcome::SignedIn(done))
}
