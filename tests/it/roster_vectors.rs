//! What relying parties learn of a parent and a pupil by each format of rosters: every text whole, and nothing of another
//! perimeter.

use axum::http::StatusCode;
use preau::clients::SubjectType;
use preau::roster::formats::{RosterFormat, read_table};
use preau::roster::ops::school_tables::TableRequest;
use preau::roster::ops::{ImportContext, ImportRequest, import_files};
use preau::roster::reconcile::RemovalPolicy;
use serde_json::{Value, json};

use crate::support::deployment::{AGRICOLE, LYCEE, MONOD};
use crate::support::{Browser, Landing, TestAccount, TestFamily, TestRelyingParty, TestServer};

/// A record of an academy's export: its id and attributes.
type Record<'a> = (&'a str, &'a [(&'a str, &'a str)]);

fn document(kind: &str, records: &[Record<'_>]) -> String {
    let attr = |name: &str, value: &str| format!("<attr name=\"{name}\"><value>{value}</value></attr>");
    let category = if kind == "EtabEducNat" { "categorieStructure" } else { "categoriePersonne" };
    let record = |(id, attributes): &Record<'_>| {
        let attributes: String = attributes.iter().map(|(name, value)| attr(name, value)).collect();
        format!(
            "<addRequest><operationalAttributes>{}</operationalAttributes><identifier><id>{id}</id></identifier>\
             <attributes>{attributes}</attributes></addRequest>",
            attr(category, kind)
        )
    };
    let records: String = records.iter().map(record).collect();
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ficAlimMENESR>{records}</ficAlimMENESR>")
}

