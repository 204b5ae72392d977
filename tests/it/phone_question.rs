//! « Votre portable est-il toujours … 56 78 ? », once a year on the account page.

use axum::http::StatusCode;
use preau::base::clock::{Span, Timestamp};

use crate::support::deployment::MONOD;
use crate::support::people::PASSWORD;
use crate::support::{Browser, Landing, TestAccount, TestFamily, TestRelyingParty, TestServer};

const YES: &str = "/compte/portable/toujours";
/// Midnight in Paris, in 2027 and 2028.
const SEPTEMBER_1: Timestamp = Timestamp(1_819_749_600_000);
const NOVEMBER_1: Timestamp = Timestamp(1_825_023_600_000);
const NEXT_SEPTEMBER_1: Timestamp = Timestamp(1_851_372_000_000);
const YEAR: Span = Span::days(365);
const A_MOMENT: Span = Span(1);

/// Anne Durand's account on the 1st of September 2027, whose number a code proved a year and a day before.
async fn start() -> (TestServer, TestAccount) {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    server.travel_to(SEPTEMBER_1);
    server.set_proven(SEPTEMBER_1.minus(Span::days(366))).await;
    (server, account)
}

impl TestServer {
    fn travel_to(&self, at: Timestamp) {
        self.advance(at.since(self.now()));
    }

    /// Writes the time of the last right code, to an older number.
    async fn set_proven(&self, at: Timestamp) {
        let sql = "UPDATE person SET phone_proven_at = $1, phone_since = 0";
        assert_eq!(self.execute_sql(sql, vec![at.0.into()]).await, 1);
    }

    async fn proven_at(&self) -> i64 {
        self.query_count("SELECT phone_proven_at FROM person").await
    }

    async fn count_kept(&self) -> usize {
        self.audit_facts().await.iter().filter(|fact| *fact == "phone_kept").count()
    }

    /// Signs in, and tells whether the account page asks.
    async fn asks(&self, account: &TestAccount) -> bool {
        Browser::signed_in_at(self, account, "/compte").await.is_asked()
    }
}

impl Browser {
    fn is_asked(&self) -> bool {
        self.page.has_element("#toujours")
    }
}

#[tokio::test]
async fn threat_s13_an_unproven_mobile_is_asked_about_once_each_autumn_and_yes_proves_nothing() {
    let (server, account) = start().await;
    let proven = server.proven_at().await;
    let mut browser = Browser::signed_in_at(&server, &account, "/compte").await;
    let said = browser.page.visible_text();
    assert!(said.contains("Votre portable est-il toujours … 00 01 ?"), "{said}");
    assert!(!said.contains("980001") && !said.contains("06 39"), "only the last digits: {said}");
    browser.submit("toujours", &[]).await;
    browser.follow().await;
    assert_eq!((browser.url.path(), browser.is_asked()), ("/compte", false));
    assert_eq!((server.proven_at().await, server.count_kept().await), (proven, 1));
    // Not again this autumn, and in the next one; the number stops at 24 months although it was kept.
    server.travel_to(NOVEMBER_1.minus(A_MOMENT));
    assert!(!server.asks(&account).await);
    server.travel_to(NEXT_SEPTEMBER_1.minus(A_MOMENT));
    assert!(!server.asks(&account).await);
    server.travel_to(NEXT_SEPTEMBER_1);
    assert!(server.asks(&account).await);
    let mut lost = Browser::new(&server);
    lost.prove_mobile(&server, &account.identifiant).await;
    assert_eq!(lost.page.heading(), "Une lettre de l'établissement est nécessaire");
}

