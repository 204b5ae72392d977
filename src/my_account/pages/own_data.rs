//! `/compte/donnees`: what is kept, to read and to download.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::IntoResponse as _;

use super::PageResult;
use crate::accounts::Account;
use crate::app::{App, AppState, Operation};
use crate::base::actor::Actor;
use crate::base::profile::Profile;
use crate::credentials::pages as proof;
use crate::credentials::views::CurrentPasswordError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::request_context::{RequestContext, retry_after};
use crate::my_account::ops::{self, ExportOutcome, GiveUpRefusal};
use crate::my_account::views::{CautionEnd, OwnDataPage};
use crate::sessions::extract::SignedIn;

fn empty_page(app: &App, account: &Account) -> OwnDataPage {
    let federated = account.is_federated;
    let closable = account.profile == Profile::Responsable && !federated;
    let upstream = proof::proof_upstream(app, account);
    OwnDataPage { closable, federated, upstream, ..OwnDataPage::default() }
}

pub async fn show(State(app): State<AppState>, ctx: RequestContext, SignedIn { account, .. }: SignedIn) -> PageResult {
    ctx.page(&app.pages, StatusCode::OK, &empty_page(&app, &account))
}

/// POST: answers with the file.
pub async fn export(
    State(app): State<AppState>,
    ctx: RequestContext,
    SignedIn { session, account }: SignedIn,
    Form(form): Form,
) -> PageResult {
    let op = Operation::of_request(&app, &ctx).by(Actor::Account(account.id.clone()));
    let typed = (form.form_value("mot_de_passe"), ctx.devices.as_slice());
    match ops::export_data(&op, (&session, &account), typed).await? {
        ExportOutcome::Done(data) => {
            let text = serde_json::to_string_pretty(&data).map_err(anyhow::Error::from)?;
            let mut answer = text.into_response();
            let headers = answer.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let name = HeaderValue::from_static("attachment; filename=\"mon-compte.json\"");
            headers.insert(header::CONTENT_DISPOSITION, name);
            Ok(answer)
        }
        ExportOutcome::TooMany { until } => {
            let too_many = Some(dates::hour_rounded_up(ctx.lang, until));
            let page = OwnDataPage { too_many, ..empty_page(&app, &account) };
            Ok(retry_after(ctx.page(&app.pages, StatusCode::TOO_MANY_REQUESTS, &page)?, ctx.now, until))
        }
        ExportOutcome::Refused(GiveUpRefusal::Caution { until }) => {
            let (day, hour) = (dates::weekday_and_day(ctx.lang, until), dates::hour_rounded_up(ctx.lang, until));
            let page = OwnDataPage { caution: Some(CautionEnd { day, hour }), ..empty_page(&app, &account) };
            ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        ExportOutcome::Refused(GiveUpRefusal::NotProven(why)) => {
            let page =
                OwnDataPage { current: Some(CurrentPasswordError::new(why, ctx.lang)), ..empty_page(&app, &account) };
            proof::refused(&ctx, why, ctx.page(&app.pages, proof::status(why), &page)?)
        }
    }
}
