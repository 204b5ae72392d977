//! Cryptography with the master key, which protects the data in a stolen database.
//!
//! Telephone numbers, birth dates, typed identities, message bodies and signing keys are sealed (AES-256-GCM-SIV). Each
//! text is bound to its table, column and row, so that a moved ciphertext does not open. Searchable codes and numbers
//! are stored as HMACs. Each purpose has its own key (HKDF, RFC 5869). This module is independent of the sealed
//! content.

mod archive;
mod argon2id;
mod keyed_locks;
mod legacy_hashes;
mod master_key;
mod passwords;
mod queue;

pub use archive::{ArchiveError, ArchiveHeader, ArchiveReader, ArchiveWriter, passphrase_secret};
pub use argon2id::PasswordHashing;
pub use keyed_locks::KeyedLockGuard;
pub use legacy_hashes::{LegacyHash, LegacyHashError};
pub use master_key::{
    MasterKeyError, load_or_create_master_key, master_key_exposed_mode, read_master_key, write_new_master_key,
};
pub use passwords::{PasswordCost, PasswordError, PasswordHasher};
pub use queue::Priority;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::base::secret::{base64url, decode_base64url, sha256};

/// True if `tag` is the HMAC-SHA-256 of a message by a key that another party gave; in constant time.
pub fn is_hmac_sha256(key: &[u8], message: &[u8], tag: &[u8]) -> bool {
    hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key), message, tag).is_ok()
}

/// The location of a sealed text, authenticated as associated data: the text opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct AssociatedData<'a> {
    pub table: &'static str,
    pub column: &'static str,
    pub row: &'a str,
}

/// The purpose of an HMAC: the same text has unrelated values for two purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HmacPurpose {
    /// A mobile number in E.164, to find its owner.
    Phone,
    /// A code sent by SMS, with its challenge.
    SmsCode,
    /// The key of a rate limit, derived from typed input.
    LimiterKey,
    /// A pairwise subject identifier.
    Subject,
    /// Values that log lines must distinguish but not reveal.
    Log,
    /// A refresh token's family and generation.
    RefreshToken,
    /// A time, as a DPoP nonce (RFC 9449 8).
    DpopNonce,
    /// The secret that binds an activation to a browser after a proof.
    ActivationBinding,
    /// The digest of audit rows.
    AuditSeal,
    /// The code of a letter, with its account.
    LetterCode,
    /// A backup code, with its account.
    BackupCode,
    /// A pupil's INE, to find the same pupil in another academy.
    Ine,
    /// The data of a person or pupil that a roster's format gave, to know it again.
    RosterStatement,
    /// The marks by which a record without an id is known, as its key.
    RosterKey,
    /// An administrator's e-mail address, to find whose it is.
    AdministratorEmail,
    /// The last digits of a telephone number, for the search of a help desk.
    PhoneEnd,
    /// A parent's mail address in a roster, so that it is reminded once.
    RosterMail,
}

