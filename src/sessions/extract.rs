//! The extractors of the request's session: a handler with a [`CurrentSession`] has verified the cookie, and one with a
//! [`SignedIn`] or a [`SignedInParent`] has a person.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};

use super::{Session, ops};
use crate::accounts::Account;
use crate::app::{AppState, Operation};
use crate::base::actor::Actor;
use crate::base::profile::Profile;
use crate::http::error::PageError;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};

/// The current session and its account, if signed in. The extraction renews the idle timeout of the session.
pub struct CurrentSession(pub Option<(Session, Account)>);

impl FromRequestParts<AppState> for CurrentSession {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, PageError> {
        let ctx = RequestContext::from_request_parts(parts, app).await?;
        let op = Operation::of_request(app, &ctx);
        let found = ops::current(&op, ctx.session.as_deref()).await?;
        if let Some((session, _)) = &found {
            ops::touch(&op, session).await?;
        }
        Ok(CurrentSession(found))
    }
}

/// The session and the account of a page that is for signed-in people only: anybody else is led to the sign-in.
pub struct SignedIn {
    pub session: Session,
    pub account: Account,
}

impl FromRequestParts<AppState> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let current = CurrentSession::from_request_parts(parts, app).await.map_err(PageError::into_response)?;
        let Some((session, account)) = current.0 else { return Err(see_other(paths::SIGN_IN)) };
        Ok(SignedIn { session, account })
    }
}

/// The signed-in parent; for a pupil there is no such page.
pub struct SignedInParent {
    pub session: Session,
    pub account: Account,
}

impl FromRequestParts<AppState> for SignedInParent {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        let SignedIn { session, account } = SignedIn::from_request_parts(parts, app).await?;
        if account.profile != Profile::Responsable || account.is_federated {
            return Err(PageError::NotFound.into_response());
        }
        Ok(SignedInParent { session, account })
    }
}

impl SignedInParent {
    /// Returns the operation of a request that this person does.
    pub fn operation<'a>(&self, app: &'a AppState, ctx: &'a RequestContext) -> Operation<'a> {
        Operation::of_request(app, ctx).by(Actor::Account(self.account.id.clone()))
    }
}
