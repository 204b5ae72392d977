//! Tests of the import on real databases: SQLite, and PostgreSQL if TEST_DATABASE_URL names a database.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::app::DatabaseOperation;
use crate::base::actor::Actor;
use crate::base::clock::Timestamp;
use crate::base::rng::{Random, SeededRandom};
use crate::base::typed_ids::PersonId;
use crate::crypto::MasterKey;
use crate::db::{Db, Durability, args};
use crate::tenants::School;

mod academy;
mod generated;
mod hostile;
mod kills;
mod later_writers;
mod mails;
mod many_changes;
mod namesakes;
mod rules;
mod runs;
mod same_pupil;
mod samples;
mod speed;
mod tables;
mod together;
mod undone;

const MONOD: &str = "0349999J";
const LYCEE: &str = "0349998H";
const TOULOUSE: &str = "0319999A";
/// 2026-11-24T09:00:00Z
const NOW: Timestamp = Timestamp(1_795_510_800_000);

/// A database with three declared schools, and a folder for files.
struct Fixture {
    db: Db,
    master_key: MasterKey,
    rng: SeededRandom,
    numbering: PhoneParser,
    folder: TempDir,
    /// The time of the next import, in milliseconds.
    clock: std::sync::atomic::AtomicI64,
}

impl Fixture {
    async fn on(url: &str, folder: TempDir) -> Arc<Self> {
        let db = Db::open(url).await.unwrap();
        db.migrate().await.unwrap();
        let mut tx = db.write(Durability::Durable).await.unwrap();
        for (uai, academy) in [(MONOD, "montpellier"), (LYCEE, "montpellier"), (TOULOUSE, "toulouse")] {
            tenants::store::upsert_academy(&mut tx, academy, "11", academy).await.unwrap();
            let school = School {
                uai: Uai::parse(uai).unwrap(),
                name: uai.into(),
                academy: academy.into(),
                ministry: "en".into(),
                telephone: None,
                first_degree: false,
            };
            tenants::store::upsert_school(&mut tx, &school).await.unwrap();
        }
        tx.commit().await.unwrap();
        let numbering = PhoneParser { fictitious_prefixes: vec!["+3363998".into()], calls_landlines: false };
        let master_key = MasterKey::new([7; 32]).unwrap();
        let clock = NOW.0.into();
        Arc::new(Self { db, master_key, rng: SeededRandom::new(1), numbering, folder, clock })
    }

    fn context(&self) -> ImportContext<'_> {
        let Self { db, master_key, rng, numbering, .. } = self;
        let now = Timestamp(self.clock.load(std::sync::atomic::Ordering::SeqCst));
        let database = DatabaseOperation { db, rng, now, actor: &Actor::Job("test"), request_id: None, commits: None };
        ImportContext::new(StorageOperation { database, master_key }, numbering)
    }

    /// Writes a file and returns its path.
    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    async fn import(&self, files: &[PathBuf]) -> ImportResult {
        self.import_as(files, |_| {}).await
    }

    async fn import_as(&self, files: &[PathBuf], change: impl FnOnce(&mut ImportRequest)) -> ImportResult {
        let mut request = ImportRequest {
            format: RosterFormat::Siecle,
            academy: "montpellier".into(),
            files: files.to_vec(),
            tables: None,
            removals: RemovalPolicy::Guarded,
            takes_lead: false,
            dry_run: false,
        };
        change(&mut request);
        let mut findings = Vec::new();
        let mut tell = |finding| findings.push(finding);
        let all = Box::pin(import_files(self.context(), &request, &mut tell)).await.unwrap();
        ImportResult { all, findings }
    }

    /// Imports a roster and asserts that everything was imported.
    async fn imported(&self, roster: &Roster) -> ImportSummary {
        let told = self.import(&roster.files(self)).await;
        assert!(told.all, "{}", told.text());
        told.imported()
    }

    /// Returns every row an import may write, encrypted texts included.
    async fn rows(&self) -> Vec<String> {
        let mut tx = self.db.read().await.unwrap();
        let mut out = Vec::new();
        for sql in [
            "SELECT 'person ' || person_key || ' ' || family_name || ' ' || given_name || ' ' || phone_state || ' ' || \
             COALESCE(phone, '') || ' ' || CAST(exported_at AS TEXT) || ' ' || COALESCE(account_id, '') FROM person",
            "SELECT 'pupil ' || pupil_key || ' ' || family_name || ' ' || given_name || ' ' || birth_date || ' ' || \
             CAST(exported_at AS TEXT) || ' ' || COALESCE(account_id, '') || ' ' || COALESCE(ine_blind, '') FROM pupil",
            "SELECT 'enrolment ' || uai || ' ' || pupil_id || ' ' || COALESCE(class, '') || ' ' || \
             COALESCE(CAST(ended_at AS TEXT), 'current') FROM enrolment",
            "SELECT 'link ' || uai || ' ' || person_id || ' ' || pupil_id || ' ' || level || ' ' || \
             COALESCE(relation, '') || ' ' || COALESCE(CAST(ended_at AS TEXT), 'current') FROM link",
            "SELECT 'set ' || uai || ' ' || CAST(revision AS TEXT) || ' ' || CAST(eleves_exported_at AS TEXT) \
             FROM roster_set",
            "SELECT 'notice ' || uai || ' ' || kind || ' ' || person_id FROM notice WHERE settled_at IS NULL",
            "SELECT 'audit ' || fact || ' ' || detail FROM audit",
        ] {
            out.extend(tx.fetch_all::<(String,)>(sql, args![]).await.unwrap().into_iter().map(|(row,)| row));
        }
        out.sort();
        out
    }

    /// Counts the rows with a given beginning.
    async fn count(&self, beginning: &str) -> usize {
        self.rows().await.iter().filter(|row| row.starts_with(beginning)).count()
    }

    async fn person_id(&self, key: &str) -> PersonId {
        let mut tx = self.db.read().await.unwrap();
        let sql = "SELECT id FROM person WHERE person_key = $1";
        tx.fetch_one::<(PersonId,)>(sql, args![key]).await.unwrap().0
    }
}

