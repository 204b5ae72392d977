//! Every command: one that changes something is written to the audit with the operator who typed it, and one that reads
//! writes nothing there. The table is complete: the command line itself is asked for its commands.

use clap::CommandFactory as _;

use super::TestInstallation;
use super::letters::{PERSONS, PUPILS};
use preau::cli::Cli;
use preau::db::{AccessMode, Db, Durability};

/// What is tried elsewhere: servers, measures, other databases, a new file beside the database.
const ELSEWHERE: [&str; 6] = ["serve", "demo", "bench", "restore", "move", "keys new-master"];
/// A batch of letters, and a client that registered itself.
const BATCH: &str = "0123456789abcdef0123456789abcdef";
const CLIENT: &str = "atelier";

/// An installation with the commands that were tried on it.
struct Tried {
    house: TestInstallation,
    commands: Vec<String>,
    wrong: Vec<String>,
}

/// Returns the names of every command below one.
fn every_command(above: &clap::Command, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for one in above.get_subcommands() {
        let name = format!("{path}{}", one.get_name());
        if !one.is_subcommand_required_set() {
            found.push(name.clone());
        }
        found.extend(every_command(one, &format!("{name} ")));
    }
    found
}

/// Returns the name of the command that some words call.
fn name_of(words: &str) -> String {
    let (mut at, mut name) = (Cli::command(), Vec::new());
    for word in words.split(' ') {
        let Some(below) = at.find_subcommand(word).cloned() else { continue };
        name.push(below.get_name().to_owned());
        at = below;
    }
    name.join(" ")
}

impl Tried {
    fn url(&self) -> String {
        format!("sqlite:{}", self.house.folder.path().join("preau.db").display())
    }

    fn path(&self, name: &str) -> String {
        self.house.folder.path().join(name).display().to_string()
    }

    /// Returns the rows of the audit as `fact kind id`, in their order.
    async fn audit(&self) -> Vec<String> {
        if !self.house.folder.path().join("preau.db").exists() {
            return Vec::new();
        }
        let db = Db::open_with(&self.url(), AccessMode::ReadOnly).await.unwrap();
        let sql =
            "SELECT fact || ' ' || COALESCE(actor_kind, '-') || ' ' || COALESCE(actor_id, '-') FROM audit ORDER BY id";
        let rows: Vec<(String,)> = db.read().await.unwrap().fetch_all(sql, Vec::new()).await.unwrap();
        db.close().await;
        rows.into_iter().map(|(row,)| row).collect()
    }

    async fn execute_sql(&self, sql: &'static str) {
        let db = Db::open(&self.url()).await.unwrap();
        let mut tx = db.write(Durability::Durable).await.unwrap();
        assert!(tx.execute(sql, Vec::new()).await.unwrap() > 0, "{sql}");
        tx.commit().await.unwrap();
        db.close().await;
    }

    /// Runs a command; returns whether it was done, what it said, and the rows that it added to the audit.
    async fn try_command(&mut self, words: &str) -> (bool, String, Vec<String>) {
        let before = self.audit().await.len();
        let (done, said) = self.house.run(words).await;
        self.commands.push(name_of(words));
        (done, said, self.audit().await.split_off(before))
    }

    /// Runs a command that changes something: a row says what, and each one says that the operator did it.
    async fn changes(&mut self, words: &str, fact: &str) -> String {
        let (done, said, added) = self.try_command(words).await;
        let is_said = added.iter().any(|row| row.starts_with(&format!("{fact} ")));
        let is_whose = added.iter().all(|row| row.contains(" operator ") && !row.ends_with('-'));
        if !done || !is_said || !is_whose {
            self.wrong.push(format!("{words}: {added:?}: {said}"));
        }
        said
    }

    /// Runs a command that reads, and may end as a failure by what it finds.
    async fn looks(&mut self, words: &str) -> (bool, String) {
        let (done, said, added) = self.try_command(words).await;
        if !added.is_empty() || said.is_empty() {
            self.wrong.push(format!("{words}: {added:?}: {said}"));
        }
        (done, said)
    }

