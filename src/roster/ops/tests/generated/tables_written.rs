//! Writes a truth as ONDE and as spreadsheets do: encodings and marks, separators, quotes, other names of columns, columns
//! that are empty or of no interest, blocks of children padded to the widest family, dates in several forms.

use super::{Child, Draw, Parent, Spoiled, Truth};
use crate::roster::Level;

/// The encodings of tables; the rarest is that of old Macs.
#[derive(Clone, Copy)]
enum TableEncoding {
    Utf8,
    Utf8WithMark,
    Windows,
    Mac,
}

fn encode(draw: &Draw, text: &str) -> Vec<u8> {
    use TableEncoding::{Mac, Utf8, Utf8WithMark, Windows};
    match draw.one(&[Utf8, Utf8WithMark, Windows, Windows, Mac]) {
        Utf8 => text.as_bytes().to_vec(),
        Utf8WithMark => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        Windows => encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
        Mac => encoding_rs::MACINTOSH.encode(text).0.into_owned(),
    }
}

/// A table under construction.
struct Table<'a> {
    draw: &'a Draw,
    separator: char,
    /// True if every cell is quoted, not only those that must be.
    quotes: bool,
    end: &'static str,
    text: String,
}

impl<'a> Table<'a> {
    fn new(draw: &'a Draw, separators: &[char]) -> Self {
        let (separator, end) = (*draw.one(separators), draw.word(&["\r\n", "\n"]));
        Self { draw, separator, quotes: draw.odds(40), end, text: String::new() }
    }

    fn row(&mut self, cells: &[String]) {
        let written: Vec<String> = cells
            .iter()
            .map(|cell| {
                let must = cell.contains([self.separator, '"', '\n']);
                if must || (self.quotes && !cell.is_empty()) {
                    format!("\"{}\"", cell.replace('"', "\"\""))
                } else {
                    cell.clone()
                }
            })
            .collect();
        self.text.push_str(&written.join(&self.separator.to_string()));
        self.text.push_str(self.end);
    }

    fn bytes(&self) -> Vec<u8> {
        encode(self.draw, &self.text)
    }
}

fn texts(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|&cell| cell.to_owned()).collect()
}

/// A birth date as programs write it; a spoiled one is the number of a spreadsheet.
fn birth(truth: &Truth, child: &Child, draw: &Draw) -> String {
    if truth.spoiled.contains(&Spoiled::ChildWithoutDay(child.id)) {
        return "41319".to_owned();
    }
    let form = draw.word(&["%d/%m/%Y", "%Y-%m-%d", "%Y-%m-%d 00:00:00", "'%d/%m/%Y"]);
    child.born.format(form).to_string()
}

/// Writes the two extractions of ONDE.
pub fn onde(truth: &Truth, draw: &Draw) -> Vec<(String, Vec<u8>)> {
    let mut pupils = Table::new(draw, &[';']);
    let is_old = draw.odds(30);
    let class = if is_old { "Classe" } else { "Libellé classe" };
    let head = [
        "Nom élève",
        "Nom d'usage élève",
        "Prénom élève",
        "Date naissance",
        "Sexe",
        "INE",
        "Adresse1",
        " Cycle",
        class,
    ];
    pupils.row(&texts(&head));
    for child in &truth.children {
        let mut row =
            texts(&[&child.family, "", &child.given, &birth(truth, child, draw), draw.word(&["F", "M", "H"])]);
        row.push(child.ine.clone().unwrap_or_default());
        row.extend(texts(&[
            draw.word(&["", "12; rue \"du Préau\"", "=1+1", "Bât. A\n3e étage"]),
            "CYCLE III",
            child.class,
        ]));
        pupils.row(&row);
    }
    let mut persons = Table::new(draw, &[';']);
    let of = |parent: &Parent| -> Vec<&Child> {
        truth.children.iter().filter(|child| child.links.iter().any(|(id, _)| *id == parent.id)).collect()
    };
    // Rows are padded to the widest family.
    let blocks = truth.parents.iter().map(|parent| of(parent).len()).max().unwrap_or_default().max(1);
    let mut head = texts(&[
        "Civilité Responsable",
        "Nom usage responsable",
        "Nom responsable",
        "Prénom responsable",
        "Courriel",
        "Téléphone domicile",
        "Téléphone portable",
    ]);
    for _ in 0..blocks {
        head.extend(match is_old {
            true => texts(&["Nom d'usage enfant", "Nom de famille enfant", "Prénom enfant", "Classes enfants"]),
            false => texts(&["Nom d'usage élève", "Nom de famille élève", "Prénom élève", "Classes élèves"]),
        });
    }
    persons.row(&head);
    for parent in &truth.parents {
        let children = of(parent);
        if children.is_empty() {
            continue;
        }
        // Some have the name in use only.
        let names = if draw.odds(20) { [&*parent.family, ""] } else { ["", &*parent.family] };
        let mut row = texts(&["MME", names[0], names[1], &parent.given, &parent.mail, "", &parent.mobile]);
        for block in 0..blocks {
            row.extend(match children.get(block) {
                Some(child) => texts(&["", &child.family, &child.given, child.class]),
                None => texts(&["", "", "", ""]),
            });
        }
        persons.row(&row);
    }
    vec![("CSVExtraction.csv".to_owned(), pupils.bytes()), ("CSVExtraction(1).csv".to_owned(), persons.bytes())]
}

