//! Pages of no feature: what is not there, what went wrong, what is always true.
//!
//! An error page says what to do next; its cause goes to the log under the support code.

use serde::Serialize;

use super::pages::Page;

/// Pages that say the same to everybody.
macro_rules! plain_pages {
    ($($(#[$doc:meta])* $name:ident = $template:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Serialize)]
        pub struct $name {}

        impl Page for $name {
            const TEMPLATE: &'static str = $template;
            fn samples() -> Vec<Self> {
                vec![$name {}]
            }
        }
    )*};
}

plain_pages! {
    /// 404: no such address.
    NotFound = "http/not_found.html";
    /// 403: the form came from another site.
    Forbidden = "http/forbidden.html";
    /// 413: more was sent than any of our forms holds.
    TooLarge = "http/too_large.html";
    /// 405: the address exists, but not for this method.
    MethodNotAllowed = "http/method.html";
    /// Says which browsers work, in HTML that Internet Explorer can read: no style, no script.
    InternetExplorer = "http/internet_explorer.html";
    /// `/aide`: answers the leaflet's questions.
    Aide = "http/aide.html";
    /// `/aide/mot-de-passe`: how to make a good one.
    AideMotDePasse = "http/aide_mot_de_passe.html";
    /// `/donnees`: which data, why, how long, which rights.
    Donnees = "http/donnees.html";
    /// `/accessibilite`: the statement.
    Accessibilite = "http/accessibilite.html";
}

/// 500: our fault.
#[derive(Clone, Debug, Serialize)]
pub struct OurFault {
    /// Support code, also in the log.
    pub code: String,
}

/// 503 with `Retry-After`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TooManyAtOnce {
    pub seconds: i64,
}

/// 400: fields missing, doubled or unreadable, as no form of ours sends them.
#[derive(Clone, Debug, Serialize)]
pub struct BadForm {
    pub code: String,
}

impl Page for OurFault {
    const TEMPLATE: &'static str = "http/our_fault.html";
    fn samples() -> Vec<Self> {
        vec![OurFault { code: "K7P-4MX".to_owned() }]
    }
}

impl Page for TooManyAtOnce {
    const TEMPLATE: &'static str = "http/too_many.html";
    fn samples() -> Vec<Self> {
        vec![TooManyAtOnce { seconds: 5 }, TooManyAtOnce { seconds: 1 }]
    }
}

impl Page for BadForm {
    const TEMPLATE: &'static str = "http/bad_form.html";
    fn samples() -> Vec<Self> {
        vec![BadForm { code: "K7P-4MX".to_owned() }]
    }
}
