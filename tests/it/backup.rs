//! Backups while people activate their accounts, their way back, and the move to PostgreSQL: by the program itself,
//! beside a server that runs (docs/threats.md#faults-f10).

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use preau::db::{AccessMode, Db};

use crate::support::deployment::MONOD;
use crate::support::people::PASSWORD;
use crate::support::{Browser, TestFamily, TestServer, database};

/// Families of their own names and numbers.
fn families(count: u32) -> Vec<TestFamily> {
    let letter = |n: u32| char::from(b'A' + u8::try_from(n % 26).unwrap());
    (0..count)
        .map(|n| TestFamily {
            key: 510_000 + n,
            nom: format!("FAMILLE{}{}", letter(n / 26), letter(n)).leak(),
            prenom: "Camille",
            phone: format!("06 39 98 20 {n:02}").leak(),
            children: vec![(910_000 + n, "Zoé", "14/02/2013", "6 A")],
        })
        .collect()
}

/// An operator at the command line, with a configuration of their own.
struct Operator {
    folder: PathBuf,
}

impl Operator {
    /// Works on a database with the keys and files of a server.
    fn of(server: &TestServer, folder: &Path, url: &str) -> Self {
        fs::create_dir_all(folder).unwrap();
        let config = &server.app.config;
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\noperations = \"127.0.0.1:9\"\n[database]\nurl = \"{url}\"\n\
             [keys]\ndirectory = \"{}\"\n[deployment]\ndirectory = \"{}\"\n",
            config.keys.directory.display(),
            config.deployment.directory.display(),
        );
        fs::write(folder.join("preau.toml"), text).unwrap();
        Self { folder: folder.to_owned() }
    }

    /// Runs a command; returns true if done, and all that it said.
    fn run(&self, words: &[&str]) -> (bool, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_preau"))
            .arg("--config")
            .arg(self.folder.join("preau.toml"))
            .args(words)
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }
}

async fn text_rows(db: &Db, sql: &'static str) -> Vec<String> {
    let rows = db.read().await.unwrap().fetch_all::<(String,)>(sql, Vec::new()).await.unwrap();
    rows.into_iter().map(|(text,)| text).collect()
}

const ACTIVE: &str = "SELECT identifiant FROM account WHERE state = 'active' AND password IS NOT NULL ORDER BY 1";

