//! Deliveries that are not whole: clear lines, and nothing of them is taken.

use super::*;

async fn assert_nothing_taken(ground: &Fixture, told: &ImportResult, line: &str) {
    assert!(!told.all, "{line}");
    assert!(told.text().contains(line), "{line}: {}", told.text());
    assert_eq!(ground.count("pupil ").await + ground.count("person ").await + ground.count("set ").await, 0, "{line}");
}

#[tokio::test]
async fn bad_input_a_delta_before_its_complet() {
    on_each(async |ground| {
        let change = modify("PersRelEleve", "3500001", &[("mobile", &["0639981111"])]);
        let told = ground.delta("20250909", &[("PersRelEleve", change.clone())]).await;
        let line = "refused: ENT_Delta_20250909: a delta, and no complet of this academy was imported before it";
        assert_nothing_taken(&ground, &told, line).await;
        // Given together, in any order, the complet of the day before comes first.
        let annuaire = Annuaire::of(MONOD, 3);
        let mut files = vec![ground.file("ENT_Delta_20250909_PersRelEleve_0000.xml", document(&change).as_bytes())];
        files.extend(annuaire.files(&ground, "20250908"));
        let told = ground.import_academy(&files).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(ground.mobile_of("3500001").await.as_deref(), Some("+33639981111"));
        // An older one comes too late.
        let told = ground.delta("20250907", &[("PersRelEleve", change)]).await;
        assert!(!told.all && told.text().contains("exported before the one that was taken last"), "{}", told.text());
    })
    .await;
}

#[tokio::test]
async fn bad_input_a_missing_file_or_part() {
    on_each(async |ground| {
        let annuaire = Annuaire::of(MONOD, 3);
        let files = annuaire.files(&ground, "20250908");
        for (missing, kind) in [(0, "EtabEducNat"), (1, "Eleve"), (2, "PersRelEleve")] {
            let mut some = files.clone();
            some.remove(missing);
            let line = format!("refused: ENT_Complet_20250908: no file of the kind {kind}");
            assert_nothing_taken(&ground, &ground.import_academy(&some).await, &line).await;
        }
        let third = ground.file("ENT_Complet_20250908_Eleve_0002.xml", annuaire.documents()[1].1.as_bytes());
        let told = ground.import_academy(&[&files[..], &[third]].concat()).await;
        assert_nothing_taken(&ground, &told, "part 0001 of Eleve is missing").await;
        let nowhere = [&files[..], &[ground.folder.path().join("ENT_Complet_20250908_Eleve_0001.xml")]].concat();
        assert_nothing_taken(&ground, &ground.import_academy(&nowhere).await, "cannot be read").await;
        let other = [&files[..], &[ground.file("eleves.xml", b"<ficAlimMENESR/>")]].concat();
        assert_nothing_taken(&ground, &ground.import_academy(&other).await, "its name is none of a delivery").await;
        // A refused complet holds back the delta of the next day.
        let delta = ground.file("ENT_Delta_20250909_PersRelEleve_0000.xml", document("").as_bytes());
        let told = ground.import_academy(&[files[0].clone(), delta]).await;
        assert!(told.text().contains("ENT_Delta_20250909: an older delivery among the files was refused"));
    })
    .await;
}

#[tokio::test]
async fn bad_input_truncated_entities_a_dtd_another_kind() {
    on_each(async |ground| {
        let annuaire = Annuaire::of(MONOD, 3);
        let good = annuaire.documents()[1].1.clone();
        let internal = good.replace("\"ficAlimMENESR.dtd\"", "\"ficAlimMENESR.dtd\" [<!ENTITY x \"y\">]");
        for (pupils, line) in [
            (good[..good.len() / 2].to_owned(), "ends too early: the file was cut"),
            (good[..good.len() - 20].to_owned(), "ends too early: the file was cut"),
            (internal, "holds a DOCTYPE, which no export has"),
            (good.replace("<!DOCTYPE ficAlimMENESR", "<!DOCTYPE other"), "holds a DOCTYPE, which no export has"),
            (good.replace("Zoé", "&x;"), "the entity \"x\" is not known"),
            (good.replace("<value>Eleve<", "<value>PersRelEleve<"), "and by its name only those of Eleve"),
            (good.replace("ficAlimMENESR>", "BEE_ELEVES>"), "its root is BEE_ELEVES; ficAlimMENESR are read"),
        ] {
            let files = annuaire.files(&ground, "20250908");
            std::fs::write(&files[1], pupils).unwrap();
            assert_nothing_taken(&ground, &ground.import_academy(&files).await, line).await;
        }
    })
    .await;
}

#[tokio::test]
async fn bad_input_an_id_twice_and_a_link_to_nobody() {
    on_each(async |ground| {
        let first = Annuaire::of(MONOD, 30);
        assert!(ground.complet(&first, "20250908").await.all);
        let before = (ground.links().await, ground.enrolments().await);
        let mut next = first.clone();
        next.pupils.push(next.pupils[3].clone());
        next.persons.push(person_of(4, "Jean", "0639989999"));
        next.pupils[6].2 = next.pupils[6].2.replace("3500006$10$1$1$1$1", "3500006$10$1$1");
        next.pupils[7].2 = next.pupils[7].2.replace("14/02/2013", "2013-02-14");
        next.pupils[8] = pupil_of(8, "7001", &["3500008$10$1$1$1$1", "3599999$20$1$1$1$1"]);
        let told = ground.complet(&next, "20250909").await;
        assert!(!told.all);
        for line in [
            "Eleve 2900003: the same id is there more than once",
            "PersRelEleve 3500004: the same id is there more than once",
            "Eleve 2900006: ENTElevePersRelEleve has not 6 parts",
            "Eleve 2900007: ENTPersonDateNaissance is no date of the form JJ/MM/AAAA",
            "ENTElevePersRelEleve 2900008 3599999: names somebody no export has",
        ] {
            assert!(told.text().contains(line), "{line}: {}", told.text());
        }
        assert_eq!((ground.links().await, ground.enrolments().await), before, "what is not read is unchanged");
        assert_eq!(ground.mobile_of("3500004").await.as_deref(), Some("+33639980004"));
    })
    .await;
}
