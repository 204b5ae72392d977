//! What the person decides of a service.

use crate::app::Operation;
use crate::base::typed_ids::{AccountId, ClientId};
use crate::db::Durability;
use crate::grants;

/// Withdraws a consent; the tokens of the service for this account end at once.
pub async fn withdraw_consent(op: &Operation<'_>, account_id: &AccountId, client_id: &ClientId) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Durable).await?;
    grants::ops::withdraw_consent(&mut tx, account_id, client_id).await?;
    tx.commit().await?;
    Ok(())
}
