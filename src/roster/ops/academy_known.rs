//! What the database has of the records that a delta names.

use std::collections::{BTreeMap, BTreeSet};

use super::{ImportRequest, Result};
use crate::db::Tx;
use crate::roster::formats::aaf::{AafDocument, AafRequest, RecordKind, children_of};
use crate::roster::sealed_rows::{PersonRow, PupilRow};
use crate::roster::store::keys::{self, KeyedEnrolment, KeyedLink};
use crate::roster::uai::Uai;

/// The requests of a delta by kind and key, those about one record as one, each with its document.
pub type DeltaChanges = BTreeMap<RecordKind, BTreeMap<String, (AafDocument, AafRequest)>>;

/// The known state of the records that a delta names.
pub struct KnownRecords {
    /// The schools by the keys of structures, and the keys by UAI.
    pub structures: BTreeMap<String, Uai>,
    pub keys: BTreeMap<Uai, String>,
    pub pupils: BTreeMap<String, PupilRow>,
    pub persons: BTreeMap<String, PersonRow>,
    pub enrolments: BTreeMap<String, Vec<KeyedEnrolment>>,
    pub links: BTreeMap<String, Vec<KeyedLink>>,
    pub schools_of_persons: BTreeMap<String, BTreeSet<Uai>>,
}

impl KnownRecords {
    pub async fn read(tx: &mut Tx, request: &ImportRequest, changes: &DeltaChanges) -> Result<Self> {
        let (academy, format) = (request.academy.as_str(), request.format.name());
        let ids = |kind: RecordKind| -> Vec<&str> {
            changes.get(&kind).into_iter().flat_map(BTreeMap::keys).map(String::as_str).collect()
        };
        // In the first degree a person names the children.
        let persons = changes.get(&RecordKind::PersRelEleve).into_iter().flatten();
        let children: BTreeSet<String> =
            persons.flat_map(|(key, (_, request))| children_of(request, key)).map(|link| link.pupil).collect();
        let mut pupil_keys = ids(RecordKind::Eleve);
        pupil_keys.extend(children.iter().map(String::as_str));
        pupil_keys.sort_unstable();
        pupil_keys.dedup();
        let structures = keys::list_structures(tx, academy, format).await?;
        let mut known = Self {
            keys: structures.iter().map(|(key, uai)| (uai.clone(), key.clone())).collect(),
            structures: structures.into_iter().collect(),
            pupils: BTreeMap::new(),
            persons: BTreeMap::new(),
            enrolments: BTreeMap::new(),
            links: BTreeMap::new(),
            schools_of_persons: BTreeMap::new(),
        };
        for row in keys::list_pupils_by_key(tx, academy, format, &pupil_keys).await? {
            known.pupils.insert(row.pupil_key.clone(), row);
        }
        for row in keys::list_enrolments_by_key(tx, academy, format, &pupil_keys).await? {
            known.enrolments.entry(row.pupil_key.clone()).or_default().push(row);
        }
        for row in keys::list_links_of_pupils(tx, academy, format, &pupil_keys).await? {
            known.links.entry(row.pupil_key.clone()).or_default().push(row);
        }
        let person_keys = ids(RecordKind::PersRelEleve);
        for row in keys::list_persons_by_key(tx, academy, format, &person_keys).await? {
            known.persons.insert(row.person_key.clone(), row);
        }
        for (key, uai) in keys::list_schools_of_persons(tx, academy, format, &person_keys).await? {
            known.schools_of_persons.entry(key).or_default().insert(uai);
        }
        Ok(known)
    }
}
