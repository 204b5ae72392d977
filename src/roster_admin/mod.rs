//! Rosters in the console: given on screen, compared, agreed with, written by the worker, undone.
//!
//! The files are kept sealed until the upload ends, so that a restart loses nothing. The comparison and the writing are
//! those of `preau import` (`roster::ops`); nothing of a file is written before somebody read what it changes.

pub mod api;
pub mod files;
pub mod french_report;
pub mod ops;
pub mod pages;
pub mod store;
pub mod views;

use serde::{Deserialize, Serialize};

use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AdministratorId, ApiTokenId};
use crate::base::uai::Uai;
use crate::roster::formats::RosterFormat;

/// The share of removals above which somebody of the academy agrees, in thousandths.
pub const ACADEMY_ABOVE: usize = 50;
/// The share of removals above which two persons agree, in thousandths.
pub const TWO_PERSONS_ABOVE: usize = 200;
/// The total below which a family may leave without an agreement.
const FEW_RECORDS: usize = 20;
/// The time after which an upload that its school alone decides on is stopped. The files of a roster are old by then.
const OWN_DECISION_TTL: Span = Span::days(7);
/// The time after which an upload that needs others to agree is stopped: they have holidays too.
const OTHERS_DECISION_TTL: Span = Span::days(30);
/// The maximum sizes of the files that are not decided on, of a school, of an academy and of the deployment, in bytes.
/// They stand in the database: whoever may give files must not fill it. A school has 2 to 12 MB of them as a rule. Those of
/// a school and of an academy are for what persons give, and once more for what programs give; of the whole programs take
/// their part at most, so that there is room for persons.
const MAX_SCHOOL_BYTES: i64 = 64 << 20;
const MAX_ACADEMY_BYTES: i64 = 2 << 30;
const MAX_DEPLOYMENT_BYTES: i64 = 8 << 30;
const MAX_PROGRAMS_BYTES: i64 = 4 << 30;
/// The retention of uploads with their reports.
pub const UPLOAD_RETENTION: Span = Span::days(90);

/// Returns a format of the files of one school, which somebody gives by name.
pub fn upload_format(name: &str) -> Option<RosterFormat> {
    match name {
        "siecle" => Some(RosterFormat::Siecle),
        "onde" => Some(RosterFormat::Onde),
        "csv" => Some(RosterFormat::Csv),
        _ => None,
    }
}

/// The state of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum UploadState {
    /// Its files are not whole yet; after a cut they never are.
    Receiving,
    /// Waits for the worker to read it.
    Received,
    /// Waits for a decision.
    Waiting,
    /// Waits for the worker to write it.
    Writing,
    Taken,
    Refused,
    /// Whoever gave it took it back.
    Stopped,
    Undone,
}

impl UploadState {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// True if the worker is at it.
    pub fn is_at_work(self) -> bool {
        matches!(self, UploadState::Received | UploadState::Writing)
    }
}

/// The agreement that a difference needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum NeededAgreement {
    /// The school's own confirmation.
    Confirmation,
    /// Somebody of the academy, with a reason.
    Academy,
    /// Two persons of the academy.
    TwoPersons,
}

impl NeededAgreement {
    /// Returns the time for which an upload waits for it.
    pub fn ttl(self) -> Span {
        match self {
            NeededAgreement::Confirmation => OWN_DECISION_TTL,
            NeededAgreement::Academy | NeededAgreement::TwoPersons => OTHERS_DECISION_TTL,
        }
    }

    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The sizes of the files that are not decided on, in bytes: of a school and of an academy those that persons gave, or those
/// that programs did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, crate::db::FromRow)]
pub struct UndecidedBytes {
    pub school: i64,
    pub academy: i64,
    /// All that programs gave.
    pub programs: i64,
    /// All that is there.
    pub deployment: i64,
}

/// The one whose files wait in such a number that no more are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FullPlace {
    School,
    Academy,
    Deployment,
}

impl UndecidedBytes {
    /// Returns what is too full for so many bytes more, of a person or of a program.
    pub fn full_for(self, more: i64, is_program: bool) -> Option<FullPlace> {
        let is_full = |held: i64, most: i64| held.saturating_add(more) > most;
        match self {
            _ if is_full(self.school, MAX_SCHOOL_BYTES) => Some(FullPlace::School),
            _ if is_full(self.academy, MAX_ACADEMY_BYTES) => Some(FullPlace::Academy),
            _ if is_program && is_full(self.programs, MAX_PROGRAMS_BYTES) => Some(FullPlace::Deployment),
            _ if is_full(self.deployment, MAX_DEPLOYMENT_BYTES) => Some(FullPlace::Deployment),
            _ => None,
        }
    }
}

