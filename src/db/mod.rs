//! Database access, the only module that distinguishes SQLite and PostgreSQL.
//!
//! Each query has one text for both databases (`$1`, TEXT, BIGINT, BOOLEAN), a `&'static str` and so never built from
//! input. Stores call the four methods of [`Tx`]; no other module uses sqlx.
//!
//! Rules: only the outermost use case opens a transaction, other functions take `&mut Tx`; no slow operation (hashing,
//! signing, HTTP) runs within a transaction, because SQLite has a single writer.

mod batch;
mod begin;
mod bulk;
mod connect;
mod connections;
pub mod copy;
pub mod files;
mod growth;
mod many_keys;
mod many_rows;
mod moved;
mod pooled_read;
mod postgres;
mod primary;
mod recent_rows;
mod row_locks;
mod time;
pub mod transfer;
mod tx;
mod typed;
mod unit_of_work;
mod value;
mod write_failure;
mod write_group;

pub use batch::{BATCH_SIZE, batch_args};
pub use connect::{AccessMode, Db, MIGRATION_COUNT, PoolState, SchemaStatus};
pub use many_keys::KeysSql;
pub use many_rows::RowsSql;
pub use postgres::PoolerState;
pub use recent_rows::RECENT_ROW_TTL;
pub use row_locks::RowLock;
pub use sqlx::FromRow;
pub use tx::{DbRow, Durability, Tx};
pub use typed::parse_word;
pub use unit_of_work::UnitOfWork;
pub use value::Value;
pub use write_failure::WriteFailure;
pub use write_group::{GroupedWrites, MAX_GROUP_SIZE, WriteGroup, WriteTurn};

pub(crate) use batch::batch_placeholders;
pub(crate) use value::args;

/// The maximum number of rows that one clean-up transaction deletes per table, because SQLite's other writers wait.
pub const CLEANUP_BATCH_ROWS: i64 = 1_000;

/// A database error; never caused by the user.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error(transparent)]
    Sqlx(sqlx::Error),
    /// Too many tasks wait for a connection, or the database is briefly unavailable. The caller may retry later.
    #[error("no connection was free in time, or the database is away")]
    Busy,
    /// The disk is full, read-only or failing. Nothing was written; a retry may succeed later.
    #[error("the database cannot be written: {0}")]
    Unwritable(sqlx::Error),
    #[error(transparent)]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A row that the present version cannot have written: a corrupt row or a row of a newer version.
    #[error("{table}.{column} of row {row} cannot be read")]
    Inconsistent { table: &'static str, column: &'static str, row: String },
    /// An SQLite database whose content is in PostgreSQL since.
    #[error("it was moved to PostgreSQL by `preau move`: set database.url to that one")]
    Moved,
    #[error("database url: {0}")]
    Url(String),
    /// None of several servers takes writes.
    #[error("no server of database.hosts is a primary: {0}")]
    NoPrimary(String),
    /// A pooler cannot hold the lock under which migrations are applied.
    #[error("migrations are missing, and do not go through a pooler: set database.owner_url, to PostgreSQL itself")]
    PooledMigration,
    /// The first connection failed, before any request was served; the message has the cause.
    #[error("{}", opening(.0))]
    Open(sqlx::Error),
}

/// Returns the message of a failed first connection. A refused certificate is reported as a TLS error, not as an
/// unreachable database.
fn opening(cause: &sqlx::Error) -> String {
    let refused_tls = match cause {
        sqlx::Error::Tls(_) => true,
        sqlx::Error::Io(e) => e.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()),
        _ => false,
    };
    match cause {
        _ if refused_tls => format!("TLS with it fails: {cause}"),
        sqlx::Error::PoolTimedOut => "it does not answer within 5 seconds".to_owned(),
        sqlx::Error::Io(e) => format!("it is not reached: {e}"),
        // What PgBouncer says to a connection that sets more than it follows.
        sqlx::Error::Database(e) if e.message().contains("unsupported startup parameter") => {
            format!("it is a PgBouncer: set database.pooled = true ({e})")
        }
        other => other.to_string(),
    }
}

impl From<sqlx::Error> for DbError {
    fn from(e: sqlx::Error) -> Self {
        match e {
            sqlx::Error::PoolTimedOut => DbError::Busy,
            other if is_unavailable_error(&other) => DbError::Busy,
            other if is_unwritable_error(&other) => DbError::Unwritable(other),
            other => DbError::Sqlx(other),
        }
    }
}

/// True if the error is temporary: another process holds SQLite's file (5), PostgreSQL is stopping or starting (57P),
/// or the connection broke (class 08, or an I/O error).
fn is_unavailable_error(e: &sqlx::Error) -> bool {
    let code = sqlstate(e);
    matches!(e, sqlx::Error::Io(_))
        || sqlite_primary_code(&code) == Some(5)
        || code.starts_with("57P")
        || (code.len() == 5 && code.starts_with("08"))
}

/// True if the database cannot be written at the moment. SQLite: read-only (8), disk I/O error (10), disk full (13),
/// cannot open a file (14). PostgreSQL: disk full (53100), I/O error (58030), read-only server (25006).
fn is_unwritable_error(e: &sqlx::Error) -> bool {
    let code = sqlstate(e);
    matches!(sqlite_primary_code(&code), Some(8 | 10 | 13 | 14)) || ["53100", "58030", "25006"].contains(&code.as_str())
}

fn sqlstate(e: &sqlx::Error) -> String {
    e.as_database_error().and_then(|e| e.code().map(|code| code.into_owned())).unwrap_or_default()
}

/// Returns SQLite's primary result code; `None` for PostgreSQL's codes, which have five characters.
fn sqlite_primary_code(code: &str) -> Option<u32> {
    code.parse::<u32>().ok().filter(|_| code.len() < 5).map(|extended| extended & 0xFF)
}

impl DbError {
    /// True if the statement violates a unique constraint. Both databases report this kind; constraint names are not
    /// portable.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, DbError::Sqlx(sqlx::Error::Database(e)) if e.is_unique_violation())
    }

    /// True if a statement named a row that is gone.
    pub fn is_foreign_key_violation(&self) -> bool {
        matches!(self, DbError::Sqlx(sqlx::Error::Database(e)) if e.is_foreign_key_violation())
    }

    /// True if PostgreSQL aborted the transaction for a deadlock or a serialization failure; the whole transaction may
    /// be retried.
    pub fn is_serialization_failure(&self) -> bool {
        let code = |e: &sqlx::Error| e.as_database_error().and_then(|e| e.code().map(|code| code.into_owned()));
        matches!(self, DbError::Sqlx(e) if code(e).is_some_and(|code| code == "40P01" || code == "40001"))
    }
}

pub type Result<T> = std::result::Result<T, DbError>;

#[cfg(test)]
mod tests {
    use std::io::{Error as IoError, ErrorKind};

    use super::*;

    #[test]
    fn faults_f4_a_certificate_that_is_refused_does_not_read_as_a_database_that_is_away() {
        let said = |error: IoError| DbError::Open(sqlx::Error::Io(error)).to_string();
        let refused = said(IoError::new(ErrorKind::InvalidData, rustls::Error::General("unknown issuer".to_owned())));
        assert!(refused.starts_with("TLS with it fails: ") && refused.contains("unknown issuer"), "{refused}");
        let away = said(ErrorKind::ConnectionRefused.into());
        assert!(away.starts_with("it is not reached: "), "{away}");
    }
}
