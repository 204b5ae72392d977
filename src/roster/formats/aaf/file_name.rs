//! The names of the files of a delivery: `ENT_Complet_20250908_Eleve_0000.xml`.
//!
//! The name alone says whether a file is a complet or a delta, of which day, and which part of its kind.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::roster::formats::fields::school_year_of;

use crate::base::clock::{Span, Timestamp};
use crate::roster::formats::fields::paris_to_timestamp;

/// The part of an academy's state that a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr)]
pub enum DeliveryKind {
    /// The whole state: whoever is absent has left.
    Complet,
    /// The changes of a day.
    Delta,
}

/// The kinds of files that are read; those of staff, classes and subjects are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr)]
pub enum RecordKind {
    EtabEducNat,
    Eleve,
    PersRelEleve,
}

impl RecordKind {
    pub const ALL: [RecordKind; 3] = [RecordKind::EtabEducNat, RecordKind::Eleve, RecordKind::PersRelEleve];

    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A delivery: all files with the same beginning of their names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeliveryName {
    pub day: NaiveDate,
    pub kind: DeliveryKind,
    /// The text before the word Complet or Delta: the ENT.
    pub prefix: String,
}

impl DeliveryName {
    /// Returns the calendar year of the rentrée.
    pub fn school_year(&self) -> u16 {
        school_year_of(self.day)
    }
}

/// The time by which a delta follows the complet of its day: both have no more than a day.
const DELTA_DELAY: Span = Span::seconds(1);

/// A delivery as schools remember it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryMark {
    pub name: String,
    pub prefix: String,
    pub is_complet: bool,
    /// The place among the deliveries, as the time of the data.
    pub exported_at: Timestamp,
}

impl DeliveryName {
    /// Returns the time of the data: the beginning of the day, a moment later for a delta.
    pub fn exported_at(&self) -> Timestamp {
        let day = self.day.and_hms_opt(0, 0, 0).and_then(paris_to_timestamp).unwrap_or(Timestamp(0));
        match self.kind {
            DeliveryKind::Complet => day,
            DeliveryKind::Delta => day.plus(DELTA_DELAY),
        }
    }

    pub fn mark(&self) -> DeliveryMark {
        DeliveryMark {
            name: self.to_string(),
            prefix: self.prefix.clone(),
            is_complet: self.kind == DeliveryKind::Complet,
            exported_at: self.exported_at(),
        }
    }
}

impl std::fmt::Display for DeliveryName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind: &str = self.kind.into();
        write!(f, "{}_{kind}_{}", self.prefix, self.day.format("%Y%m%d"))
    }
}

/// The name of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryFileName {
    pub delivery: DeliveryName,
    /// Absent for a kind that is not read.
    pub record: Option<RecordKind>,
    /// True for the records of staff, which are counted only (docs/decisions/0062-staff-are-not-read-from-rosters.md).
    pub is_staff: bool,
    pub part: u16,
}

/// The kind of the records of staff.
const STAFF: &str = "PersEducNat";

impl DeliveryFileName {
    /// Parses the last part of a path; `None` if it is no name of a delivery.
    pub fn parse(path: &str) -> Option<Self> {
        let name = path.rsplit(['/', '\\']).next()?;
        let stem = name.strip_suffix(".xml").or_else(|| name.strip_suffix(".XML"))?;
        let mut from_end = stem.rsplitn(5, '_');
        let (part, record, day, kind) = (from_end.next()?, from_end.next()?, from_end.next()?, from_end.next()?);
        let digits = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(part, 4) || !digits(day, 8) {
            return None;
        }
        let day = NaiveDate::parse_from_str(day, "%Y%m%d").ok()?;
        let prefix = from_end.next().unwrap_or_default().to_owned();
        let delivery = DeliveryName { day, kind: kind.parse().ok()?, prefix };
        let is_staff = record == STAFF;
        Some(Self { delivery, record: record.parse().ok(), is_staff, part: part.parse().ok()? })
    }
}

/// The files of one delivery that are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery<F> {
    pub name: DeliveryName,
    pub files: Vec<(RecordKind, F)>,
}

/// The reason for which files are no whole delivery.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    #[error("{delivery}: no file of the kind {kind}: a complet has all of {}", RecordKind::ALL.map(RecordKind::name).join(", "))]
    MissingKind { delivery: DeliveryName, kind: &'static str },
    #[error("{delivery}: part {part:04} of {kind} is missing")]
    MissingPart { delivery: DeliveryName, kind: &'static str, part: u16 },
    #[error("{delivery}: part {part:04} of {kind} is there more than once")]
    DuplicatePart { delivery: DeliveryName, kind: &'static str, part: u16 },
    #[error("{delivery}: a delta, and no complet of this academy was imported before it")]
    NoComplet { delivery: DeliveryName },
    #[error("{delivery}: one of its files cannot be read")]
    Unreadable { delivery: DeliveryName },
    #[error("{delivery}: an older delivery among the files was refused")]
    AfterRefused { delivery: DeliveryName },
}

impl DeliveryError {
    pub fn delivery(&self) -> &DeliveryName {
        match self {
            DeliveryError::MissingKind { delivery, .. }
            | DeliveryError::MissingPart { delivery, .. }
            | DeliveryError::DuplicatePart { delivery, .. }
            | DeliveryError::NoComplet { delivery }
            | DeliveryError::Unreadable { delivery }
            | DeliveryError::AfterRefused { delivery } => delivery,
        }
    }
}

/// Groups files into deliveries, in the order of the days, a complet before the delta of its day.
pub fn group_deliveries<F>(files: Vec<(DeliveryFileName, F)>) -> Vec<Result<Delivery<F>, DeliveryError>> {
    let mut deliveries = BTreeMap::<DeliveryName, BTreeMap<RecordKind, Vec<(u16, F)>>>::new();
    for (name, file) in files {
        let kinds = deliveries.entry(name.delivery).or_default();
        if let Some(kind) = name.record {
            kinds.entry(kind).or_default().push((name.part, file));
        }
    }
    deliveries.into_iter().map(|(name, kinds)| whole_delivery(name, kinds)).collect()
}

fn whole_delivery<F>(
    delivery: DeliveryName,
    mut kinds: BTreeMap<RecordKind, Vec<(u16, F)>>,
) -> Result<Delivery<F>, DeliveryError> {
    let mut files = Vec::new();
    for record in RecordKind::ALL {
        let kind = record.name();
        let Some(parts) = kinds.remove(&record) else {
            if delivery.kind == DeliveryKind::Complet {
                return Err(DeliveryError::MissingKind { delivery, kind });
            }
            continue;
        };
        let mut seen = BTreeSet::new();
        if let Some((part, _)) = parts.iter().find(|(part, _)| !seen.insert(*part)) {
            return Err(DeliveryError::DuplicatePart { part: *part, delivery, kind });
        }
        // Parts are counted from 0000, by some programs from 0001.
        let first = u16::from(!seen.contains(&0));
        if let Some((part, _)) = (first..).zip(&seen).find(|(expected, part)| *expected != **part) {
            return Err(DeliveryError::MissingPart { delivery, kind, part });
        }
        files.extend(parts.into_iter().map(|(_, file)| (record, file)));
    }
    Ok(Delivery { name: delivery, files })
}
