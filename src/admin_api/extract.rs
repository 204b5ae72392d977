//! From a request to the call of an endpoint: the token, the query, the body, the version, the key; and the answer.
//!
//! Every endpoint is called by `serve` alone, so that none can forget a step. An answer never redirects, sets no
//! cookie and allows no other site's script (docs/threats.md#attack-s10).

mod call;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub use call::{ApiAnswer, ApiCall, ApiEndpoint, ApiError, ApiFuture, ApiResult, GivenPart, KnownVersions};

use axum::Router;
use axum::body::{Bytes, HttpBody as _};
use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::fields::{ApiBody, check_query};
use super::ops::{KeyedBeginning, KeyedRequest, RememberedAnswer};
use super::problems::{ApiRefusal, ProblemCode};
use super::{ApiMethod, EndpointDoc, FILES_PART, VersionUse};
use crate::administrators::ops::AdminDoor;
use crate::administrators::ops::api_tokens::{TokenEntry, enter};
use crate::app::{AppState, Operation};
use crate::base::secret::{base64url, sha256};
use crate::http::error::PageError;
use crate::http::form::{MAX_BODY_BYTES, media_type};
use crate::http::large_body::{LargeBody, LargeBodyPlaces, MAX_LARGE_BODY_BYTES};
use crate::http::multipart;
use crate::http::problem::problem;
use crate::http::request_context::{RequestContext, retry_after, with_outcome};
use crate::http::routing::{MethodFilter, MethodRouter, on};
use crate::limits;

/// The header that makes a request idempotent.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The media types of a body; the second one is that of a change (RFC 7396).
const BODY_MEDIA_TYPES: [&str; 2] = ["application/json", "application/merge-patch+json"];

/// Makes the routes of the endpoints that take files, which take long from a school's line.
pub fn file_router(endpoints: &[ApiEndpoint]) -> Router<AppState> {
    let taking: Vec<ApiEndpoint> = endpoints.iter().filter(|endpoint| endpoint.doc.takes_files).copied().collect();
    routes(&taking).layer(DefaultBodyLimit::max(MAX_LARGE_BODY_BYTES))
}

/// Makes the routes of the other endpoints.
pub fn router(endpoints: &[ApiEndpoint]) -> Router<AppState> {
    let others: Vec<ApiEndpoint> = endpoints.iter().filter(|endpoint| !endpoint.doc.takes_files).copied().collect();
    routes(&others)
}

/// Makes routes, one path after the other.
fn routes(endpoints: &[ApiEndpoint]) -> Router<AppState> {
    let mut paths: BTreeMap<&'static str, Vec<ApiEndpoint>> = BTreeMap::new();
    for endpoint in endpoints {
        paths.entry(endpoint.doc.path).or_default().push(*endpoint);
    }
    let mut router = Router::new();
    for (path, of_path) in paths {
        let allowed: Vec<&str> = of_path.iter().map(|endpoint| endpoint.doc.method.name()).collect();
        let allowed = Arc::new(allowed.join(", "));
        let mut methods = MethodRouter::new();
        for endpoint in of_path {
            let filter = match endpoint.doc.method {
                ApiMethod::Get => MethodFilter::GET,
                ApiMethod::Post => MethodFilter::POST,
                ApiMethod::Put => MethodFilter::PUT,
                ApiMethod::Patch => MethodFilter::PATCH,
                ApiMethod::Delete => MethodFilter::DELETE,
            };
            let handler = move |app: State<AppState>,
                                ctx: RequestContext,
                                path: Result<Path<BTreeMap<String, String>>, PathRejection>,
                                request: Request| serve(endpoint, app, ctx, path, request);
            methods = methods.merge(on(filter, handler));
        }
        let fallback = move |State(app): State<AppState>, ctx: RequestContext| {
            let allowed = Arc::clone(&allowed);
            async move { not_allowed(&app, &ctx, &allowed) }
        };
        router = router.route(path, methods.fallback(fallback));
    }
    router
}

fn not_allowed(app: &AppState, ctx: &RequestContext, allowed: &str) -> Response {
    let mut response = refusal(app, ctx, &ProblemCode::MethodNotAllowed.into(), None);
    if let Ok(value) = HeaderValue::from_str(allowed) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}

