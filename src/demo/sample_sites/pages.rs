//! The pages of the sample sites: separate templates, the provider's stylesheet, and the headers of every response.
//!
//! The provider's pages have another owner; only the stylesheet is shared.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::RustEmbed;
use serde::Serialize;
use tera::{Context, Tera};

use super::site_request::{LANG_COOKIE, SiteRequest};
use super::{SampleSites, SharedSites, cookies};
use crate::base::clock::Span;
use crate::base::lang::Lang;

/// Forbids scripts, as no page needs any.
const PAGE_CSP: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";

const STYLESHEET: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/assets/preau.css"));

#[derive(RustEmbed)]
#[folder = "templates/demo/"]
struct Templates;

/// An error in the embedded templates, found at start.
#[derive(Debug, thiserror::Error)]
pub enum TemplatesError {
    #[error("{0} is not text")]
    NotText(String),
    #[error(transparent)]
    Tera(#[from] tera::Error),
}

/// The site of a page, named in its header.
#[derive(Clone, Copy, Debug)]
pub enum Site {
    College,
    Ent,
    Bourses,
    Phones,
    Mailboxes,
    /// An academy's provider, by its name.
    Academy {
        fr: &'static str,
        en: &'static str,
    },
}

impl Site {
    fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::College, _) => "Collège Théodore Monod",
            (Self::Ent, _) => "mon ENT Occitanie",
            (Self::Bourses, Lang::Fr) => "Bourses de collège et de lycée",
            (Self::Bourses, Lang::En) => "School grants",
            (Self::Phones, Lang::Fr) => "Téléphones de la démonstration",
            (Self::Phones, Lang::En) => "Phones of the demo",
            (Self::Mailboxes, Lang::Fr) => "Courrier de la démonstration",
            (Self::Mailboxes, Lang::En) => "Mail of the demo",
            (Self::Academy { fr, .. }, Lang::Fr) => fr,
            (Self::Academy { en, .. }, Lang::En) => en,
        }
    }
}

/// The templates, parsed once.
pub struct SitePages(Tera);

impl SitePages {
    pub fn load() -> Result<Self, TemplatesError> {
        let mut sources = Vec::new();
        for name in Templates::iter() {
            let Some(file) = Templates::get(&name) else { continue };
            let text = String::from_utf8(file.data.into_owned())
                .map_err(|_| TemplatesError::NotText(name.clone().into_owned()))?;
            sources.push((name.into_owned(), text));
        }
        let mut tera = Tera::default();
        tera.add_raw_templates(sources)?;
        Ok(Self(tera))
    }

    fn render(
        &self,
        template: &str,
        visitor: &SiteRequest,
        site: Site,
        words: &impl Serialize,
    ) -> tera::TeraResult<String> {
        let mut context = Context::from_serialize(words)?;
        context.insert("lang", visitor.lang.tag());
        context.insert("en", &(visitor.lang == Lang::En));
        context.insert("site", site.name(visitor.lang));
        if !context.contains_key("other_language") {
            context.insert("other_language", &visitor.other_language());
        }
        self.0.render(template, &context)
    }
}

impl SampleSites {
    /// Renders a page in the visitor's language. `words` holds the template's values; an `other_language` among them
    /// replaces the link to the other language, for responses to a POST.
    pub fn page(
        &self,
        visitor: &SiteRequest,
        status: StatusCode,
        site: Site,
        template: &str,
        words: &impl Serialize,
    ) -> Response {
        let mut response = match self.pages.render(template, visitor, site, words) {
            Ok(html) => (status, Html(html)).into_response(),
            Err(why) => {
                tracing::error!(template, %why, "a page of the demo could not be made");
                (StatusCode::INTERNAL_SERVER_ERROR, "Quelque chose n'a pas fonctionné. Revenez en arrière.")
                    .into_response()
            }
        };
        if visitor.lang_chosen {
            let kept = cookies::set(&self.base, LANG_COOKIE, visitor.lang.tag(), "/", Some(Span::days(365)));
            with_cookies(&mut response, [kept]);
        }
        response
    }
}

/// Redirects with 303 to a page of this site or, from a GET, to the provider.
pub fn see_other(location: &str) -> Response {
    match HeaderValue::try_from(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

pub fn with_cookies(response: &mut Response, cookies: impl IntoIterator<Item = Option<HeaderValue>>) {
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

pub async fn stylesheet(State(_): State<SharedSites>) -> Response {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "max-age=300")];
    (headers, Body::from(STYLESHEET)).into_response()
}

/// Adds the headers of every response. The referrer policy is `same-origin`, because with `no-referrer` the browser
/// would send a form with `Origin: null`.
pub async fn add_security_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(PAGE_CSP));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
