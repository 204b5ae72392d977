//! Rows of many accounts at once, of an import of accounts.

use std::sync::LazyLock;

use super::AccountRow;
use crate::accounts::Account;
use crate::base::typed_ids::AccountId;
use crate::db::{KeysSql, Result, RowsSql, Tx, UnitOfWork, args};

static ACCOUNTS: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT id, identifiant, state, profile, given_name, family_name, password, password_at, suspended_by, \
                caution_until, closes_at, must_change_at, updated_at, origin FROM account WHERE id IN";
    KeysSql::new(head, "")
});
static IDENTIFIANTS: LazyLock<KeysSql> =
    LazyLock::new(|| KeysSql::new("SELECT identifiant, id FROM account WHERE identifiant IN", ""));
static SUFFIXES: LazyLock<KeysSql> =
    LazyLock::new(|| KeysSql::new("SELECT stem, suffix FROM account WHERE stem IN", ""));
static NEW_ACCOUNTS: LazyLock<RowsSql> = LazyLock::new(|| {
    let head = "INSERT INTO account (id, identifiant, stem, suffix, state, profile, given_name, family_name, password, \
                password_at, created_at, updated_at)";
    RowsSql::insert(head, 12, "ON CONFLICT DO NOTHING")
});
static IMPORTED_PASSWORDS: LazyLock<RowsSql> = LazyLock::new(|| {
    let update = "UPDATE account SET password = given.sealed, password_at = given.at, updated_at = given.at, \
                  state = 'active' FROM given WHERE account.id = given.id AND account.state = 'pending' \
                  AND account.password IS NULL AND account.suspended_by IS NULL";
    RowsSql::update(&["id", "sealed", "at"], update)
});

/// Lists accounts by id.
pub async fn list(tx: &mut Tx, ids: &[&str]) -> Result<Vec<Account>> {
    tx.fetch_by_keys::<AccountRow>(&ACCOUNTS, Vec::new(), ids).await?.into_iter().map(Account::try_from).collect()
}

/// Lists those of the identifiants that are given, with the account of each, absorbed and closed ones too.
pub async fn list_given(tx: &mut Tx, identifiants: &[&str]) -> Result<Vec<(String, AccountId)>> {
    tx.fetch_by_keys(&IDENTIFIANTS, Vec::new(), identifiants).await
}

/// Lists the used suffixes of stems, each behind its stem.
pub async fn list_suffixes(tx: &mut Tx, stems: &[&str]) -> Result<Vec<(String, String)>> {
    tx.fetch_by_keys(&SUFFIXES, Vec::new(), stems).await
}

/// A new account, with the parts of its identifiant.
#[derive(Clone, Copy, Debug)]
pub struct ImportedAccount<'a> {
    pub account: &'a Account,
    pub stem: &'a str,
    pub suffix: &'a str,
}

/// Inserts accounts. Returns false if an identifiant is taken: others may be written then, so the caller rolls back.
pub async fn insert(tx: &mut UnitOfWork<'_>, new: &[ImportedAccount<'_>]) -> Result<bool> {
    let now = tx.now;
    let row = |ImportedAccount { account, stem, suffix }: &ImportedAccount<'_>| {
        args![
            &account.id,
            &account.identifiant,
            *stem,
            *suffix,
            account.state.name(),
            account.profile.name(),
            &account.given_name,
            &account.family_name,
            &account.password,
            account.password_at,
            now,
            now
        ]
    };
    let written = tx.write_rows(&NEW_ACCOUNTS, new.iter().map(row).collect()).await?;
    Ok(usize::try_from(written) == Ok(new.len()))
}

/// Gives pending accounts, all different, the sealed passwords of another program. One that has a password keeps it.
pub async fn set_passwords(tx: &mut UnitOfWork<'_>, sealed: &[(AccountId, String)]) -> Result<()> {
    let now = tx.now;
    let rows = sealed.iter().map(|(id, sealed)| args![id, sealed, now]).collect();
    tx.write_rows(&IMPORTED_PASSWORDS, rows).await?;
    Ok(())
}
