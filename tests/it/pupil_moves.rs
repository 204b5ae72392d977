//! A pupil who moves to another academy, from the rosters of two schools to what services are told.

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::clients::GrantType;
use preau::helpdesk::ops::pupils::detach_pupil;
use preau::notify::ops::NoticeContext;
use preau::protocol::scope::Scopes;
use preau::roster::store::same_pupil::PupilKey;
use serde_json::{Value, json};

use crate::support::deployment::{MONOD, TOULOUSE};
use crate::support::{Browser, TestAccount, TestFamily, TestRelyingParty, TestServer};

const INE: &str = "990000001ZA";
/// ELEVE_ID at the first school, and at the one that the pupil moves to.
const PUPILS: [u32; 2] = [900_001, 910_001];
const SCOPES: &str = "openid profile phone education offline_access";
const JOINED: &str = "ELEVE 910001: the same pupil as in another record";

/// The family as the second academy writes it: every key is another one.
fn moved(nom: &'static str, given: &'static str, born: &'static str) -> TestFamily {
    TestFamily { key: 600_001, nom, children: vec![(PUPILS[1], given, born, "2 C")], ..TestFamily::durand() }
}

fn zoe() -> TestFamily {
    moved("Durand", "ZOE", "14/02/2013")
}

/// Lets the services of these tests keep a person's access.
pub(super) async fn allow_refresh_tokens(server: &TestServer) {
    for client in ["ent", "ent-toulouse", "bourses"] {
        server
            .change_client(client, |meta| {
                meta.grant_types.push(GrantType::RefreshToken);
                meta.scopes = Scopes::parse(SCOPES).unwrap();
            })
            .await;
    }
}

async fn start() -> (TestServer, TestAccount) {
    let server = TestServer::start().await;
    allow_refresh_tokens(&server).await;
    server.import_with_ines("montpellier", MONOD, &[TestFamily::durand()], &[(PUPILS[0], INE)]).await;
    let member = server.create_account_of_pupil("Zoé").await;
    server.advance(Span::hours(1));
    (server, member)
}

pub(super) async fn tokens(
    server: &TestServer,
    client: &'static str,
    member: &TestAccount,
) -> (TestRelyingParty, Value) {
    let mut rp = TestRelyingParty::new(server, client);
    rp.scope = SCOPES;
    let attempt = rp.attempt_with(&[("prompt", "consent")]);
    let mut browser = Browser::new(server);
    browser.open(&attempt.url).await;
    browser.sign_in(member).await;
    browser.submit("continuer", &[]).await;
    let landed = browser.follow().await.expect_redirect_away();
    let answer = rp.exchange(&attempt, &rp.code(&landed, &attempt)).await.json();
    (rp, answer)
}

pub(super) async fn claims(rp: &TestRelyingParty, answer: &Value) -> Value {
    rp.userinfo(answer["access_token"].as_str().unwrap()).await.json()
}

pub(super) async fn refresh(rp: &TestRelyingParty, answer: &Value) -> (StatusCode, Value) {
    let token = answer["refresh_token"].as_str().unwrap().to_owned();
    let fields = [("grant_type", "refresh_token".to_owned()), ("refresh_token", token)];
    let refreshed = rp.post_token(rp.authorization().as_deref(), &fields).await;
    (refreshed.status, refreshed.json())
}

