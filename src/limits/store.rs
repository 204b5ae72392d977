//! Rate limit budgets in SQL: read, decide, compare-and-set.

pub mod failures;
pub mod pace;
pub mod sources;

use super::failures::Failures;
use super::{RateLimit, RateLimitDecision, RateLimitPolicy, decide};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::AccountId;
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args};

/// The number of compare-and-set retries; afterwards the attempt is limited for one second.
const MAX_CAS_RETRIES: usize = 20;

fn live_attempts(marks: &str, figures: RateLimitPolicy, now: Timestamp) -> Vec<Timestamp> {
    let all = marks.split(',').filter_map(|m| m.parse().ok()).map(Timestamp);
    // An attempt after `now` was recorded by a fast clock: its window starts now, so it does not count longer than
    // others.
    all.map(|t| t.min(now)).filter(|t| now.since(*t) < figures.window).collect()
}

fn encode_attempts(marks: &[Timestamp]) -> String {
    marks.iter().map(Timestamp::to_string).collect::<Vec<_>>().join(",")
}

/// Counts one attempt if allowed. The caller compares the typed value only after the commit, or in the same
/// transaction, and commits regardless of the comparison's outcome.
pub async fn consume(tx: &mut UnitOfWork<'_>, action: RateLimit, key: &str) -> Result<RateLimitDecision> {
    count(tx, action, key, None).await
}

/// Counts one attempt like [`consume`] and records it as a failure of the budget's account. The same rows and index
/// entries are written where nobody has what was typed (docs/threats.md#attack-l6).
pub async fn consume_for_account(
    tx: &mut UnitOfWork<'_>,
    action: RateLimit,
    key: &str,
    account: Option<&AccountId>,
) -> Result<RateLimitDecision> {
    count(tx, action, key, Some(account)).await
}

/// Counts one attempt; where the budget may be an account's (`Some`), also as a failure.
async fn count(
    tx: &mut UnitOfWork<'_>,
    action: RateLimit,
    key: &str,
    account: Option<Option<&AccountId>>,
) -> Result<RateLimitDecision> {
    let now = tx.now;
    let figures = action.policy();
    for _ in 0..MAX_CAS_RETRIES {
        let old = find_row(tx, action, key).await?;
        let mut new = old.clone().unwrap_or_default();
        let mut times = live_attempts(&new.marks, figures, now);
        let verdict = decide(figures, &times, now);
        if !matches!(verdict, RateLimitDecision::Allowed { .. }) {
            return Ok(verdict);
        }
        times.push(now);
        new.marks = encode_attempts(&times);
        new.account_id = account.flatten().cloned().or(new.account_id);
        if account.is_some() || new.account_id.is_some() {
            new.update_failures(|failures| failures.add(figures, times.len(), now));
        }
        if compare_and_swap(tx, action, key, old.as_ref(), &new, now).await? {
            return Ok(verdict);
        }
    }
    Ok(RateLimitDecision::Limited { until: now.plus(Span::seconds(1)) })
}

/// Returns the decision on one more attempt, without counting an attempt.
pub async fn peek(tx: &mut UnitOfWork<'_>, action: RateLimit, key: &str) -> Result<RateLimitDecision> {
    let now = tx.now;
    peek_at(tx, action, key, now).await
}

/// Returns the decision like [`peek`], in a transaction that only reads.
pub async fn peek_at(tx: &mut Tx, action: RateLimit, key: &str, now: Timestamp) -> Result<RateLimitDecision> {
    let figures = action.policy();
    let old = find_marks(tx, action, key).await?;
    Ok(decide(figures, &live_attempts(old.as_deref().unwrap_or(""), figures, now), now))
}

/// Releases the attempt that this operation has made, because the attempt was correct.
pub async fn release(tx: &mut UnitOfWork<'_>, action: RateLimit, key: &str) -> Result<()> {
    let at = tx.now;
    release_at(tx, action, key, at).await
}

/// Releases an attempt like [`release`], some time after the attempt.
pub async fn release_at(tx: &mut UnitOfWork<'_>, action: RateLimit, key: &str, at: Timestamp) -> Result<()> {
    remove_attempts(tx, action, key, |times| times.iter().rposition(|t| *t == at).into_iter().collect()).await
}

