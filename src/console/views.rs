//! The home of the console.

pub mod api;
mod system;

pub use system::{ImportLine, KeyLine, OutageLine, QueueLine, SystemCheckLine, SystemPage};

use serde::Serialize;

use crate::administrators::views::ConsoleFrame;
use crate::figures::views::TodayFigures;
use crate::http::pages::Page;
use crate::http::paths;

/// Something that waits.
#[derive(Clone, Debug, Serialize)]
pub struct TaskLine {
    /// The end of the message's key: a kind of notice, `closing`, `roster`, `request`, `question` or `sign_outs`.
    pub kind: String,
    /// The school, or the service.
    pub school: String,
    /// Its UAI, or its `client_id`.
    pub uai: String,
    pub n: i64,
    /// The day on which a campaign closes.
    pub day: String,
    /// The page on which it is done; empty if the administrator sees none.
    pub href: String,
}

/// The numbers of one school.
#[derive(Clone, Debug, Serialize)]
pub struct SchoolFigures {
    /// The school's page.
    pub href: String,
    pub parents: i64,
    pub parents_active: i64,
    pub pupils: i64,
    pub pupils_active: i64,
    pub unreachable: i64,
}

/// `/admin`.
#[derive(Clone, Debug, Serialize)]
pub struct HomePage {
    pub frame: ConsoleFrame,
    pub today: String,
    pub needs_second_passkey: bool,
    pub tasks: Vec<TaskLine>,
    pub school: Option<SchoolFigures>,
    pub figures: Option<TodayFigures>,
}

impl Page for HomePage {
    const TEMPLATE: &'static str = "console/home.html";
    fn samples() -> Vec<Self> {
        let kinds = [
            "contested",
            "set_aside",
            "recovery_failed",
            "shared_mobile",
            "reopening",
            "unreachable",
            "country_refused",
            "phone_disowned",
            "link_repeated",
            "closing",
            "roster",
            "request",
            "question",
            "sign_outs",
        ];
        let task = |(n, kind): (usize, &str)| TaskLine {
            kind: kind.to_owned(),
            school: "Clg Théodore Monod".to_owned(),
            uai: "0349999J".to_owned(),
            n: i64::try_from(n).unwrap_or(0) + 1,
            day: "mercredi 2\u{a0}décembre".to_owned(),
            href: if n == 0 { String::new() } else { "/admin/etablissements/0349999J".to_owned() },
        };
        let page = HomePage {
            frame: ConsoleFrame::sample(),
            today: "jeudi 26\u{a0}novembre".to_owned(),
            needs_second_passkey: false,
            tasks: kinds.into_iter().enumerate().map(task).collect(),
            school: None,
            figures: Some(TodayFigures::sample()),
        };
        let figures = SchoolFigures {
            href: format!("{}/0349999J", paths::ADMIN_SCHOOLS),
            parents: 812,
            parents_active: 402,
            pupils: 560,
            pupils_active: 12,
            unreachable: 31,
        };
        vec![
            page.clone(),
            HomePage { tasks: Vec::new(), needs_second_passkey: true, figures: None, ..page.clone() },
            HomePage { tasks: Vec::new(), school: Some(figures), ..page },
        ]
    }
}
