//! One person, as a help desk may see it.

use crate::administrators::territory::Place;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::base::uai::Uai;
use crate::db::{FromRow, Result, Tx, UnitOfWork, args};

/// A parent of the roster.
#[derive(Clone, Debug, FromRow)]
pub struct ParentRow {
    pub id: PersonId,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub account_id: Option<AccountId>,
    /// Encrypted.
    pub phone: Option<String>,
    pub phone_blind: Option<String>,
    pub phone_state: String,
    pub phone_why: Option<String>,
    pub phone_end: Option<String>,
    pub phone_since: i64,
    pub phone_disowned_at: Option<i64>,
}

pub async fn find_parent(tx: &mut Tx, id: &PersonId) -> Result<Option<ParentRow>> {
    let sql = "SELECT id, family_name, usage_name, given_name, account_id, phone, phone_blind, phone_state, \
               phone_why, phone_end, phone_since, phone_disowned_at FROM person WHERE id = $1";
    tx.fetch_optional(sql, args![id]).await
}

/// A pupil of the roster.
#[derive(Clone, Debug, FromRow)]
pub struct PupilNames {
    pub id: PupilId,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub account_id: Option<AccountId>,
}

pub async fn find_pupil(tx: &mut Tx, id: &PupilId) -> Result<Option<PupilNames>> {
    let sql = "SELECT id, family_name, usage_name, given_name, account_id FROM pupil WHERE id = $1";
    tx.fetch_optional(sql, args![id]).await
}

/// A link of a parent, or an enrolment of a pupil, with its place.
#[derive(Clone, Debug, FromRow)]
pub struct TieRow {
    pub pupil_id: PupilId,
    pub given_name: String,
    pub family_name: String,
    pub class: Option<String>,
    pub uai: Uai,
    pub school: String,
    pub academy: String,
    pub ministry: String,
    /// `legal`, `in_charge`, `contact`; of a pupil itself `own`.
    pub level: String,
    pub is_current: bool,
    /// `contested` or `set_aside`.
    pub withheld: Option<String>,
}

/// Lists the links of a parent that are current or ended after a time, the current ones first.
pub async fn list_links(tx: &mut Tx, id: &PersonId, ended_after: Timestamp) -> Result<Vec<TieRow>> {
    let sql = "SELECT u.id AS pupil_id, u.given_name, COALESCE(u.usage_name, u.family_name) AS family_name, \
               e.class, s.uai, s.name AS school, s.academy, s.ministry, l.level, \
               l.ended_at IS NULL AND e.pupil_id IS NOT NULL AS is_current, w.kind AS withheld \
               FROM link l JOIN pupil u ON u.id = l.pupil_id JOIN school s ON s.uai = l.uai \
               LEFT JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai AND e.ended_at IS NULL \
               LEFT JOIN link_withheld w ON w.person_id = l.person_id AND w.pupil_id = l.pupil_id \
               WHERE l.person_id = $1 AND (l.ended_at IS NULL OR l.ended_at > $2) \
               ORDER BY CASE WHEN l.ended_at IS NULL THEN 0 ELSE 1 END, u.given_name, u.id, s.uai LIMIT 50";
    tx.fetch_all(sql, args![id, ended_after]).await
}

/// Lists the enrolments of a pupil that are current or ended after a time.
pub async fn list_enrolments(tx: &mut Tx, id: &PupilId, ended_after: Timestamp) -> Result<Vec<TieRow>> {
    let sql = "SELECT u.id AS pupil_id, u.given_name, COALESCE(u.usage_name, u.family_name) AS family_name, \
               CASE WHEN e.ended_at IS NULL THEN e.class END AS class, s.uai, s.name AS school, s.academy, \
               s.ministry, 'own' AS level, e.ended_at IS NULL AS is_current, CAST(NULL AS TEXT) AS withheld \
               FROM enrolment e JOIN pupil u ON u.id = e.pupil_id JOIN school s ON s.uai = e.uai \
               WHERE e.pupil_id = $1 AND (e.ended_at IS NULL OR e.ended_at > $2) \
               ORDER BY CASE WHEN e.ended_at IS NULL THEN 0 ELSE 1 END, s.uai LIMIT 20";
    tx.fetch_all(sql, args![id, ended_after]).await
}

/// Opens the activation for one person until a time, whatever the campaign.
pub async fn set_campaign_exception(
    tx: &mut UnitOfWork<'_>,
    id: &PersonId,
    (until, by): (Timestamp, &str),
) -> Result<()> {
    let now = tx.now;
    let sql = "INSERT INTO campaign_exception (person_id, until, given_by, given_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (person_id) DO UPDATE SET until = excluded.until, given_by = excluded.given_by, \
               given_at = excluded.given_at";
    tx.execute(sql, args![id, until, by, now]).await?;
    Ok(())
}

