//! Budgets in SQL: read, judge, compare-and-set.

pub mod failures;
pub mod sources;

use super::failures::Failures;
use super::{Action, Figures, Verdict, judge};
use crate::base::clock::{Span, Timestamp};
use crate::db::{CLEANED_AT_ONCE, FromRow, Result, Tx, args};

/// How often a lost race is tried again; then the visitor is told to wait a second.
const RETRIES: usize = 20;

fn live(marks: &str, figures: Figures, now: Timestamp) -> Vec<Timestamp> {
    let all = marks.split(',').filter_map(|m| m.parse().ok()).map(Timestamp);
    // A mark ahead of `now` was made by a clock that ran fast: it counts from now on, not longer.
    all.map(|t| t.min(now)).filter(|t| now.since(*t) < figures.window).collect()
}

fn text(marks: &[Timestamp]) -> String {
    marks.iter().map(Timestamp::to_string).collect::<Vec<_>>().join(",")
}

/// Counts one attempt, if it may be made. The caller compares only after this was committed or in the same
/// transaction, which commits whatever the comparison says.
pub async fn spend(tx: &mut Tx, action: Action, key: &str, now: Timestamp) -> Result<Verdict> {
    spend_of(tx, action, key, None, now).await
}

/// As [`spend`], where it is known whose budget it is: what fails on it is a fact. The same statements for nobody's.
pub async fn spend_of(
    tx: &mut Tx,
    action: Action,
    key: &str,
    account: Option<&str>,
    now: Timestamp,
) -> Result<Verdict> {
    let figures = action.figures();
    for _ in 0..RETRIES {
        let old = row(tx, action, key).await?;
        let mut new = old.clone().unwrap_or_default();
        let mut times = live(&new.marks, figures, now);
        let verdict = judge(figures, &times, now);
        if !matches!(verdict, Verdict::Go { .. }) {
            return Ok(verdict);
        }
        times.push(now);
        new.marks = text(&times);
        new.account_id = account.map(str::to_owned).or(new.account_id);
        if new.account_id.is_some() {
            new.change(|failures| failures.add(figures, times.len(), now));
        }
        if swap(tx, action, key, old.as_ref(), &new, now).await? {
            return Ok(verdict);
        }
    }
    Ok(Verdict::Wait { until: now.plus(Span::seconds(1)) })
}

/// What one more attempt would be told, without counting it.
pub async fn peek(tx: &mut Tx, action: Action, key: &str, now: Timestamp) -> Result<Verdict> {
    let figures = action.figures();
    let old = marks(tx, action, key).await?;
    Ok(judge(figures, &live(old.as_deref().unwrap_or(""), figures, now), now))
}

/// Takes the attempt made at `at` back: it was right.
pub async fn refund(tx: &mut Tx, action: Action, key: &str, at: Timestamp) -> Result<()> {
    give_back(tx, action, key, at, at).await
}

/// As [`refund`], some time after the attempt.
pub async fn give_back(tx: &mut Tx, action: Action, key: &str, at: Timestamp, now: Timestamp) -> Result<()> {
    take_back(tx, action, key, now, |times| times.iter().rposition(|t| *t == at).into_iter().collect()).await
}

/// Takes back every attempt of which `free` says that it costs nothing.
pub async fn forgive(
    tx: &mut Tx,
    action: Action,
    key: &str,
    now: Timestamp,
    free: impl Fn(Timestamp) -> bool,
) -> Result<()> {
    let chosen = |times: &[Timestamp]| times.iter().enumerate().filter(|(_, at)| free(**at)).map(|(n, _)| n).collect();
    take_back(tx, action, key, now, chosen).await
}

