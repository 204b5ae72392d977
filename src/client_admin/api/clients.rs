//! Relying parties: the list, one, its sign-outs, its suspension.

use serde_json::{Value, json};

use super::{CLIENT, STANDINGS, SUMMARY, client_of, find, find_for, summary};
use crate::admin_api::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiResult};
use crate::admin_api::fields::{BodyField, FieldKind};
use crate::admin_api::problems::{ApiRefusal, ProblemCode};
use crate::admin_api::shapes::{Shape, time};
use crate::admin_api::{ApiMethod, EndpointDoc, MAX_PAGE_LIMIT, VersionUse};
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::AdminAct;
use crate::client_admin::ops::decide::{DecisionOutcome, MAX_REASON_CHARS, suspend_or_resume};
use crate::client_admin::ops::{self, DELIVERIES_SINCE, ServiceFilter};
use crate::clients::ops::lifecycle::Decision;
use crate::logouts::LogoutDelivery;

const LIST: EndpointDoc = EndpointDoc {
    id: "list_clients",
    path: "/clients",
    scope: Some(ApiScope::ClientsRead),
    query: &[
        BodyField::new("q", FieldKind::Text(100)),
        BodyField::new("state", FieldKind::Word(&STANDINGS)),
        BodyField::new("cursor", FieldKind::Text(1_000)),
        BodyField::new("limit", FieldKind::Whole(1, MAX_PAGE_LIMIT)),
    ],
    answer: Shape::Object(&[("items", Shape::List(&SUMMARY)), ("next", Shape::Maybe(&Shape::Text))]),
    ..EndpointDoc::EMPTY
};

const SHOW: EndpointDoc = EndpointDoc {
    id: "get_client",
    path: "/clients/{client_id}",
    scope: Some(ApiScope::ClientsRead),
    version: VersionUse::Answered,
    answer: CLIENT,
    ..EndpointDoc::EMPTY
};

const DELIVERIES: EndpointDoc = EndpointDoc {
    id: "list_deliveries",
    path: "/clients/{client_id}/deliveries",
    scope: Some(ApiScope::ClientsRead),
    answer: Shape::Object(&[
        ("since", Shape::Time),
        ("ended", Shape::Whole),
        ("delivered", Shape::Whole),
        (
            "items",
            Shape::List(&Shape::Object(&[
                ("at", Shape::Time),
                ("state", Shape::Word(&["waiting", "delivered", "refused", "given_up"])),
                ("attempts", Shape::Whole),
                ("problem", Shape::Maybe(&Shape::Text)),
            ])),
        ),
    ]),
    ..EndpointDoc::EMPTY
};

const SUSPEND: EndpointDoc = EndpointDoc {
    id: "suspend_client",
    method: ApiMethod::Put,
    path: "/clients/{client_id}/suspension",
    scope: Some(ApiScope::ClientsSuspend),
    body: Some(&[BodyField::required("reason", FieldKind::Text(MAX_REASON_CHARS))]),
    version: VersionUse::Compared,
    answer: CLIENT,
    ..EndpointDoc::EMPTY
};

const RESUME: EndpointDoc = EndpointDoc {
    id: "resume_client",
    method: ApiMethod::Delete,
    path: "/clients/{client_id}/suspension",
    scope: Some(ApiScope::ClientsSuspend),
    query: &[BodyField::required("reason", FieldKind::Text(MAX_REASON_CHARS))],
    version: VersionUse::Compared,
    answer: CLIENT,
    ..EndpointDoc::EMPTY
};

pub(super) fn endpoints() -> Vec<ApiEndpoint> {
    vec![
        ApiEndpoint { doc: LIST, handler: |call| Box::pin(list(call)) },
        ApiEndpoint { doc: SHOW, handler: |call| Box::pin(show(call)) },
        ApiEndpoint { doc: DELIVERIES, handler: |call| Box::pin(deliveries(call)) },
        ApiEndpoint { doc: SUSPEND, handler: |call| Box::pin(suspend(call)) },
        ApiEndpoint { doc: RESUME, handler: |call| Box::pin(resume(call)) },
    ]
}

async fn list(call: &ApiCall<'_>) -> ApiResult {
    let after = call.position()?.unwrap_or_default();
    let filter = ServiceFilter {
        words: call.query("q"),
        standing: call.query("state").parse().ok(),
        after: &after,
        most: usize::try_from(call.limit()).unwrap_or_default(),
    };
    let found = ops::list(&call.op(None), call.on_duty, filter).await?;
    let items: Vec<Value> =
        found.services.iter().map(|one| summary(&one.record, one.standing, one.undelivered)).collect();
    let next = call.cursor(found.next.as_deref())?;
    Ok(ApiAnswer::of(json!({ "items": items, "next": next })))
}

async fn show(call: &ApiCall<'_>) -> ApiResult {
    let file = find(call).await?;
    call.permit(AdminAct::SeeServices, &file.touched).await?;
    Ok(ApiAnswer::of(client_of(call, &file)).at_version(file.record.version))
}

async fn deliveries(call: &ApiCall<'_>) -> ApiResult {
    let file = find(call).await?;
    call.permit(AdminAct::SeeServices, &file.touched).await?;
    let item = |delivery: &LogoutDelivery| {
        json!({
            "at": time(delivery.created_at),
            "state": delivery.state.name(),
            "attempts": delivery.attempts,
            "problem": delivery.problem,
        })
    };
    Ok(ApiAnswer::of(json!({
        "since": time(call.ctx.now.minus(DELIVERIES_SINCE)),
        "ended": file.delivered.0,
        "delivered": file.delivered.1,
        "items": file.deliveries.iter().map(item).collect::<Vec<_>>(),
    })))
}

async fn suspend(call: &ApiCall<'_>) -> ApiResult {
    decide(call, Decision::Suspend, call.body.text("reason").unwrap_or_default()).await
}

async fn resume(call: &ApiCall<'_>) -> ApiResult {
    decide(call, Decision::Resume, call.query("reason")).await
}

async fn decide(call: &ApiCall<'_>, decision: Decision, reason: &str) -> ApiResult {
    let file = find_for(call, AdminAct::SuspendClient).await?;
    let outcome = suspend_or_resume(&call.op(None), call.on_duty, &file, (decision, reason)).await?;
    match outcome {
        // Done twice, the answer is the same.
        DecisionOutcome::Done | DecisionOutcome::NothingToDo => {}
        DecisionOutcome::NoReason => return Err(ApiRefusal::of_field(ProblemCode::BadValue, "reason").into()),
        DecisionOutcome::NotPermitted => return Err(ProblemCode::NotFound.into()),
        DecisionOutcome::Changed => return Err(ProblemCode::Changed.into()),
    }
    let file = find(call).await?;
    Ok(ApiAnswer::of(client_of(call, &file)).at_version(file.record.version))
}
