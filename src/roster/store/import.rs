//! Queries of an import. Rows are never deleted: an ended enrolment or link keeps its row.
//!
//! Rows of persons and pupils belong to the academy, and two schools may write the same row at once; the newer export
//! wins, in whatever order the transactions commit.

use std::sync::LazyLock;

use crate::base::clock::Timestamp;
use crate::base::typed_ids::{PersonId, PupilId};
use crate::base::uai::Uai;
use crate::db::{FromRow, KeysSql, Result, Tx, UnitOfWork, Value, args};
use crate::roster::sealed_rows::{PersonRow, PupilRow};
use crate::tenants::store::figures::mark_figures;

/// The roster last imported for a school, by its leading format.
#[derive(Clone, Debug, FromRow, serde::Serialize, serde::Deserialize)]
pub struct RosterSetRow {
    pub revision: i64,
    pub school_year: i64,
    pub eleves_exported_at: i64,
    pub responsables_exported_at: i64,
    pub leading_format: String,
}

impl RosterSetRow {
    /// Returns the row of a school whose first set was undone. Its revision stays: an import that compared with the undone
    /// set is not written.
    pub fn without_export(revision: i64) -> Self {
        let leading_format = String::new();
        Self { revision, school_year: 0, eleves_exported_at: 0, responsables_exported_at: 0, leading_format }
    }

    /// False after the undo of the first set.
    pub fn has_export(&self) -> bool {
        !self.leading_format.is_empty()
    }
}

pub async fn find_set(tx: &mut Tx, uai: &Uai) -> Result<Option<RosterSetRow>> {
    let sql = "SELECT revision, school_year, eleves_exported_at, responsables_exported_at, \
               COALESCE(leading_format, 'siecle') AS leading_format FROM roster_set WHERE uai = $1";
    tx.fetch_optional(sql, args![uai]).await
}

/// Compares and sets: true if the school's roster is unchanged since `known` was read. Its figures are counted again.
pub async fn compare_and_set(
    tx: &mut UnitOfWork<'_>,
    uai: &Uai,
    known: Option<&RosterSetRow>,
    new: &RosterSetRow,
) -> Result<bool> {
    let now = tx.now;
    let RosterSetRow { revision, school_year, eleves_exported_at, responsables_exported_at, leading_format } = new;
    let mut args =
        args![uai, *revision, *school_year, *eleves_exported_at, *responsables_exported_at, now, leading_format];
    let sql = match known {
        None => {
            "INSERT INTO roster_set (uai, revision, school_year, eleves_exported_at, responsables_exported_at, \
             imported_at, leading_format) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (uai) DO NOTHING"
        }
        Some(known) => {
            args.push(Value::from(known.revision));
            "UPDATE roster_set SET revision = $2, school_year = $3, eleves_exported_at = $4, \
             responsables_exported_at = $5, imported_at = $6, leading_format = $7 WHERE uai = $1 AND revision = $8"
        }
    };
    let is_unchanged = tx.execute(sql, args).await? == 1;
    if is_unchanged {
        mark_figures(tx, uai).await?;
    }
    Ok(is_unchanged)
}

/// The last set of a format that does not lead.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct RosterExportRow {
    pub school_year: i64,
    pub pupils_exported_at: i64,
    pub persons_exported_at: i64,
}

pub async fn find_export(tx: &mut Tx, uai: &Uai, format: &str) -> Result<Option<RosterExportRow>> {
    let sql = "SELECT school_year, pupils_exported_at, persons_exported_at FROM roster_export \
               WHERE uai = $1 AND format = $2";
    tx.fetch_optional(sql, args![uai, format]).await
}

pub async fn upsert_export(tx: &mut UnitOfWork<'_>, uai: &Uai, format: &str, row: RosterExportRow) -> Result<()> {
    let now = tx.now;
    let RosterExportRow { school_year, pupils_exported_at, persons_exported_at } = row;
    let sql = "INSERT INTO roster_export (uai, format, school_year, pupils_exported_at, persons_exported_at, \
               imported_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (uai, format) DO UPDATE SET \
               school_year = excluded.school_year, pupils_exported_at = excluded.pupils_exported_at, \
               persons_exported_at = excluded.persons_exported_at, imported_at = excluded.imported_at";
    tx.execute(sql, args![uai, format, school_year, pupils_exported_at, persons_exported_at, now]).await?;
    Ok(())
}

