//! The people of the measurement: families of an invented academy, by the statements of an import, and their accounts.
//!
//! Names are spread as real ones are: a quarter of the families have one of a few common names, the others a rare one,
//! and given names come again and again. A family is two parents and two pupils of one school.

use std::ops::Range;

use anyhow::Context as _;

use crate::accounts;
use crate::app::{AppState, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::date::BirthDate;
use crate::base::ids::row_ids;
use crate::base::phone::E164;
use crate::base::profile::Profile;
use crate::base::typed_ids::{PersonId, PupilId};
use crate::base::uai::Uai;
use crate::cli::bench::import::files::GeneratedSchool;
use crate::cli::bench::import::{ACADEMY, declare};
use crate::crypto::Priority;
use crate::db::{Durability, UnitOfWork};
use crate::roster::ops::words::index_batch;
use crate::roster::sealed_rows::{PersonRow, PupilRow};
use crate::roster::store::link_to_account;
use crate::roster::store::rows::{self, NewLink};
use crate::roster::{Level, PersonData, Phone, PupilData};
use crate::school_admin::ops::figures::count_schools;
use crate::tenants::store::figures::mark_figures;
use crate::tenants::{self, Campaign, Notice, NoticeKind};

/// The number of people of a family.
const FAMILY_SIZE: usize = 4;
/// One parent of so many has no mobile number.
const PARENTS_FOR_ONE_UNREACHABLE: usize = 20;
/// The number of parents whom the measurement looks for, at most.
const MAX_KNOWN_PARENTS: usize = 400;
/// The number of sign-ins of each of them in the journal.
const EVENTS_OF_KNOWN_PARENT: usize = 20;
const PASSWORD: &str = "Banc-de-mesure-7";

/// The common names.
pub const COMMON_NAMES: [&str; 24] = [
    "MARTIN", "BERNARD", "DUBOIS", "THOMAS", "ROBERT", "RICHARD", "PETIT", "DURAND", "LEROY", "MOREAU", "SIMON",
    "LAURENT", "LEFEBVRE", "MICHEL", "GARCIA", "DAVID", "BERTRAND", "ROUX", "VINCENT", "FOURNIER", "MOREL", "GIRARD",
    "ANDRÉ", "MERCIER",
];
pub const GIVEN_NAMES: [&str; 32] = [
    "Marie", "Anne", "Jean", "Paul", "Léa", "Louis", "Emma", "Hugo", "Chloé", "Adam", "Zoé", "Noé", "Lina", "Jules",
    "Sarah", "Lucas", "Inès", "Nathan", "Camille", "Tom", "Manon", "Théo", "Julie", "Maxime", "Fatou", "Mehdi",
    "Aïcha", "Karim", "Nadia", "Yanis", "Rose", "Victor",
];
const SYLLABLES: [&str; 30] = [
    "BA", "BE", "BO", "CA", "CO", "DA", "DE", "DI", "FA", "FE", "GA", "GO", "LA", "LE", "LI", "MA", "ME", "MO", "NA",
    "NE", "PA", "PE", "RA", "RE", "RO", "SA", "SE", "TA", "TE", "VI",
];
const CLASSES: [&str; 16] =
    ["6 A", "6 B", "6 C", "6 D", "5 A", "5 B", "5 C", "5 D", "4 A", "4 B", "4 C", "4 D", "3 A", "3 B", "3 C", "3 D"];

/// The size of the academy.
#[derive(Clone, Copy, Debug)]
pub struct AcademySize {
    pub people: usize,
    pub schools: usize,
}

/// A parent with an account, whom the measurement looks for.
#[derive(Clone, Debug)]
pub struct KnownParent {
    pub id: String,
    pub family_name: String,
    pub given_name: String,
    /// The last four digits of the mobile number.
    pub phone_end: String,
    pub identifiant: String,
}

fn pick(words: &[&'static str], number: usize) -> &'static str {
    words.get(number % words.len().max(1)).copied().unwrap_or_default()
}

/// Returns a number that looks like a random one, always the same.
fn scattered(number: usize) -> usize {
    number.wrapping_mul(2_654_435_761) % 1_000_003
}

/// Returns the name of a family: of every fourth one a common name.
fn family_name(family: usize) -> String {
    if family.is_multiple_of(4) {
        return pick(&COMMON_NAMES, family / 4).to_owned();
    }
    let number = scattered(family);
    let part = |place: usize| pick(&SYLLABLES, number / SYLLABLES.len().pow(u32::try_from(place).unwrap_or_default()));
    (0..3).map(part).collect()
}

fn mobile(parent: usize) -> anyhow::Result<E164> {
    E164::from_stored(&format!("+3363998{:07}", parent % 10_000_000)).context("a number")
}

/// Fills the database. Returns parents to look for, from all schools.
pub async fn fill(app: &AppState, size: AcademySize) -> anyhow::Result<Vec<KnownParent>> {
    let numbers = 0..size.schools;
    let schools: Vec<GeneratedSchool> = numbers.map(GeneratedSchool::new).collect::<anyhow::Result<_>>()?;
    declare(app, &schools, false).await?;
    app.db.prepare_bulk_write().await?;
    let hash = app.password_hasher.hash(PASSWORD, app.rng.as_ref(), Priority::Known).await?;
    let families = size.people.div_ceil(FAMILY_SIZE * schools.len().max(1)).max(1);
    let filling = Filling { hash: &hash, known_every: (families * schools.len()).div_ceil(MAX_KNOWN_PARENTS).max(1) };
    let mut known = Vec::new();
    for (place, school) in schools.iter().enumerate() {
        let first = place * families;
        let op = Operation::of_job(app, "bench");
        known.extend(filling.insert_school(&op, &school.uai, first..first + families).await?);
    }
    while index_batch(Operation::of_job(app, "bench").storage()).await? > 0 {}
    while count_schools(&Operation::of_job(app, "bench")).await? > 0 {}
    app.db.finish_bulk_write().await?;
    // As either database knows its tables some minutes later.
    app.db.renew_statistics().await?;
    app.db.analyze_restored().await?;
    Ok(known)
}

/// The people of a school, sealed.
#[derive(Default)]
struct SealedFamilies {
    persons: Vec<PersonRow>,
    pupils: Vec<PupilRow>,
    links: Vec<(PersonId, PupilId)>,
}

fn seal_families(op: &Operation<'_>, families: Range<usize>) -> anyhow::Result<SealedFamilies> {
    let (key, now) = (&op.app.master_key, op.now);
    let born = BirthDate::new(2013, 2, 14).context("a date")?;
    let ids = || row_ids(now, op.app.rng.as_ref(), families.len() * 2).into_iter();
    let (mut person_ids, mut pupil_ids) = (ids(), ids());
    let mut sealed = SealedFamilies::default();
    for family in families {
        let name = family_name(family);
        let (mut parents, mut children) = (Vec::new(), Vec::new());
        for member in [2 * family, 2 * family + 1] {
            let phone = match member % PARENTS_FOR_ONE_UNREACHABLE {
                0 => Phone::Absent,
                _ => Phone::Mobile(mobile(member)?),
            };
            let given = pick(&GIVEN_NAMES, scattered(member)).to_owned();
            let parent =
                PersonData { family: name.clone(), usage: None, given, phone, mobile_column: None, mail: None };
            let id = PersonId::new(person_ids.next().context("an id of each parent")?);
            sealed.persons.push(PersonRow::seal(key, &id, &format!("console{member}"), &parent, now)?);
            parents.push(id);
            let given = pick(&GIVEN_NAMES, scattered(member) / 7).to_owned();
            let pupil = PupilData { family: name.clone(), usage: None, given, born, ine_blind: None };
            let id = PupilId::new(pupil_ids.next().context("an id of each pupil")?);
            sealed.pupils.push(PupilRow::seal(key, &id, &format!("console{member}"), &pupil, now)?);
            children.push(id);
        }
        for parent in &parents {
            sealed.links.extend(children.iter().map(|child| (parent.clone(), child.clone())));
        }
    }
    Ok(sealed)
}

/// Returns the campaign of a school: they open together and close one after the other.
fn campaign_of(now: Timestamp, uai: &Uai) -> Campaign {
    let days = uai.bytes().map(i64::from).sum::<i64>() % 20;
    Campaign { opens_at: now.minus(Span::days(5)), closes_at: now.plus(Span::days(1 + days)) }
}

/// The means of filling a school.
struct Filling<'a> {
    /// The hash of the password of all accounts.
    hash: &'a str,
    /// One family of so many has a parent to look for.
    known_every: usize,
}

impl Filling<'_> {
    /// Inserts the families of a school in one transaction.
    async fn insert_school(
        &self,
        op: &Operation<'_>,
        uai: &Uai,
        families: Range<usize>,
    ) -> anyhow::Result<Vec<KnownParent>> {
        let sealed = seal_families(op, families.clone())?;
        let class = |place: usize| CLASSES.get(place % CLASSES.len()).copied();
        let enrolments: Vec<(&PupilId, Option<&str>)> =
            sealed.pupils.iter().enumerate().map(|(place, pupil)| (&pupil.id, class(place))).collect();
        let (level, relation, source) = (Level::Legal, None, "bench");
        let links: Vec<NewLink<'_>> = sealed
            .links
            .iter()
            .map(|(person_id, pupil_id)| NewLink { person_id, pupil_id, level, relation, source })
            .collect();
        let kind = NoticeKind::Unreachable;
        let unreachable = sealed.persons.iter().filter(|person| person.phone.is_none());
        let notices: Vec<Notice<'_>> = unreachable
            .map(|person| Notice { uai, person_id: &person.id, pupil_id: None, kind, support_code: "" })
            .collect();
        let mut tx = op.write(Durability::Relaxed).await?;
        rows::insert_persons(&mut tx, op.now, ACADEMY, &sealed.persons.iter().collect::<Vec<_>>()).await?;
        rows::insert_pupils(&mut tx, ACADEMY, &sealed.pupils.iter().collect::<Vec<_>>()).await?;
        rows::upsert_enrolments(&mut tx, uai, "bench", &enrolments).await?;
        rows::upsert_links(&mut tx, uai, &links).await?;
        tenants::store::upsert_notices(&mut tx, &notices).await?;
        tenants::store::upsert_campaign(&mut tx, uai, campaign_of(op.now, uai)).await?;
        let mut known = Vec::new();
        // The first parent of every other family has an account.
        for (family, parent) in families.zip(sealed.persons.iter().step_by(2)).filter(|(family, _)| family % 2 == 1) {
            let is_known = (family / 2).is_multiple_of(self.known_every);
            let events = if is_known { EVENTS_OF_KNOWN_PARENT } else { 1 };
            let identifiant = self.create_account(&mut tx, parent, events).await?;
            if is_known {
                let number = mobile(2 * family)?;
                known.push(KnownParent {
                    id: parent.id.to_string(),
                    family_name: parent.family_name.clone(),
                    given_name: parent.given_name.clone(),
                    phone_end: number.as_str().chars().skip(number.as_str().len().saturating_sub(4)).collect(),
                    identifiant,
                });
            }
        }
        mark_figures(&mut tx, uai).await?;
        tx.commit().await?;
        Ok(known)
    }

    /// Creates the account of a parent, who signed in so often. Returns its identifiant.
    async fn create_account(
        &self,
        tx: &mut UnitOfWork<'_>,
        parent: &PersonRow,
        sign_ins: usize,
    ) -> anyhow::Result<String> {
        let (given, family) = (&parent.given_name, &parent.family_name);
        let account = accounts::ops::create_account(tx, Profile::Responsable, given, family, None).await?;
        accounts::store::set_password(tx, &account.id, self.hash).await?;
        link_to_account(tx, &parent.id, &account.id).await?;
        let about = AuditDetails { account: Some(&account.id), ..AuditDetails::default() };
        for _ in 0..sign_ins {
            audit::store::record(tx, AuditEvent::SignedIn, about).await?;
        }
        Ok(account.identifiant)
    }
}
