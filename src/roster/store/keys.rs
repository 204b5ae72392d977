//! Rows by the keys of a format. SIECLE's keys are columns of the rows; those of other formats have tables.
//!
//! `COALESCE(academy, '')` keeps SQLite from an index: before it has statistics, it takes the one of the academy, and goes
//! through all its people for each batch of ids.

use std::sync::LazyLock;

use crate::base::typed_ids::{PersonId, PupilId};
use crate::base::uai::Uai;
use crate::db::{BATCH_SIZE, FromRow, KeysSql, Result, RowsSql, Tx, Value, args, batch_args, batch_placeholders};
use crate::roster::sealed_rows::{PersonRow, PupilRow};

/// The arguments of a query by a batch of keys, and the format as `$52`.
fn keyed_args(academy: &str, keys: &[&str], format: &str) -> Vec<Value> {
    let mut args = batch_args(Value::from(academy), keys.iter().copied());
    args.push(Value::from(format));
    args
}

static PERSONS_BY_KEY: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT p.id, k.key AS person_key, p.family_name, p.usage_name, p.given_name, p.phone, p.phone_blind, \
                p.phone_state, p.phone_why, p.phone_end, p.landline, p.landline_blind, p.mobile_in, p.mail, \
                p.mail_blind, p.exported_at, p.led_by, p.changed_at FROM person_roster_key k JOIN person p ON p.id = k.person_id \
                WHERE k.academy = ? AND k.format = ? AND k.key IN";
    KeysSql::new(head, "")
});
static PUPILS_BY_KEY: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT u.id, k.key AS pupil_key, u.family_name, u.usage_name, u.given_name, u.birth_date, u.ine_blind, \
                u.account_id, u.exported_at, u.led_by, u.changed_at FROM pupil_roster_key k \
                JOIN pupil u ON u.id = k.pupil_id WHERE k.academy = ? AND k.format = ? AND k.key IN";
    KeysSql::new(head, "")
});
static UNKEYED_PUPILS: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT u.id, u.pupil_key, u.family_name, u.usage_name, u.given_name, u.birth_date, u.ine_blind, \
                u.account_id, u.exported_at, u.led_by, u.changed_at FROM pupil u WHERE COALESCE(u.academy, '') = ? \
                AND CASE WHEN ? = 'siecle' THEN u.pupil_key LIKE '%:%' ELSE NOT EXISTS (SELECT 1 \
                FROM pupil_roster_key k WHERE k.pupil_id = u.id AND k.format = ?) END AND u.ine_blind IN";
    KeysSql::new(head, "ORDER BY u.id")
});
static PERSON_COLUMNS: LazyLock<KeysSql> =
    LazyLock::new(|| KeysSql::new("SELECT id, person_key FROM person WHERE id IN", ""));
static PUPIL_COLUMNS: LazyLock<KeysSql> =
    LazyLock::new(|| KeysSql::new("SELECT id, pupil_key FROM pupil WHERE id IN", ""));
static KEYS_OF_PERSONS: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT person_id, key FROM person_roster_key WHERE COALESCE(format, '') = ? AND person_id IN";
    KeysSql::new(head, "")
});
static KEYS_OF_PUPILS: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT pupil_id, key FROM pupil_roster_key WHERE COALESCE(format, '') = ? AND pupil_id IN";
    KeysSql::new(head, "")
});

/// Lists persons of an academy by their keys in a format other than SIECLE; `person_key` is that key.
pub async fn list_persons_by_key(tx: &mut Tx, academy: &str, format: &str, keys: &[&str]) -> Result<Vec<PersonRow>> {
    tx.fetch_by_keys(&PERSONS_BY_KEY, args![academy, format], keys).await
}

/// Lists pupils of an academy by their keys in a format other than SIECLE; `pupil_key` is that key.
pub async fn list_pupils_by_key(tx: &mut Tx, academy: &str, format: &str, keys: &[&str]) -> Result<Vec<PupilRow>> {
    tx.fetch_by_keys(&PUPILS_BY_KEY, args![academy, format], keys).await
}