/// A class and the pupils who would leave it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewClass {
    pub class: String,
    pub known: usize,
    pub gone: usize,
}

/// The kind of the line that says what an undo left as other schools have it. It is for whoever agrees: a school would
/// learn of ids whether they are known elsewhere.
pub const LEFT_LINE: &str = "left";

/// A line of a report: its kind, and the words of the import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadReportLine {
    pub kind: String,
    pub message: String,
}

/// The numbers of a kind of row: gone, new, changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewCounts {
    pub gone: usize,
    pub new: usize,
    pub changed: usize,
}

/// The difference between the files and what is known: with ids of records, never a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadPreview {
    pub needed: NeededAgreement,
    /// Pupils and legal links that would go, of those that are known.
    pub pupils_gone: usize,
    pub pupils_known: usize,
    pub links_gone: usize,
    pub links_known: usize,
    pub pupils: PreviewCounts,
    pub persons: PreviewCounts,
    pub enrolments: PreviewCounts,
    pub links: PreviewCounts,
    pub departures: Vec<PreviewClass>,
    /// Some changes, and the number of all.
    pub changes: Vec<String>,
    pub all_changes: usize,
    /// The people of other schools whom it concerns, for whoever agrees.
    #[serde(default)]
    pub elsewhere: usize,
    pub lines: Vec<UploadReportLine>,
}

impl UploadPreview {
    /// Returns the larger share of removals, in thousandths.
    pub fn share_gone(&self) -> usize {
        let of = |gone: usize, known: usize| gone.saturating_mul(1000).checked_div(known).unwrap_or_default();
        of(self.pupils_gone, self.pupils_known).max(of(self.links_gone, self.links_known))
    }

    /// Returns the agreement that it needs: in a new school year too, a file says its own year.
    pub fn agreement(&self) -> NeededAgreement {
        // Below this total 5 % is less than one record: a family may still leave.
        let shares = [(self.pupils_gone, self.pupils_known, 1), (self.links_gone, self.links_known, 2)];
        let exceeds = |limit: usize| {
            let is_small = |gone, of, family| of < FEW_RECORDS && gone <= family;
            let over = |gone: usize, of: usize| gone.saturating_mul(1000) > of.saturating_mul(limit);
            shares.into_iter().any(|(gone, of, family)| over(gone, of) && !is_small(gone, of, family))
        };
        match self.elsewhere > 0 {
            _ if exceeds(TWO_PERSONS_ABOVE) => NeededAgreement::TwoPersons,
            true => NeededAgreement::Academy,
            false if exceeds(ACADEMY_ABOVE) => NeededAgreement::Academy,
            false => NeededAgreement::Confirmation,
        }
    }

    /// Returns the agreement that an undo needs: what the upload needed, and more if what it brought would take more along.
    pub fn undo_agreement(&self) -> NeededAgreement {
        let over = |counts: PreviewCounts, known: usize, limit: usize| {
            let left = known.saturating_sub(counts.gone).saturating_add(counts.new);
            counts.new.saturating_mul(1000) > left.saturating_mul(limit) && !(left < FEW_RECORDS && counts.new <= 2)
        };
        let exceeds =
            |limit: usize| over(self.enrolments, self.pupils_known, limit) || over(self.links, self.links_known, limit);
        let own = match exceeds(TWO_PERSONS_ABOVE) {
            true => NeededAgreement::TwoPersons,
            false if exceeds(ACADEMY_ABOVE) => NeededAgreement::Academy,
            false => NeededAgreement::Confirmation,
        };
        own.max(self.needed)
    }
}

/// A file of an upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadedFile {
    pub name: String,
    pub bytes: usize,
}

