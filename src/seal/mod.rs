//! The master key: what a stolen database alone must not give.
//!
//! Phones, birth dates, typed identities, message bodies and signing keys are sealed with it, each text
//! bound to its table, column and row, so that a ciphertext moved elsewhere does not open. Codes and
//! numbers that must be searched are kept as HMACs. Purposes have keys of their own (HKDF, RFC 5869).
//! This room must not know what it seals.

mod file;
mod passwords;
mod queue;
mod turns;

pub use file::{MasterFileError, load_or_create, open_to_others, read, write_new};
pub use passwords::{PasswordCost, PasswordError, Passwords};
pub use queue::Priority;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::base::secret::{base64url, from_base64url, sha256};

/// Where a sealed text stands. It opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub table: &'static str,
    pub column: &'static str,
    pub row: &'a str,
}

/// What an HMAC is for: the same text gives unrelated values in two purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blind {
    /// A mobile in E.164, to find who has it.
    Phone,
    /// A code sent by SMS, with its challenge.
    Code,
    /// A budget's key: what was typed.
    Budget,
    /// A pairwise subject.
    Subject,
    /// Whatever a log line must be able to tell apart, but not name.
    Log,
    /// A refresh token's family and generation.
    Refresh,
    /// A moment, as a DPoP nonce (RFC 9449 8).
    DpopNonce,
    /// The secret that binds an activation to a browser after a proof.
    Binding,
}

impl Blind {
    fn label(self) -> &'static str {
        match self {
            Blind::Phone => "blind/phone",
            Blind::Code => "blind/code",
            Blind::Budget => "blind/budget",
            Blind::Subject => "blind/subject",
            Blind::Log => "blind/log",
            Blind::Refresh => "blind/refresh",
            Blind::DpopNonce => "blind/dpop_nonce",
            Blind::Binding => "blind/binding",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("a sealed text of {table}.{column} does not open: wrong master key, or moved, or altered")]
    DoesNotOpen { table: &'static str, column: &'static str },
    #[error("the cryptographic library refused: {0}")]
    Library(&'static str),
}

/// The keys derived from one master key.
pub struct Vault {
    id: String,
    master: Zeroizing<[u8; 32]>,
    aead: RandomizedNonceKey,
    blind: [hmac::Key; 8],
}

struct Len(usize);
impl KeyType for Len {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive(master: &[u8; 32], label: &str) -> Result<Zeroizing<[u8; 32]>, SealError> {
    let mut out = Zeroizing::new([0u8; 32]);
    let info = [b"preau/v1/", label.as_bytes()];
    Salt::new(HKDF_SHA256, b"preau")
        .extract(master)
        .expand(&info, Len(32))
        .and_then(|okm| okm.fill(out.as_mut_slice()))
        .map_err(|_| SealError::Library("hkdf"))?;
    Ok(out)
}

impl Vault {
    pub fn new(master: [u8; 32]) -> Result<Self, SealError> {
        let master = Zeroizing::new(master);
        let key = derive(&master, "seal")?;
        let aead =
            RandomizedNonceKey::new(&AES_256_GCM_SIV, key.as_slice()).map_err(|_| SealError::Library("aead key"))?;
        let mac = |b: Blind| -> Result<hmac::Key, SealError> {
            Ok(hmac::Key::new(hmac::HMAC_SHA256, derive(&master, b.label())?.as_slice()))
        };
        let blind = [
            mac(Blind::Phone)?,
            mac(Blind::Code)?,
            mac(Blind::Budget)?,
            mac(Blind::Subject)?,
            mac(Blind::Log)?,
            mac(Blind::Refresh)?,
            mac(Blind::DpopNonce)?,
            mac(Blind::Binding)?,
        ];
        let id: String = base64url(&sha256(derive(&master, "id")?.as_slice())).chars().take(8).collect();
        Ok(Self { id, master, aead, blind })
    }

