//! The outermost layer: reads the clock once, names the request, renders and logs errors, sets the headers.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::csrf::ProtectionError;

use super::cookies::{Jar, Name};
use super::error::{Failure, PageError};
use super::policy;
use super::proxies;
use super::views;
use super::visit::{Visit, with_cookie};
use crate::app::AppState;
use crate::base::ids::{id128, support_code};
use crate::base::lang::Lang;
use crate::base::source::Source;
use crate::protocol::params::Params;

pub async fn frame(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let visit = visit(&app, &request);
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
    let request_id = format!("{}-{}", visit.support_code, id128(app.rng.as_ref()));
    let mut response = rendered(&app, &visit, &request_id, response);
    if visit.query.get("lang").and_then(Lang::from_tag) == Some(visit.lang) && visit.lang_chosen {
        response = with_cookie(response, visit.jar.set(Name::Language, visit.lang.tag(), Some(365 * 24 * 3600)));
    }
    headers(&app, response.headers_mut());
    // A path that no route knows is a stranger's text: it is no label.
    app.metrics.request(route.as_ref().map_or("none", MatchedPath::as_str), response.status().as_u16());
    let took = app.now().since(visit.now);
    // No query, no form, no identity: what a path of ours holds is known.
    let (source, status) = (visit.source, response.status().as_u16());
    tracing::info!(%request_id, %method, ?path, %source, status, ms = took.0, "request");
    response
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
        marks: jar.marks(headers),
        source: source(app, request),
        activations: jar.activations(headers),
    }
}

fn source(app: &AppState, request: &Request) -> Source {
    let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else {
        return Source::default();
    };
    let server = &app.config.server;
    proxies::source(peer.ip(), request.headers(), &server.trusted_proxies, server.proxy_header)
}

/// The leaflet says it: Internet Explorer does not work. It gets a page that says which browsers do.
fn is_internet_explorer(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    agent.contains("Trident/") || agent.contains("MSIE ")
}

/// Turns an error value, or an empty refusal of a layer, into its page; logs it once.
fn rendered(app: &AppState, visit: &Visit, request_id: &str, response: Response) -> Response {
    let status = response.status();
    let empty = !response.headers().contains_key(header::CONTENT_TYPE) || plain_refusal(&response);
    let failure = response.extensions().get::<Failure>().map(|f| f.0.clone());
    let page = match failure.as_deref() {
        Some(PageError::Internal(e)) => {
            tracing::error!(%request_id, error = format!("{e:#}"), "failed");
            None
        }
        Some(other) => {
            tracing::info!(%request_id, refused = %other, "refused");
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
        Some(PageError::BadForm(_)) => visit.page(&app.pages, status, &views::BadForm { code }),
        Some(PageError::Busy { seconds }) => {
            visit.page(&app.pages, status, &views::TooManyAtOnce { seconds: *seconds })
        }
        Some(PageError::Internal(_)) | None => visit.page(&app.pages, status, &views::OurFault { code }),
    };
    let mut out = drawn.unwrap_or_else(|e| {
        tracing::error!(%request_id, error = %e, "the error page cannot be drawn");
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
    if app.config.server.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}
