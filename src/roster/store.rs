//! Queries on persons, pupils and links for activation and claims.

use super::matching::Candidate;
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::base::uai::Uai;
use crate::db::{FromRow, Result, Tx, UnitOfWork, args};
use crate::tenants::NoticeKind;

pub mod account_keys;
pub mod account_links;
pub mod changed_rows;
pub mod deliveries;
pub mod ended_links;
pub mod erased;
pub mod former;
pub mod import;
pub mod keys;
pub mod later_sets;
pub mod locks;
pub mod ownership;
pub mod places;
pub mod pupils;
pub mod rows;
pub mod runs;
pub mod same_pupil;
pub mod sealed_contacts;
pub mod statements;
pub mod tables;
pub mod undone;
pub mod words;

/// A currently enrolled child of a legal link. Read at each use, never stored in a token.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct RosterChild {
    pub person_id: PersonId,
    pub pupil_id: PupilId,
    /// ELEVE_ID, unique in the academy; with a colon where only another format knows the pupil
    /// ([`super::formats::siecle_key`]).
    pub pupil_key: String,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    /// Encrypted.
    pub birth_date: String,
    pub uai: Uai,
    pub school: String,
    pub academy: String,
    pub ministry: String,
    /// True for a nursery or primary school.
    pub first_degree: bool,
    pub class: Option<String>,
    /// True if the person denied the child, or the birth date was wrong too often.
    pub is_hidden: bool,
    /// False if the person has no key of AAF: then a further read for it is saved. Only the claims' read knows it.
    #[sqlx(default)]
    pub may_have_aaf_key: bool,
}

/// Lists the children of an account for the claims, without hidden children. A child of an institution (CODE_PARENTE 51)
/// is only whose birth date was given: the service has others.
pub async fn list_children_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<RosterChild>> {
    tx.fetch_all(
        "SELECT l.person_id, u.id AS pupil_id, u.pupil_key, u.family_name, u.usage_name, u.given_name, u.birth_date, \
         s.uai, s.name AS school, s.academy, s.ministry, s.first_degree, e.class, w.kind IS NOT NULL AS is_hidden, \
         EXISTS (SELECT 1 FROM person_roster_key k WHERE k.person_id = p.id AND k.format = 'aaf') AS may_have_aaf_key \
         FROM person p \
         JOIN link l ON l.person_id = p.id AND l.level = 'legal' AND l.ended_at IS NULL \
         JOIN pupil u ON u.id = l.pupil_id \
         JOIN enrolment e ON e.pupil_id = u.id AND e.uai = l.uai AND e.ended_at IS NULL \
         JOIN school s ON s.uai = e.uai \
         LEFT JOIN link_withheld w ON w.person_id = l.person_id AND w.pupil_id = l.pupil_id \
         WHERE p.account_id = $1 AND w.kind IS NULL AND (COALESCE(l.relation, '') <> '51' OR EXISTS \
         (SELECT 1 FROM link_proof f WHERE f.account_id = p.account_id AND f.pupil_id = u.id)) \
         ORDER BY s.academy, s.uai, u.given_name, u.id LIMIT 200",
        args![account_id],
    )
    .await
}

/// Lists the children of one person of the roster, including hidden children: activation asks about all of them. A link
/// of an institution (CODE_PARENTE 51) is left out until the person's account gave the birth date, after a letter.
pub async fn list_children_of_person(tx: &mut Tx, person_id: &PersonId) -> Result<Vec<RosterChild>> {
    tx.fetch_all(
        "SELECT l.person_id, u.id AS pupil_id, u.pupil_key, u.family_name, u.usage_name, u.given_name, u.birth_date, \
         s.uai, s.name AS school, s.academy, s.ministry, s.first_degree, e.class, w.kind IS NOT NULL AS is_hidden \
         FROM link l \
         JOIN pupil u ON u.id = l.pupil_id \
         JOIN enrolment e ON e.pupil_id = u.id AND e.uai = l.uai AND e.ended_at IS NULL \
         JOIN school s ON s.uai = e.uai \
         LEFT JOIN link_withheld w ON w.person_id = l.person_id AND w.pupil_id = l.pupil_id \
         WHERE l.person_id = $1 AND l.level = 'legal' AND l.ended_at IS NULL \
         AND (COALESCE(l.relation, '') <> '51' OR EXISTS \
         (SELECT 1 FROM person p JOIN link_proof f ON f.account_id = p.account_id \
         WHERE p.id = l.person_id AND f.pupil_id = l.pupil_id)) \
         ORDER BY s.uai, u.given_name, u.id LIMIT 100",
        args![person_id],
    )
    .await
}

