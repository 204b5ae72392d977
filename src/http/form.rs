//! Strict parsing of form bodies: urlencoded, limited in size, without duplicate fields.

use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};

use super::error::PageError;
use crate::protocol::params::Params;

/// The maximum body size of a form or a protocol request, in bytes (docs/threats.md#attack-d1).
pub const MAX_BODY_BYTES: usize = 64 * 1024;

pub const FORM_MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// The fields of a form. A body that no page of the service can send is rejected as a whole.
#[derive(Clone, Debug)]
pub struct Form(pub Params);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &S) -> Result<Self, PageError> {
        let text = read_body(request, state).await?;
        let params = Params::parse(&text);
        match params.error() {
            None => Ok(Form(params)),
            Some(flaw) => Err(PageError::BadForm(flaw.to_string())),
        }
    }
}

/// Returns the media type of a body in lower case, without parameters (RFC 9110 8.3.1); empty without one.
pub fn media_type(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Reads an urlencoded body as text.
pub async fn read_body<S: Send + Sync>(request: Request, state: &S) -> Result<String, PageError> {
    if media_type(request.headers()) != FORM_MEDIA_TYPE {
        return Err(PageError::BadForm("content type".to_owned()));
    }
    // A declared length above the limit is rejected before reading.
    if request.body().size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(PageError::TooLarge);
    }
    let bytes = Bytes::from_request(request, state).await.map_err(|_| PageError::TooLarge)?;
    String::from_utf8(bytes.to_vec()).map_err(|_| PageError::BadForm("not UTF-8".to_owned()))
}
