//! Codes, resends, tabs, clocks and double clicks.

use axum::http::StatusCode;
use preau::base::clock::Span;

use crate::support::people::PASSWORD;
use crate::support::{Browser, TestFamily, TestRelyingParty, TestServer};

const DATE: &str = "14/02/2013";
const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

async fn college() -> TestServer {
    TestServer::start_with_open_campaign(&[TestFamily::durand()]).await
}

async fn at_code(server: &TestServer) -> Browser {
    let mut browser = Browser::at_activation(server).await;
    browser.identify(&TestFamily::durand()).await;
    browser
}

async fn resend(browser: &mut Browser) -> String {
    browser.submit("renvoyer", &[]).await;
    browser.follow().await;
    browser.page.visible_text()
}

/// Another code than this one.
fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[tokio::test]
async fn resends_after_60_then_120_seconds_three_in_all_and_the_former_code_is_dead() {
    let server = college().await;
    let mut browser = at_code(&server).await;
    let first = server.read_code().await;
    server.advance(Span::seconds(59));
    let said = resend(&mut browser).await;
    assert!(said.contains("Vous pourrez en demander un autre dans 1 seconde."), "{said}");
    server.advance(Span::seconds(1));
    let said = resend(&mut browser).await;
    assert!(said.contains("Un nouveau code part. L'ancien ne sert plus."), "{said}");
    // Before the worker has run, and after it: the former code is dead.
    browser.type_code(&first).await;
    assert_eq!(browser.page.status, REFUSED);
    let second = server.read_code().await;
    assert_ne!(first, second);
    browser.type_code(&first).await;
    assert!(browser.page.visible_text().contains("Il reste 1 essai."), "{}", browser.page.visible_text());
    server.advance(Span::seconds(119));
    let said = resend(&mut browser).await;
    assert!(said.contains("dans 1 seconde."), "{said}");
    server.advance(Span::seconds(1));
    resend(&mut browser).await;
    let third = server.read_code().await;
    server.advance(Span::minutes(10));
    let said = resend(&mut browser).await;
    assert!(said.contains("Nous ne pouvons pas envoyer d'autre code maintenant."), "{said}");
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 3);
    browser.type_code(&second).await;
    assert_eq!(browser.page.status, REFUSED);
    browser.type_code(&third).await;
    assert!(browser.page.has_element("#confirmer"), "the last one still serves: {}", browser.page.visible_text());
}

#[tokio::test]
async fn a_resend_is_one_message_whatever_is_reloaded() {
    let server = college().await;
    let mut browser = at_code(&server).await;
    server.read_code().await;
    server.advance(Span::minutes(1));
    resend(&mut browser).await;
    browser.reload().await;
    assert_eq!(browser.page.status, StatusCode::OK);
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 2);
}

