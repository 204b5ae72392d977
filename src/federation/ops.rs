//! A sign-in through an upstream: sent there with a state of this browser, and finished with the answer.
//!
//! Nothing is kept of a sign-in that begins: who begins thousands fills nothing. The attempt is sealed in `state`, and only
//! an answer with a right one leaves a mark, by which it serves once.

mod account;
mod link;
mod provider;
mod unserved;

pub use account::{UpstreamSignIn, VisitorContext, sign_in};
pub use link::{
    check_owner, find_pending_link, keep_pending_link, link_account, link_activated, may_link, permit_link,
    sign_in_linked, take_link_permission, unlink_account, unlink_all,
};
pub use provider::UpstreamProvider;
pub use unserved::end_unserved;

use super::{
    UPSTREAM_ATTEMPT_TTL, UPSTREAM_MAX_AGE, UpstreamAttempt, UpstreamFailure, UpstreamIdentity, id_token, mapping,
};
use crate::app::Operation;
use crate::base::ids::id256;
use crate::base::lang::Lang;
use crate::base::secret::sha256_base64url;
use crate::base::source::SourceAddress;
use crate::base::typed_ids::{AccountId, ClientId, SessionId};
use crate::config::deployment::{Upstream, UpstreamKind};
use crate::crypto::AssociatedData;
use crate::ephemeral::{MAX_STATE_PARAMETER_BYTES, Namespace};
use crate::http::paths;
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::params::Params;
use crate::protocol::redirect::with_query;
use crate::{limits, sessions};

/// The sign between the attempt and the pending request in `state`: one of an address that neither has.
const STATE_SEPARATOR: char = '~';
/// The maximum length of a state: an attempt, and an `i`.
const MAX_STATE_BYTES: usize = 1024 + MAX_STATE_PARAMETER_BYTES;

/// The visit that starts a sign-in.
#[derive(Clone, Copy, Debug)]
pub struct UpstreamVisit<'a> {
    /// The value of the navigation cookie.
    pub browser: &'a str,
    /// The pending authorization request, as `i` names it.
    pub interaction: Option<&'a str>,
    pub client_id: Option<&'a ClientId>,
    pub request: Option<&'a AuthorizeRequest>,
    /// True if the upstream shall ask the person again, whatever the service demands.
    pub ask_again: bool,
    /// The session that asked for a link to its account.
    pub link_session: Option<&'a SessionId>,
    /// The page of the account for which the person proves to be there, as `vers` names it, and the account.
    pub errand: Option<&'a str>,
    pub errand_account: Option<&'a AccountId>,
    pub lang: Lang,
    pub source: SourceAddress,
}

/// Returns the redirect URI of an upstream. Each has its own, so that an answer of one is none of another
/// (RFC 9700 4.4.2).
pub fn redirect_uri(issuer: &str, upstream_id: &str) -> String {
    format!("{issuer}{}", paths::upstream_callback(upstream_id))
}

/// Starts a sign-in: returns the address to which the browser is sent.
///
/// # Errors
/// The upstream cannot be reached.
pub async fn start(
    op: &Operation<'_>,
    upstream: &Upstream,
    visit: UpstreamVisit<'_>,
) -> Result<String, UpstreamFailure> {
    let rng = op.app.rng.as_ref();
    let provider = UpstreamProvider::new(op, upstream);
    let metadata = provider.metadata().await?;
    let prompt = visit.request.map(|request| &request.prompt);
    // FranceConnect asks whatever it is told (its own rule), and says nothing of `max_age`.
    let asks_always = upstream.kind == UpstreamKind::Franceconnect;
    let longest = UPSTREAM_MAX_AGE.as_seconds_ceil();
    let attempt = UpstreamAttempt {
        upstream_id: upstream.id.clone(),
        issuer: upstream.issuer.clone(),
        secret: id256(rng),
        started: op.now,
        interaction: visit.interaction.map(str::to_owned),
        interaction_digest: visit.interaction.map(sha256_base64url),
        client_id: visit.client_id.cloned(),
        fresh: visit.ask_again
            || asks_always
            || prompt.is_some_and(|prompt| prompt.login || prompt.select_account)
            || visit.request.is_some_and(|request| request.expected_sub.is_some()),
        asks_always,
        max_age: visit.request.and_then(|request| request.max_age).map_or(longest, |asked| asked.min(longest)),
        link_session: visit.link_session.cloned(),
        errand: visit.errand.map(str::to_owned),
        errand_account: visit.errand_account.cloned(),
    };
    let state = seal_attempt(op, &attempt, visit.browser)?;
    let request = authorization_request(op.app.issuer(), upstream, &attempt, &state, visit.lang);
    let pairs: Vec<(&str, &str)> = request.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let front_channel = || with_query(&metadata.authorization_endpoint, &pairs);
    let Some(endpoint) = &metadata.pushed_authorization_request_endpoint else { return Ok(front_channel()) };
    // Anybody may start a sign-in: whoever starts too many has Préau neither sign nor call.
    let is_required = metadata.require_pushed_authorization_requests;
    if let Err(limited) = limits::ops::count_upstream_start(op, visit.source).await? {
        if !is_required {
            return Ok(front_channel());
        }
        // Many sources together close the way to nobody else: the shares of the calls bound them.
        if limited.is_connection_specific() {
            return Err(UpstreamFailure::Unavailable("too many sign-ins were started from there".to_owned()));
        }
    }
    // RFC 9126 4: the browser carries nothing that could be read or changed on the way.
    let Some(request_uri) = provider.push_request(endpoint, &pairs, is_required).await? else {
        return Ok(front_channel());
    };
    let pairs = [("client_id", upstream.client_id.as_str()), ("request_uri", request_uri.as_str())];
    Ok(with_query(&metadata.authorization_endpoint, &pairs))
}

