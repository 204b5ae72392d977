//! The stored state of a school, and the writing of its plan.
//!
//! Encryption happens in [`SealedPlan::seal`], before the write transaction begins: SQLite has only one writer.

use std::collections::{BTreeMap, BTreeSet};

use super::{ImportContext, ImportError, Result};
use crate::app::StorageOperation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::ids::row_id;
use crate::base::typed_ids::{PersonId, PupilId};
use crate::db::{self, Durability, Tx, UnitOfWork, parse_word};
use crate::roster::LinkData;
use crate::roster::formats::{RosterFormat, SchoolRoster};
use crate::roster::reconcile::{CurrentState, ExportVersion, LinkKey, ReconcilePlan};
use crate::roster::report::RosterChanges;
use crate::roster::same_pupil::{MIN_ABSENCE, PupilElsewhere};
use crate::roster::sealed_rows::{PersonRow, PupilRow, open_birth_date};
use crate::roster::store::import::{self, NewLink, RosterSetRow};
use crate::roster::store::same_pupil;
use crate::roster::uai::Uai;
use crate::tenants::{self, Notice, NoticeKind};

/// The stored state of a school, with the ids of its rows.
pub struct StoredRoster {
    pub current: CurrentState,
    set: Option<RosterSetRow>,
    /// Row ids by PERSONNE_ID; `pupils` by ELEVE_ID.
    persons: BTreeMap<String, PersonId>,
    pupils: BTreeMap<String, PupilId>,
}

impl StoredRoster {
    /// Reads the roster revision first: a change to anything read afterwards is detected by this revision.
    pub async fn read(tx: &mut Tx, op: StorageOperation<'_>, academy: &str, set: &SchoolRoster) -> Result<Self> {
        let master_key = op.master_key;
        let last = import::find_set(tx, &set.uai).await?;
        let mut state =
            Self { current: CurrentState::default(), set: last, persons: BTreeMap::new(), pupils: BTreeMap::new() };
        state.current.last_export = last.map(|last| export_version(&last, &set.uai)).transpose()?;
        let named = set.persons.iter().map(|person| &person.id).chain(set.links.iter().map(|link| &link.person));
        let named: Vec<&str> = named.map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect();
        for row in import::list_persons(tx, academy, &named).await? {
            state.current.persons.insert(row.person_key.clone(), row.open(master_key)?);
            state.persons.insert(row.person_key, row.id);
        }
        let named: Vec<&str> = set.pupils.iter().map(|pupil| pupil.id.as_str()).collect();
        let mut accounted = BTreeSet::new();
        for row in import::list_pupils(tx, academy, &named).await? {
            accounted.extend(row.account_id.is_some().then(|| row.pupil_key.clone()));
            state.current.pupils.insert(row.pupil_key.clone(), row.open(master_key)?);
            state.pupils.insert(row.pupil_key, row.id);
        }
        for row in import::list_enrolments(tx, &set.uai).await? {
            state.current.enrolments.insert(row.pupil_key.clone(), row.class);
            state.pupils.insert(row.pupil_key, row.pupil_id);
        }
        for row in import::list_links(tx, &set.uai).await? {
            let level = parse_word("link", "level", &row.person_id, &row.level)?;
            let data = LinkData { level, relation: row.relation };
            state.current.links.insert((row.pupil_key.clone(), row.person_key.clone()), data);
            state.pupils.insert(row.pupil_key, row.pupil_id);
            state.persons.insert(row.person_key, row.person_id);
        }
        state.read_elsewhere(tx, op, set, &accounted).await?;
        Ok(state)
    }

    /// Reads the records with an account that have the INE of a pupil of the roster without one. A record that this
    /// same export gives another INE has that one no more.
    async fn read_elsewhere(
        &mut self,
        tx: &mut Tx,
        op: StorageOperation<'_>,
        set: &SchoolRoster,
        accounted: &BTreeSet<String>,
    ) -> Result<()> {
        let without = set.pupils.iter().filter(|pupil| !accounted.contains(&pupil.id));
        let mut by_ine: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for pupil in without {
            if let Some(ine) = &pupil.data.ine_blind {
                by_ine.entry(ine).or_default().push(&pupil.id);
            }
        }
        let corrected: BTreeMap<&PupilId, &str> = set
            .pupils
            .iter()
            .filter_map(|pupil| Some((self.pupils.get(&pupil.id)?, pupil.data.ine_blind.as_deref()?)))
            .collect();
        let blinds: Vec<&str> = by_ine.keys().copied().collect();
        for row in same_pupil::list_with_account(tx, &blinds).await? {
            if corrected.get(&row.id).is_some_and(|ine| *ine != row.ine_blind) {
                continue;
            }
            let born = open_birth_date(op.master_key, &row.id, &row.birth_date)?;
            for key in by_ine.get(row.ine_blind.as_str()).into_iter().flatten() {
                let other = PupilElsewhere {
                    born,
                    // Ids are in the order of their creation.
                    is_older: self.pupils.get(*key).is_none_or(|own| row.id < *own),
                    pupil_id: row.id.clone(),
                    account_id: row.account_id.clone(),
                    family: row.family_name.clone(),
                    given: row.given_name.clone(),
                };
                self.current.elsewhere.entry((*key).to_owned()).or_default().push(other);
            }
        }
        self.read_history(tx, op.now).await
    }

