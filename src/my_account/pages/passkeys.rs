//! `/compte/cle` and the pages below it: passkeys are offered, added, named and removed.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::PageResult;
use super::factors::{operation, owner};
use crate::app::{App, AppState, Operation};
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;
use crate::base::lang::Lang;
use crate::credentials;
use crate::credentials::backup_codes::BackupCode;
use crate::credentials::ops::{PasskeyCreation, PasskeyRemoval, add_passkey};
use crate::credentials::pages as proof;
use crate::credentials::views::CurrentPasswordError;
use crate::devices;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::my_account::ops::{
    PasskeyProofRefusal, PasskeyRemovalOutcome, PasskeyStep, TypedProof, next_passkey_step, next_step_without_passkey,
    postpone_passkey_offer, prove_for_passkey, prove_without_passkey, remove_passkey,
};
use crate::my_account::views::{
    AddPasskeyPage, AddedFactor, BackupCodesPage, CautionEnd, PasskeyFormStep, PasskeyLine, PasskeyPage,
    PasskeyPageError,
};
use crate::passkeys::{self, CeremonyPurpose, PasskeyAnswer, StoredPasskey, parse_label};
use crate::sessions::extract::SignedIn;

/// The query parameters of a pending request, to which one goes on afterwards.
const CARRIED_PARAMS: [&str; 2] = ["i", "client_id"];

/// Returns what a page shows of a passkey.
pub(super) fn line(lang: Lang, now: Timestamp, passkey: StoredPasskey) -> PasskeyLine {
    PasskeyLine {
        id: passkey.id,
        label: passkey.label,
        created: dates::day(lang, passkey.created_at),
        used: passkey.used_at.map(|at| dates::moment(lang, at, now)),
    }
}

fn caution(lang: Lang, until: Timestamp) -> CautionEnd {
    CautionEnd { day: dates::weekday_and_day(lang, until), hour: dates::hour_rounded_up(lang, until) }
}

/// Returns the way to the page of the second factor, if it comes first; it leads back to `path`.
fn factor_first(step: &PasskeyStep, path: &str) -> Option<Response> {
    let word = path.trim_start_matches("/compte/");
    matches!(step, PasskeyStep::Factor).then(|| see_other(&format!("{}?vers={word}", paths::FACTOR)))
}

async fn step_page(
    op: &Operation<'_>,
    ctx: &RequestContext,
    signed: &SignedIn,
    step: PasskeyStep,
) -> Result<AddPasskeyPage, PageError> {
    let query = ctx.carried_query(&CARRIED_PARAMS);
    let adds_proof = !credentials::ops::find_factors(op, &signed.account.id).await?.is_required();
    let page = |step, challenge| AddPasskeyPage {
        query,
        step,
        adds_proof,
        challenge,
        current: None,
        caution: None,
        refused: false,
    };
    Ok(match step {
        PasskeyStep::Unavailable | PasskeyStep::Factor => return Err(PageError::NotFound),
        PasskeyStep::Caution { until } => {
            AddPasskeyPage { caution: Some(caution(ctx.lang, until)), ..page(PasskeyFormStep::None, None) }
        }
        PasskeyStep::Full => page(PasskeyFormStep::Full, None),
        PasskeyStep::Password => page(PasskeyFormStep::Password, None),
        PasskeyStep::Passkey(challenge) => page(PasskeyFormStep::Passkey, Some(challenge)),
        PasskeyStep::Create(challenge) => page(PasskeyFormStep::Create, Some(challenge)),
    })
}

/// GET: asks for a proof, or lets the browser create a passkey.
pub async fn show_add(State(app): State<AppState>, ctx: RequestContext, signed: SignedIn) -> PageResult {
    if passkeys::ops::relying_party(&app).is_none() {
        return Err(PageError::NotFound);
    }
    let op = Operation::of_request(&app, &ctx);
    let step = next_passkey_step(&op, owner(&ctx, &signed)).await?;
    if let Some(answer) = factor_first(&step, paths::ACCOUNT_PASSKEY) {
        return Ok(answer);
    }
    ctx.page(&app.pages, StatusCode::OK, &step_page(&op, &ctx, &signed, step).await?)
}

