//! The demo on one folder: kept over a restart, emptied on request, never another program's; whole over HTTP.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use tokio::sync::watch;

use preau::app::{App, Operation};
use preau::base::clock::Span;
use preau::base::lang::Lang;
use preau::base::source::SourceAddress;
use preau::base::uai::Uai;
use preau::bootstrap::Dependencies;
use preau::crypto::{PasswordCost, Priority};
use preau::db::Durability;
use preau::demo::administrators::{self, ADMINISTRATORS, HEAD_SCHOOL_UAI};
use preau::demo::greeting::FEATURED_MEMBERS;
use preau::demo::letters::{DemoLetter, PARENT_FILE, PUPILS_FILE};
use preau::demo::rosters::{SCHOOLS, cast};
use preau::demo::setup::CLOSED_SCHOOL_UAI;
use preau::demo::{Demo, DemoListeners, FolderError, Greeting, Ports, notices};
use preau::letters::ops::{LetterCodeRefusal, TypedLetter};
use preau::letters::{self, Letter, LetterKind};
use preau::mail::{self, MailMessage};
use preau::notify::ops::NoticeRequest;
use preau::notify::{self, AccountNoticeKind};
use preau::roster::store::list_children_of_account;
use preau::tenants::{self, CampaignStatus, campaign_status};
use preau::{accounts, announcement_admin, client_admin, helpdesk, login, logouts, roster_admin, school_admin};
use secrecy::ExposeSecret as _;

fn deployment() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/occitanie")
}

async fn start(data: &Path, fresh: bool) -> anyhow::Result<Demo> {
    let doors = DemoListeners::bind(Ports::FREE)?;
    let around = Dependencies { password_cost: PasswordCost::TEST, ..Dependencies::production() };
    Box::pin(Demo::prepare(doors, (data, fresh), &deployment(), around)).await
}

async fn stop(demo: Demo) {
    demo.app().db.close().await;
}

fn persistent_state(demo: &Demo) -> [String; 3] {
    let secret = demo.secret("bourses").unwrap().expose_secret().to_owned();
    [demo.account.identifiant.clone(), demo.account.password.expose_secret().to_owned(), secret]
}

/// Counts what a start makes: accounts by state, uploads, requests, announcements, batches of letters, days of campaigns.
async fn count_rows(demo: &Demo) -> Vec<(String, i64)> {
    let mut tx = demo.app().db.read().await.unwrap();
    let mut rows = accounts::store::count_by_state(&mut tx).await.unwrap();
    for (name, sql) in [
        ("uploads", "SELECT COUNT(*) FROM roster_upload"),
        ("requests", "SELECT COUNT(*) FROM client_request"),
        ("announcements", "SELECT COUNT(*) FROM announcement"),
        ("batches", "SELECT COUNT(*) FROM letter_batch"),
        ("days", "SELECT CAST(SUM(n) AS BIGINT) FROM campaign_day"),
        ("notices", "SELECT COUNT(*) FROM notice"),
        ("deliveries", "SELECT COUNT(*) FROM logout_delivery"),
    ] {
        let (n,): (i64,) = tx.fetch_one(sql, Vec::new()).await.unwrap();
        rows.push((name.to_owned(), n));
    }
    rows
}

