//! A school as the database has it, and its plan on the way into the database.
//!
//! Sealing happens in [`Writing::prepare`], before the writer is taken: SQLite has only one.

use std::collections::{BTreeMap, BTreeSet};

use super::{House, ImportError, Result};
use crate::audit::{self, About, Fact};
use crate::base::clock::Timestamp;
use crate::base::ids::row_id;
use crate::db::{self, Durability, Tx};
use crate::roster::formats::SchoolSet;
use crate::roster::reconcile::{Exported, Known, LinkKey, Plan};
use crate::roster::report::Changes;
use crate::roster::sealed::{PersonRow, PupilRow};
use crate::roster::store::import::{self as rows, NewLink, SetRow};
use crate::roster::uai::Uai;
use crate::roster::{Level, LinkData};
use crate::seal::Vault;
use crate::tenants::{self, Notice, NoticeKind};

/// What links say of where they come from.
const SOURCE: &str = "siecle";

/// What is known of a school, and under which ids.
pub struct State {
    pub known: Known,
    set: Option<SetRow>,
    /// Row ids by PERSONNE_ID and ELEVE_ID.
    persons: BTreeMap<String, String>,
    pupils: BTreeMap<String, String>,
}

impl State {
    /// The set first: whatever is read after it and changes meanwhile is found out by its revision.
    pub async fn read(tx: &mut Tx, vault: &Vault, academy: &str, set: &SchoolSet) -> Result<Self> {
        let last = rows::set(tx, set.uai.as_str()).await?;
        let mut state = Self { known: Known::default(), set: last, persons: BTreeMap::new(), pupils: BTreeMap::new() };
        state.known.exported = last.map(|last| exported(&last, &set.uai)).transpose()?;
        let named = set.persons.iter().map(|person| &person.id).chain(set.links.iter().map(|link| &link.person));
        let named: Vec<&str> = named.map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect();
        for row in rows::persons(tx, academy, &named).await? {
            state.known.persons.insert(row.person_key.clone(), row.open(vault)?);
            state.persons.insert(row.person_key, row.id);
        }
        let named: Vec<&str> = set.pupils.iter().map(|pupil| pupil.id.as_str()).collect();
        for row in rows::pupils(tx, academy, &named).await? {
            state.known.pupils.insert(row.pupil_key.clone(), row.open(vault)?);
            state.pupils.insert(row.pupil_key, row.id);
        }
        for row in rows::enrolments(tx, set.uai.as_str()).await? {
            state.known.enrolments.insert(row.pupil_key.clone(), row.class);
            state.pupils.insert(row.pupil_key, row.pupil_id);
        }
        for row in rows::links(tx, set.uai.as_str()).await? {
            let level = Level::from_stored(&row.level).ok_or_else(|| inconsistent("link", "level", &row.person_id))?;
            let data = LinkData { level, relation: row.relation };
            state.known.links.insert((row.pupil_key.clone(), row.person_key.clone()), data);
            state.pupils.insert(row.pupil_key, row.pupil_id);
            state.persons.insert(row.person_key, row.person_id);
        }
        Ok(state)
    }
}

fn exported(row: &SetRow, uai: &Uai) -> Result<Exported> {
    Ok(Exported {
        year: u16::try_from(row.school_year).map_err(|_| inconsistent("roster_set", "school_year", uai.as_str()))?,
        eleves: Timestamp(row.eleves_exported_at),
        responsables: Timestamp(row.responsables_exported_at),
    })
}

fn inconsistent(table: &'static str, column: &'static str, row: &str) -> ImportError {
    ImportError::Db(db::Error::Inconsistent { table, column, row: row.to_owned() })
}

/// A plan with its sealed rows.
pub struct Writing {
    plan: Plan,
    set: Option<SetRow>,
    persons: BTreeMap<String, String>,
    pupils: BTreeMap<String, String>,
    persons_new: Vec<PersonRow>,
    persons_changed: Vec<PersonRow>,
    pupils_new: Vec<PupilRow>,
    pupils_changed: Vec<PupilRow>,
}

impl Writing {
    pub fn prepare(house: House<'_>, state: State, plan: Plan) -> Result<Self> {
        let State { set, mut persons, mut pupils, .. } = state;
        for (key, _) in &plan.persons_new {
            persons.insert(key.clone(), row_id(house.now, house.rng));
        }
        for (key, _) in &plan.pupils_new {
            pupils.insert(key.clone(), row_id(house.now, house.rng));
        }
        let Exported { eleves, responsables, .. } = plan.exported;
        let person = |(key, data): &(String, _)| {
            let id = row_of("person", &persons, key)?;
            Ok(PersonRow::seal(house.vault, id, key, data, responsables)?)
        };
        let pupil = |(key, data): &(String, _)| {
            let id = row_of("pupil", &pupils, key)?;
            Ok(PupilRow::seal(house.vault, id, key, data, eleves)?)
        };
        let persons_new = plan.persons_new.iter().map(person).collect::<Result<_>>()?;
        let persons_changed = plan.persons_changed.iter().map(person).collect::<Result<_>>()?;
        let pupils_new = plan.pupils_new.iter().map(pupil).collect::<Result<_>>()?;
        let pupils_changed = plan.pupils_changed.iter().map(pupil).collect::<Result<_>>()?;
        Ok(Self { plan, set, persons, pupils, persons_new, persons_changed, pupils_new, pupils_changed })
    }

