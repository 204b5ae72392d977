//! `/compte/application` and `/compte/codes-de-secours`: the second factors of the account.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::PageResult;
use super::security::told_url;
use crate::accounts::Account;
use crate::app::{App, AppState, Operation};
use crate::base::actor::Actor;
use crate::base::clock::Span;
use crate::base::ids::is_id;
use crate::base::typed_ids::TotpId;
use crate::credentials::backup_codes::BackupCode;
use crate::credentials::factors::{FactorFormatError, HeldFactors};
use crate::credentials::ops::{self, ConfirmTotpOutcome, FactorChangeRefusal, FactorOwner};
use crate::credentials::pages as proof;
use crate::credentials::totp::TotpSecret;
use crate::credentials::views::{CurrentPasswordError, FactorFieldError};
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::{Page, dates};
use crate::http::paths;
use crate::http::qr::QrCode;
use crate::http::request_context::{RequestContext, see_other};
use crate::my_account::views::{
    AddApplicationPage, AddedFactor, ApplicationCodePage, BackupCodesPage, CautionEnd, FactorChangeTold,
    RemoveApplicationPage,
};
use crate::otp::{CodeFormatError, TypedCode};
use crate::sessions::extract::SignedIn;

pub(super) fn operation<'a>(app: &'a App, ctx: &'a RequestContext, account: &Account) -> Operation<'a> {
    Operation::of_request(app, ctx).by(Actor::Account(account.id.clone()))
}

pub(super) fn owner<'a>(ctx: &'a RequestContext, signed: &'a SignedIn) -> FactorOwner<'a> {
    FactorOwner { session: &signed.session, account: &signed.account, device_secrets: &ctx.devices, lang: ctx.lang }
}

/// Answers what was refused: the page again, or the way to what has to be proven first.
fn refused<P: Page>(
    app: &App,
    ctx: &RequestContext,
    why: FactorChangeRefusal,
    page: impl FnOnce(Option<CurrentPasswordError>, Option<CautionEnd>) -> P,
) -> Result<Response, PageError> {
    match why {
        FactorChangeRefusal::NotPossible => Ok(see_other(&told_url(FactorChangeTold::Nothing))),
        FactorChangeRefusal::Caution { until } => {
            let end = CautionEnd {
                day: dates::weekday_and_day(ctx.lang, until),
                hour: dates::hour_rounded_up(ctx.lang, until),
            };
            ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page(None, Some(end)))
        }
        FactorChangeRefusal::NotProven(why) => {
            let page = page(Some(CurrentPasswordError::new(why, ctx.lang)), None);
            proof::refused(ctx, why, ctx.page(&app.pages, proof::status(why), &page)?)
        }
    }
}

/// GET: asks for the password before an application is added.
pub async fn show_add(State(app): State<AppState>, ctx: RequestContext, _: SignedIn) -> PageResult {
    ctx.page(&app.pages, StatusCode::OK, &AddApplicationPage::default())
}

/// POST: draws a secret.
pub async fn add(State(app): State<AppState>, ctx: RequestContext, signed: SignedIn, Form(form): Form) -> PageResult {
    let op = operation(&app, &ctx, &signed.account);
    match ops::start_totp(&op, owner(&ctx, &signed), form.form_value("mot_de_passe")).await? {
        Ok(()) => Ok(see_other(paths::ACCOUNT_APPLICATION_CODE)),
        Err(why) => refused(&app, &ctx, why, |current, caution| AddApplicationPage { current, caution }),
    }
}

/// The time in which a person may come back to the page of a secret that was confirmed.
const JUST_ADDED: Span = Span::minutes(15);

/// Answers a secret that is not there: it waited too long, or its application was added a moment ago.
async fn no_secret(op: &Operation<'_>, account: &Account) -> PageResult {
    let held = ops::find_factors(op, &account.id).await?;
    let added = held.totp.iter().any(|totp| op.now.since(totp.confirmed_at) < JUST_ADDED);
    let told = if added { FactorChangeTold::Added } else { FactorChangeTold::TooLate };
    Ok(see_other(&told_url(told)))
}

fn code_page(
    app: &App,
    account: &Account,
    secret: &TotpSecret,
    error: Option<FactorFieldError>,
) -> ApplicationCodePage {
    ApplicationCodePage {
        qr: QrCode::encode(&secret.to_uri(app.pages.service_name(), &account.identifiant)),
        secret: secret.to_groups(),
        error,
    }
}

/// GET: shows the secret that waits for its first code.
pub async fn show_code(State(app): State<AppState>, ctx: RequestContext, signed: SignedIn) -> PageResult {
    let op = operation(&app, &ctx, &signed.account);
    let Some(secret) = ops::find_waiting_totp(&op, &signed.session).await? else {
        return no_secret(&op, &signed.account).await;
    };
    ctx.page(&app.pages, StatusCode::OK, &code_page(&app, &signed.account, &secret, None))
}

