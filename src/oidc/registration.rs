//! `/oauth2/register` and the client configuration endpoint (RFC 7591, RFC 7592, OIDCR).
//!
//! Registration requires an initial access token; management requires the registration access token of the client. Both
//! are Bearer tokens in the header. A wrong token gets the same response for existing and unknown clients (RFC 7592 4).

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::app::AppState;
use crate::clients::metadata;
use crate::clients::ops::registration::{self, RegistrationError, RegistrationResponse, ReplacementIdentity};
use crate::http::error::PageError;
use crate::http::request_context::RequestContext;
use crate::oidc::error_response::NO_STORE;
use crate::oidc::paths;
use crate::protocol::error::ErrorCode;
use crate::protocol::json;
use crate::protocol::registration::ClientMetadataFields;

type EndpointResult = Result<Response, PageError>;

pub async fn post(State(app): State<AppState>, ctx: RequestContext, request: Request) -> EndpointResult {
    let Some(token) = bearer_token(request.headers()) else { return Ok(unauthorized(false)) };
    let body = match read_body(request, &app).await {
        Ok(body) => body,
        Err(response) => return Ok(*response),
    };
    Ok(match registration::register(&app, ctx.now, &token, &body.fields).await? {
        Ok(registered) => registration_response(&app, StatusCode::CREATED, registered),
        Err(why) => rejection_response(&why),
    })
}

pub async fn get(State(app): State<AppState>, Path(client_id): Path<String>, headers: HeaderMap) -> EndpointResult {
    let Some(token) = bearer_token(&headers) else { return Ok(unauthorized(false)) };
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
    let Some(token) = bearer_token(request.headers()) else { return Ok(unauthorized(false)) };
    let body = match read_body(request, &app).await {
        Ok(body) => body,
        Err(response) => return Ok(*response),
    };
    let whose = (client_id.as_str(), token.as_str());
    Ok(match registration::update(&app, ctx.now, whose, &body.claimed, &body.fields).await? {
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
    let Some(token) = bearer_token(&headers) else { return Ok(unauthorized(false)) };
    Ok(match registration::delete(&app, ctx.now, &client_id, &token).await? {
        true => (StatusCode::NO_CONTENT, NO_STORE).into_response(),
        false => rejection_response(&RegistrationError::InvalidToken),
    })
}

/// Returns the Bearer token of the Authorization header (RFC 6750 2.1), the only accepted transport.
fn bearer_token(headers: &HeaderMap) -> Option<String> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (value, None) = (all.next()?, all.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

struct RegistrationBody {
    fields: ClientMetadataFields,
    claimed: ReplacementIdentity,
}

/// Reads the body: a JSON object with distinct members. Unknown members are ignored (RFC 7591 2).
async fn read_body(request: Request, app: &AppState) -> Result<RegistrationBody, Box<Response>> {
    let bad = |description: &str| Box::new(error_response(ErrorCode::InvalidClientMetadata, description));
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind != "application/json" {
        return Err(bad("the body must be application/json"));
    }
    let bytes = Bytes::from_request(request, app).await.map_err(|_| {
        let mut response = bad("the body is too large");
        *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        response
    })?;
    let mut all = json::object(&bytes).ok_or_else(|| bad("the body is not one JSON object with distinct members"))?;
    // RFC 7591 2.3: a software statement takes precedence over the other members, so ignoring the statement would be
    // wrong.
    if all.get("software_statement").is_some_and(|statement| !statement.is_null()) {
        let words = "software statements are not supported";
        return Err(Box::new(error_response(ErrorCode::InvalidSoftwareStatement, words)));
    }
    let text = |name: &str| match all.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(bad("client_id or client_secret is no text")),
    };
    let claimed = ReplacementIdentity { client_id: text("client_id")?, client_secret: text("client_secret")? };
    let fields = ClientMetadataFields::read(&mut all).map_err(|misread| {
        // Only the name of the field is logged: the value is untrusted.
        tracing::info!(field = misread.field, "client metadata was not read");
        bad(&format!("{}: it has another type", misread.field))
    })?;
    Ok(RegistrationBody { fields, claimed })
}

/// Builds the client information response (RFC 7591 3.2.1, RFC 7592 3).
fn registration_response(app: &AppState, status: StatusCode, r: RegistrationResponse) -> Response {
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
    out.insert("registration_access_token".to_owned(), json!(r.token.expose()));
    if let Some(secret) = r.secret {
        out.insert("client_secret".to_owned(), json!(secret.expose()));
        out.insert("client_secret_expires_at".to_owned(), json!(0));
    }
    (status, NO_STORE, Json(Value::Object(out))).into_response()
}

fn rejection_response(why: &RegistrationError) -> Response {
    match why {
        RegistrationError::InvalidToken => unauthorized(true),
        RegistrationError::Metadata(flaw) => {
            let redirect = flaw.is_redirect_uri_error();
            let code = if redirect { ErrorCode::InvalidRedirectUri } else { ErrorCode::InvalidClientMetadata };
            error_response(code, &flaw.to_string())
        }
        RegistrationError::Conflict => {
            let mut response = error_response(ErrorCode::InvalidClientMetadata, "changed meanwhile: read it again");
            *response.status_mut() = StatusCode::CONFLICT;
            response
        }
    }
}

/// Builds the 401 response; without a presented token no error code (RFC 6750 3).
fn unauthorized(presented: bool) -> Response {
    let mut response = error_response(ErrorCode::InvalidToken, "the token opens nothing");
    *response.status_mut() = StatusCode::UNAUTHORIZED;
    let challenge = if presented { "Bearer error=\"invalid_token\"" } else { "Bearer" };
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

/// Builds an error response. `description` is a text of this server, in the ASCII subset of RFC 6749 5.2.
fn error_response(code: ErrorCode, description: &str) -> Response {
    tracing::info!(code = code.name(), description, "a registration was refused");
    let body = json!({ "error": code.name(), "error_description": description });
    (StatusCode::BAD_REQUEST, NO_STORE, Json(body)).into_response()
}
