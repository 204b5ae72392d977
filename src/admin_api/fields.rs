//! The parameters and members that an endpoint takes: their checks, and their schema, from one table. Pure.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::problems::{ApiRefusal, ProblemCode};
use crate::protocol::json;
use crate::protocol::params::Params;

/// The kind of a value.
#[derive(Clone, Copy, Debug)]
pub enum FieldKind {
    /// A text of at most so many characters.
    Text(usize),
    /// A day of the calendar, as `2026-11-30`.
    Day,
    /// One of some words.
    Word(&'static [&'static str]),
    /// A whole number, between two.
    Whole(i64, i64),
    Flag,
    /// At most so many texts, each of at most so many characters.
    Texts(usize, usize),
    /// Some of some words.
    Words(&'static [&'static str]),
    /// Texts of at most so many characters, by some words.
    TextsByWord(&'static [&'static str], usize),
}

/// A parameter of the query, or a member of the body.
#[derive(Clone, Copy, Debug)]
pub struct BodyField {
    pub name: &'static str,
    pub kind: FieldKind,
    pub required: bool,
}

impl BodyField {
    pub const fn new(name: &'static str, kind: FieldKind) -> Self {
        BodyField { name, kind, required: false }
    }

    pub const fn required(name: &'static str, kind: FieldKind) -> Self {
        BodyField { name, kind, required: true }
    }