#[tokio::test]
async fn three_wrong_codes_use_it_up_and_a_new_one_goes_on() {
    let server = college().await;
    let mut browser = at_code(&server).await;
    let code = server.read_code().await;
    for said in ["Il reste 2 essais.", "Il reste 1 essai.", "Ce code ne sert plus. Demandez-en un nouveau."] {
        browser.type_code(wrong(&code)).await;
        assert!(browser.page.visible_text().contains(said), "{said}: {}", browser.page.visible_text());
    }
    browser.type_code(&code).await;
    assert!(browser.page.visible_text().contains("Ce code ne sert plus."), "{}", browser.page.visible_text());
    server.advance(Span::minutes(1));
    resend(&mut browser).await;
    let code = server.read_code().await;
    browser.type_code(&code).await;
    assert!(browser.page.has_element("#confirmer"), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn a_code_lives_thirty_minutes() {
    for (minutes, lives) in [(30, false), (29, true)] {
        let server = college().await;
        let mut browser = at_code(&server).await;
        let code = server.read_code().await;
        server.advance(Span::minutes(minutes));
        browser.type_code(&code).await;
        assert_eq!(browser.page.has_element("#confirmer"), lives, "{}", browser.page.visible_text());
        if !lives {
            assert!(
                browser.page.visible_text().contains("Ce code a plus de 30 minutes."),
                "{}",
                browser.page.visible_text()
            );
            resend(&mut browser).await;
            let code = server.read_code().await;
            browser.type_code(&code).await;
            assert!(browser.page.has_element("#confirmer"), "a resend repairs it: {}", browser.page.visible_text());
        }
    }
}

#[tokio::test]
async fn an_activation_lives_two_hours_and_the_next_gives_the_same_identifiant() {
    let server = college().await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &TestFamily::durand()).await;
    browser.answer_children(&[DATE]).await;
    let identifiant = browser.shown_identifiant();
    server.advance(Span::minutes(119));
    browser.reload().await;
    assert_eq!(browser.page.status, StatusCode::OK);
    server.advance(Span::minutes(1));
    for hours in [0, 4] {
        server.advance(Span::hours(hours));
        browser.reload().await;
        // The browser forgets at about the same time: too old and unknown lead to the same button.
        let over = [StatusCode::GONE, StatusCode::NOT_FOUND].contains(&browser.page.status);
        assert!(over, "{}", browser.page.visible_text());
        assert!(browser.page.visible_text().contains("Recommencer l'activation"), "{}", browser.page.visible_text());
    }
    browser.click("#continuer").await;
    browser.prove_phone(&server, &TestFamily::durand()).await;
    browser.answer_children(&[DATE]).await;
    assert_eq!(browser.shown_identifiant(), identifiant);
}

#[tokio::test]
async fn the_address_of_another_browser_s_activation_is_unknown() {
    let server = college().await;
    let mut browser = at_code(&server).await;
    let code = server.read_code().await;
    let address = browser.url.to_string();
    for visited in [false, true] {
        let mut thief = Browser::new(&server);
        if visited {
            thief.get("/activation").await;
        }
        thief.get(&address).await;
        assert_eq!((thief.page.status, thief.page.has_element("#continuer")), (StatusCode::NOT_FOUND, true));
        thief.post(&address, &[("code", &code)]).await;
        assert_eq!(thief.page.status, StatusCode::NOT_FOUND);
        thief.get("/activation/code?a=0123456789abcdefghijkl").await;
        assert_eq!(thief.page.heading(), "Nous ne retrouvons pas votre activation");
        thief.get("/activation/code").await;
        assert_eq!(thief.page.heading(), "Nous ne retrouvons pas votre activation");
    }
    browser.type_code(&code).await;
    assert!(browser.page.has_element("#confirmer"), "no try was taken: {}", browser.page.visible_text());
}

#[tokio::test]
async fn every_address_leads_to_the_step_where_it_stands() {
    let server = college().await;
    let mut browser = at_code(&server).await;
    let query = browser.url.query().unwrap().to_owned();
    let all = ["code", "suite", "enfants", "mot-de-passe", "terminee"];
    let check = async |browser: &mut Browser, wanted: &str| {
        for step in all {
            browser.open(&format!("/activation/{step}?{query}")).await;
            assert_eq!(browser.url.path(), format!("/activation/{wanted}"), "from {step}");
        }
        // Also by a form of a former step, as after the back button.
        for (step, fields) in [
            ("code", vec![("code", "123456")]),
            ("enfants", vec![("representant_legal_1", "oui"), ("date_naissance_1", "01/01/2001")]),
            ("nouveau-mot-de-passe", vec![]),
        ] {
            if step != wanted {
                browser.post(&format!("/activation/{step}?{query}"), &fields).await;
                browser.follow().await;
                assert_eq!(browser.url.path(), format!("/activation/{wanted}"), "from a form of {step}");
            }
        }
        browser.open(&format!("/activation/{wanted}?{query}")).await;
    };
    check(&mut browser, "code").await;
    let code = server.read_code().await;
    browser.type_code(&code).await;
    check(&mut browser, "enfants").await;
    browser.answer_children(&[DATE]).await;
    check(&mut browser, "mot-de-passe").await;
    browser.choose_password(PASSWORD).await;
    check(&mut browser, "terminee").await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM notice").await, 0);
}

#[tokio::test]
async fn two_tabs_of_one_activation_do_not_forget_each_other_s_answers() {
    let mut family = TestFamily::durand();
    family.children.push((900_009, "Abel", "02/03/2012", "5 A"));
    let server = TestServer::start_with_open_campaign(std::slice::from_ref(&family)).await;
    let mut one = Browser::at_activation(&server).await;
    one.prove_phone(&server, &family).await;
    let (at, page) = (one.url.clone(), one.page.clone());
    let mut two = one.clone_browser();
    (two.url, two.page) = (at, page);
    one.answer_children(&["02/03/2012", ""]).await;
    assert_eq!(one.page.status, REFUSED);
    two.answer_children(&["", DATE]).await;
    assert!(two.page.has_element("#terminer"), "{}", two.page.visible_text());
    // Tabs share their cookies.
    one.cookies = two.cookies.clone();
    one.answer_children(&["", DATE]).await;
    assert!(one.page.has_element("#terminer"), "the other tab went on: {}", one.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 1);
}

#[tokio::test]
async fn a_double_click_on_every_button_does_it_once() {
    let server = college().await;
    let twice = async |browser: &mut Browser, button: &str, fields: &[(&str, &str)]| {
        let mut second = browser.clone_browser();
        (second.url, second.page) = (browser.url.clone(), browser.page.clone());
        // The browser throws the first answer away, and its cookies too.
        tokio::join!(browser.submit(button, fields), second.submit(button, fields));
        let first = std::mem::replace(browser, second);
        assert!(first.page.status.is_redirection() || first.page.status == 200, "{}", first.page.visible_text());
        assert!(browser.page.status.is_redirection() || browser.page.status == 200, "{}", browser.page.visible_text());
        browser.follow().await;
    };
    let mut browser = Browser::at_activation(&server).await;
    let TestFamily { nom, prenom, phone, .. } = TestFamily::durand();
    twice(&mut browser, "continuer", &[("nom", nom), ("prenom", prenom), ("telephone", phone)]).await;
    let code = server.read_code().await;
    assert_eq!(server.messages().len(), 1);
    server.advance(Span::minutes(1));
    twice(&mut browser, "renvoyer", &[]).await;
    let resent = server.read_code().await;
    assert_ne!(code, resent);
    assert_eq!(server.messages().len(), 2);
    twice(&mut browser, "continuer", &[("code", &resent)]).await;
    assert_eq!(browser.url.path(), "/activation/enfants", "{}", browser.page.visible_text());
    twice(&mut browser, "confirmer", &[("representant_legal_1", "oui"), ("date_naissance_1", DATE)]).await;
    assert_eq!(browser.url.path(), "/activation/mot-de-passe");
    twice(&mut browser, "terminer", &[("mot_de_passe", PASSWORD), ("confirmation", PASSWORD)]).await;
    assert_eq!(browser.url.path(), "/activation/terminee");
    assert!(browser.has_session(), "the double submit of the password signs in");
    browser.click("#continuer").await;
    assert_eq!(browser.url.path(), "/compte");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 1);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM budget WHERE marks <> '' AND action = 'password'").await, 0);
}

