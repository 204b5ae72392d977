//! A pace in SQL: so many events an hour, with an hour's worth at once, for all servers together.
//!
//! The budget's row holds the time (in microseconds) up to which the pace is used: each event moves it by the time that
//! one event is worth, and none may move it further ahead than an hour. One row, however many events there were.

use crate::db::{Result, Tx, UnitOfWork, args};
use crate::limits::RateLimit;

const HOUR_MICROSECONDS: i64 = 3_600_000_000;

fn worth_of(per_hour: u32) -> i64 {
    HOUR_MICROSECONDS / i64::from(per_hour.max(1))
}

/// Takes one event of the pace. Returns false if there is no room for it now.
pub async fn take(tx: &mut UnitOfWork<'_>, action: RateLimit, key: &str, per_hour: u32) -> Result<bool> {
    let now = tx.now;
    let insert = "INSERT INTO budget (action, key, marks, touched_at) VALUES ($1, $2, '0', $3) ON CONFLICT DO NOTHING";
    tx.execute(insert, args![action.name(), key, now]).await?;
    let micros = now.0.saturating_mul(1000);
    let rows = tx
        .execute(
            "UPDATE budget SET touched_at = $3, marks = CAST((CASE WHEN CAST(marks AS BIGINT) > $4 \
             THEN CAST(marks AS BIGINT) ELSE $4 END) + $5 AS TEXT) \
             WHERE action = $1 AND key = $2 AND CAST(marks AS BIGINT) <= $6",
            args![action.name(), key, now, micros, worth_of(per_hour), micros + HOUR_MICROSECONDS - worth_of(per_hour)],
        )
        .await?;
    Ok(rows == 1)
}

/// Gives one event back that did not happen.
pub async fn give_back(tx: &mut Tx, action: RateLimit, key: &str, per_hour: u32) -> Result<()> {
    let sql = "UPDATE budget SET marks = CAST(CAST(marks AS BIGINT) - $3 AS TEXT) \
               WHERE action = $1 AND key = $2 AND CAST(marks AS BIGINT) >= $3";
    tx.execute(sql, args![action.name(), key, worth_of(per_hour)]).await?;
    Ok(())
}
