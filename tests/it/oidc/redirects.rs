//! Where a browser may be sent: registered addresses only, compared byte for byte, and only once they are verified.

use axum::http::StatusCode;

use crate::support::{Browser, Landing, TestFamily, TestRelyingParty, TestServer, deployment};

/// Asks with another redirect URI; it must end on a page of ours that leads nowhere else.
async fn refused(server: &TestServer, client: &'static str, uri: &str) {
    let rp = TestRelyingParty::new(server, client);
    for more in [
        vec![("redirect_uri", uri)],
        vec![("redirect_uri", uri), ("prompt", "none")],
        vec![("redirect_uri", uri), ("response_type", "wrong")],
    ] {
        let mut browser = Browser::new(server);
        let landed = browser.open(&rp.attempt_with(&more).url).await;
        assert!(matches!(landed, Landing::OwnPage), "{uri}: {landed:?}");
        assert_eq!(browser.page.status, StatusCode::BAD_REQUEST, "{uri}: {}", browser.page.visible_text());
        assert!(!browser.page.text().contains("evil"), "{uri} is on the page");
        // What is no text counts as missing; then the client is named, with its registered site.
        let others = format!("main a[href^=\"https:\"]:not([href=\"https://{client}.example/\"])");
        assert!(!browser.page.has_element(&others), "no link: {}", browser.page.text());
        let fields: Vec<(String, String)> =
            url::form_urlencoded::parse(rp.attempt_with(&more).url.split_once('?').unwrap().1.as_bytes())
                .into_owned()
                .collect();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(browser.post("/oauth2/authorize", &fields).await.status, StatusCode::BAD_REQUEST, "{uri} by POST");
    }
}

#[tokio::test]
async fn attack_r1_r2_r3_r4_r6_r7_threat_s11_nothing_but_the_registered_bytes() {
    let server = TestServer::start().await;
    for uri in [
        // r1: wildcards, userinfo, hosts that only look alike
        "https://ent.example.evil.example/retour",
        "https://evil.example/retour",
        "https://ent.example@evil.example/retour",
        "https://*.example/retour",
        "https://evil.example/https://ent.example/retour",
        // r2: dot segments, double encoding
        "https://ent.example/retour/../evil",
        "https://ent.example/retour/..;/evil",
        "https://ent.example/./retour",
        "https://ent.example/retour%2e",
        "https://ent.example/%72etour",
        "https://ent.example/%2572etour",
        // r3
        "https://ent.example\\@evil.example/retour",
        "https://ent.example%2f@evil.example/retour",
        // r4: no prefix, no pattern, parts apart
        "https://entXexample/retour",
        "https://ent.example/retour.evil",
        "https://ent.example/retour/",
        "https://ent.example:443/retour",
        "https://ent.example:8443/retour",
        "http://ent.example/retour",
        "https://ent.example/Retour",
        "https://ENT.example/retour",
        "https://ent.example/retour?x=1",
        "https://ent.example/retour#evil",
        "https://ent.example/retour?code=evil",
        "https://ent.example/autre",
        "https://ent.example/autre?choix=2",
        "https://ent.example/autre?choix=1&x=evil",
        // r6
        "javascript:alert('evil')",
        "JaVaScRiPt:alert('evil')",
        "data:text/html,evil",
        // r7
        "https://ent.example/retour\r\nLocation: https://evil.example",
        "https://ent.example/\tretour",
        " https://ent.example/retour",
        "https://ent.example/retour ",
        "///evil.example",
        "//evil.example/retour",
        "/retour",
        "https://ent.example/retour\u{0}",
        "https://\u{ff45}nt.example/retour",
        "https://bourses.example/retour",
        "x",
    ] {
        refused(&server, "ent", uri).await;
    }
}

#[tokio::test]
async fn attack_r8_a_missing_redirect_uri_is_not_guessed() {
    let server = TestServer::start().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    browser.open(&rp.attempt_with(&[("redirect_uri", "")]).url).await;
    assert_eq!(browser.page.status, StatusCode::BAD_REQUEST);
    assert!(
        browser.page.visible_text().contains("Service ent"),
        "the client is known: {}",
        browser.page.visible_text()
    );
}

