//! Everything that a person reads: one typed context a page, one template, two languages.
//!
//! Templates, messages and assets are read from the binary and all parsed at start, so that a page that
//! cannot be drawn stops the server from starting and not a parent from signing in. A page is a struct
//! ([`Page`]): handlers only fill it. Its samples are drawn by the tests in both languages.
//!
//! It must not read the request, the clock or a store, and it must not write markup from a value: what
//! comes from outside is escaped, and a message's own `**bold**` is the only markup a message can make.

mod assets;
mod catalogue;
#[cfg(test)]
mod tests;
pub mod when;

use std::sync::Arc;

use rust_embed::Embed;
use serde::Serialize;
use tera::{Context, Tera};

use crate::base::lang::Lang;
use crate::ephemeral::IN_ADDRESS;

pub use assets::{Asset, asset};
use catalogue::Catalogue;

/// The folder `templates/` as it was when the binary was built.
#[derive(Embed)]
#[folder = "templates/"]
struct Files;

/// What a template shows. A field that a template names must always be there; absent is `None`, not missing.
pub trait Page: Serialize {
    /// Path below `templates/`, ending in `.html` (only then is everything escaped).
    const TEMPLATE: &'static str;

    /// One value for each state that the page can be in; the tests draw each in both languages.
    fn samples() -> Vec<Self>
    where
        Self: Sized;
}

/// How a page is asked for.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub lang: Lang,
    /// Path and query of this page (`/connexion?i=…`), for the link to the other language.
    pub here: &'a str,
}

/// Why a page cannot be drawn: always our fault.
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

/// All templates and messages, parsed. Built once, shared.
pub struct Pages {
    tera: Tera,
    catalogue: Arc<Catalogue>,
    service: String,
}

impl Pages {
    /// `service` is the name in the header and in titles (`deployment.name`).
    /// `contact` is whom to write to, an e-mail or https address, or empty.
    pub fn load(service: &str, contact: &str) -> Result<Pages, PagesError> {
        let catalogue = Arc::new(Catalogue::load()?);
        let mut tera = Tera::new();
        tera.register_function("t", catalogue::Translate::new(Arc::clone(&catalogue)));
        let mut texts = Vec::new();
        // The demo's neighbours are other sites, with templates of their own.
        for file in Files::iter().filter(|name| name.ends_with(".html") && !name.starts_with("demo/")) {
            texts.push((file.to_string(), embedded_text(&file)?));
        }
        tera.add_raw_templates(texts)?;
        for (name, file) in [("css", "preau.css"), ("js", "preau.js"), ("icon", "favicon.svg")] {
            tera.global_context().insert(name, &assets::link(file));
        }
        tera.global_context().insert("house", service);
        tera.global_context().insert("contact", contact);
        tera.global_context().insert("contact_href", &crate::config::contact_href(contact).unwrap_or_default());
        Ok(Pages { tera, catalogue, service: service.to_owned() })
    }

    /// The whole HTML document.
    pub fn render<P: Page>(&self, view: &View<'_>, page: &P) -> Result<String, PagesError> {
        let mut context = Context::from_serialize(page)?;
        context.insert("lang", view.lang.tag());
        context.insert("other_lang", view.lang.other().tag());
        context.insert("other_lang_href", &in_language(view.here, view.lang.other()));
        let kept = Kept::of(view.here);
        context.insert("kept", &kept.query());
        context.insert("start_query", &kept.service_query());
        context.insert("back_href", &kept.back());
        Ok(self.tera.render(P::TEMPLATE, &context)?)
    }

    /// A message as plain text, for what is no page: an SMS. Nothing is escaped.
    pub fn text(&self, lang: Lang, key: &str, args: &[(&str, &str)]) -> Result<String, PagesError> {
        self.catalogue.text(lang, key, args)
    }

    /// The service's name, as the header says it.
    pub fn service(&self) -> &str {
        &self.service
    }
}

/// The text of a file of `templates/`.
fn embedded_text(name: &str) -> Result<String, PagesError> {
    let bytes = Files::get(name).map(|file| file.data.into_owned()).unwrap_or_default();
    String::from_utf8(bytes).map_err(|_| PagesError::NotText { file: name.to_owned() })
}

/// What a page's address may carry over to its other language: the names that our own pages use. The rest is
/// whatever somebody sent (a foreign address, an ID token), and a page must not repeat it.
const KEPT: [&str; 7] = ["i", "client_id", "a", "motif", "renvoi", "identifiant", "retour"];

/// The pages to which help leads back: a step of a sign-in or an activation must not be lost by reading.
const STEPS: [&str; 11] = [
    "/connexion",
    "/activation",
    "/activation/code",
    "/activation/enfants",
    "/activation/suite",
    "/activation/mot-de-passe",
    "/activation/feuille",
    "/activation/terminee",
    "/identifiant-oublie",
    "/mot-de-passe-oublie",
    "/compte",
];

/// What links to help carry: the request that waits, the activation, and the step (`retour`) to come back to.
struct Kept {
    /// `i`, `client_id`, `a`.
    carried: Vec<(&'static str, String)>,
    step: Option<&'static str>,
}

impl Kept {
    fn of(here: &str) -> Self {
        let here = here.split('#').next().unwrap_or_default();
        let (path, query) = here.split_once('?').unwrap_or((here, ""));
        let (mut carried, mut step) = (Vec::new(), STEPS.into_iter().find(|known| *known == path));
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if let Some(known) = ["i", "client_id", "a"].into_iter().find(|known| *known == name)
                && plain(known, &value)
            {
                carried.push((known, value.into_owned()));
            } else if name == "retour" && step.is_none() {
                step = STEPS.into_iter().find(|known| known.trim_start_matches('/') == value);
            }
        }
        Kept { carried, step }
    }

    fn encoded(&self, take: impl Fn(&str) -> bool, step: Option<&str>) -> String {
        let mut pairs = form_urlencoded::Serializer::new(String::new());
        pairs.extend_pairs(self.carried.iter().filter(|(name, _)| take(name)));
        if let Some(step) = step {
            pairs.append_pair("retour", step.trim_start_matches('/'));
        }
        let query = pairs.finish();
        if query.is_empty() { query } else { format!("?{query}") }
    }

    /// For a link to help.
    fn query(&self) -> String {
        self.encoded(|_| true, self.step)
    }

    /// For a link to the start of an activation.
    fn service_query(&self) -> String {
        self.encoded(|name| name != "a", None)
    }

    /// The step to come back to.
    fn back(&self) -> Option<String> {
        self.step.map(|step| format!("{step}{}", self.encoded(|_| true, None)))
    }
}

/// The waiting request travels sealed in `i` (docs/threats.md#faults-a6), so that name alone may be long.
fn plain(name: &str, text: &str) -> bool {
    let most = if name == "i" { IN_ADDRESS } else { 100 };
    text.len() <= most
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~' | b'/'))
}

/// The same page with `lang=` set to the other language. What does not begin with one slash could lead to
/// another site (`//host`), so only its query is kept: the link then stays where the person is.
fn in_language(here: &str, lang: Lang) -> String {
    let here = here.split('#').next().unwrap_or_default();
    let (path, query) = here.split_once('?').unwrap_or((here, ""));
    let ours = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    let known = form_urlencoded::parse(query.as_bytes()).filter(|(name, v)| KEPT.contains(&&**name) && plain(name, v));
    pairs.extend_pairs(known);
    pairs.append_pair("lang", lang.tag());
    format!("{}?{}", if ours { path } else { "" }, pairs.finish())
}
