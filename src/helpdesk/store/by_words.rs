//! People of a territory by the words of their names: first who they are, then what a list shows of them.
//!
//! A name may be that of thousands, and fifty are shown. So children, schools and accounts are read of those fifty, and
//! of the others their names alone.

use super::FoundRow;
use crate::administrators::scope::AdminScope;
use crate::administrators::store::scope::{in_scope, link_in_scope, scope_args};
use crate::base::uai::Uai;
use crate::db::{BATCH_SIZE, FromRow, Result, Tx, Value, args, batch_args, batch_placeholders};
use crate::roster::store::words::SubjectKind;

/// Somebody whose names have the words, in the order of lists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, FromRow)]
pub struct NameMatch {
    pub family_name: String,
    pub given_name: String,
    pub id: String,
}

/// The words of a search: the bounds of the one that the fewest people have, and those of up to two more, empty if there
/// are none.
#[derive(Clone, Debug)]
pub struct WordBounds {
    pub first: (String, String),
    pub second: (String, String),
    pub third: (String, String),
}

impl WordBounds {
    fn values(&self) -> impl Iterator<Item = Value> {
        let all = [&self.first, &self.second, &self.third];
        all.into_iter().flat_map(|(from, to)| [Value::from(from), Value::from(to)])
    }
}

/// The bounds of a search by words in one academy: however many people have a name, so many are looked at.
#[derive(Clone, Copy, Debug)]
pub struct SearchBounds {
    /// The number of words of the index that are looked at.
    pub words: i64,
    /// The number of people of the scope whose names are read and sorted.
    pub people: i64,
    /// The number of people of the answer.
    pub shown: i64,
}

/// The condition that somebody has a word between two bounds. A scalar subquery: in the place of EXISTS, PostgreSQL would
/// read the words of everybody once.
macro_rules! has_word {
    ($kind:literal, $id:literal, $from:literal, $to:literal) => {
        concat!(
            "(SELECT 1 FROM search_word x WHERE x.kind = '",
            $kind,
            "' AND x.subject_id = ",
            $id,
            " AND x.word >= ",
            $from,
            " AND x.word <= ",
            $to,
            " LIMIT 1) = 1"
        )
    };
}

/// The people whose words are searched for, out of scope too, as `w`, in the order of the words, which is the index's;
/// somebody once for each word that begins so.
macro_rules! named {
    ($kind:literal) => {
        concat!(
            "(SELECT v.subject_id FROM search_word v WHERE v.academy = $6 AND v.kind = '",
            $kind,
            "' AND v.word >= $7 AND v.word <= $8 ORDER BY v.word LIMIT $15) w WHERE ($9 = '' OR ",
            has_word!($kind, "w.subject_id", "$9", "$10"),
            ") AND ($11 = '' OR ",
            has_word!($kind, "w.subject_id", "$11", "$12"),
            ")"
        )
    };
}

/// The condition that somebody of some schools, by the column of an id, has the words.
macro_rules! has_words {
    ($kind:literal, $id:literal) => {
        concat!(
            has_word!($kind, $id, "$52", "$53"),
            " AND ($54 = '' OR ",
            has_word!($kind, $id, "$54", "$55"),
            ") AND ($56 = '' OR ",
            has_word!($kind, $id, "$56", "$57"),
            ")"
        )
    };
}

/// Counts the words of the index between bounds, so many at most.
pub async fn count_words(
    tx: &mut Tx,
    academy: &str,
    kind: SubjectKind,
    (from, to): &(String, String),
    most: i64,
) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM search_word v WHERE v.academy = $1 AND v.kind = $2 \
               AND v.word >= $3 AND v.word <= $4 LIMIT $5) AS found";
    Ok(tx.fetch_one::<(i64,)>(sql, args![academy, kind.name(), from, to, most]).await?.0)
}

