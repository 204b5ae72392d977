//! What a page can answer besides itself. Public words are a page; the detail goes to the log only.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::pages::PagesError;
use crate::ephemeral;
use crate::seal::{PasswordError, SealError};

/// An error of a page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error("not found")]
    NotFound,
    #[error("method not allowed")]
    MethodNotAllowed,
    /// A form that another site sent.
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    #[error("body too large")]
    TooLarge,
    /// A form that no page of ours sends.
    #[error("bad form: {0}")]
    BadForm(String),
    /// Too many at once: when to come back.
    #[error("busy")]
    Busy { seconds: i64 },
    #[error("{0:#}")]
    Internal(anyhow::Error),
}

impl PageError {
    /// What it is, in a word, for the log.
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

/// Carried in the response's extensions to the frame, which renders and logs it.
#[derive(Clone, Debug)]
pub struct Failure(pub Arc<PageError>);

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Failure(Arc::new(self)));
        response
    }
}

impl From<anyhow::Error> for PageError {
    fn from(e: anyhow::Error) -> Self {
        // A full queue, of passwords or of the database, or a store that is away, is no fault: it says when to come
        // back, however deep it arose.
        if let Some(PasswordError::Busy { seconds }) = e.downcast_ref::<PasswordError>() {
            return PageError::Busy { seconds: i64::from(*seconds) };
        }
        let writing =
            e.downcast_ref::<crate::db::Error>().is_some_and(|e| matches!(e, crate::db::Error::Busy) || e.gave_way());
        let forgetting = e.downcast_ref::<ephemeral::Error>().is_some_and(ephemeral::Error::is_passing);
        // The operator must see to it, the person must come back.
        if let Some(full @ crate::db::Error::Unwritable(_)) = e.downcast_ref::<crate::db::Error>() {
            tracing::error!(error = %full, "nothing can be written");
            return PageError::Busy { seconds: 5 };
        }
        if writing || forgetting { PageError::Busy { seconds: 5 } } else { PageError::Internal(e) }
    }
}

impl From<crate::db::Error> for PageError {
    fn from(e: crate::db::Error) -> Self {
        anyhow::Error::from(e).into()
    }
}

impl From<ephemeral::Error> for PageError {
    fn from(e: ephemeral::Error) -> Self {
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
        use crate::db::Error;
        assert!(matches!(PageError::from(Error::Busy), PageError::Busy { seconds: 5 }));
        let deep = anyhow::Error::from(Error::Busy).context("an activation");
        assert!(matches!(PageError::from(deep), PageError::Busy { .. }));
        let away = ephemeral::Error::Unavailable("gone".to_owned());
        assert!(matches!(PageError::from(away), PageError::Busy { .. }));
        assert!(matches!(PageError::from(ephemeral::Error::TooLarge(9)), PageError::Internal(_)));
        assert!(matches!(PageError::from(Error::Url("x".to_owned())), PageError::Internal(_)));
    }
}
