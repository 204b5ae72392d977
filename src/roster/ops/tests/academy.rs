//! Deliveries of an academy: complets and deltas, alone and beside the exports of SIECLE.

use super::*;

mod addresses;
mod broken;
mod changes;
mod formats;
mod order;

/// A delivery under construction.
#[derive(Clone)]
pub struct Annuaire {
    /// Key, UAI, more attributes.
    pub schools: Vec<(String, String, String)>,
    /// Key, the structure's key, attributes.
    pub pupils: Vec<(String, String, String)>,
    /// Key, attributes.
    pub persons: Vec<(String, String)>,
}

pub fn attr(name: &str, value: &str) -> String {
    format!("<attr name=\"{name}\"><value>{value}</value></attr>")
}

fn request(kind: &str, id: &str, attributes: &str) -> String {
    let category = if kind == "EtabEducNat" { "categorieStructure" } else { "categoriePersonne" };
    format!(
        "<addRequest><operationalAttributes>{}</operationalAttributes><identifier><id>{id}</id></identifier>\
         <attributes>{attributes}</attributes></addRequest>\n",
        attr(category, kind)
    )
}

pub fn modify(kind: &str, id: &str, changes: &[(&str, &[&str])]) -> String {
    let changes: String = changes
        .iter()
        .map(|(name, values)| {
            let values: String = values.iter().map(|value| format!("<value>{value}</value>")).collect();
            format!("<modification name=\"{name}\" operation=\"replace\">{values}</modification>")
        })
        .collect();
    format!(
        "<modifyRequest><operationalAttributes>{}</operationalAttributes><identifier><id>{id}</id></identifier>\
         <modifications>{changes}</modifications></modifyRequest>\n",
        attr("categoriePersonne", kind)
    )
}

fn delete(kind: &str, id: &str) -> String {
    format!(
        "<deleteRequest><operationalAttributes>{}</operationalAttributes><identifier><id>{id}</id></identifier>\
         </deleteRequest>\n",
        attr("categoriePersonne", kind)
    )
}

pub fn document(content: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE ficAlimMENESR SYSTEM \"ficAlimMENESR.dtd\">\n\
         <ficAlimMENESR>\n{content}</ficAlimMENESR>\n"
    )
}

pub fn pupil_of(n: usize, structure: &str, links: &[&str]) -> (String, String, String) {
    let links: String = links.iter().map(|link| format!("<value>{link}</value>")).collect();
    let attributes = [
        attr("ENTPersonNomPatro", "DURAND"),
        attr("sn", "DURAND"),
        attr("givenName", "Zoé"),
        attr("ENTPersonDateNaissance", "14/02/2013"),
        attr("ENTEleveStructRattachId", &format!("{}", 900_000 + n)),
        attr("ENTPersonStructRattach", structure),
        attr("ENTEleveClasses", &format!("{structure}$6 A")),
        format!("<attr name=\"ENTElevePersRelEleve\">{links}</attr>"),
    ]
    .concat();
    (format!("{}", 2_900_000 + n), structure.to_owned(), attributes)
}

pub fn person_of(n: usize, given: &str, mobile: &str) -> (String, String) {
    let attributes =
        [attr("ENTPersonNomPatro", "DURAND"), attr("sn", "DURAND"), attr("givenName", given), attr("mobile", mobile)]
            .concat();
    (format!("{}", 3_500_000 + n), attributes)
}

/// The mobile that [`Roster`] gives to the same person.
fn mobile(n: usize) -> String {
    format!("06 39 98 {:02} {:02}", n / 100 % 100, n % 100)
}

impl Annuaire {
    /// The same school as [`Roster::of`]: pupils `2900000…` with the ELEVE_ID there, parents `3500000…`.
    pub fn of(uai: &str, size: usize) -> Self {
        let link = |n: usize| format!("{}$10$1$1$1$1", 3_500_000 + n);
        Self {
            schools: vec![("7001".to_owned(), uai.to_owned(), String::new())],
            pupils: (0..size).map(|n| pupil_of(n, "7001", &[&link(n)])).collect(),
            persons: (0..size).map(|n| person_of(n, "Anne", &mobile(n))).collect(),
        }
    }

