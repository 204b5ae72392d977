//! Measures an import of generated schools, first, again, and with another class of every pupil, beside the same rows
//! written without files: whatever is between the two is reading, comparing and keeping what an undo puts back. Accounts
//! are those of people whose roster was imported before.

mod accounts;
pub(super) mod files;

use std::fmt;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;

use super::measure::{cpu_seconds, peak_memory_mib};
use crate::app::{AppState, Operation};
use crate::base::date::BirthDate;
use crate::base::ids::row_id;
use crate::base::phone::E164;
use crate::base::typed_ids::{PersonId, PupilId};
use crate::cli::import::ImportFormat;
use crate::db::Durability;
use crate::roster::formats::RosterFormat;
use crate::roster::ops::school_tables::TableRequest;
use crate::roster::ops::{ImportContext, ImportRequest, import_files};
use crate::roster::reconcile::RemovalPolicy;
use crate::roster::sealed_rows::{PersonRow, PupilRow};
use crate::roster::store::rows::{self, NewLink};
use crate::roster::{Level, PersonData, Phone, PupilData};
use crate::tenants::{self, School};

use files::{ExportDay, GeneratedSchool, PUPILS_PER_SCHOOL, write_accounts, write_files};

/// The academy of all generated schools.
pub(super) const ACADEMY: &str = "montpellier";

/// The rates of one import.
pub struct ImportRates {
    format: ImportFormat,
    people: usize,
    schools: usize,
    first: PassRate,
    again: PassRate,
    /// The next day's export, of rosters.
    other_classes: Option<PassRate>,
    rows_alone: f64,
    /// The most memory that the process held, if the system says it.
    peak_mib: Option<f64>,
}

impl fmt::Display for ImportRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { format, people, schools, first, again, other_classes, rows_alone, peak_mib } = self;
        let percent = 100.0 * first.rate / rows_alone.max(f64::MIN_POSITIVE);
        write!(f, "{people} people of {schools} schools by {}: {first}; unchanged again: {again}", format.name())?;
        if let Some(other_classes) = other_classes {
            write!(f, "; every class another: {other_classes}")?;
        }
        write!(f, "; the rows alone: {rows_alone:.0}/s; {percent:.0} %")?;
        match peak_mib {
            Some(peak) => write!(f, "; at most {peak:.0} MiB"),
            None => Ok(()),
        }
    }
}

/// The people a second of one pass.
struct PassRate {
    rate: f64,
    /// The CPU time of this process for each of them, if the system says it.
    cpu_ms: Option<f64>,
}

impl fmt::Display for PassRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0}/s", self.rate)?;
        match self.cpu_ms {
            Some(ms) => write!(f, " ({ms:.3} ms of CPU each)"),
            None => Ok(()),
        }
    }
}

/// The beginning of a pass.
struct StartedPass {
    began: Instant,
    cpu_from: Option<f64>,
}

impl StartedPass {
    fn start() -> Self {
        Self { began: Instant::now(), cpu_from: cpu_seconds() }
    }

    fn finish(self, people: usize) -> PassRate {
        let used = self.cpu_from.and_then(|from| Some(cpu_seconds()? - from));
        let cpu_ms = used.map(|seconds| 1_000.0 * seconds / people.max(1) as f64);
        PassRate { rate: rate(self.began.elapsed().as_secs_f64(), people), cpu_ms }
    }
}

/// Imports so many people, pupils and responsables, or their accounts, and measures.
pub async fn measure(
    app: &AppState,
    folder: &Path,
    format: ImportFormat,
    people: usize,
) -> anyhow::Result<ImportRates> {
    let count = people.div_ceil(PUPILS_PER_SCHOOL * 2).max(1);
    let schools: Vec<GeneratedSchool> = (0..count).map(GeneratedSchool::new).collect::<anyhow::Result<_>>()?;
    declare(app, &schools, format == ImportFormat::Onde).await?;
    // In a school of their own, so that the import finds its schools empty.
    let apart = GeneratedSchool::new(count)?;
    declare(app, std::slice::from_ref(&apart), false).await?;
    app.db.prepare_bulk_write().await?;
    let alone = measure_rows(app, &apart).await?;
    let people = schools.len() * PUPILS_PER_SCHOOL * 2;
    let (first, again, other_classes, alone_seconds) = match format.roster() {
        Some(format) => {
            let first_day = requests(folder, (format, ExportDay::First), &schools)?;
            let first = measure_pass(app, &first_day, people).await?;
            let again = measure_pass(app, &first_day, people).await?;
            let next_day = requests(folder, (format, ExportDay::Next), &schools)?;
            let other_classes = measure_pass(app, &next_day, people).await?;
            (first, again, Some(other_classes), alone.seconds)
        }
        None => {
            let rosters = requests(folder, (RosterFormat::Siecle, ExportDay::First), &schools)?;
            import_all(app, &rosters).await?;
            let alone_seconds = accounts::measure_rows(app, &alone.people).await?;
            let tables = write_accounts(folder, &schools)?;
            let pass = StartedPass::start();
            Box::pin(accounts::import_tables(app, &tables)).await?;
            let first = pass.finish(people);
            let pass = StartedPass::start();
            Box::pin(accounts::import_tables(app, &tables)).await?;
            (first, pass.finish(people), None, alone_seconds)
        }
    };
    let (schools, peak_mib) = (schools.len(), peak_memory_mib());
    let rows_alone = rate(alone_seconds, PUPILS_PER_SCHOOL * 2);
    Ok(ImportRates { format, people, schools, first, again, other_classes, rows_alone, peak_mib })
}

