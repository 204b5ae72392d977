//! Where an activation may end other than at once with an account.

use axum::http::StatusCode;
use preau::base::clock::Span;

use crate::support::deployment::{LYCEE, MONOD};
use crate::support::people::PASSWORD;
use crate::support::{Browser, TestFamily, TestRelyingParty, TestServer};

/// Two children in one school.
fn family() -> TestFamily {
    let children = vec![(900_010, "Anaïs", "14/02/2013", "6 A"), (900_011, "Élie", "03/05/2011", "4 C")];
    TestFamily { key: 500_010, nom: "N'DIAYE", prenom: "Fatou", phone: "06 39 98 00 10", children }
}

const DATES: [&str; 2] = ["14/02/2013", "03/05/2011"];
const OTHER: &str = "Autre-mot-99";

/// Given names of the children in the claims of whoever signs in.
async fn claimed(server: &TestServer, identifiant: &str, password: &str) -> Vec<String> {
    let ent = TestRelyingParty::new(server, "ent");
    let attempt = ent.attempt();
    let mut browser = Browser::new(server);
    browser.open(&attempt.url).await;
    browser.sign_in_with(identifiant, password).await;
    let landed = browser.follow().await.expect_redirect_away();
    let tokens = ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
    let claims = ent.userinfo(&tokens.access_token).await.json();
    claims["children"].as_array().unwrap().iter().map(|c| c["given_name"].as_str().unwrap().to_owned()).collect()
}

/// Kinds and pupils of the notices, and which are settled.
async fn notices(server: &TestServer) -> Vec<String> {
    let sql = "SELECT n.kind || ' ' || COALESCE(u.given_name, '') || ' ' || n.support_code || \
               CASE WHEN n.settled_at IS NULL THEN '' ELSE ' settled' END FROM notice n \
               LEFT JOIN pupil u ON u.id = n.pupil_id ORDER BY n.kind, u.given_name";
    server.query_texts(sql).await
}

async fn support_code(server: &TestServer) -> String {
    server.query_texts("SELECT support_code FROM activation ORDER BY created_at DESC").await.remove(0)
}

#[tokio::test]
async fn whoever_has_an_account_gets_the_identifiant_whatever_the_campaign() {
    let server = TestServer::start_with_open_campaign(&[family()]).await;
    let identifiant = Browser::at_activation(&server).await.activate(&server, &family()).await;
    server.set_campaign(MONOD, Span::days(-20), Span::days(-5)).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &family()).await;
    assert_eq!(browser.page.heading(), "Vous avez déjà un compte");
    assert_eq!(browser.shown_identifiant(), identifiant);
    browser.click("#se-connecter").await;
    browser.sign_in_with(&identifiant, PASSWORD).await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_new_password_asks_the_birth_dates_and_ends_everything_else() {
    let server = TestServer::start_with_open_campaign(&[family()]).await;
    let mut first = Browser::at_activation(&server).await;
    let identifiant = first.activate(&server, &family()).await;
    first.click("#continuer").await;
    assert_eq!(first.url.path(), "/compte");
    // Another browser stands before the choice of a new password.
    let mut left_open = Browser::at_activation(&server).await;
    left_open.prove_phone(&server, &family()).await;
    left_open.submit("nouveau-mot-de-passe", &[]).await;
    left_open.follow().await;
    left_open.answer_children(&DATES).await;
    assert!(left_open.page.has_element("#terminer"), "{}", left_open.page.visible_text());

    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &family()).await;
    browser.submit("nouveau-mot-de-passe", &[]).await;
    browser.follow().await;
    assert_eq!(browser.page.heading(), "Mes enfants");
    browser.answer_children(&[DATES[0], "04/05/2011"]).await;
    assert!(browser.page.has_element("#confirmer"), "a wrong date stays: {}", browser.page.visible_text());
    browser.answer_children(&["", DATES[1]]).await;
    assert_eq!(browser.shown_identifiant(), identifiant);
    browser.choose_password(OTHER).await;
    assert_eq!(browser.page.heading(), "Votre nouveau mot de passe est enregistré.");

    first.open("/compte").await;
    assert_eq!(first.url.path(), "/connexion", "the former sessions are over");
    left_open.submit("terminer", &[("mot_de_passe", PASSWORD), ("confirmation", PASSWORD)]).await;
    left_open.follow().await;
    assert_eq!(left_open.page.status, StatusCode::GONE, "{}", left_open.page.visible_text());
    assert!(left_open.page.has_element("#continuer"), "a next step");
    assert_eq!(claimed(&server, &identifiant, OTHER).await, ["Anaïs", "Élie"]);
    let facts = server.audit_facts().await;
    let count = |what: &str| facts.iter().filter(|f| *f == what).count();
    assert_eq!((count("password_replaced"), count("sessions_ended")), (1, 1), "{facts:?}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 1);
}