/// Returns the parameters of the authorization request (OIDCC 3.1.2.1), with PKCE always.
fn authorization_request(
    issuer: &str,
    upstream: &Upstream,
    attempt: &UpstreamAttempt,
    state: &str,
    lang: Lang,
) -> Vec<(&'static str, String)> {
    let mut pairs = vec![
        ("response_type", "code".to_owned()),
        ("client_id", upstream.client_id.clone()),
        ("redirect_uri", redirect_uri(issuer, &upstream.id)),
        ("scope", upstream.scopes.join(" ")),
        ("state", state.to_owned()),
        ("nonce", attempt.nonce()),
        ("code_challenge", sha256_base64url(&attempt.verifier())),
        ("code_challenge_method", "S256".to_owned()),
        ("ui_locales", lang.tag().to_owned()),
    ];
    if !upstream.acr_values.is_empty() {
        pairs.push(("acr_values", upstream.acr_values.join(" ")));
    }
    if attempt.fresh {
        pairs.push(("prompt", "login".to_owned()));
    }
    if !attempt.asks_always {
        pairs.push(("max_age", attempt.max_age.to_string()));
    }
    pairs
}

/// Binds a state to the browser that has it: in another browser it does not open.
fn state_data(browser_digest: &str) -> AssociatedData<'_> {
    AssociatedData { table: "address", column: Namespace::UpstreamState.name(), row: browser_digest }
}

/// Returns the state: the sealed attempt, and behind it the pending request, which is sealed already.
fn seal_attempt(op: &Operation<'_>, attempt: &UpstreamAttempt, browser: &str) -> anyhow::Result<String> {
    let text = serde_json::to_string(attempt)?;
    let sealed = op.app.master_key.seal(state_data(&sha256_base64url(browser)), &text)?;
    Ok(match &attempt.interaction {
        Some(interaction) => format!("{sealed}{STATE_SEPARATOR}{interaction}"),
        None => sealed,
    })
}

fn open_attempt(op: &Operation<'_>, state: &str, browser: &str) -> Option<UpstreamAttempt> {
    let (sealed, interaction) = match state.split_once(STATE_SEPARATOR) {
        Some((sealed, interaction)) => (sealed, Some(interaction)),
        None => (state, None),
    };
    let text = op.app.master_key.open(state_data(&sha256_base64url(browser)), sealed).ok()?;
    let attempt: UpstreamAttempt = serde_json::from_str(&text).ok()?;
    let is_whole = interaction.map(sha256_base64url) == attempt.interaction_digest;
    let is_open = op.now < attempt.started.plus(UPSTREAM_ATTEMPT_TTL);
    (is_whole && is_open).then(|| UpstreamAttempt { interaction: interaction.map(str::to_owned), ..attempt })
}

/// Takes the attempt that an answer belongs to: once, and only in the browser that began it. `owner` is the network that
/// is charged for the mark of it.
pub async fn take_attempt(
    op: &Operation<'_>,
    params: &Params,
    (browser, owner): (Option<&str>, &str),
) -> Result<UpstreamAttempt, UpstreamFailure> {
    let state = params.get("state").filter(|state| state.len() <= MAX_STATE_BYTES);
    let (Some(state), Some(browser)) = (state, browser) else { return Err(UpstreamFailure::UnknownState) };
    let attempt = open_attempt(op, state, browser).ok_or(UpstreamFailure::UnknownState)?;
    let (key, until) = (sha256_base64url(&attempt.secret), attempt.started.plus(UPSTREAM_ATTEMPT_TTL));
    // Marked before anything of the answer is believed, so that one of another provider ends the attempt too; and never
    // refused for want of room, so that many of them end nobody else's.
    let marked = op.app.ephemeral.mark_once(owner, Namespace::UpstreamState, &key, until, op.now).await;
    match marked.map_err(anyhow::Error::from)? {
        true => Ok(attempt),
        false => Err(UpstreamFailure::UnknownState),
    }
}

