//! Rows of messages that a gateway took and will say more of.

use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::PersonId;
use crate::db::{CLEANUP_BATCH_ROWS, DbError, Result, Tx, UnitOfWork, args};

/// The time after which no receipt is expected any more: twice the longest validity of a message.
const RECEIPT_TTL: Span = Span::days(4);

/// A message that waited for its receipt.
#[derive(Debug)]
pub struct HandedMessage {
    pub persons: Vec<PersonId>,
    pub support_code: String,
    pub sent_at: Timestamp,
    /// The academy for which it was counted.
    pub academy: Option<String>,
}

/// A message that a gateway took.
#[derive(Clone, Copy, Debug)]
pub struct NewHandedMessage<'a> {
    pub gateway: &'static str,
    pub message_id: &'a str,
    pub persons: &'a [PersonId],
    pub support_code: &'a str,
    pub academy: Option<&'a str>,
}

/// Keeps a message. An id that the gateway gave before is that of the later message.
pub async fn insert(tx: &mut UnitOfWork<'_>, new: &NewHandedMessage<'_>) -> Result<()> {
    let now = tx.now;
    let NewHandedMessage { gateway, message_id, persons, support_code, academy } = *new;
    let persons = serde_json::to_string(persons).unwrap_or_default();
    tx.execute(
        "INSERT INTO sms_handed (gateway, message_id, persons, support_code, sent_at, academy) \
         VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (gateway, message_id) DO UPDATE SET persons = excluded.persons, \
         support_code = excluded.support_code, sent_at = excluded.sent_at, academy = excluded.academy",
        args![gateway, message_id, persons, support_code, now, academy],
    )
    .await?;
    Ok(())
}

/// Returns those of the ids of which a message waits for its receipt.
pub async fn find(tx: &mut Tx, gateway: &'static str, [a, b, c]: &[String; 3]) -> Result<Vec<String>> {
    let sql = "SELECT message_id FROM sms_handed WHERE gateway = $1 AND message_id IN ($2, $3, $4)";
    let rows = tx.fetch_all::<(String,)>(sql, args![gateway, a, b, c]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Removes a message and returns it, so that a repeated receipt finds nothing.
pub async fn take(tx: &mut UnitOfWork<'_>, gateway: &'static str, message_id: &str) -> Result<Option<HandedMessage>> {
    let sql = "DELETE FROM sms_handed WHERE gateway = $1 AND message_id = $2 \
               RETURNING persons, support_code, sent_at, academy";
    let row = tx.fetch_optional::<(String, String, i64, Option<String>)>(sql, args![gateway, message_id]).await?;
    let Some((persons, support_code, sent_at, academy)) = row else { return Ok(None) };
    let persons = serde_json::from_str(&persons).map_err(|_| DbError::Inconsistent {
        table: "sms_handed",
        column: "persons",
        row: message_id.to_owned(),
    })?;
    Ok(Some(HandedMessage { persons, support_code, sent_at: Timestamp(sent_at), academy }))
}

/// Deletes messages of which nothing is said any more.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    let sql = "DELETE FROM sms_handed WHERE sent_at < $1 AND message_id IN \
               (SELECT message_id FROM sms_handed WHERE sent_at < $1 LIMIT $2)";
    tx.execute(sql, args![now.minus(RECEIPT_TTL), CLEANUP_BATCH_ROWS]).await
}
