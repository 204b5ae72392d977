//! The user interface: one typed context per page, one template, two languages.
//!
//! Templates, messages and assets are embedded in the binary and all parsed at start, so that a broken page stops the
//! server from starting and not a parent from signing in. A page is a struct ([`Page`]) filled by a handler. The tests
//! render the samples of each page in both languages.
//!
//! This module must not read the request, the clock or a store, and must not produce markup from a value: input is
//! escaped, and only the `**bold**` of a message becomes markup.

mod assets;
mod catalogue;
pub mod date_fields;
pub mod dates;
pub mod day_chart;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use rust_embed::Embed;
use serde::Serialize;
use tera::{Context, Tera};

use super::paths;
use crate::base::lang::Lang;
use crate::config;
use crate::ephemeral::MAX_STATE_PARAMETER_BYTES;

pub use assets::{Asset, asset, font};
use catalogue::Catalogue;
pub use catalogue::MessageSpan;

/// The folder `templates/`, embedded at build time.
#[derive(Embed)]
#[folder = "templates/"]
struct Files;

/// The context of a template. Every field named in the template must be present; an absent value is `None`, not
/// missing.
pub trait Page: Serialize {
    /// Path below `templates/`, ending in `.html` (the condition for automatic escaping).
    const TEMPLATE: &'static str;

    /// Returns one value for each state of the page; the tests render each in both languages.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// The language and address of a rendered page.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub lang: Lang,
    /// Path and query of the page (`/connexion?i=…`), for the link to the other language.
    pub path_and_query: &'a str,
}