/// Answers a refusal; of a token with a challenge (RFC 6750 3).
fn refusal(app: &AppState, ctx: &RequestContext, why: &ApiRefusal, doc: Option<&EndpointDoc>) -> Response {
    let (status, code) = (why.code.status(), why.code.name());
    let mut response = problem(&app.pages, ctx, (status, code), why.members.clone());
    if let Some(at) = why.retry_at {
        response = retry_after(response, ctx.now, at);
    }
    let challenge = match why.code {
        ProblemCode::MissingToken => Some("Bearer realm=\"preau\"".to_owned()),
        ProblemCode::InvalidToken => Some("Bearer realm=\"preau\", error=\"invalid_token\"".to_owned()),
        ProblemCode::TokenInQuery => Some("Bearer realm=\"preau\", error=\"invalid_request\"".to_owned()),
        ProblemCode::InsufficientScope => {
            let scope = doc.and_then(|doc| doc.scope).map_or("", |scope| scope.name());
            Some(format!("Bearer realm=\"preau\", error=\"insufficient_scope\", scope=\"{scope}\""))
        }
        _ => None,
    };
    if let Some(challenge) = challenge.and_then(|text| HeaderValue::from_str(&text).ok()) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// Answers a request.
async fn serve(
    endpoint: ApiEndpoint,
    State(app): State<AppState>,
    ctx: RequestContext,
    path: Result<Path<BTreeMap<String, String>>, PathRejection>,
    request: Request,
) -> Response {
    let doc = &endpoint.doc;
    match answer(&endpoint, (&app, &ctx), path, request).await {
        Ok(answer) => respond(answer),
        Err(ApiError::Refused(why)) => refusal(&app, &ctx, &why, Some(doc)),
        // The middleware logs it and says it as a problem.
        Err(ApiError::Failed(error)) => error.into_response(),
    }
}

/// Returns the token of a request.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (all.next(), all.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Reads the versions that a request knows: `*` alone, or versions in quotation marks. A weak one is no version of ours
/// (RFC 9110 13.1.1 compares strongly), and empty elements of the list are none (5.6.1.2).
fn if_match(headers: &HeaderMap) -> Result<KnownVersions, ApiRefusal> {
    let wrong = || ApiRefusal::of_field(ProblemCode::BadParameter, "If-Match");
    let mut named = Vec::new();
    let mut is_any = false;
    for value in headers.get_all(header::IF_MATCH) {
        for one in value.to_str().map_err(|_| wrong())?.split(',').map(str::trim) {
            let (is_weak, strong) = one.strip_prefix("W/").map_or((false, one), |rest| (true, rest));
            match strong.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
                // With its marks it is equal to none.
                Some(_) if is_weak => named.push(one.to_owned()),
                Some(version) => named.push(version.to_owned()),
                None if one == "*" && !is_any => is_any = true,
                None if one.is_empty() => {}
                None => return Err(wrong()),
            }
        }
    }
    match (is_any, named.is_empty()) {
        (false, true) if headers.contains_key(header::IF_MATCH) => Err(wrong()),
        (false, true) => Ok(KnownVersions::Unsaid),
        (true, true) => Ok(KnownVersions::Any),
        (false, false) => Ok(KnownVersions::Named(named)),
        (true, false) => Err(wrong()),
    }
}

