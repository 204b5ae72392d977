//! Tokens of the Admin API: made by whom, with what, kept how, and ended when.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use preau::administrators::roles::AdminRole;
use preau::base::clock::Span;
use serde_json::Value;

use crate::console_clients::{administrator, end_roles};
use crate::support::deployment::MONOD;
use crate::support::html;
use crate::support::{TestAdministrator, TestResponse, TestServer};

const NEW: &str = "/admin/moi/jetons/nouveau";
pub const API: &str = "/api/admin/v1";
const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

/// A call of the Admin API: headers beside the token, and a body of JSON.
#[derive(Clone, Copy, Default)]
pub struct Call<'a> {
    pub headers: &'a [(&'static str, &'a str)],
    pub body: Option<&'a str>,
}

impl TestServer {
    /// Calls the Admin API; `at` is a method and a path below it.
    pub async fn api(&self, token: &str, (method, path): (&str, &str), with: Call<'_>) -> TestResponse {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = Request::builder().method(method).uri(format!("{API}{path}"));
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if with.body.is_some() && !with.headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in with.headers {
            request = request.header(*name, *value);
        }
        let body = with.body.map_or_else(Body::empty, |text| Body::from(text.to_owned()));
        let answer = self.call(request.body(body).unwrap()).await;
        assert!(!answer.status.is_redirection() && answer.cookies().is_empty(), "{path}: {}", answer.visible_text());
        assert!(answer.header("access-control-allow-origin").is_empty(), "{path}");
        answer
    }

    /// Reads with a token.
    pub async fn api_get(&self, token: &str, path: &str) -> TestResponse {
        self.api(token, ("GET", path), Call::default()).await
    }
}

impl TestResponse {
    /// Returns the code of a problem, after checking its form (RFC 9457 3).
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.visible_text());
        let body: Value = serde_json::from_slice(&self.bytes).unwrap();
        let code = body["code"].as_str().unwrap().to_owned();
        assert_eq!(body["status"], self.status.as_u16(), "{body}");
        assert_eq!(body["type"], format!("/api#{code}"), "{body}");
        assert!(body["title"].as_str().is_some_and(|title| title.len() > 5 && title != code), "{body}");
        code
    }
}

/// Posts the form of a token. Returns what the page answers.
async fn post_form(who: &mut TestAdministrator, scopes: &[&str], change: &[(&str, &str)]) -> StatusCode {
    who.open(NEW).await;
    let names: Vec<String> = scopes.iter().map(|scope| format!("portee-{}", scope.replace(':', "-"))).collect();
    let mut typed = vec![("nom", "Suivi"), ("jours", "90")];
    typed.extend(names.iter().map(|name| (name.as_str(), "oui")));
    typed.extend(change);
    who.browser.submit("creer", &typed).await;
    who.browser.page.status
}

/// Makes a token, and returns its text.
pub async fn make_token(who: &mut TestAdministrator, scopes: &[&str], change: &[(&str, &str)]) -> String {
    let status = post_form(who, scopes, change).await;
    assert_eq!(status, StatusCode::OK, "{}", who.browser.page.visible_text());
    html::text(&who.browser.page.text(), "#jeton").unwrap()
}

