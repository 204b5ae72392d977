//! Grants of an end user to a client: the client's session, its refresh tokens, and the consent.
//!
//! A code exchange without refresh token writes nothing: tokens carry `sid` and a generation, and are valid while the
//! row has the same generation and the session is valid. `sid` is specific to session and client, because a common
//! `sid` would link pairwise subjects. Tokens of an offline family carry the family and the family's generation instead
//! (docs/decisions/0009-access-tokens-are-short-and-looked-up.md). Tokens revoked earlier have a row in `revoked_token`
//! until their expiry: a single token by its `jti`, the tokens of one code by the id of the grant.

pub mod ops;
pub mod store;

use serde::{Deserialize, Serialize};

use crate::base::clock::{Span, Timestamp};
use crate::base::ids::is_id;
use crate::base::secret::constant_time_eq;
use crate::base::typed_ids::{AccountId, ClientId, ClientSessionId, RefreshFamilyId, SessionId};
use crate::crypto::{HmacPurpose, MasterKey};
use crate::protocol::acr::{Acr, Amr};
use crate::protocol::disclosure::Disclosure;

/// The TTL of an offline family (docs/decisions/0010-refresh-tokens-are-a-family-and-a-generation.md).
pub const OFFLINE_TTL: Span = Span::days(30);
/// The grace period of refresh token rotation: the previous token is accepted this long after its rotation, for a lost
/// response or two concurrent requests.
pub const ROTATION_GRACE: Span = Span::seconds(10);

/// A client of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSession {
    pub session_id: SessionId,
    pub client_id: ClientId,
    pub sid: ClientSessionId,
    pub generation: i64,
}

/// The granted access, carried by codes, tokens and refresh token families.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    pub client_id: ClientId,
    pub account_id: AccountId,
    #[serde(flatten)]
    pub disclosure: Disclosure,
    /// The granted resource servers (RFC 8707); empty means every resource server of the client.
    #[serde(default)]
    pub resource: Vec<String>,
    /// The id shared by the tokens of one code, so that a replay of the code revokes these tokens only. `None` if no
    /// code was issued.
    #[serde(default)]
    pub id: Option<String>,
    pub sid: ClientSessionId,
    /// The generation of the client session at the time of the grant.
    pub generation: i64,
    /// The id of the grant's refresh token family, assigned before the family exists, so that a replay of the code can
    /// revoke the family.
    #[serde(default)]
    pub family: Option<RefreshFamilyId>,
    /// True if the family outlives the session.
    #[serde(default)]
    pub offline: bool,
    pub authenticated_at: Timestamp,
    pub amr: Vec<Amr>,
    /// `None` if an upstream did not say how the person was authenticated.
    pub acr: Option<Acr>,
}

/// The ids by which an access token is revoked: its own, and that of its grant.
#[derive(Clone, Copy, Debug)]
pub struct AccessTokenIds<'a> {
    pub jti: &'a str,
    pub grant_id: &'a str,
}

/// A refresh token family: a refresh token and its successors by rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshTokenFamily {
    pub id: RefreshFamilyId,
    pub grant: Grant,
    pub session_id: Option<SessionId>,
    /// The thumbprint of the DPoP key that the family's tokens are bound to (RFC 9449 5).
    pub jkt: Option<String>,
    pub generation: i64,
    pub rotated_at: Timestamp,
    pub access_generation: i64,
    pub expires_at: Timestamp,
    pub ended: bool,
}

impl RefreshTokenFamily {
    pub fn is_alive(&self, now: Timestamp) -> bool {
        !self.ended && now < self.expires_at
    }
}

/// The status of a presented refresh token of a valid family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshTokenStatus {
    Current,
    /// The previous token, within the grace period: the response contains the current token again.
    PreviousWithinGrace,
    /// A token already rotated, possibly stolen (reuse detection).
    Reused,
}

/// Classifies a presented refresh token by its generation and the time of the last rotation.
pub fn classify(family: &RefreshTokenFamily, generation: i64, now: Timestamp) -> RefreshTokenStatus {
    if generation == family.generation {
        RefreshTokenStatus::Current
    } else if generation == family.generation - 1 && now.since(family.rotated_at) <= ROTATION_GRACE {
        RefreshTokenStatus::PreviousWithinGrace
    } else {
        RefreshTokenStatus::Reused
    }
}

/// Encodes a refresh token as `family.generation.HMAC`.
pub fn encode_refresh_token(master_key: &MasterKey, family: &RefreshFamilyId, generation: i64) -> String {
    let text = format!("{family}.{generation}");
    let mac = master_key.hmac(HmacPurpose::RefreshToken, &text);
    format!("{text}.{mac}")
}