/// Settles the requests to reopen of a person.
pub async fn settle_reopening(tx: &mut UnitOfWork<'_>, id: &PersonId) -> Result<()> {
    let now = tx.now;
    let sql = "UPDATE notice SET settled_at = $2 WHERE person_id = $1 AND kind = 'reopening' AND settled_at IS NULL";
    tx.execute(sql, args![id, now]).await?;
    Ok(())
}

/// An event of somebody, as its page shows it.
#[derive(Clone, Debug, FromRow)]
pub struct PersonEvent {
    pub at: i64,
    pub fact: String,
    pub actor_kind: Option<String>,
    pub detail: String,
}

/// Lists the latest events of an account or a person of the roster, the newest first. Each of the two is read by its own
/// index: of both at once PostgreSQL may read the journal backwards, until it has met enough of them.
pub async fn list_events(
    tx: &mut Tx,
    account_id: Option<&AccountId>,
    person_id: Option<&PersonId>,
    most: i64,
) -> Result<Vec<PersonEvent>> {
    let sql = "SELECT at, fact, actor_kind, detail FROM (SELECT * FROM (SELECT id, at, fact, actor_kind, detail \
               FROM audit WHERE account_id = $1 ORDER BY at DESC, id DESC LIMIT $3) AS of_account \
               UNION SELECT * FROM (SELECT id, at, fact, actor_kind, detail \
               FROM audit WHERE person_id = $2 ORDER BY id DESC LIMIT $3) AS of_person) AS told \
               ORDER BY id DESC LIMIT $3";
    let (account, person) = (account_id.map_or("", |id| id.as_str()), person_id.map_or("", |id| id.as_str()));
    tx.fetch_all(sql, args![account, person, most]).await
}

/// Returns the role with which an account was suspended last; `None` if it was done without one, or is forgotten.
pub async fn find_suspending_role(tx: &mut Tx, account_id: &AccountId) -> Result<Option<String>> {
    let sql = "SELECT role FROM audit WHERE account_id = $1 AND fact = 'account_suspended' \
               ORDER BY at DESC, id DESC LIMIT 1";
    Ok(tx.fetch_optional::<(Option<String>,)>(sql, args![account_id]).await?.and_then(|(role,)| role))
}

/// Returns the place of a school to which somebody with an account belongs now, as a parent or as a pupil; `None` if it is
/// no school of theirs.
pub async fn find_place_of_account(tx: &mut Tx, account_id: &AccountId, uai: &Uai) -> Result<Option<Place>> {
    let sql = "SELECT s.academy, s.ministry FROM school s WHERE s.uai = $2 AND (EXISTS (SELECT 1 FROM person p \
               JOIN link l ON l.person_id = p.id AND l.uai = $2 AND l.level <> 'contact' AND l.ended_at IS NULL \
               JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai AND e.ended_at IS NULL \
               WHERE p.account_id = $1) OR EXISTS (SELECT 1 FROM pupil u JOIN enrolment e ON e.pupil_id = u.id \
               AND e.uai = $2 AND e.ended_at IS NULL WHERE u.account_id = $1))";
    let found = tx.fetch_optional::<(String, String)>(sql, args![account_id, uai]).await?;
    Ok(found.map(|(academy, ministry)| Place {
        academy: Some(academy),
        ministry: Some(ministry),
        uai: Some(uai.clone()),
        ..Place::default()
    }))
}

/// Returns the person or pupil of the roster behind an account, for a link to its page: the parent exported last, else
/// the pupil.
pub async fn find_subject_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Option<String>> {
    let sql = "SELECT id FROM person WHERE account_id = $1 ORDER BY exported_at DESC, id LIMIT 1";
    if let Some((id,)) = tx.fetch_optional::<(String,)>(sql, args![account_id]).await? {
        return Ok(Some(id));
    }
    let sql = "SELECT id FROM pupil WHERE account_id = $1 ORDER BY exported_at DESC, id LIMIT 1";
    Ok(tx.fetch_optional::<(String,)>(sql, args![account_id]).await?.map(|(id,)| id))
}

/// A notice of a support code, with its person.
#[derive(Clone, Debug, FromRow)]
pub struct CodedNotice {
    pub person_id: PersonId,
    pub at: i64,
    pub settled_at: Option<i64>,
    pub uai: Uai,
    pub academy: String,
    pub ministry: String,
    pub school: String,
}

/// Lists the notices of a support code, the newest first.
pub async fn list_notices_by_code(tx: &mut Tx, code: &str) -> Result<Vec<CodedNotice>> {
    let sql = "SELECT n.person_id, n.at, n.settled_at, n.uai, s.academy, s.ministry, \
               s.name AS school FROM notice n JOIN school s ON s.uai = n.uai \
               WHERE n.support_code = $1 ORDER BY n.at DESC, n.id LIMIT 20";
    tx.fetch_all(sql, args![code]).await
}
