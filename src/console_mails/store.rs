//! Rows of mails that were sent, and of those whom they go to.

pub mod acts;
pub mod notices;
pub mod services;

use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::AdministratorId;
use crate::console_mails::ConsoleMailKind;
use crate::db::{CLEANUP_BATCH_ROWS, Result, Tx, UnitOfWork, args};

/// The retention of what was told: longer than anything of which it keeps from telling again.
const SENT_RETENTION: Span = Span::days(800);
/// The maximum number of persons whom one mail goes to.
const MAX_RECIPIENTS: i64 = 30;

/// Takes the telling of something. Returns false if it was told since `again`; `None`: ever.
pub async fn take(
    tx: &mut UnitOfWork<'_>,
    (kind, subject): (ConsoleMailKind, &str),
    again: Option<Timestamp>,
) -> Result<bool> {
    let now = tx.now;
    let sql = "INSERT INTO console_mail_sent (kind, subject, at) VALUES ($1, $2, $3) ON CONFLICT (kind, subject) \
               DO UPDATE SET at = excluded.at WHERE console_mail_sent.at <= $4";
    let before = again.unwrap_or(Timestamp(i64::MIN));
    Ok(tx.execute(sql, args![kind.name(), subject, now, before]).await? == 1)
}

/// Lists the active administrators with a role on exactly one territory that counts now.
pub async fn list_holders(
    tx: &mut Tx,
    now: Timestamp,
    role: &str,
    (territory_kind, territory): (&str, &str),
) -> Result<Vec<AdministratorId>> {
    let sql = "SELECT DISTINCT a.id FROM admin_role r JOIN administrator a ON a.id = r.administrator_id \
               WHERE r.territory_kind = $2 AND r.territory = $3 AND r.role = $1 AND r.ended_at IS NULL \
               AND r.approved_at IS NOT NULL AND (r.ends_at IS NULL OR r.ends_at > $4) AND a.state = 'active' \
               ORDER BY a.id LIMIT $5";
    let values = args![role, territory_kind, territory, now, MAX_RECIPIENTS];
    Ok(tx.fetch_all::<(AdministratorId,)>(sql, values).await?.into_iter().map(|(id,)| id).collect())
}

/// Deletes what keeps nothing from being told again.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let before = tx.now.minus(SENT_RETENTION);
    let sent = "DELETE FROM console_mail_sent WHERE (kind, subject) IN \
                (SELECT kind, subject FROM console_mail_sent WHERE at < $1 ORDER BY at LIMIT $2)";
    let days = "DELETE FROM console_mail_day WHERE administrator_id IN \
                (SELECT administrator_id FROM console_mail_day WHERE at < $1 ORDER BY at LIMIT $2)";
    Ok(tx.execute(sent, args![before, CLEANUP_BATCH_ROWS]).await?
        + tx.execute(days, args![before, CLEANUP_BATCH_ROWS]).await?)
}
