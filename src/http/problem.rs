//! Problems as JSON (RFC 9457), for programs: a stable code and the sentence that a page would say.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use super::error::PageError;
use super::pages::PageRenderer;
use super::paths;
use super::request_context::{RequestContext, retry_after_seconds, with_outcome};

/// The media type of a problem (RFC 9457 3).
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// Returns true if a request is a program's, which reads no page.
pub fn wants_problems(ctx: &RequestContext) -> bool {
    ctx.path_and_query
        .strip_prefix(paths::ADMIN_API)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
}

/// Answers with a problem. Nothing in it depends on the request, so that what is outside a territory is answered byte for
/// byte like what is not there.
pub fn problem(
    pages: &PageRenderer,
    ctx: &RequestContext,
    (status, code): (u16, &'static str),
    members: Map<String, Value>,
) -> Response {
    let title = pages.message(ctx.lang, &format!("api-problem-{code}"), &[]).unwrap_or_else(|error| {
        tracing::error!(%error, code, "a problem has no sentence");
        code.to_owned()
    });
    let mut body = json!({
        "type": format!("{}#{code}", paths::API_REFERENCE), "title": title, "status": status, "code": code,
    });
    if let Value::Object(all) = &mut body {
        all.extend(members);
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_MEDIA_TYPE)),
        (header::CONTENT_LANGUAGE, HeaderValue::from_static(ctx.lang.tag())),
    ];
    with_outcome((status, headers, body.to_string()).into_response(), code)
}

/// Answers with the problem of an error of a page; `None` is an internal one.
pub fn problem_of_error(pages: &PageRenderer, ctx: &RequestContext, error: Option<&PageError>) -> Response {
    let code = match error {
        Some(PageError::NotFound) => (404, "not_found"),
        Some(PageError::MethodNotAllowed) => (405, "method_not_allowed"),
        Some(PageError::Forbidden(_)) => (403, "insufficient_scope"),
        Some(PageError::TooLarge) => (413, "too_large"),
        Some(PageError::BadForm(_)) => (400, "bad_json"),
        Some(PageError::Busy { .. }) => (503, "busy"),
        Some(PageError::Internal(_)) | None => (500, "internal"),
    };
    let response = problem(pages, ctx, code, Map::new());
    match error {
        Some(PageError::Busy { seconds }) => retry_after_seconds(response, *seconds),
        _ => response,
    }
}
