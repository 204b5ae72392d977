//! What an answer of an HTTP gateway must be to mean something: its status, and a value in its JSON.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A rule that an answer meets or not: its status is one of `status`, and the value at `json_pointer` is one of
/// `equals`. What is not configured is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnswerRule {
    pub status: Vec<u16>,
    /// The place of a value in the answer's JSON (RFC 6901): `/status`, `/messages/0/code`.
    pub json_pointer: Option<String>,
    /// The values meant, as texts, numbers or booleans; one or several.
    #[serde(deserialize_with = "one_or_several")]
    pub equals: Vec<String>,
}

/// The keys of a rule.
pub const ANSWER_RULE_KEYS: [&str; 3] = ["status", "json_pointer", "equals"];

impl AnswerRule {
    pub(super) fn check(&self, key: &str) -> Result<(), String> {
        match &self.json_pointer {
            Some(pointer) if !pointer.starts_with('/') => Err(format!("{key}.json_pointer begins with a slash")),
            Some(_) if self.equals.is_empty() => Err(format!("{key}.json_pointer needs equals")),
            None if !self.equals.is_empty() => Err(format!("{key}.equals needs json_pointer")),
            _ if !self.status.iter().all(|status| (200..500).contains(status)) => {
                Err(format!("{key}.status: 200 to 499"))
            }
            _ => Ok(()),
        }
    }

    /// Returns the value that the rule asks for, as text; `None` if the answer's JSON has no simple value there.
    pub fn value_in(&self, answer: &Value) -> Option<String> {
        text_at(answer, self.json_pointer.as_deref()?)
    }

    /// True if the value at the pointer is one of those meant.
    pub fn means(&self, value: Option<&str>) -> bool {
        value.is_some_and(|value| self.equals.iter().any(|wanted| wanted == value))
    }
}

/// Returns the simple value at a place of a JSON document (RFC 6901), as text.
pub fn text_at(document: &Value, pointer: &str) -> Option<String> {
    match document.pointer(pointer)? {
        Value::String(text) => Some(text.clone()),
        value @ (Value::Number(_) | Value::Bool(_)) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneValue {
    Boolean(bool),
    Integer(i64),
    Text(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrSeveral {
    One(OneValue),
    Several(Vec<OneValue>),
}

pub(super) fn one_or_several<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let values = match OneOrSeveral::deserialize(deserializer)? {
        OneOrSeveral::One(value) => vec![value],
        OneOrSeveral::Several(values) => values,
    };
    let text = |value| match value {
        OneValue::Boolean(value) => value.to_string(),
        OneValue::Integer(value) => value.to_string(),
        OneValue::Text(value) => value,
    };
    Ok(values.into_iter().map(text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_compared_as_text_whatever_its_type() {
        let answer: Value = serde_json::json!({ "status": 1, "ok": true, "messages": [{ "code": "0" }], "none": null });
        for (pointer, wanted, met) in [
            ("/status", "1", true),
            ("/status", "-8", false),
            ("/ok", "true", true),
            ("/messages/0/code", "0", true),
            ("/messages", "0", false),
            ("/none", "null", false),
            ("/absent", "", false),
        ] {
            let rule = AnswerRule {
                json_pointer: Some(pointer.to_owned()),
                equals: vec!["x".to_owned(), wanted.to_owned()],
                ..AnswerRule::default()
            };
            assert_eq!(rule.means(rule.value_in(&answer).as_deref()), met, "{pointer} {wanted}");
        }
    }

    #[test]
    fn one_value_or_several_are_read() {
        for (text, wanted) in
            [("1", vec!["1"]), ("\"a\"", vec!["a"]), ("[1, -8, \"x\", true]", vec!["1", "-8", "x", "true"])]
        {
            let rule: AnswerRule = serde_json::from_str(&format!("{{\"equals\": {text}}}")).unwrap();
            assert_eq!(rule.equals, wanted, "{text}");
        }
    }
}
