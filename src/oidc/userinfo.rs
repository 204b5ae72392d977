//! `/oauth2/userinfo` (OIDCC 5.3): by GET and POST, with the token in the header or in the form body; the response is
//! plain JSON, signed or encrypted as registered by the client (OIDCC 5.3.2).
//!
//! A token in the query is rejected (docs/threats.md#attack-t15). The validity of the token is checked against the
//! database (`tokens/access_token_validation.rs`).

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::app::AppState;
use crate::clients::Client;
use crate::clients::metadata::allowed_algorithms;
use crate::db::Tx;
use crate::http::error::PageError;
use crate::http::request_context::RequestContext;
use crate::oidc::dpop;
use crate::oidc::error_response::{allow_origin, busy_as_json};
use crate::oidc::paths;
use crate::oidc::tokens::access_token_validation::{self, ValidAccessToken};
use crate::oidc::tokens::claims::{self, ClaimsTarget};
use crate::oidc::tokens::encryption;
use crate::protocol::error::OAuthError;
use crate::protocol::params::Params;
use crate::protocol::profile::SecurityProfile;
use crate::protocol::scope::Scope;

/// The error of a request (RFC 6750 3.1, RFC 9449 7.1).
enum UserinfoError {
    /// No token was presented; the response has no error code.
    MissingToken,
    InvalidRequest(&'static str),
    InvalidToken(&'static str),
    InsufficientScope,
    InvalidProof(OAuthError),
}

/// A token and its scheme (RFC 6750 2, RFC 9449 7.1).
struct PresentedToken {
    token: String,
    dpop: bool,
}

pub async fn handle(State(app): State<AppState>, ctx: RequestContext, request: Request) -> Result<Response, PageError> {
    busy_as_json(respond(app, ctx, request).await)
}

async fn respond(app: AppState, ctx: RequestContext, request: Request) -> Result<Response, PageError> {
    let (headers, method) = (request.headers().clone(), request.method().clone());
    let presented = match extract_token(request, &app).await {
        Ok(presented) => presented,
        Err(why) => return Ok(error_response(&why)),
    };
    let (client, told) = validated_claims(&app, &ctx, &headers, &method, &presented).await?;
    let mut response = match (&client, told) {
        (Some(client), Ok(told)) => match encryption::protect_userinfo(&app, ctx.now, client, told).await? {
            encryption::UserinfoResponse::Json(told) => {
                ([(header::CACHE_CONTROL, "no-store")], Json(told)).into_response()
            }
            encryption::UserinfoResponse::Jwt(token) => {
                let kind = [(header::CACHE_CONTROL, "no-store"), (header::CONTENT_TYPE, "application/jwt")];
                (kind, token).into_response()
            }
        },
        (None, Ok(_)) => error_response(&UserinfoError::MissingToken),
        (_, Err(why)) => error_response(&why),
    };
    dpop::offer_nonce(&app, ctx.now, &headers, &mut response);
    // Error responses too: a script must be able to read the nonce for its next proof (RFC 9449 9).
    if let Some(client) = &client {
        allow_origin(client, &headers, response.headers_mut());
    }
    Ok(response)
}

/// Extracts the token: one token, by one method (RFC 6750 2.1, 2.2).
async fn extract_token(request: Request, app: &AppState) -> Result<PresentedToken, UserinfoError> {
    if Params::parse(request.uri().query().unwrap_or_default()).names().any(|n| n == "access_token") {
        return Err(UserinfoError::InvalidRequest("the token must not stand in the query"));
    }
    let from_header = token_in_header(request.headers())?;
    let is_form = request.method() == Method::POST
        && request
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|v| v.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    let mut from_body = None;
    if is_form {
        let bytes = Bytes::from_request(request, app)
            .await
            .map_err(|_| UserinfoError::InvalidRequest("the body is too large"))?;
        let params = Params::parse(&String::from_utf8_lossy(&bytes));
        if params.error().is_some() {
            return Err(UserinfoError::InvalidRequest("a parameter stands twice, is too long or is not text"));
        }
        from_body = params.get_owned("access_token");
    }
    match (from_header, from_body) {
        (Some(_), Some(_)) => Err(UserinfoError::InvalidRequest("two tokens")),
        (Some(presented), None) => Ok(presented),
        (None, Some(token)) => Ok(PresentedToken { token, dpop: false }),
        (None, None) => Err(UserinfoError::MissingToken),
    }
}

fn token_in_header(headers: &HeaderMap) -> Result<Option<PresentedToken>, UserinfoError> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (all.next(), all.next());
    if second.is_some() {
        return Err(UserinfoError::InvalidRequest("two Authorization headers"));
    }
    let Some(value) = first else { return Ok(None) };
    let text = value.to_str().map_err(|_| UserinfoError::InvalidRequest("the Authorization header is not ASCII"))?;
    // The scheme is case-insensitive (RFC 9110 11.1).
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Ok(Some(PresentedToken { token: token.trim().to_owned(), dpop: false }))
        }
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("dpop") => {
            Ok(Some(PresentedToken { token: token.trim().to_owned(), dpop: true }))
        }
        _ => Err(UserinfoError::MissingToken),
    }
}

