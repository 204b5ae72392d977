//! Sorts the requests of a delta into rosters of changes, one for each school that they concern.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::academy_known::{DeltaChanges, KnownRecords};
use super::{ImportContext, Result};
use crate::roster::formats::aaf::schools::{empty_roster, record_error};
use crate::roster::formats::aaf::{
    AafDocument, AafPupil, AafRequest, DeliveryName, RecordKind, RequestKind, children_of, parse_person, parse_pupil,
    states_links, states_mail, states_numbers, structure_of,
};
use crate::roster::formats::{ChangeSet, LinkRecord, PersonRecord, RecordErrorKind, RosterExtent, SchoolRoster};
use crate::roster::sealed_rows::PersonRow;
use crate::roster::store::keys::KeyedLink;
use crate::roster::uai::Uai;

/// The rosters of changes, while the requests are taken.
pub struct SchoolChanges<'a> {
    ctx: ImportContext<'a>,
    delivery: &'a DeliveryName,
    known: &'a KnownRecords,
    pub rosters: BTreeMap<Uai, SchoolRoster>,
    /// Persons who are nobody's responsable yet.
    pub unplaced: Vec<PersonRecord>,
    /// The school of each pupil, of those named by changes.
    schools: HashMap<String, Uai>,
    /// The schools whose rosters have a link of the person, and these links by pupil and person.
    linked_schools: HashMap<String, BTreeSet<Uai>>,
    links: HashSet<(String, String)>,
}

impl<'a> SchoolChanges<'a> {
    pub fn new(ctx: ImportContext<'a>, delivery: &'a DeliveryName, known: &'a KnownRecords) -> Self {
        let (rosters, unplaced) = (BTreeMap::new(), Vec::new());
        let (schools, linked_schools, links) = (HashMap::new(), HashMap::new(), HashSet::new());
        Self { ctx, delivery, known, rosters, unplaced, schools, linked_schools, links }
    }

    /// Takes the requests, pupils first: they say in which schools a new person is. Returns what is of no school.
    pub fn take_all(&mut self, changes: &DeltaChanges) -> Result<Vec<crate::roster::formats::RecordError>> {
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

    /// Adds a link unless the roster has it: a pupil's own record says more than that of the person.
    fn add_link(&mut self, uai: &Uai, link: LinkRecord) {
        if self.links.insert((link.pupil.clone(), link.person.clone())) {
            self.linked_schools.entry(link.person.clone()).or_default().insert(uai.clone());
            self.roster(uai).links.push(link);
        }
    }

    /// Adds the link that a person of the first degree names, unless it is known.
    fn add_named_link(&mut self, link: LinkRecord) {
        let known = self.known;
        let current = known.enrolments.get(&link.pupil).into_iter().flatten().find(|row| row.ended_at.is_none());
        let uai = self.schools.get(&link.pupil).cloned().or_else(|| Some(current?.uai.clone()));
        let mut links = known.links.get(&link.pupil).into_iter().flatten();
        let is_known = links.any(|row| row.person_key == link.person && row.ended_at.is_none());
        if let Some(uai) = uai.filter(|_| !is_known) {
            self.add_link(&uai, link);
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
        self.schools.insert(key.to_owned(), uai.clone());
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
            links.links.into_iter().for_each(|link| self.add_link(uai, link));
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
        // An export without addresses says nothing of them where it adds somebody again.
        (person.keeps_phone, person.keeps_mail) = (keeps_phone, !states_mail(request));
        children_of(request, key).into_iter().for_each(|link| self.add_named_link(link));
        places.extend(self.linked_schools.get(key).into_iter().flatten().cloned());
        if places.is_empty() {
            self.unplaced.push(person);
            return Ok(Ok(()));
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