#[tokio::test]
async fn attack_r13_only_the_port_of_a_native_client_s_loopback_may_vary() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut app = TestRelyingParty::new(&server, "app");
    for port in ["", ":1", ":51234"] {
        app.redirect_uri = format!("http://127.0.0.1{port}/retour");
        app.sign_in(&mut Browser::new(&server), &member).await;
    }
    for uri in [
        "http://localhost:5000/retour",
        "http://127.0.0.1.evil.example/retour",
        "http://127.0.0.1:5000@evil.example/retour",
        "http://127.0.0.1:5000/evil",
        "http://127.0.0.2:5000/retour",
        "http://[::1]:5000/retour",
        "https://127.0.0.1:5000/retour",
        "http://127.0.0.1:/retour",
        "http://127.0.0.1:500000/retour",
    ] {
        refused(&server, "app", uri).await;
    }
    refused(&server, "ent", "http://127.0.0.1:5000/retour").await;
}

#[tokio::test]
async fn attack_r5_a_doubled_parameter_is_refused() {
    let server = TestServer::start().await;
    let rp = TestRelyingParty::new(&server, "ent");
    for doubled in ["client_id=ent", "redirect_uri=https://ent.example/retour"] {
        let mut browser = Browser::new(&server);
        browser.open(&format!("{}&{doubled}", rp.attempt().url)).await;
        assert_eq!(browser.page.status, StatusCode::BAD_REQUEST, "{doubled}");
    }
    for doubled in [
        "scope=openid",
        "nonce=x",
        "response_type=code",
        "prompt=none&prompt=none",
        "unknown=1&unknown=2",
        "max_age=1&max_age=2",
    ] {
        let attempt = rp.attempt();
        let landed = Browser::new(&server).open(&format!("{}&{doubled}", attempt.url)).await.expect_redirect_away();
        assert_eq!(rp.error(&landed, &attempt), "invalid_request", "{doubled}");
    }
    // A doubled state cannot be given back.
    let attempt = rp.attempt();
    let landed = Browser::new(&server).open(&format!("{}&state=2", attempt.url)).await.expect_redirect_away();
    assert!(landed.as_str().contains("error=invalid_request") && !landed.as_str().contains("state="), "{landed}");
}

#[tokio::test]
async fn attack_r9_nothing_in_a_page_s_address_sends_the_browser_elsewhere() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let evil = "https%3A%2F%2Fevil.example%2F";
    for path in [
        "/connexion",
        "/connexion/suite",
        "/compte",
        "/",
        "/deconnexion/suite",
        "/identifiant-oublie",
        "/mot-de-passe-oublie",
        "/activation",
        "/activation/code",
        "/activation/suite",
        "/activation/enfants",
        "/activation/mot-de-passe",
        "/activation/feuille",
        "/activation/terminee",
        "/aide",
        "/oauth2/logout",
    ] {
        for name in ["next", "redirect", "redirect_uri", "return_to", "i", "client_id", "lang", "a", "state"] {
            let mut browser = Browser::new(&server);
            browser.open("/connexion").await;
            let landed = browser.open(&format!("{path}?{name}={evil}")).await;
            assert!(matches!(landed, Landing::OwnPage), "{path} {name}");
            assert!(!browser.page.text().contains("href=\"https://evil"), "{path} {name}");
            assert!(!browser.page.has_element("a[href^=\"//\"]"), "{path} {name}");
        }
    }
    let mut browser = Browser::new(&server);
    browser.open(&format!("/connexion?i={evil}&client_id={evil}")).await;
    let landed = browser.sign_in(&member).await;
    assert!(matches!(landed, Landing::OwnPage), "{landed:?}");

    // An activation that began so ends here too.
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut browser = Browser::new(&server);
    browser.open(&format!("/activation?i={evil}&client_id={evil}&next={evil}")).await;
    browser.activate(&server, &TestFamily::durand()).await;
    let to = browser.page.link_target("#continuer");
    assert!(to.starts_with('/') && !to.starts_with("//"), "{to}");
    let landed = browser.open(&to).await;
    assert!(matches!(landed, Landing::OwnPage), "{landed:?}");
}

