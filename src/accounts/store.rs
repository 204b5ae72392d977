//! Rows of accounts.

use std::collections::HashSet;

use super::{Account, AccountState};
use crate::base::clock::Timestamp;
use crate::db::{Error, FromRow, Result, Tx, args};

#[derive(FromRow)]
struct Row {
    id: String,
    identifiant: String,
    state: String,
    profile: String,
    given_name: String,
    family_name: String,
    password: Option<String>,
    suspended_by: Option<String>,
    updated_at: i64,
}

impl TryFrom<Row> for Account {
    type Error = Error;
    fn try_from(r: Row) -> Result<Account> {
        let state = AccountState::from_name(&r.state).ok_or_else(|| Error::Inconsistent {
            table: "account",
            column: "state",
            row: r.id.clone(),
        })?;
        Ok(Account {
            id: r.id,
            identifiant: r.identifiant,
            state,
            profile: r.profile,
            given_name: r.given_name,
            family_name: r.family_name,
            password: r.password,
            suspended_by: r.suspended_by,
            updated_at: Timestamp(r.updated_at),
        })
    }
}

pub async fn by_identifiant(tx: &mut Tx, identifiant: &str) -> Result<Option<Account>> {
    let sql = "SELECT id, identifiant, state, profile, given_name, family_name, password, suspended_by, updated_at \
               FROM account WHERE identifiant = $1";
    tx.optional::<Row>(sql, args![identifiant]).await?.map(Account::try_from).transpose()
}

pub async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Account>> {
    let sql = "SELECT id, identifiant, state, profile, given_name, family_name, password, suspended_by, updated_at \
               FROM account WHERE id = $1";
    tx.optional::<Row>(sql, args![id]).await?.map(Account::try_from).transpose()
}

/// As [`by_id`], and the row stays as it is until the transaction ends: a new password comes before, and is seen, or
/// after, and ends what this transaction began.
pub async fn held(tx: &mut Tx, id: &str) -> Result<Option<Account>> {
    tx.execute("UPDATE account SET updated_at = updated_at WHERE id = $1", args![id]).await?;
    by_id(tx, id).await
}

/// The numbers of a stem that are used, for ever: closed accounts keep theirs.
pub async fn suffixes(tx: &mut Tx, stem: &str) -> Result<HashSet<String>> {
    let rows = tx.all::<(String,)>("SELECT suffix FROM account WHERE stem = $1", args![stem]).await?;
    Ok(rows.into_iter().map(|(s,)| s).collect())
}

/// What a new account is made of.
#[derive(Debug)]
pub struct New<'a> {
    pub id: &'a str,
    pub stem: &'a str,
    pub suffix: &'a str,
    pub profile: &'a str,
    pub given_name: &'a str,
    pub family_name: &'a str,
}

/// Whether the identifiant was still free: uniqueness is the database's.
pub async fn insert(tx: &mut Tx, now: Timestamp, new: &New<'_>) -> Result<bool> {
    let rows = tx
        .execute(
            "INSERT INTO account (id, identifiant, stem, suffix, state, profile, given_name, family_name, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, 'pending', $5, $6, $7, $8, $8) ON CONFLICT DO NOTHING",
            args![
                new.id,
                format!("{}{}", new.stem, new.suffix),
                new.stem,
                new.suffix,
                new.profile,
                new.given_name,
                new.family_name,
                now
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// The password before this one, and when it was replaced.
pub async fn former_password(tx: &mut Tx, id: &str) -> Result<Option<(String, Timestamp)>> {
    let sql = "SELECT former_password, password_at FROM account WHERE id = $1 \
               AND former_password IS NOT NULL AND password_at IS NOT NULL";
    Ok(tx.optional::<(String, i64)>(sql, args![id]).await?.map(|(hash, at)| (hash, Timestamp(at))))
}

/// Takes the duty to tell that the password was changed, once.
pub async fn take_password_change(tx: &mut Tx, id: &str) -> Result<bool> {
    let sql = "UPDATE account SET password_change_untold = FALSE WHERE id = $1 AND password_change_untold";
    Ok(tx.execute(sql, args![id]).await? == 1)
}

/// The first password makes the account active; a later one replaces, and the former one is known as such. A closed
/// account takes none.
pub async fn set_password(tx: &mut Tx, now: Timestamp, id: &str, hash: &str) -> Result<bool> {
    let rows = tx
        .execute(
            "UPDATE account SET former_password = password, password_change_untold = (password IS NOT NULL), \
             password = $2, password_at = $3, updated_at = $3, state = 'active' \
             WHERE id = $1 AND state IN ('pending', 'active') AND suspended_by IS NULL",
            args![id, hash, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Suspends, or lifts the suspension with `None`.
pub async fn suspend(tx: &mut Tx, now: Timestamp, id: &str, by: Option<&str>) -> Result<()> {
    tx.execute(
        "UPDATE account SET suspended_by = $2, suspended_at = CASE WHEN $2 IS NULL THEN NULL ELSE $3 END WHERE id = $1",
        args![id, by, now],
    )
    .await?;
    Ok(())
}

/// How many accounts are in each state: `doctor` and the demo.
pub async fn count(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    tx.all("SELECT state, COUNT(*) FROM account GROUP BY state ORDER BY state", args![]).await
}
