//! Logout requests (RPIL 2): read from parameters, and carried by the browser until the end user has decided.

use serde::{Deserialize, Serialize};

use crate::app::{App, Operation};
use crate::base::clock::Span;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::{ClientId, ClientSessionId, SessionId};
use crate::clients::{self, Client};
use crate::ephemeral::{CarriedState, Namespace};
use crate::http::request_context::RequestContext;
use crate::keys;
use crate::oidc::{ID_TOKEN_TYP, is_id_token};
use crate::protocol::params::Params;
use crate::protocol::redirect::with_query;

/// A validated logout request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LogoutRequest {
    /// The client of the verified hint, or, without a hint, of the `client_id` parameter.
    pub client_id: Option<ClientId>,
    pub sid: Option<ClientSessionId>,
    /// The registered post-logout redirect URI of the client, with `state`.
    pub back: Option<String>,
    pub ui_locales: Option<String>,
    /// The id of the session that this request ended: the clients of the session are read from the database when the
    /// page is rendered.
    pub session: Option<SessionId>,
    /// The path of a page of this server to continue to.
    pub onward: Option<String>,
    pub done: bool,
    /// The digest of the navigation cookie. None for a cross-site POST, until the browser continues by GET.
    pub browser: Option<String>,
}

/// The TTL of a stored logout request.
const REQUEST_TTL: Span = Span::minutes(30);
/// The TTL of a request of a cross-site POST, until its browser continues by a same-site GET.
const UNBOUND_REQUEST_TTL: Span = Span::minutes(2);
/// The maximum length of a URL to continue to, in bytes.
pub const MAX_URL_BYTES: usize = 6_000;

/// Returns the `i` parameter with the sealed request: the requests of unauthenticated visitors take no storage.
pub async fn seal(app: &App, ctx: &RequestContext, request: &LogoutRequest) -> anyhow::Result<String> {
    let text = serde_json::to_string(request)?;
    let (browser, life) = match &request.browser {
        Some(browser) => (browser.as_str(), REQUEST_TTL),
        None => ("", UNBOUND_REQUEST_TTL),
    };
    let (owner, expires) = (ctx.quota_owner(), ctx.now.plus(life));
    let what = CarriedState { namespace: Namespace::Logout, browser, owner: &owner, text: &text, expires };
    Ok(app.ephemeral.carry_state(&app.master_key, app.rng.as_ref(), ctx.now, &what).await?)
}

/// Loads the request of an `i` parameter, bound to this browser or not yet bound to any browser.
pub async fn load(app: &App, ctx: &RequestContext, i: &str) -> anyhow::Result<Option<LogoutRequest>> {
    let find =
        async |browser: &str| app.ephemeral.load_state(&app.master_key, Namespace::Logout, browser, i, ctx.now).await;
    let own = match &ctx.navigation_id {
        Some(nav) => find(&sha256_base64url(nav)).await?,
        None => None,
    };
    let text = match own {
        Some(text) => Some(text),
        None => find("").await?,
    };
    Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
}

/// Validates the parameters. A hint must be signed by this server and may have expired (RPIL 2); without a hint,
/// `client_id` names the client but proves nothing, so the end user must confirm. The redirect URI must be registered
/// by the client; `state` is returned only if sent.
pub async fn parse(op: &Operation<'_>, params: &Params) -> anyhow::Result<LogoutRequest> {
    let mut out = LogoutRequest {
        ui_locales: params.get_owned("ui_locales").filter(|l| l.len() <= 256),
        ..LogoutRequest::default()
    };
    let (client, sid) = match params.get("id_token_hint") {
        Some(hint) => match verify_hint(op, params, hint).await? {
            Some((client, sid)) => (client, sid),
            None => return Ok(out),
        },
        None => match find_client(op.app, params.get("client_id")).await? {
            Some(client) => (client, None),
            None => return Ok(out),
        },
    };
    // A malformed form might have lost the `state`: then no redirect.
    let back = params.get("post_logout_redirect_uri").filter(|_| params.error().is_none());
    if let Some(uri) = back.filter(|uri| client.allows_post_logout(uri)) {
        let back = match params.get("state") {
            Some(state) => with_query(uri, &[("state", state)]),
            None => uri.to_owned(),
        };
        // Longer URLs exceed the storage limit, and the URL length that a relying party accepts.
        out.back = Some(back).filter(|back| back.len() <= MAX_URL_BYTES);
    }
    out.sid = sid;
    out.client_id = Some(client.id);
    Ok(out)
}

async fn find_client(app: &App, id: Option<&str>) -> anyhow::Result<Option<Client>> {
    let Some(id) = id.filter(|id| clients::is_client_id(id)) else { return Ok(None) };
    Ok(clients::store::find(&mut app.db.read().await?, id).await?.filter(Client::is_usable))
}

/// Verifies an `id_token_hint`; returns the client in its `aud`, and its `sid` if present.
async fn verify_hint(
    op: &Operation<'_>,
    params: &Params,
    hint: &str,
) -> anyhow::Result<Option<(Client, Option<ClientSessionId>)>> {
    let claims = match keys::ops::verify_hint(op, ID_TOKEN_TYP, hint).await? {
        Ok(claims) => claims,
        Err(why) => {
            tracing::info!(%why, "id_token_hint refused");
            return Ok(None);
        }
    };
    if !is_id_token(&claims) {
        tracing::info!("id_token_hint is another token of ours");
        return Ok(None);
    }
    let text = |name: &str| claims.get(name).and_then(serde_json::Value::as_str);
    let aud = text("aud").unwrap_or_default();
    if text("iss") != Some(op.app.issuer()) || params.get("client_id").is_some_and(|id| id != aud) {
        return Ok(None);
    }
    let sid = text("sid").map(ClientSessionId::new);
    Ok(find_client(op.app, Some(aud)).await?.map(|client| (client, sid)))
}
