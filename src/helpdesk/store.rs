//! Queries of the help desk: people of a scope, one person, and activations with another number.

pub mod by_words;
pub mod near;
pub mod person;

use crate::administrators::scope::AdminScope;
use crate::administrators::store::scope::{in_scope, scope_args};
use crate::base::clock::Timestamp;
use crate::base::typed_ids::AccountId;
use crate::base::uai::Uai;
use crate::db::{FromRow, Result, Tx, Value, args};

/// Somebody found, in the columns that lists show. Of a parent one row for each child, of a pupil one for each school.
#[derive(Clone, Debug, FromRow)]
pub struct FoundRow {
    pub id: String,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub account_id: Option<AccountId>,
    pub account_state: Option<String>,
    pub suspended: bool,
    /// Encrypted; of a parent.
    pub phone: Option<String>,
    pub phone_state: Option<String>,
    pub phone_end: Option<String>,
    /// The given name and initial of the child; of a parent.
    pub child_given: Option<String>,
    pub child_family: Option<String>,
    pub class: Option<String>,
    pub school: String,
}

/// Lists every parent of a school with a link that is current or ended after a time, one row for each child.
pub async fn list_parents_of_school(tx: &mut Tx, uai: &Uai, ended_after: Timestamp) -> Result<Vec<FoundRow>> {
    let sql = "SELECT p.id, p.family_name, p.usage_name, p.given_name, p.account_id, a.state AS account_state, \
               a.suspended_at IS NOT NULL AS suspended, p.phone, p.phone_state, p.phone_end, \
               u.given_name AS child_given, COALESCE(u.usage_name, u.family_name) AS child_family, e.class, \
               s.name AS school \
               FROM link l JOIN person p ON p.id = l.person_id JOIN pupil u ON u.id = l.pupil_id \
               JOIN school s ON s.uai = l.uai LEFT JOIN account a ON a.id = p.account_id \
               LEFT JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai AND e.ended_at IS NULL \
               WHERE l.uai = $1 AND (l.ended_at IS NULL OR l.ended_at > $2) \
               ORDER BY p.family_name, p.given_name, p.id, u.given_name LIMIT 20000";
    tx.fetch_all(sql, args![uai, ended_after]).await
}

/// Lists every pupil of a school whose enrolment is current or ended after a time.
pub async fn list_pupils_of_school(tx: &mut Tx, uai: &Uai, ended_after: Timestamp) -> Result<Vec<FoundRow>> {
    let sql = "SELECT u.id, u.family_name, u.usage_name, u.given_name, u.account_id, a.state AS account_state, \
               a.suspended_at IS NOT NULL AS suspended, CAST(NULL AS TEXT) AS phone, \
               CAST(NULL AS TEXT) AS phone_state, CAST(NULL AS TEXT) AS phone_end, \
               CAST(NULL AS TEXT) AS child_given, CAST(NULL AS TEXT) AS child_family, \
               CASE WHEN e.ended_at IS NULL THEN e.class END AS class, s.name AS school \
               FROM enrolment e JOIN pupil u ON u.id = e.pupil_id JOIN school s ON s.uai = e.uai \
               LEFT JOIN account a ON a.id = u.account_id \
               WHERE e.uai = $1 AND (e.ended_at IS NULL OR e.ended_at > $2) \
               ORDER BY u.family_name, u.given_name, u.id LIMIT 20000";
    tx.fetch_all(sql, args![uai, ended_after]).await
}

/// Lists parents by the keyed last four digits of the number, inside a scope.
pub async fn list_parents_by_phone_end(
    tx: &mut Tx,
    scope: &AdminScope,
    end_blind: &str,
    most: i64,
) -> Result<Vec<FoundRow>> {
    let sql = concat!(
        "SELECT p.id, p.family_name, p.usage_name, p.given_name, p.account_id, a.state AS account_state, \
         a.suspended_at IS NOT NULL AS suspended, p.phone, p.phone_state, p.phone_end, \
         u.given_name AS child_given, COALESCE(u.usage_name, u.family_name) AS child_family, e.class, \
         s.name AS school \
         FROM person p JOIN link l ON l.person_id = p.id AND l.ended_at IS NULL \
         JOIN pupil u ON u.id = l.pupil_id JOIN school s ON s.uai = l.uai \
         LEFT JOIN account a ON a.id = p.account_id \
         LEFT JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai AND e.ended_at IS NULL \
         WHERE p.phone_last4_blind = $6 AND ",
        in_scope!(),
        " ORDER BY p.family_name, p.given_name, p.id, u.given_name LIMIT $7"
    );
    let mut values = scope_args(scope);
    values.extend([Value::from(end_blind), Value::from(most)]);
    tx.fetch_all(sql, values).await
}

/// Lists the academies that a scope touches, by id: whoever administers one searches no other. Schools are read for those
/// who administer some, and not for whole academies.
pub async fn list_academies(tx: &mut Tx, scope: &AdminScope) -> Result<Vec<String>> {
    let sql = "SELECT a.id FROM academy a WHERE $1 OR REPLACE($3, '\u{1f}' || a.id || '\u{1f}', '') <> $3 \
               OR (($2 <> '\u{1f}' OR $4 <> '\u{1f}' OR $5 <> '\u{1f}') \
               AND EXISTS (SELECT 1 FROM school s WHERE s.academy = a.id \
               AND (REPLACE($2, '\u{1f}' || s.ministry || '\u{1f}', '') <> $2 \
               OR REPLACE($4, '\u{1f}' || s.uai || '\u{1f}', '') <> $4 \
               OR REPLACE($5, '\u{1f}' || s.uai || '/', '') <> $5))) ORDER BY a.id";
    let rows = tx.fetch_all::<(String,)>(sql, scope_args(scope)).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}
