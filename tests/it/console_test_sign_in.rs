//! Test sign-ins: what they show is what a real sign-in gives, nothing of them is kept, and nothing of them opens anything.

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use josekit::jwk::Jwk;
use preau::administrators::roles::AdminRole;
use preau::clients::ResponseProtection;
use preau::clients::store::find;
use preau::jose;
use preau::protocol::algorithms::{Alg, ContentEncryption, Encryption, KeyManagement};
use serde_json::{Value, json};

use crate::console_clients::{administrator, end_role_of};
use crate::console_requests::academy;
use crate::support::deployment::LYCEE;
use crate::support::html;
use crate::support::{Browser, LogoutReceiver, TestAdministrator, TestFamily, TestRelyingParty, TestServer};

/// Every row that a sign-in could leave, but for the journal, the count of tests and the administrator's own session.
const ROWS: &str = "SELECT (SELECT COUNT(*) FROM session) + (SELECT COUNT(*) FROM session_client) \
    + (SELECT COUNT(*) FROM service_use) + (SELECT COUNT(*) FROM consent) + (SELECT COUNT(*) FROM subject) \
    + (SELECT COUNT(*) FROM refresh_family) + (SELECT COUNT(*) FROM revoked_token) + (SELECT COUNT(*) FROM outbox) \
    + (SELECT COUNT(*) FROM logout_delivery) + (SELECT COUNT(*) FROM account) + (SELECT COUNT(*) FROM person) \
    + (SELECT COUNT(*) FROM pupil) + (SELECT COUNT(*) FROM link) + (SELECT COUNT(*) FROM client_trial) \
    + (SELECT COUNT(*) FROM notice) + (SELECT COUNT(*) FROM account_notice) + (SELECT COUNT(*) FROM budget WHERE action <> 'test_sign_in') \
    + (SELECT COUNT(*) FROM client WHERE last_used_at IS NOT NULL OR unprotected_at IS NOT NULL)";

impl TestAdministrator {
    /// Runs a test sign-in, and asserts the status.
    async fn test_sign_in(&mut self, page: &str, person: &str) -> StatusCode {
        self.browser.post(&format!("{page}/essai"), &[("personne", person)]).await;
        self.browser.page.status
    }

    /// Returns the JSON of a block of the page.
    fn shown(&self, block: &str) -> Value {
        let page = self.browser.page.text();
        let text =
            html::text(&page, block).unwrap_or_else(|| panic!("no {block}: {}", self.browser.page.visible_text()));
        serde_json::from_str(&text).unwrap_or_else(|why| panic!("{block}: {why}: {text}"))
    }
}

/// Takes out what no two sign-ins share.
fn settled(claims: &Value, changing: &[&str]) -> Value {
    let mut claims = claims.clone();
    for name in changing {
        assert!(claims.as_object_mut().unwrap().remove(*name).is_some(), "no {name}: {claims}");
    }
    claims
}