    /// Runs a command that reads.
    async fn reads(&mut self, words: &str) -> String {
        let (done, said) = self.looks(words).await;
        if !done {
            self.wrong.push(format!("{words}: {said}"));
        }
        said
    }
}

async fn try_schools(tried: &mut Tried) {
    let files = format!("{} {}", tried.path("eleves.xml"), tried.path("responsables.xml"));
    tried.changes(&format!("import --format siecle --academy montpellier {files}"), "roster_imported").await;
    tried.reads("import history").await;
    tried.changes("campaign open --uai 0349999J", "campaign_opened").await;
    tried.changes("campaign close --uai 0349999J", "campaign_closed").await;
    tried.changes("campaign reopen --uai 0349999J", "campaign_opened").await;
    tried.reads("campaign show --uai 0349999J").await;
    tried.reads("campaign notices --uai 0349999J").await;
    let out = tried.path("6a.pdf");
    tried
        .changes(&format!("letters --uai 0349999J --class 6A --for eleves --reason x --out {out}"), "letter_issued")
        .await;
    tried
        .execute_sql(
            "INSERT INTO letter_batch (id, uai, class, part, profile, printed_by, printed_at, reason, letters) \
             VALUES ('0123456789abcdef0123456789abcdef', '0349999J', '6 A', 'class', 'eleve', 'x', 1, 'x', 1)",
        )
        .await;
    tried.execute_sql("UPDATE letter SET batch_id = '0123456789abcdef0123456789abcdef'").await;
    tried.reads("letters batches").await;
    tried.changes(&format!("letters withdraw --batch {BATCH} --reason x"), "letter_batch_withdrawn").await;
}

async fn try_accounts(tried: &mut Tried) {
    tried
        .execute_sql(
            "INSERT INTO account (id, identifiant, stem, suffix, state, profile, given_name, family_name, \
             password, password_at, created_at, updated_at) \
             VALUES ('a', 'a.durand55', 'a.durand', '55', 'active', 'eleve', 'A', 'D', '$argon2id$x', 1, 1, 1)",
        )
        .await;
    tried.execute_sql("UPDATE pupil SET account_id = 'a', joined_at = 1").await;
    tried.execute_sql("INSERT INTO totp (id, account_id, secret, last_step, created_at, confirmed_at) VALUES ('t', 'a', 'x', 0, 1, 1)").await;
    let of = |act: &str| format!("account {act} a.durand55");
    tried.reads(&of("show")).await;
    tried.changes(&format!("{} --reason x", of("suspend")), "account_suspended").await;
    tried.changes(&format!("{} --reason x", of("resume")), "account_resumed").await;
    tried.changes(&format!("{} --reason x", of("end-sessions")), "sessions_ended").await;
    tried.changes(&format!("{} --reason x", of("remove-factors")), "factor_removed").await;
    tried.changes(&format!("{} --reason x", of("force-change")), "password_change_forced").await;
    let record = "--academy montpellier --eleve 900001 --reason x";
    tried.changes(&format!("{} {record}", of("detach-pupil")), "pupil_detached").await;
    tried.changes("import undo --academy montpellier", "roster_import_undone").await;
}

async fn try_clients(tried: &mut Tried) {
    tried
        .execute_sql(
            "INSERT INTO client (client_id, origin, state, metadata, updated_at) \
             SELECT 'atelier', 'registered', 'pending', metadata, updated_at FROM client WHERE client_id = 'bourses'",
        )
        .await;
    tried.reads("client list").await;
    tried.reads(&format!("client show {CLIENT}")).await;
    tried.changes(&format!("client approve {CLIENT} --version 1"), "client_changed").await;
    tried.changes(&format!("client suspend {CLIENT}"), "client_changed").await;
    tried.changes(&format!("client resume {CLIENT}"), "client_changed").await;
    tried.changes(&format!("client rotate-secret {CLIENT}"), "client_changed").await;
    // Nothing answers at the addresses of the client, and no server runs.
    tried.looks(&format!("client check {CLIENT}")).await;
    tried.reads(&format!("client settings {CLIENT} --program valeurs")).await;
    tried.changes("client token new --academy montpellier", "client_changed").await;
    let list = tried.reads("client token list").await;
    let id = list.split(' ').next().unwrap();
    tried.changes(&format!("client token revoke {id}"), "client_changed").await;
}

