//! Rows of devices.

use super::{MOST, TERM};
use crate::base::clock::{Span, Timestamp};
use crate::db::{CLEANED_AT_ONCE, Result, Tx, args};

/// Whose device it is, and the identity that was proven on it; of one that is not forgotten.
pub async fn find(tx: &mut Tx, now: Timestamp, id: &str) -> Result<Option<(String, Option<String>)>> {
    let sql = "SELECT account_id, identity FROM device WHERE id = $1 AND forgotten_at IS NULL AND seen_at > $2";
    tx.optional(sql, args![id, now.minus(TERM)]).await
}

/// Whether it was ever a device of this account, forgotten or not.
pub async fn was_of(tx: &mut Tx, id: &str, account_id: &str) -> Result<bool> {
    let sql = "SELECT id FROM device WHERE id = $1 AND account_id = $2";
    Ok(tx.optional::<(String,)>(sql, args![id, account_id]).await?.is_some())
}

pub async fn insert(
    tx: &mut Tx,
    now: Timestamp,
    id: &str,
    account_id: &str,
    label: &str,
    identity: Option<&str>,
) -> Result<()> {
    tx.execute(
        "INSERT INTO device (id, account_id, label, identity, created_at, seen_at) VALUES ($1, $2, $3, $4, $5, $5)",
        args![id, account_id, label, identity, now],
    )
    .await?;
    Ok(())
}

/// The person was there again. `false`: it was forgotten meanwhile.
pub async fn seen(tx: &mut Tx, now: Timestamp, id: &str, label: &str, identity: Option<&str>) -> Result<bool> {
    let sql = "UPDATE device SET seen_at = $2, label = $3, identity = COALESCE($4, identity) \
               WHERE id = $1 AND forgotten_at IS NULL";
    Ok(tx.execute(sql, args![id, now, label, identity]).await? == 1)
}

/// Beyond the most that an account may have, those seen longest ago are forgotten.
pub async fn keep_newest(tx: &mut Tx, now: Timestamp, account_id: &str) -> Result<()> {
    tx.execute(
        "UPDATE device SET forgotten_at = $2 WHERE account_id = $1 AND forgotten_at IS NULL AND id NOT IN \
         (SELECT id FROM device WHERE account_id = $1 AND forgotten_at IS NULL ORDER BY seen_at DESC, created_at DESC, \
         id LIMIT $3)",
        args![account_id, now, MOST],
    )
    .await?;
    Ok(())
}

/// Every device of an account is a stranger's again: its password was replaced.
pub async fn forget_all(tx: &mut Tx, now: Timestamp, account_id: &str) -> Result<()> {
    let sql = "UPDATE device SET forgotten_at = $2 WHERE account_id = $1 AND forgotten_at IS NULL";
    tx.execute(sql, args![account_id, now]).await?;
    Ok(())
}

/// Deletes those that reached their term, and those that were forgotten a month before it.
pub async fn clean(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM device WHERE id IN (SELECT id FROM device WHERE seen_at < $1 \
               OR (seen_at < $2 AND forgotten_at IS NOT NULL) LIMIT $3)";
    tx.execute(sql, args![now.minus(TERM), now.minus(TERM).plus(Span::days(30)), CLEANED_AT_ONCE]).await
}
