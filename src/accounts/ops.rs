//! Creates accounts with an identifiant, verifies passwords within a rate limit, and records failures in the audit.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;

use super::identifier::pick_suffix;
use super::{Account, legacy, store};
use crate::app::{App, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::ids::row_id;
use crate::base::names;
use crate::base::profile::Profile;
use crate::base::typed_ids::AccountId;
use crate::crypto::{HmacPurpose, PasswordError, Priority};
use crate::db::{Durability, UnitOfWork};
use crate::limits::failures::Failures;
use crate::limits::store::failures as failure_store;
use crate::limits::{self, RateLimit, RateLimitDecision};

/// The maximum number of attempts to find a suffix not taken by another server meanwhile.
const MAX_SUFFIX_ATTEMPTS: usize = 50;
/// The length of a password whose comparison is measured, in bytes: that of the sign-in field, as some programs' hashes
/// take longer for a longer one.
const MAX_LEGACY_PASSWORD_BYTES: usize = 512;

/// The wrong passwords within an hour of which the person of an account is told: after five of them a delay follows.
const TOLD_WRONG_PASSWORDS: u32 = 5;

/// Creates a pending account with a new identifiant.
///
/// # Errors
/// All 11,100 suffixes of the stem are taken, or the database fails.
pub async fn create_account(
    tx: &mut UnitOfWork<'_>,
    profile: Profile,
    given: &str,
    family: &str,
    usage: Option<&str>,
) -> anyhow::Result<Account> {
    let (rng, now) = (tx.rng, tx.now);
    let stem = names::identifier_stem(given, family, usage);
    let id = AccountId::new(row_id(now, rng));
    let shown = usage.unwrap_or(family);
    for _ in 0..MAX_SUFFIX_ATTEMPTS {
        let taken = store::list_suffixes(tx, &stem).await?;
        let Some(suffix) = pick_suffix(rng, &taken) else { anyhow::bail!("every number of the stem is used") };
        let new =
            store::NewAccount { id: &id, stem: &stem, suffix: &suffix, profile, given_name: given, family_name: shown };
        if store::insert(tx, &new).await? {
            let account = store::find(tx, &id).await?;
            return account.ok_or_else(|| anyhow::anyhow!("the account just written is not there"));
        }
    }
    anyhow::bail!("no free number was found for a stem in {MAX_SUFFIX_ATTEMPTS} draws")
}

/// Returns the limiter key for an identifiant's passwords, existing or not. Each known device of the account has a
/// separate limit, so that an attacker elsewhere cannot lock the person out on a known device
/// (docs/threats.md#threat-s06, #attack-l5).
pub fn password_limiter_key(app: &App, folded: &str, known_device: Option<&str>) -> String {
    let bucket = match known_device {
        Some(device) => format!("device/{device}/{folded}"),
        None => format!("identifiant/{folded}"),
    };
    app.master_key.hmac(HmacPurpose::LimiterKey, &bucket)
}

/// The result of a password verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordVerification {
    Correct,
    Incorrect,
    /// The rate limit is reached until this time; the password was not verified.
    Limited {
        until: Timestamp,
    },
    /// Too many hashes are queued: the password was not verified, and the attempt was refunded.
    Busy {
        seconds: u32,
    },
}

/// Counts an attempt on `budget`, then verifies the password. A correct attempt stays counted: the caller resets the
/// limit in the transaction of the sign-in. A missing account, or one without a password, takes the same time and is
/// incorrect.
pub async fn verify_password(
    op: &Operation<'_>,
    budget: &str,
    password: &str,
    account: Option<&Account>,
    who: Priority,
) -> anyhow::Result<PasswordVerification> {
    let app = op.app;
    let mut tx = op.write(Durability::Relaxed).await?;
    let id = account.map(|a| &a.id);
    let verdict = limits::store::consume_for_account(&mut tx, RateLimit::Password, budget, id).await?;
    tx.commit().await?;
    if let RateLimitDecision::Limited { until } = verdict {
        app.metrics.record_limited(RateLimit::Password.name(), "budget");
        return Ok(PasswordVerification::Limited { until });
    }
    match Box::pin(compare_hash(app, password, account, who)).await? {
        Ok(right) => Ok(if right { PasswordVerification::Correct } else { PasswordVerification::Incorrect }),
        Err(PasswordError::Busy { seconds }) => {
            app.metrics.record_limited(RateLimit::Password.name(), "hash_queue");
            // An overloaded server must not use up the person's attempts.
            let mut tx = op.write(Durability::Relaxed).await?;
            limits::store::release(&mut tx, RateLimit::Password, budget).await?;
            tx.commit().await?;
            Ok(PasswordVerification::Busy { seconds })
        }
        Err(other) => Err(other.into()),
    }
}

/// Compares a password with the stored hash of an account, whichever program made it. A wrong one takes the same time for
/// everybody, as long as there are accounts with hashes of another program.
async fn compare_hash(
    app: &App,
    password: &str,
    account: Option<&Account>,
    who: Priority,
) -> anyhow::Result<Result<bool, PasswordError>> {
    let hasher = &app.password_hasher;
    let legacy = account.map(|account| legacy::open(&app.master_key, account)).transpose()?.flatten();
    if let Some(stored) = legacy {
        return Ok(hasher.verify_legacy(password, stored, who).await);
    }
    let compared = hasher.verify(password, account.and_then(|a| a.password.as_deref()), who).await;
    if let (Ok(false), Some(delay)) = (&compared, hasher.legacy_delay()) {
        tokio::time::sleep(delay).await;
    }
    Ok(compared)
}