/// POST: lets the application count, and shows the backup codes drawn for it, once.
pub async fn confirm(
    State(app): State<AppState>,
    ctx: RequestContext,
    signed: SignedIn,
    Form(form): Form,
) -> PageResult {
    let op = operation(&app, &ctx, &signed.account);
    let Some(secret) = ops::find_waiting_totp(&op, &signed.session).await? else {
        return no_secret(&op, &signed.account).await;
    };
    let error = match TypedCode::parse(form.form_value("code")) {
        Err(CodeFormatError::Empty) => FactorFormatError::Empty.into(),
        Err(CodeFormatError::NotSixDigits) => FactorFormatError::Malformed.into(),
        Ok(code) => match ops::confirm_totp(&op, owner(&ctx, &signed), &code).await? {
            ConfirmTotpOutcome::Added { backup_codes } if backup_codes.is_empty() => {
                return Ok(see_other(&told_url(FactorChangeTold::Added)));
            }
            ConfirmTotpOutcome::Added { backup_codes } => {
                return show_codes(&app, &ctx, &backup_codes, Some(AddedFactor::Application));
            }
            ConfirmTotpOutcome::NothingWaiting => return no_secret(&op, &signed.account).await,
            ConfirmTotpOutcome::Caution { until } => {
                let why = FactorChangeRefusal::Caution { until };
                return refused(&app, &ctx, why, |current, caution| AddApplicationPage { current, caution });
            }
            ConfirmTotpOutcome::Incorrect => FactorFieldError::wrong(),
        },
    };
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &code_page(&app, &signed.account, &secret, Some(error)))
}

fn show_codes(app: &App, ctx: &RequestContext, codes: &[BackupCode], added: Option<AddedFactor>) -> PageResult {
    let codes = codes.iter().map(BackupCode::to_printed_form).collect();
    ctx.page(&app.pages, StatusCode::OK, &BackupCodesPage { codes, added, ..BackupCodesPage::default() })
}

/// GET: asks for the password before the backup codes are drawn anew.
pub async fn show_renew(State(app): State<AppState>, ctx: RequestContext, signed: SignedIn) -> PageResult {
    let op = operation(&app, &ctx, &signed.account);
    if !ops::find_factors(&op, &signed.account.id).await?.is_required() {
        return Ok(see_other(&told_url(FactorChangeTold::Nothing)));
    }
    ctx.page(&app.pages, StatusCode::OK, &BackupCodesPage::default())
}

/// POST: draws the backup codes anew and shows them, once.
pub async fn renew(State(app): State<AppState>, ctx: RequestContext, signed: SignedIn, Form(form): Form) -> PageResult {
    let op = operation(&app, &ctx, &signed.account);
    match ops::renew_backup_codes(&op, owner(&ctx, &signed), form.form_value("mot_de_passe")).await? {
        Ok(codes) => show_codes(&app, &ctx, &codes, None),
        Err(why) => refused(&app, &ctx, why, |current, caution| BackupCodesPage {
            current,
            caution,
            ..BackupCodesPage::default()
        }),
    }
}

fn remove_page(ctx: &RequestContext, held: &HeldFactors, id: &str) -> Option<RemoveApplicationPage> {
    let totp = held.totp.iter().find(|totp| totp.id.as_str() == id)?;
    Some(RemoveApplicationPage {
        id: id.to_owned(),
        since: dates::day(ctx.lang, totp.confirmed_at),
        last: held.totp.len() == 1 && held.passkeys.is_empty(),
        passkey_remains: held.totp.len() == 1 && !held.passkeys.is_empty(),
        current: None,
        caution: None,
    })
}

/// GET: asks for the password before an application is removed.
pub async fn show_remove(State(app): State<AppState>, ctx: RequestContext, signed: SignedIn) -> PageResult {
    let op = operation(&app, &ctx, &signed.account);
    let held = ops::find_factors(&op, &signed.account.id).await?;
    match remove_page(&ctx, &held, ctx.query.get("application").unwrap_or_default()) {
        Some(page) => ctx.page(&app.pages, StatusCode::OK, &page),
        None => Ok(see_other(&told_url(FactorChangeTold::Nothing))),
    }
}

/// POST: removes an application.
pub async fn remove(
    State(app): State<AppState>,
    ctx: RequestContext,
    signed: SignedIn,
    Form(form): Form,
) -> PageResult {
    let op = operation(&app, &ctx, &signed.account);
    let id = form.form_value("application");
    let held = ops::find_factors(&op, &signed.account.id).await?;
    let Some(page) = remove_page(&ctx, &held, id).filter(|_| is_id(id, 32)) else {
        return Ok(see_other(&told_url(FactorChangeTold::Nothing)));
    };
    let password = form.form_value("mot_de_passe");
    match ops::remove_totp(&op, owner(&ctx, &signed), password, &TotpId::new(id)).await? {
        Ok(()) => Ok(see_other(&told_url(FactorChangeTold::Removed))),
        Err(why) => refused(&app, &ctx, why, |current, caution| RemoveApplicationPage { current, caution, ..page }),
    }
}
