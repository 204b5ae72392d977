//! Requests for relying parties: checked, saved, sent, taken back. Who decides on them is a person in the console.

use serde_json::{Value, json};

use super::answers::{CHECK, CHECK_FIELDS, NEW_FIELDS, PATCH_FIELDS, check_values, filled};
use crate::admin_api::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiError, ApiResult};
use crate::admin_api::problems::{ApiRefusal, ProblemCode};
use crate::admin_api::shapes::{Shape, maybe_time};
use crate::admin_api::{ApiMethod, EndpointDoc, VersionUse};
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::{Place, may};
use crate::base::ids::is_id;
use crate::client_admin::ops::request::{FormSubject, SaveOutcome, SendOutcome, save, send, withdraw};
use crate::client_admin::ops::{self, ServiceFile, check_only, review};
use crate::client_admin::requests::{ClientRequest, ClientRequestKind, RequestState};
use crate::client_admin::store::requests as rows;
use crate::clients::answers::ClientAnswers;
use crate::clients::checks::has_bad;
use crate::clients::{ClientOrigin, is_client_id};
use crate::http::paths;

/// A request.
const REQUEST: Shape = Shape::Object(&[
    ("id", Shape::Text),
    ("client_id", Shape::Text),
    ("kind", Shape::Word(&["new", "change"])),
    ("state", Shape::Word(&["draft", "requested", "question", "refused", "approved", "withdrawn"])),
    ("version", Shape::Whole),
    ("answers", Shape::Open),
    ("checks", Shape::List(&CHECK)),
    ("checked_at", Shape::Maybe(&Shape::Time)),
    ("requested_at", Shape::Maybe(&Shape::Time)),
    ("decided_at", Shape::Maybe(&Shape::Time)),
    ("words", Shape::Text),
]);

/// The problems of saving and of sending.
const PROBLEMS: [ProblemCode; 8] = [
    ProblemCode::FileDecides,
    ProblemCode::TooManyChecks,
    ProblemCode::TooManyDrafts,
    ProblemCode::TooManyOfDay,
    ProblemCode::BadChecks,
    ProblemCode::AnotherWaits,
    ProblemCode::NotOpen,
    ProblemCode::Changed,
];

const SCOPE: Option<ApiScope> = Some(ApiScope::ClientsRequest);

const CHECKS: EndpointDoc = EndpointDoc {
    id: "check_client",
    method: ApiMethod::Post,
    path: "/checks",
    scope: SCOPE,
    body: Some(&CHECK_FIELDS),
    answer: Shape::Object(&[("results", Shape::List(&CHECK)), ("may_be_sent", Shape::Flag)]),
    problems: &[ProblemCode::TooManyChecks, ProblemCode::FileDecides],
    ..EndpointDoc::EMPTY
};

const LIST: EndpointDoc = EndpointDoc {
    id: "list_client_requests",
    path: "/client-requests",
    scope: SCOPE,
    answer: Shape::Object(&[("items", Shape::List(&REQUEST))]),
    ..EndpointDoc::EMPTY
};

const NEW: EndpointDoc = EndpointDoc {
    id: "request_client",
    method: ApiMethod::Post,
    path: "/client-requests",
    scope: SCOPE,
    body: Some(&NEW_FIELDS),
    version: VersionUse::Answered,
    status: 201,
    answer: REQUEST,
    problems: &PROBLEMS,
    ..EndpointDoc::EMPTY
};

const SHOW: EndpointDoc = EndpointDoc {
    id: "get_client_request",
    path: "/client-requests/{id}",
    scope: SCOPE,
    version: VersionUse::Answered,
    answer: REQUEST,
    ..EndpointDoc::EMPTY
};

const PATCH: EndpointDoc = EndpointDoc {
    id: "change_client_request",
    method: ApiMethod::Patch,
    path: "/client-requests/{id}",
    scope: SCOPE,
    body: Some(&PATCH_FIELDS),
    version: VersionUse::Required,
    answer: REQUEST,
    problems: &PROBLEMS,
    ..EndpointDoc::EMPTY
};

