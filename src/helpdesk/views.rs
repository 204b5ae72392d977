//! The pages of the help desk.

use serde::Serialize;
use strum::IntoEnumIterator as _;

use crate::administrators::views::ConsoleFrame;
use crate::http::pages::Page;

/// Somebody found.
#[derive(Clone, Debug, Serialize)]
pub struct HitLine {
    pub id: String,
    pub name: String,
    pub is_pupil: bool,
    pub children: String,
    pub school: String,
    /// The end of the message's key.
    pub standing: &'static str,
    pub phone_end: Option<String>,
    pub is_near: bool,
}

/// `/admin/personnes`.
#[derive(Clone, Debug, Serialize)]
pub struct PeoplePage {
    pub frame: ConsoleFrame,
    /// `start`, `short`, `wrong_uai`, `four_digits` or `searched`.
    pub kind: &'static str,
    pub hits: Vec<HitLine>,
    pub has_more: bool,
}

impl Page for PeoplePage {
    const TEMPLATE: &'static str = "helpdesk/people.html";
    fn samples() -> Vec<Self> {
        let line = |name: &str, standing, is_pupil, is_near| HitLine {
            id: "0".repeat(32),
            name: name.to_owned(),
            is_pupil,
            children: if is_pupil { "6 A".to_owned() } else { "Élie L., 4e B · Anaïs L., 6e A".to_owned() },
            school: "Clg Théodore Monod".to_owned(),
            standing,
            phone_end: (!is_pupil).then(|| "41".to_owned()),
            is_near,
        };
        let page = PeoplePage {
            frame: ConsoleFrame::sample().in_room("people").searching("leboeuf"),
            kind: "searched",
            hits: vec![
                line("LEBŒUF Sandrine", "unreachable", false, false),
                line("LE BŒUF-MARTÍ Alexandre", "none", false, false),
                line("LEBŒUF Élie", "active", true, false),
                line("LEBŒUF Anaïs", "pending", true, false),
                line("LEBEUF Sandra", "suspended", false, true),
                line("LEBEUF Paul", "closed", false, true),
            ],
            has_more: true,
        };
        let empty = |kind| PeoplePage { kind, hits: Vec::new(), has_more: false, ..page.clone() };
        let too_many = PeoplePage { has_more: true, ..empty("searched") };
        let refusals = ["start", "short", "wrong_uai", "four_digits"].map(empty);
        [vec![page.clone(), empty("searched"), too_many], refusals.to_vec()].concat()
    }
}

/// An event of somebody.
#[derive(Clone, Debug, Serialize)]
pub struct PersonEventLine {
    pub when: String,
    /// The end of the message's key; `near` for an activation with another number.
    pub word: String,
    /// The end of the other number.
    pub last2: String,
    pub code: String,
}

/// A child of a parent, or the pupil's own school.
#[derive(Clone, Debug, Serialize)]
pub struct ChildLine {
    pub name: String,
    pub school: String,
    /// `legal`, `in_charge`, `contact` or `own`.
    pub level: String,
}

/// The reason for which an act was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::EnumIter)]
#[serde(rename_all = "snake_case")]
pub enum RepairFormError {
    Check,
    Reason,
    NothingToDo,
    LetterLimit,
    LetterNobody,
    LetterChanged,
}

