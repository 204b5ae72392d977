//! The time as the database knows it: the latest that any server was at, and the database server's own.
//!
//! A clock that goes back lengthens every code, lock and session. Within a process the clock never does
//! (`base/clock.rs`); across restarts and servers this row says where it was
//! (docs/decisions/0008-the-clock-never-goes-back.md). It is written seldom: what it can be behind is what a restart
//! could lengthen.

use super::{Db, Durability, Result, args};
use crate::base::clock::Timestamp;

impl Db {
    /// The latest time that a server of this house was at.
    pub async fn seen(&self) -> Result<Option<Timestamp>> {
        let sql = "SELECT seen_at FROM clock WHERE id = 'house'";
        Ok(self.read().await?.optional::<(i64,)>(sql, Vec::new()).await?.map(|(at,)| Timestamp(at)))
    }

    /// A server is at this time; an earlier one than the row has changes nothing.
    pub async fn see(&self, now: Timestamp) -> Result<()> {
        let mut tx = self.write(Durability::Relaxed).await?;
        let sql = "INSERT INTO clock (id, seen_at) VALUES ('house', $1) ON CONFLICT (id) DO UPDATE \
                   SET seen_at = excluded.seen_at WHERE clock.seen_at < excluded.seen_at";
        tx.execute(sql, args![now]).await?;
        tx.commit().await
    }

    /// The operator says that the clock is right now, whatever was seen: a clock that was once set to the next year
    /// would hold every server there.
    pub async fn forget_seen(&self, now: Timestamp) -> Result<()> {
        let mut tx = self.write(Durability::Durable).await?;
        let sql = "INSERT INTO clock (id, seen_at) VALUES ('house', $1) ON CONFLICT (id) DO UPDATE \
                   SET seen_at = excluded.seen_at";
        tx.execute(sql, args![now]).await?;
        tx.commit().await
    }

    /// The time of the machine that the database runs on; `None` where it has no other than ours.
    pub async fn time(&self) -> Result<Option<Timestamp>> {
        if self.is_sqlite() {
            return Ok(None);
        }
        let sql = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
        Ok(Some(Timestamp(self.read().await?.one::<(i64,)>(sql, Vec::new()).await?.0)))
    }
}
