//! Rows of devices.

use super::{DEVICE_TTL, MAX_DEVICES};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::AccountId;
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args};

/// A device that is neither forgotten nor expired.
#[derive(FromRow)]
pub struct DeviceRow {
    pub account_id: AccountId,
    /// The identity confirmed on the device.
    pub identity: Option<String>,
    /// The last proof of a second factor.
    pub factor_at: Option<i64>,
}

/// Finds a device, unless it is forgotten or expired.
pub async fn find(tx: &mut Tx, now: Timestamp, id: &str) -> Result<Option<DeviceRow>> {
    let sql = "SELECT account_id, identity, factor_at FROM device \
               WHERE id = $1 AND forgotten_at IS NULL AND seen_at > $2";
    tx.fetch_optional(sql, args![id, now.minus(DEVICE_TTL)]).await
}

/// True if the device ever belonged to this account, forgotten or not.
pub async fn belonged_to(tx: &mut Tx, id: &str, account_id: Option<&AccountId>) -> Result<bool> {
    let sql = "SELECT id FROM device WHERE id = $1 AND account_id = $2";
    Ok(tx.fetch_optional::<(String,)>(sql, args![id, account_id]).await?.is_some())
}

pub async fn insert(
    tx: &mut UnitOfWork<'_>,
    id: &str,
    account_id: &AccountId,
    label: &str,
    identity: Option<&str>,
) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "INSERT INTO device (id, account_id, label, identity, created_at, seen_at) VALUES ($1, $2, $3, $4, $5, $5)",
        args![id, account_id, label, identity, now],
    )
    .await?;
    Ok(())
}

/// Records a new use of a device. Returns false if the device was forgotten meanwhile.
pub async fn touch(tx: &mut UnitOfWork<'_>, id: &str, label: &str, identity: Option<&str>) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE device SET seen_at = $2, label = $3, identity = COALESCE($4, identity) \
               WHERE id = $1 AND forgotten_at IS NULL";
    Ok(tx.execute(sql, args![id, now, label, identity]).await? == 1)
}

/// Records that the person proved a second factor on a device.
pub async fn mark_factor_proven(tx: &mut UnitOfWork<'_>, id: &str) -> Result<()> {
    let now = tx.now;
    tx.execute("UPDATE device SET factor_at = $2 WHERE id = $1", args![id, now]).await?;
    Ok(())
}

/// Forgets the proofs of a second factor on the devices of an account: none of them skips the next factor.
pub async fn forget_factor_proofs(tx: &mut Tx, account_id: &AccountId) -> Result<()> {
    tx.execute("UPDATE device SET factor_at = NULL WHERE account_id = $1", args![account_id]).await?;
    Ok(())
}

/// Forgets that a second factor was proven on any device, for a restored database: it may have been taken back since.
pub async fn forget_all_factor_proofs(tx: &mut Tx) -> Result<()> {
    tx.execute("UPDATE device SET factor_at = NULL WHERE factor_at IS NOT NULL", args![]).await?;
    Ok(())
}

/// Forgets the devices unused for longest, beyond the maximum number per account.
pub async fn forget_excess(tx: &mut UnitOfWork<'_>, account_id: &AccountId) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "UPDATE device SET forgotten_at = $2 WHERE account_id = $1 AND forgotten_at IS NULL AND id NOT IN \
         (SELECT id FROM device WHERE account_id = $1 AND forgotten_at IS NULL ORDER BY seen_at DESC, created_at DESC, \
         id LIMIT $3)",
        args![account_id, now, MAX_DEVICES],
    )
    .await?;
    Ok(())
}

/// True if the account ever had a device, forgotten or not.
pub async fn has_any(tx: &mut Tx, account_id: &AccountId) -> Result<bool> {
    let sql = "SELECT id FROM device WHERE account_id = $1 LIMIT 1";
    Ok(tx.fetch_optional::<(String,)>(sql, args![account_id]).await?.is_some())
}

/// Forgets a device of an account. Returns true for the call that forgot it.
pub async fn forget(tx: &mut UnitOfWork<'_>, account_id: &AccountId, id: &str) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE device SET forgotten_at = $3 WHERE id = $2 AND account_id = $1 AND forgotten_at IS NULL";
    Ok(tx.execute(sql, args![account_id, id, now]).await? == 1)
}

/// Forgets every device of an account but one. Returns their number.
pub async fn forget_others(tx: &mut UnitOfWork<'_>, account_id: &AccountId, except: Option<&str>) -> Result<u64> {
    let now = tx.now;
    let sql = "UPDATE device SET forgotten_at = $2 WHERE account_id = $1 AND forgotten_at IS NULL AND id <> $3";
    tx.execute(sql, args![account_id, now, except.unwrap_or_default()]).await
}

/// A device of the list on the account page.
#[derive(Clone, Debug, FromRow)]
pub struct KnownDevice {
    pub id: String,
    pub label: String,
    pub seen_at: i64,
    /// The begin of its session, if it has one that is not ended.
    pub signed_in_at: Option<i64>,
}

/// Lists the known devices of an account, the last used first, with the session that began after the given time.
pub async fn list(tx: &mut Tx, account_id: &AccountId, now: Timestamp, alive: Timestamp) -> Result<Vec<KnownDevice>> {
    let sql = "SELECT d.id, d.label, d.seen_at, (SELECT MAX(s.authenticated_at) FROM session s \
               WHERE s.device_id = d.id AND s.account_id = $1 AND s.ended_at IS NULL AND s.authenticated_at > $3) \
               AS signed_in_at FROM device d WHERE d.account_id = $1 AND d.forgotten_at IS NULL AND d.seen_at > $2 \
               ORDER BY d.seen_at DESC, d.id LIMIT 20";
    tx.fetch_all(sql, args![account_id, now.minus(DEVICE_TTL), alive]).await
}

/// Deletes expired devices, and forgotten devices 30 days before their expiry. Returns the number of deleted rows.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    let sql = "DELETE FROM device WHERE id IN (SELECT id FROM device WHERE seen_at < $1 \
               OR (seen_at < $2 AND forgotten_at IS NOT NULL) LIMIT $3)";
    tx.execute(sql, args![now.minus(DEVICE_TTL), now.minus(DEVICE_TTL).plus(Span::days(30)), CLEANUP_BATCH_ROWS]).await
}
