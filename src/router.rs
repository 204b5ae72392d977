//! The routes of the public and the operations listener. The activation routes are in `activation/pages.rs`.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate as _};
use tower_http::csrf::{ConfigError, CsrfLayer};
use tower_http::timeout::TimeoutLayer;

use crate::app::AppState;
use crate::http::error::PageError;
use crate::http::form;
use crate::http::middleware::request_middleware;
use crate::http::pages::{Page, asset};
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::http::routing::{delete, get, options, post, put};
use crate::http::views;
use crate::telemetry;
use crate::{
    activation, administrators, announcement_admin, bootstrap, client_admin, clients, console, emails, federation,
    figures, helpdesk, journal, login, my_account, oidc, otp, recovery, regroup, roster_admin, school_admin,
};

/// The time limit of a public request. A request that takes longer waits for a resource that is not going to answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The time limit of the files of a roster: a school's line takes minutes for them.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(600);

/// Builds the router of the public listener, for browsers and relying parties.
///
/// # Errors
/// Returns an error if the issuer is not an origin.
pub fn public(app: AppState) -> Result<Router, ConfigError> {
    public_with_timeout(app, REQUEST_TIMEOUT)
}

/// Builds the same router as [`public`], with another time limit per request.
///
/// # Errors
/// Returns an error if the issuer is not an origin.
pub fn public_with_timeout(app: AppState, longest: Duration) -> Result<Router, ConfigError> {
    let pages = Router::new()
        .route(paths::SIGN_IN, get(login::pages::show).merge(post(login::pages::submit)))
        .route(paths::AFTER_SIGN_IN, get(login::pages::continue_after_sign_in))
        .route(paths::FACTOR, get(login::pages::factor::show).merge(post(login::pages::factor::submit)))
        .route(paths::CONSENT, post(oidc::authorization::consent_page::submit))
        .route(paths::SIGN_OUT, post(oidc::logout::endpoint::log_out))
        .route(paths::CONFIRM_SIGN_OUT, post(oidc::logout::endpoint::confirm))
        .route(paths::AFTER_SIGN_OUT, get(oidc::logout::endpoint::continue_to_client))
        .merge(activation::pages::routes())
        .merge(recovery::pages::routes())
        .merge(my_account::pages::routes())
        .merge(regroup::pages::routes())
        .merge(emails::pages::routes())
        .merge(federation::pages::routes())
        .merge(administrators::pages::routes())
        .merge(console::pages::routes())
        .merge(console::api::routes())
        .merge(client_admin::pages::routes())
        .merge(school_admin::pages::routes())
        .merge(journal::pages::routes())
        .merge(figures::pages::routes())
        .merge(roster_admin::pages::routes())
        .merge(announcement_admin::pages::routes())
        .merge(helpdesk::pages::routes())
        .route(paths::HELP, get(static_page::<views::Help>))
        .route(paths::PASSWORD_HELP, get(static_page::<views::PasswordHelp>))
        .route(paths::PRIVACY, get(static_page::<views::Privacy>))
        .route(paths::ACCESSIBILITY, get(static_page::<views::Accessibility>))
        .route(paths::ASSET, get(assets))
        .route(paths::CLIENT_LOGO, get(clients::pages::logo))
        .layer(from_fn_with_state(app.clone(), my_account::pages::federated::keep_to_own_pages))
        .layer(from_fn_with_state(app.clone(), require_origin_scheme))
        // Rejects forms of other sites (docs/threats.md#attack-s5). The issuer is listed as a trusted origin, because
        // behind a proxy the Host may differ; browsers send the Origin.
        .layer(CsrfLayer::new().add_trusted_origin(app.issuer())?);

    // Protocol endpoints accept requests from any site: each endpoint does its own checks.
    let discovery = oidc::discovery::body(&app);
    let protocol = Router::new()
        .route(paths::DISCOVERY, get(async move || oidc::discovery::respond(discovery.clone())))
        .route(
            paths::AUTHORIZE,
            get(oidc::authorization::endpoint::get).merge(post(oidc::authorization::endpoint::post)),
        )
        .route(paths::TOKEN, post(oidc::token_endpoint::endpoint::post).merge(options(oidc::error_response::preflight)))
        .route(
            paths::USERINFO,
            get(oidc::userinfo::handle)
                .merge(post(oidc::userinfo::handle))
                .merge(options(oidc::error_response::preflight)),
        )
        .route(
            paths::PAR,
            post(oidc::authorization::par_endpoint::post).merge(options(oidc::error_response::preflight)),
        )
        .route(paths::INTROSPECT, post(oidc::introspection::post))
        .route(paths::REVOKE, post(oidc::revocation::post).merge(options(oidc::error_response::preflight)))
        .route(paths::REGISTER, post(oidc::registration::post))
        .route(
            &format!("{}/{{client_id}}", paths::REGISTER),
            get(oidc::registration::get).merge(put(oidc::registration::put)).merge(delete(oidc::registration::delete)),
        )
        .route(paths::JWKS, get(oidc::jwks::get))
        .route(paths::LOGOUT, get(oidc::logout::endpoint::get).merge(post(oidc::logout::endpoint::post)))
        .merge(otp::api::routes())
        .merge(console::api::program_routes());

    let uploads = roster_admin::pages::upload_routes()
        .layer(from_fn_with_state(app.clone(), require_origin_scheme))
        .layer(CsrfLayer::new().add_trusted_origin(app.issuer())?)
        // A program has no cookie: other sites' forms do nothing there.
        .merge(console::api::file_routes())
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, UPLOAD_TIMEOUT));

    // Answers to programs are small, and secrets in them are not compressed beside text that others choose.
    let compressed = DefaultPredicate::new()
        .and(NotForContentType::const_new("application/json"))
        .and(NotForContentType::const_new("application/problem+json"));
    Ok(pages
        .merge(protocol)
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        // Layers that stand together are one service, the outermost first: a router copies for each request, at each of its
        // own layers, everything inside.
        .layer(
            ServiceBuilder::new()
                .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, longest))
                .layer(DefaultBodyLimit::max(form::MAX_BODY_BYTES)),
        )
        .merge(uploads)
        .layer(
            ServiceBuilder::new()
                .layer(CompressionLayer::new().compress_when(compressed))
                .layer(from_fn_with_state(app.clone(), request_middleware))
                .layer(CatchPanicLayer::new()),
        )
        .with_state(app))
}

