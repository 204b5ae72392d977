//! Signs other browsers of the account out, and forgets them.

use crate::accounts::{self, Account};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::db::Durability;
use crate::outbox::JobKind;
use crate::sessions::Session;
use crate::{devices, sessions};

/// The devices to forget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForgottenDevices<'a> {
    One(&'a str),
    /// All but the one of this session.
    Others,
}

/// Ends the sessions of devices, with their tokens, and forgets the devices. The browser of this session stays.
pub async fn forget_devices(
    op: &Operation<'_>,
    session: &Session,
    account: &Account,
    which: ForgottenDevices<'_>,
) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Durable).await?;
    // The account's row first, as a new password does.
    accounts::store::find_and_lock(&mut tx, &account.id).await?;
    let about = AuditDetails { account: Some(&account.id), ..AuditDetails::default() };
    match which {
        ForgottenDevices::One(id) => {
            if session.device_id.as_deref() == Some(id) || !devices::store::forget(&mut tx, &account.id, id).await? {
                return Ok(tx.rollback().await?);
            }
            sessions::ops::end_of_device(&mut tx, &op.app.master_key, &account.id, id).await?;
        }
        ForgottenDevices::Others => {
            sessions::ops::end_others(&mut tx, &op.app.master_key, &account.id, Some(&session.id)).await?;
            devices::store::forget_others(&mut tx, &account.id, session.device_id.as_deref()).await?;
        }
    }
    audit::store::record(&mut tx, AuditEvent::DeviceForgotten, about).await?;
    tx.commit().await?;
    op.app.job_notifier.notify(JobKind::BackchannelLogout);
    Ok(())
}
