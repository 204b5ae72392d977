//! Rows of the table `regroupement`.

use super::{JoinedAccounts, MovedRecords, RegroupState, Regroupement, UNDO_TTL};
use crate::accounts::JoinedPair;
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AccountId, ActivationId, LetterId, SessionId};
use crate::db::{CLEANUP_BATCH_ROWS, DbError, FromRow, Result, Tx, UnitOfWork, args, parse_word};

/// The retention of what came to nothing.
const UNFINISHED_RETENTION: Span = Span::days(1);

#[derive(FromRow)]
struct Row {
    id: String,
    asked_by: AccountId,
    other: AccountId,
    session_id: SessionId,
    proof: String,
    letter_id: Option<LetterId>,
    activation_id: Option<ActivationId>,
    state: String,
    factor_at: Option<i64>,
    support_code: String,
    created_at: i64,
    expires_at: i64,
}

impl TryFrom<Row> for Regroupement {
    type Error = DbError;
    fn try_from(r: Row) -> Result<Regroupement> {
        Ok(Regroupement {
            proof: parse_word("regroupement", "proof", &r.id, &r.proof)?,
            state: parse_word("regroupement", "state", &r.id, &r.state)?,
            id: r.id,
            asked_by: r.asked_by,
            other: r.other,
            session_id: r.session_id,
            letter_id: r.letter_id,
            activation_id: r.activation_id,
            factor_at: r.factor_at.map(Timestamp),
            support_code: r.support_code,
            created_at: Timestamp(r.created_at),
            expires_at: Timestamp(r.expires_at),
        })
    }
}

/// Inserts a regroupement, in place of an unfinished one of the same account.
pub async fn insert(tx: &mut UnitOfWork<'_>, new: &Regroupement) -> Result<()> {
    let (now, proof) = (tx.now, <&'static str>::from(new.proof));
    let former = "UPDATE regroupement SET state = 'ended', ended_at = $2 WHERE asked_by = $1 \
                  AND state IN ('factor', 'asked', 'proven')";
    tx.execute(former, args![&new.asked_by, now]).await?;
    tx.execute(
        "INSERT INTO regroupement (id, asked_by, other, session_id, proof, letter_id, activation_id, state, \
         support_code, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        args![
            &new.id,
            &new.asked_by,
            &new.other,
            &new.session_id,
            proof,
            &new.letter_id,
            &new.activation_id,
            new.state.name(),
            &new.support_code,
            new.created_at,
            new.expires_at
        ],
    )
    .await?;
    Ok(())
}

/// Finds an unfinished regroupement that this session began.
pub async fn find_open(tx: &mut Tx, now: Timestamp, id: &str, session_id: &SessionId) -> Result<Option<Regroupement>> {
    let sql = "SELECT id, asked_by, other, session_id, proof, letter_id, activation_id, state, factor_at, support_code, \
               created_at, expires_at FROM regroupement \
               WHERE id = $1 AND session_id = $2 AND state IN ('factor', 'asked', 'proven') AND expires_at > $3";
    let row = tx.fetch_optional::<Row>(sql, args![id, session_id, now]).await?;
    row.map(Regroupement::try_from).transpose()
}

/// Records the proof of the other account's second factor; false if a concurrent request was first.
pub async fn record_factor(tx: &mut UnitOfWork<'_>, found: &Regroupement, to: RegroupState) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE regroupement SET state = $2, factor_at = $3 WHERE id = $1 AND state = 'factor'";
    Ok(tx.execute(sql, args![&found.id, to.name(), now]).await? == 1)
}

/// Moves an unfinished regroupement to another state; false if a concurrent request was first.
pub async fn advance(tx: &mut Tx, id: &str, from: RegroupState, to: RegroupState) -> Result<bool> {
    let sql = "UPDATE regroupement SET state = $3 WHERE id = $1 AND state = $2";
    Ok(tx.execute(sql, args![id, from.name(), to.name()]).await? == 1)
}