#[tokio::test]
async fn its_console_has_something_to_show_on_every_page() {
    let data = tempfile::tempdir().unwrap();
    let demo = start(data.path(), false).await.unwrap();
    let (app, now) = (demo.app(), demo.app().now());
    let duty = async |email: &str| administrators::on_duty(app, email, now).await.unwrap().unwrap();
    let (academy, head) = (duty(ADMINISTRATORS[0].1).await, duty(ADMINISTRATORS[1].1).await);
    let op = Operation::of_job(app, "test");
    let uai = Uai::parse(HEAD_SCHOOL_UAI).unwrap();

    // A campaign of ten days, with a funnel.
    let place = school_admin::ops::find_school(&mut app.db.read().await.unwrap(), &head, &uai).await.unwrap().unwrap();
    let seen = school_admin::ops::open_school(&op, &head, place).await.unwrap();
    let days: BTreeSet<&str> = seen.days.iter().map(|row| row.day.as_str()).collect();
    let of = |step: &str| seen.days.iter().filter(|row| row.step == step).map(|row| row.n).sum::<i64>();
    assert!(days.len() >= 4, "{days:?}");
    assert!(of("asked") > of("code") && of("code") > of("children") && of("children") > of("active"), "{days:?}");
    assert!(of("active") >= 5, "{:?}", seen.days);
    assert!(!seen.tried.is_empty(), "one tried with another number");
    let (from, to) = seen.chart.unwrap();
    assert!(to.since(from) >= Span::days(9), "{from:?} {to:?}");

    // Uploads, letters, requests, sign-outs, announcements.
    let uploads = roster_admin::ops::list(&op, &academy, ("", ""), 50).await.unwrap();
    let states: BTreeSet<&str> = uploads.iter().map(|row| row.state.as_str()).collect();
    assert!(states.contains("waiting") && states.contains("refused"), "{states:?}");
    let batches = school_admin::ops::letters::list_batches(&op, &head, ("", "")).await.unwrap();
    assert!(batches.iter().any(|batch| batch.letters > 0), "{batches:?}");
    let mut tx = app.db.read().await.unwrap();
    let open = client_admin::store::requests::list_open(&mut tx, "", 10).await.unwrap();
    let own = open.iter().filter(|request| request.author_id == academy.administrator.id).count();
    assert_eq!((open.len(), own), (2, 1), "{open:?}");
    assert!(!logouts::store::count_undelivered(&mut tx).await.unwrap().is_empty());
    drop(tx);
    let told = announcement_admin::ops::list(&op, &academy, "").await.unwrap();
    assert!(told.iter().all(|row| row.ends_at < now.0) && told.len() == 1, "visitors see none: {told:?}");

    // Notices of each kind, and people with different things in their way.
    let mut tx = app.db.read().await.unwrap();
    let (kinds,): (i64,) =
        tx.fetch_one("SELECT COUNT(DISTINCT kind) FROM notice WHERE settled_at IS NULL", Vec::new()).await.unwrap();
    assert_eq!(kinds, 8);
    let persons: Vec<(String,)> = tx
        .fetch_all("SELECT DISTINCT person_id FROM link WHERE uai = '0349999J' AND level = 'legal'", Vec::new())
        .await
        .unwrap();
    drop(tx);
    let mut causes = BTreeSet::new();
    for (id,) in persons {
        let file = helpdesk::ops::person::find(&op, &id).await.unwrap().unwrap();
        causes.insert(file.cause.word());
    }
    for cause in ["other_number", "contested", "set_aside", "suspended", "codes_used_up", "pending", "not_activated"] {
        assert!(causes.contains(cause), "{cause}: {causes:?}");
    }
    stop(demo).await;
}

#[tokio::test]
async fn a_second_start_keeps_everything_and_fresh_begins_anew() {
    let data = tempfile::tempdir().unwrap();
    let first = start(data.path(), false).await.unwrap();
    let before = persistent_state(&first);
    let roster = std::fs::read_dir(data.path().join("rosters")).unwrap().count();
    assert_eq!(roster, 3, "a folder an academy");
    let rows = count_rows(&first).await;
    stop(first).await;

    let second = start(data.path(), false).await.unwrap();
    assert_eq!(persistent_state(&second), before);
    assert_eq!(count_rows(&second).await, rows, "a later start adds nothing");
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
    let (identifiant, password) = (&demo.account.identifiant, demo.account.password.expose_secret());
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
    let command = "target/debug/preau --config var/preau.toml";
    let greeting = Greeting { ports: Ports::DEFAULT, ..Greeting::of(&demo, Path::new("var"), command) };
    greeting.write(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.lines().count() <= 24, "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    for who in FEATURED_MEMBERS {
        let person = cast().into_iter().find(|c| c.label == who).unwrap_or_else(|| panic!("{who}"));
        assert!(text.contains(person.phone) && text.contains(who), "{who}");
        assert!(person.children.iter().all(|child| text.contains(child.born)), "{who}");
    }
    for letter in [&demo.letters.pupil, &demo.letters.parent] {
        assert!(text.contains(&letter.identifiant) && text.contains(&letter.code.to_printed_form()), "{text}");
    }
    assert!(text.contains("birth date 16/04/2015"), "{text}");
    stop(demo).await;
}

