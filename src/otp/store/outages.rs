//! Rows of outages, and counts of sent and entered codes.

use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id;
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args};
use crate::otp::conversion::CONVERSION_WINDOW;
use crate::otp::outage::{Outage, OutageReason, OutageWindow};

const HOUR_MS: i64 = 3_600_000;

#[derive(FromRow)]
struct Row {
    id: String,
    reason: String,
    detail: String,
    began_at: i64,
    last_at: i64,
    refusals: i64,
}

impl From<Row> for Outage {
    fn from(r: Row) -> Outage {
        let (began_at, last_refusal_at) = (Timestamp(r.began_at), Timestamp(r.last_at));
        let reason = OutageReason::from_name(&r.reason);
        Outage { id: r.id, reason, detail: r.detail, began_at, last_refusal_at, refusals: r.refusals }
    }
}

/// Records a refused message requested at `asked`: opens an outage or updates the open outage.
pub async fn record_refusal(
    work: &mut UnitOfWork<'_>,
    reason: &OutageReason,
    detail: &str,
    asked: Timestamp,
) -> Result<Outage> {
    let (id, now) = (row_id(work.now, work.rng), work.now);
    let row = work
        .fetch_one::<Row>(
            "INSERT INTO sms_outage (id, reason, detail, began_at, last_at, refusals) VALUES ($1, $2, $3, $4, $5, 1) \
             ON CONFLICT (reason) WHERE ended_at IS NULL DO UPDATE SET detail = excluded.detail, \
             last_at = excluded.last_at, refusals = sms_outage.refusals + 1, began_at = CASE \
             WHEN excluded.began_at < sms_outage.began_at THEN excluded.began_at ELSE sms_outage.began_at END \
             RETURNING id, reason, detail, began_at, last_at, refusals",
            args![id, reason.name(), detail, asked, now],
        )
        .await?;
    Ok(Outage::from(row))
}

/// Marks the outage as alerted; returns true if this call has to alert, at most once per `apart` across all servers.
pub async fn mark_alerted(tx: &mut UnitOfWork<'_>, outage: &Outage, apart: Span) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE sms_outage SET told_at = $2 WHERE id = $1 AND (told_at IS NULL OR told_at <= $3)";
    Ok(tx.execute(sql, args![&outage.id, now, now.minus(apart)]).await? == 1)
}

/// Ends the outages of a reason because messages are delivered again. Returns the number of ended outages.
pub async fn end(tx: &mut UnitOfWork<'_>, reason: &OutageReason) -> Result<u64> {
    let now = tx.now;
    let sql = "UPDATE sms_outage SET ended_at = $2 WHERE reason = $1 AND ended_at IS NULL";
    tx.execute(sql, args![reason.name(), now]).await
}

/// Ends all outages.
pub async fn end_all(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    tx.execute("UPDATE sms_outage SET ended_at = $1 WHERE ended_at IS NULL", args![now]).await
}

/// Records an outage reported by an operator, from `began` until now.
pub async fn declare(work: &mut UnitOfWork<'_>, began: Timestamp) -> Result<()> {
    let (id, now) = (row_id(work.now, work.rng), work.now);
    work.execute(
        "INSERT INTO sms_outage (id, reason, detail, began_at, last_at, refusals, ended_at) \
         VALUES ($1, $2, '', $3, $4, 0, $4)",
        args![id, OutageReason::Operator.name(), began, now],
    )
    .await?;
    Ok(())
}

/// Lists the open outages, the oldest first.
pub async fn list_open(tx: &mut Tx) -> Result<Vec<Outage>> {
    let sql = "SELECT id, reason, detail, began_at, last_at, refusals FROM sms_outage WHERE ended_at IS NULL \
               ORDER BY began_at LIMIT 100";
    Ok(tx.fetch_all::<Row>(sql, args![]).await?.into_iter().map(Outage::from).collect())
}

