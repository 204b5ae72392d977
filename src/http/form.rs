//! A form's body, read strictly: urlencoded, bounded, no field twice.

use axum::body::{Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::http::header;

use super::error::PageError;
use crate::protocol::params::Params;

/// The longest body that a form or a protocol request of ours has, in bytes (docs/threats.md#attack-d1).
pub const LONGEST: usize = 64 * 1024;

/// The fields of a form of ours. One that no page of ours can send is refused whole.
#[derive(Clone, Debug)]
pub struct Form(pub Params);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = PageError;

    async fn from_request(request: Request, state: &S) -> Result<Self, PageError> {
        let text = body(request, state).await?;
        let params = Params::parse(&text);
        match params.flaw() {
            None => Ok(Form(params)),
            Some(flaw) => Err(PageError::BadForm(flaw.to_string())),
        }
    }
}

/// The text of an urlencoded body.
pub async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<String, PageError> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind != "application/x-www-form-urlencoded" {
        return Err(PageError::BadForm("content type".to_owned()));
    }
    // What says that it will be too long is not waited for.
    if request.body().size_hint().lower() > LONGEST as u64 {
        return Err(PageError::TooLarge);
    }
    let bytes = Bytes::from_request(request, state).await.map_err(|_| PageError::TooLarge)?;
    String::from_utf8(bytes.to_vec()).map_err(|_| PageError::BadForm("not UTF-8".to_owned()))
}
