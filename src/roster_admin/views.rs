//! Uploads of rosters: their list, and one of them.

use serde::Serialize;
use strum::IntoEnumIterator as _;

use super::{LEFT_LINE, NeededAgreement, PreviewClass, PreviewCounts, UploadPreview, UploadState};
use crate::administrators::views::ConsoleFrame;
use crate::http::pages::Page;

/// The formats that are taken on screen.
pub const FORMATS: [&str; 3] = ["siecle", "onde", "csv"];
/// The numbers of changes and of lines on a page; the table has all.
pub const SHOWN_CHANGES: usize = 30;
pub const SHOWN_LINES: usize = 50;
/// The kinds of lines for which there are words.
const LINE_KINDS: [&str; 9] = [
    "taken",
    "would_be_taken",
    "refused",
    "not_read",
    "passed_over",
    "for_the_school",
    "for_the_academy",
    LEFT_LINE,
    "note",
];

/// Returns the kind of a line for which there are words.
pub fn line_kind(kind: &str) -> &'static str {
    LINE_KINDS.into_iter().find(|known| *known == kind).unwrap_or("note")
}

/// Returns a state for which there are words.
pub fn known_state(state: &str) -> &'static str {
    state.parse::<UploadState>().map_or("stopped", UploadState::name)
}

/// An upload of the list.
#[derive(Clone, Debug, Serialize)]
pub struct UploadLine {
    pub id: String,
    pub school: String,
    pub uai: String,
    pub format: &'static str,
    /// The end of the message's key.
    pub state: &'static str,
    pub author: String,
    pub when: String,
    pub changes: Option<usize>,
}

/// The reason for not taking an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum UploadFormError {
    Uai,
    Format,
    Number,
    Empty,
    BadZip,
    ZipPaths,
    ZipTooLarge,
    TooMany,
    /// So many files of the school, of the academy or of all wait for a decision that no more are kept.
    SchoolFull,
    AcademyFull,
    DeploymentFull,
}

/// `/admin/bases`.
#[derive(Clone, Debug, Serialize)]
pub struct UploadListPage {
    pub frame: ConsoleFrame,
    pub lines: Vec<UploadLine>,
    pub next: Option<String>,
    pub formats: Vec<&'static str>,
    /// True if the school is typed: several are seen.
    pub chooses_school: bool,
    pub uai: String,
    pub error: Option<UploadFormError>,
}

impl Page for UploadListPage {
    const TEMPLATE: &'static str = "roster_admin/uploads.html";
    fn samples() -> Vec<Self> {
        let line = |(n, state): (usize, UploadState)| UploadLine {
            id: "0".repeat(32),
            school: "Clg <script>Théodore</script> Monod".to_owned(),
            uai: "0349999J".to_owned(),
            format: FORMATS.into_iter().cycle().nth(n).unwrap_or("csv"),
            state: state.name(),
            author: if n == 0 { String::new() } else { "Hélène Roque".to_owned() },
            when: "hier à 18\u{a0}h\u{a0}51".to_owned(),
            changes: (n > 1).then_some(n),
        };
        let page = UploadListPage {
            frame: ConsoleFrame::sample().in_room("rosters"),
            lines: UploadState::iter().enumerate().map(line).collect(),
            next: Some("/admin/bases?avant=0".to_owned()),
            formats: FORMATS.to_vec(),
            chooses_school: true,
            uai: String::new(),
            error: None,
        };
        let failed = |error| UploadListPage { error: Some(error), uai: "x\"><b>".to_owned(), ..page.clone() };
        let mut all: Vec<Self> = UploadFormError::iter().map(failed).collect();
        let uai = "0349999J".to_owned();
        all.push(UploadListPage { lines: Vec::new(), next: None, chooses_school: false, uai, ..page.clone() });
        all.push(page);
        all
    }
}

/// The reason for not doing an act on an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum UploadPageError {
    Choice,
    Reason,
    Own,
    Changed,
    NoUndo,
}