/// Lists the time spans since `since` in which no message was delivered; requests made during these spans do not count.
pub async fn list_windows(tx: &mut Tx, since: Timestamp) -> Result<Vec<OutageWindow>> {
    let sql = "SELECT began_at, ended_at FROM sms_outage WHERE (ended_at IS NULL OR ended_at >= $1) \
               AND (reason IN ('gateway', 'cap', 'pace', 'voice', 'operator') OR reason LIKE 'cap of academy %' \
               OR reason LIKE 'codes of academy %') ORDER BY began_at DESC LIMIT 200";
    let rows = tx.fetch_all::<(i64, Option<i64>)>(sql, args![since]).await?;
    Ok(rows.into_iter().map(|(b, e)| OutageWindow { began_at: Timestamp(b), ended_at: e.map(Timestamp) }).collect())
}

/// Returns the numbers of codes sent to and entered for a destination within the conversion window.
pub async fn traffic(tx: &mut UnitOfWork<'_>, destination: &str) -> Result<(i64, i64)> {
    let now = tx.now;
    tx.fetch_one(
        "SELECT CAST(COALESCE(SUM(sent), 0) AS BIGINT), CAST(COALESCE(SUM(entered), 0) AS BIGINT) FROM sms_traffic \
         WHERE destination = $1 AND hour > $2",
        args![destination, now.minus(CONVERSION_WINDOW).0.div_euclid(HOUR_MS)],
    )
    .await
}

/// Returns the numbers of codes sent and entered within the window, to all numbers.
pub async fn total_traffic(tx: &mut Tx, now: Timestamp) -> Result<(i64, i64)> {
    // An academy's numbers abroad are counted once more, under a name of its own.
    let sql = "SELECT CAST(COALESCE(SUM(sent), 0) AS BIGINT), CAST(COALESCE(SUM(entered), 0) AS BIGINT) \
               FROM sms_traffic WHERE hour > $1 AND destination LIKE '+%'";
    tx.fetch_one(sql, args![now.minus(CONVERSION_WINDOW).0.div_euclid(HOUR_MS)]).await
}

/// Takes a message back from the counts of a destination, if they are still there.
pub async fn subtract_sent(tx: &mut Tx, at: Timestamp, destination: &str) -> Result<()> {
    let sql = "UPDATE sms_traffic SET sent = sent - 1 WHERE destination = $1 AND hour = $2 AND sent > 0";
    tx.execute(sql, args![destination, at.0.div_euclid(HOUR_MS)]).await?;
    Ok(())
}

/// Adds to the counts of a destination.
pub async fn add_traffic(tx: &mut UnitOfWork<'_>, destination: &str, sent: i64, entered: i64) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "INSERT INTO sms_traffic (destination, hour, sent, entered) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (destination, hour) DO UPDATE SET sent = sms_traffic.sent + excluded.sent, \
         entered = sms_traffic.entered + excluded.entered",
        args![destination, now.0.div_euclid(HOUR_MS), sent, entered],
    )
    .await?;
    Ok(())
}

/// Deletes all counts, so that every destination is judged anew.
pub async fn delete_traffic(tx: &mut Tx) -> Result<u64> {
    tx.execute("DELETE FROM sms_traffic", args![]).await
}

/// Ends outages of a cap, of a pace, of codes or of receipts that refused nothing for a day: nobody asks any more, so that
/// no message tells that they are over.
async fn end_forgotten(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    let sql = "UPDATE sms_outage SET ended_at = last_at WHERE ended_at IS NULL AND last_at < $1 \
               AND (reason = 'pace' OR reason LIKE 'cap%' OR reason LIKE 'codes %' OR reason LIKE 'undelivered %')";
    tx.execute(sql, args![now.minus(Span::days(1))]).await
}

/// Deletes outages and counts no longer needed.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    end_forgotten(tx).await?;
    let now = tx.now;
    let outages = "DELETE FROM sms_outage WHERE id IN (SELECT id FROM sms_outage WHERE ended_at < $1 LIMIT $2)";
    let hours = "DELETE FROM sms_traffic WHERE hour < $1";
    Ok(tx.execute(outages, args![now.minus(Span::days(30)), CLEANUP_BATCH_ROWS]).await?
        + tx.execute(hours, args![now.minus(Span::days(2)).0.div_euclid(HOUR_MS)]).await?)
}
