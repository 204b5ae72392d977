//! The page of a person's own data.

use serde::Serialize;

use crate::credentials::views::{CurrentPasswordError, CurrentPasswordProblem};
use crate::http::pages::Page;
use crate::my_account::views::closing::CautionEnd;

/// `/compte/donnees`. Posts `mot_de_passe` to the URL of the page, which answers with a file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct OwnDataPage {
    /// True for a parent, who may close the account.
    pub closable: bool,
    /// True for an account that an upstream made, which has no password to ask for.
    pub federated: bool,
    /// The name of the upstream that stands for the password of an account without one.
    pub upstream: Option<String>,
    pub current: Option<CurrentPasswordError>,
    pub caution: Option<CautionEnd>,
    /// The exports of the day are used up; the time from which there is another one.
    pub too_many: Option<String>,
}

impl Page for OwnDataPage {
    const TEMPLATE: &'static str = "my_account/own_data.html";

    fn samples() -> Vec<Self> {
        let page = || OwnDataPage { closable: true, ..OwnDataPage::default() };
        let end = CautionEnd { day: "lundi 30\u{a0}novembre".to_owned(), hour: "9\u{a0}h".to_owned() };
        vec![
            page(),
            OwnDataPage::default(),
            OwnDataPage { federated: true, ..OwnDataPage::default() },
            OwnDataPage { upstream: Some("FranceConnect".to_owned()), ..page() },
            OwnDataPage { current: Some(CurrentPasswordError::sample(CurrentPasswordProblem::Wrong)), ..page() },
            OwnDataPage { caution: Some(end), ..page() },
            OwnDataPage { too_many: Some("14\u{a0}h\u{a0}30".to_owned()), ..page() },
        ]
    }
}
