//! Imports a delta: the changes of a day, as a roster of changes for each school that they concern.
//!
//! A modification names only what changes, so the known record is written as a request of its own and the modification
//! laid over it; what comes out is read like any addition. All changes of a day fit in memory.

use std::collections::BTreeMap;

use super::academy::{read_documents, to_school};
use super::academy_known::{DeltaChanges, KnownRecords};
use super::deliveries::expect_delivery;
use super::school_changes::SchoolChanges;
use super::{ImportContext, ImportProgress, ImportRequest, Result, import_roster};
use crate::db::Durability;
use crate::roster::formats::aaf::index::PassedOverSchool;
use crate::roster::formats::aaf::schools::{check_roster, empty_roster, record_error};
use crate::roster::formats::aaf::{
    AafDocument, Delivery, DeliveryError, DeliveryName, RecordKind, RequestKind, key_of, parse_school,
};
use crate::roster::formats::{ChangeSet, FileError, PersonRecord, RecordErrorKind, RosterExtent};
use crate::roster::report::ImportFinding;
use crate::roster::store::import;
use crate::roster::store::keys;
use crate::roster::uai::Uai;
use crate::tenants::{self, School};

type Tell<'a> = &'a mut (dyn FnMut(ImportFinding) + Send);

/// Imports a delta.
pub async fn import_delta(
    ctx: ImportContext<'_>,
    request: &ImportRequest,
    delivery: Delivery<AafDocument>,
    tell: Tell<'_>,
) -> Result<std::result::Result<(), DeliveryError>> {
    let Delivery { name, files } = delivery;
    let (changes, errors) = match tokio::task::spawn_blocking(move || read_changes(&files)).await? {
        Ok(read) => read,
        Err(error) => {
            tell(ImportFinding::File(error));
            return Ok(Err(DeliveryError::Unreadable { delivery: name }));
        }
    };
    let mut tx = ctx.storage.db.read().await?;
    let known = KnownRecords::read(&mut tx, request, &changes).await?;
    drop(tx);
    if known.structures.is_empty() {
        return Ok(Err(DeliveryError::NoComplet { delivery: name }));
    }
    errors.into_iter().for_each(|error| tell(ImportFinding::Record(error)));
    let (known, declared) = declare_changed_schools(ctx, request, known, &changes, tell).await?;
    let mut rosters = SchoolChanges::new(ctx, &name, &known);
    for error in rosters.take_all(&changes)? {
        tell(ImportFinding::Record(error));
    }
    let SchoolChanges { rosters, unplaced, .. } = rosters;
    let mark = name.mark();
    expect_delivery(ctx, request, &mark, rosters.keys()).await?;
    let unplaced_ctx = ctx;
    let ctx = ImportContext { delivery: Some(&mark), ..ctx };
    let mut progress = ImportProgress::of(ctx, rosters.len());
    for (uai, mut set) in rosters {
        (ctx.progress)(progress);
        check_roster(&mut set);
        import_roster(ctx, request, set, declared.get(&uai).cloned(), tell).await?;
        progress.done += 1;
    }
    (ctx.progress)(progress);
    import_unplaced(unplaced_ctx, request, (&name, &known), unplaced, tell).await?;
    Ok(Ok(()))
}

/// Imports the persons who are nobody's responsable yet, so that a link of a later day finds them. They are written with
/// a set of changes of some school, which says nothing of that school.
async fn import_unplaced(
    ctx: ImportContext<'_>,
    request: &ImportRequest,
    (delivery, known): (&DeliveryName, &KnownRecords),
    persons: Vec<PersonRecord>,
    tell: Tell<'_>,
) -> Result<()> {
    if persons.is_empty() {
        return Ok(());
    }
    let mut tx = ctx.storage.db.read().await?;
    let mut carrier = known.structures.values().next();
    for uai in known.structures.values() {
        if import::find_set(&mut tx, uai).await?.is_some_and(|set| set.leading_format == request.format.name()) {
            carrier = Some(uai);
            break;
        }
    }
    drop(tx);
    let Some(uai) = carrier else { return Ok(()) };
    let changes = ChangeSet { people_only: true, ..ChangeSet::default() };
    let mut set = empty_roster(delivery, uai.clone(), RosterExtent::Changes(changes));
    set.persons = persons;
    check_roster(&mut set);
    let delivery = delivery.to_string();
    import_roster(ctx, request, set, None, &mut |finding| match finding {
        ImportFinding::School(report) => tell(ImportFinding::Unplaced { delivery: delivery.clone(), report }),
        other => tell(other),
    })
    .await?;
    Ok(())
}

fn read_changes(
    files: &[(RecordKind, AafDocument)],
) -> std::result::Result<(DeltaChanges, Vec<crate::roster::formats::RecordError>), FileError> {
    let mut changes = DeltaChanges::new();
    let mut errors = Vec::new();
    read_documents(files, |document, request| {
        let Ok(key) = key_of(&request) else {
            errors.push(record_error(document, &request, RecordErrorKind::InvalidId("identifier")));
            return;
        };
        match changes.entry(document.kind).or_default().get_mut(&key) {
            Some((_, known)) => known.overlay(request),
            None => _ = changes.entry(document.kind).or_default().insert(key, (document.clone(), request)),
        }
    })?;
    Ok((changes, errors))
}

/// Declares the schools that a delta adds. A school that it modifies or deletes keeps its row: a complet says the rest.
async fn declare_changed_schools(
    ctx: ImportContext<'_>,
    request: &ImportRequest,
    mut known: KnownRecords,
    changes: &DeltaChanges,
    tell: Tell<'_>,
) -> Result<(KnownRecords, BTreeMap<Uai, School>)> {
    let added = changes.get(&RecordKind::EtabEducNat).into_iter().flatten();
    let added: Vec<_> = added.filter(|(_, (_, request))| request.operation == RequestKind::Add).collect();
    let mut declared = BTreeMap::new();
    if added.is_empty() {
        return Ok((known, declared));
    }
    let mut tx = ctx.storage.write(Durability::Durable).await?;
    let code = tenants::store::declared::find_academy_code(&mut tx, &request.academy).await?;
    for (key, (document, found)) in added {
        let school = match parse_school(found) {
            Ok(found) => {
                let row = tenants::store::find_school(&mut tx, &found.uai).await?;
                to_school(request, &found, row.as_ref(), code.as_deref())
            }
            Err(fault) => Err(fault),
        };
        match school {
            Ok(school) => {
                if !request.dry_run {
                    tenants::store::declared::declare_school(&mut tx, &school).await?;
                    keys::upsert_structure(&mut tx, &request.academy, request.format.name(), key, &school.uai).await?;
                }
                known.keys.insert(school.uai.clone(), key.clone());
                known.structures.insert(key.clone(), school.uai.clone());
                declared.insert(school.uai.clone(), school);
            }
            Err(fault) => {
                let (file, line) = (document.name.clone(), found.line);
                tell(ImportFinding::PassedOverSchool(PassedOverSchool { file, line, key: key.clone(), fault }));
            }
        }
    }
    tx.commit().await?;
    Ok((known, declared))
}
