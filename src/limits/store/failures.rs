//! Failures that are not in the audit yet.

use crate::base::clock::Timestamp;
use crate::db::{CLEANED_AT_ONCE, FromRow, Result, Tx, args};
use crate::limits::failures::{Failures, hour};

/// A budget of somebody's on which something failed.
#[derive(Clone, Debug, FromRow)]
pub struct Failed {
    pub action: String,
    pub key: String,
    pub account_id: String,
    pub failures: String,
}

/// Says whose budget it is: only of somebody's is it a fact that something failed.
pub async fn belongs(tx: &mut Tx, action: super::Action, key: &str, account: &str, now: Timestamp) -> Result<()> {
    tx.execute(
        "INSERT INTO budget (action, key, marks, touched_at, account_id) VALUES ($1, $2, '', $3, $4) \
         ON CONFLICT (action, key) DO UPDATE SET account_id = excluded.account_id",
        args![action.name(), key, now, account],
    )
    .await?;
    Ok(())
}

/// Those with an hour that is over, some at once.
pub async fn over(tx: &mut Tx, now: Timestamp) -> Result<Vec<Failed>> {
    let sql = "SELECT action, key, account_id, failures FROM budget \
               WHERE failures IS NOT NULL AND failures < $1 AND account_id IS NOT NULL ORDER BY failures LIMIT $2";
    tx.all(sql, args![hour(now).to_string(), CLEANED_AT_ONCE]).await
}

/// What is left once the hours that are over are in the audit. `false`: something was counted meanwhile.
pub async fn noted(tx: &mut Tx, failed: &Failed, left: &Failures) -> Result<bool> {
    let sql = "UPDATE budget SET failures = $4 WHERE action = $1 AND key = $2 AND failures = $3";
    let args = args![failed.action.as_str(), failed.key.as_str(), failed.failures.as_str(), left.text()];
    Ok(tx.execute(sql, args).await? == 1)
}
