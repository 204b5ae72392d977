//! The six schools of the demo, and the records of a school's roster.

use chrono::NaiveDate;

/// A school of the demo. Its UAI has a valid check letter and belongs to no real school.
#[derive(Clone, Copy, Debug)]
pub struct DemoSchool {
    pub uai: &'static str,
    pub name: &'static str,
    pub academy: &'static str,
    pub ministry: &'static str,
    /// The youngest and oldest age of the pupils at the end of the calendar year of the rentrée.
    pub(super) ages: (i32, i32),
    /// Divisions, youngest first.
    pub(super) classes: &'static [&'static str],
    /// True if the school sends the ZIP of the export screen, false if plain XML.
    pub(super) zipped: bool,
    /// The first id of the academy's database: ids are unique in an academy only.
    pub(super) id_base: u32,
}

const COLLEGE_CLASSES: &[&str] = &["6 A", "6 B", "5 A", "5 B", "4 A", "4 B", "3 A", "3 B"];
const LYCEE_CLASSES: &[&str] = &["2NDE1", "2NDE2", "1GEN1", "1STMG", "TGEN1", "TSTMG"];
const MONTPELLIER_ID_BASE: u32 = 100_000;
const TOULOUSE_ID_BASE: u32 = 300_000;
const AGRICOLE_ID_BASE: u32 = 500_000;

/// All six schools, in the order of import.
pub const SCHOOLS: [DemoSchool; 6] = [
    DemoSchool {
        uai: "0349999J",
        name: "Clg Théodore Monod",
        academy: "montpellier",
        ministry: "en",
        ages: (11, 14),
        classes: COLLEGE_CLASSES,
        zipped: false,
        id_base: MONTPELLIER_ID_BASE,
    },
    DemoSchool {
        uai: "0349998H",
        name: "Lycée Olympe de Gouges",
        academy: "montpellier",
        ministry: "en",
        ages: (15, 18),
        classes: LYCEE_CLASSES,
        zipped: true,
        id_base: MONTPELLIER_ID_BASE,
    },
    DemoSchool {
        uai: "0349997G",
        name: "Lycée de la mer Paul Bousquet",
        academy: "montpellier",
        ministry: "mer",
        ages: (15, 18),
        classes: &["2PMER", "1PMER", "TPMER"],
        zipped: false,
        id_base: MONTPELLIER_ID_BASE,
    },
    DemoSchool {
        uai: "0349996F",
        name: "Lycée agricole des Garrigues",
        academy: "agricole",
        ministry: "agriculture",
        ages: (15, 18),
        classes: &["2GT", "1STAV", "TSTAV"],
        zipped: false,
        id_base: AGRICOLE_ID_BASE,
    },
    DemoSchool {
        uai: "0319999A",
        name: "Clg Clémence Isaure",
        academy: "toulouse",
        ministry: "en",
        ages: (11, 14),
        classes: COLLEGE_CLASSES,
        zipped: true,
        id_base: TOULOUSE_ID_BASE,
    },
    DemoSchool {
        uai: "0319998Z",
        name: "CSES Jean Lagarde",
        academy: "toulouse",
        ministry: "en",
        ages: (11, 18),
        classes: &["COL 1", "COL 2", "LYC 1", "LYC 2"],
        zipped: false,
        id_base: TOULOUSE_ID_BASE,
    },
];

/// The content of one school's pair of files.
#[derive(Debug, Default)]
pub struct DemoRoster {
    pub pupils: Vec<DemoPupil>,
    pub persons: Vec<DemoPerson>,
    pub links: Vec<DemoLink>,
}

#[derive(Debug)]
pub struct DemoPupil {
    pub id: u32,
    pub family: String,
    pub given: String,
    pub born: NaiveDate,
    pub class: String,
    pub left_on: Option<NaiveDate>,
}

#[derive(Debug)]
pub struct DemoPerson {
    pub id: u32,
    /// LC_CIVILITE: `MME`, `M.`, or empty for an institution.
    pub civility: &'static str,
    pub family: String,
    pub usage: Option<String>,
    pub given: String,
    /// TEL_PORTABLE as typed by the school.
    pub mobile: Option<String>,
}

#[derive(Debug)]
pub struct DemoLink {
    pub pupil_id: u32,
    pub person_id: u32,
    /// NIVEAU_RESPONSABILITE.
    pub level: u8,
    /// CODE_PARENTE.
    pub relation: u8,
}