async fn answer(
    endpoint: &ApiEndpoint,
    (app, ctx): (&AppState, &RequestContext),
    path: Result<Path<BTreeMap<String, String>>, PathRejection>,
    request: Request,
) -> Result<RememberedAnswer, ApiError> {
    let doc = &endpoint.doc;
    // A token in an address is in logs: it is refused before anything is looked at.
    if ctx.query.get_all("access_token").next().is_some() {
        return Err(ProblemCode::TokenInQuery.into());
    }
    let op = Operation::of_request(app, ctx);
    let text = bearer(request.headers()).ok_or(ProblemCode::MissingToken)?;
    let on_duty = match enter(&op, text, ctx.source).await? {
        TokenEntry::Right(on_duty) => *on_duty,
        TokenEntry::Wrong => return Err(ProblemCode::InvalidToken.into()),
        TokenEntry::Limited(limited) => {
            return Err(ApiRefusal::from(ProblemCode::TooManyWrongTokens).until(limited.until).into());
        }
    };
    let AdminDoor::Token(token) = &on_duty.door else { return Err(ProblemCode::InvalidToken.into()) };
    if let Some(until) = limits::ops::count_api_request(&op, &token.id).await? {
        return Err(ApiRefusal::from(ProblemCode::TooManyRequests).until(until).into());
    }
    if doc.scope.is_some_and(|scope| !token.scopes.contains(&scope)) {
        return Err(ProblemCode::InsufficientScope.into());
    }
    check_query(doc.query, &ctx.query)?;
    let Ok(Path(path)) = path else { return Err(ProblemCode::NotFound.into()) };
    let if_match = if_match(request.headers())?;
    // An order is for what was read: `*` says of nothing that it was.
    if doc.version == VersionUse::Required && !matches!(if_match, KnownVersions::Named(_)) {
        return Err(ProblemCode::VersionRequired.into());
    }
    let (parts, body) = request.into_parts();
    let key = parts.headers.get(&IDEMPOTENCY_KEY).filter(|_| doc.method == ApiMethod::Post);
    let request = Request::from_parts(parts.clone(), body);
    // The places of a large body in memory are held until it is answered.
    let (mut _held, mut files) = (None, Vec::new());
    let bytes = match doc.body {
        _ if doc.takes_files => {
            // One place for a person and their programs: tokens are many, places are two.
            let (held, given) =
                read_files(&parts.headers, request, (&app.large_bodies, &on_duty.administrator.id)).await?;
            (_held, files) = (Some(held), given);
            said_of(&files)
        }
        Some(_) => read_bytes(&parts.headers, request, app).await?,
        None => Bytes::new(),
    };
    let body = match doc.body {
        Some(fields) => ApiBody::read(fields, &bytes)?,
        None => ApiBody::default(),
    };
    let commits = AtomicBool::new(false);
    let call = ApiCall {
        app,
        ctx,
        on_duty: &on_duty,
        token,
        doc,
        path: &path,
        body: &body,
        files: &files,
        if_match,
        commits: &commits,
    };
    let Some(key) = key else { return Ok(remember(doc, (endpoint.handler)(&call).await?)) };
    let what = format!("{} {}", doc.method.name(), ctx.path_and_query);
    let key = KeyedRequest::new(&token.id, key.to_str().unwrap_or_default(), (&what, &bytes))?;
    match key.begin(&op).await?? {
        KeyedBeginning::Again(answer) => Ok(answer),
        KeyedBeginning::New => {
            let done = (endpoint.handler)(&call).await.map(|answer| remember(doc, answer));
            match &done {
                Ok(answer) if doc.shows_secret => {
                    let shown = RememberedAnswer { body: Value::Null, was_secret: true, ..answer.clone() };
                    key.end(&op, Some(&shown)).await?;
                }
                Ok(answer) => key.end(&op, Some(answer)).await?,
                // Part of it is done, or nobody knows how far it came: it is not done again by itself.
                Err(_) if commits.load(Ordering::Relaxed) => {}
                Err(ApiError::Refused(_) | ApiError::Failed(PageError::Busy { .. })) => key.end(&op, None).await?,
                Err(ApiError::Failed(_)) => {}
            }
            done
        }
    }
}

/// Returns what stands for files where requests are compared: a program draws another boundary each time.
fn said_of(files: &[GivenPart]) -> Bytes {
    let said = files.iter().map(|file| format!("{}\n{}\n", file.file_name, base64url(&sha256(&file.content))));
    said.collect::<String>().into()
}

