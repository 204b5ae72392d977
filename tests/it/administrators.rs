//! Administrators: invitations, entry, sessions, fresh proofs, roles; and what an attacker tries.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use preau::administrators::ops::invite::{RoleGiver, end_role};
use preau::administrators::roles::AdminRole;
use preau::administrators::store::{find_by_email, roles};
use preau::base::clock::Span;
use preau::base::typed_ids::AdminRoleId;
use preau::credentials::totp::TotpSecret;

use crate::passkeys::{RIGHT, enrolled};
use crate::support::html::attribute;
use crate::support::{Browser, SoftAuthenticator, TestFamily, TestServer, WrongWords};

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

async fn facts(server: &TestServer) -> Vec<String> {
    server
        .query_texts(
            "SELECT fact || ' ' || COALESCE(role, '-') || ' ' || COALESCE(proof, '-') FROM audit \
             WHERE fact LIKE 'administrator%' ORDER BY id",
        )
        .await
}

async fn role_ids(server: &TestServer, email: &str) -> Vec<AdminRoleId> {
    let mut tx = server.app.db.read().await.unwrap();
    let found = find_by_email(&mut tx, &server.app.master_key, email).await.unwrap().unwrap();
    roles::list(&mut tx, &found.id).await.unwrap().into_iter().map(|grant| grant.id).collect()
}

async fn end_roles(server: &TestServer, email: &str) {
    for id in role_ids(server, email).await {
        let ended = end_role(server.operation().storage(), RoleGiver::Operator("test"), &id).await.unwrap();
        assert!(ended.is_some());
    }
}

#[tokio::test]
async fn attack_p7_an_invitation_is_shown_by_opening_and_taken_once_by_sending() {
    let server = TestServer::start().await;
    let path = server.invite_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await.unwrap();
    server.drain_outbox().await;
    let mail = server.mails().pop().unwrap();
    assert!(mail.to == "a@ecole.example" && mail.text.contains(&format!("{}{path}", server.issuer())), "{mail:?}");
    // Programs that look at mails open links: nothing is used up.
    let (mut first, mut second) = (Browser::new(&server), Browser::new(&server));
    for browser in [&mut first, &mut second] {
        browser.get(&path).await;
        assert_eq!(browser.page.status, StatusCode::OK);
        assert!(browser.page.visible_text().contains("Clg Théodore Monod"), "{}", browser.page.visible_text());
    }
    let mut authenticator = SoftAuthenticator::new(server.issuer());
    for wrong in [
        WrongWords { origin: Some("https://evil.example"), ..RIGHT },
        WrongWords { without_verification: true, ..RIGHT },
    ] {
        first.get(&path).await;
        first.create_passkey(&mut authenticator, &wrong).await;
        assert_eq!(first.page.status, REFUSED, "{}", first.page.visible_text());
    }
    // A form of another browser, without the cookie with which the page was shown.
    let mut stranger = Browser::new(&server);
    stranger.post(&path, &[("etat", "x"), ("reponse", "x")]).await;
    assert_eq!(stranger.page.status, REFUSED);
    first.get(&path).await;
    first.create_passkey(&mut authenticator, &RIGHT).await;
    assert_eq!(first.page.location(), "/admin");
    assert!(first.cookie("admin").is_some() && !first.has_session(), "a cookie of its own");
    second.create_passkey(&mut SoftAuthenticator::new(server.issuer()), &RIGHT).await;
    assert_eq!(second.page.status, StatusCode::GONE);
    second.get(&path).await;
    let used = second.page.visible_text();
    assert_eq!(second.page.status, StatusCode::GONE);
    second.get("/admin/invitation/nothing").await;
    assert_eq!(second.page.visible_text(), used, "the same as one that never was");
    let mut seen = facts(&server).await;
    seen.sort();
    assert_eq!(
        seen,
        [
            "administrator_enrolled  passkey",
            "administrator_invited - -",
            "administrator_role_given - -",
            "administrator_signed_in  passkey"
        ]
    );
}