    /// Names the master key without telling anything of it: first word of every sealed text.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A key of its own for another purpose of this program.
    pub fn derive(&self, label: &str) -> Result<Zeroizing<[u8; 32]>, SealError> {
        derive(&self.master, label)
    }

    /// `keyid.base64url(nonce ‖ ciphertext ‖ tag)`.
    pub fn seal(&self, place: Place<'_>, text: &str) -> Result<String, SealError> {
        let mut bytes = text.as_bytes().to_vec();
        let nonce =
            self.aead.seal_in_place_append_tag(self.aad(place), &mut bytes).map_err(|_| SealError::Library("seal"))?;
        let mut out = nonce.as_ref().to_vec();
        out.extend_from_slice(&bytes);
        Ok(format!("{}.{}", self.id, base64url(&out)))
    }

    /// Opens what [`Vault::seal`] made at the same place.
    pub fn open(&self, place: Place<'_>, sealed: &str) -> Result<String, SealError> {
        let fail = || SealError::DoesNotOpen { table: place.table, column: place.column };
        let (id, body) = sealed.split_once('.').ok_or_else(fail)?;
        if id != self.id {
            return Err(fail());
        }
        let bytes = from_base64url(body).ok_or_else(fail)?;
        let (nonce, rest) = bytes.split_at_checked(12).ok_or_else(fail)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| fail())?;
        let mut rest = rest.to_vec();
        let plain = self.aead.open_in_place(nonce, self.aad(place), &mut rest).map_err(|_| fail())?;
        String::from_utf8(plain.to_vec()).map_err(|_| fail())
    }

    fn aad(&self, place: Place<'_>) -> Aad<Vec<u8>> {
        Aad::from(format!("{}/{}/{}", place.table, place.column, place.row).into_bytes())
    }

    /// HMAC-SHA-256 of a text for one purpose, base64url.
    pub fn blind(&self, purpose: Blind, text: &str) -> String {
        let [phone, code, budget, subject, log, refresh, dpop_nonce, binding] = &self.blind;
        let key = match purpose {
            Blind::Phone => phone,
            Blind::Code => code,
            Blind::Budget => budget,
            Blind::Subject => subject,
            Blind::Log => log,
            Blind::Refresh => refresh,
            Blind::DpopNonce => dpop_nonce,
            Blind::Binding => binding,
        };
        base64url(hmac::sign(key, text.as_bytes()).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place { table: "person", column: "phone", row: "p1" };

    #[test]
    fn a_sealed_text_opens_at_its_place_only_and_with_its_key_only() {
        let vault = Vault::new([7; 32]).unwrap();
        let sealed = vault.seal(HERE, "+33639980001").unwrap();
        assert_eq!(vault.open(HERE, &sealed).unwrap(), "+33639980001");
        assert!(vault.open(Place { row: "p2", ..HERE }, &sealed).is_err());
        assert!(vault.open(Place { column: "x", ..HERE }, &sealed).is_err());
        assert!(Vault::new([8; 32]).unwrap().open(HERE, &sealed).is_err());
        assert_ne!(sealed, vault.seal(HERE, "+33639980001").unwrap(), "two sealings of one text differ");
    }

    #[test]
    fn an_altered_or_cut_text_does_not_open() {
        let vault = Vault::new([7; 32]).unwrap();
        let sealed = vault.seal(HERE, "secret").unwrap();
        for cut in 0..sealed.len() {
            assert!(vault.open(HERE, &sealed[..cut]).is_err());
        }
        let last = if sealed.ends_with('A') { "B" } else { "A" };
        assert!(vault.open(HERE, &format!("{}{last}", &sealed[..sealed.len() - 1])).is_err());
    }

    #[test]
    fn purposes_are_apart() {
        let vault = Vault::new([7; 32]).unwrap();
        assert_ne!(vault.blind(Blind::Phone, "x"), vault.blind(Blind::Budget, "x"));
    }
}
