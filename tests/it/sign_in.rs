//! Signing in by password: what is refused, how often one may try, and what nobody learns.

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::base::profile::Profile;
use preau::crypto::Priority;
use preau::db::Durability;

use crate::support::html::attribute;
use crate::support::{Browser, TestAccount, TestRelyingParty, TestServer};

/// A browser on the sign-in page of the ENT's request.
async fn at_sign_in(server: &TestServer) -> Browser {
    let mut browser = Browser::new(server);
    browser.open(&TestRelyingParty::new(server, "ent").attempt().url).await;
    assert!(browser.page.has_element("#se-connecter"), "{}", browser.page.visible_text());
    browser
}

/// One attempt with a fresh form: its status.
async fn attempt(browser: &mut Browser, identifiant: &str, password: &str) -> StatusCode {
    browser.sign_in_with(identifiant, password).await.status
}

const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const WAIT: StatusCode = StatusCode::TOO_MANY_REQUESTS;

/// The times in the only budget.
async fn marks(server: &TestServer) -> usize {
    let rows = server.query_texts("SELECT marks FROM budget WHERE action = 'password'").await;
    assert!(rows.len() <= 1, "{rows:?}");
    rows.iter().flat_map(|row| row.split(',')).filter(|mark| !mark.is_empty()).count()
}

#[tokio::test]
async fn the_right_password_signs_in_and_goes_on_to_the_client() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = at_sign_in(&server).await;
    assert!(browser.page.visible_text().contains("Service ent"), "the page names who asked");
    browser.sign_in_with(&member.identifiant, &member.password).await;
    assert!(browser.page.location().starts_with("/connexion/suite?i="));
    let onward = browser.page.location().to_owned();
    browser.get(&onward).await;
    assert!(browser.page.has_element("#continuer"), "a page, not a redirect: {}", browser.page.visible_text());
    assert!(browser.follow().await.expect_redirect_away().as_str().starts_with("https://ent.example/retour?code="));
}

#[tokio::test]
async fn without_a_request_sign_in_ends_on_the_account() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = Browser::new(&server);
    browser.open("/").await;
    browser.sign_in(&member).await;
    assert_eq!(browser.url.path(), "/compte");
    assert!(browser.page.visible_text().contains("Zoé"), "{}", browser.page.visible_text());
    browser.submit("se-deconnecter", &[]).await;
    browser.follow().await;
    assert!(!browser.has_session());
    browser.open("/compte").await;
    assert_eq!(browser.url.path(), "/connexion");
}

#[tokio::test]
async fn attack_l4_five_wrong_then_delays_from_a_minute_doubling_to_an_hour() {
    let server = TestServer::start().await;
    let TestAccount { identifiant, password, .. } = server.create_durand().await;
    let mut browser = at_sign_in(&server).await;
    for _ in 0..5 {
        assert_eq!(attempt(&mut browser, &identifiant, "Faux-mot-2").await, WRONG);
    }
    for seconds in [60, 120, 240, 480, 960, 1920, 3600, 3600] {
        assert_eq!(attempt(&mut browser, &identifiant, &password).await, WAIT, "even the right one waits");
        server.advance(Span::seconds(seconds - 1));
        assert_eq!(attempt(&mut browser, &identifiant, &password).await, WAIT, "{seconds} s are not over");
        server.advance(Span::seconds(1));
        assert_eq!(attempt(&mut browser, &identifiant, "Faux-mot-2").await, WRONG, "after {seconds} s");
    }
    server.advance(Span::hours(1));
    assert_eq!(attempt(&mut browser, &identifiant, &password).await, StatusCode::SEE_OTHER);
    assert_eq!(marks(&server).await, 0, "the right one forgets the wrong ones");
}

