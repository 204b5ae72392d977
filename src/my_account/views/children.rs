//! The pages of a parent's children.

use serde::Serialize;

use crate::credentials::views::{CurrentPasswordError, CurrentPasswordProblem};
use crate::http::pages::Page;
use crate::http::pages::date_fields::{DateFieldError, DateFields};
use crate::my_account::views::closing::CautionEnd;

/// `/compte/enfants`. Posts `contester` to the URL of the page; `enfant` and `date_naissance` to
/// `/compte/enfants/ajouter`.
#[derive(Debug, Serialize)]
pub struct MyChildrenPage {
    pub children: Vec<MyChildCard>,
    pub offered: Vec<OfferedCard>,
    pub former: Vec<FormerChildLine>,
    /// The error of a letter's code, posted as `code` to `/compte/enfants/lettre`.
    pub letter_error: Option<ChildLetterError>,
}

/// A child whom a school gives to the account no more; who else is the child's parent is not said.
#[derive(Clone, Debug, Serialize)]
pub struct FormerChildLine {
    /// `None` if the child's data changed after the end.
    pub given_name: Option<String>,
    pub school: String,
    /// `3 octobre`
    pub day: String,
}

/// The error of a letter's code.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChildLetterError {
    Empty,
    WrongForm,
    Confusable,
    Slip,
    Wrong { left: i64 },
    Used { date: String },
    Replaced { date: String },
    Expired { date: String },
    Waiting { until: String },
}

/// A child of the account.
#[derive(Clone, Debug, Serialize)]
pub struct MyChildCard {
    pub id: String,
    pub given_name: String,
    pub name: String,
    pub class: Option<String>,
    pub school: String,
    /// The child's identifiant, if a parent may get a code for it.
    pub identifiant: Option<String>,
    /// True if the child is too old for a parent's code.
    pub old_enough: bool,
}

/// A child that may join the account.
#[derive(Clone, Debug, Serialize)]
pub struct OfferedCard {
    pub id: String,
    pub given_name: String,
    /// `Noé L.`
    pub display_name: String,
    pub school: String,
    pub date: DateFields,
    pub error: Option<ChildDateError>,
}

/// The error beside the date of one child.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChildDateError {
    Date {
        fault: DateFieldError,
    },
    Wrong {
        left: i64,
    },
    /// The tries are used up; `hour` as `14 h 30`.
    NoMore {
        hour: String,
    },
}

/// `/compte/enfants/code`. Posts `enfant`, `mot_de_passe` and, where it was never given, `date_naissance`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChildCodePage {
    pub id: String,
    pub given_name: String,
    pub identifiant: String,
    pub asks_date: bool,
    pub date: DateFields,
    pub date_error: Option<ChildDateError>,
    /// The name of the upstream that stands for the password of an account without one.
    pub upstream: Option<String>,
    pub current: Option<CurrentPasswordError>,
    pub caution: Option<CautionEnd>,
    /// The codes of the day are used up; the time from which there is another one.
    pub too_many: Option<String>,
    /// The code in groups, once issued.
    pub code: Option<String>,
    /// The end of the code: the day and the hour.
    pub until: Option<CautionEnd>,
}

impl Page for MyChildrenPage {
    const TEMPLATE: &'static str = "my_account/children.html";

    fn samples() -> Vec<Self> {
        let card = |given_name: &str, class: Option<&str>, identifiant: Option<&str>, old_enough| MyChildCard {
            id: "0".repeat(32),
            given_name: given_name.to_owned(),
            name: format!("{given_name} Lebœuf"),
            class: class.map(str::to_owned),
            school: "Clg Théodore Monod".to_owned(),
            identifiant: identifiant.map(str::to_owned),
            old_enough,
        };
        let offered = |id: char, error| OfferedCard {
            id: id.to_string().repeat(32),
            given_name: "Noé".to_owned(),
            display_name: "Noé L.".to_owned(),
            school: "Lycée Jean Moulin".to_owned(),
            date: DateFields::default(),
            error,
        };
        let cards = || {
            vec![
                card("Anaïs", Some("5e B"), Some("a.leboeuf12"), false),
                MyChildCard { id: "1".repeat(32), ..card("Élie", Some("2de 4"), None, true) },
                MyChildCard { id: "2".repeat(32), ..card("Zoé", None, None, false) },
            ]
        };
        let page =
            |children, offered, letter_error| MyChildrenPage { children, offered, former: Vec::new(), letter_error };
        let former = |given_name: Option<&str>| FormerChildLine {
            given_name: given_name.map(str::to_owned),
            school: "Clg Théodore Monod".to_owned(),
            day: "3\u{a0}octobre".to_owned(),
        };
        let mut all = vec![
            page(cards(), vec![offered('3', None)], None),
            page(cards(), Vec::new(), None),
            MyChildrenPage { former: vec![former(Some("Élie")), former(None)], ..page(Vec::new(), Vec::new(), None) },
            MyChildrenPage {
                children: Vec::new(),
                former: Vec::new(),
                offered: vec![
                    offered('3', Some(ChildDateError::Wrong { left: 3 })),
                    offered('4', Some(ChildDateError::Date { fault: DateFieldError::Empty })),
                    offered('5', Some(ChildDateError::NoMore { hour: "14\u{a0}h\u{a0}30".to_owned() })),
                ],
                letter_error: None,
            },
        ];
        let date = || "12\u{a0}octobre".to_owned();
        for error in [
            ChildLetterError::Empty,
            ChildLetterError::WrongForm,
            ChildLetterError::Confusable,
            ChildLetterError::Slip,
            ChildLetterError::Wrong { left: 3 },
            ChildLetterError::Used { date: date() },
            ChildLetterError::Replaced { date: date() },
            ChildLetterError::Expired { date: date() },
            ChildLetterError::Waiting { until: "14\u{a0}h\u{a0}30".to_owned() },
        ] {
            all.push(page(cards(), Vec::new(), Some(error)));
        }
        all
    }
}

impl Page for ChildCodePage {
    const TEMPLATE: &'static str = "my_account/child_code.html";

    fn samples() -> Vec<Self> {
        let page = || ChildCodePage {
            id: "0".repeat(32),
            given_name: "Anaïs".to_owned(),
            identifiant: "a.leboeuf12".to_owned(),
            ..ChildCodePage::default()
        };
        let end = || Some(CautionEnd { day: "lundi 30\u{a0}novembre".to_owned(), hour: "18\u{a0}h".to_owned() });
        let hour = || Some("14\u{a0}h\u{a0}30".to_owned());
        vec![
            page(),
            ChildCodePage { asks_date: true, ..page() },
            ChildCodePage { upstream: Some("FranceConnect".to_owned()), ..page() },
            ChildCodePage { asks_date: true, date_error: Some(ChildDateError::Wrong { left: 2 }), ..page() },
            ChildCodePage { current: Some(CurrentPasswordError::sample(CurrentPasswordProblem::Wrong)), ..page() },
            ChildCodePage { caution: end(), ..page() },
            ChildCodePage { too_many: hour(), ..page() },
            ChildCodePage { code: Some("K7PM-4HXA-9RTC".to_owned()), until: end(), ..page() },
        ]
    }
}
