//! What a family is told beside the steps: whose page a support code was, that a password was changed, where to go.

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::db::{CLEANUP_BATCH_ROWS, Durability};
use preau::support::{MAX_EVENTS, SupportEvent, store};

use crate::support::deployment::{MONOD, TOULOUSE};
use crate::support::people::PASSWORD;
use crate::support::{Browser, Landing, TestAccount, TestFamily, TestRelyingParty, TestServer, html};

const OTHER: &str = "Quatre-cerises 8 ?";
const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

async fn events(server: &TestServer, code: &str) -> Vec<SupportEvent> {
    store::list_by_code(&mut server.app.db.read().await.unwrap(), code).await.unwrap()
}

fn code_of(page: &str) -> String {
    html::text(page, ".support strong").unwrap_or_else(|| panic!("no support code: {page}"))
}

#[tokio::test]
async fn faults_e1_the_code_of_somebodys_page_leads_to_it_and_strangers_have_ten_an_hour() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut stranger = Browser::new(&server);
    let mut codes = Vec::new();
    for _ in 0..15 {
        stranger.post("/connexion", &[("identifiant", "a"), ("identifiant", "b")]).await;
        assert_eq!(stranger.page.status, StatusCode::BAD_REQUEST);
        codes.push(code_of(&stranger.page.text()));
    }
    // From the same source, but in somebody's session: always.
    let mut browser = Browser::new(&server);
    browser.open(&TestRelyingParty::new(&server, "ent-toulouse").attempt().url).await;
    browser.sign_in(&member).await;
    assert_eq!(browser.page.status, StatusCode::FORBIDDEN);
    let code = code_of(&browser.page.text());
    assert_eq!(events(&server, &code).await, [], "in memory first");
    server.drain_outbox().await;
    let found = events(&server, &code).await;
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].account_id.as_deref(), Some(member.account_id.as_str()));
    assert_eq!((&*found[0].page, &*found[0].path), ("oidc/nothing_in_perimeter.html", "/oauth2/authorize"));
    assert_eq!(found[0].client_id.as_deref(), Some("ent-toulouse"));
    let mut kept = 0;
    for code in &codes {
        kept += events(&server, code).await.len();
    }
    assert_eq!(kept, 10, "the others stand in the log only");
    // A page in an activation is somebody's too.
    server.import_families("montpellier", MONOD, &[TestFamily::petit()]).await;
    let mut parent = Browser::at_activation(&server).await;
    parent.identify(&TestFamily::petit()).await;
    let at = parent.url.to_string();
    parent.post(&at, &[("code", "1"), ("code", "2")]).await;
    let code = code_of(&parent.page.text());
    server.drain_outbox().await;
    assert!(events(&server, &code).await.iter().all(|event| event.activation_id.is_some()));
    assert_eq!(events(&server, &code).await.len(), 1);
}

