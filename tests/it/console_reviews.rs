//! What a request for a relying party must not do: pass by old checks, call addresses at will, stay open for a role that
//! ended, or be undone by the owner of a registration.

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::base::clock::Span;
use preau::clients::store::find;
use serde_json::json;

use crate::console_clients::{administrator, end_role_of};
use crate::console_requests::{FORM, academy, answers};
use crate::oidc::registration::{cantine, manage, registered};
use crate::support::TestServer;

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

#[tokio::test]
async fn threat_s10_checks_of_another_day_are_made_again_before_anybody_agrees() {
    let server = TestServer::start().await;
    let mut author = academy(&server, "julien@ac.example").await;
    let review = author.send_request(&[]).await;
    server.advance(Span::hours(25));
    let mut reader = academy(&server, "nadia@ac.example").await;
    assert_eq!(reader.decide(&review, "approve", "").await, REFUSED);
    reader.says("Les vérifications datent de plus d'un jour.");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client_approval").await, 0);
    // A refusal needs no new check.
    reader.browser.get(&review).await;
    reader.browser.submit("verifier", &[]).await;
    assert_eq!(reader.browser.page.location(), review);
    assert_eq!(reader.decide(&review, "approve", "").await, StatusCode::SEE_OTHER);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client WHERE client_id = 'cantine'").await, 1);
}

#[tokio::test]
async fn threat_s10_two_requests_of_one_name_are_not_both_approved() {
    let server = TestServer::start().await;
    let mut author = academy(&server, "julien@ac.example").await;
    let first = author.send_request(&[]).await;
    let second = author.send_request(&[("client_id", "cantine-2")]).await;
    let mut reader = academy(&server, "nadia@ac.example").await;
    assert_eq!(reader.decide(&first, "approve", "").await, StatusCode::SEE_OTHER);
    assert_eq!(reader.decide(&second, "approve", "").await, REFUSED);
    reader.says("un autre service porte maintenant ce nom");
    reader.browser.get(&second).await;
    reader.browser.submit("verifier", &[]).await;
    reader.browser.get(&second).await;
    reader.says("Un autre service porte ce nom");
    assert_eq!(reader.decide(&second, "approve", "").await, REFUSED);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client WHERE client_id = 'cantine-2'").await, 0);
}

#[tokio::test]
async fn attack_f1_the_checks_of_an_hour_and_the_drafts_of_a_person_are_bounded() {
    let server = TestServer::start().await;
    let mut author = academy(&server, "julien@ac.example").await;
    let mut last = String::new();
    for n in 0..20 {
        let (id, name) = (format!("essai-{n}"), format!("Essai {}", "abcdefghijklmnopqrst".chars().nth(n).unwrap()));
        last = author.save_draft(&[("client_id", &id), ("client_name", &name)]).await;
    }
    author.browser.post(FORM, &answers(&[("client_id", "encore")])).await;
    assert_eq!(author.browser.page.status, REFUSED);
    author.says("Vingt brouillons attendent déjà.");
    for n in 20..41 {
        author.browser.get(&last).await;
        author.browser.submit("verifier", &[]).await;
        assert_eq!(author.browser.page.status, if n < 40 { StatusCode::SEE_OTHER } else { REFUSED }, "{n}");
    }
    author.says("Les vérifications de cette heure sont épuisées.");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client_request").await, 20);
    // A draft that nobody touches goes.
    server.advance(Span::days(91));
    let mut tx = server.app.db.write(preau::db::Durability::Relaxed).await.unwrap();
    let since = server.now().minus(preau::client_admin::requests::DRAFT_TTL);
    let gone = preau::client_admin::store::requests::delete_old_drafts(&mut tx, since).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(gone, 20);
}

