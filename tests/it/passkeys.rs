//! Passkeys: created, used to sign in, renamed and removed; and what an attacker sends.

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::base::typed_ids::AccountId;
use preau::db::Value;

use crate::factors::give;
use crate::support::html::attribute;
use crate::support::people::PASSWORD;
use crate::support::{Browser, SoftAuthenticator, TestAccount, TestRelyingParty, TestServer, WrongWords};

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
pub const RIGHT: WrongWords = WrongWords {
    origin: None,
    rp_id: None,
    challenge: None,
    user_handle: None,
    without_verification: false,
    counter: None,
    signed_by_another_key: false,
};

impl Browser {
    /// Returns what the page's script reads: options, and the sealed state.
    pub fn passkey_form(&self) -> (String, String) {
        let page = self.page.text();
        let options = attribute(&page, "form[data-passkey]", "data-options").expect("no passkey on the page");
        (options, attribute(&page, "form[data-passkey] input[name=etat]", "value").unwrap())
    }

    pub async fn send_passkey(&mut self, state: &str, credential: &str) {
        let to = attribute(&self.page.text(), "form[data-passkey]", "action");
        let to = to.unwrap_or_else(|| self.url.to_string());
        self.post(&to, &[("etat", state), ("reponse", credential)]).await;
    }

    /// Answers the page's challenge.
    pub async fn use_passkey(&mut self, authenticator: &mut SoftAuthenticator, wrong: &WrongWords) {
        let (options, state) = self.passkey_form();
        let credential = authenticator.get(&options, wrong);
        self.send_passkey(&state, &credential).await;
    }

    pub async fn create_passkey(&mut self, authenticator: &mut SoftAuthenticator, wrong: &WrongWords) {
        let (options, state) = self.passkey_form();
        let credential = authenticator.create(&options, wrong);
        self.send_passkey(&state, &credential).await;
    }

    pub async fn at_sign_in(server: &TestServer) -> Self {
        let mut browser = Self::new(server);
        browser.get("/connexion").await;
        browser
    }
}

/// A browser that signed in with the password ten minutes ago.
pub async fn signed_in(server: &TestServer, account: &TestAccount) -> Browser {
    let mut browser = Browser::at_sign_in(server).await;
    browser.sign_in_with(&account.identifiant, PASSWORD).await;
    assert!(browser.has_session());
    server.advance(Span::minutes(10));
    browser
}

/// An account with a passkey, and the browser that added it.
pub async fn enrolled(server: &TestServer, account: &TestAccount) -> (Browser, SoftAuthenticator) {
    let mut authenticator = SoftAuthenticator::new(server.issuer());
    let mut browser = signed_in(server, account).await;
    browser.get("/compte/cle").await;
    browser.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    browser.create_passkey(&mut authenticator, &RIGHT).await;
    assert!(browser.page.has_element("#codes"), "{}", browser.page.visible_text());
    (browser, authenticator)
}

async fn start() -> (TestServer, TestAccount, Browser, SoftAuthenticator) {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let (browser, authenticator) = enrolled(&server, &account).await;
    (server, account, browser, authenticator)
}

async fn count(server: &TestServer) -> i64 {
    server.query_count("SELECT COUNT(*) FROM passkey").await
}

async fn audited(server: &TestServer, event: &'static str) -> bool {
    server.query_texts("SELECT fact FROM audit").await.iter().any(|found| found == event)
}

#[tokio::test]
async fn a_passkey_is_added_after_the_password_and_signs_in_without_an_identifiant() {
    let (server, account, mut browser, mut authenticator) = start().await;
    assert_eq!(browser.page.link_target("#terminer"), "/compte/securite");
    browser.get("/compte/securite").await;
    assert!(browser.page.text().contains("Clés d&#39;accès"), "{}", browser.page.text());
    assert_eq!(count(&server).await, 1);
    server.drain_outbox().await;
    assert_eq!(server.query_texts("SELECT kind FROM account_notice").await, ["passkey_added"]);
    assert!(audited(&server, "passkey_added").await);

    server.advance(Span::minutes(1));
    let mut elsewhere = Browser::at_sign_in(&server).await;
    elsewhere.use_passkey(&mut authenticator, &RIGHT).await;
    assert_eq!(elsewhere.page.header("location"), "/compte", "no passkey is offered to who has one");
    elsewhere.follow().await;
    assert!(elsewhere.page.text().contains(&account.identifiant));
    assert_eq!(server.query_texts("SELECT amr FROM session WHERE amr LIKE '%pop%'").await, ["pop user mfa"]);
    elsewhere.open("/compte/donnees").await;
    elsewhere.submit("telecharger", &[("mot_de_passe", PASSWORD)]).await;
    let key = &elsewhere.page.json()["second_factors"]["passkeys"][0];
    assert!(key["name"].is_string() && key["added_at"].is_string() && key["last_used"].is_string(), "{key}");
    elsewhere.get("/compte/securite").await;
    assert!(elsewhere.page.text().contains("dernière fois"), "{}", elsewhere.page.text());
}

