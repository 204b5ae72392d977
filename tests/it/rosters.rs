//! What relying parties learn of people who came by an academy's export for ENT.

use axum::http::StatusCode;
use preau::base::roster_key::RosterKey;
use preau::clients::SubjectType;
use preau::roster::formats::RosterFormat;
use preau::roster::ops::school_tables::TableRequest;
use preau::roster::ops::{ImportContext, ImportRequest, import_files};
use preau::roster::reconcile::RemovalPolicy;
use serde_json::{Value, json};

use crate::support::deployment::MONOD;
use crate::support::{Browser, Landing, TestFamily, TestRelyingParty, TestServer};

fn attr(name: &str, value: &str) -> String {
    format!("<attr name=\"{name}\"><value>{value}</value></attr>")
}

fn document(kind: &str, id: &str, attributes: &[(&str, &str)]) -> String {
    let attributes: String = attributes.iter().map(|(name, value)| attr(name, value)).collect();
    let category = if kind == "EtabEducNat" { "categorieStructure" } else { "categoriePersonne" };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ficAlimMENESR><addRequest><operationalAttributes>{}\
         </operationalAttributes><identifier><id>{id}</id></identifier><attributes>{attributes}</attributes>\
         </addRequest></ficAlimMENESR>",
        attr(category, kind)
    )
}

/// The family of [`TestFamily::durand`] as the academy exports it.
async fn import_durand(server: &TestServer) {
    server
        .import_delivery(
            "montpellier",
            [
                ("EtabEducNat", document("EtabEducNat", "7001", &[("ENTStructureUAI", MONOD)])),
                (
                    "Eleve",
                    document(
                        "Eleve",
                        "2900001",
                        &[
                            ("sn", "DURAND"),
                            ("givenName", "Zoé"),
                            ("ENTPersonDateNaissance", "14/02/2013"),
                            ("ENTEleveStructRattachId", "900001"),
                            ("ENTPersonStructRattach", "7001"),
                            ("ENTElevePersRelEleve", "3500001$10$1$1$1$1"),
                        ],
                    ),
                ),
                (
                    "PersRelEleve",
                    document(
                        "PersRelEleve",
                        "3500001",
                        &[("sn", "DURAND"), ("givenName", "Anne"), ("mobile", "06 39 98 00 01")],
                    ),
                ),
            ],
        )
        .await;
}

async fn userinfo(server: &TestServer, client: &'static str, member: &crate::support::TestAccount) -> Value {
    let rp = TestRelyingParty::new(server, client);
    let tokens = rp.sign_in(&mut Browser::new(server), member).await;
    rp.userinfo(&tokens.access_token).await.json()
}

#[tokio::test]
async fn account_8_fr_edu_ct_ref_id_is_told_of_people_of_aaf_only() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    assert_eq!(userinfo(&server, "ent", &member).await.get("FrEduCtRefId"), None, "absent before, never invented");
    import_durand(&server).await;
    let told = userinfo(&server, "ent", &member).await;
    assert_eq!(told["FrEduCtRefId"], json!([format!("{{AAF}}11|{MONOD}|3500001")]));
    assert_eq!(told["FrEduVecteur"], json!([format!("2|DURAND|Anne|900001|{MONOD}")]));
    server.execute_sql("UPDATE school SET first_degree = TRUE WHERE uai = $1", vec![MONOD.into()]).await;
    assert_eq!(userinfo(&server, "ent", &member).await["FrEduVecteur"][0], format!("1|DURAND|Anne|900001|{MONOD}"));
    // No ELEVE_ID, no vector: the number of another format is none.
    server.execute_sql("UPDATE pupil SET pupil_key = 'aaf:2900001'", vec![]).await;
    let told = userinfo(&server, "ent", &member).await;
    assert_eq!((told.get("FrEduVecteur"), told["children"][0]["given_name"].as_str()), (None, Some("Zoé")));
    // A client of another ministry never learns of them.
    server.execute_sql("UPDATE school SET ministry = 'agriculture' WHERE uai = $1", vec![MONOD.into()]).await;
    server
        .change_client("ent", |meta| {
            meta.perimeter.academies = Vec::new();
            meta.perimeter.ministries = vec!["en".to_owned()];
        })
        .await;
    let ent = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    browser.sign_in(&member).await;
    assert!(matches!(browser.open(&ent.attempt().url).await, Landing::OwnPage));
    assert_eq!(browser.page.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn account_8_the_key_of_aaf_is_the_subject_where_the_academy_has_aaf() {
    for (key, expected) in [
        (None, "MONTPELLIER-3500001"),
        (Some(RosterKey::Aaf), "MONTPELLIER-3500001"),
        (Some(RosterKey::Siecle), "MONTPELLIER-500001"),
    ] {
        let server = TestServer::start().await;
        let member = server.create_durand().await;
        import_durand(&server).await;
        server.change_client("ent", |meta| (meta.subject_type, meta.roster_key) = (SubjectType::Roster, key)).await;
        assert_eq!(userinfo(&server, "ent", &member).await["sub"], expected, "{key:?}");
    }
}

#[tokio::test]
async fn account_8_a_pupil_has_a_key_of_siecle_that_no_parent_has() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
    let pupil = server.create_account_of_pupil("Zoé").await;
    server.change_client("ent", |meta| meta.subject_type = SubjectType::Roster).await;
    assert_eq!(userinfo(&server, "ent", &pupil).await["sub"], "MONTPELLIER-ELEVE-900001");
}

