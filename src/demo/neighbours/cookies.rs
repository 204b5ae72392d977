//! Cookies of the neighbours: always HttpOnly, SameSite=Lax, with a path of their own.
//!
//! One cookie jar spans all ports of localhost: no name here may begin as the provider's do (`preau_dev`),
//! and nothing may send Clear-Site-Data, which would empty the provider's jar too.

use axum::http::HeaderValue;
use url::Url;

use crate::base::clock::Span;

/// A `Set-Cookie` header. `value` is one of our own ids or sealed texts: base64url letters only.
pub fn set(base: &Url, name: &str, value: &str, path: &str, lives: Option<Span>) -> Option<HeaderValue> {
    let secure = if base.scheme() == "https" { "; Secure" } else { "" };
    let age = lives.map(|span| format!("; Max-Age={}", span.as_seconds_up())).unwrap_or_default();
    HeaderValue::try_from(format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax{secure}{age}")).ok()
}

/// The header that removes the cookie again.
pub fn clear(base: &Url, name: &str, path: &str) -> Option<HeaderValue> {
    set(base, name, "", path, Some(Span(0)))
}
