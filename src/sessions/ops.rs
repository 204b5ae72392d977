//! Creates and finds sessions; `ends` ends them.

mod ends;

pub use ends::{end, end_all, end_of_device, end_of_upstream, end_others};

use super::{AuthenticationMethod, SESSION_TTL, Session, TOUCH_INTERVAL, UpstreamOrigin, store};
use crate::accounts::{self, Account};
use crate::app::{App, Operation, SignInResult};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::actor::Actor;
use crate::base::clock::Timestamp;
use crate::base::ids::{id256, is_id};
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::{AccountId, ClientId, SessionId};
use crate::crypto::AssociatedData;
use crate::db::{Durability, UnitOfWork};
use crate::grants::ops::SessionEnd;
use crate::protocol::acr::Amr;
use crate::{grants, logouts};

/// The origin of a new session.
#[derive(Clone, Copy, Debug, Default)]
pub struct SessionOrigin<'a> {
    /// The previous session of the browser.
    pub previous: Option<&'a SessionId>,
    /// The known device of the sign-in.
    pub device: Option<&'a str>,
    /// The client that requested the authentication, if any.
    pub client: Option<&'a ClientId>,
}

/// A session just created.
#[derive(Debug)]
pub struct StartedSession {
    /// The value of the cookie; only its digest is stored.
    pub cookie: String,
    pub id: SessionId,
}

/// Creates a session for an account, in place of the browser's previous one. Returns the cookie's value and the row's id.
pub async fn begin(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    method: AuthenticationMethod,
    with: SessionOrigin<'_>,
) -> anyhow::Result<StartedSession> {
    let cookie = id256(op.app.rng.as_ref());
    let new = store::NewSessionRow {
        id: &session_id(&cookie),
        account_id,
        authenticated_at: op.now,
        amr: method.amr(),
        factor_at: method.has_factor().then_some(op.now),
        device: with.device,
        upstream: None,
        upstream_id_token: None,
        answered_at: None,
    };
    let methods = Amr::join(method.amr());
    begin_row(op, tx, &new, with, &methods).await?;
    Ok(StartedSession { id: session_id(&cookie), cookie })
}

/// The answer of an upstream about the person who signed in through it.
#[derive(Clone, Copy, Debug)]
pub struct UpstreamProof<'a> {
    pub origin: &'a UpstreamOrigin,
    pub amr: &'a [Amr],
    /// The time at which the upstream authenticated the person, not after now.
    pub authenticated_at: Timestamp,
    /// The time at which its answer came; `None` if this session begins later than that.
    pub answered_at: Option<Timestamp>,
    /// Kept sealed, to end the session there too.
    pub id_token: Option<&'a str>,
}

/// Creates a session like [`begin`], of a person who signed in through an upstream.
pub async fn begin_upstream(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    proof: UpstreamProof<'_>,
    with: SessionOrigin<'_>,
) -> anyhow::Result<StartedSession> {
    let cookie = id256(op.app.rng.as_ref());
    let id = session_id(&cookie);
    let seal = |token: &str| op.app.master_key.seal(upstream_token_data(&id), token);
    let sealed = proof.id_token.map(seal).transpose()?;
    let new = store::NewSessionRow {
        id: &id,
        account_id,
        authenticated_at: proof.authenticated_at,
        amr: proof.amr,
        factor_at: None,
        device: with.device,
        upstream: Some(proof.origin),
        upstream_id_token: sealed.as_deref(),
        answered_at: proof.answered_at,
    };
    let methods = format!("upstream {}", proof.origin.upstream_id);
    begin_row(op, tx, &new, with, &methods).await?;
    Ok(StartedSession { cookie, id })
}

/// Binds a sealed ID token of an upstream to its session.
fn upstream_token_data(id: &SessionId) -> AssociatedData<'_> {
    AssociatedData { table: "session", column: "upstream_id_token", row: id }
}

/// Takes the ID token that the upstream of a session gave, once.
pub async fn take_upstream_id_token(op: &Operation<'_>, id: &SessionId) -> anyhow::Result<Option<String>> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let sealed = store::take_upstream_id_token(&mut tx, id).await?;
    tx.commit().await?;
    Ok(sealed.map(|sealed| op.app.master_key.open(upstream_token_data(id), &sealed)).transpose()?)
}

async fn begin_row(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    new: &store::NewSessionRow<'_>,
    with: SessionOrigin<'_>,
    methods: &str,
) -> anyhow::Result<()> {
    let account_id = new.account_id;
    store::insert(tx, op.now, new).await?;
    if let Some(old) = with.previous {
        replace_previous(op, tx, old, account_id, new.id).await?;
    }
    tx.actor = Actor::Account(account_id.clone());
    let about =
        AuditDetails { account: Some(account_id), client: with.client, detail: methods, ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::SignedIn, about).await?;
    op.app.sign_ins.note(SignInResult::SignedIn, (Some(account_id), with.client), op.now);
    if accounts::store::keep_open(tx, account_id).await? {
        let about = AuditDetails { account: Some(account_id), ..AuditDetails::default() };
        audit::store::record(tx, AuditEvent::ClosingWithdrawn, about).await?;
    }
    ends::end_excess(tx, &op.app.master_key, account_id, new.id).await
}