#[tokio::test]
async fn attack_m13_a_relying_party_is_told_both_factors_of_a_passkey() {
    let (server, _, _, mut authenticator) = start().await;
    let party = TestRelyingParty::new(&server, "ent");
    let attempt = party.attempt();
    let mut browser = Browser::new(&server);
    browser.open(attempt.url.as_str()).await;
    browser.use_passkey(&mut authenticator, &RIGHT).await;
    let back = browser.follow().await.expect_redirect_away();
    let id = party.tokens(&attempt, &party.code(&back, &attempt)).await.claims;
    assert_eq!(id["acr"], "https://refeds.org/profile/mfa");
    assert_eq!(id["amr"], serde_json::json!(["pop", "user", "mfa"]));
}

/// Every wrong answer is refused with the same page, and opens no session.
#[tokio::test]
async fn attack_m8_takeover_w10_a_wrong_origin_or_relying_party_signs_nobody_in() {
    let (server, _, _, mut authenticator) = start().await;
    let host = url::Url::parse(server.issuer()).unwrap().host_str().unwrap().to_owned();
    for wrong in [
        WrongWords { origin: Some("https://evil.example"), ..RIGHT },
        WrongWords { origin: Some("https://badlocalhost"), ..RIGHT },
        WrongWords { origin: Some("https://localhost"), ..RIGHT },
        WrongWords { origin: Some("null"), ..RIGHT },
        WrongWords { rp_id: Some("evil.example"), ..RIGHT },
        WrongWords { rp_id: Some("badlocalhost"), ..RIGHT },
    ] {
        assert_eq!(host, "localhost");
        let mut browser = Browser::at_sign_in(&server).await;
        browser.use_passkey(&mut authenticator, &wrong).await;
        assert_eq!(browser.page.status, REFUSED, "{wrong:?}");
        assert!(!browser.has_session(), "{wrong:?}");
        browser.use_passkey(&mut authenticator, &RIGHT).await;
        assert!(browser.has_session(), "{wrong:?}: the next right one serves");
    }
}

#[tokio::test]
async fn attack_m7_a_challenge_serves_once_for_its_browser_and_five_minutes() {
    let (server, _, _, mut authenticator) = start().await;
    // Of another challenge.
    let mut browser = Browser::at_sign_in(&server).await;
    let wrong = WrongWords { challenge: Some("A".repeat(43)), ..RIGHT };
    browser.use_passkey(&mut authenticator, &wrong).await;
    assert_eq!(browser.page.status, REFUSED);

    // Twice.
    let mut browser = Browser::at_sign_in(&server).await;
    let mut thief = browser.clone_browser();
    let (options, state) = browser.passkey_form();
    let sent = authenticator.get(&options, &RIGHT);
    browser.send_passkey(&state, &sent).await;
    assert!(browser.has_session());
    thief.post("/connexion", &[("etat", &state), ("reponse", &sent)]).await;
    assert_eq!((thief.page.status, thief.has_session()), (REFUSED, false), "replayed");

    // In another browser.
    let mut browser = Browser::at_sign_in(&server).await;
    let (options, state) = browser.passkey_form();
    let sent = authenticator.get(&options, &RIGHT);
    let mut other = Browser::at_sign_in(&server).await;
    other.send_passkey(&state, &sent).await;
    assert_eq!((other.page.status, other.has_session()), (REFUSED, false), "another browser's");

    // Too late.
    server.advance(Span::minutes(5));
    browser.send_passkey(&state, &sent).await;
    assert_eq!((browser.page.status, browser.has_session()), (REFUSED, false), "too late");

    // Of another purpose: the proof that a session is asked for.
    let (_, mut session_browser) = (0, signed_in(&server, &server.create_account("Lise", "DURAND").await).await);
    let (mut key, mut enrolled_browser) =
        (SoftAuthenticator::without_counter(server.issuer()), session_browser.clone_browser());
    enrolled_browser.get("/compte/cle").await;
    enrolled_browser.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    enrolled_browser.create_passkey(&mut key, &RIGHT).await;
    session_browser.get("/compte/cle").await;
    let (options, state) = session_browser.passkey_form();
    let sent = key.get(&options, &RIGHT);
    let mut browser = Browser::at_sign_in(&server).await;
    browser.send_passkey(&state, &sent).await;
    assert_eq!((browser.page.status, browser.has_session()), (REFUSED, false), "another purpose");
}