#[tokio::test]
async fn the_question_has_its_months_and_its_year() {
    let (server, account) = start().await;
    for (proven, asked) in [(SEPTEMBER_1.minus(YEAR), true), (SEPTEMBER_1.minus(YEAR).plus(A_MOMENT), false)] {
        server.set_proven(proven).await;
        assert_eq!(server.asks(&account).await, asked, "{proven:?}");
    }
    server.set_proven(SEPTEMBER_1.minus(YEAR)).await;
    server.travel_to(NOVEMBER_1.minus(A_MOMENT));
    assert!(server.asks(&account).await);
    server.travel_to(NOVEMBER_1);
    let mut browser = Browser::signed_in_at(&server, &account, "/compte").await;
    assert!(!browser.is_asked());
    // A page that was left open until then records nothing.
    browser.post(YES, &[]).await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER);
    assert_eq!(server.count_kept().await, 0);

    let (server, account) = start().await;
    server.execute_sql("UPDATE person SET phone_since = $1", vec![SEPTEMBER_1.minus(Span::days(30)).0.into()]).await;
    assert!(!server.asks(&account).await, "the school wrote it a month ago");
    // Never a code: the password that was chosen with it counts.
    server.execute_sql("UPDATE person SET phone_since = 0, phone_proven_at = NULL", Vec::new()).await;
    assert!(!server.asks(&account).await, "the password is of last November");
    server.execute_sql("UPDATE account SET password_at = $1", vec![SEPTEMBER_1.minus(YEAR).0.into()]).await;
    assert!(server.asks(&account).await);
}

#[tokio::test]
async fn no_leads_to_the_page_that_gives_the_mobile_up_and_a_code_answers_too() {
    let (server, account) = start().await;
    let mut browser = Browser::signed_in_at(&server, &account, "/compte").await;
    browser.click("#plus-mien").await;
    assert_eq!(browser.url.path(), "/compte/portable");
    browser.get("/compte").await;
    assert!(browser.is_asked(), "looked at only");
    browser.click("#verifier-question").await;
    browser.submit("envoyer", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    let code = server.read_code().await;
    browser.submit("confirmer", &[("code", &code)]).await;
    browser.follow().await;
    browser.get("/compte").await;
    assert!(!browser.is_asked(), "a code proved it");

    let (server, account) = start().await;
    let mut browser = Browser::signed_in_at(&server, &account, "/compte").await;
    browser.click("#plus-mien").await;
    browser.submit("retirer", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    browser.get("/compte").await;
    assert!(!browser.is_asked(), "given up");
    browser.post(YES, &[]).await;
    assert_eq!(server.count_kept().await, 0);
}

#[tokio::test]
async fn the_question_is_for_an_owner_with_a_mobile_and_in_nobodys_way() {
    let (server, account) = start().await;
    // A service first: no page of ours stands between.
    let rp = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    browser.open(&rp.attempt().url).await;
    let landed = browser.sign_in(&account).await;
    assert!(matches!(landed, Landing::ExternalSite(_)), "{}", browser.page.visible_text());
    browser.get("/compte?lang=en").await;
    assert!(browser.page.visible_text().contains("Is your mobile still … 00 01?"), "{}", browser.page.text());

    let until = server.now().plus(Span::hours(48)).0;
    server.execute_sql("UPDATE account SET caution_until = $1", vec![until.into()]).await;
    let mut browser = Browser::signed_in_at(&server, &account, "/compte").await;
    assert!(!browser.is_asked(), "during a caution");
    browser.post(YES, &[]).await;
    assert_eq!(server.count_kept().await, 0);
    server.execute_sql("UPDATE account SET caution_until = NULL", Vec::new()).await;
    // Nobody else's answer is this account's.
    server.import_families("montpellier", MONOD, &[TestFamily::durand(), TestFamily::petit()]).await;
    let petit = server.create_account_of("montpellier", &TestFamily::petit()).await;
    let mut his = Browser::signed_in_at(&server, &petit, "/compte").await;
    assert!(!his.is_asked());
    his.post(YES, &[]).await;
    assert!(server.asks(&account).await);

    let pupil = server.create_account_of_pupil("Zoé").await;
    assert!(!server.asks(&pupil).await, "a pupil");
    server.execute_sql("UPDATE person SET phone = NULL, phone_blind = NULL", Vec::new()).await;
    assert!(!server.asks(&account).await, "no mobile");
}
