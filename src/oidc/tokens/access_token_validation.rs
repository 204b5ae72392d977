//! Validation of access tokens against the current state, shared by userinfo, introspection and revocation.
//!
//! Session or family, client and account are read from the database: logout, suspension, withdrawal of consent and a
//! move to another school take effect at once (docs/threats.md#attack-t11, #attack-t3).

use std::sync::Arc;

use serde_json::Value;

use crate::accounts::Account;
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::{ClientSessionId, RefreshFamilyId};
use crate::clients::{self, Client};
use crate::db::Tx;
use crate::grants::{self, AccessTokenIds};
use crate::jose::{Claims, VerifyError};
use crate::keys;
use crate::protocol::claims_request::ClaimsRequest;
use crate::protocol::disclosure::Disclosure;
use crate::protocol::scope::Scopes;
use crate::protocol::tolerance::AccessTokenTyp;
use crate::sessions::store::holders::{self, FamilyHolder};
use crate::subjects;
use crate::telemetry;

/// A valid access token.
pub struct ValidAccessToken {
    pub claims: Claims,
    pub client: Arc<Client>,
    /// The end user of the token; `None` for a token of the client itself.
    pub subject: Option<TokenSubject>,
    /// The thumbprint of the DPoP key that the token is bound to.
    pub jkt: Option<String>,
}

/// The end user of a token, with the granted scopes and claims.
pub struct TokenSubject {
    pub account: Account,
    pub granted: Disclosure,
    /// The `sub` that is written in the client's known space.
    pub recorded_sub: Option<String>,
}

impl ValidAccessToken {
    /// Returns the id by which the token can be revoked.
    pub fn jti(&self) -> &str {
        self.claims.get("jti").and_then(Value::as_str).unwrap_or_default()
    }

    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_seconds(self.claims.get("exp").and_then(Value::as_i64).unwrap_or_default())
    }

    pub fn has_audience(&self, audience: &str) -> bool {
        match self.claims.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(many)) => many.iter().any(|a| a == audience),
            _ => false,
        }
    }
}

/// Verifies the signature of an access token issued by this server. Tokens with `typ` `JWT` belong to clients that need
/// the type; the other tokens signed with that type (ID tokens, userinfo, logout tokens) have no `client_id` as an
/// access token has (RFC 9068 2.2).
async fn verify_signature(
    op: &Operation<'_>,
    token: &str,
) -> anyhow::Result<Result<(Claims, AccessTokenTyp), VerifyError>> {
    for typ in AccessTokenTyp::ALL {
        match keys::ops::verify(op, typ.name(), token).await? {
            Ok(claims) if claims.contains_key("client_id") => return Ok(Ok((claims, typ))),
            Err(why) if why != VerifyError::Typ => return Ok(Err(why)),
            Ok(_) | Err(_) => {}
        }
    }
    Ok(Err(VerifyError::Typ))
}

/// Validates a token; `None` for an invalid, expired or revoked token. The reason goes to the log. The connection that
/// was read from is handed on; none is held while the signature is verified.
pub async fn validate(op: &Operation<'_>, token: &str) -> anyhow::Result<Option<(ValidAccessToken, Tx)>> {
    let Operation { app, now, .. } = *op;
    let dead = |why: &str| {
        tracing::info!(why, "access token refused");
        Ok(None)
    };
    let (claims, typ) = match verify_signature(op, token).await? {
        Ok(verified) => verified,
        Err(why) => return dead(&why.to_string()),
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let number = |name: &str| claims.get(name).and_then(Value::as_i64);
    if text("iss") != Some(app.issuer()) || number("exp").is_none_or(|exp| now.as_seconds() >= exp) {
        return dead("issuer or time");
    }
    let client = clients::ops::find_recent(app, now, text("client_id").unwrap_or_default()).await?;
    let Some(client) = client.filter(|client| client.is_usable()) else { return dead("no such client") };
    if typ != AccessTokenTyp::default() && client.meta.tolerances.access_token_typ != typ {
        return dead("its type is not one of this client");
    }
    telemetry::record_client_id(&client.id);
    let jkt = claims.get("cnf").and_then(|c| c.get("jkt")).and_then(Value::as_str).map(str::to_owned);
    let generation = number("gen").unwrap_or_default();
    let own = AccessTokenIds { jti: text("jti").unwrap_or_default(), grant_id: text("grt").unwrap_or_default() };
    let space = subjects::ops::known_space(&client.meta);
    let mut tx = app.db.read().await?;
    let (account, recorded_sub) = match (text("sid"), text("fam")) {
        (Some(sid), None) => {
            let sid = ClientSessionId::new(sid);
            let Some(held) = holders::find_session_holder_for_token(&mut tx, (&sid, &space), own).await? else {
                return dead("no such sid, or revoked");
            };
            if !held.session.is_alive(now) {
                return dead("the session has ended");
            }
            if held.generation != generation || held.client_id != client.id {
                return dead("revoked");
            }
            (held.account, held.recorded_sub)
        }
        (None, Some(id)) => {
            let id = RefreshFamilyId::new(id);
            let held = holders::find_family_holder_for_token(&mut tx, (&id, &space), own).await?;
            let Some(FamilyHolder { family, account, recorded_sub, .. }) = held.filter(|h| h.family.is_alive(now))
            else {
                return dead("the family has ended, or revoked");
            };
            if family.access_generation != generation || family.grant.client_id != client.id {
                return dead("revoked");
            }
            (account, recorded_sub)
        }
        (None, None) if text("sub") == Some(&client.id) => {
            if grants::store::revoked::is_revoked(&mut tx, own.jti).await? {
                return dead("revoked");
            }
            return Ok(Some((ValidAccessToken { client, subject: None, jkt, claims }, tx)));
        }
        _ => return dead("nothing holds it"),
    };
    if !account.is_usable() {
        return dead("the account is not live");
    }
    let names = claims.get("clm").and_then(Value::as_array).into_iter().flatten();
    let userinfo = names.filter_map(Value::as_str).filter_map(|name| name.parse().ok()).collect();
    let scopes = Scopes::parse(text("scope").unwrap_or_default()).unwrap_or_default();
    let granted = Disclosure { scopes, claims: ClaimsRequest { userinfo, id_token: Vec::new() } };
    let person = TokenSubject { account, granted, recorded_sub };
    Ok(Some((ValidAccessToken { client, subject: Some(person), jkt, claims }, tx)))
}

/// Returns the client that a token was issued to, even if the token has expired: the client's script may read the
/// error.
pub async fn find_issued_client(op: &Operation<'_>, token: &str) -> anyhow::Result<Option<Arc<Client>>> {
    let Ok((claims, _)) = verify_signature(op, token).await? else { return Ok(None) };
    let id = claims.get("client_id").and_then(Value::as_str).unwrap_or_default();
    Ok(clients::ops::find_recent(op.app, op.now, id).await?.filter(|client| client.is_usable()))
}
