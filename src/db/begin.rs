//! Takes a connection of a pool: to read, for a transaction, or for one statement.

use super::pooled_read::PooledRead;
use super::tx::{Inner, WriterGuard, Writers};
use super::{Db, DbError, Durability, Result, Tx};

impl Db {
    /// Returns a read-only connection; each statement sees the latest commit.
    pub async fn read(&self) -> Result<Tx> {
        let inner = match self {
            Db::Sqlite { read, .. } => Inner::Sqlite(read.borrow().await?),
            Db::Postgres { read, pooled: true, .. } => Inner::PostgresRead(PooledRead::begin(read).await?),
            Db::Postgres { read, .. } => Inner::Postgres(read.borrow().await?),
        };
        Ok(Tx::new(inner, None, None))
    }

    /// Returns a second connection to read beside the one that the caller holds; `None` where none is free, and where one
    /// serves as well: SQLite works in this process, with memory for each connection, and behind a pooler connections are
    /// few.
    pub async fn read_beside(&self) -> Option<Tx> {
        let Db::Postgres { read, pooled: false, .. } = self else { return None };
        let connection = read.borrow_further().await?;
        Some(Tx::new(Inner::Postgres(connection), None, None))
    }

    /// Begins a write transaction. Waits for SQLite's single writer for at most five seconds.
    pub async fn write(&self, durability: Durability) -> Result<Tx> {
        let mut tx = self.writer().await?;
        // The flag is set before BEGIN: if the request is cancelled here, the next request must not receive a
        // connection with an open transaction.
        tx.open = true;
        match self {
            Db::Sqlite { .. } => {
                // `synchronous` cannot change inside a transaction, and a deferred transaction that is upgraded fails
                // with BUSY at once: hence this order and IMMEDIATE. Both statements are one errand to the thread of
                // the connection.
                let begin = match durability {
                    _ if tx.durability() == Some(durability) => "BEGIN IMMEDIATE",
                    Durability::Durable => "PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
                    Durability::Relaxed => "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
                };
                tx.execute(begin, Vec::new()).await?;
                tx.note_durability(durability);
            }
            Db::Postgres { reads_only: true, .. } => tx.execute("BEGIN READ ONLY", Vec::new()).await.map(|_| ())?,
            Db::Postgres { .. } => match durability {
                Durability::Durable => tx.execute("BEGIN", Vec::new()).await.map(|_| ())?,
                // Boxed, because every use case's future holds this one.
                Durability::Relaxed => Box::pin(tx.execute_batch("BEGIN; SET LOCAL synchronous_commit = off")).await?,
            },
        }
        Ok(tx)
    }

    /// Returns the writer for one durable statement, which is a transaction of its own: a transaction around it would
    /// triple the errands to the database. Waits for SQLite's single writer as [`Db::write`] does. [`Tx::commit`] after
    /// the statement notes what holds now.
    pub async fn write_one(&self) -> Result<Tx> {
        if matches!(self, Db::Postgres { reads_only: true, .. }) {
            return self.write(Durability::Durable).await;
        }
        let mut tx = self.writer().await?;
        if self.is_sqlite() && tx.durability() != Some(Durability::Durable) {
            tx.execute("PRAGMA synchronous = FULL", Vec::new()).await?;
            tx.note_durability(Durability::Durable);
        }
        Ok(tx)
    }

    /// Returns a connection that may write, without a transaction.
    async fn writer(&self) -> Result<Tx> {
        let (Db::Sqlite { writers, .. } | Db::Postgres { writers, .. }) = self;
        let guard = WriterGuard::acquire(writers);
        let inner = match self {
            Db::Sqlite { write, .. } => {
                Inner::Sqlite(writers.last_write.observe(write.borrow().await.map_err(DbError::from))?)
            }
            Db::Postgres { write, .. } => Inner::Postgres(write.borrow().await?),
        };
        let writing = Some(Writers::clone(writers));
        Ok(Tx::new(inner, writing, guard))
    }
}
