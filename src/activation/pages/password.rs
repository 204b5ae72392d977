//! `/activation/mot-de-passe`, the printable sheet, and the final page after the sign-in.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{CARRIED_PARAMS, PageResult, activation_at, left_by_proof, redirect_to_step, with_next_secret};
use crate::accounts::password;
use crate::accounts::{self, Account};
use crate::activation::browser_binding::BoundActivation;
use crate::activation::ops::{self, ChoosePasswordOutcome, LinkOutcome};
use crate::activation::views::{ChildNotice, ChildNoticeReason, DonePage, PasswordPage, SheetPage, SheetService};
use crate::activation::{Activation, ActivationStep, ChildStatus};
use crate::app::{AppState, Operation};
use crate::base::profile::Profile;
use crate::base::typed_ids::AccountId;
use crate::base::uai::Uai;
use crate::credentials::views::PasswordFieldError;
use crate::credentials::{SignInContext, SignInCookies, TypedPassword};
use crate::http::cookies::CookieName;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::paths;
use crate::http::qr::QrCode;
use crate::http::request_context::{RequestContext, with_cookie};
use crate::interactions::extract::{in_request_language, pending_interaction};
use crate::passkeys::ops::PasskeyOffer;
use crate::protocol::params::Params;
use crate::services::ServiceLink;
use crate::{clients, passkeys, roster, services, tenants};

async fn load_account(app: &AppState, activation: &Activation) -> Result<Account, PageError> {
    let id = activation.account_id.as_ref().ok_or(PageError::NotFound)?;
    accounts::store::find(&mut app.db.read().await?, id).await?.ok_or(PageError::NotFound)
}

fn child_notices(activation: &Activation) -> Vec<ChildNotice> {
    let reason = |settled| match settled {
        Some(ChildStatus::SetAside) => Some(ChildNoticeReason::SetAside { code: activation.support_code.clone() }),
        Some(ChildStatus::Refused) => Some(ChildNoticeReason::Contested),
        Some(ChildStatus::Right) | None => None,
    };
    let all = activation.children.iter().filter_map(|child| Some((child, reason(child.settled)?)));
    all.map(|(child, reason)| ChildNotice { name: child.display_name(), given_name: child.given_name.clone(), reason })
        .collect()
}

fn password_page(
    ctx: &RequestContext,
    activation: &Activation,
    account: Account,
    fault: Option<PasswordFieldError>,
) -> PasswordPage {
    PasswordPage {
        query: ctx.carried_query(&CARRIED_PARAMS),
        identifiant: account.identifiant,
        upstream: activation.upstream.as_ref().map(|person| person.label.clone()),
        fault,
        lacking: None,
        notices: child_notices(activation),
    }
}

pub async fn show(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    match activation_at(&app, &ctx, &[ActivationStep::Password]).await? {
        Ok(activation) => {
            let account = load_account(&app, &activation).await?;
            ctx.page(&app.pages, StatusCode::OK, &password_page(&ctx, &activation, account, None))
        }
        Err(answer) => Ok(answer),
    }
}

/// POST: sets the password and signs in.
pub async fn submit(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    let activation = match activation_at(&app, &ctx, &[ActivationStep::Password, ActivationStep::Done]).await? {
        Ok(found) => found,
        // Checked last, because the first request of a double click may leave the step at any time before.
        Err(answer) => match left_by_proof(&app, &ctx, ActivationStep::Password).await? {
            Some(held) => return repeat_lost_answer(&app, &ctx, &held, &form).await,
            None => return Ok(answer),
        },
    };
    let account = load_account(&app, &activation).await?;
    if activation.step == ActivationStep::Done {
        return repeat_password(&app, &ctx, &activation, &form).await;
    }
    if activation.upstream.is_some() {
        return finish_with_link(&app, &ctx, &activation, &account).await;
    }
    let typed =
        TypedPassword { password: form.form_value("mot_de_passe"), confirmation: form.form_value("confirmation") };
    let chosen =
        ops::choose_password(&Operation::of_request(&app, &ctx), &activation, &account, typed, sign_in_context(&ctx))
            .await?;
    let fault = match chosen {
        ChoosePasswordOutcome::Done(signed_in) => {
            return Ok(with_next_secret(
                &app,
                &ctx,
                &activation,
                ActivationStep::Password,
                signed_in_response(&ctx, &signed_in),
            ));
        }
        // The other request of a double click was first, and the browser discards its cookies.
        ChoosePasswordOutcome::StepChanged(ActivationStep::Done) => {
            return repeat_lost_answer(&app, &ctx, &activation, &form).await;
        }
        ChoosePasswordOutcome::StepChanged(step) => return Ok(redirect_to_step(&ctx, step)),
        ChoosePasswordOutcome::Rejected(why) => PasswordFieldError::from(why),
    };
    // The marks beside the rules show the rejected password's state for each rule, for any reason of the rejection.
    let lacking = Some(password::unmet_rules(&password::normalize(typed.password)));
    let page = PasswordPage { lacking, ..password_page(&ctx, &activation, account, Some(fault)) };
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// Links the upstream and signs in. If it cannot be linked, the same step asks for a password.
async fn finish_with_link(
    app: &AppState,
    ctx: &RequestContext,
    held: &BoundActivation,
    account: &Account,
) -> PageResult {
    let op = Operation::of_request(app, ctx);
    Ok(match ops::finish_with_link(&op, held, account, sign_in_context(ctx)).await? {
        LinkOutcome::Done(signed_in) => {
            with_next_secret(app, ctx, held, ActivationStep::Password, signed_in_response(ctx, &signed_in))
        }
        LinkOutcome::PasswordNeeded => redirect_to_step(ctx, ActivationStep::Password),
        LinkOutcome::StepChanged(step) => redirect_to_step(ctx, step),
    })
}

/// Repeats the sign-in after « Terminer » was submitted twice.
async fn repeat_password(app: &AppState, ctx: &RequestContext, activation: &Activation, form: &Params) -> PageResult {
    let signed_in = sign_in_again(app, ctx, activation, form).await?;
    Ok(signed_in
        .map_or_else(|| redirect_to_step(ctx, ActivationStep::Done), |signed_in| signed_in_response(ctx, &signed_in)))
}

async fn sign_in_again(
    app: &AppState,
    ctx: &RequestContext,
    activation: &Activation,
    form: &Params,
) -> Result<Option<SignInCookies>, PageError> {
    let account = load_account(app, activation).await?;
    let brought = SignInContext { session_cookie: None, ..sign_in_context(ctx) };
    Ok(ops::sign_in_again(
        &Operation::of_request(app, ctx),
        activation,
        &account,
        form.form_value("mot_de_passe"),
        brought,
    )
    .await?)
}

fn sign_in_context(ctx: &RequestContext) -> SignInContext<'_> {
    SignInContext { session_cookie: ctx.session.as_deref(), source: ctx.source, user_agent: &ctx.user_agent }
}

