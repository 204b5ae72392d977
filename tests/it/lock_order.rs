//! Whoever writes the rows of several people writes them in one order: on PostgreSQL two who do not are a deadlock, and one
//! of them fails. SQLite has one writer, where these tests hold that both acts come to their end.

use std::sync::Arc;

use preau::base::profile::Profile;
use preau::base::uai::Uai;
use preau::db::Durability;
use preau::letters::ops::batch::{self, LetterBatch, LetterBatchRequest, LetterPress};
use preau::letters::ops::recipients::LetterScope;
use preau::notify::ops::NoticeContext;
use preau::school_admin::ops::withdrawal::{BatchWithdrawalError, withdraw_batch_by_command};
use tokio::sync::Barrier;

use crate::support::deployment::MONOD;
use crate::support::{TestFamily, TestServer};

/// The times that two acts begin together.
const ROUNDS: usize = 6;
/// The pupils of the class: each letter of a batch is a while in which the other act comes by.
const PUPILS: u32 = 24;

fn class() -> Vec<TestFamily> {
    let family = |n: u32| {
        let given: &'static str = format!("Ana{}", char::from_u32('a' as u32 + n).unwrap()).leak();
        let children = vec![(700_000 + n, given, "14/02/2013", "6 A")];
        TestFamily { key: 600_000 + n, nom: "PETIT", prenom: "Paul", phone: "", children }
    };
    (0..PUPILS).map(family).collect()
}

fn request(batch_id: Option<String>) -> LetterBatchRequest {
    LetterBatchRequest {
        uai: Uai::parse(MONOD).unwrap(),
        scope: LetterScope::Class("6a".into()),
        profile: Profile::Eleve,
        also_active: true,
        past_factor: false,
        join: None,
        reason: "Rentrée".to_owned(),
        batch_id,
    }
}

/// Draws the letters of the class.
async fn prepare(server: &TestServer) -> LetterBatch {
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let prepared = batch::prepare(&mut tx, &server.app.master_key, &request(None)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(prepared.letters.len(), PUPILS as usize);
    prepared
}

/// Issues prepared letters.
async fn issue(server: &TestServer, prepared: &LetterBatch, batch_id: Option<String>) -> anyhow::Result<()> {
    let press = LetterPress { notices: NoticeContext::from(&*server.app), issuer: server.issuer(), by_pupil: false };
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await?;
    batch::issue_all(&mut tx, press, &request(batch_id), prepared).await??;
    Ok(tx.commit().await?)
}

/// Issues prepared letters as a batch, whose rows stand in the other order of the names.
async fn issue_batch(server: &TestServer, prepared: &LetterBatch, id: &str) {
    issue(server, prepared, Some("drawn".to_owned())).await.unwrap();
    let batch = "INSERT INTO letter_batch (id, uai, class, part, profile, printed_by, printed_at, reason, letters) \
                 VALUES ($1, '0349999J', '6 A', 'class', 'eleve', 'x', $2, 'Rentrée', $3)";
    server.execute_sql(batch, vec![id.into(), server.now().0.into(), i64::from(PUPILS).into()]).await;
    let letters = "SELECT l.id FROM letter l JOIN account a ON a.id = l.account_id WHERE l.batch_id = 'drawn' \
                   AND l.ended_at IS NULL ORDER BY a.given_name DESC";
    for letter in server.query_texts(letters).await {
        let sql = "UPDATE letter SET batch_id = $1 WHERE id = $2";
        assert_eq!(server.execute_sql(sql, vec![id.into(), letter.as_str().into()]).await, 1);
    }
}

/// Of letters that are reprinted while their batch is taken back, each act ends some: the later one finds fewer, or none.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_batch_is_taken_back_while_its_letters_are_printed_again() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &class()).await;
    for round in 0..ROUNDS {
        let id = format!("{:032x}", round + 1);
        issue_batch(&server, &prepare(&server).await, &id).await;
        let again = prepare(&server).await;
        let barrier = Arc::new(Barrier::new(2));
        let reprint = {
            let (server, barrier) = (server.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                issue(&server, &again, None).await
            })
        };
        let withdrawal = {
            let (server, id) = (server.clone(), id.clone());
            tokio::spawn(async move {
                let op = server.operation();
                barrier.wait().await;
                withdraw_batch_by_command(op.database(), &id, "Perdues").await
            })
        };
        reprint.await.unwrap().unwrap();
        let was_first = match withdrawal.await.unwrap() {
            Ok(batch) => {
                assert_eq!(batch.letters_withdrawn, Some(i64::from(PUPILS)), "all of them, or none");
                true
            }
            Err(error) => {
                let nothing = BatchWithdrawalError::Nothing(id.clone());
                assert_eq!(error.downcast_ref(), Some(&nothing), "{error:#}");
                false
            }
        };
        let open = "SELECT COUNT(*) FROM letter WHERE ended_at IS NULL";
        assert_eq!(server.query_count(open).await, i64::from(PUPILS), "the new ones");
        let ended = "SELECT COUNT(*) FROM letter WHERE batch_id IS NOT NULL AND ended_at IS NULL";
        assert_eq!(server.query_count(ended).await, 0, "withdrawn first: {was_first}");
    }
}

/// Two agents print for the same people, by lists in two orders.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_people_are_printed_for_in_two_orders_at_once() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &class()).await;
    for _ in 0..ROUNDS {
        let (first, mut second) = (prepare(&server).await, prepare(&server).await);
        second.letters.reverse();
        let barrier = Arc::new(Barrier::new(2));
        let spawn = |prepared: LetterBatch| {
            let (server, barrier) = (server.clone(), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                issue(&server, &prepared, None).await
            })
        };
        let both = [spawn(first), spawn(second)];
        for printed in both {
            printed.await.unwrap().unwrap();
        }
        let open = "SELECT COUNT(*) FROM letter WHERE ended_at IS NULL";
        assert_eq!(server.query_count(open).await, i64::from(PUPILS));
    }
}
