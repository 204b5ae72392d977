//! The report as lines, each with the school and the kind of what it says.

use std::fmt;

use super::{
    BesideOtherFormats, ImportFinding, ImportRejection, ImportSummary, KeptRecord, SchoolImportOutcome,
    SchoolImportReport,
};
use crate::roster::UnusableReason;
use crate::roster::formats::RosterFormat;
use crate::roster::uai::Uai;

/// The kind of a line of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum LineKind {
    Taken,
    WouldBeTaken,
    Refused,
    NotRead,
    PassedOver,
    ForTheSchool,
    ForTheAcademy,
    Note,
    /// A change of a dry run.
    Change,
}

impl LineKind {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the beginning of the line as text.
    fn prefix(self) -> &'static str {
        match self {
            LineKind::Taken => "taken: ",
            LineKind::WouldBeTaken => "would be taken: ",
            LineKind::Refused => "refused: ",
            LineKind::NotRead => "not read, so unchanged: ",
            LineKind::PassedOver => "passed over: ",
            LineKind::ForTheSchool => "for the school: ",
            LineKind::ForTheAcademy => "for the academy: ",
            LineKind::Note | LineKind::Change => "",
        }
    }
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportLine {
    pub uai: Option<Uai>,
    pub kind: LineKind,
    pub message: String,
}

impl ReportLine {
    fn of_files(kind: LineKind, message: impl fmt::Display) -> Vec<Self> {
        vec![Self { uai: None, kind, message: message.to_string() }]
    }
}

impl fmt::Display for ReportLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(uai) = &self.uai {
            write!(f, "{uai}: ")?;
        }
        write!(f, "{}{}", self.kind.prefix(), self.message)
    }
}

/// A finding to be written with the remedies for rejections, in the words of the program that shows them.
#[derive(Clone, Copy, Debug)]
pub struct FindingWithRemedy<'a> {
    pub finding: &'a ImportFinding,
    /// Returns the end of the message, or an empty text.
    pub remedy: fn(&ImportRejection) -> &'static str,
}

impl fmt::Display for ImportFinding {
    /// Writes the finding without a final line feed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        FindingWithRemedy { finding: self, remedy: |_| "" }.fmt(f)
    }
}

impl fmt::Display for FindingWithRemedy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, line) in self.lines().iter().enumerate() {
            let feed = if place == 0 { "" } else { "\n" };
            write!(f, "{feed}{line}")?;
        }
        Ok(())
    }
}

impl FindingWithRemedy<'_> {
    /// Returns the lines of the finding.
    pub fn lines(&self) -> Vec<ReportLine> {
        match self.finding {
            ImportFinding::File(error) => ReportLine::of_files(LineKind::Refused, error),
            ImportFinding::Skipped(other) => ReportLine::of_files(LineKind::PassedOver, other),
            ImportFinding::Staff { file, records } => {
                let count = records.map_or_else(|| "records".to_owned(), |count| format!("{count} records"));
                let why = "they sign in at their academy, which says who they are and where";
                ReportLine::of_files(LineKind::PassedOver, format!("{file}: {count} of staff (PersEducNat); {why}"))
            }
            ImportFinding::Delivery(error) => ReportLine::of_files(LineKind::Refused, error),
            ImportFinding::PassedOverSchool(school) => ReportLine::of_files(LineKind::PassedOver, school),
            ImportFinding::UnknownStructure { delivery, key, pupils } => {
                let message = format!("{delivery}: structure {key} is no school of the export: {pupils} pupils");
                ReportLine::of_files(LineKind::PassedOver, message)
            }
            ImportFinding::Record(error) => ReportLine::of_files(LineKind::NotRead, error),
            ImportFinding::AbsentSchool { delivery, uai } => {
                let message = format!("no pupil of this school is in {delivery}; its enrolments and links stay");
                vec![ReportLine { uai: Some(uai.clone()), kind: LineKind::ForTheAcademy, message }]
            }
            ImportFinding::Resumed => ReportLine::of_files(
                LineKind::Note,
                "an import of these files was interrupted: what it took is read again, and stays as it is",
            ),
            ImportFinding::UnknownLevels { uai } => {
                let message = "the files do not say who is a legal representative: all responsables count as in charge, \
                               and none of them can activate; if all of them are legal representatives: --all-legal";
                vec![ReportLine { uai: Some(uai.clone()), kind: LineKind::ForTheSchool, message: message.to_owned() }]
            }
            ImportFinding::NoRoster => ReportLine::of_files(
                LineKind::Refused,
                "no roster among the files; give both exports of each school, élèves and responsables",
            ),
            ImportFinding::School(school) => school.lines(self.remedy),
            ImportFinding::Unplaced { delivery, report } => report.unplaced_lines(delivery, self.remedy),
        }
    }
}

