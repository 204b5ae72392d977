//! The pages of the OpenID provider.
//!
//! Names and links of clients come from the registration, never from the request.

use serde::Serialize;

use crate::base::profile::Profile;
use crate::base::typed_ids::ClientId;
use crate::clients::branding::ClientBranding;
use crate::federation::views::UpstreamDoor;
use crate::http::pages::Page;
use crate::services::ServiceLink;

/// The end user is signed in, but the client's perimeter contains nothing of the account.
#[derive(Debug, Serialize)]
pub struct NothingInPerimeter {
    /// The name of the client.
    pub service: String,
    /// True for a pupil's account, which has no children.
    pub pupil: bool,
    /// True for somebody who works at a school.
    pub staff: bool,
    /// The schools known for this account.
    pub schools: Vec<String>,
    /// `?i=…&client_id=…`: « Changer de compte » posts `changer=1` to `/deconnexion` with it.
    pub query: String,
    pub code: String,
    /// Links to the other services of the same portal that concern the end user's children.
    pub doors: Vec<ServiceLink>,
    /// The places of those services, without duplicates.
    pub places: Vec<String>,
    /// The URL on this server that answers the client with `access_denied`.
    pub refuse_href: String,
}

impl Page for NothingInPerimeter {
    const TEMPLATE: &'static str = "oidc/nothing_in_perimeter.html";
    fn samples() -> Vec<Self> {
        let page = |schools: &[&str], doors: Vec<ServiceLink>| NothingInPerimeter {
            places: doors.iter().flat_map(|door| door.places.clone()).collect(),
            doors,
            service: "mon ENT Occitanie".to_owned(),
            pupil: false,
            staff: false,
            schools: schools.iter().map(|&school| school.to_owned()).collect(),
            query: "?i=0123456789abcdefghijkl&client_id=mon-ent-toulouse".to_owned(),
            code: "K7P-4MX".to_owned(),
            refuse_href: "/oauth2/authorize?i=0123456789abcdefghijkl&refuser=1".to_owned(),
        };
        let door = |place: &str, child: &str| ServiceLink {
            client_id: ClientId::new("mon-ent-montpellier"),
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
            NothingInPerimeter { pupil: true, ..page(&["Clg Théodore Monod"], Vec::new()) },
            NothingInPerimeter { staff: true, ..page(&["Clg Théodore Monod"], Vec::new()) },
        ]
    }
}

/// The client knows people by a roster's key, and no roster gave the account one yet.
#[derive(Debug, Serialize)]
pub struct KnownTomorrow {
    /// The name of the client.
    pub service: String,
    /// `?i=…&client_id=…`: « Changer de compte » posts `changer=1` to `/deconnexion` with it.
    pub query: String,
    pub code: String,
    /// The URL on this server that answers the client with `access_denied`.
    pub refuse_href: String,
}

impl Page for KnownTomorrow {
    const TEMPLATE: &'static str = "oidc/known_tomorrow.html";
    fn samples() -> Vec<Self> {
        vec![KnownTomorrow {
            service: "mon ENT Occitanie".to_owned(),
            query: "?i=0123456789abcdefghijkl&client_id=mon-ent-toulouse".to_owned(),
            code: "K7P-4MX".to_owned(),
            refuse_href: "/oauth2/authorize?i=0123456789abcdefghijkl&refuser=1".to_owned(),
        }]
    }
}

/// The request is invalid and must not be answered by a redirect.
#[derive(Debug, Serialize)]
pub struct RequestRefused {
    /// True if the client was suspended; then neither name nor link is shown, as it may be one that was misused.
    pub is_suspended: bool,
    /// Absent if the redirect URI is not registered: then neither name nor link is shown.
    pub service: Option<String>,
    pub code: String,
    /// The registered home page of the client.
    pub client_uri: Option<String>,
}

impl Page for RequestRefused {
    const TEMPLATE: &'static str = "oidc/request_refused.html";
    fn samples() -> Vec<Self> {
        let page = |service: Option<&str>, client_uri: Option<&str>| RequestRefused {
            is_suspended: false,
            service: service.map(str::to_owned),
            code: "K7P-4MX".to_owned(),
            client_uri: client_uri.map(str::to_owned),
        };
        vec![
            page(Some("mon ENT Occitanie"), Some("https://ent.example/?a=1&b=2")),
            page(Some("mon ENT Occitanie"), None),
            page(None, None),
            RequestRefused { is_suspended: true, ..page(None, None) },
        ]
    }
}

/// The pending request is unknown or has expired.
#[derive(Debug, Serialize)]
pub struct RequestExpired {
    /// The link to start again, if known.
    pub restart: Option<RestartLink>,
}

#[derive(Debug, Serialize)]
pub struct RestartLink {
    /// The client's `initiate_login_uri`, else `client_uri`.
    pub href: String,
    pub service: String,
}

impl Page for RequestExpired {
    const TEMPLATE: &'static str = "oidc/request_expired.html";
    fn samples() -> Vec<Self> {
        let restart =
            RestartLink { href: "https://ent.example/login".to_owned(), service: "mon ENT Occitanie".to_owned() };
        vec![RequestExpired { restart: Some(restart) }, RequestExpired { restart: None }]
    }
}

/// After a logout: continues by itself, at once; or, with front-channel logout pages (FCL 3), after a delay for loading
/// the frames, and then possibly to the client.
#[derive(Debug, Serialize)]
pub struct ContinueLogout {
    /// A URL of this server, or the registered post-logout redirect URI of the client.
    pub href: String,
    pub service: Option<String>,
    /// The front-channel logout pages of clients, loaded in hidden frames.
    pub frames: Vec<String>,
}

