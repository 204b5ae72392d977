//! The request context shared by all handlers: time, language, cookies, support code.
//!
//! The outermost middleware creates the context and reads the clock once.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::cookies::{CookieJar, CookieName};
use super::error::PageError;
use super::pages::{Page, PageRenderer, View};
use super::support::SupportCodeShown;
use crate::base::clock::Timestamp;
use crate::base::ids::id256;
use crate::base::lang::Lang;
use crate::base::rng::Random;
use crate::base::source::SourceAddress;
use crate::protocol::params::Params;

/// The context of a request. Copies share what was read of the request until one of them is changed.
#[derive(Clone, Debug)]
pub struct RequestContext(Arc<RequestFacts>);

/// The facts that were read of a request.
#[derive(Clone, Debug)]
pub struct RequestFacts {
    pub now: Timestamp,
    pub lang: Lang,
    /// True if the user chose the language (link or cookie), so that `ui_locales` is ignored.
    pub lang_chosen: bool,
    /// Path and query.
    pub path_and_query: String,
    pub query: Params,
    /// A code that the user reads out to the help desk; begins the request id of the log.
    pub support_code: String,
    /// The id of the request in the log and in the audit.
    pub request_id: String,
    pub jar: CookieJar,
    pub session: Option<String>,
    /// The cookie of an administrator's session.
    pub admin_session: Option<String>,
    pub navigation_id: Option<String>,
    /// The device secrets of the browser.
    pub devices: Vec<String>,
    /// The client address for rate limits.
    pub source: SourceAddress,
    /// The secrets of the browser's pending activations.
    pub activation_cookies: Vec<String>,
    /// The academy chosen in this browser.
    pub upstream: Option<String>,
    /// The truncated `User-Agent`.
    pub user_agent: String,
}

impl From<RequestFacts> for RequestContext {
    fn from(facts: RequestFacts) -> Self {
        Self(Arc::new(facts))
    }
}

impl Deref for RequestContext {
    type Target = RequestFacts;
    fn deref(&self) -> &RequestFacts {
        &self.0
    }
}

impl DerefMut for RequestContext {
    fn deref_mut(&mut self) -> &mut RequestFacts {
        Arc::make_mut(&mut self.0)
    }
}

impl RequestContext {
    /// Uses the language of the pending request unless the user chose a language.
    #[must_use]
    pub fn with_ui_locales(mut self, ui_locales: Option<&str>) -> Self {
        if let (false, Some(lang)) = (self.lang_chosen, ui_locales.and_then(Lang::from_ui_locales)) {
            self.lang = lang;
        }
        self
    }

    /// Returns all secrets that can bind the browser to an activation.
    pub fn activation_secrets(&self) -> impl Iterator<Item = &str> + Clone {
        self.navigation_id.iter().chain(&self.activation_cookies).map(String::as_str)
    }

    /// Renders a page response.
    pub fn page<P: Page>(&self, pages: &PageRenderer, status: StatusCode, page: &P) -> Result<Response, PageError> {
        let html = pages.render(&View { lang: self.lang, path_and_query: &self.path_and_query }, page)?;
        let mut response = (status, html).into_response();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, html);
        Ok(response)
    }

    /// Renders a page that shows [`RequestFacts::support_code`]. The middleware records the page view, so that the
    /// help desk can look up the code.
    pub fn page_with_code<P: Page>(
        &self,
        pages: &PageRenderer,
        status: StatusCode,
        page: &P,
    ) -> Result<Response, PageError> {
        let mut response = self.page(pages, status, page)?;
        response.extensions_mut().insert(SupportCodeShown(P::TEMPLATE));
        Ok(response)
    }

    /// Returns the navigation cookie's value, generated now if absent, and the `Set-Cookie` header. The lifetime of two
    /// hours is renewed, because the cookie must not expire before the interactions and activations bound to the
    /// cookie.
    pub fn navigation_cookie(&self, rng: &dyn Random) -> (String, Option<HeaderValue>) {
        match &self.navigation_id {
            Some(value) => (value.clone(), self.set_navigation_cookie(value)),
            None => self.new_navigation_cookie(rng),
        }
    }

    /// Returns a fresh navigation cookie, after a logout.
    pub fn new_navigation_cookie(&self, rng: &dyn Random) -> (String, Option<HeaderValue>) {
        let value = id256(rng);
        let header = self.set_navigation_cookie(&value);
        (value, header)
    }

    fn set_navigation_cookie(&self, value: &str) -> Option<HeaderValue> {
        self.jar.set_cookie(CookieName::Navigation, value, Some(2 * 3600))
    }

    /// Returns the owner for quotas on state stored before any authentication: see [`crate::ephemeral::Quota`].
    pub fn quota_owner(&self) -> String {
        self.source.narrow_network().to_string()
    }

    /// Returns the query that pages pass on, such as `?i=…&client_id=…&a=…`, with the named parameters present in the
    /// request; empty if none is present.
    pub fn carried_query(&self, names: &[&str]) -> String {
        let pairs: Vec<(&str, &str)> = names.iter().filter_map(|n| self.query.get(n).map(|v| (*n, v))).collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", crate::protocol::params::encode(pairs)) }
    }
}

/// The outcome of a request in a word, for the log. Without an outcome, the log derives the word from the status.
#[derive(Clone, Copy, Debug)]
pub struct RequestOutcome(pub &'static str);

/// Sets the outcome for the log.
pub fn with_outcome(mut response: Response, outcome: &'static str) -> Response {
    response.extensions_mut().insert(RequestOutcome(outcome));
    response
}

/// Returns a 303 redirect to a page of the service.
pub fn see_other(to: &str) -> Response {
    Redirect::to(to).into_response()
}

/// Redirects to another site: to an address of a registration or of the configuration, in the response to a GET, or with
/// an error in the response to the relying party's own form, which the CSP of this server does not cover.
pub fn external_redirect(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(value) => (StatusCode::SEE_OTHER, [(header::LOCATION, value)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Sets `Retry-After` in whole seconds.
pub fn retry_after(mut response: Response, now: Timestamp, until: Timestamp) -> Response {
    let seconds = until.since(now).as_seconds_ceil().max(1);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// Sets `Retry-After` to a number of seconds that is known, of a queue that is full.
pub fn retry_after_seconds(mut response: Response, seconds: impl Into<i64>) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.into()));
    response
}

/// Adds `Set-Cookie`, if present.
pub fn with_cookie(mut response: Response, cookie: Option<HeaderValue>) -> Response {
    if let Some(value) = cookie {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

impl<S: Send + Sync> FromRequestParts<S> for RequestContext {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        let missing = || PageError::Internal(anyhow::anyhow!("a route without the middleware"));
        parts.extensions.get::<RequestContext>().cloned().ok_or_else(missing)
    }
}
