//! The `sub` as a row: nothing changes for anybody who was known before there were rows, and nothing later.

use preau::base::ids::row_id;
use preau::base::typed_ids::{AccountId, PersonId};
use preau::clients::{GrantType, SubjectType};
use preau::crypto::HmacPurpose;
use preau::db::Durability;
use preau::subjects;
use serde_json::{Value, json};

use crate::support::deployment::{LYCEE, MONOD};
use crate::support::relying_party::decode_part;
use crate::support::{Browser, Landing, TestFamily, TestRelyingParty, TestServer};

async fn rows(server: &TestServer) -> Vec<String> {
    server.query_texts("SELECT space || '=' || value FROM subject ORDER BY space, account_id").await
}

/// The value as releases before the rows computed it, written out here once more.
fn computed(server: &TestServer, space: &str, account: &AccountId) -> String {
    server.app.master_key.hmac(HmacPurpose::Subject, &format!("{space}/{account}"))
}

async fn refresh(ent: &TestRelyingParty, token: &str) -> Value {
    let fields = [("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_owned())];
    ent.post_token(ent.authorization().as_deref(), &fields).await.json()
}

#[tokio::test]
async fn property_p06_nobody_who_was_known_before_the_rows_gets_another_sub() {
    for (kind, space) in [
        (SubjectType::Pairwise, "pairwise/mon-ent"),
        (SubjectType::Public, "public"),
        (SubjectType::Roster, "roster/montpellier"),
    ] {
        let server = TestServer::start().await;
        server
            .change_client("ent", |meta| {
                meta.subject_type = kind;
                meta.grant_types.push(GrantType::RefreshToken);
            })
            .await;
        let member = server.create_durand().await;
        let before = match kind {
            SubjectType::Roster => "MONTPELLIER-500001".to_owned(),
            _ => computed(&server, space, &member.account_id),
        };
        let ent = TestRelyingParty::new(&server, "ent");
        let mut browser = Browser::new(&server);
        let (attempt, code) = ent.obtain_code(&mut browser, &member).await;
        let answer = ent.exchange(&attempt, &code).await.json();
        // As an older release left it: session, grant and family are there, and no row.
        assert_eq!(server.execute_sql("DELETE FROM subject", Vec::new()).await, 1, "{kind:?}");
        let id_token = |answer: &Value| decode_part(answer["id_token"].as_str().unwrap(), 1)["sub"].clone();
        let mut found = vec![id_token(&answer)];
        found.push(ent.userinfo(answer["access_token"].as_str().unwrap()).await.json()["sub"].clone());
        let again = refresh(&ent, answer["refresh_token"].as_str().unwrap()).await;
        found.push(id_token(&again));
        let token = again["access_token"].as_str().unwrap().to_owned();
        let asked = [("token", token.as_str())];
        let headers = [("authorization", ent.authorization().unwrap())];
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        found.push(server.post("/oauth2/introspect", &headers, &asked).await.json()["sub"].clone());
        assert!(rows(&server).await.is_empty(), "what only reads writes no row");
        // From the next sign-in on it stands in a row.
        found.push(ent.sign_in(&mut Browser::new(&server), &member).await.claims["sub"].clone());
        assert_eq!(rows(&server).await, [format!("{space}={before}")]);
        found.push(ent.sign_in(&mut Browser::new(&server), &member).await.claims["sub"].clone());
        assert!(found.iter().all(|sub| *sub == json!(before)), "{kind:?}: {found:?} and not {before}");
    }
}

#[tokio::test]
async fn property_p06_a_record_of_the_roster_that_joins_later_changes_no_key() {
    let server = TestServer::start().await;
    server.change_client("ent", |meta| meta.subject_type = SubjectType::Roster).await;
    // The lycée's record of the same parent is imported first: its row is the older one.
    let elsewhere = TestFamily { key: 500_900, ..TestFamily::durand() };
    server.import_families("montpellier", LYCEE, std::slice::from_ref(&elsewhere)).await;
    server.advance(preau::base::clock::Span::hours(1));
    let member = server.create_durand().await;
    let older = server.query_texts("SELECT person_key FROM person ORDER BY id").await;
    assert_eq!(older, ["500900", "500001"], "else this tests nothing");
    let join = async || {
        let (id,) = {
            let mut tx = server.app.db.read().await.unwrap();
            tx.fetch_one::<(String,)>("SELECT id FROM person WHERE person_key = '500900'", Vec::new()).await.unwrap()
        };
        let op = server.operation();
        let mut tx = op.write(Durability::Durable).await.unwrap();
        assert!(subjects::ops::link_person(&mut tx, &PersonId::new(id), &member.account_id).await.unwrap());
        tx.commit().await.unwrap();
    };
    join().await;
    // Written at the joining, because no client had asked before.
    assert_eq!(rows(&server).await, ["roster/montpellier=MONTPELLIER-500001"]);
    let ent = TestRelyingParty::new(&server, "ent");
    let told = ent.sign_in(&mut Browser::new(&server), &member).await;
    assert_eq!(told.claims["sub"], "MONTPELLIER-500001");
}

#[tokio::test]
async fn property_p06_a_stand_in_for_a_missing_key_is_never_written() {
    let server = TestServer::start().await;
    server.change_client("strict", |meta| meta.subject_type = SubjectType::Roster).await;
    server.change_client("strict", |meta| meta.default_max_age = None).await;
    let member = server.create_account("Anne", "DURAND").await;
    let strict = TestRelyingParty::new(&server, "strict");
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    browser.sign_in(&member).await;
    let landed = browser.open(&strict.attempt().url).await;
    assert!(matches!(landed, Landing::OwnPage), "« Demain dans l'ENT » instead of a value that is no key");
    assert!(rows(&server).await.is_empty(), "{:?}", rows(&server).await);
    // Once the school's record is there, the key is the `sub`, and is written.
    server.change_client("strict", |meta| meta.perimeter.academies = vec!["montpellier".to_owned()]).await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
    server.link_person(&member, "montpellier", &TestFamily::durand()).await;
    let second = strict.sign_in(&mut Browser::new(&server), &member).await;
    assert_eq!(second.claims["sub"], "MONTPELLIER-500001");
    assert_eq!(rows(&server).await, ["roster/montpellier=MONTPELLIER-500001"]);
}

#[tokio::test]
async fn former_subs_are_told_for_400_days_to_who_asks_for_them() {
    let server = TestServer::start().await;
    server.change_client("ent", |meta| meta.former_subs = true).await;
    let member = server.create_durand().await;
    let (ent, bourses) = (TestRelyingParty::new(&server, "ent"), TestRelyingParty::new(&server, "bourses"));
    let mut browser = Browser::new(&server);
    let tokens = ent.sign_in(&mut browser, &member).await;
    assert_eq!(tokens.claims.get("former_subs"), None);
    for space in ["pairwise/mon-ent", "pairwise/bourses"] {
        let op = server.operation();
        let mut tx = op.write(Durability::Durable).await.unwrap();
        let former = format!("former-{}", row_id(tx.now, tx.rng));
        subjects::store::insert_former(&mut tx, space, &member.account_id, &former).await.unwrap();
        tx.commit().await.unwrap();
    }
    let former = server.query_texts("SELECT value FROM former_subject WHERE space = 'pairwise/mon-ent'").await;
    let told = ent.userinfo(&tokens.access_token).await.json();
    assert_eq!(told["former_subs"], json!(former), "of its own space only");
    assert_eq!(ent.sign_in(&mut browser, &member).await.claims["former_subs"], json!(former));
    let other = bourses.sign_in(&mut browser, &member).await;
    assert_eq!(other.claims.get("former_subs"), None, "its file does not ask");
    assert_eq!(bourses.userinfo(&other.access_token).await.json().get("former_subs"), None);
    let clean = async || {
        let op = server.operation();
        let mut tx = op.write(Durability::Durable).await.unwrap();
        subjects::store::delete_expired(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
    };
    server.advance(preau::base::clock::Span(subjects::FORMER_SUBJECT_TTL.0 - 1));
    clean().await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM former_subject").await, 2);
    server.advance(preau::base::clock::Span(1));
    clean().await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM former_subject").await, 0);
}