async fn import_academy(
    server: &TestServer,
    academy: &str,
    schools: &[Record<'_>],
    pupils: &[Record<'_>],
    persons: &[Record<'_>],
) {
    let documents = [
        ("EtabEducNat", document("EtabEducNat", schools)),
        ("Eleve", document("Eleve", pupils)),
        ("PersRelEleve", document("PersRelEleve", persons)),
    ];
    server.import_delivery(academy, documents).await;
}

const ANNE: Record<'_> = ("3500001", &[("sn", "DURAND"), ("givenName", "Anne"), ("mobile", "06 39 98 00 01")]);

/// Zoé of the collège, as the academy exports a pupil of the second degree.
const ZOE: Record<'_> = (
    "2900001",
    &[
        ("sn", "DURAND"),
        ("givenName", "Zoé"),
        ("ENTPersonDateNaissance", "14/02/2013"),
        ("ENTEleveINE", "990000001ZA"),
        ("ENTEleveStructRattachId", "900001"),
        ("ENTPersonStructRattach", "7001"),
        ("ENTEleveClasses", "7001$6 A"),
        ("ENTElevePersRelEleve", "3500001$10$1$1$1$1"),
    ],
);

const COLLEGE: Record<'_> = ("7001", &[("ENTStructureUAI", MONOD)]);

async fn import_table(server: &TestServer, (academy, uai): (&str, &str), mapping: Option<&str>, texts: &[&str]) {
    let write = |(place, text): (usize, &&str)| {
        let path = server.folder().join(format!("{uai}-{place}.csv"));
        std::fs::write(&path, text).unwrap();
        path
    };
    let said = TableRequest {
        uai: uai.parse().unwrap(),
        exported_at: Some(server.now()),
        all_legal: Some(true),
        mapping: mapping.map(str::to_owned),
    };
    let request = ImportRequest {
        format: if mapping.is_some() { RosterFormat::Csv } else { RosterFormat::Onde },
        academy: academy.to_owned(),
        files: texts.iter().enumerate().map(write).collect(),
        tables: Some(said),
        removals: RemovalPolicy::Accepted,
        takes_lead: false,
        dry_run: false,
    };
    let op = server.operation();
    let ctx = ImportContext::new(op.storage(), &server.app.phone_parser);
    let mut said = String::new();
    let taken = import_files(ctx, &request, &mut |finding| said = format!("{said}{finding}\n")).await.unwrap();
    assert!(taken, "{said}");
}

const ONDE_PUPILS: &str =
    "Nom élève;Prénom élève;Date naissance;INE;Libellé classe\nDURAND;Zoé;14/02/2013;990000001ZA;6 A\n";
const ONDE_PERSONS: &str = "Nom responsable;Prénom responsable;Téléphone portable;Nom de famille élève;Prénom élève\n\
                            DURAND;Anne;06 39 98 00 01;DURAND;Zoé\n";

/// The columns of an agricultural school, whose numbers are its own.
const FREGATA: &str = "[pupils]\nid = \"Numéro\"\nfamily = \"Nom\"\ngiven = \"Prénom 1\"\nborn = \"Date de naissance\"\n\
                       ine = \"Identifiant national\"\nclass = \"Division\"\n[[responsables]]\nid = \"Numéro resp\"\n\
                       family = \"Nom resp\"\ngiven = \"Prénom resp\"\nmobile = \"Portable\"\n";
const FREGATA_TABLE: &str = "Numéro;Nom;Prénom 1;Date de naissance;Identifiant national;Division;Numéro resp;Nom resp;\
                             Prénom resp;Portable\n\
                             71;DURAND;Zoé;14/02/2013;990000001ZA;6 A;72;DURAND;Anne;0639980001\n";
/// The same with the numbers of SIECLE.
const WITH_NUMBERS: &str = "[pupils]\neleve_id = \"ELEVE_ID\"\nfamily = \"Nom\"\ngiven = \"Prénom\"\nborn = \"Né le\"\n\
                            class = \"Classe\"\n[[responsables]]\nfamily = \"Nom resp\"\ngiven = \"Prénom resp\"\n\
                            mobile = \"Portable\"\n";
const WITH_NUMBERS_TABLE: &str = "ELEVE_ID;Nom;Prénom;Né le;Classe;Nom resp;Prénom resp;Portable\n\
                                  900001;DURAND;Zoé;14/02/2013;6 A;DURAND;Anne;0639980001\n";

async fn set_degree(server: &TestServer, uai: &'static str, first_degree: bool) {
    server
        .execute_sql("UPDATE school SET first_degree = $2 WHERE uai = $1", vec![uai.into(), first_degree.into()])
        .await;
}

/// Creates the account of Anne Durand, whichever rosters have her.
async fn create_anne(server: &TestServer) -> TestAccount {
    let parent = server.create_account("Anne", "DURAND").await;
    let args = vec![parent.account_id.as_str().into()];
    assert!(server.execute_sql("UPDATE person SET account_id = $1 WHERE given_name = 'Anne'", args).await > 0);
    parent
}

async fn userinfo(server: &TestServer, client: &'static str, member: &TestAccount) -> Value {
    let rp = TestRelyingParty::new(server, client);
    let tokens = rp.sign_in(&mut Browser::new(server), member).await;
    rp.userinfo(&tokens.access_token).await.json()
}

/// Returns the claims as text without some of them.
fn without(told: &Value, names: &[&str]) -> String {
    let mut told = told.as_object().unwrap().clone();
    told.retain(|name, _| !names.contains(&name.as_str()));
    Value::Object(told).to_string()
}

/// Returns the claims, and the `sub` of a client that matches people by their keys; `None` if it is told to come back.
async fn told_and_sub(server: &TestServer, member: &TestAccount) -> (Value, Option<String>) {
    let told = userinfo(server, "ent", member).await;
    server.change_client("ent-post", |meta| meta.subject_type = SubjectType::Roster).await;
    let rp = TestRelyingParty::new(server, "ent-post");
    let mut browser = Browser::new(server);
    browser.open("/connexion").await;
    browser.sign_in(member).await;
    if matches!(browser.open(&rp.attempt().url).await, Landing::OwnPage) {
        assert_eq!(browser.page.status, StatusCode::FORBIDDEN);
        return (told, None);
    }
    let sub = userinfo(server, "ent-post", member).await["sub"].as_str().unwrap().to_owned();
    (told, Some(sub))
}

/// What a format gives: the vector without profile and names, the references and keys of parent and pupil.
struct Expected {
    eleve_id: Option<&'static str>,
    references: [Option<&'static str>; 2],
    subs: [Option<&'static str>; 2],
}

async fn assert_told(server: &TestServer, case: &str, expected: &Expected) {
    let (parent, pupil) = (create_anne(server).await, server.create_account_of_pupil("Zoé").await);
    let school = json!({"uai": MONOD, "name": "Clg Théodore Monod", "academy": "montpellier"});
    let child = json!({"given_name": "Zoé", "uai": MONOD, "school": "Clg Théodore Monod",
        "academy": "montpellier", "class": "6 A"});
    for first_degree in [false, true] {
        set_degree(server, MONOD, first_degree).await;
        let profiles = if first_degree { [1, 3] } else { [2, 4] };
        for (place, member, given, education_profile) in
            [(0, &parent, "Anne", "responsable"), (1, &pupil, "Zoé", "eleve")]
        {
            let case = format!("{case}, {education_profile}, first degree {first_degree}");
            let (told, sub) = told_and_sub(server, member).await;
            assert_eq!(told["education_profile"], education_profile, "{case}");
            let vector = |id: &str| json!([format!("{}|DURAND|{given}|{id}|{MONOD}", profiles[place])]);
            assert_eq!(told.get("FrEduVecteur").cloned(), expected.eleve_id.map(vector), "{case}");
            let reference = expected.references[place].map(|reference| json!([reference]));
            assert_eq!(told.get("FrEduCtRefId").cloned(), reference, "{case}");
            assert_eq!(told["schools"], json!([school]), "{case}");
            assert_eq!(told.get("children").cloned(), (place == 0).then(|| json!([child])), "{case}");
            assert_eq!(told.get("class").cloned(), (place == 1).then(|| json!("6 A")), "{case}");
            assert_eq!(sub.as_deref(), expected.subs[place], "{case}");
            for never in ["990000001ZA", "2013", "14/02", "39980001"] {
                assert!(
                    !without(&told, &["sub", "phone_number", "updated_at"]).contains(never),
                    "{case}: {never}: {told}"
                );
            }
        }
    }
}

#[tokio::test]
async fn account_8_siecle_gives_eleve_id_and_personne_id_and_no_reference() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
    let subs = [Some("MONTPELLIER-500001"), Some("MONTPELLIER-ELEVE-900001")];
    assert_told(&server, "siecle", &Expected { eleve_id: Some("900001"), references: [None, None], subs }).await;
}

#[tokio::test]
async fn account_8_aaf_gives_the_references_and_eleve_id_where_it_has_one() {
    let references = [Some("{AAF}11|0349999J|3500001"), Some("{AAF}11|0349999J|2900001")];
    let subs = [Some("MONTPELLIER-3500001"), Some("MONTPELLIER-2900001")];
    let server = TestServer::start().await;
    import_academy(&server, "montpellier", &[COLLEGE], &[ZOE], &[ANNE]).await;
    assert_told(&server, "aaf", &Expected { eleve_id: Some("900001"), references, subs }).await;
    // Without ENTEleveStructRattachId there is no number for a vector, and none is made of another.
    let server = TestServer::start().await;
    let unnumbered: Vec<_> = ZOE.1.iter().copied().filter(|(name, _)| *name != "ENTEleveStructRattachId").collect();
    import_academy(&server, "montpellier", &[COLLEGE], &[(ZOE.0, unnumbered.as_slice())], &[ANNE]).await;
    assert_told(&server, "aaf without ELEVE_ID", &Expected { eleve_id: None, references, subs }).await;
}

#[tokio::test]
async fn account_8_aaf_of_the_first_degree_is_told_by_its_own_names() {
    let server = TestServer::start().await;
    let pupil: Record<'_> = (
        "2900001",
        &[
            ("ENTPersonNom", "DURAND"),
            ("ENTPersonPrenom", "Zoé"),
            ("ENTPersonDateNaissance", "14/02/2013"),
            ("ENTPersonStructRattach", "7001"),
            ("ENTPersonClasses", "7001$6 A$x$y$z"),
            ("ENTEleveAutoriteParentale", "3500001"),
        ],
    );
    let person: Record<'_> = (
        "3500001",
        &[
            ("ENTPersonNom", "DURAND"),
            ("ENTPersonPrenom", "Anne"),
            ("ENTPersRelEleveTelMobile", "06 39 98 00 01"),
            ("ENTPersRelEleveEleve", "2900001"),
        ],
    );
    import_academy(&server, "montpellier", &[("7001", &[("ENTEcoleUAI", MONOD)])], &[pupil], &[person]).await;
    let references = [Some("{AAF}11|0349999J|3500001"), Some("{AAF}11|0349999J|2900001")];
    let subs = [Some("MONTPELLIER-3500001"), Some("MONTPELLIER-2900001")];
    assert_told(&server, "aaf, first degree", &Expected { eleve_id: None, references, subs }).await;
}

#[tokio::test]
async fn account_8_tables_give_eleve_id_only_if_they_have_it_and_never_a_key_of_their_own() {
    let none = Expected { eleve_id: None, references: [None, None], subs: [None, None] };
    let server = TestServer::start().await;
    set_degree(&server, MONOD, true).await;
    import_table(&server, ("montpellier", MONOD), None, &[ONDE_PUPILS, ONDE_PERSONS]).await;
    assert_told(&server, "onde", &none).await;
    let server = TestServer::start().await;
    import_table(&server, ("montpellier", MONOD), Some(FREGATA), &[FREGATA_TABLE]).await;
    assert_told(&server, "the numbers of a school", &none).await;
    let server = TestServer::start().await;
    import_table(&server, ("montpellier", MONOD), Some(WITH_NUMBERS), &[WITH_NUMBERS_TABLE]).await;
    let subs = [None, Some("MONTPELLIER-ELEVE-900001")];
    assert_told(&server, "csv with ELEVE_ID", &Expected { eleve_id: Some("900001"), references: [None, None], subs })
        .await;
}

#[tokio::test]
async fn account_8_both_formats_of_one_family_are_one_vector_and_one_reference() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
    import_academy(&server, "montpellier", &[COLLEGE], &[ZOE], &[ANNE]).await;
    let references = [Some("{AAF}11|0349999J|3500001"), Some("{AAF}11|0349999J|2900001")];
    let subs = [Some("MONTPELLIER-3500001"), Some("MONTPELLIER-2900001")];
    assert_told(&server, "siecle, then aaf", &Expected { eleve_id: Some("900001"), references, subs }).await;
}