/// Completes a proven regroupement; false if it was completed, ended or expired before.
pub async fn complete(
    tx: &mut UnitOfWork<'_>,
    id: &str,
    pair: JoinedPair<&AccountId>,
    moved: &MovedRecords,
) -> anyhow::Result<bool> {
    let (now, until, moved) = (tx.now, tx.now.plus(UNDO_TTL), serde_json::to_string(moved)?);
    let sql = "UPDATE regroupement SET state = 'done', kept = $2, absorbed = $3, moved = $4, done_at = $5, undo_until = $6 \
               WHERE id = $1 AND state = 'proven' AND expires_at > $5";
    Ok(tx.execute(sql, args![id, pair.kept, pair.absorbed, moved, now, until]).await? == 1)
}

/// A row of a completed regroupement.
#[derive(FromRow)]
struct JoinedRow {
    id: String,
    kept: AccountId,
    absorbed: AccountId,
    moved: String,
    done_at: i64,
    undo_until: i64,
}

fn joined(row: JoinedRow) -> anyhow::Result<JoinedAccounts> {
    Ok(JoinedAccounts {
        id: row.id,
        accounts: JoinedPair { kept: row.kept, absorbed: row.absorbed },
        moved: serde_json::from_str(&row.moved)?,
        done_at: Timestamp(row.done_at),
        undo_until: Timestamp(row.undo_until),
    })
}

/// Finds the last regroupement that an account kept, if it may be undone still. One that another regroupement followed
/// is undone after that one.
pub async fn find_undoable(tx: &mut Tx, now: Timestamp, kept: &AccountId) -> anyhow::Result<Option<JoinedAccounts>> {
    let sql = "SELECT id, kept, absorbed, moved, done_at, undo_until FROM regroupement \
               WHERE kept = $1 AND state = 'done' AND undo_until > $2 ORDER BY done_at DESC, id DESC LIMIT 1";
    tx.fetch_optional::<JoinedRow>(sql, args![kept, now]).await?.map(joined).transpose()
}

/// Ends a completed regroupement by its undo, within the seven days; false if it ended before.
pub async fn mark_undone(tx: &mut UnitOfWork<'_>, id: &str) -> Result<bool> {
    let now = tx.now;
    let sql =
        "UPDATE regroupement SET state = 'undone', ended_at = $2 WHERE id = $1 AND state = 'done' AND undo_until > $2";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}

/// Lists the spaces whose `sub` an account had of another one, until an undo gave it back. The account was known in none
/// of them before; whoever asked for it since the undo has it in a row.
pub async fn list_lent_spaces(tx: &mut Tx, kept: &AccountId) -> Result<Vec<String>> {
    let sql = "SELECT moved FROM regroupement WHERE kept = $1 AND state = 'undone' ORDER BY done_at, id LIMIT 1000";
    let rows = tx.fetch_all::<(String,)>(sql, args![kept]).await?;
    // What an erasure emptied says nothing.
    let moved = rows.iter().filter_map(|(moved,)| serde_json::from_str::<MovedRecords>(moved).ok());
    Ok(moved.flat_map(|moved| moved.spaces).collect())
}

/// Lists the regroupements whose seven days are over.
pub async fn list_due(tx: &mut Tx, now: Timestamp) -> anyhow::Result<Vec<JoinedAccounts>> {
    let sql = "SELECT id, kept, absorbed, moved, done_at, undo_until FROM regroupement WHERE state = 'done' AND undo_until <= $1 \
               ORDER BY undo_until, id LIMIT $2";
    tx.fetch_all::<JoinedRow>(sql, args![now, CLEANUP_BATCH_ROWS]).await?.into_iter().map(joined).collect()
}

/// Makes a regroupement final once its seven days are over. Returns true for the call that did.
pub async fn mark_final(tx: &mut UnitOfWork<'_>, id: &str) -> Result<bool> {
    let now = tx.now;
    let sql =
        "UPDATE regroupement SET state = 'final', ended_at = $2 WHERE id = $1 AND state = 'done' AND undo_until <= $2";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}

/// Deletes regroupements that came to nothing.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let before = tx.now.minus(UNFINISHED_RETENTION);
    let sql = "DELETE FROM regroupement WHERE id IN (SELECT id FROM regroupement \
               WHERE state IN ('factor', 'asked', 'proven', 'ended') AND expires_at < $1 LIMIT $2)";
    tx.execute(sql, args![before, CLEANUP_BATCH_ROWS]).await
}
