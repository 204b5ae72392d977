//! The time according to the database: the latest time that any server recorded, and the database server's clock.
//!
//! A clock that goes back lengthens every code, lockout and session. Within a process the clock never goes back
//! (`base/clock.rs`); across restarts and servers, the row of the table `clock` records the latest time
//! (docs/decisions/0008-the-clock-never-goes-back.md). The row is written rarely: a restart can lengthen lifetimes by
//! at most the age of the row.

use super::{Db, Durability, Result, args};
use crate::base::clock::Timestamp;

impl Db {
    /// Returns the latest time recorded by any server of the deployment.
    pub async fn last_seen_time(&self) -> Result<Option<Timestamp>> {
        let sql = "SELECT seen_at FROM clock WHERE id = 'house'";
        Ok(self.read().await?.fetch_optional::<(i64,)>(sql, Vec::new()).await?.map(|(at,)| Timestamp(at)))
    }

    /// Records the present time; a time earlier than the recorded time changes nothing.
    pub async fn record_time(&self, now: Timestamp) -> Result<()> {
        let mut tx = self.write(Durability::Relaxed).await?;
        let sql = "INSERT INTO clock (id, seen_at) VALUES ('house', $1) ON CONFLICT (id) DO UPDATE \
                   SET seen_at = excluded.seen_at WHERE clock.seen_at < excluded.seen_at";
        tx.execute(sql, args![now]).await?;
        tx.commit().await
    }

    /// Overwrites the recorded time with the present time, on the operator's request: a clock once set to the next year
    /// would otherwise keep every server in that year.
    pub async fn reset_seen_time(&self, now: Timestamp) -> Result<()> {
        let mut tx = self.write(Durability::Durable).await?;
        let sql = "INSERT INTO clock (id, seen_at) VALUES ('house', $1) ON CONFLICT (id) DO UPDATE \
                   SET seen_at = excluded.seen_at";
        tx.execute(sql, args![now]).await?;
        tx.commit().await
    }

    /// Returns the time of the database server; `None` for SQLite, which runs on the same machine.
    pub async fn server_time(&self) -> Result<Option<Timestamp>> {
        if self.is_sqlite() {
            return Ok(None);
        }
        let sql = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
        Ok(Some(Timestamp(self.read().await?.fetch_one::<(i64,)>(sql, Vec::new()).await?.0)))
    }
}
