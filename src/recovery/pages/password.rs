//! `/mot-de-passe-oublie/mot-de-passe`, and the final page after the sign-in.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{CARRIED_PARAMS, PageResult, left_by_proof, recovery_at, redirect_to_step, with_next_secret};
use crate::accounts::{self, Account, password};
use crate::app::{AppState, Operation};
use crate::base::profile::Profile;
use crate::credentials::ideas;
use crate::credentials::views::PasswordFieldError;
use crate::credentials::{SignInContext, SignInCookies, TypedPassword};
use crate::http::cookies::CookieName;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, with_cookie};
use crate::interactions::extract::{in_request_language, pending_interaction};
use crate::letters::{self, LetterKind};
use crate::passkeys;
use crate::passkeys::ops::PasskeyOffer;
use crate::protocol::params::Params;
use crate::recovery::ops::{self, RecoveryPasswordOutcome};
use crate::recovery::views::{NewPasswordDone, NewPasswordPage, OfferStart};
use crate::recovery::{BoundRecovery, Recovery, RecoveryChannel, RecoveryStep};

async fn load_account(app: &AppState, recovery: &Recovery) -> Result<Account, PageError> {
    let Some(id) = &recovery.account_id else { return Err(PageError::NotFound) };
    accounts::store::find(&mut app.db.read().await?, id).await?.ok_or(PageError::NotFound)
}

pub async fn show(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    match recovery_at(&app, &ctx, &[RecoveryStep::Password]).await? {
        Ok(recovery) => {
            let account = load_account(&app, &recovery).await?;
            ctx.page(&app.pages, StatusCode::OK, &password_page(&app, &ctx, &recovery, account, (None, Vec::new())))
        }
        Err(answer) => Ok(answer),
    }
}

fn password_page(
    app: &AppState,
    ctx: &RequestContext,
    recovery: &Recovery,
    account: Account,
    (fault, lacking): (Option<PasswordFieldError>, Vec<password::PasswordRule>),
) -> NewPasswordPage {
    NewPasswordPage {
        query: ctx.carried_query(&CARRIED_PARAMS),
        fault,
        lacking,
        by_letter: recovery.channel == RecoveryChannel::Letter,
        first: account.password.is_none(),
        ideas: match account.profile {
            Profile::Eleve => ideas::draw(app.rng.as_ref(), &ops::password_context(recovery, &account)),
            Profile::Responsable | Profile::Enseignant | Profile::Personnel | Profile::Invite => Vec::new(),
        },
        identifiant: account.identifiant,
    }
}

