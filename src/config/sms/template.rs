//! The texts of an HTTP gateway's settings in which the parts of a message are named: `{to}`, `{text}`.
//!
//! An unknown name is an error, never a literal: a misspelt one would otherwise be sent to every number.

use std::collections::BTreeSet;

use super::super::nearest_key;
use crate::base::clock::Span;

/// A part of a message that a template may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum MessageField {
    /// The message's id, the same at each repetition.
    Id,
    /// The number in E.164 format, with its plus sign.
    To,
    /// The number without the plus sign.
    ToDigits,
    Text,
    /// The minutes, or the seconds, for which the message is worth delivering.
    ValidityMinutes,
    ValiditySeconds,
    /// The value of `secret` or `secret_file`.
    Secret,
}

/// The syntax into which values are filled, and hence the characters to be escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateSyntax {
    /// A URL: everything but unreserved characters is percent-encoded.
    Url,
    /// A header or a plain text: nothing is escaped.
    Plain,
    /// A JSON document: the inside of a string.
    Json,
    Form,
    Xml,
}

impl TemplateSyntax {
    /// Returns the syntax of a media type; `None` if values cannot be escaped in that type.
    pub fn of_media_type(content_type: &str) -> Option<Self> {
        let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media_type.as_str() {
            "application/x-www-form-urlencoded" => Some(Self::Form),
            "text/plain" => Some(Self::Plain),
            "application/json" => Some(Self::Json),
            "application/xml" | "text/xml" => Some(Self::Xml),
            other if other.ends_with("+json") => Some(Self::Json),
            other if other.ends_with("+xml") => Some(Self::Xml),
            _ => None,
        }
    }

    fn escape(self, value: &str) -> String {
        match self {
            Self::Plain => value.to_owned(),
            Self::Form => form_urlencoded::byte_serialize(value.as_bytes()).collect(),
            // A plus sign means a space in a form only.
            Self::Url => form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>().replace('+', "%20"),
            Self::Json => {
                let quoted = serde_json::Value::from(value).to_string();
                quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default().to_owned()
            }
            Self::Xml => {
                let mut text = String::with_capacity(value.len());
                for c in value.chars() {
                    match c {
                        '&' => text.push_str("&amp;"),
                        '<' => text.push_str("&lt;"),
                        '>' => text.push_str("&gt;"),
                        '"' => text.push_str("&quot;"),
                        '\'' => text.push_str("&apos;"),
                        c => text.push(c),
                    }
                }
                text
            }
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum TemplatePart {
    Literal(String),
    Field(MessageField),
}

/// A parsed text with named parts of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageTemplate {
    parts: Vec<TemplatePart>,
}

/// The values of a message.
#[derive(Clone, Copy)]
pub struct MessageFieldValues<'a> {
    pub id: &'a str,
    pub to: &'a str,
    pub text: &'a str,
    pub secret: &'a str,
    pub validity: Span,
}

impl MessageTemplate {
    /// Parses the text of a setting. Braces around anything but a name, as JSON has them, are literal.
    ///
    /// # Errors
    /// A name is not the name of a part of a message.
    pub fn parse(key: &str, text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let (mut literal, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            literal.push_str(before);
            let name = after.split_once('}').map(|(name, _)| name).filter(|name| is_name(name));
            let Some(name) = name else {
                literal.push('{');
                rest = after;
                continue;
            };
            let field = name.parse::<MessageField>().map_err(|_| unknown_field(key, name))?;
            if !literal.is_empty() {
                parts.push(TemplatePart::Literal(std::mem::take(&mut literal)));
            }
            parts.push(TemplatePart::Field(field));
            rest = after.get(name.len() + 1..).unwrap_or_default();
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(TemplatePart::Literal(literal));
        }
        Ok(Self { parts })
    }

    /// True if the text names a part of a message.
    pub fn contains(&self, field: MessageField) -> bool {
        self.parts.contains(&TemplatePart::Field(field))
    }

    /// True if the text names no part of a message.
    pub fn is_constant(&self) -> bool {
        self.parts.iter().all(|part| matches!(part, TemplatePart::Literal(_)))
    }

    /// Returns the text before the first named part.
    pub fn constant_start(&self) -> &str {
        match self.parts.first() {
            Some(TemplatePart::Literal(text)) => text,
            _ => "",
        }
    }

