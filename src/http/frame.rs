//! The outermost layer: reads the clock once, names the request, renders and logs errors, sets the headers.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::csrf::ProtectionError;
use tracing::Instrument as _;
use tracing::field::Empty;

use super::cookies::{Jar, Name};
use super::error::{Failure, PageError};
use super::policy;
use super::proxies;
use super::support::{Noted, ShowsCode};
use super::views;
use super::visit::{Outcome, Visit, with_cookie};
use crate::app::AppState;
use crate::base::ids::{id128, support_code};
use crate::base::lang::Lang;
use crate::base::source::Source;
use crate::protocol::params::Params;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub async fn frame(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let visit = visit(&app, &request);
    let request_id = request_id(&app, &visit, &request);
    // Every line within says which request it is of. An error's level: it is there under every filter.
    let (source, support_code) = (visit.source, &visit.support_code);
    let span = tracing::error_span!("request", %request_id, %support_code, %source, client_id = Empty);
    framed(app, visit, request_id, request, next).instrument(span).await
}

async fn framed(app: AppState, visit: Visit, request_id: String, mut request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let path: String = request.uri().path().chars().take(120).collect();
    let explorer = is_internet_explorer(request.headers()) && method == Method::GET && !path.starts_with("/assets/");
    let route = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(visit.clone());

    let response = if explorer {
        visit.page(&app.pages, StatusCode::OK, &views::InternetExplorer {}).unwrap_or_else(failed)
    } else {
        next.run(request).await
    };
    let outcome = outcome(&response);
    let mut response = rendered(&app, &visit, response);
    if visit.query.get("lang").and_then(Lang::from_tag) == Some(visit.lang) && visit.lang_chosen {
        response = with_cookie(response, visit.jar.set(Name::Language, visit.lang.tag(), Some(365 * 24 * 3600)));
    }
    if let Some(ShowsCode(page)) = response.extensions().get::<ShowsCode>() {
        app.support.note(noted(&visit, page, &path, &request_id));
    }
    headers(&app, response.headers_mut());
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let status = response.status().as_u16();
    // A path that no route knows is a stranger's text: it is no label.
    app.metrics.request(route.as_ref().map_or("none", MatchedPath::as_str), status);
    let ms = app.now().since(visit.now).0;
    // No query, no form, no identity: what a path of ours holds is known.
    tracing::info!(%method, %path, status, outcome, ms, "request");
    response
}

/// The proxy's id, so that its log and ours can be joined; of anybody else, who could write another's, one of our own,
/// which the support code begins.
fn request_id(app: &AppState, visit: &Visit, request: &Request) -> String {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| Source::new(peer.ip()));
    let trusted = peer.is_some_and(|peer| proxies::is_trusted(peer, &app.config.server.trusted_proxies));
    let theirs = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| is_request_id(id));
    match theirs.filter(|_| trusted) {
        Some(id) => id.to_owned(),
        None => format!("{}-{}", visit.support_code, id128(app.rng.as_ref())),
    }
}

fn is_request_id(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'/' | b'+' | b'=');
    (8..=128).contains(&text.len()) && text.bytes().all(fits)
}

/// What came of it, in a word.
fn outcome(response: &Response) -> &'static str {
    if let Some(Outcome(said)) = response.extensions().get::<Outcome>() {
        return said;
    }
    if let Some(Failure(error)) = response.extensions().get::<Failure>() {
        return error.name();
    }
    match response.status().as_u16() {
        ..=299 => "ok",
        300..=399 => "sent_on",
        400..=499 => "refused",
        _ => "failed",
    }
}

/// A page whose code somebody may read out, and what may say whose it was. No form, no other query.
fn noted(visit: &Visit, page: &'static str, path: &str, request_id: &str) -> Noted {
    let asked = |name: &str| visit.query.get(name).map(str::to_owned);
    Noted {
        code: visit.support_code.clone(),
        at: visit.now,
        page,
        path: path.to_owned(),
        request_id: request_id.to_owned(),
        source: visit.source,
        session: visit.session.clone(),
        secrets: visit.secrets().map(str::to_owned).collect(),
        activation: asked("a"),
        client_id: asked("client_id").filter(|id| id.len() <= 100),
    }
}

fn failed(e: PageError) -> Response {
    axum::response::IntoResponse::into_response(e)
}

