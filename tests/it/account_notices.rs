//! What happened to an account, told to its person: banners, mails, the SMS of the next morning.

use axum::http::StatusCode;
use preau::app::Operation;
use preau::base::clock::Span;

use crate::support::people::PASSWORD;
use crate::support::{Browser, TestAccount, TestFamily, TestServer};

const NEW: &str = "Tilleul+9-orage";

async fn signed_in(server: &TestServer, account: &TestAccount, password: &str) -> Browser {
    let mut browser = Browser::new(server);
    browser.get("/connexion").await;
    browser.sign_in_with(&account.identifiant, password).await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER, "{}", browser.page.visible_text());
    browser.get("/compte").await;
    browser
}

async fn close_due(server: &TestServer) {
    let op = Operation::of_job(&server.app, "closing");
    preau::my_account::ops::close_due(&op).await.unwrap();
}

impl Browser {
    fn says(&self, text: &str) -> bool {
        self.page.visible_text().contains(text)
    }

    /// Answers the first banner of the page.
    async fn answer(&mut self, name: &str, value: &str) {
        let id = self.page.values_of("evenement").remove(0);
        self.post("/compte/evenement", &[("evenement", &id), (name, value)]).await;
        self.follow().await;
    }
}

#[tokio::test]
async fn takeover_w10_a_sign_in_elsewhere_is_told_at_home_and_not_on_the_device_itself() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut home = signed_in(&server, &account, PASSWORD).await;
    assert!(!home.says("nouvel appareil"), "the first device is no news: {}", home.page.visible_text());
    server.advance(Span::seconds(1));
    let mut elsewhere = signed_in(&server, &account, PASSWORD).await;
    assert!(!elsewhere.says("nouvel appareil"), "whoever came in does not see it, nor answers it");
    home.get("/compte").await;
    assert!(home.says("Une connexion depuis un nouvel appareil"), "{}", home.page.visible_text());
    let id = home.page.values_of("evenement").remove(0);
    elsewhere.post("/compte/evenement", &[("evenement", &id), ("moi", "oui")]).await;
    home.get("/compte").await;
    assert!(home.says("nouvel appareil"), "not answered by the device itself");
    // Nor by another new one, which may be the same stranger's.
    server.advance(Span::minutes(1));
    let mut another = signed_in(&server, &account, PASSWORD).await;
    assert!(!another.says("nouvel appareil"), "{}", another.page.visible_text());
    another.post("/compte/evenement", &[("evenement", &id), ("moi", "oui")]).await;
    home.get("/compte").await;
    home.answer("moi", "oui").await;
    assert!(!home.says("nouvel appareil"));
    elsewhere.get("/compte").await;
    assert_eq!(elsewhere.page.status, StatusCode::OK, "« Oui » ends nothing");
}

#[tokio::test]
async fn threat_s04_no_it_was_not_me_ends_the_other_sessions_and_asks_for_a_new_password() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut home = signed_in(&server, &account, PASSWORD).await;
    server.advance(Span::seconds(1));
    let mut thief = signed_in(&server, &account, PASSWORD).await;
    home.get("/compte").await;
    home.answer("moi", "non").await;
    assert_eq!(home.url.path(), "/compte/mot-de-passe");
    assert!(home.page.has_element("#pas-moi"), "{}", home.page.visible_text());
    assert_eq!(thief.get("/compte").await.status, StatusCode::SEE_OTHER, "signed out");
    home.get("/compte/adresse").await;
    home.submit("envoyer", &[("adresse", "x@example.org")]).await;
    assert!(home.says("Par prudence"), "{}", home.page.visible_text());
    assert!(server.audit_facts().await.contains(&"not_mine_reported".to_owned()));
}

