//! Checking and drawing codes.

mod deliver;

pub use deliver::{
    About, GATEWAY, Letter, Resumed, cannot_leave, conversion_of, deliver, forgive, resume, sent_of_day, standing,
};

use super::{Checked, REPEAT, TypedCode, store};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::secret::same;
use crate::db::Tx;
use crate::limits::{self, Action, Verdict};
use crate::seal::Blind;

/// The HMAC under which a code is kept: bound to its challenge.
pub fn keyed(app: &App, challenge: &str, code: &str) -> String {
    app.vault.blind(Blind::Code, &format!("{challenge}/{code}"))
}

/// Six digits, each equally likely.
pub fn draw(app: &App) -> String {
    format!("{:06}", app.rng.below(1_000_000))
}

/// Checks what was typed. Every try is counted on the challenge and on the budget of what was typed, and on
/// the found person's, before the comparison; the caller commits whatever comes out.
///
/// The typed budget decides what is said; the person's, counted beside it, only ever refuses in the same words.
pub async fn check(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    challenge_id: &str,
    typed_budget: &str,
    typed: &TypedCode,
) -> anyhow::Result<Checked> {
    let Some(challenge) = store::find(tx, challenge_id).await? else { return Ok(Checked::Expired) };
    if challenge.used_at.is_some() || challenge.tries_left <= 0 {
        return Ok(Checked::UsedUp);
    }
    if Timestamp(challenge.expires_at) <= now {
        return Ok(Checked::Expired);
    }
    if let Verdict::Wait { until } = limits::store::peek(tx, Action::Code, typed_budget, now).await? {
        return Ok(Checked::TooMany { until });
    }
    let Some((code, left)) = store::take_try(tx, now, challenge_id).await? else { return Ok(Checked::UsedUp) };
    let person = challenge.person_budget.as_deref();
    let person_allows = match count(tx, now, typed_budget, person).await? {
        Counted::TooMany { until } => return Ok(Checked::TooMany { until }),
        counted => counted == Counted::Both,
    };
    let given = keyed(app, challenge_id, typed.as_str());
    let right = person_allows && code.is_some_and(|stored| same(&stored, &given));
    if right && store::take_use(tx, now, challenge_id).await? {
        give_back(tx, now, typed_budget, person).await?;
        return Ok(Checked::Right);
    }
    Ok(if left > 0 { Checked::Wrong { left } } else { Checked::UsedUp })
}

/// Whether this is the code that was right a moment ago, sent again by a double click. Counted as any other try.
pub async fn repeated(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    challenge_id: &str,
    typed_budget: &str,
    typed: &TypedCode,
) -> anyhow::Result<bool> {
    let Some(challenge) = store::find(tx, challenge_id).await? else { return Ok(false) };
    if challenge.used_at.is_none_or(|used| now.since(Timestamp(used)) >= REPEAT) {
        return Ok(false);
    }
    let person = challenge.person_budget.as_deref();
    let allowed = count(tx, now, typed_budget, person).await? == Counted::Both;
    let given = keyed(app, challenge_id, typed.as_str());
    let right = allowed && challenge.code.is_some_and(|stored| same(&stored, &given));
    if right {
        give_back(tx, now, typed_budget, person).await?;
    }
    Ok(right)
}

/// How a try was counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counted {
    Both,
    /// The person's budget is used up, which must not be told.
    TypedOnly,
    TooMany {
        until: Timestamp,
    },
}

/// Counts one try on the budget of what was typed, and on the found person's.
async fn count(tx: &mut Tx, now: Timestamp, typed_budget: &str, person: Option<&str>) -> anyhow::Result<Counted> {
    if let Verdict::Wait { until } = limits::store::spend(tx, Action::Code, typed_budget, now).await? {
        return Ok(Counted::TooMany { until });
    }
    let Some(person) = person else { return Ok(Counted::Both) };
    let verdict = limits::store::spend(tx, Action::Code, person, now).await?;
    Ok(if matches!(verdict, Verdict::Go { .. }) { Counted::Both } else { Counted::TypedOnly })
}

/// Takes the try back: it was right.
async fn give_back(tx: &mut Tx, now: Timestamp, typed_budget: &str, person: Option<&str>) -> anyhow::Result<()> {
    for key in [Some(typed_budget), person].into_iter().flatten() {
        limits::store::refund(tx, Action::Code, key, now).await?;
    }
    Ok(())
}