#[tokio::test]
async fn attack_p1_an_author_whose_role_ended_reads_the_request_no_longer() {
    let server = TestServer::start().await;
    let mut author = academy(&server, "julien@ac.example").await;
    let review = author.send_request(&[]).await;
    server.invite_administrator(AdminRole::Auditor, "all", "julien@ac.example").await;
    end_role_of(&server, "julien@ac.example", AdminRole::Academy).await;
    for path in [review.clone(), format!("{review}/fichier")] {
        author.browser.get(&path).await;
        assert_eq!(author.browser.page.status, StatusCode::NOT_FOUND, "{path}");
    }
    for act in ["envoyer", "verifier", "retirer"] {
        author.browser.post(&format!("{review}/{act}"), &[("version", "2")]).await;
        assert_eq!(author.browser.page.status, StatusCode::NOT_FOUND, "{act}");
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client_request WHERE state = 'requested'").await, 1);
}

#[tokio::test]
async fn threat_s10_what_the_journal_says_of_a_request_is_what_it_changes() {
    let server = TestServer::start().await;
    let mut author = academy(&server, "julien@ac.example").await;
    let mut other = administrator(&server, AdminRole::Academy, "academy:toulouse", "t@ac.example").await;
    let review = author.send_request(&[("perimeter_schools", ""), ("academies", "montpellier toulouse")]).await;
    assert_eq!(other.decide(&review, "refuse", "Pas chez nous").await, StatusCode::SEE_OTHER);
    let of = "SELECT academy || '|' || detail || '|' || COALESCE(reason, '') FROM audit WHERE client_id = 'cantine'";
    let mut lines = server.query_texts(of).await;
    lines.sort();
    assert_eq!(
        lines,
        [
            "montpellier|refused|Pas chez nous",
            "montpellier|requested|",
            "toulouse|refused|Pas chez nous",
            "toulouse|requested|"
        ]
    );
    let after = "SELECT after FROM audit WHERE client_id = 'cantine' AND academy = 'toulouse' AND detail = 'requested'";
    let after: serde_json::Value = serde_json::from_str(&server.query_texts(after).await[0]).unwrap();
    assert_eq!(after["academies"], json!(["montpellier", "toulouse"]));
    assert_eq!(after["redirect_uris"], json!(["https://cantine.example/retour"]));
}

#[tokio::test]
async fn threat_s10_what_the_console_narrowed_is_not_undone_by_the_owner_of_the_registration() {
    let server = TestServer::start().await;
    let client = registered(&server, true, &cantine()).await;
    let id = client["client_id"].as_str().unwrap().to_owned();
    let mut author = academy(&server, "julien@ac.example").await;
    author.browser.get(&format!("/admin/services/{id}")).await;
    author.browser.submit("tirer", &[("delai", "0")]).await;
    let change = [("client", id.as_str()), ("client_id", ""), ("client_name", "Cantine"), ("scope_education", "")];
    let review = author.save_draft(&change).await;
    author.browser.get(&review).await;
    author.browser.submit("envoyer", &[]).await;
    assert!(author.browser.page.location().starts_with(&review), "{}", author.browser.page.visible_text());
    if author.browser.page.location().ends_with("sent") {
        let mut reader = academy(&server, "nadia@ac.example").await;
        assert_eq!(reader.decide(&review, "approve", "").await, StatusCode::SEE_OTHER);
    }
    let stored = async || find(&mut server.app.db.read().await.unwrap(), &id).await.unwrap().unwrap();
    assert_eq!(stored().await.meta.perimeter.schools, ["0349999J"]);
    // The owner writes the registration again, and more of it.
    let answer = manage(&server, "PUT", &client, Some(&cantine())).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.visible_text());
    assert_eq!(stored().await.meta.perimeter.schools, ["0349999J"]);
    let more = json!({
        "client_name": "Cantine",
        "redirect_uris": ["https://cantine.example/retour", "https://cantine.example/deux"],
    });
    manage(&server, "PUT", &client, Some(&more)).await;
    assert_eq!(stored().await.state, preau::clients::ClientState::Pending, "somebody of the academy decides");
    // A secret that serves no longer is not shown as open.
    let open = "SELECT COUNT(*) FROM client_secret WHERE closed_at IS NULL";
    assert_eq!(server.query_count(open).await, 1);
    let public = json!({
        "client_name": "Cantine",
        "redirect_uris": ["https://cantine.example/retour"],
        "token_endpoint_auth_method": "none",
    });
    assert_eq!(manage(&server, "PUT", &client, Some(&public)).await.status, StatusCode::OK);
    assert_eq!(server.query_count(open).await, 0);
}