#[tokio::test]
async fn attack_m7_what_is_no_answer_is_refused_and_never_our_fault() {
    let (server, _, _, mut authenticator) = start().await;
    for (wrong, what) in [
        (WrongWords { without_verification: true, ..RIGHT }, "nobody was verified"),
        (WrongWords { signed_by_another_key: true, ..RIGHT }, "another key"),
        (WrongWords { user_handle: Some(vec![7; 16]), ..RIGHT }, "another holder"),
    ] {
        let mut browser = Browser::at_sign_in(&server).await;
        browser.use_passkey(&mut authenticator, &wrong).await;
        assert_eq!((browser.page.status, browser.has_session()), (REFUSED, false), "{what}");
    }
    let mut browser = Browser::at_sign_in(&server).await;
    let (options, state) = browser.passkey_form();
    let right = authenticator.get(&options, &RIGHT);
    for (state, sent) in [
        (state.as_str(), "{}"),
        (&state, "not json"),
        (&state, r#"{"id":"","rawId":"","type":"","response":{}}"#),
        (&state, &right.replace("\"signature\":\"", "\"signature\":\"AAAA")),
        ("", &right),
        ("x.y", &right),
    ] {
        browser.post("/connexion", &[("etat", state), ("reponse", sent)]).await;
        assert_eq!((browser.page.status, browser.has_session()), (REFUSED, false), "{sent:.60}");
    }
    let long = "9".repeat(30_000);
    browser.post("/connexion", &[("etat", &state), ("reponse", &long)]).await;
    assert_eq!((browser.page.status, browser.has_session()), (StatusCode::BAD_REQUEST, false));
}

/// Neither a key that nobody registered, nor one whose counter is right but whose account is another's.
#[tokio::test]
async fn attack_m7_a_credential_of_nobody_or_of_another_proves_nothing() {
    let (server, account, _, mut authenticator) = start().await;
    let other = server.create_account("Lise", "DURAND").await;
    let (_, mut foreign) = enrolled(&server, &other).await;
    // Created for a session whose person never sent it.
    let mut unsent = signed_in(&server, &server.create_account("Paul", "PETIT").await).await;
    unsent.get("/compte/cle").await;
    unsent.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    let mut unknown = SoftAuthenticator::new(server.issuer());
    let (options, _) = unsent.passkey_form();
    unknown.create(&options, &RIGHT);
    let mut browser = Browser::at_sign_in(&server).await;
    browser.use_passkey(&mut unknown, &RIGHT).await;
    assert_eq!((browser.page.status, browser.has_session()), (REFUSED, false), "registered by nobody");
    // The handle of one account with the key of another.
    let handle = WrongWords { user_handle: Some(foreign.user_handle()), ..RIGHT };
    browser.use_passkey(&mut authenticator, &handle).await;
    assert_eq!((browser.page.status, browser.has_session()), (REFUSED, false), "another's handle");
    // Where one account is asked, another's key is right for itself alone.
    browser.get("/connexion").await;
    browser.sign_in_with(&account.identifiant, PASSWORD).await;
    browser.follow().await;
    browser.use_passkey(&mut foreign, &RIGHT).await;
    assert_eq!((browser.page.status, browser.has_session()), (REFUSED, false), "another account's");
    browser.use_passkey(&mut authenticator, &RIGHT).await;
    assert!(browser.has_session(), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn attack_m7_a_counter_that_goes_back_is_refused_and_told() {
    let (server, _, _, mut authenticator) = start().await;
    let mut copy = authenticator.clone();
    for _ in 0..2 {
        let mut browser = Browser::at_sign_in(&server).await;
        browser.use_passkey(&mut authenticator, &RIGHT).await;
        assert!(browser.has_session());
    }
    let mut thief = Browser::at_sign_in(&server).await;
    thief.use_passkey(&mut copy, &RIGHT).await;
    assert_eq!((thief.page.status, thief.has_session()), (REFUSED, false));
    // Nor one that stands still: the enrolment's 1, and two sign-ins.
    let wrong = WrongWords { counter: Some(3), ..RIGHT };
    thief.use_passkey(&mut authenticator.clone(), &wrong).await;
    assert_eq!((thief.page.status, thief.has_session()), (REFUSED, false), "the same counter");
    assert!(audited(&server, "passkey_copied").await);
    let told = server.query_texts("SELECT kind FROM account_notice ORDER BY at").await;
    assert!(told.contains(&"passkey_copied".to_owned()), "{told:?}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM passkey WHERE copied_at IS NOT NULL").await, 1);
}

#[tokio::test]
async fn attack_m7_the_same_answer_sent_again_is_no_copied_authenticator() {
    let (server, account, _, mut authenticator) = start().await;
    server.set_suspension(&account, Some("school")).await;
    let mut browser = Browser::at_sign_in(&server).await;
    let (options, state) = browser.passkey_form();
    let credential = authenticator.get(&options, &RIGHT);
    for _ in 0..3 {
        browser.get("/connexion").await;
        browser.send_passkey(&state, &credential).await;
        assert!(!browser.has_session());
    }
    assert!(!audited(&server, "passkey_copied").await);
}

#[tokio::test]
async fn attack_m12_the_challenge_of_a_first_passkey_adds_no_second_one() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    // Whoever has the password keeps a challenge, until the person has added a passkey.
    let mut thief = signed_in(&server, &account).await;
    thief.get("/compte/cle").await;
    thief.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    let mut person = Browser::at_sign_in(&server).await;
    person.sign_in_with(&account.identifiant, PASSWORD).await;
    person.get("/compte/cle").await;
    person.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    person.create_passkey(&mut SoftAuthenticator::new(server.issuer()), &RIGHT).await;
    assert_eq!(count(&server).await, 1);
    server.advance(Span::minutes(1));
    thief.create_passkey(&mut SoftAuthenticator::new(server.issuer()), &RIGHT).await;
    assert_eq!(count(&server).await, 1, "{}", thief.page.visible_text());
    // Nor after an application.
    let other = server.create_account("Lise", "DURAND").await;
    let mut thief = signed_in(&server, &other).await;
    thief.get("/compte/cle").await;
    thief.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    server.advance(Span::seconds(1));
    server.enrol_application(&other).await;
    thief.create_passkey(&mut SoftAuthenticator::new(server.issuer()), &RIGHT).await;
    assert_eq!(count(&server).await, 1, "{}", thief.page.visible_text());
}

#[tokio::test]
async fn threat_s12_a_passkey_shown_at_a_shared_computer_leaves_no_exemption_there() {
    let (server, account, _, mut authenticator) = start().await;
    let mut shared = Browser::at_sign_in(&server).await;
    shared.use_passkey(&mut authenticator, &RIGHT).await;
    assert!(shared.has_session());
    shared.get("/compte").await;
    shared.submit("se-deconnecter", &[]).await;
    shared.get("/connexion").await;
    shared.sign_in_with(&account.identifiant, PASSWORD).await;
    assert!(!shared.has_session(), "{}", shared.page.visible_text());
}

#[tokio::test]
async fn a_passkey_without_a_counter_serves_every_time() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let mut authenticator = SoftAuthenticator::without_counter(server.issuer());
    let mut browser = signed_in(&server, &account).await;
    browser.get("/compte/cle").await;
    browser.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    browser.create_passkey(&mut authenticator, &RIGHT).await;
    for _ in 0..3 {
        let mut browser = Browser::at_sign_in(&server).await;
        browser.use_passkey(&mut authenticator, &RIGHT).await;
        assert!(browser.has_session());
    }
    assert!(!audited(&server, "passkey_copied").await);
}

