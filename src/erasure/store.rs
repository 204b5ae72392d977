//! What is left of a closed account. The identifiant and the subjects stay, because neither is ever given again
//! (docs/threats.md#attack-a13); so do the rows of the audit, until its term.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::AccountId;
use crate::db::{CLEANUP_BATCH_ROWS, Result, Tx, UnitOfWork, args};

/// Lists accounts closed before a time of which something is left. One whose joining to another may still be undone is
/// not among them.
pub async fn list_due_accounts(tx: &mut Tx, before: Timestamp) -> Result<Vec<AccountId>> {
    let sql = "SELECT id FROM account WHERE state = 'closed' AND erased_at IS NULL AND updated_at <= $1 \
               AND NOT EXISTS (SELECT 1 FROM regroupement r WHERE r.absorbed = account.id AND r.state = 'done') \
               ORDER BY updated_at, id LIMIT $2";
    let rows = tx.fetch_all::<(AccountId,)>(sql, args![before, CLEANUP_BATCH_ROWS]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Erases what is left of an account closed before a time. Returns true for the call that did.
pub async fn erase_account(tx: &mut UnitOfWork<'_>, id: &AccountId, before: Timestamp) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE account SET erased_at = $2, given_name = '', family_name = '', password = NULL, \
               former_password = NULL, suspended_by = NULL, suspended_at = NULL \
               WHERE id = $1 AND state = 'closed' AND erased_at IS NULL AND updated_at <= $3 \
               AND NOT EXISTS (SELECT 1 FROM regroupement r WHERE r.absorbed = account.id AND r.state = 'done')";
    if tx.execute(sql, args![id, now, before]).await? != 1 {
        return Ok(false);
    }
    for sql in [
        "DELETE FROM account_notice WHERE account_id = $1",
        "DELETE FROM letter WHERE account_id = $1",
        "DELETE FROM link_proof WHERE account_id = $1",
        "DELETE FROM phone_proof WHERE account_id = $1",
        "DELETE FROM service_use WHERE account_id = $1",
        "DELETE FROM consent WHERE account_id = $1",
        "DELETE FROM email WHERE account_id = $1",
        "DELETE FROM client_trial WHERE account_id = $1",
        // Those of a joined account waited for an undo.
        "DELETE FROM totp WHERE account_id = $1",
        "DELETE FROM backup_code WHERE account_id = $1",
        "DELETE FROM passkey WHERE holder_kind = 'account' AND holder_id = $1",
        "DELETE FROM device WHERE account_id = $1",
        // Whoever comes from an upstream by a joined account is led to the kept one, like by its identifiant.
        "DELETE FROM upstream_link WHERE account_id = $1 \
         AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = $1 AND a.merged_into IS NOT NULL)",
        "UPDATE regroupement SET moved = '' WHERE kept = $1 AND state <> 'done'",
        "UPDATE regroupement SET moved = '' WHERE asked_by = $1 AND state <> 'done'",
    ] {
        tx.execute(sql, args![id]).await?;
    }
    Ok(true)
}
