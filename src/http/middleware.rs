//! The outermost middleware but for compression: reads the clock once, assigns the request id, renders and logs errors, sets the headers.

use std::net::SocketAddr;
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::Response;
use tower_http::csrf::ProtectionError;
use tracing::Instrument as _;
use tracing::field::Empty;

use super::cookies::{CookieJar, CookieName};
use super::csp;
use super::error::{PageError, PageErrorExtension};
use super::problem::{problem_of_error, wants_problems};
use super::proxies;
use super::request_context::{RequestContext, RequestFacts, RequestOutcome, retry_after_seconds, with_cookie};
use super::support::{SupportCodeShown, SupportPageView};
use super::views;
use crate::app::AppState;
use crate::base::ids::{id128, support_code};
use crate::base::lang::Lang;
use crate::base::source::SourceAddress;
use crate::http::paths;
use crate::protocol::params::Params;
use crate::telemetry::{self, ActiveTrace, SpanKind, SpanStart, TraceContext};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

pub async fn request_middleware(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let ctx = request_context(&app, &request);
    // Every log line within the span has the request id. The span has level `error`, so that no filter removes the
    // span.
    let (source, support_code, request_id) = (ctx.source, &ctx.support_code, &ctx.request_id);
    let span =
        tracing::error_span!("request", %request_id, %support_code, %source, client_id = Empty, trace_id = Empty);
    handle_in_context(app, ctx, request, next).instrument(span).await
}

async fn handle_in_context(app: AppState, ctx: RequestContext, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let (method, version) = (request.method().clone(), request.version());
    let path: String = match request.uri().path() {
        path if path.starts_with(paths::SMS_RECEIPTS) => paths::SMS_RECEIPTS.to_owned(),
        path if path.starts_with(paths::ADMIN_INVITATION) => paths::ADMIN_INVITATION.to_owned(),
        path => path.chars().take(120).collect(),
    };
    let is_page = !path.starts_with(paths::ASSETS) && !wants_problems(&ctx);
    let explorer = is_internet_explorer(request.headers()) && method == Method::GET && is_page;
    let route = request.extensions().get::<MatchedPath>().cloned();
    let trace = begin_trace(&app, &ctx, &request);
    request.extensions_mut().insert(ctx.clone());

    let response = if explorer {
        ctx.page(&app.pages, StatusCode::OK, &views::InternetExplorer {}).unwrap_or_else(error_response)
    } else {
        match &trace {
            Some(trace) => trace.run(next.run(request)).await,
            None => next.run(request).await,
        }
    };
    let outcome = outcome_label(&response);
    let mut response = render_errors(&app, &ctx, response);
    if ctx.query.get("lang").and_then(Lang::from_tag) == Some(ctx.lang) && ctx.lang_chosen && !wants_problems(&ctx) {
        response =
            with_cookie(response, ctx.jar.set_cookie(CookieName::Language, ctx.lang.tag(), Some(365 * 24 * 3600)));
    }
    if let Some(SupportCodeShown(page)) = response.extensions().get::<SupportCodeShown>() {
        app.support_pages.push(support_page_view(&ctx, page, &path));
    }
    set_security_headers(&app, response.headers_mut());
    if app.is_draining() && version <= Version::HTTP_11 {
        // A proxy opens its next connection to another server, and sends nothing into one that is about to end.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Ok(id) = HeaderValue::from_str(&ctx.request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    let status = response.status().as_u16();
    // The path of an unknown route is chosen by the client and must not become a metrics label.
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    app.metrics.record_request((method.as_str(), route), (status, outcome), began.elapsed());
    if let Some(trace) = trace.filter(ActiveTrace::is_sampled) {
        end_trace(&trace, (&method, route), (status, outcome), &ctx);
    }
    let ms = app.now().since(ctx.now).0;
    // Neither query nor form nor identity is logged; the paths of the service contain no personal data.
    tracing::info!(%method, %path, status, outcome, ms, "request");
    response
}

/// Begins the trace of a request, or goes on with that of the caller (W3C Trace Context).
fn begin_trace(app: &AppState, ctx: &RequestContext, request: &Request) -> Option<ActiveTrace> {
    let tracer = app.tracer.as_ref()?;
    let caller = request.headers().get("traceparent").and_then(|header| header.to_str().ok());
    let start = SpanStart { now: ctx.now, rng: app.rng.as_ref() };
    let decides = app.config.traces.trust_proxy_decision && is_from_trusted_proxy(app, request);
    let trace = tracer.begin(caller.and_then(TraceContext::parse), decides, start);
    telemetry::record_trace_id(&trace.context().trace_id());
    Some(trace)
}

fn end_trace(
    trace: &ActiveTrace,
    (method, route): (&Method, &str),
    (status, outcome): (u16, &'static str),
    ctx: &RequestContext,
) {
    // Clients invent methods; spans have those of RFC 9110.
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS];
    let method = if known.contains(method) { method.as_str() } else { "_OTHER" };
    let attributes = vec![
        ("http.request.method", method.to_owned()),
        ("http.route", route.to_owned()),
        ("http.response.status_code", status.to_string()),
        ("preau.outcome", outcome.to_owned()),
        ("preau.request_id", ctx.request_id.clone()),
    ];
    trace.end(format!("{method} {route}"), SpanKind::Server, attributes, status >= 500);
}

fn is_from_trusted_proxy(app: &AppState, request: &Request) -> bool {
    let peer =
        request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| SourceAddress::new(peer.ip()));
    peer.is_some_and(|peer| proxies::is_trusted(peer, &app.config.server.trusted_proxies))
}

