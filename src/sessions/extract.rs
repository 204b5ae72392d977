//! The request's session, proven: a handler that takes [`Signed`] has looked.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::{Session, ops};
use crate::accounts::Account;
use crate::app::AppState;
use crate::http::error::PageError;
use crate::http::visit::Visit;

/// Who is signed in here, if anybody. Taking it counts as a visit: the session stays awake.
pub struct Signed(pub Option<(Session, Account)>);

impl FromRequestParts<AppState> for Signed {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, PageError> {
        let visit = Visit::from_request_parts(parts, app).await?;
        let found = ops::current(app, visit.now, visit.session.as_deref()).await?;
        if let Some((session, _)) = &found {
            ops::touch(app, visit.now, session).await?;
        }
        Ok(Signed(found))
    }
}
