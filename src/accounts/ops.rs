//! Giving an account its identifiant; comparing a password that was counted first.

use std::collections::BTreeMap;

use chrono::DateTime;

use super::identifier::draw;
use super::{Account, store};
use crate::app::App;
use crate::audit::{self, About, Fact};
use crate::base::clock::Timestamp;
use crate::base::ids::row_id;
use crate::base::names;
use crate::base::rng::Random;
use crate::db::{Durability, Tx};
use crate::limits::failures::Failures;
use crate::limits::store::failures as store_of_failures;
use crate::limits::{self, Action, Verdict};
use crate::seal::{Blind, PasswordError, Priority};

/// How often a draw may meet a number that another server took meanwhile.
const DRAWS: usize = 50;

/// Makes a pending account for somebody, with an identifiant that nobody ever had.
///
/// # Errors
/// The stem's eleven thousand numbers are used up, or the database fails.
pub async fn open_account(
    tx: &mut Tx,
    rng: &dyn Random,
    now: Timestamp,
    profile: &str,
    given: &str,
    family: &str,
    usage: Option<&str>,
) -> anyhow::Result<Account> {
    let stem = names::stem(given, family, usage);
    let id = row_id(now, rng);
    let shown = usage.unwrap_or(family);
    for _ in 0..DRAWS {
        let taken = store::suffixes(tx, &stem).await?;
        let Some(suffix) = draw(rng, &taken) else { anyhow::bail!("every number of the stem is used") };
        let new = store::New { id: &id, stem: &stem, suffix: &suffix, profile, given_name: given, family_name: shown };
        if store::insert(tx, now, &new).await? {
            let account = store::by_id(tx, &id).await?;
            return account.ok_or_else(|| anyhow::anyhow!("the account just written is not there"));
        }
    }
    anyhow::bail!("no free number was found for a stem in {DRAWS} draws")
}

/// The budget of an identifiant's passwords, whether or not anybody has it. Each device that the person is known on has
/// one apart, so that nobody elsewhere can keep them out of it (docs/threats.md#threat-s06, #attack-l5).
pub fn password_budget(app: &App, folded: &str, known_device: Option<&str>) -> String {
    let bucket = match known_device {
        Some(device) => format!("device/{device}/{folded}"),
        None => format!("identifiant/{folded}"),
    };
    app.vault.blind(Blind::Budget, &bucket)
}

/// How a password did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    Right,
    Wrong,
    /// Not before then; nothing was compared.
    Wait {
        until: Timestamp,
    },
}

/// Counts one attempt on `budget`, then compares. A right one stays counted: the caller
/// forgets it in the transaction of what it opens. No account, or none with a password, costs the same and is wrong.
///
/// # Errors
/// [`PasswordError::Busy`]: nothing was compared, and the attempt was given back.
pub async fn attempt(
    app: &App,
    now: Timestamp,
    budget: &str,
    password: &str,
    account: Option<&Account>,
    who: Priority,
) -> anyhow::Result<Attempt> {
    let stored = account.and_then(|a| a.password.as_deref());
    let mut tx = app.db.write(Durability::Relaxed).await?;
    let id = account.map(|a| a.id.as_str());
    let verdict = limits::store::spend_of(&mut tx, Action::Password, budget, id, now).await?;
    tx.commit().await?;
    if let Verdict::Wait { until } = verdict {
        app.metrics.limited(Action::Password.name(), "budget");
        return Ok(Attempt::Wait { until });
    }
    match app.passwords.verify(password, stored, who).await {
        Ok(right) => Ok(if right { Attempt::Right } else { Attempt::Wrong }),
        Err(busy @ PasswordError::Busy { .. }) => {
            app.metrics.limited(Action::Password.name(), "hash_queue");
            // A crowd must not use up what the person may try.
            let mut tx = app.db.write(Durability::Relaxed).await?;
            limits::store::refund(&mut tx, Action::Password, budget, now).await?;
            tx.commit().await?;
            Err(busy.into())
        }
        Err(other) => Err(other.into()),
    }
}

/// Writes what failed in the hours that are over into the audit: a row an account, kind and hour, with a count. Some at
/// once; gives how many budgets there were.
pub async fn note_failures(app: &App, now: Timestamp) -> anyhow::Result<u64> {
    let mut tx = app.db.write(Durability::Relaxed).await?;
    let all = store_of_failures::over(&mut tx, now).await?;
    // A person has several budgets of a kind: of each device one.
    let mut told = BTreeMap::<(&str, Timestamp, &str), (u32, u32)>::new();
    for failed in &all {
        let (over, left) = Failures::parse(&failed.failures).split(now);
        if !store_of_failures::noted(&mut tx, failed, &left).await? {
            continue;
        }
        for hour in over {
            let (count, locked) = told.entry((&failed.account_id, hour.began, &failed.action)).or_default();
            (*count, *locked) = (count.saturating_add(hour.failed), locked.saturating_add(hour.locked));
        }
    }
    for ((account, began, action), (count, locked)) in told {
        let hour = DateTime::from_timestamp_millis(began.0).unwrap_or_default().format("%Y-%m-%dT%H:%MZ");
        let fact = match action {
            "code" => Fact::CodesFailed,
            "birth_date" => Fact::BirthDatesFailed,
            _ => Fact::PasswordsFailed,
        };
        let mut note = async |fact, detail: String| {
            let about = About { account: Some(account), detail: &detail, ..About::default() };
            audit::store::record(&mut tx, app.rng.as_ref(), now, fact, about).await
        };
        note(fact, format!("{count} in the hour of {hour}")).await?;
        if locked > 0 {
            note(Fact::LockedOut, format!("{action}, {locked} in the hour of {hour}")).await?;
        }
    }
    tx.commit().await?;
    Ok(u64::try_from(all.len()).unwrap_or(u64::MAX))
}
