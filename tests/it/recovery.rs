//! A new password for whoever forgot it: by the identifiant, a code, and the birth dates.

use axum::http::StatusCode;
use preau::accounts::JoinedPair;
use preau::accounts::store::merged;
use preau::base::clock::Span;
use preau::db::Durability;

use crate::support::deployment::MONOD;
use crate::support::masked::masked;
use crate::support::people::PASSWORD;
use crate::support::{Browser, TestAccount, TestFamily, TestServer};

const NEW: &str = "Autre-mot-99";
const DATES: [&str; 2] = ["14/02/2013", "03/05/2011"];

/// A server where the parent has an account, and the number is no longer new.
async fn start() -> (TestServer, TestAccount) {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::ndiaye()]).await;
    let account = server.create_account_of("montpellier", &TestFamily::ndiaye()).await;
    server.advance(Span::days(4));
    (server, account)
}

impl Browser {
    /// Types an identifiant on the page of a forgotten password, and follows.
    pub(super) async fn forget(&mut self, identifiant: &str) {
        self.get("/mot-de-passe-oublie").await;
        self.submit("continuer", &[("identifiant", identifiant)]).await;
        self.follow().await;
    }

    /// Goes from the identifiant to the page after the right code.
    pub(super) async fn prove_mobile(&mut self, server: &TestServer, identifiant: &str) {
        self.forget(identifiant).await;
        assert_eq!(self.url.path(), "/mot-de-passe-oublie/code", "{}", self.page.visible_text());
        let code = server.read_code().await;
        self.type_code(&code).await;
    }

    /// Types birth dates in page order; an empty text is none.
    pub(super) async fn type_dates(&mut self, dates: &[&str]) {
        let names: Vec<String> = (1..=dates.len()).map(|n| format!("date_naissance_{n}")).collect();
        let fields: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(dates.iter().copied()).collect();
        self.submit("confirmer", &fields).await;
        self.follow().await;
    }

    /// Returns a browser with the same cookies, at the same page.
    async fn reload_in_copy(&self) -> Browser {
        let mut copy = self.clone_browser();
        copy.get(self.url.as_str()).await;
        copy
    }

    pub(super) async fn type_new_password(&mut self, password: &str) {
        self.submit("terminer", &[("mot_de_passe", password), ("confirmation", password)]).await;
        self.follow().await;
    }
}

async fn step(server: &TestServer) -> String {
    server.query_texts("SELECT state FROM recovery ORDER BY created_at DESC, id DESC").await.remove(0)
}

