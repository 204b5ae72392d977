//! The way to the provider and back, the same for the portal and for *bourses*.
//!
//! Out only from a GET (see the module's head). Back, in this order: the browser's own attempt, which is then
//! used up; the issuer of the response; its error; its code. Whatever fails ends at `…/echec`, a page with an
//! address of its own, so that a reload or the other language does not send the response again.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde_json::json;
use url::Url;

use super::attempts::{ATTEMPT_LIVES, Attempt, cookie_name, surplus};
use super::choices;
use super::pages::{Site, see_other, with_cookies};
use super::relying_party::RelyingPartyError;
use super::service::{BOURSES_CLIENT, Service};
use super::visitor::{Parameters, Visitor, session_cookie};
use super::{Neighbours, Shared, cookies};
use crate::base::ids::id256;

/// Longest hint and longest target taken from another site, in bytes: the target travels in a cookie.
const FOREIGN_TEXT: usize = 1_000;

/// Why nobody is signed in, in the words of the page's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The person, or the provider for the person, said no.
    Declined,
    /// Only where nobody may be asked anything; here it means that the person was not signed in in time.
    NotSignedIn,
    /// No attempt of this browser: too old, used, or begun elsewhere.
    Unknown,
    /// The answer comes from another provider than ours.
    Issuer,
    /// The provider cannot be reached, or says that it cannot answer now.
    Unavailable,
    /// The provider does not follow what we asked.
    Request,
    /// What the provider answered does not stand the checks.
    Answer,
    /// Signed out here, but perhaps not at the provider.
    SignOut,
}

impl Failure {
    pub fn key(self) -> &'static str {
        match self {
            Self::Declined => "refus",
            Self::NotSignedIn => "non-connecte",
            Self::Unknown => "inconnu",
            Self::Issuer => "emetteur",
            Self::Unavailable => "indisponible",
            Self::Request => "demande",
            Self::Answer => "reponse",
            Self::SignOut => "sortie",
        }
    }

    /// OAuth 2.0 4.1.2.1 and OIDCC 3.1.2.6.
    fn of_error(code: &str) -> Self {
        match code {
            "access_denied" => Self::Declined,
            "login_required" | "interaction_required" | "account_selection_required" | "consent_required" => {
                Self::NotSignedIn
            }
            "server_error" | "temporarily_unavailable" => Self::Unavailable,
            _ => Self::Request,
        }
    }

    fn of(why: &RelyingPartyError) -> Self {
        match why {
            RelyingPartyError::Issuer => Self::Issuer,
            RelyingPartyError::Unavailable(_) | RelyingPartyError::Set(_) => Self::Unavailable,
            RelyingPartyError::Code(_) | RelyingPartyError::IdToken(_) | RelyingPartyError::UserInfo(_) => Self::Answer,
        }
    }
}

pub async fn start_at_portal(State(state): State<Shared>, visitor: Visitor) -> Response {
    match visitor.query.one("choix").and_then(choices::find).and_then(|choice| choice.client) {
        Some(client) => start(&state, &visitor, Service::Ent, client, Asked::default()).await,
        None => see_other(Service::Ent.path()),
    }
}

pub async fn start_at_bourses(State(state): State<Shared>, visitor: Visitor) -> Response {
    start(&state, &visitor, Service::Bourses, BOURSES_CLIENT, Asked::default()).await
}

pub async fn initiate_at_portal(State(state): State<Shared>, visitor: Visitor) -> Response {
    match visitor.query.one("choix").and_then(choices::find).and_then(|choice| choice.client) {
        Some(client) => initiate(&state, &visitor, Service::Ent, client).await,
        None => see_other(Service::Ent.path()),
    }
}

pub async fn initiate_at_bourses(State(state): State<Shared>, visitor: Visitor) -> Response {
    initiate(&state, &visitor, Service::Bourses, BOURSES_CLIENT).await
}

