//! Rows of persons, pupils and links, as activation and claims read them.

use super::matching::Candidate;
use crate::base::clock::Timestamp;
use crate::db::{FromRow, Result, Tx, args};

pub mod import;

/// A current child of a legal link that nobody withholds. Read live: never kept in a token.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Child {
    pub person_id: String,
    pub pupil_id: String,
    /// ELEVE_ID, unique in its academy.
    pub pupil_key: String,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    /// Sealed.
    pub birth_date: String,
    pub uai: String,
    pub school: String,
    pub academy: String,
    pub ministry: String,
    pub class: Option<String>,
    /// `contested` or `set_aside`, if the person said so or could not prove it.
    pub withheld: Option<String>,
}

/// The children of an account: what claims are made of.
pub async fn children_of_account(tx: &mut Tx, account_id: &str) -> Result<Vec<Child>> {
    tx.all(
        "SELECT l.person_id, u.id AS pupil_id, u.pupil_key, u.family_name, u.usage_name, u.given_name, u.birth_date, \
         s.uai, s.name AS school, s.academy, s.ministry, e.class, w.kind AS withheld \
         FROM person p \
         JOIN link l ON l.person_id = p.id AND l.level = 'legal' AND l.ended_at IS NULL \
         JOIN pupil u ON u.id = l.pupil_id \
         JOIN enrolment e ON e.pupil_id = u.id AND e.uai = l.uai AND e.ended_at IS NULL \
         JOIN school s ON s.uai = e.uai \
         LEFT JOIN link_withheld w ON w.person_id = l.person_id AND w.pupil_id = l.pupil_id \
         WHERE p.account_id = $1 AND w.kind IS NULL ORDER BY s.academy, s.uai, u.given_name, u.id LIMIT 200",
        args![account_id],
    )
    .await
}

/// The children of one person of the roster, withheld ones too: what activation asks about.
pub async fn children_of_person(tx: &mut Tx, person_id: &str) -> Result<Vec<Child>> {
    tx.all(
        "SELECT l.person_id, u.id AS pupil_id, u.pupil_key, u.family_name, u.usage_name, u.given_name, u.birth_date, \
         s.uai, s.name AS school, s.academy, s.ministry, e.class, w.kind AS withheld \
         FROM link l \
         JOIN pupil u ON u.id = l.pupil_id \
         JOIN enrolment e ON e.pupil_id = u.id AND e.uai = l.uai AND e.ended_at IS NULL \
         JOIN school s ON s.uai = e.uai \
         LEFT JOIN link_withheld w ON w.person_id = l.person_id AND w.pupil_id = l.pupil_id \
         WHERE l.person_id = $1 AND l.level = 'legal' AND l.ended_at IS NULL \
         ORDER BY s.uai, u.given_name, u.id LIMIT 100",
        args![person_id],
    )
    .await
}

/// The schools that know a person, whatever the link: where somebody turns to who has no child to attach.
pub async fn schools_of_person(tx: &mut Tx, person_id: &str) -> Result<Vec<String>> {
    let sql = "SELECT uai FROM link WHERE person_id = $1 GROUP BY uai \
               ORDER BY MIN(CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END), uai LIMIT 20";
    Ok(tx.all::<(String,)>(sql, args![person_id]).await?.into_iter().map(|(uai,)| uai).collect())
}

#[derive(FromRow)]
struct PersonRow {
    id: String,
    family_name: String,
    usage_name: Option<String>,
    given_name: String,
    account_id: Option<String>,
    exported_at: i64,
}

impl From<PersonRow> for Candidate {
    fn from(r: PersonRow) -> Self {
        Candidate {
            id: r.id,
            family_name: r.family_name,
            usage_name: r.usage_name,
            given_name: r.given_name,
            account_id: r.account_id,
            exported_at: r.exported_at,
        }
    }
}