/// The errors of loading and rendering, always internal errors.
#[derive(Debug, thiserror::Error)]
pub enum PagesError {
    #[error("template: {0:?}")]
    Template(#[from] tera::Error),
    #[error("{file} is not UTF-8")]
    NotText { file: String },
    #[error("catalogue {file}: {detail}")]
    Catalogue { file: String, detail: String },
    #[error("message {key} in {lang}: {detail}")]
    Message { key: String, lang: &'static str, detail: String },
}

/// All parsed templates and messages, without what a deployment says. Parsed once, shared.
pub struct PageTemplates {
    tera: Tera,
    catalogue: Arc<Catalogue>,
}

impl PageTemplates {
    /// Parses the embedded templates and messages.
    pub fn load() -> Result<PageTemplates, PagesError> {
        let catalogue = Arc::new(Catalogue::load()?);
        let mut tera = Tera::new();
        tera.register_function("t", catalogue::Translate::new(Arc::clone(&catalogue)));
        let mut texts = Vec::new();
        // The demo sites have templates of their own.
        for file in Files::iter().filter(|name| name.ends_with(".html") && !name.starts_with("demo/")) {
            texts.push((file.to_string(), embedded_text(&file)?));
        }
        tera.add_raw_templates(texts)?;
        for (name, file) in [
            ("css", "preau.css"),
            ("console_css", "console.css"),
            ("js", "preau.js"),
            ("passkeys_js", "passkeys.js"),
            ("icon", "favicon.svg"),
        ] {
            tera.global_context().insert(name, &assets::link(file));
        }
        Ok(PageTemplates { tera, catalogue })
    }
}

/// The pages of a deployment.
pub struct PageRenderer {
    templates: Arc<PageTemplates>,
    service_name: String,
    contact: String,
    contact_href: String,
}

impl PageRenderer {
    /// Loads the templates and messages. `service` is the name in the header and in titles (`deployment.name`).
    /// `contact` is an e-mail or https address for support, or empty.
    pub fn load(service: &str, contact: &str) -> Result<PageRenderer, PagesError> {
        Ok(Self::new(Arc::new(PageTemplates::load()?), service, contact))
    }

    /// Makes the pages of a deployment, with templates that are parsed already where there are some.
    pub fn load_with(parsed: Option<Arc<PageTemplates>>, of: &config::Deployment) -> Result<PageRenderer, PagesError> {
        let templates = parsed.map_or_else(|| PageTemplates::load().map(Arc::new), Ok)?;
        Ok(Self::new(templates, &of.name, &of.contact))
    }

    /// Like [`PageRenderer::load`], with templates that are parsed already.
    pub fn new(templates: Arc<PageTemplates>, service: &str, contact: &str) -> PageRenderer {
        let contact_href = config::contact_href(contact).unwrap_or_default();
        PageRenderer { templates, service_name: service.to_owned(), contact: contact.to_owned(), contact_href }
    }

    /// Renders the complete HTML document.
    pub fn render<P: Page>(&self, view: &View<'_>, page: &P) -> Result<String, PagesError> {
        let mut context = Context::from_serialize(page)?;
        context.insert("house", &self.service_name);
        context.insert("contact", &self.contact);
        context.insert("contact_href", &self.contact_href);
        context.insert("lang", view.lang.tag());
        context.insert("other_lang", view.lang.other().tag());
        context.insert("other_lang_href", &href_in_language(view.path_and_query, view.lang.other()));
        let kept = CarriedQuery::parse(view.path_and_query);
        context.insert("kept", &kept.query());
        context.insert("start_query", &kept.service_query());
        context.insert("back_href", &kept.return_href());
        Ok(self.templates.tera.render(P::TEMPLATE, &context)?)
    }

    /// Returns a message as plain text, unescaped, for output other than pages: an SMS.
    pub fn message(&self, lang: Lang, key: &str, args: &[(&str, &str)]) -> Result<String, PagesError> {
        self.templates.catalogue.text(lang, key, args)
    }

    /// Returns a message in parts, for output other than pages that has bold letters: paper.
    pub fn message_spans(&self, lang: Lang, key: &str, args: &[(&str, &str)]) -> Result<Vec<MessageSpan>, PagesError> {
        self.templates.catalogue.spans(lang, key, args)
    }

    /// Returns the service name shown in the header.
    pub fn service_name(&self) -> &str {
        &self.service_name
    }
}

/// Returns the text of a file of `templates/`.
fn embedded_text(name: &str) -> Result<String, PagesError> {
    let bytes = Files::get(name).map(|file| file.data.into_owned()).unwrap_or_default();
    String::from_utf8(bytes).map_err(|_| PagesError::NotText { file: name.to_owned() })
}

/// The query parameters preserved in the link to the other language: the names used by pages of the service. Other
/// parameters are untrusted (a foreign address, an ID token), and must not be repeated on a page.
const CARRIED_PARAMETERS: [&str; 14] = [
    "i",
    "client_id",
    "a",
    "f",
    "r",
    "s",
    "vers",
    "aide",
    "motif",
    "renvoi",
    "identifiant",
    "retour",
    "choisir",
    "moyen",
];

/// The pages to which help links back, so that reading help does not lose a step of a sign-in or an activation.
const RETURN_PATHS: [&str; 20] = [
    paths::SIGN_IN,
    paths::FEDERATION,
    paths::FACTOR,
    paths::ACTIVATION,
    paths::ACTIVATION_CODE,
    paths::ACTIVATION_CHILDREN,
    paths::ACTIVATION_OUTCOME,
    paths::ACTIVATION_PASSWORD,
    paths::ACTIVATION_SHEET,
    paths::ACTIVATION_DONE,
    paths::FORGOTTEN_IDENTIFIANT,
    paths::FORGOTTEN_PASSWORD,
    paths::RECOVERY_CODE,
    paths::RECOVERY_CHILDREN,
    paths::RECOVERY_BIRTH,
    paths::RECOVERY_FACTOR,
    paths::RECOVERY_PASSWORD,
    paths::RECOVERY_OUTCOME,
    paths::RECOVERY_DONE,
    paths::ACCOUNT,
];

/// The query of links to help: the pending request, the activation or recovery, and the step to return to (`retour`).
struct CarriedQuery {
    /// The parameters `i`, `client_id`, `a`, `f`, `r`, `s` and `vers`.
    parameters: Vec<(&'static str, String)>,
    return_path: Option<&'static str>,
}

impl CarriedQuery {
    fn parse(here: &str) -> Self {
        let here = here.split('#').next().unwrap_or_default();
        let (path, query) = here.split_once('?').unwrap_or((here, ""));
        let (mut carried, mut step) = (Vec::new(), RETURN_PATHS.into_iter().find(|known| *known == path));
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if let Some(known) = ["i", "client_id", "a", "f", "r", "s", "vers"].into_iter().find(|known| *known == name)
                && is_plain_value(known, &value)
            {
                carried.push((known, value.into_owned()));
            } else if name == "retour" && step.is_none() {
                step = RETURN_PATHS.into_iter().find(|known| known.trim_start_matches('/') == value);
            }
        }
        CarriedQuery { parameters: carried, return_path: step }
    }

    fn encode(&self, take: impl Fn(&str) -> bool, step: Option<&str>) -> String {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.extend_pairs(self.parameters.iter().filter(|(name, _)| take(name)));
        if let Some(step) = step {
            pairs.append_pair("retour", step.trim_start_matches('/'));
        }
        let query = pairs.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    /// Returns the query of a link to help.
    fn query(&self) -> String {
        self.encode(|_| true, self.return_path)
    }

    /// Returns the query of a link to the start of an activation.
    fn service_query(&self) -> String {
        self.encode(|name| !["a", "f", "r", "s", "vers"].contains(&name), None)
    }

    /// Returns the link back to the step.
    fn return_href(&self) -> Option<String> {
        self.return_path.map(|step| format!("{step}{}", self.encode(|_| true, None)))
    }
}

/// True if the value is short and has only unreserved characters and `/`. Only `i` may be long, because `i` contains
/// the sealed pending request (docs/threats.md#faults-a6).
fn is_plain_value(name: &str, text: &str) -> bool {
    let most = if name == "i" { MAX_STATE_PARAMETER_BYTES } else { 100 };
    text.len() <= most
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'/'))
}

/// Returns the same page with `lang=` set to the other language. A path without exactly one leading slash could lead to
/// another site (`//host`), so only the query is kept: the link then stays on the current page.
fn href_in_language(here: &str, lang: Lang) -> String {
    let here = here.split('#').next().unwrap_or_default();
    let (path, query) = here.split_once('?').unwrap_or((here, ""));
    let ours = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    let known = form_urlencoded::parse(query.as_bytes())
        .filter(|(name, v)| CARRIED_PARAMETERS.contains(&&**name) && is_plain_value(name, v));
    pairs.extend_pairs(known);
    pairs.append_pair("lang", lang.tag());
    format!("{}?{}", if ours { path } else { "" }, pairs.finish())
}