/// Finds the one child of a person for whom a letter was printed, in its school.
pub async fn find_child_of_letter(
    tx: &mut Tx,
    person_id: &PersonId,
    (pupil_id, uai): (&PupilId, &Uai),
) -> Result<Option<RosterChild>> {
    tx.fetch_optional(
        "SELECT l.person_id, u.id AS pupil_id, u.pupil_key, u.family_name, u.usage_name, u.given_name, u.birth_date, \
         s.uai, s.name AS school, s.academy, s.ministry, s.first_degree, e.class, w.kind IS NOT NULL AS is_hidden \
         FROM link l \
         JOIN pupil u ON u.id = l.pupil_id \
         JOIN enrolment e ON e.pupil_id = u.id AND e.uai = l.uai AND e.ended_at IS NULL \
         JOIN school s ON s.uai = e.uai \
         LEFT JOIN link_withheld w ON w.person_id = l.person_id AND w.pupil_id = l.pupil_id \
         WHERE l.person_id = $1 AND l.pupil_id = $2 AND l.uai = $3 AND l.level = 'legal' AND l.ended_at IS NULL",
        args![person_id, pupil_id, uai],
    )
    .await
}

/// Lists the children of ended legal links of an account, the last ended first: by them a parent is recognised whose
/// children have all left.
pub async fn list_former_children_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<RosterChild>> {
    tx.fetch_all(
        "SELECT l.person_id, u.id AS pupil_id, u.pupil_key, u.family_name, u.usage_name, u.given_name, u.birth_date, \
         s.uai, s.name AS school, s.academy, s.ministry, s.first_degree, CAST(NULL AS TEXT) AS class, w.kind IS NOT NULL AS is_hidden \
         FROM person p \
         JOIN link l ON l.person_id = p.id AND l.level = 'legal' \
         JOIN pupil u ON u.id = l.pupil_id \
         JOIN school s ON s.uai = l.uai \
         LEFT JOIN link_withheld w ON w.person_id = l.person_id AND w.pupil_id = l.pupil_id \
         WHERE p.account_id = $1 AND w.kind IS NULL AND (COALESCE(l.relation, '') <> '51' OR EXISTS \
         (SELECT 1 FROM link_proof f WHERE f.account_id = p.account_id AND f.pupil_id = l.pupil_id)) \
         ORDER BY COALESCE(l.ended_at, 0) DESC, u.given_name, u.id LIMIT 20",
        args![account_id],
    )
    .await
}

/// Records that a code sent to the person's mobile number was typed.
pub async fn mark_phone_proven(tx: &mut UnitOfWork<'_>, person_id: &PersonId) -> Result<()> {
    let now = tx.now;
    tx.execute("UPDATE person SET phone_proven_at = $2 WHERE id = $1", args![person_id, now]).await?;
    Ok(())
}

/// Lists the schools with a link, of any level, current or ended, to a person: the schools to contact for a person
/// without a child.
pub async fn list_schools_of_person(tx: &mut Tx, person_id: &PersonId) -> Result<Vec<Uai>> {
    let sql = "SELECT uai FROM link WHERE person_id = $1 GROUP BY uai \
               ORDER BY MIN(CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END), uai LIMIT 20";
    Ok(tx.fetch_all::<(Uai,)>(sql, args![person_id]).await?.into_iter().map(|(uai,)| uai).collect())
}

#[derive(FromRow)]
struct CandidateRow {
    id: PersonId,
    family_name: String,
    usage_name: Option<String>,
    given_name: String,
    account_id: Option<AccountId>,
    exported_at: i64,
}

