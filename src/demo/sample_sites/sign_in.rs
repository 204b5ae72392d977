//! The redirect to the provider and the callback, shared by the portal and *bourses*.
//!
//! The redirect follows a GET only (see the parent module). The callback checks, in this order: the browser's attempt,
//! consumed by the check; the issuer of the response; its error; its code. Every failure ends at `…/echec`, a page with
//! a separate address, so that a reload or a change of language does not send the response again.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde_json::json;
use url::Url;

use super::attempts::{ATTEMPT_TTL, AuthorizationAttempt, cookie_name, cookies_to_remove};
use super::choices;
use super::pages::{Site, see_other, with_cookies};
use super::relying_party::{RelyingPartyError, RequestHints};
use super::service::{BOURSES_CLIENT, SampleService};
use super::site_request::{FormParameters, SiteRequest, session_cookie};
use super::{SampleSites, SharedSites, cookies};
use crate::base::ids::id256;

/// The maximum length of a login hint or target from another site, in bytes: the target is stored in a cookie.
const MAX_FOREIGN_TEXT_BYTES: usize = 1_000;

/// The reason for a failed sign-in, named in the failure page's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInFailure {
    /// The user, or the provider on behalf of the user, declined.
    Declined,
    /// An error for requests without interaction; here the user did not sign in in time.
    NotSignedIn,
    /// No matching attempt of this browser: expired, used, or started in another browser.
    UnknownAttempt,
    /// The response comes from another issuer.
    WrongIssuer,
    /// The provider is unreachable, or reports a temporary error.
    Unavailable,
    /// The provider rejects the request.
    InvalidRequest,
    /// The provider's response fails the checks.
    InvalidResponse,
    /// The session ended at this site, but perhaps not at the provider.
    SignOut,
}

impl SignInFailure {
    pub fn key(self) -> &'static str {
        match self {
            Self::Declined => "refus",
            Self::NotSignedIn => "non-connecte",
            Self::UnknownAttempt => "inconnu",
            Self::WrongIssuer => "emetteur",
            Self::Unavailable => "indisponible",
            Self::InvalidRequest => "demande",
            Self::InvalidResponse => "reponse",
            Self::SignOut => "sortie",
        }
    }

    /// Maps an error code (OAuth 2.0 4.1.2.1 and OIDCC 3.1.2.6).
    fn from_error_code(code: &str) -> Self {
        match code {
            "access_denied" => Self::Declined,
            "login_required" | "interaction_required" | "account_selection_required" | "consent_required" => {
                Self::NotSignedIn
            }
            "server_error" | "temporarily_unavailable" => Self::Unavailable,
            _ => Self::InvalidRequest,
        }
    }

    fn from_error(why: &RelyingPartyError) -> Self {
        match why {
            RelyingPartyError::WrongIssuer => Self::WrongIssuer,
            RelyingPartyError::Unavailable(_) | RelyingPartyError::Configuration(_) => Self::Unavailable,
            RelyingPartyError::Code(_) | RelyingPartyError::IdToken(_) | RelyingPartyError::UserInfo(_) => {
                Self::InvalidResponse
            }
        }
    }
}

pub async fn start_at_portal(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    match visitor.query.single("choix").and_then(choices::find) {
        Some(choice) => {
            let asked = SignInRequest { idp_hint: choice.hint, ..SignInRequest::default() };
            start_sign_in(&state, &visitor, SampleService::Ent, choice.client, asked).await
        }
        None => see_other(SampleService::Ent.path()),
    }
}

pub async fn start_at_bourses(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    start_sign_in(&state, &visitor, SampleService::Bourses, BOURSES_CLIENT, SignInRequest::default()).await
}

pub async fn initiate_at_portal(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    match visitor.query.single("choix").and_then(choices::find) {
        Some(choice) => initiate(&state, &visitor, SampleService::Ent, (choice.client, choice.hint)).await,
        None => see_other(SampleService::Ent.path()),
    }
}

pub async fn initiate_at_bourses(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    initiate(&state, &visitor, SampleService::Bourses, (BOURSES_CLIENT, None)).await
}