/// Verifies the answer of an upstream to an attempt: whose it is, what it says, and how it is signed
/// (docs/threats.md#attack-c9).
///
/// # Errors
/// Nobody is signed in; each reason has its own page.
pub async fn verify_answer(
    op: &Operation<'_>,
    upstream: &Upstream,
    attempt: &UpstreamAttempt,
    params: &Params,
) -> Result<UpstreamIdentity, UpstreamFailure> {
    if attempt.upstream_id != upstream.id || attempt.issuer != upstream.issuer {
        return Err(UpstreamFailure::Untrusted("the answer is another upstream's".to_owned()));
    }
    match tokio::time::timeout(upstream.timeout, redeem(op, upstream, attempt, params)).await {
        Ok(answer) => answer,
        Err(_) => Err(UpstreamFailure::Unavailable("it took too long".to_owned())),
    }
}

async fn redeem(
    op: &Operation<'_>,
    upstream: &Upstream,
    attempt: &UpstreamAttempt,
    params: &Params,
) -> Result<UpstreamIdentity, UpstreamFailure> {
    let provider = UpstreamProvider::new(op, upstream);
    let metadata = provider.metadata().await?;
    // RFC 9207 2.4, for errors too: an error of another provider must not end this sign-in either.
    let announced = metadata.authorization_response_iss_parameter_supported;
    match params.get("iss") {
        Some(iss) if iss != upstream.issuer => {
            return Err(UpstreamFailure::Untrusted("iss of the answer is another".to_owned()));
        }
        None if announced => return Err(UpstreamFailure::Untrusted("the answer has no iss".to_owned())),
        _ => {}
    }
    if let Some(error) = params.get("error") {
        return Err(denied(error));
    }
    let code = params.get("code").ok_or_else(|| UpstreamFailure::Untrusted("no code, and no error".to_owned()))?;
    let tokens = provider.redeem_code(&metadata, code, &attempt.verifier()).await?;
    let (alg, claims) = provider.verify_id_token(&metadata, &tokens.id_token).await?;
    let expected = id_token::ExpectedIdToken {
        issuer: &upstream.issuer,
        client_id: &upstream.client_id,
        attempt,
        access_token: &tokens.access_token,
        alg,
        now: op.now,
    };
    let checked = id_token::check(&claims, expected).map_err(|fault| match fault {
        id_token::IdTokenFault::NotFresh => UpstreamFailure::NotFresh,
        fault => UpstreamFailure::Untrusted(fault.to_string()),
    })?;
    let userinfo = provider.userinfo(&metadata, &tokens.access_token, &checked.sub).await?;
    let answer = mapping::AnswerClaims { id_token: &claims, userinfo: &userinfo };
    mapping::identity(upstream, answer, checked, &tokens.id_token)
}

/// Returns the address of the upstream's own sign-out (RPIL 2) for a session that began there, with the ID token that it
/// gave; once. `None` if there is nothing to end, or nowhere to go.
pub async fn end_session_url(op: &Operation<'_>, session: &SessionId, lang: Lang) -> anyhow::Result<Option<String>> {
    let found = sessions::store::find(&mut op.app.db.read().await?, session).await?;
    let Some(origin) = found.and_then(|session| session.upstream) else { return Ok(None) };
    let upstreams = op.app.upstreams();
    let Some(upstream) = upstreams.enabled(&origin.upstream_id) else { return Ok(None) };
    let provider = UpstreamProvider::new(op, upstream);
    let Ok(metadata) = provider.metadata().await else { return Ok(None) };
    let endpoint = metadata.end_session_endpoint.as_deref().filter(|address| provider.is_for_browsers(address));
    let Some(endpoint) = endpoint else { return Ok(None) };
    let Some(token) = sessions::ops::take_upstream_id_token(op, session).await? else { return Ok(None) };
    let back = format!("{}{}", op.app.issuer(), paths::SIGN_IN);
    let pairs = [
        ("id_token_hint", token.as_str()),
        ("client_id", &upstream.client_id),
        ("post_logout_redirect_uri", &back),
        ("ui_locales", lang.tag()),
    ];
    Ok(Some(with_query(endpoint, &pairs)))
}

/// Sorts an error of the upstream by its code, of which only words of ours reach the log.
fn denied(error: &str) -> UpstreamFailure {
    const KNOWN: [&str; 5] =
        ["access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required"];
    match error {
        "server_error" | "temporarily_unavailable" => UpstreamFailure::Unavailable(error.to_owned()),
        error => {
            let word = KNOWN.into_iter().find(|known| *known == error).unwrap_or("another error");
            UpstreamFailure::Denied(word.to_owned())
        }
    }
}
