//! What a gateway says of a message after it took it: whether the phone was reached.
//!
//! A receipt proves nothing about a person; it tells operators what leaves and does not arrive, and the school that a
//! number of the roster is not reachable. Any server of the deployment may be the one that hears it.

use super::SmsJobContext;
use super::deliver::notify_schools;
use crate::app::Operation;
use crate::db::{Durability, Result, UnitOfWork};
use crate::otp::store::handed;
use crate::sms::{ReceiptState, SmsCarrier, SmsReceipt};
use crate::tenants::NoticeKind;

/// Writes down whose number a message went to, until its receipt comes.
pub(super) async fn expect(
    tx: &mut UnitOfWork<'_>,
    carrier: SmsCarrier,
    message_id: &str,
    about: &SmsJobContext,
) -> Result<()> {
    handed::insert(tx, carrier.name(), message_id, &about.persons, &about.support_code).await
}

/// Settles a receipt: the message is no longer waited for, and the schools hear of a number that is not reachable.
/// Returns false if the message is not known (yet): its row may be written a moment after its receipt.
pub async fn settle_receipt(op: &Operation<'_>, carrier: SmsCarrier, receipt: &SmsReceipt) -> anyhow::Result<bool> {
    if receipt.state == ReceiptState::Other {
        return Ok(true);
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    let Some(message) = handed::take(&mut tx, carrier.name(), &receipt.message_id).await? else {
        tx.rollback().await?;
        return Ok(false);
    };
    if receipt.state == ReceiptState::Undeliverable {
        notify_schools(&mut tx, &message.persons, NoticeKind::Unreachable, &message.support_code).await?;
    }
    tx.commit().await?;
    if receipt.state == ReceiptState::Undeliverable {
        tracing::warn!(code = %message.support_code, gateway = carrier.name(), "SMS not deliverable; the school is told");
    }
    Ok(true)
}
