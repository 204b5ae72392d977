//! Queries of imports from tables: what a school said of them, and the rows that records without ids could be.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::PupilId;
use crate::base::uai::Uai;
use crate::db::{BATCH_SIZE, FromRow, Result, Tx, UnitOfWork, Value, args, batch_args, batch_placeholders};
use crate::roster::same_pupil::MIN_ABSENCE;
use crate::roster::sealed_rows::PupilRow;

/// The word of a school about its tables.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow, serde::Serialize, serde::Deserialize)]
pub struct RosterSourceRow {
    /// True if every responsable without a level is a legal representative.
    pub all_legal: bool,
    /// The mapping of the columns, as TOML.
    pub mapping: Option<String>,
}

pub async fn find_source(tx: &mut Tx, uai: &Uai, format: &str) -> Result<Option<RosterSourceRow>> {
    let sql = "SELECT all_legal, mapping FROM roster_source WHERE uai = $1 AND format = $2";
    tx.fetch_optional(sql, args![uai, format]).await
}

pub async fn upsert_source(tx: &mut UnitOfWork<'_>, uai: &Uai, format: &str, row: &RosterSourceRow) -> Result<()> {
    let now = tx.now;
    let sql = "INSERT INTO roster_source (uai, format, all_legal, mapping, changed_at) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT (uai, format) DO UPDATE SET all_legal = excluded.all_legal, mapping = excluded.mapping, \
               changed_at = excluded.changed_at";
    tx.execute(sql, args![uai, format, row.all_legal, &row.mapping, now]).await?;
    Ok(())
}

/// The arguments of a query by a batch of values, and the format as `$52`.
fn keyed_args<'a>(first: &str, values: impl Iterator<Item = &'a str>, format: &str) -> Vec<Value> {
    let mut args = batch_args(Value::from(first), values);
    args.push(Value::from(format));
    args
}

/// Lists the pupils of an academy with a key of the format who have one of the INEs; `pupil_key` is that key.
pub async fn list_pupils_by_ine(tx: &mut Tx, academy: &str, format: &str, blinds: &[&str]) -> Result<Vec<PupilRow>> {
    let mut rows = Vec::new();
    for blinds in blinds.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT u.id, k.key AS pupil_key, u.family_name, u.usage_name, u.given_name, u.birth_date, u.ine_blind, \
             u.account_id, u.exported_at, u.led_by, u.changed_at FROM pupil u \
             JOIN pupil_roster_key k ON k.pupil_id = u.id AND k.format = $52 \
             WHERE COALESCE(u.academy, '') = $1 AND u.ine_blind IN (",
            batch_placeholders!(),
            ") ORDER BY k.key"
        );
        rows.extend(tx.fetch_all::<PupilRow>(sql, keyed_args(academy, blinds.iter().copied(), format)).await?);
    }
    Ok(rows)
}

/// Lists the pupils with a key of the format who are or were in a school: a few thousand at most.
pub async fn list_pupils_of_school(tx: &mut Tx, uai: &Uai, format: &str) -> Result<Vec<PupilRow>> {
    let sql = "SELECT u.id, k.key AS pupil_key, u.family_name, u.usage_name, u.given_name, u.birth_date, u.ine_blind, \
               u.account_id, u.exported_at, u.led_by, u.changed_at FROM enrolment e JOIN pupil u ON u.id = e.pupil_id \
               JOIN pupil_roster_key k ON k.pupil_id = u.id AND k.format = $2 WHERE e.uai = $1 ORDER BY k.key";
    tx.fetch_all(sql, args![uai, format]).await
}

/// A responsable with a key of the format, now or before, of a pupil.
#[derive(Clone, Debug, FromRow)]
pub struct KeyedResponsable {
    pub pupil_id: PupilId,
    pub person_key: String,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub uai: Uai,
    /// The end of the link, and that of the pupil's enrolment in its school.
    pub ended_at: Option<i64>,
    pub enrolment_ended_at: Option<i64>,
}

impl KeyedResponsable {
    /// True if the person still is the child's responsable, or was until the child left the school, or until lately: an
    /// export may leave somebody out by mistake. Whom the school took away long ago is not whoever has that name now.
    pub fn is_still_meant(&self, now: Timestamp) -> bool {
        self.ended_at.is_none_or(|ended_at| {
            self.enrolment_ended_at.is_some_and(|left_at| left_at <= ended_at)
                || now.since(Timestamp(ended_at)) < MIN_ABSENCE
        })
    }
}

/// Lists the responsables, of any level, who have or had a link to one of the pupils and have a key of the format.
pub async fn list_keyed_responsables(
    tx: &mut Tx,
    academy: &str,
    format: &str,
    pupils: &[&PupilId],
) -> Result<Vec<KeyedResponsable>> {
    let mut rows = Vec::new();
    for pupils in pupils.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT l.pupil_id, k.key AS person_key, p.family_name, p.usage_name, p.given_name, l.uai, l.ended_at, \
             e.ended_at AS enrolment_ended_at FROM link l JOIN person p ON p.id = l.person_id \
             LEFT JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai \
             JOIN person_roster_key k ON k.person_id = p.id AND k.format = $52 \
             WHERE COALESCE(p.academy, '') = $1 AND l.pupil_id IN (",
            batch_placeholders!(),
            ") ORDER BY k.key, l.pupil_id"
        );
        let ids = pupils.iter().map(|id| id.as_str());
        rows.extend(tx.fetch_all::<KeyedResponsable>(sql, keyed_args(academy, ids, format)).await?);
    }
    Ok(rows)
}
