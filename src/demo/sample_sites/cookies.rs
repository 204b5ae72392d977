//! Cookies of the sample sites: always HttpOnly, SameSite=Lax, with a separate path.
//!
//! All ports of localhost share one cookie jar: no name here may begin with the provider's prefix (`preau_dev`), and
//! no response may send Clear-Site-Data, as the provider's cookies would be deleted too.

use axum::http::HeaderValue;
use url::Url;

use crate::base::clock::Span;

/// Makes a `Set-Cookie` header. `value` is an id or an encrypted text of this program, in base64url.
pub fn set(base: &Url, name: &str, value: &str, path: &str, lives: Option<Span>) -> Option<HeaderValue> {
    let secure = if base.scheme() == "https" { "; Secure" } else { "" };
    let age = lives.map(|span| format!("; Max-Age={}", span.as_seconds_ceil())).unwrap_or_default();
    HeaderValue::try_from(format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax{secure}{age}")).ok()
}

/// Makes the header that removes the cookie.
pub fn clear(base: &Url, name: &str, path: &str) -> Option<HeaderValue> {
    set(base, name, "", path, Some(Span(0)))
}
