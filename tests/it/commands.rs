//! The commands as typed by an operator, and the findings of doctor.

mod account;
mod demo;
mod documents;
mod doors;
mod files;
mod json;
mod letters;
mod operators;
mod wrong;

use std::path::{Path, PathBuf};

use clap::Parser as _;

use preau::cli::{Cli, in_one_line, run};
use preau::db::Durability;

/// Writes secrets for the deployment's clients and upstreams.
fn write_secrets(keys: &Path) {
    std::fs::create_dir_all(keys).unwrap();
    for client in preau::demo::sample_sites::client_ids() {
        std::fs::write(keys.join(format!("{client}.secret")), "s".repeat(43)).unwrap();
    }
    for academy in &preau::demo::sample_sites::ACADEMIES {
        std::fs::write(keys.join(format!("academie-{}.secret", academy.slug)), "s".repeat(43)).unwrap();
    }
}

/// An installation in a temporary folder, configured by a file.
struct TestInstallation {
    folder: tempfile::TempDir,
}

impl TestInstallation {
    fn new() -> Self {
        Self::with(tempfile::tempdir().unwrap(), &Path::new(env!("CARGO_MANIFEST_DIR")).join("config/occitanie"))
    }

    /// Creates an installation with a writable copy of the deployment's files.
    fn with_own_deployment() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) =
            (Path::new(env!("CARGO_MANIFEST_DIR")).join("config/occitanie"), folder.path().join("deployment"));
        std::fs::create_dir_all(to.join("clients")).unwrap();
        for below in ["", "clients"] {
            for entry in std::fs::read_dir(from.join(below)).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_file() {
                    std::fs::copy(entry.path(), to.join(below).join(entry.file_name())).unwrap();
                }
            }
        }
        Self::with(folder, &to)
    }

    /// Returns the path of a relying party's file.
    fn client_file(&self, id: &str) -> PathBuf {
        self.folder.path().join(format!("deployment/clients/{id}.toml"))
    }

    /// Sets the modification time of every deployment file to a number of seconds before a fixed time.
    fn set_file_ages(&self, seconds: u64) {
        let at = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000 - seconds);
        let mut all = vec![self.folder.path().join("deployment/clients")];
        for folder in ["deployment", "deployment/clients"] {
            let files = std::fs::read_dir(self.folder.path().join(folder)).unwrap();
            all.extend(files.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()));
        }
        for path in all {
            std::fs::File::open(path).unwrap().set_modified(at).unwrap();
        }
    }

    fn with(folder: tempfile::TempDir, deployment: &Path) -> Self {
        let at = |name: &str| folder.path().join(name).display().to_string();
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\noperations = \"127.0.0.1:0\"\n[database]\nurl = \"sqlite:{}\"\n[keys]\ndirectory = \"{}\"\n[deployment]\ndirectory = \"{}\"\n",
            at("preau.db"),
            at("keys"),
            deployment.display()
        );
        std::fs::write(folder.path().join("preau.toml"), text).unwrap();
        write_secrets(&folder.path().join("keys"));
        Self { folder }
    }

    /// Runs a command; returns true if done, and its output or error.
    async fn run(&self, words: &str) -> (bool, String) {
        let file = self.folder.path().join("preau.toml").display().to_string();
        let line = ["preau", "--config", &file].into_iter().chain(words.split(' '));
        let mut out = Vec::new();
        let done = Box::pin(run(Cli::try_parse_from(line).unwrap(), &mut out)).await;
        let mut text = String::from_utf8(out).unwrap();
        match done {
            Ok(yes) => (yes, text),
            Err(error) => {
                text.push_str(&in_one_line(&error));
                (false, text)
            }
        }
    }
}

