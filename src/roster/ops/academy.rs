//! Imports the deliveries of a whole academy, in the order of their days.
//!
//! A complet is read to its end, when nothing is believed yet, and kept compressed. It is unpacked for some schools at a
//! time, while those before them are imported, each like any other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::academy_changes::import_delta;
use super::deliveries::{expect_delivery, expect_everywhere};
use super::{ImportContext, ImportProgress, ImportRequest, Result, import_roster, open_file};
use crate::db::Durability;
use crate::roster::formats::aaf::index::{DeliveryIndex, DeliveryPart, PassedOverSchool};
use crate::roster::formats::aaf::schools::SchoolBatch;
use crate::roster::formats::aaf::{
    AafDocument, AafRequest, AafSchool, Delivery, DeliveryError, DeliveryFileName, DeliveryKind, DeliveryMark,
    DeliveryName, KeptRequestsError, RecordKind, SchoolFault, count_requests, for_each_request, group_deliveries,
    list_documents,
};
use crate::roster::formats::{FileError, FileErrorKind, SchoolRoster, SkippedExport};
use crate::roster::report::ImportFinding;
use crate::roster::store::{deliveries, keys};
use crate::roster::uai::Uai;
use crate::tenants::{self, School, departments, is_telephone};

type Tell<'a> = &'a mut (dyn FnMut(ImportFinding) + Send);

/// Imports the deliveries among the files. After a refused one, those of later days are refused too: they change what
/// was not taken.
pub async fn import_deliveries(ctx: ImportContext<'_>, request: &ImportRequest, tell: Tell<'_>) -> Result<()> {
    let files = request.files.clone();
    let (documents, findings) = tokio::task::spawn_blocking(move || list_all_documents(&files)).await?;
    // A file that is missing or unknown could be a part of any delivery.
    let is_whole = findings.iter().all(ImportFinding::is_imported);
    let no_roster = documents.is_empty() && is_whole;
    findings.into_iter().chain(no_roster.then_some(ImportFinding::NoRoster)).for_each(&mut *tell);
    let mut refused = BTreeSet::new();
    for delivery in group_deliveries(documents) {
        let delivery = delivery.and_then(|delivery| match () {
            () if !is_whole => Err(DeliveryError::Unreadable { delivery: delivery.name }),
            () if refused.contains(&delivery.name.prefix) => {
                Err(DeliveryError::AfterRefused { delivery: delivery.name })
            }
            () => Ok(delivery),
        });
        let taken = match delivery {
            Ok(delivery) => match delivery.name.kind {
                DeliveryKind::Complet => import_complet(ctx, request, delivery, tell).await?,
                DeliveryKind::Delta => import_delta(ctx, request, delivery, tell).await?,
            },
            Err(error) => Err(error),
        };
        if let Err(error) = taken {
            expect_everywhere(ctx, request, error.delivery()).await?;
            refused.insert(error.delivery().prefix.clone());
            tell(ImportFinding::Delivery(error));
        }
    }
    Ok(())
}

/// Names the documents of all files, those in a ZIP too.
fn list_all_documents(files: &[PathBuf]) -> (Vec<(DeliveryFileName, AafDocument)>, Vec<ImportFinding>) {
    let (mut documents, mut findings) = (Vec::new(), Vec::new());
    for file in files {
        let named = open_file(file).and_then(|input| list_documents(&file.to_string_lossy(), input));
        let named = match named {
            Ok(named) => named,
            Err(error) => {
                findings.push(ImportFinding::File(error));
                continue;
            }
        };
        for name in named {
            match DeliveryFileName::parse(&name) {
                Some(DeliveryFileName { is_staff: true, .. }) => {
                    let counted =
                        open_file(file).and_then(|input| count_requests(&file.to_string_lossy(), input, &name));
                    findings.push(ImportFinding::Staff { file: name, records: counted.ok() });
                }
                Some(DeliveryFileName { record: None, .. }) => {
                    let known = "files of EtabEducNat, Eleve and PersRelEleve";
                    let root = "of another kind".to_owned();
                    findings.push(ImportFinding::Skipped(SkippedExport { file: name, root, known }));
                }
                Some(parsed) => {
                    let Some(kind) = parsed.record else { continue };
                    documents.push((parsed, AafDocument { file: file.clone(), name, kind }));
                }
                None => findings.push(ImportFinding::File(file_error(&name, FileErrorKind::UnknownName))),
            }
        }
    }
    (documents, findings)
}