impl SchoolImportReport {
    fn lines(&self, remedy: fn(&ImportRejection) -> &'static str) -> Vec<ReportLine> {
        let line = |kind, message: String| ReportLine { uai: Some(self.uai.clone()), kind, message };
        let mut lines = vec![match &self.outcome {
            SchoolImportOutcome::Imported(taken) if self.dry_run => line(LineKind::WouldBeTaken, taken.to_string()),
            SchoolImportOutcome::Imported(taken) => line(LineKind::Taken, taken.to_string()),
            SchoolImportOutcome::TakenBefore { later } => {
                line(LineKind::Note, format!("unchanged: this was taken before, and {later} after it"))
            }
            // The sentences of this error begin with the UAI.
            SchoolImportOutcome::Rejected(ImportRejection::Files(error)) => {
                ReportLine { uai: None, kind: LineKind::Refused, message: error.to_string() }
            }
            SchoolImportOutcome::Rejected(why) => line(LineKind::Refused, format!("{why}{}", remedy(why))),
        }];
        lines.extend(self.planned.iter().map(|change| line(LineKind::Change, change.to_string())));
        lines.extend(self.errors.iter().map(|problem| line(LineKind::NotRead, problem.to_string())));
        let SchoolImportOutcome::Imported(taken) = &self.outcome else { return lines };
        lines.extend(self.warnings.iter().map(|remark| line(LineKind::ForTheSchool, remark.to_string())));
        taken.write_remarks(self.format, &mut |kind, message| lines.push(line(kind, message)));
        lines
    }
}

impl SchoolImportReport {
    /// Returns the lines about persons of no school, for the academy.
    fn unplaced_lines(&self, delivery: &str, remedy: fn(&ImportRejection) -> &'static str) -> Vec<ReportLine> {
        let mut lines = self.lines(remedy);
        for line in &mut lines {
            line.uai = None;
            if line.kind == LineKind::ForTheSchool {
                line.kind = LineKind::ForTheAcademy;
            }
        }
        if let (SchoolImportOutcome::Imported(taken), Some(first)) = (&self.outcome, lines.first_mut()) {
            let count = taken.counts.persons_without_link;
            first.kind = LineKind::ForTheAcademy;
            first.message = format!("{delivery}: {count} persons are nobody's responsable yet; kept for a later link");
        }
        lines
    }
}

impl ImportSummary {
    fn write_remarks(&self, format: RosterFormat, add: &mut dyn FnMut(LineKind, String)) {
        let words = format.words();
        for id in &self.accounts_joined {
            let message = "the same pupil as in another record; has that one's account";
            add(LineKind::Note, format!("{} {id}: {message}", words.pupil));
        }
        for (id, conflict) in &self.ine_conflicts {
            add(LineKind::ForTheSchool, format!("{} {id}: {conflict}", words.pupil));
        }
        for (id, why) in &self.unusable_numbers {
            let why = match why {
                UnusableReason::Landline => "is not a mobile number",
                UnusableReason::Incomplete => "is not a complete number",
            };
            add(LineKind::ForTheSchool, format!("{} {id}: {} {why}", words.person, words.mobile));
        }
        for (id, column) in &self.mobiles_in_other_columns {
            let (column, mobile) = (format.column(column), words.mobile);
            let message = format!("{column} holds a mobile; a code is sent to {mobile} only");
            add(LineKind::ForTheSchool, format!("{} {id}: {message}", words.person));
        }
        for (pupil, person) in &self.dangling_links {
            add(LineKind::ForTheSchool, format!("{} {pupil} {person}: names somebody no export has", words.link));
        }
        let BesideOtherFormats { led_by, ambiguous_pupils, ambiguous_persons, doubtful_children, kept } = &*self.beside;
        for (what, ids) in [(words.pupil, ambiguous_pupils), (words.person, ambiguous_persons)] {
            for id in ids {
                let message = format!("{what} {id}: could be several who are known; left unchanged");
                add(LineKind::ForTheSchool, message);
            }
        }
        for id in doubtful_children {
            let message = "names a child in a class in which no pupil of that name is; the link is not taken";
            add(LineKind::ForTheSchool, format!("{} {id}: {message}", words.person));
        }
        if let Some(leading) = led_by {
            let differ =
                if kept.is_empty() { String::new() } else { format!("; {} records differ, and stay", kept.len()) };
            let message =
                format!("{leading} leads here: this adds what is absent there (--lead takes the lead over){differ}");
            add(LineKind::Note, message);
            return self.write_unreachable(add);
        }
        for KeptRecord { is_pupil, id, what, led_by } in kept {
            let word = if *is_pupil { words.pupil } else { words.person };
            let message =
                format!("{word} {id}: {what} than {led_by} gives at another school, and no newer one by 48 hours");
            add(LineKind::ForTheSchool, format!("{message}; left unchanged"));
        }
        self.write_unreachable(add);
    }

    fn write_unreachable(&self, add: &mut dyn FnMut(LineKind, String)) {
        if self.unreachable > 0 {
            let count = self.unreachable;
            add(LineKind::ForTheSchool, format!("{count} legal representatives have no mobile that takes a code"));
        }
    }
}