#[tokio::test]
async fn attack_p7_a_newer_invitation_ends_the_former_one_and_none_serves_after_seven_days() {
    let server = TestServer::start().await;
    let email = "a@ecole.example";
    let former = server.invite_administrator(AdminRole::SchoolHead, "school:0349999J", email).await.unwrap();
    let newer = server.invite_administrator(AdminRole::Delegate, "school:0349998H", "A@ecole.example").await.unwrap();
    let mut browser = Browser::new(&server);
    browser.get(&former).await;
    assert_eq!(browser.page.status, StatusCode::GONE);
    server.advance(Span(Span::days(7).0 - 1));
    browser.get(&newer).await;
    assert_eq!(browser.page.status, StatusCode::OK);
    server.advance(Span(1));
    browser.create_passkey(&mut SoftAuthenticator::new(server.issuer()), &RIGHT).await;
    assert_eq!(browser.page.status, StatusCode::GONE);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM administrator").await, 1, "one address, one person");
}

#[tokio::test]
async fn attack_p7_nobody_becomes_an_administrator_by_being_first_or_near() {
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.headers = vec![("x-forwarded-for", "127.0.0.1".to_owned()), ("x-real-ip", "127.0.0.1".to_owned())];
    for path in [
        "/admin",
        "/admin/equipe",
        "/admin/moi",
        "/admin/moi/cle",
        "/admin/moi/jetons",
        "/admin/moi/jetons/nouveau",
        "/admin/moi/jetons/revoquer",
        "/admin/preuve",
        "/admin/equipe/relire",
    ] {
        browser.get(path).await;
        assert!(browser.page.location().starts_with("/admin/connexion"), "{path}");
        browser.post(path, &[]).await;
        let status = browser.page.status;
        assert!(status == StatusCode::SEE_OTHER || status == StatusCode::METHOD_NOT_ALLOWED, "{path} {status}");
    }
    browser.get("/admin/connexion").await;
    assert!(!browser.page.has_element("#entrer-1"), "no door is open");
    let id = "0".repeat(32);
    browser.post("/admin/connexion", &[("administrateur", &id)]).await;
    assert_eq!(browser.page.status, REFUSED);
}

#[tokio::test]
async fn attack_s7_the_session_of_an_administrator_is_its_own_strict_short_and_new_each_time() {
    let server = TestServer::start().await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    let first = head.browser.cookie("admin").unwrap().to_owned();
    head.browser.get("/compte").await;
    assert_eq!(head.browser.page.location(), "/connexion", "no single sign-on with accounts");
    head.browser.get("/admin/connexion").await;
    assert_eq!(head.browser.page.location(), "/admin", "somebody who is in goes on");
    head.browser.submit_sign_out().await;
    head.sign_in().await;
    assert_ne!(head.browser.cookie("admin").unwrap(), first);
    let set = head.browser.page.cookies().into_iter().find(|c| c.starts_with("preau_dev_admin=")).unwrap();
    assert!(set.contains("SameSite=Strict") && !set.contains("Max-Age"), "{set}");
    // Fifteen minutes without a page.
    server.advance(Span::minutes(14));
    head.browser.get("/admin").await;
    assert_eq!(head.browser.page.status, StatusCode::OK);
    server.advance(Span::minutes(15));
    head.browser.get("/admin/moi").await;
    assert_eq!(head.browser.page.location(), "/admin/connexion?vers=%2Fadmin%2Fmoi");
    // Eight hours at most.
    head.browser.follow().await;
    head.browser.use_passkey(&mut head.authenticator, &RIGHT).await;
    assert_eq!(head.browser.page.location(), "/admin/moi", "goes on to where it was");
    for _ in 0..47 {
        server.advance(Span::minutes(10));
        head.browser.get("/admin").await;
        assert_eq!(head.browser.page.status, StatusCode::OK);
    }
    server.advance(Span::minutes(10));
    head.browser.get("/admin").await;
    assert!(head.browser.page.location().starts_with("/admin/connexion"));
}

impl Browser {
    async fn submit_sign_out(&mut self) {
        self.get("/admin").await;
        self.submit("quitter", &[]).await;
        assert_eq!(self.page.location(), "/admin/connexion");
        assert!(self.cookie("admin").is_none());
    }
}

