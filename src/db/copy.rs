//! Copies of a whole database, for backups: of SQLite into a file, while others write.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use super::{Db, DbError, Result, args};

/// Writes the state of a database at one moment into an empty file. Writers go on meanwhile; the copy has no
/// write-ahead log.
///
/// # Errors
/// Fails if the database cannot be read, or the file has content.
pub async fn copy_sqlite(source: &Path, to: &Path) -> Result<()> {
    let Some(to) = to.to_str() else { return Err(DbError::Url(format!("{} is no UTF-8", to.display()))) };
    let mut connection = open(source, false).await?;
    // Not on a reading connection: with `query_only` SQLite refuses to write the copy too.
    sqlx::query("VACUUM INTO $1").bind(to).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// Returns the first fault that SQLite finds in a file, if any.
///
/// # Errors
/// Fails for a file that is no database.
pub async fn find_sqlite_fault(file: &Path) -> Result<Option<String>> {
    let mut connection = open(file, true).await?;
    let (said,): (String,) = sqlx::query_as("PRAGMA quick_check(1)").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok((said != "ok").then_some(said))
}

async fn open(file: &Path, read_only: bool) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(false)
        .read_only(read_only)
        .busy_timeout(std::time::Duration::from_secs(30))
        .disable_statement_logging();
    options.connect().await.map_err(DbError::Open)
}

impl Db {
    /// Lets PostgreSQL's planner learn the tables of a restored dump, which has none of its figures.
    pub async fn analyze_restored(&self) -> Result<()> {
        match self {
            Db::Sqlite { .. } => {}
            Db::Postgres { write, .. } => {
                sqlx::raw_sql("ANALYZE").execute(write.borrow().await?.get()?).await.map(|_| ())?
            }
        }
        Ok(())
    }

    /// Counts the tables of a database, also of other programs.
    pub async fn count_tables(&self) -> Result<i64> {
        let sql = match self {
            Db::Sqlite { .. } => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'",
            Db::Postgres { .. } => {
                "SELECT COUNT(*) FROM information_schema.tables \
                 WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
            }
        };
        Ok(self.read().await?.fetch_one::<(i64,)>(sql, Vec::new()).await?.0)
    }

    /// True if the database has a table of this name, whether or not it may be read.
    pub async fn has_table(&self, name: &str) -> Result<bool> {
        let sql = match self {
            Db::Sqlite { .. } => "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1",
            Db::Postgres { .. } => {
                "SELECT COUNT(*) FROM pg_catalog.pg_class WHERE relname = $1 AND pg_catalog.pg_table_is_visible(oid)"
            }
        };
        Ok(self.read().await?.fetch_one::<(i64,)>(sql, args![name]).await?.0 > 0)
    }
}