#[tokio::test]
async fn attack_p8_a_token_is_shown_once_kept_as_a_digest_and_does_what_it_says() {
    let server = TestServer::start().await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    head.browser.get(NEW).await;
    let form = head.browser.page.form_of("creer").fields;
    let token = make_token(&mut head, &["schools:read", "persons:read"], &[]).await;
    assert!(token.starts_with("preau_at_") && token.len() == 55, "{token}");
    // Posted twice, it makes one; the list shows none again.
    let mut twice: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    twice.extend([("jours", "30"), ("portee-schools-read", "oui")]);
    twice.retain(|(name, _)| *name != "nom");
    twice.push(("nom", "Autre"));
    head.browser.post(NEW, &twice).await;
    assert_eq!(head.browser.page.status, StatusCode::OK);
    head.browser.post(NEW, &twice).await;
    assert_eq!(head.browser.page.status, REFUSED, "{}", head.browser.page.visible_text());
    head.browser.get("/admin/moi/jetons").await;
    assert!(!head.browser.page.text().contains("preau_at_") && head.browser.page.visible_text().contains("Suivi"));
    let columns = "SELECT digest || scopes || name || form_id || territory FROM api_token";
    assert!(server.query_texts(columns).await.iter().all(|row| !row.contains(&token)));
    let seen = server.api_get(&token, "/token").await;
    let seen = (seen.status, seen.json());
    assert_eq!((seen.0, &seen.1["territory"]["id"]), (StatusCode::OK, &Value::from(MONOD)));
    assert_eq!(seen.1["scopes"], serde_json::json!(["schools:read", "persons:read"]));
    assert_eq!(server.api_get(&token, &format!("/schools/{MONOD}/funnel")).await.status, StatusCode::OK);
    head.browser.get("/admin/moi/jetons").await;
    assert!(head.browser.page.visible_text().contains("aujourd'hui"), "the last use is told");
    let facts = server.query_texts("SELECT fact || ' ' || actor_kind FROM audit WHERE fact LIKE 'api_token%'").await;
    assert_eq!(facts, ["api_token_made administrator", "api_token_made administrator"]);
}

#[tokio::test]
async fn attack_p1_nobody_puts_into_a_token_what_they_lack() {
    let server = TestServer::start().await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    for (scopes, change) in [
        (vec!["clients:secret"], vec![]),
        (vec!["schools:read", "clients:read"], vec![]),
        (vec![], vec![]),
        (vec!["schools:read"], vec![("territoire", "0349998H")]),
        (vec!["schools:read"], vec![("territoire", "montpellier")]),
        (vec!["schools:read"], vec![("territoire", "0349999K")]),
        (vec!["schools:read"], vec![("jours", "366")]),
        (vec!["schools:read"], vec![("jours", "")]),
        (vec!["schools:read"], vec![("nom", " ")]),
        (vec!["schools:read"], vec![("role", "0")]),
    ] {
        assert_eq!(post_form(&mut head, &scopes, &change).await, REFUSED, "{scopes:?} {change:?}");
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM api_token").await, 0);
    // An auditor's role has what an auditor reads to put into one.
    let mut auditor = server.create_administrator(AdminRole::Auditor, "school:0349999J", "v@ac.example").await;
    assert_eq!(post_form(&mut auditor, &["audit:read", "schools:read"], &[]).await, REFUSED);
    let token = make_token(&mut auditor, &["audit:read", "figures:read"], &[]).await;
    assert_eq!(server.api_get(&token, &format!("/schools/{MONOD}")).await.problem(), "insufficient_scope");
    server.execute_sql("DELETE FROM api_token", Vec::new()).await;
    // Whoever was not proven lately proves it first; one passkey is too few for an academy.
    server.advance(Span::minutes(6));
    head.browser.get(NEW).await;
    assert!(head.browser.page.location().starts_with("/admin/preuve"));
    let mut academy = server.create_administrator(AdminRole::Academy, "academy:montpellier", "j@ac.example").await;
    academy.browser.get(NEW).await;
    assert_eq!(academy.browser.page.location(), "/admin/moi");
    academy.add_second_passkey().await;
    let token = make_token(&mut academy, &["schools:read"], &[("territoire", MONOD)]).await;
    assert_eq!(server.api_get(&token, &format!("/schools/{MONOD}")).await.status, StatusCode::OK);
    assert_eq!(server.api_get(&token, "/schools/0349998H").await.problem(), "not_found", "a part of the academy only");
    // The school goes to another academy, and the token with it.
    server.execute_sql("UPDATE school SET academy = 'toulouse' WHERE uai = $1", vec![MONOD.into()]).await;
    assert_eq!(server.api_get(&token, "/token").await.problem(), "invalid_token");
    academy.browser.get("/admin/moi/jetons").await;
    assert!(academy.browser.page.visible_text().contains("Rôle terminé"), "{}", academy.browser.page.visible_text());
}

#[tokio::test]
async fn attack_p8_a_token_ends_with_its_role_its_term_its_revocation_and_lost_proofs() {
    let server = TestServer::start().await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    let revoked = make_token(&mut head, &["schools:read"], &[]).await;
    head.browser.get("/admin/moi/jetons").await;
    let id = html::attribute(&head.browser.page.text(), "input[name=jeton]", "value").unwrap();
    // Somebody else's is not theirs to revoke.
    let mut other = server.create_administrator(AdminRole::SchoolHead, "school:0349998H", "b@ecole.example").await;
    other.browser.post("/admin/moi/jetons/revoquer", &[("jeton", &id)]).await;
    assert_eq!(server.api_get(&revoked, "/token").await.status, StatusCode::OK);
    head.browser.post("/admin/moi/jetons/revoquer", &[("jeton", &id)]).await;
    let answer = server.api_get(&revoked, "/token").await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::UNAUTHORIZED, "invalid_token"));
    assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""));
    let short = make_token(&mut other, &["schools:read"], &[("jours", "30")]).await;
    let of_role = make_token(&mut head, &["schools:read"], &[]).await;
    server.advance(Span(Span::days(30).0 - 1));
    assert_eq!(server.api_get(&short, "/token").await.status, StatusCode::OK);
    server.advance(Span(1));
    assert_eq!(server.api_get(&short, "/token").await.problem(), "invalid_token");
    assert_eq!(server.api_get(&of_role, "/token").await.status, StatusCode::OK);
    end_roles(&server, "a@ecole.example").await;
    assert_eq!(server.api_get(&of_role, "/token").await.problem(), "invalid_token");
    // The same role given again does not bring it back.
    server.invite_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    assert_eq!(server.api_get(&of_role, "/token").await.problem(), "invalid_token");
}

