//! What a presented access token opens now, whatever it says: the one answer for userinfo, introspection and revocation.
//!
//! Session or family, client and account are looked at live: a signed-out, suspended, withdrawn or moved person is seen
//! at once (docs/threats.md#attack-t11, #attack-t3).

use serde_json::Value;

use crate::accounts::{self, Account};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::clients::{self, Client};
use crate::db::Tx;
use crate::grants;
use crate::jose::{Claims, Unverified};
use crate::keys;
use crate::protocol::claims_request::ClaimsRequest;
use crate::protocol::scope::Scopes;
use crate::protocol::tolerance::AccessTokenTyp;
use crate::sessions;
use crate::telemetry;

/// A living access token.
pub struct Access {
    pub claims: Claims,
    pub client: Client,
    /// Whose it is; nobody's is the client's own.
    pub person: Option<Person>,
    /// The key that must be proven with it.
    pub jkt: Option<String>,
}

/// A person, and what the token tells of them.
pub struct Person {
    pub account: Account,
    pub scopes: Scopes,
    pub claims: ClaimsRequest,
}

impl Access {
    /// Its own name, by which it can be revoked.
    pub fn jti(&self) -> &str {
        self.claims.get("jti").and_then(Value::as_str).unwrap_or_default()
    }

    pub fn expires(&self) -> Timestamp {
        Timestamp::from_seconds(self.claims.get("exp").and_then(Value::as_i64).unwrap_or_default())
    }

    pub fn is_for(&self, audience: &str) -> bool {
        match self.claims.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(many)) => many.iter().any(|a| a == audience),
            _ => false,
        }
    }
}

/// An access token of ours that one of our keys signed. One that says `JWT` is of a client that wants it so; what else
/// we sign with that type (ID tokens, userinfo, logout tokens) names no client as an access token does (RFC 9068 2.2).
async fn verify(
    app: &App,
    now: Timestamp,
    token: &str,
) -> anyhow::Result<Result<(Claims, AccessTokenTyp), Unverified>> {
    for typ in AccessTokenTyp::ALL {
        match keys::ops::verify(app, now, typ.name(), token).await? {
            Ok(claims) if claims.contains_key("client_id") => return Ok(Ok((claims, typ))),
            Err(why) if why != Unverified::Typ => return Ok(Err(why)),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(Err(Unverified::Typ))
}

/// Opens a token; `None` for whatever is not, or no longer, good. The reason goes to the log.
pub async fn open(app: &App, now: Timestamp, tx: &mut Tx, token: &str) -> anyhow::Result<Option<Access>> {
    let dead = |why: &str| {
        tracing::info!(why, "access token refused");
        Ok(None)
    };
    let (claims, typ) = match verify(app, now, token).await? {
        Ok(verified) => verified,
        Err(why) => return dead(&why.to_string()),
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let number = |name: &str| claims.get(name).and_then(Value::as_i64);
    if text("iss") != Some(app.issuer()) || number("exp").is_none_or(|exp| now.seconds() >= exp) {
        return dead("issuer or time");
    }
    let client = clients::store::find(tx, text("client_id").unwrap_or_default()).await?.filter(Client::is_usable);
    let Some(client) = client else { return dead("no such client") };
    if typ != AccessTokenTyp::default() && client.meta.tolerances.access_token_typ != typ {
        return dead("its type is not one of this client");
    }
    telemetry::of_client(&client.id);
    let jkt = claims.get("cnf").and_then(|c| c.get("jkt")).and_then(Value::as_str).map(str::to_owned);
    let generation = number("gen").unwrap_or_default();
    let own = (text("jti").unwrap_or_default(), text("grt").unwrap_or_default());
    let account_id = match (text("sid"), text("fam")) {
        (Some(sid), None) => {
            let Some(held) = grants::store::of_token(tx, sid, own).await? else {
                return dead("no such sid, or revoked");
            };
            let session = sessions::store::find(tx, &held.session_id).await?.filter(|s| s.is_alive(now));
            let Some(session) = session else { return dead("the session has ended") };
            if held.generation != generation || held.client_id != client.id {
                return dead("revoked");
            }
            session.account_id
        }
        (None, Some(id)) => {
            let family = grants::store::families::of_token(tx, id, own).await?.filter(|f| f.is_alive(now));
            let Some(family) = family else { return dead("the family has ended, or revoked") };
            if family.access_generation != generation || family.grant.client_id != client.id {
                return dead("revoked");
            }
            family.grant.account_id
        }
        (None, None) if text("sub") == Some(&client.id) => {
            if grants::store::revoked::is_revoked(tx, own.0).await? {
                return dead("revoked");
            }
            return Ok(Some(Access { client, person: None, jkt, claims }));
        }
        _ => return dead("nothing holds it"),
    };
    let account = accounts::store::by_id(tx, &account_id).await?.filter(Account::is_live);
    let Some(account) = account else { return dead("the account is not live") };
    let names = claims.get("clm").and_then(Value::as_array).into_iter().flatten();
    let userinfo = names.filter_map(Value::as_str).map(str::to_owned).collect();
    let scopes = Scopes::parse(text("scope").unwrap_or_default()).unwrap_or_default();
    let person = Person { account, scopes, claims: ClaimsRequest { userinfo, id_token: Vec::new() } };
    Ok(Some(Access { client, person: Some(person), jkt, claims }))
}

/// The client that a token of ours was given to, though it opens nothing any more: its script may read that it expired.
pub async fn given_to(app: &App, now: Timestamp, tx: &mut Tx, token: &str) -> anyhow::Result<Option<Client>> {
    let Ok((claims, _)) = verify(app, now, token).await? else { return Ok(None) };
    let id = claims.get("client_id").and_then(Value::as_str).unwrap_or_default();
    Ok(clients::store::find(tx, id).await?.filter(Client::is_usable))
}
