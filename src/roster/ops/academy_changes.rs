//! Imports a delta: the changes of a day, as a roster of changes for each school that they concern.
//!
//! A modification names only what changes, so the known record is written as a request of its own and the modification
//! laid over it; what comes out is read like any addition. All changes of a day fit in memory.

use std::collections::BTreeMap;

use super::academy::{read_documents, to_school};
use super::academy_known::{DeltaChanges, KnownRecords};
use super::{ImportContext, ImportProgress, ImportRequest, Result, import_roster};
use crate::db::Durability;
use crate::roster::formats::aaf::index::PassedOverSchool;
use crate::roster::formats::aaf::schools::{check_roster, empty_roster, record_error};
use crate::roster::formats::aaf::{
    AafDocument, AafPupil, AafRequest, Delivery, DeliveryError, DeliveryName, RecordKind, RequestKind, children_of,
    key_of, parse_person, parse_pupil, parse_school, states_links, states_numbers, structure_of,
};
use crate::roster::formats::{ChangeSet, FileError, RecordErrorKind, RosterExtent, SchoolRoster};
use crate::roster::report::ImportFinding;
use crate::roster::sealed_rows::PersonRow;
use crate::roster::store::keys::{self, KeyedLink};
use crate::roster::uai::Uai;
use crate::tenants;

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
    let known = declare_changed_schools(ctx, request, known, &changes, tell).await?;
    let mut rosters = SchoolChanges { ctx, delivery: &name, known: &known, rosters: BTreeMap::new() };
    for error in rosters.take_all(&changes)? {
        tell(ImportFinding::Record(error));
    }
    let mut progress = ImportProgress { done: 0, total: rosters.rosters.len() };
    for (_, mut set) in rosters.rosters {
        (ctx.progress)(progress);
        check_roster(&mut set);
        import_roster(ctx, request, set, None, tell).await?;
        progress.done += 1;
    }
    (ctx.progress)(progress);
    Ok(Ok(()))
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
) -> Result<KnownRecords> {
    let added = changes.get(&RecordKind::EtabEducNat).into_iter().flatten();
    let added: Vec<_> = added.filter(|(_, (_, request))| request.operation == RequestKind::Add).collect();
    if added.is_empty() {
        return Ok(known);
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
                known.structures.insert(key.clone(), school.uai);
            }
            Err(fault) => {
                let (file, line) = (document.name.clone(), found.line);
                tell(ImportFinding::PassedOverSchool(PassedOverSchool { file, line, key: key.clone(), fault }));
            }
        }
    }
    tx.commit().await?;
    Ok(known)
}

/// The rosters of changes, while the requests are taken.
struct SchoolChanges<'a> {
    ctx: ImportContext<'a>,
    delivery: &'a DeliveryName,
    known: &'a KnownRecords,
    rosters: BTreeMap<Uai, SchoolRoster>,
}

