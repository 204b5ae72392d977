//! Sign-in with identifiant and password, and the second factor where the account has one.

mod entry;
mod factor;
mod passkey;

pub use factor::{AttemptContext, FactorSignInOutcome, find_attempt, finish_with_factor};

use entry::{EntryProof, enter};
pub use passkey::sign_in_with_passkey;

use crate::accounts::{self, Account, AccountState, SuspendedBy, password};
use crate::app::{App, Operation, SignInResult};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::base::source::SourceAddress;
use crate::base::typed_ids::{AccountId, ClientId, SignInAttemptId};
use crate::credentials;
use crate::credentials::ops::{ComparedPassword, ComparisonRefusal, TypedCredentials};
use crate::crypto::{PasswordError, Priority};
use crate::db::{Durability, UnitOfWork};
use crate::devices;
use crate::limits::RateLimited;
use crate::outbox::JobKind;
use crate::sessions::AuthenticationMethod;
use crate::tenants::SchoolContact;

/// The outcome of a sign-in attempt.
#[derive(Debug, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum SignInOutcome {
    /// Signed in, with the cookie of the new session.
    Done {
        cookie: String,
        /// The secret by which this device is a known one of the account.
        device_secret: String,
        /// True if the next page reports the password change: once, on a device that knew the account before the
        /// change.
        password_changed: bool,
    },
    /// The password was right, and the account has a second factor: no session yet. The browser gets the secret.
    #[strum(serialize = "factor")]
    FactorNeeded { attempt_id: SignInAttemptId, secret: String },
    #[strum(serialize = "wrong")]
    WrongCredentials,
    /// The passkey is wrong, expired, used before, or of nobody.
    PasskeyRefused,
    /// The password is the previous one, on a device that knew the account. `at` is the time of the change
    /// (docs/threats.md#faults-a17).
    #[strum(serialize = "replaced")]
    PasswordReplaced { at: Timestamp },
    /// A rate limit of the source or of the password is exceeded: no password was compared.
    Limited(RateLimited),
    #[strum(serialize = "waiting")]
    MustWait { until: Timestamp },
    /// Too many hashes are queued: no password was compared.
    #[strum(serialize = "failed")]
    Busy { seconds: u32 },
    /// The password was correct and serves no more: a new one is chosen first, by the recovery, because whoever stole the
    /// password has it too (docs/threats.md#threat-s18). Reported only after the correct password.
    #[strum(serialize = "forced")]
    MustChangePassword {
        identifiant: String,
        /// True if a code can be sent to the roster's mobile number; else a letter of the school is needed.
        has_mobile: bool,
        /// The schools to contact.
        offices: Vec<SchoolContact>,
    },
    /// Reported only after the correct password.
    Suspended {
        by: SuspendedBy,
        school: Option<String>,
        /// The schools to contact.
        offices: Vec<SchoolContact>,
    },
}

impl SignInOutcome {
    /// Returns the outcome as a metrics label.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// Returns the failure as the figures count it; `None` if the sign-in is done, or goes on.
    fn failure(&self) -> Option<SignInResult> {
        match self {
            SignInOutcome::Done { .. } | SignInOutcome::FactorNeeded { .. } => None,
            SignInOutcome::WrongCredentials | SignInOutcome::PasswordReplaced { .. } => {
                Some(SignInResult::WrongPassword)
            }
            SignInOutcome::PasskeyRefused => Some(SignInResult::WrongPasskey),
            SignInOutcome::Limited(_) | SignInOutcome::MustWait { .. } => Some(SignInResult::MustWait),
            SignInOutcome::Busy { .. } => Some(SignInResult::Busy),
            SignInOutcome::MustChangePassword { .. } => Some(SignInResult::ForcedChange),
            SignInOutcome::Suspended { .. } => Some(SignInResult::Suspended),
        }
    }

    /// Counts the sign-in of an account, if one is known, if it failed. Successes are counted where sessions begin.
    fn count(self, op: &Operation<'_>, account_id: Option<&AccountId>, brought: LoginContext<'_>) -> Self {
        if let Some(failure) = self.failure() {
            op.app.sign_ins.note(failure, (account_id, brought.client_id), op.now);
        }
        self
    }
}

/// The context of a sign-in attempt, from the request.
#[derive(Clone, Copy, Debug, Default)]
pub struct LoginContext<'a> {
    /// The cookie of the current session, which ends with the sign-in.
    pub session_cookie: Option<&'a str>,
    /// The device secrets in the browser's cookies.
    pub device_secrets: &'a [String],
    pub source: SourceAddress,
    /// The `User-Agent` header.
    pub user_agent: &'a str,
    pub lang: Lang,
    /// The client of the pending authorization request.
    pub client_id: Option<&'a ClientId>,
    /// True if the pending request asks for a second factor first of all: then a known device skips none.
    pub wants_factor: bool,
    /// The code of this visit for the help desk.
    pub support_code: &'a str,
}

