//! Files of invented schools, each format's own: a pupil and a legal representative each.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::base::uai::{Uai, UaiError};
use crate::roster::formats::RosterFormat;

pub const PUPILS_PER_SCHOOL: usize = 500;

/// The mapping of the generated CSV.
pub const MAPPING: &str = "\
[pupils]
id = \"N°\"
family = \"Nom\"
given = \"Prénom\"
born = \"Date de naissance\"
ine = \"INE\"
class = \"Classe\"
[[responsables]]
id = \"N° responsable\"
family = \"Nom responsable\"
given = \"Prénom responsable\"
mobile = \"Portable\"
mail = \"Courriel\"
";

/// The client that the people of a table of accounts are known to: one of the demo.
pub const CLIENT: &str = "bourses";

/// A hash of bcrypt, the form in which other programs keep passwords: it is sealed and never computed here.
pub const LEGACY_HASH: &str = "$2b$10$abcdefghijklmnopqrstuus9o2tZcN19/IgUXNpDIQ.AVf68KQ2/q";

/// The day of an export.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum ExportDay {
    First,
    /// The next day, on which every pupil has another class.
    Next,
}

impl ExportDay {
    /// Returns the first text, or on the next day the second one.
    fn pick(self, first: &'static str, next: &'static str) -> &'static str {
        match self {
            ExportDay::First => first,
            ExportDay::Next => next,
        }
    }
}

/// A school with the number of its first pupil.
pub struct GeneratedSchool {
    pub uai: Uai,
    first: usize,
}

impl GeneratedSchool {
    /// Returns the n-th school: its number has the check letter that is right.
    pub fn new(number: usize) -> anyhow::Result<Self> {
        let digits = format!("034{:04}", number % 10_000);
        let uai = match Uai::parse(&format!("{digits}A")) {
            Err(UaiError::WrongCheckLetter { right, .. }) => Uai::parse(&format!("{digits}{right}"))?,
            parsed => parsed?,
        };
        Ok(Self { uai, first: number * PUPILS_PER_SCHOOL })
    }

    fn pupils(&self) -> std::ops::Range<usize> {
        self.first..self.first + PUPILS_PER_SCHOOL
    }
}

/// Returns letters that differ for each number.
fn word(mut number: usize) -> String {
    let mut letters = String::from("N");
    for _ in 0..5 {
        letters.push(char::from(b'a' + u8::try_from(number % 26).unwrap_or_default()));
        number /= 26;
    }
    letters
}

fn mobile(number: usize) -> String {
    format!("063998{:04}", number % 10_000)
}

/// Returns the address of two of three responsables, as rosters have them.
pub fn address(number: usize) -> Option<String> {
    (!number.is_multiple_of(3)).then(|| format!("a.{number}@exemple.invalid"))
}

fn ine(number: usize) -> String {
    format!("{:09}ZA", 100_000_000 + number)
}

/// Writes a table for each school, of the accounts that its people of a SIECLE roster have elsewhere.
pub fn write_accounts(folder: &Path, schools: &[GeneratedSchool]) -> std::io::Result<Vec<PathBuf>> {
    let write = |school: &GeneratedSchool| {
        let path = folder.join(format!("{}-comptes.csv", school.uai));
        std::fs::write(&path, accounts(school))?;
        Ok(path)
    };
    schools.iter().map(write).collect()
}

/// An academy gives its export in files of some tens of megabytes.
const SCHOOLS_PER_PART: usize = 100;

/// Writes the files of schools.
pub fn write_files(
    folder: &Path,
    (format, day): (RosterFormat, ExportDay),
    schools: &[GeneratedSchool],
) -> std::io::Result<Vec<PathBuf>> {
    let mut written = Vec::new();
    let mut write = |name: String, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text)?;
        written.push(path);
        std::io::Result::Ok(())
    };
    match format {
        RosterFormat::Aaf => {
            for (part, schools) in schools.chunks(SCHOOLS_PER_PART).enumerate() {
                for kind in ["EtabEducNat", "Eleve", "PersRelEleve"] {
                    written.push(write_aaf(folder, (kind, part), day, schools)?);
                }
            }
        }
        RosterFormat::Siecle => {
            for school in schools {
                let [pupils, persons] = siecle(school, day);
                write(format!("{}-eleves.xml", school.uai), pupils)?;
                write(format!("{}-responsables.xml", school.uai), persons)?;
            }
        }
        RosterFormat::Onde => {
            for school in schools {
                let [pupils, persons] = onde(school, day);
                write(format!("{}-eleves.csv", school.uai), pupils)?;
                write(format!("{}-responsables.csv", school.uai), persons)?;
            }
        }
        RosterFormat::Csv => {
            for school in schools {
                write(format!("{}.csv", school.uai), csv(school, day))?;
            }
        }
    }
    Ok(written)
}

