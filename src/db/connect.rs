//! Opens a database: pools, pragmas, migrations.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Connection as _, Postgres, Sqlite};

use super::connections::{Connections, ReuseRules};
use super::primary::PrimaryFollower;
use super::recent_rows::RecentRows;
use super::tx::Writers;
use super::{DbError, Result, WriteFailure, files, moved, postgres};
use crate::config::Database;

/// The prepared statements that a connection keeps: more than the program has, so that no use case drives out another's.
pub(super) const STATEMENT_CACHE_SIZE: usize = 1_000;

/// The embedded migrations. Unknown migrations in the database are accepted: the migrations of a newer version only add
/// (a test of `migrations/` checks this), so the present version can continue. Otherwise the servers of a cluster could
/// not be restarted during a rolling upgrade (docs/threats.md#fault-rt11).
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("./migrations");
    migrator.set_ignore_missing(true);
    migrator
});

/// Returns the number of embedded migrations. A test checks the number, because sqlx silently ignores a misnamed file.
pub const MIGRATION_COUNT: fn() -> usize = || MIGRATIONS.iter().count();

/// The access of the program to a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessMode {
    /// Reads and writes; a missing SQLite file is created.
    ReadWrite,
    /// Reads only: nothing is created, and a write is an error.
    ReadOnly,
}

/// The differences between the migrations of a database and of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaStatus {
    /// Versions of embedded migrations missing from the database.
    pub missing: Vec<i64>,
    /// Versions in the database unknown to the program, applied by a newer version.
    pub unknown: Vec<i64>,
}

/// The connections of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    pub name: &'static str,
    pub open: usize,
    pub idle: usize,
    pub max: usize,
}

/// The connection pools of SQLite or PostgreSQL. SQLite has one writing connection and several read-only connections.
#[derive(Clone)]
pub enum Db {
    Sqlite {
        read: Connections<Sqlite>,
        write: Connections<Sqlite>,
        writers: Writers,
    },
    /// `pooled`: through a pooler, where a connection is ours for one transaction only. `reads_only`: each transaction says
    /// itself that it only reads, because a pooler takes no options of a connection.
    Postgres {
        read: Connections<Postgres>,
        write: Connections<Postgres>,
        writers: Writers,
        pooled: bool,
        reads_only: bool,
        follower: Option<Arc<PrimaryFollower>>,
    },
}

/// PostgreSQL's code for a missing right.
const FORBIDDEN: &str = "42501";

/// The rows of a table from which SQLite's statistics of it are kept.
const MIN_ROWS_OF_STATISTICS: i64 = 10_000;

impl Db {
    /// Opens `sqlite:PATH` (created when missing) or `postgres://…`, without migrating.
    ///
    /// # Errors
    /// Fails for a URL of another kind, a folder that cannot be created, or a server that does not respond.
    pub async fn open(url: &str) -> Result<Db> {
        Self::open_with(url, AccessMode::ReadWrite).await
    }

    /// Opens the database as [`Db::open`] does, with the given access mode.
    ///
    /// # Errors
    /// Fails as [`Db::open`] does, and for a missing file in read-only mode.
    pub async fn open_with(url: &str, access: AccessMode) -> Result<Db> {
        Self::open_configured(&Database { url: url.to_owned(), ..Database::default() }, access).await
    }