/// Signs an account in. Each attempt is counted before the comparison, by the typed identifiant; an unknown identifiant
/// takes the same time and has the same response as a wrong password (docs/threats.md#threat-s03, #threat-s05,
/// #attack-l1, #attack-l2, #attack-l6). A device known to the account has a budget of its own and is exempt from the
/// limits of its source (docs/threats.md#threat-s06, #attack-l5): attempts from elsewhere cannot lock the end user out
/// on a known device.
pub async fn sign_in(
    op: &Operation<'_>,
    identifiant: &str,
    typed: &str,
    brought: LoginContext<'_>,
) -> anyhow::Result<SignInOutcome> {
    let typed = TypedCredentials {
        identifiant,
        password: typed,
        device_secrets: brought.device_secrets,
        source: brought.source,
    };
    let (account_id, outcome) = match credentials::ops::compare_password(op, typed).await? {
        Ok(compared) => (compared.account.as_ref().map(|a| a.id.clone()), finish(op, compared, brought).await?),
        Err(ComparisonRefusal::TooLong) => (None, SignInOutcome::WrongCredentials),
        Err(ComparisonRefusal::Source(refused)) => (None, SignInOutcome::Limited(refused)),
        Err(ComparisonRefusal::Limited { until }) => (None, SignInOutcome::MustWait { until }),
        Err(ComparisonRefusal::Busy { seconds }) => (None, SignInOutcome::Busy { seconds }),
    };
    Ok(outcome.count(op, account_id.as_ref(), brought))
}

/// Ends a sign-in whose password was compared: the state of the account decides.
async fn finish(
    op: &Operation<'_>,
    compared: ComparedPassword,
    brought: LoginContext<'_>,
) -> anyhow::Result<SignInOutcome> {
    let app = op.app;
    // A password change removes every known device of the account; this device may still be a former one.
    let id = compared.account.as_ref().map(|a| &a.id);
    let knew = match brought.device_secrets {
        [] => false,
        secrets => devices::ops::was_known(&mut app.db.read().await?, secrets, id).await?,
    };
    if let Some(id) = id.filter(|_| knew && !compared.is_correct)
        && let Some(outcome) = check_previous_password(app, id, &compared.password).await?
    {
        return Ok(outcome);
    }
    let Some(account) = compared.account.as_ref().filter(|_| compared.is_correct) else {
        return Ok(SignInOutcome::WrongCredentials);
    };
    let is_common = password::is_common(&compared.password);
    let hashed_anew = accounts::ops::hash_anew(app, account, &compared.password).await?;

    let (mut tx, current) = begin_unchanged(op, account, &compared.password).await?;
    compared.reset_budget(&mut tx).await?;
    let outcome = match current {
        Some(current) => {
            let is_compared = current.password == account.password;
            if let (Some(hash), Some(former)) = (hashed_anew.as_ref().filter(|_| is_compared), &current.password) {
                accounts::store::replace_legacy_password(&mut tx, &current.id, former, hash).await?;
            }
            let must_change =
                current.suspended_by.is_none() && force_change_if_common(&mut tx, &current, is_common).await?;
            let how = EntryProof {
                method: AuthenticationMethod::Password,
                device: compared.device.as_ref(),
                knew,
                must_change,
            };
            enter(op, &mut tx, current, how, brought).await?
        }
        None => SignInOutcome::WrongCredentials,
    };
    tx.commit().await?;
    app.job_notifier.notify(JobKind::Mail);
    Ok(outcome)
}

/// Begins the transaction of a right password, with the account reloaded and locked: while the hash was computed, it may
/// have been suspended, which is the caller's to say, or its password changed, and then there is no account. If another
/// request of the same person has made a hash of ours of the same password, the account is there.
async fn begin_unchanged<'a>(
    op: &'a Operation<'_>,
    account: &Account,
    typed: &str,
) -> anyhow::Result<(UnitOfWork<'a>, Option<Account>)> {
    let mut compared = account.clone();
    loop {
        let mut tx = op.write(Durability::Relaxed).await?;
        let current = accounts::store::find_and_lock(&mut tx, &account.id).await?;
        let current = current.filter(|current| current.state == AccountState::Active);
        match current {
            // A foreign hash is replaced once; any other change is a new password.
            Some(current) if current.password != compared.password && accounts::ops::is_foreign(&compared) => {
                tx.rollback().await?;
                if !accounts::ops::is_present_password(op.app, typed, &current).await? {
                    return Ok((op.write(Durability::Relaxed).await?, None));
                }
                compared = current;
            }
            current => return Ok((tx, current.filter(|current| current.password == compared.password))),
        }
    }
}

/// Returns true if a new password must be chosen before any session. A password that is common by now is forced here,
/// once: the list grows after passwords were chosen (docs/threats.md#threat-s04).
async fn force_change_if_common(tx: &mut UnitOfWork<'_>, account: &Account, is_common: bool) -> anyhow::Result<bool> {
    if account.must_change_password() || !is_common {
        return Ok(account.must_change_password());
    }
    let ids = std::slice::from_ref(&account.id);
    let forced = accounts::store::cohorts::force_change(tx, ids, Timestamp(i64::MAX)).await?;
    let about = AuditDetails { detail: "common password", ..AuditDetails::default() };
    audit::store::record_for_accounts(tx, AuditEvent::PasswordChangeForced, &forced, about).await?;
    Ok(true)
}

/// Returns the outcome of the sign-in if the typed password is the previous one, or if too many hashes are queued to
/// compare it. Costs a second hash and reveals that the account exists: called only for a device that knew the account,
/// so an unknown device learns nothing.
async fn check_previous_password(app: &App, account: &AccountId, typed: &str) -> anyhow::Result<Option<SignInOutcome>> {
    let former = accounts::store::find_previous_password(&mut app.db.read().await?, account).await?;
    let Some((hash, at)) = former else { return Ok(None) };
    match app.password_hasher.verify(typed, Some(&hash), Priority::Known).await {
        Ok(same) => Ok(same.then_some(SignInOutcome::PasswordReplaced { at })),
        Err(PasswordError::Busy { seconds }) => Ok(Some(SignInOutcome::Busy { seconds })),
        Err(other) => Err(other.into()),
    }
}
