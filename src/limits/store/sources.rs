//! Accounts recently seen per network, used to raise the limits of the network.

use crate::base::clock::{Span, Timestamp};
use crate::db::{CLEANUP_BATCH_ROWS, Result, Tx, UnitOfWork, args};

/// The time for which an account counts towards a network.
const ACCOUNT_SEEN_RETENTION: Span = Span::days(30);

/// Records an account as seen in a network: at most `most` accounts per network, and each account at most once a day.
pub async fn record(tx: &mut UnitOfWork<'_>, source: &str, member: &str, most: u32) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "INSERT INTO source_account (source, member, at) SELECT $1, $2, $3 WHERE $4 > \
         (SELECT COUNT(*) FROM (SELECT 1 AS one FROM source_account WHERE source = $1 LIMIT $4) AS known) \
         ON CONFLICT (source, member) DO UPDATE SET at = excluded.at WHERE source_account.at < $5",
        args![source, member, now, i64::from(most), now.minus(Span::days(1))],
    )
    .await?;
    Ok(())
}

/// Returns the number of accounts seen in a network within 30 days, at most `most`.
pub async fn count(tx: &mut Tx, source: &str, most: u32, now: Timestamp) -> Result<u32> {
    let sql = "SELECT COUNT(*) FROM \
               (SELECT 1 AS one FROM source_account WHERE source = $1 AND at > $2 LIMIT $3) AS known";
    let (count,): (i64,) = tx.fetch_one(sql, args![source, now.minus(ACCOUNT_SEEN_RETENTION), i64::from(most)]).await?;
    Ok(u32::try_from(count).unwrap_or(most))
}

/// Returns the number of active accounts, at most `most`.
pub async fn count_active_accounts(tx: &mut Tx, most: u32) -> Result<u32> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM account WHERE state = 'active' LIMIT $1) AS known";
    let (count,): (i64,) = tx.fetch_one(sql, args![i64::from(most)]).await?;
    Ok(u32::try_from(count).unwrap_or(most))
}

/// Deletes records of accounts not seen in a network for 30 days.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    let sql = "DELETE FROM source_account WHERE (source, member) IN \
               (SELECT source, member FROM source_account WHERE at < $1 LIMIT $2)";
    tx.execute(sql, args![now.minus(ACCOUNT_SEEN_RETENTION), CLEANUP_BATCH_ROWS]).await
}
