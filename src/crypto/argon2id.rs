//! The computation of argon2id behind one trait: the crate `argon2` is the reference, and on x86-64 the crate
//! `argon2-rust` computes the same in less than half of the time (docs/decisions/0057-a-faster-argon2id.md).
//!
//! Both keep the memory of a hash for the next one. Memory that is allocated and freed by many threads remains partly
//! with the allocator (up to a gigabyte after a busy evening). A pool never exceeds the peak concurrency.

use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde::{Deserialize, Serialize};

use super::PasswordError;

/// The choice of an implementation of argon2id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordHashing {
    /// The crate `argon2-rust` on x86-64; elsewhere the reference.
    #[default]
    Fast,
    /// The crate `argon2`.
    Reference,
}

/// The bytes of a digest.
pub(super) const DIGEST_BYTES: usize = 32;

/// The input of a hash, with its cost.
pub(super) struct Argon2idInput<'a> {
    pub password: &'a [u8],
    pub salt: &'a [u8],
    pub secret: &'a [u8],
    pub memory_kib: u32,
    pub passes: u32,
}

/// An implementation of argon2id version 0x13, with one lane.
pub(super) trait Argon2id: Send + Sync {
    /// Returns the name for the log.
    fn name(&self) -> &'static str;

    fn digest(&self, input: &Argon2idInput<'_>) -> Result<[u8; DIGEST_BYTES], PasswordError>;
}

/// Returns the configured implementation, after it has computed the same as the reference implementation in C and as the crate `argon2`.
pub(super) fn select(configured: PasswordHashing) -> Result<Box<dyn Argon2id>, PasswordError> {
    let reference: Box<dyn Argon2id> = Box::new(Reference::default());
    known_digest(reference.as_ref())?;
    match (configured, fast()) {
        (PasswordHashing::Fast, Some(fast)) => match self_test(fast.as_ref(), reference.as_ref()) {
            Ok(()) => Ok(fast),
            // A processor or a build on which it differs: the reference serves, as slowly as ever.
            Err(error) => {
                tracing::error!(%error, "argon2-rust is not used");
                Ok(reference)
            }
        },
        (PasswordHashing::Reference, _) | (PasswordHashing::Fast, None) => Ok(reference),
    }
}

/// Returns the fast implementation where it was read and tried.
fn fast() -> Option<Box<dyn Argon2id>> {
    #[cfg(target_arch = "x86_64")]
    return Some(Box::new(fast::Fast::default()));
    #[cfg(not(target_arch = "x86_64"))]
    None
}

/// A password with its digest, computed once by the reference implementation in C (Debian's libargon2 20171227) with the
/// salt `somesaltsomesalt`, the secret `secret`, m = 256, t = 2, p = 1.
const KNOWN: (&str, [u8; DIGEST_BYTES]) = (
    "Cheval-7-bleu",
    [
        0xcb, 0x7f, 0x10, 0x08, 0x91, 0x5d, 0x33, 0x5e, 0xd1, 0x79, 0x6e, 0xc1, 0xcb, 0x8e, 0x75, 0x0a, 0x48, 0x9b,
        0x38, 0xb7, 0xb9, 0xf8, 0x0a, 0xe0, 0xa3, 0x4a, 0xc0, 0xc3, 0xb8, 0x11, 0xf1, 0xa9,
    ],
);

/// Computes what is known.
fn known_digest(tested: &dyn Argon2id) -> Result<(), PasswordError> {
    if tested.digest(&test_input(KNOWN.0, 256, 2))? == KNOWN.1 { Ok(()) } else { Err(differs(tested)) }
}

/// Computes what is known, and other inputs with both, at a cost that a start does not feel.
fn self_test(tested: &dyn Argon2id, reference: &dyn Argon2id) -> Result<(), PasswordError> {
    known_digest(tested)?;
    // The sizes change in between, so that kept memory serves larger and smaller hashes.
    for (password, memory_kib, passes) in [("", 64, 1), ("\u{b5}", 1_025, 3), ("Été-2026!", 8, 1), ("x", 515, 2)] {
        let input = test_input(password, memory_kib, passes);
        if tested.digest(&input)? != reference.digest(&input)? {
            return Err(differs(tested));
        }
    }
    Ok(())
}

fn test_input(password: &'static str, memory_kib: u32, passes: u32) -> Argon2idInput<'static> {
    Argon2idInput { password: password.as_bytes(), salt: b"somesaltsomesalt", secret: b"secret", memory_kib, passes }
}

fn differs(tested: &dyn Argon2id) -> PasswordError {
    PasswordError::Library(format!("{} computes another argon2id", tested.name()))
}

/// Things that are kept for the next hash.
struct Pool<T>(Mutex<Vec<T>>);

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Pool<T> {
    fn with<R>(&self, make: impl FnOnce() -> T, work: impl FnOnce(&mut T) -> R) -> R {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = kept().pop();
        let mut one = taken.unwrap_or_else(make);
        let done = work(&mut one);
        kept().push(one);
        done
    }
}

/// The crate `argon2`. Blocks are not wiped between two hashes: an attacker with access to the process memory can read
/// the passwords themselves.
#[derive(Default)]
struct Reference {
    pool: Pool<Vec<Block>>,
}

impl Argon2id for Reference {
    fn name(&self) -> &'static str {
        "argon2"
    }

    fn digest(&self, input: &Argon2idInput<'_>) -> Result<[u8; DIGEST_BYTES], PasswordError> {
        let fail = |e: argon2::Error| PasswordError::Library(e.to_string());
        let params = Params::new(input.memory_kib, input.passes, 1, Some(DIGEST_BYTES)).map_err(fail)?;
        let blocks = params.block_count();
        let argon = Argon2::new_with_secret(input.secret, Algorithm::Argon2id, Version::V0x13, params).map_err(fail)?;
        let mut out = [0; DIGEST_BYTES];
        self.pool
            .with(Vec::new, |memory| {
                memory.resize(blocks, Block::default());
                argon.hash_password_into_with_memory(input.password, input.salt, &mut out, memory)
            })
            .map_err(fail)?;
        Ok(out)
    }
}

#[cfg(target_arch = "x86_64")]
mod fast {
    //! The crate `argon2-rust`, which wipes the memory after each hash.