    /// Returns the JSON schema of the value.
    pub fn schema(&self) -> Value {
        match self.kind {
            FieldKind::Text(max) => json!({ "type": "string", "maxLength": max, "pattern": TEXT_PATTERN }),
            FieldKind::Day => json!({ "type": "string", "format": "date" }),
            FieldKind::Word(words) => json!({ "type": "string", "enum": words }),
            FieldKind::Whole(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
            FieldKind::Flag => json!({ "type": "boolean" }),
            FieldKind::Texts(items, max) => {
                let text = BodyField::new("", FieldKind::Text(max)).schema();
                json!({ "type": "array", "maxItems": items, "items": text })
            }
            FieldKind::Words(words) => {
                json!({ "type": "array", "maxItems": words.len(), "items": { "type": "string", "enum": words } })
            }
            FieldKind::TextsByWord(words, max) => {
                let text = BodyField::new("", FieldKind::Text(max)).schema();
                let members: Map<String, Value> = words.iter().map(|word| ((*word).to_owned(), text.clone())).collect();
                json!({ "type": "object", "properties": members, "additionalProperties": false })
            }
        }
    }

    fn takes(&self, value: &Value) -> bool {
        let text = |value: &Value, max: usize| value.as_str().is_some_and(|text| is_text(text, max));
        let word = |value: &Value, words: &[&str]| value.as_str().is_some_and(|text| words.contains(&text));
        match (self.kind, value) {
            (FieldKind::Text(max), value) => text(value, max),
            (FieldKind::Day, value) => value.as_str().is_some_and(is_day),
            (FieldKind::Word(words), value) => word(value, words),
            (FieldKind::Whole(min, max), value) => value.as_i64().is_some_and(|n| (min..=max).contains(&n)),
            (FieldKind::Flag, value) => value.is_boolean(),
            (FieldKind::Texts(items, max), Value::Array(all)) => {
                all.len() <= items && all.iter().all(|value| text(value, max))
            }
            (FieldKind::Words(words), Value::Array(all)) => {
                all.len() <= words.len() && all.iter().all(|value| word(value, words))
            }
            (FieldKind::TextsByWord(words, max), Value::Object(all)) => {
                all.iter().all(|(name, value)| words.contains(&name.as_str()) && text(value, max))
            }
            _ => false,
        }
    }
}

/// The pattern of a text, as [`is_text`] takes it.
const TEXT_PATTERN: &str = r"^[^\u0000-\u0008\u000B-\u001F\u007F-\u009F]*$";

/// True for a day that a calendar has, written in ten signs (RFC 3339 5.6, `full-date`).
fn is_day(text: &str) -> bool {
    text.len() == 10 && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

/// True for a text of at most so many characters without control characters but line feeds and tabs: a database refuses
/// NUL.
fn is_text(text: &str, max: usize) -> bool {
    text.chars().count() <= max && !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
}

/// The members of a body, each one known and of its kind.
#[derive(Clone, Debug, Default)]
pub struct ApiBody(Map<String, Value>);

impl ApiBody {
    /// Reads a body.
    ///
    /// # Errors
    /// It is no JSON object, a member stands twice, is unknown, missing or of another kind.
    pub fn read(fields: &[BodyField], bytes: &[u8]) -> Result<Self, ApiRefusal> {
        let members = match bytes.is_empty() {
            true => Map::new(),
            false => json::object(bytes).ok_or(ProblemCode::BadJson)?,
        };
        let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
        for (name, value) in &members {
            let Some(field) = fields.iter().find(|field| field.name == name) else {
                return Err(ApiRefusal::unknown(ProblemCode::UnknownField, name, &known));
            };
            if !field.takes(value) {
                return Err(ApiRefusal::of_field(ProblemCode::BadValue, field.name).with("expected", field.schema()));
            }
        }
        match fields.iter().find(|field| field.required && !members.contains_key(field.name)) {
            Some(missing) => Err(ApiRefusal::of_field(ProblemCode::MissingField, missing.name)),
            None => Ok(ApiBody(members)),
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    pub fn whole(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    pub fn flag(&self, name: &str) -> Option<bool> {
        self.0.get(name)?.as_bool()
    }

    /// Returns the texts of a list.
    pub fn texts(&self, name: &str) -> Option<Vec<String>> {
        let all = self.0.get(name)?.as_array()?;
        Some(all.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Returns the texts by word.
    pub fn texts_by_word(&self, name: &str) -> Option<Vec<(String, String)>> {
        let all = self.0.get(name)?.as_object()?;
        Some(all.iter().filter_map(|(word, text)| Some((word.clone(), text.as_str()?.to_owned()))).collect())
    }
}

/// Checks the parameters of a query.
///
/// # Errors
/// One is unknown, missing, doubled, or of another kind; or it is a token.
pub fn check_query(fields: &[BodyField], query: &Params) -> Result<(), ApiRefusal> {
    let known: Vec<&str> = fields.iter().map(|field| field.name).collect();
    if query.names().any(|name| name == "access_token") {
        return Err(ProblemCode::TokenInQuery.into());
    }
    if query.error().is_some() {
        return Err(ProblemCode::BadParameter.into());
    }
    for name in query.names().chain(query.names_without_value()) {
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            return Err(ApiRefusal::unknown(ProblemCode::UnknownParameter, name, &known));
        };
        let text = query.form_value(name);
        let value = match field.kind {
            FieldKind::Whole(..) => text.parse::<i64>().map_or(Value::Null, Value::from),
            _ => Value::from(text),
        };
        if !field.takes(&value) {
            return Err(ApiRefusal::of_field(ProblemCode::BadParameter, field.name).with("expected", field.schema()));
        }
    }
    match fields.iter().find(|field| field.required && query.get(field.name).is_none()) {
        Some(missing) => Err(ApiRefusal::of_field(ProblemCode::BadParameter, missing.name)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [BodyField; 7] = [
        BodyField::required("reason", FieldKind::Text(5)),
        BodyField::new("kind", FieldKind::Word(&["a", "b"])),
        BodyField::new("days", FieldKind::Whole(0, 30)),
        BodyField::new("send", FieldKind::Flag),
        BodyField::new("uris", FieldKind::Texts(2, 3)),
        BodyField::new("scopes", FieldKind::Words(&["x", "y"])),
        BodyField::new("why", FieldKind::TextsByWord(&["x", "y"], 3)),
    ];

    #[test]
    fn a_body_is_taken_whole_or_refused_with_the_member_that_is_wrong() {
        let problem =
            |e: ApiRefusal| (e.code.name(), e.members.get("field").and_then(Value::as_str).map(str::to_owned));
        let code = |text: &str| ApiBody::read(&FIELDS, text.as_bytes()).err().map(problem);
        let whole = r#"{"reason":"é\n","kind":"a","days":30,"send":true,"uris":["a"],"scopes":["x"],"why":{"x":"u"}}"#;
        assert_eq!(code(whole), None);
        for (text, problem, field) in [
            ("", "missing_field", "reason"),
            ("{}", "missing_field", "reason"),
            ("[]", "bad_json", ""),
            ("{", "bad_json", ""),
            (r#"{"reason":"a","reason":"b"}"#, "bad_json", ""),
            (r#"{"reasn":"a"}"#, "unknown_field", "reasn"),
            (r#"{"reason":"abcdef"}"#, "bad_value", "reason"),
            (r#"{"reason":"a\u0000"}"#, "bad_value", "reason"),
            (r#"{"reason":null}"#, "bad_value", "reason"),
            (r#"{"reason":{"a":1}}"#, "bad_value", "reason"),
            (r#"{"reason":"a","kind":"c"}"#, "bad_value", "kind"),
            (r#"{"reason":"a","days":31}"#, "bad_value", "days"),
            (r#"{"reason":"a","days":1.5}"#, "bad_value", "days"),
            (r#"{"reason":"a","days":"1"}"#, "bad_value", "days"),
            (r#"{"reason":"a","send":"true"}"#, "bad_value", "send"),
            (r#"{"reason":"a","uris":["a","b","c"]}"#, "bad_value", "uris"),
            (r#"{"reason":"a","uris":"a"}"#, "bad_value", "uris"),
            (r#"{"reason":"a","scopes":["z"]}"#, "bad_value", "scopes"),
            (r#"{"reason":"a","why":{"z":"a"}}"#, "bad_value", "why"),
        ] {
            let field = Some(field.to_owned()).filter(|field| !field.is_empty());
            assert_eq!(code(text), Some((problem, field)), "{text}");
        }
        let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
        assert_eq!(code(&format!(r#"{{"reason":{deep}}}"#)).map(|(code, _)| code), Some("bad_json"));
    }

    #[test]
    fn a_day_is_one_of_the_calendar() {
        for (text, right) in [
            ("2026-11-30", true),
            ("2026-02-30", false),
            ("2026-2-3", false),
            ("30/11/2026", false),
            ("2026-11-30Z", false),
            ("", false),
        ] {
            assert_eq!(is_day(text), right, "{text}");
        }
    }

    #[test]
    fn a_query_has_known_parameters_once_and_no_token() {
        let fields = [BodyField::new("limit", FieldKind::Whole(1, 100)), BodyField::required("q", FieldKind::Text(5))];
        let code = |text: &str| check_query(&fields, &Params::parse(text)).err().map(|e| e.code.name());
        for (text, problem) in [
            ("q=a", None),
            ("q=a&limit=100", None),
            ("limit=1", Some("bad_parameter")),
            ("q=a&limit=0", Some("bad_parameter")),
            ("q=a&limit=x", Some("bad_parameter")),
            ("q=a&q=b", Some("bad_parameter")),
            ("q=a%00", Some("bad_parameter")),
            ("q=abcdef", Some("bad_parameter")),
            ("q=a&limt=1", Some("unknown_parameter")),
            ("q=a&limt=", Some("unknown_parameter")),
            ("q=a&limit=", Some("bad_parameter")),
            ("q=a&limit", Some("bad_parameter")),
            ("q=", Some("bad_parameter")),
            ("q=a&access_token=x", Some("token_in_query")),
        ] {
            assert_eq!(code(text), problem, "{text}");
        }
    }
}
