//! grant_type=authorization_code (RFC 6749 4.1.3, RFC 7636 4.6, OIDCC 3.1.3).
//!
//! The code is taken in one atomic step before anything is minted: a failure afterwards leaves it spent. A
//! second use revokes what the first gave. Nothing is written to SQL on the good path.

use serde_json::json;

use super::outcome::{Exchanged, Tokens};
use crate::accounts::{self, Account};
use crate::app::AppState;
use crate::audit::{self, About, Fact};
use crate::base::clock::Timestamp;
use crate::base::ids::{id128, is_id};
use crate::base::secret::{base64url, digest, sha256};
use crate::clients::Client;
use crate::db::Durability;
use crate::ephemeral::{Kind, Taken};
use crate::grants;
use crate::jose::{self, Alg};
use crate::oidc::claims::subject;
use crate::oidc::{ACCESS_TYP, ACR, CodeGrant, ID_TYP, TOKEN_LIFE};
use crate::protocol::error::OAuthError;
use crate::protocol::params::Params;
use crate::protocol::pkce;
use crate::sessions;

const UNKNOWN: &str = "the code is unknown, expired or used";

pub async fn exchange(app: &AppState, now: Timestamp, client: &Client, params: &Params) -> anyhow::Result<Exchanged> {
    let denied = |words, detail: &str| Ok(Exchanged::Denied(OAuthError::invalid_grant(words).detail(detail)));
    let Some(code) = params.get("code") else {
        return Ok(Exchanged::Denied(OAuthError::invalid_request("code is missing")));
    };
    if !is_id(code, 43) {
        return denied(UNKNOWN, "malformed");
    }
    let grant: CodeGrant = match app.ephemeral.take(Kind::Code, &digest(code), now).await? {
        Taken::Unknown => return denied(UNKNOWN, "unknown"),
        Taken::Before(text) => {
            revoke(app, now, &serde_json::from_str(&text)?).await?;
            return denied(UNKNOWN, "used before: its tokens are revoked");
        }
        Taken::Now(text) => serde_json::from_str(&text)?,
    };
    if let Err(why) = fits(&grant, client, params) {
        return denied("the code does not fit this request", why);
    }
    let mut tx = app.db.read().await?;
    let held = grants::store::by_sid(&mut tx, &grant.sid).await?;
    let session = sessions::store::find(&mut tx, &grant.session_id).await?;
    let account = accounts::store::by_id(&mut tx, &grant.account_id).await?;
    drop(tx);
    let alive = held.is_some_and(|h| h.generation == grant.generation)
        && session.is_some_and(|s| s.is_alive(now))
        && account.is_some_and(|a: Account| a.is_live());
    if !alive {
        return denied(UNKNOWN, "the session has ended");
    }
    Ok(Exchanged::Tokens(Box::new(mint(app, now, client, &grant).await?)))
}

/// Client, redirect URI and proof are those of the request that the code answers (ABUSE C1, C3, C4).
fn fits(grant: &CodeGrant, client: &Client, params: &Params) -> Result<(), &'static str> {
    if grant.client_id != client.id {
        return Err("another client's");
    }
    if params.get("redirect_uri") != Some(&grant.redirect_uri) {
        return Err("another redirect_uri");
    }
    match (&grant.code_challenge, params.get("code_verifier")) {
        (Some(challenge), Some(verifier)) if pkce::matches(verifier, challenge) => Ok(()),
        (Some(_), Some(_)) => Err("code_verifier does not match"),
        (Some(_), None) => Err("code_verifier is missing"),
        (None, Some(_)) => Err("code_verifier without a challenge"),
        (None, None) => Ok(()),
    }
}

/// RFC 6749 4.1.2: a code used twice takes its tokens with it.
async fn revoke(app: &AppState, now: Timestamp, grant: &CodeGrant) -> anyhow::Result<()> {
    let mut tx = app.db.write(Durability::Durable).await?;
    if grants::store::next_generation(&mut tx, &grant.session_id, &grant.client_id, grant.generation).await? {
        let about = About { account: Some(&grant.account_id), client: Some(&grant.client_id), ..About::default() };
        audit::store::record(&mut tx, app.rng.as_ref(), now, Fact::CodeReplayed, about).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Signs both tokens, off the runtime's threads: RSA takes a quarter of a millisecond.
async fn mint(app: &AppState, now: Timestamp, client: &Client, grant: &CodeGrant) -> anyhow::Result<Tokens> {
    let (iat, exp) = (now.seconds(), now.plus(TOKEN_LIFE).seconds());
    let sub = subject(&app.vault, client, &grant.account_id);
    let auth_time = grant.authenticated_at.seconds();
    // RFC 9068 2.2.
    let access = json!({
        "iss": app.issuer(), "sub": sub, "aud": app.issuer(), "client_id": client.id, "jti": id128(app.rng.as_ref()),
        "iat": iat, "exp": exp, "auth_time": auth_time, "acr": ACR, "amr": grant.amr, "scope": grant.scopes.text(),
        "sid": grant.sid, "gen": grant.generation,
    });
    let mut id = json!({
        "iss": app.issuer(), "sub": sub, "aud": client.id, "iat": iat, "exp": exp, "auth_time": auth_time,
        "acr": ACR, "amr": grant.amr, "sid": grant.sid,
    });
    if let (Some(nonce), Some(map)) = (&grant.nonce, id.as_object_mut()) {
        map.insert("nonce".to_owned(), json!(nonce));
    }
    let ring = app.ring();
    let signed = tokio::task::spawn_blocking(move || {
        let access = jose::sign(&ring, Alg::ES256, ACCESS_TYP, &access)?;
        if let Some(map) = id.as_object_mut() {
            map.insert("at_hash".to_owned(), json!(left_half(&access)));
        }
        Ok::<_, jose::JoseError>((access, jose::sign(&ring, Alg::RS256, ID_TYP, &id)?))
    });
    let (access_token, id_token) = signed.await??;
    let scope = grant.scopes.text();
    Ok(Tokens { access_token, token_type: "Bearer", expires_in: TOKEN_LIFE.as_seconds_up(), scope, id_token })
}

/// OIDCC 3.1.3.6: the left half of the hash that the ID token's algorithm uses.
fn left_half(token: &str) -> String {
    base64url(sha256(token.as_bytes()).get(..16).unwrap_or_default())
}