    use argon2_rust::params::{Memory, TagLen};
    use argon2_rust::{Algorithm, Argon2, Error, Hasher, Params, Version};

    use super::{Argon2id, Argon2idInput, DIGEST_BYTES, PasswordError, Pool};

    #[derive(Default)]
    pub struct Fast {
        pool: Pool<Hasher>,
    }

    impl Argon2id for Fast {
        fn name(&self) -> &'static str {
            "argon2-rust"
        }

        fn digest(&self, input: &Argon2idInput<'_>) -> Result<[u8; DIGEST_BYTES], PasswordError> {
            let fail = |e: Error| PasswordError::Library(e.to_string());
            let params = Params::builder()
                .memory(Memory::kib(input.memory_kib.into()))
                .passes(input.passes)
                .lanes(1)
                .tag_len(TagLen::bytes(DIGEST_BYTES as u64))
                .build()
                .map_err(fail)?;
            let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let mut out = [0; DIGEST_BYTES];
            self.pool
                .with(
                    || argon.hasher(),
                    |hasher| {
                        hasher.set_argon2(argon);
                        hasher.hash_into_with_ad(input.password, input.salt, input.secret, &[], &mut out)
                    },
                )
                .map_err(fail)?;
            Ok(out)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn threat_s17_both_compute_what_the_reference_in_c_computes() {
        let reference = Reference::default();
        self_test(&reference, &reference).unwrap();
        if let Some(fast) = fast() {
            self_test(fast.as_ref(), &reference).unwrap();
        }
    }

    /// An implementation that is wrong from 1 MiB on, as one with a fault in a wide path might be.
    struct Wrong(Reference);

    impl Argon2id for Wrong {
        fn name(&self) -> &'static str {
            "wrong"
        }

        fn digest(&self, input: &Argon2idInput<'_>) -> Result<[u8; DIGEST_BYTES], PasswordError> {
            let mut out = self.0.digest(input)?;
            out[0] ^= u8::from(input.memory_kib >= 1_024);
            Ok(out)
        }
    }

    #[test]
    fn threat_s17_another_argon2id_is_found_out_at_start() {
        let error = self_test(&Wrong(Reference::default()), &Reference::default()).unwrap_err();
        assert_eq!(error.to_string(), "argon2: wrong computes another argon2id");
    }

    #[test]
    fn the_reference_is_a_word_of_the_configuration_away() {
        assert_eq!(select(PasswordHashing::Reference).unwrap().name(), "argon2");
        let fast = if cfg!(target_arch = "x86_64") { "argon2-rust" } else { "argon2" };
        assert_eq!(select(PasswordHashing::Fast).unwrap().name(), fast);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn threat_s17_both_compute_the_same(
            password in proptest::collection::vec(any::<u8>(), 0..200),
            salt in proptest::collection::vec(any::<u8>(), 8..40),
            secret in proptest::collection::vec(any::<u8>(), 0..40),
            memory_kib in 8u32..700,
            passes in 1u32..5,
        ) {
            let (reference, Some(fast)) = (Reference::default(), fast()) else { return Ok(()) };
            let input =
                Argon2idInput { password: &password, salt: &salt, secret: &secret, memory_kib, passes };
            prop_assert_eq!(fast.digest(&input).unwrap(), reference.digest(&input).unwrap());
        }
    }
}
