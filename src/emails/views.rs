//! The page of the e-mail address.

use serde::Serialize;

use crate::http::pages::Page;

/// `/compte/adresse`. Posts `adresse` to the URL of the page, `code` to `/compte/adresse/code`, and nothing to
/// `/compte/adresse/retirer`.
#[derive(Debug, Default, Serialize)]
pub struct EmailPage {
    /// The confirmed address.
    pub confirmed: Option<String>,
    /// The address to which a code was sent in this session.
    pub asked: Option<String>,
    /// The typed address, shown again after an error.
    pub typed: String,
    pub error: Option<EmailError>,
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
    CodeEmpty,
    CodeNotSix,
    CodeWrong {
        left: i64,
    },
    /// The code serves no more: another one must be asked for.
    CodeUsedUp,
}

impl Page for EmailPage {
    const TEMPLATE: &'static str = "emails/address.html";

    fn samples() -> Vec<Self> {
        let address = || Some("fatou@example.org".to_owned());
        let code = |error| EmailPage { asked: address(), error, ..EmailPage::default() };
        let mut all = vec![
            EmailPage::default(),
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
        for error in
            [EmailError::CodeEmpty, EmailError::CodeNotSix, EmailError::CodeWrong { left: 2 }, EmailError::CodeUsedUp]
        {
            all.push(code(Some(error)));
        }
        all
    }
}
