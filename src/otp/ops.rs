//! Checking and drawing codes.

use super::{Checked, digits, store};
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
    typed: &str,
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
    if let Verdict::Wait { until } = limits::store::spend(tx, Action::Code, typed_budget, now).await? {
        return Ok(Checked::TooMany { until });
    }
    let mut person_allows = true;
    if let Some(person) = &challenge.person_budget {
        let verdict = limits::store::spend(tx, Action::Code, person, now).await?;
        person_allows = matches!(verdict, Verdict::Go { .. });
    }
    let given = keyed(app, challenge_id, &digits(typed));
    let right = person_allows && code.is_some_and(|stored| same(&stored, &given));
    if right && store::take_use(tx, now, challenge_id).await? {
        limits::store::refund(tx, Action::Code, typed_budget, now).await?;
        if let Some(person) = &challenge.person_budget {
            limits::store::refund(tx, Action::Code, person, now).await?;
        }
        return Ok(Checked::Right);
    }
    Ok(if left > 0 { Checked::Wrong { left } } else { Checked::UsedUp })
}
