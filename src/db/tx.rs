//! A transaction (or a reading connection) on either database.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::pool::PoolConnection;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Postgres, Sqlite};

use super::fault::LastWrite;
use super::{Error, Result, Value};

/// How much a commit must survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// What a person was told survives a power cut.
    Durable,
    /// What costs only a retry may be lost with the power, never with the process.
    Relaxed,
}

/// A row type that both databases can fill: derive `FromRow`, or take a tuple.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}
impl<T> Row for T where T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

pub(super) enum Inner {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

/// The one body of each query on the connection that there is. The text is a `&'static str`.
macro_rules! on {
    ($tx:expr, $conn:ident, $query:expr, $args:expr, $run:ident) => {
        match &mut $tx.inner {
            Inner::Sqlite($conn) => bound!($query, $args).$run(&mut **$conn).await,
            Inner::Postgres($conn) => bound!($query, $args).$run(&mut **$conn).await,
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

/// Writers that are open, by task: a second one in the same task would wait for the first for ever
/// (SQLite has one writer), so it is a bug that tests must see at once.
pub(super) type Writers = Arc<Writing>;

/// What the writers of a database share.
#[derive(Debug, Default)]
pub struct Writing {
    open: Mutex<HashSet<String>>,
    pub(super) last: LastWrite,
}

impl Writing {
    pub(super) fn count(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Held as long as a writing transaction is open.
pub(super) struct WriterGuard(Writers, String);

impl WriterGuard {
    pub(super) fn enter(writers: &Writers) -> Option<Self> {
        let task = tokio::task::try_id().map(|id| id.to_string())?;
        let fresh = writers.open.lock().unwrap_or_else(PoisonError::into_inner).insert(task.clone());
        debug_assert!(fresh, "a second writing transaction in one task: pass &mut Tx instead");
        Some(Self(Arc::clone(writers), task))
    }
}

impl Drop for WriterGuard {
    fn drop(&mut self) {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}

/// What stores take. Dropped without [`Tx::commit`], nothing of it has happened.
pub struct Tx {
    pub(super) inner: Inner,
    pub(super) open: bool,
    /// Of a writing transaction: where it is noted that nothing could be written.
    pub(super) writing: Option<Writers>,
    pub(super) _guard: Option<WriterGuard>,
}

impl Tx {
    /// Runs a statement; gives the number of rows it touched.
    pub async fn execute(&mut self, sql: &'static str, args: Vec<Value>) -> Result<u64> {
        let done = match &mut self.inner {
            Inner::Sqlite(c) => bound!(sqlx::query(sql), args).execute(&mut **c).await.map(|done| done.rows_affected()),
            Inner::Postgres(c) => {
                bound!(sqlx::query(sql), args).execute(&mut **c).await.map(|done| done.rows_affected())
            }
        };
        self.noted(done)
    }

    /// The first row, if any.
    pub async fn optional<T: Row>(&mut self, sql: &'static str, args: Vec<Value>) -> Result<Option<T>> {
        let found = on!(self, c, sqlx::query_as::<_, T>(sql), args, fetch_optional);
        self.noted(found)
    }

    /// Exactly one row: its absence is an error.
    pub async fn one<T: Row>(&mut self, sql: &'static str, args: Vec<Value>) -> Result<T> {
        let found = on!(self, c, sqlx::query_as::<_, T>(sql), args, fetch_one);
        self.noted(found)
    }

    /// Every row. The caller's SQL bounds how many.
    pub async fn all<T: Row>(&mut self, sql: &'static str, args: Vec<Value>) -> Result<Vec<T>> {
        let found = on!(self, c, sqlx::query_as::<_, T>(sql), args, fetch_all);
        self.noted(found)
    }

    fn noted<T>(&self, result: sqlx::Result<T>) -> Result<T> {
        let result = result.map_err(Error::from);
        match &self.writing {
            Some(writing) => writing.last.noted(result),
            None => result,
        }
    }

    /// Makes it so.
    pub async fn commit(mut self) -> Result<()> {
        if self.open {
            self.execute("COMMIT", Vec::new()).await?;
            self.open = false;
            if let Some(writing) = &self.writing {
                writing.last.done();
            }
        }
        Ok(())
    }

    /// Undoes it, and gives the connection back in order.
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
        if self.open {
            // An error or a cancelled request: a connection in the middle of a transaction is closed,
            // which rolls it back, rather than handed to the next one.
            match &mut self.inner {
                Inner::Sqlite(c) => c.close_on_drop(),
                Inner::Postgres(c) => c.close_on_drop(),
            }
        }
    }
}
