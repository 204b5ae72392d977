//! Accounts that come from elsewhere: what is kept, what is refused, and that nobody learns who they are.

use preau::arrivals::ops::ArrivalBatch;
use preau::arrivals::{ArrivalRow, read_rows};
use preau::base::rng::{Random, SeededRandom};
use preau::roster::formats::read_table;
use serde_json::json;

use crate::support::deployment::MONOD;
use crate::support::{Browser, PASSWORD, TestAccount, TestFamily, TestRelyingParty, TestServer};

/// Of [`PASSWORD`], by crypt(3).
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuus9o2tZcN19/IgUXNpDIQ.AVf68KQ2/q";
const SHA512: &str =
    "$6$saltfictif$UEVOt2zUyXw4Py7CcWRml5tLGASyQ8p3aN362tVxJKJBGbuC6GT6eEjwdtk.5KDZgvFicEk47WU0B9P3bzW69.";

async fn school() -> TestServer {
    let server = TestServer::start().await;
    let families = [TestFamily::durand(), TestFamily::petit(), TestFamily::ndiaye()];
    server.import_families("montpellier", MONOD, &families).await;
    server
}

fn rows(header: &str, rows: &[String]) -> Vec<ArrivalRow> {
    let text = format!("{header}\n{}\n", rows.join("\n"));
    let table = read_table("f", text.as_bytes()).unwrap();
    read_rows(&table).unwrap().into_iter().map(Result::unwrap).collect()
}

/// Imports rows, and returns the remarks of each.
async fn arrive(server: &TestServer, header: &str, lines: &[String]) -> Vec<String> {
    let op = server.operation();
    let mut batch = ArrivalBatch::new(op.storage(), "montpellier");
    let mut said = Vec::new();
    for row in rows(header, lines) {
        let outcome = batch.take(&row, false).await.unwrap();
        said.push(outcome.remarks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
    }
    said
}

async fn account(server: &TestServer, identifiant: &str) -> TestAccount {
    let mut tx = server.app.db.read().await.unwrap();
    let found = preau::accounts::store::find_by_identifiant(&mut tx, identifiant).await.unwrap().unwrap();
    TestAccount { account_id: found.id, identifiant: identifiant.to_owned(), password: PASSWORD.to_owned() }
}

async fn password(server: &TestServer) -> String {
    server.query_texts("SELECT COALESCE(password, '') FROM account WHERE identifiant = 'a.durand47'").await.concat()
}

const HEADER: &str = "cle;profil;identifiant;hash;sub:ent;sub:bourses";

#[tokio::test]
async fn account_10_the_old_password_opens_the_account_once_and_becomes_a_hash_of_ours() {
    for hash in [BCRYPT, SHA512] {
        let server = school().await;
        let row = format!("500001;responsable; A.Durand47;{hash};ancien-1;autre-1");
        assert_eq!(arrive(&server, HEADER, std::slice::from_ref(&row)).await, [""]);
        let stored = password(&server).await;
        assert!(stored.starts_with("sealed:") && !stored.contains(&hash[10..30]), "{stored}");
        // The same table again changes nothing.
        assert_eq!(arrive(&server, HEADER, &[row]).await, [""]);
        assert_eq!(password(&server).await, stored);

        let member = account(&server, "a.durand47").await;
        let mut browser = Browser::new(&server);
        browser.open("/connexion").await;
        browser.sign_in_with("a.durand47", "Cheval-7-bleu!").await;
        assert!(!browser.has_session());
        assert_eq!(password(&server).await, stored, "a wrong password changes nothing");
        let rp = TestRelyingParty::new(&server, "ent");
        let tokens = rp.sign_in(&mut Browser::new(&server), &member).await;
        let told = rp.userinfo(&tokens.access_token).await.json();
        assert_eq!((told["sub"].as_str(), told["children"][0]["given_name"].as_str()), (Some("ancien-1"), Some("Zoé")));
        let renewed = password(&server).await;
        assert!(renewed.starts_with("$argon2id$"), "{renewed}");
        // And it opens it again.
        let rp = TestRelyingParty::new(&server, "bourses");
        let tokens = rp.sign_in(&mut Browser::new(&server), &member).await;
        assert_eq!(rp.userinfo(&tokens.access_token).await.json()["sub"], json!("autre-1"));
        assert_eq!(password(&server).await, renewed);
    }
}

#[tokio::test]
async fn account_10_what_is_taken_or_of_another_form_is_drawn_and_told() {
    let server = school().await;
    let said = arrive(
        &server,
        "cle;profil;identifiant;hash",
        &[
            "500001;responsable;a.durand47;".to_owned(),
            "500002;responsable;a.durand47;".to_owned(),
            "500010;responsable;fatou.ndiaye@exemple.fr;".to_owned(),
            "777777;responsable;z.nulle00;".to_owned(),
        ],
    )
    .await;
    assert_eq!(said[0], "");
    assert!(said[1].starts_with("the identifiant a.durand47 is taken: p.petit"), "{said:?}");
    assert!(said[2].starts_with("the identifiant fatou.ndiaye@exemple.fr is of another form: f.ndiaye"), "{said:?}");
    assert_eq!(said[3], "no roster of the academy has this key");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE state = 'pending'").await, 3);
    // A pending account is finished like any other: the SMS leads to the same identifiant.
    let said = arrive(&server, "cle;profil;identifiant;hash", &["500001;responsable;a.durand99;".to_owned()]).await;
    assert_eq!(said, ["has the account a.durand47 already, which keeps its identifiant and its password"]);
}

#[tokio::test]
async fn account_10_no_sub_is_ever_of_two_accounts() {
    let server = school().await;
    let said = arrive(
        &server,
        HEADER,
        &[
            "500001;responsable;a.durand47;;meme;".to_owned(),
            "500002;responsable;p.petit47;;meme;".to_owned(),
            "500001;responsable;a.durand47;;autre;".to_owned(),
            format!("500010;responsable;f.ndiaye47;;{};é", "x".repeat(256)),
        ],
    )
    .await;
    assert_eq!(said[1], "the client ent knows another account by this sub");
    assert_eq!(said[2], "the client ent knows this account by another sub already");
    assert_eq!(said[3].matches("has characters that none has").count(), 2, "{said:?}");
    let said = arrive(&server, "cle;profil;sub:nulle", &["500002;responsable;x".to_owned()]).await;
    assert!(said[0].starts_with("no client nulle is known"), "{said:?}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM subject WHERE value = 'meme'").await, 1);
}