#[tokio::test]
async fn an_interrupted_activation_gives_the_same_identifiant_again() {
    let server = TestServer::start_with_open_campaign(&[family()]).await;
    let mut first = Browser::at_activation(&server).await;
    first.prove_phone(&server, &family()).await;
    first.answer_children(&DATES).await;
    let identifiant = first.shown_identifiant();
    // Typed again in the same browser: a code and the dates again, for anybody may sit there now.
    first.get("/activation").await;
    first.prove_phone(&server, &family()).await;
    first.answer_children(&DATES).await;
    assert_eq!((first.shown_identifiant(), server.messages().len()), (identifiant.clone(), 2));
    // From another browser, after the campaign: the phone and the dates again, the same identifiant.
    server.set_campaign(MONOD, Span::days(-20), Span::days(-5)).await;
    let mut other = Browser::at_activation(&server).await;
    other.prove_phone(&server, &family()).await;
    other.answer_children(&DATES).await;
    assert_eq!(other.shown_identifiant(), identifiant);
    other.choose_password(PASSWORD).await;
    assert_eq!(other.page.heading(), "Votre compte est activé.");
    first.choose_password(OTHER).await;
    assert_eq!(first.page.status, StatusCode::GONE, "{}", first.page.visible_text());
    assert!(!first.has_session());
    assert_eq!(server.query_texts("SELECT identifiant FROM account").await, [identifiant]);
}

#[tokio::test]
async fn non_tells_the_school_and_leaves_the_claims() {
    let server = TestServer::start_with_open_campaign(&[family()]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &family()).await;
    browser.answer_children(&[DATES[0], "non"]).await;
    let said = browser.page.visible_text();
    assert!(said.contains("Vous avez indiqué que Élie N. n'est pas votre enfant."), "{said}");
    let identifiant = browser.shown_identifiant();
    browser.choose_password(PASSWORD).await;
    assert_eq!(notices(&server).await, [format!("contested Élie {}", support_code(&server).await)]);
    assert_eq!(claimed(&server, &identifiant, PASSWORD).await, ["Anaïs"]);
    // A right date in a later activation lifts it, and settles what the school was told.
    let code = support_code(&server).await;
    server.advance(Span::minutes(5));
    let mut again = Browser::at_activation(&server).await;
    again.prove_phone(&server, &family()).await;
    again.submit("nouveau-mot-de-passe", &[]).await;
    again.follow().await;
    again.answer_children(&DATES).await;
    again.choose_password(OTHER).await;
    assert_eq!(claimed(&server, &identifiant, OTHER).await, ["Anaïs", "Élie"]);
    assert_eq!(notices(&server).await, [format!("contested Élie {code} settled")]);
}

#[tokio::test]
async fn faults_c7_non_and_back_and_oui_with_the_right_date_leaves_the_school_nothing_to_see_to() {
    let server = TestServer::start_with_open_campaign(&[family()]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &family()).await;
    browser.answer_children(&["non", "non"]).await;
    let code = support_code(&server).await;
    let both = |ends: &str| ["Anaïs", "Élie"].map(|given| format!("contested {given} {code}{ends}"));
    assert_eq!(notices(&server).await, both(""));
    browser.click("a.button").await;
    browser.answer_children(&DATES).await;
    browser.choose_password(PASSWORD).await;
    assert_eq!(notices(&server).await, both(" settled"));
}