/// `/admin/personnes/…`.
#[derive(Clone, Debug, Serialize)]
pub struct PersonPage {
    pub frame: ConsoleFrame,
    pub id: String,
    pub name: String,
    pub is_pupil: bool,
    pub school: String,
    /// The word of the cause, and what its sentences name.
    pub cause: &'static str,
    pub names: String,
    pub when: String,
    pub last2: String,
    pub schools: String,
    pub door: String,
    pub by: String,
    /// The act that repairs it, if it is done here: `reopen`, `give_tries_back`, `lift_contest`, `resume`, `letter`.
    pub act: Option<&'static str>,
    /// The role that the act belongs to, if it is another: `others`, `other_school`, `academy`, `national`.
    pub act_of: Option<&'static str>,
    pub may_letter: bool,
    /// The time of the newest letter whose code serves, where it may be taken back.
    pub letter_printed: Option<String>,
    pub may_show_identifiant: bool,
    pub may_remove_factors: bool,
    pub may_end_sessions: bool,
    pub may_suspend: bool,
    pub children: Vec<ChildLine>,
    /// `none`, `pending`, `active`, `closed` or `suspended`.
    pub account: &'static str,
    pub phone_end: Option<String>,
    /// `mobile`, `none`, `landline`, `incomplete`, `unusable` or `disowned`.
    pub phone: &'static str,
    /// `open`, `upcoming`, `closed` or `not_planned`; of a parent.
    pub campaign: &'static str,
    pub events: Vec<PersonEventLine>,
    /// The act whose form was refused, with what was given in it; else empty.
    pub posted: &'static str,
    pub check: &'static str,
    pub reason: String,
    pub error: Option<RepairFormError>,
    pub done: Option<&'static str>,
    /// Shown once, after its act.
    pub identifiant: Option<String>,
}

/// The acts that the page confirms after they are done.
pub const DONE_WORDS: [&str; 9] = [
    "reopen",
    "give_tries_back",
    "lift_contest",
    "suspend",
    "resume",
    "remove_factors",
    "end_sessions",
    "withdraw_letter",
    "show_identifiant",
];
/// The causes, for the samples.
const CAUSE_WORDS: [&str; 25] = [
    "no_child",
    "suspended",
    "phone_none",
    "phone_landline",
    "phone_incomplete",
    "phone_disowned",
    "phone_unusable",
    "other_number",
    "campaign_closed",
    "campaign_not_open",
    "campaign_upcoming",
    "codes_used_up",
    "set_aside",
    "contested",
    "pending",
    "password_waits",
    "must_change",
    "outside_perimeter",
    "other_door",
    "not_in_portal",
    "two_accounts",
    "no_letter",
    "not_activated",
    "closed",
    "nothing",
];

