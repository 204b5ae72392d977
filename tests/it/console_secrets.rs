//! Secrets of relying parties in the console: drawn by whom, shown once, taken until, closed.

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::base::clock::Span;
use preau::clients::ops::secrets::write_uses;
use serde_json::{Value, json};

use crate::console_clients::{administrator, end_roles};
use crate::oidc::registration::{can_authenticate, cantine, registered, text};
use crate::support::html;
use crate::support::{TestAdministrator, TestServer};

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// Draws a secret on the page of a client, and returns it.
async fn drawn(who: &mut TestAdministrator, id: &str, days: &str) -> String {
    who.browser.get(&format!("/admin/services/{id}")).await;
    who.browser.submit("tirer", &[("delai", days)]).await;
    assert_eq!(who.browser.page.status, StatusCode::OK, "{}", who.browser.page.visible_text());
    html::text(&who.browser.page.text(), "#secret").unwrap()
}

async fn start() -> (TestServer, Value) {
    let server = TestServer::start().await;
    let client = registered(&server, true, &cantine()).await;
    (server, client)
}

#[tokio::test]
async fn threat_s15_attack_p1_secrets_are_drawn_by_those_who_administer_the_whole_service() {
    let (server, client) = start().await;
    let id = text(&client, "client_id");
    let own = format!("client:{id}");
    for (n, (role, territory, may)) in [
        (AdminRole::National, "all", true),
        (AdminRole::National, "ministry:en", false),
        (AdminRole::Academy, "academy:montpellier", true),
        (AdminRole::Academy, "academy:toulouse", false),
        (AdminRole::ServiceContact, own.as_str(), true),
        (AdminRole::ServiceContact, "client:ent", false),
        (AdminRole::SchoolHead, "school:0349999J", false),
        (AdminRole::Delegate, "school:0349999J", false),
        (AdminRole::HelpDesk, "academy:montpellier", false),
        (AdminRole::Auditor, "all", false),
    ]
    .into_iter()
    .enumerate()
    {
        let mut who = administrator(&server, role, territory, &format!("a{n}@ac.example")).await;
        let version = server.query_count("SELECT MAX(version) FROM client WHERE origin = 'registered'").await;
        for (path, right) in [("secret", StatusCode::OK), ("secret/fermer", StatusCode::SEE_OTHER)] {
            let version = version + i64::from(path != "secret");
            let fields = [("version", &*version.to_string()), ("delai", "0")];
            who.browser.post(&format!("/admin/services/{id}/{path}"), &fields).await;
            let status = if may { right } else { StatusCode::NOT_FOUND };
            assert_eq!(
                who.browser.page.status,
                status,
                "{role:?} {territory} {path} {}",
                who.browser.page.visible_text()
            );
        }
        let after = server.query_count("SELECT MAX(version) FROM client WHERE origin = 'registered'").await;
        assert_eq!(after, version + i64::from(may), "{role:?} {territory}");
    }
}

