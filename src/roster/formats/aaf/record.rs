//! Turns a request into the record of a pupil, a person or a school.

use super::requests::{AafRequest, MAIL};
use crate::base::date::BirthDate;
use crate::roster::formats::fields::{parse_class, parse_date, parse_id, parse_mail, parse_name};
use crate::roster::formats::{LinkRecord, PersonRecord, PupilRecord, RecordErrorKind};
use crate::roster::ine::Ine;
use crate::roster::uai::{Uai, UaiError};
use crate::roster::{Level, LinkData, PupilData};

/// The attribute of the structure to which a pupil belongs.
const STRUCTURE: &str = "ENTPersonStructRattach";
const LINKS: &str = "ENTElevePersRelEleve";
const AUTHORITIES: &str = "ENTEleveAutoriteParentale";
const CLASSES: &str = "ENTEleveClasses";
const CHILDREN: &str = "ENTPersRelEleveEleve";

/// A pupil with the key of the structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AafPupil {
    pub structure: String,
    pub record: PupilRecord,
    pub links: ParsedLinks,
}

/// The links of a pupil.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParsedLinks {
    pub links: Vec<LinkRecord>,
    /// The persons whose links could not be read; `None` for a link without a readable person.
    pub unreadable: Vec<(Option<String>, RecordErrorKind)>,
}

/// Returns the key of the structure to which a pupil belongs.
pub fn structure_of(request: &AafRequest) -> Option<&str> {
    request.first(&[STRUCTURE])
}

/// Returns the key of a record.
pub fn key_of(request: &AafRequest) -> Result<String, RecordErrorKind> {
    parse_id("identifier", Some(request.id.as_str()).filter(|id| !id.is_empty()))
}

pub fn parse_pupil(request: &AafRequest) -> Result<AafPupil, RecordErrorKind> {
    let id = key_of(request)?;
    let structure = parse_id(STRUCTURE, structure_of(request))?;
    let (family, usage, given) = names(request)?;
    let given = given.ok_or(RecordErrorKind::Missing("givenName"))?;
    let born = parse_date("ENTPersonDateNaissance", request.first(&["ENTPersonDateNaissance"]))?;
    let born = BirthDate::from(born.ok_or(RecordErrorKind::Missing("ENTPersonDateNaissance"))?);
    let data = PupilData { family, usage, given, born, ine_blind: None };
    let eleve_id = request.first(&["ENTEleveStructRattachId"]);
    let eleve_id = eleve_id.and_then(|id| parse_id("ENTEleveStructRattachId", Some(id)).ok());
    let record = PupilRecord {
        eleve_id,
        data,
        ine: request.first(&["ENTEleveINE"]).and_then(Ine::parse),
        class: class_of(request, &structure),
        left_on: None,
        id: id.clone(),
    };
    Ok(AafPupil { structure, record, links: parse_links(request, &id) })
}

/// Returns the class in the pupil's structure: the first in alphabetical order, as the order of the file says nothing.
fn class_of(request: &AafRequest, structure: &str) -> Option<String> {
    let of_structure = |value: &String| {
        let (of, rest) = value.split_once('$')?;
        (of == structure).then(|| rest.split('$').next().unwrap_or_default()).and_then(parse_class)
    };
    request.values(CLASSES).unwrap_or_default().iter().filter_map(of_structure).min()
}

/// True if the request says who the responsables of the pupil are.
pub fn states_links(request: &AafRequest) -> bool {
    request.names_any(&[LINKS, AUTHORITIES])
}

/// Returns the persons whom a pupil's record names, those who could be read.
pub fn persons_of(request: &AafRequest) -> impl Iterator<Item = &str> {
    let values = |name| request.values(name).unwrap_or_default().iter();
    let linked = values(LINKS).filter_map(|value| value.split('$').next());
    linked.chain(values(AUTHORITIES).map(String::as_str)).filter(|id| parse_id(LINKS, Some(id)).is_ok())
}

