//! The first sheets of a pupil whom two schools have, printed before either imports again: one INE, one account, by the
//! rules of the import (docs/threats.md#attack-a12).

use std::time::Duration;

use preau::base::clock::Span;
use preau::base::profile::Profile;
use preau::base::uai::Uai;
use preau::db::{Durability, UnitOfWork};
use preau::letters::LetterKind;
use preau::letters::ops::batch::{self, LetterAccountChanged, LetterBatch, LetterBatchRequest, LetterPress};
use preau::letters::ops::recipients::{LeftOut, LetterScope};
use preau::notify::ops::NoticeContext;
use preau::roster::ops::ImportContext;
use preau::roster::ops::undo::{ImportUndo, undo_last_run};

use crate::support::deployment::{MONOD, TOULOUSE};
use crate::support::people::PASSWORD;
use crate::support::{Browser, TestFamily, TestServer};

const INE: &str = "990000001ZA";
const OTHER_INE: &str = "9900000002Z";
const BORN: &str = "14/02/2013";
/// ELEVE_ID in Montpellier, and in Toulouse.
const PUPILS: [u32; 2] = [900_001, 910_001];
const FACTS: &str = "SELECT uai || ' ' || detail FROM audit WHERE fact = 'pupil_recognised'";
const ACCOUNTS: &str = "SELECT COUNT(*) FROM account";

/// The family as Toulouse writes it: every key is another one.
fn there(nom: &'static str, given: &'static str, born: &'static str) -> TestFamily {
    TestFamily { key: 600_001, nom, children: vec![(PUPILS[1], given, born, "2 C")], ..TestFamily::durand() }
}

/// Two schools that have the pupil, Montpellier first, and no account.
async fn start_with(moved: TestFamily) -> TestServer {
    let server = TestServer::start().await;
    server.import_with_ines("montpellier", MONOD, &[TestFamily::durand()], &[(PUPILS[0], INE)]).await;
    server.advance(Span::hours(1));
    server.import_with_ines("toulouse", TOULOUSE, &[moved], &[(PUPILS[1], INE)]).await;
    server
}

async fn start() -> TestServer {
    start_with(there("Durand", "ZOE", BORN)).await
}

fn request(uai: &str, profile: Profile, also_active: bool) -> LetterBatchRequest {
    let class = if uai == MONOD { "6 A" } else { "2 C" };
    LetterBatchRequest {
        uai: Uai::parse(uai).unwrap(),
        scope: LetterScope::Class(class.to_owned()),
        profile,
        also_active,
        past_factor: false,
        join: None,
        reason: "Rentrée".to_owned(),
        batch_id: None,
    }
}

/// Prints in the caller's transaction.
async fn print_in(server: &TestServer, tx: &mut UnitOfWork<'_>, request: &LetterBatchRequest) -> LetterBatch {
    let press = LetterPress { notices: NoticeContext::from(&*server.app), issuer: server.issuer(), by_pupil: false };
    let prepared = batch::prepare(tx, &server.app.master_key, request).await.unwrap();
    batch::issue_all(tx, press, request, &prepared).await.unwrap().unwrap();
    prepared
}

/// Prints the sheets of a school's class.
async fn print(server: &TestServer, request: LetterBatchRequest) -> LetterBatch {
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let printed = print_in(server, &mut tx, &request).await;
    tx.commit().await.unwrap();
    printed
}

async fn print_sheet(server: &TestServer, uai: &str) -> LetterBatch {
    print(server, request(uai, Profile::Eleve, false)).await
}

/// The identifiant of the only sheet.
fn identifiant(batch: &LetterBatch) -> &str {
    assert_eq!(batch.letters.len(), 1);
    &batch.letters[0].account.identifiant
}

/// Types the code of the only sheet.
async fn type_code(server: &TestServer, batch: &LetterBatch) -> Browser {
    let mut browser = Browser::new(server);
    browser.get("/lettre").await;
    let code = batch.letters[0].letter.code.to_printed_form();
    browser.submit("continuer", &[("identifiant", identifiant(batch)), ("code", &code)]).await;
    browser.follow().await;
    browser
}

