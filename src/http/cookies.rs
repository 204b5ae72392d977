//! The cookies, by name and by rule (docs/decisions/0036-cookies-and-forms-of-other-sites.md).
//!
//! `__Host-` binds a cookie to our host over https. On a loopback http issuer other names without Secure
//! are used: Safari refuses Secure cookies there. Values are random ids; a malformed one counts as none.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::base::ids::is_id;
use crate::base::lang::Lang;

/// The cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    Session,
    /// Binds interactions and activations to the browser.
    Navigation,
    Language,
    /// Secrets of the devices that this browser is, one for each person who is known here (docs/threats.md#threat-s06,
    /// #attack-l5).
    Device,
    /// Secrets of the activations under way here, once something was proven in them.
    Activation,
}

/// A family's computer knows so many persons.
const MOST_PERSONS: usize = 4;
/// Tabs with an activation each, in one browser.
const MAX_ACTIVATIONS: usize = 4;

/// How cookies are named and marked under this issuer.
#[derive(Clone, Copy, Debug)]
pub struct Jar {
    pub secure: bool,
}

impl Jar {
    pub fn name(self, name: Name) -> &'static str {
        match (self.secure, name) {
            (true, Name::Session) => "__Host-preau",
            (true, Name::Navigation) => "__Host-preau-nav",
            (true, Name::Language) => "__Host-preau-lang",
            (true, Name::Device) => "__Host-preau-device",
            (true, Name::Activation) => "__Host-preau-activation",
            (false, Name::Session) => "preau_dev",
            (false, Name::Navigation) => "preau_dev_nav",
            (false, Name::Language) => "preau_dev_lang",
            (false, Name::Device) => "preau_dev_device",
            (false, Name::Activation) => "preau_dev_activation",
        }
    }

    /// The value that the browser sent. Two of one name: the first, as browsers order the most specific first.
    fn read(self, headers: &HeaderMap, name: Name) -> Option<&str> {
        let wanted = self.name(name);
        let all = headers.get_all(header::COOKIE).iter().filter_map(|v| v.to_str().ok());
        let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(n, _)| *n == wanted).map(|(_, value)| value)
    }

    /// A random id of 43 characters, or nothing (docs/threats.md#attack-s6).
    pub fn id(self, headers: &HeaderMap, name: Name) -> Option<String> {
        self.read(headers, name).filter(|v| is_id(v, 43)).map(str::to_owned)
    }

    pub fn language(self, headers: &HeaderMap) -> Option<Lang> {
        self.read(headers, Name::Language).and_then(Lang::from_tag)
    }

    /// The secrets of the activations under way, the newest first; malformed ones count as none.
    pub fn activations(self, headers: &HeaderMap) -> Vec<String> {
        let all = self.read(headers, Name::Activation).unwrap_or_default();
        all.split('.').filter(|secret| is_id(secret, 43)).take(MAX_ACTIVATIONS).map(str::to_owned).collect()
    }

    /// The cookie in which `new` takes the place of `former`; the oldest of too many goes.
    pub fn set_activation(self, all: &[String], former: &str, new: &str) -> Option<HeaderValue> {
        let others = all.iter().map(String::as_str).filter(|secret| *secret != former && *secret != new);
        let kept: Vec<&str> = [new].into_iter().chain(others).take(MAX_ACTIVATIONS).collect();
        self.set(Name::Activation, &kept.join("."), Some(2 * 3600))
    }

    /// The secrets of this device, the newest first; malformed ones count as none.
    pub fn devices(self, headers: &HeaderMap) -> Vec<String> {
        let all = self.read(headers, Name::Device).unwrap_or_default();
        all.split('.').filter(|secret| is_id(secret, 43)).take(MOST_PERSONS).map(str::to_owned).collect()
    }

    /// The cookie with one more secret, and as many of the former ones as a family needs.
    pub fn device(self, former: &[String], new: &str) -> Option<HeaderValue> {
        let mut all = vec![new];
        all.extend(former.iter().map(String::as_str).filter(|secret| *secret != new).take(MOST_PERSONS - 1));
        self.set(Name::Device, &all.join("."), Some(180 * 24 * 3600))
    }

    /// `Set-Cookie` for a value of ours; `seconds` of `None` means until the browser closes.
    pub fn set(self, name: Name, value: &str, seconds: Option<i64>) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let age = seconds.map(|s| format!("; Max-Age={s}")).unwrap_or_default();
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", self.name(name));
        HeaderValue::from_str(&text).ok()
    }

    pub fn clear(self, name: Name) -> Option<HeaderValue> {
        self.set(name, "", Some(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_s1_cookies_are_bound_to_the_host_and_hidden_from_scripts() {
        let set = Jar { secure: true }.set(Name::Session, "v", None).unwrap();
        assert_eq!(set, "__Host-preau=v; Path=/; HttpOnly; SameSite=Lax; Secure");
    }

    #[test]
    fn attack_s6_a_malformed_cookie_is_no_cookie() {
        let jar = Jar { secure: false };
        let mut headers = HeaderMap::new();
        for bad in ["preau_dev=", "preau_dev=x", "preau_dev=\"'; DROP", "preau_dev"] {
            headers.insert(header::COOKIE, HeaderValue::from_str(bad).unwrap());
            assert_eq!(jar.id(&headers, Name::Session), None, "{bad}");
        }
        let id = "A".repeat(43);
        headers.insert(header::COOKIE, HeaderValue::from_str(&format!("a=b; preau_dev={id}; c=d")).unwrap());
        assert_eq!(jar.id(&headers, Name::Session), Some(id));
    }
}
