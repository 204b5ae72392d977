//! Every token at every place: whole where another belongs, cut, changed by one bit, of another client, expired. It
//! opens nothing, it ends nothing, and it is told in one way (docs/threats.md#attack-j9, #attack-j11, #attack-j12,
//! #attack-t5, #attack-t9).

use axum::body::Body;
use axum::http::{Request, StatusCode};
use preau::base::clock::Span;
use preau::clients::{AuthMethod, GrantType};
use serde_json::Value;

use super::registration::{create_initial_token, registered};
use crate::support::relying_party::mutate_token;
use crate::support::{Browser, ClientKey, Landing, TestRelyingParty, TestResponse, TestServer};

const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A token by the name of its kind.
type NamedToken = (&'static str, String);

struct Fixture {
    server: TestServer,
    rp: TestRelyingParty,
    browser: Browser,
    /// Of the client `ent`, unless the name says another.
    all: Vec<NamedToken>,
}

async fn issued_tokens(rp: &TestRelyingParty, browser: &mut Browser, member: &crate::support::TestAccount) -> Value {
    let (attempt, code) = rp.obtain_code(browser, member).await;
    rp.exchange(&attempt, &code).await.json()
}

impl Fixture {
    async fn new() -> Self {
        let server = TestServer::start().await;
        for id in ["ent", "bourses"] {
            server.change_client(id, |meta| meta.grant_types.push(GrantType::RefreshToken)).await;
        }
        let member = server.create_durand().await;
        let (rp, other) = (TestRelyingParty::new(&server, "ent"), TestRelyingParty::new(&server, "bourses"));
        let mut browser = Browser::new(&server);
        let (mine, theirs) =
            (issued_tokens(&rp, &mut browser, &member).await, issued_tokens(&other, &mut browser, &member).await);
        let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
        let pushed: Vec<(String, String)> = rp.parameters(&attempt);
        let pushed: Vec<(&str, &str)> = pushed.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let authorization = rp.authorization().unwrap();
        let pushed = server.post("/oauth2/par", &[("authorization", &authorization)], &pushed).await.json();
        let (initial, _) = create_initial_token(&server, 9, false).await;
        let own = registered(&server, true, &super::registration::cantine()).await;
        let key = ClientKey::new("k");
        let proof = key.dpop_proof(
            "POST",
            &format!("{}/oauth2/token", server.issuer()),
            server.now().as_seconds(),
            "j",
            &Value::Null,
        );
        let text = |body: &Value, name: &str| body[name].as_str().unwrap().to_owned();
        let all = vec![
            ("access token", text(&mine, "access_token")),
            ("refresh token", text(&mine, "refresh_token")),
            ("ID token", text(&mine, "id_token")),
            ("another's access token", text(&theirs, "access_token")),
            ("another's refresh token", text(&theirs, "refresh_token")),
            ("another's ID token", text(&theirs, "id_token")),
            ("code", code),
            ("request_uri", text(&pushed, "request_uri")),
            ("initial access token", initial),
            ("registration access token", text(&own, "registration_access_token")),
            ("client secret", text(&own, "client_secret")),
            ("DPoP proof", proof),
            ("nonsense", "x".to_owned()),
        ];
        Self { server, rp, browser, all }
    }

    /// All but those that belong here, and those too once they are cut, bent or blurred.
    fn wrong(&self, right: &[&str]) -> Vec<(String, String)> {
        let mut out = Vec::new();
        for (name, token) in &self.all {
            let half = token.get(..token.len() / 2).unwrap_or_default().to_owned();
            let short = token.get(..token.len() - 1).unwrap_or_default().to_owned();
            let versions = [
                ("half", half),
                ("cut", short),
                ("bent", mutate_token(token)),
                ("twice", format!("{token}{token}")),
                ("longer", format!("{token}=")),
            ];
            let versions = versions.into_iter().filter(|(_, text)| !text.is_empty());
            out.extend(versions.map(|(how, text)| (format!("{name}, {how}"), text)));
            if !right.contains(name) {
                out.push(((*name).to_owned(), token.clone()));
            }
        }
        out
    }

    async fn bearer(&self, method: &str, path: &str, token: &str) -> TestResponse {
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        let request = request.header("content-type", "application/json");
        self.server.call(request.body(Body::from("{}")).unwrap()).await
    }

    async fn token(&self, fields: &[(&'static str, &str)]) -> TestResponse {
        let fields: Vec<(&'static str, String)> = fields.iter().map(|(n, v)| (*n, (*v).to_owned())).collect();
        self.rp.post_token(self.rp.authorization().as_deref(), &fields).await
    }

    /// The first tokens still count: nothing that was tried took anything away.
    async fn assert_nothing_lost(&self) {
        let of = |name: &str| &self.all.iter().find(|(n, _)| *n == name).unwrap().1;
        assert_eq!(self.rp.userinfo(of("access token")).await.status, StatusCode::OK);
        assert_eq!(self.rp.userinfo(of("another's access token")).await.status, StatusCode::OK);
        let turned = self.token(&[("grant_type", "refresh_token"), ("refresh_token", of("refresh token"))]).await;
        assert_eq!(turned.status, StatusCode::OK, "{}", turned.visible_text());
    }
}

#[tokio::test]
async fn attack_j12_userinfo_and_registration_open_to_their_own_tokens_only() {
    let house = Fixture::new().await;
    for (case, token) in house.wrong(&["access token", "another's access token"]) {
        for method in ["GET", "POST"] {
            let answer = house.bearer(method, "/oauth2/userinfo", &token).await;
            let told = (answer.status, answer.oauth_error());
            assert_eq!(told, (StatusCode::UNAUTHORIZED, "invalid_token".into()), "{case}");
        }
    }
    for (case, token) in house.wrong(&["initial access token"]) {
        assert_eq!(house.bearer("POST", "/oauth2/register", &token).await.oauth_error(), "invalid_token", "{case}");
    }
    for (case, token) in house.wrong(&[]) {
        for (method, path) in [("GET", "/oauth2/register/ent"), ("PUT", "/oauth2/register/bourses")] {
            assert_eq!(house.bearer(method, path, &token).await.oauth_error(), "invalid_token", "{case}");
        }
        assert_eq!(
            house.bearer("DELETE", "/oauth2/register/ent", &token).await.oauth_error(),
            "invalid_token",
            "{case}"
        );
    }
    house.assert_nothing_lost().await;
}

#[tokio::test]
async fn attack_t9_the_token_endpoint_takes_each_in_its_own_place_only() {
    let house = Fixture::new().await;
    for (case, token) in house.wrong(&["refresh token"]) {
        let answer = house.token(&[("grant_type", "refresh_token"), ("refresh_token", &token)]).await;
        assert_eq!(
            (answer.status, answer.oauth_error().as_str()),
            (StatusCode::BAD_REQUEST, "invalid_grant"),
            "{case}"
        );
    }
    let redirect_uri = house.rp.redirect_uri.clone();
    for (case, token) in house.wrong(&["code"]) {
        let fields = [("grant_type", "authorization_code"), ("code", &token), ("redirect_uri", &redirect_uri)];
        let answer = house.token(&fields).await;
        assert_eq!(
            (answer.status, answer.oauth_error().as_str()),
            (StatusCode::BAD_REQUEST, "invalid_grant"),
            "{case}"
        );
    }
    house.server.change_client("strict", |meta| meta.auth_method = AuthMethod::PrivateKeyJwt).await;
    for (case, token) in house.wrong(&[]) {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", "strict"),
            ("client_assertion_type", CLIENT_ASSERTION_TYPE),
            ("client_assertion", &token),
        ];
        let answer = house.server.post("/oauth2/token", &[], &fields).await;
        assert_eq!(
            (answer.status, answer.oauth_error().as_str()),
            (StatusCode::UNAUTHORIZED, "invalid_client"),
            "{case}"
        );
    }
    let authorization = house.rp.authorization().unwrap();
    let fields = [("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", redirect_uri.as_str())];
    for (case, token) in house.wrong(&["DPoP proof"]) {
        let headers = [("authorization", authorization.as_str()), ("dpop", &token)];
        let answer = house.server.post("/oauth2/token", &headers, &fields).await;
        let told = answer.oauth_error();
        assert!(["invalid_dpop_proof", "invalid_grant"].contains(&told.as_str()), "{case}: {told}");
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{case}");
    }
    house.assert_nothing_lost().await;
}

#[tokio::test]
async fn attack_t5_asked_about_or_ended_each_is_another_thing() {
    let house = Fixture::new().await;
    for (case, token) in house.wrong(&["access token", "refresh token"]) {
        let told = super::introspection::introspect(&house.rp, &token).await;
        assert_eq!(told, serde_json::json!({ "active": false }), "{case}");
    }
    let theirs = ["another's access token", "another's refresh token"];
    for (case, token) in house.wrong(&["access token", "refresh token"]) {
        let answer = super::introspection::post_as_client(&house.rp, "/oauth2/revoke", &token, &[]).await;
        // RFC 7009 2.1, 2.2: what is another's is refused, what is nothing is done with.
        let wanted = if theirs.contains(&case.as_str()) { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        assert_eq!(answer.status, wanted, "{case}: {}", answer.visible_text());
    }
    house.assert_nothing_lost().await;
}

#[tokio::test]
async fn attack_j12_no_token_passes_for_a_request_a_hint_or_a_session() {
    let house = Fixture::new().await;
    let attempt = house.rp.attempt();
    for (case, token) in house.wrong(&[]) {
        let query = |name: &str| crate::support::server::encode_form(&[("client_id", "ent"), (name, &token)]);
        for name in ["request", "request_uri"] {
            // The reference that was pushed is right by this name.
            if name == "request_uri" && case == "request_uri" {
                continue;
            }
            let mut browser = house.browser.clone_browser();
            let landed = browser.open(&format!("/oauth2/authorize?{}", query(name))).await;
            assert!(matches!(landed, Landing::OwnPage), "{name}: {case}");
            assert_eq!(browser.page.status, StatusCode::BAD_REQUEST, "{name}: {case}");
        }
    }
    for (case, token) in house.wrong(&["ID token", "another's ID token"]) {
        // It asks for silence: no code for a hint that says nothing.
        let mut browser = house.browser.clone_browser();
        let silent = house.rp.attempt_with(&[("prompt", "none"), ("id_token_hint", &token)]);
        let landed = browser.open(&silent.url).await.expect_redirect_away();
        let told = house.rp.error(&landed, &silent);
        assert!(["login_required", "invalid_request"].contains(&told.as_str()), "{case}: {told}");
        // A sign-out by it asks the person first.
        let mut browser = house.browser.clone_browser();
        let hint = crate::support::server::encode_form(&[("id_token_hint", &token)]);
        browser.open(&format!("/oauth2/logout?{hint}")).await;
        assert!(
            matches!(house.browser.clone_browser().open(&house.rp.attempt().url).await, Landing::ExternalSite(_)),
            "{case}"
        );
    }
    for (case, token) in house.wrong(&[]) {
        let request = Request::get(&attempt.url).header("cookie", format!("preau_dev={token}; __Host-preau={token}"));
        let Ok(request) = request.body(Body::empty()) else { continue };
        let answer = house.server.call(request).await;
        assert!(!answer.headers.get("location").is_some_and(|to| to.to_str().unwrap().contains("code=")), "{case}");
    }
}

#[tokio::test]
async fn attack_t4_what_has_expired_is_dead_everywhere() {
    let mut house = Fixture::new().await;
    house.server.advance(Span::minutes(61));
    let all = std::mem::take(&mut house.all);
    for (name, token) in &all {
        assert_eq!(house.bearer("GET", "/oauth2/userinfo", token).await.oauth_error(), "invalid_token", "{name}");
        if *name != "refresh token" {
            assert_eq!(super::introspection::introspect(&house.rp, token).await["active"], false, "{name}");
        }
        let fields = [("grant_type", "authorization_code"), ("code", token), ("redirect_uri", &house.rp.redirect_uri)];
        assert_eq!(house.token(&fields).await.oauth_error(), "invalid_grant", "{name}");
        let mut browser = Browser::new(&house.server);
        browser.open(&format!("/oauth2/authorize?client_id=ent&request_uri={token}")).await;
        assert_eq!(browser.page.status, StatusCode::BAD_REQUEST, "{name}");
    }
    // A refresh token lives as long as its session may.
    house.server.advance(Span::hours(11));
    let refresh = &all.iter().find(|(name, _)| *name == "refresh token").unwrap().1;
    assert_eq!(super::introspection::introspect(&house.rp, refresh).await["active"], false);
    let answer = house.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
    assert_eq!(answer.oauth_error(), "invalid_grant");
    // The initial token lives a week.
    house.server.advance(Span::days(8));
    let initial = &all.iter().find(|(name, _)| *name == "initial access token").unwrap().1;
    assert_eq!(house.bearer("POST", "/oauth2/register", initial).await.oauth_error(), "invalid_token");
}
