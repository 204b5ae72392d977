//! The answer to a current password that was not proven, the same on every page that asks for it; and what stands in the
//! place of its field where there is no password.

use axum::http::StatusCode;
use axum::response::Response;

use super::ProofRefusal;
use crate::accounts::Account;
use crate::app::App;
use crate::http::error::PageError;
use crate::http::paths;
use crate::http::request_context::{RequestContext, retry_after, retry_after_seconds, see_other};

/// Returns the status of the page that is shown again.
pub fn status(why: ProofRefusal) -> StatusCode {
    match why {
        ProofRefusal::Empty | ProofRefusal::Wrong | ProofRefusal::FactorNeeded | ProofRefusal::UpstreamNeeded => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        ProofRefusal::Limited { .. } => StatusCode::TOO_MANY_REQUESTS,
        ProofRefusal::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Returns the name of the upstream that stands for the password of an account without one; `None` with a password.
pub fn proof_upstream(app: &App, account: &Account) -> Option<String> {
    let upstreams = app.upstreams();
    let parents = upstreams.franceconnect().filter(|_| account.password.is_none() && !account.is_federated);
    parents.map(|upstream| upstream.label.clone())
}

/// Adds when to come back, where there is a wait; leads to the second factor, or to the upstream, where one is to be shown
/// first.
pub fn refused(ctx: &RequestContext, why: ProofRefusal, page: Response) -> Result<Response, PageError> {
    match why {
        ProofRefusal::Limited { until } => Ok(retry_after(page, ctx.now, until)),
        ProofRefusal::Busy { seconds } => Ok(retry_after_seconds(page, seconds)),
        ProofRefusal::FactorNeeded => Ok(see_other(&errand_url(paths::FACTOR, &ctx.path_and_query))),
        ProofRefusal::UpstreamNeeded => Ok(see_other(&errand_url(paths::ACCOUNT_UPSTREAM_PROOF, &ctx.path_and_query))),
        ProofRefusal::Empty | ProofRefusal::Wrong => Ok(page),
    }
}

/// Returns the page of a proof, with the page of the account to which it comes back.
fn errand_url(to: &str, here: &str) -> String {
    let path = here.split('?').next().unwrap_or_default();
    let known = paths::FACTOR_ERRANDS.into_iter().find(|errand| *errand == path);
    // A page that needs more than its path is found again from the one that leads there.
    let parents = [paths::ACCOUNT_CHILDREN, paths::ACCOUNT_REGROUP, paths::ACCOUNT_EMAIL, paths::ACCOUNT_PHONE];
    let parent = parents.into_iter().find(|parent| path.starts_with(parent));
    let back = known.or(parent).unwrap_or(paths::ACCOUNT_SECURITY).trim_start_matches("/compte/");
    format!("{to}?vers={back}")
}
