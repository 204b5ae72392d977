//! Guesses a mapping from the names of columns, with values of each as examples, for somebody to look at.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::roster::formats::columns::fold_header;
use crate::roster::formats::reader::csv_table::CsvTable;

/// The maximum characters of an example, and the number of examples of a column.
const MAX_EXAMPLE_CHARS: usize = 30;
const MAX_EXAMPLES: usize = 3;

/// A key of a mapping, with the words by which a column's name tells it.
struct Rule {
    key: &'static str,
    /// One of them is among the words of the name.
    any: &'static [&'static str],
    /// None of them is.
    none: &'static [&'static str],
}

const fn rule(key: &'static str, any: &'static [&'static str], none: &'static [&'static str]) -> Rule {
    Rule { key, any, none }
}

const NOT_FIRST: &[&str] = &["2", "3", "deuxieme", "troisieme", "prenom2", "prenom3"];
/// In the order in which they are tried: the first that agrees takes the column.
const PUPIL_RULES: [Rule; 8] = [
    rule("ine", &["ine", "ina", "national"], &[]),
    rule("born", &["naissance", "ne", "nee"], &["commune", "departement", "pays", "ville", "lieu", "code", "nom"]),
    rule("left_on", &["sortie"], &["motif"]),
    rule("given", &["prenom", "prenoms", "prenom1"], NOT_FIRST),
    rule("usage", &["usage", "usuel", "epouse"], &[]),
    rule("family", &["nom", "patronyme"], &["commune", "mere", "pere"]),
    rule("class", &["division", "classe", "classes"], &["code", "identifiant", "entree"]),
    rule("id", &["id", "identifiant", "numero", "matricule"], &["classe", "telephone", "rue", "mobile", "portable"]),
];
const PERSON_RULES: [Rule; 9] = [
    rule("mobile", &["portable", "mobile", "gsm"], &[]),
    rule("mail", &["courriel", "mail", "mel", "email", "courriels", "mails"], &[]),
    rule("home", &["domicile", "fixe", "personnel"], &["adresse"]),
    rule("work", &["travail", "professionnel", "bureau"], &["adresse"]),
    rule("level", &["legal", "niveau", "responsabilite"], &["nom", "prenom"]),
    rule("given", &["prenom", "prenoms"], &[]),
    rule("usage", &["usage", "usuel", "epouse"], &[]),
    rule("family", &["nom"], &["commune"]),
    rule("id", &["id", "identifiant", "numero", "matricule"], &["telephone", "rue"]),
];
const PERSON_WORDS: &[&str] = &["responsable", "responsables", "resp", "parent", "tuteur", "pere", "mere", "legal"];
const CHILD_WORDS: &[&str] = &["eleve", "eleves", "enfant", "enfants", "apprenant"];

/// A part of the mapping: keys with the columns found.
type Part = BTreeMap<&'static str, (String, Vec<String>)>;

/// Returns a mapping as TOML, with comments for what was not found.
pub fn guess_mapping(tables: &[(String, CsvTable)]) -> String {
    let (mut pupils, mut persons, mut children) = (Part::new(), BTreeMap::<String, Part>::new(), Part::new());
    for (_, table) in tables {
        guess_table(table, &mut pupils, &mut persons, &mut children);
    }
    let mut text = String::from("# Guessed from the names of the columns. Look at the examples before it is used.\n\n");
    write_part(&mut text, "[pupils]", &pupils, &["family", "given", "born"]);
    for part in persons.values() {
        write_part(&mut text, "[[responsables]]", part, &["family", "given", "mobile"]);
        if !children.is_empty() {
            write_part(&mut text, "[[responsables.children]]", &children, &["family", "given"]);
        }
    }
    if persons.values().any(|part| part.contains_key("level")) {
        text.push_str("# The words of the column of levels.\n[levels]\nlegal = []\nin_charge = []\ncontact = []\n");
    } else if !persons.is_empty() {
        text.push_str("# No column says who is a legal representative: all are in charge until --all-legal.\n");
    }
    text
}

fn guess_table(table: &CsvTable, pupils: &mut Part, persons: &mut BTreeMap<String, Part>, children: &mut Part) {
    let folded: Vec<String> = table.header.iter().map(|name| fold_header(name)).collect();
    let words = |name: &str| -> Vec<String> { name.split(' ').map(str::to_owned).collect() };
    let has = |name: &str, known: &[&str]| {
        words(name).iter().any(|word| known.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit())))
    };
    let is_pupils = folded.iter().any(|name| matches(&PUPIL_RULES[1], &words(name)) && !has(name, PERSON_WORDS));
    let is_persons = folded.iter().any(|name| matches(&PERSON_RULES[0], &words(name)));
    for (place, name) in folded.iter().enumerate() {
        let Some(written) = table.header.get(place).filter(|_| !name.is_empty()) else { continue };
        let number = folded.iter().take(place).filter(|other| *other == name).count();
        let is_repeated = folded.iter().filter(|other| *other == name).count() > 1;
        let column = if is_repeated { format!("{written} #{}", number + 1) } else { written.clone() };
        let entry = (column, examples(table, place));
        let of_person = has(name, PERSON_WORDS) || !is_pupils && is_persons && !has(name, CHILD_WORDS);
        let (part, rules): (_, &[Rule]) = match (of_person, is_pupils) {
            (true, _) => (persons.entry(person_group(&words(name))).or_default(), &PERSON_RULES),
            (false, true) => (&mut *pupils, &PUPIL_RULES),
            (false, false) => (&mut *children, &PUPIL_RULES),
        };
        if let Some(rule) = rules.iter().find(|rule| matches(rule, &words(name))) {
            part.entry(rule.key).or_insert(entry);
        }
    }
    // Columns of a child other than these name nobody.
    children.retain(|key, _| ["id", "family", "usage", "given", "class"].contains(key));
}

