//! Secrets: comparison in constant time, and digests. A secret text is a `secrecy::SecretString`, which `Debug` does
//! not print and which is wiped when dropped.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Encodes as unpadded base64url (RFC 4648 5), the only encoding of ids, digests and ciphertexts.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes the output of [`base64url`] strictly: no padding, no blanks, no non-canonical last letter.
pub fn decode_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Returns the stored form of a generated secret: SHA-256 in base64url. Sufficient for 128 random bits, never for a
/// password.
pub fn sha256_base64url(secret: &str) -> String {
    base64url(&sha256(secret.as_bytes()))
}

/// Compares two texts in a time that depends only on their lengths.
pub fn constant_time_eq(left: &str, right: &str) -> bool {
    left.as_bytes().ct_eq(right.as_bytes()).into()
}
