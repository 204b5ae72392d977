//! Queries of the help desk: people of a scope, one person, and activations with another number.

pub mod near;
pub mod person;

use crate::administrators::scope::AdminScope;
use crate::administrators::store::scope::{in_scope, scope_args};
use crate::base::clock::Timestamp;
use crate::base::typed_ids::AccountId;
use crate::base::uai::Uai;
use crate::db::{FromRow, Result, Tx, Value, args};
use crate::roster::store::words::SubjectKind;

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

/// The words of a search in one academy: the bounds of the one that the fewest people have, and those of up to two more,
/// empty if there are none.
#[derive(Clone, Debug)]
pub struct WordBounds {
    pub first: (String, String),
    pub second: (String, String),
    pub third: (String, String),
}

/// The bounds of a search by words in one academy: however many people have a name, so many are looked at.
#[derive(Clone, Copy, Debug)]
pub struct SearchBounds {
    /// The number of words of the index that are looked at.
    pub words: i64,
    /// The number of people of the scope who are read and sorted.
    pub people: i64,
    /// The number of rows of the answer.
    pub rows: i64,
}

/// The people whose words are searched for, out of scope too, as `w`: by the arguments of `word_args`, in the order of the
/// words, which is the index's; somebody once for each word that begins so. Whether somebody has a word is asked by a
/// scalar subquery: in the place of EXISTS, PostgreSQL would read the words of everybody once.
macro_rules! named {
    ($kind:literal) => {
        concat!(
            "(SELECT v.subject_id FROM search_word v WHERE v.academy = $6 AND v.kind = '",
            $kind,
            "' AND v.word >= $7 AND v.word <= $8 ORDER BY v.word LIMIT $15) w \
             WHERE ($9 = '' OR (SELECT 1 FROM search_word x WHERE x.kind = '",
            $kind,
            "' AND x.subject_id = w.subject_id AND x.word >= $9 AND x.word <= $10 LIMIT 1) = 1) \
             AND ($11 = '' OR (SELECT 1 FROM search_word y WHERE y.kind = '",
            $kind,
            "' AND y.subject_id = w.subject_id AND y.word >= $11 AND y.word <= $12 LIMIT 1) = 1)"
        )
    };
}

fn word_args(scope: &AdminScope, academy: &str, words: &WordBounds, most: SearchBounds) -> Vec<Value> {
    let mut values = scope_args(scope);
    values.push(Value::from(academy));
    for (from, to) in [&words.first, &words.second, &words.third] {
        values.extend([Value::from(from), Value::from(to)]);
    }
    values.extend([Value::from(most.rows), Value::from(most.people), Value::from(most.words)]);
    values
}

/// Counts the words of the index between bounds, of parents or of pupils, whichever are more; so many at most.
pub async fn count_words(tx: &mut Tx, academy: &str, (from, to): &(String, String), most: i64) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM search_word v WHERE v.academy = $1 AND v.kind = $2 \
               AND v.word >= $3 AND v.word <= $4 LIMIT $5) AS found";
    let mut larger = 0;
    for kind in [SubjectKind::Person, SubjectKind::Pupil] {
        let values = args![academy, kind.name(), from, to, most];
        larger = larger.max(tx.fetch_one::<(i64,)>(sql, values).await?.0);
    }
    Ok(larger)
}

/// Lists parents of an academy by words, inside a scope, one row for each child.
pub async fn list_parents_by_words(
    tx: &mut Tx,
    scope: &AdminScope,
    academy: &str,
    words: &WordBounds,
    most: SearchBounds,
) -> Result<Vec<FoundRow>> {
    let sql = concat!(
        "SELECT p.id, p.family_name, p.usage_name, p.given_name, p.account_id, a.state AS account_state, \
         a.suspended_at IS NOT NULL AS suspended, p.phone, p.phone_state, p.phone_end, \
         u.given_name AS child_given, COALESCE(u.usage_name, u.family_name) AS child_family, e.class, \
         s.name AS school FROM (SELECT DISTINCT g.subject_id FROM (SELECT w.subject_id FROM ",
        named!("person"),
        " AND (SELECT 1 FROM link l JOIN school s ON s.uai = l.uai LEFT JOIN enrolment e \
         ON e.pupil_id = l.pupil_id AND e.uai = l.uai AND e.ended_at IS NULL \
         WHERE l.person_id = w.subject_id AND l.ended_at IS NULL AND ",
        in_scope!(),
        " LIMIT 1) = 1 LIMIT $14) g) f \
         JOIN person p ON p.id = f.subject_id JOIN link l ON l.person_id = p.id AND l.ended_at IS NULL \
         JOIN pupil u ON u.id = l.pupil_id JOIN school s ON s.uai = l.uai \
         LEFT JOIN account a ON a.id = p.account_id \
         LEFT JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai AND e.ended_at IS NULL WHERE ",
        in_scope!(),
        " ORDER BY p.family_name, p.given_name, p.id, u.given_name, u.id, l.uai LIMIT $13"
    );
    tx.fetch_all(sql, word_args(scope, academy, words, most)).await
}

/// Lists pupils of an academy by words, inside a scope.
pub async fn list_pupils_by_words(
    tx: &mut Tx,
    scope: &AdminScope,
    academy: &str,
    words: &WordBounds,
    most: SearchBounds,
) -> Result<Vec<FoundRow>> {
    let sql = concat!(
        "SELECT u.id, u.family_name, u.usage_name, u.given_name, u.account_id, a.state AS account_state, \
         a.suspended_at IS NOT NULL AS suspended, CAST(NULL AS TEXT) AS phone, CAST(NULL AS TEXT) AS phone_state, \
         CAST(NULL AS TEXT) AS phone_end, CAST(NULL AS TEXT) AS child_given, CAST(NULL AS TEXT) AS child_family, \
         e.class, s.name AS school FROM (SELECT DISTINCT g.subject_id FROM (SELECT w.subject_id FROM ",
        named!("pupil"),
        " AND (SELECT 1 FROM enrolment e JOIN school s ON s.uai = e.uai \
         WHERE e.pupil_id = w.subject_id AND e.ended_at IS NULL AND ",
        in_scope!(),
        " LIMIT 1) = 1 LIMIT $14) g) f \
         JOIN pupil u ON u.id = f.subject_id JOIN enrolment e ON e.pupil_id = u.id AND e.ended_at IS NULL \
         JOIN school s ON s.uai = e.uai LEFT JOIN account a ON a.id = u.account_id WHERE ",
        in_scope!(),
        " ORDER BY u.family_name, u.given_name, u.id, e.uai LIMIT $13"
    );
    tx.fetch_all(sql, word_args(scope, academy, words, most)).await
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
