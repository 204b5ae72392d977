//! Accounts of people whom no school names any more: pupils' that the house asks to close, and those that nobody ever
//! used.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::AccountId;
use crate::db::{Result, Tx, UnitOfWork, args};
use crate::roster::store::locks;

/// Lists active accounts of pupils, between two ids, the second included, without an enrolment since a time, and that no
/// sign-in kept since.
pub async fn list_unenrolled(
    tx: &mut Tx,
    (after, last): (&str, &str),
    before: Timestamp,
    most: i64,
) -> Result<Vec<AccountId>> {
    let sql = "SELECT a.id FROM account a WHERE a.id > $2 AND a.id <= $3 \
               AND a.state = 'active' AND a.profile = 'eleve' AND a.closes_at IS NULL AND a.suspended_by IS NULL \
               AND a.origin = 'roster' AND (a.kept_at IS NULL OR a.kept_at <= $1) \
               AND EXISTS (SELECT 1 FROM pupil u JOIN enrolment e ON e.pupil_id = u.id WHERE u.account_id = a.id) \
               AND NOT EXISTS (SELECT 1 FROM pupil u JOIN enrolment e ON e.pupil_id = u.id WHERE u.account_id = a.id \
               AND (e.ended_at IS NULL OR e.ended_at > $1)) ORDER BY a.id LIMIT $4";
    let rows = tx.fetch_all::<(AccountId,)>(sql, args![before, after, last, most]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Asks for the closing of a pupil's account in the name of the house, unless a school enrolled the pupil since a time.
/// Returns false if one did, or if it closes already.
pub async fn ask_unenrolled_closing(
    tx: &mut UnitOfWork<'_>,
    id: &AccountId,
    (before, closes_at): (Timestamp, Timestamp),
) -> Result<bool> {
    let sql = "UPDATE account SET closes_at = $3, closing_warned_days = NULL, closing_reason = 'unenrolled' \
               WHERE id = $2 AND state = 'active' AND closes_at IS NULL AND suspended_by IS NULL \
               AND (kept_at IS NULL OR kept_at <= $1) \
               AND NOT EXISTS (SELECT 1 FROM pupil u JOIN enrolment e ON e.pupil_id = u.id \
               WHERE u.account_id = account.id AND (e.ended_at IS NULL OR e.ended_at > $1))";
    Ok(tx.execute(sql, args![before, id, closes_at]).await? == 1)
}

/// Withdraws the closings that the house asked for of pupils who are enrolled again. Returns the accounts.
pub async fn withdraw_unenrolled_closings(tx: &mut Tx) -> Result<Vec<AccountId>> {
    let sql = "UPDATE account SET closes_at = NULL, closing_reason = NULL, closing_warned_days = NULL \
               WHERE closing_reason = 'unenrolled' AND closes_at IS NOT NULL AND state = 'active' \
               AND EXISTS (SELECT 1 FROM pupil u JOIN enrolment e ON e.pupil_id = u.id \
               WHERE u.account_id = account.id AND e.ended_at IS NULL) RETURNING id";
    Ok(tx.fetch_all::<(AccountId,)>(sql, args![]).await?.into_iter().map(|(id,)| id).collect())
}

/// Lists accounts, between two ids, the second included, that never had a password, made before a time, of people whom no
/// school names since then.
pub async fn list_never_used(
    tx: &mut Tx,
    (after, last): (&str, &str),
    before: Timestamp,
    most: i64,
) -> Result<Vec<AccountId>> {
    let sql = "SELECT a.id FROM account a WHERE a.id > $2 AND a.id <= $3 \
               AND a.state = 'pending' AND a.suspended_by IS NULL AND a.created_at <= $1 \
               AND (EXISTS (SELECT 1 FROM person p WHERE p.account_id = a.id) \
               OR EXISTS (SELECT 1 FROM pupil u WHERE u.account_id = a.id)) \
               AND NOT EXISTS (SELECT 1 FROM letter t WHERE t.account_id = a.id AND t.ended_at IS NULL AND t.expires_at > $1) \
               AND NOT EXISTS (SELECT 1 FROM person p JOIN link l ON l.person_id = p.id \
               LEFT JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai WHERE p.account_id = a.id \
               AND (l.ended_at IS NULL OR l.ended_at > $1) \
               AND (e.pupil_id IS NULL OR e.ended_at IS NULL OR e.ended_at > $1)) \
               AND NOT EXISTS (SELECT 1 FROM pupil u JOIN enrolment e ON e.pupil_id = u.id WHERE u.account_id = a.id \
               AND (e.ended_at IS NULL OR e.ended_at > $1)) ORDER BY a.id LIMIT $4";
    let rows = tx.fetch_all::<(AccountId,)>(sql, args![before, after, last, most]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Closes an account that never had a password, unless a school names its people since a time. Returns true for the call
/// that closed it.
pub async fn close_never_used(tx: &mut UnitOfWork<'_>, id: &AccountId, before: Timestamp) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE account SET state = 'closed', updated_at = $3 \
               WHERE id = $1 AND state = 'pending' AND suspended_by IS NULL AND created_at <= $2 \
               AND NOT EXISTS (SELECT 1 FROM person p JOIN link l ON l.person_id = p.id \
               LEFT JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai WHERE p.account_id = account.id \
               AND (l.ended_at IS NULL OR l.ended_at > $2) \
               AND (e.pupil_id IS NULL OR e.ended_at IS NULL OR e.ended_at > $2)) \
               AND NOT EXISTS (SELECT 1 FROM pupil u JOIN enrolment e ON e.pupil_id = u.id \
               WHERE u.account_id = account.id AND (e.ended_at IS NULL OR e.ended_at > $2))";
    if tx.execute(sql, args![id, before, now]).await? != 1 {
        return Ok(false);
    }
    free_people(tx, id).await?;
    Ok(true)
}

/// Lets the people of a closed account have another one, and forgets what was still to be told to them.
pub async fn free_people(tx: &mut Tx, id: &AccountId) -> Result<()> {
    locks::lock_people_of_account(tx, id).await?;
    for sql in [
        "UPDATE person SET account_id = NULL, former_phone = NULL, phone_change_untold_at = NULL WHERE account_id = $1",
        "UPDATE pupil SET account_id = NULL, joined_at = NULL, join_untold_at = NULL WHERE account_id = $1",
    ] {
        tx.execute(sql, args![id]).await?;
    }
    Ok(())
}
