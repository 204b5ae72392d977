//! The pages of second factors.

use serde::Serialize;

use super::CautionEnd;
use crate::credentials::views::{CurrentPasswordError, CurrentPasswordProblem, FactorFieldError};
use crate::http::pages::Page;
use crate::http::qr::QrCode;

/// `/compte/application`. Posts `mot_de_passe` to the URL of the page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AddApplicationPage {
    pub current: Option<CurrentPasswordError>,
    pub caution: Option<CautionEnd>,
}

/// `/compte/application/code`. Posts `code` to the URL of the page.
#[derive(Clone, Debug, Serialize)]
pub struct ApplicationCodePage {
    pub qr: Option<QrCode>,
    /// The secret in groups of four signs.
    pub secret: String,
    pub error: Option<FactorFieldError>,
}

/// `/compte/codes-de-secours`. Posts `mot_de_passe` to the URL of the page; then shows the codes, once.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BackupCodesPage {
    /// Empty before they are drawn.
    pub codes: Vec<String>,
    /// The factor that was added just now, for which they were drawn.
    pub added: Option<AddedFactor>,
    /// The page to go on to; empty for the one of the factors.
    pub continue_href: String,
    pub current: Option<CurrentPasswordError>,
    pub caution: Option<CautionEnd>,
}

/// The factor for which backup codes were drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AddedFactor {
    Application,
    Passkey,
}

/// `/compte/application/retirer`. Posts `application` and `mot_de_passe` to the URL of the page.
#[derive(Clone, Debug, Serialize)]
pub struct RemoveApplicationPage {
    pub id: String,
    /// The day on which it was added.
    pub since: String,
    /// True if the backup codes go with it.
    pub last: bool,
    /// True if it is the last application, and a passkey remains.
    pub passkey_remains: bool,
    pub current: Option<CurrentPasswordError>,
    pub caution: Option<CautionEnd>,
}

fn caution() -> Option<CautionEnd> {
    Some(CautionEnd { day: "lundi 30\u{a0}novembre".to_owned(), hour: "9\u{a0}h".to_owned() })
}

fn wrong() -> Option<CurrentPasswordError> {
    Some(CurrentPasswordError::sample(CurrentPasswordProblem::Wrong))
}

impl Page for AddApplicationPage {
    const TEMPLATE: &'static str = "my_account/add_application.html";

    fn samples() -> Vec<Self> {
        let page = |current, caution| AddApplicationPage { current, caution };
        vec![page(None, None), page(wrong(), None), page(None, caution())]
    }
}

impl Page for ApplicationCodePage {
    const TEMPLATE: &'static str = "my_account/application_code.html";

    fn samples() -> Vec<Self> {
        let secret = "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP".to_owned();
        let qr = QrCode::encode("otpauth://totp/Mon%20compte%20%C3%89cole:f.leboeuf47?secret=JBSWY3DPEHPK3PXP");
        let page = |error| ApplicationCodePage { qr: qr.clone(), secret: secret.clone(), error };
        let mut all = vec![page(None)];
        all.extend(FactorFieldError::samples().into_iter().take(3).map(|error| page(Some(error))));
        all
    }
}

impl Page for BackupCodesPage {
    const TEMPLATE: &'static str = "my_account/backup_codes.html";

    fn samples() -> Vec<Self> {
        let codes = || ["ACDE-FHJK", "MNPR-TUVW", "XY34-679A", "CDEF-HJKM", "NPRT-UVWX"].map(str::to_owned);
        let codes: Vec<String> = codes().into_iter().chain(codes()).collect();
        let page = |codes, added| BackupCodesPage { codes, added, ..BackupCodesPage::default() };
        vec![
            page(codes.clone(), Some(AddedFactor::Application)),
            BackupCodesPage {
                continue_href: "/connexion/suite?i=0123456789abcdefghijkl&client_id=mon-ent".to_owned(),
                ..page(codes.clone(), Some(AddedFactor::Passkey))
            },
            page(codes, None),
            page(Vec::new(), None),
            BackupCodesPage { current: wrong(), ..BackupCodesPage::default() },
            BackupCodesPage { caution: caution(), ..BackupCodesPage::default() },
        ]
    }
}

impl Page for RemoveApplicationPage {
    const TEMPLATE: &'static str = "my_account/remove_application.html";

    fn samples() -> Vec<Self> {
        let page = |last, current, caution| RemoveApplicationPage {
            id: "0".repeat(32),
            since: "4\u{a0}octobre".to_owned(),
            last,
            passkey_remains: false,
            current,
            caution,
        };
        let beside_a_passkey = RemoveApplicationPage { passkey_remains: true, ..page(false, None, None) };
        vec![
            beside_a_passkey,
            page(true, None, None),
            page(false, None, None),
            page(true, wrong(), None),
            page(true, None, caution()),
        ]
    }
}
