//! Rows of challenges.

pub mod outages;

use super::{SENDS, TRIES};
use crate::base::clock::{Span, Timestamp};
use crate::db::{FromRow, Result, Tx, args};

/// A challenge as it stands.
#[derive(Clone, Debug, FromRow)]
pub struct Challenge {
    pub id: String,
    pub code: Option<String>,
    pub tries_left: i64,
    pub sends: i64,
    /// Of those, the ones that fell into an outage: they do not count.
    pub unsent: i64,
    pub sent_at: i64,
    pub expires_at: i64,
    pub person_budget: Option<String>,
    pub used_at: Option<i64>,
}

pub async fn insert(tx: &mut Tx, now: Timestamp, id: &str, purpose: &str, expires: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO challenge (id, purpose, tries_left, sends, sent_at, expires_at) VALUES ($1, $2, $3, 1, $4, $5)",
        args![id, purpose, TRIES, now, expires],
    )
    .await?;
    Ok(())
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Challenge>> {
    tx.optional(
        "SELECT id, code, tries_left, sends, unsent, sent_at, expires_at, person_budget, used_at FROM challenge WHERE id = $1",
        args![id],
    )
    .await
}

#[derive(FromRow)]
struct Tried {
    code: Option<String>,
    tries_left: i64,
}

/// Takes one try, before anything is compared. `None`: no try was left, or it was used, or it expired.
pub async fn take_try(tx: &mut Tx, now: Timestamp, id: &str) -> Result<Option<(Option<String>, i64)>> {
    let row = tx
        .optional::<Tried>(
            "UPDATE challenge SET tries_left = tries_left - 1 \
             WHERE id = $1 AND tries_left > 0 AND used_at IS NULL AND expires_at > $2 RETURNING code, tries_left",
            args![id, now],
        )
        .await?;
    Ok(row.map(|r| (r.code, r.tries_left)))
}

/// Marks it used; whoever comes second finds it so. The HMAC stays, so that the same code may be sent again.
pub async fn take_use(tx: &mut Tx, now: Timestamp, id: &str) -> Result<bool> {
    let sql = "UPDATE challenge SET used_at = $2 WHERE id = $1 AND used_at IS NULL";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}

/// Counts one more send and kills the former code: compare-and-set on the number of sends. `unsent`: how many of the
/// former ones do not count.
pub async fn take_send(
    tx: &mut Tx,
    now: Timestamp,
    id: &str,
    (sends, unsent): (i64, i64),
    expires: Timestamp,
) -> Result<bool> {
    let rows = tx
        .execute(
            "UPDATE challenge SET sends = sends + 1, unsent = $7, sent_at = $3, expires_at = $4, code = NULL, \
             tries_left = $5 WHERE id = $1 AND sends = $2 AND sends - $7 < $6 AND used_at IS NULL",
            args![id, sends, now, expires, TRIES, SENDS, unsent],
        )
        .await?;
    Ok(rows == 1)
}

/// Sets the code that the worker drew for the n-th send, and whose budget it counts on. A later send has
/// already killed it, and what has expired gets none.
pub async fn set_code(
    tx: &mut Tx,
    now: Timestamp,
    id: &str,
    sends: i64,
    code: &str,
    person_budget: &str,
) -> Result<bool> {
    let rows = tx
        .execute(
            "UPDATE challenge SET code = $3, person_budget = $4 \
             WHERE id = $1 AND sends = $2 AND used_at IS NULL AND code IS NULL AND expires_at > $5",
            args![id, sends, code, person_budget, now],
        )
        .await?;
    Ok(rows == 1)
}

/// None of the sends so far counts any more: for one person's challenges, or for everybody's that are open.
pub async fn forgive_sends(tx: &mut Tx, now: Timestamp, person_budget: Option<&str>) -> Result<u64> {
    let sql = "UPDATE challenge SET unsent = sends WHERE used_at IS NULL AND expires_at > $1 \
               AND (CAST($2 AS TEXT) IS NULL OR person_budget = $2) AND unsent < sends";
    // A challenge outlives its code, as long as its activation may ask for another.
    tx.execute(sql, args![now.minus(Span::hours(2)), person_budget]).await
}
