//! Whoever writes the rows of several people writes them in one order: on PostgreSQL two who do not are a deadlock, and one
//! of them fails. SQLite has one writer, where these tests hold that both acts come to their end.

use std::sync::Arc;
use std::time::Duration;

use preau::accounts::store::absent::free_people;
use preau::accounts::store::phones::disown_phones;
use preau::arrivals::ops::ArrivalBatch;
use preau::arrivals::{ArrivalRow, read_rows};
use preau::base::profile::Profile;
use preau::base::typed_ids::{AccountId, PersonId};
use preau::base::uai::Uai;
use preau::db::{Durability, Tx};
use preau::letters::ops::batch::{self, LetterBatch, LetterBatchRequest, LetterPress};
use preau::letters::ops::recipients::LetterScope;
use preau::notify::ops::NoticeContext;
use preau::roster::formats::read_table;
use preau::roster::ops::ImportContext;
use preau::roster::ops::undo::{ImportUndo, undo_last_run};
use preau::roster::store::link_to_account;
use preau::school_admin::ops::withdrawal::{BatchWithdrawalError, withdraw_batch_by_command};
use tokio::sync::Barrier;

use crate::support::deployment::MONOD;
use crate::support::{TestFamily, TestServer, database};

/// The statements that lock a row, unless another one holds it.
const PERSON: &str = "SELECT id FROM person WHERE id = $1 FOR NO KEY UPDATE NOWAIT";
const ACCOUNT: &str = "SELECT id FROM account WHERE id = $1 FOR NO KEY UPDATE NOWAIT";
/// Of « Cheval-7-bleu », by crypt(3).
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuus9o2tZcN19/IgUXNpDIQ.AVf68KQ2/q";

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

async fn lock(tx: &mut Tx, (sql, id): (&'static str, &str)) {
    let locked = tx.fetch_one::<(String,)>(sql, vec![id.into()]).await;
    assert!(locked.is_ok(), "{id} is another one's: {locked:?}");
}

/// Asserts that an act, while it waits for the first row in the order, holds none of the later ones. On PostgreSQL.
async fn assert_waits_in_order(
    server: &TestServer,
    first: (&'static str, &str),
    later: (&'static str, &str),
    act: impl Future<Output = ()>,
) {
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    lock(&mut tx, first).await;
    let other = async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        lock(&mut tx, later).await;
        tx.commit().await.unwrap();
    };
    tokio::join!(act, other);
}

/// Imports accounts for keys, in their order.
async fn take_accounts(server: &TestServer, keys: &[String], hash: &str) {
    let lines: Vec<String> = keys.iter().map(|key| format!("{key};responsable;{hash}")).collect();
    let table = read_table("f", format!("cle;profil;hash\n{}\n", lines.join("\n")).as_bytes()).unwrap();
    let rows: Vec<ArrivalRow> = read_rows(&table).unwrap().map(Result::unwrap).collect();
    let op = server.operation();
    let outcomes = ArrivalBatch::new(op.storage(), "montpellier").take(&rows, false).await.unwrap();
    assert!(outcomes.iter().all(|outcome| outcome.remarks.is_empty()), "{outcomes:?}");
}

/// Whatever the order of a table: accounts, then persons by their ids.
#[tokio::test]
async fn an_import_of_accounts_locks_its_rows_in_the_order_of_everybody() {
    if database::postgres().is_none() {
        return;
    }
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &class()).await;
    let ids = server.query_texts("SELECT id FROM person ORDER BY id").await;
    let mut keys = server.query_texts("SELECT person_key FROM person ORDER BY id").await;
    // Those of the table stand in the other order.
    keys.reverse();
    let (later, earlier) = keys.split_at(12);
    let act = take_accounts(&server, later, "");
    assert_waits_in_order(&server, (PERSON, ids[12].as_str()), (PERSON, ids[23].as_str()), act).await;
    // An account that is there waits for its password.
    take_accounts(&server, &earlier[11..], "").await;
    let account = "SELECT a.id FROM account a JOIN person p ON p.account_id = a.id ORDER BY p.id LIMIT 1";
    let account = server.query_texts(account).await.remove(0);
    let act = take_accounts(&server, earlier, BCRYPT);
    assert_waits_in_order(&server, (ACCOUNT, account.as_str()), (PERSON, ids[11].as_str()), act).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM person WHERE account_id IS NOT NULL").await, 24);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE password IS NOT NULL").await, 12);
}

/// However they lie in the table.
#[tokio::test]
async fn the_persons_of_one_account_are_written_in_the_order_of_their_ids() {
    if database::postgres().is_none() {
        return;
    }
    for disowns in [true, false] {
        let server = TestServer::start().await;
        for id in ["b", "a"] {
            let sql = "INSERT INTO person (id, academy, person_key, family_name, given_name, phone, phone_state, \
                       exported_at, account_id) VALUES ($1, 'montpellier', $1, 'DURAND', 'Anne', 'x', 'mobile', 0, 'x')";
            server.execute_sql(sql, vec![id.into()]).await;
        }
        let act = async {
            let (op, account) = (server.operation(), AccountId::new("x"));
            let mut tx = op.write(Durability::Durable).await.unwrap();
            match disowns {
                true => assert_eq!(disown_phones(&mut tx, &account).await.unwrap().len(), 2),
                false => free_people(&mut tx, &account).await.unwrap(),
            }
            tx.commit().await.unwrap();
        };
        assert_waits_in_order(&server, (PERSON, "a"), (PERSON, "b"), act).await;
        let written = "SELECT COUNT(*) FROM person WHERE phone_disowned_at IS NOT NULL OR account_id IS NULL";
        assert_eq!(server.query_count(written).await, 2);
    }
}

#[tokio::test]
async fn an_undo_deletes_nobody_who_gets_an_account_meanwhile() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
    let member = server.create_account("Anne", "DURAND").await;
    let person = PersonId::new(server.query_texts("SELECT id FROM person").await.remove(0));
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    assert!(link_to_account(&mut tx, &person, &member.account_id).await.unwrap());
    let activation = async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        tx.commit().await.unwrap();
    };
    let ctx = ImportContext::new(op.storage(), &server.app.phone_parser);
    let (undone, ()) = tokio::join!(undo_last_run(ctx, "montpellier", None), activation);
    assert!(matches!(undone, Ok(ImportUndo::Done { .. })), "{undone:?}");
    let sql = "SELECT COUNT(*) FROM person WHERE account_id IS NOT NULL";
    assert_eq!(server.query_count(sql).await, 1, "the account keeps its person");
}
