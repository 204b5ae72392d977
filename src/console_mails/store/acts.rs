//! What was done on some days for the people of a school, as the audit has it: letters, help, and replaced numbers.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::AdministratorId;
use crate::base::uai::Uai;
use crate::db::{FromRow, Result, Tx, args};

/// Some days of the audit, by the ids of its rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditDays {
    /// The lower bound of their rows.
    pub from: String,
    /// The lower bound of the rows after them.
    pub before: String,
}

/// A school at which others than a head of it acted.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct ActedSchoolRow {
    pub uai: String,
    /// The time of the last act.
    pub last_at: i64,
    /// The day of the last mail of the head who was mailed least lately; empty for one who had none.
    pub mailed_on: String,
}

/// Lists the schools after a UAI of which a head may have something to read of others: they acted on some days, and the
/// head had no mail on `today` or later.
pub async fn list_schools(
    tx: &mut Tx,
    (days, now): (&AuditDays, Timestamp),
    (today, after): (&str, &str),
    most: i64,
) -> Result<Vec<ActedSchoolRow>> {
    // COALESCE keeps SQLite from the index of schools, and so from all that was ever done there.
    let sql = "SELECT t.uai, MAX(t.at) AS last_at, MIN(COALESCE(d.day, '')) AS mailed_on FROM \
               (SELECT uai, actor_kind, actor_id, MAX(at) AS at FROM audit WHERE id >= $1 AND id < $2 \
               AND actor_kind IN ('administrator', 'operator', 'token') \
               AND fact IN ('letter_issued', 'person_unblocked', 'phones_replaced') AND COALESCE(uai, '') > $3 \
               GROUP BY uai, actor_kind, actor_id) AS t \
               JOIN admin_role r ON r.territory_kind = 'school' AND r.territory = t.uai AND r.role = 'school_head' \
               AND r.ended_at IS NULL AND r.approved_at IS NOT NULL AND (r.ends_at IS NULL OR r.ends_at > $4) \
               JOIN administrator h ON h.id = r.administrator_id AND h.state = 'active' \
               LEFT JOIN console_mail_day d ON d.administrator_id = h.id \
               WHERE (d.day IS NULL OR d.day < $5) AND (t.actor_kind = 'operator' OR t.actor_id <> h.id) \
               GROUP BY t.uai ORDER BY t.uai LIMIT $6";
    tx.fetch_all(sql, args![&days.from, &days.before, after, now, today, most]).await
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
    /// The time of the first act.
    pub first_at: i64,
}

/// Lists what everybody but one administrator did on some days for the people of a school.
pub async fn list_of_school(
    tx: &mut Tx,
    uai: &Uai,
    days: &AuditDays,
    except: &AdministratorId,
) -> Result<Vec<ActsRow>> {
    let sql = "SELECT w.name, COUNT(CASE WHEN a.fact = 'letter_issued' THEN 1 END) AS letters, \
               COUNT(CASE WHEN a.fact = 'person_unblocked' AND SUBSTR(a.detail, 1, 7) <> 'letter:' \
               AND SUBSTR(a.detail, 1, 16) <> 'withdraw_letter:' THEN 1 END) AS unblocked, \
               CAST(COALESCE(SUM(CASE WHEN a.fact = 'phones_replaced' THEN CAST(a.detail AS BIGINT) END), 0) AS BIGINT) \
               AS phones, MIN(a.at) AS first_at FROM audit a LEFT JOIN administrator w ON w.id = a.actor_id \
               AND a.actor_kind IN ('administrator', 'token') WHERE a.uai = $1 AND a.id >= $2 AND a.id < $3 \
               AND a.actor_kind IN ('administrator', 'operator', 'token') \
               AND a.fact IN ('letter_issued', 'person_unblocked', 'phones_replaced') \
               AND (a.actor_kind = 'operator' OR a.actor_id <> $4) GROUP BY w.id, w.name LIMIT 50";
    tx.fetch_all(sql, args![uai, &days.from, &days.before, except]).await
}
