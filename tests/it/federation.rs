//! Sign-in through an academy's own provider: the account, its claims, its pages, and the hint that leads there.

use std::fs;

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::{bootstrap, helpdesk};
use serde_json::json;

use crate::support::relying_party::decode_part;
use crate::support::{Browser, FakeUpstream, Landing, Lie, TestRelyingParty, TestServer, deployment};

const START: &str = "/federation/academie";

/// Signs the upstream's person in for a client, and returns the claims of userinfo.
async fn userinfo_of(upstream: &FakeUpstream, server: &TestServer, client: &'static str) -> serde_json::Value {
    let rp = TestRelyingParty::new(server, client);
    let attempt = rp.attempt_with(&[("idp_hint", "academie")]);
    let mut browser = Browser::new(server);
    upstream.sign_in(server, &mut browser, &attempt.url).await;
    let landed = browser.follow().await.expect_redirect_away();
    let tokens = rp.tokens(&attempt, &rp.code(&landed, &attempt)).await;
    rp.userinfo(&tokens.access_token).await.json()
}

#[tokio::test]
async fn the_first_sign_in_makes_an_account_and_the_next_ones_find_it() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let rp = TestRelyingParty::new(&server, "ent-agents");
    let attempt = rp.attempt_with(&[("idp_hint", "academie")]);
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, &attempt.url).await;
    let landed = browser.follow().await.expect_redirect_away();
    let first = rp.tokens(&attempt, &rp.code(&landed, &attempt)).await;
    // The level is the file's, and the methods are not told without its word.
    assert_eq!((&first.claims["acr"], first.claims.get("amr")), (&json!("eidas1"), None));
    let told = rp.userinfo(&first.access_token).await.json();
    assert_eq!(told["name"], "Claire FONTAINE");
    assert_eq!(told["education_profile"], "enseignant");
    assert_eq!(
        told["schools"],
        json!([{ "uai": deployment::MONOD, "name": "Clg Théodore Monod", "academy": "montpellier" }])
    );
    for absent in ["children", "FrEduVecteur", "class", "email", "phone_number"] {
        assert!(told.get(absent).is_none(), "{absent}: {told}");
    }

    // Somebody else's browser, a year later, with a new name and another school.
    server.advance(Span::days(365));
    upstream.set_person(json!({ "family_name": "FONTAINE-ROUX", "title": "DIR", "FrEduRne": deployment::LYCEE }));
    let again = userinfo_of(&upstream, &server, "ent-agents").await;
    assert_eq!((&again["sub"], &again["name"]), (&told["sub"], &json!("Claire FONTAINE-ROUX")));
    assert_eq!(
        (&again["education_profile"], &again["schools"][0]["uai"]),
        (&json!("personnel"), &json!(deployment::LYCEE))
    );
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE origin = 'federation'").await, 1);
    upstream.set_person(json!({ "sub": "agent-2" }));
    let other = userinfo_of(&upstream, &server, "ent-agents").await;
    assert_ne!(other["sub"], told["sub"]);
}

#[tokio::test]
async fn attack_a6_takeover_w11_no_name_and_no_address_leads_to_an_account_that_is_there() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let member = server.create_account("Anne", "DURAND").await;
    upstream.set_person(json!({
        "given_name": "Anne", "family_name": "DURAND", "email": "anne@example.org", "email_verified": true,
        "preferred_username": member.identifiant, "title": "PAR",
    }));
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, START).await;
    browser.follow().await;
    assert_eq!(browser.page.heading(), "Mon compte");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 2);
    // Nobody types its identifiant, and nothing is a password of it.
    let [identifiant] =
        server.query_texts("SELECT identifiant FROM account WHERE origin = 'federation'").await.try_into().unwrap();
    assert!(identifiant.starts_with('~') && identifiant != identifiant.to_lowercase(), "{identifiant}");
    let mut stranger = Browser::new(&server);
    stranger.get("/connexion").await;
    stranger.sign_in_with(&identifiant, "Abricot-7-Ballon").await;
    assert_eq!(stranger.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    // The account with a password signs in as before.
    let mut own = Browser::new(&server);
    own.get("/connexion").await;
    own.sign_in(&member).await;
    assert!(own.has_session());
}

