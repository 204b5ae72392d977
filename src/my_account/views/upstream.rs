//! The page of the upstream of parents.

use serde::Serialize;

use super::{CautionEnd, FederatedLine};
use crate::credentials::views::{CurrentPasswordError, CurrentPasswordProblem};
use crate::http::pages::Page;

/// `/compte/franceconnect`. Posts `faire` (`relier` or `retirer`) and `mot_de_passe` to the URL of the page.
#[derive(Clone, Debug, Serialize)]
pub struct UpstreamLinkPage {
    pub label: String,
    pub linked: Option<FederatedLine>,
    /// True if the account has no password: the link is the only way in.
    pub only_way: bool,
    /// True if the account has a second factor, for which an upstream does not stand.
    pub has_factor: bool,
    /// The way to the upstream, after the password was typed for it.
    pub go_href: Option<String>,
    pub told: Option<UpstreamLinkTold>,
    pub current: Option<CurrentPasswordError>,
    pub caution: Option<CautionEnd>,
}

/// The end of a change, told once after a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamLinkTold {
    Done,
    Removed,
}

impl Page for UpstreamLinkPage {
    const TEMPLATE: &'static str = "my_account/upstream.html";

    fn samples() -> Vec<Self> {
        let page = |linked: bool| UpstreamLinkPage {
            label: "FranceConnect".to_owned(),
            linked: linked.then(|| FederatedLine {
                label: "FranceConnect".to_owned(),
                since: "3\u{a0}octobre".to_owned(),
                used: "aujourd'hui à 8\u{a0}h\u{a0}02".to_owned(),
            }),
            only_way: false,
            has_factor: false,
            go_href: None,
            told: None,
            current: None,
            caution: None,
        };
        let caution = Some(CautionEnd { day: "lundi 30\u{a0}novembre".to_owned(), hour: "9\u{a0}h".to_owned() });
        let wrong = Some(CurrentPasswordError::sample(CurrentPasswordProblem::Wrong));
        vec![
            page(false),
            page(true),
            UpstreamLinkPage { only_way: true, ..page(true) },
            UpstreamLinkPage { has_factor: true, ..page(false) },
            UpstreamLinkPage { go_href: Some("/federation/franceconnect?relier=1".to_owned()), ..page(false) },
            UpstreamLinkPage { told: Some(UpstreamLinkTold::Done), ..page(true) },
            UpstreamLinkPage { told: Some(UpstreamLinkTold::Removed), ..page(false) },
            UpstreamLinkPage { current: wrong, ..page(true) },
            UpstreamLinkPage { caution, ..page(false) },
        ]
    }
}
