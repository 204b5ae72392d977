//! A transaction or a read connection on either database.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Postgres, Sqlite};
use tokio::task::Id as TaskId;

use super::connections::BorrowedConnection;
use super::pooled_read::PooledRead;
use super::recent_rows::{RecentRows, changes_recent_rows};
use super::write_failure::LastWrite;
use super::{DbError, Result, Value};

/// The durability of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The commit survives a power failure: for results that were reported to a user.
    Durable,
    /// The commit survives the end of the process but possibly not a power failure: for data that can be recreated by a
    /// retry.
    Relaxed,
}

/// A row type that both databases can decode: derive `FromRow`, or use a tuple.
pub trait DbRow: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> DbRow for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

pub(super) enum Inner {
    Sqlite(BorrowedConnection<Sqlite>),
    Postgres(BorrowedConnection<Postgres>),
    /// A read through a pooler.
    PostgresRead(PooledRead),
}

/// The maximum time of one statement on PostgreSQL. A firewall that forgot a connection, or a machine that went, answers
/// nothing for a quarter of an hour: background work would wait for it, and there is no request that ends
/// (docs/threats.md#fault-rt22).
pub(super) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(120);

/// The same for statements that change whole tables of a country.
const WHOLE_TABLE_TIMEOUT: Duration = Duration::from_secs(24 * 3_600);

/// The standing of the last statement, which decides whom the connection serves next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LastStatement {
    Answered,
    Failed,
    /// The answer is still to come, and whoever asked may have gone.
    InFlight,
}

/// Returns the maximum time of a statement on PostgreSQL.
const fn longest(takes_whole_tables: bool) -> Duration {
    if takes_whole_tables { WHOLE_TABLE_TIMEOUT } else { STATEMENT_TIMEOUT }
}

/// Awaits PostgreSQL's answer to a statement.
macro_rules! answer {
    ($longest:expr, $statement:expr) => {
        tokio::time::timeout($longest, $statement).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    };
}

/// Runs a query on the connection of either database. The SQL text is a `&'static str`.
macro_rules! on {
    ($tx:expr, $conn:ident, $query:expr, $args:expr, $run:ident) => {
        match &mut $tx.inner {
            Inner::Sqlite($conn) => bound!($query, $args).$run($conn.get()?).await,
            Inner::Postgres($conn) => {
                answer!(longest($tx.takes_whole_tables), bound!($query, $args).$run($conn.get()?))
            }
            Inner::PostgresRead($conn) => {
                answer!(longest($tx.takes_whole_tables), bound!($query, $args).$run($conn.get()?))
            }
        }
    };
}

macro_rules! bound {
    ($query:expr, $args:expr) => {{
        let mut query = $query;
        for value in $args {
            query = match value {
                Value::Text(v) => query.bind(v),
                Value::Int(v) => query.bind(v),
                Value::Bool(v) => query.bind(v),
            };
        }
        query
    }};
}

/// The open writers, by task. A second writer in the same task would wait for the first one forever (SQLite has one
/// writer): a bug that tests must detect at once.
pub(super) type Writers = Arc<WriterState>;

/// The shared state of the writers of a database.
#[derive(Debug, Default)]
pub struct WriterState {
    tasks: Mutex<HashSet<TaskId>>,
    pub(super) last_write: LastWrite,
    pub(super) recent_rows: RecentRows,
}

