//! Password hashing: argon2id with a secret key, with limited concurrency.
//!
//! A hash takes about 10 ms of a core and 19 MiB (`argon2id.rs` computes it): `queue.rs` limits the concurrency. The
//! sign-in of an unknown account costs the same hash.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::argon2id::{self, Argon2id, Argon2idInput, DIGEST_BYTES, PasswordHashing};
use super::keyed_locks::{KeyedLockGuard, KeyedLocks};
use super::queue::{HashingQueue, Priority, QueueFull, QueueLoad};
use super::{LegacyHash, MasterKey};
use crate::base::rng::Random;

/// The maximum delay of a wrong password: one slow moment of the machine must not slow every later one.
const MAX_LEGACY_NANOS: u64 = 2_000_000_000;

/// The parameters of argon2id: OWASP's 19 456 KiB, t = 2, p = 1, unless a test injects smaller values.
#[derive(Clone, Copy, Debug)]
pub struct PasswordCost {
    pub memory_kib: u32,
    pub passes: u32,
}

impl PasswordCost {
    pub const STANDARD: Self = Self { memory_kib: 19_456, passes: 2 };
    /// For tests only; no configuration can set values this low.
    pub const TEST: Self = Self { memory_kib: 64, passes: 1 };
}

#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many hashes are queued: the response is 503 with `Retry-After`.
    #[error("too many passwords at once")]
    Busy { seconds: u32 },
    #[error("a stored password hash cannot be read")]
    MalformedHash,
    #[error("argon2: {0}")]
    Library(String),
}

struct HasherState {
    key: Zeroizing<[u8; 32]>,
    key_id: String,
    cost: PasswordCost,
    dummy_hash: String,
    argon2id: Box<dyn Argon2id>,
}

pub struct PasswordHasher {
    inner: Arc<HasherState>,
    key_locks: KeyedLocks,
    queue: HashingQueue,
    /// The nanoseconds that a hash of another program takes here; 0 as long as none was verified.
    legacy_nanos: AtomicU64,
}

impl PasswordHasher {
    pub fn new(
        master_key: &MasterKey,
        (cost, hashing): (PasswordCost, PasswordHashing),
        rng: &dyn Random,
    ) -> Result<Self, PasswordError> {
        let key = master_key.derive_key("passwords").map_err(|e| PasswordError::Library(e.to_string()))?;
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        let mut inner = HasherState {
            key,
            key_id: master_key.id().to_owned(),
            cost,
            dummy_hash: String::new(),
            argon2id: argon2id::select(hashing)?,
        };
        inner.dummy_hash = inner.hash("", &rng.bytes::<16>())?;
        let (key_locks, queue) = (KeyedLocks::default(), HashingQueue::new(cores));
        Ok(Self { inner: Arc::new(inner), key_locks, queue, legacy_nanos: AtomicU64::new(0) })
    }

    /// Returns the present load of the queue.
    pub fn queue_load(&self) -> QueueLoad {
        self.queue.load()
    }

    /// Locks a limiter key, so that the attempts of the key are evaluated sequentially. An attempt is counted before
    /// the comparison and released after a correct password; without the lock, fifty concurrent correct sign-ins would
    /// count as fifty attempts (docs/threats.md#threat-s03).
    pub async fn lock_key(&self, key: &str) -> KeyedLockGuard {
        self.key_locks.lock(key).await
    }

    /// Hashes a new password with a salt of 128 random bits; returns the PHC string.
    pub async fn hash(&self, password: &str, rng: &dyn Random, who: Priority) -> Result<String, PasswordError> {
        let salt = rng.bytes::<16>();
        let password = Zeroizing::new(password.to_owned());
        self.run(who, move |inner| inner.hash(&password, &salt)).await
    }

    /// True if the password matches the stored hash. Without a stored hash, a dummy hash is computed, so that the
    /// duration does not reveal the existence of the account.
    pub async fn verify(&self, password: &str, stored: Option<&str>, who: Priority) -> Result<bool, PasswordError> {
        let password = Zeroizing::new(password.to_owned());
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.inner.dummy_hash).to_owned();
        let right = self.run(who, move |inner| inner.verify(&password, &stored)).await?;
        Ok(right && known)
    }

    /// True if the password matches a hash of another program. A wrong one costs a hash of ours beside it, as for
    /// everybody else; after a right one, the caller makes the hash of ours that replaces it.
    pub async fn verify_legacy(
        &self,
        password: &str,
        stored: LegacyHash,
        who: Priority,
    ) -> Result<bool, PasswordError> {
        let password = Zeroizing::new(password.to_owned());
        let (right, nanos) = self
            .run(who, move |inner| {
                let began = Instant::now();
                let right = stored.verify(&password);
                let nanos = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
                if !right {
                    inner.verify(&password, &inner.dummy_hash)?;
                }
                Ok((right, nanos))
            })
            .await?;
        let nanos = nanos.min(MAX_LEGACY_NANOS);
        let longest = self.legacy_nanos.fetch_max(nanos, Ordering::Relaxed).max(nanos);
        if !right {
            tokio::time::sleep(Duration::from_nanos(longest - nanos)).await;
        }
        Ok(right)
    }

    /// Returns the time by which a wrong password of an account with a hash of another program is answered later than
    /// any other one. Everybody else's wrong password waits for as long, so that the answer does not tell who came from
    /// elsewhere.
    pub fn legacy_delay(&self) -> Option<Duration> {
        Some(Duration::from_nanos(self.legacy_nanos.load(Ordering::Relaxed))).filter(|delay| !delay.is_zero())
    }

    async fn run<T: Send + 'static>(
        &self,
        who: Priority,
        work: impl FnOnce(&HasherState) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let permit = self.queue.acquire(who).await.map_err(|QueueFull(seconds)| PasswordError::Busy { seconds })?;
        let (inner, queue) = (Arc::clone(&self.inner), self.queue.clone());
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            queue.measure(|| work(&inner))
        });
        done.await.map_err(|e| PasswordError::Library(e.to_string()))?
    }
}