/// Takes the chosen attempts back, by their places.
async fn take_back(
    tx: &mut Tx,
    action: Action,
    key: &str,
    now: Timestamp,
    chosen: impl Fn(&[Timestamp]) -> Vec<usize>,
) -> Result<()> {
    let figures = action.figures();
    for _ in 0..RETRIES {
        let Some(old) = row(tx, action, key).await? else { return Ok(()) };
        let (mut times, mut new) = (live(&old.marks, figures, now), old.clone());
        let places = chosen(&times);
        if places.is_empty() {
            return Ok(());
        }
        for place in places.into_iter().rev() {
            let at = times.remove(place);
            new.change(|failures| failures.take_back(figures, place + 1, at));
        }
        new.marks = text(&times);
        if swap(tx, action, key, Some(&old), &new, now).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Forgets every attempt of everybody. How many budgets there were.
pub async fn reset_all(tx: &mut Tx, action: Action) -> Result<u64> {
    tx.execute("DELETE FROM budget WHERE action = $1", args![action.name()]).await
}

/// Forgets every attempt: the last one was right. What failed before it stays to be told.
pub async fn reset(tx: &mut Tx, action: Action, key: &str) -> Result<()> {
    for _ in 0..RETRIES {
        let Some(old) = row(tx, action, key).await? else { return Ok(()) };
        let times: Vec<Timestamp> = old.marks.split(',').filter_map(|m| m.parse().ok()).map(Timestamp).collect();
        let last = times.last().copied().unwrap_or(Timestamp(0));
        let mut new = Row { marks: String::new(), ..old.clone() };
        new.change(|failures| failures.take_back(action.figures(), times.len(), last));
        let done = if new.failures.is_some() {
            swap(tx, action, key, Some(&old), &new, last).await?
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

/// Forgets budgets that nobody touched for longer than any window.
pub async fn clean(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM budget WHERE (action, key) IN \
               (SELECT action, key FROM budget WHERE touched_at < $1 AND (failures IS NULL OR account_id IS NULL) LIMIT $2)";
    tx.execute(sql, args![now.minus(Span::hours(25)), CLEANED_AT_ONCE]).await
}

/// Counts one of a day's many, up to `cap`: one number a day, not a list, because there are thousands.
/// `day` names the day. Which one of the day it is; none beyond the cap.
pub async fn count_of_day(tx: &mut Tx, action: Action, day: &str, cap: u32, now: Timestamp) -> Result<Option<i64>> {
    let insert = "INSERT INTO budget (action, key, marks, touched_at) VALUES ($1, $2, '0', $3) ON CONFLICT DO NOTHING";
    tx.execute(insert, args![action.name(), day, now]).await?;
    let row = tx
        .optional::<(String,)>(
            "UPDATE budget SET marks = CAST(CAST(marks AS BIGINT) + 1 AS TEXT), touched_at = $3 \
             WHERE action = $1 AND key = $2 AND CAST(marks AS BIGINT) < $4 RETURNING marks",
            args![action.name(), day, now, i64::from(cap)],
        )
        .await?;
    Ok(row.and_then(|(count,)| count.parse().ok()))
}

/// Takes one of a day's many back.
pub async fn uncount_of_day(tx: &mut Tx, action: Action, day: &str) -> Result<()> {
    let sql = "UPDATE budget SET marks = CAST(CAST(marks AS BIGINT) - 1 AS TEXT) \
               WHERE action = $1 AND key = $2 AND CAST(marks AS BIGINT) > 0";
    tx.execute(sql, args![action.name(), day]).await?;
    Ok(())
}

/// How many of a day's were counted.
pub async fn counted_of_day(tx: &mut Tx, action: Action, day: &str) -> Result<i64> {
    Ok(marks(tx, action, day).await?.and_then(|count| count.parse().ok()).unwrap_or_default())
}

async fn marks(tx: &mut Tx, action: Action, key: &str) -> Result<Option<String>> {
    let sql = "SELECT marks FROM budget WHERE action = $1 AND key = $2";
    Ok(tx.optional::<(String,)>(sql, args![action.name(), key]).await?.map(|(m,)| m))
}

/// What a budget's row holds.
#[derive(Clone, Debug, Default, FromRow)]
struct Row {
    marks: String,
    account_id: Option<String>,
    failures: Option<String>,
}

impl Row {
    fn change(&mut self, change: impl FnOnce(&mut Failures)) {
        let mut failures = Failures::parse(self.failures.as_deref().unwrap_or_default());
        change(&mut failures);
        self.failures = failures.text();
    }
}

async fn row(tx: &mut Tx, action: Action, key: &str) -> Result<Option<Row>> {
    let sql = "SELECT marks, account_id, failures FROM budget WHERE action = $1 AND key = $2";
    tx.optional(sql, args![action.name(), key]).await
}

async fn swap(tx: &mut Tx, action: Action, key: &str, old: Option<&Row>, new: &Row, now: Timestamp) -> Result<bool> {
    let (account, failures) = (new.account_id.as_deref(), new.failures.as_deref());
    let rows = match old {
        None => {
            tx.execute(
                "INSERT INTO budget (action, key, marks, touched_at, account_id, failures) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
                args![action.name(), key, new.marks.as_str(), now, account, failures],
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
                    now,
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