#[tokio::test]
async fn the_second_school_prints_for_the_account_that_the_first_one_made() {
    let server = start().await;
    let first = print_sheet(&server, MONOD).await;
    server.advance(Span::hours(1));
    let second = print_sheet(&server, TOULOUSE).await;
    assert_eq!((identifiant(&second), server.query_count(ACCOUNTS).await), (identifiant(&first), 1));
    assert_eq!(second.letters[0].recipient.kind(), LetterKind::First);
    assert_eq!(server.query_texts(FACTS).await, [format!("{TOULOUSE} toulouse")]);
    // As after an import: the newer sheet stands for the older one, which says so.
    let said = type_code(&server, &first).await.page.visible_text();
    assert!(said.contains("Une feuille plus récente existe"), "{said}");
    let mut browser = type_code(&server, &second).await;
    browser.type_own_date(BORN).await;
    browser.submit("terminer", &[("mot_de_passe", PASSWORD), ("confirmation", PASSWORD)]).await;
    browser.follow().await;
    assert!(browser.has_session(), "{}", browser.page.visible_text());
    // From then on either school prints a sheet for another password only where it is asked for one.
    for uai in [MONOD, TOULOUSE] {
        let none = print_sheet(&server, uai).await;
        assert!(none.letters.is_empty());
        assert_eq!(none.left_out.iter().map(|(_, why)| *why).collect::<Vec<_>>(), [LeftOut::Active]);
        let asked = print(&server, request(uai, Profile::Eleve, true)).await;
        assert_eq!(asked.letters[0].recipient.kind(), LetterKind::Reset);
    }
    // Nor has the next import anything to recognise.
    let again = [(PUPILS[1], INE)];
    let said = server.import_with_ines("toulouse", TOULOUSE, &[there("Durand", "ZOE", BORN)], &again).await;
    assert!(!said.contains("the same pupil"), "{said}");
    assert_eq!((server.query_texts(FACTS).await.len(), server.query_count(ACCOUNTS).await), (1, 1));
}

#[tokio::test]
async fn a_first_sheet_for_a_pupil_with_an_active_account_elsewhere_is_none() {
    let server = start().await;
    let member = server.create_account_of_pupil("Zoé").await;
    let batch = print_sheet(&server, TOULOUSE).await;
    assert_eq!(batch.left_out.iter().map(|(_, why)| *why).collect::<Vec<_>>(), [LeftOut::Active]);
    assert!(batch.letters.is_empty());
    assert_eq!((server.query_count(ACCOUNTS).await, server.query_texts(FACTS).await.len()), (1, 1));
    let sql = "SELECT COUNT(*) FROM pupil WHERE account_id IS NOT NULL AND academy = 'toulouse'";
    assert_eq!(server.query_count(sql).await, 1);
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    browser.sign_in(&member).await;
    assert!(browser.has_session());
}