/// Codes of recoveries that nobody seemed to enter stopped all codes to a foreign prefix.
#[tokio::test]
async fn threat_s07_an_entered_code_is_counted_whatever_asked_for_it() {
    let (server, account) = start().await;
    let entered = "SELECT CAST(COALESCE(SUM(sent), 0) * 10 + COALESCE(SUM(entered), 0) AS BIGINT) FROM sms_traffic";
    server.execute_sql("DELETE FROM sms_traffic", Vec::new()).await;
    let mut browser = Browser::new(&server);
    browser.prove_mobile(&server, &account.identifiant).await;
    assert_eq!(browser.page.heading(), "Mes enfants");
    assert_eq!(server.query_count(entered).await, 11, "one sent, one entered");
    let mut again = Browser::at_activation(&server).await;
    again.prove_phone(&server, &TestFamily::ndiaye()).await;
    assert_eq!(server.query_count(entered).await, 22, "an activation's once");
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_and_everything_of_the_former_one_ends() {
    let (server, account) = start().await;
    let mut elsewhere = Browser::new(&server);
    elsewhere.get("/connexion").await;
    elsewhere.sign_in_with(&account.identifiant, PASSWORD).await;
    elsewhere.follow().await;
    assert_eq!(elsewhere.get("/compte").await.status, StatusCode::OK);

    let mut browser = Browser::new(&server);
    browser.get("/connexion").await;
    browser.click("a[href^='/mot-de-passe-oublie']").await;
    assert_eq!(browser.page.heading(), "Mot de passe oublié");
    browser.submit("continuer", &[("identifiant", &format!(" {} ", account.identifiant.to_uppercase()))]).await;
    browser.follow().await;
    assert!(!browser.page.text().contains("00 10"), "no digit of a number that the visitor did not type");
    let code = server.read_code().await;
    assert_eq!(server.messages().last().unwrap().to, "+33639980010");
    browser.type_code(&code).await;
    assert_eq!(browser.page.heading(), "Mes enfants");
    assert!(!browser.page.has_element("input[type=radio]"), "a recovery offers no Non");
    browser.type_dates(&DATES).await;
    assert_eq!(browser.shown_identifiant(), account.identifiant);
    browser.type_new_password("court").await;
    assert!(browser.page.has_element("#terminer"), "the policy holds: {}", browser.page.visible_text());
    browser.type_new_password(NEW).await;
    assert_eq!(browser.page.heading(), "Votre nouveau mot de passe est enregistré.");
    assert!(browser.has_session());
    browser.click("#continuer").await;
    assert_eq!(browser.url.path(), "/compte");

    assert_eq!(elsewhere.get("/compte").await.status, StatusCode::SEE_OTHER, "the other session ended");
    elsewhere.get("/connexion").await;
    elsewhere.sign_in_with(&account.identifiant, PASSWORD).await;
    assert_eq!(elsewhere.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM device WHERE forgotten_at IS NULL").await, 1);
    let facts = server.audit_facts().await;
    for fact in ["recovery_started", "code_accepted", "password_replaced", "sessions_ended", "signed_in"] {
        assert!(facts.iter().any(|f| f == fact), "{fact}: {facts:?}");
    }
    let caution = server.query_count("SELECT caution_until FROM account").await;
    assert_eq!(caution, server.now().plus(Span::hours(48)).0);
}

#[tokio::test]
async fn the_pending_request_of_a_portal_is_answered_after_a_new_password() {
    let (server, account) = start().await;
    let ent = crate::support::TestRelyingParty::new(&server, "ent");
    let attempt = ent.attempt();
    let mut browser = Browser::new(&server);
    browser.open(&attempt.url).await;
    browser.click("a[href^='/mot-de-passe-oublie']").await;
    browser.submit("continuer", &[("identifiant", &account.identifiant)]).await;
    browser.follow().await;
    let code = server.read_code().await;
    browser.type_code(&code).await;
    browser.type_dates(&DATES).await;
    browser.type_new_password(NEW).await;
    let to = browser.page.link_target("#continuer");
    let landed = browser.open(&to).await.expect_redirect_away();
    let tokens = ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
    assert_eq!(ent.userinfo(&tokens.access_token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_forgotten_identifiant_is_shown_after_a_code_and_leads_to_a_new_password() {
    let (server, account) = start().await;
    let mut browser = Browser::new(&server);
    browser.get("/connexion").await;
    browser.click("a[href^='/identifiant-oublie']").await;
    assert_eq!(browser.page.heading(), "Identifiant oublié");
    browser.identify(&TestFamily::ndiaye()).await;
    assert!(!browser.page.text().contains(&account.identifiant));
    let code = server.read_code().await;
    browser.type_code(&code).await;
    assert_eq!(browser.page.heading(), "Votre identifiant");
    assert_eq!(browser.shown_identifiant(), account.identifiant);
    browser.submit("nouveau-mot-de-passe", &[]).await;
    browser.follow().await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/enfants");
    assert_eq!(server.messages().len(), 1, "no second message");
    browser.type_dates(&DATES).await;
    browser.type_new_password(NEW).await;
    assert!(browser.has_session());
}

#[tokio::test]
async fn whoever_forgot_an_identifiant_and_has_none_goes_on_to_the_children() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::ndiaye()]).await;
    let mut browser = Browser::new(&server);
    browser.get("/identifiant-oublie").await;
    browser.identify(&TestFamily::ndiaye()).await;
    let code = server.read_code().await;
    browser.type_code(&code).await;
    assert_eq!(browser.url.path(), "/activation/enfants");
}

#[tokio::test]
async fn threat_s13_a_new_number_is_told_neither_the_identifiant_nor_that_there_is_an_account() {
    let (server, account) = start().await;
    let other = TestFamily { phone: "06 39 98 00 99", ..TestFamily::ndiaye() };
    server.import_families("montpellier", MONOD, std::slice::from_ref(&other)).await;
    for path in ["/activation", "/identifiant-oublie"] {
        let mut browser = Browser::new(&server);
        browser.get(path).await;
        browser.identify(&other).await;
        let code = server.read_code().await;
        browser.type_code(&code).await;
        assert_eq!(browser.page.heading(), "Votre numéro vient de changer", "{path}");
        assert!(!browser.page.text().contains(&account.identifiant));
        assert!(!browser.page.has_element("#nouveau-mot-de-passe"));
        server.advance(Span::minutes(2));
    }
    server.advance(Span::hours(73));
    let mut browser = Browser::new(&server);
    browser.get("/activation").await;
    browser.identify(&other).await;
    let code = server.read_code().await;
    browser.type_code(&code).await;
    assert_eq!(browser.shown_identifiant(), account.identifiant);
}

#[tokio::test]
async fn a_child_that_was_denied_may_be_left_out_or_put_back() {
    let (server, account) = start().await;
    let sql = "INSERT INTO link_withheld (person_id, pupil_id, kind, at) \
               SELECT l.person_id, l.pupil_id, 'contested', 1 FROM link l JOIN pupil u ON u.id = l.pupil_id \
               WHERE u.given_name = 'Élie'";
    server.execute_sql(sql, Vec::new()).await;
    for (dates, hidden) in [([DATES[0], ""], 1), (DATES, 0)] {
        let mut browser = Browser::new(&server);
        browser.prove_mobile(&server, &account.identifiant).await;
        browser.type_dates(&dates).await;
        assert!(browser.page.has_element("#terminer"), "{}", browser.page.visible_text());
        assert_eq!(server.query_count("SELECT COUNT(*) FROM link_withheld").await, hidden);
        server.advance(Span::minutes(2));
    }
}

/// Everything that one visitor can do before the code is right, and what each answer was.
async fn everything(identifiant: &str) -> Vec<String> {
    let (server, account) = start().await;
    let identifiant = if identifiant.is_empty() { account.identifiant.as_str() } else { identifiant };
    let shown = |page: &crate::support::TestResponse| masked(page).replace(identifiant, "{identifiant}");
    let mut seen = Vec::new();
    let mut browser = Browser::new(&server);
    browser.get("/mot-de-passe-oublie").await;
    seen.push(shown(browser.submit("continuer", &[("identifiant", identifiant)]).await));
    browser.follow().await;
    seen.push(shown(&browser.page));
    server.drain_outbox().await;
    let wrong = ["000000", "000001"].into_iter().find(|c| !server.messages().iter().any(|m| m.text.contains(c)));
    for seconds in [0, 60, 120, 120] {
        server.advance(Span::seconds(seconds));
        seen.push(shown(browser.submit("renvoyer", &[]).await));
        browser.follow().await;
        seen.push(shown(&browser.page));
        server.drain_outbox().await;
        for _ in 0..4 {
            seen.push(shown(browser.submit("continuer", &[("code", wrong.unwrap())]).await));
        }
    }
    for _ in 0..3 {
        let mut other = Browser::new(&server);
        other.get("/mot-de-passe-oublie").await;
        seen.push(shown(other.submit("continuer", &[("identifiant", identifiant)]).await));
        if other.page.status.is_redirection() {
            other.follow().await;
            seen.push(shown(&other.page));
        }
        server.drain_outbox().await;
    }
    seen
}

#[tokio::test]
async fn threat_s05_the_same_bytes_for_an_identifiant_that_exists_and_one_that_does_not() {
    let known = everything("").await;
    // As long as the real one, so that the pages are.
    let unknown = everything("f.ndiayz00").await;
    assert!(known.iter().any(|page| page.starts_with("429")), "the budgets were used up");
    for (n, (known, unknown)) in known.iter().zip(&unknown).enumerate() {
        assert_eq!(known, unknown, "answer {n}");
    }
    assert_eq!(known.len(), unknown.len());
}

#[tokio::test]
async fn threat_s08_wrong_dates_end_the_recovery_and_take_no_child_out_of_the_account() {
    let (server, account) = start().await;
    let mut browser = Browser::new(&server);
    browser.prove_mobile(&server, &account.identifiant).await;
    for _ in 0..4 {
        browser.type_dates(&["01/01/2010", "01/01/2010"]).await;
        assert!(browser.page.has_element("#confirmer"), "{}", browser.page.visible_text());
    }
    browser.type_dates(&["01/01/2010", "01/01/2010"]).await;
    assert_eq!(browser.page.heading(), "Nous ne pouvons pas continuer");
    assert!(browser.page.visible_text().contains("Votre compte reste comme il est"));
    assert_eq!(step(&server).await, "ended");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM link_withheld").await, 0);
    let told = server.query_texts("SELECT kind FROM notice ORDER BY kind").await;
    assert_eq!(told, ["recovery_failed", "recovery_failed"]);
    let mut same = Browser::new(&server);
    same.get("/connexion").await;
    same.sign_in_with(&account.identifiant, PASSWORD).await;
    assert!(same.has_session(), "the password is what it was");
}

#[tokio::test]
async fn one_right_date_is_enough_when_the_other_childs_tries_are_used() {
    let (server, account) = start().await;
    let mut browser = Browser::new(&server);
    browser.prove_mobile(&server, &account.identifiant).await;
    for _ in 0..5 {
        browser.type_dates(&["01/01/2010", ""]).await;
    }
    assert!(browser.page.has_element("#confirmer"));
    browser.submit("confirmer", &[("date_naissance_2", DATES[1])]).await;
    browser.follow().await;
    assert!(browser.page.has_element("#terminer"), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn threat_s13_takeover_w7_a_number_of_less_than_three_days_opens_no_active_account() {
    let (server, account) = start().await;
    let other = TestFamily { phone: "06 39 98 00 99", ..TestFamily::ndiaye() };
    server.import_families("montpellier", MONOD, &[other]).await;
    let mut browser = Browser::new(&server);
    for hours in [0, 71] {
        server.advance(Span::hours(hours));
        browser.prove_mobile(&server, &account.identifiant).await;
        assert_eq!(server.messages().last().unwrap().to, "+33639980099");
        assert_eq!(browser.page.heading(), "Votre numéro vient de changer");
        assert!(!browser.page.text().contains(&account.identifiant));
        assert_eq!(step(&server).await, "ended");
    }
    server.advance(Span::hours(2));
    browser.prove_mobile(&server, &account.identifiant).await;
    assert_eq!(browser.page.heading(), "Mes enfants");
}

#[tokio::test]
async fn takeover_w2_a_number_unproven_for_two_years_or_given_up_needs_a_letter() {
    let (server, account) = start().await;
    server.advance(Span::days(731));
    let mut browser = Browser::new(&server);
    browser.prove_mobile(&server, &account.identifiant).await;
    assert_eq!(browser.page.heading(), "Une lettre de l'établissement est nécessaire");
    let sent = server.messages().len();
    server.execute_sql("UPDATE person SET phone_disowned_at = 1", Vec::new()).await;
    browser.forget(&account.identifiant).await;
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), sent, "no message to a number that is somebody else's");
}

#[tokio::test]
async fn a_suspended_account_is_told_so_after_the_right_code_only() {
    let (server, account) = start().await;
    server.set_suspension(&account, Some("school")).await;
    let mut browser = Browser::new(&server);
    browser.prove_mobile(&server, &account.identifiant).await;
    assert_eq!(browser.page.heading(), "Ce compte est suspendu");
}

#[tokio::test]
async fn whoever_has_no_current_child_is_recognised_by_a_former_one() {
    let (server, account) = start().await;
    server.execute_sql("UPDATE link SET ended_at = 5", Vec::new()).await;
    let mut browser = Browser::new(&server);
    browser.prove_mobile(&server, &account.identifiant).await;
    browser.type_dates(&DATES).await;
    assert!(browser.page.has_element("#terminer"), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn attack_s1_another_browser_gets_no_further_with_the_address() {
    let (server, account) = start().await;
    let mut browser = Browser::new(&server);
    browser.prove_mobile(&server, &account.identifiant).await;
    let mut other = Browser::new(&server);
    other.get("/mot-de-passe-oublie").await;
    for path in ["code", "enfants", "mot-de-passe", "suite", "termine"] {
        let query = browser.url.query().unwrap();
        let answer = other.get(&format!("/mot-de-passe-oublie/{path}?{query}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(browser.reload().await.heading(), "Mes enfants");
    // Steps are left by a proof only.
    browser.get(&format!("/mot-de-passe-oublie/mot-de-passe?{}", browser.url.query().unwrap())).await;
    browser.follow().await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/enfants");
}

#[tokio::test]
async fn a_double_click_on_each_proof_comes_to_the_same() {
    let (server, account) = start().await;
    let mut browser = Browser::new(&server);
    browser.forget(&account.identifiant).await;
    let code = server.read_code().await;
    let mut again = browser.reload_in_copy().await;
    browser.type_code(&code).await;
    // The first answer was lost: the browser has its former cookies, and sends the same form again.
    again.type_code(&code).await;
    assert_eq!(again.page.heading(), "Mes enfants");
    let mut browser = again.reload_in_copy().await;
    browser.type_dates(&DATES).await;
    again.type_dates(&DATES).await;
    assert!(again.page.has_element("#terminer"), "{}", again.page.visible_text());
    let mut browser = again.reload_in_copy().await;
    browser.type_new_password(NEW).await;
    again.type_new_password(NEW).await;
    assert!(again.has_session(), "{}", again.page.visible_text());
    assert_eq!(again.page.heading(), "Votre nouveau mot de passe est enregistré.");
    assert_eq!(server.audit_facts().await.iter().filter(|f| *f == "password_replaced").count(), 1);
}

#[tokio::test]
async fn of_two_recoveries_the_second_to_finish_is_overtaken() {
    let (server, account) = start().await;
    let (mut first, mut second) = (Browser::new(&server), Browser::new(&server));
    for browser in [&mut first, &mut second] {
        browser.prove_mobile(&server, &account.identifiant).await;
        browser.type_dates(&DATES).await;
        assert!(browser.page.has_element("#terminer"), "{}", browser.page.visible_text());
        server.advance(Span::minutes(2));
    }
    first.type_new_password(NEW).await;
    assert!(first.has_session());
    second.type_new_password("Encore-un-88").await;
    assert_eq!(second.page.heading(), "Un mot de passe vient d'être choisi");
    assert!(!second.has_session());
    let mut browser = Browser::new(&server);
    browser.get("/connexion").await;
    browser.sign_in_with(&account.identifiant, NEW).await;
    assert!(browser.has_session());
}

#[tokio::test]
async fn what_is_no_identifiant_is_said_and_counts_nothing() {
    let (server, _) = start().await;
    let mut browser = Browser::new(&server);
    browser.get("/mot-de-passe-oublie").await;
    for typed in ["", "   ", "f.n", "06 39 98 00 10", "Fatou N'Diaye", "<script>", &"x".repeat(400)] {
        let answer = browser.submit("continuer", &[("identifiant", typed)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM recovery").await, 0);
}

#[tokio::test]
async fn the_typed_identifiant_is_sealed_and_wiped() {
    let (server, account) = start().await;
    let mut browser = Browser::new(&server);
    browser.forget(&account.identifiant).await;
    let stored = server.query_texts("SELECT typed || typed_budget || children FROM recovery").await.remove(0);
    assert!(!stored.contains(&account.identifiant));
    server.advance(Span::hours(4));
    let op = server.operation();
    let mut tx = op.write(preau::db::Durability::Relaxed).await.unwrap();
    assert_eq!(preau::recovery::store::delete_expired(&mut tx).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(server.query_texts("SELECT typed FROM recovery").await, [""]);
    assert_eq!(browser.reload().await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn threat_s13_a_code_serves_for_the_account_and_the_number_alone_that_it_was_sent_to() {
    let (server, kept) = start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::ndiaye(), TestFamily::petit()]).await;
    let absorbed = server.create_account_of("montpellier", &TestFamily::petit()).await;
    server.advance(Span::days(4));
    let mut browser = Browser::new(&server);
    browser.forget(&absorbed.identifiant).await;
    let code = server.read_code().await;
    // The two accounts are joined meanwhile: the identifiant leads to the other one, with another number.
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let pair = JoinedPair { kept: &kept.account_id, absorbed: &absorbed.account_id };
    assert!(merged::absorb(&mut tx, pair).await.unwrap());
    tx.commit().await.unwrap();
    browser.type_code(&code).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", browser.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM person WHERE phone_proven_at IS NOT NULL").await, 0);
    // Of an account without a password even a new number serves, but not for a code that went to the one before.
    let mut browser = Browser::new(&server);
    server.execute_sql("UPDATE account SET state = 'pending' WHERE merged_into IS NULL", Vec::new()).await;
    browser.forget(&kept.identifiant).await;
    let code = server.read_code().await;
    server.advance(Span::minutes(1));
    let renumbered = TestFamily { phone: "06 39 98 00 77", ..TestFamily::ndiaye() };
    server.import_families("montpellier", MONOD, &[renumbered, TestFamily::petit()]).await;
    browser.type_code(&code).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", browser.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM person WHERE phone_proven_at IS NOT NULL").await, 0);
}
