//! A page of the authorization endpoint: the trial of a client has its persons.

use serde::Serialize;

use crate::http::pages::Page;

/// The client is on trial, and a hundred other persons take part.
#[derive(Debug, Serialize)]
pub struct TrialFull {
    /// The name of the client.
    pub service: String,
    /// The end of the trial.
    pub day: String,
    pub hour: String,
    pub code: String,
    /// The URL on this server that answers the client with `access_denied`.
    pub refuse_href: String,
}

impl Page for TrialFull {
    const TEMPLATE: &'static str = "oidc/trial_full.html";
    fn samples() -> Vec<Self> {
        vec![TrialFull {
            service: "Cantine du Pays d'Oc".to_owned(),
            day: "jeudi 3\u{a0}décembre".to_owned(),
            hour: "14\u{a0}h\u{a0}05".to_owned(),
            code: "K7P-4MX".to_owned(),
            refuse_href: "/oauth2/authorize?i=0123456789abcdefghijkl&refuser=1".to_owned(),
        }]
    }
}