/// Parses the responsables of a pupil: `person $ code $ financial $ level $ contact $ payment`, and in the first degree
/// the ids of those with parental authority.
fn parse_links(request: &AafRequest, pupil: &str) -> ParsedLinks {
    let mut parsed = ParsedLinks::default();
    for value in request.values(LINKS).unwrap_or_default() {
        match parse_link(value, pupil) {
            Ok(link) => parsed.add(link),
            Err(reason) => {
                let person = value.split('$').next().and_then(|id| parse_id(LINKS, Some(id)).ok());
                parsed.unreadable.push((person, reason));
            }
        }
    }
    for value in request.values(AUTHORITIES).unwrap_or_default() {
        match parse_id(AUTHORITIES, Some(value)) {
            Ok(person) => parsed.add(link_of(pupil, person, Level::Legal)),
            Err(reason) => parsed.unreadable.push((None, reason)),
        }
    }
    parsed
}

impl ParsedLinks {
    /// Keeps one link a person, the strongest.
    fn add(&mut self, link: LinkRecord) {
        match self.links.iter_mut().find(|known| known.person == link.person) {
            Some(known) => {
                known.repeated |= known.data != link.data;
                if link.data.level < known.data.level {
                    known.data = link.data;
                }
            }
            None => self.links.push(link),
        }
    }
}

fn link_of(pupil: &str, person: String, level: Level) -> LinkRecord {
    LinkRecord {
        pupil: pupil.to_owned(),
        person,
        data: LinkData { level, relation: None },
        repeated: false,
        is_doubtful: false,
    }
}

fn parse_link(value: &str, pupil: &str) -> Result<LinkRecord, RecordErrorKind> {
    let fields: Vec<&str> = value.split('$').collect();
    let [person, relation, _financial, level, _contact, _payment] = fields.as_slice() else {
        return Err(RecordErrorKind::WrongFieldCount { field: LINKS, expected: 6 });
    };
    let person = parse_id(LINKS, Some(person))?;
    let level = match *level {
        "1" => Level::Legal,
        "2" => Level::InCharge,
        "0" | "3" => Level::Contact,
        other => {
            let value = other.chars().take(20).collect();
            return Err(RecordErrorKind::UnknownLevel { field: LINKS, value });
        }
    };
    let relation = Some(*relation).filter(|code| !code.is_empty() && code.len() <= 2 && code.is_ascii());
    let data = LinkData { level, relation: relation.map(str::to_owned) };
    Ok(LinkRecord { pupil: pupil.to_owned(), person, data, repeated: false, is_doubtful: false })
}

pub fn parse_person(request: &AafRequest) -> Result<PersonRecord, RecordErrorKind> {
    let id = key_of(request)?;
    let (family, usage, given) = names(request)?;
    let number = |name: &str| request.first(&[name]).map(str::to_owned);
    let others = [("TEL_PERSONNEL", "homePhone"), ("TEL_PROFESSIONNEL", "telephoneNumber")];
    let other_numbers = others.into_iter().filter_map(|(column, name)| Some((column, number(name)?))).collect();
    let given = given.unwrap_or_default();
    Ok(PersonRecord {
        id,
        family,
        usage,
        given,
        mobile: number("mobile"),
        other_numbers,
        keeps_phone: false,
        mail: parse_mail(request.first(&[MAIL])),
        keeps_mail: false,
    })
}

/// True if the request says something of the numbers of a person.
pub fn states_numbers(request: &AafRequest) -> bool {
    request.names_any(&["mobile", "homePhone", "telephoneNumber"])
}

/// True if the request says something of the mail address of a person.
pub fn states_mail(request: &AafRequest) -> bool {
    request.names_any(&[MAIL])
}

/// Returns the links that a person of the first degree names, without level.
pub fn children_of(request: &AafRequest, person: &str) -> Vec<LinkRecord> {
    let ids = request.values(CHILDREN).unwrap_or_default().iter();
    let ids = ids.filter_map(|value| parse_id(CHILDREN, value.split('$').next()).ok());
    ids.map(|pupil| link_of(&pupil, person.to_owned(), Level::InCharge)).collect()
}

