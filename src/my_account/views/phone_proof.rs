//! The page on which a person proves the mobile.

use serde::Serialize;

use super::CautionEnd;
use crate::credentials::views::{CurrentPasswordError, CurrentPasswordProblem};
use crate::http::pages::Page;
use crate::otp::views::CodeFieldError;

/// `/compte/portable/verifier`. Posts `mot_de_passe` to the URL of the page, and `code` to
/// `/compte/portable/verifier/code`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ProvePhonePage {
    /// The last four digits, as `56 78`; `None` if the roster has no number.
    pub phone: Option<String>,
    /// True if the person gave the number up.
    pub given_up: bool,
    /// True if the number may be proven: for one that was given up, the school exported it again.
    pub provable: bool,
    /// True if a code was sent in this session.
    pub asked: bool,
    /// The day of the last right code.
    pub proven: Option<String>,
    /// The schools that confirm the number.
    pub schools: Vec<String>,
    /// The name of the upstream that stands for the password of an account without one.
    pub upstream: Option<String>,
    pub error: Option<PhoneProofError>,
    /// The error of the typed code.
    pub code: Option<CodeFieldError>,
    pub current: Option<CurrentPasswordError>,
    pub caution: Option<CautionEnd>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PhoneProofError {
    /// The school wrote the number a short while ago; it may be proven from `day` at `hour`.
    Young { day: String, hour: String },
    /// The codes of the day are used up; `hour` as `14 h 30`.
    TooMany { hour: String },
}

impl Page for ProvePhonePage {
    const TEMPLATE: &'static str = "my_account/phone_proof.html";

    fn samples() -> Vec<Self> {
        let page = || ProvePhonePage {
            phone: Some("56\u{a0}78".to_owned()),
            provable: true,
            schools: vec!["Clg Théodore Monod".to_owned(), "Lycée Jean Moulin".to_owned()],
            ..ProvePhonePage::default()
        };
        let (day, hour) = ("lundi 30\u{a0}novembre".to_owned(), "9\u{a0}h".to_owned());
        let mut all = vec![
            ProvePhonePage::default(),
            page(),
            ProvePhonePage { proven: Some("3\u{a0}octobre 2026".to_owned()), ..page() },
            ProvePhonePage { given_up: true, provable: false, ..page() },
            ProvePhonePage { given_up: true, ..page() },
            ProvePhonePage { asked: true, ..page() },
            ProvePhonePage { upstream: Some("FranceConnect".to_owned()), ..page() },
            ProvePhonePage { caution: Some(CautionEnd { day: day.clone(), hour: hour.clone() }), ..page() },
            ProvePhonePage { error: Some(PhoneProofError::Young { day, hour: hour.clone() }), ..page() },
            ProvePhonePage { error: Some(PhoneProofError::TooMany { hour }), ..page() },
        ];
        for kind in [CurrentPasswordProblem::Empty, CurrentPasswordProblem::Wrong, CurrentPasswordProblem::Waiting] {
            all.push(ProvePhonePage { current: Some(CurrentPasswordError::sample(kind)), ..page() });
        }
        let refused = |error| ProvePhonePage { asked: true, code: Some(error), ..page() };
        all.extend(CodeFieldError::samples().into_iter().map(refused));
        all
    }
}
