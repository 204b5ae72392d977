//! What deltas say of people of no school, of several children, and of new schools; and deliveries of many parts.

use super::*;

/// A pupil of the first degree, whose record names nobody.
fn young(n: usize) -> (String, String, String) {
    let attributes = [
        attr("ENTPersonNom", "PETIT"),
        attr("ENTPersonPrenom", "Lou"),
        attr("ENTPersonDateNaissance", "01/03/2018"),
        attr("ENTPersonStructRattach", "7001"),
    ];
    (format!("{}", 2_900_000 + n), "7001".to_owned(), attributes.concat())
}

/// A parent of the first degree, who names the children.
fn parent_of(n: usize, children: &[usize]) -> (String, String) {
    let children = children.iter().map(|child| format!("<value>{}</value>", 2_900_000 + child)).collect::<String>();
    let attributes = [
        attr("ENTPersonNom", "PETIT"),
        attr("ENTPersonPrenom", "Max"),
        attr("ENTPersRelEleveTelMobile", &mobile(n)),
        format!("<attr name=\"ENTPersRelEleveEleve\">{children}</attr>"),
    ];
    (format!("{}", 3_500_000 + n), attributes.concat())
}

#[tokio::test]
async fn a_parent_of_the_first_degree_has_a_link_with_each_child_of_a_delta() {
    on_each(async |ground| {
        let annuaire = Annuaire {
            schools: vec![("7001".into(), MONOD.into(), String::new())],
            pupils: (0..20).map(young).collect(),
            persons: (0..20).map(|n| parent_of(n, &[n])).collect(),
        };
        assert!(ground.complet(&annuaire, "20250908").await.all);
        let pupils: String = [young(30), young(31)].iter().map(|(id, _, text)| request("Eleve", id, text)).collect();
        // Two children who come, and one who is there already.
        let (parent, text) = parent_of(30, &[30, 31, 5]);
        let persons = request("PersRelEleve", &parent, &text);
        let told = ground.delta("20250909", &[("Eleve", pupils), ("PersRelEleve", persons)]).await;
        assert!(told.all, "{}", told.text());
        let links = ground.links().await;
        for child in ["2900030", "2900031", "2900005"] {
            let line = format!("{child} 3500030 in_charge 0349999J");
            assert!(links.contains(&line), "{line}: {links:?}");
        }
        assert_eq!(links.len(), 23);
    })
    .await;
}

