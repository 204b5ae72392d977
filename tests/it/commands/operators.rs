//! What the person on call types: the exit codes for monitoring, the screen, a backup and its way back.

use std::fs;

use clap::Parser as _;

use super::TestInstallation;
use preau::cli::{Cli, execute};
use preau::db::{AccessMode, Db, Durability};

impl TestInstallation {
    /// Runs a command. Returns the exit code, and the output.
    async fn exit_code(&self, words: &str) -> (u8, String) {
        let file = self.folder.path().join("preau.toml").display().to_string();
        let line = ["preau", "--config", &file].into_iter().chain(words.split(' '));
        let mut out = Vec::new();
        let code = Box::pin(execute(Cli::try_parse_from(line).unwrap(), &mut out)).await.unwrap();
        (code, String::from_utf8(out).unwrap())
    }
}

#[tokio::test]
async fn doctor_ends_as_a_plugin_of_nagios_does() {
    let house = TestInstallation::with_own_deployment();
    let level = |said: &str| serde_json::from_str::<serde_json::Value>(said).unwrap();
    let (code, said) = house.exit_code("doctor --json").await;
    let told = level(&said);
    assert!(code == 2 && told["level"] == "critical" && told["version"] == 1, "{said}");
    assert!(said.starts_with("{\"version\":1,\"level\":\"critical\",\"summary\":\"") && said.lines().count() == 1);
    assert!(told["summary"].as_str().unwrap().contains("database: "), "{said}");

    assert!(house.run("migrate").await.0);
    let (code, said) = house.exit_code("doctor --json").await;
    assert!(code == 0 && level(&said)["level"] == "ok", "{said}");

    // A broken file of one client: nobody else notices.
    fs::write(house.client_file("bourses"), "client_id = \"bourses\"\nnonsense = 1\n").unwrap();
    let (code, said) = house.exit_code("doctor --json").await;
    let told = level(&said);
    assert!(code == 1 && told["level"] == "warning", "{said}");
    assert!(told["checks"].as_array().unwrap().iter().any(|check| check["level"] == "warning"), "{said}");
    let (code, said) = house.exit_code("doctor").await;
    assert!(code == 1 && said.contains("WRONG  deployment's files: "), "{said}");

    let file = house.folder.path().join("preau.toml");
    let sound = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{sound}\n[nonsense]\n")).unwrap();
    let (code, said) = house.exit_code("doctor --json").await;
    let told = level(&said);
    assert!(code == 3 && told["level"] == "unknown" && told["sound"] == false, "{said}");
}