    /// Opens the database of a configuration as [`Db::open_with`] does.
    ///
    /// # Errors
    /// Fails as [`Db::open_with`] does, and if none of several hosts is a primary.
    pub async fn open_configured(database: &Database, access: AccessMode) -> Result<Db> {
        let url = database.url.as_str();
        if let Some(path) = url.strip_prefix("sqlite:") {
            open_sqlite(path, access).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Box::pin(postgres::open(database, access)).await
        } else {
            Err(DbError::Url("it begins with sqlite: or postgres://".to_owned()))
        }
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self, Db::Sqlite { .. })
    }

    /// Applies the missing migrations. PostgreSQL takes a lock; SQLite has none, so the program calls this function
    /// once, before serving. Where nothing is missing, PostgreSQL is only read: the role may have no right to more.
    ///
    /// # Errors
    /// Also fails where something is missing behind a pooler: the lock belongs to a connection, not to a transaction.
    pub async fn migrate(&self) -> Result<()> {
        match self {
            // Not by `run`: no future that borrows a connection through `Acquire` may change its thread.
            Db::Sqlite { write, .. } => MIGRATIONS.run_direct(None, write.borrow().await?.get()?, false).await?,
            Db::Postgres { write, pooled, .. } => match self.schema_status().await?.missing.is_empty() {
                true => self.verify_migrations().await?,
                false if *pooled => return Err(DbError::PooledMigration),
                false => MIGRATIONS.run_direct(None, write.borrow().await?.get()?, false).await?,
            },
        }
        Ok(())
    }

    /// Compares the texts of the applied migrations with the embedded ones.
    async fn verify_migrations(&self) -> Result<()> {
        let Db::Postgres { read, .. } = self else { return Ok(()) };
        let sql = "SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version LIMIT 10000";
        let applied: Vec<(i64, Vec<u8>)> = sqlx::query_as(sql).fetch_all(read.borrow().await?.get()?).await?;
        let other = |version: i64, checksum: &[u8]| {
            MIGRATIONS.iter().any(|ours| ours.version == version && *ours.checksum != *checksum)
        };
        match applied.iter().find(|(version, checksum)| other(*version, checksum)) {
            Some((version, _)) => Err(MigrateError::VersionMismatch(*version).into()),
            None => Ok(()),
        }
    }

    /// Returns the number of embedded migrations applied to the database.
    pub async fn applied_migrations(&self) -> Result<usize> {
        Ok(MIGRATION_COUNT() - self.schema_status().await?.missing.len())
    }

    /// Compares the migrations of the database with the embedded migrations.
    pub async fn schema_status(&self) -> Result<SchemaStatus> {
        let ours: BTreeSet<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        let sql = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version LIMIT 10000";
        let rows = match self.read().await?.fetch_all::<(i64,)>(sql, Vec::new()).await {
            // A database that was never migrated has no such table.
            Err(DbError::Sqlx(sqlx::Error::Database(e))) if e.code().as_deref() != Some(FORBIDDEN) => Vec::new(),
            rows => rows?,
        };
        let has: BTreeSet<i64> = rows.into_iter().map(|(version,)| version).collect();
        let only = |a: &BTreeSet<i64>, b: &BTreeSet<i64>| a.difference(b).copied().collect();
        Ok(SchemaStatus { missing: only(&ours, &has), unknown: only(&has, &ours) })
    }

    /// Renews what SQLite's planner knows of the tables that have grown since. By the figures of a small table it reads it
    /// from end to end where an index serves; such a table may be large within minutes, by an import, so of small ones
    /// nothing is kept: then an index is used. Readers learn it with the change of the schema. PostgreSQL does all this
    /// by itself.
    pub async fn renew_statistics(&self) -> Result<()> {
        match self {
            // All tables, with a bounded sample of each (https://sqlite.org/pragma.html#pragma_optimize).
            Db::Sqlite { write, .. } => {
                let mut writer = write.borrow().await?;
                let mut tx = writer.get()?.begin_with("BEGIN IMMEDIATE").await?;
                sqlx::raw_sql("PRAGMA optimize = 0x10002").execute(&mut *tx).await?;
                let known = "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'";
                if sqlx::query_scalar::<_, i64>(known).fetch_one(&mut *tx).await? > 0 {
                    let small = "DELETE FROM sqlite_stat1 WHERE CAST(stat AS INTEGER) < $1";
                    sqlx::query(small).bind(MIN_ROWS_OF_STATISTICS).execute(&mut *tx).await?;
                }
                tx.commit().await?;
                sqlx::raw_sql("ANALYZE sqlite_schema").execute(writer.get()?).await?;
            }
            Db::Postgres { .. } => {}
        }
        Ok(())
    }

    /// Asks whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        let (_,) = self.read().await?.fetch_one::<(i64,)>("SELECT CAST(1 AS BIGINT)", Vec::new()).await?;
        Ok(())
    }

    /// Returns the rows that were read lately.
    pub fn recent_rows(&self) -> &RecentRows {
        match self {
            Db::Sqlite { writers, .. } | Db::Postgres { writers, .. } => &writers.recent_rows,
        }
    }

    /// Returns the connections of each pool: open, idle, and how many there may be.
    pub fn pool_states(&self) -> [PoolState; 2] {
        match self {
            Db::Sqlite { read, write, .. } => [read.state("read"), write.state("write")],
            Db::Postgres { read, write, .. } => [read.state("read"), write.state("write")],
        }
    }

    /// Returns the failure of the last write, if any.
    pub fn last_write_failure(&self) -> Option<WriteFailure> {
        match self {
            Db::Sqlite { writers, .. } | Db::Postgres { writers, .. } => writers.last_write.failure(),
        }
    }

    /// Returns the number of tasks that hold or wait for a write transaction.
    pub fn writer_count(&self) -> usize {
        match self {
            Db::Sqlite { writers, .. } | Db::Postgres { writers, .. } => writers.count(),
        }
    }

    /// Closes every connection; SQLite's last connection checkpoints the write-ahead log.
    pub async fn close(&self) {
        match self {
            Db::Sqlite { read, write, .. } => {
                read.close().await;
                write.close().await;
            }
            Db::Postgres { read, write, .. } => {
                read.close().await;
                write.close().await;
            }
        }
    }
}

