//! Ends of what clients hold, inside the caller's transaction; the remembered agreement.

use super::{Consent, Family, Grant, store};
use crate::app::App;
use crate::audit::{self, About, Fact};
use crate::base::clock::{Span, Timestamp};
use crate::db::Tx;

/// Ends what ends with a session: its refresh families. Offline ones stay.
pub async fn end_session(tx: &mut Tx, now: Timestamp, session_id: &str) -> anyhow::Result<()> {
    store::families::end_of_session(tx, now, session_id).await?;
    Ok(())
}

/// The same person signed in again in the same browser: what the clients hold goes on in the new session, under the
/// same `sid` and generation; refresh families end when that one does.
pub async fn move_session(tx: &mut Tx, from: &str, (to, ends): (&str, Timestamp)) -> anyhow::Result<()> {
    store::move_clients(tx, from, to).await?;
    store::families::move_to_session(tx, from, to, ends).await?;
    Ok(())
}

/// Ends every refresh family of an account, offline ones too.
pub async fn end_account(tx: &mut Tx, now: Timestamp, account_id: &str) -> anyhow::Result<()> {
    store::families::end_of_account(tx, now, account_id).await?;
    Ok(())
}

/// Writes the family that a code's grant names, unless what its session's client holds was taken back meanwhile. A replay
/// of the code waits for this row's lock and ends the family; or was first, and the family is born ended: the first
/// exchange of a code wins, whatever comes of its tokens.
///
/// # Errors
/// Nothing of the transaction may then be kept.
pub async fn begin_family(
    tx: &mut Tx,
    now: Timestamp,
    grant: &Grant,
    session: (&str, Timestamp),
    jkt: Option<String>,
) -> anyhow::Result<Option<Family>> {
    let Some(id) = grant.family.clone() else { return Ok(None) };
    let (session_id, session_ends) = session;
    if !store::hold(tx, &grant.sid, grant.generation).await? {
        return Ok(None);
    }
    let family = Family {
        id,
        grant: grant.clone(),
        session_id: (!grant.offline).then(|| session_id.to_owned()),
        jkt,
        generation: 1,
        turned_at: now,
        access_generation: 1,
        expires_at: if grant.offline { now.plus(super::OFFLINE_LIFE) } else { session_ends },
        ended: false,
    };
    store::families::insert(tx, now, &family, &serde_json::to_string(grant)?).await?;
    if let Some(id) = &grant.id
        && store::revoked::is_revoked(tx, id).await?
    {
        store::families::end(tx, now, &family.id).await?;
    }
    Ok(Some(family))
}

/// Ends the tokens of one code, and nothing else (RFC 6749 4.1.2): its family, and its access tokens until the last of
/// them has expired. Whether this call did it.
pub async fn end_of_code(tx: &mut Tx, now: Timestamp, grant: &Grant, last: Span) -> anyhow::Result<bool> {
    // Whoever exchanges the code at this moment holds the row: either its family is seen here, or it sees this.
    store::hold(tx, &grant.sid, grant.generation).await?;
    let revoked = match &grant.id {
        Some(id) => store::revoked::insert(tx, id, now.plus(last)).await?,
        None => false,
    };
    let ended = match &grant.family {
        Some(id) => store::families::end(tx, now, id).await?,
        None => false,
    };
    Ok(revoked || ended)
}

/// Ends a family and the access tokens that came with it (RFC 7009 2.1), until the last of them has expired. Whether
/// this call did it.
pub async fn end_family(tx: &mut Tx, now: Timestamp, family: &Family, last: Span) -> anyhow::Result<bool> {
    if let Some(id) = &family.grant.id {
        store::revoked::insert(tx, id, now.plus(last)).await?;
    }
    Ok(store::families::end(tx, now, &family.id).await?)
}

/// A refresh token was presented that was spent: everything of its family ends.
pub async fn reused(tx: &mut Tx, app: &App, now: Timestamp, family: &Family, last: Span) -> anyhow::Result<()> {
    if end_family(tx, now, family, last).await? {
        let (account, client) = (Some(family.grant.account_id.as_str()), Some(family.grant.client_id.as_str()));
        let about = About { account, client, ..About::default() };
        audit::store::record(tx, app.rng.as_ref(), now, Fact::RefreshReused, about).await?;
    }
    Ok(())
}

/// Remembers that a person agreed, beside what they agreed to before: a service that asks for this today and for that
/// tomorrow must not ask for ever.
pub async fn agree(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    account_id: &str,
    client_id: &str,
    consent: &Consent,
) -> anyhow::Result<()> {
    let before = store::consents::find(tx, account_id, client_id).await?.unwrap_or_default();
    let scopes = before.scopes.and(&consent.scopes).text();
    let claims = serde_json::to_string(&before.claims.and(&consent.claims))?;
    store::consents::put(tx, now, account_id, client_id, &scopes, &claims).await?;
    let about = About { account: Some(account_id), client: Some(client_id), detail: &scopes };
    audit::store::record(tx, app.rng.as_ref(), now, Fact::ConsentGiven, about).await?;
    Ok(())
}

/// Takes an agreement back: nothing that the client holds of the account works any more.
pub async fn withdraw(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    account_id: &str,
    client_id: &str,
) -> anyhow::Result<bool> {
    let was = store::consents::remove(tx, account_id, client_id).await?;
    // The clients' rows first: an exchange that holds one writes its family before, and that is ended here too.
    store::kill_tokens(tx, account_id, client_id).await?;
    store::families::end_of_client(tx, now, account_id, client_id).await?;
    if was {
        let about = About { account: Some(account_id), client: Some(client_id), ..About::default() };
        audit::store::record(tx, app.rng.as_ref(), now, Fact::ConsentWithdrawn, about).await?;
    }
    Ok(was)
}
