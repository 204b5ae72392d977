//! The only issuer of access tokens (RFC 9068) and ID tokens (OIDCC 2).
//!
//! An access token is bound to the client's row in a session or to an offline family, each with a generation. This
//! module reads and writes no data; the caller has made all decisions.

use serde_json::{Map, Value, json};

use crate::app::{App, Operation};
use crate::base::ids::id128;
use crate::clients::Client;
use crate::grants::Grant;
use crate::jose::{self, Alg};
use crate::oidc::ID_TOKEN_TYP;
use crate::oidc::TOKEN_TTL;
use crate::oidc::tokens::encryption;

/// The session or refresh token family that an access token is bound to; the token is valid as long as the generation
/// is the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenBinding<'a> {
    Session { sid: &'a str, generation: i64 },
    Family { id: &'a str, generation: i64 },
}

/// The parameters of an access token to issue.
#[derive(Clone, Copy, Debug)]
pub struct AccessTokenRequest<'a> {
    pub binding: TokenBinding<'a>,
    /// The thumbprint of the DPoP key that the token is bound to (RFC 9449 6).
    pub jkt: Option<&'a str>,
    /// The requested resource servers, among those granted (RFC 8707).
    pub resource: &'a [String],
    /// The id of the grant of the authorization code: a replay of the code revokes the token.
    pub grant_id: Option<&'a str>,
}

/// The parameters of an ID token to issue.
#[derive(Clone, Debug, Default)]
pub struct IdTokenRequest<'a> {
    pub nonce: Option<&'a str>,
    /// The code issued with the ID token in the front channel (`c_hash`).
    pub code: Option<&'a str>,
    /// Claims about the end user, from `claims::claims_for`.
    pub claims: Map<String, Value>,
}

/// The issued tokens.
#[derive(Clone, Debug, Default)]
pub struct IssuedTokens {
    pub access_token: Option<String>,
    pub id_token: Option<String>,
}

/// A grant, with the `sub` by which the client knows the end user.
#[derive(Clone, Copy, Debug)]
pub struct SubjectGrant<'a> {
    pub sub: &'a str,
    pub grant: &'a Grant,
}

/// Issues the tokens: signed, and the ID token encrypted where the client registered that.
pub async fn issue_tokens(
    op: &Operation<'_>,
    client: &Client,
    granted: SubjectGrant<'_>,
    access: Option<AccessTokenRequest<'_>>,
    id: Option<IdTokenRequest<'_>>,
) -> anyhow::Result<IssuedTokens> {
    let signed = sign_tokens(op, client, granted, access, id)?;
    let id_token = match signed.id_token {
        Some(token) => Some(encryption::protect_id_token(op, client, token).await?),
        None => None,
    };
    Ok(IssuedTokens { id_token, ..signed })
}

/// Signs the tokens, at once: an RSA signature takes about half a millisecond, of which the way to another thread and back
/// would be a good part.
pub fn sign_tokens(
    op: &Operation<'_>,
    client: &Client,
    granted: SubjectGrant<'_>,
    access: Option<AccessTokenRequest<'_>>,
    id: Option<IdTokenRequest<'_>>,
) -> anyhow::Result<IssuedTokens> {
    let access = access.map(|wanted| access_token_claims(op, client, granted, wanted));
    let typ = client.meta.tolerances.access_token_typ.name();
    let alg = client.meta.id_token.signed.unwrap_or(Alg::RS256);
    let ring = op.app.key_ring();
    let access_token = access.map(|claims| jose::sign(&ring, Alg::ES256, typ, &claims)).transpose()?;
    let id_token = id.map(|wanted| {
        let mut claims = id_token_claims(op, client, granted, &wanted);
        for (name, of) in [("at_hash", access_token.as_deref()), ("c_hash", wanted.code)] {
            if let Some(text) = of {
                claims.insert(name.to_owned(), json!(jose::left_half_hash(alg, text)));
            }
        }
        jose::sign(&ring, alg, ID_TOKEN_TYP, &Value::Object(claims))
    });
    Ok(IssuedTokens { access_token, id_token: id_token.transpose()? })
}

