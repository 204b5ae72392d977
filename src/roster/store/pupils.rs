//! Pupils as persons with an account, and the people of a class who get letters.

use super::{RosterChild, list_children_of_account};
use crate::base::profile::Profile;
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::base::uai::Uai;
use crate::db::{FromRow, Result, Tx, UnitOfWork, args};
use crate::tenants::{self, SchoolContact};

/// A current enrolment of a pupil.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct EnrolledPupil {
    pub pupil_id: PupilId,
    /// ELEVE_ID, unique in the academy.
    pub pupil_key: String,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub account_id: Option<AccountId>,
    pub uai: Uai,
    pub school: String,
    pub academy: String,
    pub ministry: String,
    pub first_degree: bool,
    pub class: Option<String>,
}

/// Lists the pupils who are enrolled in a school, by class and name.
pub async fn list_enrolled_pupils(tx: &mut Tx, uai: &Uai) -> Result<Vec<EnrolledPupil>> {
    tx.fetch_all(
        "SELECT u.id AS pupil_id, u.pupil_key, u.family_name, u.usage_name, u.given_name, u.account_id, \
         s.uai, s.name AS school, s.academy, s.ministry, s.first_degree, e.class \
         FROM enrolment e JOIN pupil u ON u.id = e.pupil_id JOIN school s ON s.uai = e.uai \
         WHERE e.uai = $1 AND e.ended_at IS NULL ORDER BY e.class, u.family_name, u.given_name, u.id",
        args![uai],
    )
    .await
}

/// Lists the current enrolments of the pupil whose account it is.
pub async fn list_enrolments_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<EnrolledPupil>> {
    tx.fetch_all(
        "SELECT u.id AS pupil_id, u.pupil_key, u.family_name, u.usage_name, u.given_name, u.account_id, \
         s.uai, s.name AS school, s.academy, s.ministry, s.first_degree, e.class \
         FROM pupil u JOIN enrolment e ON e.pupil_id = u.id JOIN school s ON s.uai = e.uai \
         WHERE u.account_id = $1 AND e.ended_at IS NULL ORDER BY s.academy, s.uai, u.id LIMIT 20",
        args![account_id],
    )
    .await
}

/// Lists the schools to call about an account: those of the children, current or former, or the pupil's own.
pub async fn list_contacts_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<SchoolContact>> {
    let mut uais = Vec::new();
    for person_id in super::list_persons_of_account(tx, account_id).await? {
        uais.extend(super::list_schools_of_person(tx, &person_id).await?);
    }
    uais.extend(list_enrolments_of_account(tx, account_id).await?.into_iter().map(|enrolment| enrolment.uai));
    tenants::store::list_contacts(tx, &uais).await
}

/// Lists the pupils by whom an account belongs to schools: the children of a parent, or the pupil whose account it is.
pub async fn list_pupils_of_account(tx: &mut Tx, account_id: &AccountId, profile: Profile) -> Result<Vec<RosterChild>> {
    match profile {
        Profile::Responsable => return list_children_of_account(tx, account_id).await,
        Profile::Eleve => {}
        // No roster knows them.
        Profile::Enseignant | Profile::Personnel | Profile::Invite => return Ok(Vec::new()),
    }
    let enrolments = list_enrolments_of_account(tx, account_id).await?;
    let own = |pupil: EnrolledPupil| RosterChild {
        person_id: PersonId::new(""),
        pupil_id: pupil.pupil_id,
        pupil_key: pupil.pupil_key,
        family_name: pupil.family_name,
        usage_name: pupil.usage_name,
        given_name: pupil.given_name,
        birth_date: String::new(),
        uai: pupil.uai,
        school: pupil.school,
        academy: pupil.academy,
        ministry: pupil.ministry,
        first_degree: pupil.first_degree,
        class: pupil.class,
        is_hidden: false,
        may_have_aaf_key: true,
    };
    Ok(enrolments.into_iter().map(own).collect())
}