#[tokio::test]
async fn the_audit_is_exported_and_verified() {
    let house = TestInstallation::new();
    assert!(house.run("migrate").await.0);
    let (done, text) = house.run("audit export").await;
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(
        done && lines.iter().any(|event| event["fact"] == "key_made" && event["actor_kind"] == "operator"),
        "{text}"
    );
    let file = house.folder.path().join("audit.jsonl");
    let export = format!("audit export --to 2000-01-01 --out {}", file.display());
    let (done, said) = house.run(&export).await;
    assert!(done && said.starts_with("0 events"), "{said}");
    assert!(!house.run(&export).await.0, "no file is overwritten");
    let (done, said) = house.run("audit export --account a.nobody01").await;
    assert!(!done && said.contains("no account is called a.nobody01"), "{said}");
    let (done, said) = house.run("audit verify").await;
    assert!(done && said.contains("0 seals") && said.contains("nothing was changed"), "{said}");
}

#[tokio::test]
async fn doctor_finds_what_is_broken_and_changes_nothing() {
    let house = TestInstallation::new();
    let (sound, text) = house.run("doctor").await;
    assert!(!sound && text.contains("WRONG  database") && text.contains("preau migrate"), "{text}");
    assert!(!house.folder.path().join("preau.db").exists(), "doctor made the database that it looked for");

    assert!(house.run("migrate").await.0);
    let (sound, text) = house.run("doctor").await;
    assert!(sound && !text.contains("WRONG") && text.lines().count() == 24, "{text}");

    // A Redis that is not running.
    let file = house.folder.path().join("preau.toml");
    let sound_text = std::fs::read_to_string(&file).unwrap();
    let away = house.folder.path().join("redis.sock");
    std::fs::write(&file, format!("{sound_text}[ephemeral]\nurl = \"unix:{}\"\n", away.display())).unwrap();
    let (sound, text) = house.run("doctor").await;
    assert!(!sound && text.contains("WRONG  ephemeral store: the ephemeral store does not answer"), "{text}");
    std::fs::write(&file, sound_text).unwrap();

    // A master key other than the database's.
    let key = house.folder.path().join("keys/master.key");
    let kept = std::fs::read(&key).unwrap();
    std::fs::remove_file(&key).unwrap();
    let (sound, text) = house.run("doctor").await;
    assert!(!sound && text.contains("WRONG  master key: ") && text.contains("restore it from its copy"), "{text}");
    assert!(!key.exists(), "doctor wrote a key");
    preau::crypto::write_new_master_key(&house.folder.path().join("keys"), &preau::base::rng::SystemRandom).unwrap();
    let (sound, text) = house.run("doctor").await;
    assert!(!sound && text.contains("do not belong together"), "{text}");
    assert!(!house.run("migrate").await.0, "nothing starts with another's key");
    let (done, text) = house.run("keys new-master").await;
    assert!(!done && text.contains("no new master key was written"), "{text}");
    std::fs::write(&key, kept).unwrap();

    std::fs::remove_file(house.folder.path().join("keys/bourses.secret")).unwrap();
    let (sound, text) = house.run("doctor").await;
    assert!(!sound && text.contains("WRONG  deployment's files") && text.contains("bourses.secret"), "{text}");
}

#[tokio::test]
async fn a_campaign_is_opened_closed_and_its_notices_are_listed() {
    let house = TestInstallation::new();
    assert!(house.run("migrate").await.0);
    let (done, text) = house.run("campaign open --uai 0349999j --days 3").await;
    assert!(done && text.starts_with("0349999J: open until "), "{text}");
    assert_eq!(house.run("campaign close --uai 0349999J").await, (true, "0349999J: closed\n".to_owned()));
    assert_eq!(house.run("campaign notices --uai 0349999J").await, (true, "0349999J: nothing to see to\n".to_owned()));
    let (done, text) = house.run("campaign open --uai 0341234X").await;
    assert!(!done && text.contains("is not declared"), "{text}");
    let (found, text) = house.run("doctor --code k7p-4mx").await;
    assert!(!found && text.contains("no activation and no notice has the code K7P-4MX"), "{text}");
}