/// The mapping of the table that [`csv`] writes.
pub const MAPPING: &str = r#"
[pupils]
id = "N° élève"
family = "Nom"
given = "Prénom"
born = "Né(e) le"
ine = "INE"
class = "Classe"
[[responsables]]
id = "Id resp. 1"
family = "Nom resp. 1"
given = "Prénom resp. 1"
mobile = "Portable 1"
mail = "Courriel 1"
level = "Lien 1"
[[responsables]]
id = "Id resp. 2"
family = "Nom resp. 2"
given = "Prénom resp. 2"
mobile = "Portable 2"
mail = "Courriel 2"
level = "Lien 2"
[levels]
legal = ["Père", "Mère"]
in_charge = ["Tuteur de fait"]
contact = ["À contacter"]
"#;

/// Writes one table, a row a pupil with two responsables.
pub fn csv(truth: &Truth, draw: &Draw) -> Vec<(String, Vec<u8>)> {
    let mut table = Table::new(draw, &[';', ',', '\t']);
    let head = [
        "N° élève",
        "Nom",
        "Prénom",
        "Né(e) le",
        "INE",
        "Classe",
        "Remarques",
        "",
        "Id resp. 1",
        "Nom resp. 1",
        "Prénom resp. 1",
        "Portable 1",
        "Courriel 1",
        "Lien 1",
        "Id resp. 2",
        "Nom resp. 2",
        "Prénom resp. 2",
        "Portable 2",
        "Courriel 2",
        "Lien 2",
    ];
    table.row(&texts(&head));
    for child in &truth.children {
        let given = [child.given.clone(), format!("{} bis", child.given)];
        let twice = truth.spoiled.contains(&Spoiled::ChildTwice(child.id));
        for given in given.iter().take(if twice { 2 } else { 1 }) {
            let mut row = texts(&[&child.id.to_string(), &child.family, given, &birth(truth, child, draw)]);
            row.push(child.ine.clone().unwrap_or_default());
            let remark = draw.word(&["", "=HYPERLINK(\"https://x.example\")", "+33", "dit \"Jo\", absent; voir"]);
            row.extend(texts(&[child.class, remark, ""]));
            for place in 0..2 {
                row.extend(match child.links.get(place) {
                    Some((parent, level)) => person_cells(truth, &truth.parents[*parent], *level, draw),
                    None => texts(&["", "", "", "", "", ""]),
                });
            }
            table.row(&row);
        }
    }
    vec![("eleves.csv".to_owned(), table.bytes())]
}

fn person_cells(truth: &Truth, parent: &Parent, level: Level, draw: &Draw) -> Vec<String> {
    let word: &str = match level {
        _ if truth.spoiled.contains(&Spoiled::Parent(parent.id)) => "Voisine",
        Level::Legal => draw.word(&["Père", "Mère", "MERE", " mère "]),
        Level::InCharge => "Tuteur de fait",
        Level::Contact => draw.word(&["À contacter", "A CONTACTER"]),
    };
    texts(&[&format!("R{}", parent.id), &parent.family, &parent.given, &parent.mobile, &parent.mail, word])
}
