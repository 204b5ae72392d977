//! What a client holds of a person: its place in a session, its refresh tokens, what was agreed to.
//!
//! A code exchange without refresh token writes nothing: tokens carry `sid` and generation, and are alive as long as
//! the row says the same generation and the session lives. `sid` is per session and client, or it would undo pairwise.
//! Tokens of an offline family carry the family and its own generation instead
//! (docs/decisions/0009-access-tokens-are-short-and-looked-up.md). What ends earlier has a row of its own until its
//! time is over: one token by its `jti`, those of one code by the id of its grant.

pub mod ops;
pub mod store;

use serde::{Deserialize, Serialize};

use crate::base::clock::{Span, Timestamp};
use crate::base::ids::is_id;
use crate::base::secret::same;
use crate::protocol::acr::Acr;
use crate::protocol::claims_request::ClaimsRequest;
use crate::protocol::scope::Scopes;
use crate::seal::{Blind, Vault};

/// How long an offline family lives (docs/decisions/0010-refresh-tokens-are-a-family-and-a-generation.md).
pub const OFFLINE_LIFE: Span = Span::days(30);
/// The former token of a rotated one still gives its child for so long: a lost answer, two tabs at once.
pub const GRACE: Span = Span::seconds(10);

/// A client of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionClient {
    pub session_id: String,
    pub client_id: String,
    pub sid: String,
    pub generation: i64,
}

/// What was granted, as codes, tokens and refresh families carry it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub client_id: String,
    pub account_id: String,
    pub scopes: Scopes,
    #[serde(default)]
    pub claims: ClaimsRequest,
    /// Resource servers (RFC 8707); empty: all that the client has registered.
    #[serde(default)]
    pub resource: Vec<String>,
    /// Carried by the tokens of one code, so that its replay ends them and no others. None where no code was given.
    #[serde(default)]
    pub id: Option<String>,
    pub sid: String,
    /// Of the session's client when this was granted.
    pub generation: i64,
    /// The refresh family that goes with it, named before it exists so that a replayed code finds it.
    #[serde(default)]
    pub family: Option<String>,
    /// Whether that family outlives the session.
    #[serde(default)]
    pub offline: bool,
    pub authenticated_at: Timestamp,
    pub amr: Vec<String>,
    pub acr: Acr,
}

/// A line of refresh tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    pub id: String,
    pub grant: Grant,
    pub session_id: Option<String>,
    /// The key that its tokens are bound to (RFC 9449 5), as its thumbprint.
    pub jkt: Option<String>,
    pub generation: i64,
    pub turned_at: Timestamp,
    pub access_generation: i64,
    pub expires_at: Timestamp,
    pub ended: bool,
}

impl Family {
    pub fn is_alive(&self, now: Timestamp) -> bool {
        !self.ended && now < self.expires_at
    }
}

/// What a presented refresh token of a living family is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    Current,
    /// The one before, a moment ago: it gives the current one again.
    JustTurned,
    /// It was spent: somebody else may have it.
    Reused,
}

/// Decides by generations and time.
pub fn judge(family: &Family, generation: i64, now: Timestamp) -> Presented {
    if generation == family.generation {
        Presented::Current
    } else if generation == family.generation - 1 && now.since(family.turned_at) <= GRACE {
        Presented::JustTurned
    } else {
        Presented::Reused
    }
}

/// `family.generation.HMAC`.
pub fn refresh_token(vault: &Vault, family: &str, generation: i64) -> String {
    let text = format!("{family}.{generation}");
    let mac = vault.blind(Blind::Refresh, &text);
    format!("{text}.{mac}")
}

/// Family and generation of a token of ours; nothing for any other text (docs/threats.md#attack-t9).
pub fn read_refresh_token(vault: &Vault, token: &str) -> Option<(String, i64)> {
    let (text, mac) = token.rsplit_once('.')?;
    let (family, generation) = text.split_once('.')?;
    let number: i64 = generation.parse().ok().filter(|n: &i64| *n > 0 && n.to_string() == generation)?;
    (is_id(family, 22) && same(mac, &vault.blind(Blind::Refresh, text))).then(|| (family.to_owned(), number))
}

/// What a person agreed that a client may have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    pub scopes: Scopes,
    pub claims: ClaimsRequest,
}

impl Consent {
    /// Whether it already holds all that is asked now.
    pub fn covers(&self, scopes: &Scopes, claims: &ClaimsRequest) -> bool {
        let told = |name: &String| self.scopes.gives(name) || self.claims.userinfo.contains(name);
        scopes.iter().all(|s| self.scopes.has(s))
            && claims.userinfo.iter().all(told)
            && claims.id_token.iter().all(|name| self.claims.id_token.contains(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn family(generation: i64) -> Family {
        let grant = Grant {
            client_id: "c".into(),
            account_id: "a".into(),
            scopes: Scopes::default(),
            claims: ClaimsRequest::default(),
            resource: Vec::new(),
            id: None,
            sid: "s".into(),
            generation: 1,
            family: None,
            offline: true,
            authenticated_at: Timestamp(0),
            amr: vec!["pwd".into()],
            acr: Acr::Eidas1,
        };
        Family {
            id: "A".repeat(22),
            grant,
            session_id: None,
            jkt: None,
            generation,
            turned_at: Timestamp(100_000),
            access_generation: 1,
            expires_at: Timestamp(1_000_000),
            ended: false,
        }
    }

    #[test]
    fn attack_t1_the_one_before_counts_for_ten_seconds_and_any_other_is_reuse() {
        let f = family(3);
        for (generation, at, expected) in [
            (3, 100_000, Presented::Current),
            (3, 900_000, Presented::Current),
            (2, 110_000, Presented::JustTurned),
            (2, 110_001, Presented::Reused),
            (1, 100_001, Presented::Reused),
            (4, 100_001, Presented::Reused),
        ] {
            assert_eq!(judge(&f, generation, Timestamp(at)), expected, "{generation} at {at}");
        }
    }

    #[test]
    fn attack_t9_a_cut_or_altered_refresh_token_is_none_of_ours() {
        let vault = Vault::new([7; 32]).unwrap();
        let token = refresh_token(&vault, &"A".repeat(22), 12);
        assert_eq!(read_refresh_token(&vault, &token), Some(("A".repeat(22), 12)));
        for cut in 0..token.len() {
            assert_eq!(read_refresh_token(&vault, &token[..cut]), None);
        }
        for bent in [token.replace(".12.", ".13."), token.replace(".12.", ".+12."), token.replace(".12.", ".012.")] {
            assert_eq!(read_refresh_token(&vault, &bent), None, "{bent}");
        }
        assert_eq!(read_refresh_token(&Vault::new([8; 32]).unwrap(), &token), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,120}") {
            let vault = Vault::new([7; 32]).unwrap();
            prop_assert_eq!(read_refresh_token(&vault, &text), None);
        }
    }
}