    fn documents(&self) -> [(&'static str, String); 3] {
        let schools = self.schools.iter().map(|(key, uai, more)| {
            let name = attr("ENTStructureNomCourant", "CLG$FICTIF$MONTPELLIER");
            request("EtabEducNat", key, &format!("{}{name}{more}", attr("ENTStructureUAI", uai)))
        });
        let pupils = self.pupils.iter().map(|(id, _, attributes)| request("Eleve", id, attributes));
        let persons = self.persons.iter().map(|(id, attributes)| request("PersRelEleve", id, attributes));
        [
            ("EtabEducNat", document(&schools.collect::<String>())),
            ("Eleve", document(&pupils.collect::<String>())),
            ("PersRelEleve", document(&persons.collect::<String>())),
        ]
    }

    pub fn files(&self, ground: &Fixture, day: &str) -> Vec<PathBuf> {
        let name = |kind: &str| format!("ENT_Complet_{day}_{kind}_0000.xml");
        self.documents().map(|(kind, text)| ground.file(&name(kind), text.as_bytes())).to_vec()
    }
}

impl Fixture {
    pub async fn import_academy(&self, files: &[PathBuf]) -> ImportResult {
        self.import_as(files, |request| request.format = RosterFormat::Aaf).await
    }

    pub async fn complet(&self, annuaire: &Annuaire, day: &str) -> ImportResult {
        let files = annuaire.files(self, day);
        self.import_academy(&files).await
    }

    async fn delta(&self, day: &str, documents: &[(&str, String)]) -> ImportResult {
        let file = |(kind, content): &(&str, String)| {
            self.file(&format!("ENT_Delta_{day}_{kind}_0000.xml"), document(content).as_bytes())
        };
        let files: Vec<PathBuf> = documents.iter().map(file).collect();
        self.import_academy(&files).await
    }

    async fn texts(&self, sql: &'static str) -> Vec<String> {
        let mut tx = self.db.read().await.unwrap();
        let mut rows: Vec<String> =
            tx.fetch_all::<(String,)>(sql, args![]).await.unwrap().into_iter().map(|(text,)| text).collect();
        rows.sort();
        rows
    }

    /// The state of each link, by the keys of the delivery.
    pub async fn links(&self) -> Vec<String> {
        self.texts(
            "SELECT u.key || ' ' || p.key || ' ' || l.level || ' ' || l.uai || \
             CASE WHEN l.ended_at IS NULL THEN '' ELSE ' ended' END FROM link l \
             JOIN pupil_roster_key u ON u.pupil_id = l.pupil_id JOIN person_roster_key p ON p.person_id = l.person_id",
        )
        .await
    }

    async fn enrolments(&self) -> Vec<String> {
        self.texts(
            "SELECT u.key || ' ' || e.uai || ' ' || COALESCE(e.class, '') || \
             CASE WHEN e.ended_at IS NULL THEN '' ELSE ' ended' END FROM enrolment e \
             JOIN pupil_roster_key u ON u.pupil_id = e.pupil_id",
        )
        .await
    }

