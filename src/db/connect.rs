//! Opening a database: pools, pragmas, migrations.

use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, PgPool, SqlitePool};

use super::tx::{Inner, WriterGuard, Writers};
use super::{Durability, Error, Fault, Result, Tx, files};

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// How many migrations this program carries: a test holds it, because a misnamed file is silently ignored.
pub const SCHEMA_FILES: fn() -> usize = || MIGRATIONS.iter().count();

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
        if let Some(path) = url.strip_prefix("sqlite:") {
            open_sqlite(path).await
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            open_postgres(url).await
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
        let mut tx = self.read().await?;
        let (n,): (i64,) = tx.one("SELECT COUNT(*) FROM _sqlx_migrations WHERE success", Vec::new()).await?;
        Ok(usize::try_from(n).unwrap_or_default())
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

async fn open_sqlite(path: &str) -> Result<Db> {
    let path = path.strip_prefix("//").unwrap_or(path);
    if let Some(file) = files::file_of(&format!("sqlite:{path}")) {
        files::create(&file).map_err(|e| Error::Url(format!("{}: {e}", file.display())))?;
    }
    let base = SqliteConnectOptions::from_str(&format!("sqlite:{path}"))?
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .pragma("cache_size", "-8000")
        .disable_statement_logging();
    let write = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(5))
        .connect_with(base.clone().create_if_missing(true).optimize_on_close(true, None))
        .await?;
    let readers = std::thread::available_parallelism().map_or(2, |n| n.get()).clamp(2, 8);
    let read = SqlitePoolOptions::new()
        .max_connections(u32::try_from(readers).unwrap_or(2))
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(5))
        .connect_lazy_with(base.pragma("query_only", "ON"));
    Ok(Db::Sqlite { read, write, writers: Writers::default() })
}

async fn open_postgres(url: &str) -> Result<Db> {
    let base = PgConnectOptions::from_str(url)?.application_name("preau").disable_statement_logging();
    let pool = || PgPoolOptions::new().acquire_timeout(Duration::from_secs(5)).max_connections(10);
    let write = pool().connect_with(base.clone()).await?;
    // A write through the reading pool fails loudly here as it does on SQLite.
    let read = pool().connect_lazy_with(base.options([("default_transaction_read_only", "on")]));
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
