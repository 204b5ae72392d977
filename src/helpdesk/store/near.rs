//! Activations in somebody's name with another number: without them such a parent leaves no trace.

use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id;
use crate::base::typed_ids::PersonId;
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args};

/// The retention of such a row.
pub const NEAR_RETENTION: Span = Span::days(30);

/// An activation with another number.
#[derive(Clone, Debug, FromRow)]
pub struct NearRow {
    pub at: i64,
    pub support_code: String,
    pub last2: String,
}

/// Writes one, once for each support code and person.
pub async fn insert(tx: &mut UnitOfWork<'_>, person_id: &PersonId, (support_code, last2): (&str, &str)) -> Result<()> {
    let (id, now) = (row_id(tx.now, tx.rng), tx.now);
    let sql = "INSERT INTO activation_near (id, person_id, at, support_code, last2) \
               SELECT $1, $2, $3, $4, $5 WHERE NOT EXISTS \
               (SELECT 1 FROM activation_near WHERE person_id = $2 AND support_code = $4)";
    tx.execute(sql, args![id, person_id, now, support_code, last2]).await?;
    Ok(())
}

/// Lists those of a person since a time, the newest first.
pub async fn list(tx: &mut Tx, person_id: &PersonId, since: Timestamp) -> Result<Vec<NearRow>> {
    let sql = "SELECT at, support_code, last2 FROM activation_near WHERE person_id = $1 AND at >= $2 \
               ORDER BY at DESC, id LIMIT 20";
    tx.fetch_all(sql, args![person_id, since]).await
}

/// Lists the persons to whom a support code leads.
pub async fn list_persons_by_code(tx: &mut Tx, code: &str) -> Result<Vec<PersonId>> {
    let sql = "SELECT person_id FROM activation_near WHERE support_code = $1 ORDER BY id LIMIT 20";
    Ok(tx.fetch_all::<(PersonId,)>(sql, args![code]).await?.into_iter().map(|(id,)| id).collect())
}

/// Deletes rows whose term has come.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let before = tx.now.minus(NEAR_RETENTION);
    let sql = "DELETE FROM activation_near WHERE id IN \
               (SELECT id FROM activation_near WHERE at < $1 ORDER BY at LIMIT $2)";
    tx.execute(sql, args![before, CLEANUP_BATCH_ROWS]).await
}