fn siecle(school: &GeneratedSchool, day: ExportDay) -> [String; 2] {
    let (class, date) = (day.pick("6A", "6B"), day.pick("08/09/2025", "09/09/2025"));
    let (mut pupils, mut structures) = (String::new(), String::new());
    let (mut persons, mut links) = (String::new(), String::new());
    for n in school.pupils() {
        // Writing to a text does not fail.
        _ = writeln!(
            pupils,
            "<ELEVE ELEVE_ID=\"{n}\"><ID_NATIONAL>{}</ID_NATIONAL><NOM_DE_FAMILLE>{}</NOM_DE_FAMILLE>\
             <PRENOM>Zoé</PRENOM><DATE_NAISS>14/02/2013</DATE_NAISS></ELEVE>",
            ine(n),
            word(n)
        );
        _ = writeln!(
            structures,
            "<STRUCTURES_ELEVE ELEVE_ID=\"{n}\"><STRUCTURE><CODE_STRUCTURE>{class}</CODE_STRUCTURE>\
             <TYPE_STRUCTURE>D</TYPE_STRUCTURE></STRUCTURE></STRUCTURES_ELEVE>"
        );
        _ = writeln!(
            persons,
            "<PERSONNE PERSONNE_ID=\"{n}\"><NOM_DE_FAMILLE>{}</NOM_DE_FAMILLE><PRENOM>Anne</PRENOM>\
             <TEL_PORTABLE>{}</TEL_PORTABLE><MEL>{}</MEL></PERSONNE>",
            word(n),
            mobile(n),
            address(n).unwrap_or_default()
        );
        _ = writeln!(
            links,
            "<RESPONSABLE_ELEVE><ELEVE_ID>{n}</ELEVE_ID><PERSONNE_ID>{n}</PERSONNE_ID>\
             <NIVEAU_RESPONSABILITE>1</NIVEAU_RESPONSABILITE><CODE_PARENTE>10</CODE_PARENTE></RESPONSABLE_ELEVE>"
        );
    }
    let document = |root: &str, data: String| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}><PARAMETRES><UAJ>{}</UAJ>\
             <ANNEE_SCOLAIRE>2025</ANNEE_SCOLAIRE><DATE_EXPORT>{date}</DATE_EXPORT></PARAMETRES>\n\
             <DONNEES>{data}</DONNEES></{root}>\n",
            school.uai
        )
    };
    let pupils = format!("<ELEVES>{pupils}</ELEVES><STRUCTURES>{structures}</STRUCTURES>");
    let persons = format!("<PERSONNES>{persons}</PERSONNES><RESPONSABLES>{links}</RESPONSABLES>");
    [document("BEE_ELEVES", pupils), document("BEE_RESPONSABLES", persons)]
}