async fn sign_in(server: &TestServer, identifiant: &str) {
    let mut browser = Browser::new(server);
    browser.open("/connexion").await;
    browser.sign_in_with(identifiant, PASSWORD).await;
    browser.follow().await;
    assert!(browser.has_session(), "{}", browser.page.visible_text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn faults_f10_a_backup_under_activations_has_all_that_was_acknowledged_and_comes_back() {
    let families = families(32);
    let server = TestServer::start_with_open_campaign(&families).await;
    let (before, during) = families.split_at(6);
    let mut acknowledged = Vec::new();
    for family in before {
        acknowledged.push(Browser::activated(&server, family).await);
    }
    let url = server.app.config.database.url.clone();
    let operator = Operator::of(&server, &server.folder().join("operator"), &url);
    let file = server.folder().join("night.backup").display().to_string();

    // Activations go on, one after the other, until the backup has ended.
    let (folder, out) = (operator.folder.clone(), file.clone());
    let backup = tokio::task::spawn_blocking(move || Operator { folder }.run(&["backup", "--out", &out]));
    let mut meanwhile = Vec::new();
    for family in during {
        meanwhile.push(Browser::activated(&server, family).await);
        if backup.is_finished() {
            break;
        }
    }
    let (done, said) = backup.await.unwrap();
    assert!(done && said.contains("sealed, read again"), "{said}");
    assert!(!meanwhile.is_empty());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let sealed = fs::read(&file).unwrap();
    for secret in ["FAMILLE", "SQLite format 3", "PGDMP"] {
        assert!(!sealed.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret} is readable");
    }
    let (done, said) = operator.run(&["backup", "--out", &file]);
    assert!(!done && said.contains("File exists"), "{said}");
    assert_eq!(fs::read(&file).unwrap(), sealed, "it was overwritten");

    // Into an empty database, once.
    let elsewhere = server.folder().join("elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    let mut restored = Box::pin(database::empty_database_url(&elsewhere)).await;
    if restored.starts_with("sqlite:") {
        restored = format!("sqlite:{}", elsewhere.join("deep/preau.db").display());
    }
    let other = Operator::of(&server, &elsewhere, &restored);
    let (done, said) = other.run(&["restore", "--check", &file]);
    assert!(done && said.contains("whole") && !elsewhere.join("deep").exists(), "{said}");
    let (done, said) = other.run(&["restore", &file]);
    assert!(done && said.contains("is restored"), "{said}");
    let (done, said) = other.run(&["restore", &file]);
    assert!(!done && (said.contains("is there: a backup") || said.contains("into an empty database only")), "{said}");

    let db = Db::open_with(&restored, AccessMode::ReadOnly).await.unwrap();
    let there = text_rows(&db, ACTIVE).await;
    for identifiant in &acknowledged {
        assert!(there.contains(identifiant), "{identifiant} was acknowledged before the backup began: {there:?}");
    }
    for identifiant in &there {
        assert!(acknowledged.contains(identifiant) || meanwhile.contains(identifiant), "{identifiant} is of nobody");
    }
    let halves =
        "SELECT a.identifiant FROM account a WHERE NOT EXISTS (SELECT 1 FROM person p WHERE p.account_id = a.id)";
    assert_eq!(text_rows(&db, halves).await, Vec::<String>::new(), "an account without its person: two moments");
    db.close().await;
    let again = server.restart_with_config(|config| config.database.url = restored).await;
    sign_in(&again, acknowledged.first().unwrap()).await;
}

#[tokio::test]
async fn faults_f10_a_backup_that_is_cut_altered_or_of_another_key_restores_nothing() {
    let server = TestServer::start().await;
    let url = server.app.config.database.url.clone();
    let operator = Operator::of(&server, &server.folder().join("operator"), &url);
    let at = |name: &str| server.folder().join(name).display().to_string();
    fs::write(at("pass"), "a passphrase that nobody guesses\n").unwrap();
    fs::write(at("short"), "password\n").unwrap();
    fs::write(at("wrong"), "another passphrase that nobody guesses\n").unwrap();
    let (done, said) = operator.run(&["backup", "--out", &at("x"), "--passphrase-file", &at("short")]);
    assert!(!done && said.contains("fewer than 20 characters") && !Path::new(&at("x")).exists(), "{said}");
    let (done, said) = operator.run(&["backup", "--out", &at("p"), "--passphrase-file", &at("pass")]);
    assert!(done, "{said}");
    let (done, said) = operator.run(&["restore", "--check", &at("p")]);
    assert!(!done && said.contains("--passphrase-file"), "{said}");
    let (done, said) = operator.run(&["restore", "--check", &at("p"), "--passphrase-file", &at("wrong")]);
    assert!(!done && said.contains("another key, or it was altered or cut"), "{said}");
    let (done, said) = operator.run(&["restore", "--check", &at("p"), "--passphrase-file", &at("pass")]);
    assert!(done, "{said}");

    let (done, said) = operator.run(&["backup", "--out", &at("m")]);
    assert!(done, "{said}");
    let whole = fs::read(at("m")).unwrap();
    let mut altered = whole.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    fs::write(at("altered"), altered).unwrap();
    fs::write(at("cut"), &whole[..whole.len() - 1_000]).unwrap();
    let target = server.folder().join("target");
    fs::create_dir_all(&target).unwrap();
    let restored = Box::pin(database::empty_database_url(&target)).await;
    let other = Operator::of(&server, &target, &restored);
    for name in ["altered", "cut", "pass"] {
        let (done, said) = other.run(&["restore", &at(name)]);
        assert!(!done && (said.contains("altered or cut") || said.contains("no archive")), "{name}: {said}");
        assert!(!target.join("empty.db").exists() && !target.join("empty.db.restoring").exists(), "{name}");
    }
    if database::postgres().is_some() {
        let db = Db::open(&restored).await.unwrap();
        assert_eq!(db.count_tables().await.unwrap(), 0);
        db.close().await;
    }
}

#[tokio::test]
async fn an_sqlite_database_moves_to_postgresql_whole_or_not_at_all() {
    if database::postgres().is_none() {
        return;
    }
    let server = TestServer::start_with_config(|config| {
        let file = config.keys.directory.parent().unwrap().join("school/preau.db");
        config.database.url = format!("sqlite:{}", file.display());
    })
    .await;
    let families = families(4);
    server.import_families("montpellier", MONOD, &families).await;
    server.open_campaign(MONOD).await;
    let mut identifiants = Vec::new();
    for family in &families {
        identifiants.push(Browser::activated(&server, family).await);
    }
    let url = server.app.config.database.url.clone();
    let operator = Operator::of(&server, &server.folder().join("operator"), &url);
    let target = Box::pin(database::empty_database_url(server.folder())).await;
    let (done, said) = operator.run(&["move", "--to", "sqlite:elsewhere.db"]);
    assert!(!done && said.contains("postgres://"), "{said}");

    // One row that is there already, and nothing is moved.
    let db = Db::open(&target).await.unwrap();
    db.migrate().await.unwrap();
    let mut tx = db.write(preau::db::Durability::Durable).await.unwrap();
    let sql = "INSERT INTO academy (id, code, name) VALUES ('x', '99', 'X')";
    tx.execute(sql, Vec::new()).await.unwrap();
    tx.commit().await.unwrap();
    let file = server.folder().join("target.url");
    fs::write(&file, format!("{target}\n")).unwrap();
    let file = file.display().to_string();
    let (done, said) = operator.run(&["move", "--to", "postgres://u@localhost/x?password=p"]);
    assert!(!done && said.contains("--to-file"), "{said}");
    let (done, said) = operator.run(&["move", "--to-file", &file]);
    assert!(!done && said.contains("academy of the target has rows"), "{said}");
    assert_eq!(text_rows(&db, "SELECT id FROM person").await, Vec::<String>::new());
    let mut tx = db.write(preau::db::Durability::Durable).await.unwrap();
    tx.execute("DELETE FROM academy", Vec::new()).await.unwrap();
    // PostgreSQL fails to learn the figures of a table, when it has everything already.
    let function = "CREATE FUNCTION without_figures(code TEXT) RETURNS TEXT IMMUTABLE LANGUAGE plpgsql AS 'BEGIN \
                    IF current_query() = ''ANALYZE'' THEN RAISE EXCEPTION ''no figures''; END IF; RETURN code; END'";
    tx.execute(function, Vec::new()).await.unwrap();
    tx.execute("CREATE INDEX without_figures ON academy (without_figures(code))", Vec::new()).await.unwrap();
    tx.commit().await.unwrap();

    let (done, said) = operator.run(&["move", "--to-file", &file]);
    assert!(done && said.contains("each was read back, with the same number and digest"), "{said}");
    assert!(said.contains("warning: run ANALYZE in the new database") && said.contains("no figures"), "{said}");
    for table in ["person ", "pupil ", "account ", "link ", "audit ", "signing_key ", "seal_check "] {
        assert!(said.lines().any(|line| line.starts_with(table)), "{table}: {said}");
    }
    for sql in [
        ACTIVE,
        "SELECT id || ' ' || COALESCE(phone, '-') || ' ' || COALESCE(usage_name, '-') FROM person ORDER BY 1",
        "SELECT id || ' ' || fact FROM audit ORDER BY 1",
    ] {
        let (from, to) = (text_rows(&server.app.db, sql).await, text_rows(&db, sql).await);
        assert!(!from.is_empty());
        assert_eq!(from, to, "{sql}");
    }
    db.close().await;
    let moved = server.restart_with_config(|config| config.database.url = target.clone()).await;
    for identifiant in &identifiants {
        sign_in(&moved, identifiant).await;
    }
    let (done, said) = operator.run(&["move", "--to-file", &file]);
    assert!(!done && said.contains("was moved to PostgreSQL"), "{said}");
    // No server starts with it, and doctor says so too.
    let (sound, said) = operator.run(&["doctor"]);
    let wrong = said.lines().find(|line| line.contains("WRONG  database: "));
    assert!(!sound && wrong.is_some_and(|line| line.contains("was moved to PostgreSQL")), "{said}");
}

impl Browser {
    /// Activates the account of a family in a browser of its own. Returns the identifiant.
    async fn activated(server: &TestServer, family: &TestFamily) -> String {
        let mut browser = Browser::at_activation(server).await;
        browser.activate(server, family).await
    }
}