/// Returns which of several responsables of a row a column is of: a number, or father or mother.
fn person_group(words: &[String]) -> String {
    let digit = words.iter().filter_map(|word| word.chars().last()).find(char::is_ascii_digit);
    let relation = words.iter().find(|word| matches!(word.as_str(), "pere" | "mere"));
    digit.map(String::from).or(relation.cloned()).unwrap_or_default()
}

fn matches(rule: &Rule, words: &[String]) -> bool {
    let bare = |word: &String| word.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    let has = |known: &[&str], word: &String| known.contains(&word.as_str());
    let is_told = words.iter().any(|word| has(rule.any, word) || has(rule.any, &bare(word)));
    is_told && !words.iter().any(|word| has(rule.none, word))
}

fn examples(table: &CsvTable, place: usize) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for value in table.rows.iter().filter_map(|row| row.cell(place)) {
        let shown: String = value.chars().filter(|c| !c.is_control()).take(MAX_EXAMPLE_CHARS).collect();
        if !found.contains(&shown) {
            found.push(shown);
        }
        if found.len() == MAX_EXAMPLES {
            break;
        }
    }
    found
}

fn write_part(text: &mut String, heading: &str, part: &Part, required: &[&str]) {
    // Writing to a text does not fail.
    _ = writeln!(text, "{heading}");
    for (key, (column, examples)) in part {
        let quoted = column.replace('\\', "\\\\").replace('"', "\\\"");
        let quoted: String = quoted.chars().filter(|c| !c.is_control()).collect();
        let shown = if examples.is_empty() { "empty".to_owned() } else { examples.join(" · ") };
        _ = writeln!(text, "{key} = \"{quoted}\" # {shown}");
    }
    for key in required.iter().filter(|key| !part.contains_key(*key)) {
        _ = writeln!(text, "# {key} = \"\" was not found");
    }
    text.push('\n');
}