#[tokio::test]
async fn what_a_test_shows_is_what_a_real_sign_in_of_an_equal_person_gives() {
    let server = TestServer::start().await;
    let mut who = academy(&server, "m@ac.example").await;
    // The fictitious parent is at the first school of the perimeter: Camille Exemple, a child Élie in 4B.
    let children = vec![(900_001, "Élie", "03/05/2012", "4B")];
    let equal = TestFamily { key: 500_001, nom: "Exemple", prenom: "Camille", phone: "06 39 98 00 01", children };
    server.import_families("montpellier", LYCEE, std::slice::from_ref(&equal)).await;
    let account = server.create_account_of("montpellier", &equal).await;
    server.confirm_email(&account, "camille@example.org").await;
    server.execute_sql("UPDATE person SET phone_proven_at = 1", Vec::new()).await;
    for claims_in_id_token in [false, true] {
        server.change_client("ent", |meta| meta.tolerances.claims_in_id_token = claims_in_id_token).await;
        let rp = TestRelyingParty::new(&server, "ent");
        let mut browser = Browser::new(&server);
        let real = rp.sign_in(&mut browser, &account).await;
        let userinfo = rp.userinfo(&real.access_token).await.json();
        assert_eq!(who.test_sign_in("/admin/services/ent", "parent").await, StatusCode::OK);
        who.says("Essai réussi");
        who.says("Vérifié avec les clés publiées.");
        let (shown, told) = (who.shown("#jeton"), who.shown("#userinfo"));
        let volatile = ["sub", "iat", "exp", "auth_time", "nonce", "at_hash", "sid"];
        let (mut left, mut right) = (settled(&shown, &volatile), settled(&real.claims, &volatile));
        let number = |claims: &mut Value| {
            // The number of the invented pupil is nobody's, and the account was made at another time.
            if let Some(vector) = claims.get_mut("FrEduVecteur") {
                let text = vector[0].as_str().unwrap().replace("|900001|", "|000000001|");
                *vector = json!([text]);
            }
            if let Some(at) = claims.get_mut("updated_at") {
                *at = json!(0);
            }
        };
        number(&mut left);
        number(&mut right);
        assert_eq!(left, right, "the ID token");
        let (mut left, mut right) = (settled(&told, &["sub"]), settled(&userinfo, &["sub"]));
        number(&mut left);
        number(&mut right);
        assert_eq!(left, right, "userinfo");
        assert!(left.get("children").is_some() && left.get("email").is_some() && left.get("phone_number").is_some());
        assert_eq!(shown["sub"], told["sub"]);
        assert_ne!(shown["sub"], real.claims["sub"], "it is nobody's");
        assert_eq!(who.shown("#entete")["alg"], "RS256");
    }
}