#[tokio::test]
async fn attack_s5_a_link_of_another_site_loads_once_more_and_its_forms_are_refused() {
    let server = TestServer::start().await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    // A browser sends no strict cookie with a link of another site.
    let ask = async |site: &str| {
        let request = Request::get("/admin/equipe?x=1").header("sec-fetch-site", site);
        server.call(request.body(Body::empty()).unwrap()).await
    };
    for site in ["cross-site", "same-site"] {
        let page = ask(site).await;
        assert_eq!(page.status, StatusCode::OK);
        let again = attribute(&page.text(), "meta[http-equiv=refresh]", "content").unwrap();
        assert_eq!(again, "0;url=/admin/equipe?x=1");
    }
    let here = ask("same-origin").await;
    assert!(here.location().starts_with("/admin/connexion?vers="), "once, not in circles");
    head.browser.post_cross_site("/admin/deconnexion", &[]).await;
    assert_eq!(head.browser.page.status, StatusCode::FORBIDDEN);
    head.browser.get("/admin").await;
    assert_eq!(head.browser.page.status, StatusCode::OK);
}

#[tokio::test]
async fn attack_p1_a_passkey_of_an_account_opens_no_console_and_the_reverse() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let (_, mut of_account) = enrolled(&server, &account).await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    let mut browser = Browser::new(&server);
    browser.get("/admin/connexion").await;
    browser.use_passkey(&mut of_account, &RIGHT).await;
    assert_eq!(browser.page.status, REFUSED);
    assert!(browser.cookie("admin").is_none());
    browser.get("/connexion").await;
    browser.use_passkey(&mut head.authenticator, &RIGHT).await;
    assert_eq!(browser.page.status, REFUSED);
    assert!(!browser.has_session());
    // An answer for one purpose is refused for another.
    browser.get("/connexion").await;
    let (options, state) = browser.passkey_form();
    let answer = head.authenticator.get(&options, &RIGHT);
    browser.post("/admin/connexion", &[("etat", &state), ("reponse", &answer)]).await;
    assert_eq!(browser.page.status, REFUSED);
}

#[tokio::test]
async fn attack_p1_a_role_that_ends_closes_the_console_at_once() {
    let server = TestServer::start().await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    head.browser.get("/admin").await;
    assert_eq!(head.browser.page.status, StatusCode::OK);
    end_roles(&server, "a@ecole.example").await;
    head.browser.get("/admin").await;
    assert!(head.browser.page.location().starts_with("/admin/connexion"));
    head.sign_in().await;
    assert_eq!(head.browser.page.status, StatusCode::FORBIDDEN, "{}", head.browser.page.visible_text());
    assert!(head.browser.page.visible_text().contains("rôle est terminé"));
}

async fn invite_by_page(browser: &mut Browser, role: &str, territory: &str, email: &str) {
    browser.get("/admin/equipe").await;
    let typed =
        [("nom", "Samuel Costa"), ("courriel", email), ("role", role), ("territoire", territory), ("classe", "")];
    browser.submit("relire", &typed).await;
}