/// Lists pupils of an academy who have one of the INEs and no key of the format. `pupil_key` is SIECLE's, or what stands
/// there in its place.
pub async fn list_unkeyed_by_ine(tx: &mut Tx, academy: &str, format: &str, blinds: &[&str]) -> Result<Vec<PupilRow>> {
    tx.fetch_by_keys(&UNKEYED_PUPILS, args![academy, format, format], blinds).await
}

/// Lists the keys that persons have in a format, by row id. Of SIECLE it is the column, which every row has.
pub async fn list_keys_of_persons(tx: &mut Tx, format: &str, ids: &[&str]) -> Result<Vec<(PersonId, String)>> {
    match format {
        "siecle" => tx.fetch_by_keys(&PERSON_COLUMNS, Vec::new(), ids).await,
        _ => tx.fetch_by_keys(&KEYS_OF_PERSONS, args![format], ids).await,
    }
}

/// Lists the keys that pupils have in a format, like [`list_keys_of_persons`].
pub async fn list_keys_of_pupils(tx: &mut Tx, format: &str, ids: &[&str]) -> Result<Vec<(PupilId, String)>> {
    match format {
        "siecle" => tx.fetch_by_keys(&PUPIL_COLUMNS, Vec::new(), ids).await,
        _ => tx.fetch_by_keys(&KEYS_OF_PUPILS, args![format], ids).await,
    }
}

/// Returns the ids of the pupils, among those given, who have a key of the format.
pub async fn list_keyed_pupils(tx: &mut Tx, academy: &str, format: &str, ids: &[&PupilId]) -> Result<Vec<PupilId>> {
    let mut rows = Vec::new();
    for ids in ids.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT pupil_id FROM pupil_roster_key \
             WHERE COALESCE(academy, '') = $1 AND COALESCE(format, '') = $52 AND pupil_id IN (",
            batch_placeholders!(),
            ")"
        );
        let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
        let found = tx.fetch_all::<(PupilId,)>(sql, keyed_args(academy, &ids, format)).await?;
        rows.extend(found.into_iter().map(|(id,)| id));
    }
    Ok(rows)
}

/// A current responsable of a pupil who has no key of the format.
#[derive(Clone, Debug, FromRow)]
pub struct UnkeyedResponsable {
    pub pupil_id: PupilId,
    pub person_id: PersonId,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub phone_blind: Option<String>,
    /// True for a link with the school itself; another school's parent of the same name may be another person.
    pub is_own: bool,
}

/// Lists the current responsables of pupils, of any level, in the school and elsewhere, but those who have a key of the
/// format.
pub async fn list_unkeyed_responsables(
    tx: &mut Tx,
    (academy, format, uai): (&str, &str, &Uai),
    pupils: &[&PupilId],
) -> Result<Vec<UnkeyedResponsable>> {
    let mut rows = Vec::new();
    for pupils in pupils.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT DISTINCT l.pupil_id, p.id AS person_id, p.family_name, p.usage_name, p.given_name, p.phone_blind, \
             l.uai = $53 AS is_own FROM link l JOIN person p ON p.id = l.person_id \
             WHERE COALESCE(p.academy, '') = $1 AND l.ended_at IS NULL AND l.pupil_id IN (",
            batch_placeholders!(),
            ") AND CASE WHEN $52 = 'siecle' THEN p.person_key LIKE '%:%' ELSE NOT EXISTS (SELECT 1 \
             FROM person_roster_key k WHERE k.person_id = p.id AND k.format = $52) END ORDER BY p.id, l.pupil_id"
        );
        let pupils: Vec<&str> = pupils.iter().map(|id| id.as_str()).collect();
        let mut args = keyed_args(academy, &pupils, format);
        args.push(Value::from(uai.as_str()));
        rows.extend(tx.fetch_all::<UnkeyedResponsable>(sql, args).await?);
    }
    Ok(rows)
}