#[tokio::test]
async fn threat_s03_a_day_of_guesses_is_twenty_five_evaluated() {
    let server = TestServer::start().await;
    let TestAccount { identifiant, password, .. } = server.create_durand().await;
    let mut browser = at_sign_in(&server).await;
    let mut evaluated = 0;
    for _ in 0..24 * 60 {
        evaluated += i32::from(attempt(&mut browser, &identifiant, "Faux-mot-2").await == WRONG);
        server.advance(Span::minutes(1));
    }
    assert_eq!(evaluated, 25);
    server.advance(Span::hours(1));
    assert_eq!(attempt(&mut browser, &identifiant, &password).await, StatusCode::SEE_OTHER, "the window slides");
}

#[tokio::test]
async fn the_wait_survives_a_restart() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = at_sign_in(&server).await;
    for _ in 0..5 {
        attempt(&mut browser, &member.identifiant, "Faux-mot-2").await;
    }
    let mut browser = at_sign_in(&server.restart().await).await;
    assert_eq!(attempt(&mut browser, &member.identifiant, &member.password).await, WAIT);
}

#[tokio::test]
async fn attack_l2_a11_case_and_blanks_are_one_identifiant_and_lookalikes_none() {
    let server = TestServer::start().await;
    let TestAccount { identifiant, password, .. } = server.create_durand().await;
    let mut browser = at_sign_in(&server).await;
    for other in [identifiant.to_uppercase(), format!("  {identifiant}\t"), format!("\u{a0}{identifiant}")] {
        assert_eq!(attempt(&mut browser, &other, "Faux-mot-2").await, WRONG, "{other:?}");
    }
    assert_eq!(marks(&server).await, 3, "counted together");
    assert_eq!(attempt(&mut browser, &identifiant.to_uppercase(), &password).await, StatusCode::SEE_OTHER);
    for other in [
        identifiant.replace('.', "\u{ff0e}"),
        identifiant.replace('a', "\u{430}"),
        format!("{identifiant}\u{200b}"),
        format!("{identifiant}@ent.example"),
        identifiant.replace('.', "+x."),
    ] {
        let mut browser = at_sign_in(&server).await;
        assert_eq!(attempt(&mut browser, &other, &password).await, WRONG, "{other:?}");
    }
}

#[tokio::test]
async fn threat_s05_attack_l6_nobody_learns_whether_an_identifiant_exists() {
    let server = TestServer::start().await;
    let known = server.create_durand().await;
    let pending = {
        let op = server.operation();
        let mut tx = op.write(Durability::Durable).await.unwrap();
        let profile = Profile::Responsable;
        let open = preau::accounts::ops::create_account(&mut tx, profile, "Pia", "DURANT", None);
        let account = open.await.unwrap();
        tx.commit().await.unwrap();
        account.identifiant
    };
    let suspended = server.create_account("Sam", "DURANS").await;
    server.set_suspension(&suspended, Some("school")).await;
    let mut stories = Vec::new();
    for identifiant in [known.identifiant.as_str(), "z.durane99", &pending, &suspended.identifiant] {
        let mut browser = at_sign_in(&server).await;
        let query = browser.url.query().unwrap().to_owned();
        let nav = browser.cookie("nav").unwrap().to_owned();
        let mut story = Vec::new();
        for n in 0..30 {
            let answer = browser.sign_in_with(identifiant, "Faux-mot-2").await;
            let text = answer.text().replace(identifiant, "IDENTIFIANT").replace(&query.replace('&', "&amp;"), "QUERY");
            let headers: Vec<String> = answer
                .headers
                .iter()
                // Drawn for each answer.
                .filter(|(name, _)| *name != "x-request-id")
                .map(|(n, v)| format!("{n}: {v:?}"))
                .collect();
            let mut masked = format!("{} {headers:?} {text}", answer.status);
            // The challenge and the sealed state are drawn for each page; their lengths stay compared.
            for (of, name) in [("form[data-passkey]", "data-options"), ("form[data-passkey] input[name=etat]", "value")]
            {
                let shown = attribute(&answer.text(), of, name).expect("a passkey can be used");
                let drawn = shown.split("\"challenge\":\"").nth(1).map_or(shown.as_str(), |rest| &rest[..43]);
                masked = masked.replace(drawn, &format!("DRAWN {}", drawn.len()));
            }
            story.push(masked.replace(&query, "QUERY").replace(&nav, "NAV"));
            if n % 3 == 2 {
                server.advance(Span::minutes(1));
            }
        }
        // The next identifiant's story begins at the same hour of the day.
        server.advance(Span::hours(24).0.checked_sub(600_000).map(Span).unwrap());
        stories.push(story);
    }
    for story in &stories[1..] {
        assert_eq!(story, &stories[0]);
    }
}