type ClaimsResult = Result<Map<String, Value>, UserinfoError>;

/// Returns the claims or the error, and the client of the token if known.
async fn validated_claims(
    app: &AppState,
    ctx: &RequestContext,
    headers: &HeaderMap,
    method: &Method,
    presented: &PresentedToken,
) -> anyhow::Result<(Option<Client>, ClaimsResult)> {
    let mut tx = app.db.read().await?;
    let Some(found) = access_token_validation::validate(app, ctx.now, &mut tx, &presented.token).await? else {
        let client = access_token_validation::find_issued_client(app, ctx.now, &mut tx, &presented.token).await?;
        return Ok((client, Err(UserinfoError::InvalidToken("the token is not valid"))));
    };
    if let Err(why) = verify_token_binding(app, ctx, headers, method, presented, &found).await? {
        return Ok((Some(found.client), Err(why)));
    }
    let told = granted_claims(app, &mut tx, &found).await?;
    Ok((Some(found.client), told))
}

/// RFC 9449 7.1: a bound token requires a proof of its key, and an unbound token is no DPoP token.
async fn verify_token_binding(
    app: &AppState,
    ctx: &RequestContext,
    headers: &HeaderMap,
    method: &Method,
    presented: &PresentedToken,
    found: &ValidAccessToken,
) -> anyhow::Result<Result<(), UserinfoError>> {
    Ok(match (&found.jkt, presented.dpop) {
        (Some(_), false) => Err(UserinfoError::InvalidToken("the token is bound to a key: present it with DPoP")),
        (None, true) => Err(UserinfoError::InvalidToken("the token is not bound to a key")),
        (Some(jkt), true) => {
            let call = (method, paths::USERINFO);
            let token = (presented.token.as_str(), jkt.as_str());
            let proof = dpop::verify_for_token(app, ctx.now, headers, call, token, &found.client).await?;
            proof.map_err(UserinfoError::InvalidProof)
        }
        (None, false) => Ok(()),
    })
}

async fn granted_claims(app: &AppState, tx: &mut Tx, found: &ValidAccessToken) -> anyhow::Result<ClaimsResult> {
    if !found.has_audience(app.issuer()) {
        return Ok(Err(UserinfoError::InvalidToken("the token is not valid")));
    }
    let Some(person) = found.subject.as_ref().filter(|p| p.scopes.contains(Scope::Openid)) else {
        return Ok(Err(UserinfoError::InsufficientScope));
    };
    let granted = (&person.scopes, &person.claims);
    let mut told = claims::claims_for(app, tx, &found.client, &person.account, granted, ClaimsTarget::Userinfo).await?;
    let sub = claims::subject(&app.master_key, tx, &found.client, &person.account.id).await?;
    told.insert("sub".to_owned(), json!(sub));
    Ok(Ok(told))
}

/// Builds the error response (RFC 6750 3).
fn error_response(why: &UserinfoError) -> Response {
    let (status, challenge, body) = match why {
        UserinfoError::MissingToken => (StatusCode::UNAUTHORIZED, "Bearer realm=\"preau\"".to_owned(), None),
        UserinfoError::InvalidRequest(words) => {
            (StatusCode::BAD_REQUEST, bearer_challenge("invalid_request", words), Some(("invalid_request", *words)))
        }
        UserinfoError::InvalidToken(words) => {
            (StatusCode::UNAUTHORIZED, bearer_challenge("invalid_token", words), Some(("invalid_token", *words)))
        }
        UserinfoError::InsufficientScope => {
            let words = "the token has not the scope openid";
            (StatusCode::FORBIDDEN, bearer_challenge("insufficient_scope", words), Some(("insufficient_scope", words)))
        }
        UserinfoError::InvalidProof(error) => {
            let (code, words) = (error.code.name(), error.description);
            let value = format!(
                "DPoP realm=\"preau\", error=\"{code}\", error_description=\"{words}\", algs=\"{}\"",
                allowed_algorithms(SecurityProfile::Plain).iter().map(|alg| alg.name()).collect::<Vec<_>>().join(" ")
            );
            (StatusCode::UNAUTHORIZED, value, Some((code, words)))
        }
    };
    let body = body.map_or(json!({}), |(code, words)| json!({ "error": code, "error_description": words }));
    let mut response = (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

fn bearer_challenge(code: &str, words: &str) -> String {
    format!("Bearer realm=\"preau\", error=\"{code}\", error_description=\"{words}\"")
}
