//! One request, as every handler wants to know it: the time, the language, the cookies, the support code.
//!
//! Made by the outermost layer; the clock is read there, once.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::cookies::{Jar, Name};
use super::error::PageError;
use super::pages::{Page, Pages, View};
use super::support::ShowsCode;
use crate::base::clock::Timestamp;
use crate::base::ids::id256;
use crate::base::lang::Lang;
use crate::base::rng::Random;
use crate::base::source::Source;
use crate::protocol::params::Params;

/// A request.
#[derive(Clone, Debug)]
pub struct Visit {
    pub now: Timestamp,
    pub lang: Lang,
    /// Whether the person chose the language (link or cookie), so that `ui_locales` does not count.
    pub lang_chosen: bool,
    /// Path and query.
    pub here: String,
    pub query: Params,
    /// Read out to the help desk; begins the request id of the log.
    pub support_code: String,
    pub jar: Jar,
    pub session: Option<String>,
    pub nav: Option<String>,
    /// Secrets of the devices that this browser is.
    pub devices: Vec<String>,
    /// Where it comes from, as limits see it.
    pub source: Source,
    /// Secrets of the activations under way in this browser.
    pub activations: Vec<String>,
    /// `User-Agent`, cut.
    pub agent: String,
}

impl Visit {
    /// The language of a waiting request, unless the person chose one.
    #[must_use]
    pub fn prefer(mut self, ui_locales: Option<&str>) -> Self {
        if let (false, Some(lang)) = (self.lang_chosen, ui_locales.and_then(Lang::from_ui_locales)) {
            self.lang = lang;
        }
        self
    }

    /// Every secret of this browser by which it may hold an activation.
    pub fn secrets(&self) -> impl Iterator<Item = &str> + Clone {
        self.nav.iter().chain(&self.activations).map(String::as_str)
    }

    /// Answers a page.
    pub fn page<P: Page>(&self, pages: &Pages, status: StatusCode, page: &P) -> Result<Response, PageError> {
        let html = pages.render(&View { lang: self.lang, here: &self.here }, page)?;
        let mut response = (status, html).into_response();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, html);
        Ok(response)
    }

    /// Answers a page that shows [`Visit::support_code`]: the frame notes it, so that the code leads somewhere.
    pub fn page_with_code<P: Page>(&self, pages: &Pages, status: StatusCode, page: &P) -> Result<Response, PageError> {
        let mut response = self.page(pages, status, page)?;
        response.extensions_mut().insert(ShowsCode(P::TEMPLATE));
        Ok(response)
    }

    /// The navigation cookie, drawn now if the browser has none, and the header that sets it. Its two hours begin
    /// anew: it must live as long as what is bound to it now.
    pub fn navigation(&self, rng: &dyn Random) -> (String, Option<HeaderValue>) {
        match &self.nav {
            Some(value) => (value.clone(), self.set_navigation(value)),
            None => self.new_navigation(rng),
        }
    }

    /// Another navigation cookie: after a sign-out.
    pub fn new_navigation(&self, rng: &dyn Random) -> (String, Option<HeaderValue>) {
        let value = id256(rng);
        let header = self.set_navigation(&value);
        (value, header)
    }

    fn set_navigation(&self, value: &str) -> Option<HeaderValue> {
        self.jar.set(Name::Navigation, value, Some(2 * 3600))
    }

    /// Who pays for what must be kept before anybody has proven anything: see [`crate::ephemeral::Quota`].
    pub fn payer(&self) -> String {
        self.source.narrow().to_string()
    }

    /// What pages carry along: `?i=…&client_id=…&a=…`, of what this request has, or nothing.
    pub fn carried(&self, names: &[&str]) -> String {
        let pairs: Vec<(&str, &str)> = names.iter().filter_map(|n| self.query.get(n).map(|v| (*n, v))).collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", crate::protocol::params::encode(pairs)) }
    }
}

/// What came of a request, in a word of ours, for its line of the log. Without one, its status says it.
#[derive(Clone, Copy, Debug)]
pub struct Outcome(pub &'static str);

/// Says what came of it.
pub fn with_outcome(mut response: Response, outcome: &'static str) -> Response {
    response.extensions_mut().insert(Outcome(outcome));
    response
}

/// 303: go on by GET to a page of ours.
pub fn see_other(to: &str) -> Response {
    Redirect::to(to).into_response()
}

/// Says when to come back, in whole seconds.
pub fn retry_after(mut response: Response, now: Timestamp, until: Timestamp) -> Response {
    let seconds = until.since(now).as_seconds_up().max(1);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Adds `Set-Cookie`, if there is one to set.
pub fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(value) = cookie {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        let missing = || PageError::Internal(anyhow::anyhow!("a route outside of the frame"));
        parts.extensions.get::<Visit>().cloned().ok_or_else(missing)
    }
}
