//! Encrypted texts kept by the browser, neither readable nor modifiable there: AES-256-GCM.
//!
//! Each text is bound to its cookie's name, so that texts cannot be exchanged. An invalid text counts as absent: the
//! caller starts anew without a reason.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use crate::base::secret::{base64url, decode_base64url};

/// The key, prepared for use.
pub struct CookieSealer(RandomizedNonceKey);

impl CookieSealer {
    /// Returns `None` if the library rejects the key.
    pub fn new(key: &[u8; 32]) -> Option<Self> {
        RandomizedNonceKey::new(&AES_256_GCM, key).ok().map(Self)
    }

    /// Encrypts `text` for the cookie `name`: base64url of nonce, ciphertext and tag.
    pub fn seal(&self, name: &str, text: &[u8]) -> Option<String> {
        let mut body = text.to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(name.as_bytes()), &mut body).ok()?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut body);
        Some(base64url(&sealed))
    }

    /// Decrypts the text of the cookie `name`.
    pub fn open(&self, name: &str, sealed: &str) -> Option<Vec<u8>> {
        let bytes = decode_base64url(sealed)?;
        let (nonce, body) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        let text = self.0.open_in_place(nonce, Aad::from(name.as_bytes()), &mut body).ok()?;
        Some(text.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_opens_under_its_own_name_and_key_only_and_not_when_changed() {
        let sealer = CookieSealer::new(&[7; 32]).unwrap();
        let sealed = sealer.seal("ent_essai_a", b"verifier").unwrap();
        assert_eq!(sealer.open("ent_essai_a", &sealed).as_deref(), Some(&b"verifier"[..]));
        assert_eq!(sealer.open("ent_essai_b", &sealed), None);
        assert_eq!(CookieSealer::new(&[8; 32]).unwrap().open("ent_essai_a", &sealed), None);
        for place in 0..decode_base64url(&sealed).unwrap().len() {
            let mut bytes = decode_base64url(&sealed).unwrap();
            bytes[place] ^= 1;
            assert_eq!(sealer.open("ent_essai_a", &base64url(&bytes)), None, "byte {place}");
        }
        assert_eq!(sealer.open("ent_essai_a", "AAAA"), None);
        assert_ne!(sealer.seal("ent_essai_a", b"verifier").unwrap(), sealed, "the nonce repeats");
    }
}
