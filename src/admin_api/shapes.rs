//! The shapes of answers, as JSON Schema (2020-12). Pure.

use chrono::{DateTime, SecondsFormat};
use serde::{Serialize as _, Serializer};
use serde_json::{Map, Value, json};

use crate::base::clock::Timestamp;

/// The shape of a value in an answer.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    Text,
    Whole,
    Flag,
    /// A time (RFC 3339), in UTC.
    Time,
    /// One of some words.
    Word(&'static [&'static str]),
    List(&'static Shape),
    /// The shape, or null.
    Maybe(&'static Shape),
    /// Every member is there, and no other.
    Object(&'static [(&'static str, Shape)]),
    /// Members that another specification names.
    Open,
    /// No body.
    Empty,
}

impl Shape {
    /// Returns the schema.
    pub fn schema(&self) -> Value {
        match self {
            Shape::Text => json!({ "type": "string" }),
            Shape::Whole => json!({ "type": "integer" }),
            Shape::Flag => json!({ "type": "boolean" }),
            Shape::Time => json!({ "type": "string", "format": "date-time" }),
            Shape::Word(words) => json!({ "type": "string", "enum": words }),
            Shape::List(of) => json!({ "type": "array", "items": of.schema() }),
            Shape::Maybe(of) => json!({ "anyOf": [of.schema(), { "type": "null" }] }),
            Shape::Object(members) => {
                let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
                let properties: Map<String, Value> =
                    members.iter().map(|(name, shape)| ((*name).to_owned(), shape.schema())).collect();
                json!({
                    "type": "object", "properties": properties, "required": names, "additionalProperties": false,
                })
            }
            Shape::Open => json!({ "type": "object" }),
            Shape::Empty => json!({}),
        }
    }
}

/// Returns a time as answers have it.
pub fn time(at: Timestamp) -> Value {
    let at = DateTime::from_timestamp_millis(at.0).unwrap_or_default();
    Value::from(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Returns a time that may be missing.
pub fn maybe_time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, time)
}

/// Serializes a time as answers have it.
///
/// # Errors
/// Those of the serializer.
pub fn serialize_time<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    time(*at).serialize(serializer)
}

/// Serializes a time that may be missing.
///
/// # Errors
/// Those of the serializer.
pub fn serialize_maybe_time<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    maybe_time(*at).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_says_every_member_and_a_time_is_in_utc() {
        const INNER: Shape = Shape::Object(&[("at", Shape::Time), ("name", Shape::Maybe(&Shape::Text))]);
        let schema = INNER.schema();
        assert_eq!(schema["required"], json!(["at", "name"]));
        assert_eq!(schema["properties"]["name"]["anyOf"][1]["type"], "null");
        assert_eq!(time(Timestamp(1_790_000_000_500)), "2026-09-21T14:13:20Z");
        assert_eq!(maybe_time(None), Value::Null);
    }
}