#[tokio::test]
async fn clients_are_listed_shown_suspended_and_let_in_to_register() {
    let house = TestInstallation::new();
    assert!(house.run("migrate").await.0);
    let (done, text) = house.run("client list").await;
    assert!(done && text.lines().count() == 6 && text.contains("never used"), "{text}");
    assert_eq!(house.run("client suspend bourses").await, (true, "bourses: suspended\n".to_owned()));
    let (done, text) = house.run("client show bourses").await;
    assert!(done && text.contains("state       suspended") && text.contains("\"client_name\": \"Bourses\""), "{text}");
    assert!(!text.contains(&"s".repeat(43)), "a secret is shown");
    assert_eq!(house.run("client resume bourses").await, (true, "bourses: active\n".to_owned()));
    let (done, text) = house.run("client rotate-secret bourses").await;
    assert!(!done && text.contains("the file decides"), "{text}");
    let (done, text) = house.run("client settings bourses --program valeurs").await;
    assert!(done && text.starts_with("issuer ") && text.contains("client_secret           $PREAU_SECRET"), "{text}");
    let (done, text) = house.run("client settings nobody --program spring").await;
    assert!(!done && text == "there is no client nobody", "{text}");
    let (done, text) = house.run("client show nobody").await;
    assert!(!done && text == "there is no client nobody", "{text}");

    let (done, text) = house.run("client token new --academy montpellier --uses 3 --label essai").await;
    assert!(done && text.contains("3 uses until"), "{text}");
    let token = text.split(": ").nth(1).unwrap().split('\n').next().unwrap().to_owned();
    let (done, text) = house.run("client token list").await;
    assert!(done && text.contains("montpellier  asks      3 left until") && !text.contains(&token), "{text}");
    let id = text.split(' ').next().unwrap().to_owned();
    assert!(house.run(&format!("client token revoke {id}")).await.0);
    assert!(!house.run(&format!("client token revoke {id}")).await.0, "once");
    assert!(house.run("client token list").await.1.contains("revoked"));
    let (done, text) = house.run("client token new --academy nulle-part").await;
    assert!(!done && text.contains("academy nulle-part is not declared"), "{text}");
}

#[tokio::test]
async fn faults_d5_client_show_and_doctor_name_whose_codes_nothing_protects() {
    let house = TestInstallation::new();
    assert!(house.run("migrate").await.0);
    let (_, text) = house.run("client show bourses").await;
    assert!(
        text.contains("PKCE        demanded") && text.contains("client_secret_basic or client_secret_post"),
        "{text}"
    );
    assert!(!text.contains("neither PKCE nor nonce"), "{text}");
    let (sound, text) = house.run("doctor").await;
    assert!(sound && text.contains("ok     codes protected: every client sends PKCE or nonce"), "{text}");

    let day = 86_400_000;
    for (age, named) in [(day, true), (31 * day, false)] {
        let at = preau::base::clock::Clock::now(&preau::base::clock::SystemClock).0 - age;
        let db = preau::db::Db::open(&format!("sqlite:{}", house.folder.path().join("preau.db").display())).await;
        let db = db.unwrap();
        let mut tx = db.write(Durability::Durable).await.unwrap();
        let sql = "UPDATE client SET unprotected_at = $1 WHERE client_id = 'bourses'";
        tx.execute(sql, vec![at.into()]).await.unwrap();
        tx.commit().await.unwrap();
        db.close().await;
        let (_, text) = house.run("client show bourses").await;
        assert_eq!(text.contains("sent neither PKCE nor nonce, last on "), named, "{text}");
        let (sound, text) = house.run("doctor").await;
        assert!(sound, "nothing is wrong here: {text}");
        assert_eq!(text.contains("neither PKCE nor nonce from bourses: see `preau client show`"), named, "{text}");
    }
}

