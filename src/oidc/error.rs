//! The error of a protocol request, for `?`: a denial, which goes to the requester, or a failure of this server.
//!
//! Where a denial must commit what was counted or revoked, it is a value instead (`token_endpoint/token_request.rs`,
//! docs/decisions/0005-single-use-by-compare-and-set.md).

use crate::http::error::PageError;
use crate::protocol::error::OAuthError;

/// The reason why a protocol request is not answered.
#[derive(Debug)]
pub enum ProtocolError {
    /// The request is wrong, or the requester may not.
    Denied(OAuthError),
    /// This server failed or is busy.
    Failed(PageError),
}

impl From<OAuthError> for ProtocolError {
    fn from(error: OAuthError) -> Self {
        ProtocolError::Denied(error)
    }
}

impl<E> From<E> for ProtocolError
where
    PageError: From<E>,
{
    fn from(error: E) -> Self {
        ProtocolError::Failed(error.into())
    }
}
