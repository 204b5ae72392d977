//! The page of a school: its context and samples.

pub mod letters;
pub mod list;
pub mod order;

use serde::Serialize;
use strum::IntoEnumIterator as _;

use super::figures::{ParentStanding, UnreachableReason};
use super::orders::{CAMPAIGN_DAYS, CampaignOrderKind};
use crate::administrators::views::ConsoleFrame;
use crate::http::pages::Page;
use crate::http::pages::day_chart::DayChart;

/// A bar of the funnel.
#[derive(Clone, Debug, Serialize)]
pub struct FunnelLine {
    /// The end of the message's key.
    pub key: &'static str,
    pub n: usize,
    /// The width in per cent.
    pub width: String,
    /// The parents who were lost before this bar, and the list of them.
    pub lost: usize,
    pub list: Option<&'static str>,
}

/// The chart of the days.
#[derive(Clone, Debug, Serialize)]
pub struct CampaignChart {
    pub chart: DayChart,
    pub active: i64,
}

/// A parent of a list.
#[derive(Clone, Debug, Serialize)]
pub struct ParentLine {
    pub id: String,
    pub name: String,
    pub children: Vec<String>,
    /// The end of a message's key: the reason for which no SMS arrives, or where the activation stopped.
    pub why: &'static str,
    pub has_tried: bool,
}

/// A choice of the lists.
#[derive(Clone, Debug, Serialize)]
pub struct ParentTab {
    /// The end of the message's key.
    pub key: &'static str,
    pub n: usize,
    pub href: String,
    pub is_current: bool,
}

/// A class in the table.
#[derive(Clone, Debug, Serialize)]
pub struct ClassLine {
    pub class: String,
    pub parents: usize,
    pub with_account: usize,
    pub share: String,
    pub unreachable: usize,
}

/// Something that a family waits for.
#[derive(Clone, Debug, Serialize)]
pub struct FamilyTask {
    /// The end of the message's key: a kind of notice.
    pub kind: &'static str,
    pub person_id: String,
    pub name: String,
    pub pupil: String,
    pub class: String,
    pub when: String,
    pub code: String,
}

/// The form by which a campaign is changed.
#[derive(Clone, Debug, Serialize)]
pub struct OrderForm {
    /// The schools that the form names.
    pub uais: Vec<String>,
    /// The ends of the messages' keys.
    pub kinds: Vec<&'static str>,
    pub days: Vec<i64>,
    /// True if the form has to choose at least one.
    pub error: Option<OrderFormError>,
}

/// The reason for not keeping an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderFormError {
    Choice,
    NoSchool,
    TooMany,
}

/// `/admin/etablissements/…`.
#[derive(Clone, Debug, Serialize)]
pub struct SchoolPage {
    pub frame: ConsoleFrame,
    pub uai: String,
    pub name: String,
    pub academy: String,
    /// The end of the message's key.
    pub standing: &'static str,
    pub opens: String,
    pub closes: String,
    pub days_left: i64,
    /// True if the whole school is seen, and not some classes.
    pub is_whole: bool,
    pub sees_parents: bool,
    pub parents: usize,
    pub with_account: usize,
    pub share: Option<String>,
    pub academy_share: Option<String>,
    pub pupils: usize,
    pub covered: usize,
    pub not_begun: usize,
    pub unreachable: usize,
    pub late: usize,
    pub tasks: Vec<FamilyTask>,
    pub funnel: Vec<FunnelLine>,
    pub chart: Option<CampaignChart>,
    /// The name of the list, and the choices.
    pub list: &'static str,
    pub tabs: Vec<ParentTab>,
    pub lines: Vec<ParentLine>,
    pub listed: usize,
    pub next: Option<String>,
    pub shared: usize,
    pub classes: Vec<ClassLine>,
    pub order: Option<OrderForm>,
    pub may_print: bool,
    pub may_export: bool,
    pub done: Option<&'static str>,
}

/// The acts that the page confirms after they are done.
pub const DONE_WORDS: [&str; 4] = ["open", "extend", "close", "late"];

/// The lists of parents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum ParentList {
    #[strum(serialize = "injoignables")]
    Unreachable,
    #[strum(serialize = "rien")]
    NotBegun,
    #[strum(serialize = "code")]
    Code,
    #[strum(serialize = "enfants")]
    Children,
    #[strum(serialize = "mot-de-passe")]
    Password,
    #[strum(serialize = "partages")]
    Shared,
}

impl ParentList {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the standing of its parents; `None` for those who share a number.
    pub fn standing(self) -> Option<ParentStanding> {
        Some(match self {
            ParentList::Unreachable => ParentStanding::Unreachable,
            ParentList::NotBegun => ParentStanding::NotBegun,
            ParentList::Code => ParentStanding::StoppedAtCode,
            ParentList::Children => ParentStanding::StoppedAtChildren,
            ParentList::Password => ParentStanding::StoppedAtPassword,
            ParentList::Shared => return None,
        })
    }
}

