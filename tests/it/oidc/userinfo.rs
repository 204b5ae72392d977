//! `/oauth2/userinfo`: of whom, to whom, and no more than the scopes and the perimeter give (OIDCC 5.3).

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{HeaderName, Method, Request, StatusCode};
use preau::base::clock::Span;
use preau::clients::SubjectType;
use preau::config::Keys;
use preau::keys;
use preau::protocol::algorithms::Alg;
use serde_json::{Value, json};

use crate::support::relying_party::{VerifiedTokens, decode_part, mutate_token};
use crate::support::{Browser, TestAccount, TestFamily, TestRelyingParty, TestResponse, TestServer, deployment};

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

async fn ask(
    server: &TestServer,
    method: Method,
    path: &str,
    headers: &[(&'static str, &str)],
    body: &str,
) -> TestResponse {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(HeaderName::from_static(name), *value);
    }
    server.call(request.body(Body::from(body.to_owned())).unwrap()).await
}

/// 401 with the code that RFC 6750 3.1 gives.
fn dead(answer: &TestResponse, case: &str) {
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{case}");
    assert!(answer.header("www-authenticate").contains("error=\"invalid_token\""), "{case}: {}", answer.visible_text());
    assert_eq!(answer.header("cache-control"), "no-store");
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn ent_tokens(server: &TestServer, member: &TestAccount) -> VerifiedTokens {
    TestRelyingParty::new(server, "ent").sign_in(&mut Browser::new(server), member).await
}

/// What the client learns of the member.
async fn told(server: &TestServer, client: &'static str, scope: &'static str, member: &TestAccount) -> Value {
    let mut rp = TestRelyingParty::new(server, client);
    rp.scope = scope;
    let tokens = rp.sign_in(&mut Browser::new(server), member).await;
    let answer = rp.userinfo(&tokens.access_token).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.visible_text());
    assert_eq!(answer.header("cache-control"), "no-store");
    let claims = answer.json();
    assert_eq!(claims["sub"], tokens.claims["sub"], "OIDCC 5.3.2");
    claims
}

#[tokio::test]
async fn protocol_a11_by_get_by_post_in_header_and_body_the_same() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let token = ent_tokens(&server, &member).await.access_token;
    let bearer = format!("Bearer {token}");
    let lower = format!("bearer  {token}");
    let body = format!("access_token={token}");
    let by_get = ask(&server, Method::GET, "/oauth2/userinfo", &[("authorization", &bearer)], "").await.json();
    for (headers, body) in [
        (vec![("authorization", bearer.as_str())], ""),
        (vec![("authorization", lower.as_str())], ""),
        (vec![("authorization", bearer.as_str()), FORM], ""),
        (vec![("authorization", bearer.as_str()), ("content-type", "application/json")], "{}"),
        (vec![FORM], body.as_str()),
        (vec![("content-type", "Application/X-WWW-Form-Urlencoded ; charset=UTF-8")], body.as_str()),
    ] {
        let answer = ask(&server, Method::POST, "/oauth2/userinfo", &headers, body).await;
        assert_eq!(answer.json(), by_get, "{headers:?}");
    }
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = ask(&server, method, "/oauth2/userinfo", &[("authorization", &bearer)], "").await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn attack_t15_never_in_the_query_and_never_twice() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let token = ent_tokens(&server, &member).await.access_token;
    let bearer = format!("Bearer {token}");
    let query = format!("/oauth2/userinfo?access_token={token}");
    let body = format!("access_token={token}");
    let twice = format!("{body}&{body}");
    let plain = "/oauth2/userinfo";
    for (path, headers, body) in [
        (query.as_str(), vec![], ""),
        (&query, vec![("authorization", bearer.as_str())], ""),
        (plain, vec![("authorization", bearer.as_str()), FORM], body.as_str()),
        (plain, vec![("authorization", bearer.as_str()), ("authorization", bearer.as_str())], ""),
        (plain, vec![FORM], twice.as_str()),
    ] {
        let answer = ask(&server, Method::POST, path, &headers, body).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {headers:?}");
        assert!(answer.header("www-authenticate").contains("error=\"invalid_request\""), "{}", answer.visible_text());
        assert!(!answer.text().contains(&token), "never repeated");
    }
    // Nothing was presented: no error code (RFC 6750 3.1).
    for headers in [vec![], vec![("authorization", "Basic eDp5")], vec![("authorization", "Bearer")]] {
        let answer = ask(&server, Method::GET, plain, &headers, "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{headers:?}");
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"preau\"");
    }
    // A body that is no form is not looked at.
    for kind in ["text/plain", "application/x-www-form-urlencodedX"] {
        let answer = ask(&server, Method::POST, plain, &[("content-type", kind)], &body).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{kind}");
    }
}