#[tokio::test]
async fn account_10_a_refused_hash_leaves_the_account_pending_and_a_pupil_arrives_too() {
    let server = school().await;
    let said = arrive(
        &server,
        "academie;profil;cle;identifiant;hash",
        &[
            ";responsable;500001;a.durand47;5f4dcc3b5aa765d61d8327deb882cf99".to_owned(),
            format!("montpellier;responsable;500002;p.petit47;{}", BCRYPT.replace("$04$", "$31$")),
            format!("montpellier;eleve;900001;z.durand47;{BCRYPT}"),
            "toulouse;responsable;500010;f.ndiaye47;".to_owned(),
        ],
    )
    .await;
    assert!(said[0].contains("is of no known kind") && said[0].contains("waits for a code"), "{said:?}");
    assert!(said[1].contains("costs more than a server"), "{said:?}");
    assert_eq!((said[2].as_str(), said[3].as_str()), ("", "is of the academy toulouse"));
    let pending = "SELECT identifiant FROM account WHERE state = 'pending' ORDER BY identifiant";
    assert_eq!(server.query_texts(pending).await, ["a.durand47", "p.petit47"]);
    let pupil = account(&server, "z.durand47").await;
    let rp = TestRelyingParty::new(&server, "ent");
    let tokens = rp.sign_in(&mut Browser::new(&server), &pupil).await;
    assert_eq!(rp.userinfo(&tokens.access_token).await.json()["education_profile"], "eleve");
}

