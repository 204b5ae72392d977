//! Rows of e-mail addresses.

use crate::accounts::emails::EmailState;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AccountId, ChallengeId, SessionId};
use crate::crypto::{AssociatedData, MasterKey};
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args};

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
    end_asked(tx, new.account_id).await?;
    let sql = "INSERT INTO email (id, account_id, address, state, challenge_id, session_id, asked_at) \
               VALUES ($1, $2, $3, 'asked', $4, $5, $6)";
    tx.execute(sql, args![new.id, new.account_id, sealed, new.challenge_id, new.session_id, now]).await?;
    Ok(())
}

/// Ends the addresses that were asked for and not confirmed: their codes serve no more.
pub async fn end_asked(tx: &mut UnitOfWork<'_>, account_id: &AccountId) -> Result<()> {
    let now = tx.now;
    let sql = "UPDATE email SET ended_at = $2 WHERE account_id = $1 AND state = 'asked' AND ended_at IS NULL";
    tx.execute(sql, args![account_id, now]).await?;
    Ok(())
}

/// Ends the account's confirmed address.
pub async fn end_confirmed(tx: &mut UnitOfWork<'_>, account_id: &AccountId, state: EmailState) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE email SET state = $2, ended_at = $3 WHERE account_id = $1 AND state = 'confirmed'";
    Ok(tx.execute(sql, args![account_id, state.name(), now]).await? == 1)
}

/// An address that ended a short while ago, and may be taken back.
#[derive(Clone, Debug)]
pub struct FormerEmail {
    pub id: String,
    pub address: String,
    pub ended_at: Timestamp,
}

/// Lists the confirmed addresses of an account that were replaced or removed after a time, the last one first. Five codes a
/// day for seven days are fewer than the limit: nobody hides an address behind others.
pub async fn list_former(
    tx: &mut Tx,
    master_key: &MasterKey,
    account_id: &AccountId,
    since: Timestamp,
) -> anyhow::Result<Vec<FormerEmail>> {
    let sql = "SELECT id, address, ended_at FROM email WHERE account_id = $1 AND state IN ('replaced', 'removed') \
               AND ended_at > $2 ORDER BY ended_at DESC, id DESC LIMIT 50";
    let rows = tx.fetch_all::<(String, String, i64)>(sql, args![account_id, since]).await?;
    let open = |(id, sealed, ended_at): (String, String, i64)| {
        let address = master_key.open(address_place(&id), &sealed)?;
        Ok(FormerEmail { id, address, ended_at: Timestamp(ended_at) })
    };
    rows.into_iter().map(open).collect()
}

/// Finds an address of the account that may be taken back, if it ended after a time.
pub async fn find_former(
    tx: &mut Tx,
    master_key: &MasterKey,
    account_id: &AccountId,
    (id, since): (&str, Timestamp),
) -> anyhow::Result<Option<EmailAddress>> {
    let sql = "SELECT id, address, challenge_id, session_id, asked_at, confirmed_at FROM email \
               WHERE id = $1 AND account_id = $2 AND state IN ('replaced', 'removed') AND ended_at > $3";
    let row = tx.fetch_optional::<Row>(sql, args![id, account_id, since]).await?;
    row.map(|r| open_row(r, master_key)).transpose()
}

/// Makes an address that ended after a time the confirmed one again, once. The caller ended the one in its place.
pub async fn restore(tx: &mut Tx, account_id: &AccountId, id: &str, since: Timestamp) -> Result<bool> {
    let sql = "UPDATE email SET state = 'confirmed', ended_at = NULL WHERE id = $1 AND account_id = $2 \
               AND state IN ('replaced', 'removed') AND ended_at > $3";
    Ok(tx.execute(sql, args![id, account_id, since]).await? == 1)
}

/// Deletes addresses that ended before a time: nobody may take them back any more.
pub async fn delete_ended(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM email WHERE id IN (SELECT id FROM email WHERE ended_at < $1 LIMIT $2)";
    tx.execute(sql, args![before, CLEANUP_BATCH_ROWS]).await
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