#[tokio::test]
async fn fifty_first_sign_ins_of_one_person_at_once_make_one_account() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let mut ready = Vec::new();
    for _ in 0..50 {
        let mut browser = Browser::new(&server);
        let request = browser.open(START).await.expect_redirect_away();
        let back = upstream.approve(&server, &request);
        ready.push(tokio::spawn(async move {
            browser.get(&back).await;
            browser.page.status
        }));
    }
    for done in ready {
        assert_eq!(done.await.unwrap(), StatusCode::SEE_OTHER);
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 1);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM upstream_link").await, 1);
}

#[tokio::test]
async fn takeover_w11_a_school_of_another_academy_is_dropped_and_written_down() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    upstream.set_person(json!({ "FrEduRne": [deployment::TOULOUSE, deployment::MONOD, "0750001A", "none", 7] }));
    let told = userinfo_of(&upstream, &server, "ent-agents").await;
    assert_eq!(told["schools"].as_array().unwrap().len(), 1, "{told}");
    let dropped = server.query_texts("SELECT uai FROM audit WHERE fact = 'upstream_school_dropped' ORDER BY uai").await;
    assert_eq!(dropped, [deployment::TOULOUSE]);
    // Said every morning, it is one fact; another school, or the same one again after a right answer, is another.
    let count = "SELECT COUNT(*) FROM audit WHERE fact = 'upstream_school_dropped'";
    userinfo_of(&upstream, &server, "ent-agents").await;
    assert_eq!(server.query_count(count).await, 1);
    upstream.set_person(json!({ "FrEduRne": [deployment::TOULOUSE, deployment::AGRICOLE] }));
    userinfo_of(&upstream, &server, "ent-agents").await;
    assert_eq!(server.query_count(count).await, 2);
    upstream.set_person(json!({ "FrEduRne": [deployment::MONOD] }));
    userinfo_of(&upstream, &server, "ent-agents").await;
    upstream.set_person(json!({ "FrEduRne": [deployment::TOULOUSE] }));
    userinfo_of(&upstream, &server, "ent-agents").await;
    assert_eq!(server.query_count(count).await, 3);
    upstream.set_person(json!({ "FrEduRne": null }));
    let told = userinfo_of(&upstream, &server, "ent-agents").await;
    assert!(told.get("schools").is_none(), "{told}");
}

