//! `/compte/fermer` and `/compte/portable`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{PageResult, phone_digits};
use crate::accounts::{self, Account};
use crate::app::{App, AppState, Operation};
use crate::base::actor::Actor;
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::credentials::pages as proof;
use crate::credentials::views::CurrentPasswordError;
use crate::http::cookies::CookieName;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::{Page, dates};
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other, with_cookie};
use crate::my_account::ops::{self, CLOSING_DELAY, GiveUpRefusal};
use crate::my_account::views::{CautionEnd, CloseAccountPage, DisownPhonePage};
use crate::roster;
use crate::sessions::extract::{SignedIn, SignedInParent};

fn caution(lang: Lang, until: Timestamp) -> CautionEnd {
    CautionEnd { day: dates::weekday_and_day(lang, until), hour: dates::hour_rounded_up(lang, until) }
}

/// Shows the page again with what was refused.
fn refused<P: Page>(
    app: &App,
    ctx: &RequestContext,
    why: GiveUpRefusal,
    page: impl FnOnce(Option<CurrentPasswordError>, Option<CautionEnd>) -> P,
) -> Result<Response, PageError> {
    match why {
        GiveUpRefusal::Caution { until } => {
            let page = page(None, Some(caution(ctx.lang, until)));
            ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        GiveUpRefusal::NotProven(why) => {
            let page = page(Some(CurrentPasswordError::new(why, ctx.lang)), None);
            proof::refused(ctx, why, ctx.page(&app.pages, proof::status(why), &page)?)
        }
    }
}

fn close_page(app: &App, ctx: &RequestContext, account: &Account) -> CloseAccountPage {
    CloseAccountPage {
        identifiant: account.identifiant.clone(),
        upstream: proof::proof_upstream(app, account),
        day: dates::day(ctx.lang, ctx.now.plus(CLOSING_DELAY)),
        ..CloseAccountPage::default()
    }
}

pub async fn show_close(
    State(app): State<AppState>,
    ctx: RequestContext,
    SignedInParent { account, .. }: SignedInParent,
) -> PageResult {
    ctx.page(&app.pages, StatusCode::OK, &close_page(&app, &ctx, &account))
}

/// POST: asks for the closing, and signs out.
pub async fn close(
    State(app): State<AppState>,
    ctx: RequestContext,
    SignedInParent { session, account }: SignedInParent,
    Form(form): Form,
) -> PageResult {
    let op = Operation::of_request(&app, &ctx).by(Actor::Account(account.id.clone()));
    let proof = (form.form_value("mot_de_passe"), ctx.devices.as_slice());
    match ops::ask_closing(&op, (&session, &account), proof, ctx.lang).await? {
        Ok(()) => Ok(with_cookie(see_other(paths::AFTER_SIGN_OUT), ctx.jar.clear_cookie(CookieName::Session))),
        Err(why) => refused(&app, &ctx, why, |current, caution| CloseAccountPage {
            current,
            caution,
            ..close_page(&app, &ctx, &account)
        }),
    }
}

async fn phone_page(app: &App, account: &Account) -> anyhow::Result<DisownPhonePage> {
    let mut tx = app.db.read().await?;
    let phone = accounts::store::phones::find_phone(&mut tx, &account.id).await?;
    let children = roster::store::list_children_of_account(&mut tx, &account.id).await?;
    let mut schools: Vec<String> = children.into_iter().map(|child| child.school).collect();
    schools.dedup();
    let phone = phone.filter(|phone| !phone.history.disowned);
    let phone = phone.map(|phone| phone_digits(app, &phone)).transpose()?;
    let upstream = proof::proof_upstream(app, account);
    Ok(DisownPhonePage { phone, schools, upstream, ..DisownPhonePage::default() })
}

pub async fn show_phone(
    State(app): State<AppState>,
    ctx: RequestContext,
    SignedIn { account, .. }: SignedIn,
) -> PageResult {
    ctx.page(&app.pages, StatusCode::OK, &phone_page(&app, &account).await?)
}

/// POST: gives the number up.
pub async fn disown_phone(
    State(app): State<AppState>,
    ctx: RequestContext,
    SignedIn { session, account }: SignedIn,
    Form(form): Form,
) -> PageResult {
    let op = Operation::of_request(&app, &ctx).by(Actor::Account(account.id.clone()));
    let proof = (form.form_value("mot_de_passe"), ctx.devices.as_slice());
    match ops::disown_phone(&op, (&session, &account), proof, (&ctx.support_code, ctx.lang)).await? {
        Ok(()) => Ok(see_other(paths::ACCOUNT_PHONE)),
        Err(why) => {
            let page = phone_page(&app, &account).await?;
            refused(&app, &ctx, why, |current, caution| DisownPhonePage { current, caution, ..page })
        }
    }
}
