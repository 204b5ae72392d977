//! `/oauth2/introspect` (RFC 7662): returns the current state of a token, as JSON or signed (RFC 9701).
//!
//! Only a confidential client may ask, and only about its own tokens or tokens with the client in the audience: any
//! other token gets the response of an invalid one (docs/threats.md#attack-t5). A resource server is a client whose
//! `client_id` is in the audience.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::client_authentication::assertion::ClientEndpoint;
use super::client_authentication::assertion::authentication_failed;
use super::client_authentication::extract::AuthenticatedClient;
use super::client_endpoint::{self, ClientEndpointResult};
use crate::app::{AppState, Operation};
use crate::clients::{Client, metadata};
use crate::grants::{self, RefreshTokenStatus, classify};
use crate::http::error::PageError;
use crate::http::request_context::RequestContext;
use crate::jose::{self, Alg};
use crate::oidc::tokens::access_token_validation;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::sessions::store::holders::{self, FamilyHolder};
use crate::subjects;

/// The `typ` of a signed response (RFC 9701 5), and its media type below.
const INTROSPECTION_TYP: &str = "token-introspection+jwt";
const INTROSPECTION_MEDIA_TYPE: &str = "application/token-introspection+jwt";

pub async fn post(State(app): State<AppState>, ctx: RequestContext, request: Request) -> Result<Response, PageError> {
    client_endpoint::respond(app, ctx, ClientEndpoint::Introspection, request, introspect).await
}

async fn introspect(app: AppState, ctx: RequestContext, asking: Arc<AuthenticatedClient>) -> ClientEndpointResult {
    let client = &asking.client;
    if client.is_public() {
        return Err(authentication_failed("a public client may not ask").into());
    }
    let Some(token) = asking.params.get("token") else {
        return Err(OAuthError::invalid_request("token is missing").into());
    };
    if let Err(flaw) = metadata::check_offered_algorithms(&client.meta, &app.config.keys.algorithms) {
        let words = "this client is registered for a signature that is not offered any more";
        return Err(OAuthError::new(ErrorCode::UnauthorizedClient, words).detail(flaw.to_string()).into());
    }
    let op = Operation::of_request(&app, &ctx);
    let told = introspect_token(&op, client, token).await?.unwrap_or_else(inactive);
    Ok(introspection_response(&op, client, &asking.headers, told).await?)
}

fn inactive() -> Map<String, Value> {
    Map::from_iter([("active".to_owned(), json!(false))])
}

async fn introspect_token(
    op: &Operation<'_>,
    asking: &Client,
    token: &str,
) -> anyhow::Result<Option<Map<String, Value>>> {
    let Operation { app, now, .. } = *op;
    if let Some((id, generation)) = grants::parse_refresh_token(&app.master_key, token) {
        let (space, mut tx) = (subjects::ops::known_space(&asking.meta), app.db.read().await?);
        let Some(held) = holders::find_family_holder(&mut tx, &id, &space).await? else { return Ok(None) };
        let FamilyHolder { family, session, account, recorded_sub, .. } = held;
        if !family.is_alive(now) || family.grant.client_id != asking.id {
            return Ok(None);
        }
        // Introspection never consumes a token: a rotated token is reported as inactive, without reuse detection.
        if classify(&family, generation, now) == RefreshTokenStatus::Reused {
            return Ok(None);
        }
        if !account.is_usable() || (family.session_id.is_some() && !session.is_some_and(|s| s.is_alive(now))) {
            return Ok(None);
        }
        let (key_of, meta) = (&app.master_key, &asking.meta);
        let sub = subjects::ops::find_subject_beside(key_of, &mut tx, meta, &account.id, recorded_sub).await?;
        let told = json!({
            "active": true, "client_id": asking.id, "scope": family.grant.disclosure.scopes.to_scope_string(), "sub": sub,
            "iss": app.issuer(), "exp": family.expires_at.as_seconds(),
        });
        return Ok(told.as_object().cloned());
    }
    let Some((access, _)) = access_token_validation::validate(op, token).await? else { return Ok(None) };
    if access.client.id != asking.id && !access.has_audience(&asking.id) {
        return Ok(None);
    }
    let mut out = Map::from_iter([("active".to_owned(), json!(true))]);
    // The claims defined by RFC 7662. The claims that refer to the session or family are internal.
    for name in ["scope", "client_id", "sub", "aud", "iss", "jti", "exp", "iat", "acr", "amr", "auth_time", "cnf"] {
        if let Some(value) = access.claims.get(name) {
            out.insert(name.to_owned(), value.clone());
        }
    }
    out.insert("token_type".to_owned(), json!(if access.jkt.is_some() { "DPoP" } else { "Bearer" }));
    Ok(Some(out))
}

/// Builds the response: signed if the caller's `Accept` header asks for a JWT, or if the client is registered for one
/// (RFC 9701 4, 5).
async fn introspection_response(
    op: &Operation<'_>,
    asking: &Client,
    headers: &HeaderMap,
    told: Map<String, Value>,
) -> Result<Response, PageError> {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|v| v.to_str().ok());
    let asked = accepts
        .flat_map(|line| line.split(','))
        .any(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(INTROSPECTION_MEDIA_TYPE));
    let registered = asking.meta.introspection.signed;
    if !asked && registered.is_none() {
        return Ok(Json(told).into_response());
    }
    // No top-level `sub` and `exp`, so that the response never passes for another token (RFC 9701 8.1).
    let claims =
        json!({ "iss": op.app.issuer(), "aud": asking.id, "iat": op.now.as_seconds(), "token_introspection": told });
    let (ring, alg) = (op.app.key_ring(), registered.unwrap_or(Alg::RS256));
    let signed = tokio::task::spawn_blocking(move || jose::sign(&ring, alg, INTROSPECTION_TYP, &claims)).await;
    let token = signed.map_err(anyhow::Error::from)?.map_err(anyhow::Error::from)?;
    let mut response = token.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(INTROSPECTION_MEDIA_TYPE));
    Ok(response)
}
