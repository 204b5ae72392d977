//! The last page of sign-in and activation: continues to the dispatcher, and from there to the relying party.

use serde::Serialize;

use crate::http::pages::Page;

/// The page after a sign-in, with an automatic redirect, because a form never redirects to another site.
#[derive(Debug, Serialize)]
pub struct Continue {
    /// A path of Préau.
    pub href: String,
    pub service: Option<String>,
    /// The date of a password change, shown once. The page then waits for a click on its button.
    pub changed: Option<String>,
}

impl Page for Continue {
    const TEMPLATE: &'static str = "interactions/continue.html";
    fn samples() -> Vec<Self> {
        let href = || "/oauth2/authorize?i=0123456789abcdefghijkl&client_id=mon-ent".to_owned();
        vec![
            Continue { href: href(), service: Some("mon ENT Occitanie".to_owned()), changed: None },
            Continue { href: href(), service: None, changed: None },
            Continue { href: href(), service: None, changed: Some("3 octobre".to_owned()) },
        ]
    }
}