#[tokio::test]
async fn threat_s05_the_challenge_is_the_same_whoever_asks() {
    let (server, account, ..) = start().await;
    let mut shapes = Vec::new();
    for hint in ["", &account.identifiant, "p.personne12"] {
        let mut browser = Browser::new(&server);
        browser.get(&format!("/connexion?identifiant={hint}")).await;
        let (options, state) = browser.passkey_form();
        let mut options: serde_json::Value = serde_json::from_str(&options).unwrap();
        assert_eq!(options["allowCredentials"], serde_json::json!([]));
        let challenge = options["challenge"].take();
        shapes.push((options.to_string(), challenge.as_str().unwrap().len(), state.len()));
    }
    assert!(shapes.iter().all(|shape| *shape == shapes[0]), "{shapes:?}");
}

#[tokio::test]
async fn threat_s06_wrong_passwords_and_passkeys_of_others_do_not_keep_the_holder_out() {
    let (server, account, _, mut authenticator) = start().await;
    let mut stranger = Browser::at_sign_in(&server).await;
    let mut limited = false;
    for n in 0..200 {
        let (options, state) = stranger.passkey_form();
        let wrong = WrongWords { signed_by_another_key: true, ..RIGHT };
        let sent = authenticator.clone().get(&options, &wrong);
        stranger.send_passkey(&state, &sent).await;
        limited |= stranger.page.status == StatusCode::TOO_MANY_REQUESTS;
        if n < 10 {
            stranger.post("/connexion", &[("identifiant", &account.identifiant), ("mot_de_passe", "Faux-mot-2")]).await;
        }
        assert!(!stranger.has_session());
    }
    assert!(limited, "failures count for their source");
    // From that same source, and with its password locked.
    let mut holder = Browser::at_sign_in(&server).await;
    holder.use_passkey(&mut authenticator, &RIGHT).await;
    assert!(holder.has_session());
}

