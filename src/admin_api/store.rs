//! Rows of answers to requests with an `Idempotency-Key`.

use crate::base::clock::Span;
use crate::base::typed_ids::ApiTokenId;
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args};

/// The retention of an answer.
pub const API_ANSWER_RETENTION: Span = Span::hours(24);

/// A remembered request.
#[derive(Clone, Debug, FromRow)]
pub struct ApiAnswerRow {
    pub request: String,
    /// Sealed; `None` as long as the request has not ended.
    pub answer: Option<String>,
    pub created_at: i64,
}

/// Inserts a request that begins. Returns false if its key is known.
pub async fn insert(tx: &mut UnitOfWork<'_>, token: &ApiTokenId, key: &str, request: &str) -> Result<bool> {
    let now = tx.now;
    // One whose day is over is none, before the next cleaning too.
    let over = "DELETE FROM api_answer WHERE token_id = $1 AND key = $2 AND created_at <= $3";
    tx.execute(over, args![token, key, now.minus(API_ANSWER_RETENTION)]).await?;
    let sql = "INSERT INTO api_answer (token_id, key, request, created_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, args![token, key, request, now]).await? == 1)
}

pub async fn find(tx: &mut Tx, token: &ApiTokenId, key: &str) -> Result<Option<ApiAnswerRow>> {
    let sql = "SELECT request, answer, created_at FROM api_answer WHERE token_id = $1 AND key = $2";
    tx.fetch_optional(sql, args![token, key]).await
}

/// Writes the answer of a request that ended.
pub async fn set_answer(tx: &mut Tx, token: &ApiTokenId, key: &str, answer: &str) -> Result<()> {
    let sql = "UPDATE api_answer SET answer = $3 WHERE token_id = $1 AND key = $2 AND answer IS NULL";
    tx.execute(sql, args![token, key, answer]).await?;
    Ok(())
}

/// Forgets a request that changed nothing.
pub async fn delete(tx: &mut Tx, token: &ApiTokenId, key: &str) -> Result<()> {
    tx.execute("DELETE FROM api_answer WHERE token_id = $1 AND key = $2 AND answer IS NULL", args![token, key]).await?;
    Ok(())
}

/// Deletes a batch of answers whose day is over.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let before = tx.now.minus(API_ANSWER_RETENTION);
    let sql = "DELETE FROM api_answer WHERE (token_id, key) IN \
               (SELECT token_id, key FROM api_answer WHERE created_at < $1 ORDER BY created_at LIMIT $2)";
    tx.execute(sql, args![before, CLEANUP_BATCH_ROWS]).await
}
