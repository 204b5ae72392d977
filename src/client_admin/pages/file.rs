//! « En fichier »: a relying party, or one that is asked for, as a file of the deployment's directory.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::{GatedResult, open, review};
use crate::administrators::extract::SignedInAdministrator;
use crate::app::AppState;
use crate::clients::ClientMetadata;
use crate::clients::as_file::as_file;
use crate::http::request_context::RequestContext;

fn answer(client_id: &str, meta: &ClientMetadata) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/toml; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{client_id}.toml\"")),
    ];
    (headers, as_file(client_id, meta)).into_response()
}

/// GET: a relying party as a file.
pub async fn of_service(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Path(client_id): Path<String>,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let file = open(&app, &ctx, &on_duty, &client_id).await?;
    Ok(answer(&file.record.client.id, &file.record.client.meta))
}

/// GET: what a request asks for as a file.
pub async fn of_request(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Path(id): Path<String>,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let file = review::open(&app, &ctx, (&on_duty, false), &id).await?;
    Ok(answer(&file.request.client_id, &file.new))
}
