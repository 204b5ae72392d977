//! Locks of people until the end of a transaction, in one order whoever asks (`src/db/row_locks.rs`). Who locks several
//! kinds locks accounts first, then persons, then pupils.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::db::{Result, RowLock, Tx, args};

static ACCOUNTS: LazyLock<RowLock> = LazyLock::new(|| RowLock::of("account"));
static PERSONS: LazyLock<RowLock> = LazyLock::new(|| RowLock::of("person"));
static PUPILS: LazyLock<RowLock> = LazyLock::new(|| RowLock::of("pupil"));

/// Locks accounts, as `accounts::store::find_and_lock` does one. Whoever writes what belongs to several of them locks them
/// before.
pub async fn lock_accounts(tx: &mut Tx, ids: &[&AccountId]) -> Result<()> {
    let ids: BTreeSet<&str> = ids.iter().map(|id| id.as_str()).collect();
    tx.lock_rows(&ACCOUNTS, &ids).await
}

/// Locks persons.
pub async fn lock_persons(tx: &mut Tx, ids: &[&PersonId]) -> Result<()> {
    let ids: BTreeSet<&str> = ids.iter().map(|id| id.as_str()).collect();
    tx.lock_rows(&PERSONS, &ids).await
}

/// Locks pupils.
pub async fn lock_pupils(tx: &mut Tx, ids: &[&PupilId]) -> Result<()> {
    let ids: BTreeSet<&str> = ids.iter().map(|id| id.as_str()).collect();
    tx.lock_rows(&PUPILS, &ids).await
}

/// Locks the persons and pupils of an account, before a statement that writes all of them.
pub async fn lock_people_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<()> {
    let persons = super::list_persons_of_account(tx, account_id).await?;
    lock_persons(tx, &persons.iter().collect::<Vec<_>>()).await?;
    let sql = "SELECT id FROM pupil WHERE account_id = $1";
    let pupils = tx.fetch_all::<(PupilId,)>(sql, args![account_id]).await?;
    lock_pupils(tx, &pupils.iter().map(|(id,)| id).collect::<Vec<_>>()).await
}
