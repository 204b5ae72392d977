//! Cookies of the sample sites: always HttpOnly, SameSite=Lax, with a separate path.
//!
//! All ports of localhost share one cookie jar: no name here may begin with the provider's prefix (`preau_dev`), and
//! no response may send Clear-Site-Data, as the provider's cookies would be deleted too.

use axum::http::HeaderValue;
use cookie::Cookie;
use cookie::time::Duration;
use url::Url;

use crate::base::clock::Span;
use crate::http::cookies::set_cookie;

/// Makes a `Set-Cookie` header. `value` is an id or an encrypted text of this program, in base64url.
pub fn set(base: &Url, name: &str, value: &str, path: &str, lives: Option<Span>) -> Option<HeaderValue> {
    let cookie = Cookie::build((name, value)).path(path).secure(base.scheme() == "https").build();
    set_cookie(cookie, lives.map(|span| Duration::seconds(span.as_seconds_ceil())))
}

/// Makes the header that removes the cookie.
pub fn clear(base: &Url, name: &str, path: &str) -> Option<HeaderValue> {
    set(base, name, "", path, Some(Span(0)))
}
