//! The page of the e-mail address.

use serde::Serialize;

use crate::credentials::views::{CurrentPasswordError, CurrentPasswordProblem};
use crate::http::pages::Page;
use crate::otp::views::CodeFieldError;

/// `/compte/adresse`. Posts `adresse` to the URL of the page, `code` to `/compte/adresse/code`, and nothing to
/// `/compte/adresse/retirer`. `mot_de_passe` goes with `adresse`, with `/compte/adresse/retirer`, and with `ancienne`
/// to `/compte/adresse/reprendre`.
#[derive(Debug, Default, Serialize)]
pub struct EmailPage {
    /// The age in years from which a pupil recovers by the address; `None` for a parent.
    pub recovers_from: Option<u32>,
    /// The confirmed address.
    pub confirmed: Option<String>,
    /// The address to which a code was sent in this session.
    pub asked: Option<String>,
    /// The typed address, shown again after an error.
    pub typed: String,
    pub error: Option<EmailError>,
    /// The error of the typed code.
    pub code: Option<CodeFieldError>,
    /// The name of the upstream that stands for the password of an account without one.
    pub upstream: Option<String>,
    /// The error of the current password.
    pub current: Option<CurrentPasswordError>,
    /// The addresses that may be taken back.
    pub former: Vec<FormerAddress>,
    /// The end of a change, after a redirect.
    pub told: Option<EmailChangeTold>,
}

/// The end of a change of the address, told once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailChangeTold {
    Removed,
    TakenBack,
    /// The former address may no longer be taken back.
    TooLate,
}

/// An address that was replaced or removed a short while ago.
#[derive(Clone, Debug, Serialize)]
pub struct FormerAddress {
    pub id: String,
    pub address: String,
    /// The last day on which it may be taken back.
    pub day: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EmailError {
    Invalid,
    /// The caution after a recovery ends on `day` at `hour`.
    Caution {
        day: String,
        hour: String,
    },
    /// The codes of the day are used up; `hour` as `14 h 30`.
    TooMany {
        hour: String,
    },
}

impl Page for EmailPage {
    const TEMPLATE: &'static str = "emails/address.html";

    fn samples() -> Vec<Self> {
        let address = || Some("fatou@example.org".to_owned());
        let code = |code| EmailPage { asked: address(), code, ..EmailPage::default() };
        let mut all = vec![
            EmailPage::default(),
            EmailPage { recovers_from: Some(15), ..EmailPage::default() },
            EmailPage { upstream: Some("FranceConnect".to_owned()), ..EmailPage::default() },
            EmailPage { confirmed: address(), ..EmailPage::default() },
            EmailPage { typed: "fatou".to_owned(), error: Some(EmailError::Invalid), ..EmailPage::default() },
            EmailPage {
                confirmed: address(),
                error: Some(EmailError::Caution { day: "lundi 30 novembre".to_owned(), hour: "9\u{a0}h".to_owned() }),
                ..EmailPage::default()
            },
            EmailPage { error: Some(EmailError::TooMany { hour: "14 h 30".to_owned() }), ..EmailPage::default() },
            EmailPage { confirmed: address(), asked: Some("f.ndiaye@example.org".to_owned()), ..EmailPage::default() },
            code(None),
        ];
        let former = || FormerAddress {
            id: "0".repeat(32),
            address: "ancienne@example.org".to_owned(),
            day: "5\u{a0}décembre".to_owned(),
        };
        all.push(EmailPage { confirmed: address(), former: vec![former()], ..EmailPage::default() });
        for told in [EmailChangeTold::Removed, EmailChangeTold::TakenBack, EmailChangeTold::TooLate] {
            all.push(EmailPage { told: Some(told), ..EmailPage::default() });
        }
        for kind in [CurrentPasswordProblem::Empty, CurrentPasswordProblem::Wrong, CurrentPasswordProblem::Waiting] {
            let current = Some(CurrentPasswordError::sample(kind));
            all.push(EmailPage { typed: "fatou@example.org".to_owned(), current, ..EmailPage::default() });
        }
        all.extend(CodeFieldError::samples().into_iter().map(|error| code(Some(error))));
        all
    }
}
