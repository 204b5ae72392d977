//! Rows of accounts.

pub mod absent;
pub mod ages;
pub mod cohorts;
pub mod emails;
pub mod federated;
pub mod imported;
pub mod merged;
pub mod passkey_offers;
pub mod phone_proofs;
pub mod phones;

use std::collections::HashSet;

use super::{Account, SuspendedBy};
use crate::base::clock::Timestamp;
use crate::base::profile::Profile;
use crate::base::typed_ids::AccountId;
use crate::db::{CLEANUP_BATCH_ROWS, DbError, FromRow, Result, Tx, UnitOfWork, args, parse_word};

/// The origin of accounts that upstreams made.
pub const FEDERATION_ORIGIN: &str = "federation";

/// The columns of an account, also of a statement that joins other tables.
#[derive(FromRow)]
pub struct AccountRow {
    id: AccountId,
    identifiant: String,
    state: String,
    profile: String,
    given_name: String,
    family_name: String,
    password: Option<String>,
    password_at: Option<i64>,
    suspended_by: Option<String>,
    caution_until: Option<i64>,
    closes_at: Option<i64>,
    must_change_at: Option<i64>,
    updated_at: i64,
    origin: String,
}

impl TryFrom<AccountRow> for Account {
    type Error = DbError;
    fn try_from(r: AccountRow) -> Result<Account> {
        let state = parse_word("account", "state", &r.id, &r.state)?;
        let profile = parse_word("account", "profile", &r.id, &r.profile)?;
        Ok(Account {
            id: r.id,
            identifiant: r.identifiant,
            state,
            profile,
            given_name: r.given_name,
            family_name: r.family_name,
            password: r.password,
            password_at: r.password_at.map(Timestamp),
            suspended_by: r.suspended_by.as_deref().map(SuspendedBy::from_name),
            caution_until: r.caution_until.map(Timestamp),
            closes_at: r.closes_at.map(Timestamp),
            must_change_at: r.must_change_at.map(Timestamp),
            updated_at: Timestamp(r.updated_at),
            is_federated: r.origin == FEDERATION_ORIGIN,
        })
    }
}

/// Finds the account that an identifiant opens: for that of an absorbed account, the account that was kept.
pub async fn find_by_identifiant(tx: &mut Tx, identifiant: &str) -> Result<Option<Account>> {
    let sql = "SELECT id, identifiant, state, profile, given_name, family_name, password, password_at, suspended_by, \
               caution_until, closes_at, must_change_at, updated_at, origin FROM account \
               WHERE id = (SELECT COALESCE(merged_into, id) FROM account WHERE identifiant = $1)";
    tx.fetch_optional::<AccountRow>(sql, args![identifiant]).await?.map(Account::try_from).transpose()
}

pub async fn find(tx: &mut Tx, id: &AccountId) -> Result<Option<Account>> {
    let sql = "SELECT id, identifiant, state, profile, given_name, family_name, password, password_at, suspended_by, \
               caution_until, closes_at, must_change_at, updated_at, origin FROM account WHERE id = $1";
    tx.fetch_optional::<AccountRow>(sql, args![id]).await?.map(Account::try_from).transpose()
}

/// Returns an account like [`find`], and locks the row until the end of the transaction. A concurrent password change
/// is either committed before and visible, or committed after and revokes the work of this transaction.
pub async fn find_and_lock(tx: &mut Tx, id: &AccountId) -> Result<Option<Account>> {
    let sql = "UPDATE account SET updated_at = updated_at WHERE id = $1 \
               RETURNING id, identifiant, state, profile, given_name, family_name, password, password_at, suspended_by, \
               caution_until, closes_at, must_change_at, updated_at, origin";
    tx.fetch_optional::<AccountRow>(sql, args![id]).await?.map(Account::try_from).transpose()
}

/// Returns the last id of the next `rows` accounts after an id; `None` after the last account.
pub async fn find_last_account(tx: &mut Tx, after: &str, rows: i64) -> Result<Option<String>> {
    let sql = "SELECT MAX(s.id) FROM (SELECT id FROM account WHERE id > $1 ORDER BY id LIMIT $2) s";
    Ok(tx.fetch_one::<(Option<String>,)>(sql, args![after, rows]).await?.0)
}

