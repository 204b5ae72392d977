//! Encryption with a client's key (RFC 7516; OIDCC 10.2): ID tokens, userinfo, authorization responses.
//!
//! Only RSA-OAEP-256 and ECDH-ES, only A128CBC-HS256 and A256GCM, never compressed: RSA1_5, PBES2 and `zip` cannot be
//! requested (RFC 8725 3.6, docs/threats.md#attack-j4 to #attack-j7). Nothing is decrypted here, because josekit does
//! not compare CBC tags in constant time.

use josekit::jwe::{JweHeader, serialize_compact};

use super::key_set::KeySet;
use crate::protocol::algorithms::Encryption;

#[derive(Debug, thiserror::Error)]
pub enum EncryptError {
    /// The client may have newer keys: reload its `jwks_uri`, once.
    #[error("the client has no key for {0}")]
    NoKey(&'static str),
    #[error("encrypting: {0}")]
    Failed(#[from] josekit::JoseError),
}

/// Returns a compact JWE of `payload`. `cty` is `JWT` for a signed token (RFC 7519 5.2).
pub fn encrypt(keys: &KeySet, how: Encryption, cty: Option<&str>, payload: &[u8]) -> Result<String, EncryptError> {
    let found = keys.encryption_candidates().find_map(|key| Some((key, key.encrypter(how.alg)?)));
    let (key, encrypter) = found.ok_or(EncryptError::NoKey(how.alg.name()))?;
    let mut header = JweHeader::new();
    header.set_content_encryption(how.enc.name());
    if let Some(kid) = &key.kid {
        header.set_key_id(kid);
    }
    if let Some(cty) = cty {
        header.set_content_type(cty);
    }
    Ok(serialize_compact(payload, &header, encrypter.as_ref())?)
}
