//! Counts of what waits: for operators, and for senders that step aside meanwhile.

use super::{JobKind, LAST_TURN_DELAY};
use crate::base::clock::Timestamp;
use crate::db::{Result, Tx, args};

/// Counts the waiting jobs of a kind, up to `most`, for a sender that steps aside meanwhile: without those that were
/// put last and were tried in vain, which nobody waits for and which may be at it for hours; nor mails that were tried
/// in vain, of which a large academy always has some: a mailbox may be full for a day.
pub async fn count_waiting(tx: &mut Tx, kind: JobKind, most: i64) -> Result<i64> {
    // A claimed job counts its attempt before it is made.
    let sql = "SELECT COUNT(*) FROM (SELECT id FROM outbox WHERE state = 'waiting' AND kind = $1 AND (attempts <= 1 \
               OR (kind <> $4 AND (turn_at IS NULL OR turn_at < created_at + $3))) LIMIT $2) AS counted";
    let values = args![kind.name(), most, LAST_TURN_DELAY.0, JobKind::Mail.name()];
    Ok(tx.fetch_one::<(i64,)>(sql, values).await?.0)
}

/// Counts the jobs of a kind that were put last and were tried in vain, up to `most`: many at once say that nobody takes
/// them, and not that some are wrong.
pub async fn count_tried_in_vain(tx: &mut Tx, kind: JobKind, most: i64) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM (SELECT id FROM outbox WHERE state = 'waiting' AND kind = $1 AND attempts > 1 \
               AND turn_at >= created_at + $3 LIMIT $2) AS counted";
    Ok(tx.fetch_one::<(i64,)>(sql, args![kind.name(), most, LAST_TURN_DELAY.0]).await?.0)
}

/// Returns the number of waiting messages and the creation time of the oldest, for `doctor` and readiness. Back-channel
/// logout jobs are excluded, because their delay is caused by relying parties and `logouts` tracks each delivery; so
/// are the SMS of notices, which wait for the next morning; so is what was put last, which may be many hours' work,
/// unless it is a mail that was tried in vain for some minutes: a mail server that is away must not go unseen. Of
/// those, mails with a term of their own, shorter than others', are reminders: their addresses are as a roster has
/// them, and one that takes no mail is nothing for an operator.
pub async fn backlog(tx: &mut Tx) -> Result<(i64, Option<i64>)> {
    let sql = "SELECT COUNT(*), MIN(created_at) FROM outbox WHERE state = 'waiting' AND kind NOT IN ($1, $2) \
               AND (turn_at IS NULL OR turn_at < created_at + $3 OR (kind = $4 AND attempts > 3 \
               AND COALESCE(expires_at, created_at + $5) >= created_at + $5))";
    let kinds = [JobKind::BackchannelLogout, JobKind::NoticeSms, JobKind::Mail].map(JobKind::name);
    tx.fetch_one(sql, args![kinds[0], kinds[1], LAST_TURN_DELAY.0, kinds[2], JobKind::Mail.max_age().0]).await
}

/// The waiting jobs of a kind.
#[derive(Clone, Copy, Debug)]
pub struct WaitingJobs {
    pub kind: JobKind,
    pub waiting: i64,
    /// Of these, tried before without success.
    pub tried: i64,
    pub oldest: Timestamp,
}

/// Counts the waiting jobs, by kind, for `/metrics` and the operator's page.
pub async fn list_waiting(tx: &mut Tx) -> Result<Vec<WaitingJobs>> {
    // A claimed job counts its attempt before it is made: a job in its first attempt has not failed.
    let sql = "SELECT kind, COUNT(*), CAST(COALESCE(SUM(CASE WHEN attempts > 1 THEN 1 ELSE 0 END), 0) AS BIGINT), \
               MIN(created_at) FROM outbox WHERE state = 'waiting' GROUP BY kind ORDER BY kind";
    let rows = tx.fetch_all::<(String, i64, i64, i64)>(sql, Vec::new()).await?;
    let jobs = |(kind, waiting, tried, at): (String, i64, i64, i64)| {
        Some(WaitingJobs { kind: kind.parse().ok()?, waiting, tried, oldest: Timestamp(at) })
    };
    Ok(rows.into_iter().filter_map(jobs).collect())
}
