//! The page for a person who comes to a service on trial that has its persons. Nothing is sent to the service before the
//! person goes back.

use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::clients::Client;
use crate::http::error::PageError;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::oidc::authorization::views::TrialFull;
use crate::protocol::params::encode;

/// Says that the service is on trial and has its persons. The client hears of it where the person goes back.
pub fn trial_full_page(app: &App, ctx: &RequestContext, client: &Client, i: &str) -> Result<Response, PageError> {
    let query = encode([("i", i), ("client_id", client.id.as_str())]);
    let until = client.probation_until.unwrap_or(ctx.now);
    let page = TrialFull {
        service: client.meta.client_name.clone(),
        day: dates::weekday_and_day(ctx.lang, until),
        hour: dates::hour_rounded_up(ctx.lang, until),
        code: ctx.support_code.clone(),
        refuse_href: format!("{}?{query}&refuser=1", paths::AUTHORIZE),
    };
    ctx.page_with_code(&app.pages, StatusCode::FORBIDDEN, &page)
}
