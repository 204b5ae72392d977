//! Rows of support events.

use super::{EVENT_RETENTION, SupportEvent};
use crate::base::clock::Timestamp;
use crate::base::typed_ids::AccountId;
use crate::db::{CLEANUP_BATCH_ROWS, Result, Tx, UnitOfWork, args};

pub async fn insert(tx: &mut Tx, event: &SupportEvent) -> Result<()> {
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

/// Returns the events of a support code, newest first.
pub async fn list_by_code(tx: &mut Tx, code: &str) -> Result<Vec<SupportEvent>> {
    let sql = "SELECT code, at, page, path, request_id, account_id, activation_id, client_id FROM support_event \
               WHERE code = $1 ORDER BY at DESC LIMIT 20";
    tx.fetch_all(sql, args![code]).await
}

/// Finds the client by whose request an account was shown a page last, since a time.
pub async fn find_last_client(
    tx: &mut Tx,
    account_id: &AccountId,
    page: &str,
    since: Timestamp,
) -> Result<Option<String>> {
    let sql = "SELECT client_id FROM support_event WHERE account_id = $1 AND page = $2 AND at > $3 \
               AND client_id IS NOT NULL ORDER BY at DESC LIMIT 1";
    let row = tx.fetch_optional::<(String,)>(sql, args![account_id, page, since]).await?;
    Ok(row.map(|(client_id,)| client_id))
}

/// Deletes a batch of expired events, and a batch of the oldest ones beyond `most`. Returns the number of deleted rows.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>, most: i64) -> Result<u64> {
    let now = tx.now;
    let old = "DELETE FROM support_event WHERE (code, at) IN \
               (SELECT code, at FROM support_event WHERE at < $1 ORDER BY at LIMIT $2)";
    let too_many = "DELETE FROM support_event WHERE (code, at) IN (SELECT code, at FROM support_event WHERE at < \
                    (SELECT at FROM support_event ORDER BY at DESC LIMIT 1 OFFSET $1) ORDER BY at LIMIT $2)";
    Ok(tx.execute(old, args![now.minus(EVENT_RETENTION), CLEANUP_BATCH_ROWS]).await?
        + tx.execute(too_many, args![most - 1, CLEANUP_BATCH_ROWS]).await?)
}