#[tokio::test]
async fn account_10_one_person_by_two_keys_is_one_account() {
    let server = school().await;
    let twin = TestFamily { key: 500_099, ..TestFamily::durand() };
    server.import_families("montpellier", MONOD, &[TestFamily::durand(), TestFamily::petit(), twin]).await;
    let row = |key: &str| format!("{key};responsable;a.durand47;{BCRYPT}");
    let said = arrive(&server, "cle;profil;identifiant;hash", &[row("500001"), row("500099"), row("500002")]).await;
    assert_eq!(said[..2], ["", ""]);
    assert!(said[2].contains("is taken"), "another name is another person: {said:?}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 2);
}

#[tokio::test]
async fn threat_a_wrong_password_takes_as_long_for_those_from_elsewhere_as_for_everybody() {
    let server = school().await;
    arrive(&server, "cle;profil;identifiant;hash", &[format!("500001;responsable;a.durand47;{SHA512}")]).await;
    assert_eq!(server.app.password_hasher.legacy_delay(), None);
    // The server measures such a hash before anybody types a password.
    preau::accounts::ops::measure_legacy_hash(&server.operation()).await.unwrap();
    let delay = server.app.password_hasher.legacy_delay().unwrap();
    let began = std::time::Instant::now();
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    browser.sign_in_with("z.personne00", "Cheval-7-blue").await;
    assert!(began.elapsed() >= delay, "an unknown identifiant waits too");
}

#[tokio::test]
async fn account_10_a_new_password_drops_the_old_hash_for_good() {
    let server = school().await;
    arrive(&server, "cle;profil;identifiant;hash", &[format!("500001;responsable;a.durand47;{BCRYPT}")]).await;
    let member = account(&server, "a.durand47").await;
    let op = server.operation();
    let mut tx = op.write(preau::db::Durability::Durable).await.unwrap();
    assert!(preau::accounts::store::set_password(&mut tx, &member.account_id, "$argon2id$x").await.unwrap());
    tx.commit().await.unwrap();
    let former = "SELECT COALESCE(former_password, 'none') FROM account WHERE identifiant = 'a.durand47'";
    assert_eq!(server.query_texts(former).await, ["none"]);
}

#[tokio::test]
async fn account_10_a_table_that_does_not_say_whose_a_row_is_gives_no_parent_a_pupils_password() {
    let refused = |header: &str| {
        let table = read_table("f", format!("{header}\n1;x\n").as_bytes()).unwrap();
        read_rows(&table).unwrap_err().to_string()
    };
    let told = refused("cle;hash");
    assert!(told.contains("lacks the column profil") && told.contains("500001;responsable;"), "{told}");
    let server = school().await;
    let table = read_table("f", format!("cle;profil;hash\n500001;;{BCRYPT}\n").as_bytes()).unwrap();
    assert!(read_rows(&table).unwrap()[0].is_err(), "an empty cell is no parent either");
    // A key of one that is also the other's, by mistake, is seen by the names.
    let said = arrive(
        &server,
        "cle;profil;nom;prenom;hash",
        &[
            format!("500001;responsable;DURAND;Zoé;{BCRYPT}"),
            format!("500002;responsable;NDIAYE;;{BCRYPT}"),
            "500001;responsable;durand;ANNE;".to_owned(),
        ],
    )
    .await;
    assert_eq!(said[..2], ["the roster has another name under this key"; 2]);
    assert_eq!(said[2], "");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE password IS NOT NULL").await, 0);
}

#[tokio::test]
async fn account_10_two_first_sign_ins_at_once_both_enter() {
    let server = school().await;
    arrive(&server, "cle;profil;identifiant;hash", &[format!("500001;responsable;a.durand47;{SHA512}")]).await;
    let (mut first, mut second) = (Browser::new(&server), Browser::new(&server));
    first.open("/connexion").await;
    second.open("/connexion").await;
    // A double click: the second one was sent before the hash of ours was there.
    tokio::join!(first.sign_in_with("a.durand47", PASSWORD), second.sign_in_with("a.durand47", PASSWORD));
    assert!(first.has_session() && second.has_session());
    assert!(password(&server).await.starts_with("$argon2id$"));
    let mut third = Browser::new(&server);
    third.open("/connexion").await;
    third.sign_in_with("a.durand47", "Cheval-7-bleu!").await;
    assert!(!third.has_session());
}

/// ONDE has no keys: the INE of the child and the names say who is meant.
#[tokio::test]
async fn account_10_people_of_onde_arrive_by_the_ine_of_the_child_and_their_names() {
    let server = school().await;
    let ine = preau::roster::ine::Ine::parse("990000001ZA").unwrap().blind(&server.app.master_key);
    server.execute_sql("UPDATE pupil SET ine_blind = $1 WHERE pupil_key = '900001'", vec![ine.into()]).await;
    let said = arrive(
        &server,
        "format;cle;profil;nom;prenom;identifiant;hash",
        &[
            format!("onde;990000001ZA;responsable;Durand;Anne;a.durand47;{BCRYPT}"),
            "onde;990000001ZA;eleve;Durand;Zoé;z.durand12;".to_owned(),
            "onde;990000001ZA;responsable;Durand;Marc;m.durand47;".to_owned(),
            "onde;990000009ZA;responsable;Durand;Anne;a.durand48;".to_owned(),
        ],
    )
    .await;
    assert_eq!(said[..2], ["", ""]);
    assert_eq!(said[2..], ["no roster of the academy has this key"; 2]);
    let accounts = "SELECT identifiant || ' ' || profile FROM account ORDER BY identifiant";
    assert_eq!(server.query_texts(accounts).await, ["a.durand47 responsable", "z.durand12 eleve"]);
    let table = read_table("f", "format;cle;profil\nonde;990000001ZA;responsable\n".as_bytes()).unwrap();
    assert!(read_rows(&table).unwrap()[0].is_err(), "an INE alone is a child's");
}

/// Takes a table whole. Returns the remarks of each row, and the number of new accounts.
async fn take_table(server: &TestServer, bytes: &[u8], dry_run: bool) -> (Vec<String>, usize) {
    let op = server.operation();
    let mut batch = ArrivalBatch::new(op.storage(), "montpellier");
    let (mut said, mut new) = (Vec::new(), 0);
    for row in read_rows(&read_table("f", bytes).unwrap()).unwrap() {
        match row {
            Ok(row) => {
                let outcome = batch.take(&row, dry_run).await.unwrap();
                new += usize::from(outcome.is_new);
                said.push(outcome.remarks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "));
            }
            Err((_, remark)) => said.push(remark.to_string()),
        }
    }
    (said, new)
}

/// Tables drawn by a seed, as other programs write them: whatever is in them, a person has one account at most, the roster
/// stays as it is, each row that is wrong has a remark, and the same table again changes nothing.
#[tokio::test]
async fn account_10_tables_of_accounts_come_through_with_every_oddity() {
    const KEYS: [(&str, bool); 5] =
        [("500001", true), ("500002", true), ("500010", true), ("777777", false), ("", false)];
    const PROFILES: [(&str, bool); 4] =
        [("responsable", true), ("RESPONSABLE", true), ("Résponsable", true), ("parent", false)];
    const ACCOUNTS: &str =
        "SELECT identifiant || ' ' || state || ' ' || COALESCE(password, '') FROM account ORDER BY id";
    const ROSTER: &str =
        "SELECT person_id || pupil_id || level || COALESCE(CAST(ended_at AS TEXT), '') FROM link ORDER BY 1";
    for seed in 0..6 {
        let server = school().await;
        let rng = SeededRandom::new(seed);
        let rng: &dyn Random = &rng;
        let draw = |bound: usize| usize::try_from(rng.below(u32::try_from(bound).unwrap())).unwrap();
        let separator = [";", ",", "\t"][draw(3)];
        let line = |cells: &[&str]| cells.iter().map(|cell| format!("\"{cell}\"")).collect::<Vec<_>>().join(separator);
        let mut text = line(&["Clé", "PROFIL", "identifiant", "hash", "sub:ent"]);
        let mut wrong = Vec::new();
        for row in 0..12 {
            let ((key, known), (profile, named)) = (KEYS[draw(5)], PROFILES[draw(4)]);
            let identifiant = ["", "a.durand47", " A.Durand47 ", "fatou@exemple.fr", "p.petit47"][draw(5)];
            let hash = ["", BCRYPT, SHA512, "5f4dcc3b5aa765d61d8327deb882cf99"][draw(4)];
            let sub = ["".to_owned(), "meme".to_owned(), format!("ancien-{row}")][draw(3)].clone();
            if !(known && named) {
                wrong.push(row);
            }
            text = format!("{text}\r\n{}", line(&[key, profile, identifiant, hash, &sub]));
        }
        let bytes = match draw(3) {
            0 => text.as_bytes().to_vec(),
            1 => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            _ => encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
        };
        let roster = server.query_texts(ROSTER).await;
        take_table(&server, &bytes, true).await;
        assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 0, "{seed}: a dry run writes nothing");
        let (said, new) = take_table(&server, &bytes, false).await;
        assert_eq!(said.len(), 12, "{seed}: {said:?}");
        for row in wrong {
            assert!(!said[row].is_empty(), "{seed}: row {row}: {text}");
        }
        let accounts = server.query_texts(ACCOUNTS).await;
        assert!(new <= 3 && accounts.len() == new, "{seed}: {said:?}");
        let (_, again) = take_table(&server, &bytes, false).await;
        assert_eq!((again, server.query_texts(ACCOUNTS).await), (0, accounts), "{seed}");
        assert_eq!(server.query_texts(ROSTER).await, roster, "{seed}");
        let held = "SELECT COUNT(*) FROM subject s JOIN subject o ON o.space = s.space AND o.value = s.value \
                    AND o.account_id <> s.account_id";
        assert_eq!(server.query_count(held).await, 0, "{seed}: one sub of two accounts");
    }
}