/// Lists the people of an academy by words, inside a scope.
pub async fn list_in_academy(
    tx: &mut Tx,
    scope: &AdminScope,
    (academy, kind): (&str, SubjectKind),
    words: &WordBounds,
    most: SearchBounds,
) -> Result<Vec<NameMatch>> {
    let sql = match kind {
        SubjectKind::Person => concat!(
            "SELECT DISTINCT p.family_name, p.given_name, p.id FROM (SELECT w.subject_id FROM ",
            named!("person"),
            " AND (SELECT 1 FROM link l JOIN school s ON s.uai = l.uai WHERE l.person_id = w.subject_id \
             AND l.ended_at IS NULL AND ",
            link_in_scope!(),
            " LIMIT 1) = 1 LIMIT $14) g JOIN person p ON p.id = g.subject_id \
             ORDER BY p.family_name, p.given_name, p.id LIMIT $13"
        ),
        SubjectKind::Pupil => concat!(
            "SELECT DISTINCT u.family_name, u.given_name, u.id FROM (SELECT w.subject_id FROM ",
            named!("pupil"),
            " AND (SELECT 1 FROM enrolment e JOIN school s ON s.uai = e.uai WHERE e.pupil_id = w.subject_id \
             AND e.ended_at IS NULL AND ",
            in_scope!(),
            " LIMIT 1) = 1 LIMIT $14) g JOIN pupil u ON u.id = g.subject_id \
             ORDER BY u.family_name, u.given_name, u.id LIMIT $13"
        ),
    };
    let mut values = scope_args(scope);
    values.push(Value::from(academy));
    values.extend(words.values());
    values.extend([Value::from(most.shown), Value::from(most.people), Value::from(most.words)]);
    tx.fetch_all(sql, values).await
}

/// Lists the schools of an academy that lie inside a scope, by their numbers or by their ministry.
pub async fn list_schools_of_scope(tx: &mut Tx, scope: &AdminScope, academy: &str, most: i64) -> Result<Vec<Uai>> {
    let of = scope.arguments();
    let sql = "SELECT s.uai FROM school s WHERE s.academy = $1 \
               AND (REPLACE($2, '\u{1f}' || s.ministry || '\u{1f}', '') <> $2 \
               OR REPLACE($3, '\u{1f}' || s.uai || '\u{1f}', '') <> $3) ORDER BY s.uai LIMIT $4";
    let rows = tx.fetch_all::<(Uai,)>(sql, args![academy, of.ministries, of.schools, most]).await?;
    Ok(rows.into_iter().map(|(uai,)| uai).collect())
}

/// Counts the current links or enrolments of some schools, so many at most.
pub async fn count_ties(tx: &mut Tx, kind: SubjectKind, uais: &[Uai], most: i64) -> Result<i64> {
    let sql = match kind {
        SubjectKind::Person => concat!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM link l WHERE l.uai IN (",
            batch_placeholders!(),
            ") AND l.ended_at IS NULL LIMIT $1) AS found"
        ),
        SubjectKind::Pupil => concat!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM enrolment e WHERE e.uai IN (",
            batch_placeholders!(),
            ") AND e.ended_at IS NULL LIMIT $1) AS found"
        ),
    };
    let mut count = 0;
    for some in uais.chunks(BATCH_SIZE) {
        let values = batch_args(Value::from(most - count), some.iter().map(Uai::as_str));
        count += tx.fetch_one::<(i64,)>(sql, values).await?.0;
        if count >= most {
            break;
        }
    }
    Ok(count)
}