pub(super) fn endpoints() -> Vec<ApiEndpoint> {
    vec![
        ApiEndpoint { doc: CHECKS, handler: |call| Box::pin(check(call)) },
        ApiEndpoint { doc: LIST, handler: |call| Box::pin(list(call)) },
        ApiEndpoint { doc: NEW, handler: |call| Box::pin(create(call)) },
        ApiEndpoint { doc: SHOW, handler: |call| Box::pin(show(call)) },
        ApiEndpoint { doc: PATCH, handler: |call| Box::pin(change(call)) },
    ]
}

fn value_of(call: &ApiCall<'_>, request: &ClientRequest) -> Value {
    json!({
        "id": request.id,
        "client_id": request.client_id,
        "kind": request.kind.name(),
        "state": request.state.name(),
        "version": request.version,
        "answers": request.answers,
        "checks": check_values(call, &request.checks),
        "checked_at": maybe_time(request.checked_at),
        "requested_at": maybe_time(request.requested_at),
        "decided_at": maybe_time(request.decided_at),
        "words": request.words,
    })
}

/// Finds the relying party that is changed, if the token may change it.
async fn changed_client(call: &ApiCall<'_>, id: &str) -> Result<ServiceFile, ApiError> {
    if !is_client_id(id) {
        return Err(ProblemCode::NotFound.into());
    }
    let file = ops::find(&call.op(None), id).await?.ok_or(ProblemCode::NotFound)?;
    call.permit(AdminAct::ChangeClient, &file.touched).await?;
    match file.record.origin {
        ClientOrigin::File => Err(ProblemCode::FileDecides.into()),
        ClientOrigin::Registered => Ok(file),
    }
}

/// Returns the relying party that a body changes; `None` for a new one, if the token may ask for one anywhere.
async fn subject_of(call: &ApiCall<'_>) -> Result<Option<ServiceFile>, ApiError> {
    match call.body.text("changes") {
        Some(id) => Ok(Some(changed_client(call, id).await?)),
        None if call.on_duty.role_for(AdminAct::RequestClient).is_some() => Ok(None),
        None => Err(call.permit(AdminAct::RequestClient, &[]).await.err().unwrap_or(ProblemCode::NotFound.into())),
    }
}

/// Returns the answers from which a body starts.
fn base(file: Option<&ServiceFile>) -> ClientAnswers {
    match file {
        Some(file) => ClientAnswers::of(&file.record.client.id, &file.record.client.meta),
        None => ClientAnswers { library: "autre".to_owned(), subject: "pairwise".to_owned(), ..Default::default() },
    }
}

async fn check(call: &ApiCall<'_>) -> ApiResult {
    let file = subject_of(call).await?;
    let subject = file.as_ref().map_or(FormSubject::New, FormSubject::Change);
    let answers = filled(base(file.as_ref()), call.body);
    let found = Box::pin(check_only(&call.op(None), call.on_duty, subject, answers)).await?;
    let results = found.ok_or(ProblemCode::TooManyChecks)?;
    let may_be_sent = !has_bad(&results);
    Ok(ApiAnswer::of(json!({ "results": check_values(call, &results), "may_be_sent": may_be_sent })))
}

/// True if a request of the maker lies in the token's part of the territory, or names nothing yet.
async fn is_inside(call: &ApiCall<'_>, request: &ClientRequest) -> Result<bool, ApiError> {
    let perimeter = request.answers.perimeter();
    if !perimeter.is_about_schools() {
        return Ok(true);
    }
    let places: Vec<Place> = ops::named_places(&call.op(None), &request.client_id, &perimeter).await?;
    let inside = |act| may(&call.on_duty.roles, act, &places, call.ctx.now).is_some();
    Ok(inside(AdminAct::RequestClient) || inside(AdminAct::ChangeClient))
}

async fn list(call: &ApiCall<'_>) -> ApiResult {
    let mut items = Vec::new();
    for (request, _) in review::list(&call.op(None), call.on_duty).await? {
        let is_own = request.author_id == call.on_duty.administrator.id;
        if is_own && is_inside(call, &request).await? {
            items.push(value_of(call, &request));
        }
    }
    Ok(ApiAnswer::of(json!({ "items": items })))
}