impl HmacPurpose {
    fn label(self) -> &'static str {
        match self {
            HmacPurpose::Phone => "blind/phone",
            HmacPurpose::SmsCode => "blind/code",
            HmacPurpose::LimiterKey => "blind/budget",
            HmacPurpose::Subject => "blind/subject",
            HmacPurpose::Log => "blind/log",
            HmacPurpose::RefreshToken => "blind/refresh",
            HmacPurpose::DpopNonce => "blind/dpop_nonce",
            HmacPurpose::ActivationBinding => "blind/binding",
            HmacPurpose::AuditSeal => "blind/audit",
            HmacPurpose::LetterCode => "blind/letter",
            HmacPurpose::BackupCode => "blind/backup",
            HmacPurpose::Ine => "blind/ine",
            HmacPurpose::RosterStatement => "blind/statement",
            HmacPurpose::RosterKey => "blind/roster_key",
            HmacPurpose::AdministratorEmail => "blind/admin_email",
            HmacPurpose::PhoneEnd => "blind/phone_end",
            HmacPurpose::RosterMail => "blind/roster_mail",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SealError {
    #[error("a sealed text of {table}.{column} does not open: wrong master key, or moved, or altered")]
    OpenFailed { table: &'static str, column: &'static str },
    #[error("the cryptographic library refused: {0}")]
    Library(&'static str),
}

/// The keys derived from a master key.
pub struct MasterKey {
    id: String,
    master: Zeroizing<[u8; 32]>,
    aead: RandomizedNonceKey,
    /// Boxed, because the master key is moved through the futures of every start.
    hmac_keys: Box<[hmac::Key; 17]>,
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

impl MasterKey {
    pub fn new(master: [u8; 32]) -> Result<Self, SealError> {
        let master = Zeroizing::new(master);
        let key = derive(&master, "seal")?;
        let aead =
            RandomizedNonceKey::new(&AES_256_GCM_SIV, key.as_slice()).map_err(|_| SealError::Library("aead key"))?;
        let mac = |b: HmacPurpose| -> Result<hmac::Key, SealError> {
            Ok(hmac::Key::new(hmac::HMAC_SHA256, derive(&master, b.label())?.as_slice()))
        };
        let blind = [
            mac(HmacPurpose::Phone)?,
            mac(HmacPurpose::SmsCode)?,
            mac(HmacPurpose::LimiterKey)?,
            mac(HmacPurpose::Subject)?,
            mac(HmacPurpose::Log)?,
            mac(HmacPurpose::RefreshToken)?,
            mac(HmacPurpose::DpopNonce)?,
            mac(HmacPurpose::ActivationBinding)?,
            mac(HmacPurpose::AuditSeal)?,
            mac(HmacPurpose::LetterCode)?,
            mac(HmacPurpose::BackupCode)?,
            mac(HmacPurpose::Ine)?,
            mac(HmacPurpose::RosterStatement)?,
            mac(HmacPurpose::RosterKey)?,
            mac(HmacPurpose::AdministratorEmail)?,
            mac(HmacPurpose::PhoneEnd)?,
            mac(HmacPurpose::RosterMail)?,
        ];
        let id: String = base64url(&sha256(derive(&master, "id")?.as_slice())).chars().take(8).collect();
        Ok(Self { id, master, aead, hmac_keys: Box::new(blind) })
    }

    /// Returns the key id, the first part of every sealed text. The id reveals nothing about the key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Derives a separate key for another purpose.
    pub fn derive_key(&self, label: &str) -> Result<Zeroizing<[u8; 32]>, SealError> {
        derive(&self.master, label)
    }

    /// Encrypts a text as `keyid.base64url(nonce ‖ ciphertext ‖ tag)`.
    pub fn seal(&self, place: AssociatedData<'_>, text: &str) -> Result<String, SealError> {
        let mut bytes = text.as_bytes().to_vec();
        let nonce = self
            .aead
            .seal_in_place_append_tag(self.encode_aad(place), &mut bytes)
            .map_err(|_| SealError::Library("seal"))?;
        let mut out = nonce.as_ref().to_vec();
        out.extend_from_slice(&bytes);
        Ok(format!("{}.{}", self.id, base64url(&out)))
    }

    /// Decrypts a text from [`MasterKey::seal`] with the same location.
    pub fn open(&self, place: AssociatedData<'_>, sealed: &str) -> Result<String, SealError> {
        let fail = || SealError::OpenFailed { table: place.table, column: place.column };
        let (id, body) = sealed.split_once('.').ok_or_else(fail)?;
        if id != self.id {
            return Err(fail());
        }
        let bytes = decode_base64url(body).ok_or_else(fail)?;
        let (nonce, rest) = bytes.split_at_checked(12).ok_or_else(fail)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| fail())?;
        let mut rest = rest.to_vec();
        let plain = self.aead.open_in_place(nonce, self.encode_aad(place), &mut rest).map_err(|_| fail())?;
        String::from_utf8(plain.to_vec()).map_err(|_| fail())
    }

    fn encode_aad(&self, place: AssociatedData<'_>) -> Aad<Vec<u8>> {
        Aad::from(format!("{}/{}/{}", place.table, place.column, place.row).into_bytes())
    }

    /// Returns the HMAC-SHA-256 of a text for a purpose, in base64url.
    pub fn hmac(&self, purpose: HmacPurpose, text: &str) -> String {
        let [
            phone,
            code,
            budget,
            subject,
            log,
            refresh,
            dpop_nonce,
            binding,
            audit_seal,
            letter,
            backup,
            ine,
            said,
            roster,
            admin_email,
            phone_end,
            roster_mail,
        ] = &*self.hmac_keys;
        let key = match purpose {
            HmacPurpose::Phone => phone,
            HmacPurpose::SmsCode => code,
            HmacPurpose::LimiterKey => budget,
            HmacPurpose::Subject => subject,
            HmacPurpose::Log => log,
            HmacPurpose::RefreshToken => refresh,
            HmacPurpose::DpopNonce => dpop_nonce,
            HmacPurpose::ActivationBinding => binding,
            HmacPurpose::AuditSeal => audit_seal,
            HmacPurpose::LetterCode => letter,
            HmacPurpose::BackupCode => backup,
            HmacPurpose::Ine => ine,
            HmacPurpose::RosterStatement => said,
            HmacPurpose::RosterKey => roster,
            HmacPurpose::AdministratorEmail => admin_email,
            HmacPurpose::PhoneEnd => phone_end,
            HmacPurpose::RosterMail => roster_mail,
        };
        base64url(hmac::sign(key, text.as_bytes()).as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: AssociatedData<'_> = AssociatedData { table: "person", column: "phone", row: "p1" };

    #[test]
    fn a_sealed_text_opens_at_its_place_only_and_with_its_key_only() {
        let master_key = MasterKey::new([7; 32]).unwrap();
        let sealed = master_key.seal(HERE, "+33639980001").unwrap();
        assert_eq!(master_key.open(HERE, &sealed).unwrap(), "+33639980001");
        assert!(master_key.open(AssociatedData { row: "p2", ..HERE }, &sealed).is_err());
        assert!(master_key.open(AssociatedData { column: "x", ..HERE }, &sealed).is_err());
        assert!(MasterKey::new([8; 32]).unwrap().open(HERE, &sealed).is_err());
        assert_ne!(sealed, master_key.seal(HERE, "+33639980001").unwrap(), "two sealings of one text differ");
    }

    #[test]
    fn an_altered_or_cut_text_does_not_open() {
        let master_key = MasterKey::new([7; 32]).unwrap();
        let sealed = master_key.seal(HERE, "secret").unwrap();
        for cut in 0..sealed.len() {
            assert!(master_key.open(HERE, &sealed[..cut]).is_err());
        }
        let last = if sealed.ends_with('A') { "B" } else { "A" };
        assert!(master_key.open(HERE, &format!("{}{last}", &sealed[..sealed.len() - 1])).is_err());
    }

    #[test]
    fn purposes_are_apart() {
        let master_key = MasterKey::new([7; 32]).unwrap();
        assert_ne!(master_key.hmac(HmacPurpose::Phone, "x"), master_key.hmac(HmacPurpose::LimiterKey, "x"));
    }
}
