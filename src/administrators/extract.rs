//! The extractors of an administrator's session, and the one gate of every act.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::AdminProof;
use super::ops::{self, OnDuty};
use super::roles::{AdminAct, Permission};
use super::territory::{Place, RoleGrant, may};
use super::views::AdminReloadPage;
use crate::app::{AppState, Operation};
use crate::base::actor::Actor;
use crate::base::clock::Timestamp;
use crate::http::error::PageError;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::passkeys;
use crate::protocol::params::encode;

/// The longest path that a sign-in or a proof goes on to, in bytes.
const MAX_RETURN_BYTES: usize = 4_000;

/// Returns a path of the console to go on to; `None` for every other text (docs/threats.md#attack-a1).
pub fn console_path(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(paths::ADMIN)?;
    let begins = rest.is_empty() || rest.starts_with('/') || rest.starts_with('?');
    // A browser takes dot segments out, and would leave the console by them.
    let path = rest.split('?').next().unwrap_or_default();
    let climbs = path.contains("..") || path.to_ascii_lowercase().contains("%2e");
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~/?=&%+".contains(&b);
    (begins && !climbs && text.len() <= MAX_RETURN_BYTES && !text.contains("//") && text.bytes().all(plain))
        .then_some(text)
}

/// Returns the address of a page that goes on to where the request was.
fn leading_back(to: &str, ctx: &RequestContext) -> String {
    match console_path(&ctx.path_and_query) {
        Some(here) => format!("{to}?{}", encode([("vers", here)])),
        None => to.to_owned(),
    }
}

/// An administrator with a session and at least one role. Anybody else is led to the sign-in.
pub struct SignedInAdministrator(pub OnDuty);

impl FromRequestParts<AppState> for SignedInAdministrator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let ctx = RequestContext::from_request_parts(parts, app).await.map_err(PageError::into_response)?;
        let op = Operation::of_request(app, &ctx);
        let fail = |error: anyhow::Error| PageError::from(error).into_response();
        if let Some(on_duty) = ops::current(&op, ctx.admin_session.as_deref()).await.map_err(fail)? {
            if let Some(session) = on_duty.session() {
                ops::touch(&op, session).await.map_err(fail)?;
            }
            return Ok(SignedInAdministrator(on_duty));
        }
        let site = parts.headers.get("sec-fetch-site").and_then(|site| site.to_str().ok()).unwrap_or_default();
        let is_link_elsewhere = matches!(site, "cross-site" | "same-site") && parts.method == Method::GET;
        if is_link_elsewhere && ctx.admin_session.is_none() {
            // A link of another site comes without the strict cookie: the page loads itself once more, from here.
            let page = AdminReloadPage { href: ctx.path_and_query.clone() };
            return Err(ctx.page(&app.pages, StatusCode::OK, &page).unwrap_or_else(PageError::into_response));
        }
        Err(see_other(&match parts.method {
            Method::GET => leading_back(paths::ADMIN_SIGN_IN, &ctx),
            _ => paths::ADMIN_SIGN_IN.to_owned(),
        }))
    }
}

/// An administrator who was proven within the last five minutes. Anybody else proves it first.
pub struct FreshAdministrator(pub OnDuty);

impl FromRequestParts<AppState> for FreshAdministrator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let SignedInAdministrator(on_duty) = SignedInAdministrator::from_request_parts(parts, app).await?;
        let ctx = RequestContext::from_request_parts(parts, app).await.map_err(PageError::into_response)?;
        match on_duty.is_freshly_proven(ctx.now) {
            true => Ok(FreshAdministrator(on_duty)),
            false => Err(see_other(&leading_back(paths::ADMIN_PROOF, &ctx))),
        }
    }
}

/// Something of the console that a path names and that has a page of its own.
pub trait OpenedByPath: Sized {
    /// Finds what a path names, if the administrator may see it; else the answer of what is not there.
    fn open(
        app: &AppState,
        ctx: &RequestContext,
        on_duty: &OnDuty,
        id: &str,
    ) -> impl Future<Output = Result<Self, Response>> + Send;
}