/// Everybody whose mobile this is, by its blind index.
pub async fn by_phone(tx: &mut Tx, phone_blind: &str) -> Result<Vec<Candidate>> {
    let rows = tx
        .all::<PersonRow>(
            "SELECT id, family_name, usage_name, given_name, account_id, exported_at FROM person \
             WHERE phone_blind = $1 ORDER BY id LIMIT 100",
            args![phone_blind],
        )
        .await?;
    Ok(rows.into_iter().map(Candidate::from).collect())
}

/// One person by id.
pub async fn person(tx: &mut Tx, id: &str) -> Result<Option<Candidate>> {
    let row = tx
        .optional::<PersonRow>(
            "SELECT id, family_name, usage_name, given_name, account_id, exported_at FROM person WHERE id = $1",
            args![id],
        )
        .await?;
    Ok(row.map(Candidate::from))
}

/// The sealed mobile of one person.
pub async fn phone_of(tx: &mut Tx, person_id: &str) -> Result<Option<String>> {
    let row = tx.optional::<(Option<String>,)>("SELECT phone FROM person WHERE id = $1", args![person_id]).await?;
    Ok(row.and_then(|(phone,)| phone))
}

/// The sealed mobile of an account's person exported last: the `phone` scope.
pub async fn phone_of_account(tx: &mut Tx, account_id: &str) -> Result<Option<(String, String)>> {
    tx.optional(
        "SELECT id, phone FROM person WHERE account_id = $1 AND phone IS NOT NULL ORDER BY exported_at DESC LIMIT 1",
        args![account_id],
    )
    .await
}

/// The roster's key of an account's person in an academy: of the one that came first, so that it stays the same when
/// another joins.
pub async fn key_of_account(tx: &mut Tx, account_id: &str, academy: &str) -> Result<Option<String>> {
    let sql = "SELECT person_key FROM person WHERE account_id = $1 AND academy = $2 ORDER BY id LIMIT 1";
    Ok(tx.optional::<(String,)>(sql, args![account_id, academy]).await?.map(|(key,)| key))
}

/// The persons of an account.
pub async fn persons_of_account(tx: &mut Tx, account_id: &str) -> Result<Vec<String>> {
    let sql = "SELECT id FROM person WHERE account_id = $1 ORDER BY id LIMIT 100";
    Ok(tx.all::<(String,)>(sql, args![account_id]).await?.into_iter().map(|(id,)| id).collect())
}

/// The sealed birth date of a pupil.
pub async fn birth_date(tx: &mut Tx, pupil_id: &str) -> Result<Option<String>> {
    let row = tx.optional::<(String,)>("SELECT birth_date FROM pupil WHERE id = $1", args![pupil_id]).await?;
    Ok(row.map(|(sealed,)| sealed))
}

/// Gives a person to an account, once: compare-and-set on having none.
pub async fn attach(tx: &mut Tx, person_id: &str, account_id: &str) -> Result<bool> {
    let sql = "UPDATE person SET account_id = $2 WHERE id = $1 AND account_id IS NULL";
    Ok(tx.execute(sql, args![person_id, account_id]).await? == 1)
}

/// *Non*, or tries used up: the child leaves the claims, whatever the roster says.
pub async fn withhold(tx: &mut Tx, now: Timestamp, person_id: &str, pupil_id: &str, kind: &'static str) -> Result<()> {
    tx.execute(
        "INSERT INTO link_withheld (person_id, pupil_id, kind, at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (person_id, pupil_id) DO UPDATE SET kind = excluded.kind, at = excluded.at",
        args![person_id, pupil_id, kind, now],
    )
    .await?;
    Ok(())
}

/// A right date lifts what an earlier activation withheld.
pub async fn lift(tx: &mut Tx, person_id: &str, pupil_id: &str) -> Result<()> {
    tx.execute("DELETE FROM link_withheld WHERE person_id = $1 AND pupil_id = $2", args![person_id, pupil_id]).await?;
    Ok(())
}
