//! Rows of the tables `subject` and `former_subject`.

use std::sync::LazyLock;

use super::RecordedSubject;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::AccountId;
use crate::db::{CLEANUP_BATCH_ROWS, KeysSql, Result, RowLock, RowsSql, Tx, UnitOfWork, args};

static ACADEMIES: LazyLock<RowLock> = LazyLock::new(|| RowLock::of("academy"));

static OF_ACCOUNTS: LazyLock<KeysSql> =
    LazyLock::new(|| KeysSql::new("SELECT account_id, value FROM subject WHERE space = ? AND account_id IN", ""));
static BY_VALUE: LazyLock<KeysSql> =
    LazyLock::new(|| KeysSql::new("SELECT value, account_id FROM subject WHERE space = ? AND value IN", ""));
static NEW_SUBJECTS: LazyLock<RowsSql> = LazyLock::new(|| {
    let head = "INSERT INTO subject (space, account_id, value, created_at)";
    RowsSql::insert(head, 4, "ON CONFLICT DO NOTHING")
});

pub async fn find(tx: &mut Tx, space: &str, account_id: &AccountId) -> Result<Option<String>> {
    let sql = "SELECT value FROM subject WHERE space = $1 AND account_id = $2";
    Ok(tx.fetch_optional::<(String,)>(sql, args![space, account_id]).await?.map(|(value,)| value))
}

/// True if another account is known by a value in a space.
pub async fn is_another_s(tx: &mut Tx, space: &str, value: &str, account_id: &AccountId) -> Result<bool> {
    let sql = "SELECT account_id FROM subject WHERE space = $1 AND value = $2 AND account_id <> $3 LIMIT 1";
    Ok(tx.fetch_optional::<(AccountId,)>(sql, args![space, value, account_id]).await?.is_some())
}

/// Writes a `sub` unless the account has one in the space.
pub async fn insert_if_absent(
    tx: &mut Tx,
    now: Timestamp,
    space: &str,
    account_id: &AccountId,
    value: &str,
) -> Result<()> {
    let sql =
        "INSERT INTO subject (space, account_id, value, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    tx.execute(sql, args![space, account_id, value, now]).await?;
    Ok(())
}

/// Lists the values of accounts in a space.
pub async fn list_of_accounts(tx: &mut Tx, space: &str, accounts: &[&str]) -> Result<Vec<(AccountId, String)>> {
    tx.fetch_by_keys(&OF_ACCOUNTS, args![space], accounts).await
}

/// Lists those of the values by which accounts are known in a space, each with its account.
pub async fn list_by_value(tx: &mut Tx, space: &str, values: &[&str]) -> Result<Vec<(String, AccountId)>> {
    tx.fetch_by_keys(&BY_VALUE, args![space], values).await
}

/// Keeps others from writing subjects of other programs until the end of the transaction, by the rows of all academies: a
/// space is no row, and may be that of several academies. Else two transactions that do not see each other's rows would
/// give one `sub` to two accounts.
pub async fn lock_adoption(tx: &mut Tx) -> Result<()> {
    let academies = tx.fetch_all::<(String,)>("SELECT id FROM academy ORDER BY id", args![]).await?;
    tx.lock_rows(&ACADEMIES, &academies.iter().map(|(id,)| id.as_str()).collect()).await
}

/// A `sub` that an account gets in a space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSubject {
    pub space: String,
    pub account_id: AccountId,
    pub value: String,
}

/// Writes subjects. Returns false if an account has one in the space: others may be written then, so the caller rolls
/// back.
pub async fn insert_new(tx: &mut Tx, now: Timestamp, new: &[NewSubject]) -> Result<bool> {
    let row = |subject: &NewSubject| args![&subject.space, &subject.account_id, &subject.value, now];
    let written = tx.write_rows(&NEW_SUBJECTS, new.iter().map(row).collect()).await?;
    Ok(usize::try_from(written) == Ok(new.len()))
}

