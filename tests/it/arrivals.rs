//! Accounts that come from elsewhere: what is kept, what is refused, and that nobody learns who they are.

use preau::arrivals::ops::ArrivalBatch;
use preau::arrivals::{ArrivalRow, ReadRow, read_rows};
use preau::audit;
use preau::base::clock::Span;
use preau::base::rng::{Random, SeededRandom};
use preau::clients::SubjectType;
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

/// The same school, where Anne Durand has a second key.
async fn school_with_twin() -> TestServer {
    let server = TestServer::start().await;
    let twin = TestFamily { key: 500_099, ..TestFamily::durand() };
    let families = [TestFamily::durand(), TestFamily::petit(), TestFamily::ndiaye(), twin];
    server.import_families("montpellier", MONOD, &families).await;
    server
}

fn rows(header: &str, rows: &[String]) -> Vec<ArrivalRow> {
    let text = format!("{header}\n{}\n", rows.join("\n"));
    let table = read_table("f", text.as_bytes()).unwrap();
    read_rows(&table).unwrap().map(Result::unwrap).collect()
}

/// Imports rows in one transaction, and returns the remarks of each.
async fn arrive(server: &TestServer, header: &str, lines: &[String]) -> Vec<String> {
    arrive_by(server, lines.len(), header, lines).await
}

/// Imports rows, so many in one transaction.
async fn arrive_by(server: &TestServer, count: usize, header: &str, lines: &[String]) -> Vec<String> {
    let op = server.operation();
    let mut batch = ArrivalBatch::new(op.storage(), "montpellier");
    let mut said = Vec::new();
    for rows in rows(header, lines).chunks(count) {
        let outcomes = batch.take(rows, false).await.unwrap();
        assert_eq!(outcomes.len(), rows.len());
        said.extend(outcomes.iter().map(|outcome| remarks(&outcome.remarks)));
    }
    said
}

fn remarks(remarks: &[impl ToString]) -> String {
    remarks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
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
    // One that is kept, and one in whose place another is drawn; in one transaction, and in several.
    for (identifiant, count) in [("a.durand47", 1), ("a.durand47", 4), ("anne@exemple.fr", 1), ("anne@exemple.fr", 4)] {
        let server = school_with_twin().await;
        let row = |key: &str| format!("{key};responsable;{identifiant};{BCRYPT}");
        let lines = [row("500001"), row("500099"), row("500099"), row("500002")];
        let said = arrive_by(&server, count, "cle;profil;identifiant;hash", &lines).await;
        assert!(said[3].contains("p.petit"), "another name is another person: {said:?}");
        assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 2, "{said:?}");
        let of_anne = "SELECT COUNT(DISTINCT account_id) FROM person WHERE person_key IN ('500001', '500099')";
        assert_eq!(server.query_count(of_anne).await, 1, "{said:?}");
        // The key that she had first is her `sub` for whoever goes by the roster.
        let subject = "SELECT space || '=' || value FROM subject";
        assert_eq!(server.query_texts(subject).await, ["roster/montpellier=MONTPELLIER-500001"]);
    }
}