#[tokio::test]
async fn account_10_an_account_from_elsewhere_is_told_of_like_every_other() {
    use preau::arrivals::{ops::ArrivalBatch, read_rows};
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
    import_academy(&server, "montpellier", &[COLLEGE], &[ZOE], &[ANNE]).await;
    // Of crypt(3), the password of these tests.
    let hash = "$2b$04$abcdefghijklmnopqrstuus9o2tZcN19/IgUXNpDIQ.AVf68KQ2/q";
    let table =
        format!("cle;profil;identifiant;hash\n500001;responsable;a.durand47;{hash}\n900001;eleve;z.durand47;{hash}\n");
    let op = server.operation();
    let mut batch = ArrivalBatch::new(op.storage(), "montpellier");
    let table = read_table("f", table.as_bytes()).unwrap();
    let rows: Vec<_> = read_rows(&table).unwrap().map(|row| row.unwrap()).collect();
    batch.take(&rows, false).await.unwrap();
    for (identifiant, vector, reference) in [
        ("a.durand47", "2|DURAND|Anne|900001|0349999J", "{AAF}11|0349999J|3500001"),
        ("z.durand47", "4|DURAND|Zoé|900001|0349999J", "{AAF}11|0349999J|2900001"),
    ] {
        let mut tx = server.app.db.read().await.unwrap();
        let found = preau::accounts::store::find_by_identifiant(&mut tx, identifiant).await.unwrap().unwrap();
        drop(tx);
        let password = crate::support::PASSWORD.to_owned();
        let member = TestAccount { account_id: found.id, identifiant: identifiant.to_owned(), password };
        let told = userinfo(&server, "ent", &member).await;
        assert_eq!(told["FrEduVecteur"], json!([vector]), "{identifiant}");
        assert_eq!(told["FrEduCtRefId"], json!([reference]), "{identifiant}");
        assert_eq!(told["schools"][0]["uai"], MONOD, "{identifiant}");
    }
}