type Names = (String, Option<String>, Option<String>);

/// Returns family name, *nom d'usage* and given name: `sn` is the name in use, `ENTPersonNomPatro` the family name.
fn names(request: &AafRequest) -> Result<Names, RecordErrorKind> {
    let family = parse_name("ENTPersonNomPatro", request.first(&["ENTPersonNomPatro"]))?;
    let used = parse_name("sn", request.first(&["sn"]))?;
    let given = parse_name("givenName", request.first(&["givenName"]))?;
    match (family, used) {
        (Some(family), used) => {
            let usage = used.filter(|used| *used != family);
            Ok((family, usage, given))
        }
        (None, Some(used)) => Ok((used, None, given)),
        (None, None) => Err(RecordErrorKind::Missing("sn")),
    }
}

/// A school as an academy declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AafSchool {
    pub key: String,
    pub uai: Uai,
    pub name: String,
    /// `None` if the export names a ministry that is not known here.
    pub ministry: Option<&'static str>,
    pub telephone: Option<String>,
    pub first_degree: bool,
    /// The academy's code without leading zeros.
    pub academy_code: Option<String>,
}

/// The reason for which a school is passed over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchoolFault {
    #[error("{0}")]
    Record(#[from] RecordErrorKind),
    #[error("{0}")]
    Uai(#[from] UaiError),
    #[error("belongs to the academy of code {0}")]
    OtherAcademy(String),
    #[error("is declared in schools.toml in the academy {0}")]
    DeclaredElsewhere(String),
    #[error("says no academy, and department {0} is none of this one; if it belongs here, declare it in schools.toml")]
    OtherDepartment(String),
    #[error("is of a ministry that is not known here; declare it in schools.toml")]
    UnknownMinistry,
}

pub fn parse_school(request: &AafRequest) -> Result<AafSchool, SchoolFault> {
    let key = key_of(request)?;
    let uai = request.first(&["ENTEtablissementUAI", "ENTStructureUAI"]);
    let uai = Uai::parse(uai.ok_or(RecordErrorKind::Missing("ENTStructureUAI"))?)?;
    let code = request.first(&["ENTStructureCodeTypeStruct"]).unwrap_or_default();
    let kind = request.first(&["ENTStructureTypeStruct"]).unwrap_or_default().to_uppercase();
    let first_degree = code.starts_with('1') && code.len() == 3
        || ["ECOLE", "ÉCOLE", "MATERNELLE", "ELEMENTAIRE", "PRIMAIRE"].iter().any(|word| kind.starts_with(word));
    Ok(AafSchool {
        name: parse_name("ENTStructureNomCourant", Some(&school_name(request)))?.unwrap_or_else(|| uai.to_string()),
        ministry: ministry_of(request),
        telephone: request.first(&["telephoneNumber"]).map(str::to_owned),
        first_degree,
        academy_code: request.first(&["ENTServAcCodeAcademie"]).map(|code| code.trim_start_matches('0').to_owned()),
        key,
        uai,
    })
}

/// Returns the name that people see: `CLG$NOM$VILLE` is written with blanks.
fn school_name(request: &AafRequest) -> String {
    let name = request.first(&["ENTStructureNomCourant"]).unwrap_or_default();
    name.split('$').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns the id of the ministry in academies.toml. The export is the education ministry's, so an absent one is that.
fn ministry_of(request: &AafRequest) -> Option<&'static str> {
    let name = request.first(&["ENTEtablissementMinistereTutelle"]).map(str::to_uppercase);
    match (request.first(&["ENTEtablissementCodeMinistereTutelle"]), name.as_deref()) {
        (None, None) => Some("en"),
        (_, Some(name)) if name.contains("AGRI") => Some("agriculture"),
        (_, Some(name)) if name.contains(" MER") || name.starts_with("MER") => Some("mer"),
        (_, Some(name)) if name.contains("EDUCATION") || name.contains("ÉDUCATION") => Some("en"),
        (Some("06" | "6"), None) => Some("en"),
        _ => None,
    }
}
