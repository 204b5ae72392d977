//! When an account is offered a passkey again.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::AccountId;
use crate::db::{Result, Tx, UnitOfWork, args};

/// Returns the time from which the account is offered a passkey; `None` if it never said « Plus tard ».
pub async fn find_offer_from(tx: &mut Tx, account_id: &AccountId) -> Result<Option<Timestamp>> {
    let sql = "SELECT passkey_offer_from FROM account WHERE id = $1";
    let row = tx.fetch_optional::<(Option<i64>,)>(sql, args![account_id]).await?;
    Ok(row.and_then(|(from,)| from).map(Timestamp))
}

/// Records « Plus tard »: the account is offered a passkey again from a time on.
pub async fn postpone_offer(tx: &mut UnitOfWork<'_>, account_id: &AccountId, from: Timestamp) -> Result<()> {
    tx.execute("UPDATE account SET passkey_offer_from = $2 WHERE id = $1", args![account_id, from]).await?;
    Ok(())
}