#[tokio::test]
async fn a_perimeter_lets_in_by_profile_and_by_the_upstreams_realm() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    // Of the wrong profile: a portal of parents says so, and offers another account.
    let ent = TestRelyingParty::new(&server, "ent");
    let attempt = ent.attempt();
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, START).await;
    browser.open(&attempt.url).await;
    assert_eq!(browser.page.status, StatusCode::FORBIDDEN, "{}", browser.page.visible_text());
    assert!(browser.page.has_element("#changer"));
    let none = ent.attempt_with(&[("prompt", "none")]);
    let landed = browser.open(&none.url).await.expect_redirect_away();
    assert_eq!(ent.error(&landed, &none), "interaction_required");
    // That somebody is a parent is the academy's word alone: a portal of parents takes it only if its file says so.
    upstream.set_person(json!({ "sub": "parent-1", "title": "PAR" }));
    for title in ["PAR", "ELV"] {
        upstream.set_person(json!({ "sub": format!("of-{title}"), "title": title }));
        let mut browser = Browser::new(&server);
        upstream.sign_in(&server, &mut browser, START).await;
        for client in ["ent", "strict"] {
            browser.open(&TestRelyingParty::new(&server, client).attempt().url).await;
            assert_eq!(browser.page.status, StatusCode::FORBIDDEN, "{client}: {}", browser.page.visible_text());
        }
    }
    // Then an older account of a parent is within it by the academy, and has no children.
    server.change_client("ent", |client| client.perimeter.upstream_families = true).await;
    upstream.set_person(json!({ "sub": "parent-1", "title": "PAR" }));
    let told = userinfo_of(&upstream, &server, "ent").await;
    assert_eq!(told["education_profile"], "responsable");
    assert!(told.get("children").is_none() && told.get("FrEduVecteur").is_none(), "{told}");
    // Another academy's portal does not take it.
    let toulouse = TestRelyingParty::new(&server, "ent-toulouse");
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, START).await;
    browser.open(&toulouse.attempt().url).await;
    assert_eq!(browser.page.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_answer_without_a_known_profile_or_a_name_is_a_page_with_a_support_code() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    for changes in [
        json!({ "title": "ZZZ" }),
        json!({ "title": null }),
        json!({ "title": { "a": 1 } }),
        json!({ "title": "ENS", "given_name": null }),
        json!({ "given_name": "x".repeat(101) }),
        json!({ "given_name": "a\u{0}b" }),
        json!({ "given_name": "", "family_name": "" }),
    ] {
        upstream.set_person(changes.clone());
        let mut browser = Browser::new(&server);
        upstream.sign_in(&server, &mut browser, START).await;
        assert_eq!(browser.page.status, StatusCode::FORBIDDEN, "{changes}");
        assert!(browser.page.has_element(".support") && browser.page.has_element("#identifiant"), "{changes}");
        assert!(!browser.has_session());
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 0);
    // What an answer says is shown as text.
    upstream.set_person(json!({ "given_name": "<b>Zoé</b>", "family_name": "O'Neill & Fils", "title": " ens " }));
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, START).await;
    browser.follow().await;
    assert!(browser.page.text().contains("&lt;b&gt;Zoé&lt;"), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn every_page_of_such_an_account_is_one_it_has_or_leads_to_one() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    for title in ["ENS", "DIR", "INV", "ELV", "PAR"] {
        upstream.set_person(json!({ "title": title, "sub": format!("of-{title}") }));
        let mut browser = Browser::new(&server);
        upstream.sign_in(&server, &mut browser, START).await;
        browser.follow().await;
        let page = browser.page.text();
        assert!(page.contains("Académie academie") && !page.contains('~'), "{}", browser.page.visible_text());
        assert_eq!(browser.page.has_element("#activer"), ["ELV", "PAR"].contains(&title));
        for own in ["/compte/services", "/compte/securite", "/compte/evenements", "/compte/donnees"] {
            browser.get(own).await;
            assert_eq!(browser.page.status, StatusCode::OK, "{own}");
            assert!(!browser.page.text().contains("mot-de-passe"), "{own}: {}", browser.page.visible_text());
        }
        browser.submit("telecharger", &[]).await;
        let kept = browser.page.json();
        assert_eq!(kept["signs_in_through"][0]["sub"], format!("of-{title}"));
        for other in [
            "/compte/mot-de-passe",
            "/compte/adresse",
            "/compte/application",
            "/compte/codes-de-secours",
            "/compte/cle",
            "/compte/cle/perdue",
            "/compte/enfants",
            "/compte/fermer",
            "/compte/portable",
            "/compte/portable/verifier",
            "/compte/regrouper",
            "/compte/regrouper/choix",
        ] {
            browser.get(other).await;
            assert_eq!(browser.page.location(), "/compte", "{other}");
            browser.post(other, &[("mot_de_passe", "x")]).await;
            assert_eq!(browser.page.location(), "/compte", "{other}");
        }
        browser.get("/compte").await;
        browser.submit("se-deconnecter", &[]).await;
        assert!(!browser.has_session());
    }
}

