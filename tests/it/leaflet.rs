//! The leaflet from MON ENT to the portal: the project's acceptance test, in process.

use preau::base::clock::Span;
use url::Url;

use crate::support::deployment::MONOD;
use crate::support::people::PASSWORD;
use crate::support::relying_party::{decode_part, find_pair};
use crate::support::{Browser, Landing, TestFamily, TestRelyingParty, TestServer};

/// From the portal to the form of the identity, by « Je n'ai pas de compte ».
async fn at_identity(
    server: &TestServer,
    client: &'static str,
) -> (Browser, TestRelyingParty, crate::support::AuthorizationAttempt) {
    let client = TestRelyingParty::new(server, client);
    let attempt = client.attempt();
    let mut browser = Browser::new(server);
    browser.open(&attempt.url).await;
    assert_eq!(browser.page.heading(), "Se connecter");
    browser.click("#pas-de-compte").await;
    assert_eq!(browser.page.heading(), "Activation du compte");
    (browser, client, attempt)
}

#[tokio::test]
async fn ten_steps_from_mon_ent_to_the_portal() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::ndiaye()]).await;
    let (mut browser, ent, attempt) = at_identity(&server, "ent").await;
    browser.identify_as("n’diaye", "FATOU", "0639980010").await;
    browser.follow().await;
    assert!(browser.page.heading().contains("J'indique le code d'activation reçu par SMS"));
    assert!(browser.page.visible_text().contains("finit par 00 10"), "{}", browser.page.visible_text());
    browser.submit("continuer", &[("code", "")]).await;
    assert!(
        browser.page.visible_text().contains("Veuillez renseigner le champ \"Code\""),
        "{}",
        browser.page.visible_text()
    );
    let code = server.read_code().await;
    let [message] = &server.messages()[..] else { panic!("one SMS") };
    assert_eq!(message.to, "+33639980010");
    let (first, last) = message.text.split_once('\n').unwrap();
    assert!(
        first.ends_with(&format!("votre code est {code}. Valable 30 minutes. Ne le donnez à personne.")),
        "{first}"
    );
    assert_eq!(last, format!("@{} #{code}", server.app.config.server.host()));

    browser.type_code(&code).await;
    assert_eq!(browser.page.heading(), "Mes enfants");
    let said = browser.page.visible_text();
    assert!(said.contains("Anaïs N.") && said.contains("Élie N.") && said.contains("Clg Théodore Monod"), "{said}");
    assert!(!said.contains("6 A") && !browser.page.has_element("input[checked]"), "no class, nothing chosen: {said}");
    browser.answer_children(&["14/02/2013", "03/05/2011"]).await;
    assert!(browser.page.visible_text().contains("Relever votre identifiant"), "{}", browser.page.visible_text());
    let identifiant = browser.shown_identifiant();
    let digits = identifiant.strip_prefix("f.ndiaye").unwrap();
    assert!(digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()), "{identifiant}");

    let form = browser.url.clone();
    browser.click("a[href^='/activation/feuille']").await;
    let sheet = browser.page.text();
    assert!(sheet.contains(&identifiant) && sheet.contains("Fatou") && sheet.contains("Clg Théodore Monod"));
    assert!(!browser.page.has_element("input[type=password]"), "the sheet never holds the password");
    browser.get(form.as_str()).await;
    browser.choose_password(PASSWORD).await;
    assert_eq!(browser.page.heading(), "Votre compte est activé.");
    assert_eq!(browser.shown_identifiant(), identifiant);
    assert!(browser.page.visible_text().contains("Service ent"), "{}", browser.page.visible_text());
    browser.click("#continuer").await;
    let landed = browser.follow().await.expect_redirect_away();
    let tokens = ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
    assert_eq!(tokens.claims["amr"], serde_json::json!(["sms", "pwd"]));
    let claims = ent.userinfo(&tokens.access_token).await.json();
    assert_eq!(claims["name"], "Fatou N'DIAYE");
    let children: Vec<&str> =
        claims["children"].as_array().unwrap().iter().map(|c| c["given_name"].as_str().unwrap()).collect();
    assert_eq!(children, ["Anaïs", "Élie"]);
    assert_eq!(claims["schools"][0]["uai"], MONOD);

    // The leaflet's own way: close, click MON ENT again, sign in with what stands on the sheet.
    let attempt = ent.attempt();
    let mut browser = Browser::new(&server);
    browser.open(&attempt.url).await;
    browser.sign_in_with(&identifiant, PASSWORD).await;
    let landed = browser.follow().await.expect_redirect_away();
    let again = ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
    assert_eq!(again.claims["amr"], serde_json::json!(["pwd"]));
    assert_eq!(again.claims["sub"], tokens.claims["sub"]);
}

