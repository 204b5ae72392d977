//! Rows of notices, as the school and the help desk see them.

use crate::base::phone::{PhoneState, UnusableReason};
use crate::base::typed_ids::PersonId;
use crate::base::uai::Uai;
use crate::db::{DbError, FromRow, Result, Tx, args, parse_word};
use crate::tenants::{NoticeKind, SettledReason};

/// A notice as shown to the school.
#[derive(Clone, Debug)]
pub struct NoticeRow {
    pub uai: Uai,
    pub kind: NoticeKind,
    pub support_code: String,
    pub at: i64,
    pub settled_at: Option<i64>,
    /// The cause for which it settled itself; `None` if an act settled it.
    pub settled_why: Option<SettledReason>,
    pub person_id: PersonId,
    pub family_name: Option<String>,
    pub given_name: Option<String>,
    /// The current state; `None` if the person is not in the roster any more.
    pub phone_state: Option<PhoneState>,
    /// Absent in rows older than this column.
    pub phone_why: Option<UnusableReason>,
    pub phone_end: Option<String>,
    pub mobile_in: Option<String>,
    /// The given name of the child concerned, if any.
    pub pupil: Option<String>,
    pub class: Option<String>,
}

#[derive(FromRow)]
struct NoticeColumns {
    id: String,
    uai: Uai,
    kind: String,
    support_code: String,
    at: i64,
    settled_at: Option<i64>,
    settled_why: Option<String>,
    person_id: PersonId,
    family_name: Option<String>,
    given_name: Option<String>,
    phone_state: Option<String>,
    phone_why: Option<String>,
    phone_end: Option<String>,
    mobile_in: Option<String>,
    pupil: Option<String>,
    class: Option<String>,
}

impl TryFrom<NoticeColumns> for NoticeRow {
    type Error = DbError;
    fn try_from(r: NoticeColumns) -> Result<Self> {
        let state = |word: &String| parse_word("person", "phone_state", &r.person_id, word);
        Ok(Self {
            kind: parse_word("notice", "kind", &r.id, &r.kind)?,
            phone_state: r.phone_state.as_ref().map(state).transpose()?,
            phone_why: r.phone_why.as_deref().and_then(|word| word.parse().ok()),
            uai: r.uai,
            support_code: r.support_code,
            at: r.at,
            settled_at: r.settled_at,
            settled_why: r.settled_why.as_deref().and_then(|word| word.parse().ok()),
            person_id: r.person_id,
            family_name: r.family_name,
            given_name: r.given_name,
            phone_end: r.phone_end,
            mobile_in: r.mobile_in,
            pupil: r.pupil,
            class: r.class,
        })
    }
}

/// Returns the newest notices of a school: the open ones or, with `all`, the settled ones too.
pub async fn list_notices(tx: &mut Tx, uai: &Uai, all: bool) -> Result<Vec<NoticeRow>> {
    let rows = tx
        .fetch_all::<NoticeColumns>(
            "SELECT n.id, n.uai, n.kind, n.support_code, n.at, n.settled_at, x.why AS settled_why, n.person_id, p.family_name, p.given_name, \
         p.phone_state, p.phone_why, p.phone_end, p.mobile_in, u.given_name AS pupil, e.class \
         FROM notice n LEFT JOIN notice_settlement x ON x.notice_id = n.id AND x.at = n.settled_at \
         LEFT JOIN person p ON p.id = n.person_id LEFT JOIN pupil u ON u.id = n.pupil_id \
         LEFT JOIN enrolment e ON e.pupil_id = n.pupil_id AND e.uai = n.uai \
         WHERE n.uai = $1 AND ($2 OR n.settled_at IS NULL) ORDER BY n.at DESC, n.id LIMIT 1000",
            args![uai, all],
        )
        .await?;
    rows.into_iter().map(NoticeRow::try_from).collect()
}

/// A current child of a person with a notice.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct NoticedChild {
    pub person_id: PersonId,
    pub given_name: String,
    pub class: Option<String>,
}

/// Returns the current children at the school of persons with a notice that names no child.
pub async fn list_noticed_children(tx: &mut Tx, uai: &Uai) -> Result<Vec<NoticedChild>> {
    tx.fetch_all(
        "SELECT l.person_id, u.given_name, e.class FROM link l JOIN pupil u ON u.id = l.pupil_id \
         JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai AND e.ended_at IS NULL \
         WHERE l.uai = $1 AND l.level = 'legal' AND l.ended_at IS NULL AND EXISTS \
         (SELECT 1 FROM notice n WHERE n.uai = l.uai AND n.person_id = l.person_id AND n.pupil_id = '') \
         ORDER BY u.given_name, u.id LIMIT 5000",
        args![uai],
    )
    .await
}

/// A notice as explained to the help desk: no names.
#[derive(Clone, Debug, FromRow)]
pub struct NoticeTrace {
    pub uai: Uai,
    pub school: String,
    pub kind: String,
    pub at: i64,
    pub settled_at: Option<i64>,
}

/// Returns the notices of a support code, newest first.
pub async fn list_notices_by_code(tx: &mut Tx, code: &str) -> Result<Vec<NoticeTrace>> {
    let sql = "SELECT n.uai, s.name AS school, n.kind, n.at, n.settled_at FROM notice n \
               JOIN school s ON s.uai = n.uai WHERE n.support_code = $1 ORDER BY n.at DESC LIMIT 20";
    tx.fetch_all(sql, args![code]).await
}
