//! `/oauth2/userinfo` (OIDCC 5.3): by GET and POST, with the token in the header or in the form body; the response is
//! plain JSON, signed or encrypted as registered by the client (OIDCC 5.3.2).
//!
//! A token in the query is rejected (docs/threats.md#attack-t15). The validity of the token is checked against the
//! database (`tokens/access_token_validation.rs`).

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::bearer::{PresentedToken, TokenScheme, missing_token_response, resource_error_response, token_in_header};
use super::dpop::{self, BoundToken, DpopTarget};
use super::error::ProtocolError;
use super::error_response::{NO_STORE, allow_origin, busy_as_json};
use super::tokens::access_token_validation::{self, ValidAccessToken};
use super::tokens::claims::{self, ClaimsTarget};
use super::tokens::encryption::{UserinfoResponse, protect_userinfo};
use crate::app::{App, AppState, Operation};
use crate::clients::Client;
use crate::http::error::PageError;
use crate::http::form;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::Params;
use crate::protocol::scope::Scope;
use crate::subjects;

pub async fn handle(State(app): State<AppState>, ctx: RequestContext, request: Request) -> Result<Response, PageError> {
    busy_as_json(respond(app, ctx, request).await)
}

async fn respond(app: AppState, ctx: RequestContext, request: Request) -> Result<Response, PageError> {
    let (headers, method) = (request.headers().clone(), request.method().clone());
    let presented = match extract_token(request, &app).await {
        Ok(Some(presented)) => presented,
        Ok(None) => return Ok(missing_token_response()),
        Err(error) => return Ok(resource_error_response(TokenScheme::Bearer, &error)),
    };
    let op = Operation::of_request(&app, &ctx);
    let mut call = ResourceCall { op: &op, headers: &headers, method: &method, presented, client: None };
    let mut response = match call.userinfo().await {
        Ok(UserinfoResponse::Json(told)) => (NO_STORE, Json(told)).into_response(),
        Ok(UserinfoResponse::Jwt(token)) => {
            (NO_STORE, [(header::CONTENT_TYPE, "application/jwt")], token).into_response()
        }
        Err(ProtocolError::Denied(error)) => resource_error_response(call.presented.scheme, &error),
        Err(ProtocolError::Failed(error)) => return Err(error),
    };
    dpop::offer_nonce(&op, &headers, &mut response);
    // Error responses too: a script must be able to read the nonce for its next proof (RFC 9449 9).
    if let Some(client) = &call.client {
        allow_origin(client, &headers, response.headers_mut());
    }
    Ok(response)
}

/// Extracts the token: one token, by one method (RFC 6750 2.1, 2.2).
async fn extract_token(request: Request, app: &App) -> Result<Option<PresentedToken>, OAuthError> {
    if Params::parse(request.uri().query().unwrap_or_default()).names().any(|n| n == "access_token") {
        return Err(OAuthError::invalid_request("the token must not stand in the query"));
    }
    let other_scheme = request.headers().contains_key(header::AUTHORIZATION);
    let from_header = token_in_header(request.headers())?;
    if other_scheme && from_header.is_none() {
        return Ok(None);
    }
    let is_form = request.method() == Method::POST && form::media_type(request.headers()) == form::FORM_MEDIA_TYPE;
    let mut from_body = None;
    if is_form {
        let bytes = Bytes::from_request(request, app)
            .await
            .map_err(|_| OAuthError::invalid_request("the body is too large"))?;
        let params = Params::parse(&String::from_utf8_lossy(&bytes));
        if params.error().is_some() {
            return Err(OAuthError::invalid_request("a parameter stands twice, is too long or is not text"));
        }
        from_body = params.get_owned("access_token");
    }
    match (from_header, from_body) {
        (Some(_), Some(_)) => Err(OAuthError::invalid_request("two tokens")),
        (Some(presented), None) => Ok(Some(presented)),
        (None, from_body) => Ok(from_body.map(|token| PresentedToken { token, scheme: TokenScheme::Bearer })),
    }
}

fn invalid_token(description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidToken, description)
}

/// A call with a token. The client and the scheme of the challenge become known on the way.
struct ResourceCall<'a> {
    op: &'a Operation<'a>,
    headers: &'a HeaderMap,
    method: &'a Method,
    presented: PresentedToken,
    client: Option<Arc<Client>>,
}

impl ResourceCall<'_> {
    async fn userinfo(&mut self) -> Result<UserinfoResponse, ProtocolError> {
        let (op, app) = (self.op, self.op.app);
        let Some((found, mut tx)) = access_token_validation::validate(op, &self.presented.token).await? else {
            self.client = access_token_validation::find_issued_client(op, &self.presented.token).await?;
            return Err(invalid_token("the token is not valid").into());
        };
        self.client = Some(Arc::clone(&found.client));
        self.verify_token_binding(&found).await?;
        if !found.has_audience(app.issuer()) {
            return Err(invalid_token("the token is not valid").into());
        }
        let Some(person) = found.subject.as_ref().filter(|p| p.granted.scopes.contains(Scope::Openid)) else {
            return Err(OAuthError::new(ErrorCode::InsufficientScope, "the token has not the scope openid").into());
        };
        if found.client.meta.userinfo.signed.is_some_and(|alg| !app.config.keys.algorithms.contains(&alg)) {
            let words = "this client is registered for a signature that is not offered any more";
            return Err(invalid_token(words).into());
        }
        let granted = &person.granted;
        let mut told =
            claims::claims_for(app, &mut tx, &found.client, &person.account, granted, ClaimsTarget::Userinfo).await?;
        let (meta, recorded) = (&found.client.meta, person.recorded_sub.clone());
        let sub =
            subjects::ops::find_subject_beside(&app.master_key, &mut tx, meta, &person.account.id, recorded).await?;
        drop(tx);
        told.insert("sub".to_owned(), json!(sub));
        Ok(protect_userinfo(op, &found.client, told).await?)
    }

    /// RFC 9449 7.1: a bound token requires a proof of its key, and an unbound token is no DPoP token. The challenge of
    /// a bound token is that of DPoP, however the token was presented.
    async fn verify_token_binding(&mut self, found: &ValidAccessToken) -> Result<(), ProtocolError> {
        match (&found.jkt, self.presented.scheme) {
            (Some(_), TokenScheme::Bearer) => {
                self.presented.scheme = TokenScheme::Dpop;
                Err(invalid_token("the token is bound to a key: present it with DPoP").into())
            }
            (None, TokenScheme::Dpop) => Err(invalid_token("the token is not bound to a key").into()),
            (Some(jkt), TokenScheme::Dpop) => {
                let target = DpopTarget { method: self.method, path: paths::USERINFO };
                let bound = BoundToken { token: &self.presented.token, jkt };
                dpop::verify_for_token(self.op, self.headers, target, bound, &found.client).await
            }
            (None, TokenScheme::Bearer) => Ok(()),
        }
    }
}