impl Page for ContinueLogout {
    const TEMPLATE: &'static str = "oidc/continue_logout.html";
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

/// Asks for confirmation of a logout: another site may have sent the browser.
#[derive(Debug, Serialize)]
pub struct LogoutConfirm {
    pub service: Option<String>,
    /// The target of the confirmation form, with its query.
    pub action: String,
}

impl Page for LogoutConfirm {
    const TEMPLATE: &'static str = "oidc/logout_confirm.html";
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

/// The session has ended.
#[derive(Debug, Serialize)]
pub struct LoggedOut {
    /// The client that requested the logout.
    pub service: Option<String>,
    /// The names of clients that may still have a session of their own.
    pub still_open: Vec<String>,
    /// A registered URL of the client.
    pub back: Option<String>,
    /// The way to end the session at the upstream too.
    pub upstream: Option<UpstreamDoor>,
    /// The front-channel logout pages of clients, loaded in hidden frames.
    pub frames: Vec<String>,
}

impl Page for LoggedOut {
    const TEMPLATE: &'static str = "oidc/logged_out.html";
    fn samples() -> Vec<Self> {
        let page = |service: Option<&str>, still_open: &[&str], back: Option<&str>| LoggedOut {
            frames: if back.is_some() { sample_frames() } else { vec![] },
            service: service.map(str::to_owned),
            still_open: still_open.iter().map(|&name| name.to_owned()).collect(),
            back: back.map(str::to_owned),
            upstream: UpstreamDoor::samples("").into_iter().next().filter(|_| still_open.len() == 1),
        };
        vec![
            page(Some("mon ENT Occitanie"), &["Bourses"], Some("https://ent.example/")),
            page(Some("mon ENT Occitanie"), &[], None),
            page(None, &["mon ENT Occitanie", "Bourses"], None),
            page(None, &[], None),
        ]
    }
}

/// Response mode form_post: a self-submitting form, with a button for browsers without scripts. The page has a
/// language, although nothing on it needs to be read.
#[derive(Debug, Serialize)]
pub struct FormPost {
    /// The client's registered redirect URI.
    pub action: String,
    pub fields: Vec<FormField>,
}

#[derive(Debug, Serialize)]
pub struct FormField {
    pub name: String,
    pub value: String,
}

impl Page for FormPost {
    const TEMPLATE: &'static str = "oidc/form_post.html";
    fn samples() -> Vec<Self> {
        let field = |name: &str, value: &str| FormField { name: name.to_owned(), value: value.to_owned() };
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

/// Asks for consent, and shows the values to be shared.
#[derive(Debug, Serialize)]
pub struct ConsentPage {
    pub service: String,
    pub shared: SharedData,
    /// The day since which the client is on trial, for who was not told yet.
    pub trial_since: Option<String>,
    /// True if the client requests access beyond the session.
    pub lasting: bool,
    /// True if the consent is remembered for the next request.
    pub remembered: bool,
    /// The policy and the terms of the client.
    pub shown: ClientBranding,
    /// The URL on this server that answers the client with `access_denied`.
    pub refuse_href: String,
    /// `?i=…&client_id=…`
    pub query: String,
}

/// The data that would be shared.
#[derive(Debug, Default, Serialize)]
pub struct SharedData {
    pub name: Option<String>,
    pub profile: Option<Profile>,
    pub email: Option<String>,
    pub phone: Option<String>,
    /// « Given name (school) » of each child in the client's perimeter.
    pub children: Vec<String>,
    /// « School (class) » of a pupil, in the client's perimeter.
    pub schooling: Vec<String>,
    /// True if the numbers of the pupils in their schools would be shared (`FrEduVecteur`).
    pub pupil_numbers: bool,
}

impl Page for ConsentPage {
    const TEMPLATE: &'static str = "oidc/consent.html";
    fn samples() -> Vec<Self> {
        let page = |shared: SharedData, lasting: bool, remembered: bool| ConsentPage {
            service: "Cantine du Pays d'Oc".to_owned(),
            shared,
            trial_since: (lasting && !remembered).then(|| "30\u{a0}novembre".to_owned()),
            lasting,
            remembered,
            shown: ClientBranding {
                logo: None,
                policy_uri: remembered.then(|| "https://cantine.example/donnees".to_owned()),
                tos_uri: remembered.then(|| "https://cantine.example/conditions".to_owned()),
            },
            refuse_href: "/oauth2/authorize?i=0123456789abcdefghijkl&refuser=1".to_owned(),
            query: "?i=0123456789abcdefghijkl&client_id=cantine".to_owned(),
        };
        let all = SharedData {
            name: Some("Françoise Le Bœuf".to_owned()),
            profile: Some(Profile::Responsable),
            email: Some("francoise@example.org".to_owned()),
            phone: Some("06\u{a0}39\u{a0}98\u{a0}00\u{a0}01".to_owned()),
            children: vec!["Anaïs (Clg Théodore Monod)".to_owned(), "Élie (Lycée Jean Moulin)".to_owned()],
            schooling: Vec::new(),
            pupil_numbers: true,
        };
        let pupil = SharedData {
            name: Some("Anaïs Le Bœuf".to_owned()),
            profile: Some(Profile::Eleve),
            schooling: vec!["Clg Théodore Monod (6 A)".to_owned()],
            ..SharedData::default()
        };
        let nothing = SharedData::default;
        vec![
            page(all, true, true),
            page(pupil, false, true),
            page(nothing(), false, true),
            page(nothing(), true, false),
        ]
    }
}