    /// Fills in the values.
    pub fn fill_in(&self, values: MessageFieldValues<'_>, syntax: TemplateSyntax) -> String {
        let mut text = String::new();
        for part in &self.parts {
            let value = match part {
                TemplatePart::Literal(literal) => {
                    text.push_str(literal);
                    continue;
                }
                TemplatePart::Field(MessageField::Id) => values.id.to_owned(),
                TemplatePart::Field(MessageField::To) => values.to.to_owned(),
                TemplatePart::Field(MessageField::ToDigits) => values.to.trim_start_matches('+').to_owned(),
                TemplatePart::Field(MessageField::Text) => values.text.to_owned(),
                TemplatePart::Field(MessageField::ValiditySeconds) => values.validity.as_seconds_ceil().to_string(),
                TemplatePart::Field(MessageField::ValidityMinutes) => {
                    (values.validity.as_seconds_ceil().saturating_add(59) / 60).to_string()
                }
                TemplatePart::Field(MessageField::Secret) => values.secret.to_owned(),
            };
            text.push_str(&syntax.escape(&value));
        }
        text
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn unknown_field(key: &str, name: &str) -> String {
    let all: BTreeSet<String> =
        <MessageField as strum::IntoEnumIterator>::iter().map(|field| <&str>::from(field).to_owned()).collect();
    match nearest_key(name, &all) {
        Some(nearest) => format!("{key}: {{{name}}} is no part of a message; did you mean {{{nearest}}}?"),
        None => {
            let names: Vec<String> = all.iter().map(|name| format!("{{{name}}}")).collect();
            format!("{key}: {{{name}}} is no part of a message: {}", names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: MessageFieldValues<'_> = MessageFieldValues {
        id: "01",
        to: "+33612345678",
        text: "l'été : \"12\" <a&b>\n@h #1",
        secret: "s+é",
        validity: Span::seconds(1_741),
    };

    fn filled(text: &str, syntax: TemplateSyntax) -> String {
        MessageTemplate::parse("k", text).unwrap().fill_in(VALUES, syntax)
    }

    #[test]
    fn values_are_escaped_as_their_surroundings_need_it() {
        for (syntax, text, wanted) in [
            (TemplateSyntax::Plain, "{to}|{to_digits}|{id}", "+33612345678|33612345678|01"),
            (TemplateSyntax::Plain, "{validity_minutes}|{validity_seconds}", "30|1741"),
            (
                TemplateSyntax::Url,
                "/a?t={to}&m={text}",
                "/a?t=%2B33612345678&m=l%27%C3%A9t%C3%A9%20%3A%20%2212%22%20%3Ca%26b%3E%0A%40h%20%231",
            ),
            (TemplateSyntax::Form, "To={to}&k={secret}", "To=%2B33612345678&k=s%2B%C3%A9"),
            (
                TemplateSyntax::Json,
                r#"{"a":{"b":"{text}"},"n":{to_digits}}"#,
                r#"{"a":{"b":"l'été : \"12\" <a&b>\n@h #1"},"n":33612345678}"#,
            ),
            (TemplateSyntax::Xml, "<m>{text}</m>", "<m>l&apos;été : &quot;12&quot; &lt;a&amp;b&gt;\n@h #1</m>"),
            (TemplateSyntax::Plain, "{} { to } {{id}} {", "{} { to } {01} {"),
        ] {
            assert_eq!(filled(text, syntax), wanted, "{text}");
        }
    }

    #[test]
    fn an_unknown_part_is_refused_and_the_nearest_is_named() {
        let said = |text: &str| MessageTemplate::parse("sms.http.body", text).unwrap_err();
        assert_eq!(
            said("{\"to\":\"{todigits}\"}"),
            "sms.http.body: {todigits} is no part of a message; did you mean {to_digits}?"
        );
        assert_eq!(said("{texte}"), "sms.http.body: {texte} is no part of a message; did you mean {text}?");
        assert_eq!(
            said("{0}"),
            "sms.http.body: {0} is no part of a message: {id}, {secret}, {text}, {to}, {to_digits}, {validity_minutes}, \
             {validity_seconds}"
        );
    }

    #[test]
    fn the_syntax_follows_the_media_type() {
        for (content_type, wanted) in [
            ("application/json", Some(TemplateSyntax::Json)),
            ("Application/JSON; charset=utf-8", Some(TemplateSyntax::Json)),
            ("application/vnd.api+json", Some(TemplateSyntax::Json)),
            ("application/x-www-form-urlencoded", Some(TemplateSyntax::Form)),
            ("text/xml", Some(TemplateSyntax::Xml)),
            ("text/plain", Some(TemplateSyntax::Plain)),
            ("multipart/form-data", None),
            ("", None),
        ] {
            assert_eq!(TemplateSyntax::of_media_type(content_type), wanted, "{content_type}");
        }
    }
}
