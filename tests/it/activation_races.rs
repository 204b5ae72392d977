//! Many at once: what is counted is counted, what happens once happens once, on both databases.

use std::collections::HashSet;
use std::sync::Arc;

use preau::activation::browser_binding::BoundActivation;
use preau::activation::ops::{self, AnswerVerdict, ChildrenStepOutcome, CodeOutcome, SubmittedAnswer};
use preau::activation::store;
use preau::activation::{Activation, ActivationStep};
use preau::base::clock::Span;
use preau::base::date::parse_typed;
use preau::base::typed_ids::{ActivationId, PersonId, PupilId};
use preau::bootstrap;
use preau::otp::TypedCode;
use tokio::task::JoinSet;

use crate::support::people::PASSWORD;
use crate::support::{Browser, TestFamily, TestServer};

const DATE: &str = "14/02/2013";

/// Runs all of them at once; gives what each came to.
async fn all<T: Send + 'static>(tasks: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let mut set = JoinSet::new();
    for task in tasks {
        set.spawn(task);
    }
    set.join_all().await
}

/// A family of its own number.
fn family(n: u32, nom: &'static str, prenom: &'static str) -> TestFamily {
    let phone: &'static str = Box::leak(format!("+33639 98 {:04}", n).into_boxed_str());
    TestFamily { key: 500_000 + n, nom, prenom, phone, children: vec![(900_000 + n, "Zoé", DATE, "6 A")] }
}

/// The newest activation, as the database has it.
async fn newest(server: &TestServer) -> Activation {
    let id = server.query_texts("SELECT id FROM activation ORDER BY created_at DESC, id DESC").await.remove(0);
    read(server, &ActivationId::new(id)).await
}

async fn read(server: &TestServer, id: &ActivationId) -> Activation {
    let mut tx = server.app.db.read().await.unwrap();
    store::find(&mut tx, &server.app.master_key, id).await.unwrap().unwrap()
}

async fn typed(server: &TestServer, activation: &Activation, code: String) -> CodeOutcome {
    let held = BoundActivation { activation: activation.clone(), secret: String::new() };
    ops::verify_code(&server.operation(), &held, &TypedCode::parse(&code).unwrap()).await.unwrap()
}

fn is_right(checked: &CodeOutcome) -> bool {
    matches!(checked, CodeOutcome::Accepted(_))
}

/// Tries that were counted on the challenges.
async fn tries_taken(server: &TestServer) -> i64 {
    server.query_count("SELECT CAST(SUM(3 * sends - tries_left) AS BIGINT) FROM challenge").await
}

/// Marks of every budget of an action, the largest first.
async fn marks(server: &TestServer, action: &'static str) -> Vec<usize> {
    let sql = "SELECT marks FROM budget WHERE marks <> '' AND action = ";
    let rows = server.query_texts(format!("{sql}'{action}'").leak()).await;
    let mut counts: Vec<usize> = rows.iter().map(|row| row.split(',').count()).collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    counts
}

