//! Rows of outages, and of how many codes were sent and entered.

use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id;
use crate::base::rng::Random;
use crate::db::{CLEANED_AT_ONCE, Error, FromRow, Result, Tx, args};
use crate::otp::outage::{JUDGED_OVER, Outage, Reason, Window};

const HOUR: i64 = 3_600_000;

#[derive(FromRow)]
struct Row {
    id: String,
    reason: String,
    detail: String,
    began_at: i64,
    last_at: i64,
    refusals: i64,
}

impl TryFrom<Row> for Outage {
    type Error = Error;
    fn try_from(r: Row) -> Result<Outage> {
        let bad = || Error::Inconsistent { table: "sms_outage", column: "reason", row: r.id.clone() };
        let reason = Reason::from_name(&r.reason).ok_or_else(bad)?;
        let (began, last) = (Timestamp(r.began_at), Timestamp(r.last_at));
        Ok(Outage { id: r.id, reason, detail: r.detail, began, last, refusals: r.refusals })
    }
}

/// One more message could not leave, asked for at `asked`: begins an outage, or goes on with it.
pub async fn refused(
    tx: &mut Tx,
    rng: &dyn Random,
    now: Timestamp,
    (reason, detail): (&Reason, &str),
    asked: Timestamp,
) -> Result<Outage> {
    let row = tx
        .one::<Row>(
            "INSERT INTO sms_outage (id, reason, detail, began_at, last_at, refusals) VALUES ($1, $2, $3, $4, $5, 1) \
             ON CONFLICT (reason) WHERE ended_at IS NULL DO UPDATE SET detail = excluded.detail, \
             last_at = excluded.last_at, refusals = sms_outage.refusals + 1, began_at = CASE \
             WHEN excluded.began_at < sms_outage.began_at THEN excluded.began_at ELSE sms_outage.began_at END \
             RETURNING id, reason, detail, began_at, last_at, refusals",
            args![row_id(now, rng), reason.name(), detail, asked, now],
        )
        .await?;
    Outage::try_from(row)
}

/// Whether it is this call that tells it, at most once in `apart`, whichever server calls.
pub async fn tell(tx: &mut Tx, now: Timestamp, outage: &Outage, apart: Span) -> Result<bool> {
    let sql = "UPDATE sms_outage SET told_at = $2 WHERE id = $1 AND (told_at IS NULL OR told_at <= $3)";
    Ok(tx.execute(sql, args![&outage.id, now, now.minus(apart)]).await? == 1)
}

/// Messages leave again. How many outages ended by it.
pub async fn end(tx: &mut Tx, now: Timestamp, reason: &Reason) -> Result<u64> {
    let sql = "UPDATE sms_outage SET ended_at = $2 WHERE reason = $1 AND ended_at IS NULL";
    tx.execute(sql, args![reason.name(), now]).await
}

/// As [`end`], for all of them.
pub async fn end_all(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    tx.execute("UPDATE sms_outage SET ended_at = $1 WHERE ended_at IS NULL", args![now]).await
}

/// An operator says that nothing arrived in this time.
pub async fn declare(tx: &mut Tx, rng: &dyn Random, now: Timestamp, began: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO sms_outage (id, reason, detail, began_at, last_at, refusals, ended_at) \
         VALUES ($1, $2, '', $3, $4, 0, $4)",
        args![row_id(now, rng), Reason::Operator.name(), began, now],
    )
    .await?;
    Ok(())
}

/// Those that have not ended, the oldest first.
pub async fn open(tx: &mut Tx) -> Result<Vec<Outage>> {
    let sql = "SELECT id, reason, detail, began_at, last_at, refusals FROM sms_outage WHERE ended_at IS NULL \
               ORDER BY began_at LIMIT 100";
    tx.all::<Row>(sql, args![]).await?.into_iter().map(Outage::try_from).collect()
}

/// The times since `since` in which nobody got a message: what was asked for then does not count.
pub async fn windows(tx: &mut Tx, since: Timestamp) -> Result<Vec<Window>> {
    let sql = "SELECT began_at, ended_at FROM sms_outage WHERE (ended_at IS NULL OR ended_at >= $1) \
               AND reason IN ('gateway', 'cap', 'operator') ORDER BY began_at DESC LIMIT 200";
    let rows = tx.all::<(i64, Option<i64>)>(sql, args![since]).await?;
    Ok(rows.into_iter().map(|(b, e)| Window { began: Timestamp(b), ended: e.map(Timestamp) }).collect())
}

/// Codes sent and entered of a destination, lately.
pub async fn traffic(tx: &mut Tx, now: Timestamp, destination: &str) -> Result<(i64, i64)> {
    tx.one(
        "SELECT CAST(COALESCE(SUM(sent), 0) AS BIGINT), CAST(COALESCE(SUM(entered), 0) AS BIGINT) FROM sms_traffic \
         WHERE destination = $1 AND hour > $2",
        args![destination, now.minus(JUDGED_OVER).0.div_euclid(HOUR)],
    )
    .await
}

/// Counts codes of a destination; a negative number takes back.
pub async fn count(tx: &mut Tx, now: Timestamp, destination: &str, sent: i64, entered: i64) -> Result<()> {
    tx.execute(
        "INSERT INTO sms_traffic (destination, hour, sent, entered) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (destination, hour) DO UPDATE SET sent = sms_traffic.sent + excluded.sent, \
         entered = sms_traffic.entered + excluded.entered",
        args![destination, now.0.div_euclid(HOUR), sent, entered],
    )
    .await?;
    Ok(())
}

/// Judges every destination anew.
pub async fn forget_traffic(tx: &mut Tx) -> Result<u64> {
    tx.execute("DELETE FROM sms_traffic", args![]).await
}

/// Forgets what nothing depends on any more.
pub async fn clean(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let outages = "DELETE FROM sms_outage WHERE id IN (SELECT id FROM sms_outage WHERE ended_at < $1 LIMIT $2)";
    let hours = "DELETE FROM sms_traffic WHERE hour < $1";
    Ok(tx.execute(outages, args![now.minus(Span::days(30)), CLEANED_AT_ONCE]).await?
        + tx.execute(hours, args![now.minus(Span::days(2)).0.div_euclid(HOUR)]).await?)
}
