//! The six schools of the demo and what a school's roster is made of.

use chrono::NaiveDate;

/// A school of the demo. Its UAI has the right letter and is nobody's.
#[derive(Clone, Copy, Debug)]
pub struct School {
    pub uai: &'static str,
    pub name: &'static str,
    pub academy: &'static str,
    pub ministry: &'static str,
    /// First and last age, at the end of the year of the rentrée, of its pupils.
    pub(super) ages: (i32, i32),
    /// Divisions, youngest first.
    pub(super) classes: &'static [&'static str],
    /// Whether the school sends the ZIP of the export screen, or the XML in it.
    pub(super) zipped: bool,
    /// Ids of an academy's base begin here: they are unique in an academy only.
    pub(super) base: u32,
}

const COLLEGE: &[&str] = &["6 A", "6 B", "5 A", "5 B", "4 A", "4 B", "3 A", "3 B"];
const LYCEE: &[&str] = &["2NDE1", "2NDE2", "1GEN1", "1STMG", "TGEN1", "TSTMG"];
const MONTPELLIER: u32 = 100_000;
const TOULOUSE: u32 = 300_000;
const AGRICOLE: u32 = 500_000;

/// All six, in the order in which they are imported.
pub const SCHOOLS: [School; 6] = [
    School {
        uai: "0349999J",
        name: "Clg Théodore Monod",
        academy: "montpellier",
        ministry: "en",
        ages: (11, 14),
        classes: COLLEGE,
        zipped: false,
        base: MONTPELLIER,
    },
    School {
        uai: "0349998H",
        name: "Lycée Olympe de Gouges",
        academy: "montpellier",
        ministry: "en",
        ages: (15, 18),
        classes: LYCEE,
        zipped: true,
        base: MONTPELLIER,
    },
    School {
        uai: "0349997G",
        name: "Lycée de la mer Paul Bousquet",
        academy: "montpellier",
        ministry: "mer",
        ages: (15, 18),
        classes: &["2PMER", "1PMER", "TPMER"],
        zipped: false,
        base: MONTPELLIER,
    },
    School {
        uai: "0349996F",
        name: "Lycée agricole des Garrigues",
        academy: "agricole",
        ministry: "agriculture",
        ages: (15, 18),
        classes: &["2GT", "1STAV", "TSTAV"],
        zipped: false,
        base: AGRICOLE,
    },
    School {
        uai: "0319999A",
        name: "Clg Clémence Isaure",
        academy: "toulouse",
        ministry: "en",
        ages: (11, 14),
        classes: COLLEGE,
        zipped: true,
        base: TOULOUSE,
    },
    School {
        uai: "0319998Z",
        name: "CSES Jean Lagarde",
        academy: "toulouse",
        ministry: "en",
        ages: (11, 18),
        classes: &["COL 1", "COL 2", "LYC 1", "LYC 2"],
        zipped: false,
        base: TOULOUSE,
    },
];

/// What one school's pair of files says.
#[derive(Debug, Default)]
pub struct Roster {
    pub eleves: Vec<Eleve>,
    pub personnes: Vec<Personne>,
    pub liens: Vec<Lien>,
}

#[derive(Debug)]
pub struct Eleve {
    pub id: u32,
    pub family: String,
    pub given: String,
    pub born: NaiveDate,
    pub class: String,
    pub left_on: Option<NaiveDate>,
}

#[derive(Debug)]
pub struct Personne {
    pub id: u32,
    /// LC_CIVILITE: `MME`, `M.`, or empty for an institution.
    pub civility: &'static str,
    pub family: String,
    pub usage: Option<String>,
    pub given: String,
    /// TEL_PORTABLE as the school typed it.
    pub mobile: Option<String>,
}

#[derive(Debug)]
pub struct Lien {
    pub eleve: u32,
    pub personne: u32,
    /// NIVEAU_RESPONSABILITE.
    pub level: u8,
    /// CODE_PARENTE.
    pub relation: u8,
}