#[tokio::test]
async fn account_8_a_key_of_one_format_is_not_the_subject_of_another_account_s_key_of_the_other() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let other = server.create_account("Anne", "DURAND").await;
    import_durand(&server).await;
    server.change_client("ent", |meta| meta.subject_type = SubjectType::Roster).await;
    // Somebody whose PERSONNE_ID is this person's ENTPersonJointure.
    let sql = "INSERT INTO subject (space, account_id, value, created_at) \
               VALUES ('roster/montpellier', $1, 'MONTPELLIER-3500001', 0)";
    server.execute_sql(sql, vec![preau::db::Value::from(other.account_id.as_str())]).await;
    let ent = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    browser.sign_in(&member).await;
    assert!(matches!(browser.open(&ent.attempt().url).await, Landing::OwnPage), "nobody signs in as somebody else");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM subject").await, 1);
}

#[tokio::test]
async fn account_8_who_is_known_by_the_other_key_stays_so_when_aaf_comes() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    server.change_client("ent", |meta| meta.subject_type = SubjectType::Roster).await;
    assert_eq!(userinfo(&server, "ent", &member).await["sub"], "MONTPELLIER-500001");
    import_durand(&server).await;
    assert_eq!(userinfo(&server, "ent", &member).await["sub"], "MONTPELLIER-500001");
}

#[tokio::test]
async fn account_8_without_the_key_the_person_is_told_to_come_back_tomorrow() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    server
        .change_client("ent", |meta| (meta.subject_type, meta.roster_key) = (SubjectType::Roster, Some(RosterKey::Aaf)))
        .await;
    let ent = TestRelyingParty::new(&server, "ent");
    let mut browser = Browser::new(&server);
    browser.open("/connexion").await;
    browser.sign_in(&member).await;
    let silent = ent.attempt_with(&[("prompt", "none")]);
    let landed = browser.open(&silent.url).await.expect_redirect_away();
    assert_eq!(ent.error(&landed, &silent), "interaction_required");
    let attempt = ent.attempt();
    assert!(matches!(browser.open(&attempt.url).await, Landing::OwnPage));
    assert_eq!(browser.page.status, StatusCode::FORBIDDEN);
    assert!(browser.page.visible_text().contains("Demain dans l'ENT"), "{}", browser.page.visible_text());
    assert!(server.query_texts("SELECT value FROM subject").await.is_empty(), "no stand-in is written");
    browser.click("#continuer").await;
    let landed = browser.follow().await.expect_redirect_away();
    assert_eq!(ent.error(&landed, &attempt), "access_denied");
    import_durand(&server).await;
    assert_eq!(userinfo(&server, "ent", &member).await["sub"], "MONTPELLIER-3500001");
}

