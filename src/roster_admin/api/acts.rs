//! Acts on rosters: files that are given, the decision of a school, the way back.

use axum::body::Bytes;

use super::{IMPORT, import, open};
use crate::admin_api::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiError, ApiResult, GivenPart};
use crate::admin_api::fields::{BodyField, FieldKind};
use crate::admin_api::problems::{ApiRefusal, ProblemCode};
use crate::admin_api::{ApiMethod, EndpointDoc, VersionUse};
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::AdminAct;
use crate::base::uai::Uai;
use crate::http::paths;
use crate::roster_admin::files::{UploadFileFault, judge_all, shown_name};
use crate::roster_admin::ops::undo::{UploadUndo, undo, undo_act};
use crate::roster_admin::ops::{
    self, GivenFile, MAX_REASON_CHARS, UploadChoice, UploadDecision, UploadOutcome, needed_act,
};
use crate::roster_admin::{FullPlace, RosterUpload, UploadState, upload_format};

const FORMATS: [&str; 3] = ["siecle", "onde", "csv"];
const SCOPE: Option<ApiScope> = Some(ApiScope::RostersWrite);
const REASON: FieldKind = FieldKind::Text(MAX_REASON_CHARS);

const UPLOAD: EndpointDoc = EndpointDoc {
    id: "upload_roster",
    method: ApiMethod::Post,
    path: "/schools/{uai}/imports",
    scope: SCOPE,
    query: &[BodyField::required("format", FieldKind::Word(&FORMATS))],
    takes_files: true,
    version: VersionUse::Answered,
    status: 201,
    answer: IMPORT,
    problems: &[ProblemCode::TooManyOfDay, ProblemCode::UploadsFull],
    ..EndpointDoc::EMPTY
};

const DECIDE: EndpointDoc = EndpointDoc {
    id: "decide_import",
    method: ApiMethod::Post,
    path: "/imports/{id}/decision",
    scope: SCOPE,
    body: Some(&[
        BodyField::required("choice", FieldKind::Word(&["take", "refuse"])),
        BodyField::new("reason", REASON),
    ]),
    version: VersionUse::Required,
    answer: IMPORT,
    problems: &[ProblemCode::PersonDecides, ProblemCode::NotOpen],
    ..EndpointDoc::EMPTY
};

const STOP: EndpointDoc = EndpointDoc {
    id: "stop_import",
    method: ApiMethod::Delete,
    path: "/imports/{id}",
    scope: SCOPE,
    version: VersionUse::Required,
    answer: IMPORT,
    problems: &[ProblemCode::NotOpen],
    ..EndpointDoc::EMPTY
};

const UNDO: EndpointDoc = EndpointDoc {
    id: "undo_import",
    method: ApiMethod::Post,
    path: "/imports/{id}/undo",
    scope: SCOPE,
    body: Some(&[BodyField::required("reason", REASON)]),
    version: VersionUse::Required,
    answer: IMPORT,
    problems: &[ProblemCode::PersonDecides, ProblemCode::TooLate],
    ..EndpointDoc::EMPTY
};

pub(super) fn endpoints() -> Vec<ApiEndpoint> {
    vec![
        ApiEndpoint { doc: UPLOAD, handler: |call| Box::pin(upload(call)) },
        ApiEndpoint { doc: DECIDE, handler: |call| Box::pin(decide(call)) },
        ApiEndpoint { doc: STOP, handler: |call| Box::pin(stop(call)) },
        ApiEndpoint { doc: UNDO, handler: |call| Box::pin(undo_upload(call)) },
    ]
}

fn bad_files(fault: UploadFileFault) -> ApiError {
    ApiRefusal::from(ProblemCode::BadFiles).with("fault", fault.to_string().into()).into()
}