/// Redirects to the final page, with the cookies of the session and the device.
fn signed_in_response(ctx: &RequestContext, signed_in: &SignInCookies) -> Response {
    let page = with_cookie(
        redirect_to_step(ctx, ActivationStep::Done),
        ctx.jar.set_cookie(CookieName::Session, &signed_in.session_cookie, None),
    );
    with_cookie(page, ctx.jar.device_cookie(&ctx.devices, &signed_in.device_secret))
}

/// Repeats the sign-in like [`repeat_password`], for a browser with the previous binding secret: the correct password
/// also renews the secret.
async fn repeat_lost_answer(app: &AppState, ctx: &RequestContext, held: &BoundActivation, form: &Params) -> PageResult {
    Ok(match sign_in_again(app, ctx, held, form).await? {
        Some(signed_in) => {
            with_next_secret(app, ctx, held, ActivationStep::Password, signed_in_response(ctx, &signed_in))
        }
        None => redirect_to_step(ctx, ActivationStep::Done),
    })
}

/// Returns the service that the user came from, with its registered home page.
async fn sheet_service(app: &AppState, ctx: &RequestContext) -> Result<Option<SheetService>, PageError> {
    let Some(id) = ctx.query.get("client_id").filter(|id| clients::is_client_id(id)) else { return Ok(None) };
    let client = clients::store::find(&mut app.db.read().await?, id).await?.filter(clients::Client::is_usable);
    Ok(client.and_then(|client| {
        let address = client.meta.client_uri?;
        Some(SheetService { name: client.meta.client_name, qr: QrCode::encode(&address), address })
    }))
}

/// GET: shows the identifiant to print or copy. Never contains the password.
pub async fn sheet(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    let activation = match activation_at(&app, &ctx, &[ActivationStep::Password, ActivationStep::Done]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let account = load_account(&app, &activation).await?;
    let uais: Vec<Uai> = activation.children.iter().map(|child| child.uai.clone()).collect();
    let page = SheetPage {
        query: ctx.carried_query(&CARRIED_PARAMS),
        name: account.full_name(),
        identifiant: account.identifiant,
        address: app.issuer().to_owned(),
        service: sheet_service(&app, &ctx).await?,
        schools: tenants::store::list_contacts(&mut app.db.read().await?, &uais).await?,
    };
    ctx.page(&app.pages, StatusCode::OK, &page)
}

/// GET: shows the identifiant again, and the button to continue.
pub async fn done(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    let activation = match activation_at(&app, &ctx, &[ActivationStep::Done]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let account = load_account(&app, &activation).await?;
    let query = ctx.carried_query(&["i", "client_id"]);
    let account_id = account.id.clone();
    let page = DonePage {
        query: ctx.carried_query(&CARRIED_PARAMS),
        identifiant: account.identifiant,
        service: pending_interaction(&app, &ctx).await.map(|waiting| waiting.client_name),
        continue_href: match ctx.query.get("i") {
            Some(_) => format!("{}{query}", paths::AUTHORIZE),
            None => paths::ACCOUNT.to_owned(),
        },
        others: other_service_links(&app, &ctx, &account_id).await?,
        notices: child_notices(&activation),
        passkey_href: passkeys::ops::find_offer(&Operation::of_request(&app, &ctx), &account_id, &ctx.devices)
            .await?
            .filter(|offer| *offer == PasskeyOffer::Now)
            .map(|_| format!("{}{query}", paths::ACCOUNT_PASSKEY)),
    };
    ctx.page(&app.pages, StatusCode::OK, &page)
}

/// Returns links to the services of the same portal for children that the requesting service does not cover: a parent
/// with children in two academies needs both.
async fn other_service_links(
    app: &AppState,
    ctx: &RequestContext,
    account_id: &AccountId,
) -> Result<Vec<ServiceLink>, PageError> {
    let mut tx = app.db.read().await?;
    let children = roster::store::list_children_of_account(&mut tx, account_id).await?;
    let mut doors = services::ops::service_links(&mut tx, app, Profile::Responsable, &children).await?;
    let id = ctx.query.get("client_id").unwrap_or_default();
    let Some(at) = doors.iter().position(|door| door.client_id.as_str() == id) else { return Ok(Vec::new()) };
    let own = doors.swap_remove(at);
    doors.retain(|door| door.sector == own.sector && door.children.iter().any(|name| !own.children.contains(name)));
    Ok(doors)
}
