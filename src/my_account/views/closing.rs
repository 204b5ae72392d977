//! The pages of what a person gives up: the account, or the mobile.

use serde::Serialize;

use crate::credentials::views::{CurrentPasswordError, CurrentPasswordProblem};
use crate::http::pages::Page;

/// `/compte/fermer`. Posts `mot_de_passe` to the URL of the page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CloseAccountPage {
    pub identifiant: String,
    /// The day on which the account closes.
    pub day: String,
    /// The name of the upstream that stands for the password of an account without one.
    pub upstream: Option<String>,
    pub current: Option<CurrentPasswordError>,
    /// The end of the caution after a recovery.
    pub caution: Option<CautionEnd>,
}

/// The end of a caution.
#[derive(Clone, Debug, Serialize)]
pub struct CautionEnd {
    pub day: String,
    pub hour: String,
}

/// `/compte/portable`. Posts `mot_de_passe` to the URL of the page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DisownPhonePage {
    /// The last four digits, as `56 78`; `None` if there is no number, or it was given up.
    pub phone: Option<String>,
    /// The schools that correct the number.
    pub schools: Vec<String>,
    /// The name of the upstream that stands for the password of an account without one.
    pub upstream: Option<String>,
    pub current: Option<CurrentPasswordError>,
    pub caution: Option<CautionEnd>,
}

fn caution() -> Option<CautionEnd> {
    Some(CautionEnd { day: "lundi 30\u{a0}novembre".to_owned(), hour: "9\u{a0}h".to_owned() })
}

fn refusals() -> Vec<Option<CurrentPasswordError>> {
    [CurrentPasswordProblem::Empty, CurrentPasswordProblem::Wrong, CurrentPasswordProblem::Waiting]
        .map(|kind| Some(CurrentPasswordError::sample(kind)))
        .to_vec()
}

impl Page for CloseAccountPage {
    const TEMPLATE: &'static str = "my_account/close.html";

    fn samples() -> Vec<Self> {
        let page = |current, caution| CloseAccountPage {
            identifiant: "f.leboeuf47".to_owned(),
            day: "28\u{a0}décembre".to_owned(),
            upstream: None,
            current,
            caution,
        };
        let by_upstream = CloseAccountPage { upstream: Some("FranceConnect".to_owned()), ..page(None, None) };
        let mut all = vec![page(None, None), page(None, caution()), by_upstream];
        all.extend(refusals().into_iter().map(|current| page(current, None)));
        all
    }
}

impl Page for DisownPhonePage {
    const TEMPLATE: &'static str = "my_account/phone.html";

    fn samples() -> Vec<Self> {
        let page = |current, caution| DisownPhonePage {
            phone: Some("56\u{a0}78".to_owned()),
            schools: vec!["Clg Théodore Monod".to_owned(), "Lycée Jean Moulin".to_owned()],
            upstream: None,
            current,
            caution,
        };
        let by_upstream = DisownPhonePage { upstream: Some("FranceConnect".to_owned()), ..page(None, None) };
        let gone = DisownPhonePage { phone: None, ..page(None, None) };
        let mut all = vec![page(None, None), page(None, caution()), gone, by_upstream];
        all.extend(refusals().into_iter().map(|current| page(current, None)));
        all
    }
}