    /// Reads of the pupils with records elsewhere who was enrolled lately, and passes over those whom an operator took
    /// out of a wrong account.
    async fn read_history(&mut self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        let own: Vec<&PupilId> = self.current.elsewhere.keys().filter_map(|key| self.pupils.get(key)).collect();
        for row in same_pupil::list_histories(tx, now, &own).await? {
            if row.join_barred_at.is_some() {
                self.current.elsewhere.remove(&row.pupil_key);
            } else if row.enrolled_at.is_some_and(|at| now.since(Timestamp(at)) < MIN_ABSENCE) {
                self.current.lately_enrolled.insert(row.pupil_key);
            }
        }
        Ok(())
    }
}

fn export_version(row: &RosterSetRow, uai: &Uai) -> Result<ExportVersion> {
    Ok(ExportVersion {
        year: u16::try_from(row.school_year).map_err(|_| inconsistent("roster_set", "school_year", uai.as_str()))?,
        pupils_at: Timestamp(row.eleves_exported_at),
        persons_at: Timestamp(row.responsables_exported_at),
    })
}

fn inconsistent(table: &'static str, column: &'static str, row: &str) -> ImportError {
    ImportError::Db(db::DbError::Inconsistent { table, column, row: row.to_owned() })
}

/// A plan with its encrypted rows.
pub struct SealedPlan {
    format: RosterFormat,
    plan: ReconcilePlan,
    set: Option<RosterSetRow>,
    persons: BTreeMap<String, PersonId>,
    pupils: BTreeMap<String, PupilId>,
    persons_new: Vec<PersonRow>,
    persons_changed: Vec<PersonRow>,
    pupils_new: Vec<PupilRow>,
    pupils_changed: Vec<PupilRow>,
}

impl SealedPlan {
    pub fn seal(
        ctx: ImportContext<'_>,
        state: StoredRoster,
        plan: ReconcilePlan,
        format: RosterFormat,
    ) -> Result<Self> {
        let StoredRoster { set, mut persons, mut pupils, .. } = state;
        for (key, _) in &plan.persons_new {
            persons.insert(key.clone(), PersonId::new(row_id(ctx.storage.now, ctx.storage.rng)));
        }
        for (key, _) in &plan.pupils_new {
            pupils.insert(key.clone(), PupilId::new(row_id(ctx.storage.now, ctx.storage.rng)));
        }
        let ExportVersion { pupils_at: eleves, persons_at: responsables, .. } = plan.export;
        let person = |(key, data): &(String, _)| {
            let id = row_id_of("person", &persons, key)?;
            Ok(PersonRow::seal(ctx.storage.master_key, id, key, data, responsables)?)
        };
        let pupil = |(key, data): &(String, _)| {
            let id = row_id_of("pupil", &pupils, key)?;
            Ok(PupilRow::seal(ctx.storage.master_key, id, key, data, eleves)?)
        };
        let persons_new = plan.persons_new.iter().map(person).collect::<Result<_>>()?;
        let persons_changed = plan.persons_changed.iter().map(person).collect::<Result<_>>()?;
        let pupils_new = plan.pupils_new.iter().map(pupil).collect::<Result<_>>()?;
        let pupils_changed = plan.pupils_changed.iter().map(pupil).collect::<Result<_>>()?;
        Ok(Self { format, plan, set, persons, pupils, persons_new, persons_changed, pupils_new, pupils_changed })
    }

    /// Writes the plan in one transaction. Returns false, with nothing written, if another import committed first.
    pub async fn apply(self, ctx: ImportContext<'_>, academy: &str, uai: &Uai) -> Result<bool> {
        let mut tx = ctx.storage.write(Durability::Durable).await?;
        let new = self.revision();
        let first = import::compare_and_set(&mut tx, uai, self.set, new).await?;
        if !first || !self.write_people(&mut tx, academy).await? || !self.write_accounts(&mut tx, academy, uai).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        self.write_school(&mut tx, uai).await?;
        self.write_notices(&mut tx, uai).await?;
        let detail = format!("{uai} revision {}: {}", new.revision, RosterChanges::from(&self.plan));
        let about = AuditDetails { uai: Some(uai), detail: &detail, ..AuditDetails::default() };
        audit::store::record(&mut tx, AuditEvent::RosterImported, about).await?;
        tx.commit().await?;
        Ok(true)
    }

    fn revision(&self) -> RosterSetRow {
        let ExportVersion { year, pupils_at: eleves, persons_at: responsables } = self.plan.export;
        RosterSetRow {
            revision: self.set.map_or(1, |set| set.revision.saturating_add(1)),
            school_year: i64::from(year),
            eleves_exported_at: eleves.0,
            responsables_exported_at: responsables.0,
        }
    }