/// Returns the request id of a trusted proxy, so that both logs can be joined. Other clients could forge an id, so a
/// new id is generated, which begins with the support code.
fn request_id(app: &AppState, support_code: &str, request: &Request) -> String {
    let trusted = is_from_trusted_proxy(app, request);
    let theirs = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| is_request_id(id));
    match theirs.filter(|_| trusted) {
        Some(id) => id.to_owned(),
        None => format!("{support_code}-{}", id128(app.rng.as_ref())),
    }
}

fn is_request_id(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'/' | b'+' | b'=');
    (8..=128).contains(&text.len()) && text.bytes().all(fits)
}

/// Returns the outcome of the request in a word, for the log.
fn outcome_label(response: &Response) -> &'static str {
    if let Some(RequestOutcome(said)) = response.extensions().get::<RequestOutcome>() {
        return said;
    }
    if let Some(PageErrorExtension(error)) = response.extensions().get::<PageErrorExtension>() {
        return error.name();
    }
    match response.status().as_u16() {
        ..=299 => "ok",
        300..=399 => "sent_on",
        400..=499 => "refused",
        _ => "failed",
    }
}

/// Describes a page with a support code, with the secrets that can identify the page's account or activation. Form
/// fields and other query parameters are left out.
fn support_page_view(ctx: &RequestContext, page: &'static str, path: &str) -> SupportPageView {
    let asked = |name: &str| ctx.query.get(name).map(str::to_owned);
    SupportPageView {
        code: ctx.support_code.clone(),
        at: ctx.now,
        page,
        path: path.to_owned(),
        request_id: ctx.request_id.clone(),
        source: ctx.source,
        session: ctx.session.clone(),
        secrets: ctx.activation_secrets().map(str::to_owned).collect(),
        activation: asked("a"),
        client_id: asked("client_id").filter(|id| id.len() <= 100),
    }
}

fn error_response(e: PageError) -> Response {
    axum::response::IntoResponse::into_response(e)
}