fn file_error(file: &str, kind: FileErrorKind) -> FileError {
    FileError { file: file.to_owned(), line: None, kind, remedy: None }
}

/// Reads the documents of a delivery to the end, and calls `visit` with each request.
pub fn read_documents(
    documents: &[(RecordKind, AafDocument)],
    mut visit: impl FnMut(&AafDocument, AafRequest),
) -> std::result::Result<(), FileError> {
    for (_, document) in documents {
        let input = open_file(Path::new(&document.file))?;
        for_each_request(document, input, |request| visit(document, request))?;
    }
    Ok(())
}

async fn import_complet(
    ctx: ImportContext<'_>,
    request: &ImportRequest,
    delivery: Delivery<AafDocument>,
    tell: Tell<'_>,
) -> Result<std::result::Result<(), DeliveryError>> {
    let Delivery { name, files } = delivery;
    let read = tokio::task::spawn_blocking(move || {
        let mut index = DeliveryIndex::default();
        read_documents(&files, |document, request| index.take(document, &request)).map(|()| index)
    })
    .await?;
    let mut index = match read {
        Ok(index) => index,
        Err(error) => {
            tell(ImportFinding::File(error));
            return Ok(Err(DeliveryError::Unreadable { delivery: name }));
        }
    };
    let unknown = index.finish();
    let declared = declare_schools(ctx, request, &mut index).await?;
    for school in std::mem::take(&mut index.passed_over) {
        tell(ImportFinding::PassedOverSchool(school));
    }
    for (key, pupils) in unknown {
        tell(ImportFinding::UnknownStructure { delivery: name.to_string(), key, pupils });
    }
    for error in std::mem::take(&mut index.errors) {
        tell(ImportFinding::Record(error));
    }
    let parts = index.take_parts();
    let mark = name.mark();
    let keys = parts.iter().flat_map(|part| &part.schools);
    let present: BTreeSet<&Uai> = keys.filter_map(|key| Some(&index.schools.get(key)?.uai)).collect();
    for uai in list_absent(ctx, request, &mark, &present).await? {
        tell(ImportFinding::AbsentSchool { delivery: mark.name.clone(), uai });
    }
    expect_delivery(ctx, request, &mark, present.into_iter()).await?;
    let ctx = ImportContext { delivery: Some(&mark), ..ctx };
    let mut progress = ImportProgress::of(ctx, parts.iter().map(|part| part.schools.len()).sum());
    (ctx.progress)(progress);
    let shared = Arc::new((index, name));
    let start = |part: DeliveryPart| {
        let shared = Arc::clone(&shared);
        tokio::task::spawn_blocking(move || read_part(&shared.0, &shared.1, part))
    };
    let mut parts = parts.into_iter();
    let mut next = parts.next().map(start);
    while let Some(reading) = next {
        let rosters = reading.await?;
        // One part is unpacked while the one before it is written.
        next = parts.next().map(start);
        match rosters {
            Ok(rosters) => {
                for set in rosters {
                    let school = declared.get(set.uai.as_str()).cloned();
                    import_roster(ctx, request, set, school, tell).await?;
                    progress.done += 1;
                    (ctx.progress)(progress);
                }
            }
            Err(error) => {
                let delivery = shared.1.clone();
                let kind = FileErrorKind::Unreadable(error.to_string());
                tell(ImportFinding::File(file_error(&delivery.to_string(), kind)));
                return Ok(Err(DeliveryError::Unreadable { delivery }));
            }
        }
    }
    Ok(Ok(()))
}

