//! Rows of e-mail addresses.

use crate::accounts::emails::EmailState;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AccountId, ChallengeId, SessionId};
use crate::crypto::{AssociatedData, MasterKey};
use crate::db::{FromRow, Result, Tx, UnitOfWork, args};

#[derive(FromRow)]
struct Row {
    id: String,
    address: String,
    challenge_id: Option<ChallengeId>,
    session_id: Option<SessionId>,
    asked_at: i64,
    confirmed_at: Option<i64>,
}

/// A decrypted address.
#[derive(Clone, Debug)]
pub struct EmailAddress {
    pub id: String,
    pub address: String,
    pub challenge_id: Option<ChallengeId>,
    /// The session that asked.
    pub session_id: Option<SessionId>,
    pub asked_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
}

fn address_place(row: &str) -> AssociatedData<'_> {
    AssociatedData { table: "email", column: "address", row }
}

fn open_row(row: Row, master_key: &MasterKey) -> anyhow::Result<EmailAddress> {
    Ok(EmailAddress {
        address: master_key.open(address_place(&row.id), &row.address)?,
        id: row.id,
        challenge_id: row.challenge_id,
        session_id: row.session_id,
        asked_at: Timestamp(row.asked_at),
        confirmed_at: row.confirmed_at.map(Timestamp),
    })
}

/// Finds the account's confirmed address.
pub async fn find_confirmed(
    tx: &mut Tx,
    master_key: &MasterKey,
    account_id: &AccountId,
) -> anyhow::Result<Option<EmailAddress>> {
    let sql = "SELECT id, address, challenge_id, session_id, asked_at, confirmed_at FROM email \
               WHERE account_id = $1 AND state = 'confirmed'";
    let row = tx.fetch_optional::<Row>(sql, args![account_id]).await?;
    row.map(|r| open_row(r, master_key)).transpose()
}

/// Finds the address asked for last and not confirmed yet.
pub async fn find_asked(
    tx: &mut Tx,
    master_key: &MasterKey,
    account_id: &AccountId,
) -> anyhow::Result<Option<EmailAddress>> {
    let sql = "SELECT id, address, challenge_id, session_id, asked_at, confirmed_at FROM email \
               WHERE account_id = $1 AND state = 'asked' AND ended_at IS NULL ORDER BY asked_at DESC, id DESC LIMIT 1";
    let row = tx.fetch_optional::<Row>(sql, args![account_id]).await?;
    row.map(|r| open_row(r, master_key)).transpose()
}

/// A new address.
#[derive(Clone, Copy, Debug)]
pub struct NewEmail<'a> {
    pub id: &'a str,
    pub account_id: &'a AccountId,
    pub address: &'a str,
    pub challenge_id: &'a ChallengeId,
    pub session_id: &'a SessionId,
}

/// Inserts an asked address, in place of an earlier one that was not confirmed.
pub async fn insert(tx: &mut UnitOfWork<'_>, master_key: &MasterKey, new: NewEmail<'_>) -> anyhow::Result<()> {
    let now = tx.now;
    let sealed = master_key.seal(address_place(new.id), new.address)?;
    let ended = "UPDATE email SET ended_at = $2 WHERE account_id = $1 AND state = 'asked' AND ended_at IS NULL";
    tx.execute(ended, args![new.account_id, now]).await?;
    let sql = "INSERT INTO email (id, account_id, address, state, challenge_id, session_id, asked_at) \
               VALUES ($1, $2, $3, 'asked', $4, $5, $6)";
    tx.execute(sql, args![new.id, new.account_id, sealed, new.challenge_id, new.session_id, now]).await?;
    Ok(())
}

/// Ends the account's confirmed address.
pub async fn end_confirmed(tx: &mut UnitOfWork<'_>, account_id: &AccountId, state: EmailState) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE email SET state = $2, ended_at = $3 WHERE account_id = $1 AND state = 'confirmed'";
    Ok(tx.execute(sql, args![account_id, state.name(), now]).await? == 1)
}

/// Erases every address of a closed account.
pub async fn delete_all(tx: &mut Tx, account_id: &AccountId) -> Result<()> {
    tx.execute("DELETE FROM email WHERE account_id = $1", args![account_id]).await?;
    Ok(())
}

/// Confirms an asked address, once.
pub async fn confirm(tx: &mut UnitOfWork<'_>, id: &str) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE email SET state = 'confirmed', confirmed_at = $2 WHERE id = $1 AND state = 'asked' \
               AND ended_at IS NULL";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}
