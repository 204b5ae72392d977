//! The commands that write, and the precedence of deployment files (docs/threats.md#faults-f2, #faults-f3, #faults-f4,
//! #faults-f9).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::TestInstallation;
use preau::base::secret::sha256_base64url;
use preau::bootstrap::{self, Dependencies};
use preau::config::Config;
use preau::db::{Db, Durability};

/// Returns every file below a folder with its content, except SQLite's auxiliary files of an open database.
fn folder_contents(folder: &Path) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            out.extend(folder_contents(&path));
        } else if !path.display().to_string().ends_with("-shm") && fs::metadata(&path).unwrap().len() > 0 {
            out.insert(path.display().to_string(), sha256_base64url(&format!("{:?}", fs::read(&path).unwrap())));
        }
    }
    out
}

impl TestInstallation {
    async fn texts(&self, sql: &'static str) -> Vec<String> {
        let db = self.db().await;
        let rows = db.read().await.unwrap().fetch_all::<(String,)>(sql, Vec::new()).await.unwrap();
        db.close().await;
        rows.into_iter().map(|(text,)| text).collect()
    }

    async fn execute(&self, sql: &'static str) {
        let db = self.db().await;
        let mut tx = db.write(Durability::Durable).await.unwrap();
        tx.execute(sql, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        db.close().await;
    }

    async fn db(&self) -> Db {
        Db::open(&format!("sqlite:{}", self.folder.path().join("preau.db").display())).await.unwrap()
    }

    /// Starts a server as `serve` does, and closes the server.
    async fn start(&self) -> anyhow::Result<()> {
        let config = Config::load(Some(&self.folder.path().join("preau.toml"))).unwrap();
        let app = Box::pin(bootstrap::build_app(config, Dependencies::production(), |_| {})).await?;
        app.db.close().await;
        Ok(())
    }

    async fn client_states(&self) -> Vec<String> {
        self.texts("SELECT client_id || ' ' || state FROM client ORDER BY 1").await
    }
}

const PUBLISHING_COMMANDS: [&str; 6] = [
    "bourses active",
    "mon-ent-agents active",
    "mon-ent-agricole active",
    "mon-ent-mer active",
    "mon-ent-montpellier active",
    "mon-ent-toulouse active",
];

const READ_ONLY_COMMANDS: [&str; 7] = [
    "client list",
    "client show bourses",
    "client token list",
    "campaign notices --uai 0349999J",
    "keys list",
    "sms status",
    "doctor",
];

#[tokio::test]
async fn faults_f2_commands_that_read_only_read() {
    let house = TestInstallation::with_own_deployment();
    let empty = folder_contents(house.folder.path());
    for words in READ_ONLY_COMMANDS {
        let (done, text) = house.run(words).await;
        assert!(!done && text.contains("preau migrate"), "{words}: {text}");
        assert_eq!(folder_contents(house.folder.path()), empty, "{words} made something");
    }
    assert!(house.run("migrate").await.0);
    // A changed file and a deleted file: reading commands publish neither.
    let file = house.client_file("bourses");
    fs::write(&file, fs::read_to_string(&file).unwrap().replace("\"Bourses\"", "\"Autres bourses\"")).unwrap();
    fs::remove_file(house.client_file("mon-ent-mer")).unwrap();
    let before = folder_contents(house.folder.path());
    for words in READ_ONLY_COMMANDS {
        let (done, text) = house.run(words).await;
        assert!(done || words == "doctor", "{words}: {text}");
        assert!(!text.contains("Autres bourses"), "{words}: {text}");
        assert_eq!(folder_contents(house.folder.path()), before, "{words} wrote something");
    }
    assert!(house.run("doctor").await.1.contains("WRONG  deployment: these files are not published yet"));

    house.execute("DELETE FROM _sqlx_migrations WHERE version = 12").await;
    for words in READ_ONLY_COMMANDS.into_iter().chain(["client suspend bourses", "campaign close --uai 0349999J"]) {
        let (done, text) = house.run(words).await;
        assert!(!done && text.contains("preau migrate"), "{words}: {text}");
    }
}

#[tokio::test]
async fn faults_f2_a_folder_that_is_not_mounted_ends_nobody() {
    let house = TestInstallation::with_own_deployment();
    assert!(house.run("migrate").await.0);
    assert_eq!(house.client_states().await, PUBLISHING_COMMANDS);
    let (there, aside) = (house.folder.path().join("deployment/clients"), house.folder.path().join("aside"));
    fs::rename(&there, &aside).unwrap();
    let (done, text) = house.run("migrate").await;
    assert!(!done && text.contains("end 6 of 6 relying parties (bourses, mon-ent-"), "{text}");
    assert!(text.contains("preau migrate --accept"), "{text}");
    house.start().await.unwrap();
    assert_eq!(house.client_states().await, PUBLISHING_COMMANDS, "a server serves with what was published");
    assert!(house.run("doctor").await.1.contains("WRONG  deployment: these files end 6 of 6"));
    // An empty folder is refused likewise; one of six clients may be removed.
    fs::create_dir(&there).unwrap();
    house.start().await.unwrap();
    assert_eq!(house.client_states().await, PUBLISHING_COMMANDS);
    fs::remove_dir(&there).unwrap();
    fs::rename(&aside, &there).unwrap();
    fs::remove_file(house.client_file("bourses")).unwrap();
    house.start().await.unwrap();
    assert_eq!(house.client_states().await[0], "bourses gone");
    fs::remove_file(house.client_file("mon-ent-agents")).unwrap();
    fs::remove_file(house.client_file("mon-ent-mer")).unwrap();
    assert!(!house.run("migrate").await.0, "two of five are more than a fifth");
    let (done, text) = house.run("migrate --accept").await;
    assert!(done && text.contains("mon-ent-mer: ended: its file is gone"), "{text}");
    assert_eq!(house.client_states().await[3], "mon-ent-mer gone");
    let facts =
        house.texts("SELECT client_id || ': ' || detail FROM audit WHERE fact = 'client_changed' ORDER BY id").await;
    assert_eq!(facts.iter().filter(|f| f.ends_with("declared by its file")).count(), 6, "{facts:?}");
    let ended = ["bourses", "mon-ent-agents", "mon-ent-mer"].map(|client| format!("{client}: ended: its file is gone"));
    let mut last = facts[6..].to_vec();
    last.sort();
    assert_eq!(last, ended);
}

#[tokio::test]
async fn faults_f2_a_server_with_older_files_says_so_and_does_not_win() {
    let house = TestInstallation::with_own_deployment();
    let file = house.client_file("bourses");
    let aged = |text: &str, age: u64| {
        fs::write(&file, text).unwrap();
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 - age);
        fs::File::options().write(true).open(&file).unwrap().set_modified(at).unwrap();
    };
    let names = async || house.texts("SELECT metadata FROM client WHERE client_id = 'bourses'").await.remove(0);
    let old = fs::read_to_string(&file).unwrap();
    let new = old.replace("\"Bourses\"", "\"Autres bourses\"");
    house.set_file_ages(1_000);
    aged(&old, 900);
    house.start().await.unwrap();
    aged(&new, 800);
    house.start().await.unwrap();
    assert!(names().await.contains("Autres bourses"));
    let changed = house.texts("SELECT detail FROM audit WHERE client_id = 'bourses' ORDER BY id").await;
    assert_eq!(changed, ["declared by its file", "changed by its file"]);