/// Writes a file of an academy's export school by school: the text of a whole one would be a good part of the memory that is
/// measured.
fn write_aaf(
    folder: &Path,
    (kind, part): (&'static str, usize),
    day: ExportDay,
    schools: &[GeneratedSchool],
) -> std::io::Result<PathBuf> {
    let date = day.pick("20250908", "20250909");
    let path = folder.join(format!("ENT_Complet_{date}_{kind}_{part:04}.xml"));
    let mut file = BufWriter::new(File::create(&path)?);
    file.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ficAlimMENESR>\n")?;
    for (place, school) in schools.iter().enumerate() {
        let structure = format!("{}", 7_000 + part * SCHOOLS_PER_PART + place);
        file.write_all(aaf(kind, school, &structure, day).as_bytes())?;
    }
    file.write_all(b"</ficAlimMENESR>\n")?;
    file.flush()?;
    Ok(path)
}

/// Returns the requests of one kind of a school.
fn aaf(kind: &str, school: &GeneratedSchool, structure: &str, day: ExportDay) -> String {
    let class = day.pick("6 A", "6 B");
    let attr = |name: &str, value: &str| format!("<attr name=\"{name}\"><value>{value}</value></attr>");
    let request = |id: &str, attributes: String| {
        let category = if kind == "EtabEducNat" { "categorieStructure" } else { "categoriePersonne" };
        format!(
            "<addRequest><operationalAttributes>{}</operationalAttributes><identifier><id>{id}</id></identifier>\
             <attributes>{attributes}</attributes></addRequest>\n",
            attr(category, kind)
        )
    };
    let person = |n: usize| format!("{}", 35_000_000 + n);
    let mut requests = String::new();
    match kind {
        "EtabEducNat" => {
            let named =
                attr("ENTStructureUAI", &school.uai) + &attr("ENTStructureNomCourant", "CLG$FICTIF$MONTPELLIER");
            requests.push_str(&request(structure, named));
        }
        "Eleve" => {
            for n in school.pupils() {
                let attributes = [
                    attr("sn", &word(n)),
                    attr("givenName", "Zoé"),
                    attr("ENTPersonDateNaissance", "14/02/2013"),
                    attr("ENTEleveINE", &ine(n)),
                    attr("ENTPersonStructRattach", structure),
                    attr("ENTEleveClasses", &format!("{structure}${class}")),
                    attr("ENTElevePersRelEleve", &format!("{}$10$1$1$1$1", person(n))),
                ];
                requests.push_str(&request(&format!("{}", 29_000_000 + n), attributes.concat()));
            }
        }
        _ => {
            for n in school.pupils() {
                let mail = address(n).map(|mail| attr("mail", &mail)).unwrap_or_default();
                let attributes = [attr("sn", &word(n)), attr("givenName", "Anne"), attr("mobile", &mobile(n)), mail];
                requests.push_str(&request(&person(n), attributes.concat()));
            }
        }
    }
    requests
}

fn onde(school: &GeneratedSchool, day: ExportDay) -> [String; 2] {
    let class = day.pick("CE1", "CE2");
    let mut pupils = String::from("Nom élève;Nom d'usage élève;Prénom élève;Date naissance;INE;Libellé classe\r\n");
    let mut persons = String::from(
        "Nom usage responsable;Nom responsable;Prénom responsable;Courriel;Téléphone portable;Nom d'usage élève;\
         Nom de famille élève;Prénom élève;Classes élèves\r\n",
    );
    for n in school.pupils() {
        _ = write!(pupils, "{};;Zoé;14/02/2017;{};{class}\r\n", word(n), ine(n));
        let mail = address(n).unwrap_or_default();
        _ = write!(persons, ";{};Anne;{mail};{};;{};Zoé;{class}\r\n", word(n), mobile(n), word(n));
    }
    [pupils, persons]
}

fn csv(school: &GeneratedSchool, day: ExportDay) -> String {
    let class = day.pick("6A", "6B");
    let mut text = String::from(
        "N°;Nom;Prénom;Date de naissance;INE;Classe;N° responsable;Nom responsable;Prénom responsable;Portable;\
         Courriel\r\n",
    );
    for n in school.pupils() {
        let (name, ine, mobile, mail) = (word(n), ine(n), mobile(n), address(n).unwrap_or_default());
        _ = write!(text, "{n};{name};Zoé;14/02/2013;{ine};{class};{n};{name};Anne;{mobile};{mail}\r\n");
    }
    text
}

fn accounts(school: &GeneratedSchool) -> String {
    let mut text = format!("cle;profil;nom;prenom;identifiant;hash;sub:{CLIENT}\r\n");
    for n in school.pupils() {
        let name = word(n);
        let stem = name.to_lowercase();
        _ = write!(text, "{n};responsable;{name};Anne;a.{stem}47;{LEGACY_HASH};responsable-{n}\r\n");
        _ = write!(text, "{n};eleve;{name};Zoé;z.{stem}47;{LEGACY_HASH};eleve-{n}\r\n");
    }
    text
}