/// Types a code as a browser does, and says whether it was taken.
async fn type_code(demo: &Demo, letter: &DemoLetter) -> Result<Letter, LetterCodeRefusal> {
    let op = Operation::of_job(demo.app(), "test");
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let source = SourceAddress::default();
    let typed = TypedLetter { identifiant: &letter.identifiant, code: &letter.code, source, device_secrets: &[] };
    let typed = letters::ops::check(&op, &mut tx, typed).await.unwrap();
    tx.commit().await.unwrap();
    typed
}

#[tokio::test]
async fn its_letters_are_printed_once_for_its_owner_and_their_codes_are_taken() {
    let data = tempfile::tempdir().unwrap();
    let demo = start(data.path(), false).await.unwrap();
    let files = [PUPILS_FILE, PARENT_FILE].map(|name| data.path().join(name));
    let bytes = |path: &PathBuf| std::fs::read(path).unwrap();
    let before = files.each_ref().map(bytes);
    for (path, content) in files.iter().zip(&before) {
        assert!(content.starts_with(b"%PDF-"), "{}", path.display());
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
    assert!(before[0].len() > before[1].len(), "a class, and one parent");
    assert_eq!(demo.letters.class, "6 A");
    let codes = [&demo.letters.pupil, &demo.letters.parent].map(|letter| letter.code.to_printed_form());
    stop(demo).await;

    let again = start(data.path(), false).await.unwrap();
    assert_eq!(files.each_ref().map(bytes), before, "nothing is printed twice");
    assert_eq!([&again.letters.pupil, &again.letters.parent].map(|letter| letter.code.to_printed_form()), codes);
    for letter in [&again.letters.pupil, &again.letters.parent] {
        assert_eq!(type_code(&again, letter).await.unwrap().kind, LetterKind::First, "{}", letter.name);
    }
    stop(again).await;
}

#[tokio::test]
async fn a_letter_that_is_gone_is_printed_again_and_one_that_has_served_is_not() {
    let data = tempfile::tempdir().unwrap();
    let demo = start(data.path(), false).await.unwrap();
    let old = [&demo.letters.pupil, &demo.letters.parent].map(|letter| letter.code.clone());
    let op = Operation::of_job(demo.app(), "test");
    let taken = type_code(&demo, &demo.letters.pupil).await.unwrap();
    let hash =
        demo.app().password_hasher.hash("Trois-pommes 7 !", demo.app().rng.as_ref(), Priority::Known).await.unwrap();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    assert!(letters::store::mark_used(&mut tx, &taken.id).await.unwrap());
    accounts::store::set_password(&mut tx, &taken.account_id, &hash).await.unwrap();
    tx.commit().await.unwrap();
    stop(demo).await;
    let printed = std::fs::read(data.path().join(PUPILS_FILE)).unwrap();
    std::fs::remove_file(data.path().join(PARENT_FILE)).unwrap();
    // What an interrupted run leaves stands in nobody's way.
    std::fs::write(data.path().join(PARENT_FILE).with_extension("pdf.part"), "x").unwrap();

    let again = start(data.path(), false).await.unwrap();
    assert!(again.letters.pupil.served && !again.letters.parent.served);
    let mut greeted = Vec::new();
    Greeting::of(&again, data.path(), "preau").write(&mut greeted).unwrap();
    let greeted = String::from_utf8(greeted).unwrap();
    assert!(greeted.contains("has served") && !greeted.contains(&old[0].to_printed_form()), "{greeted}");
    assert_eq!(std::fs::read(data.path().join(PUPILS_FILE)).unwrap(), printed);
    assert_ne!(again.letters.parent.code.as_str(), old[1].as_str());
    let identifiant = again.letters.parent.identifiant.clone();
    let former = DemoLetter { name: String::new(), identifiant, code: old[1].clone(), served: false };
    assert!(matches!(type_code(&again, &former).await, Err(LetterCodeRefusal::Replaced(_))));
    stop(again).await;
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

#[tokio::test]
async fn its_mails_arrive_in_the_mailboxes_once_and_readable() {
    let data = tempfile::tempdir().unwrap();
    let demo = start(data.path(), false).await.unwrap();
    let gateway = mail::open_gateway(&demo.app().config.mail).unwrap().expect("the demo sends mails");
    let (ports, (tell, told)) = (demo.ports(), watch::channel(false));
    let running = tokio::spawn(demo.run(told));
    assert_eq!(gateway.check_reachable().await.unwrap(), "answers");
    let message = |id: &str, text: &str| MailMessage {
        id: id.to_owned(),
        to: "zélie@exemple.fr".to_owned(),
        subject: "Mon compte École : votre code d'accès, à indiquer sur la page de votre compte".to_owned(),
        text: text.to_owned(),
    };
    let first =
        "Le code est 123 456.\n.\n<b>À bientôt</b>, et une ligne assez longue pour que le message soit encodé.\n";
    for (id, text) in [("1", first), ("1", first), ("2", "Un autre.\n")] {
        gateway.send(&message(id, text)).await.unwrap();
    }
    let page = async |path: &str| {
        let address = format!("http://127.0.0.1:{}{path}", ports.sample_sites);
        reqwest::get(address).await.unwrap().text().await.unwrap()
    };
    let list: serde_json::Value = serde_json::from_str(&page("/courrier/messages.json").await).unwrap();
    let ids: Vec<&str> = list.as_array().unwrap().iter().map(|mail| mail["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["2@compte.example", "1@compte.example"]);
    assert_eq!((&list[1]["to"], &list[1]["text"]), (&"zélie@exemple.fr".into(), &first.trim_end().into()));
    assert_eq!((&list[1]["subject"], &list[1]["from"]), (&message("", "").subject.into(), &"Mon compte École".into()));
    let html = page("/courrier?lang=fr").await;
    assert!(html.contains("<h2>zélie@exemple.fr</h2>") && html.contains("&lt;b&gt;À bientôt&lt;"), "{html}");
    tell.send_replace(true);
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn its_notices_of_the_next_morning_need_not_be_waited_for() {
    let data = tempfile::tempdir().unwrap();
    let demo = start(data.path(), false).await.unwrap();
    let app: &App = demo.app();
    assert_eq!(notices::release(app).await.unwrap(), 0, "none waits");
    let op = Operation::of_job(app, "test");
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    let account = accounts::store::find_by_identifiant(&mut tx, &demo.account.identifiant).await.unwrap().unwrap();
    let kind = AccountNoticeKind::PasswordReplaced;
    let what = NoticeRequest { account_id: &account.id, kind, detail: "", device_id: None, lang: Lang::Fr };
    notify::ops::notify_person(&mut tx, app.into(), what).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(notices::release(app).await.unwrap(), 1);
    assert_eq!(notices::release(app).await.unwrap(), 0, "it is due already");
    stop(demo).await;
}

#[test]
fn a_taken_port_is_said_in_words() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let refused = DemoListeners::bind(Ports { provider: port, ..Ports::FREE }).err().unwrap();
    assert!(refused.to_string().contains(&format!("another program listens on 127.0.0.1:{port}")), "{refused}");
}
