//! Hashing of passwords: argon2id with a secret of our own, a few at a time.
//!
//! One hash takes a core for some 15 ms and 19 MiB: as many run at once as there are cores, a short
//! queue waits, the rest is told to come back (ABUSE theme 25). An absent account costs the same hash.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, KeyId, Params, ParamsBuilder, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;
use tokio::sync::{Mutex, MutexGuard, Semaphore};
use zeroize::Zeroizing;

use super::Vault;
use crate::base::rng::Random;

/// argon2id's parameters: OWASP's 19 456 KiB, t = 2, p = 1, unless a test injects smaller ones.
#[derive(Clone, Copy, Debug)]
pub struct PasswordCost {
    pub memory_kib: u32,
    pub passes: u32,
}

impl PasswordCost {
    pub const STANDARD: Self = Self { memory_kib: 19_456, passes: 2 };
    /// For tests only; no configuration can say so little.
    pub const TEST: Self = Self { memory_kib: 64, passes: 1 };
}

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many hashes wait already: answer 503 and when to come back.
    #[error("too many passwords at once")]
    Busy,
    #[error("a stored password hash cannot be read")]
    Stored,
    #[error("argon2: {0}")]
    Library(String),
}

/// Hashes of four seconds' work may wait; beyond that a person is better told to come back.
const SECONDS_OF_QUEUE: usize = 4;
const HASHES_PER_CORE_AND_SECOND: usize = 50;

/// Stripes of [`Passwords::turn`].
const TURNS: usize = 256;

struct Inner {
    key: Zeroizing<[u8; 32]>,
    key_id: String,
    cost: PasswordCost,
    dummy: String,
}

pub struct Passwords {
    inner: Arc<Inner>,
    turns: Vec<Mutex<()>>,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    queue: usize,
    cores: usize,
    refused: AtomicU64,
    /// What a hash cost lately, in microseconds.
    cost: Arc<AtomicU64>,
}

/// How the queue does.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Hashes that run or wait.
    pub waiting: usize,
    pub permits: usize,
    pub refused: u64,
    pub cost: Duration,
}

impl Passwords {
    pub fn new(vault: &Vault, cost: PasswordCost, rng: &dyn Random) -> Result<Self, PasswordError> {
        let key = vault.derive("passwords").map_err(|e| PasswordError::Library(e.to_string()))?;
        let mut inner = Inner { key, key_id: vault.id().to_owned(), cost, dummy: String::new() };
        inner.dummy = inner.hash("", &rng.bytes::<16>())?;
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        Ok(Self {
            inner: Arc::new(inner),
            turns: (0..TURNS).map(|_| Mutex::new(())).collect(),
            permits: Arc::new(Semaphore::new(cores)),
            waiting: AtomicUsize::new(0),
            queue: cores * HASHES_PER_CORE_AND_SECOND * SECONDS_OF_QUEUE,
            cores,
            refused: AtomicU64::new(0),
            cost: Arc::default(),
        })
    }

    /// How the queue does now.
    pub fn load(&self) -> Load {
        Load {
            waiting: self.waiting.load(Ordering::Relaxed),
            permits: self.cores,
            refused: self.refused.load(Ordering::Relaxed),
            cost: Duration::from_micros(self.cost.load(Ordering::Relaxed)),
        }
    }

    /// One evaluation at a time for one key: attempts are counted before they are compared and forgotten when
    /// right, so that fifty right sign-ins at once must not count as fifty attempts (ABUSE S-03).
    pub async fn turn(&self, key: &str) -> Option<MutexGuard<'_, ()>> {
        let sum = key.bytes().fold(0usize, |sum, b| sum.wrapping_mul(31).wrapping_add(usize::from(b)));
        match self.turns.get(sum % TURNS) {
            Some(stripe) => Some(stripe.lock().await),
            None => None,
        }
    }

    /// PHC text of a new password; 128 random bits of salt.
    pub async fn hash(&self, password: &str, rng: &dyn Random) -> Result<String, PasswordError> {
        let salt = rng.bytes::<16>();
        let password = Zeroizing::new(password.to_owned());
        self.run(move |inner| inner.hash(&password, &salt)).await
    }

    /// Whether the password is the stored one. Without a stored one a hash is computed all the same, so
    /// that the time does not tell whether the account exists.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, PasswordError> {
        let password = Zeroizing::new(password.to_owned());
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.inner.dummy).to_owned();
        let right = self.run(move |inner| inner.verify(&password, &stored)).await?;
        Ok(right && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = Waiting::enter(&self.waiting);
        if place.ahead >= self.queue {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return Err(PasswordError::Busy);
        }
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| PasswordError::Busy)?;
        let (inner, cost) = (Arc::clone(&self.inner), Arc::clone(&self.cost));
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let began = Instant::now();
            let done = work(&inner);
            let took = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
            // The mean of the last few; a lost update of two at once does no harm.
            let former = cost.load(Ordering::Relaxed);
            cost.store(if former == 0 { took } else { former - former / 8 + took / 8 }, Ordering::Relaxed);
            done
        });
        done.await.map_err(|e| PasswordError::Library(e.to_string()))?
    }
}

