//! The closing of accounts that an upstream made and that nobody used for a year: no roster says that their people left.

use super::closing::CLOSING_DELAY;
use crate::accounts::store::federated;
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Span;
use crate::db::Durability;

/// The time without a sign-in.
const UNUSED: Span = Span::days(365);

/// Asks for the closing of accounts of upstreams that are unused for a year, one transaction each. A sign-in within the
/// next thirty days keeps the account; nothing else reaches its person. Returns their number.
pub async fn close_unused(op: &Operation<'_>) -> anyhow::Result<u64> {
    let before = op.now.minus(UNUSED);
    let mut asked = 0;
    for id in federated::list_unused(&mut op.app.db.read().await?, before).await? {
        let mut tx = op.write(Durability::Durable).await?;
        if federated::ask_unused_closing(&mut tx, &id, (before, op.now.plus(CLOSING_DELAY))).await? {
            let about = AuditDetails { account: Some(&id), detail: "not used for a year", ..AuditDetails::default() };
            audit::store::record(&mut tx, AuditEvent::ClosingRequested, about).await?;
            asked += 1;
        }
        tx.commit().await?;
    }
    Ok(asked)
}