#[tokio::test]
async fn support_events_end_after_thirty_days_and_the_oldest_go_first() {
    let server = TestServer::start().await;
    let op = server.operation();
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    let now = server.now();
    let event = |code: &str, days, ms| SupportEvent {
        code: code.to_owned(),
        at: now.minus(Span::days(days)).0 + ms,
        page: String::new(),
        path: String::new(),
        request_id: String::new(),
        account_id: None,
        activation_id: None,
        client_id: None,
    };
    for ms in 0..CLEANUP_BATCH_ROWS {
        store::insert(&mut tx, &event("OLD-AAA", 32, ms)).await.unwrap();
    }
    for (code, days) in [("OLD-BBB", 31), ("MID-AAA", 29), ("NEW-AAA", 28)] {
        store::insert(&mut tx, &event(code, days, 0)).await.unwrap();
    }
    let some = u64::try_from(CLEANUP_BATCH_ROWS).unwrap();
    assert_eq!(store::delete_expired(&mut tx, MAX_EVENTS).await.unwrap(), some, "a backlog goes in pieces");
    assert_eq!(store::delete_expired(&mut tx, MAX_EVENTS).await.unwrap(), 1, "after its term");
    assert_eq!(store::delete_expired(&mut tx, 1).await.unwrap(), 1, "the older of two");
    assert_eq!(store::delete_expired(&mut tx, 1).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(events(&server, "NEW-AAA").await.len(), 1);
}

async fn at_sign_in(server: &TestServer, mark: &str) -> Browser {
    let mut browser = Browser::new(server);
    browser.cookies.insert("preau_dev_device".to_owned(), mark.to_owned());
    browser.open("/connexion").await;
    browser
}

#[tokio::test]
async fn faults_a17_a_changed_password_is_told_to_the_device_that_knew_the_account() {
    let family = TestFamily::durand();
    let server = TestServer::start_with_open_campaign(std::slice::from_ref(&family)).await;
    let identifiant = Browser::at_activation(&server).await.activate(&server, &family).await;
    let mut home = Browser::new(&server);
    home.open("/connexion").await;
    home.sign_in_with(&identifiant, PASSWORD).await;
    let mark = home.cookie("device").unwrap().to_owned();

    server.advance(Span::hours(25));
    let mut elsewhere = Browser::at_activation(&server).await;
    elsewhere.prove_phone(&server, &family).await;
    elsewhere.submit("nouveau-mot-de-passe", &[]).await;
    elsewhere.follow().await;
    elsewhere.answer_children(&["14/02/2013"]).await;
    elsewhere.choose_password(OTHER).await;
    assert_eq!(elsewhere.page.heading(), "Votre nouveau mot de passe est enregistré.");

    let told = "Ce mot de passe a été changé le";
    let mut home = at_sign_in(&server, &mark).await;
    home.sign_in_with(&identifiant, PASSWORD).await;
    assert_eq!(home.page.status, REFUSED);
    assert!(home.page.visible_text().contains(told), "{}", home.page.visible_text());
    home.sign_in_with(&identifiant, "Tout-autre-chose 9").await;
    assert!(!home.page.visible_text().contains(told), "only for the one before");
    // Who does not come from such a device is told what everybody is told.
    let mut stranger = Browser::new(&server);
    stranger.open("/connexion").await;
    stranger.sign_in_with(&identifiant, PASSWORD).await;
    assert_eq!(stranger.page.status, REFUSED);
    assert!(!stranger.page.visible_text().contains(told), "{}", stranger.page.visible_text());

    // The next sign-in of that device says it, once, and waits for its button.
    for first in [true, false] {
        let mut home = at_sign_in(&server, &mark).await;
        home.sign_in_with(&identifiant, OTHER).await;
        assert!(matches!(home.follow().await, Landing::OwnPage));
        assert_eq!(home.page.visible_text().contains(told), first, "{}", home.page.visible_text());
        if first {
            assert_eq!(home.url.path(), "/connexion/suite");
            home.click("#continuer").await;
        }
        assert_eq!(home.url.path(), "/compte");
    }
}

#[tokio::test]
async fn faults_e5_a_parent_of_two_academies_sees_where_each_child_is() {
    let server = TestServer::start().await;
    let member: TestAccount = server.create_durand().await;
    server.import_families("toulouse", TOULOUSE, &[TestFamily::petit()]).await;
    server.link_person(&member, "toulouse", &TestFamily::petit()).await;
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    browser.sign_in(&member).await;
    assert_eq!(browser.url.path(), "/compte");
    let page = browser.page.visible_text();
    for place in ["académie de Montpellier", "académie de Toulouse"] {
        assert!(page.contains(place), "{place}: {page}");
    }
    let doors = html::attributes(&browser.page.text(), ".door a.button", "href");
    assert!(doors.iter().any(|href| href.starts_with("https://ent.example/initiate?iss=")), "{doors:?}");
    assert!(doors.contains(&"https://bourses.example/".to_owned()), "{doors:?}");
    // A service that is not about schools, or that asks first, is no door.
    assert!(!doors.iter().any(|href| href.contains("strict")), "{doors:?}");
    let asks = "UPDATE client SET metadata = REPLACE(metadata, '\"consent\":false', '\"consent\":true')";
    server.execute_sql(asks, vec![]).await;
    browser.reload().await;
    assert_eq!(html::attributes(&browser.page.text(), ".door a.button", "href"), Vec::<String>::new());
}

#[tokio::test]
async fn faults_e5_after_the_activation_a_parent_learns_where_the_third_child_is() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let lea = TestFamily { children: vec![(900_021, "Léa", "01/02/2012", "5 C")], ..TestFamily::durand() };
    // Of two children of one moment either may be the first on the page.
    server.advance(Span::seconds(1));
    server.import_families("toulouse", TOULOUSE, &[lea]).await;
    let mut browser = Browser::new(&server);
    browser.open(&TestRelyingParty::new(&server, "ent").attempt().url).await;
    browser.click("#pas-de-compte").await;
    browser.prove_phone(&server, &TestFamily::durand()).await;
    browser.answer_children(&["14/02/2013", "01/02/2012"]).await;
    browser.choose_password(PASSWORD).await;
    let page = browser.page.visible_text();
    assert!(page.contains("Pour Léa, l'entrée est celle-ci : académie de Toulouse."), "{page}");
    assert!(browser.page.has_element(".note a.target[href^='https://ent.example/initiate']"));
    assert!(!page.contains("Pour Zoé"), "whom the service knows: {page}");
}

#[tokio::test]
async fn faults_e5_the_sheet_has_the_address_of_the_ent_for_the_eye_and_the_camera() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut browser = Browser::new(&server);
    browser.open(&TestRelyingParty::new(&server, "ent").attempt().url).await;
    browser.click("#pas-de-compte").await;
    browser.prove_phone(&server, &TestFamily::durand()).await;
    browser.answer_children(&["14/02/2013"]).await;
    browser.click("#feuille").await;
    assert!(browser.page.visible_text().contains("https://ent.example/"), "{}", browser.page.visible_text());
    assert!(browser.page.has_element("svg.qr[role=img][aria-label] > path[d]"));
    let identifiant = browser.shown_identifiant();
    assert!(!browser.page.text().contains(&format!("iss={identifiant}")), "the drawing holds the address only");
}
