//! Names and comments: each `pub` type has a name of its own, constants say a unit and a sense, and a documentation
//! comment says what a thing is instead of alluding to it.

use std::collections::BTreeMap;
use std::path::Path;

use super::reader::Source;
use super::{read_house, sources};

/// Words that say neither unit nor sense, where they are the whole name of a constant.
const VAGUE_CONSTANTS: [&str; 8] = ["LONGEST", "MOST", "LIFE", "PATIENCE", "AHEAD", "LATE", "KEPT", "TYP"];

/// First words by which a comment alludes to a thing.
const VAGUE_OPENINGS: [&str; 12] =
    ["what", "who", "whom", "whose", "whether", "how", "why", "where", "when", "those", "as", "which"];

/// Names that mean the same in each module by a convention of Rust.
const CONVENTIONAL: [&str; 2] = ["Result", "Error"];

/// The names of items that begin with one of the words, one line each.
fn declared<'a>(source: &'a Source, words: &'a [&str]) -> impl Iterator<Item = &'a str> {
    source.code.lines().filter_map(move |line| {
        // Only at the top of a file: what stands deeper has its parent's name before it.
        let rest = words.iter().find_map(|word| line.strip_prefix(word))?;
        Some(rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default())
    })
}

/// The types whose name stands more than once, with their files.
fn doubled(house: &[Source]) -> Vec<String> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for source in house.iter().filter(|source| !source.is_test()) {
        for name in declared(source, &["pub struct ", "pub enum ", "pub trait ", "pub type "]) {
            all.entry(name).or_default().push(&source.path);
        }
    }
    all.retain(|name, paths| paths.len() > 1 && !CONVENTIONAL.contains(name));
    all.into_iter().map(|(name, paths)| format!("{name}: {}", paths.join(", "))).collect()
}

/// The constants that are named by a vague word alone.
fn vague_constants(house: &[Source]) -> Vec<String> {
    let mut out = Vec::new();
    for source in house {
        for name in declared(source, &["const ", "pub const ", "pub(crate) const ", "pub(super) const "]) {
            if VAGUE_CONSTANTS.contains(&name) {
                out.push(format!("{}: {name}", source.path));
            }
        }
    }
    out
}

/// The documentation comments that begin with a vague word.
fn vague_comments(path: &str, text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
    let mut out = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let Some(said) = line.strip_prefix("/// ") else { continue };
        let opens = number == 0 || !lines[number - 1].starts_with("///");
        let first = said.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default().to_lowercase();
        if opens && VAGUE_OPENINGS.contains(&first.as_str()) {
            out.push(format!("{path}:{}: {said}", number + 1));
        }
    }
    out
}

#[test]
fn each_public_type_has_a_name_of_its_own() {
    let found = doubled(&read_house());
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn constants_say_a_unit_and_a_sense() {
    let found = vague_constants(&read_house());
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn documentation_says_what_a_thing_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let found: Vec<String> =
        sources(&root).iter().flat_map(|(path, text)| vague_comments(&path.display().to_string(), text)).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn each_rule_of_names_can_fail() {
    let house = [
        Source::read("accounts/mod.rs", "pub struct Account {}\nconst LIFE: u8 = 1;\n"),
        Source::read(
            "demo/mod.rs",
            "/// A text: pub struct Other\npub enum Account {}\nmod inner {\n    pub struct Account;\n}\n",
        ),
    ];
    assert_eq!(doubled(&house), ["Account: accounts/mod.rs, demo/mod.rs"]);
    assert_eq!(vague_constants(&house), ["accounts/mod.rs: LIFE"]);
    let text = "/// Whose account\n/// when asked.\nfn f() {}\n/// The account\n/// whose name is asked.\nfn g() {}\n";
    assert_eq!(vague_comments("a.rs", text), ["a.rs:1: Whose account"]);
}
