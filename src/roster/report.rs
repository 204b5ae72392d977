//! The import report for the operator: one line a fact, with record ids, never a name or a telephone number.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::UnusableReason;
use super::formats::aaf::DeliveryError;
use super::formats::aaf::index::PassedOverSchool;
use super::formats::csv::mapping::MappingFault;
use super::formats::{FileError, RecordError, RecordWarning, RosterFormat, SchoolRosterError, SkippedExport};
use super::planned_changes::PlannedChange;
use super::reconcile::{CurrentState, LinkKey, ReconcileError, ReconcilePlan, RemovalCounts, RosterCounts};
use super::same_pupil::IneConflict;
use super::uai::Uai;

mod lines;

pub use lines::{FindingWithRemedy, LineKind, ReportLine};

/// One finding of an import, in the order of discovery.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportFinding {
    /// A file without usable content.
    File(FileError),
    /// An export of another kind, passed over.
    Skipped(SkippedExport),
    /// The records of staff, passed over; `None` for a file that cannot be read to its end.
    Staff { file: String, records: Option<usize> },
    /// Files of an academy that are no whole delivery, or not taken for another reason.
    Delivery(DeliveryError),
    /// A school that an academy's export declares and that is not taken.
    PassedOverSchool(PassedOverSchool),
    /// A structure of pupils that is no school of the export, with their number.
    UnknownStructure { delivery: String, key: String, pupils: usize },
    /// A record of no school.
    Record(RecordError),
    /// A school that took deliveries before, and of which the complet has no pupil.
    AbsentSchool { delivery: String, uai: Uai },
    /// The files are those of an import that was interrupted.
    Resumed,
    /// A school whose files do not say who is a legal representative, and which never said that all are.
    UnknownLevels { uai: Uai },
    /// No roster among the files.
    NoRoster,
    /// A school with files among those given.
    School(Box<SchoolImportReport>),
    /// The persons of a delta who are nobody's responsable yet; the school of the report only carries them.
    Unplaced { delivery: String, report: Box<SchoolImportReport> },
}

impl ImportFinding {
    /// True if everything was imported, or would be in a dry run.
    pub fn is_imported(&self) -> bool {
        match self {
            ImportFinding::File(_)
            | ImportFinding::Delivery(_)
            | ImportFinding::Record(_)
            | ImportFinding::NoRoster => false,
            ImportFinding::Skipped(_)
            | ImportFinding::Staff { .. }
            | ImportFinding::PassedOverSchool(_)
            | ImportFinding::UnknownStructure { .. }
            | ImportFinding::AbsentSchool { .. }
            | ImportFinding::UnknownLevels { .. }
            | ImportFinding::Resumed => true,
            ImportFinding::School(school) | ImportFinding::Unplaced { report: school, .. } => {
                !matches!(school.outcome, SchoolImportOutcome::Rejected(_)) && school.errors.is_empty()
            }
        }
    }
}

/// The result for one school.
#[derive(Clone, Debug, PartialEq)]
pub struct SchoolImportReport {
    pub uai: Uai,
    pub format: RosterFormat,
    /// True if the operator asked for a dry run, so nothing was written.
    pub dry_run: bool,
    pub outcome: SchoolImportOutcome,
    /// The changes one by one, of a dry run.
    pub planned: Vec<PlannedChange>,
    /// Unreadable records; these count as unchanged, whatever the outcome.
    pub errors: Vec<RecordError>,
    /// Imported records for the school to look at.
    pub warnings: Vec<RecordWarning>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum SchoolImportOutcome {
    Imported(ImportSummary),
    /// The delivery was taken before, and a later one after it.
    TakenBefore {
        later: String,
    },
    Rejected(ImportRejection),
}

/// The content of the imported roster and its changes.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportSummary {
    pub counts: RosterCounts,
    pub changes: RosterChanges,
    /// PERSONNE_ID, and the reason for which no code can be sent to the number in TEL_PORTABLE.
    pub unusable_numbers: Vec<(String, UnusableReason)>,
    /// PERSONNE_ID of a legal representative without a usable mobile in TEL_PORTABLE, and the column holding a mobile.
    pub mobiles_in_other_columns: Vec<(String, &'static str)>,
    /// ELEVE_ID and PERSONNE_ID of links to a pupil or person neither in the roster nor in the database.
    pub dangling_links: Vec<LinkKey>,
    /// The number of legal representatives without a usable mobile.
    pub unreachable: usize,
    /// ELEVE_ID of pupils who have the account of the same pupil elsewhere from now on.
    pub accounts_joined: Vec<String>,
    pub ine_conflicts: Vec<(String, IneConflict)>,
    pub leaving: Box<LeavingRecords>,
    pub beside: Box<BesideOtherFormats>,
    /// Of a roster that was given on screen.
    pub bounded: Box<BoundedPlan>,
}

/// The plan of a roster that was given on screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoundedPlan {
    /// The people of other schools whom it concerns, and accounts that it joins.
    pub elsewhere: usize,
    /// The digest of everything that it changes.
    pub digest: String,
}