impl HasherState {
    fn digest(
        &self,
        password: &str,
        salt: &[u8],
        memory: u32,
        passes: u32,
    ) -> Result<[u8; DIGEST_BYTES], PasswordError> {
        let (password, secret) = (password.as_bytes(), self.key.as_slice());
        self.argon2id.digest(&Argon2idInput { password, salt, secret, memory_kib: memory, passes })
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
            return Err(PasswordError::MalformedHash);
        };
        let number = |name: &str| {
            let found = params.split(',').find_map(|p| p.strip_prefix(name)?.strip_prefix('='));
            found.and_then(|v| v.parse::<u32>().ok()).ok_or(PasswordError::MalformedHash)
        };
        let salt = STANDARD_NO_PAD.decode(salt).map_err(|_| PasswordError::MalformedHash)?;
        let hash = STANDARD_NO_PAD.decode(hash).map_err(|_| PasswordError::MalformedHash)?;
        let out = self.digest(password, &salt, number("m")?, number("t")?)?;
        Ok(out.ct_eq(hash.as_slice()).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::SeededRandom;

    fn passwords(master: u8) -> PasswordHasher {
        let how = (PasswordCost::TEST, PasswordHashing::Fast);
        PasswordHasher::new(&MasterKey::new([master; 32]).unwrap(), how, &SeededRandom::new(1)).unwrap()
    }

    #[tokio::test]
    async fn the_right_password_verifies_and_nothing_else_does() {
        let p = passwords(1);
        let stored = p.hash("Cheval-7-bleu", &SeededRandom::new(2), Priority::Known).await.unwrap();
        let who = Priority::Unknown;
        assert!(p.verify("Cheval-7-bleu", Some(&stored), who).await.unwrap());
        assert!(!p.verify("cheval-7-bleu", Some(&stored), who).await.unwrap());
        assert!(!p.verify("", None, who).await.unwrap(), "s2_an_account_without_credential_cannot_sign_in");
        assert!(!passwords(2).verify("Cheval-7-bleu", Some(&stored), who).await.unwrap(), "s17_the_key_is_needed");
    }

    #[tokio::test]
    async fn the_real_parameters_work_and_each_implementation_verifies_what_the_other_hashed() {
        let master_key = MasterKey::new([1; 32]).unwrap();
        let [fast, reference] = [PasswordHashing::Fast, PasswordHashing::Reference].map(|hashing| {
            PasswordHasher::new(&master_key, (PasswordCost::STANDARD, hashing), &SeededRandom::new(1)).unwrap()
        });
        for (hashing, verifying) in [(&fast, &reference), (&reference, &fast)] {
            let stored = hashing.hash("Été-2026!", &SeededRandom::new(2), Priority::Known).await.unwrap();
            assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid="));
            assert!(verifying.verify("Été-2026!", Some(&stored), Priority::Known).await.unwrap());
            assert!(!verifying.verify("Été-2026?", Some(&stored), Priority::Known).await.unwrap());
        }
    }

    /// Runs a thousand hashes on many threads, in a separate process for the test below.
    #[test]
    #[ignore = "run by the test below, in a process of its own"]
    fn a_thousand_hashes() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let master_key = MasterKey::new([1; 32]).unwrap();
            let cost = PasswordCost { passes: 1, ..PasswordCost::STANDARD };
            let p = Arc::new(
                PasswordHasher::new(&master_key, (cost, PasswordHashing::Fast), &SeededRandom::new(1)).unwrap(),
            );
            for _ in 0..25 {
                let mut all = tokio::task::JoinSet::new();
                for n in 0..40 {
                    let p = Arc::clone(&p);
                    all.spawn(async move { p.verify(&n.to_string(), None, Priority::Known).await.unwrap() });
                }
                assert!(all.join_all().await.into_iter().all(|right| !right));
            }
        });
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        println!("VmRSS:{resident}");
    }

    #[test]
    fn faults_b1_a_thousand_hashes_keep_no_more_memory_than_run_at_once() {
        let name = "crypto::passwords::tests::a_thousand_hashes";
        let run = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--ignored", "--nocapture"])
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&run.stdout).into_owned();
        let kib: u64 = text
            .lines()
            .find_map(|line| line.trim().strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next())
            .unwrap_or_else(|| panic!("{text}"))
            .parse()
            .unwrap();
        let permits = std::thread::available_parallelism().unwrap().get() as u64;
        let most = 60 * 1024 + permits * 19 * 1024;
        assert!(kib <= most, "{kib} KiB, {most} would do");
    }
}
