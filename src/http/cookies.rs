//! The cookies: names, attributes and values (docs/decisions/0036-cookies-and-forms-of-other-sites.md).
//!
//! The prefix `__Host-` binds a cookie to the host over https. A loopback http issuer uses other names without Secure,
//! because Safari refuses Secure cookies on such an origin. Values are random ids; a malformed value counts as absent.

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::time::Duration;
use cookie::{Cookie, SameSite};

use crate::base::ids::is_id;
use crate::base::lang::Lang;

/// The cookies of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieName {
    Session,
    /// Binds interactions and activations to the browser.
    Navigation,
    Language,
    /// The device secrets of the browser, one for each known account (docs/threats.md#threat-s06, #attack-l5).
    Device,
    /// The secrets of the browser's pending activations in which a proof succeeded.
    Activation,
    /// The id of the academy that somebody who works at a school chose.
    Upstream,
    /// The session of an administrator; a page of another site never sends it.
    Administrator,
}

/// The maximum number of accounts known on one device, enough for a family's computer.
const MAX_DEVICE_SECRETS: usize = 4;
/// The maximum number of pending activations in one browser (one per tab).
const MAX_ACTIVATIONS: usize = 4;
/// The sign before the id of an academy that was left: no id has it.
const LEFT_SIGN: char = '~';

/// True for the value of the academy's cookie after a sign-out.
pub fn is_left(academy: &str) -> bool {
    academy.starts_with(LEFT_SIGN)
}

/// The cookie names and attributes of the issuer.
#[derive(Clone, Copy, Debug)]
pub struct CookieJar {
    pub secure: bool,
}

impl CookieJar {
    pub fn name(self, name: CookieName) -> &'static str {
        match (self.secure, name) {
            (true, CookieName::Session) => "__Host-preau",
            (true, CookieName::Navigation) => "__Host-preau-nav",
            (true, CookieName::Language) => "__Host-preau-lang",
            (true, CookieName::Device) => "__Host-preau-device",
            (true, CookieName::Activation) => "__Host-preau-activation",
            (true, CookieName::Upstream) => "__Host-preau-academy",
            (true, CookieName::Administrator) => "__Host-preau-admin",
            (false, CookieName::Session) => "preau_dev",
            (false, CookieName::Navigation) => "preau_dev_nav",
            (false, CookieName::Language) => "preau_dev_lang",
            (false, CookieName::Device) => "preau_dev_device",
            (false, CookieName::Activation) => "preau_dev_activation",
            (false, CookieName::Upstream) => "preau_dev_academy",
            (false, CookieName::Administrator) => "preau_dev_admin",
        }
    }

    /// Returns the cookie's value. Of several cookies with the same name, the first counts, because browsers send the
    /// most specific cookie first.
    fn read(self, headers: &HeaderMap, name: CookieName) -> Option<&str> {
        let wanted = self.name(name);
        cookies_of(headers).find(|cookie| cookie.name() == wanted)?.value_raw()
    }

    /// Returns the cookie's value if the value is a random id of 43 characters (docs/threats.md#attack-s6).
    pub fn id(self, headers: &HeaderMap, name: CookieName) -> Option<String> {
        self.read(headers, name).filter(|v| is_id(v, 43)).map(str::to_owned)
    }

    pub fn language(self, headers: &HeaderMap) -> Option<Lang> {
        self.read(headers, CookieName::Language).and_then(Lang::from_tag)
    }

    /// Returns the id of the chosen academy, if it can be one; the list of upstreams decides whether it is.
    pub fn upstream(self, headers: &HeaderMap) -> Option<String> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let found = self.read(headers, CookieName::Upstream);
        found.filter(|id| id.trim_start_matches(LEFT_SIGN).bytes().all(plain)).map(str::to_owned)
    }

    /// Returns the cookie of the chosen academy, for half a year.
    pub fn upstream_cookie(self, id: &str) -> Option<HeaderValue> {
        self.set_cookie(CookieName::Upstream, id, Some(180 * 24 * 3600))
    }

    /// Returns the cookie after a sign-out of somebody who came through an upstream: the next person at this computer may
    /// be another one, so the academy is chosen again, and asked to ask again.
    pub fn left_upstream_cookie(self, id: &str) -> Option<HeaderValue> {
        self.set_cookie(CookieName::Upstream, &format!("{LEFT_SIGN}{id}"), Some(180 * 24 * 3600))
    }

    /// Returns the secrets of the pending activations, the newest first; malformed secrets are skipped.
    pub fn activations(self, headers: &HeaderMap) -> Vec<String> {
        let all = self.read(headers, CookieName::Activation).unwrap_or_default();
        all.split('.').filter(|secret| is_id(secret, 43)).take(MAX_ACTIVATIONS).map(str::to_owned).collect()
    }

    /// Returns the cookie with `new` in place of `former`; the oldest secrets above the limit are dropped.
    pub fn activation_cookie(self, all: &[String], former: &str, new: &str) -> Option<HeaderValue> {
        let others = all.iter().map(String::as_str).filter(|secret| *secret != former && *secret != new);
        let kept: Vec<&str> = [new].into_iter().chain(others).take(MAX_ACTIVATIONS).collect();
        self.set_cookie(CookieName::Activation, &kept.join("."), Some(2 * 3600))
    }

    /// Returns the device secrets, the newest first; malformed secrets are skipped.
    pub fn devices(self, headers: &HeaderMap) -> Vec<String> {
        let all = self.read(headers, CookieName::Device).unwrap_or_default();
        all.split('.').filter(|secret| is_id(secret, 43)).take(MAX_DEVICE_SECRETS).map(str::to_owned).collect()
    }

    /// Returns the device cookie with the new secret and as many former secrets as the limit permits.
    pub fn device_cookie(self, former: &[String], new: &str) -> Option<HeaderValue> {
        let mut all = vec![new];
        all.extend(former.iter().map(String::as_str).filter(|secret| *secret != new).take(MAX_DEVICE_SECRETS - 1));
        self.set_cookie(CookieName::Device, &all.join("."), Some(180 * 24 * 3600))
    }

    /// Returns a `Set-Cookie` header; `seconds` of `None` means a session cookie, deleted when the browser closes.
    pub fn set_cookie(self, name: CookieName, value: &str, seconds: Option<i64>) -> Option<HeaderValue> {
        let cookie = Cookie::build((self.name(name), value)).path("/").secure(self.secure);
        let strictness = match name {
            CookieName::Administrator => SameSite::Strict,
            _ => SameSite::Lax,
        };
        set_cookie_with(cookie.build(), strictness, seconds.map(Duration::seconds))
    }

    pub fn clear_cookie(self, name: CookieName) -> Option<HeaderValue> {
        self.set_cookie(name, "", Some(0))
    }
}

