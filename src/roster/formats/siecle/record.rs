//! The fields of one record and their validation.

use chrono::NaiveDate;

use crate::base::date::BirthDate;
use crate::roster::formats::fields::{parse_date, parse_id, parse_mail, parse_name};
use crate::roster::formats::{LinkRecord, PersonRecord, PupilRecord, RecordErrorKind};
use crate::roster::ine::Ine;
use crate::roster::{Level, LinkData, OTHER_NUMBERS, PupilData};

/// Fields by element name; a list, as the fastest structure for few entries.
#[derive(Debug, Default)]
pub struct RecordFields(Vec<(&'static str, String)>);

impl RecordFields {
    /// Inserts a field: the first value wins, as every export has one. Empty values count as absent.
    pub fn insert(&mut self, name: &'static str, value: &str) {
        if !value.is_empty() && self.get(name).is_none() {
            self.0.push((name, value.to_owned()));
        }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Returns an id usable as a key.
    pub fn id(&self, name: &'static str) -> Result<String, RecordErrorKind> {
        parse_id(name, self.get(name))
    }

    fn name(&self, field: &'static str) -> Result<Option<String>, RecordErrorKind> {
        parse_name(field, self.get(field))
    }

    fn date(&self, field: &'static str) -> Result<Option<NaiveDate>, RecordErrorKind> {
        parse_date(field, self.get(field))
    }
}

pub const PUPIL_FIELDS: [&str; 9] =
    ["NOM_DE_FAMILLE", "NOM", "NOM_USAGE", "PRENOM", "DATE_NAISS", "DATE_SORTIE", "ID_NATIONAL", "INE_RNIE", "INE_BEA"];
/// The columns of the INE, the one that holds for the pupil first.
const INE_FIELDS: [&str; 3] = ["ID_NATIONAL", "INE_RNIE", "INE_BEA"];
/// The element of the mail address.
pub const MAIL: &str = "MEL";
pub const PERSON_FIELDS: [&str; 9] = [
    "NOM_DE_FAMILLE",
    "NOM",
    "NOM_USAGE",
    "PRENOM",
    "TEL_PORTABLE",
    "TEL_PERSONNEL",
    "TEL_PERSONNE",
    "TEL_PROFESSIONNEL",
    MAIL,
];
pub const LINK_FIELDS: [&str; 5] = ["ELEVE_ID", "PERSONNE_ID", "NIVEAU_RESPONSABILITE", "RESP_LEGAL", "CODE_PARENTE"];

/// Parses a pupil, without the class.
pub fn parse_pupil(fields: &RecordFields) -> Result<PupilRecord, RecordErrorKind> {
    let id = fields.id("ELEVE_ID")?;
    let family = family_name(fields)?;
    let given = fields.name("PRENOM")?.ok_or(RecordErrorKind::Missing("PRENOM"))?;
    let born = fields.date("DATE_NAISS")?.ok_or(RecordErrorKind::Missing("DATE_NAISS"))?;
    let born = BirthDate::from(born);
    let data = PupilData { family, usage: fields.name("NOM_USAGE")?, given, born, ine_blind: None };
    let ine = INE_FIELDS.into_iter().find_map(|column| Ine::parse(fields.get(column)?));
    Ok(PupilRecord { id, eleve_id: None, data, ine, class: None, left_on: fields.date("DATE_SORTIE")? })
}

pub fn parse_person(fields: &RecordFields) -> Result<PersonRecord, RecordErrorKind> {
    let id = fields.id("PERSONNE_ID")?;
    let family = family_name(fields)?;
    // Of any length: a text that is no number is told to the school, and not taken for an empty column.
    let number = |column| fields.get(column).map(str::to_owned);
    let mobile = number("TEL_PORTABLE");
    let other_numbers = OTHER_NUMBERS.into_iter().filter_map(|column| Some((column, number(column)?))).collect();
    let given = fields.name("PRENOM")?.unwrap_or_default();
    Ok(PersonRecord {
        id,
        family,
        usage: fields.name("NOM_USAGE")?,
        given,
        mobile,
        other_numbers,
        keeps_phone: false,
        mail: parse_mail(fields.get(MAIL)),
        keeps_mail: false,
    })
}

pub fn parse_link(fields: &RecordFields) -> Result<LinkRecord, RecordErrorKind> {
    let (pupil, person) = (fields.id("ELEVE_ID")?, fields.id("PERSONNE_ID")?);
    let relation = fields.get("CODE_PARENTE").filter(|code| code.len() <= 2 && code.is_ascii());
    let unknown = |field, value: &str| RecordErrorKind::UnknownLevel { field, value: value.chars().take(20).collect() };
    let (level, relation) = match (fields.get("NIVEAU_RESPONSABILITE"), fields.get("RESP_LEGAL")) {
        (Some("1"), _) => (Level::Legal, relation),
        (Some("2"), _) => (Level::InCharge, relation),
        (Some("3"), _) => (Level::Contact, relation),
        (Some(other), _) => return Err(unknown("NIVEAU_RESPONSABILITE", other)),
        // Until spring 2018: RESP_LEGAL is 1 or 2 for a legal representative, or 0.
        (None, Some("1" | "2")) => (Level::Legal, relation.map(modern_relation_code)),
        (None, Some("0")) => (Level::Contact, relation.map(modern_relation_code)),
        (None, Some(other)) => return Err(unknown("RESP_LEGAL", other)),
        (None, None) => return Err(RecordErrorKind::Missing("NIVEAU_RESPONSABILITE")),
    };
    Ok(LinkRecord {
        pupil,
        person,
        data: LinkData { level, relation: relation.map(str::to_owned) },
        repeated: false,
        is_doubtful: false,
    })
}

/// Returns the family name; the element is called `NOM` before 2016.
fn family_name(fields: &RecordFields) -> Result<String, RecordErrorKind> {
    let found = fields.name("NOM_DE_FAMILLE")?.or(fields.name("NOM")?);
    found.ok_or(RecordErrorKind::Missing("NOM_DE_FAMILLE"))
}

/// Translates a one-digit relation code from before 2018, so a pupil registered as own responsable is always 70.
fn modern_relation_code(code: &str) -> &str {
    match code {
        "1" => "20",
        "2" => "10",
        "3" => "50",
        "4" => "39",
        "5" => "51",
        "6" => "90",
        "7" => "70",
        other => other,
    }
}