/// Finds a request of the maker of the token.
async fn own(call: &ApiCall<'_>) -> Result<ClientRequest, ApiError> {
    let id = call.path("id");
    if !is_id(id, 32) {
        return Err(ProblemCode::NotFound.into());
    }
    let found = rows::find(&mut call.app.db.read().await?, id).await?;
    let own = found.filter(|request| request.author_id == call.on_duty.administrator.id);
    let request = own.ok_or(ProblemCode::NotFound)?;
    match is_inside(call, &request).await? {
        true => Ok(request),
        false => Err(ProblemCode::NotFound.into()),
    }
}

async fn show(call: &ApiCall<'_>) -> ApiResult {
    let request = own(call).await?;
    Ok(ApiAnswer::of(value_of(call, &request)).at_version(request.version))
}

async fn saved(
    call: &ApiCall<'_>,
    (subject, seen): (FormSubject<'_>, Option<(&ClientRequest, i64)>),
    answers: ClientAnswers,
) -> Result<ClientRequest, ApiError> {
    match Box::pin(save(&call.op(None), call.on_duty, (subject, seen), answers)).await? {
        SaveOutcome::Saved(request) => Ok(*request),
        SaveOutcome::FileDecides => Err(ProblemCode::FileDecides.into()),
        SaveOutcome::Changed => Err(ProblemCode::Changed.into()),
        SaveOutcome::NotPermitted => Err(ProblemCode::NotFound.into()),
        SaveOutcome::TooManyDrafts => Err(ProblemCode::TooManyDrafts.into()),
        SaveOutcome::TooManyChecks => Err(ProblemCode::TooManyChecks.into()),
    }
}

async fn sent(call: &ApiCall<'_>, request: &ClientRequest, subject: FormSubject<'_>) -> Result<(), ApiError> {
    let seen = (request.version, request.digest());
    let code = match send(&call.op(None), call.on_duty, (&request.id, subject), (seen.0, &seen.1)).await? {
        SendOutcome::Sent | SendOutcome::Applied => return Ok(()),
        SendOutcome::Bad => {
            let refusal = ApiRefusal::from(ProblemCode::BadChecks).with("request", json!(request.id));
            return Err(refusal.with("checks", check_values(call, &request.checks)).into());
        }
        SendOutcome::AnotherWaits => ProblemCode::AnotherWaits,
        SendOutcome::TooMany => ProblemCode::TooManyOfDay,
        SendOutcome::Changed => ProblemCode::Changed,
        SendOutcome::NotPermitted => ProblemCode::NotFound,
    };
    Err(code.into())
}

/// Returns a request as it is now.
async fn again(call: &ApiCall<'_>, id: &str) -> ApiResult {
    let found = rows::find(&mut call.app.db.read().await?, id).await?;
    let request = found.ok_or(ProblemCode::NotFound)?;
    Ok(ApiAnswer::of(value_of(call, &request)).at_version(request.version))
}

async fn create(call: &ApiCall<'_>) -> ApiResult {
    let file = subject_of(call).await?;
    let subject = file.as_ref().map_or(FormSubject::New, FormSubject::Change);
    let request = saved(call, (subject, None), filled(base(file.as_ref()), call.body)).await?;
    if call.body.flag("send") == Some(true) {
        sent(call, &request, subject).await?;
    }
    let location = format!("{}/client-requests/{}", paths::ADMIN_API, request.id);
    Ok(ApiAnswer { location: Some(location), ..again(call, &request.id).await? })
}

async fn change(call: &ApiCall<'_>) -> ApiResult {
    let mut request = own(call).await?;
    call.compare(request.version)?;
    if !request.state.is_open() {
        return Err(ProblemCode::NotOpen.into());
    }
    if call.body.text("state") == Some("withdrawn") {
        return match withdraw(&call.op(None), call.on_duty, &request.id, request.version).await? {
            true => again(call, &request.id).await,
            false => Err(ProblemCode::Changed.into()),
        };
    }
    let file = match request.kind {
        ClientRequestKind::New => None,
        ClientRequestKind::Change => Some(changed_client(call, &request.client_id).await?),
    };
    let subject = file.as_ref().map_or(FormSubject::New, FormSubject::Change);
    let answers = filled(request.answers.clone(), call.body);
    if answers != request.answers {
        let version = request.version;
        request = saved(call, (subject, Some((&request, version))), answers).await?;
    }
    if call.body.text("state") == Some("requested") && request.state == RequestState::Draft {
        sent(call, &request, subject).await?;
    }
    again(call, &request.id).await
}
