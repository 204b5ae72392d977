//! Messages in the console: their list, the form of a new one, its reading.

use serde::Serialize;
use strum::IntoEnumIterator as _;

use super::{AnnouncementFaults, TimeFault};
use crate::administrators::views::ConsoleFrame;
use crate::announcements::{AnnouncementLevel, TextFault};
use crate::base::lang::Lang;
use crate::http::pages::Page;

/// A message of the list.
#[derive(Clone, Debug, Serialize)]
pub struct AnnouncementLine {
    pub id: String,
    /// The name of the academy; `None` for all.
    pub place: Option<String>,
    pub level: &'static str,
    pub fr: String,
    pub en: String,
    /// `shown`, `upcoming` or `ended`.
    pub state: &'static str,
    /// The beginning and the end, in words.
    pub from: String,
    pub to: String,
    pub by: String,
    /// The name of who ended it early.
    pub ended_by: Option<String>,
    pub may_end: bool,
}

/// The reason for not keeping a draft, beside what is wrong with its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnouncementFormError {
    Fields,
    TooMany,
}

/// An academy of the form.
#[derive(Clone, Debug, Serialize)]
pub struct AcademyChoice {
    pub id: String,
    pub name: String,
}

/// The form of a message.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AnnouncementForm {
    /// True if it may be for all.
    pub everywhere: bool,
    /// The academies that may be chosen.
    pub academies: Vec<AcademyChoice>,
    /// The chosen academy, by id; empty for all.
    pub academy: String,
    /// The names of the levels, and the chosen one.
    pub levels: Vec<&'static str>,
    pub level: String,
    pub fr: String,
    pub en: String,
    pub begins_at: String,
    pub ends_at: String,
    pub faults: AnnouncementFaults,
}

impl AnnouncementForm {
    /// Returns the names of the levels, what is gentle first.
    pub fn level_names() -> Vec<&'static str> {
        let mut names: Vec<&'static str> = AnnouncementLevel::iter().map(AnnouncementLevel::name).collect();
        names.reverse();
        names
    }
}

/// `/admin/annonces`.
#[derive(Clone, Debug, Serialize)]
pub struct AnnouncementListPage {
    pub frame: ConsoleFrame,
    pub lines: Vec<AnnouncementLine>,
    pub next: Option<String>,
    pub form: AnnouncementForm,
    pub error: Option<AnnouncementFormError>,
    /// `published` or `ended`, after an act.
    pub done: &'static str,
}

impl Page for AnnouncementListPage {
    const TEMPLATE: &'static str = "announcement_admin/announcements.html";
    fn samples() -> Vec<Self> {
        let line = |place: Option<&str>, state, level| AnnouncementLine {
            id: "0".repeat(32),
            place: place.map(str::to_owned),
            level,
            fr: "Le <b>portail</b> est fermé samedi de 8\u{a0}h à 12\u{a0}h.".to_owned(),
            en: "The portal is closed on Saturday from 8:00 to 12:00.".to_owned(),
            state,
            from: "vendredi 27\u{a0}novembre, 8\u{a0}h".to_owned(),
            to: "samedi 28\u{a0}novembre, 12\u{a0}h".to_owned(),
            by: "Nadia Kaci".to_owned(),
            ended_by: (state == "ended").then(|| "Nadia Kaci".to_owned()),
            may_end: state != "ended",
        };
        let form = AnnouncementForm {
            everywhere: true,
            academies: vec![AcademyChoice {
                id: "montpellier".to_owned(), name: "académie de Montpellier".to_owned()
            }],
            levels: AnnouncementForm::level_names(),
            ..AnnouncementForm::default()
        };
        let page = AnnouncementListPage {
            frame: ConsoleFrame::sample().in_room("announcements"),
            lines: vec![
                line(None, "shown", "disturbance"),
                line(Some("académie de Montpellier"), "upcoming", "information"),
                line(Some("académie de Montpellier"), "ended", "information"),
            ],
            next: Some("/admin/annonces?avant=0".to_owned()),
            form: form.clone(),
            error: None,
            done: "",
        };
        let one = AnnouncementForm { everywhere: false, academy: "montpellier".to_owned(), ..form.clone() };
        let mut all = vec![
            AnnouncementListPage { lines: Vec::new(), next: None, form: one, ..page.clone() },
            AnnouncementListPage { done: "published", ..page.clone() },
            AnnouncementListPage { done: "ended", ..page.clone() },
            AnnouncementListPage { error: Some(AnnouncementFormError::TooMany), ..page.clone() },
        ];
        let texts = [TextFault::Empty, TextFault::TooLong, TextFault::Hidden, TextFault::Address];
        let times = [TimeFault::NoTime, TimeFault::Past, TimeFault::TooFar, TimeFault::BeforeBegin, TimeFault::TooLong];
        for (text, time) in texts.into_iter().cycle().zip(times) {
            let faults = AnnouncementFaults {
                level: text == TextFault::Empty,
                fr: Some(text),
                en: Some(text),
                begins_at: Some(time),
                ends_at: Some(time),
            };
            let form = AnnouncementForm {
                level: "information".to_owned(),
                fr: "</textarea><b>x".to_owned(),
                begins_at: "demain".to_owned(),
                faults,
                ..form.clone()
            };
            all.push(AnnouncementListPage { form, error: Some(AnnouncementFormError::Fields), ..page.clone() });
        }
        all.push(page);
        all
    }
}

