//! `/oauth2/introspect` (RFC 7662), as JSON or signed (RFC 9701): what a token is worth now.
//!
//! Only a client that proves itself asks (never a public one), and only about its own tokens or those made for it: for
//! any other the answer is the same as for nonsense (docs/threats.md#attack-t5). A resource server is the client whose
//! `client_id` the audience names.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::assertion::Endpoint;
use super::refusal::{NO_STORE, in_json};
use super::{access, claims, client_auth};
use crate::accounts;
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::clients::{Client, metadata};
use crate::grants::{self, Presented, judge};
use crate::http::error::PageError;
use crate::http::visit::Visit;
use crate::jose::{self, Alg};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::sessions;

/// RFC 9701 5, and its media type.
const TYP: &str = "token-introspection+jwt";
const JWT: &str = "application/token-introspection+jwt";

pub async fn post(State(app): State<AppState>, visit: Visit, request: Request) -> Result<Response, PageError> {
    in_json(answered(app, visit, request).await)
}

async fn answered(app: AppState, visit: Visit, request: Request) -> Result<Response, PageError> {
    let asked = match client_auth::asked(&app, visit.now, Endpoint::Introspection, request).await? {
        Ok(asked) => asked,
        Err(response) => return Ok(response),
    };
    if asked.client.is_public() {
        return Ok(asked.refusal(&client_auth::not_proven("a public client may not ask")));
    }
    let Some(token) = asked.params.get("token") else {
        return Ok(asked.refusal(&OAuthError::invalid_request("token is missing")));
    };
    if let Err(flaw) = metadata::offered(&asked.client.meta, &app.config.keys.algorithms) {
        let words = "this client is registered for a signature that is not offered any more";
        let error = OAuthError::new(ErrorCode::UnauthorizedClient, words).detail(flaw.to_string());
        return Ok(asked.refusal(&error));
    }
    let told = told(&app, visit.now, &asked.client, token).await?.unwrap_or_else(inactive);
    respond(&app, visit.now, &asked.client, &asked.headers, told).await
}

fn inactive() -> Map<String, Value> {
    Map::from_iter([("active".to_owned(), json!(false))])
}

async fn told(
    app: &AppState,
    now: Timestamp,
    asking: &Client,
    token: &str,
) -> anyhow::Result<Option<Map<String, Value>>> {
    let mut tx = app.db.read().await?;
    if let Some((id, generation)) = grants::read_refresh_token(&app.vault, token) {
        let family = grants::store::families::find(&mut tx, &id).await?.filter(|f| f.is_alive(now));
        let Some(family) = family.filter(|f| f.grant.client_id == asking.id) else { return Ok(None) };
        // Looking does not spend: a token that was turned is told as over, and nothing else happens.
        if judge(&family, generation, now) == Presented::Reused {
            return Ok(None);
        }
        let account = accounts::store::by_id(&mut tx, &family.grant.account_id).await?;
        if !account.is_some_and(|a| a.is_live()) {
            return Ok(None);
        }
        if let Some(id) = &family.session_id
            && !sessions::store::find(&mut tx, id).await?.is_some_and(|s| s.is_alive(now))
        {
            return Ok(None);
        }
        let sub = claims::subject(&app.vault, &mut tx, asking, &family.grant.account_id).await?;
        let told = json!({
            "active": true, "client_id": asking.id, "scope": family.grant.scopes.text(), "sub": sub,
            "iss": app.issuer(), "exp": family.expires_at.seconds(),
        });
        return Ok(told.as_object().cloned());
    }
    let Some(access) = access::open(app, now, &mut tx, token).await? else { return Ok(None) };
    if access.client.id != asking.id && !access.is_for(&asking.id) {
        return Ok(None);
    }
    let mut out = Map::from_iter([("active".to_owned(), json!(true))]);
    // What the token says of itself, in RFC 7662's words; what keeps it alive is ours.
    for name in ["scope", "client_id", "sub", "aud", "iss", "jti", "exp", "iat", "acr", "amr", "auth_time", "cnf"] {
        if let Some(value) = access.claims.get(name) {
            out.insert(name.to_owned(), value.clone());
        }
    }
    out.insert("token_type".to_owned(), json!(if access.jkt.is_some() { "DPoP" } else { "Bearer" }));
    Ok(Some(out))
}

/// Signed where the caller asks for it by `Accept`, or is registered so (RFC 9701 4, 5).
async fn respond(
    app: &AppState,
    now: Timestamp,
    asking: &Client,
    headers: &HeaderMap,
    told: Map<String, Value>,
) -> Result<Response, PageError> {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok());
    let asked = accepts
        .flat_map(|line| line.split(','))
        .any(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(JWT));
    let registered = asking.meta.introspection.signed;
    if !asked && registered.is_none() {
        return Ok((NO_STORE, Json(told)).into_response());
    }
    // No `sub` and no `exp` at the top: it must not be taken for any other token (RFC 9701 8.1).
    let claims = json!({ "iss": app.issuer(), "aud": asking.id, "iat": now.seconds(), "token_introspection": told });
    let (ring, alg) = (app.ring(), registered.unwrap_or(Alg::RS256));
    let signed = tokio::task::spawn_blocking(move || jose::sign(&ring, alg, TYP, &claims)).await;
    let token = signed.map_err(anyhow::Error::from)?.map_err(anyhow::Error::from)?;
    let mut response = (NO_STORE, token).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(JWT));
    Ok(response)
}