/// An upload.
#[derive(Clone, Debug)]
pub struct RosterUpload {
    pub id: String,
    pub uai: Uai,
    pub academy: String,
    pub format: String,
    pub state: UploadState,
    pub version: i64,
    pub author_id: AdministratorId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub files: Vec<UploadedFile>,
    pub attempts: i64,
    pub preview: Option<UploadPreview>,
    pub digest: String,
    pub first_by: Option<AdministratorId>,
    pub decided_by: Option<AdministratorId>,
    /// The token of the program that decided for them.
    pub decided_token: Option<ApiTokenId>,
    pub decided_at: Option<Timestamp>,
    pub reason: String,
    pub run_id: Option<String>,
    pub report: Vec<UploadReportLine>,
    /// The time at which it is stopped if nobody decides; of one that waited for a decision.
    pub expires_at: Option<Timestamp>,
    /// The first of two persons who undo it, whoever undid it, and why.
    pub undo_first_by: Option<AdministratorId>,
    pub undone_by: Option<AdministratorId>,
    pub undo_reason: String,
}

impl RosterUpload {
    /// Returns the lines of the report or, before there is one, those of the preview.
    pub fn report_lines(&self) -> Vec<UploadReportLine> {
        match self.report.is_empty() {
            true => self.preview.as_ref().map(|preview| preview.lines.clone()).unwrap_or_default(),
            false => self.report.clone(),
        }
    }

    /// Returns the agreement that an undo needs.
    pub fn undo_agreement(&self) -> NeededAgreement {
        self.preview.as_ref().map_or(NeededAgreement::Confirmation, UploadPreview::undo_agreement)
    }

    /// True if it was stopped because nobody decided in time.
    pub fn is_expired(&self) -> bool {
        self.state == UploadState::Stopped && self.expires_at.is_some_and(|at| self.updated_at >= at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_d1_files_that_nobody_decides_on_have_a_bound_in_each_place() {
        let of = |school, academy, programs, deployment| UndecidedBytes { school, academy, programs, deployment };
        let full = |places: [i64; 4]| {
            let [school, academy, programs, deployment] = places;
            of(
                MAX_SCHOOL_BYTES - school,
                MAX_ACADEMY_BYTES - academy,
                MAX_PROGRAMS_BYTES - programs,
                MAX_DEPLOYMENT_BYTES - deployment,
            )
        };
        let (school, academy, all) = (Some(FullPlace::School), Some(FullPlace::Academy), Some(FullPlace::Deployment));
        for (held, of_person, of_program) in [
            (UndecidedBytes::default(), None, None),
            (full([10, 10, 10, 10]), None, None),
            (full([9, 10, 10, 10]), school, school),
            (full([10, 9, 10, 10]), academy, academy),
            (full([10, 10, 9, 10]), None, all),
            (full([10, 10, 10, 9]), all, all),
        ] {
            assert_eq!((held.full_for(10, false), held.full_for(10, true)), (of_person, of_program), "{held:?}");
        }
        assert_eq!(UndecidedBytes::default().full_for(i64::MAX, false), school);
    }

    #[test]
    fn attack_p6_an_undo_needs_what_its_upload_needed_and_more_if_it_takes_more() {
        use NeededAgreement::{Academy, Confirmation, TwoPersons};
        let counts = |gone, new| PreviewCounts { gone, new, changed: 0 };
        let preview = |needed, known, enrolments| UploadPreview {
            needed,
            pupils_gone: 0,
            pupils_known: known,
            links_gone: 0,
            links_known: known,
            pupils: PreviewCounts::default(),
            persons: PreviewCounts::default(),
            enrolments,
            links: PreviewCounts::default(),
            departures: Vec::new(),
            changes: Vec::new(),
            all_changes: 0,
            elsewhere: 0,
            lines: Vec::new(),
        };
        for (needed, known, enrolments, right) in [
            (Confirmation, 100, counts(0, 5), Confirmation),
            (Confirmation, 100, counts(0, 6), Academy),
            (Confirmation, 100, counts(0, 25), Academy),
            (Confirmation, 100, counts(0, 26), TwoPersons),
            (Confirmation, 0, counts(0, 30), TwoPersons),
            (Confirmation, 10, counts(0, 2), Confirmation),
            (Academy, 100, counts(6, 0), Academy),
            (TwoPersons, 100, counts(30, 0), TwoPersons),
            (Academy, 100, counts(10, 30), TwoPersons),
        ] {
            assert_eq!(preview(needed, known, enrolments).undo_agreement(), right, "{needed:?} {known} {enrolments:?}");
        }
    }
}