/// The result and the findings of an import.
struct ImportResult {
    all: bool,
    findings: Vec<ImportFinding>,
}

impl ImportResult {
    fn text(&self) -> String {
        self.findings.iter().fold(String::new(), |text, finding| format!("{text}{finding}\n"))
    }

    /// Returns the outcome of the only school.
    fn outcome(&self) -> &SchoolImportOutcome {
        let mut schools = self.findings.iter().filter_map(|finding| match finding {
            ImportFinding::School(school) => Some(&school.outcome),
            _ => None,
        });
        let outcome = schools.next().unwrap();
        assert!(schools.next().is_none());
        outcome
    }

    fn imported(&self) -> ImportSummary {
        match self.outcome() {
            SchoolImportOutcome::Imported(taken) => taken.clone(),
            SchoolImportOutcome::Rejected(why) => panic!("{why}"),
            SchoolImportOutcome::TakenBefore { later } => panic!("before {later}"),
        }
    }

    fn rejected(&self) -> &ImportRejection {
        match self.outcome() {
            SchoolImportOutcome::Imported(taken) => panic!("{taken}"),
            SchoolImportOutcome::TakenBefore { later } => panic!("before {later}"),
            SchoolImportOutcome::Rejected(why) => why,
        }
    }
}

/// Returns the URL of the PostgreSQL for the tests; empty if none.
#[expect(clippy::disallowed_methods, reason = "the test run says where its database is; the program never reads it")]
fn postgres() -> String {
    std::env::var("TEST_DATABASE_URL").unwrap_or_default()
}

/// Runs a test on each available database.
async fn on_each(test: impl AsyncFn(Arc<Fixture>)) {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite:{}", folder.path().join("preau.db").display());
    test(Fixture::on(&url, folder).await).await;
    let server = postgres();
    if server.is_empty() {
        return;
    }
    let schema = format!("t_{}", SystemId::draw());
    let whole = Db::open(&server).await.unwrap();
    execute(&whole, format!("CREATE SCHEMA {schema}")).await;
    let joint = if server.contains('?') { '&' } else { '?' };
    let ground = Fixture::on(&format!("{server}{joint}options[search_path]={schema}"), TempDir::new().unwrap()).await;
    test(Arc::clone(&ground)).await;
    ground.db.close().await;
    execute(&whole, format!("DROP SCHEMA {schema} CASCADE")).await;
    whole.close().await;
}

/// Draws a schema name, as concurrent tests need different schemas.
struct SystemId;
impl SystemId {
    fn draw() -> String {
        let rng: &dyn Random = &crate::base::rng::SystemRandom;
        rng.bytes::<8>().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }
}

async fn execute(db: &Db, sql: String) {
    let mut tx = db.write(Durability::Relaxed).await.unwrap();
    tx.execute(sql.leak(), args![]).await.unwrap();
    tx.commit().await.unwrap();
}