#[tokio::test]
async fn attack_j12_t9_only_a_whole_access_token_of_ours() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let tokens = ent_tokens(&server, &member).await;
    let rp = TestRelyingParty::new(&server, "ent");
    let token = &tokens.access_token;
    let parts: Vec<&str> = token.split('.').collect();
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.", parts[1]);
    let claims = crate::support::relying_party::decode_part(token, 1).to_string().replace("openid profile", "openid");
    let other_claims = preau::base::secret::base64url(claims.as_bytes());
    let swapped = format!("{}.{other_claims}.{}", parts[0], parts[2]);
    for (case, bad) in [
        ("the ID token", tokens.id_token.clone()),
        ("another signature", mutate_token(token)),
        ("cut", token[..token.len() - 1].to_owned()),
        ("longer", format!("{token}A")),
        ("a fourth part", format!("{token}.A")),
        ("unsigned", unsigned),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("other claims", swapped),
        ("opaque", "x".repeat(43)),
        ("huge", "A".repeat(50_000)),
        ("empty parts", "..".to_owned()),
    ] {
        dead(&rp.userinfo(&bad).await, case);
    }
    assert_eq!(rp.userinfo(token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_dies_after_300_s_with_its_session_and_with_its_client_s_place_in_it() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    let token = rp.sign_in(&mut browser, &member).await.access_token;
    server.advance(Span(299_999));
    assert_eq!(rp.userinfo(&token).await.status, StatusCode::OK);
    server.advance(Span(1));
    dead(&rp.userinfo(&token).await, "300 s");

    let token = rp.sign_in(&mut browser, &member).await.access_token;
    server.execute_sql("UPDATE session_client SET generation = generation + 1", vec![]).await;
    dead(&rp.userinfo(&token).await, "another generation");
    let token = rp.sign_in(&mut browser, &member).await.access_token;
    assert_eq!(rp.userinfo(&token).await.status, StatusCode::OK, "the new generation's");
    browser.open("/compte").await;
    browser.submit("se-deconnecter", &[]).await;
    dead(&rp.userinfo(&token).await, "signed out");
    // Another server knows it, too.
    let token = rp.sign_in(&mut Browser::new(&server), &member).await.access_token;
    let neighbour = server.restart().await;
    assert_eq!(TestRelyingParty::new(&neighbour, "ent").userinfo(&token).await.status, StatusCode::OK);
    server.execute_sql("UPDATE session SET ended_at = 1", vec![]).await;
    dead(&TestRelyingParty::new(&neighbour, "ent").userinfo(&token).await, "signed out at the other server");
}

#[tokio::test]
async fn faults_d2_under_an_algorithm_that_left_the_list_a_token_opens_nothing() {
    let every = TestServer::start_with_config(|config| config.keys.algorithms = Alg::ALL.to_vec()).await;
    let member = every.create_durand().await;
    let token = ent_tokens(&every, &member).await.access_token;
    let fewer = every.restart_with_config(|config| config.keys.algorithms = Keys::default().algorithms).await;
    fewer.change_client("ent", |meta| meta.userinfo.signed = Some(Alg::EdDSA)).await;
    dead(&TestRelyingParty::new(&fewer, "ent").userinfo(&token).await, "signed with EdDSA");
}

#[tokio::test]
async fn attack_t11_account_and_client_are_looked_at_each_time() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let rp = TestRelyingParty::new(&server, "ent");
    let token = ent_tokens(&server, &member).await.access_token;
    server.set_suspension(&member, Some("operator")).await;
    dead(&rp.userinfo(&token).await, "suspended");
    server.set_suspension(&member, None).await;
    let token = ent_tokens(&server, &member).await.access_token;
    for state in ["closed", "pending"] {
        let args = vec![state.into()];
        server.execute_sql("UPDATE account SET state = $1", args).await;
        dead(&rp.userinfo(&token).await, state);
    }
    server.execute_sql("UPDATE account SET state = 'active'", vec![]).await;
    assert_eq!(rp.userinfo(&token).await.status, StatusCode::OK);
    for state in ["suspended", "gone"] {
        server.execute_sql("UPDATE client SET state = $1 WHERE client_id = 'ent'", vec![state.into()]).await;
        dead(&rp.userinfo(&token).await, state);
    }
}

