//! The fields of one record, and what each must be to be taken.

use chrono::NaiveDate;

use super::{Link, Person, Pupil, Reason};
use crate::base::date::BirthDate;
use crate::base::names::clean;
use crate::roster::{Level, LinkData, OTHER_NUMBERS, PupilData};

/// Letters of a name, the format's own figure.
const MAX_NAME: usize = 100;
const MAX_ID: usize = 20;
/// Letters of a class code; the format says 8, older ones were longer.
const MAX_CLASS: usize = 20;
/// Letters of a telephone number as written; the format says 20.
const MAX_PHONE: usize = 40;

/// Fields by their element's name; few, so a list is fastest.
#[derive(Debug, Default)]
pub struct Fields(Vec<(&'static str, String)>);

impl Fields {
    /// Keeps a field once: the first wins, as there is one in every export. Empty ones count as absent.
    pub fn put(&mut self, name: &'static str, value: &str) {
        if !value.is_empty() && self.get(name).is_none() {
            self.0.push((name, value.to_owned()));
        }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// An id that can be a key: letters and digits.
    pub fn id(&self, name: &'static str) -> Result<String, Reason> {
        let value = self.get(name).ok_or(Reason::Missing(name))?;
        let right = value.len() <= MAX_ID && value.bytes().all(|b| b.is_ascii_alphanumeric());
        if right { Ok(value.to_owned()) } else { Err(Reason::Id(name)) }
    }

    fn name(&self, field: &'static str) -> Result<Option<String>, Reason> {
        let Some(value) = self.get(field) else { return Ok(None) };
        // `|` and `$` separate the fields of FrEduVecteur and of AAF: a name that held one would be two fields.
        // U+FFFD and the upper control characters are what a wrong encoding leaves of an œ.
        let wrong = |c: char| matches!(c, '|' | '$' | '\u{fffd}') || (c.is_control() && !c.is_whitespace());
        if value.chars().any(|c| wrong(c) || c == '\u{85}') {
            return Err(Reason::Characters(field));
        }
        let name = clean(value);
        if name.chars().count() > MAX_NAME {
            return Err(Reason::TooLong(field));
        }
        Ok(Some(name).filter(|name| !name.is_empty()))
    }

    /// Strictly JJ/MM/AAAA.
    fn date(&self, field: &'static str) -> Result<Option<NaiveDate>, Reason> {
        self.get(field).map(|value| french_date(value).ok_or(Reason::Date(field))).transpose()
    }
}

/// `14/02/2013` and nothing else.
pub fn french_date(text: &str) -> Option<NaiveDate> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(place, byte)| match place {
            2 | 5 => byte == b'/',
            _ => byte.is_ascii_digit(),
        });
    shape.then(|| NaiveDate::parse_from_str(text, "%d/%m/%Y").ok()).flatten()
}

pub const ELEVE: [&str; 6] = ["NOM_DE_FAMILLE", "NOM", "NOM_USAGE", "PRENOM", "DATE_NAISS", "DATE_SORTIE"];
pub const PERSONNE: [&str; 8] = [
    "NOM_DE_FAMILLE",
    "NOM",
    "NOM_USAGE",
    "PRENOM",
    "TEL_PORTABLE",
    "TEL_PERSONNEL",
    "TEL_PERSONNE",
    "TEL_PROFESSIONNEL",
];
pub const RESPONSABLE_ELEVE: [&str; 5] =
    ["ELEVE_ID", "PERSONNE_ID", "NIVEAU_RESPONSABILITE", "RESP_LEGAL", "CODE_PARENTE"];

/// A pupil, still without class.
pub fn pupil(fields: &Fields) -> Result<Pupil, Reason> {
    let id = fields.id("ELEVE_ID")?;
    let family = family(fields)?;
    let given = fields.name("PRENOM")?.ok_or(Reason::Missing("PRENOM"))?;
    let born = fields.date("DATE_NAISS")?.ok_or(Reason::Missing("DATE_NAISS"))?;
    let born = BirthDate::from(born);
    let data = PupilData { family, usage: fields.name("NOM_USAGE")?, given, born };
    Ok(Pupil { id, data, class: None, left_on: fields.date("DATE_SORTIE")? })
}

/// The division of a pupil, where its code can be one.
pub fn class(code: &str) -> Option<String> {
    let code = clean(&code.replace(['|', '$', '\u{fffd}'], " "));
    (!code.is_empty() && code.chars().count() <= MAX_CLASS).then_some(code)
}

pub fn person(fields: &Fields) -> Result<Person, Reason> {
    let id = fields.id("PERSONNE_ID")?;
    let family = family(fields)?;
    let number = |column| fields.get(column).filter(|text| text.chars().count() <= MAX_PHONE).map(str::to_owned);
    let mobile = number("TEL_PORTABLE");
    let other_numbers = OTHER_NUMBERS.into_iter().filter_map(|column| Some((column, number(column)?))).collect();
    let given = fields.name("PRENOM")?.unwrap_or_default();
    Ok(Person { id, family, usage: fields.name("NOM_USAGE")?, given, mobile, other_numbers })
}

pub fn link(fields: &Fields) -> Result<Link, Reason> {
    let (pupil, person) = (fields.id("ELEVE_ID")?, fields.id("PERSONNE_ID")?);
    let relation = fields.get("CODE_PARENTE").filter(|code| code.len() <= 2 && code.is_ascii());
    let unknown = |field, value: &str| Reason::Level { field, value: value.chars().take(20).collect() };
    let (level, relation) = match (fields.get("NIVEAU_RESPONSABILITE"), fields.get("RESP_LEGAL")) {
        (Some("1"), _) => (Level::Legal, relation),
        (Some("2"), _) => (Level::InCharge, relation),
        (Some("3"), _) => (Level::Contact, relation),
        (Some(other), _) => return Err(unknown("NIVEAU_RESPONSABILITE", other)),
        // Until spring 2018: legal 1 and 2, or 0.
        (None, Some("1" | "2")) => (Level::Legal, relation.map(relation_of_2018)),
        (None, Some("0")) => (Level::Contact, relation.map(relation_of_2018)),
        (None, Some(other)) => return Err(unknown("RESP_LEGAL", other)),
        (None, None) => return Err(Reason::Missing("NIVEAU_RESPONSABILITE")),
    };
    Ok(Link { pupil, person, data: LinkData { level, relation: relation.map(str::to_owned) }, repeated: false })
}

/// `NOM` is the name of this element before 2016.
fn family(fields: &Fields) -> Result<String, Reason> {
    let found = fields.name("NOM_DE_FAMILLE")?.or(fields.name("NOM")?);
    found.ok_or(Reason::Missing("NOM_DE_FAMILLE"))
}

/// The one-digit codes of before 2018 in today's, so that a pupil who is his own responsable is always 70.
fn relation_of_2018(code: &str) -> &str {
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