    // The other machine restarts repeatedly.
    aged(&old, 900);
    for _ in 0..2 {
        house.start().await.unwrap();
        assert!(names().await.contains("Autres bourses"));
    }
    let (sound, text) = house.run("doctor").await;
    assert!(!sound && text.contains("WRONG  deployment: these files were published "), "{text}");
    let (done, text) = house.run("migrate").await;
    assert!(!done && text.contains("older, and do not count") && text.contains("preau migrate --accept"), "{text}");
    // Going back on purpose: with --accept, or by newer files.
    assert!(house.run("migrate --accept").await.0);
    assert!(!names().await.contains("Autres bourses"));
    aged(&new, 700);
    assert!(house.run("migrate").await.0);
    assert!(names().await.contains("Autres bourses"));
    assert_eq!(
        house.texts("SELECT CAST(revision AS TEXT) FROM publication ORDER BY revision").await,
        ["1", "2", "3", "4"]
    );
}

#[tokio::test]
async fn faults_f3_one_bad_file_stops_nothing_and_its_client_stays_as_it_was() {
    let house = TestInstallation::with_own_deployment();
    assert!(house.run("migrate").await.0);
    let file = house.client_file("bourses");
    let good = fs::read_to_string(&file).unwrap();
    let other = house.client_file("mon-ent-mer");
    for (n, (bad, word)) in [
        (good.replace("sector =", "sektor ="), "sektor"),
        (good.replace("redirect_uris = [", "redirect_uris = [\"javascript:x\", "), "redirect_uri"),
        (
            good.replace("client_secret_file = \"bourses.secret\"", "client_secret_file = \"nowhere.secret\""),
            "nowhere.secret",
        ),
        ("client_id = [".to_owned(), "bourses.toml"),
        (String::new(), "bourses.toml"),
    ]
    .into_iter()
    .enumerate()
    {
        assert_ne!(bad, good, "{word}");
        fs::write(&file, &bad).unwrap();
        // Other changes are published all the same.
        let text = fs::read_to_string(&other).unwrap();
        let name = format!("client_name = \"La mer {n}\"");
        let renamed: Vec<&str> =
            text.lines().map(|line| if line.starts_with("client_name") { name.as_str() } else { line }).collect();
        fs::write(&other, renamed.join("\n")).unwrap();
        let (done, text) = house.run("migrate").await;
        assert!(!done && text.contains("WRONG  clients/bourses.toml: ") && text.contains(word), "{word}: {text}");
        house.start().await.unwrap();
        assert_eq!(house.client_states().await, PUBLISHING_COMMANDS, "{word}");
        let all =
            house.texts("SELECT metadata FROM client WHERE client_id IN ('bourses', 'mon-ent-mer') ORDER BY client_id");
        let all = all.await;
        assert!(all[0].contains("\"Bourses\"") && all[1].contains(&format!("La mer {n}")), "{word}: {all:?}");
        let (sound, text) = house.run("doctor").await;
        let line = text.lines().find(|line| line.starts_with("WRONG") && line.contains("clients/bourses.toml"));
        assert!(!sound && line.is_some_and(|l| l.contains("stays as it was published")), "{word}: {text}");
    }
    // One id in two files: neither counts, and both are reported.
    fs::write(&file, &good).unwrap();
    fs::write(house.client_file("zweites"), &good).unwrap();
    let (done, text) = house.run("migrate").await;
    for words in [
        "clients/bourses.toml: bourses: client_id bourses stands in clients/zweites.toml too",
        "clients/zweites.toml: bourses: client_id",
    ] {
        assert!(!done && text.contains(words), "{text}");
    }
    assert_eq!(house.client_states().await, PUBLISHING_COMMANDS);
    fs::remove_file(house.client_file("zweites")).unwrap();
    assert!(house.run("migrate").await.0);
    let (sound, text) = house.run("doctor").await;
    assert!(sound, "{text}");
}

