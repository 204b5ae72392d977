//! `/admin/bases`: rosters that were given on screen.

mod receive;
mod upload;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse as _, Response};

use super::ops::{self, UploadFile};
use crate::administrators::extract::OpenedByPath;
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::failed;
use crate::administrators::roles::AdminAct;
use crate::app::AppState;
use crate::base::ids::is_id;
use crate::http::error::PageError;
use crate::http::large_body::MAX_LARGE_BODY_BYTES;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::http::routing::{get, post};

/// The answer of a handler that may lead elsewhere first.
type GatedResult = Result<Response, Response>;

pub fn routes() -> Router<AppState> {
    let upload = format!("{}/{{id}}", paths::ADMIN_ROSTERS);
    Router::new()
        .route(paths::ADMIN_ROSTERS, get(receive::show))
        .route(&upload, get(upload::show))
        .route(&format!("{upload}/decision"), get(upload::back).merge(post(upload::decide)))
        .route(&format!("{upload}/arreter"), get(upload::back).merge(post(upload::stop)))
        .route(&format!("{upload}/defaire"), get(upload::back).merge(post(upload::undo)))
        .route(&format!("{upload}/rapport.csv"), get(upload::report))
}

/// The one route with a large body, which takes long from a school's line.
pub fn upload_routes() -> Router<AppState> {
    let submit = post(receive::submit).layer(DefaultBodyLimit::max(MAX_LARGE_BODY_BYTES));
    Router::new().route(paths::ADMIN_ROSTER_UPLOAD, submit.merge(get(receive::back)))
}

/// Returns the address of an upload.
fn upload_path(id: &str) -> String {
    format!("{}/{id}", paths::ADMIN_ROSTERS)
}

impl OpenedByPath for UploadFile {
    async fn open(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty, id: &str) -> Result<Self, Response> {
        let not_found = || PageError::NotFound.into_response();
        if !is_id(id, 32) {
            return Err(not_found());
        }
        let op = on_duty.operation(app, ctx, None);
        let file = ops::find(&op, id).await.map_err(failed)?.ok_or_else(not_found)?;
        on_duty.permit(app, ctx, AdminAct::UploadRoster, std::slice::from_ref(&file.place)).await?;
        Ok(file)
    }
}
