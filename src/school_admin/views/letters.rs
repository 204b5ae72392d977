//! Batches of letters: their list, and the form of a new one.

use serde::Serialize;

use crate::administrators::views::ConsoleFrame;
use crate::http::pages::Page;

/// A batch of the list.
#[derive(Clone, Debug, Serialize)]
pub struct LetterBatchLine {
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
        let line = |class: &str, part, profile| LetterBatchLine {
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
        };
        let page = LetterBatchesPage {
            frame: ConsoleFrame::sample().in_room("letters"),
            lines: vec![line("6e A", "class", "eleve"), line("", "unreachable", "responsable")],
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