/// The records that go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeavingRecords {
    /// The share of current records.
    pub removals: RemovalCounts,
    /// The classes that pupils leave, of a dry run.
    pub departures: Vec<ClassDepartures>,
}

/// A class and the pupils who leave it; without a name, those of no class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassDepartures {
    pub class: String,
    pub known: usize,
    pub gone: usize,
}

/// The consequences of several formats in one school.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BesideOtherFormats {
    /// The format that leads in the school, if it is another one.
    pub led_by: Option<String>,
    /// Keys of pupils and persons who could be several rows of another format; they count as unchanged.
    pub ambiguous_pupils: Vec<String>,
    pub ambiguous_persons: Vec<String>,
    /// Persons who name a child in another class than the only pupil of that name has; the link is not taken.
    pub doubtful_children: Vec<String>,
    /// Records that differ from rows of another format, which stay.
    pub kept: Vec<KeptRecord>,
}

/// A record that differs from the row of another format, which stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRecord {
    pub is_pupil: bool,
    pub id: String,
    pub what: String,
    pub led_by: String,
}

/// The numbers of rows started, changed and ended by a roster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RosterChanges {
    pub persons_new: usize,
    pub persons_changed: usize,
    pub pupils_new: usize,
    pub pupils_changed: usize,
    pub enrolments_started: usize,
    pub enrolments_moved: usize,
    pub enrolments_ended: usize,
    pub links_started: usize,
    pub links_changed: usize,
    pub links_ended: usize,
}

