//! Failures not yet written to the audit log.

use crate::base::typed_ids::AccountId;
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args};
use crate::limits::failures::{Failures, hour_start};

/// A budget of a known account with recorded failures.
#[derive(Clone, Debug, FromRow)]
pub struct FailedBudget {
    pub action: String,
    pub key: String,
    pub account_id: AccountId,
    pub failures: String,
}

/// Assigns a budget to an account: failures are recorded only for budgets of known accounts.
pub async fn assign_account(
    tx: &mut UnitOfWork<'_>,
    action: super::RateLimit,
    key: &str,
    account: &AccountId,
) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "INSERT INTO budget (action, key, marks, touched_at, account_id) VALUES ($1, $2, '', $3, $4) \
         ON CONFLICT (action, key) DO UPDATE SET account_id = excluded.account_id",
        args![action.name(), key, now, account],
    )
    .await?;
    Ok(())
}

/// Forgets failures of finished hours that are nobody's, in bounded batches.
pub async fn forget_of_nobody(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    let sql = "UPDATE budget SET failures = NULL WHERE (action, key) IN (SELECT action, key FROM budget \
               WHERE failures IS NOT NULL AND failures < $1 AND account_id IS NULL ORDER BY failures LIMIT $2)";
    tx.execute(sql, args![hour_start(now).to_string(), CLEANUP_BATCH_ROWS]).await
}

/// Lists budgets with failures in finished hours, in bounded batches.
pub async fn list_finished(tx: &mut UnitOfWork<'_>) -> Result<Vec<FailedBudget>> {
    let now = tx.now;
    let sql = "SELECT action, key, account_id, failures FROM budget \
               WHERE failures IS NOT NULL AND failures < $1 AND account_id IS NOT NULL ORDER BY failures LIMIT $2";
    tx.fetch_all(sql, args![hour_start(now).to_string(), CLEANUP_BATCH_ROWS]).await
}

/// Stores the remaining failures once the finished hours are in the audit log. Returns false if another failure was
/// counted meanwhile.
pub async fn mark_recorded(tx: &mut Tx, failed: &FailedBudget, left: &Failures) -> Result<bool> {
    let sql = "UPDATE budget SET failures = $4 WHERE action = $1 AND key = $2 AND failures = $3";
    let args = args![failed.action.as_str(), failed.key.as_str(), failed.failures.as_str(), left.encode()];
    Ok(tx.execute(sql, args).await? == 1)
}
