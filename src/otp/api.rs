//! `/sms/receipts/{gateway}`: what gateways by HTTP say later of messages they took.
//!
//! There is nothing here unless `[sms.http.receipts]` is configured. Who calls proves itself by the secret before
//! anything of the call is read; after that every call that can be read is answered alike, whatever it names.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{FromRequest as _, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;

use super::ops;
use crate::app::{AppState, Operation};
use crate::base::secret::constant_time_eq;
use crate::config::{ReceiptCallConfig, SmsGatewayRole};
use crate::crypto::is_hmac_sha256;
use crate::http::error::PageError;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::http::routing::{get, post};
use crate::sms::read_receipt_calls;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(&format!("{}/{{gateway}}", paths::SMS_RECEIPTS), get(take_with_bearer).merge(post(take_with_bearer)))
        .route(
            &format!("{}/{{gateway}}/{{secret}}", paths::SMS_RECEIPTS),
            get(take_with_path).merge(post(take_with_path)),
        )
}

async fn take_with_bearer(
    State(app): State<AppState>,
    ctx: RequestContext,
    Path(gateway): Path<String>,
    request: Request,
) -> Result<Response, PageError> {
    let secret = bearer_token(request.headers()).unwrap_or_default().to_owned();
    take(&app, &ctx, (&gateway, &secret), request).await
}

async fn take_with_path(
    State(app): State<AppState>,
    ctx: RequestContext,
    Path((gateway, secret)): Path<(String, String)>,
    request: Request,
) -> Result<Response, PageError> {
    take(&app, &ctx, (&gateway, &secret), request).await
}

fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

async fn take(
    app: &AppState,
    ctx: &RequestContext,
    (gateway, secret): (&str, &str),
    request: Request,
) -> Result<Response, PageError> {
    // A gateway without receipts and a wrong secret are the same to whoever tries.
    let (role, config) = caller(app, gateway, secret).ok_or(PageError::NotFound)?;
    let query = request.uri().query().unwrap_or_default().to_owned();
    let signature = request.headers().get(config.signature_header()).cloned();
    let body = Bytes::from_request(request, app).await.map_err(|_| PageError::TooLarge)?;
    if !is_signed(config, signature.as_ref(), if body.is_empty() { query.as_bytes() } else { &body }) {
        return Err(PageError::NotFound);
    }
    let receipts = read_receipt_calls(config, &query, &body).ok_or(PageError::TooLarge)?;
    if receipts.is_empty() {
        tracing::warn!(gateway, "no receipt has id and state where [….receipts] looks for them");
        return Ok(StatusCode::BAD_REQUEST.into_response());
    }
    match ops::take_receipts(&Operation::of_request(app, ctx), role, &receipts).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT.into_response()),
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "a receipt was not settled: it will be repeated");
            Ok(StatusCode::SERVICE_UNAVAILABLE.into_response())
        }
    }
}

/// True if the call is signed, where the gateway signs.
fn is_signed(config: &ReceiptCallConfig, signature: Option<&HeaderValue>, signed: &[u8]) -> bool {
    let Some(key) = &config.hmac_secret else { return true };
    let text = signature.and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
    let text = text.strip_prefix("sha256=").unwrap_or(text);
    let forms = [decode_hex(text), STANDARD.decode(text).ok()];
    forms.into_iter().flatten().any(|tag| is_hmac_sha256(key.expose_secret().as_bytes(), signed, &tag))
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// Returns the gateway that calls, if the secret is its own.
fn caller<'a>(app: &'a AppState, gateway: &str, secret: &str) -> Option<(SmsGatewayRole, &'a ReceiptCallConfig)> {
    let role: SmsGatewayRole = gateway.parse().ok()?;
    let config = app.config.sms.gateway_of(role)?.receipt_calls()?;
    let wanted = config.secret.as_ref()?;
    constant_time_eq(wanted.expose_secret(), secret).then_some((role, config))
}