/// The reason for not doing what was confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnouncementReviewError {
    Changed,
    Full,
    RoleEnded,
}

/// A message as it will be seen in one language.
#[derive(Clone, Debug, Serialize)]
pub struct SeenAnnouncement {
    pub lang: &'static str,
    /// The level, in that language.
    pub word: String,
    pub text: String,
}

/// `/admin/annonces/relire/…`.
#[derive(Clone, Debug, Serialize)]
pub struct AnnouncementReviewPage {
    pub frame: ConsoleFrame,
    pub id: String,
    /// The name of the academy; `None` for all.
    pub place: Option<String>,
    /// The message as it will be seen, in each language.
    pub seen: Vec<SeenAnnouncement>,
    /// The beginning, in words; empty if it begins at once.
    pub from: String,
    pub to: String,
    /// The French texts of what is shown beside it.
    pub beside: Vec<String>,
    pub may_confirm: bool,
    pub is_done: bool,
    pub version: i64,
    pub digest: String,
    pub error: Option<AnnouncementReviewError>,
    /// The place and the hour of a role that ended.
    pub ended_place: String,
    pub ended_at: String,
}

impl Page for AnnouncementReviewPage {
    const TEMPLATE: &'static str = "announcement_admin/review.html";
    fn samples() -> Vec<Self> {
        let seen = |lang: Lang| SeenAnnouncement {
            lang: lang.tag(),
            word: "Information".to_owned(),
            text: "Le <b>portail</b> est fermé samedi de 8\u{a0}h à 12\u{a0}h.".to_owned(),
        };
        let page = AnnouncementReviewPage {
            frame: ConsoleFrame::sample().in_room("announcements"),
            id: "0".repeat(32),
            place: Some("académie de Montpellier".to_owned()),
            seen: Lang::ALL.map(seen).to_vec(),
            from: String::new(),
            to: "samedi 28\u{a0}novembre, 12\u{a0}h".to_owned(),
            beside: Vec::new(),
            may_confirm: true,
            is_done: false,
            version: 1,
            digest: "d".repeat(43),
            error: None,
            ended_place: "académie de Montpellier".to_owned(),
            ended_at: "14\u{a0}h\u{a0}05".to_owned(),
        };
        let beside = vec!["Un <i>autre</i> message.".to_owned()];
        let from = "vendredi 27\u{a0}novembre, 8\u{a0}h".to_owned();
        let refused = |error| AnnouncementReviewPage { error: Some(error), may_confirm: false, ..page.clone() };
        vec![
            AnnouncementReviewPage { place: None, from, beside, ..page.clone() },
            AnnouncementReviewPage { is_done: true, may_confirm: false, ..page.clone() },
            refused(AnnouncementReviewError::Changed),
            refused(AnnouncementReviewError::Full),
            AnnouncementReviewPage {
                seen: Vec::new(),
                to: String::new(),
                ..refused(AnnouncementReviewError::RoleEnded)
            },
            page,
        ]
    }
}