#[tokio::test]
async fn faults_f4_a_lost_key_is_restored_and_not_drawn_anew() {
    let house = TestInstallation::with_own_deployment();
    assert!(house.run("migrate").await.0);
    let key = house.folder.path().join("keys/master.key");
    fs::remove_file(&key).unwrap();
    for words in ["migrate", "doctor", "keys new-master", "client suspend bourses"] {
        let (done, text) = house.run(words).await;
        assert!(!done && text.contains("restore"), "{words}: {text}");
        assert!(!text.contains("new-master` writes"), "{words}: {text}");
        assert!(!key.exists(), "{words}");
    }
    assert!(house.start().await.is_err());
}

#[tokio::test]
async fn faults_f4_no_key_is_drawn_beside_a_database_that_cannot_be_asked() {
    let house = TestInstallation::with_own_deployment();
    assert!(house.run("migrate").await.0);
    let at = |name: &str| house.folder.path().join(name);
    let (key, database, configuration) = (at("keys/master.key"), at("preau.db"), at("preau.toml"));
    fs::remove_file(&key).unwrap();
    let refused = async |words: &str| {
        let (done, text) = house.run("keys new-master").await;
        assert!(!done && text.contains("no new master key was written") && text.contains(words), "{words}: {text}");
        assert!(!key.exists(), "{words}");
    };
    // Of an older release: what is sealed in it is sealed all the same.
    house.execute("DELETE FROM _sqlx_migrations WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)").await;
    refused("restore master.key").await;

    let unknown = "cannot tell whether something is sealed already: database ";
    let kept = fs::read(&database).unwrap();
    fs::write(&database, "x".repeat(10_000)).unwrap();
    refused(unknown).await;
    fs::write(&database, kept).unwrap();
    let text = fs::read_to_string(&configuration).unwrap();
    let away = text.replace(&format!("sqlite:{}", database.display()), "postgres://u@127.0.0.1:1/preau");
    assert_ne!(away, text);
    fs::write(&configuration, away).unwrap();
    refused(unknown).await;
    fs::write(&configuration, text).unwrap();

    // A file without a table has nothing that is sealed.
    fs::write(&database, "").unwrap();
    let (done, text) = house.run("keys new-master").await;
    assert!(done && key.exists(), "{text}");
}

#[tokio::test]
async fn faults_f9_a_server_restarts_after_a_newer_one_has_migrated() {
    let house = TestInstallation::with_own_deployment();
    assert!(house.run("migrate").await.0);
    house.execute("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', TRUE, x'00', 1)").await;
    house.execute("ALTER TABLE client ADD COLUMN later TEXT").await;
    house.start().await.unwrap();
    assert!(house.run("client list").await.0);
    assert!(house.run("migrate").await.0);
    let (sound, text) = house.run("doctor").await;
    assert!(sound && text.contains("; 1 more of a newer version"), "{text}");
    // A missing migration of this version is reported.
    house.execute("DELETE FROM _sqlx_migrations WHERE version = 12").await;
    let (sound, text) = house.run("doctor").await;
    assert!(!sound && text.contains("WRONG  migrations: ") && text.contains("run `preau migrate`"), "{text}");
}