/// The two files of a school, under construction.
#[derive(Clone)]
struct Roster {
    uai: &'static str,
    year: u16,
    day: String,
    /// ELEVE_ID, birth date, DATE_SORTIE.
    pupils: Vec<(String, String, Option<String>)>,
    /// More elements of a pupil, by ELEVE_ID.
    more: BTreeMap<String, String>,
    /// The file of pupils, altered.
    raw: Option<String>,
    /// PERSONNE_ID, TEL_PORTABLE.
    persons: Vec<(String, String)>,
    /// ELEVE_ID, PERSONNE_ID, NIVEAU_RESPONSABILITE.
    links: Vec<(String, String, String)>,
}

impl Roster {
    /// Makes pupils `900000…`, each with a separate legal representative `500000…` with a mobile.
    fn of(uai: &'static str, size: usize) -> Self {
        let pupil = |n| (format!("{}", 900_000 + n), "14/02/2013".to_owned(), None);
        let person = |n| (format!("{}", 500_000 + n), format!("06 39 98 {:02} {:02}", n / 100 % 100, n % 100));
        let link = |n| (format!("{}", 900_000 + n), format!("{}", 500_000 + n), "1".to_owned());
        Self {
            uai,
            year: 2025,
            day: "08/09/2025".into(),
            pupils: (0..size).map(pupil).collect(),
            more: BTreeMap::new(),
            raw: None,
            persons: (0..size).map(person).collect(),
            links: (0..size).map(link).collect(),
        }
    }

    fn on(&self, day: &str, change: impl FnOnce(&mut Self)) -> Self {
        let mut roster = self.clone();
        roster.day = day.to_owned();
        change(&mut roster);
        roster
    }

    /// Removes the last pupils; the parents stay in the file, as in real exports.
    fn without(&self, count: usize, day: &str) -> Self {
        self.on(day, |roster| {
            let kept = roster.pupils.len() - count;
            roster.pupils.truncate(kept);
            roster.links.truncate(kept);
        })
    }

    fn document(&self, root: &str, data: &str) -> String {
        let Self { uai, year, day, .. } = self;
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}><PARAMETRES><UAJ>{uai}</UAJ>\
             <ANNEE_SCOLAIRE>{year}</ANNEE_SCOLAIRE><DATE_EXPORT>{day}</DATE_EXPORT></PARAMETRES>\n\
             <DONNEES>\n{data}</DONNEES></{root}>"
        )
    }

    fn eleves(&self) -> String {
        let mut data = String::from("<ELEVES>\n");
        for (id, born, left) in &self.pupils {
            let left = left.as_ref().map(|day| format!("<DATE_SORTIE>{day}</DATE_SORTIE>")).unwrap_or_default();
            let more = self.more.get(id).map_or("", String::as_str);
            writeln!(
                data,
                "<ELEVE ELEVE_ID=\"{id}\">{more}<NOM_DE_FAMILLE>DURAND</NOM_DE_FAMILLE><PRENOM>Zoé</PRENOM>\
                 <DATE_NAISS>{born}</DATE_NAISS>{left}</ELEVE>"
            )
            .unwrap();
        }
        self.document("BEE_ELEVES", &format!("{data}</ELEVES>"))
    }

    fn responsables(&self) -> String {
        let mut data = String::from("<PERSONNES>\n");
        for (id, phone) in &self.persons {
            writeln!(
                data,
                "<PERSONNE PERSONNE_ID=\"{id}\"><NOM_DE_FAMILLE>DURAND</NOM_DE_FAMILLE><PRENOM>Anne</PRENOM>\
                 <TEL_PORTABLE>{phone}</TEL_PORTABLE></PERSONNE>"
            )
            .unwrap();
        }
        data.push_str("</PERSONNES><RESPONSABLES>\n");
        for (pupil, person, level) in &self.links {
            writeln!(
                data,
                "<RESPONSABLE_ELEVE><ELEVE_ID>{pupil}</ELEVE_ID><PERSONNE_ID>{person}</PERSONNE_ID>\
                 <NIVEAU_RESPONSABILITE>{level}</NIVEAU_RESPONSABILITE><CODE_PARENTE>10</CODE_PARENTE>\
                 </RESPONSABLE_ELEVE>"
            )
            .unwrap();
        }
        self.document("BEE_RESPONSABLES", &format!("{data}</RESPONSABLES>"))
    }

    fn files(&self, ground: &Fixture) -> [PathBuf; 2] {
        let day = self.day.replace('/', "");
        let name = |what: &str| format!("{}-{day}-{}-{what}.xml", self.uai, SystemId::draw());
        [
            ground.file(&name("eleves"), self.raw.clone().unwrap_or_else(|| self.eleves()).as_bytes()),
            ground.file(&name("responsables"), self.responsables().as_bytes()),
        ]
    }
}