/// True if the password of an account is a hash of another program.
pub fn is_foreign(account: &Account) -> bool {
    account.password.as_deref().is_some_and(legacy::is_legacy)
}

/// True if a password is the present one of an account, for somebody who is proven already.
pub async fn is_present_password(app: &App, password: &str, account: &Account) -> anyhow::Result<bool> {
    Ok(account.password.is_some() && compare_hash(app, password, Some(account), Priority::Known).await??)
}

/// Makes a hash of ours of a right password that was compared with a hash of another program; `None` if the hash is ours
/// already, and if too many hashes are queued: the next sign-in makes it then.
pub async fn hash_anew(app: &App, account: &Account, password: &str) -> anyhow::Result<Option<String>> {
    // What bcrypt did not read may be a slip of the finger: it must not become the password.
    let Some(stored) = legacy::open(&app.master_key, account)?.filter(|stored| stored.covers(password)) else {
        return Ok(None);
    };
    drop(stored);
    match app.password_hasher.hash(password, app.rng.as_ref(), Priority::Known).await {
        Err(PasswordError::Busy { .. }) => Ok(None),
        hashed => Ok(Some(hashed?)),
    }
}

/// Measures what a hash of another program costs here, if an account has one: the first answers after a start must not
/// tell either.
pub async fn measure_legacy_hash(op: &Operation<'_>) -> anyhow::Result<()> {
    if op.app.password_hasher.legacy_delay().is_some() {
        return Ok(());
    }
    let found = store::find_with_legacy_password(&mut op.app.db.read().await?).await?;
    if let Some(account) = found
        && let Some(stored) = legacy::open(&op.app.master_key, &account)?
    {
        let longest = "m".repeat(MAX_LEGACY_PASSWORD_BYTES);
        op.app.password_hasher.verify_legacy(&longest, stored, Priority::Unknown).await?;
    }
    Ok(())
}

/// Returns the event that records the failures of an action; `None` for an action of another release.
fn failure_event(action: &str) -> Option<AuditEvent> {
    let events = [
        (RateLimit::Factor, AuditEvent::FactorsFailed),
        (RateLimit::Password, AuditEvent::PasswordsFailed),
        (RateLimit::SmsCode, AuditEvent::CodesFailed),
        (RateLimit::LetterCode, AuditEvent::CodesFailed),
        (RateLimit::BirthDate, AuditEvent::BirthDatesFailed),
    ];
    events.into_iter().find(|(limit, _)| limit.name() == action).map(|(_, event)| event)
}

/// The failures of past hours that were written into the audit.
#[derive(Debug, Default)]
pub struct RecordedFailures {
    /// The number of limits that were read.
    pub read: u64,
    /// The accounts with so many wrong passwords within one hour that their person is told.
    pub attacked: BTreeSet<AccountId>,
}

/// Writes the failures of past hours into the audit: one event per account, kind and hour, with a count. Processes one
/// batch.
pub async fn record_failures(tx: &mut UnitOfWork<'_>) -> anyhow::Result<RecordedFailures> {
    let now = tx.now;
    let forgotten = failure_store::forget_of_nobody(tx).await?;
    let all = failure_store::list_finished(tx).await?;
    // A person has several limits of one kind: one per known device.
    let mut told = BTreeMap::<(&AccountId, Timestamp, &str), (u32, u32)>::new();
    for failed in &all {
        let (over, left) = Failures::parse(&failed.failures).split_finished(now);
        if !failure_store::mark_recorded(tx, failed, &left).await? {
            continue;
        }
        for hour in over {
            let (count, locked) = told.entry((&failed.account_id, hour.start, &failed.action)).or_default();
            (*count, *locked) = (count.saturating_add(hour.failed), locked.saturating_add(hour.locked));
        }
    }
    let read = u64::try_from(all.len()).unwrap_or(u64::MAX).saturating_add(forgotten);
    let mut recorded = RecordedFailures { read, ..RecordedFailures::default() };
    for ((account, began, action), (count, locked)) in told {
        let hour = DateTime::from_timestamp_millis(began.0).unwrap_or_default().format("%Y-%m-%dT%H:%MZ");
        let Some(fact) = failure_event(action) else {
            tracing::warn!(action, "failures of an action that this release does not know are not in the audit");
            continue;
        };
        let mut note = async |fact, detail: String| {
            let about = AuditDetails { account: Some(account), detail: &detail, ..AuditDetails::default() };
            audit::store::record(tx, fact, about).await
        };
        if fact == AuditEvent::PasswordsFailed && count >= TOLD_WRONG_PASSWORDS {
            recorded.attacked.insert(account.clone());
        }
        note(fact, format!("{count} in the hour of {hour}")).await?;
        if locked > 0 {
            note(AuditEvent::LockedOut, format!("{action}, {locked} in the hour of {hour}")).await?;
        }
    }
    Ok(recorded)
}