impl OrderForm {
    /// Returns the form for some schools.
    pub fn new(uais: Vec<String>, kinds: Vec<CampaignOrderKind>) -> Self {
        let kinds = kinds.into_iter().map(CampaignOrderKind::name).collect();
        OrderForm { uais, kinds, days: CAMPAIGN_DAYS.to_vec(), error: None }
    }
}

fn sample_lines() -> Vec<ParentLine> {
    let line = |why| ParentLine {
        id: "0".repeat(32),
        name: "LEBŒUF <b>Sandrine</b>".to_owned(),
        children: vec!["Élie L., 4e B".to_owned(), "Anaïs L.".to_owned()],
        why,
        has_tried: why == "landline",
    };
    UnreachableReason::iter()
        .map(UnreachableReason::name)
        .chain(ParentStanding::iter().map(|s| s.name()))
        .map(line)
        .collect()
}

impl Page for SchoolPage {
    const TEMPLATE: &'static str = "school_admin/school.html";
    fn samples() -> Vec<Self> {
        let keys = ["legal", "to_activate", "reachable", "asked", "code", "children", "active"];
        let funnel = |(n, key): (usize, &'static str)| FunnelLine {
            key,
            n: 611 - 80 * n,
            width: format!("{}.0", 100 - 10 * n),
            lost: n,
            list: (n > 1).then_some("rien"),
        };
        let task = |kind| FamilyTask {
            kind,
            person_id: "0".repeat(32),
            name: "Karim B.".to_owned(),
            pupil: "Noé".to_owned(),
            class: "5e A".to_owned(),
            when: "hier à 19\u{a0}h\u{a0}12".to_owned(),
            code: "M2T-9QD".to_owned(),
        };
        let tab = |list: &'static str, is_current| ParentTab {
            key: list,
            n: 12,
            href: "/admin/etablissements/0349999J?liste=rien#familles".to_owned(),
            is_current,
        };
        let page = SchoolPage {
            frame: ConsoleFrame::sample().in_room("schools"),
            uai: "0349999J".to_owned(),
            name: "Clg Théodore Monod".to_owned(),
            academy: "académie de Montpellier".to_owned(),
            standing: "open",
            opens: "lundi 16\u{a0}novembre".to_owned(),
            closes: "mardi 1er\u{a0}décembre, 8\u{a0}h".to_owned(),
            days_left: 5,
            is_whole: true,
            sees_parents: true,
            parents: 611,
            with_account: 443,
            share: Some("72,5\u{a0}%".to_owned()),
            academy_share: Some("68,4\u{a0}%".to_owned()),
            pupils: 598,
            covered: 563,
            not_begun: 85,
            unreachable: 51,
            late: 3,
            tasks: ["contested", "set_aside", "recovery_failed", "shared_mobile", "phone_disowned"].map(task).to_vec(),
            funnel: keys.into_iter().enumerate().map(funnel).collect(),
            chart: Some(CampaignChart { chart: DayChart::sample(15), active: 259 }),
            list: "injoignables",
            tabs: ["all", "no_number", "landline", "incomplete", "foreign", "disowned", "institution"]
                .map(|key| tab(key, key == "landline"))
                .to_vec(),
            lines: sample_lines(),
            listed: 51,
            next: Some("/admin/etablissements/0349999J?apres=x".to_owned()),
            shared: 12,
            classes: vec![ClassLine {
                class: "6e A".to_owned(),
                parents: 52,
                with_account: 46,
                share: "88,5\u{a0}%".to_owned(),
                unreachable: 3,
            }],
            order: Some(OrderForm::new(vec!["0349999J".to_owned()], CampaignOrderKind::iter().collect())),
            may_print: true,
            may_export: true,
            done: None,
        };
        let bare = SchoolPage {
            parents: 0,
            pupils: 0,
            share: None,
            academy_share: None,
            tasks: Vec::new(),
            chart: None,
            lines: Vec::new(),
            listed: 0,
            shared: 0,
            next: None,
            classes: Vec::new(),
            standing: "not_planned",
            opens: String::new(),
            closes: String::new(),
            late: 0,
            ..page.clone()
        };
        let mut all = vec![page.clone(), bare];
        all.extend(["upcoming", "closed"].map(|standing| SchoolPage { standing, ..page.clone() }));
        all.extend(ParentList::iter().map(|list| SchoolPage { list: list.name(), tabs: Vec::new(), ..page.clone() }));
        all.extend(DONE_WORDS.map(|done| SchoolPage { done: Some(done), ..page.clone() }));
        for error in [OrderFormError::Choice, OrderFormError::NoSchool, OrderFormError::TooMany] {
            let order = page.order.clone().map(|order| OrderForm { error: Some(error), ..order });
            all.push(SchoolPage { order, ..page.clone() });
        }
        all.push(SchoolPage {
            is_whole: false,
            sees_parents: false,
            order: None,
            may_print: false,
            may_export: false,
            chart: None,
            ..page
        });
        all
    }
}
