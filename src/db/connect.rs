//! Opening a database: pools, pragmas, migrations.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::LazyLock;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, PgPool, SqlitePool};

use super::tx::{Inner, WriterGuard, Writers};
use super::{Durability, Error, Fault, Result, Tx, files};

/// How long a database may take to let us in.
const OPENED_WITHIN: Duration = Duration::from_secs(5);

/// A newer program's migrations only add (`migrations/` is tested for it), so this program works on with them: else
/// none of a row of servers could be restarted while they are replaced one by one (docs/threats.md#fault-rt11).
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!("./migrations");
    migrator.set_ignore_missing(true);
    migrator
});

/// How many migrations this program carries: a test holds it, because a misnamed file is silently ignored.
pub const SCHEMA_FILES: fn() -> usize = || MIGRATIONS.iter().count();

/// What a program may do with a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everything; an SQLite file is made where it is missing.
    Write,
    /// Nothing is made and nothing written: a write is an error.
    Read,
}

/// How the schema of a database stands to this program's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// Migrations of this program that it has not.
    pub lacking: Vec<i64>,
    /// Migrations that this program does not know: a newer one was here.
    pub newer: Vec<i64>,
}

/// Both databases, native pools. SQLite: one writer, some readers that cannot write.
#[derive(Clone)]
pub enum Db {
    Sqlite { read: SqlitePool, write: SqlitePool, writers: Writers },
    Postgres { read: PgPool, write: PgPool, writers: Writers },
}

impl Db {
    /// Opens `sqlite:PATH` (created when missing) or `postgres://…`. Does not migrate.
    ///
    /// # Errors
    /// A url of another kind, a folder that cannot be made, a server that does not answer.
    pub async fn open(url: &str) -> Result<Db> {
        Self::open_to(url, Access::Write).await
    }

    /// As [`Db::open`], for reading only where that is said.
    ///
    /// # Errors
    /// As [`Db::open`]; a file that is not there, for reading.
    pub async fn open_to(url: &str, access: Access) -> Result<Db> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            open_sqlite(path, access).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            open_postgres(url, access).await
        } else {
            Err(Error::Url("it begins with sqlite: or postgres://".to_owned()))
        }
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self, Db::Sqlite { .. })
    }

    /// Brings the schema up to this program's. PostgreSQL takes a lock; SQLite has none, so this is
    /// called once, before serving.
    pub async fn migrate(&self) -> Result<()> {
        match self {
            Db::Sqlite { write, .. } => MIGRATIONS.run(write).await?,
            Db::Postgres { write, .. } => MIGRATIONS.run(write).await?,
        }
        Ok(())
    }

    /// How many of this program's migrations the database has.
    pub async fn migrated(&self) -> Result<usize> {
        Ok(SCHEMA_FILES() - self.schema().await?.lacking.len())
    }

    /// Which migrations the database has, beside those of this program.
    pub async fn schema(&self) -> Result<Schema> {
        let ours: BTreeSet<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        let sql = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version LIMIT 10000";
        let rows = match self.read().await?.all::<(i64,)>(sql, Vec::new()).await {
            // Nobody has migrated it yet: there is no such table.
            Err(Error::Sqlx(sqlx::Error::Database(_))) => Vec::new(),
            rows => rows?,
        };
        let has: BTreeSet<i64> = rows.into_iter().map(|(version,)| version).collect();
        let only = |a: &BTreeSet<i64>, b: &BTreeSet<i64>| a.difference(b).copied().collect();
        Ok(Schema { lacking: only(&ours, &has), newer: only(&has, &ours) })
    }

    /// A connection that can only read; each statement sees the latest commit.
    pub async fn read(&self) -> Result<Tx> {
        let inner = match self {
            Db::Sqlite { read, .. } => Inner::Sqlite(read.acquire().await?),
            Db::Postgres { read, .. } => Inner::Postgres(read.acquire().await?),
        };
        Ok(Tx { inner, open: false, writing: None, _guard: None })
    }

    /// A writing transaction, begun. Waits for SQLite's one writer at most five seconds.
    pub async fn write(&self, durability: Durability) -> Result<Tx> {
        match self {
            Db::Sqlite { write, writers, .. } => {
                let guard = WriterGuard::enter(writers);
                let inner = Inner::Sqlite(writers.last.noted(write.acquire().await.map_err(Error::from))?);
                let writing = Some(Writers::clone(writers));
                let mut tx = Tx { inner, open: false, writing, _guard: guard };
                // `synchronous` cannot change inside a transaction, and a deferred one that upgrades fails
                // with BUSY at once: hence this order and IMMEDIATE.
                let pragma = match durability {
                    Durability::Durable => "PRAGMA synchronous = FULL",
                    Durability::Relaxed => "PRAGMA synchronous = NORMAL",
                };
                tx.execute(pragma, Vec::new()).await?;
                // Said before it is done: a request that is cancelled right here must not hand the next one a
                // connection that has begun already.
                tx.open = true;
                tx.execute("BEGIN IMMEDIATE", Vec::new()).await?;
                Ok(tx)
            }
            Db::Postgres { write, writers, .. } => {
                let guard = WriterGuard::enter(writers);
                let inner = Inner::Postgres(write.acquire().await?);
                let writing = Some(Writers::clone(writers));
                let mut tx = Tx { inner, open: false, writing, _guard: guard };
                tx.open = true;
                tx.execute("BEGIN", Vec::new()).await?;
                if durability == Durability::Relaxed {
                    tx.execute("SET LOCAL synchronous_commit = off", Vec::new()).await?;
                }
                Ok(tx)
            }
        }
    }

    /// The last write, where it could not be done.
    pub fn write_fault(&self) -> Option<Fault> {
        match self {
            Db::Sqlite { writers, .. } | Db::Postgres { writers, .. } => writers.last.fault(),
        }
    }

    /// How many tasks have a writing transaction or wait for one.
    pub fn writers(&self) -> usize {
        match self {
            Db::Sqlite { writers, .. } | Db::Postgres { writers, .. } => writers.count(),
        }
    }

    /// Closes every connection; SQLite's last one folds the write-ahead log back.
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

