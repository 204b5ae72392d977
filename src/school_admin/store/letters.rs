//! Rows of batches of letters.

use crate::administrators::scope::AdminScope;
use crate::administrators::store::scope::{in_scope, scope_args};
use crate::base::clock::Timestamp;
use crate::base::uai::Uai;
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, Value, args};

/// A batch to write.
#[derive(Clone, Copy, Debug)]
pub struct NewLetterBatch<'a> {
    pub id: &'a str,
    /// The id that the page drew.
    pub form_id: &'a str,
    pub uai: &'a Uai,
    /// Empty for a part that is no class.
    pub class: &'a str,
    pub part: &'a str,
    pub profile: &'a str,
    pub printed_by: &'a str,
    pub reason: &'a str,
    pub letters: i64,
}

/// Inserts a batch. Returns false if its form printed one already.
pub async fn insert(tx: &mut UnitOfWork<'_>, new: NewLetterBatch<'_>) -> Result<bool> {
    let now = tx.now;
    let sql = "INSERT INTO letter_batch (id, uai, class, part, profile, printed_by, printed_at, reason, letters, \
               form_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
    let values = args![
        new.id,
        new.uai,
        new.class,
        new.part,
        new.profile,
        new.printed_by,
        now,
        new.reason,
        new.letters,
        new.form_id
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Returns true if a form printed a batch.
pub async fn has(tx: &mut Tx, form_id: &str) -> Result<bool> {
    let sql = "SELECT id FROM letter_batch WHERE form_id = $1";
    Ok(tx.fetch_optional::<(String,)>(sql, args![form_id]).await?.is_some())
}

/// A batch in the list.
#[derive(Clone, Debug, FromRow)]
pub struct LetterBatchRow {
    pub id: String,
    pub uai: Uai,
    pub school: String,
    pub class: String,
    pub part: String,
    pub profile: String,
    /// The name of the administrator, if there still is one.
    pub printed_by: Option<String>,
    pub printed_at: i64,
    pub reason: String,
    pub letters: i64,
    /// The letters that served, and those that still may.
    pub used: i64,
    pub open: i64,
    /// The time at which the batch was taken back, and the letters that served until then.
    pub withdrawn_at: Option<i64>,
    pub letters_withdrawn: Option<i64>,
}

/// The columns of a batch, of which a letter is open as long as its code serves, or a browser that typed it is on its way.
macro_rules! batches {
    ($now:literal) => {
        concat!(
            "SELECT e.id, e.uai, s.name AS school, e.class, e.part, e.profile, a.name AS printed_by, e.printed_at, \
             e.reason, e.letters, \
             (SELECT COUNT(*) FROM letter l WHERE l.batch_id = e.id AND l.state = 'used') AS used, \
             (SELECT COUNT(*) FROM letter l WHERE l.batch_id = e.id AND l.ended_at IS NULL \
             AND (l.expires_at > ",
            $now,
            " OR l.taken_until > ",
            $now,
            ")) AS open, e.withdrawn_at, e.letters_withdrawn FROM letter_batch e JOIN school s ON s.uai = e.uai \
             LEFT JOIN administrator a ON a.id = e.printed_by WHERE "
        )
    };
}

/// Lists the batches inside a scope, the last first, before an id; of one school, or of all.
pub async fn list(
    tx: &mut Tx,
    scope: &AdminScope,
    (now, uai, before): (i64, &str, &str),
    most: i64,
) -> Result<Vec<LetterBatchRow>> {
    let sql = concat!(
        batches!("$6"),
        in_scope!(),
        " AND ($7 = '' OR e.uai = $7) AND ($8 = '' OR e.id < $8) ORDER BY e.id DESC LIMIT $9"
    );
    let mut values = scope_args(scope);
    values.extend([Value::from(now), Value::from(uai), Value::from(before), Value::from(most)]);
    tx.fetch_all(sql, values).await
}

/// Finds a batch, whoever asks.
pub async fn find(tx: &mut Tx, now: Timestamp, id: &str) -> Result<Option<LetterBatchRow>> {
    tx.fetch_optional(concat!(batches!("$1"), "e.id = $2"), args![now, id]).await
}

/// Marks a batch as taken back. Returns false if it was before, or is not there.
pub async fn mark_withdrawn(tx: &mut UnitOfWork<'_>, id: &str) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE letter_batch SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at IS NULL";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}

/// Notes how many letters of a batch served until it was taken back.
pub async fn set_letters_withdrawn(tx: &mut Tx, id: &str, letters: i64) -> Result<()> {
    tx.execute("UPDATE letter_batch SET letters_withdrawn = $2 WHERE id = $1", args![id, letters]).await?;
    Ok(())
}

/// Deletes batches that were printed before a time: a batch names who printed it and why, so it stays as long as the
/// journal and no longer. Its letters are rows of their own.
pub async fn delete_printed_before(tx: &mut UnitOfWork<'_>, before: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM letter_batch WHERE id IN \
               (SELECT id FROM letter_batch WHERE printed_at < $1 ORDER BY printed_at LIMIT $2)";
    tx.execute(sql, args![before, CLEANUP_BATCH_ROWS]).await
}
