//! Queries for people by the keys of a format, or by the INE of a pupil, with their accounts.

use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::db::{FromRow, Result, Tx, args};

/// A person or pupil of the roster.
#[derive(Clone, Debug, FromRow)]
pub struct KeyOwner<Id> {
    pub id: Id,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub account_id: Option<AccountId>,
}

pub async fn find_person(tx: &mut Tx, academy: &str, format: &str, key: &str) -> Result<Option<KeyOwner<PersonId>>> {
    let sql = match format {
        "siecle" => {
            "SELECT id, family_name, usage_name, given_name, account_id FROM person \
             WHERE academy = $1 AND person_key = $2"
        }
        _ => {
            "SELECT p.id, p.family_name, p.usage_name, p.given_name, p.account_id FROM person_roster_key k \
             JOIN person p ON p.id = k.person_id WHERE k.academy = $1 AND k.key = $2 AND k.format = $3"
        }
    };
    let mut args = args![academy, key];
    args.extend((format != "siecle").then(|| format.into()));
    tx.fetch_optional(sql, args).await
}

pub async fn find_pupil(tx: &mut Tx, academy: &str, format: &str, key: &str) -> Result<Option<KeyOwner<PupilId>>> {
    let sql = match format {
        "siecle" => {
            "SELECT id, family_name, usage_name, given_name, account_id FROM pupil \
             WHERE academy = $1 AND pupil_key = $2"
        }
        _ => {
            "SELECT u.id, u.family_name, u.usage_name, u.given_name, u.account_id FROM pupil_roster_key k \
             JOIN pupil u ON u.id = k.pupil_id WHERE k.academy = $1 AND k.key = $2 AND k.format = $3"
        }
    };
    let mut args = args![academy, key];
    args.extend((format != "siecle").then(|| format.into()));
    tx.fetch_optional(sql, args).await
}

/// Lists the enrolled pupils with an INE.
pub async fn list_pupils_by_ine(tx: &mut Tx, academy: &str, ine_blind: &str) -> Result<Vec<KeyOwner<PupilId>>> {
    let sql = "SELECT u.id, u.family_name, u.usage_name, u.given_name, u.account_id FROM pupil u \
               WHERE u.academy = $1 AND u.ine_blind = $2 AND EXISTS \
               (SELECT 1 FROM enrolment e WHERE e.pupil_id = u.id AND e.ended_at IS NULL) ORDER BY u.id LIMIT 100";
    tx.fetch_all(sql, args![academy, ine_blind]).await
}

/// Lists the current responsables, of any level, of the pupils with an INE.
pub async fn list_responsables_by_ine(tx: &mut Tx, academy: &str, ine_blind: &str) -> Result<Vec<KeyOwner<PersonId>>> {
    let sql = "SELECT DISTINCT p.id, p.family_name, p.usage_name, p.given_name, p.account_id FROM pupil u \
               JOIN link l ON l.pupil_id = u.id AND l.ended_at IS NULL JOIN person p ON p.id = l.person_id \
               WHERE u.academy = $1 AND p.academy = $1 AND u.ine_blind = $2 ORDER BY p.id LIMIT 100";
    tx.fetch_all(sql, args![academy, ine_blind]).await
}
