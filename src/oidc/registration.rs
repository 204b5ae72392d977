//! `/oauth2/register` and the client configuration endpoint (RFC 7591, RFC 7592, OIDCR).
//!
//! Registration requires an initial access token; management requires the registration access token of the client. Both
//! are Bearer tokens in the header. A wrong token gets the same response for existing and unknown clients (RFC 7592 4).

use std::borrow::Cow;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::app::{App, AppState, Operation};
use crate::clients::metadata;
use crate::clients::ops::registration::{self, RegistrationError, RegistrationResponse, ReplacementIdentity};
use crate::http::error::PageError;
use crate::http::form;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::oidc::bearer::{BEARER_CHALLENGE, TokenScheme, resource_error_response, token_in_header};
use crate::oidc::error_response::{NO_STORE, oauth_error_response};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::json;
use crate::protocol::registration::ClientMetadataFields;
use secrecy::ExposeSecret as _;

const UNKNOWN_TOKEN: &str = "the token opens nothing";

type EndpointResult = Result<Response, PageError>;

pub async fn post(State(app): State<AppState>, ctx: RequestContext, request: Request) -> EndpointResult {
    let Some(token) = bearer_token(request.headers()) else { return Ok(missing_token()) };
    let body = match read_body(request, &app).await {
        Ok(body) => body,
        Err(response) => return Ok(*response),
    };
    Ok(match registration::register(&Operation::of_request(&app, &ctx), &token, &body.fields).await? {
        Ok(registered) => registration_response(&app, StatusCode::CREATED, registered),
        Err(why) => rejection_response(&why),
    })
}

pub async fn get(State(app): State<AppState>, Path(client_id): Path<String>, headers: HeaderMap) -> EndpointResult {
    let Some(token) = bearer_token(&headers) else { return Ok(missing_token()) };
    Ok(match registration::read(&app, &client_id, &token).await? {
        Ok(registered) => registration_response(&app, StatusCode::OK, registered),
        Err(why) => rejection_response(&why),
    })
}

pub async fn put(
    State(app): State<AppState>,
    ctx: RequestContext,
    Path(client_id): Path<String>,
    request: Request,
) -> EndpointResult {
    let Some(token) = bearer_token(request.headers()) else { return Ok(missing_token()) };
    let body = match read_body(request, &app).await {
        Ok(body) => body,
        Err(response) => return Ok(*response),
    };
    let op = Operation::of_request(&app, &ctx);
    Ok(match registration::update(&op, &client_id, &token, &body.claimed, &body.fields).await? {
        Ok(registered) => registration_response(&app, StatusCode::OK, registered),
        Err(why) => rejection_response(&why),
    })
}

pub async fn delete(
    State(app): State<AppState>,
    ctx: RequestContext,
    Path(client_id): Path<String>,
    headers: HeaderMap,
) -> EndpointResult {
    let Some(token) = bearer_token(&headers) else { return Ok(missing_token()) };
    Ok(match registration::delete(&Operation::of_request(&app, &ctx), &client_id, &token).await? {
        true => (StatusCode::NO_CONTENT, NO_STORE).into_response(),
        false => rejection_response(&RegistrationError::InvalidToken),
    })
}

/// Returns the Bearer token of the Authorization header, the only accepted transport.
fn bearer_token(headers: &HeaderMap) -> Option<String> {
    let presented = token_in_header(headers).ok().flatten()?;
    (presented.scheme == TokenScheme::Bearer).then_some(presented.token)
}

struct RegistrationBody {
    fields: ClientMetadataFields,
    claimed: ReplacementIdentity,
}

