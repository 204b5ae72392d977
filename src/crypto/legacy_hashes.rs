//! Password hashes of other programs: bcrypt, PBKDF2, sha512-crypt and argon2, for accounts that come from elsewhere.
//!
//! They are verified only: the first sign-in replaces them by a hash of ours. What a hash costs is bounded when it is
//! taken, because whoever types a password makes the server pay it (docs/decisions/0054-accounts-from-elsewhere.md).

use std::num::NonZeroU32;

use argon2::{Algorithm, Argon2, ParamsBuilder, Version};
use aws_lc_rs::pbkdf2;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha_crypt::{PasswordVerifier as _, ShaCrypt};
use subtle::ConstantTimeEq;

/// The maximum of what a hash may cost, each near half a second of a core.
const MAX_BCRYPT_COST: u32 = 13;
const MAX_PBKDF2_ROUNDS: u32 = 1_500_000;
const MAX_SHA_CRYPT_ROUNDS: u32 = 500_000;
const MAX_ARGON2_KIB: u32 = 128 << 10;
/// Kibibytes times passes.
const MAX_ARGON2_WORK: u32 = 512 << 10;
const MAX_ARGON2_LANES: u32 = 8;
/// Below, a hash is no protection at all, and mostly a mistake of the export.
const MIN_PBKDF2_ROUNDS: u32 = 1_000;
const MAX_HASH_BYTES: usize = 512;
const MAX_DIGEST_BYTES: usize = 64;

/// Base64 with or without padding, as programs write it.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// A hash of another program, its form and cost verified.
#[derive(Clone, PartialEq, Eq)]
pub struct LegacyHash {
    text: String,
    kind: LegacyKind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum LegacyKind {
    Bcrypt,
    Sha512Crypt,
    Pbkdf2 { algorithm: Pbkdf2Algorithm, rounds: NonZeroU32, salt: Vec<u8>, digest: Vec<u8> },
    Argon2 { algorithm: Algorithm, version: Version, cost: (u32, u32, u32), salt: Vec<u8>, digest: Vec<u8> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pbkdf2Algorithm {
    Sha1,
    Sha256,
    Sha512,
}

/// The reason for refusing a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LegacyHashError {
    #[error("the hash is of no known kind: bcrypt, PBKDF2, sha512-crypt and argon2 are taken")]
    UnknownKind,
    #[error("the hash cannot be read")]
    Malformed,
    #[error("the hash costs more than a server can pay for each sign-in")]
    TooCostly,
    #[error("the hash protects nothing: it has too few rounds")]
    TooCheap,
}

/// The bytes of a password that bcrypt reads.
const BCRYPT_BYTES: usize = 72;

impl LegacyHash {
    /// Parses a hash, and judges what it costs.
    pub fn parse(text: &str) -> Result<Self, LegacyHashError> {
        if text.len() > MAX_HASH_BYTES {
            return Err(LegacyHashError::Malformed);
        }
        // As directories write it.
        let text = text.trim();
        let text = text.strip_prefix("{CRYPT}").or_else(|| text.strip_prefix("{crypt}")).unwrap_or(text);
        let kind = match text.split('$').nth(1).unwrap_or_default() {
            "2a" | "2b" | "2y" => parse_bcrypt(text)?,
            "6" => parse_sha512_crypt(text)?,
            name if name.starts_with("argon2") => parse_argon2(text)?,
            name if name.starts_with("pbkdf2") => parse_pbkdf2(text, false)?,
            _ if text.starts_with("pbkdf2_") => {
                parse_pbkdf2(&format!("${}", text.replacen("pbkdf2_", "pbkdf2-", 1)), true)?
            }
            _ => return Err(LegacyHashError::UnknownKind),
        };
        Ok(Self { text: text.to_owned(), kind })
    }

    /// Returns the text to be sealed.
    pub fn as_text(&self) -> &str {
        &self.text
    }

    /// False if the hash is of the beginning of the password only: bcrypt reads 72 bytes.
    pub fn covers(&self, password: &str) -> bool {
        !matches!(self.kind, LegacyKind::Bcrypt) || password.len() <= BCRYPT_BYTES
    }

    /// True if the password matches. A hash that a library refuses all the same matches nothing.
    pub fn verify(&self, password: &str) -> bool {
        if password.is_empty() {
            return false;
        }
        match &self.kind {
            LegacyKind::Bcrypt => bcrypt::verify(password, &self.text).unwrap_or(false),
            LegacyKind::Sha512Crypt => {
                ShaCrypt::default().verify_password(password.as_bytes(), self.text.as_str()).is_ok()
            }
            LegacyKind::Pbkdf2 { algorithm, rounds, salt, digest } => {
                pbkdf2::verify(algorithm.hmac(), *rounds, salt, password.as_bytes(), digest).is_ok()
            }
            LegacyKind::Argon2 { algorithm, version, cost: (memory, passes, lanes), salt, digest } => {
                let params = ParamsBuilder::new().m_cost(*memory).t_cost(*passes).p_cost(*lanes).build();
                let Ok(params) = params else { return false };
                let mut out = vec![0; digest.len()];
                let argon = Argon2::new(*algorithm, *version, params);
                let done = argon.hash_password_into(password.as_bytes(), salt, &mut out);
                done.is_ok() && out.ct_eq(digest).into()
            }
        }
    }
}

impl std::fmt::Debug for LegacyHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LegacyHash(…)")
    }
}

