//! `/admin/moi`: one's own roles and passkeys.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::{GatedResult, PageResult, failed, frame, role_lines};
use crate::administrators::extract::{FreshAdministrator, SignedInAdministrator, has_passkeys_enough};
use crate::administrators::ops::{OnDuty, proof};
use crate::administrators::views::{AddAdminPasskeyPage, AdminPasskeyLine, MePage};
use crate::app::{AppState, Operation};
use crate::base::ids::is_id;
use crate::devices;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::passkeys::{self, MAX_PASSKEYS, PasskeyAnswer, StoredPasskey, parse_label};

/// GET: shows the roles and the passkeys.
pub async fn show(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator) -> PageResult {
    let SignedInAdministrator(on_duty) = who;
    let held = passkeys::store::list(&mut app.db.read().await?, &on_duty.administrator.id).await?;
    let removable = held.len() > 1 || on_duty.administrator.has_totp;
    let line = |passkey: StoredPasskey| AdminPasskeyLine {
        created: dates::day(ctx.lang, passkey.created_at),
        used: passkey.used_at.map(|at| dates::moment(ctx.lang, at, ctx.now)),
        id: passkey.id,
        label: passkey.label,
        removable,
    };
    let page = MePage {
        frame: frame(&app, &ctx, &on_duty).await?.in_room("me"),
        email: on_duty.administrator.email.clone(),
        roles: role_lines(&app, &on_duty.roles, ctx.lang).await?,
        may_add: held.len() < MAX_PASSKEYS && passkeys::ops::relying_party(&app).is_some(),
        passkeys: held.into_iter().map(line).collect(),
        has_totp: on_duty.administrator.has_totp,
        needs_second: !has_passkeys_enough(&app, &on_duty).await?,
    };
    ctx.page(&app.pages, StatusCode::OK, &page)
}

async fn add_page(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty) -> Result<AddAdminPasskeyPage, PageError> {
    let challenge = proof::creation_challenge(&Operation::of_request(app, ctx), on_duty).await?;
    let challenge = challenge.ok_or(PageError::NotFound)?;
    Ok(AddAdminPasskeyPage { frame: frame(app, ctx, on_duty).await?.in_room("me"), challenge, refused: false })
}

/// GET: lets the browser create a passkey.
pub async fn show_add(State(app): State<AppState>, ctx: RequestContext, who: FreshAdministrator) -> PageResult {
    ctx.page(&app.pages, StatusCode::OK, &add_page(&app, &ctx, &who.0).await?)
}

/// POST: adds the passkey that the browser created.
pub async fn add(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: FreshAdministrator,
    Form(form): Form,
) -> GatedResult {
    let FreshAdministrator(on_duty) = who;
    let Some(answer) = PasskeyAnswer::in_form(&form) else { return Ok(see_other(paths::ADMIN_ADD_PASSKEY)) };
    let label = devices::display_label(&app.pages, ctx.lang, &devices::label(&ctx.user_agent)).map_err(failed)?;
    let label = parse_label(&label).unwrap_or_else(|| "Passkey".to_owned());
    let op = on_duty.operation(&app, &ctx, None);
    if proof::add_passkey(&op, &on_duty, answer, &label).await.map_err(failed)? {
        return Ok(see_other(paths::ADMIN_ME));
    }
    let page = add_page(&app, &ctx, &on_duty).await.map_err(PageError::into_response)?;
    let page = AddAdminPasskeyPage { refused: true, ..page };
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response)
}

/// POST: removes a passkey.
pub async fn remove(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: FreshAdministrator,
    Form(form): Form,
) -> PageResult {
    let FreshAdministrator(on_duty) = who;
    let id = form.get("cle").filter(|id| is_id(id, 32)).ok_or(PageError::NotFound)?;
    proof::remove_passkey(&on_duty.operation(&app, &ctx, None), &on_duty, id).await?;
    Ok(see_other(paths::ADMIN_ME))
}

/// GET: goes on to the page, after a proof that an act asked for.
pub async fn back(_: SignedInAdministrator) -> Response {
    see_other(paths::ADMIN_ME)
}
