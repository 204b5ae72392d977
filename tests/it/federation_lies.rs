//! Upstreams that lie, answers that belong to somebody else, and answers that never come.

use axum::http::StatusCode;
use preau::base::clock::Span;
use serde_json::{Value, json};

use crate::support::{Browser, FakeUpstream, Lie, TestServer, deployment};

const START: &str = "/federation/academie";

/// Signs in with a lie; asserts that nobody is signed in and that no account was made, and returns the status.
async fn refused(upstream: &FakeUpstream, server: &TestServer, lie: Lie) -> StatusCode {
    upstream.be_honest();
    upstream.lie(lie.clone());
    let mut browser = Browser::new(server);
    upstream.sign_in(server, &mut browser, START).await;
    assert!(!browser.has_session(), "{lie:?}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 0, "{lie:?}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM session").await, 0, "{lie:?}");
    let page = browser.page.text();
    assert!(browser.page.has_element("#identifiant") && browser.page.has_element(".support"), "{lie:?}");
    assert!(!page.contains("alert(1)"), "the upstream's words are echoed: {page}");
    browser.page.status
}

/// Asserts that each lie is an answer that is not believed.
async fn all_untrusted(lies: impl IntoIterator<Item = Lie>) {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    for lie in lies {
        assert_eq!(refused(&upstream, &server, lie.clone()).await, StatusCode::BAD_GATEWAY, "{lie:?}");
    }
    // The same upstream, honest again, signs in at once.
    upstream.be_honest();
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, START).await;
    assert!(browser.has_session());
}

fn claims(all: &[Value]) -> Vec<Lie> {
    all.iter().cloned().map(Lie::IdToken).collect()
}

#[tokio::test]
async fn attack_c9_a_wrong_or_missing_nonce_signs_nobody_in() {
    all_untrusted(claims(&[json!({ "nonce": "m".repeat(43) }), json!({ "nonce": null }), json!({ "nonce": "" })]))
        .await;
}

#[tokio::test]
async fn attack_j1_an_unsigned_token_and_one_signed_by_a_secret_are_not_believed() {
    all_untrusted([Lie::Unsigned, Lie::HmacOfPublicKey, Lie::HmacOfSecret]).await;
}

#[tokio::test]
async fn attack_j2_a_key_of_nobody_is_not_believed_and_asked_for_at_a_bounded_rate() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    assert_eq!(refused(&upstream, &server, Lie::ForeignKey).await, StatusCode::BAD_GATEWAY);
    assert_eq!(upstream.calls("jwks"), 2, "it may be a new key under the name of the former");
    for _ in 0..5 {
        assert_eq!(refused(&upstream, &server, Lie::UnpublishedKey).await, StatusCode::BAD_GATEWAY);
        assert_eq!(refused(&upstream, &server, Lie::ForeignKey).await, StatusCode::BAD_GATEWAY);
    }
    assert_eq!(upstream.calls("jwks"), 2, "not again at once");
    server.advance(Span::seconds(10));
    for _ in 0..5 {
        assert_eq!(refused(&upstream, &server, Lie::UnpublishedKey).await, StatusCode::BAD_GATEWAY);
    }
    assert_eq!(upstream.calls("jwks"), 3, "once for the five of them");
}

#[tokio::test]
async fn a_key_that_changed_under_its_name_signs_in_at_once() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    upstream.sign_in(&server, &mut Browser::new(&server), START).await;
    upstream.lie(Lie::RenewedKey);
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, START).await;
    assert!(browser.has_session(), "{}", browser.page.visible_text());
    assert_eq!(upstream.calls("jwks"), 2);
}

#[tokio::test]
async fn a_key_that_changed_is_fetched_and_signs_in() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, START).await;
    upstream.lie(Lie::ChangedKey);
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, START).await;
    assert!(browser.has_session(), "{}", browser.page.visible_text());
    assert_eq!(upstream.calls("jwks"), 2);
}