impl Pbkdf2Algorithm {
    /// Returns the length of one block of a digest, in bytes.
    fn block_bytes(self) -> usize {
        match self {
            Pbkdf2Algorithm::Sha1 => 20,
            Pbkdf2Algorithm::Sha256 => 32,
            Pbkdf2Algorithm::Sha512 => 64,
        }
    }

    fn hmac(self) -> pbkdf2::Algorithm {
        match self {
            Pbkdf2Algorithm::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Pbkdf2Algorithm::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Pbkdf2Algorithm::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }
}

fn bounded(cost: u32, least: u32, most: u32) -> Result<u32, LegacyHashError> {
    match cost {
        cost if cost > most => Err(LegacyHashError::TooCostly),
        cost if cost < least => Err(LegacyHashError::TooCheap),
        cost => Ok(cost),
    }
}

fn number(text: &str) -> Result<u32, LegacyHashError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    // A number too great for the type is a cost too great for a server.
    match text.parse() {
        Ok(number) if digits => Ok(number),
        Err(_) if digits && !text.is_empty() => Err(LegacyHashError::TooCostly),
        _ => Err(LegacyHashError::Malformed),
    }
}

/// `$2b$10$` and 53 signs.
fn parse_bcrypt(text: &str) -> Result<LegacyKind, LegacyHashError> {
    let cost = number(text.get(4..6).ok_or(LegacyHashError::Malformed)?)?;
    bounded(cost, 4, MAX_BCRYPT_COST)?;
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/';
    match text.get(6..7) == Some("$") && text.len() == 60 && text.bytes().skip(7).all(is_sign) {
        true => Ok(LegacyKind::Bcrypt),
        false => Err(LegacyHashError::Malformed),
    }
}

/// `$6$salt$hash` or `$6$rounds=5000$salt$hash`.
fn parse_sha512_crypt(text: &str) -> Result<LegacyKind, LegacyHashError> {
    let parts: Vec<&str> = text.split('$').skip(2).collect();
    let (rounds, salt, hash) = match parts.as_slice() {
        [salt, hash] => (5_000, *salt, *hash),
        [rounds, salt, hash] => {
            (number(rounds.strip_prefix("rounds=").ok_or(LegacyHashError::Malformed)?)?, *salt, *hash)
        }
        _ => return Err(LegacyHashError::Malformed),
    };
    bounded(rounds, 1_000, MAX_SHA_CRYPT_ROUNDS)?;
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'/';
    match hash.len() == 86 && hash.bytes().all(is_sign) && !salt.is_empty() && salt.len() <= 16 {
        true => Ok(LegacyKind::Sha512Crypt),
        false => Err(LegacyHashError::Malformed),
    }
}