/// Releases every attempt for which `free` returns true.
pub async fn release_matching(
    tx: &mut UnitOfWork<'_>,
    action: RateLimit,
    key: &str,
    free: impl Fn(Timestamp) -> bool,
) -> Result<()> {
    let chosen = |times: &[Timestamp]| times.iter().enumerate().filter(|(_, at)| free(**at)).map(|(n, _)| n).collect();
    remove_attempts(tx, action, key, chosen).await
}

/// Removes the attempts at the chosen positions.
async fn remove_attempts(
    tx: &mut UnitOfWork<'_>,
    action: RateLimit,
    key: &str,
    chosen: impl Fn(&[Timestamp]) -> Vec<usize>,
) -> Result<()> {
    let now = tx.now;
    let figures = action.policy();
    for _ in 0..MAX_CAS_RETRIES {
        let Some(old) = find_row(tx, action, key).await? else { return Ok(()) };
        let (mut times, mut new) = (live_attempts(&old.marks, figures, now), old.clone());
        let places = chosen(&times);
        if places.is_empty() {
            return Ok(());
        }
        for place in places.into_iter().rev() {
            let at = times.remove(place);
            new.update_failures(|failures| failures.revert(figures, place + 1, at));
        }
        new.marks = encode_attempts(&times);
        if compare_and_swap(tx, action, key, Some(&old), &new, now).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Deletes all budgets of an action. Returns their number.
pub async fn reset_all(tx: &mut Tx, action: RateLimit) -> Result<u64> {
    tx.execute("DELETE FROM budget WHERE action = $1", args![action.name()]).await
}

/// Deletes all attempts of a budget after a correct attempt. Earlier failures stay until written to the audit log.
pub async fn reset(tx: &mut Tx, action: RateLimit, key: &str) -> Result<()> {
    for _ in 0..MAX_CAS_RETRIES {
        let Some(old) = find_row(tx, action, key).await? else { return Ok(()) };
        let times: Vec<Timestamp> = old.marks.split(',').filter_map(|m| m.parse().ok()).map(Timestamp).collect();
        let last = times.last().copied().unwrap_or(Timestamp(0));
        let mut new = Row { marks: String::new(), ..old.clone() };
        new.update_failures(|failures| failures.revert(action.policy(), times.len(), last));
        let done = if new.failures.is_some() {
            compare_and_swap(tx, action, key, Some(&old), &new, last).await?
        } else {
            let sql = "DELETE FROM budget WHERE action = $1 AND key = $2 AND marks = $3";
            tx.execute(sql, args![action.name(), key, old.marks.as_str()]).await? == 1
        };
        if done {
            return Ok(());
        }
    }
    Ok(())
}

/// Deletes budgets not modified for longer than any window.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    let sql = "DELETE FROM budget WHERE (action, key) IN \
               (SELECT action, key FROM budget WHERE touched_at < $1 AND (failures IS NULL OR account_id IS NULL) LIMIT $2)";
    tx.execute(sql, args![now.minus(Span::hours(25)), CLEANUP_BATCH_ROWS]).await
}

/// Counts one event of a day, up to `cap`: a number per day instead of a list of attempts, because of thousands of
/// events. `day` is the key of the day. Returns the ordinal of the event within the day, or `None` beyond the cap.
pub async fn count_daily(tx: &mut UnitOfWork<'_>, action: RateLimit, day: &str, cap: u32) -> Result<Option<i64>> {
    count_some(tx, action, day, (1, cap)).await
}

/// Counts several events at once like [`count_daily`]: counted if there is room for one, so that the last ones may go beyond.
pub async fn count_some(
    tx: &mut UnitOfWork<'_>,
    action: RateLimit,
    day: &str,
    (events, cap): (i64, u32),
) -> Result<Option<i64>> {
    let now = tx.now;
    let insert = "INSERT INTO budget (action, key, marks, touched_at) VALUES ($1, $2, '0', $3) ON CONFLICT DO NOTHING";
    tx.execute(insert, args![action.name(), day, now]).await?;
    let row = tx
        .fetch_optional::<(String,)>(
            "UPDATE budget SET marks = CAST(CAST(marks AS BIGINT) + $5 AS TEXT), touched_at = $3 \
             WHERE action = $1 AND key = $2 AND CAST(marks AS BIGINT) < $4 RETURNING marks",
            args![action.name(), day, now, i64::from(cap), events],
        )
        .await?;
    Ok(row.and_then(|(count,)| count.parse().ok()))
}

/// Releases one event of a day.
pub async fn uncount_daily(tx: &mut Tx, action: RateLimit, day: &str) -> Result<()> {
    uncount_some(tx, action, day, 1).await
}

/// Releases several events of a day, and never more than were counted.
pub async fn uncount_some(tx: &mut Tx, action: RateLimit, day: &str, events: i64) -> Result<()> {
    let sql = "UPDATE budget SET marks = CAST(CASE WHEN CAST(marks AS BIGINT) > $3 THEN CAST(marks AS BIGINT) - $3 \
               ELSE 0 END AS TEXT) WHERE action = $1 AND key = $2 AND CAST(marks AS BIGINT) > 0";
    tx.execute(sql, args![action.name(), day, events]).await?;
    Ok(())
}

/// Takes the number of events of a key away. Returns it to the call that did.
pub async fn take_daily(tx: &mut UnitOfWork<'_>, action: RateLimit, day: &str) -> Result<Option<i64>> {
    let sql = "DELETE FROM budget WHERE action = $1 AND key = $2 RETURNING marks";
    let row = tx.fetch_optional::<(String,)>(sql, args![action.name(), day]).await?;
    Ok(row.and_then(|(count,)| count.parse().ok()))
}

/// Returns the number of events counted on a day.
pub async fn daily_count(tx: &mut Tx, action: RateLimit, day: &str) -> Result<i64> {
    Ok(find_marks(tx, action, day).await?.and_then(|count| count.parse().ok()).unwrap_or_default())
}

/// Lists the numbers of events counted under keys that begin with `start`, which has no wildcard.
pub async fn list_daily(tx: &mut Tx, action: RateLimit, start: &str) -> Result<Vec<(String, i64)>> {
    let sql = "SELECT key, CAST(marks AS BIGINT) FROM budget WHERE action = $1 AND key LIKE $2 ORDER BY key";
    tx.fetch_all(sql, args![action.name(), format!("{start}%")]).await
}

async fn find_marks(tx: &mut Tx, action: RateLimit, key: &str) -> Result<Option<String>> {
    let sql = "SELECT marks FROM budget WHERE action = $1 AND key = $2";
    Ok(tx.fetch_optional::<(String,)>(sql, args![action.name(), key]).await?.map(|(m,)| m))
}

/// A row of the budget table.
#[derive(Clone, Debug, Default, FromRow)]
struct Row {
    marks: String,
    account_id: Option<AccountId>,
    failures: Option<String>,
}

impl Row {
    fn update_failures(&mut self, change: impl FnOnce(&mut Failures)) {
        let mut failures = Failures::parse(self.failures.as_deref().unwrap_or_default());
        change(&mut failures);
        self.failures = failures.encode();
    }
}

async fn find_row(tx: &mut Tx, action: RateLimit, key: &str) -> Result<Option<Row>> {
    let sql = "SELECT marks, account_id, failures FROM budget WHERE action = $1 AND key = $2";
    tx.fetch_optional(sql, args![action.name(), key]).await
}

async fn compare_and_swap(
    tx: &mut Tx,
    action: RateLimit,
    key: &str,
    old: Option<&Row>,
    new: &Row,
    touched_at: Timestamp,
) -> Result<bool> {
    let (account, failures) = (new.account_id.as_ref(), new.failures.as_deref());
    let rows = match old {
        None => {
            tx.execute(
                "INSERT INTO budget (action, key, marks, touched_at, account_id, failures) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                args![action.name(), key, new.marks.as_str(), touched_at, account, failures],
            )
            .await?
        }
        Some(old) => {
            tx.execute(
                "UPDATE budget SET marks = $4, touched_at = $5, account_id = $6, failures = $7 \
                 WHERE action = $1 AND key = $2 AND marks = $3 AND COALESCE(failures, '') = $8",
                args![
                    action.name(),
                    key,
                    old.marks.as_str(),
                    new.marks.as_str(),
                    touched_at,
                    account,
                    failures,
                    old.failures.as_deref().unwrap_or_default()
                ],
            )
            .await?
        }
    };
    Ok(rows == 1)
}
