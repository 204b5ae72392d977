//! The keys of rosters by which an account is known.
//!
//! Each statement begins at the people of the account, who are few. `COALESCE` keeps SQLite from beginning at the academy:
//! before it has statistics it takes the academy's index, and goes through all its people for one account.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::keys;
use crate::base::typed_ids::AccountId;
use crate::base::uai::Uai;
use crate::db::{FromRow, KeysSql, Result, Tx, args};

const SIECLE_KEY_OF_PERSON: &str = "SELECT p.person_key FROM person p \
    LEFT JOIN link l ON l.person_id = p.id AND l.ended_at IS NULL LEFT JOIN roster_set s ON s.uai = l.uai \
    WHERE p.account_id = $1 AND COALESCE(p.academy, '') = $2 AND p.person_key NOT LIKE '%:%' \
    GROUP BY p.id, p.person_key ORDER BY MAX(COALESCE(s.responsables_exported_at, 0)) DESC, p.id LIMIT 1";
const SIECLE_KEY_OF_PUPIL: &str = "SELECT pupil_key FROM pupil \
    WHERE account_id = $1 AND COALESCE(academy, '') = $2 AND pupil_key NOT LIKE '%:%' \
    ORDER BY exported_at DESC, id LIMIT 1";
const AAF_KEY_OF_PERSON: &str = "SELECT k.key FROM person p JOIN person_roster_key k ON k.person_id = p.id \
    AND COALESCE(k.format, '') = 'aaf' AND COALESCE(k.academy, '') = $2 \
    LEFT JOIN link l ON l.person_id = p.id AND l.ended_at IS NULL LEFT JOIN roster_set s ON s.uai = l.uai \
    WHERE p.account_id = $1 GROUP BY p.id, k.key \
    ORDER BY MAX(COALESCE(s.responsables_exported_at, 0)) DESC, p.id LIMIT 1";
const AAF_KEY_OF_PUPIL: &str = "SELECT k.key FROM pupil u JOIN pupil_roster_key k ON k.pupil_id = u.id \
    AND COALESCE(k.format, '') = 'aaf' AND COALESCE(k.academy, '') = $2 \
    WHERE u.account_id = $1 ORDER BY u.exported_at DESC, u.id LIMIT 1";
const KEYS: &str = "SELECT person_key FROM person \
    WHERE account_id = $1 AND COALESCE(academy, '') = $2 AND person_key NOT LIKE '%:%' \
    UNION SELECT k.key AS person_key FROM person p JOIN person_roster_key k ON k.person_id = p.id \
    WHERE p.account_id = $1 AND COALESCE(k.academy, '') = $2 \
    UNION SELECT k.key AS person_key FROM pupil u JOIN pupil_roster_key k ON k.pupil_id = u.id \
    WHERE u.account_id = $1 AND COALESCE(k.academy, '') = $2 LIMIT 100";

static PERSONS_OF_AAF: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT p.account_id FROM person p JOIN person_roster_key k ON k.person_id = p.id \
                AND COALESCE(k.format, '') = 'aaf' AND COALESCE(k.academy, '') = ? WHERE p.account_id IN";
    KeysSql::new(head, "")
});
static PUPILS_OF_AAF: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT u.account_id FROM pupil u JOIN pupil_roster_key k ON k.pupil_id = u.id \
                AND COALESCE(k.format, '') = 'aaf' AND COALESCE(k.academy, '') = ? WHERE u.account_id IN";
    KeysSql::new(head, "")
});
static SCHOOLS_OF_PERSONS: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT DISTINCT p.account_id, l.uai FROM person p \
                JOIN link l ON l.person_id = p.id AND l.ended_at IS NULL WHERE p.account_id IN";
    KeysSql::new(head, "")
});
static SCHOOLS_OF_PUPILS: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT DISTINCT u.account_id, e.uai FROM pupil u \
                JOIN enrolment e ON e.pupil_id = u.id AND e.ended_at IS NULL WHERE u.account_id IN";
    KeysSql::new(head, "")
});

/// Returns SIECLE's key of the account's person in an academy: with several persons, the one whose child is in the newest
/// set, then the oldest row. A pupil's is ELEVE_ID behind a word, for a parent may have the same number.
pub async fn find_siecle_key_of_account(tx: &mut Tx, account_id: &AccountId, academy: &str) -> Result<Option<String>> {
    if let Some((key,)) = tx.fetch_optional::<(String,)>(SIECLE_KEY_OF_PERSON, args![account_id, academy]).await? {
        return Ok(Some(key));
    }
    let found = tx.fetch_optional::<(String,)>(SIECLE_KEY_OF_PUPIL, args![account_id, academy]).await?;
    Ok(found.map(|(eleve_id,)| format!("ELEVE-{eleve_id}")))
}

