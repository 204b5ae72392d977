//! The stored state of a school, by the keys of the format that is imported.

use std::collections::{BTreeMap, BTreeSet};

use super::row_matching::RowMatching;
use super::stored_rows::{RowKeys, SchoolRows, StoredRows};
use super::{ImportError, ImportRequest, Result};
use crate::base::clock::Timestamp;
use crate::base::phone::PhoneParser;
use crate::base::typed_ids::{PersonId, PupilId};
use crate::crypto::MasterKey;
use crate::db::{self, Db, Tx, parse_word};
use crate::roster::LinkData;
use crate::roster::formats::SchoolRoster;
use crate::roster::precedence::{FormatStanding, RowAuthority};
use crate::roster::reconcile::{CurrentState, ExportVersion};
use crate::roster::same_pupil::{MIN_ABSENCE, PupilElsewhere};
use crate::roster::sealed_rows::{PersonRow, PupilRow, open_birth_date};
use crate::roster::store::import::{self, EnrolmentRow, LinkRow, RosterExportRow, RosterSetRow};
use crate::roster::store::same_pupil;
use crate::roster::store::statements::StatementRow;

/// The inputs of reading a school's state.
#[derive(Clone, Copy)]
pub struct RosterReading<'a> {
    /// Lends a second connection.
    pub db: &'a Db,
    pub request: &'a ImportRequest,
    pub master_key: &'a MasterKey,
    pub phone_parser: &'a PhoneParser,
    pub now: Timestamp,
    pub set: &'a SchoolRoster,
}

/// The stored state of a school, with the ids of its rows.
pub struct StoredRoster {
    pub current: CurrentState,
    pub standing: FormatStanding,
    pub set: Option<RosterSetRow>,
    /// Row ids by the keys of the format.
    pub persons: BTreeMap<String, PersonId>,
    pub pupils: BTreeMap<String, PupilId>,
    /// The rows of another format that the records of this one are.
    pub matching: RowMatching,
    /// The persons and pupils that the format leads already.
    pub led: BTreeSet<String>,
    /// The rows before the import.
    pub former: FormerRows,
    /// The statements of this format before about contested rows, by the row's id, and those to be remembered.
    pub said: BTreeMap<String, StatementRow>,
    pub statements: Vec<StatementRow>,
    /// The pupils who have an account.
    accounted: BTreeSet<String>,
}

/// The rows of people by key.
#[derive(Debug, Default)]
pub struct FormerRows {
    pub persons: BTreeMap<String, PersonRow>,
    pub pupils: BTreeMap<String, PupilRow>,
}

impl StoredRoster {
    /// Reads the roster revision first: a change to anything read afterwards is detected by this revision.
    pub async fn read(tx: &mut Tx, reading: RosterReading<'_>) -> Result<Self> {
        let RosterReading { request, set, .. } = reading;
        let last = import::find_set(tx, &set.uai).await?;
        let mut state = Self {
            current: CurrentState::default(),
            standing: standing_of(request, set, last.as_ref().filter(|last| last.has_export()))?,
            set: last,
            persons: BTreeMap::new(),
            pupils: BTreeMap::new(),
            matching: RowMatching::default(),
            led: BTreeSet::new(),
            former: FormerRows::default(),
            said: BTreeMap::new(),
            statements: Vec::new(),
            accounted: BTreeSet::new(),
        };
        state.current.last_export = state.find_last_export(tx, set).await?;
        let StoredRows { persons, of_pupils } = StoredRows::read(tx, reading, !state.standing.leads()).await?;
        let SchoolRows { pupils, enrolments, links } = of_pupils;
        state.take_people(tx, reading, (persons, pupils)).await?;
        state.match_rows(tx, reading).await?;
        state.take_school(tx, reading, (enrolments, links)).await?;
        state.read_elsewhere(tx, reading).await?;
        Ok(state)
    }

    async fn find_last_export(&self, tx: &mut Tx, set: &SchoolRoster) -> Result<Option<ExportVersion>> {
        let FormatStanding { format, leading, leading_export, .. } = &self.standing;
        if format == leading {
            return Ok(*leading_export);
        }
        let row = import::find_export(tx, &set.uai, format).await?;
        row.map(|row| export_version(&row, set)).transpose()
    }

