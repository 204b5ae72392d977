//! SQL queries of the table `letter`.

use super::{Letter, LetterKind};
use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AccountId, LetterId, PersonId, PupilId};
use crate::base::uai::Uai;
use crate::db::{DbError, FromRow, Result, Tx, UnitOfWork, args, parse_word};

#[derive(FromRow)]
struct Row {
    id: LetterId,
    account_id: AccountId,
    kind: String,
    code: String,
    state: String,
    issued_at: i64,
    expires_at: i64,
    ended_at: Option<i64>,
}

impl TryFrom<Row> for Letter {
    type Error = DbError;
    fn try_from(r: Row) -> Result<Letter> {
        Ok(Letter {
            kind: parse_word("letter", "kind", &r.id, &r.kind)?,
            state: parse_word("letter", "state", &r.id, &r.state)?,
            issued_at: Timestamp(r.issued_at),
            expires_at: Timestamp(r.expires_at),
            ended_at: r.ended_at.map(Timestamp),
            id: r.id,
            account_id: r.account_id,
            code: r.code,
        })
    }
}

/// The columns of a new letter.
#[derive(Debug)]
pub struct NewLetter<'a> {
    pub id: &'a LetterId,
    pub account_id: &'a AccountId,
    pub kind: LetterKind,
    /// An HMAC.
    pub code: &'a str,
    pub uai: &'a Uai,
    /// The parent whom the letter names.
    pub person_id: Option<&'a PersonId>,
    /// The child for whom the parent joins an account.
    pub pupil_id: Option<&'a PupilId>,
    pub reason: &'a str,
    pub expires_at: Timestamp,
}

/// Inserts an issued letter.
pub async fn insert(tx: &mut UnitOfWork<'_>, new: &NewLetter<'_>) -> Result<()> {
    let (now, by) = (tx.now, tx.actor.id().unwrap_or_default().to_owned());
    tx.execute(
        "INSERT INTO letter (id, account_id, kind, code, state, uai, person_id, issued_by, reason, issued_at, \
         expires_at, pupil_id) VALUES ($1, $2, $3, $4, 'issued', $5, $6, $7, $8, $9, $10, $11)",
        args![
            new.id,
            new.account_id,
            new.kind.name(),
            new.code,
            new.uai,
            new.person_id,
            by,
            new.reason,
            now,
            new.expires_at,
            new.pupil_id
        ],
    )
    .await?;
    Ok(())
}

/// Adds the open letter of an account and kind to a batch.
pub async fn set_batch(tx: &mut Tx, (account_id, kind): (&AccountId, LetterKind), batch_id: &str) -> Result<()> {
    let sql = "UPDATE letter SET batch_id = $3 WHERE account_id = $1 AND kind = $2 AND ended_at IS NULL";
    tx.execute(sql, args![account_id, kind.name(), batch_id]).await?;
    Ok(())
}

/// Ends the open letter of an account and kind, because a newer one is printed.
pub async fn replace_open(tx: &mut UnitOfWork<'_>, account_id: &AccountId, kind: LetterKind) -> Result<()> {
    let now = tx.now;
    let sql = "UPDATE letter SET state = 'replaced', ended_at = $3 \
               WHERE account_id = $1 AND kind = $2 AND ended_at IS NULL";
    tx.execute(sql, args![account_id, kind.name(), now]).await?;
    Ok(())
}

/// Ends the open letters of an account that lead to a password, because one was chosen.
pub async fn withdraw_open(tx: &mut UnitOfWork<'_>, account_id: &AccountId) -> Result<()> {
    let now = tx.now;
    let sql = "UPDATE letter SET state = 'withdrawn', ended_at = $2 \
               WHERE account_id = $1 AND ended_at IS NULL AND \
               kind IN ('first', 'reset', 'factor', 'parent_for_pupil')";
    tx.execute(sql, args![account_id, now]).await?;
    Ok(())
}

/// Ends every open letter of an account, also for one more child: its person says that somebody else is there, or it
/// closes.
pub async fn withdraw_all(tx: &mut UnitOfWork<'_>, account_id: &AccountId) -> Result<()> {
    let now = tx.now;
    let sql = "UPDATE letter SET state = 'withdrawn', ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL";
    tx.execute(sql, args![account_id, now]).await?;
    Ok(())
}

/// A letter that a school printed and whose code serves.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct ServingLetter {
    pub id: LetterId,
    pub kind: String,
    /// The school in whose name it was printed.
    pub uai: Uai,
    pub issued_at: i64,
}

