//! Which accounts were seen in a network lately: what its limits grow with.

use crate::base::clock::{Span, Timestamp};
use crate::db::{CLEANED_AT_ONCE, Result, Tx, args};

/// For so long an account counts where it was seen.
const REMEMBERED: Span = Span::days(30);

/// Notes that an account was seen in a network; not more than `most` of one, and each at most once a day.
pub async fn seen(tx: &mut Tx, source: &str, member: &str, most: u32, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO source_account (source, member, at) SELECT $1, $2, $3 WHERE $4 > \
         (SELECT COUNT(*) FROM (SELECT 1 AS one FROM source_account WHERE source = $1 LIMIT $4) AS known) \
         ON CONFLICT (source, member) DO UPDATE SET at = excluded.at WHERE source_account.at < $5",
        args![source, member, now, i64::from(most), now.minus(Span::days(1))],
    )
    .await?;
    Ok(())
}

/// How many accounts were seen there within 30 days, at most `most`.
pub async fn count(tx: &mut Tx, source: &str, most: u32, now: Timestamp) -> Result<u32> {
    let sql = "SELECT COUNT(*) FROM \
               (SELECT 1 AS one FROM source_account WHERE source = $1 AND at > $2 LIMIT $3) AS known";
    let (count,): (i64,) = tx.one(sql, args![source, now.minus(REMEMBERED), i64::from(most)]).await?;
    Ok(u32::try_from(count).unwrap_or(most))
}

/// How many accounts are active, at most `most`.
pub async fn active(tx: &mut Tx, most: u32) -> Result<u32> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM account WHERE state = 'active' LIMIT $1) AS known";
    let (count,): (i64,) = tx.one(sql, args![i64::from(most)]).await?;
    Ok(u32::try_from(count).unwrap_or(most))
}

/// Forgets accounts that were not seen there for 30 days.
pub async fn clean(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM source_account WHERE (source, member) IN \
               (SELECT source, member FROM source_account WHERE at < $1 LIMIT $2)";
    tx.execute(sql, args![now.minus(REMEMBERED), CLEANED_AT_ONCE]).await
}
