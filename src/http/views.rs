//! Pages independent of features: errors, help, legal information.
//!
//! An error page says how to continue; the cause is logged under the support code.

use serde::Serialize;

use super::pages::Page;

/// Defines pages with constant content.
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
    /// 404: unknown address.
    NotFound = "http/not_found.html";
    /// 403: the form was posted from another site.
    Forbidden = "http/forbidden.html";
    /// 413: the body is larger than any form of the service.
    TooLarge = "http/too_large.html";
    /// 405: the address does not support the method.
    MethodNotAllowed = "http/method.html";
    /// Lists the supported browsers, in HTML readable by Internet Explorer: no style, no script.
    InternetExplorer = "http/internet_explorer.html";
    /// `/aide`: answers the questions of the leaflet.
    Help = "http/help.html";
    /// `/aide/mot-de-passe`: advice for choosing a good password.
    PasswordHelp = "http/password_help.html";
    /// `/donnees`: the privacy notice: data, purposes, retention, rights.
    Privacy = "http/privacy.html";
    /// `/accessibilite`: the accessibility statement.
    Accessibility = "http/accessibility.html";
}

/// 500: an internal error.
#[derive(Clone, Debug, Serialize)]
pub struct InternalError {
    /// The support code, also in the log.
    pub code: String,
}

/// 503 with `Retry-After`.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Overloaded {
    pub seconds: i64,
}

/// 400: missing, duplicate or unreadable fields that no form of the service sends.
#[derive(Clone, Debug, Serialize)]
pub struct BadForm {
    pub code: String,
}

impl Page for InternalError {
    const TEMPLATE: &'static str = "http/our_fault.html";
    fn samples() -> Vec<Self> {
        vec![InternalError { code: "K7P-4MX".to_owned() }]
    }
}

impl Page for Overloaded {
    const TEMPLATE: &'static str = "http/too_many.html";
    fn samples() -> Vec<Self> {
        vec![Overloaded { seconds: 5 }, Overloaded { seconds: 1 }]
    }
}

impl Page for BadForm {
    const TEMPLATE: &'static str = "http/bad_form.html";
    fn samples() -> Vec<Self> {
        vec![BadForm { code: "K7P-4MX".to_owned() }]
    }
}