/// `/admin/bases/…`.
#[derive(Clone, Debug, Serialize)]
pub struct UploadPage {
    pub frame: ConsoleFrame,
    pub id: String,
    pub uai: String,
    pub school: String,
    pub format: &'static str,
    /// The end of the message's key.
    pub state: &'static str,
    pub is_at_work: bool,
    /// True if the page loads itself again.
    pub refreshes: bool,
    pub author: String,
    pub created: String,
    pub files: Vec<String>,
    pub kilobytes: usize,
    pub preview: Option<UploadPreview>,
    pub share: String,
    pub needed: &'static str,
    pub shown_changes: usize,
    /// The kind of each line, its words, and true if they are English in a French page.
    pub lines: Vec<(&'static str, String, bool)>,
    pub all_lines: usize,
    pub first: Option<String>,
    pub decider: Option<String>,
    pub decided: Option<String>,
    /// The day on which the files are forgotten if nobody decides.
    pub decide_before: Option<String>,
    /// True if that day came.
    pub is_expired: bool,
    pub reason: String,
    pub may_decide: bool,
    pub waits_for_others: bool,
    pub needs_reason: bool,
    pub may_stop: bool,
    pub may_undo: bool,
    /// The end of the message's key: what an undo needs.
    pub undo_needed: &'static str,
    pub undo_first: Option<String>,
    pub undone_by: Option<String>,
    pub undo_reason: String,
    pub version: i64,
    pub digest: String,
    pub typed: String,
    pub error: Option<UploadPageError>,
}

fn sample_preview() -> UploadPreview {
    let counts = |gone| PreviewCounts { gone, new: 12, changed: 31 };
    let class = |class: &str, known, gone| PreviewClass { class: class.to_owned(), known, gone };
    UploadPreview {
        needed: NeededAgreement::Academy,
        pupils_gone: 113,
        pupils_known: 1231,
        links_gone: 207,
        links_known: 2192,
        pupils: counts(0),
        persons: counts(0),
        enrolments: counts(113),
        links: counts(207),
        departures: vec![class("TG5", 34, 34), class("2nde 7", 36, 19), class("<b>", 35, 6), class("", 3, 1)],
        changes: vec!["- inscription de ELEVE 900001\u{a0}: n'est plus là".to_owned(), "~ <script>".to_owned()],
        all_changes: 601,
        elsewhere: 14,
        lines: Vec::new(),
    }
}

impl Page for UploadPage {
    const TEMPLATE: &'static str = "roster_admin/upload.html";
    fn samples() -> Vec<Self> {
        let page = UploadPage {
            frame: ConsoleFrame::sample().in_room("rosters"),
            id: "0".repeat(32),
            uai: "0349998H".to_owned(),
            school: "Lycée <i>Olympe</i> de Gouges".to_owned(),
            format: "siecle",
            state: "waiting",
            is_at_work: false,
            refreshes: false,
            author: "Hélène Roque".to_owned(),
            created: "hier à 18\u{a0}h\u{a0}51".to_owned(),
            files: vec!["ElevesAvecAdresses.xml".to_owned(), "<b>.zip".to_owned()],
            kilobytes: 6100,
            preview: Some(sample_preview()),
            share: "9,2\u{a0}%".to_owned(),
            needed: "academy",
            shown_changes: 2,
            lines: LINE_KINDS
                .map(|kind| (kind, "PERSONNE 512204\u{a0}: TEL_PORTABLE <n'est>".to_owned(), kind == "note"))
                .to_vec(),
            all_lines: 12,
            first: None,
            decider: None,
            decided: None,
            decide_before: Some("lundi 7 décembre".to_owned()),
            is_expired: false,
            reason: String::new(),
            may_decide: true,
            waits_for_others: false,
            needs_reason: true,
            may_stop: true,
            may_undo: false,
            undo_needed: "confirmation",
            undo_first: None,
            undone_by: None,
            undo_reason: String::new(),
            version: 2,
            digest: "d".repeat(43),
            typed: String::new(),
            error: None,
        };
        let mut all = vec![page.clone()];
        all.extend(["confirmation", "two_persons"].map(|needed| UploadPage {
            needed,
            needs_reason: needed == "two_persons",
            first: (needed == "two_persons").then(|| "Nadia Kaci".to_owned()),
            ..page.clone()
        }));
        all.extend(UploadPageError::iter().map(|error| UploadPage {
            error: Some(error),
            typed: "x".to_owned(),
            ..page.clone()
        }));
        let bare = UploadPage {
            preview: None,
            lines: Vec::new(),
            all_lines: 0,
            may_decide: false,
            decide_before: None,
            share: String::new(),
            ..page.clone()
        };
        all.extend(UploadState::iter().map(|state| UploadPage {
            state: state.name(),
            is_at_work: state.is_at_work(),
            refreshes: state.is_at_work(),
            decider: Some("Nadia Kaci".to_owned()),
            decided: Some("aujourd'hui à 8\u{a0}h".to_owned()),
            reason: "Fermeture de <b>deux</b> classes".to_owned(),
            may_undo: state == UploadState::Taken,
            undo_needed: if state == UploadState::Taken { "two_persons" } else { "confirmation" },
            undone_by: (state == UploadState::Undone).then(|| "Nadia Kaci".to_owned()),
            undo_reason: "Export d'une <b>autre</b> année".to_owned(),
            ..bare.clone()
        }));
        let taken = UploadPage { state: "taken", undo_needed: "two_persons", may_stop: false, ..bare.clone() };
        all.extend([true, false].map(|may_undo| UploadPage {
            may_undo,
            undo_first: Some("Nadia Kaci".to_owned()),
            undo_reason: "Export d'une autre année".to_owned(),
            ..taken.clone()
        }));
        all.push(UploadPage { state: "stopped", is_expired: true, may_stop: false, ..bare.clone() });
        let (may_decide, may_stop) = (false, false);
        all.push(UploadPage { may_decide, may_stop, waits_for_others: true, needed: "two_persons", ..page.clone() });
        let none = UploadPreview { departures: Vec::new(), changes: Vec::new(), all_changes: 0, ..sample_preview() };
        all.push(UploadPage {
            preview: Some(none),
            needed: "confirmation",
            needs_reason: false,
            shown_changes: 0,
            ..page
        });
        all
    }
}