#[tokio::test]
async fn attack_p1_threat_s10_a_role_is_given_after_a_fresh_proof_and_inside_the_own_territory_only() {
    let server = TestServer::start().await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    server.advance(Span::minutes(6));
    for (role, territory) in [
        ("delegate", "0349998H"),
        ("delegate", "0319999A"),
        ("delegate", "0349999K"),
        ("school_head", "0349999J"),
        ("academy", "montpellier"),
        ("national", ""),
        ("auditor", "montpellier"),
        ("emperor", "0349999J"),
    ] {
        invite_by_page(&mut head.browser, role, territory, "b@ecole.example").await;
        assert_eq!(head.browser.page.status, REFUSED, "{role} {territory}");
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM administrator").await, 1);
    invite_by_page(&mut head.browser, "delegate", "0349999J Clg Théodore Monod", "b@ecole.example").await;
    let review = head.browser.page.location().to_owned();
    assert!(review.starts_with("/admin/equipe/relire?d="));
    // The proof of the sign-in is too old; after a new one, the draft is still there.
    head.browser.get(&review).await;
    assert!(head.browser.page.location().starts_with("/admin/preuve?vers="), "{}", head.browser.page.visible_text());
    head.browser.post(&review, &[("d", review.split_once("d=").unwrap().1)]).await;
    assert!(head.browser.page.location().starts_with("/admin/preuve"), "nothing without it");
    head.open(&review).await;
    assert!(head.browser.page.visible_text().contains("b@ecole.example"), "{}", head.browser.page.visible_text());
    let mut double = head.browser.clone_browser();
    double.get(&review).await;
    head.browser.submit("inviter", &[]).await;
    assert_eq!(head.browser.page.location(), "/admin/equipe?fait=given");
    double.submit("inviter", &[]).await;
    assert_eq!(double.page.location(), "/admin/equipe?fait=given", "posted twice: the same answer");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM admin_role").await, 2);
    // A draft of another administrator opens nothing.
    let mut other = server.create_administrator(AdminRole::SchoolHead, "school:0349998H", "c@ecole.example").await;
    other.open(&review).await;
    assert_eq!(other.browser.page.location(), "/admin/equipe");
    let refused = facts(&server).await.into_iter().filter(|fact| fact.starts_with("administrator_refused")).count();
    assert!(refused >= 3, "refusals are recorded: {refused}");
}

#[tokio::test]
async fn threat_s10_the_role_of_an_academy_asks_for_two_passkeys_and_another_ones_agreement() {
    let server = TestServer::start().await;
    let mut first = server.create_administrator(AdminRole::Academy, "academy:montpellier", "a@ac.example").await;
    let mut second = server.create_administrator(AdminRole::Academy, "academy:montpellier", "b@ac.example").await;
    invite_by_page(&mut first.browser, "academy", "montpellier", "c@ac.example").await;
    let review = first.browser.page.location().to_owned();
    first.browser.get(&review).await;
    assert_eq!(first.browser.page.location(), "/admin/moi", "one passkey is too few");
    first.add_second_passkey().await;
    second.add_second_passkey().await;
    first.open(&review).await;
    first.browser.submit("inviter", &[]).await;
    assert_eq!(first.browser.page.location(), "/admin/equipe?fait=given", "{}", first.browser.page.visible_text());
    let id = role_ids(&server, "c@ac.example").await.pop().unwrap();
    // Whoever gave it does not agree with it, nor does the one who got it.
    first.browser.post("/admin/equipe/approuver", &[("role", &id)]).await;
    assert_eq!(first.browser.page.status, StatusCode::NOT_FOUND);
    server.drain_outbox().await;
    let mail = server.mails().into_iter().rfind(|mail| mail.to == "c@ac.example").unwrap();
    let link = mail.text.split_whitespace().find(|word| word.starts_with(server.issuer())).unwrap().to_owned();
    let mut third = Browser::new(&server);
    third.get(&link).await;
    let mut authenticator = SoftAuthenticator::new(server.issuer());
    third.create_passkey(&mut authenticator, &RIGHT).await;
    third.follow().await;
    assert!(third.url.path().starts_with("/admin/connexion"), "the role gives nothing yet: {}", third.url);
    second.browser.get("/admin/equipe").await;
    assert!(second.browser.page.visible_text().contains("Attend un accord"));
    second.browser.post("/admin/equipe/approuver", &[("role", &id)]).await;
    assert_eq!(second.browser.page.location(), "/admin/equipe?fait=approved");
    third.get("/admin/connexion").await;
    third.use_passkey(&mut authenticator, &RIGHT).await;
    assert_eq!(third.page.location(), "/admin", "{}", third.page.visible_text());
}

#[tokio::test]
async fn threat_s15_what_is_outside_the_territory_is_answered_like_what_is_not_there() {
    let server = TestServer::start().await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    server.create_administrator(AdminRole::Delegate, "school:0349998H", "b@ecole.example").await;
    let elsewhere = role_ids(&server, "b@ecole.example").await.pop().unwrap();
    let nowhere = AdminRoleId::new("f".repeat(32));
    for path in ["/admin/equipe/terminer", "/admin/equipe/reinviter", "/admin/equipe/approuver"] {
        let mut seen = Vec::new();
        for id in [&elsewhere, &nowhere] {
            head.browser.post(path, &[("role", id)]).await;
            assert_eq!(head.browser.page.status, StatusCode::NOT_FOUND, "{path}");
            seen.push(head.browser.page.text());
        }
        assert_eq!(seen[0], seen[1], "{path}");
    }
    head.browser.get("/admin/equipe").await;
    assert!(!head.browser.page.text().contains("Nom de b"), "nor listed");
    let recorded = server
        .query_texts(
            "SELECT role || ' ' || COALESCE(uai, '') || ' ' || detail FROM audit WHERE fact = 'administrator_refused'",
        )
        .await;
    assert_eq!(recorded, vec!["school_head@0349999J 0349998H give_role"; 3]);
    assert_eq!(role_ids(&server, "b@ecole.example").await.len(), 1, "nothing was done");
}

#[tokio::test]
async fn attack_p1_a_role_is_ended_and_renewed_by_one_above_and_by_nobody_for_oneself() {
    let server = TestServer::start().await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    let mut delegate = server.create_administrator(AdminRole::Delegate, "class:0349999J/6 A", "b@ecole.example").await;
    let (own, theirs) = (role_ids(&server, "a@ecole.example").await, role_ids(&server, "b@ecole.example").await);
    for (path, role) in [("terminer", &own[0]), ("reinviter", &own[0])] {
        head.browser.post(&format!("/admin/equipe/{path}"), &[("role", role)]).await;
        assert_eq!(head.browser.page.status, StatusCode::NOT_FOUND, "{path}");
    }
    for role in [&own[0], &theirs[0]] {
        delegate.browser.post("/admin/equipe/terminer", &[("role", role)]).await;
        assert_eq!(delegate.browser.page.status, StatusCode::NOT_FOUND);
    }
    delegate.browser.get("/admin/equipe").await;
    assert_eq!(delegate.browser.page.status, StatusCode::NOT_FOUND, "no page of theirs");
    head.browser.post("/admin/equipe/reinviter", &[("role", &theirs[0])]).await;
    assert_eq!(head.browser.page.location(), "/admin/equipe?fait=renewed");
    delegate.browser.get("/admin").await;
    assert!(delegate.browser.page.location().starts_with("/admin/connexion"), "the session ended");
    delegate.sign_in().await;
    assert_eq!(delegate.browser.page.status, REFUSED, "the lost passkey opens nothing");
    head.browser.post("/admin/equipe/terminer", &[("role", &theirs[0])]).await;
    assert_eq!(head.browser.page.location(), "/admin/equipe?fait=ended");
    server.drain_outbox().await;
    let mail = server.mails().into_iter().rfind(|mail| mail.to == "b@ecole.example").unwrap();
    let link = mail.text.split_whitespace().find(|word| word.starts_with(server.issuer())).unwrap().to_owned();
    delegate.browser.get(&link).await;
    assert_eq!(delegate.browser.page.status, StatusCode::GONE, "an invitation without a role serves no more");
}

#[tokio::test]
async fn threat_s10_an_equal_neither_renews_nor_ends_a_role_that_two_agree_on() {
    let server = TestServer::start().await;
    let mut one = server.create_administrator(AdminRole::Academy, "academy:montpellier", "a@academie.example").await;
    one.add_second_passkey().await;
    let mut other = server.create_administrator(AdminRole::Academy, "academy:montpellier", "b@academie.example").await;
    let theirs = role_ids(&server, "b@academie.example").await;
    for path in ["terminer", "reinviter"] {
        one.browser.post(&format!("/admin/equipe/{path}"), &[("role", &theirs[0])]).await;
        assert_eq!(one.browser.page.status, StatusCode::NOT_FOUND, "{path}");
    }
    other.browser.get("/admin/moi").await;
    assert_eq!(other.browser.page.status, StatusCode::OK, "their session and proofs stay");
    let mut above = server.create_administrator(AdminRole::National, "all", "n@etat.example").await;
    above.add_second_passkey().await;
    above.browser.post("/admin/equipe/terminer", &[("role", &theirs[0])]).await;
    assert_eq!(above.browser.page.location(), "/admin/equipe?fait=ended");
}

#[tokio::test]
async fn attack_p7_who_gives_an_invited_person_a_role_gets_no_link_to_the_roles_above() {
    let server = TestServer::start().await;
    let invited = server.invite_administrator(AdminRole::National, "all", "n@etat.example").await.unwrap();
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    invite_by_page(&mut head.browser, "delegate", "0349999J", "n@etat.example").await;
    let review = head.browser.page.location().to_owned();
    head.open(&review).await;
    head.browser.submit("inviter", &[]).await;
    assert_eq!(role_ids(&server, "n@etat.example").await.len(), 2, "the role is given");
    assert!(!head.browser.page.text().contains("/admin/invitation/"), "{}", head.browser.page.visible_text());
    server.drain_outbox().await;
    let mails = server.mails();
    let told = mails.iter().filter(|mail| mail.to == "n@etat.example" && mail.text.contains("/admin/invitation/"));
    assert_eq!(told.count(), 1, "the operator's link alone");
    let mut browser = Browser::new(&server);
    browser.get(&invited).await;
    assert_eq!(browser.page.status, StatusCode::OK, "the operator's invitation serves");
}

/// Takes an invitation with a password and an application.
async fn enrol_with_application(server: &TestServer, path: &str) -> (Browser, TotpSecret) {
    let mut browser = Browser::new(server);
    browser.get(&format!("{path}?moyen=application")).await;
    let shown = browser.page.text();
    let secret = crate::support::html::text(&shown, "#secret").unwrap().replace(' ', "");
    let secret = TotpSecret::parse(&secret).unwrap();
    let code = secret.code_at(server.now());
    let typed = [("mot_de_passe", "Cheval-bleu-7"), ("confirmation", "Cheval-bleu-7"), ("code", &code)];
    browser.submit("accepter", &typed).await;
    (browser, secret)
}

async fn with_applications() -> TestServer {
    TestServer::start_with_config(|config| config.administration.totp = true).await
}

#[tokio::test]
async fn attack_m9_a_password_with_a_code_serves_only_where_the_deployment_says_so() {
    let server = TestServer::start().await;
    let path = server.invite_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await.unwrap();
    let mut browser = Browser::new(&server);
    browser.get(&format!("{path}?moyen=application")).await;
    assert!(!browser.page.has_element("#secret") && !browser.page.has_element("#application"));
    let fields = [("scelle", "x"), ("mot_de_passe", "Cheval-bleu-7"), ("confirmation", "Cheval-bleu-7"), ("code", "1")];
    browser.post(&path, &fields).await;
    assert_eq!(browser.page.status, REFUSED);
    browser.get("/admin/connexion").await;
    assert!(!browser.page.has_element("#se-connecter"));
    let server = with_applications().await;
    let path = server.invite_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await.unwrap();
    let (mut browser, secret) = enrol_with_application(&server, &path).await;
    assert_eq!(browser.page.location(), "/admin", "{}", browser.page.visible_text());
    browser.follow().await;
    assert_eq!(browser.page.status, StatusCode::OK);
    // Everything but a passkey works without a script: the proof too.
    server.advance(Span::minutes(10));
    browser.get("/admin/moi/cle").await;
    browser.follow().await;
    let code = secret.code_at(server.now());
    browser.submit("confirmer", &[("code", "000000")]).await;
    assert_eq!(browser.page.status, REFUSED);
    browser.submit("confirmer", &[("code", &code)]).await;
    assert_eq!(browser.page.location(), "/admin/moi/cle");
    // From a deployment that forbids it again, nobody enters so.
    let strict = server.restart_with_config(|config| config.administration.totp = false).await;
    server.advance(Span::minutes(10));
    let mut entering = Browser::new(&strict);
    entering.get("/admin/connexion").await;
    let code = secret.code_at(server.now());
    let typed = [("courriel", "a@ecole.example"), ("mot_de_passe", "Cheval-bleu-7"), ("code", &code)];
    entering.post("/admin/connexion", &typed).await;
    assert_eq!(entering.page.status, REFUSED);
}

#[tokio::test]
async fn attack_l1_threat_s05_passwords_and_codes_of_administrators_are_counted_first_and_refused_alike() {
    let server = with_applications().await;
    let path = server.invite_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await.unwrap();
    let (_, secret) = enrol_with_application(&server, &path).await;
    server.advance(Span::minutes(2));
    let attempt = async |email: &str, password: &str, code: &str| {
        let mut browser = Browser::new(&server);
        browser.get("/admin/connexion").await;
        let typed = [("courriel", email), ("mot_de_passe", password), ("code", code)];
        browser.submit("se-connecter", &typed).await;
        (browser.page.status, browser.page.visible_text())
    };
    let right = secret.code_at(server.now());
    let wrong_code = attempt("a@ecole.example", "Cheval-bleu-7", "000000").await;
    assert_eq!(wrong_code.0, REFUSED);
    assert_eq!(attempt("a@ecole.example", "Cheval-vert-7", &right).await, wrong_code);
    assert_eq!(attempt("nobody@ecole.example", "Cheval-bleu-7", &right).await, wrong_code);
    assert_eq!(attempt("A@ecole.example", "Cheval-bleu-7", &right).await.0, StatusCode::SEE_OTHER);
    // The code served: a second time it opens nothing.
    assert_eq!(attempt("a@ecole.example", "Cheval-bleu-7", &right).await, wrong_code);
    for email in ["a@ecole.example", "nobody@ecole.example"] {
        let mut statuses = Vec::new();
        for _ in 0..6 {
            statuses.push(attempt(email, "Cheval-vert-7", "000000").await.0);
        }
        assert_eq!(*statuses.last().unwrap(), StatusCode::TOO_MANY_REQUESTS, "{email}");
    }
    let next = secret.code_at(server.now().plus(Span::seconds(30)));
    let waiting = attempt("a@ecole.example", "Cheval-bleu-7", &next).await;
    assert_eq!(waiting.0, StatusCode::TOO_MANY_REQUESTS, "also the right one waits");
}

#[tokio::test]
async fn attack_p7_a_door_without_proof_opens_on_this_machine_only() {
    let server = TestServer::start_with_config(|config| config.administration.entry_without_proof = true).await;
    server.invite_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await.unwrap();
    let mut browser = Browser::new(&server);
    browser.get("/admin/connexion").await;
    browser.submit("entrer-1", &[]).await;
    assert_eq!(browser.page.location(), "/admin");
    browser.follow().await;
    assert_eq!(browser.page.status, StatusCode::OK);
    let elsewhere = TestServer::start_with_config(|config| {
        config.server.issuer = "https://id.example.fr".to_owned();
        config.phones.fictitious.clear();
        config.outgoing.allow_private = false;
        config.administration.entry_without_proof = true;
    })
    .await;
    elsewhere.invite_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await.unwrap();
    let mut browser = Browser::new(&elsewhere);
    browser.get("/admin/connexion").await;
    assert!(!browser.page.has_element("#entrer-1"));
    let id = elsewhere.query_texts("SELECT id FROM administrator").await.pop().unwrap();
    browser.post("/admin/connexion", &[("administrateur", &id)]).await;
    assert_eq!(browser.page.status, REFUSED);
}

#[tokio::test]
async fn the_home_shows_what_waits_and_figures_that_are_there() {
    let server = TestServer::start().await;
    server.create_durand().await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    head.browser.get("/admin").await;
    let shown = head.browser.page.visible_text();
    assert!(shown.contains("Rien n'attend") && shown.contains("1 parents ont un compte actif"), "{shown}");
    let mut auditor = server.create_administrator(AdminRole::Auditor, "academy:toulouse", "v@ac.example").await;
    auditor.browser.get("/admin").await;
    assert!(!auditor.browser.page.visible_text().contains("compte actif"));
    assert!(!auditor.browser.page.has_element("a[href='/admin/equipe']"));
}

#[tokio::test]
async fn threat_s15_the_home_counts_the_notices_of_the_own_schools_and_of_the_own_classes() {
    let server = TestServer::start().await;
    server.import_families("montpellier", "0349999J", &[TestFamily::durand(), TestFamily::ndiaye()]).await;
    let notices = "INSERT INTO notice (id, uai, person_id, pupil_id, kind, support_code, at) \
                   SELECT 'n' || u.id, l.uai, l.person_id, u.id, 'contested', '', $1 \
                   FROM pupil u JOIN link l ON l.pupil_id = u.id";
    assert_eq!(server.execute_sql(notices, vec![server.now().0.into()]).await, 3);
    let (several, one) = ("3 réponses Non pour un enfant", "un parent a répondu Non pour un enfant");
    for (n, (role, territory, told)) in [
        (AdminRole::National, "all", several),
        (AdminRole::HelpDesk, "ministry:en", "Rien n'attend"),
        (AdminRole::Academy, "academy:montpellier", several),
        (AdminRole::Academy, "academy:toulouse", "Rien n'attend"),
        (AdminRole::SchoolHead, "school:0349999J", several),
        (AdminRole::SchoolHead, "school:0319999A", "Rien n'attend"),
        (AdminRole::Delegate, "class:0349999J/4 C", one),
        (AdminRole::Delegate, "class:0349999J/5 B", "Rien n'attend"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut who = server.create_administrator(role, territory, &format!("who{n}@ac.example")).await;
        who.browser.get("/admin").await;
        let shown = who.browser.page.visible_text();
        assert!(shown.contains(told), "{role:?} of {territory}: {shown}");
    }
    server.execute_sql("UPDATE notice SET settled_at = 1", Vec::new()).await;
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    head.browser.get("/admin").await;
    assert!(head.browser.page.visible_text().contains("Rien n'attend"));
}