#[tokio::test]
async fn attack_m13_a_level_is_what_the_file_gives_to_the_answer() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let rp = TestRelyingParty::new(&server, "ent-agents");
    let mfa = "https://refeds.org/profile/mfa";
    let essential = format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{mfa}"}}}}}}"#);
    for (acr, told) in
        [(json!("eidas1"), json!("eidas1")), (json!("strong"), json!(mfa)), (json!("eidas3"), json!(null))]
    {
        upstream.be_honest();
        upstream.lie(Lie::IdToken(json!({ "acr": acr, "amr": ["mfa", "otp"] })));
        let attempt = rp.attempt_with(&[("idp_hint", "academie")]);
        let mut browser = Browser::new(&server);
        upstream.sign_in(&server, &mut browser, &attempt.url).await;
        let landed = browser.follow().await.expect_redirect_away();
        let tokens = rp.tokens(&attempt, &rp.code(&landed, &attempt)).await;
        assert_eq!(tokens.claims.get("acr").cloned().unwrap_or_default(), told, "{acr}");
        assert_eq!(tokens.claims.get("amr"), None, "{acr}");
        let strict = rp.attempt_with(&[("idp_hint", "academie"), ("claims", &essential)]);
        if told == mfa {
            let landed = browser.open(&strict.url).await.expect_redirect_away();
            rp.code(&landed, &strict);
        } else {
            browser.open(&strict.url).await;
            assert!(!browser.page.has_element("#ajouter") && browser.page.has_element("#refuser"), "{acr}");
            browser.click("#refuser").await;
            let landed = browser.follow().await.expect_redirect_away();
            assert_eq!(rp.error(&landed, &strict), "unmet_authentication_requirements");
        }
    }
}

#[tokio::test]
async fn a_person_who_must_be_asked_again_is_asked_by_the_upstream() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let rp = TestRelyingParty::new(&server, "ent-agents");
    for more in [[("prompt", "login")], [("max_age", "0")]] {
        let attempt = rp.attempt_with(&[("idp_hint", "academie"), more[0]]);
        let mut browser = Browser::new(&server);
        let request = browser.open(&attempt.url).await.expect_redirect_away();
        assert!(request.query_pairs().any(|(n, v)| (&*n, &*v) == more[0]), "{request}");
        assert!(request.query_pairs().any(|(n, _)| n == "kept"), "the endpoint's own query is kept: {request}");
        let back = upstream.approve(&server, &request);
        browser.get(&back).await;
        let landed = browser.follow().await.expect_redirect_away();
        rp.code(&landed, &attempt);
    }
    // An upstream that answers with an older session, or does not say, is not believed.
    let attempt = rp.attempt_with(&[("idp_hint", "academie"), ("prompt", "login")]);
    let hour_ago = server.now().minus(Span::hours(1)).as_seconds();
    upstream.lie(Lie::IdToken(json!({ "auth_time": hour_ago })));
    for _ in 0..2 {
        let mut browser = Browser::new(&server);
        upstream.sign_in(&server, &mut browser, &attempt.url).await;
        assert_eq!(browser.page.status, StatusCode::FORBIDDEN, "{}", browser.page.visible_text());
        assert!(!browser.has_session());
        upstream.be_honest();
        upstream.omit_auth_time();
    }
    // Without that demand it is, and the time told is the upstream's.
    upstream.lie(Lie::IdToken(json!({ "auth_time": hour_ago })));
    let attempt = rp.attempt_with(&[("idp_hint", "academie")]);
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, &attempt.url).await;
    let landed = browser.follow().await.expect_redirect_away();
    let tokens = rp.tokens(&attempt, &rp.code(&landed, &attempt)).await;
    assert_eq!(tokens.claims["auth_time"], hour_ago);
}

#[tokio::test]
async fn an_upstream_that_announces_no_iss_needs_none() {
    let upstream = FakeUpstream::start().await;
    upstream.omit_iss();
    let server = upstream.server("academie").await;
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, START).await;
    assert!(browser.has_session());
}

