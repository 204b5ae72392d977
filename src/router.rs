//! Every URL, on one page.

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::{ConfigError, CsrfLayer};
use tower_http::timeout::TimeoutLayer;

use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::http::error::PageError;
use crate::http::form;
use crate::http::frame::frame;
use crate::http::pages::{Page, asset};
use crate::http::views;
use crate::http::visit::Visit;
use crate::oidc::path;
use crate::outbox::{self, JobKind};
use crate::telemetry::{self, HashQueue, Lane, Sample};
use crate::{activation, clients, compose, compte, login, oidc, otp};

/// A request that takes longer waits for something that will not come.
const LONGEST: Duration = Duration::from_secs(30);

/// An operator's machine is told within a second, whatever else hangs.
const SOON: Duration = Duration::from_millis(800);

/// What browsers and relying parties see.
///
/// # Errors
/// An issuer that is no origin.
pub fn public(app: AppState) -> Result<Router, ConfigError> {
    public_within(app, LONGEST)
}

/// As [`public`], with another time limit for a request.
///
/// # Errors
/// An issuer that is no origin.
pub fn public_within(app: AppState, longest: Duration) -> Result<Router, ConfigError> {
    let pages = Router::new()
        .route("/", get(compte::pages::root))
        .route("/connexion", get(login::pages::show).post(login::pages::submit))
        .route("/connexion/suite", get(login::pages::onward))
        .route("/identifiant-oublie", get(login::pages::identifiant_oublie))
        .route("/mot-de-passe-oublie", get(login::pages::mot_de_passe_oublie))
        .route("/compte", get(compte::pages::show))
        .route("/consentement", post(oidc::consent::submit))
        .route("/compte/services/retirer", post(compte::pages::withdraw))
        .route("/deconnexion", post(oidc::logout::leave))
        .route("/deconnexion/confirmer", post(oidc::logout::confirm))
        .route("/deconnexion/suite", get(oidc::logout::go_on))
        .merge(activation::pages::routes())
        .route("/aide", get(plain::<views::Aide>))
        .route("/aide/mot-de-passe", get(plain::<views::AideMotDePasse>))
        .route("/donnees", get(plain::<views::Donnees>))
        .route("/accessibilite", get(plain::<views::Accessibilite>))
        .route("/assets/{name}", get(assets))
        .route("/clients/{client_id}/logo", get(clients::pages::logo))
        .layer(from_fn_with_state(app.clone(), scheme_of_origin))
        // A form of another site is refused (docs/threats.md#attack-s5). The issuer is named, because behind a proxy
        // the Host may be another; browsers say where they come from.
        .layer(CsrfLayer::new().add_trusted_origin(app.issuer())?);

    // These may be reached from any site: their own checks decide.
    let protocol = Router::new()
        .route(path::DISCOVERY, get(oidc::discovery::get))
        .route(path::AUTHORIZE, get(oidc::authorize::get).post(oidc::authorize::post))
        .route(path::TOKEN, post(oidc::token::post).options(oidc::refusal::preflight))
        .route(
            path::USERINFO,
            get(oidc::userinfo::handle).post(oidc::userinfo::handle).options(oidc::refusal::preflight),
        )
        .route(path::PAR, post(oidc::par::post).options(oidc::refusal::preflight))
        .route(path::INTROSPECT, post(oidc::introspect::post))
        .route(path::REVOKE, post(oidc::revoke::post).options(oidc::refusal::preflight))
        .route(path::REGISTER, post(oidc::register::post))
        .route(
            &format!("{}/{{client_id}}", path::REGISTER),
            get(oidc::register::get).put(oidc::register::put).delete(oidc::register::delete),
        )
        .route(path::JWKS, get(oidc::jwks::get))
        .route(path::LOGOUT, get(oidc::logout::get).post(oidc::logout::post));

    Ok(pages
        .merge(protocol)
        .fallback(not_found)
        .method_not_allowed_fallback(not_for_this_method)
        .layer(DefaultBodyLimit::max(form::LONGEST))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, longest))
        .layer(CatchPanicLayer::new())
        .layer(from_fn_with_state(app.clone(), frame))
        .layer(CompressionLayer::new())
        .with_state(app))
}

/// A form that says to come from https while we are http, or the other way round, is another site's: the layer above
/// compares host and port only.
async fn scheme_of_origin(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or("null");
    let scheme = |url: &str| url.split_once("://").map(|(scheme, _)| scheme.to_owned());
    let alien = scheme(origin).is_some_and(|theirs| Some(theirs) != scheme(app.issuer()));
    if alien && !request.method().is_safe() {
        return PageError::Forbidden("cross-site").into_response();
    }
    next.run(request).await
}

/// What the operator's machines see.
pub fn operations(app: AppState) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(app)
}

/// What is counted, and what can be read now; without the outbox where the database does not answer.
async fn metrics(State(app): State<AppState>) -> Response {
    let lanes = async {
        let now = app.now();
        let waiting = outbox::waiting(&mut app.db.read().await?).await?;
        let lane = |(kind, waiting, since): (JobKind, i64, Timestamp)| Lane {
            kind: kind.name(),
            waiting,
            oldest: now.since(since).as_seconds_up(),
        };
        let outages = otp::ops::standing(&app.db, now).await?.len();
        Ok::<(Vec<Lane>, usize), crate::db::Error>((waiting.into_iter().map(lane).collect(), outages))
    };
    let (outbox, sms_outages) = tokio::time::timeout(SOON, lanes).await.ok().and_then(Result::ok).unzip();
    let load = app.passwords.load();
    let hashing = HashQueue {
        waiting: load.waiting,
        permits: load.permits,
        refused: load.refused,
        cost: load.cost.as_secs_f64(),
    };
    let clock_ahead = app.clock.ahead_of_machine().0 / 1000;
    match app.metrics.text(&Sample { hashing, outbox, sms_outages, clock_ahead }) {
        Ok(text) => ([(header::CONTENT_TYPE, telemetry::METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Whether requests may come here: `compose/health.rs`.
async fn ready(State(app): State<AppState>) -> Response {
    let health = compose::health(&app).await;
    if !health.wrong.is_empty() {
        tracing::warn!(why = health.wrong.join("; "), "not ready");
        return (StatusCode::SERVICE_UNAVAILABLE, "not ready\n").into_response();
    }
    let degraded: Vec<String> = health.degraded.iter().map(|what| format!("degraded: {what}\n")).collect();
    (StatusCode::OK, format!("ready\n{}", degraded.concat())).into_response()
}

/// A page that is the same for everybody.
async fn plain<P: Page>(State(app): State<AppState>, visit: Visit) -> Result<Response, PageError> {
    // Each of these has exactly one sample: itself.
    let page = P::samples().into_iter().next().ok_or(PageError::NotFound)?;
    visit.page(&app.pages, StatusCode::OK, &page)
}

async fn assets(visit: Visit, Path(name): Path<String>, headers: HeaderMap) -> Result<Response, PageError> {
    let file = asset(&name).ok_or(PageError::NotFound)?;
    // An address that holds this file's digest names what never changes. Another digest is another version's page:
    // while servers are replaced one by one, the wrong file must not be kept under it.
    let named = visit.query.get("v") == Some(file.etag.trim_matches('"'));
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

async fn not_for_this_method() -> PageError {
    PageError::MethodNotAllowed
}
