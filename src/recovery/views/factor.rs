//! The page of the second factor in a recovery.

use serde::Serialize;

use crate::credentials::views::FactorFieldError;
use crate::http::pages::Page;
use crate::passkeys::PasskeyChallenge;
use crate::recovery::views::OfferStart;
use crate::tenants::SchoolContact;

/// `/mot-de-passe-oublie/preuve`. Posts `code` to the URL of the page. Shown after the right code and dates.
#[derive(Debug, Serialize)]
pub struct RecoveryFactorPage {
    /// The query of this page, never empty.
    pub query: String,
    /// The challenge for a passkey; `None` if the account has none.
    pub passkey: Option<PasskeyChallenge>,
    /// True if the account has an application.
    pub totp: bool,
    pub backup_codes: bool,
    /// True if the person has none of the factors any more: the school is the way that remains.
    pub lost: bool,
    /// The support code.
    pub code: String,
    pub offices: Vec<SchoolContact>,
    /// The time from which the letter of this recovery stands for the factor.
    pub letter_from: Option<OfferStart>,
    pub error: Option<FactorFieldError>,
}

impl Page for RecoveryFactorPage {
    const TEMPLATE: &'static str = "recovery/factor.html";

    fn samples() -> Vec<Self> {
        let page = |lost, error| RecoveryFactorPage {
            query: "?i=0123456789abcdefghijkl&client_id=mon-ent&r=0123456789abcdefghijkl".to_owned(),
            passkey: None,
            totp: true,
            backup_codes: true,
            lost,
            code: "K7P-4MX".to_owned(),
            offices: vec![SchoolContact::new("Clg Théodore Monod".to_owned(), Some("04 67 00 00 00".to_owned()))],
            letter_from: None,
            error,
        };
        let letter_from = Some(OfferStart { day: "mardi 1er\u{a0}décembre".to_owned(), hour: "9\u{a0}h".to_owned() });
        let passkey = || Some(PasskeyChallenge::sample());
        let alone =
            |error| RecoveryFactorPage { passkey: passkey(), totp: false, backup_codes: false, ..page(false, error) };
        let with_codes = RecoveryFactorPage { passkey: passkey(), totp: false, ..page(false, None) };
        let refused = alone(Some(FactorFieldError::passkey()));
        let by_letter = RecoveryFactorPage { letter_from, ..page(false, None) };
        let mut all = vec![by_letter, page(false, None), page(true, None), alone(None), refused, with_codes];
        all.extend(FactorFieldError::samples().into_iter().map(|error| page(false, Some(error))));
        all
    }
}