/// POST: sets the password and signs in.
pub async fn submit(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    let recovery = match recovery_at(&app, &ctx, &[RecoveryStep::Password, RecoveryStep::Done]).await? {
        Ok(found) => found,
        // Checked last, because the first request of a double click may leave the step at any time before.
        Err(answer) => match left_by_proof(&app, &ctx, RecoveryStep::Password).await? {
            Some(held) => return repeat_lost_answer(&app, &ctx, &held, &form).await,
            None => return Ok(answer),
        },
    };
    if recovery.step == RecoveryStep::Done {
        let signed_in = sign_in_again(&app, &ctx, &recovery, &form).await?;
        return Ok(signed_in.map_or_else(
            || redirect_to_step(&ctx, RecoveryStep::Done),
            |signed_in| signed_in_response(&ctx, &signed_in),
        ));
    }
    let account = load_account(&app, &recovery).await?;
    let typed =
        TypedPassword { password: form.form_value("mot_de_passe"), confirmation: form.form_value("confirmation") };
    let op = Operation::of_request(&app, &ctx);
    match ops::choose_password(&op, &recovery, &account, typed, sign_in_context(&ctx)).await? {
        RecoveryPasswordOutcome::Done(signed_in) => {
            Ok(with_next_secret(&app, &ctx, &recovery, RecoveryStep::Password, signed_in_response(&ctx, &signed_in)))
        }
        // The other request of a double click was first, and the browser discards its cookies.
        RecoveryPasswordOutcome::StepChanged(RecoveryStep::Done) => {
            repeat_lost_answer(&app, &ctx, &recovery, &form).await
        }
        RecoveryPasswordOutcome::StepChanged(step) => Ok(redirect_to_step(&ctx, step)),
        RecoveryPasswordOutcome::Rejected(why) => {
            // The marks beside the rules show the rejected password's state for each rule.
            let lacking = password::unmet_rules(&password::normalize(typed.password));
            let page = password_page(&app, &ctx, &recovery, account, (Some(why.into()), lacking));
            ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

fn sign_in_context(ctx: &RequestContext) -> SignInContext<'_> {
    SignInContext { session_cookie: ctx.session.as_deref(), source: ctx.source, user_agent: &ctx.user_agent }
}

async fn sign_in_again(
    app: &AppState,
    ctx: &RequestContext,
    recovery: &Recovery,
    form: &Params,
) -> Result<Option<SignInCookies>, PageError> {
    let account = load_account(app, recovery).await?;
    let op = Operation::of_request(app, ctx);
    Ok(ops::sign_in_again(&op, recovery, &account, form.form_value("mot_de_passe"), sign_in_context(ctx)).await?)
}

/// Redirects to the final page, with the cookies of the session and the device.
fn signed_in_response(ctx: &RequestContext, signed_in: &SignInCookies) -> Response {
    let page = with_cookie(
        redirect_to_step(ctx, RecoveryStep::Done),
        ctx.jar.set_cookie(CookieName::Session, &signed_in.session_cookie, None),
    );
    with_cookie(page, ctx.jar.device_cookie(&ctx.devices, &signed_in.device_secret))
}

/// Repeats the sign-in for a browser with the previous binding secret: the correct password also renews the secret.
async fn repeat_lost_answer(app: &AppState, ctx: &RequestContext, held: &BoundRecovery, form: &Params) -> PageResult {
    Ok(match sign_in_again(app, ctx, held, form).await? {
        Some(signed_in) => {
            with_next_secret(app, ctx, held, RecoveryStep::Password, signed_in_response(ctx, &signed_in))
        }
        None => redirect_to_step(ctx, RecoveryStep::Done),
    })
}

/// GET: says that the new password serves, with the button to continue.
pub async fn done(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    match recovery_at(&app, &ctx, &[RecoveryStep::Done]).await? {
        Ok(recovery) => {
            let letter = match &recovery.letter_id {
                Some(id) => letters::store::find(&mut app.db.read().await?, id).await?,
                None => None,
            };
            let account = load_account(&app, &recovery).await?;
            let op = Operation::of_request(&app, &ctx);
            let offer = passkeys::ops::find_offer(&op, &account.id, &ctx.devices).await?;
            let service_query = ctx.carried_query(&super::SERVICE_PARAMS);
            let page = NewPasswordDone {
                service: pending_interaction(&app, &ctx).await.map(|waiting| waiting.client_name),
                continue_href: match ctx.query.get("i") {
                    Some(_) => format!("{}{service_query}", paths::AUTHORIZE),
                    None => paths::ACCOUNT.to_owned(),
                },
                passkey_href: matches!(offer, Some(PasskeyOffer::Now))
                    .then(|| format!("{}{service_query}", paths::ACCOUNT_PASSKEY)),
                passkey_from: match offer {
                    Some(PasskeyOffer::From(at)) => Some(OfferStart {
                        day: dates::weekday_and_day(ctx.lang, at),
                        hour: dates::hour_rounded_up(ctx.lang, at),
                    }),
                    _ => None,
                },
                identifiant: match letter {
                    Some(letter) if letter.kind == LetterKind::First => Some(account.identifiant),
                    _ => None,
                },
            };
            ctx.page(&app.pages, StatusCode::OK, &page)
        }
        Err(answer) => Ok(answer),
    }
}
