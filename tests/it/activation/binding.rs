//! What a right code opened is reached by a code only, and held by a secret of its own (docs/threats.md#attack-s1).

use axum::http::StatusCode;
use preau::base::clock::Span;

use crate::support::people::PASSWORD;
use crate::support::{Browser, TestFamily, TestServer};

const DATE: &str = "14/02/2013";

async fn college() -> TestServer {
    TestServer::start_with_open_campaign(&[TestFamily::durand()]).await
}

/// Steps beyond the code.
const BEYOND: [&str; 3] = ["enfants", "mot-de-passe", "terminee"];

/// A browser in which a parent stands at this step.
async fn parent_at(server: &TestServer, step: &str) -> Browser {
    let mut parent = Browser::at_activation(server).await;
    parent.prove_phone(server, &TestFamily::durand()).await;
    if step != "enfants" {
        parent.answer_children(&[DATE]).await;
    }
    if step == "terminee" {
        parent.choose_password(PASSWORD).await;
    }
    assert_eq!(parent.url.path(), format!("/activation/{step}"));
    parent
}

#[tokio::test]
async fn attack_s1_the_next_user_of_a_browser_does_not_go_on_where_a_parent_stopped() {
    for step in BEYOND {
        let server = college().await;
        let mut next = parent_at(&server, step).await;
        next.get("/activation").await;
        next.identify_as("Durand", "Anne", "06 39 98 00 01").await;
        next.follow().await;
        assert_eq!(next.url.path(), "/activation/code", "{step}: {}", next.page.visible_text());
        server.drain_outbox().await;
        assert_eq!(server.messages().len(), 2, "{step}: it takes another SMS");
    }
}

#[tokio::test]
async fn attack_s1_cookies_copied_before_a_proof_open_nothing_after_it() {
    let server = college().await;
    let mut parent = Browser::at_activation(&server).await;
    parent.identify(&TestFamily::durand()).await;
    let mut copies = vec![parent.clone_browser()];
    let code = server.read_code().await;
    parent.type_code(&code).await;
    copies.push(parent.clone_browser());
    parent.answer_children(&[DATE]).await;
    copies.push(parent.clone_browser());
    let a = parent.url.query().unwrap().to_owned();
    for (n, copy) in copies.iter_mut().enumerate() {
        for path in ["code", "enfants", "mot-de-passe", "feuille", "suite", "terminee"] {
            copy.open(&format!("/activation/{path}?{a}")).await;
            let opened = copy.page.status == StatusCode::OK;
            assert_eq!(opened, n == 2, "copy {n}, {path}: {}", copy.page.visible_text());
        }
    }
    parent.choose_password(PASSWORD).await;
    let mut late = copies.pop().unwrap();
    late.open(&format!("/activation/terminee?{a}")).await;
    assert_eq!(late.page.status, StatusCode::NOT_FOUND, "a password ends the secret that chose it");
    assert!(!late.has_session());
}

#[tokio::test]
async fn attack_s1_without_the_proof_the_former_secret_moves_nothing() {
    let server = college().await;
    let mut parent = Browser::at_activation(&server).await;
    parent.identify(&TestFamily::durand()).await;
    let (mut thief, at) = (parent.clone_browser(), parent.url.to_string());
    let code = server.read_code().await;
    parent.type_code(&code).await;
    for guess in ["000000", "000001", "000002"] {
        thief.post(&at, &[("code", if guess == code { "000003" } else { guess })]).await;
        assert_eq!((thief.page.status, thief.cookie("activation")), (StatusCode::NOT_FOUND, None));
    }
    // The code itself, once the moment of a double click is over: it was used.
    server.advance(Span::seconds(11));
    thief.post(&at, &[("code", &code)]).await;
    assert_eq!((thief.page.status, thief.cookie("activation")), (StatusCode::NOT_FOUND, None));

    let (mut thief, at) = (parent.clone_browser(), parent.url.to_string());
    let secret = thief.cookie("activation").map(str::to_owned);
    parent.answer_children(&[DATE]).await;
    for date in ["15/02/2013", "16/02/2013", "17/02/2013", "18/02/2013", "19/02/2013", DATE] {
        thief.post(&at, &[("representant_legal_1", "oui"), ("date_naissance_1", date)]).await;
        assert_eq!(thief.page.status, StatusCode::NOT_FOUND, "five are counted, and then the right one is too late");
        assert_eq!(thief.cookie("activation"), secret.as_deref());
    }
    assert_eq!(server.query_texts("SELECT kind FROM link_withheld").await, [""; 0], "nothing of it costs the parent");
    parent.choose_password(PASSWORD).await;
    assert!(parent.has_session());
}

#[tokio::test]
async fn two_activations_of_one_browser_do_not_lose_each_other() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand(), TestFamily::petit()]).await;
    let mut one = Browser::at_activation(&server).await;
    one.prove_phone(&server, &TestFamily::durand()).await;
    let mut two = one.clone_browser();
    two.get("/activation").await;
    two.prove_phone(&server, &TestFamily::petit()).await;
    one.cookies = two.cookies.clone();
    one.answer_children(&[DATE]).await;
    assert_eq!(one.url.path(), "/activation/mot-de-passe", "{}", one.page.visible_text());
    two.cookies = one.cookies.clone();
    two.reload().await;
    assert_eq!(
        (two.url.path(), two.page.status),
        ("/activation/enfants", StatusCode::OK),
        "{}",
        two.page.visible_text()
    );
}