impl SchoolChanges<'_> {
    /// Takes the requests, pupils first: they say in which schools a new person is. Returns what is of no school.
    fn take_all(&mut self, changes: &DeltaChanges) -> Result<Vec<crate::roster::formats::RecordError>> {
        let mut errors = Vec::new();
        for kind in [RecordKind::Eleve, RecordKind::PersRelEleve] {
            for (key, (document, request)) in changes.get(&kind).into_iter().flatten() {
                let taken = match kind {
                    RecordKind::Eleve => self.take_pupil(key, document, request)?,
                    RecordKind::PersRelEleve | RecordKind::EtabEducNat => self.take_person(key, request)?,
                };
                if let Err(reason) = taken {
                    errors.push(record_error(document, request, reason));
                }
            }
        }
        Ok(errors)
    }

    fn roster(&mut self, uai: &Uai) -> &mut SchoolRoster {
        let new = || empty_roster(self.delivery, uai.clone(), RosterExtent::Changes(ChangeSet::default()));
        self.rosters.entry(uai.clone()).or_insert_with(new)
    }

    fn change_set(&mut self, uai: &Uai, change: impl FnOnce(&mut ChangeSet)) {
        if let RosterExtent::Changes(changes) = &mut self.roster(uai).extent {
            change(changes);
        }
    }

    fn take_pupil(
        &mut self,
        key: &str,
        document: &AafDocument,
        request: &AafRequest,
    ) -> Result<std::result::Result<(), RecordErrorKind>> {
        let known = self.known;
        let places = known.enrolments.get(key).into_iter().flatten().filter(|row| row.ended_at.is_none());
        let places: Vec<Uai> = places.map(|row| row.uai.clone()).collect();
        let pupil = match request.operation {
            RequestKind::Delete => {
                for uai in &places {
                    self.change_set(uai, |changes| _ = changes.pupils_removed.insert(key.to_owned()));
                }
                let is_known = known.pupils.contains_key(key);
                return Ok(if is_known { Ok(()) } else { Err(RecordErrorKind::UnknownRecord) });
            }
            RequestKind::Add => parse_pupil(request),
            RequestKind::Modify => match self.known_pupil(key, structure_of(request).is_some())? {
                Some(mut base) => {
                    base.overlay(request.clone());
                    parse_pupil(&base)
                }
                None => return Ok(Err(RecordErrorKind::UnknownRecord)),
            },
        };
        let AafPupil { structure, record, links } = match pupil {
            Ok(pupil) => pupil,
            Err(reason) => return Ok(Err(reason)),
        };
        let Some(uai) = known.structures.get(&structure) else {
            return Ok(Err(RecordErrorKind::UnknownStructure(structure)));
        };
        for former in places.iter().filter(|place| *place != uai && known.keys.contains_key(*place)) {
            self.change_set(former, |changes| _ = changes.pupils_removed.insert(key.to_owned()));
        }
        let restated = request.operation == RequestKind::Add || states_links(request) || !places.contains(uai);
        let roster = self.roster(uai);
        roster.pupils.push(record);
        if restated {
            for (person, reason) in links.unreadable {
                roster.errors.push(record_error(document, request, reason));
                match person {
                    Some(person) => _ = roster.unreadable_persons.links.insert((key.to_owned(), person)),
                    None => roster.unreadable_persons.unnamed_links += 1,
                }
            }
            roster.links.extend(links.links);
            self.change_set(uai, |changes| _ = changes.links_restated.insert(key.to_owned()));
        }
        Ok(Ok(()))
    }

    /// Writes a known pupil as a request. Who moves may have left the former school already: by this delta, before it
    /// was interrupted.
    fn known_pupil(&self, key: &str, moves: bool) -> Result<Option<AafRequest>> {
        let known = self.known;
        let Some(row) = known.pupils.get(key) else { return Ok(None) };
        let data = row.open(self.ctx.storage.master_key)?.data;
        let place = known.enrolments.get(key).into_iter().flatten().find_map(|enrolment| {
            let structure = known.keys.get(&enrolment.uai).filter(|_| moves || enrolment.ended_at.is_none())?;
            Some((structure.clone(), enrolment))
        });
        let Some((structure, enrolment)) = place else { return Ok(None) };
        let mut attributes = vec![
            ("ENTPersonNomPatro", vec![data.family]),
            ("sn", data.usage.into_iter().collect()),
            ("givenName", vec![data.given]),
            ("ENTPersonDateNaissance", vec![data.born.to_french_format()]),
        ];
        if let Some(class) = &enrolment.class {
            attributes.push(("ENTEleveClasses", vec![format!("{structure}${class}")]));
        }
        let links = known
            .links
            .get(key)
            .into_iter()
            .flatten()
            .filter(|link| link.uai == enrolment.uai && link.ended_at == enrolment.ended_at);
        attributes.push(("ENTElevePersRelEleve", links.map(link_value).collect()));
        attributes.push(("ENTPersonStructRattach", vec![structure]));
        Ok(Some(AafRequest::of_known(key, attributes)))
    }

    fn take_person(&mut self, key: &str, request: &AafRequest) -> Result<std::result::Result<(), RecordErrorKind>> {
        let mut places = self.known.schools_of_persons.get(key).cloned().unwrap_or_default();
        if request.operation == RequestKind::Delete {
            for uai in &places {
                self.change_set(uai, |changes| _ = changes.persons_removed.insert(key.to_owned()));
            }
            let is_known = !places.is_empty() || self.known.persons.contains_key(key);
            return Ok(if is_known { Ok(()) } else { Err(RecordErrorKind::UnknownRecord) });
        }
        let mut keeps_phone = false;
        let person = match (request.operation, self.known.persons.get(key)) {
            (RequestKind::Modify, None) => return Ok(Err(RecordErrorKind::UnknownRecord)),
            (RequestKind::Modify, Some(row)) => {
                keeps_phone = !states_numbers(request);
                let mut base = known_person(key, row, self.known_mobile(row)?);
                base.overlay(request.clone());
                parse_person(&base)
            }
            _ => parse_person(request),
        };
        let mut person = match person {
            Ok(person) => person,
            Err(reason) => return Ok(Err(reason)),
        };
        person.keeps_phone = keeps_phone;
        for link in children_of(request, key) {
            let at = self.rosters.iter_mut().find(|(_, set)| set.pupils.iter().any(|pupil| pupil.id == link.pupil));
            if let Some((_, set)) = at.filter(|(_, set)| !set.links.iter().any(|l| l.person == key)) {
                set.links.push(link);
            }
        }
        let named = self.rosters.iter().filter(|(_, set)| set.links.iter().any(|link| link.person == key));
        places.extend(named.map(|(uai, _)| uai.clone()));
        // Nobody's responsable yet: kept with some school, so that a link of a later day finds the person.
        if places.is_empty() {
            places.extend(self.known.structures.values().next().cloned());
        }
        for uai in &places {
            self.roster(uai).persons.push(person.clone());
        }
        Ok(Ok(()))
    }

    /// Returns the known mobile, for a modification that names another number only.
    fn known_mobile(&self, row: &PersonRow) -> Result<Option<String>> {
        let data = row.open(self.ctx.storage.master_key)?.data;
        Ok(data.phone.mobile().map(|number| number.as_str().to_owned()))
    }
}

fn known_person(key: &str, row: &PersonRow, mobile: Option<String>) -> AafRequest {
    let attributes = vec![
        ("ENTPersonNomPatro", vec![row.family_name.clone()]),
        ("sn", row.usage_name.clone().into_iter().collect()),
        ("givenName", vec![row.given_name.clone()]),
        ("mobile", mobile.into_iter().collect()),
    ];
    AafRequest::of_known(key, attributes)
}

/// Writes a known link as the six parts of its attribute.
fn link_value(link: &KeyedLink) -> String {
    let level = match link.level.as_str() {
        "legal" => "1",
        "in_charge" => "2",
        _ => "0",
    };
    format!("{}${}$0${level}$0$0", link.person_key, link.relation.as_deref().unwrap_or_default())
}