    /// The mobile of a person, by the key of the delivery.
    async fn mobile_of(&self, key: &str) -> Option<String> {
        let mut tx = self.db.read().await.unwrap();
        let rows = crate::roster::store::keys::list_persons_by_key(&mut tx, "montpellier", "aaf", &[key]).await;
        let data = rows.unwrap().pop().unwrap().open(&self.master_key).unwrap().data;
        data.phone.mobile().map(|number| number.as_str().to_owned())
    }
}

const SAMPLE_SCHOOLS: &[u8] = include_bytes!("../../../../tests/samples/ENT_Complet_20250908_EtabEducNat_0000.xml");
const SAMPLE_PUPILS: &[u8] = include_bytes!("../../../../tests/samples/ENT_Complet_20250908_Eleve_0000.xml");
const SAMPLE_PERSONS: &[u8] = include_bytes!("../../../../tests/samples/ENT_Complet_20250908_PersRelEleve_0000.xml");
const SAMPLE_DELTA: &[u8] = include_bytes!("../../../../tests/samples/ENT_Delta_20250909_PersRelEleve_0000.xml");

#[tokio::test]
async fn domain_2_3_the_samples_give_one_pupil_two_responsables_and_the_delta_of_the_next_day() {
    on_each(async |ground| {
        let files = [
            ground.file("ENT_Complet_20250908_EtabEducNat_0000.xml", SAMPLE_SCHOOLS),
            ground.file("ENT_Complet_20250908_Eleve_0000.xml", SAMPLE_PUPILS),
            ground.file("ENT_Complet_20250908_PersRelEleve_0000.xml", SAMPLE_PERSONS),
        ];
        let told = ground.import_academy(&files).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(ground.links().await, ["2900001 3500001 legal 0349999J", "2900001 3500002 legal 0349999J"]);
        assert_eq!(ground.enrolments().await, ["2900001 0349999J 6 A"]);
        assert_eq!(ground.mobile_of("3500001").await.as_deref(), Some("+33639980001"));
        let names = "SELECT family_name || ' ' || COALESCE(usage_name, '-') || ' ' || given_name FROM person";
        assert_eq!(ground.texts(names).await, ["D'ARCY LEBŒUF Anne-Sophie", "LEBŒUF - Loïc"]);
        assert_eq!(ground.texts("SELECT pupil_key FROM pupil").await, ["900001"], "ELEVE_ID, for the vector");
        let again = ground.import_academy(&files).await;
        assert!(again.all && again.imported().changes == Default::default(), "{}", again.text());
        let delta = [ground.file("ENT_Delta_20250909_PersRelEleve_0000.xml", SAMPLE_DELTA)];
        // One of two legal links of a small school may end.
        let told = ground.import_academy(&delta).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(ground.mobile_of("3500001").await.as_deref(), Some("+33639980009"));
        assert_eq!(ground.links().await, ["2900001 3500001 legal 0349999J", "2900001 3500002 legal 0349999J ended"]);
        let again = ground.import_academy(&delta).await;
        assert!(again.all, "{}", again.text());
        assert_eq!(ground.mobile_of("3500001").await.as_deref(), Some("+33639980009"));
    })
    .await;
}

#[tokio::test]
async fn domain_2_3_a_delta_adds_moves_and_removes_pupils() {
    on_each(async |ground| {
        let mut annuaire = Annuaire::of(MONOD, 60);
        annuaire.schools.push(("7002".into(), LYCEE.into(), String::new()));
        annuaire.pupils.push(pupil_of(70, "7002", &["3500001$20$0$2$0$0"]));
        assert!(ground.complet(&annuaire, "20250908").await.all);
        let added = pupil_of(80, "7001", &["3500080$10$1$1$1$1"]);
        let pupils = [
            request("Eleve", &added.0, &added.2),
            // Moves to the lycée; nothing is said of the responsables.
            modify("Eleve", "2900002", &[("ENTPersonStructRattach", &["7002"]), ("ENTEleveClasses", &["7002$2 B"])]),
            modify("Eleve", "2900003", &[("ENTElevePersRelEleve", &["3500003$10$1$2$1$1", "3500004$20$1$1$0$0"])]),
            delete("Eleve", "2900005"),
        ]
        .concat();
        let person = person_of(80, "Anne", &mobile(80));
        let persons =
            [request("PersRelEleve", &person.0, &person.1), modify("PersRelEleve", "3500006", &[("mobile", &[])])];
        let told = ground.delta("20250909", &[("Eleve", pupils), ("PersRelEleve", persons.concat())]).await;
        assert!(told.all, "{}", told.text());
        let (enrolments, links) = (ground.enrolments().await, ground.links().await);
        for line in
            ["2900080 0349999J 6 A", "2900002 0349998H 2 B", "2900002 0349999J 6 A ended", "2900005 0349999J 6 A ended"]
        {
            assert!(enrolments.iter().any(|found| found == line), "{line}: {enrolments:?}");
        }
        for line in [
            "2900080 3500080 legal 0349999J",
            "2900002 3500002 legal 0349998H",
            "2900002 3500002 legal 0349999J ended",
            "2900003 3500003 in_charge 0349999J",
            "2900003 3500004 legal 0349999J",
            "2900005 3500005 legal 0349999J ended",
            "2900004 3500004 legal 0349999J",
        ] {
            assert!(links.iter().any(|found| found == line), "{line}: {links:?}");
        }
        assert_eq!(enrolments.iter().filter(|line| !line.ends_with("ended")).count(), 61);
        assert_eq!(ground.mobile_of("3500006").await, None, "an empty value clears the attribute");
        assert_eq!(ground.mobile_of("3500007").await.as_deref(), Some("+33639980007"));
        // What is changed again later in the day is one change; what is unknown is a line, and the rest is taken.
        let persons = [
            modify("PersRelEleve", "3500007", &[("mobile", &["0639981111"])]),
            modify("PersRelEleve", "3500007", &[("mobile", &["0639982222"])]),
            modify("PersRelEleve", "3599999", &[("mobile", &["0639982222"])]),
        ];
        let told = ground.delta("20250910", &[("PersRelEleve", persons.concat())]).await;
        assert!(!told.all);
        assert!(told.text().contains("PersRelEleve 3599999: is not known, so it cannot be changed"), "{}", told.text());
        assert_eq!(ground.mobile_of("3500007").await.as_deref(), Some("+33639982222"));
    })
    .await;
}

#[tokio::test]
async fn domain_2_3_a_school_is_declared_by_the_export_unless_schools_toml_has_it() {
    on_each(async |ground| {
        let mut annuaire = Annuaire::of(MONOD, 2);
        let more = |attributes: &[(&str, &str)]| attributes.iter().map(|(name, value)| attr(name, value)).collect();
        annuaire.schools.extend([
            ("7002".to_owned(), "0340001S".to_owned(), more(&[("telephoneNumber", "+33 4 67 00 00 00")])),
            ("7003".to_owned(), "0340002T".to_owned(), more(&[("ENTEtablissementMinistereTutelle", "AGRICULTURE")])),
            ("7004".to_owned(), "0340003A".to_owned(), String::new()),
            ("7005".to_owned(), "0340004V".to_owned(), more(&[("ENTServAcCodeAcademie", "016")])),
            ("7006".to_owned(), "0340005W".to_owned(), more(&[("ENTEtablissementMinistereTutelle", "DEFENSE")])),
            ("7007".to_owned(), TOULOUSE.to_owned(), String::new()),
            ("7008".to_owned(), "0340006X".to_owned(), more(&[("ENTStructureCodeTypeStruct", "151")])),
        ]);
        annuaire.pupils.extend([pupil_of(10, "7002", &["3500000$10$1$1$1$1"]), pupil_of(11, "7004", &[])]);
        let told = ground.complet(&annuaire, "20250908").await;
        assert!(told.all, "what is passed over is no failure: {}", told.text());
        for line in [
            "7004 with its pupils: the letter of UAI 0340003A is wrong",
            "7005 with its pupils: belongs to the academy of code 16",
            "7006 with its pupils: is of a ministry that is not known here",
            "7007 with its pupils: is declared in schools.toml in the academy toulouse",
            "structure 7004 is no school of the export: 1 pupils",
        ] {
            assert!(told.text().contains(line), "{line}: {}", told.text());
        }
        let schools = "SELECT uai || ' ' || name || ' ' || ministry || ' ' || COALESCE(telephone, '-') || ' ' || origin \
                       FROM school WHERE academy = 'montpellier'";
        assert_eq!(
            ground.texts(schools).await,
            [
                "0340001S CLG FICTIF MONTPELLIER en +33 4 67 00 00 00 roster",
                "0340002T CLG FICTIF MONTPELLIER agriculture - roster",
                "0340006X CLG FICTIF MONTPELLIER en - roster",
                "0349998H 0349998H en - file",
                "0349999J 0349999J en - file",
            ]
        );
        let mut tx = ground.db.read().await.unwrap();
        let school = tenants::store::find_school(&mut tx, &Uai::parse("0340006X").unwrap()).await.unwrap().unwrap();
        assert!(school.first_degree);
        assert_eq!(ground.links().await.len(), 3, "a parent of two schools is one person");
    })
    .await;
}

#[tokio::test]
async fn domain_2_3_the_names_of_the_first_degree_are_read() {
    on_each(async |ground| {
        let pupil = [
            attr("ENTPersonNom", "PETIT"),
            attr("ENTPersonPrenom", "Lou"),
            attr("ENTPersonDateNaissance", "01/03/2018"),
            attr("ENTPersonStructRattach", "7001"),
            attr("ENTPersonClasses", "7001$CP A$x$y$z"),
            attr("ENTEleveAutoriteParentale", "3500000"),
        ];
        let person = |id: usize| {
            let names = [attr("ENTPersonNom", "PETIT"), attr("ENTPersonPrenom", "Max")];
            let more = [attr("ENTPersRelEleveTelMobile", &mobile(id)), attr("ENTPersRelEleveEleve", "2900000")];
            (format!("{}", 3_500_000 + id), [names.concat(), more.concat()].concat())
        };
        let annuaire = Annuaire {
            schools: vec![("7001".into(), MONOD.into(), String::new())],
            pupils: vec![("2900000".into(), "7001".into(), pupil.concat())],
            persons: vec![person(0), person(1)],
        };
        let told = ground.complet(&annuaire, "20250908").await;
        assert!(told.all, "{}", told.text());
        let links = ["2900000 3500000 legal 0349999J", "2900000 3500001 in_charge 0349999J"];
        assert_eq!(ground.links().await, links);
        assert_eq!(ground.enrolments().await, ["2900000 0349999J CP A"]);
        assert_eq!(ground.mobile_of("3500001").await.as_deref(), Some("+33639980001"));
        assert_eq!(ground.texts("SELECT pupil_key FROM pupil").await, ["aaf:2900000"]);
    })
    .await;
}

/// A delivery of two parts of pupils, and a ZIP with the rest and with a kind that is not read.
fn parted_files(ground: &Fixture) -> Vec<PathBuf> {
    let annuaire = Annuaire::of(MONOD, 4);
    let [schools, pupils, persons] = annuaire.documents();
    let part = |pupils: &[(String, String, String)]| Annuaire { pupils: pupils.to_vec(), ..annuaire.clone() };
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (kind, text) in [("EtabEducNat", &schools.1), ("PersRelEleve", &persons.1), ("PersEducNat", &pupils.1)] {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(format!("ENT_Complet_20250908_{kind}_0000.xml"), options).unwrap();
        std::io::Write::write_all(&mut zip, text.as_bytes()).unwrap();
    }
    let [first, second] =
        [&annuaire.pupils[..2], &annuaire.pupils[2..]].map(|some| part(some).documents()[1].1.clone());
    vec![
        ground.file("all.zip", &zip.finish().unwrap().into_inner()),
        ground.file("ENT_Complet_20250908_Eleve_0000.xml", first.as_bytes()),
        ground.file("ENT_Complet_20250908_Eleve_0001.xml", second.as_bytes()),
    ]
}

#[tokio::test]
async fn several_files_of_a_kind_and_a_zip_are_one_delivery() {
    on_each(async |ground| {
        let told = ground.import_academy(&parted_files(&ground)).await;
        assert!(told.all, "{}", told.text());
        let line = "ENT_Complet_20250908_PersEducNat_0000.xml: 4 records of staff (PersEducNat); they sign in at their";
        assert!(told.text().contains(line), "{}", told.text());
        assert_eq!(ground.enrolments().await.len(), 4);
    })
    .await;
}
