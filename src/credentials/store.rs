//! Rows of second factors.

use super::factors::{HeldFactors, TotpFactor};
use super::totp::TotpSecret;
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AccountId, SessionId, TotpId};
use crate::crypto::{AssociatedData, MasterKey};
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args};
use crate::passkeys;

fn secret_place(row: &str) -> AssociatedData<'_> {
    AssociatedData { table: "totp", column: "secret", row }
}

/// Returns the factors of an account that count.
pub async fn find_factors(tx: &mut Tx, account_id: &AccountId) -> Result<HeldFactors> {
    #[derive(FromRow)]
    struct Row {
        id: TotpId,
        confirmed_at: i64,
        used_at: Option<i64>,
    }
    let sql = "SELECT id, confirmed_at, used_at FROM totp WHERE account_id = $1 AND confirmed_at IS NOT NULL \
               ORDER BY confirmed_at, id";
    let totp = tx.fetch_all::<Row>(sql, args![account_id]).await?.into_iter().map(|r| TotpFactor {
        id: r.id,
        confirmed_at: Timestamp(r.confirmed_at),
        used_at: r.used_at.map(Timestamp),
    });
    let totp = totp.collect();
    let sql = "SELECT COUNT(*), MAX(created_at) FROM backup_code WHERE account_id = $1 AND used_at IS NULL";
    let (backup_codes, drawn) = tx.fetch_one::<(i64, Option<i64>)>(sql, args![account_id]).await?;
    let passkeys = passkeys::store::list(tx, account_id).await?.into_iter().map(|passkey| passkey.created_at).collect();
    Ok(HeldFactors { passkeys, totp, backup_codes, backup_codes_at: drawn.map(Timestamp) })
}

/// A secret with what is needed to accept one of its codes.
#[derive(Debug)]
pub struct TotpRow {
    pub id: TotpId,
    pub secret: TotpSecret,
    pub confirmed_at: Option<Timestamp>,
}

#[derive(FromRow)]
struct SecretRow {
    id: TotpId,
    secret: String,
    confirmed_at: Option<i64>,
}

fn open_row(row: SecretRow, master_key: &MasterKey) -> anyhow::Result<TotpRow> {
    let text = master_key.open(secret_place(&row.id), &row.secret)?;
    let secret = TotpSecret::parse(&text).ok_or_else(|| anyhow::anyhow!("totp.secret of row {} is none", row.id))?;
    Ok(TotpRow { id: row.id, secret, confirmed_at: row.confirmed_at.map(Timestamp) })
}

/// Lists the confirmed secrets of an account.
pub async fn list_secrets(tx: &mut Tx, master_key: &MasterKey, account_id: &AccountId) -> anyhow::Result<Vec<TotpRow>> {
    let sql = "SELECT id, secret, confirmed_at FROM totp WHERE account_id = $1 AND confirmed_at IS NOT NULL \
               ORDER BY confirmed_at, id";
    let rows = tx.fetch_all::<SecretRow>(sql, args![account_id]).await?;
    rows.into_iter().map(|row| open_row(row, master_key)).collect()
}

/// Uses a code's step up; false if it served before, or a later one did, by compare-and-set.
pub async fn take_step(tx: &mut UnitOfWork<'_>, id: &TotpId, step: i64) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE totp SET last_step = $2, used_at = $3 WHERE id = $1 AND last_step < $2";
    Ok(tx.execute(sql, args![id, step, now]).await? == 1)
}

/// Inserts a secret that waits for its first code, in place of the others of the account that wait.
pub async fn insert_totp(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    (id, account_id, session_id): (&TotpId, &AccountId, &SessionId),
    secret: &TotpSecret,
    first_step: i64,
) -> anyhow::Result<()> {
    let now = tx.now;
    tx.execute("DELETE FROM totp WHERE account_id = $1 AND confirmed_at IS NULL", args![account_id]).await?;
    let sealed = master_key.seal(secret_place(id), &secret.to_base32())?;
    let sql = "INSERT INTO totp (id, account_id, secret, last_step, session_id, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    tx.execute(sql, args![id, account_id, sealed, first_step, session_id, now]).await?;
    Ok(())
}