/// Rejects an unsafe request whose Origin has another scheme than the issuer (http instead of https, or the reverse):
/// the form belongs to another site. The CSRF layer above compares host and port only.
async fn require_origin_scheme(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or("null");
    let scheme = |url: &str| url.split_once("://").map(|(scheme, _)| scheme.to_owned());
    let alien = scheme(origin).is_some_and(|theirs| Some(theirs) != scheme(app.issuer()));
    if alien && !request.method().is_safe() {
        return PageError::Forbidden("cross-site").into_response();
    }
    next.run(request).await
}

/// Builds the router of the operations listener: health, readiness and metrics.
pub fn operations(app: AppState) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(app)
}

/// Returns the metrics: counters and current values.
async fn metrics(State(app): State<AppState>) -> Response {
    match app.metrics.render(&bootstrap::sample_metrics(&app).await) {
        Ok(text) => ([(header::CONTENT_TYPE, telemetry::METRICS_CONTENT_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Returns 200 if requests may be routed here, else 503: see `bootstrap/health.rs`.
async fn readyz(State(app): State<AppState>) -> Response {
    let health = bootstrap::check_health(&app).await;
    if !health.failures.is_empty() {
        tracing::warn!(why = health.failures.join("; "), "not ready");
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response();
    }
    let degraded: Vec<String> = health.degraded.iter().map(|what| format!("degraded: {what}\n")).collect();
    (StatusCode::OK, format!("ready\n{}", degraded.concat())).into_response()
}

/// Serves a static page, the same for every visitor.
async fn static_page<P: Page>(State(app): State<AppState>, ctx: RequestContext) -> Result<Response, PageError> {
    // Each static page has exactly one sample: itself.
    let page = P::samples().into_iter().next().ok_or(PageError::NotFound)?;
    ctx.page(&app.pages, StatusCode::OK, &page)
}

async fn assets(ctx: RequestContext, Path(name): Path<String>, headers: HeaderMap) -> Result<Response, PageError> {
    let file = asset(&name).ok_or(PageError::NotFound)?;
    // A URL with the digest of the file never changes its content and is cached for a year. Another digest belongs to a
    // page of another version: while servers are upgraded one by one, the wrong file must not be cached under that URL.
    let named = ctx.query.get("v") == Some(file.etag.trim_matches('"'));
    let kept = if named { "public, max-age=31536000, immutable" } else { "no-cache" };
    let cache = [
        (header::CACHE_CONTROL, HeaderValue::from_static(kept)),
        (header::ETAG, HeaderValue::from_str(&file.etag).unwrap_or(HeaderValue::from_static("\"\""))),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|v| v.as_bytes() == file.etag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, cache).into_response());
    }
    Ok((cache, [(header::CONTENT_TYPE, file.content_type)], file.bytes.into_owned()).into_response())
}

async fn not_found() -> PageError {
    PageError::NotFound
}

async fn method_not_allowed() -> PageError {
    PageError::MethodNotAllowed
}