/// Lists the people of some schools by words, so many of each statement. All of these schools' people are compared.
pub async fn list_in_schools(
    tx: &mut Tx,
    kind: SubjectKind,
    uais: &[Uai],
    words: &WordBounds,
    shown: i64,
) -> Result<Vec<NameMatch>> {
    let sql = match kind {
        SubjectKind::Person => concat!(
            "SELECT DISTINCT p.family_name, p.given_name, p.id FROM link l JOIN person p ON p.id = l.person_id \
             WHERE l.uai IN (",
            batch_placeholders!(),
            ") AND l.ended_at IS NULL AND ",
            has_words!("person", "l.person_id"),
            " ORDER BY p.family_name, p.given_name, p.id LIMIT $1"
        ),
        SubjectKind::Pupil => concat!(
            "SELECT DISTINCT u.family_name, u.given_name, u.id FROM enrolment e JOIN pupil u ON u.id = e.pupil_id \
             WHERE e.uai IN (",
            batch_placeholders!(),
            ") AND e.ended_at IS NULL AND ",
            has_words!("pupil", "e.pupil_id"),
            " ORDER BY u.family_name, u.given_name, u.id LIMIT $1"
        ),
    };
    let mut found = Vec::new();
    for some in uais.chunks(BATCH_SIZE) {
        let mut values = batch_args(Value::from(shown), some.iter().map(Uai::as_str));
        values.extend(words.values());
        found.extend(tx.fetch_all::<NameMatch>(sql, values).await?);
    }
    Ok(found)
}

/// `$7` to `$56`: the ids of those who are shown, after the scope and the number of rows.
macro_rules! shown_ids {
    () => {
        "$7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, \
         $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, \
         $50, $51, $52, $53, $54, $55, $56"
    };
}

/// Lists the columns of some people that lists show, inside a scope: of a parent one row for each child, of a pupil one
/// for each school. `most` bounds the rows of each [`BATCH_SIZE`] people.
pub async fn list_rows(
    tx: &mut Tx,
    scope: &AdminScope,
    kind: SubjectKind,
    ids: &[&str],
    most: i64,
) -> Result<Vec<FoundRow>> {
    let sql = match kind {
        SubjectKind::Person => concat!(
            "SELECT p.id, p.family_name, p.usage_name, p.given_name, p.account_id, a.state AS account_state, \
             a.suspended_at IS NOT NULL AS suspended, p.phone, p.phone_state, p.phone_end, \
             u.given_name AS child_given, COALESCE(u.usage_name, u.family_name) AS child_family, e.class, \
             s.name AS school FROM person p JOIN link l ON l.person_id = p.id AND l.ended_at IS NULL \
             JOIN pupil u ON u.id = l.pupil_id JOIN school s ON s.uai = l.uai \
             LEFT JOIN account a ON a.id = p.account_id \
             LEFT JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai AND e.ended_at IS NULL \
             WHERE p.id IN (",
            shown_ids!(),
            ") AND ",
            in_scope!(),
            " ORDER BY p.family_name, p.given_name, p.id, u.given_name, u.id, l.uai LIMIT $6"
        ),
        SubjectKind::Pupil => concat!(
            "SELECT u.id, u.family_name, u.usage_name, u.given_name, u.account_id, a.state AS account_state, \
             a.suspended_at IS NOT NULL AS suspended, CAST(NULL AS TEXT) AS phone, \
             CAST(NULL AS TEXT) AS phone_state, CAST(NULL AS TEXT) AS phone_end, \
             CAST(NULL AS TEXT) AS child_given, CAST(NULL AS TEXT) AS child_family, e.class, s.name AS school \
             FROM pupil u JOIN enrolment e ON e.pupil_id = u.id AND e.ended_at IS NULL \
             JOIN school s ON s.uai = e.uai LEFT JOIN account a ON a.id = u.account_id WHERE u.id IN (",
            shown_ids!(),
            ") AND ",
            in_scope!(),
            " ORDER BY u.family_name, u.given_name, u.id, e.uai LIMIT $6"
        ),
    };
    let mut rows = Vec::new();
    for some in ids.chunks(BATCH_SIZE) {
        let mut values = scope_args(scope);
        values.extend(batch_args(Value::from(most), some.iter().copied()));
        rows.extend(tx.fetch_all::<FoundRow>(sql, values).await?);
    }
    Ok(rows)
}
