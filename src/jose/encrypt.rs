//! Encrypting to a client's key (RFC 7516; OIDCC 10.2): ID tokens, userinfo, authorization responses.
//!
//! Only RSA-OAEP-256 and ECDH-ES, only A128CBC-HS256 and A256GCM, never compressed: RSA1_5, PBES2 and `zip` cannot be
//! asked for (RFC 8725 3.6, docs/threats.md#attack-j4 to #attack-j7). Nothing is decrypted here: josekit compares CBC
//! tags in a time that depends on them.

use josekit::jwe::{JweHeader, serialize_compact};

use super::key_set::KeySet;
use crate::protocol::algorithms::Encryption;

#[derive(Debug, thiserror::Error)]
pub enum EncryptError {
    /// The client may have newer keys: its `jwks_uri` is worth reading again, once.
    #[error("the client has no key for {0}")]
    NoKey(&'static str),
    #[error("encrypting: {0}")]
    Failed(#[from] josekit::JoseError),
}

/// A compact JWE of `payload`. `cty` is `JWT` where the payload is a signed token (RFC 7519 5.2).
pub fn encrypt(keys: &KeySet, how: Encryption, cty: Option<&str>, payload: &[u8]) -> Result<String, EncryptError> {
    let found = keys.for_encryption().find_map(|key| Some((key, key.encrypter(how.alg)?)));
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
