//! `/admin/invitation/…`: opening shows, sending takes it.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{PageResult, role_lines};
use crate::administrators::ops::enrol::{self, ShownInvitation, TotpEnrolment, TypedEnrolment};
use crate::administrators::views::{ApplicationOffer, InvitationEndedPage, InvitationError, InvitationPage};
use crate::app::{AppState, Operation};
use crate::devices;
use crate::http::cookies::CookieName;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::qr::QrCode;
use crate::http::request_context::{RequestContext, see_other, with_cookie};
use crate::passkeys::{PasskeyAnswer, parse_label};

/// Shown alike for an invitation that served, was replaced, is too old or never was.
fn ended(app: &AppState, ctx: &RequestContext) -> PageResult {
    ctx.page(&app.pages, StatusCode::GONE, &InvitationEndedPage {})
}

/// Returns the page; with `sealed`, with an application: the one of the form, or a new one.
async fn page(
    app: &AppState,
    ctx: &RequestContext,
    shown: &ShownInvitation,
    browser: &str,
    sealed: Option<&str>,
) -> Result<InvitationPage, PageError> {
    let op = Operation::of_request(app, ctx);
    let passkey = enrol::challenge(&op, shown, browser).await?;
    let totp = app.config.administration.totp;
    let application = match sealed.filter(|_| totp) {
        Some(sealed) => {
            let offer = enrol::offer_secret(&op, shown, sealed)?;
            let uri = offer.secret.to_uri(app.pages.service_name(), &shown.administrator.email);
            let (secret, qr) = (offer.secret.to_groups(), QrCode::encode(&uri));
            Some(ApplicationOffer { secret, qr, sealed: offer.sealed })
        }
        None => None,
    };
    Ok(InvitationPage {
        name: shown.administrator.name.clone(),
        email: shown.administrator.email.clone(),
        roles: role_lines(app, &shown.roles, ctx.lang).await?,
        until: dates::day(ctx.lang, shown.expires_at),
        passkey,
        totp,
        application,
        error: None,
    })
}

/// GET: shows the invitation, and changes nothing: programs that look at mails open links.
pub async fn show(State(app): State<AppState>, ctx: RequestContext, Path(token): Path<String>) -> PageResult {
    let op = Operation::of_request(&app, &ctx);
    let Some(shown) = enrol::find_invitation(&op, &token).await? else { return ended(&app, &ctx) };
    let (browser, cookie) = ctx.navigation_cookie(app.rng.as_ref());
    let sealed = ctx.query.get("moyen").filter(|way| *way == "application").map(|_| "");
    let page = page(&app, &ctx, &shown, &browser, sealed).await?;
    Ok(with_cookie(ctx.page(&app.pages, StatusCode::OK, &page)?, cookie))
}

/// POST: takes the invitation with a passkey, or a password and an application.
pub async fn submit(
    State(app): State<AppState>,
    ctx: RequestContext,
    Path(token): Path<String>,
    Form(form): Form,
) -> PageResult {
    let op = Operation::of_request(&app, &ctx);
    let Some(shown) = enrol::find_invitation(&op, &token).await? else { return ended(&app, &ctx) };
    let sealed = form.get("scelle");
    let refuse = async |error: InvitationError| {
        let (browser, cookie) = ctx.navigation_cookie(app.rng.as_ref());
        let page = InvitationPage { error: Some(error), ..page(&app, &ctx, &shown, &browser, sealed).await? };
        let page = ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)?;
        Ok::<Response, PageError>(with_cookie(page, cookie))
    };
    // The page was shown with this cookie; a form of another site comes without it.
    let Some(browser) = &ctx.navigation_id else { return refuse(InvitationError::NoCookies).await };
    let cookie = match (PasskeyAnswer::in_form(&form), sealed.filter(|_| app.config.administration.totp)) {
        (Some(answer), _) => {
            let label = devices::display_label(&app.pages, ctx.lang, &devices::label(&ctx.user_agent))?;
            let label = match parse_label(&label) {
                Some(label) => label,
                None => app.pages.message(ctx.lang, "passkey-title", &[])?,
            };
            match enrol::enrol_with_passkey(&op, &shown, browser, answer, &label).await? {
                Some(cookie) => cookie,
                None => return refuse(InvitationError::Passkey).await,
            }
        }
        (None, Some(sealed)) => {
            let typed = TypedEnrolment {
                password: form.form_value("mot_de_passe"),
                again: form.form_value("confirmation"),
                code: form.form_value("code"),
                sealed,
            };
            match enrol::enrol_with_totp(&op, &shown, typed).await? {
                TotpEnrolment::Done { cookie } => cookie,
                TotpEnrolment::Password(_) => return refuse(InvitationError::Password).await,
                TotpEnrolment::Different => return refuse(InvitationError::Different).await,
                TotpEnrolment::Code => return refuse(InvitationError::Code).await,
                TotpEnrolment::Ended => return ended(&app, &ctx),
            }
        }
        (None, None) => return refuse(InvitationError::Passkey).await,
    };
    Ok(with_cookie(see_other(paths::ADMIN), ctx.jar.set_cookie(CookieName::Administrator, &cookie, None)))
}