/// Wrong codes, each another.
fn wrong_codes(right: &str, many: u32) -> Vec<String> {
    (0..).map(|n| format!("{n:06}")).filter(|code| code != right).take(many as usize).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_s01_five_hundred_wrong_codes_at_once_compare_three() {
    for (wrong, with_right) in [(500, false), (499, true), (2, true)] {
        let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
        let neighbour = server.restart().await;
        let mut browser = Browser::at_activation(&server).await;
        browser.identify(&TestFamily::durand()).await;
        let right = server.read_code().await;
        let activation = Arc::new(newest(&server).await);
        let mut codes = wrong_codes(&right, wrong);
        if with_right {
            codes.insert(codes.len() / 2, right.clone());
        }
        let servers = [server.clone(), neighbour];
        let answers = all(codes.into_iter().enumerate().map(|(n, code)| {
            let (server, activation) = (servers[n % 2].clone(), Arc::clone(&activation));
            async move { typed(&server, &activation, code).await }
        }))
        .await;
        let right = answers.iter().filter(|a| is_right(a)).count();
        assert!(right <= usize::from(with_right));
        assert!(tries_taken(&server).await <= 3);
        if right == 0 {
            assert_eq!(tries_taken(&server).await, 3);
            assert_eq!(marks(&server, "code").await, [3, 3], "the identity's and the person's, each comparison once");
        }
        if wrong == 2 {
            assert_eq!(right, 1, "within its tries the right one wins");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_s01_a_right_code_typed_twenty_times_at_once_serves_once() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.identify(&TestFamily::durand()).await;
    let code = server.read_code().await;
    let activation = Arc::new(newest(&server).await);
    let answers = all((0..20).map(|_| {
        let (server, activation, code) = (server.clone(), Arc::clone(&activation), code.clone());
        async move { typed(&server, &activation, code).await }
    }))
    .await;
    assert_eq!(answers.iter().filter(|a| is_right(a)).count(), 1, "{answers:?}");
    let accepted = server.audit_facts().await.iter().filter(|f| *f == "code_accepted").count();
    assert_eq!(accepted, 1);
}

#[tokio::test]
async fn threat_s02_ten_wrong_codes_a_person_over_all_activations_and_a_restart() {
    let mut server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    // Spellings that find the same person: each another identity typed.
    server.execute_sql("UPDATE person SET usage_name = 'LEBŒUF', given_name = 'Anne Marie'", vec![]).await;
    let spellings = [("Durand", "Anne"), ("Lebœuf", "Anne"), ("Durand", "Anne Marie"), ("Lebœuf", "Anne-Marie")];
    let mut compared = 0;
    for (n, (nom, prenom)) in spellings.into_iter().enumerate() {
        let mut browser = Browser::at_activation(&server).await;
        browser.identify_as(nom, prenom, "0639980001").await;
        browser.follow().await;
        let code = server.read_code().await;
        for wrong in wrong_codes(&code, 3) {
            browser.type_code(&wrong).await;
            compared += 1;
        }
        assert_eq!(marks(&server, "code").await[0], compared.min(10), "after {compared}");
        if n == 1 {
            server = server.restart().await;
        }
    }
    // The budget is used: a fresh identity, a right code, and it is not compared.
    let mut browser = Browser::at_activation(&server).await;
    browser.identify_as("Le Bœuf", "Anne", "0639980001").await;
    browser.follow().await;
    let code = server.read_code().await;
    browser.type_code(&code).await;
    assert!(!browser.page.has_element("#confirmer"), "{}", browser.page.visible_text());
    assert!(browser.page.visible_text().contains("Il reste 2 essais."), "{}", browser.page.visible_text());
    // A day later it serves again.
    server.advance(Span::hours(24));
    let mut browser = Browser::at_activation(&server).await;
    browser.identify_as("Durand", "Anne", "0639980001").await;
    browser.follow().await;
    let code = server.read_code().await;
    browser.type_code(&code).await;
    assert!(browser.page.has_element("#confirmer"), "{}", browser.page.visible_text());
}

/// An activation of this family that stands before its children.
async fn at_children(server: &TestServer, family: &TestFamily) -> (Browser, BoundActivation) {
    let mut browser = Browser::at_activation(server).await;
    browser.prove_phone(server, family).await;
    let id = browser.url.query_pairs().find(|(name, _)| name == "a").unwrap().1.into_owned();
    let secret = browser.cookie("activation").unwrap().to_owned();
    (browser, BoundActivation { activation: read(server, &ActivationId::new(id)).await, secret })
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_s08_birth_dates_at_once_compare_five() {
    for with_right in [false, true] {
        let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
        let (_, activation) = at_children(&server, &TestFamily::durand()).await;
        let (_, other) = at_children(&server, &TestFamily::durand()).await;
        let both = [Arc::new(activation), Arc::new(other)];
        let mut dates: Vec<String> = (1..=60).map(|n| format!("{:02}/{:02}/2012", n % 28 + 1, n % 12 + 1)).collect();
        if with_right {
            dates.push(DATE.to_owned());
        }
        let answers = all(dates.into_iter().enumerate().map(|(n, date)| {
            let (server, activation) = (server.clone(), Arc::clone(&both[n % 2]));
            let given = vec![SubmittedAnswer::Yes(parse_typed(&date).unwrap())];
            async move { ops::submit_answers(&server.operation(), &activation, &given).await.unwrap() }
        }))
        .await;
        let on =
            answers.iter().filter(|a| matches!(a, ChildrenStepOutcome::Advanced(ActivationStep::Password))).count();
        let accounts = server.query_count("SELECT COUNT(*) FROM account").await;
        assert_eq!(on > 0, accounts > 0);
        assert!(accounts <= i64::from(with_right));
        // The fifth sets the child aside: four were told that they are wrong.
        let is_wrong = |said: &AnswerVerdict| matches!(said, AnswerVerdict::WrongDate { .. });
        let wrong = answers
            .iter()
            .filter(|a| matches!(a, ChildrenStepOutcome::ShowAgain { verdicts, .. } if verdicts.iter().any(is_wrong)));
        let wrong = wrong.count();
        assert!(wrong <= 4, "{wrong}");
        if accounts == 0 {
            assert_eq!(wrong, 4);
            assert_eq!(marks(&server, "birth_date").await, [5]);
            assert_eq!(server.query_texts("SELECT kind FROM link_withheld").await, ["set_aside"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_activations_of_one_person_at_once_end_with_one_account() {
    for _ in 0..4 {
        meet().await;
    }
}

/// Five browsers activate for one person.
async fn meet() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut open = Vec::new();
    for _ in 0..5 {
        open.push(at_children(&server, &TestFamily::durand()).await.0);
    }
    let open = all(open.into_iter().map(|mut browser| async move {
        browser.answer_children(&[DATE]).await;
        browser
    }))
    .await;
    let steps: Vec<_> = open.iter().map(|browser| browser.url.path()).collect();
    assert_eq!(steps, ["/activation/mot-de-passe"; 5]);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 1);
    // All choose a password at once: the first does, the others are told so.
    let tabs = all(open.into_iter().map(|mut browser| async move {
        browser.choose_password(PASSWORD).await;
        browser
    }))
    .await;
    let signed_in = tabs.iter().filter(|b| b.has_session()).count();
    let overtaken = tabs.iter().filter(|b| b.page.heading() == "Un mot de passe vient d'être choisi").count();
    assert_eq!((signed_in, overtaken), (1, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn threat_s09_both_parents_at_once_have_an_account_each() {
    let (mother, father) = (family(11, "DURAND", "Anne"), family(12, "DURAND", "Paul"));
    let server =
        TestServer::start_with_open_campaign(&[mother.clone(), TestFamily { children: vec![], ..father.clone() }])
            .await;
    server
        .execute_sql(
            "INSERT INTO link (person_id, pupil_id, uai, level, source) SELECT p.id, u.id, '0349999J', 'legal', 'test' \
             FROM person p, pupil u WHERE p.given_name = 'Paul'",
            vec![],
        )
        .await;
    let given = vec![SubmittedAnswer::Yes(parse_typed(DATE).unwrap())];
    let mut open = Vec::new();
    for parent in [&mother, &father] {
        open.push(at_children(&server, parent).await.1);
    }
    all(open.into_iter().map(|activation| {
        let (server, given) = (server.clone(), given.clone());
        async move { ops::submit_answers(&server.operation(), &activation, &given).await.unwrap() }
    }))
    .await;
    let mut who = server.query_texts("SELECT identifiant FROM account ORDER BY identifiant").await;
    who.iter_mut().for_each(|text| text.truncate(8));
    assert_eq!(who, ["a.durand", "p.durand"]);
    // What one does to the link changes nothing for the other.
    server.execute_sql("DELETE FROM activation", vec![]).await;
    let (mut browser, _) = at_children(&server, &father).await;
    browser.answer_children(&["non"]).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM link_withheld").await, 1);
    let withheld = "SELECT p.given_name FROM link_withheld w JOIN person p ON p.id = w.person_id";
    assert_eq!(server.query_texts(withheld).await, ["Paul"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_homonyms_at_once_get_a_thousand_identifiants() {
    const MANY: u32 = 1000;
    let families: Vec<TestFamily> = (0..MANY).map(|n| family(n, "MARTIN", "Pierre")).collect();
    let server = TestServer::start_with_open_campaign(&families).await;
    let persons = server.query_texts("SELECT id FROM person ORDER BY person_key").await;
    // The steps before need a worker and a phone each: a real activation, once for each person.
    let (_, pattern) = at_children(&server, &families[0]).await;
    let mut activations = Vec::new();
    let op = server.operation();
    let mut tx = op.write(preau::db::Durability::Relaxed).await.unwrap();
    for (n, person) in (0..MANY).zip(&persons) {
        let pupil = "SELECT pupil_id FROM link WHERE person_id = $1";
        let (pupil_id,) = tx.fetch_one::<(String,)>(pupil, vec![person.as_str().into()]).await.unwrap();
        let mut own = pattern.activation.clone();
        own.id = ActivationId::new(format!("{n:022}"));
        own.browser_digest = format!("browser {n}");
        own.person_ids = vec![PersonId::new(person)];
        own.children[0].pupil_id = PupilId::new(pupil_id);
        own.children[0].person_ids = vec![PersonId::new(person)];
        assert!(store::insert(&mut tx, &server.app.master_key, &own).await.unwrap());
        assert!(store::advance(&mut tx, ActivationStep::Children, &own).await.unwrap());
        activations.push(BoundActivation { activation: own, secret: String::new() });
    }
    tx.commit().await.unwrap();
    let given = vec![SubmittedAnswer::Yes(parse_typed(DATE).unwrap())];
    // Nobody waits longer than five seconds for a connection: on a slow machine a thousand at one door would.
    let door = std::sync::Arc::new(tokio::sync::Semaphore::new(100));
    let steps = all(activations.into_iter().map(|activation| {
        let (server, given, door) = (server.clone(), given.clone(), door.clone());
        async move {
            let _place = door.acquire().await.map_err(|e| e.to_string())?;
            ops::submit_answers(&server.operation(), &activation, &given).await.map_err(|e| format!("{e:#}"))
        }
    }))
    .await;
    let wrong: Vec<_> =
        steps.iter().filter(|s| !matches!(s, Ok(ChildrenStepOutcome::Advanced(ActivationStep::Password)))).collect();
    assert!(wrong.is_empty(), "{} of {MANY}: {:?}", wrong.len(), wrong.first());
    let all = server.query_texts("SELECT identifiant FROM account").await;
    assert_eq!(all.len(), MANY as usize);
    let different: HashSet<&str> = all.iter().map(String::as_str).collect();
    assert_eq!(different.len(), MANY as usize);
    assert!(all.iter().all(|text| text.starts_with("p.martin")));
    assert_eq!(all.iter().filter(|text| text.len() == "p.martin00".len()).count(), 100, "two digits first");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM person WHERE account_id IS NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_and_a_job_that_runs_twice_send_once() {
    let families: Vec<TestFamily> = (0..20).map(|n| family(n, "MARTIN", "Pierre")).collect();
    let server = TestServer::start_with_open_campaign(&families).await;
    let neighbour = server.restart().await;
    for family in &families {
        Browser::at_activation(&server).await.identify(family).await;
    }
    let workers = [server.clone(), neighbour.clone(), server.clone(), neighbour.clone()];
    all(workers.map(|server| Box::pin(async move { bootstrap::drain_outbox(&server.app).await }))).await;
    let sent = || [server.messages(), neighbour.messages()].concat();
    let numbers: HashSet<String> = sent().into_iter().map(|m| m.to).collect();
    assert_eq!((sent().len(), numbers.len()), (20, 20));
    // A crash between the work and its note: the look in the roster runs again, and sends nothing.
    let ids = server.query_texts("SELECT id FROM activation ORDER BY id").await;
    let op = server.operation();
    let mut tx = op.write(preau::db::Durability::Relaxed).await.unwrap();
    for id in ids {
        let body = serde_json::json!({ "activation": id, "sends": 1 }).to_string();
        let master_key = &server.app.master_key;
        let kind = preau::outbox::JobKind::SendCode;
        preau::outbox::enqueue(&mut tx, master_key, kind, &body).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(server.drain_outbox().await, 20);
    assert_eq!(sent().len(), 20);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM outbox WHERE body IS NOT NULL").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_claimed_by_one_worker() {
    let server = TestServer::start().await;
    let neighbour = server.restart().await;
    for round in 0..10 {
        let op = server.operation();
        let mut tx = op.write(preau::db::Durability::Relaxed).await.unwrap();
        for _ in 0..30 {
            let (master_key, kind) = (&server.app.master_key, preau::outbox::JobKind::Sms);
            preau::outbox::enqueue(&mut tx, master_key, kind, "{}").await.unwrap();
        }
        tx.commit().await.unwrap();
        let claimed = all((0..8).map(|n| {
            let server = if n % 2 == 0 { server.clone() } else { neighbour.clone() };
            async move {
                let (db, master_key) = (&server.app.db, &server.app.master_key);
                let (kind, filter) = (preau::outbox::JobKind::Sms, preau::outbox::ClaimFilter::Due);
                let request = preau::outbox::ClaimRequest { kind, filter, max_jobs: 30 };
                preau::outbox::claim(db, master_key, server.now(), request).await.unwrap()
            }
        }))
        .await;
        let ids: Vec<String> = claimed.into_iter().flatten().map(|job| job.id).collect();
        assert_eq!(ids.len(), ids.iter().collect::<HashSet<_>>().len(), "round {round}: a job is claimed twice");
        assert_eq!(ids.len(), 30, "round {round}");
        server.execute_sql("DELETE FROM outbox", vec![]).await;
    }
}
