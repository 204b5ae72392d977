//! `/compte/portable/verifier`: a code by SMS proves the mobile. `/compte/portable/toujours`: it is still the person's.

use axum::extract::State;
use axum::http::StatusCode;

use super::{PageResult, phone_digits};
use crate::accounts::Account;
use crate::accounts::phones::AccountPhone;
use crate::accounts::store::{phone_proofs, phones};
use crate::app::{App, AppState, Operation};
use crate::base::actor::Actor;
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::credentials::pages as proof;
use crate::credentials::views::CurrentPasswordError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, retry_after, see_other};
use crate::my_account::ops::{self, AskProofOutcome, GiveUpRefusal, ProvePhoneOutcome};
use crate::my_account::views::{CautionEnd, PhoneProofError, ProvePhonePage};
use crate::otp::TypedCode;
use crate::otp::pages::CodeRefusal;
use crate::roster;
use crate::sessions::Session;
use crate::sessions::extract::SignedIn;

async fn proof_page(
    app: &App,
    ctx: &RequestContext,
    session: &Session,
    account: &Account,
) -> anyhow::Result<ProvePhonePage> {
    let mut tx = app.db.read().await?;
    let phone = phones::find_phone(&mut tx, &account.id).await?;
    let asked = phone_proofs::find(&mut tx, &account.id).await?;
    let children = roster::store::list_children_of_account(&mut tx, &account.id).await?;
    drop(tx);
    let mut schools: Vec<String> = children.into_iter().map(|child| child.school).collect();
    schools.dedup();
    let given_up = phone.as_ref().is_some_and(|phone| phone.history.disowned);
    let provable = phone.as_ref().is_some_and(AccountPhone::is_provable);
    let proven = phone.as_ref().and_then(|phone| phone.code_typed_at).filter(|_| !given_up);
    Ok(ProvePhonePage {
        asked: provable && asked.is_some_and(|asked| asked.session_id == session.id),
        phone: phone.map(|phone| phone_digits(app, &phone)).transpose()?,
        given_up,
        provable,
        proven: proven.map(|at| dates::day_and_year(ctx.lang, at)),
        schools,
        upstream: proof::proof_upstream(app, account),
        ..ProvePhonePage::default()
    })
}

fn end(lang: Lang, until: Timestamp) -> CautionEnd {
    CautionEnd { day: dates::weekday_and_day(lang, until), hour: dates::hour_rounded_up(lang, until) }
}

/// Shows the page again with what was refused.
fn refused(
    app: &App,
    ctx: &RequestContext,
    (status, error): (StatusCode, PhoneProofError),
    page: ProvePhonePage,
) -> PageResult {
    ctx.page(&app.pages, status, &ProvePhonePage { error: Some(error), ..page })
}

/// Shows the page again, because too much was asked or typed today.
fn limited(app: &App, ctx: &RequestContext, until: Timestamp, page: ProvePhonePage) -> PageResult {
    let error = PhoneProofError::TooMany { hour: dates::hour_rounded_up(ctx.lang, until) };
    Ok(retry_after(refused(app, ctx, (StatusCode::TOO_MANY_REQUESTS, error), page)?, ctx.now, until))
}

fn cautious(app: &App, ctx: &RequestContext, until: Timestamp, page: ProvePhonePage) -> PageResult {
    let page = ProvePhonePage { caution: Some(end(ctx.lang, until)), ..page };
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)
}

pub async fn show(
    State(app): State<AppState>,
    ctx: RequestContext,
    SignedIn { session, account }: SignedIn,
) -> PageResult {
    ctx.page(&app.pages, StatusCode::OK, &proof_page(&app, &ctx, &session, &account).await?)
}

/// POST: sends a code to the roster's number.
pub async fn ask(
    State(app): State<AppState>,
    ctx: RequestContext,
    SignedIn { session, account }: SignedIn,
    Form(form): Form,
) -> PageResult {
    let op = Operation::of_request(&app, &ctx).by(Actor::Account(account.id.clone()));
    let typed = (form.form_value("mot_de_passe"), ctx.devices.as_slice());
    let asked = ops::ask_phone_proof(&op, (&session, &account), typed, (&ctx.support_code, ctx.lang)).await?;
    let page = proof_page(&app, &ctx, &session, &account).await?;
    match asked {
        AskProofOutcome::Sent | AskProofOutcome::NoNumber => Ok(see_other(paths::ACCOUNT_PHONE_PROOF)),
        AskProofOutcome::Refused(GiveUpRefusal::Caution { until }) => cautious(&app, &ctx, until, page),
        AskProofOutcome::Refused(GiveUpRefusal::NotProven(why)) => {
            let page = ProvePhonePage { current: Some(CurrentPasswordError::new(why, ctx.lang)), ..page };
            proof::refused(&ctx, why, ctx.page(&app.pages, proof::status(why), &page)?)
        }
        AskProofOutcome::Young { until } => {
            let CautionEnd { day, hour } = end(ctx.lang, until);
            refused(&app, &ctx, (StatusCode::UNPROCESSABLE_ENTITY, PhoneProofError::Young { day, hour }), page)
        }
        AskProofOutcome::TooMany { until } => limited(&app, &ctx, until, page),
    }
}

/// POST: proves the number by the code.
pub async fn prove(
    State(app): State<AppState>,
    ctx: RequestContext,
    SignedIn { session, account }: SignedIn,
    Form(form): Form,
) -> PageResult {
    let op = Operation::of_request(&app, &ctx).by(Actor::Account(account.id.clone()));
    let shown = async || proof_page(&app, &ctx, &session, &account).await;
    let refusal = match TypedCode::parse(form.form_value("code")) {
        Err(malformed) => CodeRefusal::of_format(malformed),
        Ok(code) => match ops::prove_phone(&op, &session, &account.id, ctx.lang, &code).await? {
            ProvePhoneOutcome::Proven | ProvePhoneOutcome::NothingAsked => {
                return Ok(see_other(paths::ACCOUNT_PHONE_PROOF));
            }
            ProvePhoneOutcome::Caution { until } => return cautious(&app, &ctx, until, shown().await?),
            ProvePhoneOutcome::Rejected(rejected) => CodeRefusal::of_verification(ctx.lang, rejected),
        },
    };
    let page = ProvePhonePage { code: Some(refusal.error.clone()), ..shown().await? };
    Ok(refusal.complete(&ctx, ctx.page(&app.pages, refusal.status, &page)?))
}

/// POST: « Oui » to the question of the account page.
pub async fn keep(
    State(app): State<AppState>,
    ctx: RequestContext,
    SignedIn { session, account }: SignedIn,
) -> PageResult {
    let op = Operation::of_request(&app, &ctx).by(Actor::Account(account.id.clone()));
    ops::keep_phone(&op, &session, &account.id).await?;
    Ok(see_other(paths::ACCOUNT))
}