#[tokio::test]
async fn attack_s10_a_token_is_taken_from_one_header_only_and_wrong_ones_are_counted() {
    let server = TestServer::start().await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    let token = make_token(&mut head, &["schools:read"], &[]).await;
    let answer = server.api_get("", &format!("/token?access_token={token}")).await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::BAD_REQUEST, "token_in_query"));
    let answer = server.api_get(&token, &format!("/token?access_token={token}")).await;
    assert_eq!(answer.problem(), "token_in_query", "beside the header too");
    let cookie = head.browser.cookie("admin").unwrap().to_owned();
    let cookie = format!("preau_dev_admin={cookie}; token={token}");
    let only_cookie = Call { headers: &[("cookie", &cookie)], ..Call::default() };
    let answer = server.api("", ("GET", "/token"), only_cookie).await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::UNAUTHORIZED, "missing_token"));
    assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"preau\"");
    let basic = Call { headers: &[("authorization", "Basic eDp5")], ..Call::default() };
    assert_eq!(server.api("", ("GET", "/token"), basic).await.problem(), "missing_token");
    // One wrong token counts once, however often; sixty of them end the patience with that source.
    for _ in 0..100 {
        assert_eq!(server.api_get("preau_at_x", "/token").await.problem(), "invalid_token");
    }
    for n in 0..59 {
        assert_eq!(server.api_get(&format!("x{n}"), "/token").await.problem(), "invalid_token", "{n}");
    }
    let answer = server.api_get("one too many", "/token").await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_many_wrong_tokens"));
    assert!(answer.header("retry-after").parse::<i64>().unwrap() > 0);
    assert_eq!(server.api_get(&token, "/token").await.status, StatusCode::OK, "a right one is never refused by that");
}

#[tokio::test]
async fn attack_p8_every_token_is_revoked_at_once_as_after_a_restore() {
    let server = TestServer::start().await;
    let mut academy = administrator(&server, AdminRole::Academy, "academy:montpellier", "j@ac.example").await;
    let token = make_token(&mut academy, &["clients:read"], &[]).await;
    assert_eq!(server.api_get(&token, "/clients").await.status, StatusCode::OK);
    let op = server.operation();
    let mut tx = op.write(preau::db::Durability::Durable).await.unwrap();
    assert_eq!(preau::administrators::store::api_tokens::revoke_of_everybody(&mut tx).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(server.api_get(&token, "/clients").await.problem(), "invalid_token");
}
