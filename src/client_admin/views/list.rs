//! The list of relying parties: its context and samples.

use serde::Serialize;
use strum::IntoEnumIterator as _;

use crate::administrators::views::ConsoleFrame;
use crate::client_admin::standing::ServiceStanding;
use crate::http::pages::Page;

/// A relying party in the list.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceLine {
    pub client_id: String,
    pub name: String,
    /// The end of the message's key.
    pub standing: &'static str,
    /// The names of the academies and ministries of its perimeter.
    pub places: Vec<String>,
    /// The number of schools that its perimeter names.
    pub schools: usize,
    pub profiles: Vec<&'static str>,
    pub used: Option<String>,
    pub takes_sign_outs: bool,
    pub undelivered: i64,
    pub from_file: bool,
    /// True if it sends neither PKCE nor `nonce`.
    pub unprotected: bool,
}

/// `/admin/services`.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceListPage {
    pub frame: ConsoleFrame,
    pub words: String,
    pub standing: Option<&'static str>,
    pub standings: Vec<&'static str>,
    pub is_narrowed: bool,
    pub lines: Vec<ServiceLine>,
    pub next: Option<String>,
    /// The requests that wait, and one's own drafts.
    pub requests: Vec<RequestLine>,
    pub may_request: bool,
    /// The address of the discovery document.
    pub discovery: String,
}

/// A request in the list.
#[derive(Clone, Debug, Serialize)]
pub struct RequestLine {
    pub id: String,
    pub name: String,
    pub client_id: String,
    /// The end of the message's key.
    pub state: &'static str,
    pub is_new: bool,
    pub author: String,
    pub when: String,
}

impl Page for ServiceListPage {
    const TEMPLATE: &'static str = "client_admin/services.html";
    fn samples() -> Vec<Self> {
        let line = |standing: ServiceStanding, n: usize| ServiceLine {
            client_id: format!("service-{n}"),
            name: "<script>Cantine</script> en ligne".to_owned(),
            standing: standing.name(),
            places: vec!["académie de Montpellier".to_owned(), "mer".to_owned()],
            schools: n,
            profiles: vec!["responsable", "eleve", "enseignant", "personnel", "invite"],
            used: (n > 0).then(|| "26\u{a0}novembre".to_owned()),
            takes_sign_outs: n > 1,
            undelivered: i64::try_from(n).unwrap_or(0) - 2,
            from_file: n == 2,
            unprotected: n == 1,
        };
        let request = |state, is_new| RequestLine {
            id: "0".repeat(32),
            name: "Cantine".to_owned(),
            client_id: "cantine".to_owned(),
            state,
            is_new,
            author: "Julien Fabre".to_owned(),
            when: "hier à 9\u{a0}h\u{a0}40".to_owned(),
        };
        let lines: Vec<ServiceLine> = ServiceStanding::iter().zip(0..).map(|(standing, n)| line(standing, n)).collect();
        let everywhere = ServiceLine { places: Vec::new(), schools: 0, ..line(ServiceStanding::InUse, 9) };
        let page = ServiceListPage {
            frame: ConsoleFrame::sample().in_room("services"),
            words: String::new(),
            standing: None,
            standings: ServiceStanding::iter().map(ServiceStanding::name).collect(),
            is_narrowed: false,
            lines: lines.into_iter().chain([everywhere]).collect(),
            next: Some("/admin/services?apres=x".to_owned()),
            requests: vec![request("draft", true), request("requested", false), request("question", true)],
            may_request: true,
            discovery: "https://compte.example/.well-known/openid-configuration".to_owned(),
        };
        let narrowed =
            ServiceListPage { words: "<b>".to_owned(), standing: Some("suspended"), is_narrowed: true, ..page.clone() };
        vec![
            page.clone(),
            ServiceListPage { lines: Vec::new(), next: None, requests: Vec::new(), may_request: false, ..page },
            ServiceListPage { lines: Vec::new(), next: None, ..narrowed },
        ]
    }
}