async fn measure_pass(app: &AppState, requests: &[ImportRequest], people: usize) -> anyhow::Result<PassRate> {
    let pass = StartedPass::start();
    import_all(app, requests).await?;
    Ok(pass.finish(people))
}

fn rate(seconds: f64, people: usize) -> f64 {
    people as f64 / seconds.max(f64::MIN_POSITIVE)
}

/// Declares generated schools.
pub(super) async fn declare(app: &AppState, schools: &[GeneratedSchool], first_degree: bool) -> anyhow::Result<()> {
    let op = Operation::of_job(app, "bench");
    let mut tx = op.write(Durability::Relaxed).await?;
    for school in schools {
        let row = School {
            uai: school.uai.clone(),
            name: school.uai.to_string(),
            academy: ACADEMY.to_owned(),
            ministry: "en".to_owned(),
            telephone: None,
            first_degree,
        };
        tenants::store::upsert_school(&mut tx, &row).await?;
    }
    Ok(tx.commit().await?)
}

fn requests(
    folder: &Path,
    (format, day): (RosterFormat, ExportDay),
    schools: &[GeneratedSchool],
) -> anyhow::Result<Vec<ImportRequest>> {
    let request = |files, tables| ImportRequest {
        format,
        academy: ACADEMY.to_owned(),
        files,
        tables,
        removals: RemovalPolicy::Guarded,
        takes_lead: false,
        dry_run: false,
    };
    if !format.is_tables() {
        return Ok(vec![request(write_files(folder, (format, day), schools)?, None)]);
    }
    // Tables are of one school each.
    let one = |school: &GeneratedSchool| {
        let files = write_files(folder, (format, day), std::slice::from_ref(school))?;
        let mapping = (format == RosterFormat::Csv).then(|| files::MAPPING.to_owned());
        let said = TableRequest { uai: school.uai.clone(), exported_at: None, all_legal: Some(true), mapping };
        Ok(request(files, Some(said)))
    };
    schools.iter().map(one).collect()
}

/// Imports the files of all requests.
async fn import_all(app: &AppState, requests: &[ImportRequest]) -> anyhow::Result<()> {
    for request in requests {
        let op = Operation::of_job(app, "bench");
        let ctx = ImportContext::new(op.storage(), &app.phone_parser).with_clock(app.clock.as_ref());
        let mut refused = None;
        let all = import_files(ctx, request, &mut |finding| {
            if !finding.is_imported() {
                refused = Some(finding.to_string());
            }
        })
        .await?;
        anyhow::ensure!(all, "{}", refused.unwrap_or_default());
    }
    Ok(())
}

/// The rows of one school that were written without files.
struct RowsAlone {
    seconds: f64,
    people: Vec<(PersonId, PupilId)>,
}

/// Seals and writes the rows of one school, all new, in one transaction.
async fn measure_rows(app: &AppState, school: &GeneratedSchool) -> anyhow::Result<RowsAlone> {
    let began = Instant::now();
    let op = Operation::of_job(app, "bench");
    let now = op.now;
    let uai = &school.uai;
    let born = BirthDate::new(2013, 2, 14).context("a date")?;
    let phone = E164::from_stored("+33639980001").context("a number")?;
    let (mut persons, mut pupils) = (Vec::new(), Vec::new());
    for number in 0..PUPILS_PER_SCHOOL {
        let (person_id, pupil_id) =
            (PersonId::new(row_id(now, app.rng.as_ref())), PupilId::new(row_id(now, app.rng.as_ref())));
        let key = format!("alone{number}");
        let phone = Phone::Mobile(phone.clone());
        let (family, given) = ("MESURE".to_owned(), "Banc".to_owned());
        let person = PersonData {
            family: family.clone(),
            usage: None,
            given: given.clone(),
            phone,
            mobile_column: None,
            mail: files::address(number),
        };
        let pupil = PupilData { family, usage: None, given, born, ine_blind: None };
        persons.push(PersonRow::seal(&app.master_key, &person_id, &key, &person, now)?);
        pupils.push(PupilRow::seal(&app.master_key, &pupil_id, &key, &pupil, now)?);
    }
    let enrolments: Vec<(&PupilId, Option<&str>)> = pupils.iter().map(|pupil| (&pupil.id, None)).collect();
    let link = |(person, pupil): (&PersonRow, &PupilRow)| (person.id.clone(), pupil.id.clone());
    let pairs: Vec<(PersonId, PupilId)> = persons.iter().zip(&pupils).map(link).collect();
    let links: Vec<NewLink<'_>> = pairs
        .iter()
        .map(|(person_id, pupil_id)| NewLink {
            person_id,
            pupil_id,
            level: Level::Legal,
            relation: None,
            source: "bench",
        })
        .collect();
    let mut tx = op.write(Durability::Durable).await?;
    rows::insert_persons(&mut tx, now, ACADEMY, &persons.iter().collect::<Vec<_>>()).await?;
    rows::insert_pupils(&mut tx, ACADEMY, &pupils.iter().collect::<Vec<_>>()).await?;
    rows::upsert_enrolments(&mut tx, uai, "bench", &enrolments).await?;
    rows::upsert_links(&mut tx, uai, &links).await?;
    tx.commit().await?;
    Ok(RowsAlone { seconds: began.elapsed().as_secs_f64(), people: pairs })
}
