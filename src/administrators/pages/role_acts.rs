//! The acts on a role of the team: its end, an agreement, a new invitation.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use super::team::told_or_link;
use super::{GatedResult, failed, invitation_context};
use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::ops::invite::{self, RoleGiver};
use crate::administrators::ops::{self, OnDuty};
use crate::administrators::roles::AdminAct;
use crate::administrators::store::roles;
use crate::administrators::territory::RoleGrant;
use crate::app::AppState;
use crate::base::ids::is_id;
use crate::base::typed_ids::{AdminRoleId, AdministratorId};
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::outbox::JobKind;

/// Returns the role that a form names, once this administrator may give it and was proven.
async fn named_role(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    form: &Form,
) -> Result<AdminRoleId, Response> {
    let not_found = || PageError::NotFound.into_response();
    let id = form.0.get("role").filter(|id| is_id(id, 32)).map(AdminRoleId::new).ok_or_else(not_found)?;
    let mut tx = app.db.read().await.map_err(failed)?;
    let (grant, ..) = roles::find(&mut tx, &id).await.map_err(failed)?.ok_or_else(not_found)?;
    let place = ops::find_place(&mut tx, &grant.territory).await.map_err(failed)?.ok_or_else(not_found)?;
    drop(tx);
    on_duty.permit(app, ctx, AdminAct::GiveRole, &[place]).await?;
    Ok(id)
}

/// GET: goes on to the list, after a proof that an act asked for.
pub async fn back(_: SignedInAdministrator) -> Response {
    see_other(paths::ADMIN_TEAM)
}

/// POST: ends a role.
pub async fn end(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    form: Form,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let id = named_role(&app, &ctx, &on_duty, &form).await?;
    let op = on_duty.operation(&app, &ctx, None);
    match invite::end_role(op.storage(), RoleGiver::Administrator(&on_duty), &id).await.map_err(failed)? {
        Some(_) => Ok(see_other(&format!("{}?fait=ended", paths::ADMIN_TEAM))),
        None => Err(PageError::NotFound.into_response()),
    }
}

/// POST: agrees with a role that another administrator gave.
pub async fn approve(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    form: Form,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let id = named_role(&app, &ctx, &on_duty, &form).await?;
    let op = on_duty.operation(&app, &ctx, None);
    match invite::approve_role(op.storage(), &on_duty, &id).await.map_err(failed)? {
        Some(_) => Ok(see_other(&format!("{}?fait=approved", paths::ADMIN_TEAM))),
        None => Err(PageError::NotFound.into_response()),
    }
}

/// POST: takes the proofs of somebody who lost them, and invites anew.
pub async fn renew(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    form: Form,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let role = named_role(&app, &ctx, &on_duty, &form).await?;
    let mut tx = app.db.read().await.map_err(failed)?;
    let found = roles::find(&mut tx, &role).await.map_err(failed)?;
    drop(tx);
    let (_, id, _): (RoleGrant, AdministratorId, String) = found.ok_or_else(|| PageError::NotFound.into_response())?;
    let op = on_duty.operation(&app, &ctx, None);
    let giver = RoleGiver::Administrator(&on_duty);
    let renewed =
        invite::renew_invitation(op.storage(), invitation_context(&app, &ctx), giver, &id).await.map_err(failed)?;
    app.job_notifier.notify(JobKind::Mail);
    match renewed {
        Ok(given) => told_or_link(&app, &ctx, &on_duty, ("renewed", given.link.filter(|_| !given.mailed))).await,
        Err(_) => Err(PageError::NotFound.into_response()),
    }
}