/// Returns the used suffixes of a stem. Closed accounts keep theirs for ever.
pub async fn list_suffixes(tx: &mut Tx, stem: &str) -> Result<HashSet<String>> {
    let rows = tx.fetch_all::<(String,)>("SELECT suffix FROM account WHERE stem = $1", args![stem]).await?;
    Ok(rows.into_iter().map(|(s,)| s).collect())
}

/// The columns of a new account.
#[derive(Debug)]
pub struct NewAccount<'a> {
    pub id: &'a AccountId,
    pub stem: &'a str,
    pub suffix: &'a str,
    pub profile: Profile,
    pub given_name: &'a str,
    pub family_name: &'a str,
}

/// Inserts an account. Returns false if the identifiant is taken; the database guarantees uniqueness.
pub async fn insert(tx: &mut UnitOfWork<'_>, new: &NewAccount<'_>) -> Result<bool> {
    let now = tx.now;
    let rows = tx
        .execute(
            "INSERT INTO account (id, identifiant, stem, suffix, state, profile, given_name, family_name, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, 'pending', $5, $6, $7, $8, $8) ON CONFLICT DO NOTHING",
            args![
                new.id,
                format!("{}{}", new.stem, new.suffix),
                new.stem,
                new.suffix,
                new.profile.name(),
                new.given_name,
                new.family_name,
                now
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Returns the previous password's hash, and the time of its replacement.
pub async fn find_previous_password(tx: &mut Tx, id: &AccountId) -> Result<Option<(String, Timestamp)>> {
    let sql = "SELECT former_password, password_at FROM account WHERE id = $1 \
               AND former_password IS NOT NULL AND password_at IS NOT NULL";
    Ok(tx.fetch_optional::<(String, i64)>(sql, args![id]).await?.map(|(hash, at)| (hash, Timestamp(at))))
}

/// Consumes the pending notice of a password change; returns true only once per change.
pub async fn take_password_change_notice(tx: &mut Tx, id: &AccountId) -> Result<bool> {
    let sql = "UPDATE account SET password_change_untold = FALSE WHERE id = $1 AND password_change_untold";
    Ok(tx.execute(sql, args![id]).await? == 1)
}

/// Sets the password. The first password activates the account; a later one replaces the current password, kept as the
/// previous one. Returns false for a closed or suspended account.
pub async fn set_password(tx: &mut UnitOfWork<'_>, id: &AccountId, hash: &str) -> Result<bool> {
    let now = tx.now;
    let rows = tx
        .execute(
            "UPDATE account SET former_password = CASE WHEN SUBSTR(password, 1, 7) = 'sealed:' THEN NULL \
             ELSE password END, password_change_untold = (password IS NOT NULL), \
             password = $2, password_at = $3, must_change_at = NULL, updated_at = $3, state = 'active' \
             WHERE id = $1 AND state IN ('pending', 'active') AND suspended_by IS NULL",
            args![id, hash, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Replaces the hash of another program by a hash of ours of the same password: compare-and-set.
pub async fn replace_legacy_password(tx: &mut Tx, id: &AccountId, former: &str, hash: &str) -> Result<bool> {
    let sql = "UPDATE account SET password = $3 WHERE id = $1 AND password = $2";
    Ok(tx.execute(sql, args![id, former, hash]).await? == 1)
}

/// Finds an account whose password is a hash of another program.
pub async fn find_with_legacy_password(tx: &mut Tx) -> Result<Option<Account>> {
    let sql = "SELECT id, identifiant, state, profile, given_name, family_name, password, password_at, suspended_by, \
               caution_until, closes_at, must_change_at, updated_at, origin FROM account \
               WHERE SUBSTR(password, 1, 7) = 'sealed:' LIMIT 1";
    tx.fetch_optional::<AccountRow>(sql, args![]).await?.map(Account::try_from).transpose()
}

/// Forbids, until the given time, what a thief of the account would want first.
pub async fn set_caution(tx: &mut Tx, id: &AccountId, until: Timestamp) -> Result<()> {
    tx.execute("UPDATE account SET caution_until = $2 WHERE id = $1", args![id, until]).await?;
    Ok(())
}

/// Asks for the closing of an active account, by its person: also in place of one that the house asked for. Returns false
/// if the person asked before.
pub async fn ask_closing(tx: &mut UnitOfWork<'_>, id: &AccountId, closes_at: Timestamp) -> Result<bool> {
    let sql = "UPDATE account SET closes_at = $2, closing_warned_days = NULL, closing_reason = NULL \
               WHERE id = $1 AND state = 'active' AND (closes_at IS NULL OR closing_reason IS NOT NULL)";
    Ok(tx.execute(sql, args![id, closes_at]).await? == 1)
}

/// Asks for the closing of an account in the name of the house, unless a child is current since a time. Returns false if
/// one is, or if it closes already.
pub async fn ask_childless_closing(
    tx: &mut UnitOfWork<'_>,
    id: &AccountId,
    (before, closes_at): (Timestamp, Timestamp),
) -> Result<bool> {
    let sql = "UPDATE account SET closes_at = $3, closing_warned_days = NULL, closing_reason = 'childless' \
               WHERE id = $2 AND state = 'active' AND closes_at IS NULL AND suspended_by IS NULL \
               AND (kept_at IS NULL OR kept_at <= $1) \
               AND NOT EXISTS (SELECT 1 FROM person p JOIN link l ON l.person_id = p.id AND l.level = 'legal' \
               LEFT JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai WHERE p.account_id = account.id \
               AND (l.ended_at IS NULL OR l.ended_at > $1) \
               AND (e.pupil_id IS NULL OR e.ended_at IS NULL OR e.ended_at > $1))";
    Ok(tx.execute(sql, args![before, id, closes_at]).await? == 1)
}

/// Withdraws the closings that the house asked for of accounts with a current child again. Returns the accounts.
pub async fn withdraw_childless_closings(tx: &mut Tx) -> Result<Vec<AccountId>> {
    let sql = "UPDATE account SET closes_at = NULL, closing_reason = NULL, closing_warned_days = NULL \
               WHERE closing_reason = 'childless' AND closes_at IS NOT NULL AND state = 'active' \
               AND EXISTS (SELECT 1 FROM person p JOIN link l ON l.person_id = p.id AND l.level = 'legal' \
               LEFT JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai WHERE p.account_id = account.id \
               AND l.ended_at IS NULL AND (e.pupil_id IS NULL OR e.ended_at IS NULL)) RETURNING id";
    Ok(tx.fetch_all::<(AccountId,)>(sql, args![]).await?.into_iter().map(|(id,)| id).collect())
}

/// Keeps an account whose closing was asked for. Returns true for the call that kept it.
pub async fn keep_open(tx: &mut UnitOfWork<'_>, id: &AccountId) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE account SET closes_at = NULL, closing_reason = NULL, kept_at = $2 \
               WHERE id = $1 AND state = 'active' AND closes_at IS NOT NULL";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}

/// Lists active accounts that close before a time, and whose persons were not warned this number of days before or
/// fewer.
pub async fn list_unwarned_closings(tx: &mut Tx, before: Timestamp, days: i64) -> Result<Vec<AccountId>> {
    let sql = "SELECT id FROM account WHERE closes_at <= $1 AND state = 'active' AND suspended_by IS NULL \
               AND (closing_reason IS NULL OR closing_reason <> 'unused') \
               AND (closing_warned_days IS NULL OR closing_warned_days > $2) ORDER BY closes_at, id LIMIT $3";
    let rows = tx.fetch_all::<(AccountId,)>(sql, args![before, days, CLEANUP_BATCH_ROWS]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Records a warning, once. Returns true for the call that warns.
pub async fn mark_closing_warned(tx: &mut Tx, id: &AccountId, before: Timestamp, days: i64) -> Result<bool> {
    let sql = "UPDATE account SET closing_warned_days = $3 WHERE id = $1 AND closes_at <= $2 AND state = 'active' \
               AND (closing_warned_days IS NULL OR closing_warned_days > $3)";
    Ok(tx.execute(sql, args![id, before, days]).await? == 1)
}

/// Lists active accounts of parents, between two ids, the second included, of whose links to a child the last one ended
/// before a time, and that no sign-in kept since. An account that never had a link is an operator's to close.
pub async fn list_childless(
    tx: &mut Tx,
    (after, last): (&str, &str),
    before: Timestamp,
    most: i64,
) -> Result<Vec<AccountId>> {
    let sql = "SELECT a.id FROM account a WHERE a.id > $2 AND a.id <= $3 \
               AND a.state = 'active' AND a.profile = 'responsable' AND a.closes_at IS NULL \
               AND a.suspended_by IS NULL AND a.origin = 'roster' AND (a.kept_at IS NULL OR a.kept_at <= $1) \
               AND EXISTS (SELECT 1 FROM person p JOIN link l ON l.person_id = p.id AND l.level = 'legal' WHERE p.account_id = a.id) \
               AND NOT EXISTS (SELECT 1 FROM person p JOIN link l ON l.person_id = p.id AND l.level = 'legal' \
               LEFT JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai WHERE p.account_id = a.id \
               AND (l.ended_at IS NULL OR l.ended_at > $1) \
               AND (e.pupil_id IS NULL OR e.ended_at IS NULL OR e.ended_at > $1)) ORDER BY a.id LIMIT $4";
    let rows = tx.fetch_all::<(AccountId,)>(sql, args![before, after, last, most]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Lists the accounts whose thirty days are over. A suspended one waits: closed, its person could activate another.
pub async fn list_due_closings(tx: &mut Tx, now: Timestamp) -> Result<Vec<AccountId>> {
    let sql = "SELECT id FROM account WHERE closes_at <= $1 AND state = 'active' AND suspended_by IS NULL ORDER BY closes_at, id LIMIT $2";
    let rows = tx.fetch_all::<(AccountId,)>(sql, args![now, CLEANUP_BATCH_ROWS]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Closes an account whose thirty days are over, unless the house asked and a child, or the pupil, is current again: its password is
/// wiped, its identifiant is never given again, and its people of the roster may have another account. The names of
/// one that an upstream made go too: no roster keeps them, and nobody asks for them again. Returns true for the call that
/// closed it.
pub async fn close(tx: &mut UnitOfWork<'_>, id: &AccountId) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE account SET state = 'closed', password = NULL, former_password = NULL, updated_at = $2, \
               given_name = CASE WHEN origin = $3 THEN '' ELSE given_name END, \
               family_name = CASE WHEN origin = $3 THEN '' ELSE family_name END \
               WHERE id = $1 AND state = 'active' AND suspended_by IS NULL AND closes_at <= $2 \
               AND (closing_reason IS NULL OR NOT EXISTS (SELECT 1 FROM person p \
               JOIN link l ON l.person_id = p.id AND l.level = 'legal' \
               LEFT JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai WHERE p.account_id = account.id \
               AND l.ended_at IS NULL AND (e.pupil_id IS NULL OR e.ended_at IS NULL)) \
               AND NOT EXISTS (SELECT 1 FROM pupil u JOIN enrolment e ON e.pupil_id = u.id \
               WHERE u.account_id = account.id AND e.ended_at IS NULL))";
    if tx.execute(sql, args![id, now, FEDERATION_ORIGIN]).await? != 1 {
        return Ok(false);
    }
    absent::free_people(tx, id).await?;
    Ok(true)
}

/// Suspends the account; false if it is suspended already, or closed.
pub async fn suspend(tx: &mut UnitOfWork<'_>, id: &AccountId, by: SuspendedBy) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE account SET suspended_by = $2, suspended_at = $3 \
               WHERE id = $1 AND suspended_by IS NULL AND state IN ('pending', 'active')";
    Ok(tx.execute(sql, args![id, by.name(), now]).await? == 1)
}

/// Lifts the suspension; false if there is none.
pub async fn resume(tx: &mut Tx, id: &AccountId) -> Result<bool> {
    let sql = "UPDATE account SET suspended_by = NULL, suspended_at = NULL WHERE id = $1 AND suspended_by IS NOT NULL";
    Ok(tx.execute(sql, args![id]).await? == 1)
}

/// Returns the times at which the identifiant was given, and the account suspended.
pub async fn find_dates(tx: &mut Tx, id: &AccountId) -> Result<(Timestamp, Option<Timestamp>)> {
    let sql = "SELECT created_at, suspended_at FROM account WHERE id = $1";
    let (created, suspended) = tx.fetch_one::<(i64, Option<i64>)>(sql, args![id]).await?;
    Ok((Timestamp(created), suspended.map(Timestamp)))
}

/// Counts the accounts by state, for `doctor` and the demo.
pub async fn count_by_state(tx: &mut Tx) -> Result<Vec<(String, i64)>> {
    tx.fetch_all("SELECT state, COUNT(*) FROM account GROUP BY state ORDER BY state", args![]).await
}
