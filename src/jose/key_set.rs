//! The JWK set of a client (RFC 7517 5), used to verify request objects and client assertions.
//!
//! A header's `kid` is looked up in this set only; `jwk`, `jku`, `x5u` and `x5c` of a header are not read
//! (docs/threats.md#attack-j2). The allowed algorithms come from the client's registration, not from the token.

use serde_json::{Map, Value};

use super::compact::{Claims, CompactJws, ExpectedTyp, JoseHeader, VerifyError};
use super::numbers::WeakKeyReason;
use super::public_key::{PublicKey, PublicKeyError, is_private};
use crate::protocol::algorithms::{Alg, KeyManagement};

/// The maximum number of keys used per set; more keys would let a single token cost many verifications.
const MAX_KEYS: usize = 20;

/// The reason for refusing a whole set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeySetError {
    #[error("not a JWK set: an object with an array \"keys\" of objects")]
    Malformed,
    #[error("a key has private or symmetric members")]
    Private,
    /// Returned by [`KeySet::parse_strict`] only.
    #[error("{0}")]
    Weak(WeakKeyReason),
}

/// The usable keys of a client.
#[derive(Debug, Default)]
pub struct KeySet {
    keys: Vec<PublicKey>,
    weak_key_reason: Option<WeakKeyReason>,
}

impl KeySet {
    /// Parses a JWK set. Keys of an unsupported type, and keys with invalid or too small numbers, are skipped (RFC 7517
    /// 5): call [`KeySet::can_verify`] to check if the set is of any use.
    pub fn parse(set: &Value) -> Result<KeySet, KeySetError> {
        let all = set.get("keys").and_then(Value::as_array).ok_or(KeySetError::Malformed)?;
        let all: Option<Vec<&Map<String, Value>>> = all.iter().map(Value::as_object).collect();
        let all = all.ok_or(KeySetError::Malformed)?;
        if all.iter().any(|jwk| is_private(jwk)) {
            return Err(KeySetError::Private);
        }
        let mut out = KeySet::default();
        for jwk in all.into_iter().take(5 * MAX_KEYS) {
            match PublicKey::parse(jwk) {
                Ok(key) if out.keys.len() < MAX_KEYS => out.keys.push(key),
                Err(PublicKeyError::Weak(why)) => out.weak_key_reason = out.weak_key_reason.or(Some(why)),
                Ok(_) | Err(PublicKeyError::Unsupported) => {}
            }
        }
        Ok(out)
    }

    /// Parses a JWK set like [`KeySet::parse`], but refuses a weak key: the caller can still report the mistake to the
    /// owner of the set.
    pub fn parse_strict(set: &Value) -> Result<KeySet, KeySetError> {
        let read = Self::parse(set)?;
        match read.weak_key_reason {
            Some(why) => Err(KeySetError::Weak(why)),
            None => Ok(read),
        }
    }

    /// Returns the reason for skipping a weak key of the set, if any was skipped.
    pub fn weak_key_reason(&self) -> Option<WeakKeyReason> {
        self.weak_key_reason
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// True if a signature of `alg` could be verified.
    pub fn can_verify(&self, alg: Alg) -> bool {
        self.keys.iter().any(|key| key.can_verify(alg))
    }

    /// True if a payload could be encrypted to the client.
    pub fn can_encrypt(&self, alg: KeyManagement) -> bool {
        self.keys.iter().any(|key| key.encrypter(alg).is_some())
    }

    /// Verifies that a key of this set signed `token`. [`VerifyError::UnknownKid`] means that the client may have newer
    /// keys (docs/threats.md#protocol-a18): reload its `jwks_uri`, once.
    pub fn verify(
        &self,
        token: &str,
        allowed: &[Alg],
        typ: ExpectedTyp<'_>,
    ) -> Result<(JoseHeader, Claims), VerifyError> {
        let token = CompactJws::parse(token, typ)?;
        let alg = token.header.alg().and_then(|alg| alg.parse().ok()).filter(|alg| allowed.contains(alg));
        let alg = alg.ok_or(VerifyError::Alg)?;
        let keys: Vec<&PublicKey> = match token.header.kid() {
            Some(kid) => {
                let named: Vec<_> = self.keys.iter().filter(|key| key.kid.as_deref() == Some(kid)).collect();
                if named.is_empty() {
                    return Err(VerifyError::UnknownKid);
                }
                // Two keys with the same `kid` have different types (RFC 7517 4.5).
                named.into_iter().filter(|key| key.can_verify(alg)).collect()
            }
            None => {
                let fitting: Vec<_> = self.keys.iter().filter(|key| key.can_verify(alg)).collect();
                // OIDCC 10.1: with more than one key, a `kid` is required.
                match fitting.len() {
                    0 => return Err(VerifyError::UnknownKid),
                    1 => fitting,
                    _ => return Err(VerifyError::AmbiguousKey),
                }
            }
        };
        if keys.is_empty() {
            return Err(VerifyError::Alg);
        }
        token.verify_with(|input, signature| keys.iter().any(|key| key.verify(alg, input, signature)))
    }

    /// Returns the keys in order of preference for encryption: keys marked for encryption first.
    pub(super) fn encryption_candidates(&self) -> impl Iterator<Item = &PublicKey> {
        let marked = self.keys.iter().filter(|key| key.is_marked_for_encryption());
        marked.chain(self.keys.iter().filter(|key| !key.is_marked_for_encryption()))
    }
}