/// Builds the claims of an access token (RFC 9068 2.2).
fn access_token_claims(
    op: &Operation<'_>,
    client: &Client,
    SubjectGrant { sub, grant }: SubjectGrant<'_>,
    wanted: AccessTokenRequest<'_>,
) -> Value {
    let mut claims = json!({
        "iss": op.app.issuer(), "sub": sub, "aud": audience(op.app, client, wanted.resource), "client_id": client.id,
        "jti": id128(op.app.rng.as_ref()), "iat": op.now.as_seconds(), "exp": op.now.plus(TOKEN_TTL).as_seconds(),
        "auth_time": grant.authenticated_at.as_seconds(),
        "scope": grant.disclosure.scopes.to_scope_string(),
    });
    if let Some(map) = claims.as_object_mut() {
        map.extend(authentication_claims(grant));
        match wanted.binding {
            TokenBinding::Session { sid, generation } => {
                map.extend([string_claim("sid", sid), ("gen".to_owned(), json!(generation))])
            }
            TokenBinding::Family { id, generation } => {
                map.extend([string_claim("fam", id), ("gen".to_owned(), json!(generation))])
            }
        }
        map.extend(wanted.grant_id.map(|id| string_claim("grt", id)));
        if !grant.disclosure.claims.userinfo.is_empty() {
            map.insert("clm".to_owned(), json!(grant.disclosure.claims.userinfo));
        }
        if let Some(jkt) = wanted.jkt {
            map.insert("cnf".to_owned(), json!({ "jkt": jkt }));
        }
    }
    claims
}

/// Returns `acr` and `amr`, each only if it is known: an upstream may say neither.
fn authentication_claims(grant: &Grant) -> impl Iterator<Item = (String, Value)> {
    let acr = grant.acr.map(|acr| ("acr".to_owned(), json!(acr)));
    let amr = (!grant.amr.is_empty()).then(|| ("amr".to_owned(), json!(grant.amr)));
    acr.into_iter().chain(amr)
}

fn string_claim(name: &str, value: &str) -> (String, Value) {
    (name.to_owned(), json!(value))
}

/// Returns the audience: the issuer, for userinfo, and the client's resource servers; or only the requested resource
/// servers.
pub fn audience(app: &App, client: &Client, resource: &[String]) -> Value {
    let all: Vec<&str> = match resource {
        [] => std::iter::once(app.issuer()).chain(client.meta.audiences.iter().map(String::as_str)).collect(),
        asked => asked.iter().map(String::as_str).collect(),
    };
    match all.as_slice() {
        [one] => json!(one),
        many => json!(many),
    }
}

fn id_token_claims(
    op: &Operation<'_>,
    client: &Client,
    SubjectGrant { sub, grant }: SubjectGrant<'_>,
    wanted: &IdTokenRequest<'_>,
) -> Map<String, Value> {
    // Claims about the end user come first, so that none can replace a protocol claim (docs/threats.md#attack-j13).
    let mut claims = wanted.claims.clone();
    let fixed = json!({
        "iss": op.app.issuer(), "sub": sub, "aud": client.id, "iat": op.now.as_seconds(),
        "exp": op.now.plus(TOKEN_TTL).as_seconds(), "auth_time": grant.authenticated_at.as_seconds(),
    });
    if let Value::Object(fixed) = fixed {
        claims.extend(fixed);
    }
    for name in ["acr", "amr"] {
        claims.remove(name);
    }
    claims.extend(authentication_claims(grant));
    // Only clients with a logout integration use the `sid`.
    if client.needs_sid() {
        claims.insert("sid".to_owned(), json!(grant.sid));
    }
    if let Some(nonce) = wanted.nonce {
        claims.insert("nonce".to_owned(), json!(nonce));
    }
    claims
}
