//! Tables of schools: ONDE's extractions, alone and beside other formats.

use super::*;

pub const E: &str = "Nom élève;Nom d'usage élève;Prénom élève;Date naissance;INE;Libellé classe";
pub const R: &str = "Nom usage responsable;Nom responsable;Prénom responsable;Téléphone domicile;Téléphone portable;\
    Nom d'usage élève;Nom de famille élève;Prénom élève;Classes élèves;\
    Nom d'usage élève;Nom de famille élève;Prénom élève;Classes élèves";
/// 2025-09-08T16:42:00Z
pub const AT: Timestamp = Timestamp(1_757_349_720_000);
const DAY: i64 = 86_400_000;

pub const ZOE: &str = "DURAND;;Zoé;14/02/2017;990000001ZA;CE1 A";
pub const LEO: &str = "DURAND;;Léo;15/03/2019;;CP B";
pub const ANNE: &str = ";DURAND;Anne;;06 39 98 00 01;;DURAND;Zoé;CE1 A;;DURAND;Léo;CP B";
pub const MARC: &str = ";DURAND;Marc;;06 39 98 00 02;;DURAND;Zoé;CE1 A;;;;";

impl Fixture {
    pub async fn first_degree(&self) {
        let mut tx = self.db.write(Durability::Durable).await.unwrap();
        tx.execute("UPDATE school SET first_degree = TRUE", args![]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Imports two extractions of a day after the first.
    pub async fn onde_as(
        &self,
        (pupils, persons): (&[&str], &[&str]),
        day: i64,
        change: impl FnOnce(&mut ImportRequest, &mut TableRequest),
    ) -> ImportResult {
        let name = SystemId::draw();
        let files = [(E, pupils, "eleves"), (R, persons, "responsables")].map(|(header, rows, what)| {
            let text = format!("{header}\r\n{}\r\n", rows.join("\r\n"));
            self.file(&format!("{name}-{what}.csv"), &encoding_rs::WINDOWS_1252.encode(&text).0)
        });
        let exported_at = Some(Timestamp(AT.0 + day * DAY));
        let mut said = TableRequest { uai: Uai::parse(MONOD).unwrap(), exported_at, all_legal: None, mapping: None };
        self.import_as(&files, |request| {
            request.format = RosterFormat::Onde;
            change(request, &mut said);
            request.tables = Some(said);
        })
        .await
    }

    pub async fn onde(&self, rows: (&[&str], &[&str]), day: i64) -> ImportResult {
        self.onde_as(rows, day, |_, _| {}).await
    }

    pub async fn ids(&self, sql: &'static str) -> Vec<String> {
        let mut tx = self.db.read().await.unwrap();
        let mut ids: Vec<String> =
            tx.fetch_all::<(String,)>(sql, args![]).await.unwrap().into_iter().map(|(id,)| id).collect();
        ids.sort();
        ids
    }

    async fn classes(&self) -> Vec<String> {
        self.ids("SELECT COALESCE(class, '-') FROM enrolment WHERE ended_at IS NULL").await
    }

    /// The current links with the level, by given names.
    pub async fn family(&self) -> Vec<String> {
        self.ids(
            "SELECT p.given_name || ' ' || u.given_name || ' ' || l.level FROM link l \
             JOIN person p ON p.id = l.person_id JOIN pupil u ON u.id = l.pupil_id WHERE l.ended_at IS NULL",
        )
        .await
    }
}

pub const PERSONS: &str = "SELECT id || ' ' || given_name FROM person";
pub const PUPILS: &str = "SELECT id || ' ' || given_name FROM pupil";

#[tokio::test]
async fn onde_is_taken_and_known_again_whatever_the_order_of_its_rows() {
    on_each(async |ground| {
        ground.first_degree().await;
        let told = ground.onde((&[ZOE, LEO], &[ANNE, MARC]), 0).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(told.imported().counts.pupils, 2);
        assert_eq!(ground.family().await, ["Anne Léo in_charge", "Anne Zoé in_charge", "Marc Zoé in_charge"]);
        let (persons, pupils) = (ground.ids(PERSONS).await, ground.ids(PUPILS).await);
        let rows = ground.rows().await;
        let again = ground.onde((&[LEO, ZOE], &[MARC, ANNE]), 0).await;
        assert!(again.all && again.text().contains("nothing changed"), "{}", again.text());
        assert_eq!(ground.rows().await, rows);
        // Another mobile, another class, an accent: the same people.
        let (zoe, anne) = (ZOE.replace("Zoé", "ZOE").replace("CE1", "CE2"), ANNE.replace("00 01", "00 09"));
        let told = ground.onde((&[&zoe, LEO], &[&anne, MARC]), 1).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(
            told.imported().changes.to_string(),
            "pupils +0 ~1, persons +0 ~1, enrolments +0 ~1 -0, links +0 ~0 -0"
        );
        let strip = |ids: &[String]| -> Vec<String> { ids.iter().map(|id| id[..20].to_owned()).collect() };
        assert_eq!(strip(&ground.ids(PUPILS).await), strip(&pupils));
        assert_eq!(ground.ids(PERSONS).await, persons);
        // The INE of a child whose family name was corrected, and an INE that came later.
        let zoe = ZOE.replace("DURAND", "DURAND-PETIT");
        let leo = LEO.replace("2019;;", "2019;990000002ZA;");
        let (anne, marc) =
            (ANNE.replace(";DURAND;Zoé", ";DURAND-PETIT;Zoé"), MARC.replace(";DURAND;Zoé", ";DURAND-PETIT;Zoé"));
        let told = ground.onde((&[&zoe, &leo], &[&anne, &marc]), 2).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(strip(&ground.ids(PUPILS).await), strip(&pupils));
        assert_eq!(ground.ids(PERSONS).await, persons);
        // The keys show nothing of whom they are for.
        for key in ground.ids("SELECT key FROM pupil_roster_key UNION ALL SELECT key FROM person_roster_key").await {
            assert!(key.len() == 20 && !key.to_lowercase().contains("durand"), "{key}");
        }
    })
    .await;
}

#[tokio::test]
async fn responsables_are_in_charge_until_the_school_says_once_that_all_are_legal() {
    on_each(async |ground| {
        ground.first_degree().await;
        let rows: (&[&str], &[&str]) = (&[ZOE], &[MARC]);
        let told = ground.onde(rows, 0).await;
        assert!(
            told.text().contains("0349999J: for the school: the files do not say who is a legal"),
            "{}",
            told.text()
        );
        assert!(told.text().contains("--all-legal"));
        let dry = ground.onde_as(rows, 1, |request, said| (request.dry_run, said.all_legal) = (true, Some(true))).await;
        assert!(dry.text().contains("was person in charge, is legal representative"), "{}", dry.text());
        assert_eq!(ground.family().await, ["Marc Zoé in_charge"]);
        let told = ground.onde_as(rows, 1, |_, said| said.all_legal = Some(true)).await;
        assert!(told.all && !told.text().contains("do not say"), "{}", told.text());
        assert_eq!(ground.family().await, ["Marc Zoé legal"]);
        // Kept: the next ones need not say it.
        let told = ground.onde(rows, 2).await;
        assert!(told.all && !told.text().contains("do not say"), "{}", told.text());
        assert_eq!(ground.family().await, ["Marc Zoé legal"]);
        let told = ground.onde_as(rows, 3, |_, said| said.all_legal = Some(false)).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(ground.family().await, ["Marc Zoé in_charge"]);
        ground.onde(rows, 4).await;
        assert_eq!(ground.family().await, ["Marc Zoé in_charge"]);
    })
    .await;
}

#[tokio::test]
async fn homonyms_wait_as_lines_and_lose_nothing() {
    on_each(async |ground| {
        ground.first_degree().await;
        ground.onde((&[ZOE, LEO], &[ANNE, MARC]), 0).await;
        let before = ground.family().await;
        // A second Marc Durand of the same child: nobody knows who the first one is.
        let other = MARC.replace("00 02", "00 07");
        let told = ground.onde((&[ZOE, LEO], &[ANNE, MARC, &other]), 1).await;
        assert!(!told.all);
        let line = "responsables.csv: line 3: Responsable: has the names of another responsable of the same child";
        assert!(told.text().contains(line), "{}", told.text());
        assert_eq!(ground.family().await, before);
        // Two records that could both be one known row.
        let parted = [";DURAND;Anne;;;;DURAND;Zoé;;;;;", ";DURAND;Anne;;;;DURAND;Léo;;;;;", MARC];
        let told = ground.onde((&[ZOE, LEO], &parted), 2).await;
        let line = "Responsable of line 2 of ";
        assert!(
            told.text().contains(line) && told.text().contains("could be several who are known"),
            "{}",
            told.text()
        );
        assert_eq!(ground.family().await, before);
        // An INE that belongs to somebody else here.
        let thief = ["MARTIN;;Tom;01/01/2018;990000001ZA;CP", LEO];
        let told = ground.onde((&thief, &[ANNE]), 3).await;
        assert!(told.text().contains("Élève of line 2 of"), "{}", told.text());
        assert_eq!(ground.family().await, before);
    })
    .await;
}

#[tokio::test]
async fn a_child_who_changes_school_keeps_its_row_and_its_parents() {
    on_each(async |ground| {
        ground.first_degree().await;
        ground.onde((&[ZOE], &[MARC]), 0).await;
        let persons = ground.ids(PERSONS).await;
        let told = ground.onde_as((&[ZOE], &[MARC]), 1, |_, said| said.uai = Uai::parse(LYCEE).unwrap()).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(ground.ids(PERSONS).await, persons);
        assert_eq!(ground.family().await.len(), 2, "in both until the first says that the child left");
        // Another child's parent of the same name is another person.
        let (tom, marc) = ("PETIT;;Tom;14/02/2017;990000009ZA;CE1", MARC.replace(";DURAND;Zoé;CE1 A", ";PETIT;Tom;"));
        ground.onde_as((&[ZOE, tom], &[MARC, &marc]), 2, |_, said| said.uai = Uai::parse(LYCEE).unwrap()).await;
        assert_eq!(ground.ids(PERSONS).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn roster_keys_a_pupil_of_onde_who_enters_a_college_is_the_same_there() {
    on_each(async |ground| {
        ground.first_degree().await;
        ground.onde((&[ZOE], &[";DURAND;Anne;;06 39 98 00 00;;DURAND;Zoé;;;;;"]), 0).await;
        let (persons, pupils) = (ground.ids(PERSONS).await, ground.ids(PUPILS).await);
        let mut siecle = Roster::of(LYCEE, 1);
        siecle.pupils[0].1 = "14/02/2017".into();
        siecle.more.insert("900000".into(), "<INE_RNIE>990000001ZA</INE_RNIE>".into());
        ground.imported(&siecle).await;
        assert_eq!((ground.ids(PERSONS).await, ground.ids(PUPILS).await), (persons, pupils));
        assert_eq!(ground.ids("SELECT pupil_key FROM pupil").await, ["900000"]);
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_and_a_report_name_lines_and_no_names() {
    on_each(async |ground| {
        ground.first_degree().await;
        let unusable = MARC.replace("06 39 98 00 02", "04 67 00 00 00");
        let told = ground.onde_as((&[ZOE], &[&unusable]), 0, |request, _| request.dry_run = true).await;
        for line in [
            "+ Élève of line 2 of ",
            "+ Responsable of line 2 of ",
            "eleves.csv and Responsable of line 2 of ",
            "Téléphone portable is not a mobile number",
        ] {
            assert!(told.text().contains(line), "{line}: {}", told.text());
        }
        assert!(!told.text().contains("DURAND") && !told.text().contains("Marc"));
        assert_eq!(ground.count("pupil ").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_school_of_the_second_degree_has_no_onde_and_no_foreign_school_either() {
    on_each(async |ground| {
        let told = ground.onde((&[ZOE], &[MARC]), 0).await;
        assert_eq!(*told.rejected(), ImportRejection::NotFirstDegree);
        assert!(told.text().contains("first_degree = true"), "{}", told.text());
        ground.first_degree().await;
        let of = |uai: &'static str| {
            move |_: &mut ImportRequest, said: &mut TableRequest| said.uai = Uai::parse(uai).unwrap()
        };
        let told = ground.onde_as((&[ZOE], &[MARC]), 0, of("0341143H")).await;
        assert!(matches!(told.rejected(), ImportRejection::UndeclaredSchool { .. }));
        let told = ground.onde_as((&[ZOE], &[MARC]), 0, of(TOULOUSE)).await;
        assert!(matches!(told.rejected(), ImportRejection::OtherAcademy { .. }));
        // Nothing of a broken file is taken.
        let files = [ground.file("e.csv", b"Nom"), ground.file("r.csv", b"\"")];
        let told = ground
            .import_as(&files, |request| {
                let uai = Uai::parse(MONOD).unwrap();
                request.format = RosterFormat::Onde;
                request.tables = Some(TableRequest { uai, exported_at: None, all_legal: None, mapping: None });
            })
            .await;
        assert_eq!(*told.rejected(), ImportRejection::UnreadableFile);
        assert_eq!(ground.count("pupil ").await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_older_extraction_is_refused_and_fewer_pupils_wait() {
    on_each(async |ground| {
        ground.first_degree().await;
        let many: Vec<String> = (0..40).map(|n| format!("DURAND;;Zoé {};14/02/2017;;CE1", word(n))).collect();
        let rows: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(ground.onde((&rows, &[]), 5).await.all);
        assert!(matches!(ground.onde((&rows, &[]), 4).await.rejected(), ImportRejection::Reconcile(_)));
        let told = ground.onde((&rows[..30], &[]), 6).await;
        assert!(told.text().contains("10 of 40 current pupils would end"), "{}", told.text());
    })
    .await;
}

pub fn word(number: usize) -> String {
    let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap());
    [letter(number), letter(number / 26)].iter().collect()
}

#[tokio::test]
async fn an_undo_takes_back_what_the_school_said_with_the_set() {
    on_each(async |ground| {
        ground.first_degree().await;
        let rows: (&[&str], &[&str]) = (&[ZOE], &[MARC]);
        let wait = || _ = ground.clock.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
        let undo = async || {
            let undone = super::undo::undo_last_run(ground.context(), "montpellier", None).await.unwrap();
            assert!(matches!(undone, super::undo::ImportUndo::Done { .. }), "{undone:?}");
        };
        ground.onde(rows, 0).await;
        wait();
        ground.onde_as(rows, 1, |_, said| said.all_legal = Some(true)).await;
        assert_eq!(ground.family().await, ["Marc Zoé legal"]);
        undo().await;
        assert_eq!(ground.family().await, ["Marc Zoé in_charge"]);
        // The next file, without a word: nobody has become a legal representative by the undone one.
        wait();
        let told = ground.onde(rows, 2).await;
        assert!(told.text().contains("do not say"), "{}", told.text());
        assert_eq!(ground.family().await, ["Marc Zoé in_charge"]);
        // Said with an earlier set, it stands after the undo of a later one.
        wait();
        ground.onde_as(rows, 3, |_, said| said.all_legal = Some(true)).await;
        wait();
        ground.onde((&[ZOE, LEO], &[MARC]), 4).await;
        undo().await;
        wait();
        ground.onde(rows, 5).await;
        assert_eq!(ground.family().await, ["Marc Zoé legal"]);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_class_changes_none() {
    on_each(async |ground| {
        ground.first_degree().await;
        ground.onde((&[ZOE], &[MARC]), 0).await;
        assert_eq!(ground.classes().await, ["CE1 A"]);
        let unknown = ZOE.replace("CE1 A", "");
        ground.onde((&[&unknown], &[MARC]), 1).await;
        assert_eq!(ground.classes().await, ["CE1 A"], "an empty cell is no class");
        assert_eq!(ground.family().await.len(), 1, "a link that was there stays");
        // Whoever is named in a class is not taken for the child whose class is not known.
        let told = ground.onde((&[&unknown], &[MARC, &ANNE.replace("DURAND;Léo;CP B", ";;")]), 2).await;
        assert_eq!(ground.family().await, ["Marc Zoé in_charge"], "{}", told.text());
        ground.onde((&[&ZOE.replace("CE1 A", "CE2")], &[MARC]), 3).await;
        assert_eq!(ground.classes().await, ["CE2"]);
        // In the next school year it is not known any more.
        let told = ground.onde((&[&unknown], &[MARC]), 365).await;
        assert_eq!(ground.classes().await, ["-"], "{}", told.text());
    })
    .await;
}
