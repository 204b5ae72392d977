//! Hashing of passwords: argon2id with a secret of our own, a few at a time.
//!
//! One hash takes a core for some 15 ms and 19 MiB: `queue.rs` says who may, the memory is kept. An absent account costs
//! the same hash.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, KeyId, Params, ParamsBuilder, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::Vault;
use super::queue::{Full, Load, Priority, Queue};
use super::turns::{Turn, Turns};
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
    Busy { seconds: u32 },
    #[error("a stored password hash cannot be read")]
    Stored,
    #[error("argon2: {0}")]
    Library(String),
}

struct Inner {
    key: Zeroizing<[u8; 32]>,
    key_id: String,
    cost: PasswordCost,
    dummy: String,
    memory: Memory,
}

pub struct Passwords {
    inner: Arc<Inner>,
    turns: Turns,
    queue: Queue,
}

impl Passwords {
    pub fn new(vault: &Vault, cost: PasswordCost, rng: &dyn Random) -> Result<Self, PasswordError> {
        let key = vault.derive("passwords").map_err(|e| PasswordError::Library(e.to_string()))?;
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        let memory = Memory::default();
        let mut inner = Inner { key, key_id: vault.id().to_owned(), cost, dummy: String::new(), memory };
        inner.dummy = inner.hash("", &rng.bytes::<16>())?;
        Ok(Self { inner: Arc::new(inner), turns: Turns::default(), queue: Queue::new(cores) })
    }

    /// How the queue does now.
    pub fn load(&self) -> Load {
        self.queue.load()
    }

    /// One evaluation at a time for one key: attempts are counted before they are compared and forgotten when
    /// right, so that fifty right sign-ins at once must not count as fifty attempts (docs/threats.md#threat-s03).
    pub async fn turn(&self, key: &str) -> Turn {
        self.turns.take(key).await
    }

    /// PHC text of a new password; 128 random bits of salt.
    pub async fn hash(&self, password: &str, rng: &dyn Random, who: Priority) -> Result<String, PasswordError> {
        let salt = rng.bytes::<16>();
        let password = Zeroizing::new(password.to_owned());
        self.run(who, move |inner| inner.hash(&password, &salt)).await
    }

    /// Whether the password is the stored one. Without a stored one a hash is computed all the same, so
    /// that the time does not tell whether the account exists.
    pub async fn verify(&self, password: &str, stored: Option<&str>, who: Priority) -> Result<bool, PasswordError> {
        let password = Zeroizing::new(password.to_owned());
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.inner.dummy).to_owned();
        let right = self.run(who, move |inner| inner.verify(&password, &stored)).await?;
        Ok(right && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        who: Priority,
        work: impl FnOnce(&Inner) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let permit = self.queue.enter(who).await.map_err(|Full(seconds)| PasswordError::Busy { seconds })?;
        let (inner, queue) = (Arc::clone(&self.inner), self.queue.clone());
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            queue.measure(|| work(&inner))
        });
        done.await.map_err(|e| PasswordError::Library(e.to_string()))?
    }
}

/// The memory of hashes, kept: each thread that allocates 19 MiB and frees it leaves some of it with the allocator, and
/// after a busy evening that was a gigabyte. No more are kept than ever ran at once. They are not wiped between two
/// hashes: whoever reads this process's memory reads the passwords themselves.
#[derive(Default)]
struct Memory(Mutex<Vec<Vec<Block>>>);

impl Memory {
    fn with<T>(&self, blocks: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut memory = kept().pop().unwrap_or_default();
        memory.resize(blocks, Block::default());
        let done = work(&mut memory);
        kept().push(memory);
        done
    }
}

impl Inner {
    fn params(&self, memory: u32, passes: u32) -> Result<Params, PasswordError> {
        let key_id = KeyId::try_from(self.key_id.as_bytes()).map_err(library)?;
        ParamsBuilder::new().m_cost(memory).t_cost(passes).p_cost(1).keyid(key_id).build().map_err(library)
    }

    fn digest(&self, password: &str, salt: &[u8], memory: u32, passes: u32) -> Result<[u8; 32], PasswordError> {
        let params = self.params(memory, passes)?;
        let blocks = params.block_count();
        let argon = Argon2::new_with_secret(self.key.as_slice(), Algorithm::Argon2id, Version::V0x13, params)
            .map_err(library)?;
        let mut out = [0u8; 32];
        self.memory
            .with(blocks, |memory| argon.hash_password_into_with_memory(password.as_bytes(), salt, &mut out, memory))
            .map_err(library)?;
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
        let stored = p.hash("Cheval-7-bleu", &SeededRandom::new(2), Priority::Known).await.unwrap();
        let who = Priority::Stranger;
        assert!(p.verify("Cheval-7-bleu", Some(&stored), who).await.unwrap());
        assert!(!p.verify("cheval-7-bleu", Some(&stored), who).await.unwrap());
        assert!(!p.verify("", None, who).await.unwrap(), "s2_an_account_without_credential_cannot_sign_in");
        assert!(!passwords(2).verify("Cheval-7-bleu", Some(&stored), who).await.unwrap(), "s17_the_key_is_needed");
    }

    #[tokio::test]
    async fn the_real_parameters_work() {
        let vault = Vault::new([1; 32]).unwrap();
        let p = Passwords::new(&vault, PasswordCost::STANDARD, &SeededRandom::new(1)).unwrap();
        let stored = p.hash("Été-2026!", &SeededRandom::new(2), Priority::Known).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid="));
        assert!(p.verify("Été-2026!", Some(&stored), Priority::Known).await.unwrap());
    }

    /// What a process of its own does for the test below: a thousand hashes, by as many threads as would like to.
    #[test]
    #[ignore = "run by the test below, in a process of its own"]
    fn a_thousand_hashes() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let vault = Vault::new([1; 32]).unwrap();
            let cost = PasswordCost { passes: 1, ..PasswordCost::STANDARD };
            let p = Arc::new(Passwords::new(&vault, cost, &SeededRandom::new(1)).unwrap());
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
        let name = "seal::passwords::tests::a_thousand_hashes";
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