/// Lists persons by row id; `person_key` is SIECLE's, or what stands there in its place.
pub async fn list_persons_by_id(tx: &mut Tx, academy: &str, ids: &[&PersonId]) -> Result<Vec<PersonRow>> {
    let mut rows = Vec::new();
    for ids in ids.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT id, person_key, family_name, usage_name, given_name, phone, phone_blind, phone_state, phone_why, \
             phone_end, landline, landline_blind, mobile_in, mail, mail_blind, exported_at, led_by, changed_at FROM person \
             WHERE COALESCE(academy, '') = $1 AND id IN (",
            batch_placeholders!(),
            ")"
        );
        let ids = ids.iter().map(|id| id.as_str());
        rows.extend(tx.fetch_all::<PersonRow>(sql, batch_args(Value::from(academy), ids)).await?);
    }
    Ok(rows)
}

static PERSON_KEYS: LazyLock<RowsSql> = LazyLock::new(|| {
    let head = "INSERT INTO person_roster_key (academy, format, key, person_id)";
    RowsSql::insert(head, 4, "ON CONFLICT DO NOTHING")
});
static PUPIL_KEYS: LazyLock<RowsSql> = LazyLock::new(|| {
    let head = "INSERT INTO pupil_roster_key (academy, format, key, pupil_id)";
    RowsSql::insert(head, 4, "ON CONFLICT DO NOTHING")
});
static PERSON_KEY_COLUMNS: LazyLock<RowsSql> = LazyLock::new(|| {
    let update = "UPDATE person SET person_key = given.key FROM given WHERE person.id = given.id \
                  AND person.person_key LIKE '%:%' AND NOT EXISTS \
                  (SELECT 1 FROM person o WHERE o.academy = given.academy AND o.person_key = given.key)";
    RowsSql::update(&["academy", "key", "id"], update)
});
static PUPIL_KEY_COLUMNS: LazyLock<RowsSql> = LazyLock::new(|| {
    let update = "UPDATE pupil SET pupil_key = given.key FROM given WHERE pupil.id = given.id \
                  AND pupil.pupil_key LIKE '%:%' AND NOT EXISTS \
                  (SELECT 1 FROM pupil o WHERE o.academy = given.academy AND o.pupil_key = given.key)";
    RowsSql::update(&["academy", "key", "id"], update)
});

/// Writes keys of persons in a format. Returns false if one is another person's.
pub async fn insert_person_keys(tx: &mut Tx, academy: &str, format: &str, keys: &[(&str, &PersonId)]) -> Result<bool> {
    let written = if format == "siecle" {
        let rows = keys.iter().map(|(key, id)| args![academy, *key, *id]).collect();
        tx.write_rows(&PERSON_KEY_COLUMNS, rows).await?
    } else {
        let rows = keys.iter().map(|(key, id)| args![academy, format, *key, *id]).collect();
        tx.write_rows(&PERSON_KEYS, rows).await?
    };
    Ok(usize::try_from(written) == Ok(keys.len()))
}

/// Writes keys of pupils in a format. Returns false if one is another pupil's.
pub async fn insert_pupil_keys(tx: &mut Tx, academy: &str, format: &str, keys: &[(&str, &PupilId)]) -> Result<bool> {
    let written = if format == "siecle" {
        let rows = keys.iter().map(|(key, id)| args![academy, *key, *id]).collect();
        tx.write_rows(&PUPIL_KEY_COLUMNS, rows).await?
    } else {
        let rows = keys.iter().map(|(key, id)| args![academy, format, *key, *id]).collect();
        tx.write_rows(&PUPIL_KEYS, rows).await?
    };
    Ok(usize::try_from(written) == Ok(keys.len()))
}