/// Runs a transaction of one school that the other one meets before its end.
async fn print_while_another_prints(
    server: &TestServer,
    [first, second]: [LetterBatchRequest; 2],
) -> (LetterBatch, LetterBatch) {
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let printed = print_in(server, &mut tx, &first).await;
    let waiting = {
        let server = server.clone();
        tokio::spawn(async move { print(&server, second).await })
    };
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished(), "the second one does not wait");
    tx.commit().await.unwrap();
    (printed, waiting.await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_schools_that_print_at_the_same_moment_print_for_one_account() {
    let server = start().await;
    let both = [MONOD, TOULOUSE].map(|uai| request(uai, Profile::Eleve, false));
    let (first, second) = print_while_another_prints(&server, both).await;
    assert_eq!((identifiant(&second), server.query_count(ACCOUNTS).await), (identifiant(&first), 1));
    assert_eq!(server.query_texts(FACTS).await, [format!("{TOULOUSE} toulouse")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_agents_who_print_for_the_same_people_print_for_the_same_accounts() {
    for profile in [Profile::Eleve, Profile::Responsable] {
        let server = start().await;
        let both = [MONOD, MONOD].map(|uai| request(uai, profile, false));
        let (first, second) = print_while_another_prints(&server, both).await;
        assert_eq!((identifiant(&second), server.query_count(ACCOUNTS).await), (identifiant(&first), 1));
        assert_eq!(server.query_count("SELECT COUNT(*) FROM letter WHERE ended_at IS NULL").await, 1);
    }
}

/// Asserts that the sheet of a school is for an account of its own, and leaves the other one alone.
async fn assert_own_account(server: &TestServer, uai: &str, why: &str) {
    let before = server.query_texts("SELECT identifiant FROM account").await;
    let batch = print_sheet(server, uai).await;
    assert!(!before.contains(&identifiant(&batch).to_owned()), "{why}");
    assert_eq!(server.query_count(ACCOUNTS).await, i64::try_from(before.len()).unwrap() + 1, "{why}");
    assert!(server.query_texts(FACTS).await.is_empty(), "{why}");
    let sql = "SELECT COUNT(DISTINCT account_id) FROM pupil WHERE account_id IS NOT NULL";
    assert_eq!(server.query_count(sql).await, 2, "{why}");
}

#[tokio::test]
async fn attack_a12_a_sheet_for_a_stranger_under_the_ine_of_a_pupil_gives_nothing_of_that_pupil() {
    for (why, crafted) in [
        ("another name", there("DURAND", "Léa", BORN)),
        ("another family name", there("PETIT", "Zoé", BORN)),
        ("another birth date", there("DURAND", "Zoé", "15/02/2013")),
    ] {
        let server = start_with(crafted).await;
        print_sheet(&server, MONOD).await;
        assert_own_account(&server, TOULOUSE, why).await;
    }
}

#[tokio::test]
async fn attack_a12_a_pupil_who_was_there_first_gets_no_account_that_another_school_made_beforehand() {
    let server = start().await;
    // Whoever made it knows its code.
    print_sheet(&server, TOULOUSE).await;
    assert_own_account(&server, MONOD, "the older record").await;
}

#[tokio::test]
async fn attack_a12_a_sheet_joins_no_account_that_an_import_would_not() {
    for (why, sql) in [
        ("taken out for good", "UPDATE pupil SET join_barred_at = 1 WHERE academy = 'toulouse'"),
        ("another INE", "UPDATE pupil SET ine_blind = 'x' WHERE academy = 'toulouse'"),
        ("no INE", "UPDATE pupil SET ine_blind = NULL"),
    ] {
        let server = start().await;
        print_sheet(&server, MONOD).await;
        assert!(server.execute_sql(sql, Vec::new()).await > 0);
        assert_own_account(&server, TOULOUSE, why).await;
    }
    // Two pupils of the school have the number by now: it says nothing of either.
    let server = TestServer::start().await;
    server.import_with_ines("montpellier", MONOD, &[TestFamily::durand()], &[(PUPILS[0], INE)]).await;
    server.advance(Span::hours(1));
    let twin = TestFamily { key: 600_002, children: vec![(910_002, "Noé", BORN, "2 D")], ..TestFamily::durand() };
    let ines = [(PUPILS[1], INE), (910_002, OTHER_INE)];
    server.import_with_ines("toulouse", TOULOUSE, &[there("DURAND", "Zoé", BORN), twin], &ines).await;
    print_sheet(&server, MONOD).await;
    let same = "UPDATE pupil SET ine_blind = (SELECT ine_blind FROM pupil WHERE pupil_key = '900001') \
                WHERE pupil_key = '910002'";
    assert_eq!(server.execute_sql(same, Vec::new()).await, 1);
    assert_own_account(&server, TOULOUSE, "an INE of two pupils").await;
}

/// Whoever has the paper would come into an account of which the school has nobody any more.
#[tokio::test]
async fn attack_a12_an_undo_ends_the_sheets_that_the_school_printed_for_an_account_that_its_pupil_leaves() {
    let server = start().await;
    print_sheet(&server, MONOD).await;
    server.advance(Span::hours(1));
    let theirs = print_sheet(&server, TOULOUSE).await;
    let op = server.operation();
    let ctx = ImportContext::new(op.storage(), &server.app.phone_parser);
    let undone = Box::pin(undo_last_run(ctx, "toulouse", None)).await.unwrap();
    assert!(matches!(undone, ImportUndo::Done { .. }), "{undone:?}");
    let said = type_code(&server, &theirs).await.page.visible_text();
    assert!(said.contains("plus valable"), "{said}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM letter WHERE ended_at IS NULL").await, 0);
    // The pupil's own school prints another one.
    let own = print_sheet(&server, MONOD).await;
    assert_eq!((identifiant(&own), server.query_count(ACCOUNTS).await), (identifiant(&theirs), 1));
    type_code(&server, &own).await.type_own_date(BORN).await;
}

#[tokio::test]
async fn attack_a12_no_sheet_is_issued_for_an_account_that_the_pupil_left_while_it_was_drawn() {
    let server = start().await;
    print_sheet(&server, MONOD).await;
    let wanted = request(TOULOUSE, Profile::Eleve, false);
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let prepared = batch::prepare(&mut tx, &server.app.master_key, &wanted).await.unwrap();
    tx.commit().await.unwrap();
    let leave = "UPDATE pupil SET account_id = NULL WHERE academy = 'toulouse'";
    assert_eq!(server.execute_sql(leave, Vec::new()).await, 1);
    let press = LetterPress { notices: NoticeContext::from(&*server.app), issuer: server.issuer(), by_pupil: false };
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let issued = batch::issue_all(&mut tx, press, &wanted, &prepared).await.unwrap();
    assert_eq!(issued, Err(LetterAccountChanged));
}

#[tokio::test]
async fn a_closed_account_is_nobodys_and_the_next_sheet_makes_another_one() {
    let server = start().await;
    print_sheet(&server, MONOD).await;
    server.execute_sql("UPDATE account SET state = 'closed'", Vec::new()).await;
    assert_own_account(&server, TOULOUSE, "a closed account").await;
}