/// GET: the same for somebody who has none of their passkeys at hand.
pub async fn show_lost(State(app): State<AppState>, ctx: RequestContext, signed: SignedIn) -> PageResult {
    if passkeys::ops::relying_party(&app).is_none() {
        return Err(PageError::NotFound);
    }
    let op = Operation::of_request(&app, &ctx);
    let step = next_step_without_passkey(&op, owner(&ctx, &signed)).await?;
    if let Some(answer) = factor_first(&step, paths::ACCOUNT_PASSKEY_LOST) {
        return Ok(answer);
    }
    ctx.page(&app.pages, StatusCode::OK, &step_page(&op, &ctx, &signed, step).await?)
}

/// POST: judges the password of somebody who has no passkey at hand.
pub async fn prove_lost(
    State(app): State<AppState>,
    ctx: RequestContext,
    signed: SignedIn,
    Form(form): Form,
) -> PageResult {
    let op = operation(&app, &ctx, &signed.account);
    let owner = owner(&ctx, &signed);
    match prove_without_passkey(&op, owner, form.form_value("mot_de_passe")).await? {
        Ok(step) if factor_first(&step, "").is_some() => Ok(see_other(paths::ACCOUNT_PASSKEY_LOST)),
        Ok(step) => ctx.page(&app.pages, StatusCode::OK, &step_page(&op, &ctx, &signed, step).await?),
        Err(why) => {
            let step = next_step_without_passkey(&op, owner).await?;
            refuse_proof(&app, &ctx, why, step_page(&op, &ctx, &signed, step).await?)
        }
    }
}