/// Tables drawn by a seed: whether its rows share a transaction, and whether an import was killed in the middle and given
/// again, changes nothing.
#[tokio::test]
async fn account_10_rows_of_one_transaction_are_taken_as_if_each_were_alone() {
    const PEOPLE: [&str; 6] = [
        "500001;responsable",
        "500099;responsable",
        "500002;responsable",
        "500010;responsable",
        "900001;eleve",
        "777777;responsable",
    ];
    // Of four digits: what is drawn has two.
    const IDENTIFIANTS: [&str; 5] = ["", "a.durand4747", "p.petit4747", "anne@exemple.fr", "z.durand4747"];
    const ACCOUNTS: &str = "SELECT a.stem || ' ' || a.profile || ' ' || a.state || ' ' \
        || CASE WHEN a.password IS NULL THEN 'none' ELSE 'sealed' END || ' ' \
        || COALESCE((SELECT MIN(p.person_key) || ' ' || MAX(p.person_key) FROM person p WHERE p.account_id = a.id), '') \
        FROM account a ORDER BY 1";
    const SUBJECTS: &str = "SELECT s.space || '=' || s.value || ' ' || a.stem FROM subject s \
        JOIN account a ON a.id = s.account_id ORDER BY 1";
    const AUDIT: &str = "SELECT a.stem || ' ' || f.fact || ' ' || f.detail FROM audit f \
        JOIN account a ON a.id = f.account_id ORDER BY 1";
    let state = async |server: &TestServer| {
        [server.query_texts(ACCOUNTS).await, server.query_texts(SUBJECTS).await, server.query_texts(AUDIT).await]
    };
    let without_digits = |said: Vec<String>| -> Vec<String> {
        said.iter().map(|text| text.chars().filter(|c| !c.is_ascii_digit()).collect()).collect()
    };
    for seed in 0..4 {
        let rng = SeededRandom::new(seed);
        let rng: &dyn Random = &rng;
        let draw = |bound: usize| usize::try_from(rng.below(u32::try_from(bound).unwrap())).unwrap();
        let sub = |row: usize| ["", "meme", "autre", &format!("ancien-{row}")][draw(4)].to_owned();
        let line = |row: usize| {
            let (person, identifiant) = (PEOPLE[draw(6)], IDENTIFIANTS[draw(5)]);
            let hash = ["", BCRYPT, "5f4dcc3b5aa765d61d8327deb882cf99"][draw(3)];
            format!("{person};{identifiant};{hash};{};{}", sub(row), sub(row + 100))
        };
        let lines: Vec<String> = (0..16).map(line).collect();
        let alone = school_with_twin().await;
        let said = without_digits(arrive_by(&alone, 1, HEADER, &lines).await);
        let right = state(&alone).await;
        for count in [5, 16] {
            let together = school_with_twin().await;
            let told = arrive_by(&together, count, HEADER, &lines).await;
            assert_eq!(without_digits(told), said, "{seed}, by {count}: {lines:#?}");
            assert_eq!(state(&together).await, right, "{seed}, by {count}: {lines:#?}");
        }
        let killed = school_with_twin().await;
        arrive(&killed, HEADER, &lines[..7]).await;
        arrive(&killed, HEADER, &lines).await;
        assert_eq!(state(&killed).await, right, "{seed}: {lines:#?}");
    }
}

#[tokio::test]
async fn account_10_two_imports_of_one_table_at_once_give_each_person_one_account() {
    let server = school().await;
    let lines = [
        format!("500001;responsable;a.durand47;{BCRYPT};ancien-1;autre-1"),
        format!("500002;responsable;;{BCRYPT};ancien-2;autre-2"),
        "500010;responsable;f.ndiaye47;;ancien-3;".to_owned(),
        "900001;eleve;z.durand47;;ancien-4;".to_owned(),
    ];
    let taken = rows(HEADER, &lines);
    let (one, two) = (server.operation(), server.operation());
    let mut first = ArrivalBatch::new(one.storage(), "montpellier");
    let mut second = ArrivalBatch::new(two.storage(), "montpellier");
    let (first, second) = tokio::join!(first.take(&taken, false), second.take(&taken, false));
    let outcomes = [first.unwrap(), second.unwrap()].concat();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_new).count(), 4, "{outcomes:?}");
    assert!(outcomes.iter().all(|outcome| outcome.remarks.is_empty()), "{outcomes:?}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account").await, 4);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM subject").await, 6);
    let told = "SELECT COUNT(*) FROM audit WHERE fact = 'identifiant_given' AND detail = 'import'";
    assert_eq!(server.query_count(told).await, 4);
}

#[tokio::test]
async fn account_10_two_imports_at_once_give_one_sub_to_one_of_two_accounts() {
    let server = school().await;
    let (one, two) = (server.operation(), server.operation());
    let (mut first, mut second) =
        (ArrivalBatch::new(one.storage(), "montpellier"), ArrivalBatch::new(two.storage(), "montpellier"));
    let of = |key: &str| rows(HEADER, &[format!("{key};responsable;;;ancien-7;autre-7")]);
    let (anne, paul) = (of("500001"), of("500002"));
    let (anne, paul) = tokio::join!(first.take(&anne, false), second.take(&paul, false));
    let outcomes = [anne.unwrap(), paul.unwrap()].concat();
    let refused = |client: &str| {
        let line = format!("the client {client} knows another account by this sub");
        outcomes.iter().flat_map(|outcome| &outcome.remarks).filter(|remark| remark.to_string() == line).count()
    };
    assert_eq!(server.query_count("SELECT COUNT(*) FROM subject").await, 2, "{outcomes:?}");
    assert_eq!(outcomes.iter().map(|outcome| outcome.remarks.len()).sum::<usize>(), 2, "{outcomes:?}");
    assert!(HEADER.split(";sub:").skip(1).all(|client| refused(client) == 1), "{outcomes:?}");
}