#[tokio::test]
async fn faults_c7_a_child_set_aside_and_a_campaign_asked_for_are_settled_by_the_activation() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[family()]).await;
    // Nobody has opened it: the school is asked to.
    Browser::at_activation(&server).await.prove_phone(&server, &family()).await;
    let asked = support_code(&server).await;
    assert!(notices(&server).await.contains(&format!("reopening  {asked}")));
    server.open_campaign(MONOD).await;
    server.advance(Span::minutes(5));
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &family()).await;
    for _ in 0..5 {
        browser.answer_children(&[DATES[0], "04/05/2011"]).await;
    }
    let aside = support_code(&server).await;
    assert!(notices(&server).await.contains(&format!("set_aside Élie {aside}")), "{:?}", notices(&server).await);
    browser.choose_password(PASSWORD).await;
    let mut open = notices(&server).await;
    open.dedup();
    assert_eq!(open, [format!("reopening  {asked} settled"), format!("set_aside Élie {aside}")]);
    // The next day the right date comes.
    server.advance(Span::days(1));
    let mut again = Browser::at_activation(&server).await;
    again.prove_phone(&server, &family()).await;
    again.submit("nouveau-mot-de-passe", &[]).await;
    again.follow().await;
    again.answer_children(&DATES).await;
    let mut settled = notices(&server).await;
    settled.dedup();
    assert_eq!(settled, [format!("reopening  {asked} settled"), format!("set_aside Élie {aside} settled")]);
}

#[tokio::test]
async fn threat_s08_five_wrong_dates_set_the_child_aside_and_the_others_go_on() {
    let server = TestServer::start_with_open_campaign(&[family()]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &family()).await;
    browser.answer_children(&[DATES[0], "01/01/2011"]).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for left in [3, 2, 1] {
        browser.answer_children(&["", "01/01/2011"]).await;
        let said = browser.page.visible_text();
        assert!(said.contains(&format!("Il reste {left} essai")), "{left}: {said}");
        assert!(browser.page.has_element("input[name$=annee][value='2011']"), "what was typed is kept");
    }
    browser.answer_children(&["", "01/01/2011"]).await;
    let said = browser.page.visible_text();
    let code = support_code(&server).await;
    let refused = "Trop d'essais pour Élie. Nous continuons sans cet enfant : l'établissement est averti";
    assert!(said.contains(refused) && said.contains(&code), "{said}");
    let identifiant = browser.shown_identifiant();
    browser.choose_password(PASSWORD).await;
    assert_eq!(notices(&server).await, [format!("set_aside Élie {code}")]);
    assert_eq!(claimed(&server, &identifiant, PASSWORD).await, ["Anaïs"]);
    // The same day even the right date is not compared; the day after it lifts.
    for (hours, wanted) in [(1, vec!["Anaïs"]), (24, vec!["Anaïs", "Élie"])] {
        server.advance(Span::hours(hours));
        let mut again = Browser::at_activation(&server).await;
        again.prove_phone(&server, &family()).await;
        again.submit("nouveau-mot-de-passe", &[]).await;
        again.follow().await;
        again.answer_children(&DATES).await;
        again.choose_password(OTHER).await;
        assert_eq!(claimed(&server, &identifiant, OTHER).await, wanted, "after {hours} h");
    }
}

