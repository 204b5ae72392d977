//! The rows of a school and its people as they stand, before an import writes them.

use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::base::uai::Uai;
use crate::db::{BATCH_SIZE, FromRow, Result, Tx, Value, args, batch_args, batch_placeholders};

/// A person's row, as far as imports write it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, serde::Serialize, serde::Deserialize)]
pub struct FormerPerson {
    pub id: PersonId,
    pub person_key: String,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub phone: Option<String>,
    pub phone_blind: Option<String>,
    pub phone_state: String,
    pub phone_why: Option<String>,
    pub phone_end: Option<String>,
    pub landline: Option<String>,
    pub landline_blind: Option<String>,
    pub mobile_in: Option<String>,
    /// Absent from sets of older releases, which knew no addresses: an undo leaves those that are there.
    #[serde(default)]
    pub knows_mail: bool,
    #[serde(default)]
    pub mail: Option<String>,
    #[serde(default)]
    pub mail_blind: Option<String>,
    pub exported_at: i64,
    pub led_by: Option<String>,
    pub changed_at: Option<i64>,
    pub phone_since: i64,
    pub phone_proven_at: Option<i64>,
    pub phone_disowned_at: Option<i64>,
    pub former_phone: Option<String>,
    pub phone_change_untold_at: Option<i64>,
}

/// A pupil's row, as far as imports write it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, serde::Serialize, serde::Deserialize)]
pub struct FormerPupil {
    pub id: PupilId,
    pub pupil_key: String,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub birth_date: String,
    pub ine_blind: Option<String>,
    pub exported_at: i64,
    pub led_by: Option<String>,
    pub changed_at: Option<i64>,
    pub account_id: Option<AccountId>,
    pub joined_at: Option<i64>,
    pub join_untold_at: Option<i64>,
}

pub async fn list_former_persons(tx: &mut Tx, academy: &str, ids: &[&PersonId]) -> Result<Vec<FormerPerson>> {
    let mut rows = Vec::new();
    for ids in ids.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT id, person_key, family_name, usage_name, given_name, phone, phone_blind, phone_state, phone_why, \
             phone_end, landline, landline_blind, mobile_in, (id IS NOT NULL) AS knows_mail, mail, mail_blind, \
             exported_at, led_by, changed_at, phone_since, phone_proven_at, phone_disowned_at, former_phone, \
             phone_change_untold_at FROM person WHERE COALESCE(academy, '') = $1 AND id IN (",
            batch_placeholders!(),
            ")"
        );
        let ids = ids.iter().map(|id| id.as_str());
        rows.extend(tx.fetch_all::<FormerPerson>(sql, batch_args(Value::from(academy), ids)).await?);
    }
    Ok(rows)
}

pub async fn list_former_pupils(tx: &mut Tx, academy: &str, ids: &[&PupilId]) -> Result<Vec<FormerPupil>> {
    let mut rows = Vec::new();
    for ids in ids.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT id, pupil_key, family_name, usage_name, given_name, birth_date, ine_blind, exported_at, led_by, \
             changed_at, account_id, joined_at, join_untold_at FROM pupil WHERE COALESCE(academy, '') = $1 AND id IN (",
            batch_placeholders!(),
            ")"
        );
        let ids = ids.iter().map(|id| id.as_str());
        rows.extend(tx.fetch_all::<FormerPupil>(sql, batch_args(Value::from(academy), ids)).await?);
    }
    Ok(rows)
}

/// An enrolment in a school, current or ended.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, serde::Serialize, serde::Deserialize)]
pub struct FormerEnrolment {
    pub pupil_id: PupilId,
    pub class: Option<String>,
    pub source: Option<String>,
    pub ended_at: Option<i64>,
}

pub async fn list_former_enrolments(tx: &mut Tx, uai: &Uai) -> Result<Vec<FormerEnrolment>> {
    tx.fetch_all("SELECT pupil_id, class, source, ended_at FROM enrolment WHERE uai = $1", args![uai]).await
}

/// A link given by a school, current or ended.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, serde::Serialize, serde::Deserialize)]
pub struct FormerLink {
    pub person_id: PersonId,
    pub pupil_id: PupilId,
    pub level: String,
    pub relation: Option<String>,
    pub source: String,
    pub ended_at: Option<i64>,
}

pub async fn list_former_links(tx: &mut Tx, uai: &Uai) -> Result<Vec<FormerLink>> {
    let sql = "SELECT person_id, pupil_id, level, relation, source, ended_at FROM link WHERE uai = $1";
    tx.fetch_all(sql, args![uai]).await
}

/// The state of a notice.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, serde::Serialize, serde::Deserialize)]
pub struct FormerNotice {
    pub id: String,
    pub at: i64,
    pub settled_at: Option<i64>,
}

pub async fn list_former_notices(tx: &mut Tx, uai: &Uai) -> Result<Vec<FormerNotice>> {
    tx.fetch_all("SELECT id, at, settled_at FROM notice WHERE uai = $1 ORDER BY id", args![uai]).await
}

/// The last set of a format that does not lead.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, serde::Serialize, serde::Deserialize)]
pub struct FormerExport {
    pub format: String,
    pub school_year: i64,
    pub pupils_exported_at: i64,
    pub persons_exported_at: i64,
    pub imported_at: i64,
}

pub async fn list_former_exports(tx: &mut Tx, uai: &Uai) -> Result<Vec<FormerExport>> {
    let sql = "SELECT format, school_year, pupils_exported_at, persons_exported_at, imported_at FROM roster_export \
               WHERE uai = $1 ORDER BY format";
    tx.fetch_all(sql, args![uai]).await
}