/// Returns family and generation of a refresh token issued by Préau; `None` for any other text
/// (docs/threats.md#attack-t9).
pub fn parse_refresh_token(master_key: &MasterKey, token: &str) -> Option<(RefreshFamilyId, i64)> {
    let (text, mac) = token.rsplit_once('.')?;
    let (family, generation) = text.split_once('.')?;
    let number: i64 = generation.parse().ok().filter(|n: &i64| *n > 0 && n.to_string() == generation)?;
    (is_id(family, 22) && constant_time_eq(mac, &master_key.hmac(HmacPurpose::RefreshToken, text)))
        .then(|| (RefreshFamilyId::new(family), number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::claim::Claim;
    use proptest::prelude::*;

    fn family(generation: i64) -> RefreshTokenFamily {
        let grant = Grant {
            client_id: ClientId::new("c"),
            account_id: AccountId::new("a"),
            disclosure: Disclosure::default(),
            resource: Vec::new(),
            id: None,
            sid: ClientSessionId::new("s"),
            generation: 1,
            family: None,
            offline: true,
            authenticated_at: Timestamp(0),
            amr: vec![Amr::Pwd],
            acr: Some(Acr::Eidas1),
        };
        RefreshTokenFamily {
            id: RefreshFamilyId::new("A".repeat(22)),
            grant,
            session_id: None,
            jkt: None,
            generation,
            rotated_at: Timestamp(100_000),
            access_generation: 1,
            expires_at: Timestamp(1_000_000),
            ended: false,
        }
    }

    /// The JSON of release 0.2.0, and that of a row without the members added since the first release.
    const DETAILS: [&str; 2] = [
        r#"{"client_id":"c","account_id":"a","scopes":["openid","offline_access"],
            "claims":{"userinfo":["phone_number"],"id_token":[]},"resource":[],"id":"g","sid":"s","generation":1,
            "family":null,"offline":true,"authenticated_at":5,"amr":["pwd"],"acr":"eidas1"}"#,
        r#"{"client_id":"c","account_id":"a","scopes":["openid","offline_access"],"sid":"s","generation":1,
            "authenticated_at":5,"amr":["pwd"],"acr":"eidas1"}"#,
    ];

    #[test]
    fn faults_f9_a_grant_of_another_release_is_read_and_written_alike() {
        let [grant, older] = DETAILS.map(|text| serde_json::from_str::<Grant>(text).unwrap());
        assert_eq!(grant.disclosure.scopes.to_scope_string(), "openid offline_access");
        assert_eq!(grant.disclosure.claims.userinfo, [Claim::PhoneNumber]);
        let former: serde_json::Value = serde_json::from_str(DETAILS[0]).unwrap();
        assert_eq!(serde_json::to_value(&grant).unwrap(), former);
        assert_eq!(older.disclosure.scopes, grant.disclosure.scopes);
        assert!(older.disclosure.claims.is_empty());
    }

    #[test]
    fn attack_t1_the_one_before_counts_for_ten_seconds_and_any_other_is_reuse() {
        let f = family(3);
        for (generation, at, expected) in [
            (3, 100_000, RefreshTokenStatus::Current),
            (3, 900_000, RefreshTokenStatus::Current),
            (2, 110_000, RefreshTokenStatus::PreviousWithinGrace),
            (2, 110_001, RefreshTokenStatus::Reused),
            (1, 100_001, RefreshTokenStatus::Reused),
            (4, 100_001, RefreshTokenStatus::Reused),
        ] {
            assert_eq!(classify(&f, generation, Timestamp(at)), expected, "{generation} at {at}");
        }
    }

    #[test]
    fn attack_t9_a_cut_or_altered_refresh_token_is_none_of_ours() {
        let master_key = MasterKey::new([7; 32]).unwrap();
        let token = encode_refresh_token(&master_key, &RefreshFamilyId::new("A".repeat(22)), 12);
        assert_eq!(parse_refresh_token(&master_key, &token), Some((RefreshFamilyId::new("A".repeat(22)), 12)));
        for cut in 0..token.len() {
            assert_eq!(parse_refresh_token(&master_key, &token[..cut]), None);
        }
        for bent in [token.replace(".12.", ".13."), token.replace(".12.", ".+12."), token.replace(".12.", ".012.")] {
            assert_eq!(parse_refresh_token(&master_key, &bent), None, "{bent}");
        }
        assert_eq!(parse_refresh_token(&MasterKey::new([8; 32]).unwrap(), &token), None);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,120}") {
            let master_key = MasterKey::new([7; 32]).unwrap();
            prop_assert_eq!(parse_refresh_token(&master_key, &text), None);
        }
    }
}
