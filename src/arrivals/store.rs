//! Queries for people by the keys of a format, or by the INE of a pupil, with their accounts.

use std::sync::LazyLock;

use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::db::{FromRow, KeysSql, Result, Tx, args};

/// A person or pupil of the roster.
#[derive(Clone, Debug, FromRow)]
pub struct KeyOwner<Id> {
    /// The key by which the query found them: of a format, or the HMAC of an INE.
    pub key: String,
    pub id: Id,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub account_id: Option<AccountId>,
}

static PERSONS: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT person_key AS key, id, family_name, usage_name, given_name, account_id FROM person \
                WHERE academy = ? AND person_key IN";
    KeysSql::new(head, "")
});
static PUPILS: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT pupil_key AS key, id, family_name, usage_name, given_name, account_id FROM pupil \
                WHERE academy = ? AND pupil_key IN";
    KeysSql::new(head, "")
});
static PERSONS_OF_FORMAT: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT k.key, p.id, p.family_name, p.usage_name, p.given_name, p.account_id FROM person_roster_key k \
                JOIN person p ON p.id = k.person_id WHERE k.academy = ? AND k.format = ? AND k.key IN";
    KeysSql::new(head, "")
});
static PUPILS_OF_FORMAT: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT k.key, u.id, u.family_name, u.usage_name, u.given_name, u.account_id FROM pupil_roster_key k \
                JOIN pupil u ON u.id = k.pupil_id WHERE k.academy = ? AND k.format = ? AND k.key IN";
    KeysSql::new(head, "")
});
// `COALESCE` keeps SQLite from going through all people of the academy, like in `roster::store::keys`.
static PUPILS_BY_INE: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT u.ine_blind AS key, u.id, u.family_name, u.usage_name, u.given_name, u.account_id FROM pupil u \
                WHERE COALESCE(u.academy, '') = ? AND EXISTS \
                (SELECT 1 FROM enrolment e WHERE e.pupil_id = u.id AND e.ended_at IS NULL) AND u.ine_blind IN";
    KeysSql::new(head, "ORDER BY u.id")
});
static RESPONSABLES_BY_INE: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT DISTINCT u.ine_blind AS key, p.id, p.family_name, p.usage_name, p.given_name, p.account_id \
                FROM pupil u JOIN link l ON l.pupil_id = u.id AND l.ended_at IS NULL \
                JOIN person p ON p.id = l.person_id AND COALESCE(p.academy, '') = u.academy \
                WHERE COALESCE(u.academy, '') = ? AND u.ine_blind IN";
    KeysSql::new(head, "ORDER BY p.id")
});

/// Lists persons by their keys in a format that has some.
pub async fn list_persons(tx: &mut Tx, academy: &str, format: &str, keys: &[&str]) -> Result<Vec<KeyOwner<PersonId>>> {
    match format {
        "siecle" => tx.fetch_by_keys(&PERSONS, args![academy], keys).await,
        _ => tx.fetch_by_keys(&PERSONS_OF_FORMAT, args![academy, format], keys).await,
    }
}

/// Lists pupils by their keys in a format that has some.
pub async fn list_pupils(tx: &mut Tx, academy: &str, format: &str, keys: &[&str]) -> Result<Vec<KeyOwner<PupilId>>> {
    match format {
        "siecle" => tx.fetch_by_keys(&PUPILS, args![academy], keys).await,
        _ => tx.fetch_by_keys(&PUPILS_OF_FORMAT, args![academy, format], keys).await,
    }
}

/// Lists the enrolled pupils with one of the INEs.
pub async fn list_pupils_by_ine(tx: &mut Tx, academy: &str, ine_blinds: &[&str]) -> Result<Vec<KeyOwner<PupilId>>> {
    tx.fetch_by_keys(&PUPILS_BY_INE, args![academy], ine_blinds).await
}

/// Lists the current responsables, of any level, of the pupils with one of the INEs.
pub async fn list_responsables_by_ine(
    tx: &mut Tx,
    academy: &str,
    ine_blinds: &[&str],
) -> Result<Vec<KeyOwner<PersonId>>> {
    tx.fetch_by_keys(&RESPONSABLES_BY_INE, args![academy], ine_blinds).await
}
