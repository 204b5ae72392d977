//! Rows of accounts that an upstream made or opens: no password; those that it made have no roster and an identifiant that
//! nobody can type.

use super::FEDERATION_ORIGIN;
use crate::base::clock::Timestamp;
use crate::base::profile::Profile;
use crate::base::typed_ids::AccountId;
use crate::db::{Result, Tx, UnitOfWork, args};

/// The stem of identifiants that nobody types: no keyboard's identifiant begins so.
const STEM: &str = "~";

/// The columns that an upstream gives.
#[derive(Clone, Copy, Debug)]
pub struct FederatedPerson<'a> {
    pub profile: Profile,
    pub given_name: &'a str,
    pub family_name: &'a str,
}

/// Inserts an account that is active at once. `suffix` is random. The capital before it keeps it from being
/// typed: what is typed is made small.
pub async fn insert(tx: &mut UnitOfWork<'_>, id: &AccountId, suffix: &str, person: FederatedPerson<'_>) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "INSERT INTO account (id, identifiant, stem, suffix, state, profile, given_name, family_name, created_at, \
         updated_at, origin) VALUES ($1, $2, $3, $4, 'active', $5, $6, $7, $8, $8, $9)",
        args![
            id,
            format!("{STEM}X{suffix}"),
            STEM,
            suffix,
            person.profile.name(),
            person.given_name,
            person.family_name,
            now,
            FEDERATION_ORIGIN
        ],
    )
    .await?;
    Ok(())
}

/// Deletes an account that was just inserted in this transaction and that no upstream's person got.
pub async fn delete_unlinked(tx: &mut UnitOfWork<'_>, id: &AccountId) -> Result<()> {
    tx.execute("DELETE FROM account WHERE id = $1 AND origin = $2", args![id, FEDERATION_ORIGIN]).await?;
    Ok(())
}

/// Writes what the upstream says now of its own account's person. Accounts of another origin are left alone.
pub async fn update(tx: &mut UnitOfWork<'_>, id: &AccountId, person: FederatedPerson<'_>) -> Result<()> {
    let now = tx.now;
    let sql = "UPDATE account SET profile = $2, given_name = $3, family_name = $4, updated_at = $5 WHERE id = $1 \
               AND origin = $6 AND (profile <> $2 OR given_name <> $3 OR family_name <> $4)";
    let (given, family) = (person.given_name, person.family_name);
    tx.execute(sql, args![id, person.profile.name(), given, family, now, FEDERATION_ORIGIN]).await?;
    Ok(())
}

/// Activates an account of a roster that an upstream opens in place of a password. Returns false if it is active already,
/// suspended or closed.
pub async fn activate_without_password(tx: &mut UnitOfWork<'_>, id: &AccountId) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE account SET state = 'active', updated_at = $2 \
               WHERE id = $1 AND state = 'pending' AND suspended_by IS NULL";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}

/// Lists accounts, between two ids, the second included, that an upstream made and through which nobody signed in since a
/// time.
pub async fn list_unused(
    tx: &mut Tx,
    (after, last): (&str, &str),
    before: Timestamp,
    most: i64,
) -> Result<Vec<AccountId>> {
    // The word stands in the text: a partial index holds these accounts.
    let sql = "SELECT a.id FROM account a WHERE a.origin = 'federation' AND a.id > $2 AND a.id <= $3 \
               AND a.state = 'active' AND a.closes_at IS NULL AND a.suspended_by IS NULL \
               AND a.created_at <= $1 AND (a.kept_at IS NULL OR a.kept_at <= $1) \
               AND NOT EXISTS (SELECT 1 FROM upstream_link l WHERE l.account_id = a.id AND l.used_at > $1) \
               ORDER BY a.id LIMIT $4";
    let rows = tx.fetch_all::<(AccountId,)>(sql, args![before, after, last, most]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Asks for the closing of an account that an upstream made, unless somebody signed in through it since a time. Returns
/// false if somebody did, or if it closes already.
pub async fn ask_unused_closing(
    tx: &mut UnitOfWork<'_>,
    id: &AccountId,
    (before, closes_at): (Timestamp, Timestamp),
) -> Result<bool> {
    let sql = "UPDATE account SET closes_at = $3, closing_warned_days = NULL, closing_reason = 'unused' \
               WHERE id = $2 AND origin = $4 AND state = 'active' AND closes_at IS NULL AND suspended_by IS NULL \
               AND NOT EXISTS (SELECT 1 FROM upstream_link l WHERE l.account_id = account.id AND l.used_at > $1)";
    Ok(tx.execute(sql, args![before, id, closes_at, FEDERATION_ORIGIN]).await? == 1)
}