/// The thing that the path of a request names, with the administrator who may see it. Every handler of a page about one
/// thing begins with it.
pub struct Opened<T> {
    pub on_duty: OnDuty,
    pub file: T,
    /// The name in the path.
    pub id: String,
}

impl<T: OpenedByPath> FromRequestParts<AppState> for Opened<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let SignedInAdministrator(on_duty) = SignedInAdministrator::from_request_parts(parts, app).await?;
        let ctx = RequestContext::from_request_parts(parts, app).await.map_err(PageError::into_response)?;
        let path = Path::<String>::from_request_parts(parts, app).await;
        let Path(id) = path.map_err(axum::response::IntoResponse::into_response)?;
        let file = T::open(app, &ctx, &on_duty, &id).await?;
        Ok(Self { on_duty, file, id })
    }
}

/// Returns true if the administrator has as many passkeys as the roles ask for.
pub async fn has_passkeys_enough(app: &AppState, on_duty: &OnDuty) -> anyhow::Result<bool> {
    let asks = on_duty.roles.iter().any(|grant| grant.role.needs_two_passkeys());
    if !asks || on_duty.session().is_none_or(|session| session.method != AdminProof::Passkey) {
        return Ok(true);
    }
    Ok(passkeys::store::list_credential_ids(&mut app.db.read().await?, &on_duty.administrator.id).await?.len() > 1)
}

impl OnDuty {
    /// True if somebody in a browser was proven within the last minutes. A program proves nothing here.
    pub fn is_freshly_proven(&self, now: Timestamp) -> bool {
        self.session().is_some_and(|session| session.is_freshly_proven(now))
    }

    /// Returns the role by which an act is permitted at one of the places. What is outside the territory, or beyond the
    /// roles, is answered like what is not there, and recorded; where the act asks for a fresh proof, the way leads
    /// there first.
    pub async fn permit(
        &self,
        app: &AppState,
        ctx: &RequestContext,
        act: AdminAct,
        places: &[Place],
    ) -> Result<RoleGrant, Response> {
        let fail = |error: anyhow::Error| PageError::from(error).into_response();
        let Some(grant) = may(&self.roles, act, places, ctx.now) else {
            let place = places.first().cloned().unwrap_or_default();
            let op = Operation::of_request(app, ctx);
            ops::record_refusal(&op, self, act, &place).await.map_err(fail)?;
            return Err(PageError::NotFound.into_response());
        };
        if grant.permission(act) == Permission::AfterProof {
            if !self.is_freshly_proven(ctx.now) {
                return Err(see_other(&leading_back(paths::ADMIN_PROOF, ctx)));
            }
            if !has_passkeys_enough(app, self).await.map_err(fail)? {
                return Err(see_other(paths::ADMIN_ME));
            }
        }
        Ok(grant.clone())
    }

    /// Returns the operation of a request that this administrator does by a role.
    pub fn operation<'a>(
        &self,
        app: &'a AppState,
        ctx: &'a RequestContext,
        grant: Option<&RoleGrant>,
    ) -> Operation<'a> {
        let actor: Actor = self.actor(grant);
        Operation::of_request(app, ctx).by(actor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_a1_a_sign_in_goes_on_inside_the_console_only() {
        for (text, goes) in [
            ("/admin", true),
            ("/admin/equipe?q=a%20b", true),
            ("/admin?x=1", true),
            ("/administrators", false),
            ("/compte", false),
            ("//evil.example/admin", false),
            ("/admin//evil.example", false),
            ("/admin/\\evil.example", false),
            ("https://evil.example/admin", false),
            ("/admin/\r\nx", false),
        ] {
            assert_eq!(console_path(text).is_some(), goes, "{text:?}");
        }
        assert_eq!(console_path(&format!("/admin/{}", "x".repeat(4_000))), None);
    }
}
