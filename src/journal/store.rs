//! Rows of the audit as the console reads them: by one of several indexes, always inside the reader's scope.
//!
//! Each query walks one index newest first, over a bounded number of rows; what it finds there is then compared with the
//! scope and the filter. So no page reads the whole audit, and no index decides what is seen.

use super::JournalScope;
use crate::administrators::store::scope::{in_scope, scope_args};
use crate::db::{FromRow, Result, Tx, Value};

/// A row as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct JournalRow {
    pub id: String,
    pub at: i64,
    pub fact: String,
    pub actor_kind: Option<String>,
    pub actor_id: Option<String>,
    /// The name of the administrator, if there still is one.
    pub actor_name: Option<String>,
    pub role: Option<String>,
    pub academy: Option<String>,
    pub academy_name: Option<String>,
    pub uai: Option<String>,
    pub school: Option<String>,
    pub client_id: Option<String>,
    /// The person of the roster, and the name, if the reader may see that person now.
    pub person_id: Option<String>,
    pub person: Option<String>,
    /// The pupil whose account is meant, likewise.
    pub pupil_id: Option<String>,
    pub pupil: Option<String>,
    /// True if the row is about a person or an account.
    pub has_person: bool,
    pub detail: String,
    pub reason: Option<String>,
    pub before: Option<String>,
    pub after: Option<String>,
    pub proof: Option<String>,
    pub request_id: Option<String>,
}

/// The index by which rows are walked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalWalk {
    /// The acts of administrators and operators.
    Acts,
    /// The events about no account.
    Impersonal,
    Everything,
    Academy(String),
    School(String),
    /// The changes of a relying party.
    Client(String),
    /// The acts of an administrator.
    Administrator(String),
    /// The events about a person of the roster.
    Person(String),
    /// The events about the account of a person of the roster.
    AccountOf(String),
}

/// The values with which a query compares the walked rows.
#[derive(Clone, Debug, Default)]
pub struct JournalCondition {
    pub only_acts: bool,
    /// The names of events between separators; empty for all.
    pub facts: String,
    pub place: String,
    pub actor: String,
    /// The lower and upper bound of row ids: from the first, before the second.
    pub from: String,
    pub before: String,
}

/// The columns that the inner queries hand on.
macro_rules! columns {
    () => {
        "id, at, fact, account_id, client_id, detail, actor_kind, actor_id, role, academy, uai, person_id, reason, \
         before, after, proof, request_id"
    };
}

/// The newest rows of a walk, whose condition has `$6`.
macro_rules! walked {
    ($walk:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM audit WHERE ",
            $walk,
            " AND id < $7 AND id >= $8 ORDER BY id DESC LIMIT $9"
        )
    };
}

/// The rows of a walk that the reader sees and asks for, with their names.
macro_rules! journal {
    ($walk:literal) => {
        concat!(
            "SELECT j.id, j.at, j.fact, j.actor_kind, j.actor_id, w.name AS actor_name, j.role, j.academy, \
             y.name AS academy_name, j.uai, z.name AS school, j.client_id, \
             CASE WHEN EXISTS (SELECT 1 FROM link l JOIN school s ON s.uai = l.uai LEFT JOIN enrolment e \
             ON e.pupil_id = l.pupil_id AND e.uai = l.uai AND e.ended_at IS NULL \
             WHERE l.person_id = p.id AND l.ended_at IS NULL AND ",
            in_scope!(),
            ") THEN p.id END AS person_id, p.given_name || ' ' || COALESCE(p.usage_name, p.family_name) AS person, \
             CASE WHEN EXISTS (SELECT 1 FROM enrolment e JOIN school s ON s.uai = e.uai \
             WHERE e.pupil_id = u.id AND e.ended_at IS NULL AND ",
            in_scope!(),
            ") THEN u.id END AS pupil_id, u.given_name || ' ' || COALESCE(u.usage_name, u.family_name) AS pupil, \
             (j.person_id IS NOT NULL OR j.account_id IS NOT NULL) AS has_person, \
             j.detail, j.reason, j.before, j.after, j.proof, j.request_id FROM (SELECT ",
            columns!(),
            " FROM (",
            walked!($walk),
            ") a WHERE ($10 OR (a.actor_kind IN ('administrator', 'token') AND a.actor_id = $15 \
             AND a.fact <> 'administrator_refused') \
             OR REPLACE($12, '\u{1f}' || a.academy || '\u{1f}', '') <> $12 \
             OR REPLACE($13, '\u{1f}' || a.uai || '\u{1f}', '') <> $13 \
             OR (a.fact = 'client_changed' AND REPLACE($14, '\u{1f}' || a.client_id || '\u{1f}', '') <> $14) \
             OR EXISTS (SELECT 1 FROM school s WHERE s.uai = a.uai \
             AND (REPLACE($11, '\u{1f}' || s.ministry || '\u{1f}', '') <> $11 \
             OR REPLACE($12, '\u{1f}' || s.academy || '\u{1f}', '') <> $12))) \
             AND (NOT $16 OR a.actor_kind IN ('administrator', 'operator', 'token')) \
             AND ($17 = '' OR REPLACE($17, '\u{1f}' || a.fact || '\u{1f}', '') <> $17) \
             AND ($18 = '' OR a.uai = $18 OR a.academy = $18) \
             AND ($19 = '' OR (a.actor_id = $19 AND (a.actor_kind <> 'operator' OR $10)) OR (a.actor_kind IN ('administrator', 'token') AND a.actor_id IN \
             (SELECT n.id FROM administrator n WHERE REPLACE(LOWER(n.name), $20, '') <> LOWER(n.name) \
             OR REPLACE(n.name, $19, '') <> n.name))) \
             ORDER BY a.id DESC LIMIT $21) j \
             LEFT JOIN administrator w ON w.id = j.actor_id AND j.actor_kind IN ('administrator', 'token') \
             LEFT JOIN academy y ON y.id = j.academy LEFT JOIN school z ON z.uai = j.uai \
             LEFT JOIN person p ON p.id = COALESCE(j.person_id, \
             (SELECT MIN(o.id) FROM person o WHERE o.account_id = j.account_id)) \
             LEFT JOIN pupil u ON u.id = (SELECT MIN(v.id) FROM pupil v WHERE v.account_id = j.account_id) \
             ORDER BY j.id DESC"
        )
    };
}