#[tokio::test]
async fn attack_s2_an_account_without_a_password_cannot_sign_in() {
    let server = TestServer::start().await;
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let open = preau::accounts::ops::create_account(&mut tx, Profile::Responsable, "Pia", "DURANT", None);
    let pending = open.await.unwrap().identifiant;
    tx.commit().await.unwrap();
    let mut browser = at_sign_in(&server).await;
    assert_eq!(attempt(&mut browser, &pending, "").await, WRONG);
    assert_eq!(attempt(&mut browser, &pending, " ").await, WRONG);
    assert_eq!(attempt(&mut browser, &pending, "null").await, WRONG);
    assert!(!browser.has_session());
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_s03_fifty_parallel_right_sign_ins_all_succeed() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let statuses = parallel(std::slice::from_ref(&server), &member, &member.password, 50).await;
    assert_eq!(statuses, [StatusCode::SEE_OTHER; 50]);
    // A person has ten at most: the others have ended again.
    assert_eq!(server.query_count("SELECT COUNT(*) FROM session").await, 50);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM session WHERE ended_at IS NULL").await, 10);
    assert_eq!(marks(&server).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_l1_fifty_parallel_wrong_ones_are_five() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let statuses = parallel(std::slice::from_ref(&server), &member, "Faux-mot-2", 50).await;
    assert_eq!(statuses.iter().filter(|s| **s == WRONG).count(), 5, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|s| **s == WAIT).count(), 45, "{statuses:?}");
    assert_eq!(marks(&server).await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn attack_l1_two_servers_count_together() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let statuses = parallel(&[server.clone(), server.restart().await], &member, "Faux-mot-2", 50).await;
    assert_eq!(statuses.iter().filter(|s| **s == WRONG).count(), 5, "{statuses:?}");
    assert_eq!(marks(&server).await, 5);
}

/// So many sign-ins at once, each from a browser of its own, the servers in turn.
async fn parallel(servers: &[TestServer], member: &TestAccount, password: &str, many: usize) -> Vec<StatusCode> {
    let mut browsers = Vec::new();
    for server in servers.iter().cycle().take(many) {
        browsers.push(at_sign_in(server).await);
    }
    let mut tasks = Vec::new();
    for mut browser in browsers {
        let (identifiant, password) = (member.identifiant.clone(), password.to_owned());
        let form = (browser.url.to_string(), browser.page.form_of("se-connecter"));
        tasks.push(tokio::spawn(async move {
            assert_eq!(form.1.action, None);
            let fields = [("identifiant", identifiant.as_str()), ("mot_de_passe", password.as_str())];
            browser.post(&form.0, &fields).await.status
        }));
    }
    let mut out = Vec::new();
    for task in tasks {
        out.push(task.await.unwrap());
    }
    out
}

#[tokio::test]
async fn attack_a15_an_empty_form_is_asked_again_and_passes_nothing() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = at_sign_in(&server).await;
    let here = browser.url.to_string();
    for fields in [
        vec![],
        vec![("identifiant", ""), ("mot_de_passe", "")],
        vec![("identifiant", member.identifiant.as_str())],
        vec![("identifiant", &member.identifiant), ("mot_de_passe", "")],
        vec![("mot_de_passe", &member.password)],
        vec![("identifiant", " \t"), ("mot_de_passe", &member.password)],
    ] {
        let answer = browser.post(&here, &fields).await;
        assert_eq!(answer.status, WRONG, "{fields:?}");
        assert!(answer.has_element("#se-connecter"));
        assert!(!answer.text().contains(&member.password), "a password is never shown again");
    }
    assert_eq!(marks(&server).await, 0);
    assert!(!browser.has_session());
}

