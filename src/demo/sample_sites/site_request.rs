//! The request of a visitor: time, language, parameters and cookies, read once.
//!
//! A repeated parameter counts as absent (RFC 6749 3.1): guessing the intended value is not the server's task.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use cookie::{Cookie, CookieJar};

use super::service::SampleService;
use super::sessions::SiteSession;
use super::{SampleSites, SharedSites};
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::http::cookies::cookies_of;

/// The language cookie of all sample sites, with a name different from the provider's.
pub const LANG_COOKIE: &str = "voisins_lang";

/// The maximum number of query parameters read.
const MAX_PARAMETERS: usize = 50;

/// A request to a sample site.
pub struct SiteRequest {
    pub now: Timestamp,
    pub lang: Lang,
    /// True if this request chose the language, to be stored in the cookie.
    pub lang_chosen: bool,
    pub path: String,
    pub query: FormParameters,
    cookies: CookieJar,
}

impl FromRequestParts<SharedSites> for SiteRequest {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &SharedSites) -> Result<Self, Infallible> {
        let query = FormParameters::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let mut cookies = CookieJar::new();
        cookies_of(&parts.headers).map(Cookie::into_owned).for_each(|cookie| cookies.add_original(cookie));
        let chosen = query.single("lang").and_then(Lang::from_tag);
        let kept = || cookies.get(LANG_COOKIE).and_then(|cookie| Lang::from_tag(cookie.value()));
        let browser = || {
            let header = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
            header.and_then(Lang::from_accept_language)
        };
        Ok(Self {
            now: state.clock.now(),
            lang: chosen.or_else(kept).or_else(browser).unwrap_or_default(),
            lang_chosen: chosen.is_some(),
            path: parts.uri.path().to_owned(),
            query,
            cookies,
        })
    }
}

impl SiteRequest {
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(|cookie| cookie.value())
    }

    pub fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cookies.iter().map(|cookie| (cookie.name(), cookie.value()))
    }

    /// Returns the live session of this browser at `service`.
    pub fn session(&self, state: &SampleSites, service: SampleService) -> Option<SiteSession> {
        state.sessions.find(service, self.cookie(&session_cookie(service))?, self.now)
    }

    /// Returns the address of this page in the other language, with its other parameters.
    pub fn other_language(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.query.0.iter().filter(|(name, _)| name != "lang") {
            query.append_pair(name, value);
        }
        format!("?{}", query.append_pair("lang", self.lang.other().tag()).finish())
    }
}

/// Returns the name of the session cookie.
pub fn session_cookie(service: SampleService) -> String {
    format!("{}_session", service.prefix())
}

/// Parameters in `application/x-www-form-urlencoded`, of a query or a form.
pub struct FormParameters(Vec<(String, String)>);

impl FormParameters {
    pub fn parse(bytes: &[u8]) -> Self {
        Self(
            form_urlencoded::parse(bytes).take(MAX_PARAMETERS).map(|(n, v)| (n.into_owned(), v.into_owned())).collect(),
        )
    }

    /// Returns the value of a parameter present once and not empty.
    pub fn single(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
        match (found.next(), found.next()) {
            (Some(value), None) if !value.is_empty() => Some(value),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_comes_twice_or_empty_is_absent() {
        let parameters = FormParameters::parse(b"a=1&b=&c=2&c=2&d=%C3%A9");
        assert_eq!(parameters.single("a"), Some("1"));
        assert_eq!(parameters.single("b"), None);
        assert_eq!(parameters.single("c"), None);
        assert_eq!(parameters.single("d"), Some("é"));
    }
}