/// Returns the key of the account's person or pupil in an academy's AAF: with several, the one of the newest set, then
/// the oldest row.
pub async fn find_aaf_key_of_account(tx: &mut Tx, account_id: &AccountId, academy: &str) -> Result<Option<String>> {
    if let Some((key,)) = tx.fetch_optional::<(String,)>(AAF_KEY_OF_PERSON, args![account_id, academy]).await? {
        return Ok(Some(key));
    }
    Ok(tx.fetch_optional::<(String,)>(AAF_KEY_OF_PUPIL, args![account_id, academy]).await?.map(|(key,)| key))
}

/// Lists the keys by which an academy's rosters of any format know an account.
pub async fn list_keys_of_account(tx: &mut Tx, account_id: &AccountId, academy: &str) -> Result<Vec<String>> {
    Ok(tx.fetch_all::<(String,)>(KEYS, args![account_id, academy]).await?.into_iter().map(|(key,)| key).collect())
}

/// True if the account's person or pupil is in a school that the academy's AAF has.
pub async fn is_in_school_of_aaf(tx: &mut Tx, account_id: &AccountId, academy: &str) -> Result<bool> {
    let sql = "SELECT uai FROM roster_structure WHERE academy = $2 AND format = 'aaf' AND uai IN ( \
               SELECT l.uai FROM link l JOIN person p ON p.id = l.person_id \
               WHERE p.account_id = $1 AND l.ended_at IS NULL \
               UNION SELECT e.uai FROM enrolment e JOIN pupil u ON u.id = e.pupil_id \
               WHERE u.account_id = $1 AND e.ended_at IS NULL) LIMIT 1";
    Ok(tx.fetch_optional::<(String,)>(sql, args![account_id, academy]).await?.is_some())
}

/// Returns the accounts, among those given, that have a key in the academy's AAF, or are in a school that it has.
pub async fn list_accounts_of_aaf(tx: &mut Tx, accounts: &[&str], academy: &str) -> Result<BTreeSet<AccountId>> {
    let mut found = BTreeSet::new();
    for sql in [&PERSONS_OF_AAF, &PUPILS_OF_AAF] {
        let rows = tx.fetch_by_keys::<(AccountId,)>(sql, args![academy], accounts).await?;
        found.extend(rows.into_iter().map(|(id,)| id));
    }
    let schools = keys::list_structures(tx, academy, "aaf").await?;
    let schools: BTreeSet<Uai> = schools.into_iter().map(|(_, uai)| uai).collect();
    if schools.is_empty() {
        return Ok(found);
    }
    for sql in [&SCHOOLS_OF_PERSONS, &SCHOOLS_OF_PUPILS] {
        let rows = tx.fetch_by_keys::<(AccountId, Uai)>(sql, Vec::new(), accounts).await?;
        found.extend(rows.into_iter().filter(|(_, uai)| schools.contains(uai)).map(|(id, _)| id));
    }
    Ok(found)
}

/// A key of AAF, of a person or a pupil.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct AafKey {
    /// The row of the person or pupil.
    pub row_id: String,
    /// The ministry's code of the academy.
    pub academy_code: String,
    pub key: String,
}

/// Lists the keys of AAF of the persons or the pupil of an account.
pub async fn list_aaf_keys_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<AafKey>> {
    tx.fetch_all(
        "SELECT k.person_id AS row_id, a.code AS academy_code, k.key FROM person p \
         JOIN person_roster_key k ON k.person_id = p.id AND k.format = 'aaf' JOIN academy a ON a.id = k.academy \
         WHERE p.account_id = $1 \
         UNION ALL SELECT k.pupil_id AS row_id, a.code AS academy_code, k.key FROM pupil u \
         JOIN pupil_roster_key k ON k.pupil_id = u.id AND k.format = 'aaf' JOIN academy a ON a.id = k.academy \
         WHERE u.account_id = $1 ORDER BY row_id LIMIT 100",
        args![account_id],
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Db;

    /// A plan of SQLite that begins at the academy takes all its people: an import of accounts of 20 000 people did not end
    /// within a minute.
    #[tokio::test]
    async fn the_keys_of_an_account_are_found_from_its_people_on() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite:{}", folder.path().join("x.db").display())).await.unwrap();
        db.migrate().await.unwrap();
        let mut tx = db.read().await.unwrap();
        for sql in [SIECLE_KEY_OF_PERSON, SIECLE_KEY_OF_PUPIL, AAF_KEY_OF_PERSON, AAF_KEY_OF_PUPIL, KEYS] {
            let explained: &'static str = format!("EXPLAIN QUERY PLAN {sql}").leak();
            let steps = tx.fetch_all::<(i64, i64, i64, String)>(explained, args!["a", "montpellier"]).await.unwrap();
            let plan: Vec<String> = steps.into_iter().map(|(_, _, _, step)| step).collect();
            assert!(plan.iter().any(|step| step.contains("_account (account_id=?)")), "{plan:?}");
            assert!(!plan.iter().any(|step| step.contains("academy=") || step.starts_with("SCAN")), "{plan:?}");
        }
    }
}
