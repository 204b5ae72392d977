//! The account of somebody who signs in through an upstream: what it has, and what it has not. A parent's account without
//! a password has every page but those that are about one.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::PageResult;
use crate::accounts::Account;
use crate::app::{App, AppState, Operation};
use crate::federation;
use crate::http::error::PageError;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::my_account::views::FederatedAccountPage;
use crate::sessions;
use crate::sessions::Session;

/// The pages of an account that an upstream made. The others are about a password, a mobile, children or the joining of
/// accounts, of which it has none.
const FEDERATED_PAGES: [&str; 7] = [
    paths::ACCOUNT,
    paths::ACCOUNT_SERVICES,
    paths::WITHDRAW_CONSENT,
    paths::ACCOUNT_SECURITY,
    paths::ACCOUNT_EVENTS,
    paths::ACCOUNT_NOTICE,
    paths::ACCOUNT_DATA,
];

/// The pages of the password, and of the factors that are asked for beside it. With a factor, an account without a
/// password could not be opened any more: an upstream stands for a password, not for a factor.
const PASSWORD_PAGES: [&str; 7] = [
    paths::ACCOUNT_PASSWORD,
    paths::ACCOUNT_APPLICATION,
    paths::ACCOUNT_APPLICATION_CODE,
    paths::ACCOUNT_BACKUP_CODES,
    paths::ACCOUNT_PASSKEY,
    paths::ACCOUNT_PASSKEY_ADD,
    paths::ACCOUNT_PASSKEY_LOST,
];

/// Leads the person of an account that an upstream made to the page of the account from every page that is not for such
/// an account; and a parent without a password from pages about one to that of security, which says so and how to choose
/// one.
pub async fn keep_to_own_pages(
    State(app): State<AppState>,
    ctx: RequestContext,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if !path.starts_with(paths::ACCOUNT) || FEDERATED_PAGES.contains(&path) {
        return next.run(request).await;
    }
    let op = Operation::of_request(&app, &ctx);
    match sessions::ops::current(&op, ctx.session.as_deref()).await {
        Ok(Some((_, account))) if account.is_federated => see_other(paths::ACCOUNT),
        Ok(Some((_, account))) if account.password.is_none() && PASSWORD_PAGES.contains(&path) => {
            see_other(paths::ACCOUNT_SECURITY)
        }
        Ok(_) => next.run(request).await,
        Err(error) => PageError::from(error).into_response(),
    }
}

/// Returns the name of the upstream of a session; its id if there is no such upstream any more.
pub(super) fn upstream_label(app: &App, session: &Session) -> String {
    let id = session.upstream.as_ref().map(|upstream| upstream.upstream_id.as_str()).unwrap_or_default();
    let upstreams = app.upstreams();
    upstreams.enabled(id).map_or_else(|| id.to_owned(), |upstream| upstream.label.clone())
}

/// Shows the account page.
pub(super) async fn show(app: &App, ctx: &RequestContext, (session, account): (&Session, &Account)) -> PageResult {
    let origin = federation::store::find_origin(&mut app.db.read().await?, &app.upstreams(), &account.id).await?;
    let page = FederatedAccountPage {
        name: account.full_name(),
        profile: account.profile,
        upstream: upstream_label(app, session),
        schools: origin.into_iter().flat_map(|origin| origin.schools).map(|school| school.name).collect(),
        family: account.profile.is_family(),
    };
    ctx.page(&app.pages, StatusCode::OK, &page)
}
