//! `preau account`, on a database with one account.

use super::TestInstallation;
use crate::accounts::{self, Account};
use crate::base::actor::Actor;
use crate::base::profile::Profile;
use crate::bootstrap::{self, Dependencies};
use crate::config::Config;
use crate::db::{AccessMode, Durability};

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