#[tokio::test]
async fn a_hint_leads_to_one_upstream_to_the_list_or_to_the_sign_in_page() {
    let (montpellier, farms) = (FakeUpstream::start().await, FakeUpstream::start().await);
    let server = TestServer::start_with_config(|config| {
        montpellier.declare(&config.deployment.directory, "academie", "");
        let realm = "academy = \"agricole\"\nministry = \"agriculture\"\n";
        farms.declare(&config.deployment.directory, "agriculture", realm);
    })
    .await;
    let rp = TestRelyingParty::new(&server, "ent-agents");
    let hinted = |hint: &str| rp.attempt_with(&[("idp_hint", hint)]).url;
    let mut browser = Browser::new(&server);
    browser.open(&hinted("agents")).await;
    assert_eq!(browser.page.status, StatusCode::OK, "{}", browser.page.visible_text());
    assert_eq!(browser.page.heading(), "Vous travaillez dans un établissement ?");
    assert!(browser.page.has_element("#vers-academie") && browser.page.has_element("#vers-agriculture"));
    let request = {
        browser.click("#vers-agriculture").await;
        browser.follow().await.expect_redirect_away()
    };
    assert!(request.as_str().starts_with(&farms.issuer()), "{request}");
    browser.get(&farms.approve(&server, &request)).await;
    browser.follow().await.expect_redirect_away();
    // The next time the same academy is gone to at once, and another one is a link away.
    let mut later = Browser::new(&server);
    later.cookies.insert("preau_dev_academy".to_owned(), browser.cookie("academy").unwrap().to_owned());
    let request = later.open(&hinted("agents")).await.expect_redirect_away();
    assert!(request.as_str().starts_with(&farms.issuer()), "{request}");
    later.get("/federation?choisir=1").await;
    assert!(later.page.has_element("#vers-academie"));
    for forged in ["evil", "academie.evil", "https://evil.example", "../connexion", ""] {
        later.cookies.insert("preau_dev_academy".to_owned(), forged.to_owned());
        later.get("/federation").await;
        assert_eq!(later.page.status, StatusCode::OK, "{forged}");
    }
    // One that names nothing is said, and is no address.
    for hint in
        ["nobody", "https://evil.example/", "//evil.example", "academie ", "ACADEMIE", &"a".repeat(300), "agents"]
    {
        let mut browser = Browser::new(&server);
        let client = if hint == "agents" { "ent" } else { "ent-agents" };
        let attempt = TestRelyingParty::new(&server, client).attempt_with(&[("idp_hint", hint)]);
        browser.open(&attempt.url).await;
        assert_eq!((browser.page.status, browser.url.path()), (StatusCode::OK, "/connexion"), "{hint}");
        assert_eq!(browser.page.has_element("#indisponible"), ["nobody", "agents"].contains(&hint), "{hint}");
        assert_eq!(browser.page.has_element("#academies"), client == "ent-agents", "{hint}");
    }
    // With prompt=none a hint changes nothing.
    let none = rp.attempt_with(&[("idp_hint", "academie"), ("prompt", "none")]);
    let landed = Browser::new(&server).open(&none.url).await.expect_redirect_away();
    assert_eq!(rp.error(&landed, &none), "login_required");
}