#[tokio::test]
async fn attack_r11_nothing_travels_before_client_and_address_are_verified() {
    let server = TestServer::start().await;
    let rp = TestRelyingParty::new(&server, "ent");
    for client_id in ["", "nobody", "ent%00", "ent ", "ENT", "<script>evil</script>", &"x".repeat(5_000)] {
        let mut browser = Browser::new(&server);
        let landed = browser.open(&rp.attempt_with(&[("client_id", client_id)]).url).await;
        assert!(matches!(landed, Landing::OwnPage), "{client_id}");
        assert_eq!(browser.page.status, StatusCode::BAD_REQUEST, "{client_id}");
        assert!(!browser.page.text().contains("evil"), "{client_id}");
    }
    server.execute_sql("UPDATE client SET state = 'suspended' WHERE client_id = 'ent'", vec![]).await;
    let mut browser = Browser::new(&server);
    browser.open(&rp.attempt().url).await;
    assert_eq!(browser.page.status, StatusCode::BAD_REQUEST, "a suspended client");
    // The files are read again at the next start: the suspension stays.
    let mut browser = Browser::new(&server.restart().await);
    browser.open(&rp.attempt().url).await;
    assert_eq!(browser.page.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn attack_p6_a_suspension_counts_at_every_endpoint_and_in_the_middle_of_a_sign_in() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let tokens = rp.sign_in(&mut browser, &member).await;
    let (attempt, code) = rp.obtain_code(&mut browser, &member).await;
    let mut waiting = Browser::new(&server);
    waiting.open(&rp.attempt().url).await;
    server.execute_sql("UPDATE client SET state = 'suspended' WHERE client_id = 'ent'", vec![]).await;
    let answer = rp.exchange(&attempt, &code).await;
    assert_eq!((answer.status, answer.oauth_error().as_str()), (StatusCode::UNAUTHORIZED, "invalid_client"));
    assert_eq!(rp.userinfo(&tokens.access_token).await.status, StatusCode::UNAUTHORIZED);
    assert!(matches!(waiting.sign_in(&member).await, Landing::OwnPage));
    assert_eq!(waiting.page.status, StatusCode::GONE);
    let back = rp.logout_url(&[
        ("id_token_hint", tokens.id_token.as_str()),
        ("post_logout_redirect_uri", &deployment::goodbye_uri("ent")),
    ]);
    assert!(matches!(browser.open(&back).await, Landing::OwnPage));
}

#[tokio::test]
async fn attack_r12_what_is_refused_is_said_in_plain_ascii_and_never_repeats_the_request() {
    let server = TestServer::start().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let evil = "<script>évil</script>\"\\\r\n";
    for name in [
        "response_type",
        "response_mode",
        "scope",
        "code_challenge",
        "code_challenge_method",
        "max_age",
        "request",
        "id_token_hint",
        "request_uri",
    ] {
        let attempt = rp.attempt_with(&[(name, evil)]);
        let landed = Browser::new(&server).open(&attempt.url).await.expect_redirect_away();
        // The charset is looked at there.
        rp.error(&landed, &attempt);
        assert!(!landed.as_str().contains("vil"), "{landed}");
    }
}

#[tokio::test]
async fn a_registered_query_is_kept() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut rp = TestRelyingParty::new(&server, "ent");
    rp.redirect_uri = "https://ent.example/autre?choix=1".to_owned();
    rp.sign_in(&mut Browser::new(&server), &member).await;
    let attempt = rp.attempt_with(&[("response_type", "token")]);
    let landed = Browser::new(&server).open(&attempt.url).await.expect_redirect_away();
    assert!(landed.as_str().starts_with("https://ent.example/autre?choix=1&error="), "{landed}");
}