/// Shows the page again, with the reason for which a proof was not accepted.
fn refuse_proof(app: &App, ctx: &RequestContext, why: PasskeyProofRefusal, page: AddPasskeyPage) -> PageResult {
    match why {
        PasskeyProofRefusal::Passkey => {
            let page = AddPasskeyPage { refused: true, ..page };
            ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        PasskeyProofRefusal::Password(why) => {
            let page = AddPasskeyPage { current: Some(CurrentPasswordError::new(why, ctx.lang)), ..page };
            proof::refused(ctx, why, ctx.page(&app.pages, proof::status(why), &page)?)
        }
    }
}

/// POST: answers « Plus tard » to the offer on the account page.
pub async fn later(State(app): State<AppState>, ctx: RequestContext, signed: SignedIn) -> PageResult {
    postpone_passkey_offer(&operation(&app, &ctx, &signed.account), &signed.account.id).await?;
    Ok(see_other(paths::ACCOUNT))
}

/// POST: judges the proof, and lets the browser create a passkey.
pub async fn prove(State(app): State<AppState>, ctx: RequestContext, signed: SignedIn, Form(form): Form) -> PageResult {
    let op = operation(&app, &ctx, &signed.account);
    let proof = match PasskeyAnswer::in_form(&form) {
        Some(answer) => TypedProof::Passkey(answer),
        None => TypedProof::Password(form.form_value("mot_de_passe")),
    };
    match prove_for_passkey(&op, owner(&ctx, &signed), proof).await? {
        Ok(step) if factor_first(&step, "").is_some() => Ok(see_other(paths::ACCOUNT_PASSKEY)),
        Ok(step) => ctx.page(&app.pages, StatusCode::OK, &step_page(&op, &ctx, &signed, step).await?),
        Err(why) => {
            let step = next_passkey_step(&op, owner(&ctx, &signed)).await?;
            refuse_proof(&app, &ctx, why, step_page(&op, &ctx, &signed, step).await?)
        }
    }
}

/// POST: adds the passkey that the browser created, and goes on to where the person came from.
pub async fn add(State(app): State<AppState>, ctx: RequestContext, signed: SignedIn, Form(form): Form) -> PageResult {
    let op = operation(&app, &ctx, &signed.account);
    let query = ctx.carried_query(&CARRIED_PARAMS);
    let Some(answer) = PasskeyAnswer::in_form(&form) else {
        return Ok(see_other(&format!("{}{query}", paths::ACCOUNT_PASSKEY)));
    };
    let label = devices::display_label(&app.pages, ctx.lang, &devices::label(&ctx.user_agent))?;
    let label = match parse_label(&label) {
        Some(label) => label,
        None => app.pages.message(ctx.lang, "passkey-title", &[])?,
    };
    match add_passkey(&op, owner(&ctx, &signed), answer, &label).await? {
        PasskeyCreation::Added { backup_codes } => {
            let onward = match query.is_empty() {
                true => paths::ACCOUNT_SECURITY.to_owned(),
                false => format!("{}{query}", paths::AFTER_SIGN_IN),
            };
            if backup_codes.is_empty() {
                return Ok(see_other(&onward));
            }
            let page = BackupCodesPage {
                codes: backup_codes.iter().map(BackupCode::to_printed_form).collect(),
                added: Some(AddedFactor::Passkey),
                continue_href: onward,
                ..BackupCodesPage::default()
            };
            ctx.page(&app.pages, StatusCode::OK, &page)
        }
        PasskeyCreation::Overtaken => Ok(see_other(paths::ACCOUNT_SECURITY)),
        PasskeyCreation::TooMany => ctx.page(
            &app.pages,
            StatusCode::UNPROCESSABLE_ENTITY,
            &step_page(&op, &ctx, &signed, PasskeyStep::Full).await?,
        ),
        PasskeyCreation::Refused => {
            let step = next_passkey_step(&op, owner(&ctx, &signed)).await?;
            if let Some(answer) = factor_first(&step, paths::ACCOUNT_PASSKEY) {
                return Ok(answer);
            }
            let page = step_page(&op, &ctx, &signed, step).await?;
            let page = AddPasskeyPage { refused: true, ..page };
            ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// Returns the page of the passkey that the query names.
async fn passkey_page(
    app: &App,
    ctx: &RequestContext,
    SignedIn { session, account }: &SignedIn,
) -> Result<PasskeyPage, PageError> {
    let id = ctx.query.get("k").filter(|id| is_id(id, 32)).ok_or(PageError::NotFound)?;
    let passkey = passkeys::store::find(&mut app.db.read().await?, &account.id, id).await?;
    let passkey = passkey.ok_or(PageError::NotFound)?;
    let op = Operation::of_request(app, ctx);
    let challenge = passkeys::ops::challenge(&op, CeremonyPurpose::FreshProof, session.id.as_str())?;
    let caution = account.caution(ctx.now).map(|until| caution(ctx.lang, until));
    Ok(PasskeyPage { key: line(ctx.lang, ctx.now, passkey), challenge, error: None, caution })
}

fn refuse(app: &App, ctx: &RequestContext, page: PasskeyPage, error: PasskeyPageError) -> Result<Response, PageError> {
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &PasskeyPage { error: Some(error), ..page })
}

pub async fn show_one(State(app): State<AppState>, ctx: RequestContext, signed: SignedIn) -> PageResult {
    ctx.page(&app.pages, StatusCode::OK, &passkey_page(&app, &ctx, &signed).await?)
}

/// POST: gives the passkey another label.
pub async fn rename(
    State(app): State<AppState>,
    ctx: RequestContext,
    signed: SignedIn,
    Form(form): Form,
) -> PageResult {
    let page = passkey_page(&app, &ctx, &signed).await?;
    let Some(label) = parse_label(form.form_value("nom")) else {
        return refuse(&app, &ctx, page, PasskeyPageError::Label);
    };
    let op = operation(&app, &ctx, &signed.account);
    passkeys::ops::rename(&op, &signed.account.id, &page.key.id, &label).await?;
    Ok(see_other(paths::ACCOUNT_SECURITY))
}

/// POST: removes the passkey.
pub async fn remove(
    State(app): State<AppState>,
    ctx: RequestContext,
    signed: SignedIn,
    Form(form): Form,
) -> PageResult {
    let page = passkey_page(&app, &ctx, &signed).await?;
    let op = operation(&app, &ctx, &signed.account);
    match remove_passkey(&op, owner(&ctx, &signed), &page.key.id, PasskeyAnswer::in_form(&form)).await? {
        PasskeyRemovalOutcome::Done(PasskeyRemoval::LastWayIn) => refuse(&app, &ctx, page, PasskeyPageError::LastWayIn),
        PasskeyRemovalOutcome::Done(_) => Ok(see_other(paths::ACCOUNT_SECURITY)),
        PasskeyRemovalOutcome::NotProven => refuse(&app, &ctx, page, PasskeyPageError::NotProven),
        PasskeyRemovalOutcome::Caution => ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page),
    }
}