/// The reason for rejecting a school's roster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportRejection {
    #[error(
        "the school is not declared; add to schools.toml:\n[[school]]\nuai = \"{uai}\"\nname = \"…\"\n\
         academy = \"{academy}\"\nministry = \"en\""
    )]
    UndeclaredSchool { uai: Uai, academy: String },
    #[error("the school is declared in the academy {declared}, not {given}")]
    OtherAcademy { declared: String, given: String },
    #[error(
        "ONDE is of nursery and primary schools, and this one is not declared as one; add to it in schools.toml: \
         first_degree = true"
    )]
    NotFirstDegree,
    #[error("no mapping of its columns is kept: --mapping FILE.toml; --guess-mapping prints one for these files")]
    NoMapping,
    #[error("the mapping {0}")]
    Mapping(MappingFault),
    #[error("one of its files cannot be read")]
    UnreadableFile,
    #[error(transparent)]
    Files(#[from] SchoolRosterError),
    #[error(transparent)]
    Reconcile(#[from] ReconcileError),
    #[error("{missing} was not taken here: give that one first, or a complet")]
    AfterMissing { missing: String },
    #[error("other imports of this school keep coming first; try again")]
    Conflict,
    #[error("it says that it was exported tomorrow or later")]
    FutureExport,
    #[error("it is of the school year {given}, and this is {current}")]
    LaterSchoolYear { given: u16, current: u16 },
    #[error("it would change something else than what was agreed with")]
    Changed,
}

impl From<&ReconcilePlan> for RosterChanges {
    fn from(plan: &ReconcilePlan) -> Self {
        Self {
            persons_new: plan.persons_new.len(),
            persons_changed: plan.persons_changed.len(),
            pupils_new: plan.pupils_new.len(),
            pupils_changed: plan.pupils_changed.len(),
            enrolments_started: plan.enrolments_started.len(),
            enrolments_moved: plan.enrolments_moved.len(),
            enrolments_ended: plan.enrolments_ended.len(),
            links_started: plan.links_started.len(),
            links_changed: plan.links_changed.len(),
            links_ended: plan.links_ended.len(),
        }
    }
}

impl From<&ReconcilePlan> for ImportSummary {
    fn from(plan: &ReconcilePlan) -> Self {
        let other_column = |(id, column): &(String, Option<&'static str>)| Some((id.clone(), (*column)?));
        Self {
            counts: plan.counts,
            changes: RosterChanges::from(plan),
            unusable_numbers: plan.unusable_numbers.clone(),
            dangling_links: plan.dangling_links.clone(),
            mobiles_in_other_columns: plan.unreachable.iter().filter_map(other_column).collect(),
            unreachable: plan.unreachable.len(),
            accounts_joined: plan.accounts_joined.iter().map(|(id, _)| id.clone()).collect(),
            ine_conflicts: plan.ine_conflicts.clone(),
            leaving: Box::new(LeavingRecords { removals: plan.removals, departures: Vec::new() }),
            beside: Box::default(),
            bounded: Box::default(),
        }
    }
}

impl ImportSummary {
    /// Adds records that could be several known ones, as a report names them.
    #[must_use]
    pub fn with_ambiguous(mut self, pupils: &[String], persons: &[String]) -> Self {
        self.beside.ambiguous_pupils.extend(pupils.iter().cloned());
        self.beside.ambiguous_persons.extend(persons.iter().cloned());
        self
    }

    /// Adds persons whose link to a child of another class is not taken.
    #[must_use]
    pub fn with_doubtful_children(mut self, persons: Vec<String>) -> Self {
        self.beside.doubtful_children.extend(persons);
        self
    }

    /// Counts the pupils who leave each class, the most first.
    #[must_use]
    pub fn with_departures(mut self, known: &CurrentState, plan: &ReconcilePlan) -> Self {
        let ended: BTreeSet<&String> = plan.enrolments_ended.iter().collect();
        let mut classes: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for (pupil, class) in &known.enrolments {
            let counted = classes.entry(class.as_deref().unwrap_or_default()).or_default();
            counted.0 += 1;
            counted.1 += usize::from(ended.contains(pupil));
        }
        let left = classes.into_iter().filter(|(_, (_, gone))| *gone > 0);
        let mut all: Vec<ClassDepartures> =
            left.map(|(class, (known, gone))| ClassDepartures { class: class.to_owned(), known, gone }).collect();
        all.sort_by_key(|one| std::cmp::Reverse(one.gone));
        self.leaving.departures = all;
        self
    }

    /// Replaces keys that are no words of the school's by the places of the records.
    #[must_use]
    pub fn with_places(mut self, places: &BTreeMap<String, String>) -> Self {
        if places.is_empty() {
            return self;
        }
        let name = |id: &mut String| {
            if let Some(place) = places.get(id.as_str()) {
                id.clone_from(place);
            }
        };
        self.unusable_numbers.iter_mut().for_each(|(id, _)| name(id));
        self.mobiles_in_other_columns.iter_mut().for_each(|(id, _)| name(id));
        self.dangling_links.iter_mut().for_each(|(pupil, person)| (name(pupil), name(person)).0);
        self.accounts_joined.iter_mut().for_each(name);
        self.ine_conflicts.iter_mut().for_each(|(id, _)| name(id));
        let BesideOtherFormats { ambiguous_pupils, ambiguous_persons, doubtful_children, .. } = &mut *self.beside;
        ambiguous_pupils.iter_mut().chain(ambiguous_persons).chain(doubtful_children).for_each(name);
        self
    }
}

impl fmt::Display for RosterChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::default() {
            return f.write_str("nothing changed");
        }
        let Self { persons_new, persons_changed, pupils_new, pupils_changed, .. } = self;
        let Self { enrolments_started, enrolments_moved, enrolments_ended, .. } = self;
        let Self { links_started, links_changed, links_ended, .. } = self;
        write!(
            f,
            "pupils +{pupils_new} ~{pupils_changed}, persons +{persons_new} ~{persons_changed}, \
             enrolments +{enrolments_started} ~{enrolments_moved} -{enrolments_ended}, \
             links +{links_started} ~{links_changed} -{links_ended}"
        )
    }
}

impl fmt::Display for ImportSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RosterCounts {
            pupils,
            pupils_departed: pupils_gone,
            linked_persons: responsables,
            persons_without_link,
            legal_links,
            ..
        } = self.counts;
        write!(
            f,
            "{pupils} current pupils, {pupils_gone} gone, {responsables} responsables, {persons_without_link} persons \
             without link, {legal_links} legal links; {}",
            self.changes
        )
    }
}
