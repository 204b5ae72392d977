//! The secrets of a relying party: drawn and shown once, the former one closed.

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::{CLIENT, SECRET, client_of, find, find_for};
use crate::admin_api::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiError, ApiResult};
use crate::admin_api::fields::{BodyField, FieldKind};
use crate::admin_api::problems::ProblemCode;
use crate::admin_api::shapes::{Shape, maybe_time};
use crate::admin_api::{ApiMethod, EndpointDoc, VersionUse};
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::AdminAct;
use crate::base::clock::{Span, Timestamp};
use crate::client_admin::ops::ServiceFile;
use crate::client_admin::ops::secrets::{SecretOutcome, close_former, draw};

/// For how many days the former secret may be taken beside a new one.
const MAX_OVERLAP_DAYS: i64 = 30;
/// The days of the overlap, if none are said.
const DEFAULT_OVERLAP_DAYS: i64 = 14;

const DRAW: EndpointDoc = EndpointDoc {
    id: "draw_secret",
    method: ApiMethod::Post,
    path: "/clients/{client_id}/secrets",
    scope: Some(ApiScope::ClientsSecret),
    body: Some(&[BodyField::new("overlap_days", FieldKind::Whole(0, MAX_OVERLAP_DAYS))]),
    version: VersionUse::Compared,
    status: 201,
    answer: Shape::Object(&[("secret", Shape::Text), ("secrets", Shape::List(&SECRET))]),
    problems: &[ProblemCode::TwoSecrets, ProblemCode::NoOverlap, ProblemCode::NoSecret, ProblemCode::SecretShown],
    shows_secret: true,
    ..EndpointDoc::EMPTY
};

const CLOSE: EndpointDoc = EndpointDoc {
    id: "close_former_secret",
    method: ApiMethod::Delete,
    path: "/clients/{client_id}/secrets",
    scope: Some(ApiScope::ClientsSecret),
    version: VersionUse::Compared,
    answer: CLIENT,
    problems: &[ProblemCode::NoSecret],
    ..EndpointDoc::EMPTY
};

pub(super) fn endpoints() -> Vec<ApiEndpoint> {
    vec![
        ApiEndpoint { doc: DRAW, handler: |call| Box::pin(draw_secret(call)) },
        ApiEndpoint { doc: CLOSE, handler: |call| Box::pin(close(call)) },
    ]
}

/// Returns the secrets that are taken now, the current one first: never one itself.
pub(super) fn taken(file: &ServiceFile, now: Timestamp) -> Value {
    let client = &file.record.client;
    let former = client.previous_secret.as_ref().filter(|(_, until)| now < *until);
    let line = |digest: &String, until: Option<Timestamp>| {
        let row = file.secrets.iter().find(|row| row.digest == *digest);
        json!({
            "current": until.is_none(),
            "drawn_at": maybe_time(row.and_then(|row| row.drawn_at).map(Timestamp)),
            "last_used_at": maybe_time(row.and_then(|row| row.last_used_at).map(Timestamp)),
            "closes_at": maybe_time(until),
        })
    };
    let current = client.secret_digest.iter().map(|digest| line(digest, None));
    current.chain(former.map(|(digest, until)| line(digest, Some(*until)))).collect()
}

fn refusal(outcome: &SecretOutcome) -> ApiError {
    match outcome {
        SecretOutcome::TwoSecrets => ProblemCode::TwoSecrets.into(),
        SecretOutcome::NoOverlap => ProblemCode::NoOverlap.into(),
        SecretOutcome::NoSecret => ProblemCode::NoSecret.into(),
        SecretOutcome::Shown => ProblemCode::SecretShown.into(),
        SecretOutcome::NotPermitted => ProblemCode::NotFound.into(),
        SecretOutcome::Changed | SecretOutcome::Drawn(_) | SecretOutcome::Closed => ProblemCode::Changed.into(),
    }
}

async fn draw_secret(call: &ApiCall<'_>) -> ApiResult {
    let file = find_for(call, AdminAct::DrawSecret).await?;
    let overlap = Span::days(call.body.whole("overlap_days").unwrap_or(DEFAULT_OVERLAP_DAYS));
    let order = (overlap, file.record.version);
    match draw(&call.op(None), call.on_duty, &file, order).await? {
        SecretOutcome::Drawn(secret) => {
            let file = find(call).await?;
            let value = json!({ "secret": secret.expose_secret(), "secrets": taken(&file, call.ctx.now) });
            Ok(ApiAnswer::of(value).at_version(file.record.version))
        }
        outcome => Err(refusal(&outcome)),
    }
}

async fn close(call: &ApiCall<'_>) -> ApiResult {
    let file = find_for(call, AdminAct::DrawSecret).await?;
    match close_former(&call.op(None), call.on_duty, &file, file.record.version).await? {
        SecretOutcome::Closed => {
            let file = find(call).await?;
            Ok(ApiAnswer::of(client_of(call, &file)).at_version(file.record.version))
        }
        outcome => Err(refusal(&outcome)),
    }
}