#[tokio::test]
async fn annuler_loses_nothing() {
    let server = college().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let attempt = ent.attempt();
    let mut browser = Browser::new(&server);
    browser.open(&attempt.url).await;
    browser.click("#pas-de-compte").await;
    browser.prove_phone(&server, &TestFamily::durand()).await;
    browser.click(".actions a[href^='/connexion']").await;
    assert!(browser.page.visible_text().contains("Service ent"), "{}", browser.page.visible_text());
    browser.click("#pas-de-compte").await;
    // Beyond the code, the way back is a code: another may sit at this computer now.
    browser.prove_phone(&server, &TestFamily::durand()).await;
    assert_eq!(browser.url.path(), "/activation/enfants");
    assert_eq!(server.messages().len(), 2);
    browser.answer_children(&[DATE]).await;
    browser.choose_password(PASSWORD).await;
    browser.click("#continuer").await;
    let landed = browser.follow().await.expect_redirect_away();
    ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
}

#[tokio::test]
async fn the_identity_can_be_corrected_and_is_shown_as_it_was_typed() {
    let server = college().await;
    let mut browser = Browser::at_activation(&server).await;
    browser.identify_as("Durant", "Anne", "06.39.98.00.01").await;
    browser.follow().await;
    browser.click("a[href^='/activation?']").await;
    for (field, value) in [("nom", "Durant"), ("prenom", "Anne"), ("telephone", "06.39.98.00.01")] {
        assert!(browser.page.has_element(&format!("input[name={field}][value='{value}']")), "{field}");
    }
    browser.identify_as("Durand", "Anne", "06.39.98.00.01").await;
    browser.follow().await;
    let code = server.read_code().await;
    browser.type_code(&code).await;
    assert!(browser.page.has_element("#confirmer"), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn a_joined_activation_ends_at_the_last_request_even_after_a_restart() {
    let server = college().await;
    let mut browser = Browser::new(&server);
    browser.open(&TestRelyingParty::new(&server, "ent").attempt().url).await;
    browser.click("#pas-de-compte").await;
    browser.identify(&TestFamily::durand()).await;
    let bourses = TestRelyingParty::new(&server, "bourses");
    let attempt = bourses.attempt();
    browser.open(&attempt.url).await;
    browser.click("#pas-de-compte").await;
    browser.identify_as("durand", "anne", "06 39 98 00 01").await;
    browser.follow().await;
    let code = server.read_code().await;
    assert_eq!(server.messages().len(), 1);
    browser.type_code(&code).await;
    let server = server.restart_with_empty_store().await;
    let (at, page) = (browser.url.clone(), browser.page.clone());
    let mut browser = browser.at_server(&server);
    (browser.url, browser.page) = (at, page);
    browser.answer_children(&[DATE]).await;
    browser.choose_password(PASSWORD).await;
    assert!(browser.page.visible_text().contains("Service bourses"), "{}", browser.page.visible_text());
    browser.click("#continuer").await;
    let landed = browser.follow().await.expect_redirect_away();
    let bourses = TestRelyingParty::new(&server, "bourses");
    bourses.tokens(&attempt, &bourses.code(&landed, &attempt)).await;
}

#[tokio::test]
async fn in_english_from_the_form_to_the_sms() {
    let server = college().await;
    let mut browser = Browser::new(&server);
    browser.get("/activation?lang=en").await;
    browser.identify(&TestFamily::durand()).await;
    let code = server.read_code().await;
    assert!(server.messages()[0].text.contains("your code is"), "{}", server.messages()[0].text);
    browser.type_code(wrong(&code)).await;
    assert!(
        browser.page.visible_text().contains("That code is not right. 2 tries left."),
        "{}",
        browser.page.visible_text()
    );
    browser.type_code(&code).await;
    browser.answer_children(&["01/01/2013"]).await;
    assert!(browser.page.text().contains("<html lang=\"en\""));
    browser.answer_children(&[DATE]).await;
    browser.choose_password("short").await;
    assert_eq!(browser.page.status, REFUSED);
    assert!(!browser.page.has_element("input[type=password][value]"), "a password never comes back");
    browser.choose_password(PASSWORD).await;
    assert_eq!(browser.page.heading(), "Your account is active.");
}

#[tokio::test]
async fn passwords_are_refused_with_what_to_do() {
    let server = college().await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &TestFamily::durand()).await;
    browser.answer_children(&[DATE]).await;
    let identifiant = browser.shown_identifiant();
    let holds_it = format!("{identifiant}-A1");
    let long = format!("aA1-{}", "x".repeat(125));
    for (first, second, said) in [
        ("", "", "Il faut encore"),
        ("motdepasse", "motdepasse", "une majuscule, un chiffre"),
        ("Cheval-7-bleu", "Cheval-7-vert", "Les deux mots de passe ne sont pas les mêmes."),
        ("Durand-2013!", "Durand-2013!", "il contient votre nom"),
        (&holds_it, &holds_it, "il contient"),
        ("Theodore-Monod1", "Theodore-Monod1", "établissement"),
        (&long, &long, "128"),
    ] {
        browser.submit("terminer", &[("mot_de_passe", first), ("confirmation", second)]).await;
        assert_eq!(browser.page.status, REFUSED, "{first}");
        assert!(browser.page.visible_text().contains(said), "{first}: {}", browser.page.visible_text());
        assert!(!browser.page.has_element("input[type=password][value]"), "a password never comes back");
        assert_eq!(browser.shown_identifiant(), identifiant);
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE password IS NOT NULL").await, 0);
}
