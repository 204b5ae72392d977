//! Broken and hostile files: each is reported with file, record and reason, and the rest is imported.

use std::io::Write as _;

use super::*;
use crate::roster::formats::SchoolRosterError;

#[tokio::test]
async fn fault_rt14_a_cut_file_harms_nothing() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 30);
        ground.imported(&roster).await;
        let before = ground.rows().await;
        let next = roster.on("09/09/2025", |roster| roster.persons[0].1 = "0639987777".into());
        let whole = next.responsables();
        let [eleves, _] = next.files(&ground);
        for part in [whole.len() - 5, whole.len() / 2, 40, 0] {
            let cut = ground.file("cut.xml", &whole.as_bytes()[..part]);
            let told = ground.import(&[eleves.clone(), cut]).await;
            assert!(!told.all, "{part}");
            assert!(told.text().contains("cut.xml"), "{}", told.text());
            assert!(
                matches!(
                    told.rejected(),
                    ImportRejection::UnreadableFile | ImportRejection::Files(SchoolRosterError::MissingExport { .. })
                ),
                "{part}"
            );
            assert_eq!(before, ground.rows().await, "{part}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_rt14_an_import_that_ends_anywhere_is_all_or_nothing() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 60);
        ground.imported(&roster).await;
        for step in 0..20 {
            let next = roster.on(&format!("{:02}/09/2025", 9 + step), |roster| {
                roster.persons.iter_mut().for_each(|(_, phone)| *phone = format!("06399870{step:02}"));
            });
            let (other, files) = (Arc::clone(&ground), next.files(&ground));
            let task = tokio::spawn(async move { other.import(&files).await.all });
            tokio::time::sleep(std::time::Duration::from_millis(4 * step)).await;
            task.abort();
            _ = task.await;
            // A single statement sees one snapshot: the commit may still be under way after the end of the task.
            let mut tx = ground.db.read().await.unwrap();
            let sql = "SELECT COUNT(*) FROM person p JOIN roster_set s ON p.exported_at = s.responsables_exported_at";
            assert_eq!(tx.fetch_one::<(i64,)>(sql, args![]).await.unwrap(), (60,), "step {step}");
        }
        let last = roster.on("30/09/2025", |_| {});
        ground.imported(&last).await;
        assert_eq!(ground.count("link 0349999J").await, 60);
    })
    .await;
}

#[tokio::test]
async fn half_a_set_or_a_file_that_is_not_there_is_refused_and_another_school_is_taken() {
    on_each(async |ground| {
        let [eleves, _] = Roster::of(MONOD, 3).files(&ground);
        let mut files = Roster::of(LYCEE, 3).files(&ground).to_vec();
        files.extend([eleves, ground.folder.path().join("nowhere.xml")]);
        let told = ground.import(&files).await;
        assert!(!told.all);
        let text = told.text();
        assert!(text.contains("nowhere.xml: cannot be read"), "{text}");
        assert!(text.contains("0349999J: the export of the responsables is missing"), "{text}");
        assert!(text.contains("0349998H: taken: 3 current pupils"), "{text}");
        assert_eq!(ground.count("enrolment 0349998H").await, 3);
        assert_eq!(ground.count("enrolment 0349999J").await, 0);
    })
    .await;
}

#[tokio::test]
async fn fault_rt14_unreadable_records_are_told_and_the_rest_is_taken() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 30);
        ground.imported(&roster).await;
        let next = roster.on("09/09/2025", |roster| {
            // The same ELEVE_ID twice, a birth date in the future, an unknown level, a dangling link.
            roster.pupils[0].0 = "900001".into();
            roster.pupils[2].1 = "14/02/2026".into();
            roster.links[3].2 = "9".into();
            roster.links.push(("900004".into(), "999999".into(), "1".into()));
            roster.persons[5].1 = "06 39 98 77 77".into();
        });
        let told = ground.import(&next.files(&ground)).await;
        assert!(!told.all);
        let text = told.text();
        for line in [
            "ELEVE 900001: the same id is there more than once",
            "ELEVE 900002: DATE_NAISS lies after the export",
            "RESPONSABLE_ELEVE 900003 500003: NIVEAU_RESPONSABILITE has the unknown value \"9\"",
            "RESPONSABLE_ELEVE 900004 999999: names somebody no export has",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(text.lines().filter(|line| line.contains("eleves.xml: line ")).count() >= 3, "{text}");
        // Unreadable records count as unchanged. 900000 is absent, since another id stands in its place.
        let changes = told.imported().changes;
        assert_eq!((changes.persons_changed, changes.links_ended, changes.enrolments_ended), (1, 1, 1));
        assert_eq!(ground.count("link 0349999J").await, 30);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_control_letter_refuses_the_set() {
    on_each(async |ground| {
        let before = ground.rows().await;
        let told = ground.import(&Roster::of("0349999K", 3).files(&ground)).await;
        assert!(!told.all);
        assert!(told.text().contains("the letter of UAI 0349999K is wrong: for these digits it is J"));
        assert_eq!(before, ground.rows().await);
    })
    .await;
}

#[tokio::test]
async fn a_doctype_is_refused_and_names_no_file_of_the_machine() {
    on_each(async |ground| {
        let secret = ground.file("secret", b"0639981234");
        let entity = format!("<!DOCTYPE x [<!ENTITY e SYSTEM \"file://{}\">]>\n<BEE_ELEVES>", secret.display());
        let [eleves, responsables] = Roster::of(MONOD, 3).files(&ground);
        let text = std::fs::read_to_string(&eleves).unwrap().replace("<BEE_ELEVES>", &entity).replace("Zoé", "&e;");
        std::fs::write(&eleves, text).unwrap();
        let told = ground.import(&[eleves, responsables]).await;
        assert!(!told.all);
        assert!(told.text().contains("holds a DOCTYPE, which no export has"), "{}", told.text());
        assert!(!told.text().contains("0639981234"));
        assert_eq!(ground.count("person ").await, 0);
    })
    .await;
}

/// 3 GB of blanks in a ZIP of 3 MB, after a valid header.
#[tokio::test]
async fn a_zip_that_swells_is_refused_and_the_rest_is_taken() {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("preau.db").display());
    let ground = Fixture::on(&url, folder).await;
    let roster = Roster::of(MONOD, 3);
    let bomb = ground.folder.path().join("bomb.zip");
    let (head, tail) = roster.eleves().split_once("<ELEVES>").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let options = zip::write::SimpleFileOptions::default().compression_level(Some(9)).large_file(true);
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&bomb).unwrap());
    zip.start_file("ElevesAvecAdresses.xml", options).unwrap();
    zip.write_all(head.as_bytes()).unwrap();
    let blanks = vec![b' '; 1 << 20];
    for _ in 0..3072 {
        zip.write_all(&blanks).unwrap();
    }
    zip.write_all(tail.as_bytes()).unwrap();
    zip.finish().unwrap();
    assert!(std::fs::metadata(&bomb).unwrap().len() < 8 << 20);
    let mut files = Roster::of(LYCEE, 3).files(&ground).to_vec();
    let [_, responsables] = roster.files(&ground);
    files.extend([bomb, responsables]);
    let begun = std::time::Instant::now();
    let told = ground.import(&files).await;
    assert!(begun.elapsed().as_secs() < 5, "it was read to its end");
    assert!(!told.all);
    assert!(told.text().contains("bomb.zip/ElevesAvecAdresses.xml"), "{}", told.text());
    assert!(told.text().contains("0349998H: taken"), "{}", told.text());
    assert_eq!(ground.count("enrolment 0349999J").await, 0);
}