/// Lists the schools of which earlier deliveries had pupils, and this one has none.
async fn list_absent(
    ctx: ImportContext<'_>,
    request: &ImportRequest,
    mark: &DeliveryMark,
    present: &BTreeSet<&Uai>,
) -> Result<Vec<Uai>> {
    let mut tx = ctx.storage.db.read().await?;
    let (academy, format) = (request.academy.as_str(), request.format.name());
    let known = deliveries::list_schools_of_prefix(&mut tx, academy, format, &mark.prefix).await?;
    Ok(known.into_iter().filter(|uai| !present.contains(uai)).collect())
}

/// Returns the rosters of the schools of a part.
fn read_part(
    index: &DeliveryIndex,
    name: &DeliveryName,
    part: DeliveryPart,
) -> std::result::Result<Vec<SchoolRoster>, KeptRequestsError> {
    let mut batch = SchoolBatch::new(index, name, &part.schools);
    part.for_each_request(index, |document, request| batch.take(document, request))?;
    Ok(batch.finish())
}

/// Declares the schools of a complet, and takes those out of the index that are not taken. Returns them by UAI.
async fn declare_schools(
    ctx: ImportContext<'_>,
    request: &ImportRequest,
    index: &mut DeliveryIndex,
) -> Result<BTreeMap<String, School>> {
    let mut tx = ctx.storage.write(Durability::Durable).await?;
    let code = tenants::store::declared::find_academy_code(&mut tx, &request.academy).await?;
    let mut declared = BTreeMap::new();
    let schools = std::mem::take(&mut index.schools);
    for (key, found) in schools {
        let known = tenants::store::find_school(&mut tx, &found.uai).await?;
        match to_school(request, &found, known.as_ref(), code.as_deref()) {
            Ok(school) => {
                if !request.dry_run {
                    tenants::store::declared::declare_school(&mut tx, &school).await?;
                    keys::upsert_structure(&mut tx, &request.academy, request.format.name(), &key, &found.uai).await?;
                }
                declared.insert(school.uai.to_string(), school);
                index.schools.insert(key, found);
            }
            Err(fault) => {
                let file = RecordKind::EtabEducNat.name().to_owned();
                index.passed_over.push(PassedOverSchool { file, line: 0, key, fault });
            }
        }
    }
    if request.dry_run {
        tx.rollback().await?
    } else {
        tx.commit().await?
    }
    Ok(declared)
}

/// Returns the school that is declared: what schools.toml says wins.
pub fn to_school(
    request: &ImportRequest,
    found: &AafSchool,
    known: Option<&School>,
    code: Option<&str>,
) -> std::result::Result<School, SchoolFault> {
    if let Some(known) = known.filter(|known| known.academy != request.academy) {
        return Err(SchoolFault::DeclaredElsewhere(known.academy.clone()));
    }
    let own = code.map(|code| code.trim_start_matches('0'));
    if let Some(other) = found.academy_code.as_deref().filter(|found| own.is_some_and(|own| own != *found)) {
        return Err(SchoolFault::OtherAcademy(other.to_owned()));
    }
    // An --academy by mistake would declare the schools of another one: what says no academy must be of a department here.
    let is_said = found.academy_code.is_some() && own.is_some();
    if known.is_none() && !is_said && !own.is_some_and(|own| departments::is_of_academy(&found.uai, own)) {
        return Err(SchoolFault::OtherDepartment(departments::department_of(&found.uai).to_owned()));
    }
    let ministry = found.ministry.or(known.map(|known| known.ministry.as_str())).ok_or(SchoolFault::UnknownMinistry)?;
    Ok(School {
        uai: found.uai.clone(),
        name: found.name.clone(),
        academy: request.academy.clone(),
        ministry: ministry.to_owned(),
        telephone: found.telephone.clone().filter(|text| is_telephone(text)),
        first_degree: found.first_degree,
    })
}