fn recorded(rows: Vec<(String, String)>) -> Vec<RecordedSubject> {
    rows.into_iter().map(|(space, value)| RecordedSubject { space, value }).collect()
}

/// Lists the `sub` of an account in all spaces where one is written.
pub async fn list_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<RecordedSubject>> {
    let sql = "SELECT space, value FROM subject WHERE account_id = $1 ORDER BY space LIMIT 1000";
    Ok(recorded(tx.fetch_all(sql, args![account_id]).await?))
}

/// Gives a `sub` of one account to another one that has none in the space. Returns false if it has.
pub async fn move_to(tx: &mut Tx, space: &str, from: &AccountId, to: &AccountId) -> Result<bool> {
    let sql = "UPDATE subject SET account_id = $3 WHERE space = $1 AND account_id = $2 \
               AND NOT EXISTS (SELECT 1 FROM subject other WHERE other.space = $1 AND other.account_id = $3)";
    Ok(tx.execute(sql, args![space, from, to]).await? == 1)
}

/// Lists what an account got as its `sub` since then.
pub async fn list_since(tx: &mut Tx, account_id: &AccountId, since: Timestamp) -> Result<Vec<RecordedSubject>> {
    let sql = "SELECT space, value FROM subject WHERE account_id = $1 AND created_at >= $2 ORDER BY space LIMIT 1000";
    Ok(recorded(tx.fetch_all(sql, args![account_id, since]).await?))
}

pub async fn delete(tx: &mut Tx, space: &str, account_id: &AccountId) -> Result<()> {
    tx.execute("DELETE FROM subject WHERE space = $1 AND account_id = $2", args![space, account_id]).await?;
    Ok(())
}

/// Lists the former values of an account in a space, the last first.
pub async fn list_former(tx: &mut Tx, space: &str, account_id: &AccountId) -> Result<Vec<String>> {
    let sql = "SELECT value FROM former_subject WHERE space = $1 AND account_id = $2 \
               ORDER BY since DESC, value LIMIT 20";
    Ok(tx.fetch_all::<(String,)>(sql, args![space, account_id]).await?.into_iter().map(|(value,)| value).collect())
}

/// Records that the clients of a space knew the account's person by another value, from now on told for a while.
pub async fn insert_former(tx: &mut UnitOfWork<'_>, space: &str, account_id: &AccountId, value: &str) -> Result<()> {
    let (now, until) = (tx.now, tx.now.plus(super::FORMER_SUBJECT_TTL));
    let sql = "INSERT INTO former_subject (space, account_id, value, since, expires_at) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT DO NOTHING";
    tx.execute(sql, args![space, account_id, value, now, until]).await?;
    Ok(())
}

/// Lists the former values of an account in all spaces.
pub async fn list_all_former(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<RecordedSubject>> {
    let sql = "SELECT space, value FROM former_subject WHERE account_id = $1 ORDER BY space, value LIMIT 1000";
    Ok(recorded(tx.fetch_all(sql, args![account_id]).await?))
}

/// Gives a former value of one account to another one.
pub async fn move_former(tx: &mut Tx, former: &RecordedSubject, from: &AccountId, to: &AccountId) -> Result<()> {
    let sql = "UPDATE former_subject SET account_id = $4 WHERE space = $1 AND value = $2 AND account_id = $3";
    tx.execute(sql, args![&former.space, &former.value, from, to]).await?;
    Ok(())
}

/// Deletes a former value, because its account is itself again.
pub async fn delete_former(tx: &mut Tx, former: &RecordedSubject, account_id: &AccountId) -> Result<()> {
    let sql = "DELETE FROM former_subject WHERE space = $1 AND account_id = $2 AND value = $3";
    tx.execute(sql, args![&former.space, account_id, &former.value]).await?;
    Ok(())
}

/// Deletes former values that are told no more.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    let sql = "DELETE FROM former_subject WHERE expires_at <= $1 AND value IN \
               (SELECT value FROM former_subject WHERE expires_at <= $1 LIMIT $2)";
    tx.execute(sql, args![now, CLEANUP_BATCH_ROWS]).await
}