/// `$pbkdf2-sha256$i=310000,l=32$salt$hash`, `$pbkdf2-sha256$29000$salt$hash` of passlib, and
/// `pbkdf2_sha256$600000$salt$hash` of Django, whose salt is no Base64.
fn parse_pbkdf2(text: &str, is_django: bool) -> Result<LegacyKind, LegacyHashError> {
    let parts: Vec<&str> = text.split('$').skip(1).collect();
    let [name, cost, salt, digest] = parts.as_slice() else { return Err(LegacyHashError::Malformed) };
    let algorithm = match *name {
        "pbkdf2" | "pbkdf2-sha1" => Pbkdf2Algorithm::Sha1,
        "pbkdf2-sha256" => Pbkdf2Algorithm::Sha256,
        "pbkdf2-sha512" => Pbkdf2Algorithm::Sha512,
        _ => return Err(LegacyHashError::UnknownKind),
    };
    let rounds = match cost.split(',').find_map(|part| part.strip_prefix("i=")) {
        Some(rounds) => number(rounds)?,
        None => number(cost)?,
    };
    let salt = if is_django { salt.as_bytes().to_vec() } else { decode(salt)? };
    let digest = decode(digest)?;
    // Each block of the digest costs all rounds again (RFC 8018 5.2).
    let blocks = u32::try_from(digest.len().div_ceil(algorithm.block_bytes())).unwrap_or(u32::MAX);
    bounded(rounds, MIN_PBKDF2_ROUNDS, MAX_PBKDF2_ROUNDS)?;
    bounded(rounds.saturating_mul(blocks), MIN_PBKDF2_ROUNDS, MAX_PBKDF2_ROUNDS)?;
    let rounds = NonZeroU32::new(rounds).ok_or(LegacyHashError::TooCheap)?;
    Ok(LegacyKind::Pbkdf2 { algorithm, rounds, salt, digest: checked_digest(digest)? })
}

/// `$argon2id$v=19$m=65536,t=3,p=4$salt$hash`; without `v`, the version is 16.
fn parse_argon2(text: &str) -> Result<LegacyKind, LegacyHashError> {
    let parts: Vec<&str> = text.split('$').skip(1).collect();
    let (name, version, cost, salt, digest) = match parts.as_slice() {
        [name, version, cost, salt, digest] => (*name, *version, *cost, *salt, *digest),
        [name, cost, salt, digest] => (*name, "v=16", *cost, *salt, *digest),
        _ => return Err(LegacyHashError::Malformed),
    };
    let algorithm = match name {
        "argon2id" => Algorithm::Argon2id,
        "argon2i" => Algorithm::Argon2i,
        "argon2d" => Algorithm::Argon2d,
        _ => return Err(LegacyHashError::UnknownKind),
    };
    let version = match version {
        "v=19" => Version::V0x13,
        "v=16" => Version::V0x10,
        _ => return Err(LegacyHashError::Malformed),
    };
    let value = |key: &str| {
        let found = cost.split(',').find_map(|part| part.strip_prefix(key)?.strip_prefix('='));
        number(found.ok_or(LegacyHashError::Malformed)?)
    };
    // A secret of the other program, or its own data, is not in the hash.
    if cost.contains("keyid=") || cost.contains("data=") {
        return Err(LegacyHashError::UnknownKind);
    }
    let (memory, passes, lanes) = (value("m")?, value("t")?, value("p")?);
    bounded(memory, 8, MAX_ARGON2_KIB)?;
    bounded(lanes, 1, MAX_ARGON2_LANES)?;
    bounded(memory.checked_mul(passes).ok_or(LegacyHashError::TooCostly)?, 8, MAX_ARGON2_WORK)?;
    let (salt, digest) = (decode(salt)?, checked_digest(decode(digest)?)?);
    // Nothing would ever match it.
    if salt.len() < argon2::MIN_SALT_LEN {
        return Err(LegacyHashError::Malformed);
    }
    ParamsBuilder::new().m_cost(memory).t_cost(passes).p_cost(lanes).build().map_err(|_| LegacyHashError::Malformed)?;
    Ok(LegacyKind::Argon2 { algorithm, version, cost: (memory, passes, lanes), salt, digest })
}

/// Decodes Base64 of either alphabet: passlib writes `.` for `+`.
fn decode(text: &str) -> Result<Vec<u8>, LegacyHashError> {
    BASE64.decode(text.replace('.', "+")).map_err(|_| LegacyHashError::Malformed)
}