/// A second browser of a thief is not the device on which it happened, and could have put the banner away.
#[tokio::test]
async fn threat_s04_a_browser_that_is_newer_than_the_event_answers_only_after_two_days() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut home = signed_in(&server, &account, PASSWORD).await;
    server.advance(Span::minutes(1));
    let op = server.operation();
    let mut tx = op.write(preau::db::Durability::Durable).await.unwrap();
    let what = preau::notify::ops::NoticeRequest {
        account_id: &account.account_id,
        kind: preau::notify::AccountNoticeKind::EmailChanged,
        detail: "",
        device_id: None,
        lang: preau::base::lang::Lang::Fr,
    };
    preau::notify::ops::notify_person(&mut tx, (&*server.app).into(), what).await.unwrap();
    tx.commit().await.unwrap();
    server.advance(Span::minutes(1));
    let mut thief = signed_in(&server, &account, PASSWORD).await;
    assert!(thief.says("Votre adresse e-mail a changé") && thief.says("Vous pourrez répondre sur cet appareil"));
    assert!(thief.page.values_of("evenement").is_empty());
    home.get("/compte").await;
    let ids = server.query_texts("SELECT id FROM account_notice WHERE kind = 'email_changed'").await;
    for answer in [("moi", "oui"), ("moi", "non"), ("vu", "1")] {
        thief.post("/compte/evenement", &[("evenement", &ids[0]), answer]).await;
    }
    let open = "SELECT COUNT(*) FROM account_notice WHERE kind = 'email_changed' AND answer IS NULL";
    assert_eq!(server.query_count(open).await, 1);
    home.get("/compte").await;
    assert!(home.page.values_of("evenement").contains(&ids[0]), "a device of before answers at once");
    server.advance(Span::hours(48));
    let mut later = thief.clone_browser();
    later.get("/connexion").await;
    later.sign_in_with(&account.identifiant, PASSWORD).await;
    later.get("/compte").await;
    later.post("/compte/evenement", &[("evenement", &ids[0]), ("moi", "oui")]).await;
    assert_eq!(server.query_count(open).await, 0);
}

#[tokio::test]
async fn threat_s09_a_new_password_is_told_by_sms_at_nine_the_next_morning() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut browser = signed_in(&server, &account, PASSWORD).await;
    browser.get("/compte/mot-de-passe").await;
    browser.submit("changer-mot-de-passe", &[("actuel", PASSWORD), ("mot_de_passe", NEW), ("confirmation", NEW)]).await;
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 0, "whoever holds the phone tonight would delete it");
    server.advance(Span::hours(34));
    server.drain_outbox().await;
    let told = server.messages();
    assert_eq!(told.len(), 1);
    assert!(told[0].text.contains("votre mot de passe a été changé"), "{}", told[0].text);
    let personal = ["http", account.identifiant.as_str(), "Zoé", "\u{a0}"];
    assert!(personal.iter().all(|word| !told[0].text.contains(word)), "{}", told[0].text);
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 1, "once");
    // The browser that did it has no banner, another one has.
    browser.get("/compte").await;
    assert!(!browser.says("Votre mot de passe a été changé"));
    let other = signed_in(&server, &account, NEW).await;
    assert!(other.says("Votre mot de passe a été changé"), "{}", other.page.visible_text());
}

#[tokio::test]
async fn threat_s09_a_notice_that_could_not_leave_by_day_leaves_in_the_morning() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut browser = signed_in(&server, &account, PASSWORD).await;
    browser.get("/compte/mot-de-passe").await;
    browser.submit("changer-mot-de-passe", &[("actuel", PASSWORD), ("mot_de_passe", NEW), ("confirmation", NEW)]).await;
    // From 10 h to 22 h of the next day nothing left.
    server.advance(Span::hours(36));
    for _ in 0..2 {
        server.drain_outbox().await;
    }
    assert_eq!(server.messages().len(), 0, "not at night");
    server.advance(Span::hours(10));
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 1);
}

