//! The comparison of an identifiant and a password that were typed, the same at the sign-in and wherever another account
//! is proven by its password.

use crate::accounts::ops::PasswordVerification;
use crate::accounts::{self, Account, AccountState, identifier, password};
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::source::SourceAddress;
use crate::crypto::{KeyedLockGuard, Priority};
use crate::db::UnitOfWork;
use crate::devices::{self, Device};
use crate::limits::{self, RateLimit, RateLimited};

/// The maximum length of a typed identifiant, in bytes: longer than any that exists.
const MAX_TYPED_IDENTIFIANT_BYTES: usize = 200;

/// An identifiant and a password as they were typed, with the browser that sent them.
#[derive(Clone, Copy)]
pub struct TypedCredentials<'a> {
    pub identifiant: &'a str,
    pub password: &'a str,
    pub device_secrets: &'a [String],
    pub source: SourceAddress,
}

/// The reason why no password was compared. The same for known and unknown identifiants.
#[derive(Clone, Copy, Debug)]
pub enum ComparisonRefusal {
    /// The password or the identifiant is longer than any account's: no hash is computed.
    TooLong,
    /// A rate limit of the source is exceeded.
    Source(RateLimited),
    /// The tries of the identifiant, or of the known device, are used up.
    Limited { until: Timestamp },
    /// Too many hashes are queued.
    Busy { seconds: u32 },
}

/// A password that was compared. Other comparisons on the same budget wait until this is dropped: attempts are counted
/// before the comparison and given back after a correct password, so fifty concurrent correct passwords would else count
/// as fifty attempts.
pub struct ComparedPassword {
    /// The active account that the identifiant opens, whether the password is right or not.
    pub account: Option<Account>,
    /// The known device of the account.
    pub device: Option<Device>,
    /// The password in the form that was compared.
    pub password: String,
    pub is_correct: bool,
    budget: String,
    _turn: KeyedLockGuard,
}

impl ComparedPassword {
    /// Gives the counted attempts back, after a correct password.
    pub async fn reset_budget(&self, tx: &mut UnitOfWork<'_>) -> anyhow::Result<()> {
        Ok(limits::store::reset(tx, RateLimit::Password, &self.budget).await?)
    }
}

/// Counts an attempt by the typed identifiant, then compares the password; an unknown identifiant takes the same time as
/// a wrong password. A device known to the account has a budget of its own and is exempt from the limits of its source.
pub async fn compare_password(
    op: &Operation<'_>,
    typed: TypedCredentials<'_>,
) -> anyhow::Result<Result<ComparedPassword, ComparisonRefusal>> {
    let Operation { app, now, .. } = *op;
    let folded = identifier::normalize(typed.identifiant);
    let password = password::normalize(typed.password);
    if password.chars().count() > password::MAX_PASSWORD_CHARS || folded.len() > MAX_TYPED_IDENTIFIANT_BYTES {
        return Ok(Err(ComparisonRefusal::TooLong));
    }
    let mut tx = app.db.read().await?;
    let account = accounts::store::find_by_identifiant(&mut tx, &folded).await?;
    let account = account.filter(|a| a.state == AccountState::Active);
    // Two identifiants that open one account have one budget (docs/threats.md#attack-l2).
    let folded = account.as_ref().map_or(folded, |a| a.identifiant.clone());
    let device = devices::ops::find_known(&mut tx, now, typed.device_secrets, account.as_ref().map(|a| &a.id)).await?;
    drop(tx);
    let known = device.as_ref().map(|d| d.id.as_str());
    let permit = match limits::ops::check_sign_in(op, typed.source, &folded, &password, known.is_some()).await? {
        Ok(permit) => permit,
        Err(limited) => return Ok(Err(ComparisonRefusal::Source(limited))),
    };
    let budget = accounts::ops::password_limiter_key(app, &folded, known);
    let turn = app.password_hasher.lock_key(&budget).await;
    let who = if known.is_some() { Priority::Known } else { Priority::Unknown };
    let is_correct = match accounts::ops::verify_password(op, &budget, &password, account.as_ref(), who).await? {
        PasswordVerification::Correct => true,
        PasswordVerification::Incorrect => {
            permit.record_failure(op).await?;
            false
        }
        PasswordVerification::Limited { until } => return Ok(Err(ComparisonRefusal::Limited { until })),
        PasswordVerification::Busy { seconds } => return Ok(Err(ComparisonRefusal::Busy { seconds })),
    };
    Ok(Ok(ComparedPassword { account, device, password, is_correct, budget, _turn: turn }))
}
