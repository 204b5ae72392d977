//! Rows of administrators.

pub mod api_tokens;
pub mod drafts;
pub mod invitations;
pub mod roles;
pub mod scope;
pub mod sessions;

use super::{Administrator, AdministratorState};
use crate::base::clock::Timestamp;
use crate::base::typed_ids::AdministratorId;
use crate::credentials::totp::TotpSecret;
use crate::crypto::{AssociatedData, HmacPurpose, MasterKey};
use crate::db::{FromRow, Result, Tx, UnitOfWork, args, parse_word};

#[derive(FromRow)]
struct Row {
    id: AdministratorId,
    name: String,
    email: String,
    state: String,
    has_totp: bool,
    seen_at: Option<i64>,
}

fn email_place(row: &str) -> AssociatedData<'_> {
    AssociatedData { table: "administrator", column: "email", row }
}

fn totp_place(row: &str) -> AssociatedData<'_> {
    AssociatedData { table: "administrator", column: "totp", row }
}

/// Returns the form by which an address is found, whatever the case in which it is typed.
fn email_blind(master_key: &MasterKey, email: &str) -> String {
    master_key.hmac(HmacPurpose::AdministratorEmail, &email.to_lowercase())
}

fn read(row: Row, master_key: &MasterKey) -> anyhow::Result<Administrator> {
    Ok(Administrator {
        email: master_key.open(email_place(&row.id), &row.email)?,
        state: parse_word::<AdministratorState>("administrator", "state", &row.id, &row.state)?,
        id: row.id,
        name: row.name,
        has_totp: row.has_totp,
        seen_at: row.seen_at.map(Timestamp),
    })
}

/// Finds an administrator.
pub async fn find(tx: &mut Tx, master_key: &MasterKey, id: &AdministratorId) -> anyhow::Result<Option<Administrator>> {
    let sql = "SELECT id, name, email, state, totp IS NOT NULL AS has_totp, seen_at FROM administrator WHERE id = $1";
    let row = tx.fetch_optional::<Row>(sql, args![id]).await?;
    row.map(|row| read(row, master_key)).transpose()
}

/// Finds an administrator by the address.
pub async fn find_by_email(tx: &mut Tx, master_key: &MasterKey, email: &str) -> anyhow::Result<Option<Administrator>> {
    let sql = "SELECT id, name, email, state, totp IS NOT NULL AS has_totp, seen_at FROM administrator \
               WHERE email_blind = $1";
    let row = tx.fetch_optional::<Row>(sql, args![email_blind(master_key, email)]).await?;
    row.map(|row| read(row, master_key)).transpose()
}

/// Locks the row until the end of the transaction: what ends roles and sessions of an administrator is committed before
/// or after.
pub async fn lock(tx: &mut Tx, id: &AdministratorId) -> Result<bool> {
    Ok(tx.execute("UPDATE administrator SET name = name WHERE id = $1", args![id]).await? == 1)
}

/// Inserts somebody who is invited. Returns false if the address has an administrator already.
pub async fn insert(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    id: &AdministratorId,
    (name, email): (&str, &str),
) -> anyhow::Result<bool> {
    let now = tx.now;
    let sealed = master_key.seal(email_place(id), email)?;
    let sql = "INSERT INTO administrator (id, name, email, email_blind, state, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (email_blind) DO NOTHING";
    let state = AdministratorState::Invited.name();
    Ok(tx.execute(sql, args![id, name, sealed, email_blind(master_key, email), state, now]).await? == 1)
}

/// Marks an administrator as active, after the invitation was taken.
pub async fn activate(tx: &mut Tx, id: &AdministratorId) -> Result<()> {
    let sql = "UPDATE administrator SET state = $2 WHERE id = $1";
    tx.execute(sql, args![id, AdministratorState::Active.name()]).await?;
    Ok(())
}

/// Records that the administrator was here.
pub async fn touch(tx: &mut Tx, now: Timestamp, id: &AdministratorId) -> Result<()> {
    tx.execute("UPDATE administrator SET seen_at = $2 WHERE id = $1", args![id, now]).await?;
    Ok(())
}

/// A password and an application, with which an administrator enters without a passkey.
#[derive(Debug)]
pub struct AdminTotp {
    /// The hash of the password.
    pub password: String,
    pub secret: TotpSecret,
}

/// Returns the password and the application of an administrator.
pub async fn find_totp(tx: &mut Tx, master_key: &MasterKey, id: &AdministratorId) -> anyhow::Result<Option<AdminTotp>> {
    let sql = "SELECT password, totp FROM administrator WHERE id = $1 AND password IS NOT NULL AND totp IS NOT NULL";
    let Some((password, sealed)) = tx.fetch_optional::<(String, String)>(sql, args![id]).await? else {
        return Ok(None);
    };
    let text = master_key.open(totp_place(id), &sealed)?;
    let secret = TotpSecret::parse(&text).ok_or_else(|| anyhow::anyhow!("administrator.totp of row {id} is none"))?;
    Ok(Some(AdminTotp { password, secret }))
}

/// Sets the password and the application; `step` is the last step whose code served.
pub async fn set_totp(
    tx: &mut Tx,
    master_key: &MasterKey,
    id: &AdministratorId,
    totp: &AdminTotp,
    step: i64,
) -> anyhow::Result<()> {
    let sealed = master_key.seal(totp_place(id), &totp.secret.to_base32())?;
    let sql = "UPDATE administrator SET password = $2, totp = $3, totp_last_step = $4 WHERE id = $1";
    tx.execute(sql, args![id, &totp.password, sealed, step]).await?;
    Ok(())
}

/// Removes the password and the application.
pub async fn clear_totp(tx: &mut Tx, id: &AdministratorId) -> Result<()> {
    tx.execute("UPDATE administrator SET password = NULL, totp = NULL WHERE id = $1", args![id]).await?;
    Ok(())
}

/// Uses a code's step up; false if it served before, or a later one did.
pub async fn take_step(tx: &mut Tx, id: &AdministratorId, step: i64) -> Result<bool> {
    let sql = "UPDATE administrator SET totp_last_step = $2 WHERE id = $1 AND totp_last_step < $2";
    Ok(tx.execute(sql, args![id, step]).await? == 1)
}
