//! The few pages of the OpenID provider that a person sees.
//!
//! Names of clients come from their registration; links are those that were registered, never from a request.

use serde::Serialize;

use crate::http::pages::Page;

/// Signed in, but nothing of the person is in the client's perimeter.
#[derive(Debug, Serialize)]
pub struct NothingInPerimeter {
    /// Name of the client.
    pub service: String,
    /// The schools that we know for this person.
    pub schools: Vec<String>,
    /// `?i=…&client_id=…`: « Changer de compte » posts `changer=1` to `/deconnexion` with it.
    pub query: String,
    pub code: String,
    /// Our own address that answers the client with `access_denied`.
    pub back_href: String,
}

impl Page for NothingInPerimeter {
    const TEMPLATE: &'static str = "oidc/hors_perimetre.html";
    fn samples() -> Vec<Self> {
        let page = |schools: &[&str]| NothingInPerimeter {
            service: "mon ENT Occitanie".to_owned(),
            schools: schools.iter().map(|&school| school.to_owned()).collect(),
            query: "?i=0123456789abcdefghijkl&client_id=mon-ent-toulouse".to_owned(),
            code: "K7P-4MX".to_owned(),
            back_href: "/oauth2/authorize?i=0123456789abcdefghijkl&refuser=1".to_owned(),
        };
        vec![page(&["Clg Théodore Monod", "Lycée Jean Moulin"]), page(&[])]
    }
}

/// The client's request cannot be followed, and may not be answered by a redirect.
#[derive(Debug, Serialize)]
pub struct RequestRefused {
    /// Absent where the redirect address is not the client's: no name, no link.
    pub service: Option<String>,
    pub code: String,
    /// The client's registered site.
    pub client_uri: Option<String>,
}

impl Page for RequestRefused {
    const TEMPLATE: &'static str = "oidc/demande_refusee.html";
    fn samples() -> Vec<Self> {
        let page = |service: Option<&str>, client_uri: Option<&str>| RequestRefused {
            service: service.map(str::to_owned),
            code: "K7P-4MX".to_owned(),
            client_uri: client_uri.map(str::to_owned),
        };
        vec![
            page(Some("mon ENT Occitanie"), Some("https://ent.example/?a=1&b=2")),
            page(Some("mon ENT Occitanie"), None),
            page(None, None),
        ]
    }
}

/// The pending request is gone or too old.
#[derive(Debug, Serialize)]
pub struct TooOld {
    /// Where to begin again, where we can name it.
    pub restart: Option<Restart>,
}

#[derive(Debug, Serialize)]
pub struct Restart {
    /// The client's `initiate_login_uri`, else `client_uri`.
    pub href: String,
    pub service: String,
}

impl Page for TooOld {
    const TEMPLATE: &'static str = "oidc/trop_ancien.html";
    fn samples() -> Vec<Self> {
        let restart = Restart { href: "https://ent.example/login".to_owned(), service: "mon ENT Occitanie".to_owned() };
        vec![TooOld { restart: Some(restart) }, TooOld { restart: None }]
    }
}

/// After a sign-out: goes on by itself, at once; or where clients have pages that sign out (FCL 3), when those had the
/// time to load, and then it may lead out.
#[derive(Debug, Serialize)]
pub struct ContinueLogout {
    /// One of our own addresses, or the way back that the client registered.
    pub href: String,
    pub service: Option<String>,
    /// Pages of clients, loaded unseen.
    pub frames: Vec<String>,
}

impl Page for ContinueLogout {
    const TEMPLATE: &'static str = "oidc/continuer_deconnexion.html";
    fn samples() -> Vec<Self> {
        let page = |href: &str, service: Option<&str>, frames: Vec<String>| ContinueLogout {
            href: href.to_owned(),
            service: service.map(str::to_owned),
            frames,
        };
        vec![
            page("/oauth2/logout?i=0123456789abcdefghijkl", Some("mon ENT Occitanie"), vec![]),
            page("/oauth2/logout?i=0123456789abcdefghijkl", None, vec![]),
            page("https://ent.example/adieu?a=1&b=2", Some("mon ENT Occitanie"), sample_frames()),
            page("/connexion", None, sample_frames()),
        ]
    }
}

/// Asks before signing out: another site may have sent the browser here.
#[derive(Debug, Serialize)]
pub struct LogoutConfirm {
    pub service: Option<String>,
    /// Where the confirmation posts, with its query.
    pub action: String,
}

impl Page for LogoutConfirm {
    const TEMPLATE: &'static str = "oidc/deconnexion.html";
    fn samples() -> Vec<Self> {
        let page = |service: Option<&str>| LogoutConfirm {
            service: service.map(str::to_owned),
            action: "/deconnexion/confirmer?i=0123456789abcdefghijkl".to_owned(),
        };
        vec![page(Some("mon ENT Occitanie")), page(None)]
    }
}

fn sample_frames() -> Vec<String> {
    vec!["https://bourses.example/fin?iss=https%3A%2F%2Fcompte.example&sid=0123456789abcdefghijkl".to_owned()]
}

/// The session is ended.
#[derive(Debug, Serialize)]
pub struct LoggedOut {
    /// The client that asked for it.
    pub service: Option<String>,
    /// Names of the clients that may still hold a session of their own.
    pub still_open: Vec<String>,
    /// A registered address of the client.
    pub back: Option<String>,
    /// Pages of clients, loaded unseen.
    pub frames: Vec<String>,
}

impl Page for LoggedOut {
    const TEMPLATE: &'static str = "oidc/deconnecte.html";
    fn samples() -> Vec<Self> {
        let page = |service: Option<&str>, still_open: &[&str], back: Option<&str>| LoggedOut {
            frames: if back.is_some() { sample_frames() } else { vec![] },
            service: service.map(str::to_owned),
            still_open: still_open.iter().map(|&name| name.to_owned()).collect(),
            back: back.map(str::to_owned),
        };
        vec![
            page(Some("mon ENT Occitanie"), &["Bourses"], Some("https://ent.example/")),
            page(Some("mon ENT Occitanie"), &[], None),
            page(None, &["mon ENT Occitanie", "Bourses"], None),
            page(None, &[], None),
        ]
    }
}
