//! The columns of an account that was absorbed by another one. Its identifiant stays its own: it opens the other one.

use crate::accounts::{AccountState, JoinedPair};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::AccountId;
use crate::db::{Result, Tx, UnitOfWork, args};

/// Absorbs an account into the kept one: it is closed, and its credentials wait for an undo. Returns false if it is
/// suspended, closed or absorbed already.
pub async fn absorb(tx: &mut UnitOfWork<'_>, pair: JoinedPair<&AccountId>) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE account SET state = 'closed', merged_into = $2, closes_at = NULL, updated_at = $3 \
               WHERE id = $1 AND state IN ('pending', 'active') AND suspended_by IS NULL AND merged_into IS NULL";
    Ok(tx.execute(sql, args![pair.absorbed, pair.kept, now]).await? == 1)
}

/// The least time that a restored account has before it closes.
const LEAST_TIME_TO_CLOSING: Span = Span::days(7);

/// Gives an absorbed account back as it was; if it was about to close, it still is, with some days to stop it. Returns
/// false if it is not absorbed by the kept one.
pub async fn restore(
    tx: &mut UnitOfWork<'_>,
    pair: JoinedPair<&AccountId>,
    state: AccountState,
    closes_at: Option<Timestamp>,
) -> Result<bool> {
    let now = tx.now;
    let closes_at = closes_at.map(|at| at.max(now.plus(LEAST_TIME_TO_CLOSING)));
    let sql = "UPDATE account SET state = $3, merged_into = NULL, updated_at = $4, closes_at = $5 \
               WHERE id = $1 AND merged_into = $2 AND state = 'closed'";
    Ok(tx.execute(sql, args![pair.absorbed, pair.kept, state.name(), now, closes_at]).await? == 1)
}

/// Lists the accounts whose identifiants open this one too.
pub async fn list_aliases(tx: &mut Tx, kept: &AccountId) -> Result<Vec<AccountId>> {
    let sql = "SELECT id FROM account WHERE merged_into = $1 ORDER BY id LIMIT 100";
    Ok(tx.fetch_all::<(AccountId,)>(sql, args![kept]).await?.into_iter().map(|(id,)| id).collect())
}

/// Lets an identifiant open another account.
pub async fn repoint_alias(tx: &mut Tx, id: &AccountId, from: &AccountId, to: &AccountId) -> Result<()> {
    let sql = "UPDATE account SET merged_into = $3 WHERE id = $1 AND merged_into = $2";
    tx.execute(sql, args![id, from, to]).await?;
    Ok(())
}

/// Returns the identifiant of an account itself, also of an absorbed one.
pub async fn find_own_identifiant(tx: &mut Tx, id: &AccountId) -> Result<Option<String>> {
    let sql = "SELECT identifiant FROM account WHERE id = $1";
    Ok(tx.fetch_optional::<(String,)>(sql, args![id]).await?.map(|(identifiant,)| identifiant))
}

/// Wipes the passwords of an account that stays absorbed.
pub async fn wipe_passwords(tx: &mut Tx, id: &AccountId) -> Result<()> {
    let sql = "UPDATE account SET password = NULL, former_password = NULL WHERE id = $1 AND merged_into IS NOT NULL";
    tx.execute(sql, args![id]).await?;
    Ok(())
}
