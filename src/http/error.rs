//! Errors of pages. The user sees an error page; the details are only logged.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::pages::PagesError;
use crate::crypto::{PasswordError, SealError};
use crate::ephemeral;

/// An error of a page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error("not found")]
    NotFound,
    #[error("method not allowed")]
    MethodNotAllowed,
    /// A form posted from another site.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    #[error("body too large")]
    TooLarge,
    /// A form that no page of the service can send.
    #[error("bad form: {0}")]
    BadForm(String),
    /// The server is overloaded; the response has `Retry-After`.
    #[error("busy")]
    Busy { seconds: i64 },
    #[error("{0:#}")]
    Internal(anyhow::Error),
}

impl PageError {
    /// Returns the error's name for the log.
    pub fn name(&self) -> &'static str {
        match self {
            PageError::NotFound => "not_found",
            PageError::MethodNotAllowed => "method_not_allowed",
            PageError::Forbidden(_) => "cross_site",
            PageError::TooLarge => "too_large",
            PageError::BadForm(_) => "bad_form",
            PageError::Busy { .. } => "busy",
            PageError::Internal(_) => "failed",
        }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            PageError::NotFound => StatusCode::NOT_FOUND,
            PageError::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            PageError::Forbidden(_) => StatusCode::FORBIDDEN,
            PageError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            PageError::BadForm(_) => StatusCode::BAD_REQUEST,
            PageError::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
            PageError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// Carries the error in the response's extensions to the middleware, which renders and logs the error.
#[derive(Clone, Debug)]
pub struct PageErrorExtension(pub Arc<PageError>);

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(PageErrorExtension(Arc::new(self)));
        response
    }
}

impl From<anyhow::Error> for PageError {
    fn from(e: anyhow::Error) -> Self {
        // A full queue (password hashing or database) or an unavailable store is not an internal error: the response is
        // 503 with `Retry-After`, at whatever depth the error arose.
        if let Some(PasswordError::Busy { seconds }) = e.downcast_ref::<PasswordError>() {
            return PageError::Busy { seconds: i64::from(*seconds) };
        }
        let writing = e
            .downcast_ref::<crate::db::DbError>()
            .is_some_and(|e| matches!(e, crate::db::DbError::Busy) || e.is_serialization_failure());
        let forgetting =
            e.downcast_ref::<ephemeral::EphemeralError>().is_some_and(ephemeral::EphemeralError::is_transient);
        // Logged for the operator; the user is asked to retry.
        if let Some(full @ crate::db::DbError::Unwritable(_)) = e.downcast_ref::<crate::db::DbError>() {
            tracing::error!(error = %full, "nothing can be written");
            return PageError::Busy { seconds: 5 };
        }
        if writing || forgetting { PageError::Busy { seconds: 5 } } else { PageError::Internal(e) }
    }
}

impl From<crate::db::DbError> for PageError {
    fn from(e: crate::db::DbError) -> Self {
        anyhow::Error::from(e).into()
    }
}

impl From<ephemeral::EphemeralError> for PageError {
    fn from(e: ephemeral::EphemeralError) -> Self {
        anyhow::Error::from(e).into()
    }
}

impl From<PagesError> for PageError {
    fn from(e: PagesError) -> Self {
        PageError::Internal(e.into())
    }
}

impl From<SealError> for PageError {
    fn from(e: SealError) -> Self {
        PageError::Internal(e.into())
    }
}

impl From<PasswordError> for PageError {
    fn from(e: PasswordError) -> Self {
        anyhow::Error::from(e).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_d2_too_many_at_the_database_are_told_when_to_come_back() {
        use crate::db::DbError;
        assert!(matches!(PageError::from(DbError::Busy), PageError::Busy { seconds: 5 }));
        let deep = anyhow::Error::from(DbError::Busy).context("an activation");
        assert!(matches!(PageError::from(deep), PageError::Busy { .. }));
        let away = ephemeral::EphemeralError::Unavailable("gone".to_owned());
        assert!(matches!(PageError::from(away), PageError::Busy { .. }));
        assert!(matches!(PageError::from(ephemeral::EphemeralError::TooLarge(9)), PageError::Internal(_)));
        assert!(matches!(PageError::from(DbError::Url("x".to_owned())), PageError::Internal(_)));
    }
}
