//! The page where sign-in and activation end: it goes on to the dispatcher, and from there out.

use serde::Serialize;

use crate::http::pages::Page;

/// The end of a sign-in: a page that goes on by itself, because a form never redirects to another site.
#[derive(Debug, Serialize)]
pub struct Continue {
    /// One of our own addresses.
    pub href: String,
    pub service: Option<String>,
    /// Told once: the day on which the password was changed. The page then waits for its button.
    pub changed: Option<String>,
}

impl Page for Continue {
    const TEMPLATE: &'static str = "interactions/continuer.html";
    fn samples() -> Vec<Self> {
        let href = || "/oauth2/authorize?i=0123456789abcdefghijkl&client_id=mon-ent".to_owned();
        vec![
            Continue { href: href(), service: Some("mon ENT Occitanie".to_owned()), changed: None },
            Continue { href: href(), service: None, changed: None },
            Continue { href: href(), service: None, changed: Some("3 octobre".to_owned()) },
        ]
    }
}