/// Returns the well-formed cookies of a request, in their order.
pub fn cookies_of(headers: &HeaderMap) -> impl Iterator<Item = Cookie<'_>> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(Cookie::split_parse).filter_map(Result::ok)
}

/// Returns the `Set-Cookie` header of a cookie that no script may read and no other site sends, except by a link.
pub fn set_cookie(cookie: Cookie<'_>, lifetime: Option<Duration>) -> Option<HeaderValue> {
    set_cookie_with(cookie, SameSite::Lax, lifetime)
}

fn set_cookie_with(mut cookie: Cookie<'_>, same_site: SameSite, lifetime: Option<Duration>) -> Option<HeaderValue> {
    cookie.set_http_only(true);
    cookie.set_same_site(same_site);
    cookie.set_max_age(lifetime);
    HeaderValue::try_from(cookie.to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_s1_cookies_are_bound_to_the_host_and_hidden_from_scripts() {
        let set = CookieJar { secure: true }.set_cookie(CookieName::Session, "v", None).unwrap();
        assert_eq!(set, "__Host-preau=v; HttpOnly; SameSite=Lax; Secure; Path=/");
        let set = CookieJar { secure: true }.set_cookie(CookieName::Administrator, "v", None).unwrap();
        assert_eq!(set, "__Host-preau-admin=v; HttpOnly; SameSite=Strict; Secure; Path=/");
    }

    #[test]
    fn attack_s6_a_malformed_cookie_is_no_cookie() {
        let jar = CookieJar { secure: false };
        let mut headers = HeaderMap::new();
        for bad in ["preau_dev=", "preau_dev=x", "preau_dev=\"'; DROP", "preau_dev"] {
            headers.insert(header::COOKIE, HeaderValue::from_str(bad).unwrap());
            assert_eq!(jar.id(&headers, CookieName::Session), None, "{bad}");
        }
        let id = "A".repeat(43);
        headers.insert(header::COOKIE, HeaderValue::from_str(&format!("a=b; preau_dev={id}; c=d")).unwrap());
        assert_eq!(jar.id(&headers, CookieName::Session), Some(id));
    }
}
