//! The end of the seven days.

use crate::app::Operation;
use crate::db::Durability;
use crate::regroup::store;
use crate::{accounts, devices, grants};

/// Makes the regroupements final whose seven days are over, one transaction each: the credentials and the address of
/// the absorbed account are wiped. Its identifiant opens the kept account for good. Returns their number.
pub async fn finish_due(op: &Operation<'_>) -> anyhow::Result<u64> {
    let due = store::list_due(&mut op.app.db.read().await?, op.now).await?;
    let mut finished = 0;
    for joined in due {
        let mut tx = op.write(Durability::Durable).await?;
        // Before the row, like an undo at the last moment.
        accounts::store::find_and_lock(&mut tx, &joined.accounts.absorbed).await?;
        if store::mark_final(&mut tx, &joined.id).await? {
            let id = &joined.accounts.absorbed;
            accounts::store::merged::wipe_passwords(&mut tx, id).await?;
            accounts::store::emails::delete_all(&mut tx, id).await?;
            devices::store::forget_others(&mut tx, id, None).await?;
            grants::store::consents::delete_all(&mut tx, id).await?;
            grants::store::uses::delete_all(&mut tx, id).await?;
            finished += 1;
        }
        tx.commit().await?;
    }
    Ok(finished)
}