#[tokio::test]
async fn attack_j14_a_test_leaves_one_line_of_the_journal_and_what_it_shows_opens_nothing() {
    let server = TestServer::start().await;
    server.change_client("ent", |meta| meta.consent = true).await;
    let mut who = academy(&server, "m@ac.example").await;
    who.browser.get("/admin/services/ent/essai").await;
    let (rows, journal) = (server.query_count(ROWS).await, server.query_count("SELECT COUNT(*) FROM audit").await);
    let persons = ["parent", "siblings", "pupil", "outside", "suspended"];
    let mut seen = String::new();
    for person in persons {
        assert_eq!(who.test_sign_in("/admin/services/ent", person).await, StatusCode::OK, "{person}");
        assert_eq!(who.browser.page.header("cache-control"), "no-store");
        seen.push_str(&who.browser.page.text());
    }
    assert_eq!(server.query_count(ROWS).await, rows, "nothing is kept");
    let lines = server.query_count("SELECT COUNT(*) FROM audit").await - journal;
    assert_eq!(lines, i64::try_from(persons.len()).unwrap());
    let of =
        "SELECT detail || '|' || client_id || '|' || role || '|' || academy FROM audit WHERE fact = 'client_tested'";
    let mut told = server.query_texts(of).await;
    told.sort();
    let mut right = persons.map(|person| format!("{person}|ent|academy@montpellier|montpellier"));
    right.sort();
    assert_eq!(told, right);
    // No token is whole, with or without the sign of its cut.
    let ring = server.app.key_ring();
    assert_eq!(who.test_sign_in("/admin/services/ent", "parent").await, StatusCode::OK);
    let compact = html::text(&who.browser.page.text(), "#compact").unwrap();
    assert!(compact.ends_with('…') && compact.split('.').count() == 3, "{compact}");
    for token in [compact.clone(), compact.trim_end_matches('…').to_owned()] {
        assert!(jose::verify(&ring, "JWT", &token).is_err());
        let asked = format!("/oauth2/logout?id_token_hint={token}&post_logout_redirect_uri=https://ent.example/adieu");
        assert_ne!(server.get(&asked.replace('…', "%E2%80%A6")).await.status, StatusCode::INTERNAL_SERVER_ERROR);
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    for word in seen.split(|c: char| !is_word(c)).filter(|word| word.starts_with("eyJ")) {
        let signature = word.split('.').nth(2).unwrap_or_default();
        assert!(signature.len() <= 8, "a signature of {} characters", signature.len());
    }
    // The page tells nobody of the code by which it was got: the code is at no endpoint.
    who.says("code = ");
    let rp = TestRelyingParty::new(&server, "ent");
    let code = who.browser.page.visible_text();
    let code = code.split("code = ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    assert!(code.ends_with('…') && code.chars().count() == 9, "{code}");
    let attempt = rp.attempt();
    assert_eq!(rp.exchange(&attempt, &code).await.oauth_error(), "invalid_grant");
}

#[tokio::test]
async fn threat_s15_attack_p1_each_role_tests_the_services_that_it_sees() {
    let server = TestServer::start().await;
    for (n, (role, territory, seen)) in [
        (AdminRole::National, "all", vec!["ent", "ent-toulouse", "strict"]),
        (AdminRole::National, "ministry:agriculture", vec![]),
        (AdminRole::Academy, "academy:montpellier", vec!["ent"]),
        (AdminRole::Academy, "academy:toulouse", vec!["ent-toulouse"]),
        (AdminRole::ServiceContact, "client:ent", vec!["ent"]),
        (AdminRole::ServiceContact, "client:strict", vec!["strict"]),
        (AdminRole::SchoolHead, "school:0349999J", vec![]),
        (AdminRole::Delegate, "school:0349999J", vec![]),
        (AdminRole::HelpDesk, "all", vec![]),
        (AdminRole::Auditor, "all", vec![]),
    ]
    .into_iter()
    .enumerate()
    {
        let mut who = administrator(&server, role, territory, &format!("a{n}@ac.example")).await;
        let mut refused = Vec::new();
        for id in ["ent", "ent-toulouse", "strict", "nobody"] {
            let page = format!("/admin/services/{id}");
            let right = if seen.contains(&id) { StatusCode::OK } else { StatusCode::NOT_FOUND };
            who.browser.get(&format!("{page}/essai")).await;
            assert_eq!(who.browser.page.status, right, "{role:?} {territory} {id}");
            assert_eq!(who.test_sign_in(&page, "parent").await, right, "{role:?} {territory} {id}");
            if right == StatusCode::NOT_FOUND {
                refused.push(who.browser.page.text().replace(&page, ""));
            }
        }
        assert!(refused.iter().all(|page| Some(page) == refused.first()), "the bytes of what is not there");
    }
    let tested = server.query_count("SELECT COUNT(*) FROM audit WHERE fact = 'client_tested'").await;
    assert_eq!(tested, 7);
}

#[tokio::test]
async fn what_is_not_given_is_said_with_its_reason() {
    let server = TestServer::start().await;
    let mut who = administrator(&server, AdminRole::National, "all", "n@ac.example").await;
    let cases: [(&str, &str, &[&str]); 9] = [
        (
            "ent",
            "siblings",
            &["hors du périmètre : Noé, Collège des Minimes", "jamais : l'identifiant ouvre le compte"],
        ),
        ("bourses", "siblings", &["Essai réussi", "hors du périmètre : Noé, Lycée agricole de l'Hérault"]),
        ("ent", "pupil", &["\"class\": \"4B\"", "n'existe pas pour les personnes de ce profil"]),
        ("ent", "outside", &["Le service ne concerne pas cette personne", "interaction_required"]),
        ("ent", "suspended", &["Le compte est suspendu", "Le service n'apprend rien."]),
        ("ent-agents", "teacher", &["\"education_profile\": \"enseignant\"", "n'existe pas pour les personnes"]),
        ("strict", "parent", &["Essai réussi", "rien n'en est dans le périmètre du service"]),
        ("app", "parent", &["Essai réussi", "code_verifier = "]),
        ("ent", "parent", &["seulement pour les personnes venues de l'annuaire académique"]),
    ];
    for (id, person, words) in cases {
        let page = format!("/admin/services/{id}");
        assert_eq!(who.test_sign_in(&page, person).await, StatusCode::OK, "{id} {person}");
        words.iter().for_each(|words| who.says(words));
        let ended = ["outside", "suspended"].contains(&person);
        assert_eq!(who.browser.page.has_element("#jeton"), !ended, "{id} {person}");
    }
    // Whoever is not offered, or nobody, is asked for again.
    for (id, person) in [("ent", "teacher"), ("ent", "camille"), ("ent", ""), ("ent-agents", "parent")] {
        let page = format!("/admin/services/{id}");
        assert_eq!(who.test_sign_in(&page, person).await, StatusCode::UNPROCESSABLE_ENTITY, "{id} {person}");
        who.says("Choisissez une des personnes de la liste.");
    }
    // A scope less is a claim less, with its name.
    let all = preau::protocol::scope::Scopes::parse("openid education").unwrap();
    server.change_client("ent", |meta| meta.scopes = all).await;
    who.test_sign_in("/admin/services/ent", "parent").await;
    who.says("non demandé : le service n'a pas la portée phone");
    assert!(who.shown("#userinfo").get("given_name").is_none());
    // A suspended service is tested all the same, and it is said.
    server.execute_sql("UPDATE client SET state = 'suspended' WHERE client_id = 'ent'", Vec::new()).await;
    who.test_sign_in("/admin/services/ent", "parent").await;
    who.says("Ce service est suspendu : en vrai, sa demande serait refusée dès l'arrivée.");
}

#[tokio::test]
async fn an_encrypted_answer_is_shown_open_with_the_key_that_it_would_be_for() {
    let server = TestServer::start().await;
    let mut who = academy(&server, "m@ac.example").await;
    let jwk = Jwk::generate_rsa_key(2048).unwrap();
    let mut public = serde_json::to_value(jwk.to_public_key().unwrap().as_ref()).unwrap();
    public["use"] = "enc".into();
    public["kid"] = "cle-2026".into();
    let how = Encryption { alg: KeyManagement::RsaOaep256, enc: ContentEncryption::A256Gcm };
    server
        .change_client("ent", |meta| {
            meta.jwks = Some(json!({ "keys": [public] }));
            meta.id_token.encrypted = Some(how);
            meta.userinfo = ResponseProtection { signed: Some(Alg::RS256), encrypted: Some(how) };
        })
        .await;
    assert_eq!(who.test_sign_in("/admin/services/ent", "parent").await, StatusCode::OK);
    who.says("Chiffré pour la clé cle-2026 du service.");
    assert_eq!(who.shown("#jeton")["aud"], "ent");
    assert_eq!(who.shown("#userinfo")["aud"], "ent", "a signed answer names its reader");
    server.change_client("ent", |meta| meta.jwks = Some(json!({ "keys": [] }))).await;
    assert_eq!(who.test_sign_in("/admin/services/ent", "parent").await, StatusCode::OK);
    who.says("En vrai, la réponse échouerait");
}

#[tokio::test]
async fn attack_j14_tests_are_bounded_by_the_hour_and_one_of_a_service_out_of_use_calls_nobody() {
    let server = TestServer::start().await;
    let mut who = academy(&server, "m@ac.example").await;
    let (uri, calls) = LogoutReceiver::serve_text_counted(json!({ "keys": [] }).to_string()).await;
    let how = Encryption { alg: KeyManagement::RsaOaep256, enc: ContentEncryption::A256Gcm };
    server
        .change_client("ent", |meta| {
            (meta.jwks, meta.jwks_uri) = (None, Some(uri.clone()));
            meta.id_token.encrypted = Some(how);
        })
        .await;
    server.execute_sql("UPDATE client SET state = 'suspended' WHERE client_id = 'ent'", Vec::new()).await;
    assert_eq!(who.test_sign_in("/admin/services/ent", "parent").await, StatusCode::OK);
    assert_eq!(calls.load(Ordering::SeqCst), 0, "it is suspended");
    server.execute_sql("UPDATE client SET state = 'active' WHERE client_id = 'ent'", Vec::new()).await;
    assert_eq!(who.test_sign_in("/admin/services/ent", "parent").await, StatusCode::OK);
    assert!(calls.load(Ordering::SeqCst) > 0, "in use, it is asked for its keys");
    for _ in 2..60 {
        assert_eq!(who.test_sign_in("/admin/services/ent", "outside").await, StatusCode::OK);
    }
    let lines = "SELECT COUNT(*) FROM audit WHERE fact = 'client_tested'";
    assert_eq!(who.test_sign_in("/admin/services/ent", "parent").await, StatusCode::TOO_MANY_REQUESTS);
    who.says("Vous avez fait 60 essais en une heure.");
    assert_eq!(server.query_count(lines).await, 60, "what was refused is no line");
    // Somebody else is not held up.
    let mut other = academy(&server, "n@ac.example").await;
    assert_eq!(other.test_sign_in("/admin/services/ent", "outside").await, StatusCode::OK);
}

#[tokio::test]
async fn threat_s10_a_request_is_tested_by_its_author_and_whoever_decides_and_by_nobody_else() {
    let server = TestServer::start().await;
    let mut author = academy(&server, "julien@ac.example").await;
    let mut reader = academy(&server, "nadia@ac.example").await;
    let mut stranger = administrator(&server, AdminRole::Academy, "academy:toulouse", "t@ac.example").await;
    let mut technician = administrator(&server, AdminRole::ServiceContact, "client:ent", "e@ac.example").await;
    let review = author.save_draft(&[("scope_profile", "oui"), ("raison_profile", "Facture")]).await;
    author.browser.get(&review).await;
    assert_eq!(author.browser.page.link_target("#essai"), format!("{review}/essai"));
    assert_eq!(author.test_sign_in(&review, "parent").await, StatusCode::OK, "{}", author.browser.page.visible_text());
    author.says("Ce service n'est que demandé");
    assert_eq!(author.shown("#jeton")["aud"], "cantine");
    assert_eq!(author.shown("#userinfo")["children"][0]["uai"], "0349999J");
    assert!(find(&mut server.app.db.read().await.unwrap(), "cantine").await.unwrap().is_none(), "it is no client");
    for who in [&mut reader, &mut stranger, &mut technician] {
        assert_eq!(who.test_sign_in(&review, "parent").await, StatusCode::NOT_FOUND, "a draft is its author's");
    }
    author.browser.get(&review).await;
    author.browser.submit("envoyer", &[]).await;
    assert_eq!(reader.test_sign_in(&review, "parent").await, StatusCode::OK);
    for who in [&mut stranger, &mut technician] {
        assert_eq!(who.test_sign_in(&review, "parent").await, StatusCode::NOT_FOUND);
    }
    server.invite_administrator(AdminRole::Auditor, "all", "julien@ac.example").await;
    end_role_of(&server, "julien@ac.example", AdminRole::Academy).await;
    assert_eq!(author.test_sign_in(&review, "parent").await, StatusCode::NOT_FOUND, "the role ended");
}

#[tokio::test]
async fn faults_d3_the_list_of_fapi_says_what_a_service_lacks() {
    let server = TestServer::start().await;
    let mut who = academy(&server, "m@ac.example").await;
    who.browser.get("/admin/services/ent?b=fapi2").await;
    assert_eq!(who.browser.page.link_target(".tabs a[aria-current]"), "/admin/services/ent?b=fapi2");
    let lines = html::texts(&who.browser.page.text(), "#fapi tbody tr");
    assert_eq!(lines.len(), 12, "{lines:?}");
    let says = |words: &str, state: &str| lines.iter().any(|line| line.contains(words) && line.contains(state));
    assert!(
        says("private_key_jwt", "manque") && says("PAR", "manque") && says("PKCE avec S256", "rempli"),
        "{lines:?}"
    );
    who.says("rien n'y oblige");
    who.says("Publiez les clés du service");
    // The settings are at their own tab.
    who.browser.get("/admin/services/ent?b=spring").await;
    assert!(!who.browser.page.has_element("#fapi") && who.browser.page.text().contains("issuer-uri"));
}