pub(super) fn schools(claims: &Value) -> Vec<&str> {
    let all = claims["schools"].as_array().map_or(&[][..], Vec::as_slice);
    all.iter().map(|school| school["uai"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_pupil_who_moves_keeps_account_identifiant_and_sub_and_the_former_school_leaves_the_claims() {
    let (server, member) = start().await;
    let (ent, at_ent) = tokens(&server, "ent", &member).await;
    let (bourses, at_bourses) = tokens(&server, "bourses", &member).await;
    let before = [claims(&ent, &at_ent).await, claims(&bourses, &at_bourses).await];
    assert_eq!(before.each_ref().map(schools), [[MONOD], [MONOD]]);
    assert_ne!(before[0]["sub"], before[1]["sub"], "two sectors");

    // The new school first: for some days the pupil has both.
    let said = server.import_with_ines("toulouse", TOULOUSE, &[zoe()], &[(PUPILS[1], INE)]).await;
    assert!(said.contains(JOINED), "{said}");
    let told = claims(&bourses, &at_bourses).await;
    assert_eq!(schools(&told), [TOULOUSE, MONOD]);
    // One vector, that of the class: entcore refuses a pupil with two.
    let vectors = told["FrEduVecteur"].as_array().unwrap();
    let of_class = if told["class"] == "2 C" { TOULOUSE } else { MONOD };
    assert!(vectors.len() == 1 && vectors[0].as_str().unwrap().ends_with(of_class), "{told}");
    assert_eq!(schools(&claims(&ent, &at_ent).await), [MONOD], "the perimeter is its own academy");
    // The session and its tokens go on; nobody signs in again for that.
    let (status, renewed) = refresh(&bourses, &at_bourses).await;
    assert_eq!(status, StatusCode::OK);

    // Then the former school's next export: at once, in tokens given before.
    server.import_with_ines("montpellier", MONOD, &[TestFamily::petit()], &[]).await;
    let told = claims(&bourses, &renewed).await;
    assert_eq!(schools(&told), [TOULOUSE]);
    assert_eq!((&told["class"], &told["sub"]), (&json!("2 C"), &before[1]["sub"]));
    assert_eq!(told["FrEduVecteur"], json!([format!("4|DURAND|Zoé|910001|{TOULOUSE}")]));
    let told = claims(&ent, &at_ent).await;
    assert_eq!((schools(&told), told.get("class"), told.get("FrEduVecteur")), (vec![], None, None), "{told}");
    let (status, refused) = refresh(&ent, &at_ent).await;
    assert_eq!((status, &refused["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));

    // The same identifiant and password; the ENT of the new academy has the sector of the former one.
    let (there, at_there) = tokens(&server, "ent-toulouse", &member).await;
    let told = claims(&there, &at_there).await;
    assert_eq!((schools(&told), &told["sub"]), (vec![TOULOUSE], &before[0]["sub"]));
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 1);
    // The account page too.
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    browser.sign_in(&member).await;
    let said = browser.page.visible_text();
    assert!(!said.contains("Montpellier") && !said.contains("Monod"), "{said}");
    let facts = "SELECT uai || ' ' || detail FROM audit WHERE fact = 'pupil_recognised'";
    assert_eq!(server.query_texts(facts).await, [format!("{TOULOUSE} toulouse")]);
}

#[tokio::test]
async fn attack_a12_a_twin_under_the_ine_of_the_other_is_another_pupil() {
    for (case, family) in [
        ("another name", moved("DURAND", "Léa", "14/02/2013")),
        ("another family name", moved("PETIT", "Zoé", "14/02/2013")),
        ("another birth date", moved("DURAND", "Zoé", "15/02/2013")),
    ] {
        let (server, member) = start().await;
        let said = server.import_with_ines("toulouse", TOULOUSE, &[family], &[(PUPILS[1], INE)]).await;
        assert!(said.contains("for the school: ELEVE 910001: ") && !said.contains(JOINED), "{case}: {said}");
        let sql = "SELECT COUNT(*) FROM pupil WHERE academy = 'toulouse' AND account_id IS NOT NULL";
        assert_eq!(server.query_count(sql).await, 0, "{case}");
        let (bourses, answer) = tokens(&server, "bourses", &member).await;
        assert_eq!(schools(&claims(&bourses, &answer).await), [MONOD], "{case}");
        assert!(!server.audit_facts().await.contains(&"pupil_recognised".to_owned()), "{case}");
    }
}

#[tokio::test]
async fn a_pupil_is_told_of_the_school_that_knew_the_account_and_a_wrong_one_is_taken_out_for_good() {
    let (server, member) = start().await;
    server.confirm_email(&member, "zoe@example.org").await;
    let imported = async || server.import_with_ines("toulouse", TOULOUSE, &[zoe()], &[(PUPILS[1], INE)]).await;
    imported().await;
    for _ in 0..2 {
        preau::bootstrap::tell_what_is_due(&server.app).await;
        server.drain_outbox().await;
    }
    let told = |part: &str| server.mails().iter().filter(|mail| mail.subject.contains(part)).count();
    assert_eq!(told("un autre établissement a reconnu votre compte"), 1, "{:?}", server.mails());
    let (bourses, answer) = tokens(&server, "bourses", &member).await;
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    browser.sign_in(&member).await;
    browser.get("/compte").await;
    let said = browser.page.visible_text();
    assert!(
        said.contains("Un autre établissement a reconnu votre compte") && said.contains("Collège des Minimes"),
        "{said}"
    );

    let op = server.operation();
    let detach = async |academy, key: &str| {
        let pupil = PupilKey { academy, key };
        let notices = NoticeContext::from(&*server.app);
        detach_pupil(op.storage(), notices, &member.identifiant, pupil, "deux élèves, un INE").await
    };
    // The pupil's own record stays, whatever is asked.
    for (academy, key) in [("montpellier", "900001"), ("montpellier", "910001"), ("toulouse", "900001")] {
        let refused = detach(academy, key).await.err().unwrap().to_string();
        assert!(refused.contains(&format!("no import joined ELEVE {key} of {academy}")), "{refused}");
    }
    let done = detach("toulouse", "910001").await.unwrap();
    assert_eq!((done.identifiant.as_str(), done.sessions), (member.identifiant.as_str(), 2));
    server.drain_outbox().await;
    assert_eq!(told("un établissement n'est plus dans votre compte"), 1, "{:?}", server.mails());
    assert_eq!(refresh(&bourses, &answer).await.0, StatusCode::BAD_REQUEST);
    browser.get("/compte").await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER, "signed out");
    let facts = "SELECT detail || ': ' || reason FROM audit WHERE fact = 'pupil_detached'";
    assert_eq!(server.query_texts(facts).await, ["toulouse ELEVE 910001: deux élèves, un INE"]);
    // Whoever came in by a letter of the other school knows the password, and comes back by nothing that was left there.
    for left in ["SELECT COUNT(*) FROM email", "SELECT COUNT(*) FROM device WHERE forgotten_at IS NULL"] {
        assert_eq!(server.query_count(left).await, 0, "{left}");
    }
    browser.open("/connexion").await;
    browser.sign_in(&member).await;
    assert!(browser.page.visible_text().contains("nouveau mot de passe"), "{}", browser.page.visible_text());
    // As after the sheet of the pupil's own school.
    server.execute_sql("UPDATE account SET must_change_at = NULL", vec![]).await;
    // The next import does not join it again, and the account has its own school only.
    server.advance(Span::days(120));
    let said = imported().await;
    assert!(!said.contains(JOINED), "{said}");
    let (bourses, answer) = tokens(&server, "bourses", &member).await;
    assert_eq!(schools(&claims(&bourses, &answer).await), [MONOD]);
    assert!(detach("toulouse", "910001").await.is_err(), "once");
}