#[tokio::test]
async fn attack_j3_aud_azp_exp_iat_and_at_hash_must_be_right_by_our_clock() {
    let day = 86_400;
    let now = crate::support::server::START_TIME.as_seconds();
    all_untrusted(claims(&[
        json!({ "aud": "other" }),
        json!({ "aud": ["preau", "other"] }),
        json!({ "aud": null }),
        json!({ "azp": "other" }),
        json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }),
        json!({ "exp": now - 61 }),
        json!({ "exp": null }),
        json!({ "iat": now - day, "exp": now - day + 60 }),
        json!({ "iat": now + day, "exp": now + day + 60 }),
        json!({ "iat": null }),
        json!({ "sub": null }),
        json!({ "iss": "https://op.example" }),
        json!({ "iss": null }),
    ]))
    .await;
}

#[tokio::test]
async fn a_sub_that_differs_in_userinfo_signs_nobody_in() {
    all_untrusted([
        Lie::Userinfo(json!({ "sub": "agent-2" })),
        Lie::Userinfo(json!({ "sub": null })),
        Lie::Userinfo(json!({ "sub": ["agent-1"] })),
        Lie::Html("userinfo"),
        Lie::UserinfoOtherForm,
    ])
    .await;
}

#[tokio::test]
async fn a_signed_userinfo_is_believed_by_the_files_algorithm_alone() {
    let upstream = FakeUpstream::start().await;
    upstream.sign_userinfo();
    let server = TestServer::start_with_config(|config| {
        let more = "userinfo_signed_response_alg = \"RS256\"\n";
        upstream.declare(&config.deployment.directory, "academie", more);
    })
    .await;
    for lie in [Lie::UserinfoOtherForm, Lie::Userinfo(json!({ "sub": "agent-2" }))] {
        assert_eq!(refused(&upstream, &server, lie).await, StatusCode::BAD_GATEWAY);
    }
    upstream.be_honest();
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, START).await;
    assert!(browser.has_session(), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn attack_q1_an_answer_of_another_issuer_is_none_and_ends_its_attempt() {
    let (upstream, other) = (FakeUpstream::start().await, FakeUpstream::start().await);
    let server = TestServer::start_with_config(|config| {
        upstream.declare(&config.deployment.directory, "academie", "");
        other.declare(&config.deployment.directory, "autre", "academy = \"toulouse\"\n");
    })
    .await;
    let begin = async |browser: &mut Browser| browser.open(START).await.expect_redirect_away();
    let is_refused = async |browser: &mut Browser, path: &str, status: StatusCode| {
        browser.get(path).await;
        assert_eq!(browser.page.status, status, "{path}: {}", browser.page.visible_text());
        assert!(!browser.has_session(), "{path}");
    };
    // RFC 9207: announced, so it must be there and right, for a code and for an error.
    for kind in ["code", "error"] {
        for iss in [Some("https://op.example"), Some(other.issuer().as_str()), Some(""), None] {
            let mut browser = Browser::new(&server);
            let request = begin(&mut browser).await;
            let honest = match kind {
                "code" => upstream.approve(&server, &request),
                _ => upstream.refuse(&request, "access_denied"),
            };
            let bare = honest.split("&iss=").next().unwrap().to_owned();
            let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
            let bent = iss.map_or(bare.clone(), |iss| format!("{bare}&iss={}", encode(iss)));
            is_refused(&mut browser, &bent, StatusCode::BAD_GATEWAY).await;
            // The attempt is used up.
            is_refused(&mut browser, &honest, StatusCode::BAD_REQUEST).await;
        }
    }
    // A state of another upstream, at this one's redirect URI and at its own.
    let mut browser = Browser::new(&server);
    let request = browser.open("/federation/autre").await.expect_redirect_away();
    let elsewhere = other.approve(&server, &request).replace("/federation/autre/", "/federation/academie/");
    is_refused(&mut browser, &elsewhere, StatusCode::BAD_GATEWAY).await;
    assert_eq!(upstream.calls("token") + other.calls("token"), 0, "a code reached the wrong provider");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 0);
}

