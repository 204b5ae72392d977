//! The messages of both languages, and the function `t(k="…", arg=…)` that templates call.
//!
//! A key or an argument that is missing is an error, never printed and never taken from the other
//! language. In a page a message is escaped as a whole, then its `**bold**` becomes `<strong>`; stars
//! that come from an argument stay stars.

use std::collections::HashMap;
use std::sync::Arc;

use fluent_templates::fluent_bundle::types::FluentValue;
use fluent_templates::fluent_bundle::{FluentArgs, FluentResource};
use fluent_templates::{FluentBundle, LanguageIdentifier};
use tera::{Function, Kwargs, State, TeraResult, Value};

use super::{Files, PagesError, embedded_text};
use crate::base::lang::Lang;

/// Stands for a star of an argument while the message's own stars are read. Private use: no value needs it.
pub(super) const STAR: char = '\u{E000}';

/// One bundle a language, from every `{fr,en}.ftl` below `templates/`.
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
            for file in catalogue_files(lang) {
                let resource = FluentResource::try_new(embedded_text(&file)?)
                    .map_err(|(_, errors)| fail(&file, format!("{errors:?}")))?;
                bundle.add_resource(resource).map_err(|errors| fail(&file, format!("{errors:?}")))?;
            }
            bundles.insert(tag, bundle);
        }
        Ok(Catalogue { bundles })
    }

    /// A message as plain text.
    pub(super) fn text(&self, lang: Lang, key: &str, args: &[(&str, &str)]) -> Result<String, PagesError> {
        let mut fluent = FluentArgs::new();
        for (name, value) in args {
            fluent.set(*name, FluentValue::from(*value));
        }
        self.format(lang.tag(), key, &fluent)
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

/// Names of the catalogues of a language: the house's, and one in any folder that brings its own.
pub(super) fn catalogue_files(lang: Lang) -> Vec<String> {
    let end = format!("/{}.ftl", lang.tag());
    Files::iter().filter(|name| name.ends_with(&end)).map(|name| name.to_string()).collect()
}

/// `t(k="key", argument=value)`: the message in the page's language, ready for HTML.
///
/// Inside a component the page's context is not seen: the component must declare `@lang`.
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
        Ok(embolden(&state.escape(&text)?).replace(STAR, "*"))
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
    Ok(FluentValue::from(text.replace(STAR, "").replace('*', &STAR.to_string())))
}

/// `**word**` to `<strong>word</strong>`, in text that is escaped already. A pair left open stays as it is.
fn embolden(escaped: &str) -> String {
    let mut out = String::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((before, bold, after)) = rest.split_once("**").and_then(|(before, tail)| {
        let (bold, after) = tail.split_once("**")?;
        Some((before, bold, after))
    }) {
        out.push_str(before);
        out.push_str("<strong>");
        out.push_str(bold);
        out.push_str("</strong>");
        rest = after;
    }
    out.push_str(rest);
    out
}
