//! Counts of what waits: for operators, and for senders that step aside meanwhile.

use super::JobKind;
use crate::db::{Result, Tx, args};

/// Counts the waiting jobs of a kind, up to `most`.
pub async fn count_waiting(tx: &mut Tx, kind: JobKind, most: i64) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM (SELECT id FROM outbox WHERE state = 'waiting' AND kind = $1 LIMIT $2) AS counted";
    Ok(tx.fetch_one::<(i64,)>(sql, args![kind.name(), most]).await?.0)
}

/// Returns the number of waiting messages and the creation time of the oldest, for `doctor` and readiness. Back-channel
/// logout jobs are excluded, because their delay is caused by relying parties and `logouts` tracks each delivery; so are
/// the SMS of notices, which wait for the next morning.
pub async fn backlog(tx: &mut Tx) -> Result<(i64, Option<i64>)> {
    let sql = "SELECT COUNT(*), MIN(created_at) FROM outbox WHERE state = 'waiting' AND kind NOT IN ($1, $2)";
    tx.fetch_one(sql, args![JobKind::BackchannelLogout.name(), JobKind::NoticeSms.name()]).await
}
