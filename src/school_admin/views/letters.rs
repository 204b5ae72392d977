//! Batches of letters: their list, the form of a new one, and the page of one, on which it is taken back.

use serde::Serialize;

use crate::administrators::views::ConsoleFrame;
use crate::http::pages::Page;

/// A batch of the list.
#[derive(Clone, Debug, Serialize)]
pub struct LetterBatchLine {
    pub id: String,
    pub school: String,
    pub class: String,
    /// The ends of the messages' keys.
    pub part: &'static str,
    pub profile: &'static str,
    pub when: String,
    pub by: String,
    pub reason: String,
    pub letters: i64,
    pub used: i64,
    pub open: i64,
    /// The time at which it was taken back; empty for one that was not. The letters that served until then.
    pub withdrawn_when: String,
    pub withdrawn: i64,
}

impl LetterBatchLine {
    fn sample(class: &str, part: &'static str, profile: &'static str) -> Self {
        LetterBatchLine {
            id: "0".repeat(32),
            school: "Clg Théodore Monod".to_owned(),
            class: class.to_owned(),
            part,
            profile,
            when: "hier à 8\u{a0}h".to_owned(),
            by: if class.is_empty() { String::new() } else { "Hélène Roque".to_owned() },
            reason: "Réunion <b>de rentrée</b>".to_owned(),
            letters: 28,
            used: 3,
            open: 25,
            withdrawn_when: String::new(),
            withdrawn: 0,
        }
    }

    fn withdrawn_sample() -> Self {
        let when = "aujourd'hui à 9\u{a0}h".to_owned();
        LetterBatchLine { open: 0, withdrawn_when: when, withdrawn: 25, ..Self::sample("6e A", "class", "eleve") }
    }
}

/// The reason for not printing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterBatchError {
    Choice,
    Reason,
    Nobody,
    TooMany,
    Already,
    Changed,
}

/// The form of a batch.
#[derive(Clone, Debug, Serialize)]
pub struct LetterBatchForm {
    /// The id of the batch that it prints, once.
    pub id: String,
    pub uai: String,
    pub school: String,
    pub classes: Vec<String>,
    /// The parents whom no SMS reaches; `None` for whoever sees some classes only.
    pub unreachable: Option<usize>,
    pub class: String,
    pub reason: String,
    /// True if pupils may carry their parents' first letters.
    pub by_pupil: bool,
}

/// `/admin/lettres`.
#[derive(Clone, Debug, Serialize)]
pub struct LetterBatchesPage {
    pub frame: ConsoleFrame,
    pub lines: Vec<LetterBatchLine>,
    pub next: Option<String>,
    pub form: Option<LetterBatchForm>,
    pub error: Option<LetterBatchError>,
    /// True if the batches of several schools are listed.
    pub names_schools: bool,
}

impl Page for LetterBatchesPage {
    const TEMPLATE: &'static str = "school_admin/letters.html";
    fn samples() -> Vec<Self> {
        let page = LetterBatchesPage {
            frame: ConsoleFrame::sample().in_room("letters"),
            lines: vec![
                LetterBatchLine::sample("6e A", "class", "eleve"),
                LetterBatchLine::sample("", "unreachable", "responsable"),
                LetterBatchLine::withdrawn_sample(),
            ],
            next: Some("/admin/lettres?avant=0".to_owned()),
            form: Some(LetterBatchForm {
                id: "0".repeat(32),
                uai: "0349999J".to_owned(),
                school: "Clg Théodore Monod".to_owned(),
                classes: vec!["6e A".to_owned(), "6e B".to_owned()],
                unreachable: Some(51),
                class: "6e B".to_owned(),
                reason: "Rentrée".to_owned(),
                by_pupil: false,
            }),
            error: None,
            names_schools: false,
        };
        let mut all = vec![
            LetterBatchesPage { lines: Vec::new(), form: None, next: None, ..page.clone() },
            LetterBatchesPage { names_schools: true, ..page.clone() },
        ];
        for error in [
            LetterBatchError::Choice,
            LetterBatchError::Reason,
            LetterBatchError::Nobody,
            LetterBatchError::TooMany,
            LetterBatchError::Already,
            LetterBatchError::Changed,
        ] {
            all.push(LetterBatchesPage { error: Some(error), ..page.clone() });
        }
        let form = page.form.clone().map(|form| LetterBatchForm {
            unreachable: None,
            class: String::new(),
            by_pupil: true,
            ..form
        });
        all.push(LetterBatchesPage { form, ..page.clone() });
        all.push(page);
        all
    }
}

/// The reason for not taking a batch back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchWithdrawalRefusal {
    Reason,
    Nothing,
}

/// `/admin/lettres/…`.
#[derive(Clone, Debug, Serialize)]
pub struct LetterBatchPage {
    pub frame: ConsoleFrame,
    pub line: LetterBatchLine,
    /// The list in which it stands.
    pub back: String,
    pub may_withdraw: bool,
    pub reason: String,
    pub error: Option<BatchWithdrawalRefusal>,
}

impl Page for LetterBatchPage {
    const TEMPLATE: &'static str = "school_admin/batch.html";
    fn samples() -> Vec<Self> {
        let page = LetterBatchPage {
            frame: ConsoleFrame::sample().in_room("letters"),
            line: LetterBatchLine::sample("6e A", "class", "eleve"),
            back: "/admin/lettres?uai=0349999J".to_owned(),
            may_withdraw: true,
            reason: String::new(),
            error: None,
        };
        let over = LetterBatchLine { used: 28, open: 0, ..page.line.clone() };
        let one = LetterBatchLine { open: 1, ..LetterBatchLine::sample("", "unreachable", "responsable") };
        vec![
            LetterBatchPage { may_withdraw: false, ..page.clone() },
            LetterBatchPage { line: LetterBatchLine::withdrawn_sample(), ..page.clone() },
            LetterBatchPage {
                line: LetterBatchLine { withdrawn: 1, ..LetterBatchLine::withdrawn_sample() },
                ..page.clone()
            },
            LetterBatchPage { line: over.clone(), ..page.clone() },
            LetterBatchPage { line: over, error: Some(BatchWithdrawalRefusal::Nothing), ..page.clone() },
            LetterBatchPage { reason: "x".repeat(301), error: Some(BatchWithdrawalRefusal::Reason), ..page.clone() },
            LetterBatchPage { line: one, ..page.clone() },
            page,
        ]
    }
}
