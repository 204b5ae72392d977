//! Counts of codes sent to and entered by the people of an academy at home, by five minutes.

use crate::base::clock::{Span, Timestamp};
use crate::db::{Result, Tx, UnitOfWork, args};
use crate::otp::conversion::{ACADEMY_CONVERSION_WINDOW, CONVERSION_GRACE};

const SLOT: Span = Span::minutes(5);

fn slot_of(at: Timestamp) -> i64 {
    at.0.div_euclid(SLOT.0)
}

/// Adds to the counts of an academy.
pub async fn add(tx: &mut UnitOfWork<'_>, academy: &str, sent: i64, entered: i64) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "INSERT INTO sms_academy_traffic (academy, slot, sent, entered) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (academy, slot) DO UPDATE SET sent = sms_academy_traffic.sent + excluded.sent, \
         entered = sms_academy_traffic.entered + excluded.entered",
        args![academy, slot_of(now), sent, entered],
    )
    .await?;
    Ok(())
}

/// Takes a message out of the counts of an academy: it was sent then, and nobody could read it.
pub async fn subtract_sent(tx: &mut Tx, academy: &str, sent_at: Timestamp) -> Result<()> {
    let sql = "UPDATE sms_academy_traffic SET sent = sent - 1 WHERE academy = $1 AND slot = $2 AND sent > 0";
    tx.execute(sql, args![academy, slot_of(sent_at)]).await?;
    Ok(())
}

/// Returns the numbers of codes sent and entered within the window; messages whose readers have had no time are not
/// among the sent ones.
pub async fn traffic(tx: &mut UnitOfWork<'_>, academy: &str) -> Result<(i64, i64)> {
    let now = tx.now;
    tx.fetch_one(
        "SELECT CAST(COALESCE(SUM(CASE WHEN slot < $3 THEN sent ELSE 0 END), 0) AS BIGINT), \
         CAST(COALESCE(SUM(entered), 0) AS BIGINT) FROM sms_academy_traffic WHERE academy = $1 AND slot > $2",
        args![academy, slot_of(now.minus(ACADEMY_CONVERSION_WINDOW)), slot_of(now.minus(CONVERSION_GRACE))],
    )
    .await
}

/// Deletes all counts, so that every academy is judged anew.
pub async fn delete_all(tx: &mut Tx) -> Result<u64> {
    tx.execute("DELETE FROM sms_academy_traffic", args![]).await
}

/// Deletes counts no longer needed.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    let sql = "DELETE FROM sms_academy_traffic WHERE slot < $1";
    tx.execute(sql, args![slot_of(now.minus(ACADEMY_CONVERSION_WINDOW).minus(Span::hours(1)))]).await
}
