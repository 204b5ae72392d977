//! Counts of what waits, inside a scope; never a figure of all rows.

use crate::administrators::scope::AdminScope;
use crate::administrators::store::scope::{in_scope, scope_args};
use crate::base::clock::Timestamp;
use crate::base::uai::Uai;
use crate::db::{BATCH_SIZE, FromRow, Result, Tx, Value, batch_args, batch_placeholders};

/// A school with what waits there.
#[derive(Clone, Debug, FromRow)]
pub struct SchoolTask {
    pub uai: Uai,
    pub name: String,
    pub kind: String,
    pub n: i64,
}

/// The condition that a whole `school s` lies inside the scope, whose arguments are `$1` to `$5`: none does for its
/// classes.
macro_rules! whole_school_in_scope {
    () => {
        "($1 OR REPLACE($2, '\u{1f}' || s.ministry || '\u{1f}', '') <> $2 \
         OR REPLACE($3, '\u{1f}' || s.academy || '\u{1f}', '') <> $3 \
         OR REPLACE($4, '\u{1f}' || s.uai || '\u{1f}', '') <> $4 OR $5 = '')"
    };
}

/// The condition that `school s` is one of some schools, `$2` to `$51`.
macro_rules! one_of_schools {
    () => {
        concat!("s.uai IN (", batch_placeholders!(), ")")
    };
}

/// Counts the open notices of schools by kind, at most a thousand of each, which the page tells as so many or more: the
/// cost is that of the schools, however many people they have. By kind those of the two hundred schools are counted that
/// have the most: nine kinds of each school of a country took half a second.
macro_rules! open_notices {
    ($schools:ident, $most:literal) => {
        concat!(
            "WITH counted AS MATERIALIZED (SELECT s.uai, s.name, (SELECT COUNT(*) FROM (SELECT 1 FROM notice n \
             WHERE n.uai = s.uai AND n.settled_at IS NULL LIMIT 1000) AS few) AS n FROM school s WHERE ",
            $schools!(),
            "), busy AS MATERIALIZED (SELECT uai, name FROM counted WHERE n > 0 ORDER BY n DESC, uai LIMIT 200), \
             listed AS MATERIALIZED (SELECT s.uai, s.name, k.kind, (SELECT COUNT(*) FROM (SELECT 1 FROM notice n \
             WHERE n.uai = s.uai AND n.kind = k.kind AND n.settled_at IS NULL LIMIT 1000) AS few) AS n \
             FROM busy s CROSS JOIN (SELECT 'contested' AS kind UNION ALL SELECT 'set_aside' \
             UNION ALL SELECT 'recovery_failed' UNION ALL SELECT 'shared_mobile' UNION ALL SELECT 'reopening' \
             UNION ALL SELECT 'unreachable' UNION ALL SELECT 'country_refused' UNION ALL SELECT 'phone_disowned' \
             UNION ALL SELECT 'link_repeated') AS k) \
             SELECT uai, name, kind, n FROM listed WHERE n > 0 ORDER BY n DESC, uai, kind LIMIT ",
            $most
        )
    };
}

const NOTICES_OF_SCOPE: &str = open_notices!(whole_school_in_scope, "$6");
const NOTICES_OF_SCHOOLS: &str = open_notices!(one_of_schools, "$1");

/// Lists the kinds of open notices of the schools inside a scope, the most first. Of classes alone those of their pupils
/// count.
pub async fn list_open_notices(tx: &mut Tx, scope: &AdminScope, most: i64) -> Result<Vec<SchoolTask>> {
    let mut all = match scope.few_whole_schools(BATCH_SIZE) {
        Some(uais) => {
            let values = batch_args(Value::from(most), uais.iter().map(Uai::as_str));
            tx.fetch_all::<SchoolTask>(NOTICES_OF_SCHOOLS, values).await?
        }
        None => {
            let mut values = scope_args(scope);
            values.push(Value::from(most));
            tx.fetch_all::<SchoolTask>(NOTICES_OF_SCOPE, values).await?
        }
    };
    let sql = concat!(
        "SELECT s.uai, s.name, n.kind, COUNT(*) AS n FROM notice n JOIN school s ON s.uai = n.uai \
         JOIN enrolment e ON e.pupil_id = n.pupil_id AND e.uai = n.uai \
         WHERE n.uai = $6 AND n.settled_at IS NULL AND ",
        in_scope!(),
        " GROUP BY s.uai, s.name, n.kind ORDER BY n.kind"
    );
    for uai in scope.class_schools() {
        // The whole school is in the list, if it is in the scope.
        if !all.iter().any(|task| task.uai == uai) {
            let mut values = scope_args(scope);
            values.push(Value::from(&uai));
            all.extend(tx.fetch_all::<SchoolTask>(sql, values).await?);
        }
    }
    all.sort_by(|a, b| b.n.cmp(&a.n).then_with(|| (&a.uai, &a.kind).cmp(&(&b.uai, &b.kind))));
    all.truncate(usize::try_from(most).unwrap_or_default());
    Ok(all)
}