#[tokio::test]
async fn attack_m9_an_answer_is_of_its_session_and_adds_one_passkey() {
    let server = TestServer::start().await;
    let (victim, thief) = (server.create_durand().await, server.create_account("Paul", "PETIT").await);
    let mut at_thief = signed_in(&server, &thief).await;
    at_thief.get("/compte/cle").await;
    at_thief.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    let (options, state) = at_thief.passkey_form();
    let mut authenticator = SoftAuthenticator::new(server.issuer());
    let created = authenticator.create(&options, &RIGHT);
    let mut at_victim = signed_in(&server, &victim).await;
    at_victim.post("/compte/cle/ajouter", &[("etat", &state), ("reponse", &created)]).await;
    assert_eq!((at_victim.page.status, count(&server).await), (REFUSED, 0), "another session's");

    at_thief.get("/compte/cle").await;
    at_thief.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    let (options, state) = at_thief.passkey_form();
    let created = authenticator.create(&options, &RIGHT);
    for (status, now) in [(StatusCode::OK, 1), (REFUSED, 1)] {
        at_thief.post("/compte/cle/ajouter", &[("etat", &state), ("reponse", &created)]).await;
        assert_eq!((at_thief.page.status, count(&server).await), (status, now), "once");
    }
    // The same credential in another account: an authenticator never makes one twice.
    at_victim.get("/compte/cle").await;
    at_victim.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    for wrong in [
        WrongWords { origin: Some("https://evil.example"), ..RIGHT },
        WrongWords { rp_id: Some("evil.example"), ..RIGHT },
        WrongWords { challenge: Some("A".repeat(43)), ..RIGHT },
        WrongWords { without_verification: true, ..RIGHT },
    ] {
        at_victim.get("/compte/cle").await;
        at_victim.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
        at_victim.create_passkey(&mut authenticator, &wrong).await;
        assert_eq!((at_victim.page.status, count(&server).await), (REFUSED, 1), "{wrong:?}");
    }
}

#[tokio::test]
async fn attack_m10_a_passkey_is_removed_by_a_passkey_and_never_by_the_password_alone() {
    let (server, _, mut browser, mut authenticator) = start().await;
    server.advance(Span::minutes(10));
    browser.get("/compte/securite").await;
    let edit = attribute(&browser.page.text(), "a[href^='/compte/cle/modifier']", "href").unwrap();
    browser.get(&edit).await;
    let remove = attribute(&browser.page.text(), "form[data-passkey]", "action").unwrap();
    browser.post(&remove, &[("mot_de_passe", PASSWORD)]).await;
    assert_eq!((browser.page.status, count(&server).await), (REFUSED, 1));
    // A passkey of somebody else proves nothing here.
    let other = server.create_account("Lise", "DURAND").await;
    let (mut at_other, mut foreign) = enrolled(&server, &other).await;
    browser.get(&edit).await;
    browser.use_passkey(&mut foreign, &RIGHT).await;
    assert_eq!((browser.page.status, count(&server).await), (REFUSED, 2));
    // Nor does anybody remove another's.
    server.advance(Span::minutes(10));
    at_other.get(&edit).await;
    assert_eq!(at_other.page.status, StatusCode::NOT_FOUND);
    at_other.post(&remove, &[]).await;
    assert_eq!((at_other.page.status, count(&server).await), (StatusCode::NOT_FOUND, 2));

    browser.get(&edit).await;
    browser.submit("renommer", &[("nom", "  ")]).await;
    assert_eq!(browser.page.status, REFUSED);
    browser.submit("renommer", &[("nom", " Téléphone de <Fatou> ")]).await;
    browser.follow().await;
    assert!(browser.page.text().contains("Téléphone de &lt;Fatou&gt;"));
    browser.get(&edit).await;
    browser.use_passkey(&mut authenticator, &RIGHT).await;
    assert_eq!((browser.page.status, count(&server).await), (StatusCode::SEE_OTHER, 1));
    assert!(audited(&server, "passkey_removed").await);
    // What was removed signs nobody in.
    let mut gone = Browser::at_sign_in(&server).await;
    gone.use_passkey(&mut authenticator, &RIGHT).await;
    assert_eq!((gone.page.status, gone.has_session()), (REFUSED, false));
}

#[tokio::test]
async fn attack_m1_the_password_of_an_account_with_a_passkey_opens_nothing_without_the_passkey() {
    let server = TestServer::start().await;
    let (account, other) = (server.create_durand().await, server.create_account("Lise", "DURAND").await);
    let (_, mut foreign) = enrolled(&server, &other).await;
    let (_, mut authenticator) = enrolled(&server, &account).await;
    let mut browser = Browser::at_sign_in(&server).await;
    let sign_in_form = browser.passkey_form();
    server.execute_sql("DELETE FROM backup_code", vec![]).await;
    browser.sign_in_with(&account.identifiant, PASSWORD).await;
    let factor = browser.page.location().to_owned();
    assert!(factor.starts_with("/connexion/preuve?s=") && !browser.has_session(), "{factor}");
    browser.get(&factor).await;
    assert!(!browser.page.has_element("#code") && browser.page.has_element("#plus-rien"), "the passkey or the school");
    let codes = [("code", "123456"), ("code", "ACDE-FHJK"), ("code", "")];
    for code in codes {
        browser.post(&factor, &[code]).await;
        assert_eq!((browser.page.status, browser.has_session()), (REFUSED, false), "{code:?}");
    }
    browser.use_passkey(&mut foreign, &RIGHT).await;
    assert_eq!((browser.page.status, browser.has_session()), (REFUSED, false), "another person's");
    let sent = authenticator.get(&sign_in_form.0, &RIGHT);
    browser.post(&factor, &[("etat", &sign_in_form.1), ("reponse", &sent)]).await;
    assert_eq!((browser.page.status, browser.has_session()), (REFUSED, false), "of another page");
    let wrong = WrongWords { without_verification: true, ..RIGHT };
    browser.use_passkey(&mut authenticator, &wrong).await;
    assert_eq!((browser.page.status, browser.has_session()), (REFUSED, false), "nobody was verified");
    browser.use_passkey(&mut authenticator, &RIGHT).await;
    assert!(browser.has_session(), "{}", browser.page.visible_text());
    assert_eq!(server.query_texts("SELECT amr FROM session WHERE amr LIKE '%pop%'").await, ["pwd pop user mfa"]);
}

