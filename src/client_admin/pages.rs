//! The pages of relying parties in the console: the list, and one of them.

mod acts;
mod file;
mod list;
mod request_form;
mod review;
mod review_lines;
mod secrets;
mod service;
mod test_sign_in;

use axum::Router;
use axum::response::{IntoResponse as _, Response};

use super::ops::{self, ServiceFile};
use crate::administrators::extract::OpenedByPath;
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::failed;
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::{RoleGrant, may_everywhere};
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::clients::is_client_id;
use crate::http::error::PageError;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::http::routing::{get, post};

/// The answer of a handler that may lead elsewhere first.
type GatedResult = Result<Response, Response>;

pub fn routes() -> Router<AppState> {
    let service = format!("{}/{{client_id}}", paths::ADMIN_SERVICES);
    let review = format!("{}/{{id}}", paths::ADMIN_REVIEW_SERVICE);
    Router::new()
        .route(paths::ADMIN_SERVICES, get(list::show))
        .route(paths::ADMIN_REQUEST_SERVICE, get(request_form::show).merge(post(request_form::submit)))
        .route(&review, get(review::show))
        .route(&format!("{review}/envoyer"), post(review::submit))
        .route(&format!("{review}/retirer"), post(review::take_back))
        .route(&format!("{review}/decision"), get(review::back).merge(post(review::decide)))
        .route(&format!("{review}/verifier"), post(review::recheck))
        .route(&format!("{review}/fichier"), get(file::of_request))
        .route(&format!("{review}/essai"), get(test_sign_in::of_request).merge(post(test_sign_in::run_request)))
        .route(&format!("{service}/essai"), get(test_sign_in::of_service).merge(post(test_sign_in::run_service)))
        .route(&format!("{service}/modifier"), get(request_form::change))
        .route(&format!("{service}/fichier"), get(file::of_service))
        .route(&service, get(service::show))
        .route(&format!("{service}/suspendre"), get(acts::back).merge(post(acts::suspend)))
        .route(&format!("{service}/reprendre"), get(acts::back).merge(post(acts::resume)))
        .route(&format!("{service}/secret"), get(acts::back).merge(post(secrets::submit)))
        .route(&format!("{service}/secret/fermer"), get(acts::back).merge(post(secrets::close)))
}

/// Returns the address of the page of a relying party.
fn service_path(client_id: &str) -> String {
    format!("{}/{client_id}", paths::ADMIN_SERVICES)
}

/// Returns the address of the reading of a request.
fn review_path(id: &str) -> String {
    format!("{}/{id}", paths::ADMIN_REVIEW_SERVICE)
}

impl OpenedByPath for ServiceFile {
    async fn open(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty, id: &str) -> Result<Self, Response> {
        let not_found = || PageError::NotFound.into_response();
        if !is_client_id(id) {
            return Err(not_found());
        }
        let op = on_duty.operation(app, ctx, None);
        let file = ops::find(&op, id).await.map_err(failed)?.ok_or_else(not_found)?;
        on_duty.permit(app, ctx, AdminAct::SeeServices, &file.touched).await?;
        Ok(file)
    }
}

/// Returns the role by which an act on the whole perimeter is permitted, after a fresh proof where it asks for one.
async fn permit_everywhere(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, file): (&OnDuty, &ServiceFile),
    act: AdminAct,
) -> Result<RoleGrant, Response> {
    // Where a part is of others, the refusal is that of what is not there, and recorded.
    let places = match may_everywhere(&on_duty.roles, act, &file.named, ctx.now) {
        Some(_) => file.named.as_slice(),
        None => &[],
    };
    on_duty.permit(app, ctx, act, places).await
}

/// Formats the day of a use, which is written once a day.
fn day_of(lang: Lang, at: Timestamp, now: Timestamp) -> String {
    match now.since(at) < crate::base::clock::Span::days(300) {
        true => dates::day(lang, at),
        false => dates::day_and_year(lang, at),
    }
}