#[tokio::test]
async fn all_non_makes_no_account_and_oui_still_works() {
    let server = TestServer::start_with_open_campaign(&[family()]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &family()).await;
    browser.answer_children(&["non", "non"]).await;
    let code = support_code(&server).await;
    assert!(browser.page.visible_text().contains("Aucun compte n'est créé."), "{}", browser.page.visible_text());
    assert!(browser.page.visible_text().contains(&code));
    assert_eq!(notices(&server).await, [format!("contested Anaïs {code}"), format!("contested Élie {code}")]);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 0);
    browser.click("a.button").await;
    browser.answer_children(&DATES).await;
    let identifiant = browser.shown_identifiant();
    browser.choose_password(PASSWORD).await;
    assert_eq!(claimed(&server, &identifiant, PASSWORD).await, ["Anaïs", "Élie"]);
}

#[tokio::test]
async fn faults_a11_a_new_password_offers_no_non_and_takes_no_child_away() {
    let server = TestServer::start_with_open_campaign(&[family()]).await;
    let identifiant = Browser::at_activation(&server).await.activate(&server, &family()).await;
    let recovering = async || {
        let mut browser = Browser::at_activation(&server).await;
        browser.prove_phone(&server, &family()).await;
        browser.submit("nouveau-mot-de-passe", &[]).await;
        browser.follow().await;
        browser
    };
    let mut browser = recovering().await;
    assert!(!browser.page.has_element("input[type=radio]"), "{}", browser.page.visible_text());
    // A form that says it all the same answers nothing.
    let at = browser.url.to_string();
    browser.post(&at, &[("representant_legal_1", "non"), ("representant_legal_2", "non")]).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);

    // Five wrong dates of one child: it only counts no more.
    for _ in 0..5 {
        browser.submit("confirmer", &[("date_naissance_2", "01/01/2011")]).await;
    }
    assert!(
        browser.page.visible_text().contains("Trop d'essais pour Élie aujourd'hui."),
        "{}",
        browser.page.visible_text()
    );
    assert_eq!(claimed(&server, &identifiant, PASSWORD).await, ["Anaïs", "Élie"]);
    browser.submit("confirmer", &[("date_naissance_1", DATES[0])]).await;
    browser.follow().await;
    browser.choose_password(OTHER).await;
    assert_eq!(claimed(&server, &identifiant, OTHER).await, ["Anaïs", "Élie"]);
    assert_eq!(notices(&server).await, [""; 0]);

    // All wrong: it ends, both schools' families are told of, nothing else changes.
    let mut browser = recovering().await;
    for _ in 0..5 {
        browser.submit("confirmer", &[("date_naissance_1", "01/01/2011"), ("date_naissance_2", "01/01/2011")]).await;
    }
    browser.follow().await;
    assert!(
        !browser.page.has_element("#terminer") && !browser.page.has_element("#confirmer"),
        "{}",
        browser.page.visible_text()
    );
    assert_eq!(server.query_count("SELECT COUNT(*) FROM link_withheld").await, 0);
    let told = notices(&server).await;
    assert!(told.len() == 2 && told.iter().all(|notice| notice.starts_with("recovery_failed ")), "{told:?}");
    assert_eq!(claimed(&server, &identifiant, OTHER).await, ["Anaïs", "Élie"]);
}

#[tokio::test]
async fn no_date_right_ends_with_a_page_and_no_account() {
    let server = TestServer::start_with_open_campaign(&[family()]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &family()).await;
    for _ in 0..5 {
        browser.answer_children(&["01/01/2011", "non"]).await;
    }
    let code = support_code(&server).await;
    assert_eq!(browser.page.heading(), "Nous ne pouvons pas continuer");
    assert!(
        browser.page.visible_text().contains("Aucune date ne correspond.")
            && browser.page.visible_text().contains(&code)
    );
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 0);
    assert_eq!(notices(&server).await, [format!("contested Élie {code}"), format!("set_aside Anaïs {code}")]);
}