#[tokio::test]
async fn status_is_one_screen_and_says_that_no_server_answers() {
    let house = TestInstallation::new();
    assert!(house.run("migrate").await.0);
    let (done, said) = house.run("status").await;
    assert!(!done, "no server runs: {said}");
    let lines: Vec<&str> = said.lines().collect();
    let firsts: Vec<&str> = lines.iter().filter_map(|line| line.split_whitespace().next()).collect();
    let expected =
        ["preau", "server", "database", "accounts", "campaigns", "imports", "messages", "sign-outs", "backup", "keys"];
    assert_eq!(firsts, expected, "{said}");
    for words in
        ["none answers on", "none yet", "0 schools open", "0 wait; 0 of 20000 SMS of the day", "RS256 for 0 min"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
}

/// Runs a statement in the database of an installation.
async fn execute_sql(house: &TestInstallation, sql: &'static str) {
    let db = Db::open(&format!("sqlite:{}", house.folder.path().join("preau.db").display())).await.unwrap();
    let mut tx = db.write(Durability::Durable).await.unwrap();
    tx.execute(sql, Vec::new()).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
}

async fn text_of(house: &TestInstallation, sql: &'static str) -> String {
    let url = format!("sqlite:{}", house.folder.path().join("preau.db").display());
    let db = Db::open_with(&url, AccessMode::ReadOnly).await.unwrap();
    let (text,) = db.read().await.unwrap().fetch_one::<(String,)>(sql, Vec::new()).await.unwrap();
    db.close().await;
    text
}

#[tokio::test]
async fn fault_rt15_a_restored_database_sends_nothing_again_and_revives_nothing() {
    let house = TestInstallation::new();
    assert!(house.run("migrate").await.0);
    for sql in [
        "INSERT INTO account (id, identifiant, stem, suffix, state, profile, given_name, family_name, created_at, \
         updated_at) VALUES ('a', 'a.durand55', 'a.durand', '55', 'active', 'parent', 'A', 'D', 1, 1)",
        "INSERT INTO session (id, account_id, authenticated_at, amr, seen_at) VALUES ('s', 'a', 1, 'pwd', 1)",
        "INSERT INTO session_client (session_id, client_id, sid, generation, created_at) VALUES ('s', 'c', 'x', 1, 1)",
        "INSERT INTO refresh_family (id, account_id, client_id, details, generation, turned_at, access_generation, \
         created_at, expires_at) VALUES ('f', 'a', 'c', '{}', 1, 1, 1, 1, 9000000000000)",
        "INSERT INTO outbox (id, kind, body, state, attempts, created_at, due_at) \
         VALUES ('o', 'sms', 'sealed', 'waiting', 0, 1, 1)",
        "INSERT INTO logout_delivery (id, client_id, sid, state, attempts, created_at) \
         VALUES ('l', 'c', 'x', 'waiting', 0, 1)",
    ] {
        execute_sql(&house, sql).await;
    }
    let file = house.folder.path().join("night.backup");
    assert!(house.run(&format!("backup --out {}", file.display())).await.0);
    for (sql, before) in [
        ("SELECT state || ' ' || body FROM outbox", "waiting sealed"),
        ("SELECT state FROM logout_delivery", "waiting"),
    ] {
        assert_eq!(text_of(&house, sql).await, before, "{sql}");
    }
    // Revoked after the backup.
    execute_sql(&house, "UPDATE session SET ended_at = 2").await;
    for end in ["", "-wal", "-shm"] {
        let _gone = fs::remove_file(house.folder.path().join(format!("preau.db{end}")));
    }
    let (done, said) = house.run(&format!("restore {}", file.display())).await;
    assert!(done && said.contains("`keys list`"), "{said}");
    for (sql, after) in [
        ("SELECT state || ' ' || COALESCE(body, 'wiped') || ' ' || (done_at IS NOT NULL) FROM outbox", "dead wiped 1"),
        ("SELECT state FROM logout_delivery", "given_up"),
        ("SELECT COUNT(*) || '' FROM session WHERE ended_at IS NULL", "0"),
        ("SELECT COUNT(*) || '' FROM refresh_family WHERE ended_at IS NULL OR access_generation < 1000", "0"),
        ("SELECT COUNT(*) || '' FROM session_client WHERE generation < 1000", "0"),
        (
            "SELECT actor_kind || ' ' || detail FROM audit WHERE fact = 'restored'",
            "operator 1 messages, 1 sessions, 1 refresh families",
        ),
    ] {
        assert_eq!(text_of(&house, sql).await, after, "{sql}");
    }
    for end in ["-wal", "-shm", ".restoring", ".restoring-wal", ".restoring-shm"] {
        assert!(!house.folder.path().join(format!("preau.db{end}")).exists(), "{end} stayed");
    }
}

#[tokio::test]
async fn faults_f10_a_backup_comes_back_in_an_empty_place_only() {
    let house = TestInstallation::new();
    assert!(house.run("migrate").await.0);
    let (database, file) = (house.folder.path().join("preau.db"), house.folder.path().join("night.backup"));
    let before = house.run("keys list").await.1;
    let (done, said) = house.run(&format!("backup --out {}", file.display())).await;
    assert!(done && said.contains("sealed, read again"), "{said}");
    assert!(!house.folder.path().join("preau.db.copying").exists(), "the readable copy stayed");
    let (_, status) = house.run("status").await;
    assert!(status.contains("backup      0 min ago"), "{status}");
    let (_, audit) = house.run("audit export").await;
    assert!(audit.contains("\"fact\":\"backup_written\"") && audit.contains("\"actor_kind\":\"operator\""), "{audit}");
    let (done, said) = house.run(&format!("restore {}", file.display())).await;
    assert!(!done && said.contains("preau.db is there: a backup is restored where nothing is"), "{said}");
    fs::remove_file(&database).unwrap();
    for end in ["-wal", "-shm"] {
        // They are there only while somebody has the database open.
        let _gone = fs::remove_file(format!("{}{end}", database.display()));
    }
    // The journal of another database would be played into this one.
    let journal = house.folder.path().join("preau.db-journal");
    fs::write(&journal, "").unwrap();
    let (done, said) = house.run(&format!("restore {}", file.display())).await;
    assert!(!done && said.contains("preau.db-journal is there"), "{said}");
    fs::remove_file(journal).unwrap();
    let (done, said) = house.run(&format!("restore {}", file.display())).await;
    assert!(done && said.contains("is restored") && said.contains("`preau doctor`"), "{said}");
    assert_eq!(house.run("keys list").await.1, before);
    let (done, said) = house.run("doctor").await;
    assert!(done, "{said}");

    // Another master key: nothing is sealed under a key that does not open this database.
    fs::remove_file(house.folder.path().join("keys/master.key")).unwrap();
    let aside = house.folder.path().join("aside.db");
    fs::rename(&database, &aside).unwrap();
    assert!(house.run("keys new-master").await.0);
    fs::rename(&aside, &database).unwrap();
    let other = house.folder.path().join("other.backup");
    let (done, said) = house.run(&format!("backup --out {}", other.display())).await;
    assert!(!done && said.contains("is not the one that this database was sealed with") && !other.exists(), "{said}");

    // The file says under which one it was sealed.
    fs::remove_file(&database).unwrap();
    let (done, said) = house.run(&format!("restore {}", file.display())).await;
    assert!(!done && said.contains("it was sealed under the master key "), "{said}");
    assert!(!database.exists());
}
