//! The keys of a client (RFC 7517 5), and what they verify: request objects, client assertions.
//!
//! A header's `kid` is looked up in this set and nowhere else; `jwk`, `jku`, `x5u` and `x5c` of a header are not read
//! (docs/threats.md#attack-j2). Which algorithms may be used is the client's registration, not the token.

use serde_json::{Map, Value};

use super::compact::{Claims, Compact, Header, Typ, Unverified};
use super::numbers::Why;
use super::public_key::{NoKey, PublicKey, is_private};
use crate::protocol::algorithms::{Alg, KeyManagement};

/// Keys used of one set; more would only let one token cost many verifications.
const MOST: usize = 20;

/// Why a set is refused as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    #[error("not a JWK set: an object with an array \"keys\" of objects")]
    Form,
    #[error("a key has private or symmetric members")]
    Private,
    /// Only where nothing is passed over.
    #[error("{0}")]
    Weak(Why),
}

/// The usable keys of one client.
#[derive(Debug, Default)]
pub struct KeySet {
    keys: Vec<PublicKey>,
    weak: Option<Why>,
}

impl KeySet {
    /// Reads a JWK set. Keys of a kind that is not taken here, and those whose numbers are wrong or too small, are
    /// passed over (RFC 7517 5): ask [`KeySet::fits`] whether the set is of any use.
    pub fn parse(set: &Value) -> Result<KeySet, KeySetError> {
        let all = set.get("keys").and_then(Value::as_array).ok_or(KeySetError::Form)?;
        let all: Option<Vec<&Map<String, Value>>> = all.iter().map(Value::as_object).collect();
        let all = all.ok_or(KeySetError::Form)?;
        if all.iter().any(|jwk| is_private(jwk)) {
            return Err(KeySetError::Private);
        }
        let mut out = KeySet::default();
        for jwk in all.into_iter().take(5 * MOST) {
            match PublicKey::read(jwk) {
                Ok(key) if out.keys.len() < MOST => out.keys.push(key),
                Err(NoKey::Weak(why)) => out.weak = out.weak.or(Some(why)),
                Ok(_) | Err(NoKey::Other) => {}
            }
        }
        Ok(out)
    }

    /// As [`KeySet::parse`], for whoever can still be told: a key that is not taken for its numbers is no key that
    /// somebody meant to give.
    pub fn parse_all(set: &Value) -> Result<KeySet, KeySetError> {
        let read = Self::parse(set)?;
        match read.weak {
            Some(why) => Err(KeySetError::Weak(why)),
            None => Ok(read),
        }
    }

    /// Why a key of the set was passed over for its numbers, if one was.
    pub fn weak(&self) -> Option<Why> {
        self.weak
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether a signature of `alg` could be verified.
    pub fn fits(&self, alg: Alg) -> bool {
        self.keys.iter().any(|key| key.fits(alg))
    }

    /// Whether something could be encrypted to the client.
    pub fn takes(&self, alg: KeyManagement) -> bool {
        self.keys.iter().any(|key| key.encrypter(alg).is_some())
    }

    /// Verifies that a key of this set signed `token`. [`Unverified::Kid`] says that the client may have newer keys
    /// (docs/threats.md#protocol-a18): its `jwks_uri` is worth reading again, once.
    pub fn verify(&self, token: &str, allowed: &[Alg], typ: Typ<'_>) -> Result<(Header, Claims), Unverified> {
        let token = Compact::read(token, typ)?;
        let alg = token.header.alg().and_then(Alg::from_name).filter(|alg| allowed.contains(alg));
        let alg = alg.ok_or(Unverified::Alg)?;
        let keys: Vec<&PublicKey> = match token.header.kid() {
            Some(kid) => {
                let named: Vec<_> = self.keys.iter().filter(|key| key.kid.as_deref() == Some(kid)).collect();
                if named.is_empty() {
                    return Err(Unverified::Kid);
                }
                // Two keys of one kid are of two kinds (RFC 7517 4.5).
                named.into_iter().filter(|key| key.fits(alg)).collect()
            }
            None => {
                let fitting: Vec<_> = self.keys.iter().filter(|key| key.fits(alg)).collect();
                // OIDCC 10.1: with more than one key a kid is required.
                match fitting.len() {
                    0 => return Err(Unverified::Kid),
                    1 => fitting,
                    _ => return Err(Unverified::WhichKey),
                }
            }
        };
        if keys.is_empty() {
            return Err(Unverified::Alg);
        }
        token.verified(|input, signature| keys.iter().any(|key| key.verifies(alg, input, signature)))
    }

    /// The keys in the order in which one is chosen for encryption: those marked for it first.
    pub(super) fn for_encryption(&self) -> impl Iterator<Item = &PublicKey> {
        let marked = self.keys.iter().filter(|key| key.is_marked_for_encryption());
        marked.chain(self.keys.iter().filter(|key| !key.is_marked_for_encryption()))
    }
}