#[tokio::test]
async fn attack_m1_a_passkey_raises_a_session_that_began_without_it() {
    let (server, _, mut browser, mut authenticator) = start().await;
    let ent = TestRelyingParty::new(&server, "ent");
    let level = r#"{"id_token":{"acr":{"essential":true,"value":"https://refeds.org/profile/mfa"}}}"#;
    let attempt = ent.attempt_with(&[("claims", level)]);
    browser.open(&attempt.url).await;
    assert_eq!(browser.url.path(), "/connexion/preuve");
    assert!(!browser.page.has_element("form[data-passkey]"), "enrolled in this sign-in: no proof in it (M9)");
    // Signed in after it was added, by the browser that may skip the factor: the page takes the passkey.
    server.advance(Span::minutes(1));
    let mut later = Browser::at_sign_in(&server).await;
    later.use_passkey(&mut authenticator, &RIGHT).await;
    server.execute_sql("UPDATE session SET amr = 'pwd', factor_at = NULL", vec![]).await;
    let attempt = ent.attempt_with(&[("claims", level)]);
    later.open(&attempt.url).await;
    assert_eq!(later.url.path(), "/connexion/preuve");
    later.use_passkey(&mut authenticator, &RIGHT).await;
    let landed = later.follow().await.expect_redirect_away();
    let claims = ent.tokens(&attempt, &ent.code(&landed, &attempt)).await.claims;
    assert_eq!(claims["amr"], serde_json::json!(["pwd", "pop", "user", "mfa"]));
}

#[tokio::test]
async fn attack_m10_the_last_way_in_stays() {
    let (server, account, _, mut authenticator) = start().await;
    let mut browser = Browser::at_sign_in(&server).await;
    browser.use_passkey(&mut authenticator, &RIGHT).await;
    let args = vec![Value::from(account.account_id.as_str())];
    server.execute_sql("UPDATE account SET password = NULL WHERE id = $1", args).await;
    browser.get("/compte/securite").await;
    let edit = attribute(&browser.page.text(), "a[href^='/compte/cle/modifier']", "href").unwrap();
    browser.get(&edit).await;
    browser.use_passkey(&mut authenticator, &RIGHT).await;
    assert_eq!((browser.page.status, count(&server).await), (REFUSED, 1));
}

#[tokio::test]
async fn attack_m12_a_second_passkey_is_added_after_the_first_and_ten_at_most() {
    let (server, _, mut browser, mut authenticator) = start().await;
    server.advance(Span::minutes(10));
    browser.get("/compte/cle").await;
    assert!(!browser.page.has_element("#mot-de-passe"), "the password is not enough any more");
    browser.post("/compte/cle", &[("mot_de_passe", PASSWORD)]).await;
    assert!(browser.page.has_element("#confirmer"));
    for n in 1..10 {
        browser.get("/compte/cle").await;
        browser.use_passkey(&mut authenticator.clone(), &RIGHT).await;
        // The next proof counts on from here.
        let mut next = authenticator.clone();
        browser.create_passkey(&mut next, &RIGHT).await;
        assert_eq!((browser.page.status, count(&server).await), (StatusCode::SEE_OTHER, n + 1));
        authenticator = next;
    }
    browser.get("/compte/cle").await;
    assert!(browser.page.text().contains("déjà dix"), "{}", browser.page.text());
}

async fn set(server: &TestServer, sql: &'static str, account_id: &AccountId) {
    server.execute_sql(sql, vec![Value::from(account_id.as_str())]).await;
}