/// Counts who waits; gives the place back even when the request is dropped.
struct Waiting<'a> {
    counter: &'a AtomicUsize,
    ahead: usize,
}

impl<'a> Waiting<'a> {
    fn enter(counter: &'a AtomicUsize) -> Self {
        Self { counter, ahead: counter.fetch_add(1, Ordering::AcqRel) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.counter.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Inner {
    fn params(&self, memory: u32, passes: u32) -> Result<Params, PasswordError> {
        let key_id = KeyId::try_from(self.key_id.as_bytes()).map_err(library)?;
        ParamsBuilder::new().m_cost(memory).t_cost(passes).p_cost(1).keyid(key_id).build().map_err(library)
    }

    fn digest(&self, password: &str, salt: &[u8], memory: u32, passes: u32) -> Result<[u8; 32], PasswordError> {
        let params = self.params(memory, passes)?;
        let argon = Argon2::new_with_secret(self.key.as_slice(), Algorithm::Argon2id, Version::V0x13, params)
            .map_err(library)?;
        let mut out = [0u8; 32];
        argon.hash_password_into(password.as_bytes(), salt, &mut out).map_err(library)?;
        Ok(out)
    }

    fn hash(&self, password: &str, salt: &[u8]) -> Result<String, PasswordError> {
        let PasswordCost { memory_kib: m, passes: t } = self.cost;
        let out = self.digest(password, salt, m, t)?;
        let (key_id, salt, out) =
            (STANDARD_NO_PAD.encode(self.key_id.as_bytes()), STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(out));
        Ok(format!("$argon2id$v=19$m={m},t={t},p=1,keyid={key_id}${salt}${out}"))
    }

    fn verify(&self, password: &str, stored: &str) -> Result<bool, PasswordError> {
        let mut parts = stored.split('$').skip(1);
        let (Some("argon2id"), Some("v=19"), Some(params), Some(salt), Some(hash), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(PasswordError::Stored);
        };
        let number = |name: &str| {
            let found = params.split(',').find_map(|p| p.strip_prefix(name)?.strip_prefix('='));
            found.and_then(|v| v.parse::<u32>().ok()).ok_or(PasswordError::Stored)
        };
        let salt = STANDARD_NO_PAD.decode(salt).map_err(|_| PasswordError::Stored)?;
        let hash = STANDARD_NO_PAD.decode(hash).map_err(|_| PasswordError::Stored)?;
        let out = self.digest(password, &salt, number("m")?, number("t")?)?;
        Ok(out.ct_eq(hash.as_slice()).into())
    }
}

fn library(e: argon2::Error) -> PasswordError {
    PasswordError::Library(e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::SeededRandom;

    fn passwords(master: u8) -> Passwords {
        Passwords::new(&Vault::new([master; 32]).unwrap(), PasswordCost::TEST, &SeededRandom::new(1)).unwrap()
    }

    #[tokio::test]
    async fn the_right_password_verifies_and_nothing_else_does() {
        let p = passwords(1);
        let stored = p.hash("Cheval-7-bleu", &SeededRandom::new(2)).await.unwrap();
        assert!(p.verify("Cheval-7-bleu", Some(&stored)).await.unwrap());
        assert!(!p.verify("cheval-7-bleu", Some(&stored)).await.unwrap());
        assert!(!p.verify("", None).await.unwrap(), "s2_an_account_without_credential_cannot_sign_in");
        assert!(!passwords(2).verify("Cheval-7-bleu", Some(&stored)).await.unwrap(), "s17_the_key_is_needed");
    }

    #[tokio::test]
    async fn the_real_parameters_work() {
        let vault = Vault::new([1; 32]).unwrap();
        let p = Passwords::new(&vault, PasswordCost::STANDARD, &SeededRandom::new(1)).unwrap();
        let stored = p.hash("Été-2026!", &SeededRandom::new(2)).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid="));
        assert!(p.verify("Été-2026!", Some(&stored)).await.unwrap());
    }
}