/// A campaign that closes soon.
#[derive(Clone, Debug, FromRow)]
pub struct ClosingCampaign {
    pub uai: Uai,
    pub name: String,
    pub closes_at: i64,
}

/// The open campaigns of schools that close between two times, the first first.
macro_rules! closing_campaigns {
    ($schools:ident, $now:literal, $before:literal, $most:literal) => {
        concat!(
            "SELECT s.uai, s.name, c.closes_at FROM campaign c JOIN school s ON s.uai = c.uai WHERE c.closes_at > ",
            $now,
            " AND c.closes_at < ",
            $before,
            " AND c.opens_at <= ",
            $now,
            " AND ",
            $schools!(),
            " ORDER BY c.closes_at, s.uai LIMIT ",
            $most
        )
    };
}

/// Lists the open campaigns of the schools inside a scope that close before a time, the first first. A delegate of a
/// class has no campaign.
pub async fn list_closing_campaigns(
    tx: &mut Tx,
    scope: &AdminScope,
    (now, before): (Timestamp, Timestamp),
    most: i64,
) -> Result<Vec<ClosingCampaign>> {
    if let Some(uais) = scope.few_whole_schools(BATCH_SIZE) {
        let mut values = batch_args(Value::from(most), uais.iter().map(Uai::as_str));
        values.extend([Value::from(now), Value::from(before)]);
        return tx.fetch_all(closing_campaigns!(one_of_schools, "$52", "$53", "$1"), values).await;
    }
    let mut values = scope_args(scope);
    values.extend([Value::from(now), Value::from(before), Value::from(most)]);
    tx.fetch_all(closing_campaigns!(whole_school_in_scope, "$6", "$7", "$8"), values).await
}

/// A roster that waits for a decision.
#[derive(Clone, Debug, FromRow)]
pub struct WaitingUpload {
    pub id: String,
    pub uai: Uai,
    pub name: String,
}

/// Lists the rosters of the schools inside a scope that wait for a decision, the first first. A delegate of a class has
/// none.
pub async fn list_waiting_uploads(tx: &mut Tx, scope: &AdminScope, most: i64) -> Result<Vec<WaitingUpload>> {
    let sql = concat!(
        "SELECT u.id, s.uai, s.name FROM roster_upload u JOIN school s ON s.uai = u.uai WHERE u.state = 'waiting' AND ",
        whole_school_in_scope!(),
        " ORDER BY u.id LIMIT $6"
    );
    let mut values = scope_args(scope);
    values.push(Value::from(most));
    tx.fetch_all(sql, values).await
}

/// The numbers of the people of one school, counted by its indexes.
#[derive(Clone, Copy, Debug, Default, FromRow)]
pub struct SchoolNumbers {
    /// The parents with a current legal link.
    pub parents: i64,
    /// Of these, with an active account.
    pub parents_active: i64,
    pub pupils: i64,
    pub pupils_active: i64,
    /// The parents without an account whose number receives no SMS.
    pub unreachable: i64,
}

/// Counts the people of a school.
pub async fn count_school(tx: &mut Tx, uai: &Uai) -> Result<SchoolNumbers> {
    let sql = "SELECT \
        (SELECT COUNT(DISTINCT l.person_id) FROM link l \
         WHERE l.uai = $1 AND l.level = 'legal' AND l.ended_at IS NULL) AS parents, \
        (SELECT COUNT(DISTINCT l.person_id) FROM link l JOIN person p ON p.id = l.person_id \
         JOIN account a ON a.id = p.account_id AND a.state = 'active' \
         WHERE l.uai = $1 AND l.level = 'legal' AND l.ended_at IS NULL) AS parents_active, \
        (SELECT COUNT(*) FROM enrolment e WHERE e.uai = $1 AND e.ended_at IS NULL) AS pupils, \
        (SELECT COUNT(*) FROM enrolment e JOIN pupil u ON u.id = e.pupil_id \
         JOIN account a ON a.id = u.account_id AND a.state = 'active' \
         WHERE e.uai = $1 AND e.ended_at IS NULL) AS pupils_active, \
        (SELECT COUNT(DISTINCT l.person_id) FROM link l JOIN person p ON p.id = l.person_id \
         WHERE l.uai = $1 AND l.level = 'legal' AND l.ended_at IS NULL AND p.account_id IS NULL \
         AND p.phone_state <> 'mobile') AS unreachable";
    tx.fetch_one(sql, vec![Value::from(uai)]).await
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;
    use crate::tenants::NoticeKind;

    #[test]
    fn every_kind_of_notices_is_counted_on_the_home_page() {
        for sql in [NOTICES_OF_SCOPE, NOTICES_OF_SCHOOLS] {
            assert_eq!(NoticeKind::iter().count(), sql.matches("SELECT '").count());
            for kind in NoticeKind::iter() {
                assert!(sql.contains(&format!("SELECT '{}'", kind.name())), "{kind:?}");
            }
        }
    }
}
