//! The answer to a current password that was not proven, the same on every page that asks for it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::ProofRefusal;
use crate::http::error::PageError;
use crate::http::request_context::{RequestContext, retry_after};

/// Returns the status of the page that is shown again.
pub fn status(why: ProofRefusal) -> StatusCode {
    match why {
        ProofRefusal::Empty | ProofRefusal::Wrong => StatusCode::UNPROCESSABLE_ENTITY,
        ProofRefusal::Limited { .. } => StatusCode::TOO_MANY_REQUESTS,
        ProofRefusal::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Adds when to come back, where there is a wait.
pub fn refused(ctx: &RequestContext, why: ProofRefusal, mut page: Response) -> Result<Response, PageError> {
    match why {
        ProofRefusal::Limited { until } => Ok(retry_after(page, ctx.now, until)),
        ProofRefusal::Busy { seconds } => {
            page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            Ok(page)
        }
        ProofRefusal::Empty | ProofRefusal::Wrong => Ok(page),
    }
}