/// Lists the letters of an account that schools printed and whose codes serve, the newest first: one of a kind at most.
/// The code that a parent handed over is no letter of a school.
pub async fn list_serving(tx: &mut Tx, now: Timestamp, account_id: &AccountId) -> Result<Vec<ServingLetter>> {
    let sql = "SELECT id, kind, uai, issued_at FROM letter WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2 \
               AND kind <> 'parent_for_pupil' AND uai IS NOT NULL ORDER BY issued_at DESC, id DESC LIMIT 10";
    tx.fetch_all(sql, args![account_id, now]).await
}

/// Ends a letter that its school takes back. Returns false if it was used, or ended otherwise, before.
pub async fn withdraw(tx: &mut UnitOfWork<'_>, id: &LetterId) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE letter SET state = 'withdrawn', ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}

/// Lists the accounts whose letters of a batch have not ended.
pub async fn list_accounts_of_batch(tx: &mut Tx, batch_id: &str) -> Result<Vec<AccountId>> {
    let sql = "SELECT DISTINCT account_id FROM letter WHERE batch_id = $1 AND ended_at IS NULL";
    Ok(tx.fetch_all::<(AccountId,)>(sql, args![batch_id]).await?.into_iter().map(|(id,)| id).collect())
}

/// Ends the letters of a batch whose codes serve, or were typed in a browser that is on its way. Returns how many did; one
/// statement, because a batch has some hundred letters at most.
pub async fn withdraw_batch(tx: &mut UnitOfWork<'_>, batch_id: &str) -> Result<u64> {
    let now = tx.now;
    let sql = "UPDATE letter SET state = 'withdrawn', ended_at = $2 WHERE batch_id = $1 AND ended_at IS NULL \
               AND state IN ('issued', 'taken') AND (expires_at > $2 OR taken_until > $2)";
    tx.execute(sql, args![batch_id, now]).await
}

/// Lists the letters that a typed code is compared with, the newest first: the account's, in all states, or else those of
/// another account, because rows that are read and decoded take time. The code of a letter is bound to its account, so
/// none of another one is ever equal.
pub async fn list_to_compare(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<Letter>> {
    let sql = "SELECT id, account_id, kind, code, state, issued_at, expires_at, ended_at FROM letter \
               WHERE account_id = COALESCE((SELECT MIN(account_id) FROM letter WHERE account_id >= $1), \
               (SELECT MIN(account_id) FROM letter)) ORDER BY issued_at DESC, id DESC LIMIT 50";
    tx.fetch_all::<Row>(sql, args![account_id]).await?.into_iter().map(Letter::try_from).collect()
}

/// Lists the letters of an account in all states, the newest first.
pub async fn list_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<Letter>> {
    let sql = "SELECT id, account_id, kind, code, state, issued_at, expires_at, ended_at FROM letter \
               WHERE account_id = $1 ORDER BY issued_at DESC, id DESC LIMIT 50";
    tx.fetch_all::<Row>(sql, args![account_id]).await?.into_iter().map(Letter::try_from).collect()
}

pub async fn find(tx: &mut Tx, id: &LetterId) -> Result<Option<Letter>> {
    let sql = "SELECT id, account_id, kind, code, state, issued_at, expires_at, ended_at FROM letter WHERE id = $1";
    tx.fetch_optional::<Row>(sql, args![id]).await?.map(Letter::try_from).transpose()
}

/// A letter for one more child whose code was typed.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct TakenChildLetter {
    pub id: LetterId,
    /// The person of the roster who joins the account.
    pub person_id: PersonId,
    /// The only child whom the letter adds.
    pub pupil_id: PupilId,
    /// The school in whose name it was printed.
    pub uai: Uai,
}

/// Lists the letters for one more child whose code was typed for an account, while they are taken.
pub async fn list_taken_children(tx: &mut Tx, now: Timestamp, account_id: &AccountId) -> Result<Vec<TakenChildLetter>> {
    let sql = "SELECT id, person_id, pupil_id, uai FROM letter WHERE account_id = $1 AND kind = 'child' AND state = 'taken' \
               AND ended_at IS NULL AND taken_until > $2 AND person_id IS NOT NULL AND pupil_id IS NOT NULL \
               AND uai IS NOT NULL ORDER BY id LIMIT 10";
    tx.fetch_all(sql, args![account_id, now]).await
}

/// Gives an open letter to the browser that typed its code; false if it ended meanwhile.
pub async fn take(tx: &mut Tx, id: &LetterId, until: Timestamp) -> Result<bool> {
    let sql = "UPDATE letter SET state = 'taken', taken_until = $2 \
               WHERE id = $1 AND state IN ('issued', 'taken') AND ended_at IS NULL";
    Ok(tx.execute(sql, args![id, until]).await? == 1)
}

/// Ends a taken letter by its use; false if it ended before.
pub async fn mark_used(tx: &mut UnitOfWork<'_>, id: &LetterId) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE letter SET state = 'used', ended_at = $2 WHERE id = $1 AND state = 'taken' AND ended_at IS NULL \
               AND taken_until > $2";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}