    /// Writes persons and pupils, each list in the order of the ids: two schools of an academy with common people then
    /// seldom deadlock.
    async fn write_people(&self, tx: &mut UnitOfWork<'_>, academy: &str) -> Result<bool> {
        let now = tx.now;
        for row in &self.persons_new {
            if !import::insert_person(tx, now, academy, row).await? {
                return Ok(false);
            }
        }
        for row in &self.pupils_new {
            if !import::insert_pupil(tx, academy, row).await? {
                return Ok(false);
            }
        }
        for row in &self.persons_changed {
            import::update_person(tx, now, row).await?;
        }
        for row in &self.pupils_changed {
            import::update_pupil(tx, row).await?;
        }
        let ExportVersion { pupils_at: eleves, persons_at: responsables, .. } = self.plan.export;
        import::touch_persons(tx, responsables, &row_ids("person", &self.persons, &self.plan.persons_unchanged)?)
            .await?;
        import::touch_pupils(tx, eleves, &row_ids("pupil", &self.pupils, &self.plan.pupils_unchanged)?).await?;
        Ok(true)
    }

    /// Gives recognised pupils their account. Returns false if one changed since it was read.
    async fn write_accounts(&self, tx: &mut UnitOfWork<'_>, academy: &str, uai: &Uai) -> Result<bool> {
        for (key, other) in &self.plan.accounts_joined {
            let pupil_id = row_id_of("pupil", &self.pupils, key)?;
            if !same_pupil::join_account(tx, pupil_id, &other.pupil_id, &other.account_id).await? {
                return Ok(false);
            }
            let about = AuditDetails {
                account: Some(&other.account_id),
                uai: Some(uai),
                detail: academy,
                ..AuditDetails::default()
            };
            audit::store::record(tx, AuditEvent::PupilRecognised, about).await?;
        }
        Ok(true)
    }

    async fn write_school(&self, tx: &mut UnitOfWork<'_>, uai: &Uai) -> Result<()> {
        let plan = &self.plan;
        for (pupil, class) in plan.enrolments_started.iter().chain(&plan.enrolments_moved) {
            import::upsert_enrolment(tx, uai, row_id_of("pupil", &self.pupils, pupil)?, class.as_deref()).await?;
        }
        for (key, data) in plan.links_started.iter().chain(&plan.links_changed) {
            let (person_id, pupil_id) = self.link_ids(key)?;
            let (level, relation) = (data.level, data.relation.as_deref());
            import::upsert_link(tx, uai, &NewLink { person_id, pupil_id, level, relation, source: self.format.name() })
                .await?;
        }
        for key in &plan.links_ended {
            let (person, pupil) = self.link_ids(key)?;
            import::end_link(tx, uai, person, pupil).await?;
        }
        for pupil in &plan.enrolments_ended {
            import::end_enrolment(tx, uai, row_id_of("pupil", &self.pupils, pupil)?).await?;
        }
        Ok(())
    }

    /// Writes notices for the school about unreachable persons and duplicate links, and settles those no longer true.
    async fn write_notices(&self, tx: &mut UnitOfWork<'_>, uai: &Uai) -> Result<()> {
        for (key, _) in &self.plan.unreachable {
            let person_id = row_id_of("person", &self.persons, key)?;
            let kind = NoticeKind::Unreachable;
            let notice = Notice { uai, person_id, pupil_id: None, kind, support_code: "" };
            tenants::store::upsert_notice(tx, &notice).await?;
        }
        tenants::store::settle_unreachable(tx, uai).await?;
        tenants::store::settle_country(tx, uai).await?;
        tenants::store::settle_ended(tx, uai).await?;
        tenants::store::reopen_hidden(tx, uai).await?;
        let mut repeated = BTreeSet::new();
        for key in &self.plan.duplicate_links {
            let (person_id, pupil_id) = self.link_ids(key)?;
            let kind = NoticeKind::LinkRepeated;
            let notice = Notice { uai, person_id, pupil_id: Some(pupil_id), kind, support_code: "" };
            tenants::store::upsert_notice(tx, &notice).await?;
            repeated.insert((person_id, pupil_id));
        }
        Ok(tenants::store::settle_repeated(tx, uai, &repeated).await?)
    }

    fn link_ids(&self, (pupil, person): &LinkKey) -> Result<(&PersonId, &PupilId)> {
        Ok((row_id_of("person", &self.persons, person)?, row_id_of("pupil", &self.pupils, pupil)?))
    }
}

fn row_id_of<'a, Id>(what: &'static str, rows: &'a BTreeMap<String, Id>, key: &str) -> Result<&'a Id> {
    rows.get(key).ok_or_else(|| ImportError::UnknownRow { what, key: key.to_owned() })
}

fn row_ids<'a, Id>(what: &'static str, rows: &'a BTreeMap<String, Id>, keys: &[String]) -> Result<Vec<&'a Id>> {
    keys.iter().map(|key| row_id_of(what, rows, key)).collect()
}