#[tokio::test]
async fn attack_t4_each_scope_gives_its_claims_and_no_other() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let one = |scope: &'static str| told(&server, "ent", scope, &member);
    assert_eq!(names(&one("openid").await), ["sub"].into());
    let profile = one("openid profile").await;
    assert_eq!(names(&profile), ["sub", "name", "given_name", "family_name", "updated_at"].into());
    let updated = profile["updated_at"].as_i64().unwrap();
    assert!((server.now().as_seconds() - 60..=server.now().as_seconds()).contains(&updated), "seconds: {updated}");
    assert_eq!(profile["name"], "Anne DURAND");
    // None before it is confirmed: absent, never empty.
    assert_eq!(names(&one("openid email").await), ["sub"].into());
    server.confirm_email(&member, "anne.durand@example.org").await;
    let email = one("openid email").await;
    assert_eq!(names(&email), ["sub", "email", "email_verified"].into());
    assert_eq!((&email["email"], &email["email_verified"]), (&"anne.durand@example.org".into(), &true.into()));
    let phone = one("openid phone").await;
    assert_eq!(names(&phone), ["sub", "phone_number", "phone_number_verified"].into());
    assert_eq!((&phone["phone_number"], &phone["phone_number_verified"]), (&"+33639980001".into(), &false.into()));
    // Only a code proves it, to whichever of the person's records it went.
    let children = vec![(910_001, "Noé", "02/03/2011", "3 C")];
    let elsewhere = TestFamily { key: 510_001, children, ..TestFamily::durand() };
    server.import_families("toulouse", deployment::TOULOUSE, std::slice::from_ref(&elsewhere)).await;
    server.link_person(&member, "toulouse", &elsewhere).await;
    assert_eq!(one("openid phone").await["phone_number_verified"], false);
    let sql = "UPDATE person SET phone_proven_at = 1, exported_at = 1 WHERE academy = 'toulouse'";
    server.execute_sql(sql, vec![]).await;
    assert_eq!(one("openid phone").await["phone_number_verified"], true);
    server.execute_sql("UPDATE person SET phone_disowned_at = 2 WHERE academy = 'toulouse'", vec![]).await;
    assert_eq!(one("openid phone").await["phone_number_verified"], false, "given up there");
    let education = one("openid education").await;
    assert_eq!(names(&education), ["sub", "education_profile", "children", "schools", "FrEduVecteur"].into());
    // Unknown ones give nothing; those that the client has not registered neither.
    assert_eq!(names(&one("openid address offline_access admin").await), ["sub"].into());
    server
        .execute_sql(
            "UPDATE client SET metadata = REPLACE(metadata, '\"phone\"', '\"openid\"') WHERE client_id = 'ent'",
            vec![],
        )
        .await;
    assert_eq!(names(&one("openid phone").await), ["sub"].into());
}

#[tokio::test]
async fn education_is_what_an_ent_needs() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let claims = told(&server, "ent", "openid education", &member).await;
    assert_eq!(claims["education_profile"], "responsable");
    let child = json!({"given_name": "Zoé", "uai": deployment::MONOD, "school": "Clg Théodore Monod",
        "academy": "montpellier", "class": "6 A"});
    assert_eq!(claims["children"], json!([child]));
    let school = json!({"uai": deployment::MONOD, "name": "Clg Théodore Monod", "academy": "montpellier"});
    assert_eq!(claims["schools"], json!([school]));
    let vector = claims["FrEduVecteur"][0].as_str().unwrap();
    let parts: Vec<&str> = vector.split('|').collect();
    assert_eq!((parts[0], parts[3], parts[4], parts.len()), ("2", "900001", deployment::MONOD, 5), "{vector}");
    assert_eq!((parts[1].to_uppercase(), parts[2]), ("DURAND".to_owned(), "Anne"), "{vector}");
    for never in ["identifiant", "preferred_username", "birth", "2013", "nonce", "FrEduCtRefId", &member.identifiant] {
        assert!(!claims.to_string().contains(never), "{never}: {claims}");
    }
}

/// Anne with a child in each of three academies, under a key of each.
async fn everywhere(server: &TestServer) -> TestAccount {
    let member = server.create_durand().await;
    for (academy, uai, key, pupil, name) in [
        ("toulouse", deployment::TOULOUSE, 600_001, 910_001, "Tom"),
        ("agricole", deployment::AGRICOLE, 700_001, 920_001, "Ada"),
    ] {
        let family = TestFamily { key, children: vec![(pupil, name, "01/09/2010", "2 C")], ..TestFamily::durand() };
        server.import_families(academy, uai, std::slice::from_ref(&family)).await;
        server.link_person(&member, academy, &family).await;
    }
    member
}