#[tokio::test]
async fn attack_d2_long_passwords_and_bodies_are_refused_cheaply() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut browser = at_sign_in(&server).await;
    assert_eq!(attempt(&mut browser, &member.identifiant, &"é".repeat(129)).await, WRONG);
    assert_eq!(attempt(&mut browser, &"p".repeat(5_000), &member.password).await, WRONG);
    assert_eq!(marks(&server).await, 0, "not worth a hash");
    let here = browser.url.to_string();
    let answer = browser.post(&here, &[("identifiant", "x"), ("mot_de_passe", &"x".repeat(10_000))]).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    let answer = browser.post(&here, &[("mot_de_passe", &"x".repeat(70_000))]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_suspension_is_told_after_the_right_password_only() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    server.set_suspension(&member, Some("school")).await;
    let mut browser = at_sign_in(&server).await;
    assert_eq!(attempt(&mut browser, &member.identifiant, "Faux-mot-2").await, WRONG);
    assert_eq!(attempt(&mut browser, &member.identifiant, &member.password).await, StatusCode::FORBIDDEN);
    assert!(browser.page.visible_text().contains("Clg Théodore Monod"), "{}", browser.page.visible_text());
    assert!(!browser.has_session());
    server.set_suspension(&member, None).await;
    assert_eq!(attempt(&mut browser, &member.identifiant, &member.password).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn passwords_are_compared_in_nfc() {
    let server = TestServer::start().await;
    let member = server.create_account("Noé", "ÉTÉ").await;
    let hash = server.app.password_hasher.hash("Été-2026µ!", server.app.rng.as_ref(), Priority::Known).await.unwrap();
    let args = vec![member.account_id.as_str().into(), hash.into()];
    server.execute_sql("UPDATE account SET password = $2 WHERE id = $1", args).await;
    let mut browser = at_sign_in(&server).await;
    let composed = attempt(&mut browser, &member.identifiant, "Été-2026\u{3bc}!").await;
    assert_eq!(composed, WRONG, "another sign: NFKC would have made it the same");
    let decomposed = attempt(&mut browser, &member.identifiant, "E\u{301}te\u{301}-2026µ!").await;
    assert_eq!(decomposed, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_was_forgotten_has_a_page_that_keeps_the_request() {
    let server = TestServer::start().await;
    let browser = at_sign_in(&server).await;
    let query = browser.url.query().unwrap().to_owned();
    for page in ["/identifiant-oublie", "/mot-de-passe-oublie"] {
        let to = format!("{page}?{query}");
        assert!(browser.page.has_element(&format!("a[href=\"{to}\"]")));
        let mut tab = browser.clone_browser();
        tab.get(&to).await;
        assert!(tab.page.text().contains(&query.replace('&', "&amp;")), "{}", tab.page.text());
    }
    let activation = browser.page.link_target("#pas-de-compte");
    assert_eq!(activation, format!("/activation?{query}"));
}

#[tokio::test]
async fn an_account_that_an_unknown_authority_suspended_is_told_so() {
    let server = TestServer::start().await;
    let member = server.create_account("Sam", "DURANS").await;
    server.execute_sql("UPDATE account SET suspended_by = 'ministry'", Vec::new()).await;
    let mut browser = at_sign_in(&server).await;
    let status = attempt(&mut browser, &member.identifiant, &member.password).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{}", browser.page.visible_text());
    assert!(!browser.has_session());
}