/// The end of a bounded walk: the number of rows, and the oldest.
macro_rules! walk_end {
    ($walk:literal) => {
        concat!(
            "SELECT COUNT(*), MIN(a.id) FROM (SELECT id FROM audit WHERE ",
            $walk,
            " AND id < $2 AND id >= $3 ORDER BY id DESC LIMIT $4) a"
        )
    };
}

impl JournalWalk {
    /// Returns the query of the rows, that of the end of the walk, and the value that both compare with.
    fn queries(&self) -> (&'static str, &'static str, &str) {
        match self {
            JournalWalk::Acts => (
                journal!("$6 = '' AND actor_kind IN ('administrator', 'operator', 'token')"),
                walk_end!("$1 = '' AND actor_kind IN ('administrator', 'operator', 'token')"),
                "",
            ),
            JournalWalk::Impersonal => (
                journal!("$6 = '' AND COALESCE(account_id, '') = ''"),
                walk_end!("$1 = '' AND COALESCE(account_id, '') = ''"),
                "",
            ),
            JournalWalk::Everything => (journal!("$6 = ''"), walk_end!("$1 = ''"), ""),
            JournalWalk::Academy(id) => (journal!("academy = $6"), walk_end!("academy = $1"), id),
            JournalWalk::School(uai) => (journal!("uai = $6"), walk_end!("uai = $1"), uai),
            JournalWalk::Client(id) => (
                journal!("client_id = $6 AND fact = 'client_changed'"),
                walk_end!("client_id = $1 AND fact = 'client_changed'"),
                id,
            ),
            JournalWalk::Administrator(id) => (
                journal!("actor_kind IN ('administrator', 'token') AND actor_id = $6"),
                walk_end!("actor_kind IN ('administrator', 'token') AND actor_id = $1"),
                id,
            ),
            JournalWalk::Person(id) => (journal!("person_id = $6"), walk_end!("person_id = $1"), id),
            JournalWalk::AccountOf(id) => (
                journal!("account_id = (SELECT o.account_id FROM person o WHERE o.id = $6)"),
                walk_end!("account_id = (SELECT o.account_id FROM person o WHERE o.id = $1)"),
                id,
            ),
        }
    }
}

/// Lists the newest rows of a walk that the reader sees and that meet a condition, at most `most` among `scanned`.
pub async fn list(
    tx: &mut Tx,
    scope: &JournalScope,
    (walk, condition): (&JournalWalk, &JournalCondition),
    (scanned, most): (i64, i64),
) -> Result<Vec<JournalRow>> {
    let (sql, _, key) = walk.queries();
    let rows = scope.rows.arguments();
    let separated = |ids: &mut dyn Iterator<Item = &String>| {
        ids.fold(String::from('\u{1f}'), |list, id| format!("{list}{id}\u{1f}"))
    };
    let mut values = scope_args(&scope.persons);
    values.extend([
        Value::from(key),
        Value::from(&condition.before),
        Value::from(&condition.from),
        Value::from(scanned),
        Value::from(rows.everything),
        Value::from(rows.ministries),
        Value::from(rows.academies),
        Value::from(rows.schools),
        Value::from(separated(&mut scope.clients.iter())),
        Value::from(&scope.administrator_id),
        Value::from(condition.only_acts),
        Value::from(&condition.facts),
        Value::from(&condition.place),
        Value::from(&condition.actor),
        Value::from(condition.actor.to_lowercase()),
        Value::from(most),
    ]);
    let mut found: Vec<JournalRow> = tx.fetch_all(sql, values).await?;
    for row in &mut found {
        // Nobody is named whom the reader may not see now.
        row.person = row.person.take().filter(|_| row.person_id.is_some());
        row.pupil = row.pupil.take().filter(|_| row.pupil_id.is_some());
    }
    Ok(found)
}

/// Returns the oldest row of a walk that looked at `scanned` rows; `None` if the walk reached its end before.
pub async fn find_walk_end(
    tx: &mut Tx,
    (walk, condition): (&JournalWalk, &JournalCondition),
    scanned: i64,
) -> Result<Option<String>> {
    let (_, sql, key) = walk.queries();
    let values =
        vec![Value::from(key), Value::from(&condition.before), Value::from(&condition.from), Value::from(scanned)];
    let (count, oldest) = tx.fetch_one::<(i64, Option<String>)>(sql, values).await?;
    Ok(oldest.filter(|_| count >= scanned))
}