static PERSONS: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT id, person_key, family_name, usage_name, given_name, phone, phone_blind, phone_state, phone_why, \
                phone_end, landline, landline_blind, mobile_in, mail, mail_blind, exported_at, led_by, changed_at FROM person \
                WHERE academy = ? AND person_key IN";
    KeysSql::new(head, "")
});
static PUPILS: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT id, pupil_key, family_name, usage_name, given_name, birth_date, ine_blind, account_id, exported_at, \
                led_by, changed_at FROM pupil WHERE academy = ? AND pupil_key IN";
    KeysSql::new(head, "")
});
static TOUCHED_PERSONS: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "UPDATE person SET exported_at = ?, changed_at = COALESCE(changed_at, exported_at) \
                WHERE exported_at < ? AND id IN";
    KeysSql::new(head, "")
});
static TOUCHED_PUPILS: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "UPDATE pupil SET exported_at = ?, changed_at = COALESCE(changed_at, exported_at) \
                WHERE exported_at < ? AND id IN";
    KeysSql::new(head, "")
});

/// Lists persons of an academy by PERSONNE_ID.
pub async fn list_persons(tx: &mut Tx, academy: &str, keys: &[&str]) -> Result<Vec<PersonRow>> {
    tx.fetch_by_keys(&PERSONS, args![academy], keys).await
}

/// Lists pupils of an academy by ELEVE_ID.
pub async fn list_pupils(tx: &mut Tx, academy: &str, keys: &[&str]) -> Result<Vec<PupilRow>> {
    tx.fetch_by_keys(&PUPILS, args![academy], keys).await
}

/// Moves the export time of persons left unchanged by a newer export.
pub async fn touch_persons(tx: &mut Tx, at: Timestamp, ids: &[&PersonId]) -> Result<()> {
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    tx.execute_by_keys(&TOUCHED_PERSONS, args![at, at], &ids).await?;
    Ok(())
}

/// Moves the export time of pupils left unchanged by a newer export.
pub async fn touch_pupils(tx: &mut Tx, at: Timestamp, ids: &[&PupilId]) -> Result<()> {
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    tx.execute_by_keys(&TOUCHED_PUPILS, args![at, at], &ids).await?;
    Ok(())
}

/// An enrolment of a school. It has no key of the pupil: the pupils of the files were read with theirs, and to join them once
/// more costs as much as the enrolments do.
#[derive(Clone, Debug, FromRow)]
pub struct EnrolmentRow {
    pub pupil_id: PupilId,
    pub class: Option<String>,
    pub source: String,
    pub is_current: bool,
}

/// Lists the enrolments of a school, ended ones too if another format leads there: a few thousand at most.
pub async fn list_enrolments(tx: &mut Tx, uai: &Uai, with_ended: bool) -> Result<Vec<EnrolmentRow>> {
    let sql = "SELECT pupil_id, class, COALESCE(source, 'siecle') AS source, ended_at IS NULL AS is_current \
               FROM enrolment WHERE uai = $1 AND (ended_at IS NULL OR $2)";
    tx.fetch_all(sql, args![uai, with_ended]).await
}

/// A link given by a school's rosters, without keys like [`EnrolmentRow`].
#[derive(Clone, Debug, FromRow)]
pub struct LinkRow {
    pub pupil_id: PupilId,
    pub person_id: PersonId,
    pub level: String,
    pub relation: Option<String>,
    pub source: String,
    pub is_current: bool,
}

/// Lists the links given by a school's rosters, ended ones too if another format leads there.
pub async fn list_links(tx: &mut Tx, uai: &Uai, with_ended: bool) -> Result<Vec<LinkRow>> {
    let sql = "SELECT pupil_id, person_id, level, relation, source, ended_at IS NULL AS is_current \
               FROM link WHERE uai = $1 AND (ended_at IS NULL OR $2)";
    tx.fetch_all(sql, args![uai, with_ended]).await
}

/// Makes a format that takes the lead the source of every current enrolment and link of a school: what both formats have
/// alike would otherwise be nobody's to end.
pub async fn take_over_school(tx: &mut Tx, uai: &Uai, source: &'static str) -> Result<()> {
    for sql in [
        "UPDATE enrolment SET source = $2 WHERE uai = $1 AND ended_at IS NULL",
        "UPDATE link SET source = $2 WHERE uai = $1 AND ended_at IS NULL",
    ] {
        tx.execute(sql, args![uai, source]).await?;
    }
    Ok(())
}
