//! Reads the rows of a table of accounts.

use super::ArrivalRemark;
use crate::base::profile::Profile;
use crate::crypto::{LegacyHash, LegacyHashError};
use crate::roster::formats::columns::fold_header;
use crate::roster::formats::{CsvRow, CsvTable, RosterFormat};

/// The beginning of the name of a column of subs; the client's id follows.
const SUB_PREFIX: &str = "sub:";
const ACADEMY: &[&str] = &["academie", "academy"];
const FORMAT: &[&str] = &["format"];
const KEY: &[&str] = &["cle", "key"];
const PROFILE: &[&str] = &["profil", "profile"];
const FAMILY: &[&str] = &["nom", "nom de famille"];
const GIVEN: &[&str] = &["prenom"];
const IDENTIFIANT: &[&str] = &["identifiant"];
const HASH: &[&str] = &["hash", "mot de passe", "password"];

/// The reason for refusing a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    #[error("its first line lacks the column {0}")]
    MissingColumn(&'static str),
    #[error(
        "its first line lacks the column profil: a pupil and a parent may have the same key, so each row says whose it \
         is, such as\ncle;profil;identifiant\n500001;responsable;a.durand47\n900001;eleve;z.durand12"
    )]
    MissingProfile,
    #[error("its column {0:?} is none of academie, format, cle, profil, nom, prenom, identifiant, hash and sub:CLIENT")]
    UnknownColumn(String),
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrivalRow {
    pub line: u64,
    pub academy: Option<String>,
    pub format: RosterFormat,
    pub key: String,
    pub profile: Profile,
    /// The names, which must be those of the roster.
    pub family: Option<String>,
    pub given: Option<String>,
    pub identifiant: Option<String>,
    pub hash: Option<Result<LegacyHash, LegacyHashError>>,
    /// The ids of clients with the `sub` of each.
    pub subjects: Vec<(String, String)>,
}

/// A row, or its line with the reason for which it cannot be read.
pub type ReadRow = Result<ArrivalRow, (u64, ArrivalRemark)>;

/// Reads the rows of a table, each where it is asked for: a table of an academy has hundreds of thousands.
pub fn read_rows(table: &CsvTable) -> Result<impl ExactSizeIterator<Item = ReadRow>, TableError> {
    let columns = Columns::find(table)?;
    Ok(table.rows.iter().map(move |row| columns.read(row).map_err(|remark| (row.line, remark))))
}

struct Columns {
    academy: Option<usize>,
    format: Option<usize>,
    key: usize,
    profile: usize,
    family: Option<usize>,
    given: Option<usize>,
    identifiant: Option<usize>,
    hash: Option<usize>,
    subjects: Vec<(String, usize)>,
}

impl Columns {
    fn find(table: &CsvTable) -> Result<Self, TableError> {
        let mut subjects = Vec::new();
        let known = [ACADEMY, FORMAT, KEY, PROFILE, FAMILY, GIVEN, IDENTIFIANT, HASH].concat();
        for (place, name) in table.header.iter().enumerate().filter(|(_, name)| !name.trim().is_empty()) {
            match name.trim().strip_prefix(SUB_PREFIX) {
                Some(client) => subjects.push((client.trim().to_owned(), place)),
                None if known.contains(&fold_header(name).as_str()) => {}
                None => return Err(TableError::UnknownColumn(name.trim().chars().take(40).collect())),
            }
        }
        let folded: Vec<String> = table.header.iter().map(|name| fold_header(name)).collect();
        let find = |names: &[&str]| folded.iter().position(|name| names.contains(&name.as_str()));
        Ok(Self {
            academy: find(ACADEMY),
            format: find(FORMAT),
            key: find(KEY).ok_or(TableError::MissingColumn("cle"))?,
            profile: find(PROFILE).ok_or(TableError::MissingProfile)?,
            family: find(FAMILY),
            given: find(GIVEN),
            identifiant: find(IDENTIFIANT),
            hash: find(HASH),
            subjects,
        })
    }

    fn read(&self, row: &CsvRow) -> Result<ArrivalRow, ArrivalRemark> {
        let cell = |column: Option<usize>| row.cell(column?);
        let format = match cell(self.format).map(str::to_lowercase).as_deref() {
            None | Some("siecle") => RosterFormat::Siecle,
            Some("aaf") => RosterFormat::Aaf,
            Some("csv") => RosterFormat::Csv,
            Some("onde") => RosterFormat::Onde,
            Some(_) => return Err(ArrivalRemark::UnknownValue("the format")),
        };
        let profile = match row.cell(self.profile).map(fold_header).as_deref() {
            None => return Err(ArrivalRemark::Missing("the profile")),
            Some("responsable") => Profile::Responsable,
            Some("eleve") => Profile::Eleve,
            Some(_) => return Err(ArrivalRemark::UnknownValue("the profile")),
        };
        let (family, given) = (cell(self.family), cell(self.given));
        if format == RosterFormat::Onde && (family.is_none() || given.is_none()) {
            return Err(ArrivalRemark::Missing("the name, in nom and prenom, without which an INE is a child's only"));
        }
        let subject = |(client, column): &(String, usize)| Some((client.clone(), row.cell(*column)?.to_owned()));
        Ok(ArrivalRow {
            line: row.line,
            academy: cell(self.academy).map(str::to_owned),
            format,
            key: row.cell(self.key).ok_or(ArrivalRemark::Missing("the key"))?.to_owned(),
            profile,
            family: family.map(str::to_owned),
            given: given.map(str::to_owned),
            identifiant: cell(self.identifiant).map(str::to_owned),
            hash: cell(self.hash).map(LegacyHash::parse),
            subjects: self.subjects.iter().filter_map(subject).collect(),
        })
    }
}
