//! The pages of schools in the console: the list, one school, orders on campaigns, reminders, letters.

mod batch;
mod chart;
mod csv;
mod letters;
mod list;
mod order;
mod reminder_order;
mod reminders;
mod school;

use axum::Router;
use axum::response::{IntoResponse as _, Response};

use super::ops::{self, SchoolPlace};
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::failed;
use crate::administrators::roles::AdminAct;
use crate::app::AppState;
use crate::base::lang::Lang;
use crate::base::uai::Uai;
use crate::http::error::PageError;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::http::routing::{get, post};

/// The answer of a handler that may lead elsewhere first.
type GatedResult = Result<Response, Response>;

pub fn routes() -> Router<AppState> {
    let school = format!("{}/{{uai}}", paths::ADMIN_SCHOOLS);
    let review = format!("{}/{{id}}", paths::ADMIN_REVIEW_CAMPAIGN);
    let reminder = format!("{}/{{id}}", paths::ADMIN_REVIEW_REMINDER);
    Router::new()
        .route(paths::ADMIN_SCHOOLS, get(list::show))
        .route(paths::ADMIN_CAMPAIGN_ORDER, get(order::back).merge(post(order::submit)))
        .route(&review, get(order::show).merge(post(order::confirm)))
        .route(&reminder, get(reminders::show).merge(post(reminders::confirm)))
        .route(&order_path("{id}"), get(reminder_order::show).merge(post(reminder_order::cancel)))
        .route(&format!("{school}/rappel"), get(reminders::back).merge(post(reminders::submit)))
        .route(&school, get(school::show))
        .route(&format!("{school}/injoignables.csv"), get(csv::unreachable))
        .route(paths::ADMIN_LETTERS, get(letters::show))
        .route(&format!("{}/imprimer", paths::ADMIN_LETTERS), get(letters::back).merge(post(letters::print)))
        .route(&format!("{}/{{id}}", paths::ADMIN_LETTERS), get(batch::show).merge(post(batch::withdraw)))
}

/// Returns the address of the page of a school.
fn school_path(uai: &str) -> String {
    format!("{}/{uai}", paths::ADMIN_SCHOOLS)
}

/// Returns the address of the page of an order of reminders.
fn order_path(id: &str) -> String {
    format!("{}/{id}", paths::ADMIN_REMINDER_ORDERS)
}

/// Finds a school that the administrator may see, or may act on; else the answer of what is not there.
async fn open(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, act): (&OnDuty, AdminAct),
    uai: &str,
) -> Result<SchoolPlace, Response> {
    let not_found = || PageError::NotFound.into_response();
    let uai = Uai::parse(uai).map_err(|_| not_found())?;
    let found = ops::find_school(&mut app.db.read().await.map_err(failed)?, on_duty, &uai).await.map_err(failed)?;
    let place = found.ok_or_else(not_found)?;
    on_duty.permit(app, ctx, act, &place.places).await?;
    Ok(place)
}

/// Formats a share of a whole with one decimal; `None` of nothing.
fn share(lang: Lang, part: i64, whole: i64) -> Option<String> {
    if whole <= 0 {
        return None;
    }
    let tenths = part.saturating_mul(1000).checked_div(whole)?;
    let (whole, tenth) = (tenths / 10, tenths % 10);
    Some(match lang {
        Lang::Fr => format!("{whole},{tenth}\u{a0}%"),
        Lang::En => format!("{whole}.{tenth}%"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_has_one_decimal_and_there_is_none_of_nothing() {
        assert_eq!(share(Lang::Fr, 443, 611).as_deref(), Some("72,5\u{a0}%"));
        assert_eq!(share(Lang::En, 1, 1).as_deref(), Some("100.0%"));
        assert_eq!(share(Lang::Fr, 0, 0), None);
    }
}