fn request_context(app: &AppState, request: &Request) -> RequestContext {
    let jar = CookieJar { secure: app.config.server.is_https() };
    let headers = request.headers();
    let query = Params::parse(request.uri().query().unwrap_or_default());
    let asked = query.get("lang").and_then(Lang::from_tag);
    let chosen = asked.or_else(|| jar.language(headers));
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    let support_code = support_code(app.rng.as_ref());
    let facts = RequestFacts {
        now: app.now(),
        lang: chosen.or_else(|| accepted.and_then(Lang::from_accept_language)).unwrap_or_default(),
        lang_chosen: chosen.is_some(),
        path_and_query: request.uri().path_and_query().map_or("/", |p| p.as_str()).to_owned(),
        query,
        request_id: request_id(app, &support_code, request),
        support_code,
        jar,
        session: jar.id(headers, CookieName::Session),
        admin_session: jar.id(headers, CookieName::Administrator),
        navigation_id: jar.id(headers, CookieName::Navigation),
        devices: jar.devices(headers),
        source: client_source(app, request),
        activation_cookies: jar.activations(headers),
        upstream: jar.upstream(headers),
        user_agent: user_agent(headers).chars().take(300).collect(),
    };
    facts.into()
}

fn client_source(app: &AppState, request: &Request) -> SourceAddress {
    let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() else {
        return SourceAddress::default();
    };
    let server = &app.config.server;
    proxies::source(peer.ip(), request.headers(), &server.trusted_proxies, server.proxy_header)
}

fn user_agent(headers: &HeaderMap) -> &str {
    headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

/// True for Internet Explorer, unsupported as the leaflet says: the response is a page with the supported browsers.
fn is_internet_explorer(headers: &HeaderMap) -> bool {
    let agent = user_agent(headers);
    agent.contains("Trident/") || agent.contains("MSIE ")
}

/// Renders the page of an error value or of an empty error response from a layer; logs the error once.
fn render_errors(app: &AppState, ctx: &RequestContext, response: Response) -> Response {
    let status = response.status();
    let empty = !response.headers().contains_key(header::CONTENT_TYPE) || is_plain_text_refusal(&response);
    let failure = response.extensions().get::<PageErrorExtension>().map(|f| f.0.clone());
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
        // The response of the timeout layer.
        None if status == StatusCode::SERVICE_UNAVAILABLE && empty => Some(&PageError::Busy { seconds: 5 }),
        None if status.is_server_error() && empty => None,
        None => return response,
    };
    if wants_problems(ctx) {
        return problem_of_error(&app.pages, ctx, page);
    }
    let code = ctx.support_code.clone();
    let (status, busy) = page.map_or((StatusCode::INTERNAL_SERVER_ERROR, None), |p| {
        (p.status(), if let PageError::Busy { seconds } = p { Some(*seconds) } else { None })
    });
    let drawn = match page {
        Some(PageError::NotFound) => ctx.page(&app.pages, status, &views::NotFound {}),
        Some(PageError::MethodNotAllowed) => ctx.page(&app.pages, status, &views::MethodNotAllowed {}),
        Some(PageError::Forbidden(_)) => ctx.page(&app.pages, status, &views::Forbidden {}),
        Some(PageError::TooLarge) => ctx.page(&app.pages, status, &views::TooLarge {}),
        Some(PageError::BadForm(_)) => ctx.page_with_code(&app.pages, status, &views::BadForm { code }),
        Some(PageError::Busy { seconds }) => ctx.page(&app.pages, status, &views::Overloaded { seconds: *seconds }),
        Some(PageError::Internal(_)) | None => ctx.page_with_code(&app.pages, status, &views::InternalError { code }),
    };
    let out = drawn.unwrap_or_else(|e| {
        tracing::error!(error = %e, "the error page cannot be drawn");
        response
    });
    match busy {
        Some(seconds) => retry_after_seconds(out, seconds),
        None => out,
    }
}

/// True for an error response of a layer, which is a line of plain text.
fn is_plain_text_refusal(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.starts_with("text/plain")
}

/// The headers of every response that does not set them itself.
static SECURITY_HEADERS: [(HeaderName, HeaderValue); 6] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(csp::PAGE_CSP)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=()"),
    ),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

fn set_security_headers(app: &AppState, headers: &mut HeaderMap) {
    for (name, value) in &SECURITY_HEADERS {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    // Another site that opened a page of the service in a window must not keep a reference to the window
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
