//! What the person on call types: the exit codes for monitoring, the screen, a backup and its way back.

use std::fs;

use clap::Parser as _;

use super::TestInstallation;
use crate::cli::{Cli, execute};

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
    let (done, said) = house.run(&format!("restore {}", file.display())).await;
    assert!(done && said.contains("is restored") && said.contains("`preau doctor`"), "{said}");
    assert_eq!(house.run("keys list").await.1, before);
    let (done, said) = house.run("doctor").await;
    assert!(done, "{said}");

    // Another master key: the file says under which one it was sealed.
    fs::remove_file(house.folder.path().join("keys/master.key")).unwrap();
    fs::remove_file(&database).unwrap();
    assert!(house.run("keys new-master").await.0);
    let (done, said) = house.run(&format!("restore {}", file.display())).await;
    assert!(!done && said.contains("it was sealed under the master key "), "{said}");
    assert!(!database.exists());
}