/// Reads the body: a JSON object with distinct members. Unknown members are ignored (RFC 7591 2).
async fn read_body(request: Request, app: &App) -> Result<RegistrationBody, Box<Response>> {
    let refused = |status, error: &OAuthError| Box::new(error_response(status, error));
    let bad = |description: Cow<'static, str>| refused(StatusCode::BAD_REQUEST, &invalid_metadata(description));
    if form::media_type(request.headers()) != "application/json" {
        return Err(bad("the body must be application/json".into()));
    }
    let bytes = Bytes::from_request(request, app)
        .await
        .map_err(|_| refused(StatusCode::PAYLOAD_TOO_LARGE, &invalid_metadata("the body is too large")))?;
    let mut all =
        json::object(&bytes).ok_or_else(|| bad("the body is not one JSON object with distinct members".into()))?;
    // RFC 7591 2.3: a software statement takes precedence over the other members, so ignoring the statement would be
    // wrong.
    if all.get("software_statement").is_some_and(|statement| !statement.is_null()) {
        let words = "software statements are not supported";
        return Err(refused(StatusCode::BAD_REQUEST, &OAuthError::new(ErrorCode::InvalidSoftwareStatement, words)));
    }
    let text = |name: &str| match all.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(bad("client_id or client_secret is no text".into())),
    };
    let claimed = ReplacementIdentity { client_id: text("client_id")?, client_secret: text("client_secret")? };
    let fields = ClientMetadataFields::read(&mut all).map_err(|misread| {
        // Only the name of the field is logged: the value is untrusted.
        tracing::info!(field = misread.field, "client metadata was not read");
        bad(format!("{}: it has another type", misread.field).into())
    })?;
    Ok(RegistrationBody { fields, claimed })
}

/// Builds the response to a request without a token; the challenge has no error code (RFC 6750 3).
fn missing_token() -> Response {
    let mut response =
        error_response(StatusCode::UNAUTHORIZED, &OAuthError::new(ErrorCode::InvalidToken, UNKNOWN_TOKEN));
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(BEARER_CHALLENGE));
    response
}

/// Builds the client information response (RFC 7591 3.2.1, RFC 7592 3).
fn registration_response(app: &App, status: StatusCode, r: RegistrationResponse) -> Response {
    let mut out: Map<String, Value> = match serde_json::to_value(metadata::to_fields(&r.meta)) {
        Ok(Value::Object(out)) => out,
        _ => Map::new(),
    };
    let uri = format!("{}{}/{}", app.issuer(), paths::REGISTER, r.client_id);
    out.insert("client_id".to_owned(), json!(r.client_id));
    // An extension member: the sector, shared by the clients with the same subjects. The client may not have requested
    // the sector (OIDCC 8.1).
    out.insert("sector".to_owned(), json!(r.meta.sector));
    out.insert("client_id_issued_at".to_owned(), json!(r.issued_at.as_seconds()));
    out.insert("registration_client_uri".to_owned(), json!(uri));
    out.insert("registration_access_token".to_owned(), json!(r.token.expose_secret()));
    if let Some(secret) = r.secret {
        out.insert("client_secret".to_owned(), json!(secret.expose_secret()));
        out.insert("client_secret_expires_at".to_owned(), json!(0));
    }
    (status, NO_STORE, Json(Value::Object(out))).into_response()
}

fn rejection_response(why: &RegistrationError) -> Response {
    match why {
        RegistrationError::InvalidToken => {
            let error = OAuthError::new(ErrorCode::InvalidToken, UNKNOWN_TOKEN);
            resource_error_response(TokenScheme::Bearer, &error)
        }
        RegistrationError::Metadata(flaw) => {
            let redirect = flaw.is_redirect_uri_error();
            let code = if redirect { ErrorCode::InvalidRedirectUri } else { ErrorCode::InvalidClientMetadata };
            error_response(StatusCode::BAD_REQUEST, &OAuthError::new(code, flaw.to_string()))
        }
        RegistrationError::Conflict => {
            error_response(StatusCode::CONFLICT, &invalid_metadata("changed meanwhile: read it again"))
        }
    }
}

fn invalid_metadata(description: impl Into<Cow<'static, str>>) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClientMetadata, description)
}

fn error_response(status: StatusCode, error: &OAuthError) -> Response {
    tracing::info!(code = error.code.name(), description = %error.description, "a registration was refused");
    oauth_error_response(status, error)
}