/// Finds the secret that waits for its first code in this session, drawn after the given time.
pub async fn find_waiting(
    tx: &mut Tx,
    master_key: &MasterKey,
    (account_id, session_id): (&AccountId, &SessionId),
    after: Timestamp,
) -> anyhow::Result<Option<TotpRow>> {
    let sql = "SELECT id, secret, confirmed_at FROM totp WHERE account_id = $1 AND session_id = $2 \
               AND confirmed_at IS NULL AND created_at > $3 ORDER BY created_at DESC, id DESC LIMIT 1";
    let row = tx.fetch_optional::<SecretRow>(sql, args![account_id, session_id, after]).await?;
    row.map(|row| open_row(row, master_key)).transpose()
}

/// Lets a secret count from now on; false if it does already.
pub async fn confirm_totp(tx: &mut UnitOfWork<'_>, id: &TotpId) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE totp SET confirmed_at = $2, session_id = NULL WHERE id = $1 AND confirmed_at IS NULL";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}

/// Deletes a confirmed secret of an account; false if there is none.
pub async fn delete_totp(tx: &mut Tx, account_id: &AccountId, id: &TotpId) -> Result<bool> {
    let sql = "DELETE FROM totp WHERE id = $1 AND account_id = $2 AND confirmed_at IS NOT NULL";
    Ok(tx.execute(sql, args![id, account_id]).await? == 1)
}

/// Inserts a backup code by its HMAC.
pub async fn insert_backup_code(tx: &mut UnitOfWork<'_>, id: &str, account_id: &AccountId, digest: &str) -> Result<()> {
    let now = tx.now;
    let sql = "INSERT INTO backup_code (id, account_id, code, created_at) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, args![id, account_id, digest, now]).await?;
    Ok(())
}

/// Uses a backup code up, by compare-and-set. Returns the time at which it was drawn; `None` if it is no code of the
/// account, or served before.
pub async fn take_backup_code(
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    digest: &str,
) -> Result<Option<Timestamp>> {
    let now = tx.now;
    let sql = "UPDATE backup_code SET used_at = $3 WHERE account_id = $1 AND code = $2 AND used_at IS NULL";
    if tx.execute(sql, args![account_id, digest, now]).await? != 1 {
        return Ok(None);
    }
    let sql = "SELECT created_at FROM backup_code WHERE account_id = $1 AND code = $2";
    Ok(tx.fetch_optional::<(i64,)>(sql, args![account_id, digest]).await?.map(|(at,)| Timestamp(at)))
}

pub async fn delete_backup_codes(tx: &mut Tx, account_id: &AccountId) -> Result<u64> {
    tx.execute("DELETE FROM backup_code WHERE account_id = $1", args![account_id]).await
}

/// Deletes the backup codes that were drawn at a time.
pub async fn delete_backup_codes_of(tx: &mut Tx, account_id: &AccountId, drawn_at: Timestamp) -> Result<()> {
    let sql = "DELETE FROM backup_code WHERE account_id = $1 AND created_at = $2";
    tx.execute(sql, args![account_id, drawn_at]).await?;
    Ok(())
}

/// True if an application's code of this step served at that time, and no other one since.
pub async fn has_served(tx: &mut Tx, id: &TotpId, step: i64, at: Timestamp) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM totp WHERE id = $1 AND last_step = $2 AND used_at = $3";
    Ok(tx.fetch_one::<(i64,)>(sql, args![id, step, at]).await?.0 == 1)
}

/// True if this backup code served at that time.
pub async fn has_backup_code_served(tx: &mut Tx, account_id: &AccountId, digest: &str, at: Timestamp) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM backup_code WHERE account_id = $1 AND code = $2 AND used_at = $3";
    Ok(tx.fetch_one::<(i64,)>(sql, args![account_id, digest, at]).await?.0 == 1)
}

/// Deletes every factor of an account, passkeys too, and those that wait for their first code.
pub async fn delete_all(tx: &mut Tx, account_id: &AccountId) -> Result<()> {
    delete_backup_codes(tx, account_id).await?;
    tx.execute("DELETE FROM totp WHERE account_id = $1", args![account_id]).await?;
    passkeys::store::delete_all(tx, account_id).await?;
    Ok(())
}

/// Deletes the secrets that were never confirmed, a day after they were drawn.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let before = tx.now.minus(Span::days(1));
    let sql = "DELETE FROM totp WHERE id IN \
               (SELECT id FROM totp WHERE confirmed_at IS NULL AND created_at < $1 LIMIT $2)";
    tx.execute(sql, args![before, CLEANUP_BATCH_ROWS]).await
}
