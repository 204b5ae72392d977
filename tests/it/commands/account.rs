//! `preau account`, on a database with one account.

use super::TestInstallation;
use preau::accounts::{self, Account};
use preau::base::actor::Actor;
use preau::base::profile::Profile;
use preau::bootstrap::{self, Dependencies};
use preau::config::Config;
use preau::db::{AccessMode, Durability};

/// An installation with one account that has a password, which nobody knows.
async fn with_account() -> (TestInstallation, Account) {
    let house = TestInstallation::new();
    assert!(house.run("migrate").await.0);
    let config = Config::load(Some(&house.folder.path().join("preau.toml"))).unwrap();
    let around = Dependencies::production().by(Actor::Operator("test".to_owned()));
    let db = bootstrap::open_existing_database(&config, AccessMode::ReadWrite).await.unwrap();
    let mut tx = around.operation(&db).write(Durability::Durable).await.unwrap();
    let made = accounts::ops::create_account(&mut tx, Profile::Responsable, "Anne", "DURAND", None).await.unwrap();
    assert!(accounts::store::set_password(&mut tx, &made.id, "$argon2id$unusable").await.unwrap());
    tx.commit().await.unwrap();
    db.close().await;
    (house, made)
}

#[tokio::test]
async fn an_account_is_suspended_and_resumed_and_its_sessions_end() {
    let (house, account) = with_account().await;
    let name = account.identifiant;
    let (done, text) = house.run(&format!("account suspend {name} --reason vol")).await;
    assert_eq!((done, text), (true, format!("{name}: suspended; 0 sessions ended, 0 devices forgotten\n")));
    let (done, text) = house.run(&format!("account suspend {name} --reason vol")).await;
    assert!(!done && text.contains("suspended already, by the operator"), "{text}");
    let (done, text) = house.run(&format!("account resume {name} --reason retrouvé")).await;
    assert_eq!((done, text), (true, format!("{name}: active\n")));
    let (done, text) = house.run(&format!("account end-sessions {name} --reason x --forget-devices")).await;
    assert_eq!((done, text), (true, format!("{name}: 0 sessions ended, 0 devices forgotten\n")));
    let (done, text) = house.run("account end-sessions a.nobody01 --reason x").await;
    assert!(!done && text.contains("no account is called a.nobody01"), "{text}");
    let (_, audit) = house.run(&format!("audit export --account {name}")).await;
    let reasons: Vec<_> = audit
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter_map(|event| event["reason"].as_str().map(str::to_owned))
        .collect();
    assert_eq!(reasons, ["vol", "vol", "retrouvé", "x", "x"], "{audit}");
}

#[tokio::test]
async fn new_passwords_are_forced_and_the_accounts_are_counted() {
    let (house, account) = with_account().await;
    let name = account.identifiant;
    let letters = "1 of them have no mobile for a code: print letters with `preau letters --also-active`\n";
    let (done, text) = house.run(&format!("account force-change {name} --dry-run --reason vol")).await;
    let expected = format!("1 accounts would have to choose a new password; nothing was changed\n{letters}");
    assert_eq!((done, text), (true, expected));
    for day in ["2026-01-01", "2126-01-01"] {
        let (done, text) = house.run(&format!("account force-change {name} --before {day} --reason vol")).await;
        let number = i32::from(day > "2100");
        assert!(done && text.starts_with(&format!("{number} accounts must choose a new password")), "{day}: {text}");
    }
    let (done, text) = house.run("account force-change --uai 0349999J --reason vol").await;
    assert_eq!((done, text.as_str()), (true, "0 accounts must choose a new password; 0 sessions ended\n"));
    let (done, text) = house.run("account force-change --academy atlantis --reason vol").await;
    assert!(!done && text.contains("academy atlantis is not declared"), "{text}");
}

#[tokio::test]
async fn an_account_is_shown_on_one_screen_or_as_json() {
    let (house, account) = with_account().await;
    let name = account.identifiant;
    let (done, text) = house.run(&format!("account show {name}")).await;
    assert!(done && text.starts_with(&format!("{name}  responsable  Anne DURAND\n  state       active\n")), "{text}");
    for line in ["  identifiant given ", "  password    of ", "  sessions    0; 0 known devices"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    house.run(&format!("account suspend {name} --reason x")).await;
    let (_, text) = house.run(&format!("account show {name}")).await;
    assert!(text.contains("active, suspended by the operator since "), "{text}");
    let (done, text) = house.run(&format!("account show {name} --json")).await;
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(done && read["suspended_by"] == "operator" && read["devices"] == 0, "{text}");
    let (done, text) = house.run("account show --code K7P-4MX").await;
    assert!(!done && text.contains("leads to no account"), "{text}");
}
