//! Rows of sign-ins between the password and the second factor.

use super::SignInAttempt;
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AccountId, SignInAttemptId};
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args};

#[derive(FromRow)]
struct Row {
    id: SignInAttemptId,
    browser: String,
    account_id: AccountId,
    support_code: String,
    created_at: i64,
    expires_at: i64,
    ended_at: Option<i64>,
}

pub async fn insert(tx: &mut Tx, new: &SignInAttempt) -> Result<()> {
    let sql = "INSERT INTO sign_in_attempt (id, browser, account_id, support_code, created_at, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6)";
    let values =
        args![&new.id, &new.browser_digest, &new.account_id, &new.support_code, new.created_at, new.expires_at];
    tx.execute(sql, values).await?;
    Ok(())
}

pub async fn find(tx: &mut Tx, id: &SignInAttemptId) -> Result<Option<SignInAttempt>> {
    let sql = "SELECT id, browser, account_id, support_code, created_at, expires_at, ended_at FROM sign_in_attempt \
               WHERE id = $1";
    Ok(tx.fetch_optional::<Row>(sql, args![id]).await?.map(|r| SignInAttempt {
        id: r.id,
        browser_digest: r.browser,
        account_id: r.account_id,
        support_code: r.support_code,
        created_at: Timestamp(r.created_at),
        expires_at: Timestamp(r.expires_at),
        ended: r.ended_at.is_some(),
    }))
}

/// Ends an attempt by its use; false if it ended before.
pub async fn end(tx: &mut UnitOfWork<'_>, id: &SignInAttemptId) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE sign_in_attempt SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL AND expires_at > $2";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}

/// Ends every open attempt of an account.
pub async fn end_of_account(tx: &mut UnitOfWork<'_>, account_id: &AccountId) -> Result<()> {
    let now = tx.now;
    let sql = "UPDATE sign_in_attempt SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL";
    tx.execute(sql, args![account_id, now]).await?;
    Ok(())
}

/// Lists the accounts of the attempts with a support code.
pub async fn list_accounts_by_support_code(tx: &mut Tx, code: &str) -> Result<Vec<AccountId>> {
    let sql = "SELECT DISTINCT account_id FROM sign_in_attempt WHERE support_code = $1 LIMIT 20";
    Ok(tx.fetch_all::<(AccountId,)>(sql, args![code]).await?.into_iter().map(|(id,)| id).collect())
}

/// The retention of support codes.
const ATTEMPT_RETENTION: Span = Span::days(30);

/// Deletes the attempts whose retention is over.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let before = tx.now.minus(ATTEMPT_RETENTION);
    let sql = "DELETE FROM sign_in_attempt WHERE id IN \
               (SELECT id FROM sign_in_attempt WHERE expires_at < $1 LIMIT $2)";
    tx.execute(sql, args![before, CLEANUP_BATCH_ROWS]).await
}