    async fn take_people(
        &mut self,
        tx: &mut Tx,
        reading: RosterReading<'_>,
        (persons, pupils): (Vec<PersonRow>, Vec<PupilRow>),
    ) -> Result<()> {
        self.read_statements(tx, persons.iter().map(|row| (row.id.as_str(), row.led_by.as_deref()))).await?;
        for row in persons {
            self.take_person(reading, row.person_key.clone(), row)?;
        }
        self.read_statements(tx, pupils.iter().map(|row| (row.id.as_str(), row.led_by.as_deref()))).await?;
        for row in pupils {
            self.take_pupil(reading, row.pupil_key.clone(), row)?;
        }
        Ok(())
    }

    /// Takes a person's row under a key of the format.
    pub fn take_person(&mut self, reading: RosterReading<'_>, key: String, row: PersonRow) -> Result<()> {
        let mut data = row.open(reading.master_key)?;
        match self.weigh_person(reading, &key, &row, &mut data) {
            RowAuthority::Owned => _ = self.led.insert(key.clone()),
            RowAuthority::Fixed => _ = self.current.held.persons.insert(key.clone()),
            RowAuthority::Adoptable if self.standing.leads() => {
                self.current.held.persons_to_lead.insert(key.clone());
            }
            RowAuthority::Adoptable => {}
        }
        self.current.persons.insert(key.clone(), data);
        self.persons.insert(key.clone(), row.id.clone());
        self.former.persons.insert(key, row);
        Ok(())
    }

    /// Takes a pupil's row under a key of the format.
    pub fn take_pupil(&mut self, reading: RosterReading<'_>, key: String, row: PupilRow) -> Result<()> {
        let mut data = row.open(reading.master_key)?;
        match self.weigh_pupil(reading, &key, &row, &mut data) {
            RowAuthority::Owned => _ = self.led.insert(key.clone()),
            RowAuthority::Fixed => _ = self.current.held.pupils.insert(key.clone()),
            RowAuthority::Adoptable if self.standing.leads() => {
                self.current.held.pupils_to_lead.insert(key.clone());
            }
            RowAuthority::Adoptable => {}
        }
        self.accounted.extend(row.account_id.is_some().then(|| key.clone()));
        self.current.pupils.insert(key.clone(), data);
        self.pupils.insert(key.clone(), row.id.clone());
        self.former.pupils.insert(key, row);
        Ok(())
    }

    /// Takes enrolments and links, as far as they are of the import's own domain. The people of a record that was matched are
    /// under its key.
    async fn take_school(
        &mut self,
        tx: &mut Tx,
        reading: RosterReading<'_>,
        (enrolments, links): (Vec<EnrolmentRow>, Vec<LinkRow>),
    ) -> Result<()> {
        let (format, set) = (reading.request.format, reading.set);
        let ids: Vec<&PupilId> =
            enrolments.iter().map(|row| &row.pupil_id).chain(links.iter().map(|row| &row.pupil_id)).collect();
        let pupil_keys = RowKeys::of_pupils(tx, format, &self.pupils, &ids).await?;
        let ids: Vec<&PersonId> = links.iter().map(|row| &row.person_id).collect();
        let person_keys = RowKeys::of_persons(tx, format, &self.persons, &ids).await?;
        for row in &enrolments {
            for pupil in pupil_keys.of_row(&row.pupil_id) {
                match self.authority(&row.source, set.pupils_exported_at, &[pupil.as_str()]) {
                    RowAuthority::Owned if row.is_current => {
                        self.current.enrolments.insert(pupil.clone(), row.class.clone());
                        note_row(&mut self.pupils, pupil, &row.pupil_id);
                    }
                    RowAuthority::Fixed => _ = self.current.held.enrolments.insert(pupil.clone()),
                    RowAuthority::Owned | RowAuthority::Adoptable => {}
                }
            }
        }
        for row in &links {
            let persons = person_keys.of_row(&row.person_id);
            let pupils = pupil_keys.of_row(&row.pupil_id).iter();
            for (pupil, person) in pupils.flat_map(|pupil| persons.iter().map(move |person| (pupil, person))) {
                match self.authority(&row.source, set.persons_exported_at, &[pupil.as_str(), person.as_str()]) {
                    RowAuthority::Owned if row.is_current => {
                        let level = parse_word("link", "level", &row.person_id, &row.level)?;
                        let data = LinkData { level, relation: row.relation.clone() };
                        self.current.links.insert((pupil.clone(), person.clone()), data);
                        note_row(&mut self.pupils, pupil, &row.pupil_id);
                        note_row(&mut self.persons, person, &row.person_id);
                    }
                    RowAuthority::Fixed => _ = self.current.held.links.insert((pupil.clone(), person.clone())),
                    RowAuthority::Owned | RowAuthority::Adoptable => {}
                }
            }
        }
        Ok(())
    }