#[tokio::test]
async fn devices_are_listed_signed_out_and_forgotten() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut home = signed_in(&server, &account, PASSWORD).await;
    let mut second = signed_in(&server, &account, PASSWORD).await;
    let mut third = signed_in(&server, &account, PASSWORD).await;
    home.get("/compte/securite").await;
    assert!(home.says("cet appareil"), "{}", home.page.visible_text());
    let ids = home.page.values_of("oublier");
    assert_eq!(ids.len(), 3, "two others, and all of them: {ids:?}");
    home.post("/compte/securite", &[("oublier", &ids[0])]).await;
    let signed_out = [
        second.get("/compte").await.status == StatusCode::SEE_OTHER,
        third.get("/compte").await.status == StatusCode::SEE_OTHER,
    ];
    assert_eq!(signed_out.iter().filter(|out| **out).count(), 1, "one of them");
    home.post("/compte/securite", &[("oublier", "autres")]).await;
    for browser in [&mut second, &mut third] {
        assert_eq!(browser.get("/compte").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(home.get("/compte").await.status, StatusCode::OK);
    home.get("/compte/securite").await;
    assert_eq!(home.page.values_of("oublier"), ["autres"]);
}

#[tokio::test]
async fn a_device_of_another_account_is_neither_forgotten_nor_signed_out() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let sister = server.create_account("Lise", "DURAND").await;
    let mut hers = signed_in(&server, &sister, &sister.password).await;
    let id = server.query_texts("SELECT id FROM device").await.remove(0);
    let mut browser = signed_in(&server, &account, PASSWORD).await;
    browser.post("/compte/securite", &[("oublier", &id)]).await;
    assert_eq!(hers.get("/compte").await.status, StatusCode::OK);
    let notice = "0".repeat(32);
    browser.post("/compte/evenement", &[("evenement", &notice), ("moi", "non")]).await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_happened_is_read_in_words_and_by_pages() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut browser = signed_in(&server, &account, PASSWORD).await;
    browser.get("/compte/evenements").await;
    assert!(browser.says("Connexion"), "{}", browser.page.visible_text());
    assert!(!browser.says("event-"), "{}", browser.page.visible_text());
    browser.get("/compte/evenements?avant=0000").await;
    assert_eq!(browser.page.status, StatusCode::OK);
    browser.get(&format!("/compte/evenements?avant={}", "0".repeat(32))).await;
    assert!(browser.says("Rien d'autre"), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn a_mobile_given_up_gets_no_code_and_the_school_is_told() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut browser = signed_in(&server, &account, PASSWORD).await;
    browser.click("#portable").await;
    browser.submit("retirer", &[("mot_de_passe", "Faux-mot-2")]).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    browser.submit("retirer", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    assert!(browser.says("Aucun numéro ne sert"), "{}", browser.page.visible_text());
    let notices = server.query_texts("SELECT kind FROM notice").await;
    assert_eq!(notices, ["phone_disowned"]);
    let mut forgetful = Browser::new(&server);
    forgetful.get("/mot-de-passe-oublie").await;
    forgetful.submit("continuer", &[("identifiant", &account.identifiant)]).await;
    let mut again = Browser::at_activation(&server).await;
    again.identify_as("DURAND", "Anne", "0639980001").await;
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 0);
}

#[tokio::test]
async fn an_account_closes_after_thirty_days_unless_its_person_signs_in() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut browser = signed_in(&server, &account, PASSWORD).await;
    browser.get("/compte/fermer").await;
    browser.submit("fermer", &[("mot_de_passe", "")]).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    browser.submit("fermer", &[("mot_de_passe", PASSWORD)]).await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER, "{}", browser.page.visible_text());
    assert_eq!(browser.get("/compte").await.status, StatusCode::SEE_OTHER, "signed out");
    server.advance(Span::days(29));
    close_due(&server).await;
    let kept = signed_in(&server, &account, PASSWORD).await;
    assert!(kept.says("fermeture"), "{}", kept.page.visible_text());
    server.advance(Span::days(2));
    close_due(&server).await;
    assert_eq!(server.query_texts("SELECT state FROM account").await, ["active"], "a sign-in kept it");

    let mut browser = signed_in(&server, &account, PASSWORD).await;
    browser.get("/compte/fermer").await;
    browser.submit("fermer", &[("mot_de_passe", PASSWORD)]).await;
    server.advance(Span::days(31));
    close_due(&server).await;
    assert_eq!(server.query_texts("SELECT state FROM account").await, ["closed"]);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE password IS NOT NULL").await, 0);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM person WHERE account_id IS NOT NULL").await, 0);
    let mut late = Browser::new(&server);
    late.get("/connexion").await;
    late.sign_in_with(&account.identifiant, PASSWORD).await;
    assert_eq!(late.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let facts = server.audit_facts().await;
    for fact in ["closing_requested", "closing_withdrawn", "account_closed"] {
        assert!(facts.contains(&fact.to_owned()), "{fact}: {facts:?}");
    }
}

