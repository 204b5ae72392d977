//! Numbers of schools, for monitoring and for lists.
//!
//! The figures of lists are counted by the console's worker, which looks at the schools that were marked here and at no
//! other: whoever changes what is counted marks the school, in the same transaction.

use crate::base::clock::{Span, Timestamp};
use crate::base::uai::Uai;
use crate::db::{Result, Tx, UnitOfWork, args};

/// Figures of a school that changed are counted again after this time at the earliest.
pub const MIN_COUNT_INTERVAL: Span = Span::minutes(1);

/// Counts the schools whose campaign is open.
pub async fn count_open_campaigns(tx: &mut Tx, now: Timestamp) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM campaign WHERE opens_at <= $1 AND closes_at > $1";
    Ok(tx.fetch_one::<(i64,)>(sql, args![now]).await?.0)
}

/// Marks the figures of a school as to be counted again. Of a school that is being counted the mark stays, and the count
/// that ends sets the time ([`MIN_COUNT_INTERVAL`]).
pub async fn mark_figures(tx: &mut UnitOfWork<'_>, uai: &Uai) -> Result<()> {
    let now = tx.now;
    let sql = "INSERT INTO school_figure (uai, revision, counted_at, stale, parents, with_account, unreachable, \
               pupils, pupils_covered, due_at) VALUES ($1, 0, 0, TRUE, 0, 0, 0, 0, 0, $2) \
               ON CONFLICT (uai) DO UPDATE SET stale = TRUE, due_at = CASE \
               WHEN school_figure.revision < 0 OR school_figure.due_at <= $2 THEN school_figure.due_at \
               WHEN school_figure.counted_at + $3 > $2 THEN school_figure.counted_at + $3 ELSE $2 END";
    tx.execute(sql, args![uai, now, MIN_COUNT_INTERVAL.0]).await?;
    Ok(())
}