    /// Returns the authority over an enrolment or a link. Of people whom this format does not know, what another one wrote
    /// is not its to end, unless it takes the lead.
    fn authority(&self, source: &str, given_at: Timestamp, keys: &[&str]) -> RowAuthority {
        let standing = &self.standing;
        let is_foreign = keys.iter().any(|key| key.contains(['~', ':']));
        match standing.authority_over(source, given_at) {
            RowAuthority::Owned if is_foreign && source != standing.format && !standing.takes_lead => {
                RowAuthority::Fixed
            }
            authority => authority,
        }
    }

    /// Reads the records with an account that have the INE of a pupil of the roster without one. A record that this
    /// same export gives another INE has that one no more, unless the record is newer, or another format's.
    async fn read_elsewhere(&mut self, tx: &mut Tx, reading: RosterReading<'_>) -> Result<()> {
        let set = reading.set;
        let without = set.pupils.iter().filter(|pupil| !self.accounted.contains(&pupil.id));
        let mut by_ine: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for pupil in without {
            if let Some(ine) = &pupil.data.ine_blind {
                by_ine.entry(ine).or_default().push(&pupil.id);
            }
        }
        let is_written = |id: &str| {
            let row = self.current.pupils.get(id);
            row.is_some_and(|row| row.exported_at <= set.pupils_exported_at) && !self.current.held.pupils.contains(id)
        };
        let corrected: BTreeMap<&PupilId, &str> = set
            .pupils
            .iter()
            .filter(|pupil| is_written(&pupil.id))
            .filter_map(|pupil| Some((self.pupils.get(&pupil.id)?, pupil.data.ine_blind.as_deref()?)))
            .collect();
        let blinds: Vec<&str> = by_ine.keys().copied().collect();
        for row in same_pupil::list_with_account(tx, &blinds).await? {
            if corrected.get(&row.id).is_some_and(|ine| *ine != row.ine_blind) {
                continue;
            }
            let born = open_birth_date(reading.master_key, &row.id, &row.birth_date)?;
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
        self.read_history(tx, reading.now).await
    }

    /// Reads of the pupils with records elsewhere who was enrolled lately, and passes over those whom an operator took
    /// out of a wrong account.
    async fn read_history(&mut self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        let own = self.current.elsewhere.keys().filter_map(|key| Some((self.pupils.get(key)?.clone(), key.clone())));
        let own: BTreeMap<PupilId, String> = own.collect();
        let ids: Vec<&PupilId> = own.keys().collect();
        for row in same_pupil::list_histories(tx, now, &ids).await? {
            let Some(key) = own.get(&row.pupil_id) else { continue };
            if row.join_barred_at.is_some() {
                self.current.elsewhere.remove(key);
            } else if row.enrolled_at.is_some_and(|at| now.since(Timestamp(at)) < MIN_ABSENCE) {
                self.current.lately_enrolled.insert(key.clone());
            }
        }
        Ok(())
    }
}

/// Notes the row of a key. Nearly all are there already.
fn note_row<Id: Clone + PartialEq>(rows: &mut BTreeMap<String, Id>, key: &str, id: &Id) {
    if rows.get(key) != Some(id) {
        rows.insert(key.to_owned(), id.clone());
    }
}

fn standing_of(request: &ImportRequest, set: &SchoolRoster, last: Option<&RosterSetRow>) -> Result<FormatStanding> {
    let format = request.format.name();
    let leading = last.map_or(format, |last| last.leading_format.as_str());
    let leading_export = last.map(|last| RosterExportRow {
        school_year: last.school_year,
        pupils_exported_at: last.eleves_exported_at,
        persons_exported_at: last.responsables_exported_at,
    });
    Ok(FormatStanding {
        format,
        leading: leading.to_owned(),
        takes_lead: request.takes_lead && leading != format,
        leading_export: leading_export.map(|row| export_version(&row, set)).transpose()?,
    })
}

fn export_version(row: &RosterExportRow, set: &SchoolRoster) -> Result<ExportVersion> {
    let year = u16::try_from(row.school_year);
    Ok(ExportVersion {
        year: year.map_err(|_| inconsistent("roster_set", "school_year", set.uai.as_str()))?,
        pupils_at: Timestamp(row.pupils_exported_at),
        persons_at: Timestamp(row.persons_exported_at),
    })
}

fn inconsistent(table: &'static str, column: &'static str, row: &str) -> ImportError {
    ImportError::Db(db::DbError::Inconsistent { table, column, row: row.to_owned() })
}
