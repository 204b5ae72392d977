//! The extractor of the request's session: a handler with a [`CurrentSession`] has verified the cookie.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::{Session, ops};
use crate::accounts::Account;
use crate::app::{AppState, Operation};
use crate::http::error::PageError;
use crate::http::request_context::RequestContext;

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
