//! The reading of a request: its context and samples.

use serde::Serialize;
use strum::IntoEnumIterator as _;

use super::request_form::{CheckLine, ScopeChoice, sample_checks};
use crate::administrators::views::ConsoleFrame;
use crate::client_admin::requests::RequestState;
use crate::clients::metadata::NAMED_FIELDS;
use crate::http::pages::Page;

/// An answer that a request changes.
#[derive(Clone, Debug, Serialize)]
pub struct ChangedAnswer {
    /// The name of the field, and whether there are words for it.
    pub field: String,
    pub is_known: bool,
    pub removed: Vec<String>,
    pub kept: Vec<String>,
    pub added: Vec<String>,
}

/// An effect of a request, in words.
#[derive(Clone, Debug, Serialize)]
pub struct EffectLine {
    /// The end of the message's key.
    pub word: &'static str,
    pub value: String,
}

/// Somebody who may decide.
#[derive(Clone, Debug, Serialize)]
pub struct DeciderLine {
    pub name: String,
    pub is_you: bool,
    pub is_author: bool,
    pub has_approved: bool,
}

/// The reason for not taking a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewError {
    /// A refusal and a question need words.
    Words,
    /// A choice was not made.
    Choice,
    Own,
    Changed,
    Bad,
    AnotherWaits,
    TooMany,
    RoleEnded,
    /// The checks are too old to decide by.
    OldChecks,
    /// A check keeps it from being approved.
    Unsound,
    /// The checks of this hour are used up.
    TooManyChecks,
}

/// `/admin/services/relire/…`.
#[derive(Clone, Debug, Serialize)]
pub struct ReviewPage {
    pub frame: ConsoleFrame,
    pub id: String,
    pub client_id: String,
    pub name: String,
    pub is_new: bool,
    /// The end of the message's key.
    pub state: &'static str,
    pub author: String,
    pub requested: Option<String>,
    pub decided: Option<String>,
    pub decider: Option<String>,
    /// The words of the decision, and of the request.
    pub words: String,
    pub note: String,
    /// The scopes that are asked for, with the reason for each.
    pub reasons: Vec<ScopeChoice>,
    pub changes: Vec<ChangedAnswer>,
    pub effects: Vec<EffectLine>,
    pub checks: Vec<CheckLine>,
    pub checked: Option<String>,
    pub deciders: Vec<DeciderLine>,
    pub is_author: bool,
    pub may_send: bool,
    pub may_edit: bool,
    pub may_decide: bool,
    pub may_check: bool,
    /// True if it counts as soon as it is sent.
    pub at_once: bool,
    pub version: i64,
    pub digest: String,
    pub typed: String,
    pub error: Option<ReviewError>,
    /// The place and the hour of a role that ended.
    pub ended_place: String,
    pub ended_at: String,
    pub told: Option<&'static str>,
}

/// The acts that the page confirms after they are done.
pub const TOLD_WORDS: [&str; 4] = ["sent", "applied", "decided", "partly"];
pub const EFFECT_WORDS: [&str; 7] = ["new", "host", "scope", "perimeter", "nothing", "proof", "name"];

impl Page for ReviewPage {
    const TEMPLATE: &'static str = "client_admin/review.html";
    fn samples() -> Vec<Self> {
        let change = |field: &str, n: usize| ChangedAnswer {
            field: field.to_owned(),
            is_known: NAMED_FIELDS.contains(&field),
            removed: if n < 8 { Vec::new() } else { vec!["https://cantine.example/fin".to_owned()] },
            kept: if n > 16 { Vec::new() } else { vec!["https://cantine.example/retour".to_owned()] },
            added: [
                "https://x.example/\"><script>alert(1)</script>",
                "true",
                "false",
                "plain",
                "fapi2",
                "web",
                "native",
            ]
            .map(str::to_owned)
            .to_vec(),
        };
        let decider = |name: &str, is_you, is_author| DeciderLine {
            name: name.to_owned(),
            is_you,
            is_author,
            has_approved: !is_you && !is_author,
        };
        let page = ReviewPage {
            frame: ConsoleFrame::sample().in_room("services"),
            id: "0".repeat(32),
            client_id: "cantine".to_owned(),
            name: "Cantine en ligne".to_owned(),
            is_new: true,
            state: "requested",
            author: "Julien Fabre".to_owned(),
            requested: Some("hier à 9\u{a0}h\u{a0}40".to_owned()),
            decided: None,
            decider: None,
            words: String::new(),
            note: "Rentrée de janvier".to_owned(),
            reasons: vec![ScopeChoice { name: "profile".to_owned(), chosen: true, reason: "Facture".to_owned() }],
            changes: NAMED_FIELDS.into_iter().chain(["tos_uri"]).zip(0..).map(|(f, n)| change(f, n)).collect(),
            effects: EFFECT_WORDS
                .map(|word| EffectLine {
                    word,
                    value: if word == "scope" { "education" } else { "cantine.example" }.to_owned(),
                })
                .to_vec(),
            checks: sample_checks(),
            checked: Some("hier à 9\u{a0}h\u{a0}40".to_owned()),
            deciders: vec![
                decider("Nadia Kaci", true, false),
                decider("Laure Peyrot", false, false),
                decider("Julien Fabre", false, true),
            ],
            is_author: false,
            may_send: false,
            may_edit: false,
            may_decide: true,
            may_check: true,
            at_once: false,
            version: 2,
            digest: "d".repeat(43),
            typed: String::new(),
            error: None,
            ended_place: "académie de Montpellier".to_owned(),
            ended_at: "14\u{a0}h\u{a0}05".to_owned(),
            told: None,
        };
        let author = ReviewPage { is_author: true, may_decide: false, may_edit: true, ..page.clone() };
        let mut all: Vec<Self> = RequestState::iter()
            .map(|state| ReviewPage {
                state: state.name(),
                decided: Some("aujourd'hui à 8\u{a0}h".to_owned()),
                decider: Some("Nadia Kaci".to_owned()),
                words: "D'accord".to_owned(),
                ..page.clone()
            })
            .collect();
        for error in [
            ReviewError::Words,
            ReviewError::Choice,
            ReviewError::Own,
            ReviewError::Changed,
            ReviewError::Bad,
            ReviewError::AnotherWaits,
            ReviewError::TooMany,
            ReviewError::RoleEnded,
            ReviewError::OldChecks,
            ReviewError::Unsound,
            ReviewError::TooManyChecks,
        ] {
            all.push(ReviewPage { error: Some(error), typed: "x".to_owned(), ..page.clone() });
        }
        for told in TOLD_WORDS {
            all.push(ReviewPage { told: Some(told), ..author.clone() });
        }
        let bare = ReviewPage {
            checks: Vec::new(),
            reasons: Vec::new(),
            note: String::new(),
            deciders: Vec::new(),
            is_new: false,
            requested: None,
            checked: None,
            ..author.clone()
        };
        all.extend([ReviewPage { state: "draft", may_send: true, at_once: true, ..bare.clone() }, bare]);
        all.push(ReviewPage { state: "draft", may_send: true, ..author });
        all
    }
}
