//! A Redis for the tests: the shared instance of the run (`TEST_REDIS_URL`), with a key prefix for each server; or an
//! instance started, stopped and killed by a test.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use preau::base::rng::{Random, SystemRandom};
use preau::config::{Config, EphemeralStore};
use tempfile::TempDir;

/// The URL of the Redis for the tests.
#[expect(clippy::disallowed_methods, reason = "the test run says where its Redis is; the program never reads it")]
pub fn shared_url() -> Option<String> {
    std::env::var("TEST_REDIS_URL").ok()
}

/// Returns an unused store: in memory, or a new prefix in the shared Redis.
pub fn new_store() -> EphemeralStore {
    match shared_url() {
        None => EphemeralStore::default(),
        Some(url) => store_at(url),
    }
}

/// Returns a store with a random prefix. The response timeout is long, because concurrent tests on a small machine are
/// slow.
fn store_at(url: String) -> EphemeralStore {
    EphemeralStore { url, prefix: random_prefix(), answer_ms: 10_000, ..EphemeralStore::default() }
}

pub fn random_prefix() -> String {
    let rng: &dyn Random = &SystemRandom;
    rng.bytes::<8>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A redis-server of a single test, on a socket in a temporary folder.
pub struct OwnRedis {
    folder: TempDir,
    more: &'static [&'static str],
    running: Option<Child>,
}

impl OwnRedis {
    /// Starts the server; panics if the program is not installed, as a skipped test must not count as passed.
    pub async fn start(more: &'static [&'static str]) -> Self {
        let found = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
        assert!(found.is_ok(), "redis-server is not installed: `apt-get install redis-server`, or `tests/run rust`");
        let mut own = Self { folder: TempDir::new().unwrap(), more, running: None };
        own.restart().await;
        own
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// Returns the store configuration of this server.
    pub fn store(&self) -> EphemeralStore {
        store_at(format!("unix:{}", self.socket().display()))
    }

    /// Changes a configuration for `TestServer::start_with_config`, with the production response timeout.
    pub fn configure(&self) -> impl FnOnce(&mut Config) {
        let store = EphemeralStore { answer_ms: EphemeralStore::default().answer_ms, ..self.store() };
        move |config| config.ephemeral = store
    }

    /// Starts the server, again if need be, with an empty database.
    pub async fn restart(&mut self) {
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

    /// Sends SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.running.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Sends a signal. After SIGSTOP the kernel accepts connections but nothing answers, until SIGCONT.
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
