//! Requests bent in every way, and what a waiting request may become while a person signs in.

use axum::http::StatusCode;

use crate::support::server::encode_form;
use crate::support::{Browser, Landing, TestRelyingParty, TestServer};

/// A parameter in all the ways that a request may have it: not, twice, empty, long, and as no text.
pub(super) fn mutated(all: &[(String, String)], name: &str) -> Vec<(&'static str, String)> {
    let own = all.iter().find(|(n, _)| n == name).map_or("x", |(_, v)| v.as_str());
    let kept: Vec<(&str, &str)> =
        all.iter().filter(|(n, _)| n != name).map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let rest = encode_form(&kept);
    let own = encode_form(&[(name, own)]);
    let twice = encode_form(&[(name, own.split_once('=').map_or("", |(_, value)| value))]);
    vec![
        ("missing", rest.clone()),
        ("doubled", format!("{rest}&{own}&{own}")),
        ("empty", format!("{rest}&{name}=")),
        ("without a sign", format!("{rest}&{name}")),
        ("10 kB", format!("{rest}&{name}={}", "x".repeat(10_000))),
        ("NUL", format!("{rest}&{name}=%00")),
        ("no UTF-8", format!("{rest}&{name}=%ff%fe")),
        ("half an escape", format!("{rest}&{name}=%4")),
        ("encoded twice", format!("{rest}&{twice}")),
        ("not ASCII", format!("{rest}&{}", encode_form(&[(name, "élève 生徒 🎒")]))),
        ("a list", format!("{rest}&{name}[]=1&{name}[0]=1")),
        ("signs", format!("{rest}&{}", encode_form(&[(name, "\"'<>\\{{7*7}}\r\n\u{202e}")]))),
    ]
}

const OF_AUTHORIZE: [&str; 23] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "login_hint",
    "ui_locales",
    "acr_values",
    "id_token_hint",
    "display",
    "claims",
    "claims_locales",
    "response_mode",
    "request",
    "request_uri",
    "registration",
    "i",
    "lang",
];

#[tokio::test]
async fn protocol_a6_every_authorize_parameter_missing_doubled_empty_or_huge_has_a_clear_answer() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let all = ent.parameters(&ent.attempt());
    let mut known = Browser::new(&server);
    known.open("/connexion").await;
    known.sign_in(&member).await;
    for name in OF_AUTHORIZE {
        for (how, query) in mutated(&all, name) {
            for by_post in [false, true] {
                let mut browser = known.clone_browser();
                if by_post {
                    let fields: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
                    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
                    browser.post_cross_site("/oauth2/authorize", &fields).await;
                } else {
                    browser.get(&format!("/oauth2/authorize?{query}")).await;
                }
                let case = format!("{name} {how}, by POST: {by_post}");
                match browser.follow().await {
                    // To the registered address, with one of the two.
                    Landing::ExternalSite(url) => {
                        assert!(url.as_str().starts_with("https://ent.example/retour?"), "{case}: {url}");
                        let has = |name: &str| url.query_pairs().filter(|(n, _)| n == name).count();
                        assert_eq!(has("code") + has("error"), 1, "{case}: {url}");
                        assert_eq!(has("iss"), 1, "{case}: {url}");
                    }
                    // Or a page that says what to do; the sign-in only where it is asked for.
                    Landing::OwnPage => {
                        let status = browser.page.status.as_u16();
                        assert!([200, 400, 410].contains(&status), "{case}: {}", browser.page.visible_text());
                        assert!(!browser.page.visible_text().is_empty(), "{case}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn attack_a15_every_page_takes_any_query_and_any_form() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut known = Browser::new(&server);
    known.open("/connexion").await;
    known.sign_in(&member).await;
    let pages = [
        "/connexion",
        "/connexion/suite",
        "/compte",
        "/identifiant-oublie",
        "/mot-de-passe-oublie",
        "/oauth2/logout",
        "/deconnexion/suite",
        "/aide",
        "/",
    ];
    let forms = ["/connexion", "/deconnexion", "/deconnexion/confirmer", "/oauth2/logout"];
    let names = ["i", "client_id", "lang", "a", "id_token_hint", "post_logout_redirect_uri", "state", "identifiant"];
    for name in names {
        for (how, query) in mutated(&[], name) {
            for path in pages {
                let mut browser = known.clone_browser();
                assert!(
                    matches!(browser.open(&format!("{path}?{query}")).await, Landing::OwnPage),
                    "{path} {name} {how}"
                );
                assert!(browser.page.status.as_u16() < 500, "{path} {name} {how}");
            }
            for path in forms {
                let mut browser = known.clone_browser();
                let answer = server.post(path, &[("sec-fetch-site", "same-origin")], &[(name, query.as_str())]).await;
                assert!(answer.status.as_u16() < 500, "{path} {name} {how}");
                browser.post(&format!("{path}?{query}"), &[(name, "x")]).await;
                assert!(browser.page.status.as_u16() < 500, "{path} {name} {how}");
            }
        }
    }
}

#[tokio::test]
async fn attack_c8_the_waiting_request_is_ours_and_checked_again_at_the_end() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let attempt = ent.attempt();
    let mut browser = Browser::new(&server);
    browser.open(&attempt.url).await;
    let forged = format!("{}&response_type=token&redirect_uri=https://evil.example/&scope=openid", browser.url);
    browser.open(&forged).await;
    let landed = browser.sign_in(&member).await.expect_redirect_away();
    ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
    // The address is no longer the client's by the time that the person has signed in.
    let mut browser = Browser::new(&server);
    browser.open(&ent.attempt().url).await;
    let moved = "UPDATE client SET metadata = REPLACE(metadata, 'ent.example/retour', 'ent.example/neuf') \
                 WHERE client_id = 'ent'";
    assert_eq!(server.execute_sql(moved, vec![]).await, 1);
    browser.sign_in(&member).await;
    assert_eq!(browser.page.status, StatusCode::GONE, "{}", browser.page.visible_text());
}

#[tokio::test]
async fn a_code_of_a_session_that_was_left_gives_nothing() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let (attempt, code) = ent.obtain_code(&mut browser, &member).await;
    browser.open("/compte").await;
    browser.submit("se-deconnecter", &[]).await;
    let answer = ent.exchange(&attempt, &code).await;
    assert_eq!((answer.status, answer.oauth_error().as_str()), (StatusCode::BAD_REQUEST, "invalid_grant"));
}

#[tokio::test]
async fn attack_a13_no_identifiant_and_no_sub_is_ever_given_again() {
    let server = TestServer::start().await;
    let member = server.create_account("Anne", "DURAND").await;
    let strict = TestRelyingParty::new(&server, "strict");
    let first = strict.sign_in(&mut Browser::new(&server), &member).await;
    // The same after a restart, in another session.
    let restarted = server.restart().await;
    let again = TestRelyingParty::new(&restarted, "strict").sign_in(&mut Browser::new(&restarted), &member).await;
    assert_eq!(again.claims["sub"], first.claims["sub"]);
    server.execute_sql("UPDATE account SET state = 'closed'", vec![]).await;
    let mut browser = Browser::new(&server);
    browser.open(&strict.attempt().url).await;
    browser.sign_in_with(&member.identifiant, &member.password).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    // A hundred more of the name: the closed one's number is never drawn.
    let mut next = server.create_account("Anne", "DURAND").await;
    for _ in 0..100 {
        assert_ne!(next.identifiant, member.identifiant);
        next = server.create_account("Anne", "DURAND").await;
    }
    let second = strict.sign_in(&mut Browser::new(&server), &next).await;
    assert_ne!(second.claims["sub"], first.claims["sub"]);
}
