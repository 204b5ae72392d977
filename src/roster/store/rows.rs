//! Writes the people of a roster, and where they are, many rows in one statement.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::base::clock::Timestamp;
use crate::base::typed_ids::{PersonId, PupilId};
use crate::base::uai::Uai;
use crate::db::{Result, RowsSql, Tx, args};
use crate::roster::Level;
use crate::roster::sealed_rows::{PersonRow, PupilRow};

static PERSONS: LazyLock<RowsSql> = LazyLock::new(|| {
    let head = "INSERT INTO person (id, academy, person_key, family_name, usage_name, given_name, phone, phone_blind, \
                phone_state, exported_at, phone_why, phone_end, mobile_in, phone_since, landline, landline_blind, \
                led_by, changed_at, mail, mail_blind)";
    RowsSql::insert(head, 20, "ON CONFLICT DO NOTHING")
});
static PUPILS: LazyLock<RowsSql> = LazyLock::new(|| {
    let head = "INSERT INTO pupil (id, academy, pupil_key, family_name, usage_name, given_name, birth_date, \
                exported_at, ine_blind, led_by, changed_at)";
    RowsSql::insert(head, 11, "ON CONFLICT DO NOTHING")
});
static ENROLMENTS: LazyLock<RowsSql> = LazyLock::new(|| {
    let tail = "ON CONFLICT (pupil_id, uai) DO UPDATE SET class = excluded.class, source = excluded.source, \
                ended_at = NULL";
    RowsSql::insert("INSERT INTO enrolment (pupil_id, uai, class, source)", 4, tail)
});
static LINKS: LazyLock<RowsSql> = LazyLock::new(|| {
    let tail = "ON CONFLICT (person_id, pupil_id, uai) DO UPDATE SET level = excluded.level, \
                relation = excluded.relation, source = excluded.source, ended_at = NULL";
    RowsSql::insert("INSERT INTO link (person_id, pupil_id, uai, level, relation, source)", 6, tail)
});

/// Inserts persons. Returns false if another school's import has just inserted one of them.
pub async fn insert_persons(tx: &mut Tx, now: Timestamp, academy: &str, rows: &[&PersonRow]) -> Result<bool> {
    let values = |row: &&PersonRow| {
        args![
            &row.id,
            academy,
            &row.person_key,
            &row.family_name,
            &row.usage_name,
            &row.given_name,
            &row.phone,
            &row.phone_blind,
            &row.phone_state,
            row.exported_at,
            &row.phone_why,
            &row.phone_end,
            &row.mobile_in,
            now,
            &row.landline,
            &row.landline_blind,
            &row.led_by,
            row.changed_at,
            &row.mail,
            &row.mail_blind
        ]
    };
    let inserted = tx.write_rows(&PERSONS, rows.iter().map(values).collect()).await?;
    Ok(usize::try_from(inserted) == Ok(rows.len()))
}

/// Inserts pupils. Returns false if another school's import has just inserted one of them.
pub async fn insert_pupils(tx: &mut Tx, academy: &str, rows: &[&PupilRow]) -> Result<bool> {
    let values = |row: &&PupilRow| {
        args![
            &row.id,
            academy,
            &row.pupil_key,
            &row.family_name,
            &row.usage_name,
            &row.given_name,
            &row.birth_date,
            row.exported_at,
            &row.ine_blind,
            &row.led_by,
            row.changed_at
        ]
    };
    let inserted = tx.write_rows(&PUPILS, rows.iter().map(values).collect()).await?;
    Ok(usize::try_from(inserted) == Ok(rows.len()))
}

/// Starts or restarts enrolments, or changes their classes; `source` is the format of their export.
pub async fn upsert_enrolments(
    tx: &mut Tx,
    uai: &Uai,
    source: &'static str,
    rows: &[(&PupilId, Option<&str>)],
) -> Result<()> {
    let values = |(pupil, class): &(&PupilId, Option<&str>)| args![*pupil, uai, *class, source];
    let rows_of: Vec<_> = rows.iter().map(values).collect();
    let keys: BTreeSet<&str> = rows.iter().map(|(pupil, _)| pupil.as_str()).collect();
    tx.write_keyed_rows(&ENROLMENTS, rows_of, keys.len()).await
}

/// A link to write; `source` is the format of its export.
#[derive(Clone, Copy, Debug)]
pub struct NewLink<'a> {
    pub person_id: &'a PersonId,
    pub pupil_id: &'a PupilId,
    pub level: Level,
    pub relation: Option<&'a str>,
    pub source: &'static str,
}

/// Starts or restarts links, or changes their levels.
pub async fn upsert_links(tx: &mut Tx, uai: &Uai, links: &[NewLink<'_>]) -> Result<()> {
    let values =
        |link: &NewLink<'_>| args![link.person_id, link.pupil_id, uai, link.level.name(), link.relation, link.source];
    let rows = links.iter().map(values).collect();
    let keys: BTreeSet<(&str, &str)> =
        links.iter().map(|link| (link.person_id.as_str(), link.pupil_id.as_str())).collect();
    tx.write_keyed_rows(&LINKS, rows, keys.len()).await
}