/// One parent with a child in a collège of an academy, one in another ministry's school of the same academy, and one in an
/// agricultural school of its own.
#[tokio::test]
async fn threat_s15_a_client_of_one_ministry_never_sees_another_s() {
    let server = TestServer::start().await;
    server.execute_sql("UPDATE school SET ministry = 'agriculture' WHERE uai = $1", vec![LYCEE.into()]).await;
    let tom: Record<'_> = (
        "2900002",
        &[
            ("sn", "DURAND"),
            ("givenName", "Tom"),
            ("ENTPersonDateNaissance", "01/09/2010"),
            ("ENTEleveStructRattachId", "900002"),
            ("ENTPersonStructRattach", "7002"),
            ("ENTEleveClasses", "7002$2 C"),
            ("ENTElevePersRelEleve", "3500001$10$1$1$1$1"),
        ],
    );
    let lycee: Record<'_> = ("7002", &[("ENTStructureUAI", LYCEE)]);
    import_academy(&server, "montpellier", &[COLLEGE, lycee], &[ZOE, tom], &[ANNE]).await;
    let table = "ELEVE_ID;Nom;Prénom;Né le;Classe;Nom resp;Prénom resp;Portable\n\
                 900003;DURAND;Ada;14/02/2011;1 B;DURAND;Anne;0639980001\n";
    import_table(&server, ("agricole", AGRICOLE), Some(WITH_NUMBERS), &[table]).await;
    let parent = create_anne(&server).await;
    let of_ministry = async |ministry: &'static str| {
        server
            .change_client("ent", |meta| {
                meta.perimeter.academies = Vec::new();
                meta.perimeter.ministries = vec![ministry.to_owned()];
            })
            .await;
        userinfo(&server, "ent", &parent).await
    };
    let told = of_ministry("en").await;
    assert_eq!(told["FrEduVecteur"], json!(["2|DURAND|Anne|900001|0349999J"]));
    assert_eq!(told["FrEduCtRefId"], json!(["{AAF}11|0349999J|3500001"]));
    assert_eq!(told["children"].as_array().map(Vec::len), Some(1));
    for other in [LYCEE, AGRICOLE, "Tom", "Ada", "900002", "900003", "2900002", "2 C", "1 B", "agricole"] {
        assert!(!without(&told, &["sub", "updated_at"]).contains(other), "{other}: {told}");
    }
    let told = of_ministry("agriculture").await;
    let vectors = json!(["2|DURAND|Anne|900003|0349996F", "2|DURAND|Anne|900002|0349998H"]);
    assert_eq!(told["FrEduVecteur"], vectors);
    assert_eq!(told["FrEduCtRefId"], json!(["{AAF}11|0349998H|3500001"]), "by the school of its own");
    let names: Vec<&str> =
        told["children"].as_array().unwrap().iter().map(|child| child["given_name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Ada", "Tom"]);
    for other in [MONOD, "Zoé", "900001", "2900001", "6 A", "Monod"] {
        assert!(!without(&told, &["sub", "updated_at"]).contains(other), "{other}: {told}");
    }
}
