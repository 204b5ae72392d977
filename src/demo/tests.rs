//! The demo on one folder: kept over a restart, emptied on request, never another program's; whole over HTTP.

use std::path::{Path, PathBuf};

use tokio::sync::watch;

use super::greeting::FEATURED_MEMBERS;
use super::rosters::{SCHOOLS, cast};
use super::setup::CLOSED_SCHOOL_UAI;
use super::{Demo, DemoListeners, FolderError, Ports, print_greeting};
use crate::app::Operation;
use crate::base::clock::Span;
use crate::base::uai::Uai;
use crate::bootstrap::Dependencies;
use crate::crypto::PasswordCost;
use crate::roster::store::list_children_of_account;
use crate::tenants::{self, CampaignStatus, campaign_status};
use crate::{accounts, login};

fn deployment() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/occitanie")
}

async fn start(data: &Path, fresh: bool) -> anyhow::Result<Demo> {
    let doors = DemoListeners::bind(Ports { provider: 0, sample_sites: 0, operations: 0 })?;
    let around = Dependencies { password_cost: PasswordCost::TEST, ..Dependencies::production() };
    Box::pin(Demo::prepare(doors, (data, fresh), &deployment(), around)).await
}

async fn stop(demo: Demo) {
    demo.app().db.close().await;
}

fn persistent_state(demo: &Demo) -> [String; 3] {
    let secret = demo.secret("bourses").unwrap().expose().to_owned();
    [demo.account.identifiant.clone(), demo.account.password.expose().to_owned(), secret]
}

#[tokio::test]
async fn a_second_start_keeps_everything_and_fresh_begins_anew() {
    let data = tempfile::tempdir().unwrap();
    let first = start(data.path(), false).await.unwrap();
    let before = persistent_state(&first);
    let roster = std::fs::read_dir(data.path().join("rosters")).unwrap().count();
    assert_eq!(roster, 3, "a folder an academy");
    stop(first).await;

    let second = start(data.path(), false).await.unwrap();
    assert_eq!(persistent_state(&second), before);
    let mut tx = second.app().db.read().await.unwrap();
    assert_eq!(accounts::store::count_by_state(&mut tx).await.unwrap(), [("active".to_owned(), 1)]);
    drop(tx);
    stop(second).await;

    let third = start(data.path(), true).await.unwrap();
    for (now, then) in persistent_state(&third).iter().skip(1).zip(before.iter().skip(1)) {
        assert_ne!(now, then);
    }
    stop(third).await;
}

#[tokio::test]
async fn a_folder_that_is_not_a_demos_is_refused_and_left_alone() {
    let data = tempfile::tempdir().unwrap();
    let theirs = data.path().join("photo.jpg");
    std::fs::write(&theirs, "x").unwrap();
    for fresh in [false, true] {
        let refused = start(data.path(), fresh).await.err().expect("it is not a demo's");
        assert!(matches!(refused.downcast_ref(), Some(FolderError::Foreign(_))), "{refused:#}");
        assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "x");
    }
    assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn its_campaigns_are_open_for_fifteen_days_but_one() {
    let data = tempfile::tempdir().unwrap();
    let demo = start(data.path(), false).await.unwrap();
    let now = demo.app().now();
    let mut tx = demo.app().db.read().await.unwrap();
    for school in &SCHOOLS {
        let campaign = tenants::store::find_campaign(&mut tx, &Uai::parse(school.uai).unwrap()).await.unwrap();
        let nearly = now.plus(Span::days(15)).minus(Span::minutes(5));
        if school.uai == CLOSED_SCHOOL_UAI {
            assert!(matches!(campaign_status(campaign, now), CampaignStatus::Closed(_)));
        } else {
            assert_eq!(campaign_status(campaign, nearly), CampaignStatus::Open, "{}", school.uai);
            assert_ne!(campaign_status(campaign, now.plus(Span::days(15))), CampaignStatus::Open);
        }
    }
    drop(tx);
    stop(demo).await;
}

#[tokio::test]
async fn its_account_signs_in_and_has_children_in_two_academies() {
    let data = tempfile::tempdir().unwrap();
    let demo = start(data.path(), false).await.unwrap();
    let app = demo.app();
    let (identifiant, password) = (&demo.account.identifiant, demo.account.password.expose());
    let signed = login::ops::sign_in(
        &Operation::of_job(app, "test"),
        identifiant,
        password,
        login::ops::LoginContext::default(),
    )
    .await
    .unwrap();
    assert!(matches!(signed, login::ops::SignInOutcome::Done { .. }), "{signed:?}");
    let mut tx = app.db.read().await.unwrap();
    let account = accounts::store::find_by_identifiant(&mut tx, identifiant).await.unwrap().unwrap();
    let children = list_children_of_account(&mut tx, &account.id).await.unwrap();
    let academies: Vec<_> = children.iter().map(|child| child.academy.as_str()).collect();
    assert_eq!(academies, ["montpellier", "montpellier", "toulouse"]);
    drop(tx);
    stop(demo).await;
}

#[tokio::test]
async fn its_greeting_is_one_screen_and_names_people_who_are_there() {
    let data = tempfile::tempdir().unwrap();
    let demo = start(data.path(), false).await.unwrap();
    let mut text = Vec::new();
    print_greeting(&mut text, Ports::DEFAULT, &demo.account, "target/debug/preau --config var/preau.toml").unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.lines().count() <= 40, "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    for who in FEATURED_MEMBERS {
        let person = cast().into_iter().find(|c| c.label == who).unwrap_or_else(|| panic!("{who}"));
        assert!(text.contains(person.phone) && text.contains(person.story_en), "{who}");
    }
    stop(demo).await;
}

#[tokio::test]
async fn both_servers_answer_on_any_port_and_stop_when_told() {
    let data = tempfile::tempdir().unwrap();
    let demo = start(data.path(), false).await.unwrap();
    let (ports, (tell, told)) = (demo.ports(), watch::channel(false));
    let running = tokio::spawn(demo.run(told));
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let get = async |port: u16, path: &str| browser.get(format!("http://127.0.0.1:{port}{path}")).send().await.unwrap();
    assert_eq!(get(ports.operations, "/readyz").await.status(), 200);
    assert_eq!(get(ports.sample_sites, "/").await.status(), 200);
    // The portal finds Préau, and Préau knows the portal's current address.
    let out = get(ports.sample_sites, "/ent/connexion?choix=montpellier").await;
    let out = out.headers()["location"].to_str().unwrap().to_owned();
    let asked = browser.get(&out).send().await.unwrap();
    assert_eq!(asked.status(), 303, "{out}");
    assert!(asked.headers()["location"].to_str().unwrap().starts_with("/connexion?i="));
    tell.send_replace(true);
    running.await.unwrap().unwrap();
}

#[test]
fn a_taken_port_is_said_in_words() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let refused = DemoListeners::bind(Ports { provider: port, sample_sites: 0, operations: 0 }).err().unwrap();
    assert!(refused.to_string().contains(&format!("another program listens on 127.0.0.1:{port}")), "{refused}");
}