async fn open_sqlite(path: &str, access: Access) -> Result<Db> {
    let path = path.strip_prefix("//").unwrap_or(path);
    let whole = format!("sqlite:{path}");
    if let Some(file) = files::file_of(&whole).filter(|_| access == Access::Write) {
        files::create(&file).map_err(|e| Error::Url(format!("{}: {e}", file.display())))?;
    }
    let base = SqliteConnectOptions::from_str(&whole)?
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .pragma("cache_size", "-8000")
        .disable_statement_logging();
    let only_reads = base.clone().pragma("query_only", "ON");
    let writes = match access {
        Access::Write => base
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .create_if_missing(true)
            .optimize_on_close(true, None),
        Access::Read => only_reads.clone(),
    };
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(writes)
        .await
        .map_err(Error::Open)?;
    let readers = std::thread::available_parallelism().map_or(2, |n| n.get()).clamp(2, 8);
    let read = SqlitePoolOptions::new()
        .max_connections(u32::try_from(readers).unwrap_or(2))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(5))
        .connect_lazy_with(only_reads);
    Ok(Db::Sqlite { read, write, writers: Writers::default() })
}

async fn open_postgres(url: &str, access: Access) -> Result<Db> {
    let base = PgConnectOptions::from_str(url)?.application_name("preau").disable_statement_logging();
    // The pool tries until its time is over and then says only that; the first connection says why.
    let first = tokio::time::timeout(OPENED_WITHIN, base.connect()).await;
    let first = first.map_err(|_| Error::Open(sqlx::Error::PoolTimedOut))?.map_err(Error::Open)?;
    // What it says to a farewell changes nothing.
    let _gone = first.close().await;
    let pool = || PgPoolOptions::new().acquire_timeout(OPENED_WITHIN).max_connections(10);
    // A write through the reading pool fails loudly here as it does on SQLite.
    let only_reads = base.clone().options([("default_transaction_read_only", "on")]);
    let writes = if access == Access::Read { only_reads.clone() } else { base };
    let write = pool().connect_with(writes).await.map_err(Error::Open)?;
    let read = pool().connect_lazy_with(only_reads);
    Ok(Db::Postgres { read, write, writers: Writers::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future as _;
    use std::task::{Context, Waker};

    /// A browser that goes away cancels its request at any point; the writer must stay usable.
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

    #[test]
    fn waiting_too_long_for_a_connection_is_busy_and_no_fault() {
        assert!(matches!(Error::from(sqlx::Error::PoolTimedOut), Error::Busy));
        assert!(matches!(Error::from(sqlx::Error::RowNotFound), Error::Sqlx(_)));
    }
}
