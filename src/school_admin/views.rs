//! The page of a school: its context and samples.

pub mod letters;
pub mod list;
pub mod order;
pub mod reminders;
mod samples;

use serde::Serialize;

use self::reminders::ReminderLine;
use super::figures::ParentStanding;
use super::orders::{CAMPAIGN_DAYS, CampaignOrderKind};
use crate::administrators::views::ConsoleFrame;
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
    pub reminders: i64,
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

/// A notice that settled itself.
#[derive(Clone, Debug, Serialize)]
pub struct SettledLine {
    /// The ends of messages' keys: the kind of the notice, and why it is settled.
    pub kind: &'static str,
    pub why: &'static str,
    pub person_id: String,
    pub name: String,
    pub pupil: String,
    pub when: String,
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
    /// The parents whose account a letter activated.
    pub by_letter: usize,
    pub classes: Vec<ClassLine>,
    pub order: Option<OrderForm>,
    /// True if those who have not activated can be reminded now by SMS.
    pub may_remind: bool,
    /// The same by mail.
    pub may_mail: bool,
    pub reminders: Vec<ReminderLine>,
    pub settled: Vec<SettledLine>,
    pub may_print: bool,
    pub may_export: bool,
    pub done: Option<&'static str>,
}

/// The acts that the page confirms after they are done.
pub const DONE_WORDS: [&str; 5] = ["open", "extend", "close", "late", "reminded"];

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
    /// Activated with a letter: whoever did not do it themselves is found here.
    #[strum(serialize = "par-lettre")]
    ByLetter,
}

impl ParentList {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the standing of its parents; `None` for those who share a number, or activated with a letter.
    pub fn standing(self) -> Option<ParentStanding> {
        Some(match self {
            ParentList::Unreachable => ParentStanding::Unreachable,
            ParentList::NotBegun => ParentStanding::NotBegun,
            ParentList::Code => ParentStanding::StoppedAtCode,
            ParentList::Children => ParentStanding::StoppedAtChildren,
            ParentList::Password => ParentStanding::StoppedAtPassword,
            ParentList::Shared | ParentList::ByLetter => return None,
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