#[tokio::test]
async fn attack_a14_the_states_of_an_account_hold_for_a_passkey_too() {
    let (server, account, _, mut authenticator) = start().await;
    let id = &account.account_id;
    set(&server, "UPDATE account SET suspended_by = 'school' WHERE id = $1", id).await;
    let mut browser = Browser::at_sign_in(&server).await;
    browser.use_passkey(&mut authenticator, &RIGHT).await;
    assert_eq!((browser.page.status, browser.has_session()), (StatusCode::FORBIDDEN, false));
    set(&server, "UPDATE account SET suspended_by = NULL, must_change_at = 9999999999999 WHERE id = $1", id).await;
    let mut browser = Browser::at_sign_in(&server).await;
    browser.use_passkey(&mut authenticator, &RIGHT).await;
    assert_eq!((browser.page.status, browser.has_session()), (StatusCode::FORBIDDEN, false));
    assert!(browser.page.text().contains(&account.identifiant), "the way to a new password");
    set(&server, "UPDATE account SET must_change_at = NULL, state = 'closed' WHERE id = $1", id).await;
    let mut browser = Browser::at_sign_in(&server).await;
    browser.use_passkey(&mut authenticator, &RIGHT).await;
    assert_eq!((browser.page.status, browser.has_session()), (REFUSED, false));
    set(&server, "UPDATE account SET state = 'active', closes_at = 9999999999999 WHERE id = $1", id).await;
    let mut browser = Browser::at_sign_in(&server).await;
    browser.use_passkey(&mut authenticator, &RIGHT).await;
    assert!(browser.has_session());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE closes_at IS NOT NULL").await, 0, "kept open");
}

#[tokio::test]
async fn nothing_is_added_or_removed_during_the_caution() {
    let (server, account, _, mut authenticator) = start().await;
    let mut browser = Browser::at_sign_in(&server).await;
    browser.use_passkey(&mut authenticator, &RIGHT).await;
    browser.get("/compte/cle").await;
    browser.use_passkey(&mut authenticator, &RIGHT).await;
    let (options, state) = browser.passkey_form();
    let created = authenticator.create(&options, &RIGHT);
    set(&server, "UPDATE account SET caution_until = 9999999999999 WHERE id = $1", &account.account_id).await;
    browser.post("/compte/cle/ajouter", &[("etat", &state), ("reponse", &created)]).await;
    assert_eq!(count(&server).await, 1, "also with a challenge of before");
    browser.get("/compte/cle").await;
    assert!(!browser.page.has_element("form[data-passkey]"));
    browser.get("/compte/securite").await;
    let edit = attribute(&browser.page.text(), "a[href^='/compte/cle/modifier']", "href").unwrap();
    browser.post(&edit.replace("modifier", "retirer"), &[]).await;
    assert_eq!((browser.page.status, count(&server).await), (REFUSED, 1));
}

#[tokio::test]
async fn attack_m9_a_passkey_that_was_not_the_person_s_goes_with_the_answer() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    // The person's browser was there before the passkey: a newer one answers nothing.
    let mut person = signed_in(&server, &account).await;
    enrolled(&server, &account).await;
    person.get("/compte").await;
    let notice = attribute(&person.page.text(), "input[name=evenement]", "value").unwrap();
    person.post("/compte/evenement", &[("evenement", &notice), ("moi", "non")]).await;
    assert_eq!(count(&server).await, 0);
}

#[tokio::test]
async fn attack_m12_a_sign_in_of_a_minute_ago_neither_adds_nor_removes_a_passkey() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    server.advance(Span::minutes(1));
    let mut open = Browser::at_sign_in(&server).await;
    open.sign_in_with(&account.identifiant, PASSWORD).await;
    open.get("/compte/cle").await;
    assert!(!open.page.has_element("form[data-passkey]") && open.page.has_element("#mot-de-passe"));
    let (_, mut own) = enrolled(&server, &account).await;
    let mut open = Browser::at_sign_in(&server).await;
    open.use_passkey(&mut own, &RIGHT).await;
    open.get("/compte/cle").await;
    assert!(open.page.has_element("form[data-passkey=get]"), "{}", open.page.visible_text());
    open.get("/compte/securite").await;
    let edit = attribute(&open.page.text(), "a[href^='/compte/cle/modifier']", "href").unwrap();
    open.get(&edit).await;
    open.post(&edit.replace("modifier", "retirer"), &[]).await;
    assert_eq!((open.page.status, count(&server).await), (REFUSED, 1));
}

/// Enters with a backup code, as somebody who lost the only passkey.
async fn entered_by_code(server: &TestServer, account: &TestAccount, code: &str) -> Browser {
    let mut browser = Browser::at_sign_in(server).await;
    browser.sign_in_with(&account.identifiant, PASSWORD).await;
    browser.follow().await;
    give(&mut browser, code).await;
    assert!(browser.has_session(), "{}", browser.page.visible_text());
    browser
}

