//! Access tokens (RFC 9068) and ID tokens (OIDCC 2): the one place where they are made.
//!
//! An access token names what keeps it alive: the client's place in a session, or an offline family, each with a
//! generation. Nothing is looked up here and nothing is written; whoever mints has decided.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha512};

use super::{ID_TYP, TOKEN_LIFE, protect};
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::base::ids::id128;
use crate::base::secret::{base64url, sha256};
use crate::clients::Client;
use crate::grants::Grant;
use crate::jose::{self, Alg};

/// What keeps an access token alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder<'a> {
    Session { sid: &'a str, generation: i64 },
    Family { id: &'a str, generation: i64 },
}

/// An access token that is wanted.
#[derive(Clone, Copy, Debug)]
pub struct AccessToken<'a> {
    pub holder: Holder<'a>,
    /// Thumbprint of the key that must be proven with it (RFC 9449 6).
    pub jkt: Option<&'a str>,
    /// Resource servers, of those granted (RFC 8707).
    pub resource: &'a [String],
    /// The grant of the code that it comes from: a replay of that code ends it.
    pub grant_id: Option<&'a str>,
}

/// An ID token that is wanted.
#[derive(Clone, Debug, Default)]
pub struct IdToken<'a> {
    pub nonce: Option<&'a str>,
    /// The code that goes with it by the front channel (`c_hash`).
    pub code: Option<&'a str>,
    /// Claims of the person, by `claims::told`.
    pub told: Map<String, Value>,
}

/// What was made.
#[derive(Clone, Debug, Default)]
pub struct Minted {
    pub access_token: Option<String>,
    pub id_token: Option<String>,
}

/// Signs what is wanted, off the runtime's threads: RSA takes a quarter of a millisecond.
pub async fn mint(
    app: &AppState,
    now: Timestamp,
    client: &Client,
    (sub, grant): (&str, &Grant),
    access: Option<AccessToken<'_>>,
    id: Option<IdToken<'_>>,
) -> anyhow::Result<Minted> {
    let access = access.map(|wanted| access_claims(app, now, client, sub, grant, wanted));
    let typ = client.meta.tolerances.access_token_typ.name();
    let alg = client.meta.id_token.signed.unwrap_or(Alg::RS256);
    let id = id.map(|wanted| (id_claims(app, now, client, sub, grant, &wanted), wanted.code.map(str::to_owned)));
    let ring = app.ring();
    let minted = tokio::task::spawn_blocking(move || {
        let access_token = access.map(|claims| jose::sign(&ring, Alg::ES256, typ, &claims)).transpose()?;
        let id_token = id.map(|(mut claims, code)| {
            for (name, of) in [("at_hash", &access_token), ("c_hash", &code)] {
                if let Some(text) = of {
                    claims.insert(name.to_owned(), json!(left_half(alg, text)));
                }
            }
            jose::sign(&ring, alg, ID_TYP, &Value::Object(claims))
        });
        let id_token = id_token.transpose()?;
        Ok::<_, jose::JoseError>(Minted { access_token, id_token })
    });
    let mut minted = minted.await??;
    if let Some(token) = minted.id_token.take() {
        minted.id_token = Some(protect::id_token(app, now, client, token).await?);
    }
    Ok(minted)
}

/// RFC 9068 2.2.
fn access_claims(
    app: &AppState,
    now: Timestamp,
    client: &Client,
    sub: &str,
    grant: &Grant,
    wanted: AccessToken<'_>,
) -> Value {
    let mut claims = json!({
        "iss": app.issuer(), "sub": sub, "aud": audience(app, client, wanted.resource), "client_id": client.id,
        "jti": id128(app.rng.as_ref()), "iat": now.seconds(), "exp": now.plus(TOKEN_LIFE).seconds(),
        "auth_time": grant.authenticated_at.seconds(), "acr": grant.acr, "amr": grant.amr,
        "scope": grant.scopes.text(),
    });
    if let Some(map) = claims.as_object_mut() {
        match wanted.holder {
            Holder::Session { sid, generation } => {
                map.extend([named("sid", sid), ("gen".to_owned(), json!(generation))])
            }
            Holder::Family { id, generation } => map.extend([named("fam", id), ("gen".to_owned(), json!(generation))]),
        }
        map.extend(wanted.grant_id.map(|id| named("grt", id)));
        if !grant.claims.userinfo.is_empty() {
            map.insert("clm".to_owned(), json!(grant.claims.userinfo));
        }
        if let Some(jkt) = wanted.jkt {
            map.insert("cnf".to_owned(), json!({ "jkt": jkt }));
        }
    }
    claims
}

fn named(name: &str, value: &str) -> (String, Value) {
    (name.to_owned(), json!(value))
}

/// The issuer, for userinfo, and the client's resource servers; or only those that were asked for.
pub fn audience(app: &AppState, client: &Client, resource: &[String]) -> Value {
    let all: Vec<&str> = match resource {
        [] => std::iter::once(app.issuer()).chain(client.meta.audiences.iter().map(String::as_str)).collect(),
        asked => asked.iter().map(String::as_str).collect(),
    };
    match all.as_slice() {
        [one] => json!(one),
        many => json!(many),
    }
}

fn id_claims(
    app: &AppState,
    now: Timestamp,
    client: &Client,
    sub: &str,
    grant: &Grant,
    wanted: &IdToken<'_>,
) -> Map<String, Value> {
    // What is told of the person first: nothing of it can take the place of a claim of the protocol
    // (docs/threats.md#attack-j13).
    let mut claims = wanted.told.clone();
    let fixed = json!({
        "iss": app.issuer(), "sub": sub, "aud": client.id, "iat": now.seconds(),
        "exp": now.plus(TOKEN_LIFE).seconds(), "auth_time": grant.authenticated_at.seconds(),
        "acr": grant.acr, "amr": grant.amr,
    });
    if let Value::Object(fixed) = fixed {
        claims.extend(fixed);
    }
    // Nobody else has a use for it.
    if client.signs_out() {
        claims.insert("sid".to_owned(), json!(grant.sid));
    }
    if let Some(nonce) = wanted.nonce {
        claims.insert("nonce".to_owned(), json!(nonce));
    }
    claims
}

/// OIDCC 3.1.3.6, 3.3.2.11: the left half of the hash that the ID token's algorithm uses; Ed25519's is SHA-512
/// (RFC 8032 5.1).
fn left_half(alg: Alg, text: &str) -> String {
    match alg {
        Alg::RS256 | Alg::PS256 | Alg::ES256 => base64url(sha256(text.as_bytes()).get(..16).unwrap_or_default()),
        Alg::EdDSA => base64url(Sha512::digest(text.as_bytes()).get(..32).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oidcc_appendix_a_the_left_half() {
        // OIDCC A.3 and A.4 print these values.
        assert_eq!(left_half(Alg::RS256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(
            left_half(Alg::RS256, "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"),
            "LDktKdoQak3Pk0cnXxCltA"
        );
        assert_eq!(left_half(Alg::EdDSA, "x").len(), 43);
    }
}
