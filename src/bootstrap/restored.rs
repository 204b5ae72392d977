//! What a restored database must not do again (docs/threats.md#fault-rt15).

use super::{Dependencies, sync_clock};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::db::{Db, Durability};
use crate::{administrators, devices, grants, logouts, outbox, school_admin, sessions};

/// Migrates a database that was restored, and ends in one transaction what belongs to the time of the backup: messages
/// that waited have left since, and sessions and tokens may have been revoked since. Nobody is told: relying parties
/// learn it at the next use of a token.
///
/// # Errors
/// Then the database must not be served.
pub async fn settle_restored(db: &Db, around: &Dependencies) -> anyhow::Result<()> {
    db.migrate().await?;
    sync_clock(db, around).await?;
    let mut tx = around.operation(db).write(Durability::Durable).await?;
    tx.allow_whole_tables();
    let now = tx.now;
    let messages = outbox::abandon_all(&mut tx).await?;
    school_admin::store::reminders::finish_all(&mut tx).await?;
    logouts::store::give_up_all(&mut tx, now).await?;
    let sessions = sessions::store::end_of_everybody(&mut tx, now).await?;
    grants::store::raise_every_generation(&mut tx).await?;
    let families = grants::store::families::revoke_of_everybody(&mut tx, now).await?;
    administrators::store::sessions::end_of_everybody(&mut tx).await?;
    administrators::store::api_tokens::revoke_of_everybody(&mut tx).await?;
    devices::store::forget_all_factor_proofs(&mut tx).await?;
    let detail = format!("{messages} messages, {sessions} sessions, {families} refresh families");
    let about = AuditDetails { detail: &detail, ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::Restored, about).await?;
    tx.commit().await?;
    Ok(db.analyze_restored().await?)
}