/// Whoever begins thousands of sign-ins and finishes none fills nothing: what is needed later travels in the state.
#[tokio::test]
async fn attack_d1_nothing_is_kept_of_a_sign_in_that_begins() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let rp = crate::support::TestRelyingParty::new(&server, "ent-agents");
    let attempt = rp.attempt_with(&[("idp_hint", "academie")]);
    let mut browser = Browser::new(&server);
    let request = browser.open(&attempt.url).await.expect_redirect_away();
    let state = request.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    assert!((100..2_048).contains(&state.len()), "{} bytes", state.len());
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    assert!(state.bytes().all(unreserved), "{state}");
    assert!(!state.contains("academie"), "it is sealed");
    // A server that remembers nothing goes on.
    let restarted = server.restart_with_empty_store().await;
    let back = upstream.approve(&restarted, &request);
    let mut browser = browser.at_server(&restarted);
    // Another request of the same browser is no part of it, and a changed letter opens nothing.
    let (sealed, carried) = state.split_once('~').unwrap();
    let mut other = browser.clone_browser();
    let next = other.open(&rp.attempt_with(&[("idp_hint", "academie")]).url).await.expect_redirect_away();
    let next = next.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let (start, end) = sealed.split_at(sealed.len() - 9);
    let bent = format!("{start}{}{}", if end.starts_with('A') { 'B' } else { 'A' }, &end[1..]);
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    for wrong in [
        sealed.to_owned(),
        format!("{sealed}~{}", next.split_once('~').unwrap().1),
        format!("{bent}~{carried}"),
        format!("{state}~"),
        "~".to_owned(),
        "x".repeat(4_000),
    ] {
        browser.get(&back.replace(&encode(&state), &encode(&wrong))).await;
        assert_eq!(browser.page.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    assert_eq!(upstream.calls("token"), 0);
    browser.get(&back).await;
    let landed = browser.follow().await.expect_redirect_away();
    rp.code(&landed, &attempt);
    browser.get(&back).await;
    assert_eq!(browser.page.status, StatusCode::BAD_REQUEST, "once");
}

#[tokio::test]
async fn attack_a7_a_state_serves_once_in_the_browser_that_began_and_for_a_quarter_of_an_hour() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let mut victim = Browser::new(&server);
    let request = victim.open(START).await.expect_redirect_away();
    let back = upstream.approve(&server, &request);
    // Another browser, with a cookie of its own or with none.
    let mut thief = Browser::new(&server);
    for path in ["/connexion", "/aide"] {
        thief.get(path).await;
        thief.get(&back).await;
        assert_eq!(thief.page.status, StatusCode::BAD_REQUEST);
        assert!(!thief.has_session());
        thief = Browser::new(&server);
    }
    for bent in [
        "/federation/academie/retour",
        "/federation/academie/retour?state=&code=x",
        "/federation/nobody/retour?state=x",
    ] {
        victim.get(bent).await;
        assert!(victim.page.status.is_client_error(), "{bent}");
    }
    let doubled = format!("{back}&state=x");
    victim.get(&doubled).await;
    assert_eq!(victim.page.status, StatusCode::BAD_REQUEST, "a state that stands twice is none");
    assert_eq!(upstream.calls("token"), 0, "no code is redeemed");
    // The right one, once.
    victim.get(&back).await;
    assert!(victim.has_session());
    let cookie = victim.cookie("").unwrap().to_owned();
    victim.get(&back).await;
    assert_eq!(victim.page.status, StatusCode::BAD_REQUEST, "a replay");
    assert_eq!(victim.cookie(""), Some(cookie.as_str()), "and the session stays");
    assert_eq!(upstream.calls("token"), 1);
    // Too late.
    let mut late = Browser::new(&server);
    let request = late.open(START).await.expect_redirect_away();
    let back = upstream.approve(&server, &request);
    server.advance(Span::minutes(15));
    late.get(&back).await;
    assert_eq!(late.page.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn attack_a7_fifty_answers_at_once_are_one_sign_in() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let mut browser = Browser::new(&server);
    let request = browser.open(START).await.expect_redirect_away();
    let back = upstream.approve(&server, &request);
    let mut asked = Vec::new();
    for _ in 0..50 {
        let (mut tab, back) = (browser.clone_browser(), back.clone());
        asked.push(tokio::spawn(async move {
            tab.get(&back).await;
            tab.has_session()
        }));
    }
    let mut signed_in = 0;
    for done in asked {
        signed_in += usize::from(done.await.unwrap());
    }
    assert_eq!((signed_in, upstream.calls("token")), (1, 1));
}

#[tokio::test]
async fn attack_c9_a_code_of_another_sign_in_is_not_redeemed() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    // The attacker's code in the victim's sign-in: PKCE and the nonce are the victim's.
    let mut attacker = Browser::new(&server);
    let theirs = upstream.approve(&server, &attacker.open(START).await.expect_redirect_away());
    let code = theirs.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let mut victim = Browser::new(&server);
    let own = upstream.approve(&server, &victim.open(START).await.expect_redirect_away());
    let own_code = own.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    victim.get(&own.replace(&own_code, &code)).await;
    assert_eq!(victim.page.status, StatusCode::BAD_GATEWAY);
    assert!(!victim.has_session());
}