impl From<CandidateRow> for Candidate {
    fn from(r: CandidateRow) -> Self {
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

/// Lists the persons with a mobile number, or with a landline to which calls speak codes, looked up by blind index.
/// Whoever gave the number up is not found by it.
pub async fn list_by_phone(tx: &mut Tx, phone_blind: &str) -> Result<Vec<Candidate>> {
    let rows = tx
        .fetch_all::<CandidateRow>(
            "SELECT id, family_name, usage_name, given_name, account_id, exported_at FROM person \
             WHERE (phone_blind = $1 OR landline_blind = $1) AND phone_disowned_at IS NULL ORDER BY id LIMIT 100",
            args![phone_blind],
        )
        .await?;
    Ok(rows.into_iter().map(Candidate::from).collect())
}

/// Finds a person by id.
pub async fn find_person(tx: &mut Tx, id: &PersonId) -> Result<Option<Candidate>> {
    let row = tx
        .fetch_optional::<CandidateRow>(
            "SELECT id, family_name, usage_name, given_name, account_id, exported_at FROM person WHERE id = $1",
            args![id],
        )
        .await?;
    Ok(row.map(Candidate::from))
}

/// Lists the persons of an account with their names.
pub async fn list_named_persons_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<Candidate>> {
    let sql = "SELECT id, family_name, usage_name, given_name, account_id, exported_at FROM person \
               WHERE account_id = $1 ORDER BY exported_at DESC, id LIMIT 50";
    let rows = tx.fetch_all::<CandidateRow>(sql, args![account_id]).await?;
    Ok(rows.into_iter().map(Candidate::from).collect())
}

/// The mobile number of an account, as services are told of it.
#[derive(Clone, Debug, FromRow)]
pub struct ToldPhone {
    pub person_id: PersonId,
    /// Encrypted.
    pub phone: String,
    /// True if a right code came from the number, whichever of the account's records has it.
    pub is_proven: bool,
}

/// Returns the mobile number of an account for the `phone` scope: one from which a right code came, else that of the person
/// exported last. A number that its person gave up is nobody's to tell.
pub async fn find_phone_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Option<ToldPhone>> {
    tx.fetch_optional(
        "SELECT p.id AS person_id, p.phone, EXISTS (SELECT 1 FROM person o WHERE o.account_id = p.account_id \
         AND o.phone_blind = p.phone_blind AND o.phone_proven_at IS NOT NULL AND o.phone_disowned_at IS NULL) \
         AS is_proven FROM person p \
         WHERE p.account_id = $1 AND p.phone IS NOT NULL AND p.phone_disowned_at IS NULL \
         ORDER BY is_proven DESC, p.exported_at DESC, p.id LIMIT 1",
        args![account_id],
    )
    .await
}

/// Returns the academy of a person.
pub async fn find_academy_of_person(tx: &mut Tx, person_id: &PersonId) -> Result<Option<String>> {
    let sql = "SELECT academy FROM person WHERE id = $1";
    Ok(tx.fetch_optional::<(String,)>(sql, args![person_id]).await?.map(|(academy,)| academy))
}

/// Lists the ids of an account's persons.
pub async fn list_persons_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<PersonId>> {
    let sql = "SELECT id FROM person WHERE account_id = $1 ORDER BY id LIMIT 100";
    Ok(tx.fetch_all::<(PersonId,)>(sql, args![account_id]).await?.into_iter().map(|(id,)| id).collect())
}

/// Returns the encrypted birth date of a pupil.
pub async fn find_birth_date(tx: &mut Tx, pupil_id: &PupilId) -> Result<Option<String>> {
    let row = tx.fetch_optional::<(String,)>("SELECT birth_date FROM pupil WHERE id = $1", args![pupil_id]).await?;
    Ok(row.map(|(sealed,)| sealed))
}

/// Links a person to an account, once: compare-and-set on having no account.
pub async fn link_to_account(tx: &mut Tx, person_id: &PersonId, account_id: &AccountId) -> Result<bool> {
    let sql = "UPDATE person SET account_id = $2 WHERE id = $1 AND account_id IS NULL";
    Ok(tx.execute(sql, args![person_id, account_id]).await? == 1)
}

/// Hides a child from the claims, whatever the roster says, after a *Non* or too many wrong birth dates.
pub async fn hide_child(
    tx: &mut UnitOfWork<'_>,
    person_id: &PersonId,
    pupil_id: &PupilId,
    kind: NoticeKind,
) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "INSERT INTO link_withheld (person_id, pupil_id, kind, at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (person_id, pupil_id) DO UPDATE SET kind = excluded.kind, at = excluded.at",
        args![person_id, pupil_id, kind.name(), now],
    )
    .await?;
    Ok(())
}

/// Makes a child visible again after a correct birth date.
pub async fn unhide_child(tx: &mut Tx, person_id: &PersonId, pupil_id: &PupilId) -> Result<()> {
    tx.execute("DELETE FROM link_withheld WHERE person_id = $1 AND pupil_id = $2", args![person_id, pupil_id]).await?;
    Ok(())
}
