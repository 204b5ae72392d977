//! The page that describes the Admin API.

use serde::Serialize;

use crate::http::pages::Page;

/// A parameter, or a member of a body.
#[derive(Clone, Debug, Serialize)]
pub struct ApiFieldLine {
    pub name: &'static str,
    pub kind: String,
    pub required: bool,
}

/// An endpoint.
#[derive(Clone, Debug, Serialize)]
pub struct ApiOperationLine {
    /// The end of the message's key, and the anchor.
    pub id: &'static str,
    pub method: &'static str,
    pub path: &'static str,
    pub scope: Option<&'static str>,
    pub query: Vec<ApiFieldLine>,
    pub body: Vec<ApiFieldLine>,
    pub status: u16,
    pub needs_version: bool,
    pub takes_key: bool,
    pub problems: Vec<&'static str>,
    /// The schema of the answer.
    pub answer: String,
}

/// A scope, with the end of its message's key.
#[derive(Clone, Debug, Serialize)]
pub struct ApiScopeLine {
    pub name: &'static str,
    pub key: String,
}

/// A problem; its code is the anchor and the end of the message's key.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ApiProblemLine {
    pub code: &'static str,
    pub status: u16,
}

/// `/api`.
#[derive(Clone, Debug, Serialize)]
pub struct ApiReferencePage {
    /// The address of the API.
    pub server: String,
    /// The path of the document.
    pub document: &'static str,
    pub scopes: Vec<ApiScopeLine>,
    pub operations: Vec<ApiOperationLine>,
    pub problems: Vec<ApiProblemLine>,
}

impl Page for ApiReferencePage {
    const TEMPLATE: &'static str = "console/api.html";
    fn samples() -> Vec<Self> {
        let field = |name, required| ApiFieldLine { name, kind: "string".to_owned(), required };
        let read = ApiOperationLine {
            id: "list_clients",
            method: "GET",
            path: "/clients",
            scope: Some("clients:read"),
            query: vec![field("q", false), field("limit", false)],
            body: Vec::new(),
            status: 200,
            needs_version: false,
            takes_key: false,
            problems: Vec::new(),
            answer: "{\n  \"type\": \"object\"\n}".to_owned(),
        };
        let write = ApiOperationLine {
            id: "repair_person",
            method: "POST",
            path: "/persons/{id}/repairs",
            scope: Some("persons:repair"),
            query: Vec::new(),
            body: vec![field("reason", true)],
            status: 201,
            needs_version: true,
            takes_key: true,
            problems: vec!["nothing_to_do"],
            ..read.clone()
        };
        let own = ApiOperationLine { id: "get_token", path: "/token", scope: None, query: Vec::new(), ..read.clone() };
        vec![ApiReferencePage {
            server: "https://compte.academie.example/api/admin/v1".to_owned(),
            document: "/api/openapi.json",
            scopes: vec![
                ApiScopeLine { name: "clients:read", key: "clients-read".to_owned() },
                ApiScopeLine { name: "persons:repair", key: "persons-repair".to_owned() },
            ],
            operations: vec![own, read, write],
            problems: vec![
                ApiProblemLine { code: "not_found", status: 404 },
                ApiProblemLine { code: "nothing_to_do", status: 409 },
            ],
        }]
    }
}
