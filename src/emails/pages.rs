//! `/compte/adresse`: the e-mail address of the account. Not there where no mail is sent.

use axum::Router;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};

use super::UNDO_TTL;
use super::ops::{self, AskOutcome, ConfirmOutcome, EmailOwner, EmailRefusal};
use super::views::{EmailChangeTold, EmailError, EmailPage, FormerAddress};
use crate::accounts::Account;
use crate::accounts::store::emails as store;
use crate::app::{AppState, Operation};
use crate::base::actor::Actor;
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::base::profile::Profile;
use crate::credentials::pages as proof;
use crate::credentials::views::CurrentPasswordError;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, retry_after, see_other};
use crate::http::routing::{get, post};
use crate::otp::TypedCode;
use crate::otp::pages::CodeRefusal;
use crate::protocol::params::Params;
use crate::sessions::Session;
use crate::sessions::extract::SignedIn;

type PageResult = Result<Response, PageError>;

/// The maximum length of a typed address that is shown again, in characters.
const MAX_SHOWN_CHARS: usize = 254;

/// The words of the query that tell the end of a change.
const TOLD: [(&str, EmailChangeTold); 3] = [
    ("retiree", EmailChangeTold::Removed),
    ("reprise", EmailChangeTold::TakenBack),
    ("trop-tard", EmailChangeTold::TooLate),
];

/// Leads to the page that tells the end of a change.
fn tell(told: EmailChangeTold) -> Response {
    let word = TOLD.iter().find(|(_, t)| *t == told).map(|(word, _)| *word).unwrap_or_default();
    see_other(&format!("{}?{word}=1", paths::ACCOUNT_EMAIL))
}

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::ACCOUNT_EMAIL, get(show).merge(post(ask)))
        .route(paths::ACCOUNT_EMAIL_CODE, post(confirm))
        .route(paths::ACCOUNT_EMAIL_REMOVE, post(remove))
        .route(paths::ACCOUNT_EMAIL_TAKE_BACK, post(take_back))
}

/// The signed-in person at a page of the address; where no mail is sent, there is no such page.
struct EmailVisitor {
    session: Session,
    account: Account,
}

impl FromRequestParts<AppState> for EmailVisitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        if app.mail_gateway.is_none() {
            return Err(PageError::NotFound.into_response());
        }
        let SignedIn { session, account } = SignedIn::from_request_parts(parts, app).await?;
        Ok(EmailVisitor { session, account })
    }
}

async fn email_page(
    app: &AppState,
    ctx: &RequestContext,
    session: &Session,
    account: &Account,
) -> anyhow::Result<EmailPage> {
    let mut tx = app.db.read().await?;
    let asked = store::find_asked(&mut tx, &app.master_key, &account.id).await?;
    let asked = asked.filter(|asked| asked.session_id.as_ref() == Some(&session.id));
    let confirmed = store::find_confirmed(&mut tx, &app.master_key, &account.id).await?;
    let former = store::list_former(&mut tx, &app.master_key, &account.id, ctx.now.minus(UNDO_TTL)).await?;
    let former = former.into_iter().map(|former| FormerAddress {
        day: dates::day(ctx.lang, former.ended_at.plus(UNDO_TTL)),
        id: former.id,
        address: former.address,
    });
    Ok(EmailPage {
        confirmed: confirmed.map(|e| e.address),
        asked: asked.map(|e| e.address),
        former: former.collect(),
        upstream: proof::proof_upstream(app, account),
        recovers_from: (account.profile == Profile::Eleve).then(|| app.config.pupils.mail_reset_from()),
        ..EmailPage::default()
    })
}

fn caution(lang: Lang, until: Timestamp) -> EmailError {
    EmailError::Caution { day: dates::weekday_and_day(lang, until), hour: dates::hour_rounded_up(lang, until) }
}

async fn show(
    State(app): State<AppState>,
    ctx: RequestContext,
    EmailVisitor { session, account }: EmailVisitor,
) -> PageResult {
    let told = TOLD.iter().find(|(word, _)| ctx.query.get(word).is_some()).map(|(_, told)| *told);
    let page = EmailPage { told, ..email_page(&app, &ctx, &session, &account).await? };
    ctx.page(&app.pages, StatusCode::OK, &page)
}

