//! Notices whose causes are gone: what waits with its causes, and what settled itself.

use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::PersonId;
use crate::base::uai::Uai;
use crate::db::{CLEANUP_BATCH_ROWS, DbError, FromRow, Result, Tx, UnitOfWork, args, parse_word};
use crate::tenants::{LINKLESS_TERM, NoticeCauses, NoticeKind, SettledReason};

/// The retention of the causes.
const SETTLEMENT_RETENTION: Span = Span::days(400);

#[derive(FromRow)]
struct CausesRow {
    id: String,
    kind: String,
    has_link: bool,
    had_link_lately: bool,
    is_active: bool,
    is_withheld: bool,
    is_open: bool,
    has_new_number: bool,
}

/// Lists the notices that wait after an id, with the state of their causes. A kind of a newer release is passed over.
pub async fn list_waiting(
    tx: &mut Tx,
    now: Timestamp,
    after: &str,
    most: i64,
) -> Result<Vec<(String, Option<NoticeCauses>)>> {
    // A pupil's own notice is about no parent: what stands for the link is the enrolment.
    let sql = "SELECT n.id, n.kind, CASE WHEN n.person_id = '' THEN EXISTS (SELECT 1 FROM enrolment e \
               WHERE e.pupil_id = n.pupil_id AND e.uai = n.uai AND e.ended_at IS NULL) \
               ELSE EXISTS (SELECT 1 FROM link l WHERE l.person_id = n.person_id AND l.uai = n.uai \
               AND l.level = 'legal' AND l.ended_at IS NULL \
               AND (COALESCE(n.pupil_id, '') = '' OR l.pupil_id = n.pupil_id)) END AS has_link, \
               (n.at > $4 OR CASE WHEN n.person_id = '' THEN EXISTS (SELECT 1 FROM enrolment e \
               WHERE e.pupil_id = n.pupil_id AND e.uai = n.uai AND e.ended_at > $4) \
               ELSE EXISTS (SELECT 1 FROM link l WHERE l.person_id = n.person_id AND l.uai = n.uai \
               AND l.level = 'legal' AND l.ended_at > $4) END) AS had_link_lately, \
               EXISTS (SELECT 1 FROM account a WHERE a.id = p.account_id AND a.state = 'active') AS is_active, \
               EXISTS (SELECT 1 FROM link_withheld w WHERE w.person_id = n.person_id AND w.pupil_id = n.pupil_id) \
               AS is_withheld, (EXISTS (SELECT 1 FROM campaign c WHERE c.uai = n.uai AND c.opens_at <= $1 \
               AND c.closes_at > $1) OR EXISTS (SELECT 1 FROM campaign_exception o WHERE o.person_id = n.person_id \
               AND o.until > $1)) AS is_open, COALESCE(p.phone_state = 'mobile' AND p.phone_since > n.at, FALSE) \
               AS has_new_number FROM notice n LEFT JOIN person p ON p.id = n.person_id \
               WHERE n.settled_at IS NULL AND n.id > $2 ORDER BY n.id LIMIT $3";
    let rows = tx.fetch_all::<CausesRow>(sql, args![now, after, most, now.minus(LINKLESS_TERM)]).await?;
    let read = |row: CausesRow| {
        let causes = row.kind.parse().ok().map(|kind: NoticeKind| NoticeCauses {
            kind,
            has_link: row.has_link,
            had_link_lately: row.had_link_lately,
            is_active: row.is_active,
            is_withheld: row.is_withheld,
            is_open: row.is_open,
            has_new_number: row.has_new_number,
        });
        (row.id, causes)
    };
    Ok(rows.into_iter().map(read).collect())
}

/// Settles a notice that waits. Returns false if an act was first.
pub async fn settle(tx: &mut UnitOfWork<'_>, id: &str, why: SettledReason) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE notice SET settled_at = $2 WHERE id = $1 AND settled_at IS NULL";
    if tx.execute(sql, args![id, now]).await? == 0 {
        return Ok(false);
    }
    let sql = "INSERT INTO notice_settlement (notice_id, why, at) VALUES ($1, $2, $3) \
               ON CONFLICT (notice_id) DO UPDATE SET why = excluded.why, at = excluded.at";
    tx.execute(sql, args![id, why.name(), now]).await?;
    Ok(true)
}

/// A notice that settled itself.
#[derive(Clone, Debug)]
pub struct SettledNoticeRow {
    pub kind: NoticeKind,
    pub why: SettledReason,
    pub at: i64,
    pub person_id: PersonId,
    pub family_name: Option<String>,
    pub given_name: Option<String>,
    /// The given name of the child concerned, if any.
    pub pupil: Option<String>,
}

#[derive(FromRow)]
struct SettledColumns {
    id: String,
    kind: String,
    why: String,
    at: i64,
    person_id: PersonId,
    family_name: Option<String>,
    given_name: Option<String>,
    pupil: Option<String>,
}

impl TryFrom<SettledColumns> for SettledNoticeRow {
    type Error = DbError;
    fn try_from(r: SettledColumns) -> Result<Self> {
        Ok(SettledNoticeRow {
            kind: parse_word("notice", "kind", &r.id, &r.kind)?,
            why: parse_word("notice_settlement", "why", &r.id, &r.why)?,
            at: r.at,
            person_id: r.person_id,
            family_name: r.family_name,
            given_name: r.given_name,
            pupil: r.pupil,
        })
    }
}

/// Lists the notices of a school that settled themselves since a time, the last first.
pub async fn list(tx: &mut Tx, uai: &Uai, since: Timestamp, most: usize) -> Result<Vec<SettledNoticeRow>> {
    let sql = "SELECT n.id, n.kind, x.why, x.at, n.person_id, p.family_name, p.given_name, u.given_name AS pupil \
               FROM notice n JOIN notice_settlement x ON x.notice_id = n.id AND x.at = n.settled_at \
               LEFT JOIN person p ON p.id = n.person_id LEFT JOIN pupil u ON u.id = n.pupil_id \
               WHERE n.uai = $1 AND n.settled_at >= $2 ORDER BY n.settled_at DESC, n.id LIMIT $3";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let rows = tx.fetch_all::<SettledColumns>(sql, args![uai, since, most]).await?;
    rows.into_iter().map(SettledNoticeRow::try_from).collect()
}

/// Deletes causes whose term has come.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let before = tx.now.minus(SETTLEMENT_RETENTION);
    let sql = "DELETE FROM notice_settlement WHERE notice_id IN \
               (SELECT notice_id FROM notice_settlement WHERE at < $1 ORDER BY at LIMIT $2)";
    tx.execute(sql, args![before, CLEANUP_BATCH_ROWS]).await
}
