//! OAuth errors: a code, a public description in ASCII, and a private detail.
//!
//! The description never contains a value from the request (RFC 6749 4.1.2.1 allows only a subset of ASCII); the detail
//! is written to the log only. The decision to send an error by redirect is made by the code that validated the
//! redirect URI, not here.

use std::borrow::Cow;

use serde::Serialize;

/// An OAuth or OpenID Connect error code: RFC 6749 4.1.2.1 and 5.2, OIDCC 3.1.2.6, RFC 6750 3.1, RFC 7009 2.2.1,
/// RFC 7591 3.2.2, RFC 8707 2, RFC 9101 7, RFC 9126 2.3, RFC 9449 12.2, and the OpenID Connect Core error code
/// `unmet_authentication_requirements`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ErrorCode {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    InvalidScope,
    InvalidToken,
    InsufficientScope,
    UnauthorizedClient,
    UnsupportedGrantType,
    UnsupportedResponseType,
    AccessDenied,
    LoginRequired,
    InteractionRequired,
    ConsentRequired,
    AccountSelectionRequired,
    InvalidRequestObject,
    InvalidRequestUri,
    UnmetAuthenticationRequirements,
    InvalidTarget,
    InvalidDpopProof,
    UseDpopNonce,
    UnsupportedTokenType,
    InvalidRedirectUri,
    InvalidClientMetadata,
    InvalidSoftwareStatement,
    RequestNotSupported,
    RequestUriNotSupported,
    RegistrationNotSupported,
    ServerError,
    TemporarilyUnavailable,
}

impl ErrorCode {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// An OAuth or OpenID Connect error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description} ({detail})", code.name())]
pub struct OAuthError {
    pub code: ErrorCode,
    /// The `error_description`: ASCII without quotes and backslashes.
    pub description: Cow<'static, str>,
    /// Details for the log. Never a secret.
    pub detail: String,
}

impl OAuthError {
    pub fn new(code: ErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        let description = description.into();
        debug_assert!(description.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)));
        Self { code, description, detail: String::new() }
    }

    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    pub fn invalid_request(description: &'static str) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    pub fn invalid_grant(description: &'static str) -> Self {
        Self::new(ErrorCode::InvalidGrant, description)
    }

    pub fn invalid_client(description: &'static str) -> Self {
        Self::new(ErrorCode::InvalidClient, description)
    }
}