async fn upload(call: &ApiCall<'_>) -> ApiResult {
    let uai = Uai::parse(call.path("uai")).map_err(|_| ProblemCode::NotFound)?;
    let found = ops::find_school(&mut call.app.db.read().await?, &uai).await?;
    let (school, place) = found.ok_or(ProblemCode::NotFound)?;
    let grant = call.permit(AdminAct::UploadRoster, std::slice::from_ref(&place)).await?;
    let format = upload_format(call.query("format")).ok_or(ProblemCode::BadParameter)?;
    let contents: Vec<Bytes> = call.files.iter().map(|file| file.content.clone()).collect();
    judge_all(contents).await?.map_err(bad_files)?;
    let named = |file: &GivenPart| (shown_name(&file.file_name), file.content.clone());
    let named: Vec<(String, Bytes)> = call.files.iter().map(named).collect();
    let files: Vec<GivenFile<'_>> = named.iter().map(|(name, content)| GivenFile { name, content }).collect();
    let op = call.op(Some(&grant));
    let id = match ops::receive(&op, call.on_duty, (&school, &place), (format, &files)).await? {
        UploadOutcome::Received(id) => id,
        UploadOutcome::Fault(fault) => return Err(bad_files(fault)),
        UploadOutcome::TooMany => return Err(ProblemCode::TooManyOfDay.into()),
        UploadOutcome::Full(full) => {
            let place = match full {
                FullPlace::School => "school",
                FullPlace::Academy => "academy",
                FullPlace::Deployment => "deployment",
            };
            return Err(ApiRefusal::from(ProblemCode::UploadsFull).with("place", place.into()).into());
        }
        UploadOutcome::NotPermitted => return Err(ProblemCode::NotFound.into()),
    };
    let file = ops::find(&op, &id).await?.ok_or(ProblemCode::NotFound)?;
    let location = format!("{}/imports/{id}", paths::ADMIN_API);
    Ok(ApiAnswer { location: Some(location), ..import(call, &file) })
}

/// Refuses what a person decides on: no program accepts removals.
fn for_program(act: AdminAct) -> Result<(), ApiError> {
    match act {
        AdminAct::UploadRoster => Ok(()),
        _ => Err(ProblemCode::PersonDecides.into()),
    }
}

fn bad_reason() -> ApiError {
    ApiRefusal::of_field(ProblemCode::BadValue, "reason").into()
}

/// True if the upload waits for somebody.
fn is_open(upload: &RosterUpload) -> bool {
    matches!(upload.state, UploadState::Received | UploadState::Waiting)
}

async fn decide(call: &ApiCall<'_>) -> ApiResult {
    let file = open(call).await?;
    let upload = &file.upload;
    call.compare(upload.version)?;
    if upload.state != UploadState::Waiting {
        return Err(ProblemCode::NotOpen.into());
    }
    for_program(needed_act(upload))?;
    let choice: Option<UploadChoice> = call.body.text("choice").and_then(|word| word.parse().ok());
    let choice = choice.ok_or(ProblemCode::BadValue)?;
    let order = (choice, call.body.text("reason").unwrap_or_default());
    let seen = (upload.version, upload.digest.as_str());
    match ops::decide(&call.op(None), call.on_duty, &file, order, seen).await? {
        UploadDecision::Done | UploadDecision::Partly => {}
        UploadDecision::NoReason => return Err(bad_reason()),
        UploadDecision::Own => return Err(ProblemCode::PersonDecides.into()),
        UploadDecision::Changed => return Err(ProblemCode::Changed.into()),
        UploadDecision::NotPermitted => return Err(ProblemCode::NotFound.into()),
    }
    Ok(import(call, &open(call).await?))
}

async fn stop(call: &ApiCall<'_>) -> ApiResult {
    let file = open(call).await?;
    call.compare(file.upload.version)?;
    if file.upload.state != UploadState::Stopped && !is_open(&file.upload) {
        return Err(ProblemCode::NotOpen.into());
    }
    match ops::stop(&call.op(None), call.on_duty, &file, file.upload.version).await? {
        true => Ok(import(call, &open(call).await?)),
        false => Err(ProblemCode::Changed.into()),
    }
}

async fn undo_upload(call: &ApiCall<'_>) -> ApiResult {
    let file = open(call).await?;
    let upload = &file.upload;
    call.compare(upload.version)?;
    if upload.state == UploadState::Taken {
        for_program(undo_act(upload))?;
    }
    let order = (upload.version, call.body.text("reason").unwrap_or_default());
    match Box::pin(undo(&call.op(None), call.on_duty, &file, order)).await? {
        UploadUndo::Done | UploadUndo::Partly => {}
        UploadUndo::NoReason => return Err(bad_reason()),
        UploadUndo::Own => return Err(ProblemCode::PersonDecides.into()),
        UploadUndo::Changed => return Err(ProblemCode::Changed.into()),
        UploadUndo::TooLate => return Err(ProblemCode::TooLate.into()),
        UploadUndo::NotPermitted => return Err(ProblemCode::NotFound.into()),
    }
    Ok(import(call, &open(call).await?))
}
