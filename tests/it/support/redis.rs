//! A Redis for the tests: the run's (`TEST_REDIS_URL`), where each server of a test has names of its own; or one that a
//! test starts, hangs and kills itself.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use preau::base::rng::{Random, SystemRandom};
use preau::config::{Config, EphemeralStore};
use tempfile::TempDir;

/// The Redis that the tests may use.
#[expect(clippy::disallowed_methods, reason = "the test run says where its Redis is; the program never reads it")]
pub fn shared() -> Option<String> {
    std::env::var("TEST_REDIS_URL").ok()
}

/// A store that nobody used yet: in memory, or names of its own in the run's Redis.
pub fn fresh() -> EphemeralStore {
    match shared() {
        None => EphemeralStore::default(),
        Some(url) => at(url),
    }
}

/// Names of their own in a Redis. Many tests at once on a small machine are slow: no test of theirs is about that.
fn at(url: String) -> EphemeralStore {
    EphemeralStore { url, prefix: drawn(), answer_ms: 10_000, ..EphemeralStore::default() }
}

pub fn drawn() -> String {
    let rng: &dyn Random = &SystemRandom;
    rng.bytes::<8>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A redis-server of one test's own, on a socket in a folder of its own.
pub struct OwnRedis {
    folder: TempDir,
    more: &'static [&'static str],
    running: Option<Child>,
}

impl OwnRedis {
    /// Fails where the program is not installed: a test that is about nothing must not count as passed.
    pub async fn start(more: &'static [&'static str]) -> Self {
        let found = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
        assert!(found.is_ok(), "redis-server is not installed: `apt-get install redis-server`, or `tests/run rust`");
        let mut own = Self { folder: TempDir::new().unwrap(), more, running: None };
        own.again().await;
        own
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// As the configuration names it.
    pub fn store(&self) -> EphemeralStore {
        at(format!("unix:{}", self.socket().display()))
    }

    /// For `Server::start_as`: with the time-outs of the real thing.
    pub fn configure(&self) -> impl FnOnce(&mut Config) {
        let store = EphemeralStore { answer_ms: EphemeralStore::default().answer_ms, ..self.store() };
        move |config| config.ephemeral = store
    }

    /// Starts it (again), empty.
    pub async fn again(&mut self) {
        let _gone = std::fs::remove_file(self.socket());
        let child = Command::new("redis-server")
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(self.socket())
            .arg("--dir")
            .arg(self.folder.path())
            .args(self.more)
            .stdout(Stdio::null())
            .spawn();
        self.running = Some(child.unwrap());
        for _ in 0..500 {
            if std::os::unix::net::UnixStream::connect(self.socket()).is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("redis-server does not start");
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.running.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// SIGSTOP: it takes connections (the kernel does) and answers nothing. SIGCONT ends that.
    pub fn signal(&self, name: &str) {
        let pid = self.running.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").arg(name).arg(pid).status().unwrap().success());
    }

    pub fn command(&self, words: &[&str]) -> String {
        let run = Command::new("redis-cli").arg("-s").arg(self.socket()).args(words).output().unwrap();
        assert!(run.status.success(), "{words:?}");
        String::from_utf8(run.stdout).unwrap()
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        self.kill();
    }
}
