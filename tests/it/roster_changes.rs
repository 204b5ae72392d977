//! A school's next export, followed to what services and the account page tell: a new year, a child who leaves, another
//! mobile, a link that ends. And two parents of one child, of whom neither learns anything of the other.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::pupil_moves::{allow_refresh_tokens, claims, refresh, schools, tokens};
use crate::support::deployment::{LYCEE, MONOD, TOULOUSE};
use crate::support::people::PASSWORD;
use crate::support::{Browser, TestAccount, TestFamily, TestRelyingParty, TestServer};

const ANAIS: (u32, &str, &str, &str) = (900_010, "Anaïs", "14/02/2013", "6 A");
const ELIE: (u32, &str, &str, &str) = (900_011, "Élie", "03/05/2011", "4 C");

fn ndiaye(children: &[(u32, &'static str, &'static str, &'static str)]) -> TestFamily {
    TestFamily { children: children.to_vec(), ..TestFamily::ndiaye() }
}

/// A parent's tokens at a service, given before the school's next export.
struct Held {
    server: TestServer,
    member: TestAccount,
    rp: TestRelyingParty,
    tokens: Value,
    browser: Browser,
}

impl Held {
    /// A parent who is signed in, and at a service too.
    async fn at(server: TestServer, member: TestAccount) -> Self {
        allow_refresh_tokens(&server).await;
        let mut browser = Browser::new(&server);
        browser.get("/connexion").await;
        browser.sign_in(&member).await;
        let (rp, tokens) = tokens(&server, "ent", &member).await;
        Held { server, member, rp, tokens, browser }
    }

    /// Fatou N'Diaye's, with the children of her roster.
    async fn start(children: &[(u32, &'static str, &'static str, &'static str)]) -> Self {
        let server = TestServer::start().await;
        server.import_families("montpellier", MONOD, &[ndiaye(children), TestFamily::petit()]).await;
        let member = server.create_account_of("montpellier", &ndiaye(children)).await;
        Self::at(server, member).await
    }

    /// What userinfo tells for the access token given before.
    async fn told(&self) -> Value {
        claims(&self.rp, &self.tokens).await
    }

    /// The answer to the refresh token given before.
    async fn refreshed(&self) -> (StatusCode, Value) {
        refresh(&self.rp, &self.tokens).await
    }

    /// The account page in the session that was there before.
    async fn account_page(&mut self) -> String {
        self.browser.get("/compte").await;
        assert_eq!(self.browser.page.status, StatusCode::OK, "the session goes on");
        self.browser.page.visible_text()
    }
}

fn children(claims: &Value) -> Vec<(&str, &str)> {
    let all = claims["children"].as_array().map_or(&[][..], Vec::as_slice);
    all.iter().map(|c| (c["given_name"].as_str().unwrap(), c["class"].as_str().unwrap_or_default())).collect()
}

#[tokio::test]
async fn a_new_year_is_in_the_claims_of_tokens_given_before() {
    let server = TestServer::start().await;
    let last_year = [(ANAIS.0, ANAIS.1, ANAIS.2, "CM2"), (ELIE.0, ELIE.1, ELIE.2, "5 C")];
    server.import_of_last_year("montpellier", MONOD, &[ndiaye(&last_year)]).await;
    let member = server.create_account_of("montpellier", &ndiaye(&last_year)).await;
    let mut held = Held::at(server, member).await;
    assert_eq!(children(&held.told().await), [("Anaïs", "CM2"), ("Élie", "5 C")]);
    let sub = held.told().await["sub"].clone();
    // The new year: one in the next class, the other in another school.
    let elie = (ELIE.0, ELIE.1, ELIE.2, "2 B");
    held.server.import_families("montpellier", MONOD, &[ndiaye(&[ANAIS])]).await;
    held.server.import_families("montpellier", LYCEE, &[ndiaye(&[elie])]).await;
    let told = held.told().await;
    let mut all = children(&told);
    all.sort_unstable();
    assert_eq!((all, &told["sub"]), (vec![("Anaïs", "6 A"), ("Élie", "2 B")], &sub));
    assert_eq!(schools(&told), [LYCEE, MONOD]);
    assert_eq!(held.refreshed().await.0, StatusCode::OK);
    let said = held.account_page().await;
    assert!(said.contains("2 B") && said.contains("6 A") && !said.contains("CM2") && !said.contains("5 C"), "{said}");
}

#[tokio::test]
async fn a_child_who_leaves_is_gone_from_tokens_and_pages_and_the_last_one_ends_the_access() {
    let mut held = Held::start(&[ANAIS, ELIE]).await;
    held.server.import_families("montpellier", MONOD, &[ndiaye(&[ANAIS]), TestFamily::petit()]).await;
    let told = held.told().await;
    assert_eq!(children(&told), [("Anaïs", "6 A")]);
    assert!(!told.to_string().contains("900011"), "{told}");
    let said = held.account_page().await;
    assert!(said.contains("Anaïs") && !said.contains("Élie"), "{said}");
    let (status, renewed) = held.refreshed().await;
    assert_eq!(status, StatusCode::OK);
    held.tokens = renewed;

    held.server.import_families("montpellier", MONOD, &[TestFamily::petit()]).await;
    let told = held.told().await;
    for gone in ["children", "schools", "FrEduVecteur"] {
        assert!(told.get(gone).is_none(), "{gone}: {told}");
    }
    let (status, refused) = held.refreshed().await;
    assert_eq!((status, &refused["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
    // The account stays the person's; the service is closed to it, in the session too.
    let said = held.account_page().await;
    assert!(!said.contains("Anaïs") && !said.contains("Monod"), "{said}");
    let again = TestRelyingParty::new(&held.server, "ent").attempt();
    held.browser.open(&again.url).await;
    assert_eq!(held.browser.page.status, StatusCode::FORBIDDEN, "{}", held.browser.page.visible_text());
    // Back at school, everything is.
    held.server.import_families("montpellier", MONOD, &[ndiaye(&[ANAIS]), TestFamily::petit()]).await;
    let (rp, tokens) = tokens(&held.server, "ent", &held.member).await;
    assert_eq!(children(&claims(&rp, &tokens).await), [("Anaïs", "6 A")]);
}

#[tokio::test]
async fn another_mobile_is_told_at_once_and_one_that_was_given_up_never() {
    let mut held = Held::start(&[ANAIS]).await;
    assert_eq!(held.told().await["phone_number"], "+33639980010");
    let moved = TestFamily { phone: "06 39 98 00 66", ..ndiaye(&[ANAIS]) };
    held.server.import_families("montpellier", MONOD, &[moved, TestFamily::petit()]).await;
    assert_eq!(held.told().await["phone_number"], "+33639980066");
    let (status, renewed) = held.refreshed().await;
    assert_eq!(status, StatusCode::OK, "another mobile signs nobody out");
    let said = held.account_page().await;
    assert!(said.contains("00 66") && !said.contains("00 10"), "{said}");
    // Another record, exported later, has another number: that from which a code came is told.
    let other = TestFamily { key: 510_010, phone: "06 39 98 00 77", ..ndiaye(&[ANAIS]) };
    held.server.import_families("toulouse", TOULOUSE, std::slice::from_ref(&other)).await;
    held.server.link_person(&held.member, "toulouse", &other).await;
    held.server.execute_sql("UPDATE person SET exported_at = exported_at + 1 WHERE academy = 'toulouse'", vec![]).await;
    assert_eq!(held.told().await["phone_number"], "+33639980077", "none is proven");
    held.server.execute_sql("UPDATE person SET phone_proven_at = 1 WHERE academy = 'montpellier'", vec![]).await;
    assert_eq!(held.told().await["phone_number"], "+33639980066");
    held.server.execute_sql("UPDATE person SET account_id = NULL WHERE academy = 'toulouse'", vec![]).await;
    // The person gives it up.
    held.browser.get("/compte/portable").await;
    held.browser.submit("retirer", &[("mot_de_passe", PASSWORD)]).await;
    held.browser.follow().await;
    let told = claims(&held.rp, &renewed).await;
    assert!(told.get("phone_number").is_none() && told.get("phone_number_verified").is_none(), "{told}");
}

#[tokio::test]
async fn threat_s09_a_link_that_ends_is_gone_for_one_parent_and_stays_the_others() {
    let mut held = Held::start(&[ANAIS]).await;
    let other = TestFamily { key: 500_012, prenom: "Moussa", phone: "06 39 98 00 12", ..ndiaye(&[ANAIS]) };
    held.server.import_families("montpellier", MONOD, &[ndiaye(&[ANAIS]), other.clone(), TestFamily::petit()]).await;
    let moussa = held.server.create_account_of("montpellier", &other).await;
    let (rp, his) = tokens(&held.server, "ent", &moussa).await;
    // The next export has the pupil with one of them.
    held.server.import_families("montpellier", MONOD, &[other, TestFamily::petit()]).await;
    assert!(held.told().await.get("children").is_none());
    let (status, refused) = held.refreshed().await;
    assert_eq!((status, &refused["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
    assert!(!held.account_page().await.contains("Anaïs"));
    assert_eq!(children(&claims(&rp, &his).await), [("Anaïs", "6 A")]);
    assert_eq!(refresh(&rp, &his).await.0, StatusCode::OK);
}

/// Everything that the person of a session can read, and what the service that the person uses is told.
async fn everything(server: &TestServer, member: &TestAccount) -> String {
    let (rp, answer) = tokens(server, "ent", member).await;
    let id_token = crate::support::relying_party::decode_part(answer["id_token"].as_str().unwrap(), 1);
    let refreshed = refresh(&rp, &answer).await.1;
    let renewed = crate::support::relying_party::decode_part(refreshed["id_token"].as_str().unwrap(), 1);
    let mut all = format!("{} {id_token} {renewed}", claims(&rp, &answer).await);
    let mut browser = Browser::new(server);
    browser.get("/connexion").await;
    browser.sign_in(member).await;
    let mut shown = 0;
    for path in [
        "",
        "/enfants",
        "/enfants/code",
        "/application",
        "/cle",
        "/cle/perdue",
        "/codes-de-secours",
        "/services",
        "/securite",
        "/evenements",
        "/portable",
        "/portable/verifier",
        "/adresse",
        "/regrouper",
        "/regrouper/choix",
        "/fermer",
        "/mot-de-passe",
        "/donnees",
    ] {
        let page = browser.get(&format!("/compte{path}")).await;
        // A pupil has no page of children, of closing or of another account.
        shown += usize::from(page.status == StatusCode::OK);
        all.push_str(&page.text());
    }
    assert!(shown >= 8, "{shown}");
    browser.submit("telecharger", &[("mot_de_passe", PASSWORD)]).await;
    assert_eq!(browser.page.status, StatusCode::OK);
    all.push_str(&browser.page.text());
    all
}

#[tokio::test]
async fn threat_s09_takeover_w2_neither_parent_nor_the_pupil_reads_a_byte_of_the_other_parent() {
    // The pupil is of an age at which something is told of parents.
    let server = TestServer::start_with_config(|config| config.pupils.parent_reset_until = 13).await;
    allow_refresh_tokens(&server).await;
    let anne = TestFamily::durand();
    let other = TestFamily { key: 577_577, nom: "QUETZAL", prenom: "Xaver", phone: "06 39 98 07 53", ..anne.clone() };
    server.import_families("montpellier", MONOD, &[anne.clone(), other.clone()]).await;
    let hers = server.create_account_of("montpellier", &anne).await;
    let his = server.create_account_of("montpellier", &other).await;
    let pupil = server.create_account_of_pupil("Zoé").await;
    server.confirm_email(&hers, "anne.canari@example.org").await;
    server.confirm_email(&his, "xaver.canari@example.org").await;
    // Both were there, and did what leaves traces: a password, a child taken out and added again, a service.
    for member in [&hers, &his] {
        let mut browser = Browser::new(&server);
        browser.get("/connexion").await;
        browser.sign_in_with(&member.identifiant, "Faux-mot-2").await;
        browser.sign_in(member).await;
        browser.get("/compte/enfants").await;
        browser.submit("retirer-1", &[]).await;
        browser.follow().await;
        browser.submit("ajouter-1", &[("date_naissance", "14/02/2013")]).await;
        browser.follow().await;
        assert!(browser.page.has_element("#retirer-1"), "{}", browser.page.visible_text());
    }
    assert_eq!(preau::my_account::ops::tell_ages(&server.app, &|| false).await.unwrap(), 1);
    let [of_hers, of_his, of_pupil] =
        [everything(&server, &hers).await, everything(&server, &his).await, everything(&server, &pupil).await];
    let secrets = |member: &TestAccount, family: &TestFamily, mail: &str| -> Vec<String> {
        let digits: String = family.phone.chars().filter(char::is_ascii_digit).skip(1).collect();
        let end = family.phone.get(family.phone.len() - 5..).unwrap().replace(' ', "\u{a0}");
        vec![
            member.identifiant.clone(),
            member.account_id.to_string(),
            family.key.to_string(),
            family.prenom.to_owned(),
            mail.to_owned(),
            digits,
            end,
        ]
    };
    let of_anne = secrets(&hers, &anne, "anne.canari@");
    let mut of_xaver = secrets(&his, &other, "xaver.canari@");
    of_xaver.extend(["QUETZAL".to_owned(), "Quetzal".to_owned()]);
    // What is looked for is there, for its owner: the texts are not empty, and the words are the right ones.
    for (own, secrets) in [(&of_hers, &of_anne), (&of_his, &of_xaver)] {
        for word in [&secrets[0], &secrets[3], &secrets[4], &secrets[5], &secrets[6]] {
            assert!(own.contains(word.as_str()), "{word}");
        }
    }
    assert!(of_pupil.contains("vos parents ne reçoivent pas de code"), "told at that age");
    for (who, read, secrets) in [
        ("the mother", &of_hers, &of_xaver),
        ("the father", &of_his, &of_anne),
        ("the pupil", &of_pupil, &of_xaver),
        ("the pupil", &of_pupil, &of_anne),
    ] {
        for word in secrets {
            assert!(!read.contains(word.as_str()), "{who} reads « {word} »");
        }
    }
}