    /// One transaction. False, and nothing written, if somebody else came first.
    pub async fn apply(self, house: House<'_>, academy: &str, uai: &Uai) -> Result<bool> {
        let mut tx = house.db.write(Durability::Durable).await?;
        let new = self.revision();
        let first = rows::advance(&mut tx, house.now, uai.as_str(), self.set, new).await?;
        if !first || !self.people(&mut tx, academy).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        self.school(&mut tx, house.now, uai.as_str()).await?;
        self.notices(&mut tx, house, uai.as_str()).await?;
        let detail = format!("{uai} revision {}: {}", new.revision, Changes::from(&self.plan));
        let about = About { detail: &detail, ..About::default() };
        audit::store::record(&mut tx, house.rng, house.now, Fact::RosterImported, about).await?;
        tx.commit().await?;
        Ok(true)
    }

    fn revision(&self) -> SetRow {
        let Exported { year, eleves, responsables } = self.plan.exported;
        SetRow {
            revision: self.set.map_or(1, |set| set.revision.saturating_add(1)),
            school_year: i64::from(year),
            eleves_exported_at: eleves.0,
            responsables_exported_at: responsables.0,
        }
    }

    /// Persons and pupils, each list in the order of their ids: two schools of an academy that share people then
    /// seldom wait for each other crosswise.
    async fn people(&self, tx: &mut Tx, academy: &str) -> Result<bool> {
        for row in &self.persons_new {
            if !rows::add_person(tx, academy, row).await? {
                return Ok(false);
            }
        }
        for row in &self.pupils_new {
            if !rows::add_pupil(tx, academy, row).await? {
                return Ok(false);
            }
        }
        for row in &self.persons_changed {
            rows::change_person(tx, row).await?;
        }
        for row in &self.pupils_changed {
            rows::change_pupil(tx, row).await?;
        }
        let Exported { eleves, responsables, .. } = self.plan.exported;
        rows::confirm_persons(tx, responsables, &ids("person", &self.persons, &self.plan.persons_confirmed)?).await?;
        rows::confirm_pupils(tx, eleves, &ids("pupil", &self.pupils, &self.plan.pupils_confirmed)?).await?;
        Ok(true)
    }

    async fn school(&self, tx: &mut Tx, now: Timestamp, uai: &str) -> Result<()> {
        let plan = &self.plan;
        for (pupil, class) in plan.enrolments_started.iter().chain(&plan.enrolments_moved) {
            rows::enrol(tx, uai, row_of("pupil", &self.pupils, pupil)?, class.as_deref()).await?;
        }
        for (key, data) in plan.links_started.iter().chain(&plan.links_changed) {
            let (person_id, pupil_id) = self.link(key)?;
            let (level, relation) = (data.level.as_str(), data.relation.as_deref());
            rows::put_link(tx, uai, &NewLink { person_id, pupil_id, level, relation, source: SOURCE }).await?;
        }
        for key in &plan.links_ended {
            let (person, pupil) = self.link(key)?;
            rows::end_link(tx, now, uai, person, pupil).await?;
        }
        for pupil in &plan.enrolments_ended {
            rows::end_enrolment(tx, now, uai, row_of("pupil", &self.pupils, pupil)?).await?;
        }
        Ok(())
    }

    /// The school learns whom no code can reach, and which links its base has more than once, for as long as it is so.
    async fn notices(&self, tx: &mut Tx, house: House<'_>, uai: &str) -> Result<()> {
        for (key, _) in &self.plan.unreachable {
            let person_id = row_of("person", &self.persons, key)?;
            let kind = NoticeKind::Unreachable;
            let notice = Notice { uai, person_id, pupil_id: None, kind, support_code: "" };
            tenants::store::notify(tx, house.rng, house.now, &notice).await?;
        }
        tenants::store::settle_unreachable(tx, house.now, uai).await?;
        tenants::store::settle_ended(tx, house.now, uai).await?;
        tenants::store::reopen_withheld(tx, uai).await?;
        let mut repeated = BTreeSet::new();
        for key in &self.plan.links_repeated {
            let (person_id, pupil_id) = self.link(key)?;
            let kind = NoticeKind::LinkRepeated;
            let notice = Notice { uai, person_id, pupil_id: Some(pupil_id), kind, support_code: "" };
            tenants::store::notify(tx, house.rng, house.now, &notice).await?;
            repeated.insert((person_id, pupil_id));
        }
        Ok(tenants::store::settle_repeated(tx, house.now, uai, &repeated).await?)
    }

    fn link(&self, (pupil, person): &LinkKey) -> Result<(&str, &str)> {
        Ok((row_of("person", &self.persons, person)?, row_of("pupil", &self.pupils, pupil)?))
    }
}

fn row_of<'a>(what: &'static str, rows: &'a BTreeMap<String, String>, key: &str) -> Result<&'a str> {
    rows.get(key).map(String::as_str).ok_or_else(|| ImportError::Lost { what, key: key.to_owned() })
}

fn ids<'a>(what: &'static str, rows: &'a BTreeMap<String, String>, keys: &[String]) -> Result<Vec<&'a str>> {
    keys.iter().map(|key| row_of(what, rows, key)).collect()
}
