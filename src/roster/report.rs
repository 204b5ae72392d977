//! What an import tells the operator: a line a fact, with ids of records, never a name or a number.

use std::fmt;

use super::PhoneWhy;
use super::formats::{FileError, PassedOver, Problem, Remark, SetError};
use super::reconcile::{Counts, LinkKey, Plan, Refusal};
use super::uai::Uai;

/// One thing that an import found, in the order in which it was found.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// A file that says nothing usable.
    File(FileError),
    /// An export that is no roster, and need not be one.
    PassedOver(PassedOver),
    /// There was no roster among the files.
    NoRoster,
    /// A school that files were given for.
    School(Box<SchoolReport>),
}

impl Finding {
    /// Whether all of it was taken, or would be.
    pub fn is_taken(&self) -> bool {
        match self {
            Finding::File(_) | Finding::NoRoster => false,
            Finding::PassedOver(_) => true,
            Finding::School(school) => matches!(school.outcome, Outcome::Taken(_)) && school.problems.is_empty(),
        }
    }
}

/// What became of one school's set.
#[derive(Clone, Debug, PartialEq)]
pub struct SchoolReport {
    pub uai: Uai,
    /// Nothing was written, and nothing was to be.
    pub dry_run: bool,
    pub outcome: Outcome,
    /// Records that count as unchanged, whatever became of the set.
    pub problems: Vec<Problem>,
    /// Records that were taken and that the school should look at.
    pub remarks: Vec<Remark>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Taken(Taken),
    Refused(Refused),
}

/// What the set held and what it changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    pub counts: Counts,
    pub changes: Changes,
    /// PERSONNE_ID, and why no code can be sent to what the column for the mobile holds.
    pub unusable_numbers: Vec<(String, PhoneWhy)>,
    /// PERSONNE_ID of a legal representative without a usable mobile, and the column in which one stands.
    pub mobiles_elsewhere: Vec<(String, &'static str)>,
    /// ELEVE_ID and PERSONNE_ID of links to somebody whom neither the set nor the database has.
    pub links_nowhere: Vec<LinkKey>,
    /// Legal representatives without a usable mobile.
    pub unreachable: usize,
}

/// Rows that a set begins, alters and ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changes {
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

/// Why a school's set was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error(
        "the school is not declared; add to schools.toml:\n[[school]]\nuai = \"{uai}\"\nname = \"…\"\n\
         academy = \"{academy}\"\nministry = \"en\""
    )]
    Undeclared { uai: Uai, academy: String },
    #[error("the school is declared in the academy {declared}, not {given}")]
    Academy { declared: String, given: String },
    #[error("one of its files cannot be read")]
    Unreadable,
    #[error(transparent)]
    Set(#[from] SetError),
    #[error(transparent)]
    Roster(#[from] Refusal),
    #[error("other imports of this school keep coming first; try again")]
    Busy,
}

impl From<&Plan> for Changes {
    fn from(plan: &Plan) -> Self {
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

impl From<&Plan> for Taken {
    fn from(plan: &Plan) -> Self {
        Self {
            counts: plan.counts,
            changes: Changes::from(plan),
            unusable_numbers: plan.unusable_numbers.clone(),
            links_nowhere: plan.links_nowhere.clone(),
            mobiles_elsewhere: plan
                .unreachable
                .iter()
                .filter_map(|(id, column)| Some((id.clone(), (*column)?)))
                .collect(),
            unreachable: plan.unreachable.len(),
        }
    }
}

impl fmt::Display for Changes {
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

impl fmt::Display for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { pupils, pupils_gone, responsables, persons_without_link, legal_links, .. } = self.counts;
        write!(
            f,
            "{pupils} current pupils, {pupils_gone} gone, {responsables} responsables, {persons_without_link} persons \
             without link, {legal_links} legal links; {}",
            self.changes
        )
    }
}

impl fmt::Display for Finding {
    /// Without a line feed at its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::File(error) => write!(f, "refused: {error}"),
            Finding::PassedOver(other) => write!(f, "passed over: {other}"),
            Finding::NoRoster => f.write_str(
                "refused: no roster among the files; give both exports of each school, élèves and responsables",
            ),
            Finding::School(school) => write!(f, "{school}"),
        }
    }
}

impl fmt::Display for SchoolReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { uai, dry_run, outcome, problems, remarks } = self;
        match outcome {
            Outcome::Taken(taken) if *dry_run => write!(f, "{uai}: would be taken: {taken}")?,
            Outcome::Taken(taken) => write!(f, "{uai}: taken: {taken}")?,
            // Its sentences begin with the UAI.
            Outcome::Refused(Refused::Set(error)) => write!(f, "refused: {error}")?,
            Outcome::Refused(why) => write!(f, "{uai}: refused: {why}")?,
        }
        for problem in problems {
            write!(f, "\n{uai}: not read, so unchanged: {problem}")?;
        }
        let Outcome::Taken(taken) = outcome else { return Ok(()) };
        for remark in remarks {
            write!(f, "\n{uai}: for the school: {remark}")?;
        }
        for (id, why) in &taken.unusable_numbers {
            let why = match why {
                PhoneWhy::Landline => "is not a mobile number",
                PhoneWhy::Incomplete => "is not a complete number",
            };
            write!(f, "\n{uai}: for the school: PERSONNE {id}: TEL_PORTABLE {why}")?;
        }
        for (id, column) in &taken.mobiles_elsewhere {
            write!(
                f,
                "\n{uai}: for the school: PERSONNE {id}: {column} holds a mobile; a code is sent to TEL_PORTABLE only"
            )?;
        }
        for (pupil, person) in &taken.links_nowhere {
            write!(f, "\n{uai}: for the school: RESPONSABLE_ELEVE {pupil} {person}: names somebody no export has")?;
        }
        if taken.unreachable > 0 {
            let count = taken.unreachable;
            write!(f, "\n{uai}: for the school: {count} legal representatives have no mobile that takes a code")?;
        }
        Ok(())
    }
}