/// Replaces a session after a second factor was proven in it: a rise of privilege gets a new cookie, and the session still
/// ends as before (docs/threats.md#attack-s1). `amr` are the new session's methods. `None` if the session ended meanwhile.
pub async fn replace_after_factor(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    old: &Session,
    amr: &[Amr],
) -> anyhow::Result<Option<StartedSession>> {
    let Operation { app, now, .. } = *op;
    if !old.is_alive(now) || !store::end(tx, now, &old.id).await? {
        return Ok(None);
    }
    let cookie = id256(app.rng.as_ref());
    let id = session_id(&cookie);
    let held = store::take_upstream_id_token(tx, &old.id).await?;
    let held = held.map(|sealed| app.master_key.open(upstream_token_data(&old.id), &sealed)).transpose()?;
    let upstream_id_token = held.map(|token| app.master_key.seal(upstream_token_data(&id), &token)).transpose()?;
    let new = store::NewSessionRow {
        id: &id,
        account_id: &old.account_id,
        authenticated_at: old.authenticated_at,
        amr,
        factor_at: Some(now),
        device: old.device_id.as_deref(),
        upstream: old.upstream.as_ref(),
        upstream_id_token: upstream_id_token.as_deref(),
        answered_at: old.answered_at,
    };
    store::insert(tx, now, &new).await?;
    store::move_waiting(tx, &old.id, &id).await?;
    grants::ops::move_session(tx, &old.id, SessionEnd { session: &id, at: old.authenticated_at.plus(SESSION_TTL) })
        .await?;
    Ok(Some(StartedSession { cookie, id }))
}

/// Ends the previous session of the browser after a new sign-in. For the same person, the clients' tokens move to the
/// new session and no logout is sent: a portal that requests re-authentication must not sign its users out of every
/// service. For another person, the tokens are revoked and the clients notified. Tokens of an expired session are not
/// revived.
async fn replace_previous(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    old: &SessionId,
    account_id: &AccountId,
    new: &SessionId,
) -> anyhow::Result<()> {
    let now = op.now;
    let Some(session) = store::find(tx, old).await? else { return Ok(()) };
    if !store::end(tx, now, old).await? {
        return Ok(());
    }
    let same = session.account_id == *account_id;
    if same && session.is_alive(now) {
        grants::ops::move_session(tx, old, SessionEnd { session: new, at: now.plus(SESSION_TTL) }).await?;
        return Ok(());
    }
    grants::ops::revoke_for_session(tx, old).await?;
    if !same {
        logouts::ops::enqueue_logouts(tx, &op.app.master_key, old, &session.account_id).await?;
    }
    Ok(())
}

/// Returns the id of the session that a cookie names.
pub fn session_id(cookie: &str) -> SessionId {
    SessionId::new(sha256_base64url(cookie))
}

/// Returns the current session of a cookie and its account. `None` for a malformed cookie, an ended or idle session,
/// and a closed or suspended account (docs/threats.md#attack-s6, #attack-t11).
pub async fn current(op: &Operation<'_>, cookie: Option<&str>) -> anyhow::Result<Option<(Session, Account)>> {
    let Some(cookie) = cookie.filter(|c| is_id(c, 43)) else { return Ok(None) };
    let mut tx = op.app.db.read().await?;
    let session = store::find(&mut tx, &session_id(cookie)).await?.filter(|s| s.allows_single_sign_on(op.now));
    // An upstream that serves no more vouches for nobody (docs/threats.md#attack-a14).
    let upstreams = op.app.upstreams();
    let vouched =
        |s: &Session| s.upstream.as_ref().is_none_or(|upstream| upstreams.enabled(&upstream.upstream_id).is_some());
    let Some(mut session) = session.filter(vouched) else { return Ok(None) };
    if let Some(origin) = &mut session.upstream
        && let (Some(acr), Some(file)) = (&origin.acr, upstreams.enabled(&origin.upstream_id))
    {
        // What an answer is worth is what the file says now: it may have been corrected since.
        origin.level = file.level_of(acr);
    }
    let account = accounts::store::find(&mut tx, &session.account_id).await?.filter(Account::is_usable);
    Ok(account.map(|a| (session, a)))
}

/// Records the activity of the session, at most once a minute.
pub async fn touch(op: &Operation<'_>, session: &Session) -> anyhow::Result<()> {
    if op.now.since(session.seen_at) >= TOUCH_INTERVAL {
        let mut tx = op.write(Durability::Relaxed).await?;
        store::touch(&mut tx, op.now, &session.id).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Returns the session of a cookie unless ended, idle or not, so that a sign-out after an idle hour still takes effect.
pub async fn find_unended(app: &App, cookie: Option<&str>) -> anyhow::Result<Option<Session>> {
    let Some(cookie) = cookie.filter(|c| is_id(c, 43)) else { return Ok(None) };
    Ok(store::find(&mut app.db.read().await?, &session_id(cookie)).await?.filter(|s| !s.ended))
}
