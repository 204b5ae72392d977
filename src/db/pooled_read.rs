//! Reads through a pooler, where a connection is ours for one transaction only: each read is one, and ends as soon as it is
//! dropped.
//!
//! A pooler may accept and answer nothing. Whoever waits has the time of every other statement; whoever went away is not
//! waited for, and no connection keeps its place in the pool for it (docs/threats.md#fault-rt22).

use std::pin::pin;

use sqlx::{PgConnection, Postgres};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::connections::{BorrowedConnection, Connections, MAX_ASKED};
use super::tx::STATEMENT_TIMEOUT;

/// A transaction that only reads. It is rolled back when it is dropped.
pub(super) struct PooledRead {
    /// Absent after the end.
    connection: Option<BorrowedConnection<Postgres>>,
    is_begun: bool,
}

impl PooledRead {
    /// Begins a read.
    ///
    /// Whoever asked may go away while the BEGIN is on its way. In a task of its own it comes to its end, and the rollback
    /// follows: where a connection is closed in between, the pooler closes its own one to the server too.
    pub(super) async fn begin(connections: &Connections<Postgres>) -> sqlx::Result<Self> {
        let connection = connections.borrow().await?;
        let (mut asking, begun) = oneshot::channel();
        tokio::spawn(async move {
            let mut beginning = pin!(Self::begin_on(connection));
            let read = tokio::select! {
                read = &mut beginning => read,
                () = asking.closed() => timeout(MAX_ASKED, beginning).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)),
            };
            // With nobody there to take it, it is dropped.
            let _gone = asking.send(read);
        });
        begun.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }

    async fn begin_on(connection: BorrowedConnection<Postgres>) -> sqlx::Result<Self> {
        let mut read = Self { connection: Some(connection), is_begun: false };
        let begin = sqlx::raw_sql("BEGIN READ ONLY").execute(read.get()?);
        timeout(STATEMENT_TIMEOUT, begin).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))?;
        read.is_begun = true;
        Ok(read)
    }

    pub(super) fn get(&mut self) -> sqlx::Result<&mut PgConnection> {
        self.connection.as_mut().ok_or(sqlx::Error::PoolClosed)?.get()
    }
}

impl Drop for PooledRead {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if self.is_begun {
            tokio::spawn(roll_back(connection));
        } else {
            connection.close_on_drop();
        }
    }
}

/// Ends a transaction, after the statement that may be under way. The connection stays at hand if that is answered, and is
/// closed otherwise.
async fn roll_back(mut connection: BorrowedConnection<Postgres>) {
    let is_answered = match connection.get() {
        Ok(open) => timeout(MAX_ASKED, sqlx::raw_sql("ROLLBACK").execute(open)).await.is_ok_and(|done| done.is_ok()),
        Err(_) => false,
    };
    match is_answered {
        true => connection.keep(),
        false => connection.close_on_drop(),
    }
}