fn checked_digest(digest: Vec<u8>) -> Result<Vec<u8>, LegacyHashError> {
    match (16..=MAX_DIGEST_BYTES).contains(&digest.len()) {
        true => Ok(digest),
        false => Err(LegacyHashError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by other programs (crypt(3), Python's hashlib), the last one by argon2's own tests.
    const HASHES: [&str; 10] = [
        "$2b$04$abcdefghijklmnopqrstuus9o2tZcN19/IgUXNpDIQ.AVf68KQ2/q",
        "$2y$04$abcdefghijklmnopqrstuus9o2tZcN19/IgUXNpDIQ.AVf68KQ2/q",
        "$6$saltfictif$UEVOt2zUyXw4Py7CcWRml5tLGASyQ8p3aN362tVxJKJBGbuC6GT6eEjwdtk.5KDZgvFicEk47WU0B9P3bzW69.",
        "{CRYPT}$6$rounds=1000$saltfictif$hxiKp9309TxAL9k9gzvVhCIUOSqz1BjvZZDhlBSH1fblE4IYwb.MmRfEK6KAiMl.iQ6VLdztsnzfRG3usg/tK/",
        "$pbkdf2-sha256$1000$c2FsdGZpY3RpZjEyMzQ1Ng$czkWM9kwm1ZrJkHhbW3vfbskFLJTaG9l4043HTxb3IE",
        "$pbkdf2-sha256$i=1000,l=32$c2FsdGZpY3RpZjEyMzQ1Ng$czkWM9kwm1ZrJkHhbW3vfbskFLJTaG9l4043HTxb3IE",
        "pbkdf2_sha256$1000$saltfictif$zl6oZrR0JpqAyiP1UwpmYess9xomK+6ffPEy7gZygFg=",
        "$pbkdf2-sha512$1000$c2FsdGZpY3RpZjEyMzQ1Ng$sQ9CA.BKQzFe6grHQW5HBlMAbBVQhJb4tFimwxCZO4DmDlIFV0JJdyEiucoGoFw57/WNy0iW3eWV6xe/suDkYw",
        "$pbkdf2$1000$c2FsdGZpY3RpZjEyMzQ1Ng$1p2e4..vsMgvrtSqydHD5xAZqeo",
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
    ];

    #[test]
    fn account_10_hashes_of_other_programs_verify() {
        for (place, text) in HASHES.iter().enumerate() {
            let password = if place == HASHES.len() - 1 { "password" } else { "Cheval-7-bleu" };
            let hash = LegacyHash::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert!(hash.verify(password), "{text}");
            assert!(!hash.verify("cheval-7-bleu"), "{text}");
            assert_eq!(format!("{hash:?}"), "LegacyHash(…)");
            // What is kept is read again as it was.
            assert_eq!(LegacyHash::parse(hash.as_text()), Ok(hash));
        }
    }

    #[test]
    fn account_10_a_hash_of_absurd_cost_or_unknown_kind_is_refused() {
        let bcrypt = HASHES[0];
        let argon = HASHES[9];
        for (text, error) in [
            (bcrypt.replace("$04$", "$14$"), LegacyHashError::TooCostly),
            (bcrypt.replace("$04$", "$31$"), LegacyHashError::TooCostly),
            (HASHES[2].replace("$6$", "$6$rounds=999999999$"), LegacyHashError::TooCostly),
            (HASHES[4].replace("$1000$", "$99999999999999$"), LegacyHashError::TooCostly),
            (HASHES[4].replace("$1000$", "$1$"), LegacyHashError::TooCheap),
            (argon.replace("m=65536", "m=4194304"), LegacyHashError::TooCostly),
            (argon.replace("t=2", "t=4000000000"), LegacyHashError::TooCostly),
            (argon.replace("p=1", "p=255"), LegacyHashError::TooCostly),
            (argon.replace("p=1", "p=1,keyid=aGVs"), LegacyHashError::UnknownKind),
            ("5f4dcc3b5aa765d61d8327deb882cf99".to_owned(), LegacyHashError::UnknownKind),
            ("{SSHA}abc".to_owned(), LegacyHashError::UnknownKind),
            ("$1$salt$hash".to_owned(), LegacyHashError::UnknownKind),
            ("$2x$04$abcdefghijklmnopqrstuus9o2tZcN19/IgUXNpDIQ.AVf68KQ2/q".to_owned(), LegacyHashError::UnknownKind),
            (String::new(), LegacyHashError::UnknownKind),
            (bcrypt[..50].to_owned(), LegacyHashError::Malformed),
            (format!("{bcrypt}{}", "x".repeat(600)), LegacyHashError::Malformed),
            ("$2b$é4$".to_owned(), LegacyHashError::Malformed),
            ("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$YQ".to_owned(), LegacyHashError::Malformed),
        ] {
            assert_eq!(LegacyHash::parse(&text), Err(error), "{text}");
        }
    }
}
