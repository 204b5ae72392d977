//! Numbers of schools, for monitoring.

use crate::base::clock::Timestamp;
use crate::db::{Result, Tx, args};

/// Counts the schools whose campaign is open.
pub async fn count_open_campaigns(tx: &mut Tx, now: Timestamp) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM campaign WHERE opens_at <= $1 AND closes_at > $1";
    Ok(tx.fetch_one::<(i64,)>(sql, args![now]).await?.0)
}