async fn try_keys(tried: &mut Tried) {
    let list = tried.reads("keys list").await;
    let kid =
        list.lines().find(|line| line.starts_with("ES256")).unwrap().split_whitespace().nth(1).unwrap().to_owned();
    tried.changes("keys rotate --alg RS256", "key_published").await;
    let (jwk, _) = preau::jose::generate(preau::jose::Alg::PS256).unwrap();
    std::fs::write(tried.path("key.json"), jwk).unwrap();
    let file = tried.path("key.json");
    tried.changes(&format!("keys import --alg PS256 {file}"), "key_imported").await;
    tried.changes(&format!("keys retire --now {kid}"), "key_revoked").await;
}

#[tokio::test]
async fn attack_p1_a_command_that_changes_something_says_who_typed_it_and_one_that_reads_says_nothing() {
    let mut tried = Tried { house: TestInstallation::with_own_deployment(), commands: Vec::new(), wrong: Vec::new() };
    std::fs::write(tried.path("eleves.xml"), PUPILS).unwrap();
    std::fs::write(tried.path("responsables.xml"), PERSONS).unwrap();
    tried.changes("migrate", "key_made").await;
    Box::pin(try_schools(&mut tried)).await;
    Box::pin(try_accounts(&mut tried)).await;
    Box::pin(try_clients(&mut tried)).await;
    Box::pin(try_keys(&mut tried)).await;
    let someone = "--email n@example.org";
    tried.changes(&format!("admin invite --role national {someone}"), "administrator_invited").await;
    tried.reads("admin list").await;
    tried.changes(&format!("admin revoke {someone}"), "administrator_role_ended").await;
    tried.reads("sms status").await;
    tried.changes("sms resume", "sms_resumed").await;
    tried.reads("audit export").await;
    tried.reads("audit verify").await;
    tried.looks("status").await;
    tried.looks("doctor").await;
    let out = tried.path("night.backup");
    tried.changes(&format!("backup --out {out}"), "backup_written").await;
    // A file of the deployment is a door too: the command that publishes it says so.
    let file = tried.house.client_file("bourses");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("Bourses", "Bourses et aides")).unwrap();
    tried.changes("migrate", "files_published").await;
    assert!(tried.wrong.is_empty(), "{}", tried.wrong.join("\n"));
    let is_elsewhere = |name: &String| ELSEWHERE.iter().any(|one| name == one || name.starts_with(&format!("{one} ")));
    let left: Vec<String> = every_command(&Cli::command(), "")
        .into_iter()
        .filter(|name| !is_elsewhere(name) && !tried.commands.contains(name))
        .collect();
    assert_eq!(left, Vec::<String>::new(), "commands that were not tried");
}

#[tokio::test]
async fn attack_p6_of_a_client_that_a_file_declares_a_command_suspends_and_changes_nothing_else() {
    let house = TestInstallation::new();
    assert!(house.run("migrate").await.0);
    let (done, said) = house.run("client rotate-secret bourses").await;
    assert!(!done && said.contains("the file decides"), "{said}");
    let (done, said) = house.run("client approve bourses --version 1").await;
    assert!(!done && said.contains("client bourses is active"), "{said}");
    for (order, state) in [("suspend", "suspended"), ("migrate", ""), ("resume", "active")] {
        if order == "migrate" {
            // The file is published again, and does not end the suspension.
            assert!(house.run("migrate").await.0);
            assert!(house.run("client show bourses").await.1.contains("state       suspended"));
            continue;
        }
        assert_eq!(house.run(&format!("client {order} bourses")).await, (true, format!("bourses: {state}\n")));
    }
}