#[tokio::test]
async fn attack_d6_a_hang_a_loop_an_error_and_ten_megabytes_are_an_upstream_that_does_not_answer() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    for lie in [
        Lie::Status("token", 500),
        Lie::Status("token", 302),
        Lie::Status("userinfo", 401),
        Lie::Status("userinfo", 503),
        Lie::RedirectLoop("token"),
        Lie::RedirectLoop("userinfo"),
        Lie::Huge("token"),
        Lie::Huge("userinfo"),
        Lie::Hang("token"),
        Lie::Hang("userinfo"),
    ] {
        let began = std::time::Instant::now();
        assert_eq!(refused(&upstream, &server, lie.clone()).await, StatusCode::SERVICE_UNAVAILABLE, "{lie:?}");
        assert!(began.elapsed().as_secs() < 5, "{lie:?} took {:?}", began.elapsed());
    }
    assert_eq!(refused(&upstream, &server, Lie::Status("token", 400)).await, StatusCode::BAD_GATEWAY);
    assert_eq!(refused(&upstream, &server, Lie::Html("token")).await, StatusCode::BAD_GATEWAY);
    // What cannot even be begun, on a server that knows nothing of it yet.
    for lie in [
        Lie::DiscoveryIssuer,
        Lie::Status("discovery", 404),
        Lie::RedirectLoop("discovery"),
        Lie::Huge("discovery"),
        Lie::Html("discovery"),
        Lie::Hang("discovery"),
    ] {
        let server = server.restart().await;
        upstream.be_honest();
        upstream.lie(lie.clone());
        let mut browser = Browser::new(&server);
        browser.get(START).await;
        assert_eq!(browser.page.status, StatusCode::SERVICE_UNAVAILABLE, "{lie:?}");
        assert_eq!(browser.page.header("retry-after"), "60");
        assert!(browser.page.has_element("#identifiant"), "{lie:?}");
    }
    // Keys that do not come: the code is spent, and the next sign-in asks for them again.
    // Each server draws other numbers than the one before: they share the marks of answers that came.
    let mut fresh = server.restart().await;
    for lie in [Lie::Huge("jwks"), Lie::Status("jwks", 500), Lie::Html("jwks")] {
        assert_eq!(refused(&upstream, &fresh, lie).await, StatusCode::SERVICE_UNAVAILABLE);
        fresh = fresh.restart().await;
    }
    // An upstream that is away for a while: the sign-in page and everybody else work on.
    upstream.be_honest();
    let member = server.create_durand().await;
    upstream.lie(Lie::Hang("token"));
    let mut waiting = Browser::new(&server);
    let back = upstream.approve(&server, &waiting.open(START).await.expect_redirect_away());
    let stuck = tokio::spawn(async move {
        waiting.get(&back).await;
        waiting.page.status
    });
    let mut browser = Browser::new(&server);
    browser.get("/connexion").await;
    browser.sign_in(&member).await;
    assert!(browser.has_session());
    assert_eq!(stuck.await.unwrap(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn an_error_of_the_upstream_is_told_in_our_words() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    for (error, status) in [
        ("access_denied", StatusCode::FORBIDDEN),
        ("login_required", StatusCode::FORBIDDEN),
        ("<script>alert(1)</script>", StatusCode::FORBIDDEN),
        ("server_error", StatusCode::SERVICE_UNAVAILABLE),
        ("temporarily_unavailable", StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let mut browser = Browser::new(&server);
        let request = browser.open(START).await.expect_redirect_away();
        let back = format!(
            "{}&error_description=%3Cb%3Eevil%3C%2Fb%3E&error_uri=https://evil.example",
            upstream.refuse(&request, error)
        );
        browser.get(&back).await;
        assert_eq!(browser.page.status, status, "{error}");
        let page = browser.page.text();
        assert!(!page.contains("evil") && !page.contains("alert"), "{page}");
        assert!(browser.page.has_element("#recommencer") && browser.page.has_element("#identifiant"), "{error}");
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_is_refused_with_the_reason_and_the_others_serve() {
    let upstream = FakeUpstream::start().await;
    let folder = tempfile::tempdir().unwrap();
    deployment::write_deployment(folder.path());
    let read = || preau::config::deployment::read(folder.path(), folder.path()).unwrap();
    upstream.declare(folder.path(), "academie", "");
    let path = folder.path().join("upstreams/academie.toml");
    let good = std::fs::read_to_string(&path).unwrap();
    let other = FakeUpstream::start().await;
    other.declare(folder.path(), "autre", "");
    for (from, to, why) in [
        ("kind = \"academy\"", "kind = \"school\"", "school"),
        ("kind = \"academy\"", "kindd = \"academy\"", "kindd"),
        ("[\"RS256\"]", "[\"none\"]", "none"),
        ("[\"RS256\"]", "[\"HS256\"]", "HS256"),
        ("[\"RS256\"]", "[]", "id_token_signed_response_algs"),
        ("academy = \"montpellier\"", "academy = \"nice\"", "no academy `nice`"),
        ("academy = \"montpellier\"", "", "academy or ministry"),
        ("profile = \"invite\"", "profile = \"directeur\"", "directeur"),
        ("timeout_seconds = 2", "timeout_seconds = 60", "timeout_seconds"),
        ("client_secret = ", "client_secret_file = \"nowhere\"\nclient_secret = ", "keep one"),
        ("label = \"Académie academie\"", "label = \"\"", "label"),
        (upstream.issuer().as_str(), "http://op.example", "issuer"),
        (upstream.issuer().as_str(), "https://op.example?x=1", "issuer"),
        (upstream.issuer().as_str(), other.issuer().as_str(), "issuer is that of"),
    ] {
        std::fs::write(&path, good.replacen(from, to, 1)).unwrap();
        let declared = read();
        let told: Vec<String> = declared.broken_upstreams.iter().map(ToString::to_string).collect();
        assert!(told.len() == 1 && told[0].contains(why), "{to}: {told:?}");
        assert_eq!(declared.upstreams.all_enabled().count(), 1, "{to}");
    }
    std::fs::write(&path, &good).unwrap();
    for name in ["agents", "Académie", "a b"] {
        std::fs::rename(&path, folder.path().join(format!("upstreams/{name}.toml"))).unwrap();
        assert_eq!(read().broken_upstreams.len(), 1, "{name}");
        std::fs::rename(folder.path().join(format!("upstreams/{name}.toml")), &path).unwrap();
    }
    assert_eq!(read().upstreams.all_enabled().count(), 2);
    // Parents have one door.
    let parents = FakeUpstream::start().await;
    parents.declare_franceconnect(folder.path());
    assert_eq!(read().upstreams.all_enabled().count(), 3);
    let first = folder.path().join("upstreams/franceconnect.toml");
    let text = std::fs::read_to_string(&first).unwrap();
    let second = text.replace(&parents.issuer(), "https://fc.example");
    let file = folder.path().join("upstreams/fc-plus.toml");
    std::fs::write(&file, &second).unwrap();
    let told = preau::config::deployment::read(folder.path(), folder.path()).unwrap_err().to_string();
    assert!(told.contains("upstreams/fc-plus.toml and upstreams/franceconnect.toml"), "{told}");
    std::fs::write(&file, format!("disabled = true\n{second}")).unwrap();
    assert_eq!(read().upstreams.franceconnect().map(|upstream| upstream.id.as_str()), Some("franceconnect"));
}
