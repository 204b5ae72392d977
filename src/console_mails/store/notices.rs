//! Rows of the mail of the day: which schools have something new, whom it concerns, and how much waits.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::AdministratorId;
use crate::base::uai::Uai;
use crate::db::{FromRow, Result, Tx, UnitOfWork, args};

/// Lists the schools after a UAI with a notice since a time that waits.
pub async fn list_schools(tx: &mut Tx, since: Timestamp, after: &str, most: i64) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT uai FROM notice WHERE settled_at IS NULL AND at > $1 AND uai > $2 \
               ORDER BY uai LIMIT $3";
    let rows = tx.fetch_all::<(String,)>(sql, args![since, after, most]).await?;
    Ok(rows.into_iter().map(|(uai,)| uai).collect())
}

/// Lists the heads and delegates of a school who see its parents, and had no mail on a day or later.
pub async fn list_unmailed(tx: &mut Tx, now: Timestamp, uai: &str, day: &str) -> Result<Vec<AdministratorId>> {
    let sql = "SELECT DISTINCT a.id FROM admin_role r JOIN administrator a ON a.id = r.administrator_id \
               LEFT JOIN console_mail_day d ON d.administrator_id = a.id \
               WHERE r.territory_kind IN ('school', 'class') AND r.territory = $1 \
               AND r.role IN ('school_head', 'delegate') AND NOT r.pupils_only AND r.ended_at IS NULL \
               AND r.approved_at IS NOT NULL AND (r.ends_at IS NULL OR r.ends_at > $2) AND a.state = 'active' \
               AND (d.day IS NULL OR d.day < $3) ORDER BY a.id LIMIT 200";
    let rows = tx.fetch_all::<(AdministratorId,)>(sql, args![uai, now, day]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The last mail of an administrator: what came, and was done, before it was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow)]
pub struct LastMailRow {
    /// The day in Paris; empty for who had none. The acts before that day are told.
    pub day: String,
    /// The notices until this time are told.
    pub at: i64,
}

/// Finds the last mail of an administrator.
pub async fn find_last(tx: &mut Tx, id: &AdministratorId) -> Result<LastMailRow> {
    let sql = "SELECT day, at FROM console_mail_day WHERE administrator_id = $1";
    Ok(tx.fetch_optional(sql, args![id]).await?.unwrap_or_default())
}

/// The notices of a school, or of a class of it, that wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub struct WaitingNotices {
    pub waiting: i64,
    /// The notices that came after a time.
    pub fresh: i64,
}

/// Counts the notices that wait at a school; of a class those that name a child of it.
pub async fn count(tx: &mut Tx, uai: &Uai, class: Option<&str>, since: Timestamp) -> Result<WaitingNotices> {
    let sql = "SELECT COUNT(*) AS waiting, COUNT(CASE WHEN n.at > $3 THEN 1 END) AS fresh FROM notice n \
               WHERE n.uai = $1 AND n.settled_at IS NULL AND ($2 = '' OR EXISTS (SELECT 1 FROM enrolment e \
               WHERE e.pupil_id = n.pupil_id AND e.uai = n.uai AND e.ended_at IS NULL AND e.class = $2))";
    tx.fetch_one(sql, args![uai, class.unwrap_or_default(), since]).await
}

/// Takes the mail of a day of an administrator, which goes on where `last` ended. Returns false if another server did, of
/// this day or of another one.
pub async fn take_day(tx: &mut UnitOfWork<'_>, id: &AdministratorId, day: &str, last: &LastMailRow) -> Result<bool> {
    let now = tx.now;
    let sql = "INSERT INTO console_mail_day (administrator_id, day, at) VALUES ($1, $2, $3) \
               ON CONFLICT (administrator_id) DO UPDATE SET day = excluded.day, at = excluded.at \
               WHERE console_mail_day.day < excluded.day AND console_mail_day.day = $4";
    Ok(tx.execute(sql, args![id, day, now, &last.day]).await? == 1)
}
