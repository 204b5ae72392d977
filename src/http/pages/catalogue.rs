//! The messages of both languages, and the template function `t(k="…", arg=…)`.
//!
//! A missing key or argument is an error; neither the key nor the message of the other language is printed instead. In
//! a page, a message is escaped as a whole, then its `**bold**` becomes `<strong>`; stars in an argument stay stars.

use std::collections::HashMap;
use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::FluentValue;
use fluent_bundle::{FluentArgs, FluentResource};
use tera::{Function, Kwargs, State, TeraResult, Value};
use unic_langid::LanguageIdentifier;

use super::{PagesError, embedded_text};
use crate::base::lang::Lang;

/// Replaces a star of an argument while the message's own stars are parsed. A private-use character, not needed by any
/// value.
pub(super) const STAR_PLACEHOLDER: char = '\u{E000}';

/// A part of a message, bold or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageSpan {
    pub text: String,
    pub bold: bool,
}

/// The message bundles, one per language.
pub(super) struct Catalogue {
    bundles: HashMap<&'static str, FluentBundle<FluentResource>>,
}

impl Catalogue {
    pub(super) fn load() -> Result<Catalogue, PagesError> {
        let mut bundles = HashMap::new();
        for lang in Lang::ALL {
            let tag = lang.tag();
            let fail = |file: &str, detail: String| PagesError::Catalogue { file: file.to_owned(), detail };
            let id: LanguageIdentifier = tag.parse().map_err(|_| fail(tag, "not a language identifier".to_owned()))?;
            let mut bundle = FluentBundle::new_concurrent(vec![id]);
            bundle.set_use_isolating(false);
            let file = catalogue_file(lang);
            let resource = FluentResource::try_new(embedded_text(&file)?)
                .map_err(|(_, errors)| fail(&file, format!("{errors:?}")))?;
            bundle.add_resource(resource).map_err(|errors| fail(&file, format!("{errors:?}")))?;
            bundles.insert(tag, bundle);
        }
        Ok(Catalogue { bundles })
    }

    /// Returns a message as plain text.
    pub(super) fn text(&self, lang: Lang, key: &str, args: &[(&str, &str)]) -> Result<String, PagesError> {
        let mut fluent = FluentArgs::new();
        for (name, value) in args {
            fluent.set(*name, FluentValue::from(*value));
        }
        self.format(lang.tag(), key, &fluent)
    }

    /// Returns a message in parts: the message's own `**bold**` makes bold parts, stars in an argument stay stars.
    pub(super) fn spans(&self, lang: Lang, key: &str, args: &[(&str, &str)]) -> Result<Vec<MessageSpan>, PagesError> {
        let hidden: Vec<(&str, String)> = args.iter().map(|(name, value)| (*name, hide_stars(value))).collect();
        let args: Vec<(&str, &str)> = hidden.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let text = self.text(lang, key, &args)?;
        let span = |text: &str, bold| MessageSpan { text: text.replace(STAR_PLACEHOLDER, "*"), bold };
        let (mut out, mut rest) = (Vec::new(), text.as_str());
        while let Some((before, bold, after)) = split_bold(rest) {
            out.extend([span(before, false), span(bold, true)]);
            rest = after;
        }
        out.push(span(rest, false));
        out.retain(|span| !span.text.is_empty());
        Ok(out)
    }

    fn format(&self, lang: &str, key: &str, args: &FluentArgs<'_>) -> Result<String, PagesError> {
        let tag = Lang::from_tag(lang).unwrap_or_default().tag();
        let fail = |detail: String| PagesError::Message { key: key.to_owned(), lang: tag, detail };
        let bundle = self.bundles.get(tag).ok_or_else(|| fail("no such language".to_owned()))?;
        let pattern = bundle
            .get_message(key)
            .and_then(|message| message.value())
            .ok_or_else(|| fail("no such message".to_owned()))?;
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(args), &mut errors).into_owned();
        if errors.is_empty() { Ok(text) } else { Err(fail(format!("{errors:?}"))) }
    }
}

/// Returns the file of a language's messages.
pub(super) fn catalogue_file(lang: Lang) -> String {
    format!("messages/{}.ftl", lang.tag())
}

/// The function `t(k="key", argument=value)`: returns the message in the page's language, escaped for HTML.
///
/// A component does not see the page's context: the component must declare `@lang`.
pub(super) struct Translate(Arc<Catalogue>);

impl Translate {
    pub(super) fn new(catalogue: Arc<Catalogue>) -> Self {
        Translate(catalogue)
    }
}

impl Function<TeraResult<String>> for Translate {
    fn call(&self, kwargs: Kwargs, state: &State) -> TeraResult<String> {
        let key = kwargs.must_get::<&str>("k")?;
        let lang = state
            .get::<String>("lang")?
            .ok_or_else(|| tera::Error::message(format!("t(k=\"{key}\"): no `lang` here; declare @lang")))?;
        let mut args = FluentArgs::new();
        for (name, value) in kwargs.iter() {
            if let Some(name) = name.as_str().filter(|name| *name != "k") {
                args.set(name.to_owned(), argument(key, name, value)?);
            }
        }
        let text = self.0.format(&lang, key, &args).map_err(tera::Error::message)?;
        Ok(embolden(&state.escape(&text)?).replace(STAR_PLACEHOLDER, "*"))
    }

    fn is_safe(&self) -> bool {
        true
    }
}

fn argument(key: &str, name: &str, value: &Value) -> TeraResult<FluentValue<'static>> {
    if let Some(number) = value.as_i64() {
        return Ok(FluentValue::from(number));
    }
    let text = value.as_str().ok_or_else(|| {
        tera::Error::message(format!("t(k=\"{key}\"): {name} is {}, not a text or a number", value.name()))
    })?;
    Ok(FluentValue::from(hide_stars(text)))
}

/// Replaces the stars of an argument, which are no markup.
fn hide_stars(text: &str) -> String {
    text.replace(STAR_PLACEHOLDER, "").replace('*', &STAR_PLACEHOLDER.to_string())
}

/// Splits text at its first `**bold**`: before, bold, after.
fn split_bold(text: &str) -> Option<(&str, &str, &str)> {
    let (before, tail) = text.split_once("**")?;
    let (bold, after) = tail.split_once("**")?;
    Some((before, bold, after))
}

/// Converts `**word**` to `<strong>word</strong>` in escaped text. An unclosed pair stays unchanged.
fn embolden(escaped: &str) -> String {
    let mut out = String::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((before, bold, after)) = split_bold(rest) {
        out.push_str(before);
        out.push_str("<strong>");
        out.push_str(bold);
        out.push_str("</strong>");
        rest = after;
    }
    out.push_str(rest);
    out
}
