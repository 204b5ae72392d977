//! A device on which somebody signed in before has a bucket of its own: a stranger cannot lock a parent out.

use axum::http::StatusCode;
use preau::base::clock::Span;

use crate::support::{Browser, TestFamily, TestServer};

const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const WAIT: StatusCode = StatusCode::TOO_MANY_REQUESTS;

async fn at_sign_in(server: &TestServer) -> Browser {
    let mut browser = Browser::new(server);
    browser.open("/connexion").await;
    browser
}

/// One attempt: its status.
async fn attempt(browser: &mut Browser, identifiant: &str, password: &str) -> StatusCode {
    browser.sign_in_with(identifiant, password).await.status
}

#[tokio::test]
async fn threat_s06_a_stranger_s_wrong_passwords_do_not_keep_out_who_signed_in_here_before() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let sister = server.create_account("Lise", "DURAND").await;
    let mut home = at_sign_in(&server).await;
    assert_eq!(attempt(&mut home, &member.identifiant, &member.password).await, StatusCode::SEE_OTHER);
    let mark = home.cookie("device").unwrap().to_owned();
    // A mark of somebody else's, or one that only looks like the right one, opens no bucket.
    let mut stranger = at_sign_in(&server).await;
    assert_eq!(attempt(&mut stranger, &sister.identifiant, &sister.password).await, StatusCode::SEE_OTHER);
    let other = if mark.starts_with('A') { 'B' } else { 'A' };
    let bent = format!("{other}{}.{}.{}", &mark[1..], "A".repeat(43), stranger.cookie("device").unwrap());
    stranger.cookies.insert("preau_dev_device".to_owned(), bent);
    stranger.cookies.remove("preau_dev");
    stranger.open("/connexion").await;
    let mut at_home = 0;
    for minute in (0..24 * 60).step_by(4) {
        attempt(&mut stranger, &member.identifiant, "Faux-mot-2").await;
        if minute == 1_000 {
            assert_eq!(attempt(&mut stranger, &member.identifiant, &member.password).await, WAIT, "locked out");
        }
        if minute % 72 == 68 {
            let mut again = at_sign_in(&server).await;
            again.cookies.insert("preau_dev_device".to_owned(), mark.clone());
            let status = attempt(&mut again, &member.identifiant, &member.password).await;
            at_home += i32::from(status == StatusCode::SEE_OTHER);
        }
        server.advance(Span::minutes(4));
    }
    assert_eq!(at_home, 20, "20 of 20");
    // The known device has no more tries than anybody.
    let mut thief = at_sign_in(&server).await;
    thief.cookies.insert("preau_dev_device".to_owned(), mark);
    for n in 0..7 {
        let expected = if n < 5 { WRONG } else { WAIT };
        assert_eq!(attempt(&mut thief, &member.identifiant, "Faux-mot-2").await, expected, "{n}");
    }
}

#[tokio::test]
async fn threat_s06_a_family_s_computer_knows_both_parents_and_tells_nobody_whom() {
    let server = TestServer::start().await;
    let members = [server.create_durand().await, server.create_account("Lise", "DURAND").await];
    let mut home = Browser::new(&server);
    for member in members.iter().cycle().take(5) {
        home.cookies.remove("preau_dev");
        home.open("/connexion").await;
        home.sign_in_with(&member.identifiant, &member.password).await;
    }
    let marks = home.cookie("device").unwrap();
    assert_eq!(marks.split('.').count(), 2, "one each: {marks}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM device").await, 2, "the same again is the same device");
    for member in &members {
        assert!(!marks.contains(&member.identifiant) && !marks.contains(&*member.account_id));
    }
}

/// The device's cookie of a browser, in another one.
async fn with_device(server: &TestServer, device: &str) -> Browser {
    let mut browser = at_sign_in(server).await;
    browser.cookies.insert("preau_dev_device".to_owned(), device.to_owned());
    browser
}

/// Five wrong ones, and one that is told to wait: the bucket is used up.
async fn use_up(browser: &mut Browser, identifiant: &str) {
    for n in 0..6 {
        let status = attempt(browser, identifiant, &format!("Faux-mot-{n}")).await;
        assert_eq!(status, if n < 5 { WRONG } else { WAIT }, "{n}");
    }
}

#[tokio::test]
async fn faults_a10_a_former_user_of_a_shared_computer_cannot_keep_the_owner_out_at_home() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut devices = Vec::new();
    for _ in 0..2 {
        let mut browser = at_sign_in(&server).await;
        assert_eq!(attempt(&mut browser, &member.identifiant, &member.password).await, StatusCode::SEE_OTHER);
        devices.push(browser.cookie("device").unwrap().to_owned());
    }
    use_up(&mut with_device(&server, &devices[0]).await, &member.identifiant).await;
    let mut home = with_device(&server, &devices[1]).await;
    assert_eq!(attempt(&mut home, &member.identifiant, &member.password).await, StatusCode::SEE_OTHER);
    // And the session knows on which device it is.
    assert_eq!(
        server.query_count("SELECT COUNT(*) FROM session JOIN device ON device.id = session.device_id").await,
        3
    );
}