#[tokio::test]
async fn attack_m10_who_lost_the_only_passkey_adds_another_by_a_backup_code_and_the_password() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let (browser, mut lost) = enrolled(&server, &account).await;
    let codes = crate::support::html::texts(&browser.page.text(), "#codes li");
    let mut home = entered_by_code(&server, &account, &codes[0]).await;
    server.advance(Span::minutes(5));
    home.get("/compte/cle").await;
    let by_code = home.page.link_target("#perdue");
    home.get(&by_code).await;
    assert_eq!(home.page.location(), "/connexion/preuve?vers=cle/perdue", "the code of the sign-in is over");
    home.post(&by_code, &[("mot_de_passe", PASSWORD)]).await;
    assert!(home.page.status.is_redirection(), "nor is the password enough");
    home.get("/connexion/preuve?vers=cle/perdue").await;
    give(&mut home, &codes[1]).await;
    home.follow().await;
    assert_eq!(home.url.path(), "/compte/cle/perdue");
    assert!(!home.page.has_element("form[data-passkey]"), "nor the code");
    home.submit("continuer", &[("mot_de_passe", "Faux-mot-2")]).await;
    assert_eq!((home.page.status, count(&server).await), (REFUSED, 1));
    home.submit("continuer", &[("mot_de_passe", PASSWORD)]).await;
    let mut found = SoftAuthenticator::new(server.issuer());
    home.create_passkey(&mut found, &RIGHT).await;
    assert_eq!((home.page.status, count(&server).await), (StatusCode::SEE_OTHER, 2), "{}", home.page.visible_text());
    assert!(server.query_texts("SELECT kind FROM account_notice").await.iter().all(|kind| kind != "passkey_removed"));
    // The new one takes the lost one away, and no code does.
    let old = server.query_texts("SELECT id FROM passkey ORDER BY created_at, id").await.remove(0);
    home.get(&format!("/compte/cle/modifier?k={old}")).await;
    home.post(&format!("/compte/cle/retirer?k={old}"), &[("mot_de_passe", PASSWORD), ("code", &codes[2])]).await;
    assert_eq!((home.page.status, count(&server).await), (REFUSED, 2));
    home.use_passkey(&mut found, &RIGHT).await;
    assert_eq!((home.page.status, count(&server).await), (StatusCode::SEE_OTHER, 1));
    let mut gone = Browser::at_sign_in(&server).await;
    gone.use_passkey(&mut lost, &RIGHT).await;
    assert_eq!((gone.page.status, gone.has_session()), (REFUSED, false));
}

#[tokio::test]
async fn threat_s12_a_passkey_is_offered_on_the_account_page_once_a_month() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let offers = async |server: &TestServer| {
        let mut browser = Browser::at_sign_in(server).await;
        browser.sign_in_with(&account.identifiant, PASSWORD).await;
        browser.get("/compte").await;
        let offered = browser.page.has_element("section[data-passkey-only][hidden] #ajouter-cle");
        (browser, offered)
    };
    server.advance(Span::days(29));
    assert!(!offers(&server).await.1, "it was offered with the password");
    server.advance(Span::days(1));
    let (mut browser, offered) = offers(&server).await;
    assert!(offered, "{}", browser.page.text());
    browser.submit("plus-tard", &[]).await;
    browser.follow().await;
    assert!(browser.url.path() == "/compte" && !browser.page.has_element("#ajouter-cle"));
    server.advance(Span::days(29));
    assert!(!offers(&server).await.1);
    server.advance(Span::days(1));
    assert!(offers(&server).await.1);
    // Not beside the account of somebody else, nor during a caution, nor to who has one.
    let (mut shared, _) = offers(&server).await;
    shared.submit("changer", &[]).await;
    shared.get("/connexion").await;
    shared.sign_in_with(&server.create_account("Lise", "DURAND").await.identifiant, PASSWORD).await;
    shared.get("/compte").await;
    assert!(!shared.page.has_element("#ajouter-cle"));
    set(&server, "UPDATE account SET caution_until = 9999999999999 WHERE id = $1", &account.account_id).await;
    assert!(!offers(&server).await.1);
    set(&server, "UPDATE account SET caution_until = NULL WHERE id = $1", &account.account_id).await;
    let (mut home, _) = enrolled(&server, &account).await;
    home.get("/compte").await;
    assert!(!home.page.has_element("#ajouter-cle"));
    // Pupils sit at the school's computers.
    let pupil = server.create_account_of_pupil("Zoé").await;
    server.advance(Span::days(40));
    let mut school = Browser::at_sign_in(&server).await;
    school.sign_in_with(&pupil.identifiant, PASSWORD).await;
    school.get("/compte").await;
    assert!(!school.page.has_element("#ajouter-cle"));
}

#[tokio::test]
async fn there_are_no_passkeys_at_an_address_without_a_name() {
    let server =
        TestServer::start_with_config(|config| config.server.issuer = "http://127.0.0.1:8080".to_owned()).await;
    let mut browser = Browser::at_sign_in(&server).await;
    assert!(!browser.page.has_element("form[data-passkey]"));
    let account = server.create_durand().await;
    browser.sign_in_with(&account.identifiant, PASSWORD).await;
    assert_eq!(browser.page.header("location"), "/compte");
    browser.get("/compte/cle").await;
    assert_eq!(browser.page.status, StatusCode::NOT_FOUND);
    browser.get("/compte/securite").await;
    assert!(!browser.page.has_element("#ajouter-cle"));
}
