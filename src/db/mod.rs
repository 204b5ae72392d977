//! The only place that knows that there are two databases.
//!
//! Every query is one text for both (`$1`, TEXT, BIGINT, BOOLEAN), a `&'static str` and so never built
//! from input. Stores call the four methods of [`Tx`]; nothing above sees sqlx.
//!
//! Rules: only the outermost use case opens a transaction, the rest take `&mut Tx`; nothing slow
//! (hashing, signing, HTTP) happens while one is open, because SQLite has a single writer.

mod connect;
mod fault;
pub mod files;
mod time;
mod tx;
mod value;

pub use connect::{Access, Db, SCHEMA_FILES, Schema};
pub use fault::Fault;
pub use sqlx::FromRow;
pub use tx::{Durability, Row, Tx};
pub use value::Value;

pub(crate) use value::args;

/// How many rows of one kind one transaction forgets: on SQLite everybody else waits for it.
pub const CLEANED_AT_ONCE: i64 = 1_000;

/// What a database can answer besides rows. Never the visitor's fault.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Sqlx(sqlx::Error),
    /// Too many wait for a connection, or the database is away for a moment: a little later it will be done.
    #[error("no connection was free in time, or the database is away")]
    Busy,
    /// The disk is full, cannot be written, or fails: nothing was done, and it may be when there is room again.
    #[error("the database cannot be written: {0}")]
    Unwritable(sqlx::Error),
    #[error(transparent)]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A row that this program cannot have written, or a newer one has.
    #[error("{table}.{column} of row {row} cannot be read")]
    Inconsistent { table: &'static str, column: &'static str, row: String },
    #[error("database url: {0}")]
    Url(String),
    /// It was never reached: here the cause matters, and nobody waits.
    #[error("{}", opening(.0))]
    Open(sqlx::Error),
}

/// A certificate that is refused is not a database that is away.
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
        other => other.to_string(),
    }
}

impl From<sqlx::Error> for Error {
    fn from(e: sqlx::Error) -> Self {
        match e {
            sqlx::Error::PoolTimedOut => Error::Busy,
            other if is_away(&other) => Error::Busy,
            other if cannot_write(&other) => Error::Unwritable(other),
            other => Error::Sqlx(other),
        }
    }
}

/// Whether the database will be there a little later: another process holds SQLite's file (5), PostgreSQL is being
/// stopped or started (57P), or the connection broke (08, or no answer at all).
fn is_away(e: &sqlx::Error) -> bool {
    let code = code(e);
    matches!(e, sqlx::Error::Io(_))
        || primary(&code) == Some(5)
        || code.starts_with("57P")
        || (code.len() == 5 && code.starts_with("08"))
}

/// Whether nothing can be written at the moment. SQLite: read-only (8), an error of the disk (10), no room (13), no file
/// can be opened (14). PostgreSQL: no room (53100), an error of the disk (58030), a server that only reads (25006).
fn cannot_write(e: &sqlx::Error) -> bool {
    let code = code(e);
    matches!(primary(&code), Some(8 | 10 | 13 | 14)) || ["53100", "58030", "25006"].contains(&code.as_str())
}

fn code(e: &sqlx::Error) -> String {
    e.as_database_error().and_then(|e| e.code().map(|code| code.into_owned())).unwrap_or_default()
}

/// SQLite's result code without what extends it; PostgreSQL's codes have five characters.
fn primary(code: &str) -> Option<u32> {
    code.parse::<u32>().ok().filter(|_| code.len() < 5).map(|extended| extended & 0xFF)
}

impl Error {
    /// Whether the statement was refused because the value is already there. Works on both databases;
    /// constraint names do not.
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Error::Sqlx(sqlx::Error::Database(e)) if e.is_unique_violation())
    }

    /// Whether PostgreSQL ended this transaction so that another could go on: it may be tried again whole.
    pub fn gave_way(&self) -> bool {
        let code = |e: &sqlx::Error| e.as_database_error().and_then(|e| e.code().map(|code| code.into_owned()));
        matches!(self, Error::Sqlx(e) if code(e).is_some_and(|code| code == "40P01" || code == "40001"))
    }
}

pub type Result<T> = std::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use std::io::{Error as Io, ErrorKind};

    use super::*;

    #[test]
    fn faults_f4_a_certificate_that_is_refused_does_not_read_as_a_database_that_is_away() {
        let said = |error: Io| Error::Open(sqlx::Error::Io(error)).to_string();
        let refused = said(Io::new(ErrorKind::InvalidData, rustls::Error::General("unknown issuer".to_owned())));
        assert!(refused.starts_with("TLS with it fails: ") && refused.contains("unknown issuer"), "{refused}");
        let away = said(ErrorKind::ConnectionRefused.into());
        assert!(away.starts_with("it is not reached: "), "{away}");
    }
}