#[tokio::test]
async fn a_hint_leads_a_parent_who_works_at_a_school_to_the_other_account() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let member = server.create_durand().await;
    let (ent, agents) = (TestRelyingParty::new(&server, "ent"), TestRelyingParty::new(&server, "ent-agents"));
    let mut browser = Browser::new(&server);
    ent.sign_in(&mut browser, &member).await;
    let attempt = agents.attempt_with(&[("idp_hint", "agents")]);
    upstream.sign_in(&server, &mut browser, &attempt.url).await;
    let landed = browser.follow().await.expect_redirect_away();
    agents.code(&landed, &attempt);
    // Outside of the perimeter though they came from there: explained once, never in circles.
    upstream.set_person(json!({ "sub": "pupil-1", "title": "ELV" }));
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, &agents.attempt_with(&[("idp_hint", "agents")]).url).await;
    browser.follow().await;
    assert_eq!(browser.page.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn attack_a14_a_disabled_upstream_refuses_at_every_door() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let rp = TestRelyingParty::new(&server, "ent-agents");
    let mut signed_in = Browser::new(&server);
    let attempt = rp.attempt_with(&[("idp_hint", "academie")]);
    upstream.sign_in(&server, &mut signed_in, &attempt.url).await;
    let landed = signed_in.follow().await.expect_redirect_away();
    let tokens = rp.tokens(&attempt, &rp.code(&landed, &attempt)).await;
    assert_eq!(rp.userinfo(&tokens.access_token).await.status, StatusCode::OK);
    let mut on_the_way = Browser::new(&server);
    let request = on_the_way.open(&rp.attempt_with(&[("idp_hint", "academie")]).url).await.expect_redirect_away();
    let back = upstream.approve(&server, &request);

    upstream.declare(&server.app.config.deployment.directory, "academie", "disabled = true\n");
    bootstrap::republish_deployment(&server.app).await.unwrap();
    on_the_way.get(&back).await;
    assert_eq!(on_the_way.page.status, StatusCode::NOT_FOUND, "the way back");
    assert!(!on_the_way.has_session() && on_the_way.page.has_element("#identifiant"));
    assert_eq!(upstream.calls("token"), 1, "no code is redeemed");
    assert_eq!(rp.userinfo(&tokens.access_token).await.status, StatusCode::UNAUTHORIZED, "a token");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM session WHERE ended_at IS NULL").await, 0);
    let mut browser = Browser::new(&server);
    browser.get(START).await;
    assert_eq!(browser.page.status, StatusCode::NOT_FOUND, "the way there");
    for hint in ["academie", "agents"] {
        browser.open(&rp.attempt_with(&[("idp_hint", hint)]).url).await;
        assert_eq!(browser.url.path(), "/connexion", "{hint}");
        assert!(browser.page.has_element("#indisponible") && !browser.page.has_element("#academies"), "{hint}");
    }
    browser.get("/federation").await;
    assert!(!browser.page.has_element("#academies"));
    signed_in.get("/compte").await;
    assert_eq!(signed_in.page.location(), "/connexion", "a session that it vouched for");
    let landed = signed_in.open(&rp.attempt_with(&[("prompt", "none")]).url).await.expect_redirect_away();
    assert!(landed.as_str().contains("error=login_required"), "{landed}");

    // A file that is broken or gone is as good as disabled; the others serve.
    let folder = server.app.config.deployment.directory.join("upstreams");
    for text in [Some("kind = \"academy\"\n"), None] {
        match text {
            Some(text) => fs::write(folder.join("academie.toml"), text).unwrap(),
            None => fs::remove_file(folder.join("academie.toml")).unwrap(),
        }
        bootstrap::republish_deployment(&server.app).await.unwrap();
        browser.get(START).await;
        assert_eq!(browser.page.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn attack_a14_an_upstream_is_disabled_whatever_is_wrong_with_the_other_files() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let mut signed_in = Browser::new(&server);
    upstream.sign_in(&server, &mut signed_in, START).await;
    let directory = &server.app.config.deployment.directory;
    fs::write(directory.join("schools.toml"), "[[school]\n").unwrap();
    assert!(bootstrap::republish_deployment(&server.app).await.is_err());
    signed_in.get("/compte").await;
    assert_eq!(signed_in.page.status, StatusCode::OK, "a broken file of schools ends nothing");
    upstream.declare(directory, "academie", "disabled = true\n");
    assert!(bootstrap::republish_deployment(&server.app).await.is_err());
    let mut browser = Browser::new(&server);
    browser.get(START).await;
    assert_eq!(browser.page.status, StatusCode::NOT_FOUND);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM session WHERE ended_at IS NULL").await, 0);
}

#[tokio::test]
async fn oidcc_3_1_2_1_an_upstream_that_asked_too_long_ago_is_told_to_ask_again() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let long_ago = server.now().minus(Span::hours(9)).as_seconds();
    upstream.lie(Lie::IdToken(json!({ "auth_time": long_ago })));
    let mut browser = Browser::new(&server);
    let request = browser.open(START).await.expect_redirect_away();
    assert!(request.query_pairs().any(|(n, v)| n == "max_age" && v == "28800"), "{request}");
    let back = upstream.approve(&server, &request);
    browser.get(&back).await;
    assert_eq!(browser.page.status, StatusCode::FORBIDDEN);
    assert!(!browser.has_session());
    assert!(browser.page.has_element("a[href*='demander=1']"), "the page leads there");
    let request = browser.open(&format!("{START}?demander=1")).await.expect_redirect_away();
    assert!(request.query_pairs().any(|(n, v)| n == "prompt" && v == "login"), "{request}");
}

#[tokio::test]
async fn after_a_sign_out_the_next_person_at_the_computer_is_asked_by_the_academy() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, START).await;
    let request = browser.open("/federation").await.expect_redirect_away();
    assert!(!request.query_pairs().any(|(n, _)| n == "prompt"), "the academy chosen before, at once: {request}");
    browser.post("/deconnexion", &[("changer", "1")]).await;
    assert!(!browser.has_session());
    browser.get("/federation").await;
    assert!(browser.page.has_element("#academies"), "chosen again");
    let request = browser.open(START).await.expect_redirect_away();
    assert!(request.query_pairs().any(|(n, v)| n == "prompt" && v == "login"), "{request}");
}