/// Reads the files of a request whose endpoint takes some.
async fn read_files(
    headers: &HeaderMap,
    request: Request,
    (places, sender): (&LargeBodyPlaces, &str),
) -> Result<(LargeBody, Vec<GivenPart>), ApiError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let expected = |_| ApiRefusal::from(ProblemCode::FilesExpected).with("accepted", "multipart/form-data".into());
    let boundary = multipart::boundary(kind).map_err(expected)?;
    let held = match places.read(request, sender).await {
        Ok(held) => held,
        Err(PageError::TooLarge) => return Err(ProblemCode::TooLarge.into()),
        Err(error) => return Err(ApiError::Failed(error)),
    };
    let fault = |error: multipart::MultipartError| {
        ApiRefusal::from(ProblemCode::BadFiles).with("fault", error.to_string().into())
    };
    let mut files = Vec::new();
    for part in multipart::parse(&held.bytes, boundary).map_err(fault)? {
        if part.name != FILES_PART {
            return Err(ApiRefusal::unknown(ProblemCode::UnknownField, &part.name, &[FILES_PART]).into());
        }
        let content = held.bytes.slice_ref(part.content);
        files.push(GivenPart { file_name: part.file_name.unwrap_or_default(), content });
    }
    Ok((held, files))
}

/// Reads the body of a request whose endpoint takes one.
async fn read_bytes(headers: &HeaderMap, request: Request, app: &AppState) -> Result<Bytes, ApiError> {
    let kind = media_type(headers);
    let is_empty = request.body().size_hint().exact() == Some(0);
    let is_json = BODY_MEDIA_TYPES.contains(&kind.as_str());
    if !is_json && (!is_empty || !kind.is_empty()) {
        return Err(ApiRefusal::from(ProblemCode::JsonExpected).with("accepted", BODY_MEDIA_TYPES[0].into()).into());
    }
    if request.body().size_hint().lower() > MAX_BODY_BYTES as u64 {
        return Err(ProblemCode::TooLarge.into());
    }
    Ok(Bytes::from_request(request, app).await.map_err(|_| ProblemCode::TooLarge)?)
}

fn remember(doc: &EndpointDoc, answer: ApiAnswer) -> RememberedAnswer {
    RememberedAnswer {
        status: doc.status,
        body: answer.value,
        etag: answer.version.map(|version| format!("\"{version}\"")),
        location: answer.location,
        was_secret: false,
    }
}

fn respond(answer: RememberedAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = match answer.body {
        Value::Null => status.into_response(),
        body => (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response(),
    };
    for (name, value) in [(header::ETAG, answer.etag), (header::LOCATION, answer.location)] {
        if let Some(value) = value.and_then(|text| HeaderValue::from_str(&text).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    with_outcome(response, "ok")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_s10_a_token_stands_in_one_header_and_nowhere_else() {
        let headers = |all: &[(HeaderName, &'static str)]| {
            let mut out = HeaderMap::new();
            for (name, value) in all {
                out.append(name.clone(), HeaderValue::from_static(value));
            }
            out
        };
        let auth = header::AUTHORIZATION;
        assert_eq!(bearer(&headers(&[(auth.clone(), "bearer x")])), Some("x"));
        assert_eq!(bearer(&headers(&[(auth.clone(), "Basic x")])), None);
        assert_eq!(bearer(&headers(&[(auth.clone(), "x")])), None);
        assert_eq!(bearer(&headers(&[(auth.clone(), "Bearer x"), (auth, "Bearer y")])), None);
        assert_eq!(bearer(&headers(&[(header::COOKIE, "Bearer x")])), None);
        let versions = |text| if_match(&headers(&[(header::IF_MATCH, text)])).ok();
        let named = |all: &[&str]| Some(KnownVersions::Named(all.iter().map(|one| (*one).to_owned()).collect()));
        assert_eq!(versions("\"7\", \"8\""), named(&["7", "8"]));
        assert_eq!(versions("\"*\""), named(&["*"]), "a version of this name");
        assert_eq!(versions(" * "), Some(KnownVersions::Any));
        assert_eq!(versions("\"7\", , \"8\","), named(&["7", "8"]), "empty elements are none");
        assert!(!versions("W/\"7\"").unwrap().admits("7"), "412, and not 400");
        for wrong in ["7", "W/7", "*, \"7\"", "\"7\", *", "*, *", "**", "", ","] {
            assert_eq!(versions(wrong), None, "{wrong:?}");
        }
        let twice = headers(&[(header::IF_MATCH, "*"), (header::IF_MATCH, "\"7\"")]);
        assert!(if_match(&twice).is_err());
        assert_eq!(if_match(&HeaderMap::new()).unwrap(), KnownVersions::Unsaid);
    }
}
