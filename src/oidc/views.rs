//! The few pages of the OpenID provider that a person sees.
//!
//! Names of clients come from their registration; links are those that were registered, never from a request.

use serde::Serialize;

use crate::clients::shown::Shown;
use crate::http::pages::Page;
use crate::services::Door;

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
    /// The same portal's other choices, that are about the person's children.
    pub doors: Vec<Door>,
    /// Where those choices lead, each once.
    pub places: Vec<String>,
    /// Our own address that answers the client with `access_denied`.
    pub refuse_href: String,
}

impl Page for NothingInPerimeter {
    const TEMPLATE: &'static str = "oidc/hors_perimetre.html";
    fn samples() -> Vec<Self> {
        let page = |schools: &[&str], doors: Vec<Door>| NothingInPerimeter {
            places: doors.iter().flat_map(|door| door.places.clone()).collect(),
            doors,
            service: "mon ENT Occitanie".to_owned(),
            schools: schools.iter().map(|&school| school.to_owned()).collect(),
            query: "?i=0123456789abcdefghijkl&client_id=mon-ent-toulouse".to_owned(),
            code: "K7P-4MX".to_owned(),
            refuse_href: "/oauth2/authorize?i=0123456789abcdefghijkl&refuser=1".to_owned(),
        };
        let door = |place: &str, child: &str| Door {
            client_id: "mon-ent-montpellier".to_owned(),
            sector: "mon-ent".to_owned(),
            name: "mon ENT Occitanie".to_owned(),
            href: "https://ent.example/initier?choix=montpellier".to_owned(),
            places: vec![place.to_owned()],
            children: vec![child.to_owned()],
        };
        let both = vec![door("Académie de Montpellier", "Anaïs"), door("Lycée de la mer Paul Bousquet", "Élie")];
        vec![
            page(&["Clg Théodore Monod", "Lycée Jean Moulin"], both),
            page(&["Clg Théodore Monod"], vec![door("Académie de Montpellier", "Anaïs")]),
            page(&["Clg Théodore Monod", "Lycée Jean Moulin"], Vec::new()),
            page(&[], Vec::new()),
        ]
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

/// Response mode form_post: a form that sends itself, with a button where there is no script. No language of a page of
/// ours is needed to read it, but it has one.
#[derive(Debug, Serialize)]
pub struct FormPost {
    /// The client's registered redirect URI.
    pub action: String,
    pub fields: Vec<Field>,
}

#[derive(Debug, Serialize)]
pub struct Field {
    pub name: String,
    pub value: String,
}

impl Page for FormPost {
    const TEMPLATE: &'static str = "oidc/form_post.html";
    fn samples() -> Vec<Self> {
        let field = |name: &str, value: &str| Field { name: name.to_owned(), value: value.to_owned() };
        vec![FormPost {
            action: "https://ent.example/retour?choix=1".to_owned(),
            fields: vec![
                field("code", "x"),
                field("state", "\"><script>alert(1)</script>"),
                field("iss", "https://id"),
            ],
        }]
    }
}

/// Asks what may be shared, with the values.
#[derive(Debug, Serialize)]
pub struct ConsentPage {
    pub service: String,
    pub shared: Shared,
    /// Whether the client asks to keep its access after the session.
    pub lasting: bool,
    /// Whether the answer is kept for the next time.
    pub remembered: bool,
    /// Its policy and its terms.
    pub shown: Shown,
    /// Our own address that answers the client with `access_denied`.
    pub refuse_href: String,
    /// `?i=…&client_id=…`
    pub query: String,
}

/// What would be shared.
#[derive(Debug, Serialize)]
pub struct Shared {
    pub name: Option<String>,
    pub phone: Option<String>,
    /// « Given name (school) », of the client's perimeter.
    pub children: Vec<String>,
}

impl Page for ConsentPage {
    const TEMPLATE: &'static str = "oidc/consentement.html";
    fn samples() -> Vec<Self> {
        let page = |shared: Shared, lasting, remembered| ConsentPage {
            service: "Cantine du Pays d'Oc".to_owned(),
            shared,
            lasting,
            remembered,
            shown: Shown {
                logo: None,
                policy_uri: remembered.then(|| "https://cantine.example/donnees".to_owned()),
                tos_uri: remembered.then(|| "https://cantine.example/conditions".to_owned()),
            },
            refuse_href: "/oauth2/authorize?i=0123456789abcdefghijkl&refuser=1".to_owned(),
            query: "?i=0123456789abcdefghijkl&client_id=cantine".to_owned(),
        };
        let all = Shared {
            name: Some("Françoise Le Bœuf".to_owned()),
            phone: Some("06\u{a0}39\u{a0}98\u{a0}00\u{a0}01".to_owned()),
            children: vec!["Anaïs (Clg Théodore Monod)".to_owned(), "Élie (Lycée Jean Moulin)".to_owned()],
        };
        let nothing = || Shared { name: None, phone: None, children: Vec::new() };
        vec![page(all, true, true), page(nothing(), false, true), page(nothing(), true, false)]
    }
}