#[tokio::test]
async fn faults_a10_a_new_password_forgets_every_device_but_the_one_it_was_chosen_on() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut parent = Browser::new(&server);
    parent.open("/activation").await;
    let mut device = String::new();
    let mut identifiant = String::new();
    for round in 0..2 {
        parent.open("/activation").await;
        parent.prove_phone(&server, &TestFamily::durand()).await;
        if round == 1 {
            parent.submit("nouveau-mot-de-passe", &[]).await;
            parent.follow().await;
        }
        parent.answer_children(&["14/02/2013"]).await;
        identifiant = parent.shown_identifiant();
        parent.choose_password(["Cheval-8-vert", "Cheval-9-vert"][round]).await;
        let path = ["/activation/terminee", "/mot-de-passe-oublie/termine"][round];
        assert_eq!(parent.url.path(), path, "{}", parent.page.visible_text());
        if round == 0 {
            // The very device of the activation is a known one.
            device = parent.cookie("device").unwrap().to_owned();
            use_up(&mut at_sign_in(&server).await, &identifiant).await;
            let mut home = with_device(&server, &device).await;
            assert_eq!(attempt(&mut home, &identifiant, "Cheval-8-vert").await, StatusCode::SEE_OTHER);
        }
    }
    // The thief's copy of the former cookie is a stranger's: their bucket is used up already.
    let mut thief = with_device(&server, &device).await;
    assert_eq!(attempt(&mut thief, &identifiant, "Faux-mot-9").await, WAIT);
    let mut home = with_device(&server, parent.cookie("device").unwrap()).await;
    assert_eq!(attempt(&mut home, &identifiant, "Cheval-9-vert").await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn faults_a10_an_account_is_known_on_ten_devices_for_180_days() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut devices = Vec::new();
    for _ in 0..11 {
        let mut browser = at_sign_in(&server).await;
        attempt(&mut browser, &member.identifiant, &member.password).await;
        devices.push(browser.cookie("device").unwrap().to_owned());
        server.advance(Span::minutes(1));
    }
    use_up(&mut at_sign_in(&server).await, &member.identifiant).await;
    let mut oldest = with_device(&server, &devices[0]).await;
    assert_eq!(attempt(&mut oldest, &member.identifiant, &member.password).await, WAIT, "the eleventh took its place");
    server.advance(Span::days(179));
    use_up(&mut at_sign_in(&server).await, &member.identifiant).await;
    for device in &devices[1..3] {
        let mut known = with_device(&server, device).await;
        assert_eq!(attempt(&mut known, &member.identifiant, &member.password).await, StatusCode::SEE_OTHER);
    }
    server.advance(Span::days(2));
    use_up(&mut at_sign_in(&server).await, &member.identifiant).await;
    let mut seen = with_device(&server, &devices[1]).await;
    assert_eq!(attempt(&mut seen, &member.identifiant, &member.password).await, StatusCode::SEE_OTHER, "seen since");
    let mut old = with_device(&server, &devices[5]).await;
    assert_eq!(attempt(&mut old, &member.identifiant, &member.password).await, WAIT, "its term is over");
}

#[tokio::test]
async fn attack_l5_faults_a9_who_knows_name_and_number_uses_up_nothing_where_a_right_code_was_typed_once() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let family = TestFamily::durand();
    let mut parent = Browser::new(&server);
    parent.open("/activation").await;
    parent.prove_phone(&server, &family).await;
    parent.answer_children(&["14/02/2013"]).await;
    parent.choose_password("Cheval-8-vert").await;
    for day in 0..3 {
        server.advance(Span::hours(25));
        // The stranger asks for the five codes of the day, and types the ten wrong ones.
        let mut refused = 0;
        for n in 0..6 {
            let mut stranger = Browser::new(&server);
            stranger.open("/activation").await;
            stranger.identify_as(family.nom, family.prenom, family.phone).await;
            server.drain_outbox().await;
            if stranger.page.status == WAIT {
                refused += 1;
                assert_eq!(n, 5, "{day}");
                continue;
            }
            stranger.follow().await;
            for _ in 0..3 {
                stranger.submit("continuer", &[("code", "000000")]).await;
            }
        }
        assert_eq!(refused, 1, "whoever has no device waits");
        let mut home = with_device(&server, parent.cookie("device").unwrap()).await;
        home.open("/activation").await;
        let before = server.messages().len();
        home.prove_phone(&server, &family).await;
        assert_eq!(server.messages().len(), before + 1);
        assert_eq!(home.url.path(), "/activation/suite", "day {day}: {}", home.page.visible_text());
    }
    // Another identity's device opens nothing: what a stranger used up is used up for it too.
    let other = TestFamily::petit();
    for n in 0..6 {
        let device = if n < 5 { "" } else { parent.cookie("device").unwrap() };
        let mut elsewhere = with_device(&server, device).await;
        elsewhere.open("/activation").await;
        let status = elsewhere.identify_as(other.nom, other.prenom, other.phone).await.status;
        assert_eq!(status, if n < 5 { StatusCode::SEE_OTHER } else { WAIT }, "{n}");
    }
}
