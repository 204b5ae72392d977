//! A command that writes much, and then ends.

use super::{Db, Result};

impl Db {
    /// Lets SQLite's writer keep more of the database in memory: what has the indexes of digests changed all over is read
    /// many times otherwise. Only for a command that ends: the memory of a server is another sum
    /// (docs/decisions/0042-speed-and-size.md). How often the write-ahead log is written back stays as it is: beside a
    /// server, whoever commits next in it would write back what is left to pile up. PostgreSQL has memory of its own.
    pub async fn prepare_bulk_write(&self) -> Result<()> {
        if self.is_sqlite() {
            // 32 MiB. Of a million people the two indexes of digests are some 80 MB, and what is read again of them costs
            // about a second; with twice as much, an academy's import takes more than its 200 MiB.
            self.write_one().await?.execute_batch("PRAGMA cache_size = -32768").await?;
        }
        Ok(())
    }

    /// Writes back what SQLite's write-ahead log holds, and with it has all commits survive a power cut.
    pub async fn finish_bulk_write(&self) -> Result<()> {
        if self.is_sqlite() {
            self.write_one().await?.execute_batch("PRAGMA wal_checkpoint(PASSIVE)").await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::db::{Db, Durability};

    #[tokio::test]
    async fn the_writer_has_more_memory_and_readers_have_not() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite:{}", folder.path().join("x.db").display())).await.unwrap();
        let sql = "PRAGMA cache_size";
        let usual = db.read().await.unwrap().fetch_one::<(i64,)>(sql, Vec::new()).await.unwrap().0;
        db.prepare_bulk_write().await.unwrap();
        let mut tx = db.write(Durability::Relaxed).await.unwrap();
        assert_eq!(tx.fetch_one::<(i64,)>(sql, Vec::new()).await.unwrap().0, -32_768);
        assert_eq!(tx.fetch_one::<(i64,)>("PRAGMA wal_autocheckpoint", Vec::new()).await.unwrap().0, 1_000);
        tx.commit().await.unwrap();
        db.finish_bulk_write().await.unwrap();
        let of_reader = db.read().await.unwrap().fetch_one::<(i64,)>(sql, Vec::new()).await.unwrap().0;
        assert_eq!((of_reader, usual), (-8_000, -8_000));
    }
}
