//! The samples in both generations, as XML and as ZIP.

use super::*;

const ELEVES: &[u8] = include_bytes!("../../../../tests/samples/ElevesAvecAdresses.xml");
const RESPONSABLES: &[u8] = include_bytes!("../../../../tests/samples/ResponsablesAvecAdresses.xml");
const RESPONSABLES_2017: &[u8] = include_bytes!("../../../../tests/samples/ResponsablesAvecAdresses_avant_2018.xml");
const ELEVES_ZIP: &[u8] = include_bytes!("../../../../tests/samples/ExportXML_ElevesAvecAdresses.zip");
const STRUCTURES: &[u8] = include_bytes!("../../../../tests/samples/Structures.xml");
const STRUCTURES_ZIP: &[u8] = include_bytes!("../../../../tests/samples/ExportXML_Structures.zip");
const RESPONSABLES_ZIP: &[u8] = include_bytes!("../../../../tests/samples/ExportXML_ResponsablesAvecAdresses.zip");

#[tokio::test]
async fn samples_of_both_generations_give_one_pupil_and_two_responsables() {
    let (eleves_2017, eleves) = (of_2017(ELEVES), ELEVES.to_vec());
    on_each(async |ground| assert_same_school(&ground, &[(&eleves_2017, RESPONSABLES_2017)]).await).await;
    on_each(async |ground| {
        assert_same_school(&ground, &[(&eleves, RESPONSABLES), (ELEVES_ZIP, RESPONSABLES_ZIP)]).await;
    })
    .await;
}

#[tokio::test]
async fn faults_c5_one_zip_with_all_exports_of_a_school_is_taken() {
    on_each(async |ground| {
        let zip = zipped(&[
            ("Structures.xml", STRUCTURES),
            ("ElevesAvecAdresses.xml", ELEVES),
            ("ResponsablesAvecAdresses.xml", RESPONSABLES),
        ]);
        let told = ground.import(&[ground.file("all.zip", &zip)]).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(told.imported().counts.legal_links, 2);
        let line = "all.zip/Structures.xml: its root is BEE_STRUCTURES; BEE_ELEVES and BEE_RESPONSABLES are read\n";
        assert!(told.text().contains(line) && told.text().starts_with("passed over: "), "{}", told.text());
    })
    .await;
}

#[tokio::test]
async fn faults_c5_three_zips_of_a_school_are_taken_and_the_third_is_passed_over() {
    on_each(async |ground| {
        let files = [("s.zip", STRUCTURES_ZIP), ("e.zip", ELEVES_ZIP), ("r.zip", RESPONSABLES_ZIP)]
            .map(|(n, b)| ground.file(n, b));
        let told = ground.import(&files).await;
        assert!(told.all, "{}", told.text());
        assert_eq!((told.imported().counts.pupils, told.findings.len()), (1, 2));
        // An import with skipped exports only fails.
        let told = ground.import(&files[..1]).await;
        assert!(!told.all);
        assert!(told.text().contains("refused: no roster among the files"), "{}", told.text());
    })
    .await;
}

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Dates the sample's élèves eight years earlier.
fn of_2017(sample: &[u8]) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    let places: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, part)| part == b"2025").map(|(place, _)| place).collect();
    for place in places {
        bytes[place..place + 4].copy_from_slice(b"2017");
    }
    bytes
}

async fn assert_same_school(ground: &Fixture, pairs: &[(&[u8], &[u8])]) {
    let mut before = None;
    for (eleves, responsables) in pairs {
        let told = ground.import(&[ground.file("e", eleves), ground.file("r", responsables)]).await;
        assert!(told.all, "{}", told.text());
        let taken = told.imported();
        let counts = taken.counts;
        assert_eq!((counts.pupils, counts.pupils_departed), (1, 1));
        assert_eq!((counts.linked_persons, counts.persons_without_link, counts.legal_links), (2, 1, 2));
        // The ZIP has the content of the XML, so nothing changes.
        let rows = ground.rows().await;
        assert_eq!(before.get_or_insert(rows.clone()), &rows);
    }
    assert_eq!(ground.count("person ").await, 3);
    assert_eq!(ground.count("pupil ").await, 1, "who left before was never known");
    assert_eq!(ground.count("enrolment 0349999J").await, 1);
    assert_eq!(ground.count("link 0349999J").await, 2);
    assert_eq!(ground.count("audit roster_imported").await, 1);
}

#[tokio::test]
async fn what_was_imported_is_found_by_phone_and_opens() {
    on_each(async |ground| {
        ground.import(&[ground.file("e", ELEVES), ground.file("r", RESPONSABLES)]).await;
        let mut tx = ground.db.read().await.unwrap();
        let blind = ground.master_key.hmac(crate::crypto::HmacPurpose::Phone, "+33639980001");
        let found = crate::roster::store::list_by_phone(&mut tx, &blind).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].usage_name.as_deref(), Some("LEBŒUF"));
        let children = crate::roster::store::list_children_of_person(&mut tx, &found[0].id).await.unwrap();
        assert_eq!(children.len(), 1);
        assert_eq!((children[0].pupil_key.as_str(), children[0].class.as_deref()), ("900001", Some("6 A")));
        let born = crate::roster::sealed_rows::open_birth_date(
            &ground.master_key,
            &children[0].pupil_id,
            &children[0].birth_date,
        );
        assert_eq!(born.unwrap().to_french_format(), "14/02/2013");
    })
    .await;
}

#[tokio::test]
async fn the_report_names_records_and_no_people() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("preau.db").display());
    let ground = Fixture::on(&url, folder).await;
    let mut roster = Roster::of(MONOD, 2);
    roster.persons[0].1 = "04 67 12 34 56".into();
    roster.pupils[1].1 = "31/02/2013".into();
    let text = ground.import(&roster.files(&ground)).await.text();
    assert!(text.contains("PERSONNE 500000: TEL_PORTABLE is not a mobile number"), "{text}");
    assert!(text.contains("ELEVE 900001: DATE_NAISS is no date"), "{text}");
    for secret in ["DURAND", "Zoé", "Anne", "67 12", "39 98", "2013"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}