impl Page for PersonPage {
    const TEMPLATE: &'static str = "helpdesk/person.html";
    fn samples() -> Vec<Self> {
        let event = |word: &str, code: &str| PersonEventLine {
            when: "aujourd'hui à 14\u{a0}h\u{a0}05".to_owned(),
            word: word.to_owned(),
            last2: "88".to_owned(),
            code: code.to_owned(),
        };
        let child = |level: &str| ChildLine {
            name: "Élie L., 4e B".to_owned(),
            school: "Clg Théodore Monod".to_owned(),
            level: level.to_owned(),
        };
        let page = PersonPage {
            frame: ConsoleFrame::sample().in_room("people"),
            id: "0".repeat(32),
            name: "Sandrine LEBŒUF".to_owned(),
            is_pupil: false,
            school: "Clg Théodore Monod".to_owned(),
            cause: "phone_landline",
            names: "Élie, Anaïs".to_owned(),
            when: "le 18\u{a0}octobre à 8\u{a0}h".to_owned(),
            last2: "88".to_owned(),
            schools: "Clg Théodore Monod".to_owned(),
            door: "Mon ENT Montpellier".to_owned(),
            by: "l'établissement".to_owned(),
            act: Some("letter"),
            act_of: None,
            may_letter: true,
            letter_printed: None,
            may_show_identifiant: false,
            may_remove_factors: false,
            may_end_sessions: false,
            may_suspend: false,
            children: vec![child("legal"), child("in_charge"), child("contact")],
            account: "none",
            phone_end: Some("41".to_owned()),
            phone: "landline",
            campaign: "open",
            events: vec![event("near", ""), event("letter-issued", "")],
            posted: "",
            check: "",
            reason: String::new(),
            error: None,
            done: None,
            identifiant: None,
        };
        let acts = [
            ("suspended", Some("resume")),
            ("campaign_closed", Some("reopen")),
            ("set_aside", Some("give_tries_back")),
            ("contested", Some("lift_contest")),
            ("phone_none", Some("letter")),
            ("no_letter", Some("letter")),
        ];
        let mut all = vec![page.clone()];
        for cause in CAUSE_WORDS {
            let act = acts.iter().find(|(word, _)| *word == cause).and_then(|(_, act)| *act);
            all.push(PersonPage { cause, act, ..page.clone() });
        }
        for error in RepairFormError::iter() {
            for (posted, check) in [("letter", "known"), ("end_sessions", ""), ("withdraw_letter", ""), ("suspend", "")]
            {
                // For these two nobody's identity is asked.
                if error == RepairFormError::Check && ["withdraw_letter", "suspend"].contains(&posted) {
                    continue;
                }
                let (reason, letter_printed) = ("Numéro fixe".to_owned(), Some(page.when.clone()));
                let page = PersonPage { letter_printed, may_end_sessions: true, may_suspend: true, ..page.clone() };
                all.push(PersonPage { error: Some(error), posted, check, reason, ..page });
            }
        }
        for done in DONE_WORDS {
            let identifiant = (done == "show_identifiant").then(|| "s.leboeuf41".to_owned());
            all.push(PersonPage { done: Some(done), identifiant, ..page.clone() });
        }
        for (account, phone, campaign) in [
            ("pending", "mobile", "upcoming"),
            ("active", "none", "closed"),
            ("closed", "incomplete", "not_planned"),
            ("suspended", "unusable", "open"),
            ("active", "disowned", "open"),
        ] {
            let (may_show_identifiant, may_remove_factors) = (true, true);
            all.push(PersonPage {
                account,
                phone,
                campaign,
                act: None,
                act_of: Some(if account == "suspended" { "academy" } else { "others" }),
                may_show_identifiant,
                may_remove_factors,
                letter_printed: Some(page.when.clone()),
                may_end_sessions: true,
                may_suspend: account == "active",
                ..page.clone()
            });
        }
        for act_of in ["other_school", "national"].map(Some) {
            all.push(PersonPage { cause: "suspended", act: None, act_of, ..page.clone() });
        }
        all.push(PersonPage {
            is_pupil: true,
            cause: "nothing",
            act: None,
            may_letter: false,
            children: vec![child("own")],
            phone_end: None,
            events: Vec::new(),
            ..page
        });
        all
    }
}

/// Something that a support code leads to.
#[derive(Clone, Debug, Serialize)]
pub struct CodeTraceLine {
    pub when: String,
    /// `activation`, `near`, `notice` or `page`.
    pub kind: &'static str,
    /// The end of the message's key that says how it went.
    pub outcome: String,
    pub school: String,
    /// The page of the person, if the code leads to one.
    pub person: Option<String>,
    pub name: String,
}

/// `/admin/codes/…`.
#[derive(Clone, Debug, Serialize)]
pub struct SupportCodePage {
    pub frame: ConsoleFrame,
    pub code: String,
    pub traces: Vec<CodeTraceLine>,
}

impl Page for SupportCodePage {
    const TEMPLATE: &'static str = "helpdesk/code.html";
    fn samples() -> Vec<Self> {
        let trace = |kind, outcome: &str, person: Option<String>| CodeTraceLine {
            when: "aujourd'hui à 14\u{a0}h\u{a0}05".to_owned(),
            kind,
            outcome: outcome.to_owned(),
            school: "Clg Théodore Monod".to_owned(),
            name: if person.is_some() { "Sandrine LEBŒUF".to_owned() } else { String::new() },
            person,
        };
        let page = SupportCodePage {
            frame: ConsoleFrame::sample().in_room("people"),
            code: "T8W-3HB".to_owned(),
            traces: vec![
                trace("activation", "not_found", None),
                trace("activation", "sent", Some("0".repeat(32))),
                trace("activation", "ended", Some("0".repeat(32))),
                trace("near", "other_number", Some("0".repeat(32))),
                trace("notice", "open", Some("0".repeat(32))),
                trace("page", "shown", None),
            ],
        };
        vec![page.clone(), SupportCodePage { traces: Vec::new(), ..page }]
    }
}
