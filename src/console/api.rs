//! The table of all endpoints of the Admin API, its document, and the page to read it.
//!
//! The router, the document and the page are made from the one table of [`endpoints`].

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use strum::IntoEnumIterator as _;

use super::views::api::{ApiFieldLine, ApiOperationLine, ApiProblemLine, ApiReferencePage, ApiScopeLine};
use crate::admin_api::extract::{ApiEndpoint, file_router, router};
use crate::admin_api::fields::BodyField;
use crate::admin_api::openapi::{document, kind_words};
use crate::admin_api::problems::ProblemCode;
use crate::admin_api::{self, ApiMethod, EndpointDoc, FILES_PART, VersionUse};
use crate::administrators::api_tokens::ApiScope;
use crate::app::AppState;
use crate::http::error::PageError;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::http::routing::get;
use crate::{client_admin, figures, helpdesk, journal, roster_admin, school_admin};

/// Returns every endpoint.
pub fn endpoints() -> Vec<ApiEndpoint> {
    [
        admin_api::api::endpoints(),
        client_admin::api::endpoints(),
        school_admin::api::endpoints(),
        helpdesk::api::endpoints(),
        roster_admin::api::endpoints(),
        journal::api::endpoints(),
        figures::api::endpoints(),
    ]
    .concat()
}

/// The routes of programs.
pub fn program_routes() -> Router<AppState> {
    Router::new().nest(paths::ADMIN_API, router(&endpoints())).route(paths::API_DOCUMENT, get(show_document))
}

/// The routes of programs that give files.
pub fn file_routes() -> Router<AppState> {
    Router::new().nest(paths::ADMIN_API, file_router(&endpoints()))
}

/// The page.
pub fn routes() -> Router<AppState> {
    Router::new().route(paths::API_REFERENCE, get(show))
}

/// GET: the OpenAPI document.
async fn show_document(State(app): State<AppState>, ctx: RequestContext) -> Response {
    let docs: Vec<EndpointDoc> = endpoints().into_iter().map(|endpoint| endpoint.doc).collect();
    let describe = |key: &str| app.pages.message(ctx.lang, key, &[]).unwrap_or_else(|_| key.to_owned());
    let server = format!("{}{}", app.issuer(), paths::ADMIN_API);
    let text = document(&server, &docs, &describe).to_string();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_LANGUAGE, HeaderValue::from_static(ctx.lang.tag())),
    ];
    (headers, text).into_response()
}

fn field_line(field: &BodyField) -> ApiFieldLine {
    ApiFieldLine { name: field.name, kind: kind_words(field.kind), required: field.required }
}

fn operation_line(doc: &EndpointDoc) -> ApiOperationLine {
    let files = doc.takes_files.then(|| ApiFieldLine { name: FILES_PART, kind: "[file]".to_owned(), required: true });
    let members = doc.body.iter().flat_map(|fields| fields.iter()).map(field_line);
    ApiOperationLine {
        id: doc.id,
        method: doc.method.name(),
        path: doc.path,
        scope: doc.scope.map(ApiScope::name),
        query: doc.query.iter().map(field_line).collect(),
        body: members.chain(files).collect(),
        status: doc.status,
        needs_version: doc.version == VersionUse::Required,
        takes_key: doc.method == ApiMethod::Post,
        problems: doc.problems.iter().map(|code| code.name()).collect(),
        answer: serde_json::to_string_pretty(&doc.answer.schema()).unwrap_or_default(),
    }
}

fn scope_line(scope: ApiScope) -> ApiScopeLine {
    ApiScopeLine { name: scope.name(), key: scope.name().replace(':', "-") }
}

/// Returns the page.
fn page(app: &AppState) -> ApiReferencePage {
    let problems = ProblemCode::iter().map(|code| ApiProblemLine { code: code.name(), status: code.status() });
    ApiReferencePage {
        server: format!("{}{}", app.issuer(), paths::ADMIN_API),
        document: paths::API_DOCUMENT,
        scopes: ApiScope::iter().map(scope_line).collect(),
        operations: endpoints().iter().map(|endpoint| operation_line(&endpoint.doc)).collect(),
        problems: problems.collect(),
    }
}

/// GET: shows the reference.
async fn show(State(app): State<AppState>, ctx: RequestContext) -> Result<Response, PageError> {
    ctx.page(&app.pages, StatusCode::OK, &page(&app))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_endpoint_has_a_name_a_place_and_words_of_its_own() {
        let all = endpoints();
        let ids: BTreeSet<&str> = all.iter().map(|endpoint| endpoint.doc.id).collect();
        let places: BTreeSet<(&str, ApiMethod)> = all.iter().map(|one| (one.doc.path, one.doc.method)).collect();
        assert!(all.len() > 20 && ids.len() == all.len() && places.len() == all.len());
        for scope in ApiScope::iter() {
            assert!(all.iter().any(|endpoint| endpoint.doc.scope == Some(scope)), "{scope:?} opens nothing");
        }
        for ApiEndpoint { doc, .. } in &all {
            assert!(doc.scope.is_some() || doc.id == "get_token", "{}: who may?", doc.id);
            assert!(doc.body.is_none() || doc.method != ApiMethod::Get, "{}", doc.id);
            assert_ne!(doc.answer.schema(), serde_json::json!({}), "{}: what does it answer?", doc.id);
        }
    }
}