#[tokio::test]
async fn attack_a16_a_suspended_account_is_refused_after_the_upstream_too() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, START).await;
    for set in
        ["UPDATE account SET suspended_by = 'operator'", "UPDATE account SET suspended_by = NULL, state = 'closed'"]
    {
        server.execute_sql(set, Vec::new()).await;
        let mut browser = Browser::new(&server);
        upstream.sign_in(&server, &mut browser, START).await;
        assert_eq!(browser.page.status, StatusCode::FORBIDDEN, "{set}");
        assert!(!browser.has_session() && browser.page.has_element(".support"), "{set}");
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 1, "and no second account is made");
}

#[tokio::test]
async fn a_sign_out_offers_the_upstreams_own_once_and_with_its_token() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let mut first = Browser::new(&server);
    upstream.sign_in(&server, &mut first, START).await;
    let mut second = Browser::new(&server);
    upstream.sign_in(&server, &mut second, START).await;
    first.get("/compte").await;
    first.submit("se-deconnecter", &[]).await;
    first.follow().await;
    let door = first.page.link_target("#fermer-amont");
    // Somebody else's browser has nothing to end by that address.
    let mut thief = Browser::new(&server);
    thief.get("/connexion").await;
    assert!(matches!(thief.open(&door).await, Landing::OwnPage));
    let left = first.open(&door).await.expect_redirect_away();
    assert!(left.as_str().starts_with(&format!("{}/fin?", upstream.issuer())), "{left}");
    let query: std::collections::HashMap<String, String> = left.query_pairs().into_owned().collect();
    assert_eq!(query["post_logout_redirect_uri"], format!("{}/connexion", server.issuer()));
    let hint = decode_part(&query["id_token_hint"], 1);
    assert_eq!((&hint["sub"], &hint["aud"]), (&json!("agent-1"), &json!("preau")));
    assert!(matches!(first.open(&door).await, Landing::OwnPage), "once");
    // The other session of the same person goes on.
    second.get("/compte").await;
    assert_eq!(second.page.status, StatusCode::OK);
    // The token is sealed where it is kept.
    let kept = server.query_texts("SELECT upstream_id_token FROM session WHERE upstream_id_token IS NOT NULL").await;
    assert!(kept.len() == 1 && !kept[0].contains("eyJ"), "{kept:?}");
    // Whoever signed in here is offered nothing.
    let member = server.create_durand().await;
    let mut own = Browser::signed_in_at(&server, &member, "/compte").await;
    own.submit("se-deconnecter", &[]).await;
    own.follow().await;
    assert!(!own.page.has_element("#fermer-amont"));
}