#[tokio::test]
async fn a_link_that_is_known_says_more_than_the_name_of_a_child() {
    on_each(async |ground| {
        let legal = |n: usize| {
            let (id, structure, text) = young(n);
            let authority = attr("ENTEleveAutoriteParentale", &format!("{}", 3_500_000 + n));
            (id, structure, format!("{text}{authority}"))
        };
        let annuaire = Annuaire {
            schools: vec![("7001".into(), MONOD.into(), String::new())],
            pupils: (0..20).map(legal).collect(),
            persons: (0..20).map(|n| parent_of(n, &[n])).collect(),
        };
        assert!(ground.complet(&annuaire, "20250908").await.all);
        let (parent, text) = parent_of(4, &[4]);
        let told = ground.delta("20250909", &[("PersRelEleve", request("PersRelEleve", &parent, &text))]).await;
        assert!(told.all, "{}", told.text());
        assert!(ground.links().await.contains(&"2900004 3500004 legal 0349999J".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn who_is_nobodys_responsable_yet_is_told_to_the_academy_and_kept_for_a_later_link() {
    on_each(async |ground| {
        assert!(ground.complet(&Annuaire::of(MONOD, 30), "20250908").await.all);
        let sets = "SELECT CAST(eleves_exported_at AS TEXT) FROM roster_set";
        let before = ground.texts(sets).await;
        let (id, text) = person_of(90, "Anne", "04 67 00 00 00");
        let told = ground.delta("20250909", &[("PersRelEleve", request("PersRelEleve", &id, &text))]).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(
            told.text(),
            "for the academy: ENT_Delta_20250909: 1 persons are nobody's responsable yet; kept for a later link\n\
             for the academy: PersRelEleve 3500090: mobile is not a mobile number\n"
        );
        assert_eq!(ground.texts(sets).await, before, "the set of the school that carries them stays as old as it is");
        let link = [("ENTElevePersRelEleve", &["3500004$10$1$1$1$1", "3500090$20$1$1$0$0"][..])];
        let told = ground.delta("20250910", &[("Eleve", modify("Eleve", "2900004", &link))]).await;
        assert!(told.all, "{}", told.text());
        assert!(ground.links().await.contains(&"2900004 3500090 legal 0349999J".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn the_dry_run_of_a_delta_knows_the_school_that_the_delta_declares() {
    on_each(async |ground| {
        assert!(ground.complet(&Annuaire::of(MONOD, 3), "20250908").await.all);
        let name = attr("ENTStructureNomCourant", "CLG$NOUVEAU$MONTPELLIER");
        let school = request("EtabEducNat", "7002", &format!("{}{name}", attr("ENTStructureUAI", "0340001S")));
        let pupil = pupil_of(80, "7002", &["3500001$10$1$1$1$1"]);
        let files: Vec<PathBuf> = [("EtabEducNat", school), ("Eleve", request("Eleve", &pupil.0, &pupil.2))]
            .iter()
            .map(|(kind, text)| ground.file(&format!("ENT_Delta_20250909_{kind}_0000.xml"), document(text).as_bytes()))
            .collect();
        let before = ground.rows().await;
        let dry = |request: &mut ImportRequest| (request.format, request.dry_run) = (RosterFormat::Aaf, true);
        let told = ground.import_as(&files, dry).await;
        assert!(told.all && told.text().contains("0340001S: would be taken: 1 current pupils"), "{}", told.text());
        assert_eq!(ground.rows().await, before);
        let told = ground.import_academy(&files).await;
        assert!(told.all && told.text().contains("0340001S: taken: 1 current pupils"), "{}", told.text());
    })
    .await;
}

#[tokio::test]
async fn a_school_that_says_no_academy_is_declared_in_its_own_departments_only() {
    on_each(async |ground| {
        let mut annuaire = Annuaire::of(MONOD, 2);
        annuaire.schools.extend([
            ("7002".to_owned(), "0310001H".to_owned(), String::new()),
            ("7003".to_owned(), "0310002J".to_owned(), attr("ENTServAcCodeAcademie", "011")),
        ]);
        annuaire.pupils.push(pupil_of(10, "7002", &["3500000$10$1$1$1$1"]));
        let told = ground.complet(&annuaire, "20250908").await;
        let line = "7002 with its pupils: says no academy, and department 031 is none of this one";
        assert!(told.all && told.text().contains(line), "{}", told.text());
        let declared = "SELECT uai FROM school WHERE origin = 'roster'";
        assert_eq!(ground.texts(declared).await, ["0310002J"]);
    })
    .await;
}

#[tokio::test]
async fn a_zip_of_a_hundred_parts_is_one_delivery() {
    on_each(async |ground| {
        let annuaire = Annuaire::of(MONOD, 100);
        let [schools, _, persons] = annuaire.documents();
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let mut add = |name: String, text: &str| {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
        };
        add("ENT_Complet_20250908_EtabEducNat_0000.xml".to_owned(), &schools.1);
        add("ENT_Complet_20250908_PersRelEleve_0000.xml".to_owned(), &persons.1);
        for (part, pupil) in annuaire.pupils.iter().enumerate() {
            let text = document(&request("Eleve", &pupil.0, &pupil.2));
            add(format!("ENT_Complet_20250908_Eleve_{part:04}.xml"), &text);
        }
        let file = ground.file("all.zip", &zip.finish().unwrap().into_inner());
        let told = ground.import_academy(&[file]).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(ground.enrolments().await.len(), 100);
    })
    .await;
}
