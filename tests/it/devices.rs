//! A device on which somebody signed in before has a bucket of its own: a stranger cannot lock a parent out.

use axum::http::StatusCode;
use preau::base::clock::Span;

use crate::support::{Browser, Server};

const WRONG: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const WAIT: StatusCode = StatusCode::TOO_MANY_REQUESTS;

async fn at_sign_in(server: &Server) -> Browser {
    let mut browser = Browser::new(server);
    browser.open("/connexion").await;
    browser
}

/// One attempt: its status.
async fn attempt(browser: &mut Browser, identifiant: &str, password: &str) -> StatusCode {
    browser.sign_in_with(identifiant, password).await.status
}

#[tokio::test]
async fn s06_l5_a_stranger_s_wrong_passwords_do_not_keep_out_who_signed_in_here_before() {
    let server = Server::start().await;
    let member = server.durand().await;
    let sister = server.account("Lise", "DURAND").await;
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
async fn s06_a_family_s_computer_knows_both_parents_and_tells_nobody_whom() {
    let server = Server::start().await;
    let members = [server.durand().await, server.account("Lise", "DURAND").await];
    let mut home = Browser::new(&server);
    for member in members.iter().cycle().take(5) {
        home.cookies.remove("preau_dev");
        home.open("/connexion").await;
        home.sign_in_with(&member.identifiant, &member.password).await;
    }
    let marks = home.cookie("device").unwrap();
    assert_eq!(marks.split('.').count(), 2, "one each: {marks}");
    for member in &members {
        assert!(!marks.contains(&member.identifiant) && !marks.contains(&member.account_id));
    }
}