/// The client's `initiate_login_uri`, with our issuer.
fn is_initiate(server: &TestServer, url: &Url) {
    assert!(url.as_str().starts_with("https://ent.example/initiate"), "{url}");
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    assert_eq!(find_pair(&pairs, "iss"), Some(server.issuer()));
}

#[tokio::test]
async fn after_a_restart_the_request_still_ends_at_the_portal() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::ndiaye()]).await;
    let (mut browser, _, attempt) = at_identity(&server, "ent").await;
    browser.identify(&TestFamily::ndiaye()).await;
    let code = server.read_code().await;
    let server = server.restart_with_empty_store().await;
    let (at, page) = (browser.url.clone(), browser.page.clone());
    let mut browser = browser.at_server(&server);
    (browser.url, browser.page) = (at, page);
    browser.type_code(&code).await;
    browser.answer_children(&["14/02/2013", "03/05/2011"]).await;
    browser.choose_password(PASSWORD).await;
    assert!(
        browser.page.visible_text().contains("Service ent"),
        "the request is back: {}",
        browser.page.visible_text()
    );
    browser.click("#continuer").await;
    let landed = browser.follow().await.expect_redirect_away();
    let ent = TestRelyingParty::new(&server, "ent");
    let tokens = ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
    assert!(decode_part(&tokens.id_token, 1)["sub"].is_string());
}

#[tokio::test]
async fn after_25_minutes_of_looking_for_the_telephone() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::ndiaye()]).await;
    for (client, starts_anew) in [("ent", true), ("bourses", false)] {
        let (mut browser, client, attempt) = at_identity(&server, client).await;
        browser.identify(&TestFamily::ndiaye()).await;
        let code = server.read_code().await;
        server.advance(Span::minutes(25));
        browser.type_code(&code).await;
        if browser.page.has_element("#confirmer") {
            browser.answer_children(&["14/02/2013", "03/05/2011"]).await;
        } else {
            browser.submit("nouveau-mot-de-passe", &[]).await;
            browser.follow().await;
            browser.answer_children(&["14/02/2013", "03/05/2011"]).await;
        }
        // The second round replaces the first one's password.
        browser.choose_password(if starts_anew { PASSWORD } else { "Tilleul+9-orage" }).await;
        browser.click("#continuer").await;
        let landed = browser.follow().await.expect_redirect_away();
        if !starts_anew {
            let tokens = client.tokens(&attempt, &client.code(&landed, &attempt)).await;
            assert_eq!(tokens.claims["amr"], serde_json::json!(["sms", "pwd"]));
            continue;
        }
        is_initiate(&server, &landed);
        // The portal asks afresh, and the session answers.
        let fresh = client.attempt();
        let Landing::ExternalSite(landed) = browser.open(&fresh.url).await else {
            panic!("{}", browser.page.visible_text())
        };
        client.tokens(&fresh, &client.code(&landed, &fresh)).await;
    }
}

#[tokio::test]
async fn an_activation_of_its_own_ends_on_the_account_and_ends_the_session_before_it() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::ndiaye(), TestFamily::petit()]).await;
    let other = server.create_account_of("montpellier", &TestFamily::petit()).await;
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    browser.sign_in(&other).await;
    let before = browser.clone_browser();
    browser.get("/activation").await;
    browser.activate(&server, &TestFamily::ndiaye()).await;
    browser.click("#continuer").await;
    assert_eq!(browser.url.path(), "/compte");
    assert!(browser.page.visible_text().contains("Anaïs") && !browser.page.visible_text().contains("Léo"));
    let mut before = before;
    before.open("/compte").await;
    assert_eq!(before.url.path(), "/connexion", "the session that the browser had is over");
}

#[tokio::test]
async fn internet_explorer_gets_a_plain_page() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.headers = vec![("user-agent", "Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko".into())];
    browser.get("/activation").await;
    assert!(browser.page.text().contains("Ce navigateur ne fonctionne pas ici."), "{}", browser.page.visible_text());
}