#[tokio::test]
async fn account_8_of_several_persons_the_one_whose_child_is_in_the_newest_set() {
    let server = TestServer::start().await;
    let elsewhere = TestFamily { key: 500_900, ..TestFamily::durand() };
    server
        .import_of_last_year("montpellier", crate::support::deployment::LYCEE, std::slice::from_ref(&elsewhere))
        .await;
    let member = server.create_durand().await;
    server.link_person(&member, "montpellier", &elsewhere).await;
    server.change_client("ent", |meta| meta.subject_type = SubjectType::Roster).await;
    assert_eq!(userinfo(&server, "ent", &member).await["sub"], "MONTPELLIER-500001", "not the oldest row");
}

/// Imports tables of the collège Monod as if it were a school of the first degree.
async fn import_tables(server: &TestServer, format: RosterFormat, mapping: Option<&str>, texts: &[&str]) {
    server.execute_sql("UPDATE school SET first_degree = TRUE WHERE uai = $1", vec![MONOD.into()]).await;
    let write = |(place, text): (usize, &&str)| {
        let path = server.folder().join(format!("table-{place}.csv"));
        std::fs::write(&path, text).unwrap();
        path
    };
    let exported_at = Some(server.now());
    let uai = MONOD.parse().unwrap();
    let request = ImportRequest {
        format,
        academy: "montpellier".to_owned(),
        files: texts.iter().enumerate().map(write).collect(),
        tables: Some(TableRequest { uai, exported_at, all_legal: Some(true), mapping: mapping.map(str::to_owned) }),
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

#[tokio::test]
async fn account_8_a_pupil_of_onde_has_school_and_class_and_no_number_that_nobody_gave() {
    let server = TestServer::start().await;
    let eleves = "Nom élève;Prénom élève;Date naissance;INE;Libellé classe\nDURAND;Zoé;14/02/2017;990000001ZA;CE1\n";
    let responsables = "Nom responsable;Prénom responsable;Téléphone portable;Nom de famille élève;Prénom élève\n\
                        DURAND;Anne;06 39 98 00 01;DURAND;Zoé\n";
    import_tables(&server, RosterFormat::Onde, None, &[eleves, responsables]).await;
    let pupil = server.create_account_of_pupil("Zoé").await;
    let told = userinfo(&server, "ent", &pupil).await;
    assert_eq!((told["education_profile"].as_str(), told["class"].as_str()), (Some("eleve"), Some("CE1")));
    assert_eq!(told["schools"][0]["uai"], MONOD);
    assert_eq!(told.get("FrEduVecteur"), None, "ONDE's tables have no number of a pupil");
    let parent = server.create_account("Anne", "DURAND").await;
    let args = vec![parent.account_id.as_str().into()];
    server.execute_sql("UPDATE person SET account_id = $1 WHERE given_name = 'Anne'", args).await;
    let told = userinfo(&server, "ent", &parent).await;
    assert_eq!(told["children"][0]["class"], "CE1");
}

#[tokio::test]
async fn account_8_profiles_one_and_three_are_of_the_first_degree_whatever_the_format() {
    let server = TestServer::start().await;
    let mapping = "[pupils]\nfamily = \"Nom\"\ngiven = \"Prénom\"\nborn = \"Né le\"\neleve_id = \"Numéro\"\n\
                   [[responsables]]\nfamily = \"Nom resp\"\ngiven = \"Prénom resp\"\nmobile = \"Portable\"\n";
    let table =
        "Nom;Prénom;Né le;Numéro;Nom resp;Prénom resp;Portable\nDURAND;Zoé;14/02/2017;900001;DURAND;Anne;0639980001\n";
    import_tables(&server, RosterFormat::Csv, Some(mapping), &[table]).await;
    let pupil = server.create_account_of_pupil("Zoé").await;
    assert_eq!(userinfo(&server, "ent", &pupil).await["FrEduVecteur"], json!([format!("3|DURAND|Zoé|900001|{MONOD}")]));
    let parent = server.create_account("Anne", "DURAND").await;
    let args = vec![parent.account_id.as_str().into()];
    server.execute_sql("UPDATE person SET account_id = $1 WHERE given_name = 'Anne'", args).await;
    let told = userinfo(&server, "ent", &parent).await;
    assert_eq!(told["FrEduVecteur"], json!([format!("1|DURAND|Anne|900001|{MONOD}")]));
}