/// A client that names no key knows who is in AAF by AAF's key, and everybody else by SIECLE's.
#[tokio::test]
async fn account_10_a_sub_of_a_client_of_the_roster_is_in_the_space_of_its_key() {
    let server = school().await;
    server.change_client("ent", |meta| meta.subject_type = SubjectType::Roster).await;
    let key = "INSERT INTO person_roster_key (academy, format, key, person_id) \
               SELECT 'montpellier', 'aaf', '3500002', id FROM person WHERE person_key = '500002'";
    assert_eq!(server.execute_sql(key, Vec::new()).await, 1);
    let said = arrive(
        &server,
        "cle;profil;identifiant;sub:ent",
        &[
            "500001;responsable;a.durand47;MONTPELLIER-1".to_owned(),
            "500002;responsable;p.petit47;MONTPELLIER-2".to_owned(),
            "900001;eleve;z.durand47;MONTPELLIER-1".to_owned(),
            "500001;responsable;a.durand47;MONTPELLIER-3".to_owned(),
        ],
    )
    .await;
    assert_eq!(said[..2], ["", ""]);
    assert_eq!(said[2], "the client ent knows another account by this sub");
    assert_eq!(said[3], "the client ent knows this account by another sub already");
    let subjects = server.query_texts("SELECT space || '=' || value FROM subject ORDER BY value").await;
    assert_eq!(subjects, ["roster/montpellier=MONTPELLIER-1", "roster/montpellier/aaf=MONTPELLIER-2"]);
    // In a school of AAF, one is known by AAF's key before one has it.
    let school = "INSERT INTO roster_structure (academy, format, key, uai) SELECT 'montpellier', 'aaf', '7001', uai \
                  FROM enrolment WHERE ended_at IS NULL LIMIT 1";
    assert_eq!(server.execute_sql(school, Vec::new()).await, 1);
    let rows = ["500010;responsable;f.ndiaye47;MONTPELLIER-4", "900001;eleve;z.durand47;MONTPELLIER-5"];
    assert_eq!(arrive(&server, "cle;profil;identifiant;sub:ent", &rows.map(str::to_owned)).await, ["", ""]);
    let subjects = server.query_texts("SELECT value FROM subject WHERE space LIKE '%/aaf' ORDER BY value").await;
    assert_eq!(subjects, ["MONTPELLIER-2", "MONTPELLIER-4", "MONTPELLIER-5"]);
}

/// The audit is sealed a minute after the time of its rows, and an import may take longer.
#[tokio::test]
async fn account_10_an_import_of_many_minutes_leaves_the_seals_of_the_audit_whole() {
    let server = school().await;
    let seal_all = async || while audit::ops::seal(server.operation().storage()).await.unwrap() > 0 {};
    let op = server.operation();
    let mut batch = ArrivalBatch::new(op.storage(), "montpellier");
    let lines = ["500001;responsable", "500002;responsable", "500010;responsable"].map(str::to_owned);
    for row in rows("cle;profil", &lines).chunks(1) {
        batch.set_time(server.now());
        batch.take(row, false).await.unwrap();
        server.advance(Span::minutes(2));
        seal_all().await;
    }
    let times = "SELECT COUNT(DISTINCT at) FROM audit WHERE fact = 'identifiant_given' AND detail = 'import'";
    assert_eq!(server.query_count(times).await, 3);
    let kept_since = server.now().minus(Span::days(400));
    let report = audit::ops::verify(server.operation().storage(), kept_since).await.unwrap();
    assert!(report.problems.is_empty(), "{:?}", report.problems);
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
        read_rows(&table).err().unwrap().to_string()
    };
    let told = refused("cle;hash");
    assert!(told.contains("lacks the column profil") && told.contains("500001;responsable;"), "{told}");
    let server = school().await;
    let table = read_table("f", format!("cle;profil;hash\n500001;;{BCRYPT}\n").as_bytes()).unwrap();
    assert!(read_rows(&table).unwrap().next().unwrap().is_err(), "an empty cell is no parent either");
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
    assert!(read_rows(&table).unwrap().next().unwrap().is_err(), "an INE alone is a child's");
}

/// Takes a table whole. Returns the remarks of each row, and the number of new accounts.
async fn take_table(server: &TestServer, bytes: &[u8], dry_run: bool) -> (Vec<String>, usize) {
    let op = server.operation();
    let mut batch = ArrivalBatch::new(op.storage(), "montpellier");
    let table = read_table("f", bytes).unwrap();
    let read: Vec<ReadRow> = read_rows(&table).unwrap().collect();
    let rows: Vec<ArrivalRow> = read.iter().flatten().cloned().collect();
    let outcomes = batch.take(&rows, dry_run).await.unwrap();
    let new = outcomes.iter().filter(|outcome| outcome.is_new).count();
    let mut taken = outcomes.iter().map(|outcome| remarks(&outcome.remarks));
    let tell = |row: &ReadRow| match row {
        Ok(_) => taken.next().unwrap(),
        Err((_, remark)) => remark.to_string(),
    };
    (read.iter().map(tell).collect(), new)
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