/// OIDCC 4 wants POST too: a GET of ours takes it up, with the parameters that have a meaning there.
pub async fn initiate_by_post(uri: Uri, body: Bytes) -> Response {
    let sent = Parameters::parse(&body);
    let registered = Parameters::parse(uri.query().unwrap_or_default().as_bytes());
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(choice) = registered.one("choix") {
        query.append_pair("choix", choice);
    }
    for name in ["iss", "login_hint", "target_link_uri"] {
        if let Some(value) = sent.one(name) {
            query.append_pair(name, value);
        }
    }
    see_other(&format!("{}?{}", uri.path(), query.finish()))
}

/// Sign-in that another site starts, the provider's pages above all (OIDCC 4).
async fn initiate(state: &Neighbours, visitor: &Visitor, service: Service, client: &str) -> Response {
    if visitor.query.one("iss") != Some(state.issuer.as_str()) {
        return failed(service, Failure::Issuer, client);
    }
    let short = |text: &&str| text.len() <= FOREIGN_TEXT && !text.chars().any(char::is_control);
    let asked = Asked {
        login_hint: visitor.query.one("login_hint").filter(short).map(str::to_owned),
        target: visitor.query.one("target_link_uri").filter(short).and_then(|text| own_page(&state.base, text)),
    };
    start(state, visitor, service, client, asked).await
}

/// What a sign-in that somebody else started asks for.
#[derive(Default)]
struct Asked {
    login_hint: Option<String>,
    target: Option<String>,
}

/// The whole URL of a page of ours, or nothing: `target_link_uri` must not lead anywhere else. It stays whole,
/// because a path such as `//elsewhere` alone would be another host.
fn own_page(base: &Url, text: &str) -> Option<String> {
    let mut url = Url::parse(text).ok()?;
    if url.origin() != base.origin() || !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    url.set_fragment(None);
    Some(url.into())
}

async fn start(state: &Neighbours, visitor: &Visitor, service: Service, client: &str, asked: Asked) -> Response {
    let Some(party) = state.parties.get(client) else {
        tracing::error!(client, "the demo has no such client");
        return failed(service, Failure::Unavailable, client);
    };
    let attempt = Attempt {
        client: client.to_owned(),
        state: id256(&*state.random),
        nonce: id256(&*state.random),
        verifier: id256(&*state.random),
        target: asked.target,
        until: visitor.now.plus(ATTEMPT_LIVES),
    };
    let url = party.authorize_url(&attempt, asked.login_hint.as_deref(), visitor.lang, visitor.now).await;
    let (url, sealed) = match (url, attempt.seal(&state.sealer, service)) {
        (Ok(url), Some(sealed)) => (url, sealed),
        (Err(why), _) => {
            tracing::warn!(client, %why, "a sign-in could not be started");
            return failed(service, Failure::of(&why), client);
        }
        (Ok(_), None) => return failed(service, Failure::Unavailable, client),
    };
    let mut response = see_other(&url);
    let gone = surplus(&state.sealer, service, visitor.cookies(), visitor.now);
    with_cookies(&mut response, gone.into_iter().map(|name| cookies::clear(&state.base, name, service.path())));
    let name = cookie_name(service, &attempt.state);
    with_cookies(&mut response, [cookies::set(&state.base, &name, &sealed, service.path(), Some(ATTEMPT_LIVES))]);
    response
}

pub async fn back_at_portal(State(state): State<Shared>, visitor: Visitor) -> Response {
    back(&state, &visitor, Service::Ent).await
}

pub async fn back_at_bourses(State(state): State<Shared>, visitor: Visitor) -> Response {
    back(&state, &visitor, Service::Bourses).await
}

async fn back(state: &Neighbours, visitor: &Visitor, service: Service) -> Response {
    let attempt = visitor.query.one("state").and_then(|text| {
        let sealed = visitor.cookie(&cookie_name(service, text))?;
        Attempt::open(&state.sealer, service, text, sealed, visitor.now)
    });
    let Some(attempt) = attempt else {
        // A reload, or the browser's back button, after a sign-in that went well.
        if visitor.session(state, service).is_some() {
            return see_other(service.home());
        }
        return failed(service, Failure::Unknown, visitor.query.one("choix").unwrap_or_default());
    };
    let mut response = match finish(state, visitor, service, &attempt).await {
        Ok(session) => {
            let mut response = see_other(attempt.target.as_deref().unwrap_or(service.home()));
            let name = session_cookie(service);
            with_cookies(&mut response, [cookies::set(&state.base, &name, &session, service.path(), None)]);
            response
        }
        Err(failure) => failed(service, failure, &attempt.client),
    };
    let used = cookie_name(service, &attempt.state);
    with_cookies(&mut response, [cookies::clear(&state.base, &used, service.path())]);
    response
}