#[tokio::test]
async fn attack_c6_a_drawn_secret_is_shown_once_and_the_former_one_taken_until_it_is_closed() {
    let (server, client) = start().await;
    let (id, first) = (text(&client, "client_id").to_owned(), text(&client, "client_secret").to_owned());
    let mut who = administrator(&server, AdminRole::Academy, "academy:montpellier", "m@ac.example").await;
    who.browser.get(&format!("/admin/services/{id}")).await;
    assert!(who.browser.page.visible_text().contains("pas encore utilisé"));
    let form: Vec<(String, String)> = who.browser.page.form_of("tirer").fields;
    let second = drawn(&mut who, &id, "14").await;
    assert_eq!((second.len(), who.browser.page.header("cache-control")), (43, "no-store"));
    assert!(can_authenticate(&server, &client, &first).await && can_authenticate(&server, &client, &second).await);
    // Loaded again, the same form draws nothing and shows nothing.
    let mut again: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    again.push(("delai", "14"));
    who.browser.post(&format!("/admin/services/{id}/secret"), &again).await;
    let seen = who.browser.page.visible_text();
    assert_eq!(who.browser.page.status, REFUSED);
    assert!(seen.contains("Le secret a été montré. Tirez-en un autre si vous ne l'avez pas."), "{seen}");
    assert!(!who.browser.page.text().contains(&second));
    // A colleague with the same old form is told that it changed.
    let mut colleague = administrator(&server, AdminRole::Academy, "academy:montpellier", "n@ac.example").await;
    colleague.browser.post(&format!("/admin/services/{id}/secret"), &again).await;
    assert!(colleague.browser.page.visible_text().contains("Cela a changé depuis"));
    // The uses are written off the way of requests, and said.
    write_uses(&server.operation()).await.unwrap();
    who.browser.get(&format!("/admin/services/{id}")).await;
    let seen = who.browser.page.visible_text();
    assert!(seen.matches("utilisé aujourd'hui").count() == 2 && seen.contains("accepté jusqu'au"), "{seen}");
    assert!(!who.browser.page.text().contains(&second) && !who.browser.page.text().contains(&first));
    // Two at most, unless the new one is alone.
    who.browser.submit("tirer", &[("delai", "1")]).await;
    assert_eq!(who.browser.page.status, REFUSED);
    assert!(who.browser.page.visible_text().contains("Deux secrets sont déjà acceptés"));
    who.browser.get(&format!("/admin/services/{id}")).await;
    let form: Vec<(String, String)> = who.browser.page.form_of("fermer").fields;
    who.browser.submit("fermer", &[]).await;
    assert_eq!(who.browser.page.location(), format!("/admin/services/{id}?fait=secret_closed"));
    assert!(!can_authenticate(&server, &client, &first).await && can_authenticate(&server, &client, &second).await);
    let again: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    who.browser.post(&format!("/admin/services/{id}/secret/fermer"), &again).await;
    assert_eq!(who.browser.page.location(), format!("/admin/services/{id}?fait=secret_closed"), "the same answer");
    assert!(can_authenticate(&server, &client, &second).await);
    // The end of an overlap comes by itself.
    let third = drawn(&mut who, &id, "1").await;
    server.advance(Span::days(1));
    assert!(!can_authenticate(&server, &client, &second).await && can_authenticate(&server, &client, &third).await);
    who.sign_in().await;
    let fourth = drawn(&mut who, &id, "0").await;
    assert!(!can_authenticate(&server, &client, &third).await && can_authenticate(&server, &client, &fourth).await);
    let journal = "SELECT detail || '|' || role || '|' || academy FROM audit \
                   WHERE fact = 'client_changed' AND role IS NOT NULL ORDER BY id";
    let by = "|academy@montpellier|montpellier";
    assert_eq!(
        server.query_texts(journal).await,
        ["secret rotated", "former secret closed", "secret rotated", "secret rotated"]
            .map(|what| format!("{what}{by}"))
    );
    let kept = server.query_texts("SELECT digest || COALESCE(drawn_by, '') FROM client_secret").await.concat();
    let whole = server.query_texts("SELECT detail || COALESCE(before, '') || COALESCE(after, '') FROM audit").await;
    for secret in [&first, &second, &third, &fourth] {
        assert!(!kept.contains(secret.as_str()) && !whole.concat().contains(secret.as_str()), "digests only");
    }
    let open = server.query_count("SELECT COUNT(*) FROM client_secret WHERE closed_at IS NULL").await;
    assert_eq!(open, 1);
}

#[tokio::test]
async fn attack_p1_no_secret_is_drawn_without_a_fresh_proof_a_role_or_a_sound_form() {
    let (server, client) = start().await;
    let id = text(&client, "client_id");
    let mut who = administrator(&server, AdminRole::Academy, "academy:montpellier", "m@ac.example").await;
    let path = format!("/admin/services/{id}/secret");
    for fields in [
        vec![],
        vec![("version", "1")],
        vec![("version", "1"), ("delai", "400")],
        vec![("version", "1"), ("delai", "-1")],
        vec![("version", "x"), ("delai", "0")],
        vec![("version", "99"), ("delai", "0")],
    ] {
        who.browser.post(&path, &fields).await;
        assert_eq!(who.browser.page.status, REFUSED, "{fields:?}");
    }
    server.advance(Span::minutes(6));
    who.browser.post(&path, &[("version", "1"), ("delai", "0")]).await;
    assert!(who.browser.page.location().starts_with("/admin/preuve?vers="));
    end_roles(&server, "m@ac.example").await;
    who.browser.post(&path, &[("version", "1"), ("delai", "0")]).await;
    assert!(who.browser.page.location().starts_with("/admin/connexion"));
    assert!(can_authenticate(&server, &client, text(&client, "client_secret")).await, "nothing was done");
    // What has no secret here.
    let mut national = administrator(&server, AdminRole::National, "all", "n@ac.example").await;
    for id in ["ent", "app"] {
        national.browser.get(&format!("/admin/services/{id}")).await;
        assert!(!national.browser.page.has_element("#tirer"), "{id}");
        let version = "SELECT version FROM client WHERE client_id = 'ent'";
        let version = server.query_count(version).await.to_string();
        let fields = [("version", version.as_str()), ("delai", "0")];
        national.browser.post(&format!("/admin/services/{id}/secret"), &fields).await;
        assert_eq!(national.browser.page.status, REFUSED);
        assert!(national.browser.page.visible_text().contains("pas de secret qui se change ici"), "{id}");
    }
    let mut body = cantine();
    body["token_endpoint_auth_method"] = json!("client_secret_jwt");
    let signs = registered(&server, true, &body).await;
    let id = text(&signs, "client_id");
    national.browser.get(&format!("/admin/services/{id}")).await;
    national.browser.submit("tirer", &[("delai", "14")]).await;
    assert!(national.browser.page.visible_text().contains("un seul est accepté à la fois"));
    drawn(&mut national, id, "0").await;
}