/// Shows the page again with what was refused.
fn refused(app: &AppState, ctx: &RequestContext, why: EmailRefusal, page: EmailPage) -> PageResult {
    match why {
        EmailRefusal::Caution { until } => {
            let page = EmailPage { error: Some(caution(ctx.lang, until)), ..page };
            ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        EmailRefusal::NotProven(why) => {
            let page = EmailPage { current: Some(CurrentPasswordError::new(why, ctx.lang)), ..page };
            proof::refused(ctx, why, ctx.page(&app.pages, proof::status(why), &page)?)
        }
    }
}

fn owner<'a>(ctx: &'a RequestContext, session: &'a Session, account: &'a Account, form: &'a Params) -> EmailOwner<'a> {
    let (password, device_secrets) = (form.form_value("mot_de_passe"), ctx.devices.as_slice());
    EmailOwner { session, account, password, device_secrets, lang: ctx.lang }
}

/// POST: sends a code to the address.
async fn ask(
    State(app): State<AppState>,
    ctx: RequestContext,
    EmailVisitor { session, account }: EmailVisitor,
    Form(form): Form,
) -> PageResult {
    let op = Operation::of_request(&app, &ctx).by(Actor::Account(account.id.clone()));
    let typed = form.form_value("adresse");
    let page = EmailPage { asked: None, ..email_page(&app, &ctx, &session, &account).await? };
    let page = EmailPage { typed: typed.chars().take(MAX_SHOWN_CHARS).collect(), ..page };
    match ops::ask(&op, owner(&ctx, &session, &account, &form), typed).await? {
        AskOutcome::Sent => Ok(see_other(paths::ACCOUNT_EMAIL)),
        AskOutcome::Invalid => {
            let page = EmailPage { error: Some(EmailError::Invalid), ..page };
            ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        AskOutcome::Refused(why) => refused(&app, &ctx, why, page),
        AskOutcome::TooMany { until } => {
            let hour = dates::hour_rounded_up(ctx.lang, until);
            let page = EmailPage { error: Some(EmailError::TooMany { hour }), ..page };
            Ok(retry_after(ctx.page(&app.pages, StatusCode::TOO_MANY_REQUESTS, &page)?, ctx.now, until))
        }
    }
}

/// POST: confirms the address by its code.
async fn confirm(
    State(app): State<AppState>,
    ctx: RequestContext,
    EmailVisitor { session, account }: EmailVisitor,
    Form(form): Form,
) -> PageResult {
    let op = Operation::of_request(&app, &ctx).by(Actor::Account(account.id.clone()));
    let shown = async || email_page(&app, &ctx, &session, &account).await;
    let refusal = match TypedCode::parse(form.form_value("code")) {
        Err(malformed) => CodeRefusal::of_format(malformed),
        Ok(code) => match ops::confirm(&op, &session, &account, ctx.lang, &code).await? {
            ConfirmOutcome::Confirmed | ConfirmOutcome::NothingAsked => return Ok(see_other(paths::ACCOUNT_EMAIL)),
            ConfirmOutcome::Caution { until } => {
                let page = EmailPage { error: Some(caution(ctx.lang, until)), ..shown().await? };
                return ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page);
            }
            ConfirmOutcome::Rejected(rejected) => CodeRefusal::of_verification(ctx.lang, rejected),
        },
    };
    let page = EmailPage { code: Some(refusal.error.clone()), ..shown().await? };
    Ok(refusal.complete(&ctx, ctx.page(&app.pages, refusal.status, &page)?))
}

/// POST: removes the address.
async fn remove(
    State(app): State<AppState>,
    ctx: RequestContext,
    EmailVisitor { session, account }: EmailVisitor,
    Form(form): Form,
) -> PageResult {
    let op = Operation::of_request(&app, &ctx).by(Actor::Account(account.id.clone()));
    match ops::remove(&op, owner(&ctx, &session, &account, &form)).await? {
        Ok(()) => Ok(tell(EmailChangeTold::Removed)),
        Err(why) => refused(&app, &ctx, why, email_page(&app, &ctx, &session, &account).await?),
    }
}

/// POST: makes a former address the account's again.
async fn take_back(
    State(app): State<AppState>,
    ctx: RequestContext,
    EmailVisitor { session, account }: EmailVisitor,
    Form(form): Form,
) -> PageResult {
    let op = Operation::of_request(&app, &ctx).by(Actor::Account(account.id.clone()));
    let Some(id) = form.get("ancienne") else { return Ok(see_other(paths::ACCOUNT_EMAIL)) };
    let page = email_page(&app, &ctx, &session, &account).await?;
    let told = match page.former.iter().any(|former| former.id == id) {
        true => EmailChangeTold::TakenBack,
        false => EmailChangeTold::TooLate,
    };
    match ops::take_back(&op, owner(&ctx, &session, &account, &form), id).await? {
        Ok(()) => Ok(tell(told)),
        Err(why) => refused(&app, &ctx, why, page),
    }
}