#[tokio::test]
async fn the_help_desk_sees_the_link() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, START).await;
    let [identifiant] = server.query_texts("SELECT identifiant FROM account").await.try_into().unwrap();
    let op = server.operation();
    let report = helpdesk::ops::show::show(op.storage(), &identifiant).await.unwrap();
    assert_eq!((report.profile, report.links.len()), ("enseignant", 1));
    let link = &report.links[0];
    assert_eq!(
        (link.upstream.as_str(), link.sub.as_str(), link.issuer.as_str()),
        ("academie", "agent-1", &*upstream.issuer())
    );
    helpdesk::ops::suspend(op.storage(), &identifiant, "left the academy").await.unwrap();
    browser.get("/compte").await;
    assert_eq!(browser.page.location(), "/connexion");
}

/// What the file of an upstream says of its people holds for those who are signed in, once it is corrected.
#[tokio::test]
async fn a_corrected_file_changes_realm_and_level_of_who_is_signed_in() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let rp = TestRelyingParty::new(&server, "ent-agents");
    let attempt = rp.attempt_with(&[("idp_hint", "academie")]);
    let mut browser = Browser::new(&server);
    upstream.sign_in(&server, &mut browser, &attempt.url).await;
    let landed = browser.follow().await.expect_redirect_away();
    let tokens = rp.tokens(&attempt, &rp.code(&landed, &attempt)).await;
    assert_eq!(tokens.claims["acr"], "eidas1");
    let directory = &server.app.config.deployment.directory;
    let path = directory.join("upstreams/academie.toml");
    let good = fs::read_to_string(&path).unwrap();
    // The answer's « eidas1 » is worth nothing.
    fs::write(&path, good.replace("value = \"eidas1\"", "value = \"eidas9\"")).unwrap();
    bootstrap::republish_deployment(&server.app).await.unwrap();
    let again = rp.attempt();
    let landed = browser.open(&again.url).await.expect_redirect_away();
    let tokens = rp.tokens(&again, &rp.code(&landed, &again)).await;
    assert_eq!(tokens.claims.get("acr"), None);
    // The people are those of another academy.
    fs::write(&path, good.replace("academy = \"montpellier\"", "academy = \"toulouse\"")).unwrap();
    bootstrap::republish_deployment(&server.app).await.unwrap();
    browser.open(&rp.attempt().url).await;
    assert_eq!(browser.page.status, StatusCode::FORBIDDEN, "{}", browser.page.visible_text());
    let told = rp.userinfo(&tokens.access_token).await.json();
    assert!(told.get("schools").is_none(), "{told}");
}

/// Nobody says that somebody left an academy: an account that is unused for a year closes, thirty days after.
#[tokio::test]
async fn an_account_of_an_upstream_that_nobody_uses_closes() {
    let upstream = FakeUpstream::start().await;
    let server = upstream.server("academie").await;
    let first = userinfo_of(&upstream, &server, "ent-agents").await;
    let work = async || {
        let op = preau::app::Operation::of_job(&server.app, "closing");
        server.execute_sql("DELETE FROM daily_pass", Vec::new()).await;
        let asked = preau::my_account::ops::ask_house_closings(&server.app, &|| false).await.unwrap().asked;
        (asked, preau::my_account::ops::close_due(&op).await.unwrap())
    };
    server.advance(Span::days(364));
    assert_eq!(work().await, (0, 0));
    server.advance(Span::days(1));
    assert_eq!(work().await, (1, 0));
    assert_eq!(work().await, (0, 0), "once");
    // A sign-in keeps it, for another year.
    server.advance(Span::days(20));
    assert_eq!(userinfo_of(&upstream, &server, "ent-agents").await["sub"], first["sub"]);
    server.advance(Span::days(40));
    assert_eq!(work().await, (0, 0));
    server.advance(Span::days(330));
    assert_eq!(work().await, (1, 0));
    server.advance(Span::days(30));
    assert_eq!(work().await, (0, 1));
    assert_eq!(server.query_texts("SELECT state FROM account").await, ["closed"]);
    assert_eq!(server.query_texts("SELECT given_name || family_name FROM account").await, [""], "its names are gone");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM upstream_link").await, 0);
    // Who comes back after that is somebody new.
    let later = userinfo_of(&upstream, &server, "ent-agents").await;
    assert_ne!(later["sub"], first["sub"]);
}
