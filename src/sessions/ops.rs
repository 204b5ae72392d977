//! Beginning, finding and ending a session.

use super::{Method, Session, TOUCH, store};
use crate::accounts::{self, Account};
use crate::app::App;
use crate::audit::{self, About, Fact};
use crate::base::clock::Timestamp;
use crate::base::ids::{id256, is_id};
use crate::base::secret::digest;
use crate::db::{Durability, Tx};
use crate::grants;

/// Draws a new session for an account; ends the one that the browser had. Gives the cookie's value and the row's id.
pub async fn begin(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    account_id: &str,
    method: Method,
    former: Option<&str>,
) -> anyhow::Result<(String, String)> {
    if let Some(old) = former {
        store::end(tx, now, old).await?;
        grants::ops::end_session(tx, now, old).await?;
    }
    let cookie = id256(app.rng.as_ref());
    let id = digest(&cookie);
    store::insert(tx, now, &id, account_id, method.amr()).await?;
    let about = About { account: Some(account_id), detail: method.amr(), ..About::default() };
    audit::store::record(tx, app.rng.as_ref(), now, Fact::SignedIn, about).await?;
    Ok((cookie, id))
}

/// The live session of a cookie, and whose it is. Whatever is malformed, ended, idle, of a closed or
/// suspended account is nobody (ABUSE S6, T11).
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

/// Ends one session: the person was told, so it survives a power cut.
pub async fn end(app: &App, now: Timestamp, session: &Session) -> anyhow::Result<()> {
    let mut tx = app.db.write(Durability::Durable).await?;
    if store::end(&mut tx, now, &session.id).await? {
        grants::ops::end_session(&mut tx, now, &session.id).await?;
        let about = About { account: Some(&session.account_id), ..About::default() };
        audit::store::record(&mut tx, app.rng.as_ref(), now, Fact::SignedOut, about).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Ends every session of an account, inside the caller's transaction.
pub async fn end_all(tx: &mut Tx, app: &App, now: Timestamp, account_id: &str) -> anyhow::Result<()> {
    let ended = store::end_all(tx, now, account_id).await?;
    grants::ops::end_account(tx, now, account_id).await?;
    let detail = ended.to_string();
    let about = About { account: Some(account_id), detail: &detail, ..About::default() };
    audit::store::record(tx, app.rng.as_ref(), now, Fact::SessionsEnded, about).await?;
    Ok(())
}
