//! The pages of the second factor.

use serde::Serialize;

use crate::clients::branding::ClientBranding;
use crate::credentials::views::FactorFieldError;
use crate::http::pages::Page;
use crate::passkeys::PasskeyChallenge;
use crate::tenants::SchoolContact;

/// `/connexion/preuve`. Posts `code` to the URL of the page. Shown only after a right password, or in a session.
#[derive(Debug, Serialize)]
pub struct FactorPage {
    /// The query of this page, never empty: appended to its links.
    pub query: String,
    /// The name of the requesting client.
    pub service: Option<String>,
    pub shown: ClientBranding,
    /// The challenge for a passkey; `None` if the account has none.
    pub passkey: Option<PasskeyChallenge>,
    /// True if the account has an application.
    pub totp: bool,
    /// True if the account has backup codes left.
    pub backup_codes: bool,
    /// True if a page of the account waits, which has to be filled in again afterwards.
    pub errand: bool,
    pub back_href: String,
    pub error: Option<FactorFieldError>,
}

/// The person has none of the factors any more: the school checks who it is.
#[derive(Debug, Serialize)]
pub struct LostFactorsPage {
    /// The query of the page of the factor.
    pub query: String,
    /// Tells the waiting service that the level was not reached; `None` if no service waits for a session.
    pub refuse_href: Option<String>,
    /// The support code.
    pub code: String,
    pub offices: Vec<SchoolContact>,
}

/// The ten minutes after the password are over, or the attempt is another browser's.
#[derive(Debug, Serialize)]
pub struct FactorExpiredPage {
    pub query: String,
}

/// A service asks for a second factor, and this session has none to show.
#[derive(Debug, Serialize)]
pub struct FactorMissingPage {
    pub service: Option<String>,
    /// The name of the upstream of an account that cannot have a factor here.
    pub upstream: Option<String>,
    /// True if the account has a factor that this session enrolled: it serves from the next sign-in on.
    pub enrolled: bool,
    /// True where passkeys can be had.
    pub passkeys: bool,
    pub sign_in_href: String,
    /// Tells the service that the level was not reached.
    pub refuse_href: String,
}

const QUERY: &str = "?i=0123456789abcdefghijkl&client_id=mon-ent";

impl Page for FactorPage {
    const TEMPLATE: &'static str = "login/factor.html";

    fn samples() -> Vec<Self> {
        let page = |error| FactorPage {
            query: format!("{QUERY}&s=0123456789abcdefghijkl"),
            service: Some("mon ENT Occitanie".to_owned()),
            shown: ClientBranding::default(),
            passkey: None,
            totp: true,
            backup_codes: true,
            errand: false,
            back_href: format!("/connexion{QUERY}"),
            error,
        };
        let plain = FactorPage {
            query: "?vers=fermer".to_owned(),
            service: None,
            backup_codes: false,
            errand: true,
            back_href: "/compte".to_owned(),
            ..page(None)
        };
        let passkey = Some(PasskeyChallenge::sample());
        let with_passkey = FactorPage { passkey: passkey.clone(), ..page(None) };
        let codes = FactorPage { passkey: passkey.clone(), totp: false, ..page(None) };
        let alone = |error| FactorPage { passkey: passkey.clone(), totp: false, backup_codes: false, ..page(error) };
        let refused = alone(Some(FactorFieldError::passkey()));
        let mut all = vec![page(None), plain, with_passkey, codes, alone(None), refused];
        all.extend(FactorFieldError::samples().into_iter().map(|error| page(Some(error))));
        all
    }
}

impl Page for LostFactorsPage {
    const TEMPLATE: &'static str = "login/lost_factors.html";

    fn samples() -> Vec<Self> {
        let query = format!("{QUERY}&s=0123456789abcdefghijkl");
        let office = SchoolContact::new("Clg Théodore Monod".to_owned(), Some("04 67 00 00 00".to_owned()));
        let page = |refuse_href| LostFactorsPage {
            query: query.clone(),
            refuse_href,
            code: "K7P-4MX".to_owned(),
            offices: vec![office.clone()],
        };
        vec![page(None), page(Some(format!("/oauth2/authorize{QUERY}&refuser=niveau")))]
    }
}

impl Page for FactorExpiredPage {
    const TEMPLATE: &'static str = "login/factor_expired.html";

    fn samples() -> Vec<Self> {
        vec![FactorExpiredPage { query: QUERY.to_owned() }]
    }
}

impl Page for FactorMissingPage {
    const TEMPLATE: &'static str = "login/factor_missing.html";

    fn samples() -> Vec<Self> {
        let page = |service: Option<&str>, enrolled| FactorMissingPage {
            service: service.map(str::to_owned),
            upstream: None,
            enrolled,
            passkeys: service.is_some(),
            sign_in_href: format!("/connexion{QUERY}&motif=encore"),
            refuse_href: format!("/oauth2/authorize{QUERY}&refuser=niveau"),
        };
        let upstream = Some("Académie de Montpellier".to_owned());
        let federated = FactorMissingPage { upstream, ..page(Some("mon ENT Occitanie"), false) };
        let shown = page(Some("mon ENT Occitanie"), true);
        vec![page(Some("mon ENT Occitanie"), false), shown, page(None, false), federated]
    }
}
