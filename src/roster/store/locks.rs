//! Locks of people until the end of a transaction, in one order whoever asks (`src/db/row_locks.rs`). Who locks several
//! kinds locks accounts first, then persons, then pupils.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::db::{Result, RowLock, Tx};

static ACCOUNTS: LazyLock<RowLock> = LazyLock::new(|| RowLock::of("account"));
static PERSONS: LazyLock<RowLock> = LazyLock::new(|| RowLock::of("person"));
static PUPILS: LazyLock<RowLock> = LazyLock::new(|| RowLock::of("pupil"));

/// Locks the accounts that an import gives people.
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