impl WriterState {
    pub(super) fn count(&self) -> usize {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Registers the task as a writer until dropped.
pub(super) struct WriterGuard(Writers, TaskId);

impl WriterGuard {
    pub(super) fn acquire(writers: &Writers) -> Option<Self> {
        let task = tokio::task::try_id()?;
        let fresh = writers.tasks.lock().unwrap_or_else(PoisonError::into_inner).insert(task);
        debug_assert!(fresh, "a second writing transaction in one task: pass &mut Tx instead");
        Some(Self(Arc::clone(writers), task))
    }
}

impl Drop for WriterGuard {
    fn drop(&mut self) {
        self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

/// The argument of all store functions. Dropping the transaction without [`Tx::commit`] rolls back.
pub struct Tx {
    pub(super) inner: Inner,
    pub(super) open: bool,
    last: LastStatement,
    /// True if statements may take as long as whole tables need.
    takes_whole_tables: bool,
    /// The writer state of a write transaction, to record failed writes; `None` for a read connection.
    pub(super) writer_state: Option<Writers>,
    /// True if a statement changed a table whose rows are kept in memory.
    pub(super) changed: bool,
    pub(super) _guard: Option<WriterGuard>,
}

impl Tx {
    /// Takes over a connection on which no transaction is open.
    pub(super) fn new(inner: Inner, writer_state: Option<Writers>, guard: Option<WriterGuard>) -> Self {
        let last = LastStatement::Answered;
        Self { inner, open: false, last, takes_whole_tables: false, writer_state, changed: false, _guard: guard }
    }

    /// Allows statements that change every row of large tables, for a command that an operator waits for.
    pub fn allow_whole_tables(&mut self) {
        self.takes_whole_tables = true;
    }

    /// Runs a statement; returns the number of affected rows.
    pub async fn execute(&mut self, sql: &'static str, args: Vec<Value>) -> Result<u64> {
        self.note_statement(sql);
        let done = match &mut self.inner {
            Inner::Sqlite(c) => bound!(sqlx::query(sql), args).execute(c.get()?).await.map(|done| done.rows_affected()),
            Inner::Postgres(c) => {
                answer!(longest(self.takes_whole_tables), bound!(sqlx::query(sql), args).execute(c.get()?))
                    .map(|done| done.rows_affected())
            }
            Inner::PostgresRead(c) => {
                answer!(longest(self.takes_whole_tables), bound!(sqlx::query(sql), args).execute(c.get()?))
                    .map(|done| done.rows_affected())
            }
        };
        self.observe(done)
    }

    /// Runs several statements without arguments in one round trip.
    pub(super) async fn execute_batch(&mut self, sql: &'static str) -> Result<()> {
        self.note_statement(sql);
        let done = match &mut self.inner {
            Inner::Sqlite(c) => sqlx::raw_sql(sql).execute(c.get()?).await.map(|_| ()),
            Inner::Postgres(c) => {
                answer!(longest(self.takes_whole_tables), sqlx::raw_sql(sql).execute(c.get()?)).map(|_| ())
            }
            Inner::PostgresRead(c) => {
                answer!(longest(self.takes_whole_tables), sqlx::raw_sql(sql).execute(c.get()?)).map(|_| ())
            }
        };
        self.observe(done)
    }

    /// Returns the first row, if any.
    pub async fn fetch_optional<T: DbRow>(&mut self, sql: &'static str, args: Vec<Value>) -> Result<Option<T>> {
        self.note_statement(sql);
        let found = on!(self, c, sqlx::query_as::<_, T>(sql), args, fetch_optional);
        self.observe(found)
    }

    /// Returns the row; no row is an error.
    pub async fn fetch_one<T: DbRow>(&mut self, sql: &'static str, args: Vec<Value>) -> Result<T> {
        self.note_statement(sql);
        let found = on!(self, c, sqlx::query_as::<_, T>(sql), args, fetch_one);
        self.observe(found)
    }

    /// Returns all rows. The caller's SQL limits the number.
    pub async fn fetch_all<T: DbRow>(&mut self, sql: &'static str, args: Vec<Value>) -> Result<Vec<T>> {
        self.note_statement(sql);
        let found = on!(self, c, sqlx::query_as::<_, T>(sql), args, fetch_all);
        self.observe(found)
    }

    /// Notes that a statement begins, and what one of a writer changes beside the database.
    fn note_statement(&mut self, sql: &str) {
        self.last = LastStatement::InFlight;
        self.changed |= self.writer_state.is_some() && changes_recent_rows(sql);
    }

    fn observe<T>(&mut self, result: sqlx::Result<T>) -> Result<T> {
        self.last = match &result {
            Ok(_) => LastStatement::Answered,
            Err(sqlx::Error::PoolTimedOut) => LastStatement::InFlight,
            Err(_) => LastStatement::Failed,
        };
        let result = result.map_err(DbError::from);
        match &self.writer_state {
            Some(writing) => writing.last_write.observe(result),
            None => result,
        }
    }

    /// Returns the durability that SQLite's connection was told for its commits, if it was told one.
    pub(super) fn durability(&self) -> Option<Durability> {
        match &self.inner {
            Inner::Sqlite(c) => c.durability(),
            Inner::Postgres(_) | Inner::PostgresRead(_) => None,
        }
    }

    /// Notes what SQLite's connection was told.
    pub(super) fn note_durability(&mut self, told: Durability) {
        if let Inner::Sqlite(c) = &mut self.inner {
            c.note_durability(told);
        }
    }

    /// Commits the transaction.
    pub async fn commit(mut self) -> Result<()> {
        if self.open {
            self.execute("COMMIT", Vec::new()).await?;
            self.open = false;
        }
        self.note_commit();
        Ok(())
    }

    /// Notes that what was written holds now.
    fn note_commit(&self) {
        if let Some(writing) = &self.writer_state {
            writing.last_write.clear();
            if self.changed {
                writing.recent_rows.forget();
            }
        }
    }

    /// Rolls back the transaction and returns the connection to the pool.
    pub async fn rollback(mut self) -> Result<()> {
        if self.open {
            self.execute("ROLLBACK", Vec::new()).await?;
            self.open = false;
        }
        Ok(())
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        // After an error or a cancelled request, the connection is closed, which rolls back the transaction, and not
        // returned to the pool. Nor is one of PostgreSQL whose answer is still to come: the pool would ask it first
        // whether it lives, and keep its place until it says so.
        match (&mut self.inner, self.open, self.last) {
            (Inner::Sqlite(c), true, _) => c.close_on_drop(),
            (Inner::Postgres(c), true, _) | (Inner::Postgres(c), false, LastStatement::InFlight) => c.close_on_drop(),
            (Inner::Sqlite(c), false, LastStatement::Answered) => c.keep(),
            (Inner::Postgres(c), false, LastStatement::Answered) => c.keep(),
            (Inner::Sqlite(_) | Inner::Postgres(_) | Inner::PostgresRead(_), ..) => {}
        }
    }
}
