//! Rows of support events.

use super::{KEPT, SupportEvent};
use crate::base::clock::Timestamp;
use crate::db::{CLEANED_AT_ONCE, Result, Tx, args};

pub async fn put(tx: &mut Tx, event: &SupportEvent) -> Result<()> {
    tx.execute(
        "INSERT INTO support_event (code, at, page, path, request_id, account_id, activation_id, client_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        args![
            &event.code,
            event.at,
            &event.page,
            &event.path,
            &event.request_id,
            &event.account_id,
            &event.activation_id,
            &event.client_id
        ],
    )
    .await?;
    Ok(())
}

/// The events of a code, the newest first.
pub async fn of_code(tx: &mut Tx, code: &str) -> Result<Vec<SupportEvent>> {
    let sql = "SELECT code, at, page, path, request_id, account_id, activation_id, client_id FROM support_event \
               WHERE code = $1 ORDER BY at DESC LIMIT 20";
    tx.all(sql, args![code]).await
}

/// Forgets some of what is too old, and of the oldest beyond the bound. Gives how many.
pub async fn clean(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64> {
    let old = "DELETE FROM support_event WHERE (code, at) IN \
               (SELECT code, at FROM support_event WHERE at < $1 ORDER BY at LIMIT $2)";
    let too_many = "DELETE FROM support_event WHERE (code, at) IN (SELECT code, at FROM support_event WHERE at < \
                    (SELECT at FROM support_event ORDER BY at DESC LIMIT 1 OFFSET $1) ORDER BY at LIMIT $2)";
    Ok(tx.execute(old, args![now.minus(KEPT), CLEANED_AT_ONCE]).await?
        + tx.execute(too_many, args![most - 1, CLEANED_AT_ONCE]).await?)
}
