//! The OpenAPI document (3.1), made from the same rows as the router. Pure.

use serde_json::{Map, Value, json};
use strum::IntoEnumIterator as _;

use super::fields::FieldKind;
use super::problems::ProblemCode;
use super::{ApiMethod, EndpointDoc, FILES_PART, VersionUse};
use crate::administrators::api_tokens::ApiScope;

/// The version of OpenAPI.
const OPENAPI_VERSION: &str = "3.1.0";

/// The form of an `If-Match` that names a version, in quotation marks; and of one that may say any.
const VERSION_PATTERN: &str = r#"^"[!#-+.-~-]*"$"#;
const VERSION_OR_ANY_PATTERN: &str = r#"^(\*|"[!#-+.-~-]*")$"#;
/// The form of an `Idempotency-Key`.
const KEY_PATTERN: &str = "^[!-~]{1,128}$";

/// The words of the document: of a message's key, its sentence.
pub type Describe<'a> = &'a dyn Fn(&str) -> String;

fn parameters(doc: &EndpointDoc) -> Vec<Value> {
    let in_path = doc
        .path_parameters()
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let in_query = doc.query.iter().map(
        |field| json!({ "name": field.name, "in": "query", "required": field.required, "schema": field.schema() }),
    );
    let mut all: Vec<Value> = in_path.chain(in_query).collect();
    let header = |name: &str, required: bool, pattern: &str| {
        let schema = json!({ "type": "string", "pattern": pattern });
        json!({ "name": name, "in": "header", "required": required, "schema": schema })
    };
    match doc.version {
        VersionUse::Required => all.push(header("If-Match", true, VERSION_PATTERN)),
        VersionUse::Compared => all.push(header("If-Match", false, VERSION_OR_ANY_PATTERN)),
        VersionUse::No | VersionUse::Answered => {}
    }
    if doc.method == ApiMethod::Post {
        all.push(header("Idempotency-Key", false, KEY_PATTERN));
    }
    all
}

fn operation(doc: &EndpointDoc, describe: Describe<'_>) -> Value {
    let mut responses = Map::new();
    let mut success = json!({ "description": describe("api-answer") });
    if let Value::Object(members) = &mut success
        && doc.status != 204
    {
        members.insert("content".to_owned(), json!({ "application/json": { "schema": doc.answer.schema() } }));
        if doc.version != VersionUse::No {
            let etag = json!({ "ETag": { "schema": { "type": "string" } } });
            members.insert("headers".to_owned(), etag);
        }
    }
    responses.insert(doc.status.to_string(), success);
    let mut codes: std::collections::BTreeMap<u16, Vec<&str>> = std::collections::BTreeMap::new();
    for problem in doc.all_problems() {
        codes.entry(problem.status()).or_default().push(problem.name());
    }
    for (status, names) in codes {
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        let content = json!({ "application/problem+json": { "schema": schema } });
        responses.insert(status.to_string(), json!({ "description": names.join(", "), "content": content }));
    }
    let scopes: Vec<&str> = doc.scope.iter().map(|scope| scope.name()).collect();
    let mut out = json!({
        "operationId": doc.id,
        "summary": describe(&format!("api-op-{}", doc.id)),
        "parameters": parameters(doc),
        "responses": responses,
        "security": [{ "token": scopes }],
    });
    if let (true, Value::Object(members)) = (doc.takes_files, &mut out) {
        let file = json!({ "type": "string", "contentMediaType": "application/octet-stream" });
        let schema = json!({
            "type": "object",
            "properties": { FILES_PART: { "type": "array", "minItems": 1, "items": file } },
            "required": [FILES_PART],
        });
        let body = json!({ "required": true, "content": { "multipart/form-data": { "schema": schema } } });
        members.insert("requestBody".to_owned(), body);
    }
    if let (Some(fields), Value::Object(members)) = (doc.body, &mut out) {
        let properties: Map<String, Value> =
            fields.iter().map(|field| (field.name.to_owned(), field.schema())).collect();
        let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
        let schema = json!({
            "type": "object", "properties": properties, "required": required, "additionalProperties": false,
        });
        let body = json!({ "required": !required.is_empty(), "content": { "application/json": { "schema": schema } } });
        members.insert("requestBody".to_owned(), body);
    }
    out
}

/// Returns the document. `server` is the address of the API.
pub fn document(server: &str, docs: &[EndpointDoc], describe: Describe<'_>) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for doc in docs {
        let of_path = paths.entry(doc.path).or_insert_with(|| json!({}));
        if let Value::Object(methods) = of_path {
            methods.insert(doc.method.name().to_ascii_lowercase(), operation(doc, describe));
        }
    }
    let codes: Vec<&str> = ProblemCode::iter().map(ProblemCode::name).collect();
    let scopes: Vec<String> =
        ApiScope::iter().map(|scope| format!("{}: {}", scope.name(), describe(&scope_key(scope)))).collect();
    json!({
        "openapi": OPENAPI_VERSION,
        "info": { "title": describe("api-title"), "version": "1", "description": describe("api-lead") },
        "servers": [{ "url": server }],
        "paths": paths,
        "components": {
            "schemas": {
                "Problem": {
                    "type": "object",
                    "properties": {
                        "type": { "type": "string" },
                        "title": { "type": "string" },
                        "status": { "type": "integer" },
                        "code": { "type": "string", "enum": codes },
                        "field": { "type": "string" },
                        "nearest": { "type": "string" },
                    },
                    "required": ["type", "title", "status", "code"],
                },
            },
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": scopes.join("\n") },
            },
        },
    })
}

/// Returns the key of a scope's message.
pub fn scope_key(scope: ApiScope) -> String {
    format!("api-scope-{}", scope.name().replace(':', "-"))
}

/// Returns a field in a few words, for people: `text`, `a | b`, `1–100`.
pub fn kind_words(kind: FieldKind) -> String {
    match kind {
        FieldKind::Text(_) => "string".to_owned(),
        FieldKind::Day => "yyyy-mm-dd".to_owned(),
        FieldKind::Word(words) => words.join(" | "),
        FieldKind::Whole(min, max) => format!("{min}–{max}"),
        FieldKind::Flag => "true | false".to_owned(),
        FieldKind::Texts(..) => "[string]".to_owned(),
        FieldKind::Words(words) => format!("[{}]", words.join(" | ")),
        FieldKind::TextsByWord(words, _) => format!("{{{}: string}}", words.join(" | ")),
    }
}