#[tokio::test]
async fn threat_s15_a_client_learns_of_its_perimeter_only() {
    let server = TestServer::start().await;
    let member = everywhere(&server).await;
    for (client, expected) in [
        ("ent", vec!["Zoé"]),
        ("ent-toulouse", vec!["Tom"]),
        ("ent-agricole", vec!["Ada"]),
        ("bourses", vec!["Tom", "Zoé"]),
        ("app", vec!["Zoé"]),
        ("strict", vec![]),
    ] {
        let claims = told(&server, client, "openid profile email phone education", &member).await;
        let children = claims.get("children").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut told: Vec<&str> = children.iter().map(|c| c["given_name"].as_str().unwrap()).collect();
        told.sort_unstable();
        assert_eq!(told, expected, "{client}");
        let count = |name: &str| claims.get(name).map_or(0, |list| list.as_array().unwrap().len());
        assert_eq!((count("schools"), count("FrEduVecteur")), (expected.len(), expected.len()), "{client}");
        if expected.is_empty() {
            assert!(claims.get("children").is_none() && claims.get("schools").is_none(), "left out, not empty");
        }
        let keys = [("Zoé", "900001"), ("Tom", "910001"), ("Ada", "920001")];
        for (_, key) in keys.iter().filter(|(name, _)| !expected.contains(name)) {
            assert!(!claims.to_string().contains(key), "{client}: {claims}");
        }
    }
}

#[tokio::test]
async fn threat_s09_nothing_of_the_other_parent_and_an_ended_link_is_seen_at_once() {
    let server = TestServer::start().await;
    let other = TestFamily { key: 500_009, prenom: "Marc", phone: "06 39 98 00 09", ..TestFamily::durand() };
    server
        .import_families("montpellier", deployment::MONOD, &[TestFamily::durand(), other.clone(), TestFamily::petit()])
        .await;
    let anne = server.create_account_of("montpellier", &TestFamily::durand()).await;
    let marc = server.create_account_of("montpellier", &other).await;
    for (member, mine, theirs) in [(&anne, "Anne", ["Marc", "0009"]), (&marc, "Marc", ["Anne", "0001"])] {
        let claims = told(&server, "ent", "openid profile email phone education", member).await.to_string();
        assert!(claims.contains(mine) && claims.contains("Zoé"), "{claims}");
        let without_key = claims.replace("900001", "");
        assert!(theirs.iter().all(|t| !without_key.contains(t)) && !claims.contains("Léo"), "{claims}");
    }
    let rp = TestRelyingParty::new(&server, "ent");
    let token = ent_tokens(&server, &marc).await.access_token;
    server
        .execute_sql(
            "UPDATE link SET ended_at = 1 WHERE person_id = (SELECT id FROM person WHERE person_key = '500009')",
            vec![],
        )
        .await;
    let claims = rp.userinfo(&token).await.json();
    assert!(claims.get("children").is_none(), "{claims}");
    assert!(told(&server, "ent", "openid education", &anne).await.to_string().contains("Zoé"));
}

#[tokio::test]
async fn a_token_under_another_server_s_newest_key_is_known_at_once_and_strangers_cost_little() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let neighbour = server.restart().await;
    // The key is changed by one server; the other has read the keys before.
    server.execute_sql("UPDATE signing_key SET state = 'retiring'", Vec::new()).await;
    let app = &server.app;
    app.set_key_ring(keys::ops::ensure_keys(server.operation().storage(), &app.config.keys.algorithms).await.unwrap());
    let token = ent_tokens(&server, &member).await.access_token;
    assert!(!neighbour.app.key_ring().kids().contains(&kid(&token).as_str()), "else this tests nothing");
    let bearer = format!("Bearer {token}");
    let answer = ask(&neighbour, Method::GET, "/oauth2/userinfo", &[("authorization", &bearer)], "").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.visible_text());
    // An invented kid has the keys read again at most every five seconds (docs/threats.md#attack-j2).
    assert!(!neighbour.app.may_reload_keys(neighbour.now().plus(Span::seconds(4))));
    assert!(neighbour.app.may_reload_keys(neighbour.now().plus(Span::seconds(5))));
}

fn kid(token: &str) -> String {
    decode_part(token, 0)["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn design_4_an_ent_of_one_academy_may_know_people_by_the_rosters_key() {
    let server = TestServer::start().await;
    server.change_client("ent", |meta| meta.subject_type = SubjectType::Roster).await;
    let member = server.create_durand().await;
    let tokens = ent_tokens(&server, &member).await;
    let key = TestFamily::durand().key;
    assert_eq!(tokens.claims["sub"], format!("MONTPELLIER-{key}"), "unique in the issuer");
    assert_eq!(userinfo_of(&server, &tokens).await["sub"], tokens.claims["sub"], "one function for every place");
    // Another academy's key of the same person changes nothing.
    server.execute_sql("UPDATE person SET exported_at = exported_at + 1", Vec::new()).await;
    assert_eq!(ent_tokens(&server, &member).await.claims["sub"], tokens.claims["sub"]);
}

async fn userinfo_of(server: &TestServer, tokens: &VerifiedTokens) -> Value {
    TestRelyingParty::new(server, "ent").userinfo(&tokens.access_token).await.json()
}