#[tokio::test]
async fn without_a_current_legal_link_the_school_must_correct() {
    let server = TestServer::start_with_open_campaign(&[family()]).await;
    server.execute_sql("UPDATE link SET level = 'contact'", vec![]).await;
    server.execute_sql("UPDATE school SET telephone = '04 67 00 00 00'", vec![]).await;
    let mut browser = Browser::new(&server);
    browser.open(&TestRelyingParty::new(&server, "ent").attempt().url).await;
    browser.click("#pas-de-compte").await;
    browser.prove_phone(&server, &family()).await;
    assert_eq!(browser.page.heading(), "Aucun élève n'est rattaché à vous");
    assert!(browser.page.visible_text().contains(&support_code(&server).await));
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 0);
    // Whom to call, and a way on that keeps the service (docs/threats.md#faults-e4).
    assert!(
        browser.page.visible_text().contains("Clg Théodore Monod")
            && browser.page.has_element("a[href='tel:0467000000']")
    );
    browser.click("#continuer").await;
    assert_eq!(browser.url.path(), "/activation");
    let kept: Vec<_> = browser.url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(kept, ["i", "client_id"]);
}

#[tokio::test]
async fn the_campaign_is_judged_after_the_code_and_one_open_school_suffices() {
    let day = Span::days;
    let closed = "L'activation a fermé le";
    let not_yet = "L'activation ouvre le";
    let never = "L'activation n'est pas ouverte pour : Clg Théodore Monod.";
    for (dates, said, told) in
        [(Some((day(-20), day(-5))), closed, true), (Some((day(3), day(18))), not_yet, false), (None, never, true)]
    {
        let server = TestServer::start().await;
        server.import_families("montpellier", MONOD, &[family()]).await;
        if let Some((opens, closes)) = dates {
            server.set_campaign(MONOD, opens, closes).await;
        }
        let mut browser = Browser::at_activation(&server).await;
        browser.prove_phone(&server, &family()).await;
        let page = browser.page.visible_text();
        assert!(page.contains(said) && page.contains("Clg Théodore Monod"), "{page}");
        let code = support_code(&server).await;
        assert_eq!(page.contains(&code), told, "{page}");
        assert!(browser.page.has_element("#continuer[href^='/connexion']"), "a way on: {page}");
        let wanted = if told { vec![format!("reopening  {code}")] } else { vec![] };
        let mut found = notices(&server).await;
        found.dedup();
        assert_eq!(found, wanted);
        assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 0);
        // A reload tells the school once.
        let before = server.query_count("SELECT COUNT(*) FROM notice").await;
        browser.reload().await;
        assert_eq!(server.query_count("SELECT COUNT(*) FROM notice").await, before);

        // The lycée opens, where the parent has another child: all children are asked about.
        let children = vec![(900_012, "Sira", "02/09/2009", "2nde 1")];
        server.import_families("montpellier", LYCEE, &[TestFamily { children, ..family() }]).await;
        server.open_campaign(LYCEE).await;
        let mut browser = Browser::at_activation(&server).await;
        browser.prove_phone(&server, &family()).await;
        let page = browser.page.visible_text();
        assert!(["Anaïs", "Élie", "Sira"].iter().all(|name| page.contains(name)), "{page}");
    }
}

#[tokio::test]
async fn a_suspended_account_goes_to_the_school() {
    let server = TestServer::start_with_open_campaign(&[family()]).await;
    let member = server.create_account_of("montpellier", &family()).await;
    server.set_suspension(&member, Some("school")).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &family()).await;
    let said = browser.page.visible_text();
    assert!(said.contains("suspendu par l'établissement. Adressez-vous à Clg Théodore Monod"), "{said}");
    assert!(!said.contains(&member.identifiant), "{said}");
}

#[tokio::test]
async fn suspended_between_the_dates_and_the_password() {
    let server = TestServer::start_with_open_campaign(&[family()]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &family()).await;
    browser.answer_children(&DATES).await;
    server.execute_sql("UPDATE account SET suspended_by = 'operator'", vec![]).await;
    browser.choose_password(PASSWORD).await;
    assert!(browser.page.visible_text().contains("suspendu"), "{}", browser.page.visible_text());
    assert!(!browser.page.visible_text().contains("suspendu par l'établissement"), "{}", browser.page.visible_text());
    assert!(!browser.has_session());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE password IS NOT NULL").await, 0);
}
