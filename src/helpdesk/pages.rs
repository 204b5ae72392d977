//! The pages of the help desk: the search, one person, one support code.

mod codes;
mod people;
pub(super) mod person;

use axum::Router;
use axum::response::Response;

use crate::app::AppState;
use crate::http::paths;
use crate::http::routing::{get, post};

/// The answer of a handler that may lead elsewhere first.
type GatedResult = Result<Response, Response>;

pub fn routes() -> Router<AppState> {
    let person = format!("{}/{{id}}", paths::ADMIN_PEOPLE);
    Router::new()
        .route(paths::ADMIN_PEOPLE, get(people::show))
        .route(&person, get(person::show))
        .route(&format!("{person}/geste"), get(person::back).merge(post(person::act)))
        .route(&format!("{person}/lettre"), post(person::letter))
        .route(&format!("{}/{{code}}", paths::ADMIN_CODES), get(codes::show))
}
