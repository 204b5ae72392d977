//! What was done on a day for the people of a school, as the audit has it: letters, help, and replaced numbers.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::AdministratorId;
use crate::base::uai::Uai;
use crate::db::{FromRow, Result, Tx, args};

/// A day of the audit, by the ids of its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditDay {
    /// The lower bound of its rows.
    pub from: String,
    /// The lower bound of the rows after it.
    pub before: String,
}

/// Lists the schools after a UAI of which a head has something to read of others: they acted on a day, and the head had no
/// mail on `today` or later.
pub async fn list_schools(
    tx: &mut Tx,
    (day, now): (&AuditDay, Timestamp),
    (today, after): (&str, &str),
    most: i64,
) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT a.uai FROM audit a WHERE a.id >= $1 AND a.id < $2 \
               AND a.actor_kind IN ('administrator', 'operator', 'token') \
               AND a.fact IN ('letter_issued', 'person_unblocked', 'phones_replaced') AND a.uai > $3 \
               AND EXISTS (SELECT 1 FROM admin_role r \
               JOIN administrator h ON h.id = r.administrator_id AND h.state = 'active' \
               LEFT JOIN console_mail_day d ON d.administrator_id = h.id \
               WHERE r.territory_kind = 'school' AND r.territory = a.uai AND r.role = 'school_head' \
               AND r.ended_at IS NULL AND r.approved_at IS NOT NULL AND (r.ends_at IS NULL OR r.ends_at > $4) \
               AND (d.day IS NULL OR d.day < $5) AND (a.actor_kind = 'operator' OR a.actor_id <> h.id)) \
               ORDER BY a.uai LIMIT $6";
    let values = args![&day.from, &day.before, after, now, today, most];
    let rows = tx.fetch_all::<(String,)>(sql, values).await?;
    Ok(rows.into_iter().map(|(uai,)| uai).collect())
}

/// The numbers of what somebody did.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow)]
pub struct ActsRow {
    /// The name of the administrator, also of a program's maker; `None` for an operator.
    pub name: Option<String>,
    pub letters: i64,
    /// The times that a help desk unblocked somebody, letters left out.
    pub unblocked: i64,
    /// The mobile numbers that an import replaced.
    pub phones: i64,
}

/// Lists what everybody but one administrator did on a day for the people of a school.
pub async fn list_of_school(tx: &mut Tx, uai: &Uai, day: &AuditDay, except: &AdministratorId) -> Result<Vec<ActsRow>> {
    let sql = "SELECT w.name, COUNT(CASE WHEN a.fact = 'letter_issued' THEN 1 END) AS letters, \
               COUNT(CASE WHEN a.fact = 'person_unblocked' AND SUBSTR(a.detail, 1, 7) <> 'letter:' \
               AND SUBSTR(a.detail, 1, 16) <> 'withdraw_letter:' THEN 1 END) AS unblocked, \
               CAST(COALESCE(SUM(CASE WHEN a.fact = 'phones_replaced' THEN CAST(a.detail AS BIGINT) END), 0) AS BIGINT) \
               AS phones FROM audit a LEFT JOIN administrator w ON w.id = a.actor_id \
               AND a.actor_kind IN ('administrator', 'token') WHERE a.uai = $1 AND a.id >= $2 AND a.id < $3 \
               AND a.actor_kind IN ('administrator', 'operator', 'token') \
               AND a.fact IN ('letter_issued', 'person_unblocked', 'phones_replaced') \
               AND (a.actor_kind = 'operator' OR a.actor_id <> $4) GROUP BY w.id, w.name LIMIT 50";
    tx.fetch_all(sql, args![uai, &day.from, &day.before, except]).await
}