#[tokio::test]
async fn threat_s14_everything_is_downloaded_with_the_password_and_three_times_a_day() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let (monod, mails) = (crate::support::deployment::MONOD, [(500_001, "anne@exemple.invalid")]);
    server.import_with_mails("montpellier", monod, &[TestFamily::durand()], &mails).await;
    let consent = "INSERT INTO consent (account_id, client_id, scopes, claims, granted_at) \
                   VALUES ($1, 'ent', 'openid email', '{\"userinfo\":[],\"id_token\":[]}', 5)";
    server.execute_sql(consent, vec![account.account_id.as_str().into()]).await;
    signed_in(&server, &account, PASSWORD).await;
    server.advance(Span::seconds(1));
    let mut browser = signed_in(&server, &account, PASSWORD).await;
    browser.click("#donnees").await;
    browser.submit("telecharger", &[("mot_de_passe", "Faux-mot-2")]).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    for _ in 0..3 {
        browser.get("/compte/donnees").await;
        browser.submit("telecharger", &[("mot_de_passe", PASSWORD)]).await;
        assert_eq!(browser.page.status, StatusCode::OK);
        assert!(browser.page.header("content-disposition").starts_with("attachment"));
    }
    let data = browser.page.json();
    assert_eq!(data["account"]["identifiant"], account.identifiant.as_str());
    assert_eq!(data["school_records"]["persons"][0]["mobile"], "+33639980001");
    assert_eq!(data["school_records"]["persons"][0]["mail"], "anne@exemple.invalid");
    assert!(data["account"]["email"].is_null(), "the address of a roster is never that of an account");
    assert_eq!(data["school_records"]["pupils"][0]["given_name"], "Zoé");
    assert_eq!(data["consents"][0]["client_id"], "ent", "also where the service was never used");
    assert_eq!(data["consents"][0]["granted"]["scopes"], serde_json::json!(["openid", "email"]), "{data}");
    assert_eq!(data["notices"][0]["kind"], "new_device");
    assert!(data["events"].as_array().is_some_and(|events| !events.is_empty()));
    let text = browser.page.text();
    assert!(!text.contains("argon2") && !text.contains("14/02/2013"), "neither a hash nor a child's birth date");
    browser.get("/compte/donnees").await;
    browser.submit("telecharger", &[("mot_de_passe", PASSWORD)]).await;
    assert_eq!(browser.page.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn threat_s13_giving_the_mobile_up_does_not_stop_the_sms_that_tells_of_it() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut thief = signed_in(&server, &account, PASSWORD).await;
    thief.get("/compte/mot-de-passe").await;
    thief.submit("changer-mot-de-passe", &[("actuel", PASSWORD), ("mot_de_passe", NEW), ("confirmation", NEW)]).await;
    thief.get("/compte/portable").await;
    thief.submit("retirer", &[("mot_de_passe", NEW)]).await;
    server.advance(Span::hours(34));
    server.drain_outbox().await;
    let told = server.messages();
    assert_eq!(told.len(), 1, "to the number of that moment");
    assert!(told[0].text.contains("mot de passe"), "{}", told[0].text);
}

#[tokio::test]
async fn what_happens_again_is_told_again_and_stands_once_on_the_page() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    server.confirm_email(&account, "anne.durand@example.org").await;
    let mut home = signed_in(&server, &account, PASSWORD).await;
    for _ in 0..3 {
        server.advance(Span::minutes(1));
        signed_in(&server, &account, PASSWORD).await;
    }
    server.drain_outbox().await;
    assert_eq!(server.mails().len(), 3);
    home.get("/compte").await;
    assert_eq!(home.page.values_of("evenement").len(), 1, "{}", home.page.visible_text());
}

#[tokio::test]
async fn a_suspended_account_is_not_closed_so_that_its_person_activates_no_other() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut browser = signed_in(&server, &account, PASSWORD).await;
    browser.get("/compte/fermer").await;
    browser.submit("fermer", &[("mot_de_passe", PASSWORD)]).await;
    server.set_suspension(&account, Some("school")).await;
    server.advance(Span::days(31));
    close_due(&server).await;
    assert_eq!(server.query_texts("SELECT state FROM account").await, ["active"]);
    server.set_suspension(&account, None).await;
    close_due(&server).await;
    assert_eq!(server.query_texts("SELECT state FROM account").await, ["closed"]);
}