#[tokio::test]
async fn faults_f11_doctor_is_well_again_after_a_clock_that_was_wrong_once() {
    use preau::base::clock::{Clock as _, Span, SystemClock};
    let house = TestInstallation::new();
    assert!(house.run("migrate").await.0);
    let db = preau::db::Db::open(&format!("sqlite:{}", house.folder.path().join("preau.db").display())).await.unwrap();
    let ahead = SystemClock.now().plus(Span::days(30));
    db.record_time(ahead).await.unwrap();
    // A row written meanwhile keeps its time.
    let (rng, actor) = (&preau::base::rng::SystemRandom, &preau::base::actor::Actor::Job("test"));
    let op = preau::app::DatabaseOperation { db: &db, rng, now: ahead, actor, request_id: None, commits: None };
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let (fact, about) = (preau::audit::AuditEvent::ActivationStarted, preau::audit::AuditDetails::default());
    preau::audit::store::record(&mut tx, fact, about).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    let (sound, text) = house.run("doctor").await;
    assert!(!sound && text.contains("WRONG  clock: it says ") && text.contains("--clock-is-right"), "{text}");
    assert!(house.run("doctor --clock-is-right").await.0);
    let (sound, text) = house.run("doctor").await;
    assert!(sound && text.contains("ok     clock: "), "{text}");
}

#[tokio::test]
async fn signing_keys_are_listed_rotated_imported_and_revoked() {
    let house = TestInstallation::new();
    assert!(house.run("migrate").await.0);
    let (done, text) = house.run("keys list").await;
    assert!(done && text.lines().count() == 3, "{text}");
    assert!(text.lines().all(|line| line.contains("  active    since ") && line.contains("followed by another from ")));

    let (done, text) = house.run("keys rotate --alg ES256").await;
    assert!(done && text.starts_with("ES256  ") && text.contains("signs from "), "{text}");
    let (done, text) = house.run("keys rotate").await;
    assert!(!done && text.contains("ES256  not rotated: ES256 has an upcoming key already"), "{text}");
    let (_, text) = house.run("keys list").await;
    assert_eq!(text.lines().filter(|line| line.contains("  upcoming  ")).count(), 3, "{text}");
    assert_eq!(text.lines().filter(|line| line.contains("gives way to ")).count(), 3, "{text}");
    let (sound, text) = house.run("doctor").await;
    assert!(sound && text.contains("ok     signing keys: RS256 signs since "), "{text}");

    let lines = |text: &str, word: &str| -> Vec<String> {
        let found = text.lines().filter(|line| line.contains(word) && line.starts_with("ES256"));
        found.map(|line| line.split_whitespace().nth(1).unwrap().to_owned()).collect()
    };
    let (_, text) = house.run("keys list").await;
    let kid = lines(&text, "  active  ").remove(0);
    let (done, text) = house.run(&format!("keys retire --now {kid}")).await;
    assert!(done && text.contains("signs instead"), "{text}");
    let (_, text) = house.run("keys list").await;
    assert_eq!((lines(&text, "  active  ").len(), lines(&text, "  revoked  ").len()), (1, 2), "{text}");
    let (done, text) = house.run(&format!("keys retire --now {kid}")).await;
    assert!(!done && text.contains("is revoked already"), "{text}");

    let file = house.folder.path().join("key.json");
    let (jwk, imported) = preau::jose::generate(preau::jose::Alg::ES256).unwrap();
    std::fs::write(&file, jwk).unwrap();
    let import = format!("keys import --alg ES256 {}", file.display());
    let (done, text) = house.run(&import).await;
    assert!(done && text.contains(&imported) && text.contains("destroy "), "{text}");
    let (done, text) = house.run(&import.replace("ES256", "PS256")).await;
    assert!(!done && text.contains("not one for PS256"), "{text}");

    let db = preau::db::Db::open(&format!("sqlite:{}", house.folder.path().join("preau.db").display())).await.unwrap();
    let mut tx = db.write(Durability::Durable).await.unwrap();
    tx.execute("UPDATE signing_key SET since = 1 WHERE algorithm = 'RS256'", Vec::new()).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    let (sound, text) = house.run("doctor").await;
    assert!(!sound && text.contains("WRONG  signing keys: RS256 ") && text.contains("should sign by now"), "{text}");
}