/// Returns the name of the school to which the person of a suspended account is sent: the one for which it was suspended,
/// as long as they belong to it, because no other knows of it; else the first.
pub async fn find_school_of_suspension(
    tx: &mut Tx,
    account_id: &AccountId,
    profile: Profile,
) -> Result<Option<String>> {
    let sql = "SELECT uai FROM audit WHERE account_id = $1 AND fact = 'account_suspended' \
               ORDER BY at DESC, id DESC LIMIT 1";
    let uai = tx.fetch_optional::<(Option<String>,)>(sql, args![account_id]).await?.and_then(|(uai,)| uai);
    let pupils = list_pupils_of_account(tx, account_id, profile).await?;
    let is_there = |pupil: &&RosterChild| uai.as_deref() == Some(pupil.uai.as_str());
    let found = pupils.iter().find(is_there).or(pupils.first());
    Ok(found.map(|pupil| pupil.school.clone()))
}

/// Records that the account's person proved to be the pupil's parent, by a right birth date; the first time is kept.
pub async fn record_proof(tx: &mut UnitOfWork<'_>, account_id: &AccountId, pupil_id: &PupilId) -> Result<()> {
    let now = tx.now;
    let sql = "INSERT INTO link_proof (account_id, pupil_id, means, at) VALUES ($1, $2, 'date', $3) \
               ON CONFLICT DO NOTHING";
    tx.execute(sql, args![account_id, pupil_id, now]).await?;
    Ok(())
}

/// True if the account's person ever proved to be the pupil's parent.
pub async fn has_proof(tx: &mut Tx, account_id: &AccountId, pupil_id: &PupilId) -> Result<bool> {
    let sql = "SELECT pupil_id FROM link_proof WHERE account_id = $1 AND pupil_id = $2";
    Ok(tx.fetch_optional::<(PupilId,)>(sql, args![account_id, pupil_id]).await?.is_some())
}

/// Returns the account of a pupil.
pub async fn find_account_of_pupil(tx: &mut Tx, pupil_id: &PupilId) -> Result<Option<AccountId>> {
    let sql = "SELECT account_id FROM pupil WHERE id = $1";
    Ok(tx.fetch_optional::<(Option<AccountId>,)>(sql, args![pupil_id]).await?.and_then(|(id,)| id))
}

/// Gives a pupil an account, once: compare-and-set on having none.
pub async fn link_pupil_to_account(tx: &mut Tx, pupil_id: &PupilId, account_id: &AccountId) -> Result<bool> {
    let sql = "UPDATE pupil SET account_id = $2 WHERE id = $1 AND account_id IS NULL";
    Ok(tx.execute(sql, args![pupil_id, account_id]).await? == 1)
}

/// A legal representative of a pupil, as far as a letter is concerned.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct LetterParent {
    pub person_id: PersonId,
    pub pupil_id: PupilId,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub account_id: Option<AccountId>,
    pub phone_state: String,
    pub phone_disowned_at: Option<i64>,
    /// PERSONNE_ID.
    pub person_key: String,
    /// CODE_PARENTE.
    pub relation: Option<String>,
}

/// CODE_PARENTE of the social services, to whom a child was given.
pub const INSTITUTION_RELATION: &str = "51";

impl LetterParent {
    /// True for an institution, of which one person at a time gets one child.
    pub fn is_institution(&self) -> bool {
        self.relation.as_deref() == Some(INSTITUTION_RELATION)
    }
}

/// Lists the legal representatives of the pupils of a school, one row for each of their children.
pub async fn list_parents(tx: &mut Tx, uai: &Uai) -> Result<Vec<LetterParent>> {
    tx.fetch_all(
        "SELECT p.id AS person_id, l.pupil_id, p.family_name, p.usage_name, p.given_name, p.account_id, \
         p.phone_state, p.phone_disowned_at, p.person_key, l.relation \
         FROM link l JOIN person p ON p.id = l.person_id \
         JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai AND e.ended_at IS NULL \
         WHERE l.uai = $1 AND l.level = 'legal' AND l.ended_at IS NULL ORDER BY p.family_name, p.given_name, p.id",
        args![uai],
    )
    .await
}
