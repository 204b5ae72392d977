//! Beginning, finding and ending a session.

use super::{LIFE, Method, Session, TOUCH, store};
use crate::accounts::{self, Account};
use crate::app::App;
use crate::audit::{self, About, Fact};
use crate::base::clock::Timestamp;
use crate::base::ids::{id256, is_id};
use crate::base::secret::digest;
use crate::db::{Durability, Tx};
use crate::outbox::JobKind;
use crate::{grants, logouts};

/// Where a session begins.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around<'a> {
    /// The session that the browser had.
    pub former: Option<&'a str>,
    /// The device on which that happens.
    pub device: Option<&'a str>,
    /// The client that asked for it, where one did.
    pub client: Option<&'a str>,
}

/// Draws a new session for an account, which the one that the browser had gives way to. Gives the cookie's value and the
/// row's id.
pub async fn begin(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    account_id: &str,
    method: Method,
    with: Around<'_>,
) -> anyhow::Result<(String, String)> {
    let cookie = id256(app.rng.as_ref());
    let id = digest(&cookie);
    store::insert(tx, now, &id, account_id, method.amr(), with.device).await?;
    if let Some(old) = with.former {
        give_way(tx, app, now, old, (account_id, &id)).await?;
    }
    let about = About { account: Some(account_id), client: with.client, detail: method.amr() };
    audit::store::record(tx, app.rng.as_ref(), now, Fact::SignedIn, about).await?;
    Ok((cookie, id))
}

/// The session that a browser had ends, because somebody signed in there. If it is the same person, what the clients
/// hold goes on in the new one and nobody is told: a portal that asks for the password once more must not sign its
/// people out of every service in the middle of their day. Tokens of a session that is over do not come to life again.
async fn give_way(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    old: &str,
    (account_id, new): (&str, &str),
) -> anyhow::Result<()> {
    let Some(session) = store::find(tx, old).await? else { return Ok(()) };
    if !store::end(tx, now, old).await? {
        return Ok(());
    }
    let same = session.account_id == account_id;
    if same && session.is_alive(now) {
        grants::ops::move_session(tx, old, (new, now.plus(LIFE))).await?;
        return Ok(());
    }
    grants::ops::end_session(tx, now, old).await?;
    if !same {
        logouts::ops::tell(tx, app, now, old, &session.account_id).await?;
    }
    Ok(())
}

/// What every end of a session brings with it, once it is ended.
async fn over(tx: &mut Tx, app: &App, now: Timestamp, id: &str, account_id: &str) -> anyhow::Result<()> {
    grants::ops::end_session(tx, now, id).await?;
    logouts::ops::tell(tx, app, now, id, account_id).await
}

/// The live session of a cookie, and whose it is. Whatever is malformed, ended, idle, of a closed or
/// suspended account is nobody (docs/threats.md#attack-s6, #attack-t11).
pub async fn current(app: &App, now: Timestamp, cookie: Option<&str>) -> anyhow::Result<Option<(Session, Account)>> {
    let Some(cookie) = cookie.filter(|c| is_id(c, 43)) else { return Ok(None) };
    let mut tx = app.db.read().await?;
    let Some(session) = store::find(&mut tx, &digest(cookie)).await?.filter(|s| s.signs_on(now)) else {
        return Ok(None);
    };
    let account = accounts::store::by_id(&mut tx, &session.account_id).await?.filter(Account::is_live);
    Ok(account.map(|a| (session, a)))
}

/// Notes that the person was here, at most once a minute.
pub async fn touch(app: &App, now: Timestamp, session: &Session) -> anyhow::Result<()> {
    if now.since(session.seen_at) >= TOUCH {
        let mut tx = app.db.write(Durability::Relaxed).await?;
        store::touch(&mut tx, now, &session.id).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The session of a cookie that did not end yet, asleep or not: who signs out after an hour in the portal means it.
pub async fn to_end(app: &App, cookie: Option<&str>) -> anyhow::Result<Option<Session>> {
    let Some(cookie) = cookie.filter(|c| is_id(c, 43)) else { return Ok(None) };
    Ok(store::find(&mut app.db.read().await?, &digest(cookie)).await?.filter(|s| !s.ended))
}

/// Ends one session and has its clients told: the person was told, so it survives a power cut.
pub async fn end(app: &App, now: Timestamp, session: &Session) -> anyhow::Result<()> {
    let mut tx = app.db.write(Durability::Durable).await?;
    if store::end(&mut tx, now, &session.id).await? {
        let about = About { account: Some(&session.account_id), ..About::default() };
        audit::store::record(&mut tx, app.rng.as_ref(), now, Fact::SignedOut, about).await?;
        over(&mut tx, app, now, &session.id, &session.account_id).await?;
    }
    tx.commit().await?;
    app.outbox.ring(JobKind::BackchannelLogout);
    Ok(())
}

/// Ends every session of an account and has their clients told (docs/threats.md#attack-s8), inside the caller's
/// transaction.
pub async fn end_all(tx: &mut Tx, app: &App, now: Timestamp, account_id: &str) -> anyhow::Result<()> {
    let mut ended = 0;
    for id in store::open_of(tx, account_id).await? {
        if store::end(tx, now, &id).await? {
            over(tx, app, now, &id, account_id).await?;
            ended += 1;
        }
    }
    grants::ops::end_account(tx, now, account_id).await?;
    let detail = ended.to_string();
    let about = About { account: Some(account_id), detail: &detail, ..About::default() };
    audit::store::record(tx, app.rng.as_ref(), now, Fact::SessionsEnded, about).await?;
    Ok(())
}