/// Writes the key of a school in the exports of its academy.
pub async fn upsert_structure(tx: &mut Tx, academy: &str, format: &str, key: &str, uai: &Uai) -> Result<()> {
    let sql = "INSERT INTO roster_structure (academy, format, key, uai) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (academy, format, key) DO UPDATE SET uai = excluded.uai";
    tx.execute(sql, args![academy, format, key, uai]).await?;
    Ok(())
}

/// Lists the schools of an academy with their keys in its exports: a few hundred.
pub async fn list_structures(tx: &mut Tx, academy: &str, format: &str) -> Result<Vec<(String, Uai)>> {
    let sql = "SELECT key, uai FROM roster_structure WHERE academy = $1 AND format = $2 ORDER BY key";
    tx.fetch_all(sql, args![academy, format]).await
}

/// An enrolment of a pupil, by the key of a format.
#[derive(Clone, Debug, FromRow)]
pub struct KeyedEnrolment {
    pub pupil_key: String,
    pub uai: Uai,
    pub class: Option<String>,
    pub ended_at: Option<i64>,
}

/// Lists the enrolments of pupils by their keys in a format, current ones first, then those that ended last.
pub async fn list_enrolments_by_key(
    tx: &mut Tx,
    academy: &str,
    format: &str,
    keys: &[&str],
) -> Result<Vec<KeyedEnrolment>> {
    let mut rows = Vec::new();
    for keys in keys.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT k.key AS pupil_key, e.uai, e.class, e.ended_at FROM pupil_roster_key k \
             JOIN enrolment e ON e.pupil_id = k.pupil_id \
             WHERE k.academy = $1 AND k.format = $52 AND k.key IN (",
            batch_placeholders!(),
            ") ORDER BY k.key, COALESCE(e.ended_at, 9000000000000000000) DESC, e.uai"
        );
        rows.extend(tx.fetch_all::<KeyedEnrolment>(sql, keyed_args(academy, keys, format)).await?);
    }
    Ok(rows)
}

/// A link between two people who have keys of a format.
#[derive(Clone, Debug, FromRow)]
pub struct KeyedLink {
    pub pupil_key: String,
    pub person_key: String,
    pub uai: Uai,
    pub level: String,
    pub relation: Option<String>,
    pub ended_at: Option<i64>,
}

/// Lists the links of pupils, current or ended, by their keys in a format.
pub async fn list_links_of_pupils(tx: &mut Tx, academy: &str, format: &str, keys: &[&str]) -> Result<Vec<KeyedLink>> {
    let mut rows = Vec::new();
    for keys in keys.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT u.key AS pupil_key, p.key AS person_key, l.uai, l.level, l.relation, l.ended_at \
             FROM pupil_roster_key u JOIN link l ON l.pupil_id = u.pupil_id \
             JOIN person_roster_key p ON p.person_id = l.person_id AND p.format = u.format \
             WHERE u.academy = $1 AND u.format = $52 AND u.key IN (",
            batch_placeholders!(),
            ") ORDER BY u.key, p.key, l.uai"
        );
        rows.extend(tx.fetch_all::<KeyedLink>(sql, keyed_args(academy, keys, format)).await?);
    }
    Ok(rows)
}

/// Lists the schools in which persons have current links, by their keys in a format.
pub async fn list_schools_of_persons(
    tx: &mut Tx,
    academy: &str,
    format: &str,
    keys: &[&str],
) -> Result<Vec<(String, Uai)>> {
    let mut rows = Vec::new();
    for keys in keys.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT DISTINCT k.key, l.uai FROM person_roster_key k \
             JOIN link l ON l.person_id = k.person_id AND l.ended_at IS NULL \
             WHERE k.academy = $1 AND k.format = $52 AND k.key IN (",
            batch_placeholders!(),
            ") ORDER BY k.key, l.uai"
        );
        rows.extend(tx.fetch_all::<(String, Uai)>(sql, keyed_args(academy, keys, format)).await?);
    }
    Ok(rows)
}