/// Redirects a POST (demanded by OIDCC 4) to the GET handler, with the relevant parameters.
pub async fn initiate_by_post(uri: Uri, body: Bytes) -> Response {
    let sent = FormParameters::parse(&body);
    let registered = FormParameters::parse(uri.query().unwrap_or_default().as_bytes());
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(choice) = registered.single("choix") {
        query.append_pair("choix", choice);
    }
    for name in ["iss", "login_hint", "target_link_uri"] {
        if let Some(value) = sent.single(name) {
            query.append_pair(name, value);
        }
    }
    see_other(&format!("{}?{}", uri.path(), query.finish()))
}

/// Starts a sign-in requested by another site, above all by the provider's pages (OIDCC 4).
async fn initiate(
    state: &SampleSites,
    visitor: &SiteRequest,
    service: SampleService,
    (client, idp_hint): (&str, Option<&'static str>),
) -> Response {
    if visitor.query.single("iss") != Some(state.issuer.as_str()) {
        return failure_redirect(service, SignInFailure::WrongIssuer, client);
    }
    let short = |text: &&str| text.len() <= MAX_FOREIGN_TEXT_BYTES && !text.chars().any(char::is_control);
    let asked = SignInRequest {
        idp_hint,
        login_hint: visitor.query.single("login_hint").filter(short).map(str::to_owned),
        target: visitor
            .query
            .single("target_link_uri")
            .filter(short)
            .and_then(|text| same_origin_url(&state.base, text)),
    };
    start_sign_in(state, visitor, service, client, asked).await
}

/// The parameters of a sign-in: those of another site that started it, and the hint of the choice.
#[derive(Default)]
struct SignInRequest {
    idp_hint: Option<&'static str>,
    login_hint: Option<String>,
    target: Option<String>,
}

/// Returns the whole URL if of this origin: `target_link_uri` must not lead elsewhere. The URL stays absolute, because
/// a path such as `//elsewhere` alone would be another host.
fn same_origin_url(base: &Url, text: &str) -> Option<String> {
    let mut url = Url::parse(text).ok()?;
    if url.origin() != base.origin() || !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    url.set_fragment(None);
    Some(url.into())
}

async fn start_sign_in(
    state: &SampleSites,
    visitor: &SiteRequest,
    service: SampleService,
    client: &str,
    asked: SignInRequest,
) -> Response {
    let Some(party) = state.relying_parties.get(client) else {
        tracing::error!(client, "the demo has no such client");
        return failure_redirect(service, SignInFailure::Unavailable, client);
    };
    let attempt = AuthorizationAttempt {
        client: client.to_owned(),
        state: id256(&*state.random),
        nonce: id256(&*state.random),
        verifier: id256(&*state.random),
        target: asked.target,
        until: visitor.now.plus(ATTEMPT_TTL),
    };
    let hints = RequestHints { login: asked.login_hint.as_deref(), idp: asked.idp_hint };
    let url = party.authorize_url(&attempt, hints, visitor.lang, visitor.now).await;
    let (url, sealed) = match (url, attempt.seal(&state.sealer, service)) {
        (Ok(url), Some(sealed)) => (url, sealed),
        (Err(why), _) => {
            tracing::warn!(client, %why, "a sign-in could not be started");
            return failure_redirect(service, SignInFailure::from_error(&why), client);
        }
        (Ok(_), None) => return failure_redirect(service, SignInFailure::Unavailable, client),
    };
    let mut response = see_other(&url);
    let gone = cookies_to_remove(&state.sealer, service, visitor.cookies(), visitor.now);
    with_cookies(&mut response, gone.into_iter().map(|name| cookies::clear(&state.base, name, service.path())));
    let name = cookie_name(service, &attempt.state);
    with_cookies(&mut response, [cookies::set(&state.base, &name, &sealed, service.path(), Some(ATTEMPT_TTL))]);
    response
}

pub async fn callback_at_portal(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    handle_callback(&state, &visitor, SampleService::Ent).await
}

pub async fn callback_at_bourses(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    handle_callback(&state, &visitor, SampleService::Bourses).await
}

async fn handle_callback(state: &SampleSites, visitor: &SiteRequest, service: SampleService) -> Response {
    let attempt = visitor.query.single("state").and_then(|text| {
        let sealed = visitor.cookie(&cookie_name(service, text))?;
        AuthorizationAttempt::open(&state.sealer, service, text, sealed, visitor.now)
    });
    let Some(attempt) = attempt else {
        // A reload, or the browser's back button, after a successful sign-in.
        if visitor.session(state, service).is_some() {
            return see_other(service.home());
        }
        return failure_redirect(
            service,
            SignInFailure::UnknownAttempt,
            visitor.query.single("choix").unwrap_or_default(),
        );
    };
    let mut response = match complete_sign_in(state, visitor, service, &attempt).await {
        Ok(session) => {
            let mut response = see_other(attempt.target.as_deref().unwrap_or(service.home()));
            let name = session_cookie(service);
            with_cookies(&mut response, [cookies::set(&state.base, &name, &session, service.path(), None)]);
            response
        }
        Err(failure) => failure_redirect(service, failure, &attempt.client),
    };
    let used = cookie_name(service, &attempt.state);
    with_cookies(&mut response, [cookies::clear(&state.base, &used, service.path())]);
    response
}

/// Creates a session for a valid response to `attempt` and returns the session id.
async fn complete_sign_in(
    state: &SampleSites,
    visitor: &SiteRequest,
    service: SampleService,
    attempt: &AuthorizationAttempt,
) -> Result<String, SignInFailure> {
    let (client, now) = (attempt.client.as_str(), visitor.now);
    let fault = |why: RelyingPartyError| {
        tracing::warn!(client, %why, "a sign-in did not come to its end");
        SignInFailure::from_error(&why)
    };
    let party = state.relying_parties.get(client).filter(|_| SampleService::of_client(client) == service);
    let party = party.ok_or(SignInFailure::UnknownAttempt)?;
    party.check_issuer(visitor.query.single("iss"), now).await.map_err(fault)?;
    if let Some(code) = visitor.query.single("error") {
        tracing::info!(client, error = code, "the provider signed nobody in");
        return Err(SignInFailure::from_error_code(code));
    }
    let code = visitor.query.single("code").ok_or(SignInFailure::InvalidResponse)?;
    let who = party.exchange_code_for_user(attempt, code, now).await.map_err(fault)?;
    if let Some(former) = visitor.cookie(&session_cookie(service)) {
        state.sessions.end(service, former, now);
    }
    Ok(state.sessions.create(service, client, who, now, &*state.random))
}

/// Redirects to the failure page; `client` is the choice repeated by « Recommencer ».
pub fn failure_redirect(service: SampleService, failure: SignInFailure, client: &str) -> Response {
    let again = match choices::find_by_client(client) {
        Some(choice) => format!("&choix={}", choice.key),
        None => String::new(),
    };
    see_other(&format!("{}/echec?motif={}{again}", service.path(), failure.key()))
}

pub async fn failed_at_portal(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    let choice = visitor.query.single("choix").and_then(choices::find);
    let again = match choice {
        Some(choice) => format!("/ent/connexion?choix={}", choice.key),
        None => SampleService::Ent.path().to_owned(),
    };
    failure_page(&state, &visitor, Site::Ent, SampleService::Ent, &again)
}

pub async fn failed_at_bourses(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    failure_page(&state, &visitor, Site::Bourses, SampleService::Bourses, "/bourses/connexion")
}

fn failure_page(
    state: &SampleSites,
    visitor: &SiteRequest,
    site: Site,
    service: SampleService,
    again: &str,
) -> Response {
    let reason = visitor.query.single("motif").unwrap_or_default();
    let words = json!({ "reason": reason, "again": again, "start": service.path() });
    state.page(visitor, StatusCode::OK, site, "failed.html", &words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_page_of_our_own_origin_and_stays_a_whole_url() {
        let base = Url::parse("http://localhost:8090").unwrap();
        let own = |text| same_origin_url(&base, text);
        assert_eq!(own("http://localhost:8090/ent/accueil#x").as_deref(), Some("http://localhost:8090/ent/accueil"));
        // The path of this URL would be another host if alone in a Location header.
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
