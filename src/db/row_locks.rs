//! Locks of many rows, in one order whoever asks.
//!
//! Two transactions of PostgreSQL that write the same rows in different orders wait for each other, until one of them is
//! aborted. Whoever writes several rows of a table that others write too locks them first. SQLite has one writer, which
//! needs no locks.

use std::collections::BTreeSet;

use super::tx::Inner;
use super::{KeysSql, Result, Tx};

/// The statement that locks rows of a table by their ids.
pub struct RowLock(KeysSql);

impl RowLock {
    /// Returns the lock of a table's rows. It keeps out whoever changes or deletes a row, and nobody who refers to it.
    pub fn of(table: &str) -> Self {
        // Byte by byte, as a long list is cut, whatever the collation of the database.
        Self(KeysSql::new(
            &format!("SELECT id FROM {table} WHERE id IN"),
            "ORDER BY id COLLATE \"C\" FOR NO KEY UPDATE",
        ))
    }
}

impl Tx {
    /// Locks rows until the end of the transaction, in the order of their ids; ids without a row are passed over. What is
    /// read from then on is as the last one who held the locks left it.
    pub async fn lock_rows(&mut self, lock: &'static RowLock, ids: &BTreeSet<&str>) -> Result<()> {
        if matches!(self.inner, Inner::Sqlite(_)) {
            return Ok(());
        }
        let ids: Vec<&str> = ids.iter().copied().collect();
        self.fetch_by_keys::<(String,)>(&lock.0, Vec::new(), &ids).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::db::{Db, Durability};

    #[tokio::test]
    async fn sqlite_is_asked_for_no_lock() {
        static LOCK: LazyLock<RowLock> = LazyLock::new(|| RowLock::of("a_table_that_is_not_there"));
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite:{}", folder.path().join("x.db").display())).await.unwrap();
        db.migrate().await.unwrap();
        let mut tx = db.write(Durability::Relaxed).await.unwrap();
        tx.lock_rows(&LOCK, &BTreeSet::from(["b", "a"])).await.unwrap();
        tx.rollback().await.unwrap();
    }
}
