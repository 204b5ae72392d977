//! `/compte/mot-de-passe`: the change of the password.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::PageResult;
use crate::accounts::password;
use crate::app::{AppState, Operation};
use crate::base::actor::Actor;
use crate::credentials::pages as proof;
use crate::credentials::views::CurrentPasswordError;
use crate::credentials::{SignInContext, TypedPassword};
use crate::http::cookies::CookieName;
use crate::http::form::Form;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other, with_cookie};
use crate::my_account::ops::{self, ChangePasswordOutcome, PasswordChangeRequest};
use crate::my_account::views::ChangePasswordPage;
use crate::sessions::extract::SignedIn;

/// GET `/.well-known/change-password`: leads password managers to the page (W3C, a well-known URL for changing
/// passwords).
pub async fn well_known() -> Response {
    (StatusCode::FOUND, [(header::LOCATION, HeaderValue::from_static(paths::ACCOUNT_PASSWORD))]).into_response()
}

pub async fn show(State(app): State<AppState>, ctx: RequestContext, SignedIn { account, .. }: SignedIn) -> PageResult {
    let changed = ctx.query.get("change").is_some();
    let not_mine = ctx.query.get("pas-moi").is_some();
    let page =
        ChangePasswordPage { identifiant: account.identifiant, changed, not_mine, ..ChangePasswordPage::default() };
    ctx.page(&app.pages, StatusCode::OK, &page)
}

/// POST: replaces the password, or shows the form again with the error.
pub async fn submit(
    State(app): State<AppState>,
    ctx: RequestContext,
    SignedIn { session, account }: SignedIn,
    Form(form): Form,
) -> PageResult {
    let current = form.form_value("actuel");
    let new =
        TypedPassword { password: form.form_value("mot_de_passe"), confirmation: form.form_value("confirmation") };
    let page = ChangePasswordPage { identifiant: account.identifiant.clone(), ..ChangePasswordPage::default() };
    let op = Operation::of_request(&app, &ctx).by(Actor::Account(account.id.clone()));
    let typed = PasswordChangeRequest { current, new, device_secrets: &ctx.devices, lang: ctx.lang };
    let from =
        SignInContext { session_cookie: ctx.session.as_deref(), source: ctx.source, user_agent: &ctx.user_agent };
    match ops::change_password(&op, (&session, &account), typed, &ctx.support_code, from).await? {
        ChangePasswordOutcome::Done(signed_in) => {
            let to = format!("{}?change=1", paths::ACCOUNT_PASSWORD);
            let cookie = ctx.jar.set_cookie(CookieName::Session, &signed_in.session_cookie, None);
            let device = ctx.jar.device_cookie(&ctx.devices, &signed_in.device_secret);
            Ok(with_cookie(with_cookie(see_other(&to), cookie), device))
        }
        ChangePasswordOutcome::NotProven(why) => {
            let error = CurrentPasswordError::new(why, ctx.lang);
            proof::refused(
                &ctx,
                why,
                ctx.page(&app.pages, proof::status(why), &ChangePasswordPage { current: Some(error), ..page })?,
            )
        }
        ChangePasswordOutcome::Rejected(why) => {
            // The marks beside the rules show the rejected password's state for each rule.
            let lacking = password::unmet_rules(&password::normalize(new.password));
            let page = ChangePasswordPage { fault: Some(why.into()), lacking, ..page };
            ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        ChangePasswordOutcome::Overtaken => Ok(see_other(paths::SIGN_IN)),
    }
}