/// The lifetime of SQLite's reading connections: each reads the planner's statistics once, when it is opened.
const READER_TTL: Duration = Duration::from_secs(3_600);

async fn open_sqlite(path: &str, access: AccessMode) -> Result<Db> {
    let path = path.strip_prefix("//").unwrap_or(path);
    let whole = format!("sqlite:{path}");
    if let Some(file) = files::sqlite_file(&whole).filter(|_| access == AccessMode::ReadWrite) {
        files::create(&file).map_err(|e| DbError::Url(format!("{}: {e}", file.display())))?;
    }
    let base = SqliteConnectOptions::from_str(&whole)?
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .pragma("cache_size", "-8000")
        .statement_cache_capacity(STATEMENT_CACHE_SIZE)
        .disable_statement_logging();
    let only_reads = base.clone().pragma("query_only", "ON");
    let writes = match access {
        AccessMode::ReadWrite => {
            base.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full).create_if_missing(true)
        }
        AccessMode::ReadOnly => only_reads.clone(),
    };
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(writes)
        .await
        .map_err(DbError::Open)?;
    if access == AccessMode::ReadWrite && moved::is_marked(&write).await.map_err(DbError::Open)? {
        return Err(DbError::Moved);
    }
    let readers = std::thread::available_parallelism().map_or(2, |n| n.get()).clamp(2, 8);
    let read = SqlitePoolOptions::new()
        .max_connections(u32::try_from(readers).unwrap_or(2))
        .idle_timeout(None)
        .max_lifetime(READER_TTL)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(5))
        .connect_lazy_with(only_reads);
    // A file does not go away.
    let [read, write] = [read, write].map(|pool| Connections::new(pool, ReuseRules::default()));
    Ok(Db::Sqlite { read, write, writers: Writers::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Durability, args};
    use std::future::Future as _;
    use std::task::{Context, Waker};

    /// A disconnecting browser cancels its request at any point; the writer must stay usable.
    #[tokio::test]
    async fn a_cancelled_beginning_leaves_the_writer_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite:{}", folder.path().join("x.db").display())).await.unwrap();
        for polls in 1..12 {
            {
                let mut begin = Box::pin(db.write(Durability::Relaxed));
                for _ in 0..polls {
                    if begin.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            }
            let tx = db.write(Durability::Durable).await;
            tx.unwrap_or_else(|e| panic!("after {polls} polls: {e}")).commit().await.unwrap();
        }
    }

    #[tokio::test]
    async fn statistics_of_a_young_database_are_renewed_while_it_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("x.db").display());
        let insert = "WITH RECURSIVE n(i) AS (SELECT $1 UNION ALL SELECT i + 1 FROM n WHERE i < $2) \
                      INSERT INTO academy (id, code, name) SELECT 'a' || i, i, i FROM n";
        let fill = async |db: &Db, (first, last): (i64, i64)| {
            let mut tx = db.write(Durability::Relaxed).await.unwrap();
            tx.execute(insert, args![first, last]).await.unwrap();
            tx.commit().await.unwrap();
        };
        let rows = async |db: &Db| {
            let sql = "SELECT stat FROM sqlite_stat1 WHERE tbl = 'academy'";
            db.read().await.unwrap().fetch_all::<(String,)>(sql, Vec::new()).await.unwrap().remove(0).0
        };
        let db = Db::open(&url).await.unwrap();
        db.migrate().await.unwrap();
        fill(&db, (1, 6)).await;
        db.renew_statistics().await.unwrap();
        let of_small = "SELECT stat FROM sqlite_stat1";
        let kept = db.read().await.unwrap().fetch_all::<(String,)>(of_small, Vec::new()).await.unwrap();
        assert!(kept.is_empty(), "{kept:?}");
        fill(&db, (7, 15_000)).await;
        db.renew_statistics().await.unwrap();
        assert_eq!(rows(&db).await, "15000 1");
        db.close().await;
    }

    #[test]
    fn waiting_too_long_for_a_connection_is_busy_and_no_fault() {
        assert!(matches!(DbError::from(sqlx::Error::PoolTimedOut), DbError::Busy));
        assert!(matches!(DbError::from(sqlx::Error::RowNotFound), DbError::Sqlx(_)));
    }
}
