//! Who asks: the moment, the language, the parameters and the cookies of a request, read once.
//!
//! A parameter that comes twice counts as absent (RFC 6749 3.1): which of the two was meant is not ours to guess.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT_LANGUAGE;
use axum::http::request::Parts;
use axum_extra::extract::cookie::CookieJar;

use super::service::Service;
use super::sessions::Session;
use super::{Neighbours, Shared};
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;

/// Keeps `?lang`; for all neighbours, and not the provider's name for it.
pub const LANG_COOKIE: &str = "voisins_lang";

/// Longest query that is looked at, in parameters.
const PARAMETERS: usize = 50;

/// One request.
pub struct Visitor {
    pub now: Timestamp,
    pub lang: Lang,
    /// The language was chosen by this very request and is to be remembered.
    pub chose_lang: bool,
    pub path: String,
    pub query: Parameters,
    cookies: CookieJar,
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &Shared) -> Result<Self, Infallible> {
        let query = Parameters::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let cookies = CookieJar::from_headers(&parts.headers);
        let chosen = query.one("lang").and_then(Lang::from_tag);
        let kept = || cookies.get(LANG_COOKIE).and_then(|cookie| Lang::from_tag(cookie.value()));
        let browser = || {
            let header = parts.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
            header.and_then(Lang::from_accept_language)
        };
        Ok(Self {
            now: state.clock.now(),
            lang: chosen.or_else(kept).or_else(browser).unwrap_or_default(),
            chose_lang: chosen.is_some(),
            path: parts.uri.path().to_owned(),
            query,
            cookies,
        })
    }
}

impl Visitor {
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(|cookie| cookie.value())
    }

    pub fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cookies.iter().map(|cookie| (cookie.name(), cookie.value()))
    }

    /// The live session of this browser at `service`.
    pub fn session(&self, state: &Neighbours, service: Service) -> Option<Session> {
        state.sessions.find(service, self.cookie(&session_cookie(service))?, self.now)
    }

    /// This page in the other language, with its other parameters.
    pub fn other_language(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.query.0.iter().filter(|(name, _)| name != "lang") {
            query.append_pair(name, value);
        }
        format!("?{}", query.append_pair("lang", self.lang.other().tag()).finish())
    }
}

/// Name of the cookie with the id of a session.
pub fn session_cookie(service: Service) -> String {
    format!("{}_session", service.prefix())
}

/// `application/x-www-form-urlencoded`, of an address or of a form.
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).take(PARAMETERS).map(|(n, v)| (n.into_owned(), v.into_owned())).collect())
    }

    /// The value of a parameter that is there once and not empty.
    pub fn one(&self, name: &str) -> Option<&str> {
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
        let parameters = Parameters::parse(b"a=1&b=&c=2&c=2&d=%C3%A9");
        assert_eq!(parameters.one("a"), Some("1"));
        assert_eq!(parameters.one("b"), None);
        assert_eq!(parameters.one("c"), None);
        assert_eq!(parameters.one("d"), Some("é"));
    }
}