fn visit(app: &AppState, request: &Request) -> Visit {
    let jar = Jar { secure: app.config.server.is_https() };
    let headers = request.headers();
    let query = Params::parse(request.uri().query().unwrap_or_default());
    let asked = query.get("lang").and_then(Lang::from_tag);
    let chosen = asked.or_else(|| jar.language(headers));
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    Visit {
        now: app.now(),
        lang: chosen.or_else(|| accepted.and_then(Lang::from_accept_language)).unwrap_or_default(),
        lang_chosen: chosen.is_some(),
        here: request.uri().path_and_query().map_or("/", |p| p.as_str()).to_owned(),
        query,
        support_code: support_code(app.rng.as_ref()),
        jar,
        session: jar.id(headers, Name::Session),
        nav: jar.id(headers, Name::Navigation),
        devices: jar.devices(headers),
        source: source(app, request),
        activations: jar.activations(headers),
        agent: agent(headers).chars().take(300).collect(),
    }
}

fn source(app: &AppState, request: &Request) -> Source {
    let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else {
        return Source::default();
    };
    let server = &app.config.server;
    proxies::source(peer.ip(), request.headers(), &server.trusted_proxies, server.proxy_header)
}

fn agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// The leaflet says it: Internet Explorer does not work. It gets a page that says which browsers do.
fn is_internet_explorer(headers: &HeaderMap) -> bool {
    let agent = agent(headers);
    agent.contains("Trident/") || agent.contains("MSIE ")
}

/// Turns an error value, or an empty refusal of a layer, into its page; logs it once.
fn rendered(app: &AppState, visit: &Visit, response: Response) -> Response {
    let status = response.status();
    let empty = !response.headers().contains_key(header::CONTENT_TYPE) || plain_refusal(&response);
    let failure = response.extensions().get::<Failure>().map(|f| f.0.clone());
    let page = match failure.as_deref() {
        Some(PageError::Internal(e)) => {
            tracing::error!(error = format!("{e:#}"), "failed");
            None
        }
        Some(other) => {
            tracing::info!(refused = %other, "refused");
            Some(other)
        }
        None if response.extensions().get::<ProtectionError>().is_some() => Some(&PageError::Forbidden("cross-site")),
        None if status == StatusCode::NOT_FOUND && empty => Some(&PageError::NotFound),
        None if status == StatusCode::METHOD_NOT_ALLOWED && empty => Some(&PageError::MethodNotAllowed),
        None if status == StatusCode::PAYLOAD_TOO_LARGE && empty => Some(&PageError::TooLarge),
        // The time limit's: what it waited for did not come.
        None if status == StatusCode::SERVICE_UNAVAILABLE && empty => Some(&PageError::Busy { seconds: 5 }),
        None if status.is_server_error() && empty => None,
        None => return response,
    };
    let code = visit.support_code.clone();
    let (status, busy) = page.map_or((StatusCode::INTERNAL_SERVER_ERROR, None), |p| {
        (p.status(), if let PageError::Busy { seconds } = p { Some(*seconds) } else { None })
    });
    let drawn = match page {
        Some(PageError::NotFound) => visit.page(&app.pages, status, &views::NotFound {}),
        Some(PageError::MethodNotAllowed) => visit.page(&app.pages, status, &views::MethodNotAllowed {}),
        Some(PageError::Forbidden(_)) => visit.page(&app.pages, status, &views::Forbidden {}),
        Some(PageError::TooLarge) => visit.page(&app.pages, status, &views::TooLarge {}),
        Some(PageError::BadForm(_)) => visit.page_with_code(&app.pages, status, &views::BadForm { code }),
        Some(PageError::Busy { seconds }) => {
            visit.page(&app.pages, status, &views::TooManyAtOnce { seconds: *seconds })
        }
        Some(PageError::Internal(_)) | None => visit.page_with_code(&app.pages, status, &views::OurFault { code }),
    };
    let mut out = drawn.unwrap_or_else(|e| {
        tracing::error!(error = %e, "the error page cannot be drawn");
        response
    });
    if let Some(seconds) = busy {
        out.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    out
}

/// A layer's own refusal is a line of plain text.
fn plain_refusal(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/plain")
}

fn headers(app: &AppState, headers: &mut HeaderMap) {
    let fixed = [
        ("content-security-policy", policy::PAGE),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
        ("cache-control", "no-store"),
    ];
    for (name, value) in fixed {
        let name = HeaderName::from_static(name);
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    // Whoever opened us in a window of theirs must not hold on to it: only a page of ours may
    // (docs/threats.md#threat-s12).
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.starts_with("text/html") {
        let opener = HeaderName::from_static("cross-origin-opener-policy");
        headers.insert(opener, HeaderValue::from_static("same-origin"));
    }
    if app.config.server.is_https() {
        let all = app.config.server.hsts_include_subdomains;
        let value = if all { "max-age=31536000; includeSubDomains" } else { "max-age=31536000" };
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(value));
    }
}
