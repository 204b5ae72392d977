//! The mark of an SQLite database that was moved to PostgreSQL: whatever is written to it since would be lost.

use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, SqliteExecutor};

use super::{Db, Result};

/// Marks a database in the caller's transaction. Triggers refuse also what a server writes that has it open.
pub async fn mark(connection: &mut SqliteConnection, tables: impl Iterator<Item = &str>) -> sqlx::Result<()> {
    sqlx::raw_sql("CREATE TABLE moved_to_postgresql (at TEXT)").execute(&mut *connection).await?;
    for (number, table) in tables.enumerate() {
        let table = table.replace('"', "\"\"");
        for act in ["INSERT", "UPDATE", "DELETE"] {
            let sql = format!(
                "CREATE TRIGGER moved_{number}_{act} BEFORE {act} ON \"{table}\" \
                 BEGIN SELECT RAISE(ABORT, 'this database was moved to PostgreSQL'); END"
            );
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await?;
        }
    }
    Ok(())
}

/// True if the database was moved.
pub async fn is_marked(on: impl SqliteExecutor<'_>) -> sqlx::Result<bool> {
    let sql = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'moved_to_postgresql'";
    let (count,): (i64,) = sqlx::query_as(sql).fetch_one(on).await?;
    Ok(count > 0)
}

impl Db {
    /// True for an SQLite database that was moved: it is opened for reading only.
    pub async fn is_moved(&self) -> Result<bool> {
        match self {
            Db::Sqlite { read, .. } => Ok(is_marked(read.borrow().await?.get()?).await?),
            Db::Postgres { .. } => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{AccessMode, DbError, Durability};

    #[tokio::test]
    async fn a_database_that_was_moved_takes_no_write_of_a_server_that_runs_and_none_starts() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("x.db").display());
        let db = Db::open(&url).await.unwrap();
        db.migrate().await.unwrap();
        let Db::Sqlite { write, .. } = &db else { panic!() };
        let mut borrowed = write.borrow().await.unwrap();
        let connection = borrowed.get().unwrap();
        assert!(!is_marked(&mut *connection).await.unwrap());
        mark(connection, ["academy", "person"].into_iter()).await.unwrap();
        assert!(is_marked(&mut *connection).await.unwrap());
        drop(borrowed);
        let mut tx = db.write(Durability::Durable).await.unwrap();
        let sql = "INSERT INTO academy (id, code, name) VALUES ('x', '99', 'X')";
        let refused = tx.execute(sql, Vec::new()).await.unwrap_err();
        assert!(refused.to_string().contains("moved to PostgreSQL"), "{refused}");
        tx.rollback().await.unwrap();
        db.close().await;
        assert!(matches!(Db::open(&url).await, Err(DbError::Moved)));
        let db = Db::open_with(&url, AccessMode::ReadOnly).await.unwrap();
        assert!(db.is_moved().await.unwrap());
        db.close().await;
    }
}
