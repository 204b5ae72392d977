//! What a gateway says of a message after it took it: whether the phone was reached.
//!
//! A receipt proves nothing about a person; it tells operators what leaves and does not arrive, and the school that a
//! number of the roster is not reachable. Any server of the deployment may be the one that hears it.

use std::time::Duration;

use super::deliver::{notify_schools, record_undeliverable};
use super::{SmsJobContext, conversion};
use crate::app::Operation;
use crate::config::SmsGatewayRole;
use crate::db::{Durability, Result, UnitOfWork};
use crate::otp::outage::OutageReason;
use crate::otp::store::handed::{self, NewHandedMessage};
use crate::otp::store::{academies, outages};
use crate::sms::{ReceiptState, SmsReceipt, kept_form, possible_kept_forms};
use crate::tenants::NoticeKind;

/// The delay after which a receipt without its message is looked at once more: the message's row may be written after
/// it.
const RECEIPT_RETRY_DELAY: Duration = Duration::from_secs(1);

/// Writes down whose number a message went to, until its receipt comes.
pub(super) async fn expect(
    tx: &mut UnitOfWork<'_>,
    role: SmsGatewayRole,
    (message_id, to): (&str, &str),
    about: Option<&SmsJobContext>,
) -> Result<()> {
    let (persons, support_code) = about.map_or((&[][..], ""), |about| (&about.persons, &about.support_code));
    let academy = about.and_then(|about| conversion::counted_academy(to, about.academy.as_deref()));
    let message_id = &kept_form(message_id);
    let new = NewHandedMessage { gateway: role.name(), message_id, persons, support_code, academy };
    handed::insert(tx, &new).await
}

/// Takes a receipt, like [`take_receipts`].
pub async fn take_receipt(op: &Operation<'_>, role: SmsGatewayRole, receipt: &SmsReceipt) -> anyhow::Result<()> {
    take_receipts(op, role, std::slice::from_ref(receipt)).await
}

/// Takes the receipts of a call: counts and settles each. One that fits no message is told to operators by the gateway's
/// id.
pub async fn take_receipts(op: &Operation<'_>, role: SmsGatewayRole, receipts: &[SmsReceipt]) -> anyhow::Result<()> {
    let metrics = &op.app.metrics;
    for receipt in receipts {
        metrics.record_sms_receipt(role.name(), receipt.state.name());
    }
    // No slot is held during the delay: receipts of messages that nobody waits for would keep the others waiting.
    let settle = async |receipt| {
        let _slot = op.app.receipt_slots.acquire().await?;
        settle_receipt(op, role, receipt).await
    };
    let mut unmatched = Vec::new();
    for receipt in receipts {
        if !settle(receipt).await? {
            unmatched.push(receipt);
        }
    }
    if unmatched.is_empty() {
        return Ok(());
    }
    tokio::time::sleep(RECEIPT_RETRY_DELAY).await;
    for receipt in unmatched {
        if !settle(receipt).await? {
            metrics.record_unmatched_receipt(role.name());
            tracing::info!(
                gateway = role.name(),
                id = receipt.message_id,
                "a receipt of a message that waits for none"
            );
        }
    }
    Ok(())
}

/// Settles a receipt: the message is no longer waited for, the schools hear of a number that is not reachable, and
/// operators of messages that fail for another reason. Returns false if the message is not known (yet).
pub async fn settle_receipt(op: &Operation<'_>, role: SmsGatewayRole, receipt: &SmsReceipt) -> anyhow::Result<bool> {
    if receipt.state == ReceiptState::Other {
        return Ok(true);
    }
    // Only SMPP has gateways that write an id in one base and its receipt in another.
    let by_http = op.app.config.sms.gateway_of(role).is_some_and(|gateway| gateway.receipt_calls().is_some());
    let forms = match by_http {
        true => [(); 3].map(|()| kept_form(&receipt.message_id)),
        false => possible_kept_forms(&receipt.message_id),
    };
    let found = handed::find(&mut op.app.db.read().await?, role.name(), &forms).await?;
    // An id of one base may be that of another message in the other base: then nobody knows whose receipt it is.
    let [kept] = &found[..] else { return Ok(false) };
    let mut tx = op.write(Durability::Relaxed).await?;
    let Some(message) = handed::take(&mut tx, role.name(), kept).await? else {
        tx.rollback().await?;
        return Ok(false);
    };
    let undelivered = OutageReason::Undelivered(role.name().to_owned());
    match receipt.state {
        ReceiptState::Delivered => {
            outages::end(&mut tx, &undelivered).await?;
        }
        ReceiptState::Unreachable => {
            // Nobody could enter its code: it says nothing against the academy's numbers.
            if let Some(academy) = &message.academy {
                academies::subtract_sent(&mut tx, academy, message.sent_at).await?;
            }
            notify_schools(&mut tx, &message.persons, NoticeKind::Unreachable, &message.support_code).await?;
        }
        ReceiptState::Failed => {
            record_undeliverable(op, &mut tx, &undelivered, &receipt.words, message.sent_at).await?;
        }
        ReceiptState::Expired | ReceiptState::Other => {}
    }
    tx.commit().await?;
    let (code, gateway, words) = (&message.support_code, role.name(), &receipt.words);
    match receipt.state {
        ReceiptState::Unreachable => tracing::warn!(%code, gateway, words, "SMS not deliverable; the school is told"),
        ReceiptState::Failed => tracing::warn!(%code, gateway, words, "SMS not delivered"),
        ReceiptState::Delivered | ReceiptState::Expired | ReceiptState::Other => {}
    }
    Ok(true)
}