/// The id of a new session, if the response to `attempt` is good.
async fn finish(state: &Neighbours, visitor: &Visitor, service: Service, attempt: &Attempt) -> Result<String, Failure> {
    let (client, now) = (attempt.client.as_str(), visitor.now);
    let fault = |why: RelyingPartyError| {
        tracing::warn!(client, %why, "a sign-in did not come to its end");
        Failure::of(&why)
    };
    let party = state.parties.get(client).filter(|_| Service::of_client(client) == service);
    let party = party.ok_or(Failure::Unknown)?;
    party.check_issuer(visitor.query.one("iss"), now).await.map_err(fault)?;
    if let Some(code) = visitor.query.one("error") {
        tracing::info!(client, error = code, "the provider signed nobody in");
        return Err(Failure::of_error(code));
    }
    let code = visitor.query.one("code").ok_or(Failure::Answer)?;
    let who = party.finish(attempt, code, now).await.map_err(fault)?;
    if let Some(former) = visitor.cookie(&session_cookie(service)) {
        state.sessions.end(service, former, now);
    }
    Ok(state.sessions.open(service, client, who, now, &*state.random))
}

/// To the page that says what happened; `client` is what « Recommencer » takes up again.
pub fn failed(service: Service, failure: Failure, client: &str) -> Response {
    let again = match choices::of_client(client) {
        Some(choice) => format!("&choix={}", choice.key),
        None => String::new(),
    };
    see_other(&format!("{}/echec?motif={}{again}", service.path(), failure.key()))
}

pub async fn failed_at_portal(State(state): State<Shared>, visitor: Visitor) -> Response {
    let choice = visitor.query.one("choix").and_then(choices::find).filter(|choice| choice.client.is_some());
    let again = match choice {
        Some(choice) => format!("/ent/connexion?choix={}", choice.key),
        None => Service::Ent.path().to_owned(),
    };
    failure_page(&state, &visitor, Site::Ent, Service::Ent, &again)
}

pub async fn failed_at_bourses(State(state): State<Shared>, visitor: Visitor) -> Response {
    failure_page(&state, &visitor, Site::Bourses, Service::Bourses, "/bourses/connexion")
}

fn failure_page(state: &Neighbours, visitor: &Visitor, site: Site, service: Service, again: &str) -> Response {
    let reason = visitor.query.one("motif").unwrap_or_default();
    let words = json!({ "reason": reason, "again": again, "start": service.path() });
    state.page(visitor, StatusCode::OK, site, "failed.html", &words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_page_of_our_own_origin_and_stays_a_whole_url() {
        let base = Url::parse("http://localhost:8090").unwrap();
        let own = |text| own_page(&base, text);
        assert_eq!(own("http://localhost:8090/ent/accueil#x").as_deref(), Some("http://localhost:8090/ent/accueil"));
        // The path of this one would be another host if it stood alone in a Location header.
        assert_eq!(
            own("http://localhost:8090//evil.example/").as_deref(),
            Some("http://localhost:8090//evil.example/")
        );
        for foreign in [
            "https://evil.example/",
            "//evil.example/",
            "/ent/accueil",
            "http://localhost:8090@evil.example/",
            "http://localhost:8090.evil.example/",
            "http://me@localhost:8090/ent",
            "https://localhost:8090/ent",
            "http://localhost:8080/ent",
            "javascript:alert(1)",
            "http:\\\\evil.example\\",
        ] {
            assert_eq!(own(foreign), None, "{foreign}");
        }
    }
}
