//! What the documents promise: every line that a test holds is in `docs/threats.md`; whatever is cited, named or linked
//! is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::sources;

/// The lists of `docs/threats.md`, as the first words of tests' names.
const LISTS: [&str; 7] = ["threat", "attack", "fault", "property", "protocol", "faults", "takeover"];

/// Folders and files whose words are read; what is fetched, built or drawn is not.
const READ: [&str; 16] = [
    ".ci",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Cargo.toml",
    "README.md",
    "SECURITY.md",
    "build.rs",
    "config",
    "deny.toml",
    "docs",
    "fuzz",
    "migrations",
    "rust-toolchain.toml",
    "src",
    "templates",
    "tests",
];
const NOT_READ: [&str; 7] = ["node_modules", "artefacts", "target", "seeds", "corpus", "artifacts", "samples"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text of the repository, with its path from the root.
fn texts() -> Vec<(PathBuf, String)> {
    let mut out = Vec::new();
    let mut waiting: Vec<PathBuf> = READ.iter().map(|name| root().join(name)).filter(|path| path.exists()).collect();
    while let Some(path) = waiting.pop() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && !NOT_READ.contains(&&*name) && name != ".venv" {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if let Ok(text) = fs::read_to_string(&path) {
            out.push((path.strip_prefix(root()).unwrap().to_owned(), text));
        }
    }
    out
}

/// Whether a word of a test's name is a line of a list: `s01`, `rt13`.
fn is_line(word: &str) -> bool {
    let list = word.trim_end_matches(|c: char| c.is_ascii_digit());
    let one_letter = list.len() == 1 && list.bytes().all(|b| b.is_ascii_lowercase());
    (one_letter || list == "rt") && (1..=2).contains(&(word.len() - list.len()))
}

/// The names of a file's tests.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let tests = text.split("#[test]").skip(1).chain(text.split("#[tokio::test").skip(1));
    tests.filter_map(|after| after.split_once("fn ")?.1.split(['(', '<']).next())
}

fn test_names() -> Vec<String> {
    let all = ["src", "tests/it", "fuzz/targets"].into_iter().flat_map(|folder| sources(&root().join(folder)));
    all.flat_map(|(_, text)| names(&text).map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The lines that a test's name says it holds, as anchors: `attack_r1_to_r3_threat_s11_…` holds four.
fn held(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split('_').collect();
    let mut out: Vec<String> = Vec::new();
    let mut list = None;
    for (at, word) in words.iter().enumerate() {
        let next_is_line = words.get(at + 1).is_some_and(|next| is_line(next));
        match list {
            _ if LISTS.contains(word) && next_is_line => list = Some(*word),
            Some(list) if is_line(word) => {
                let letters = word.trim_end_matches(|c: char| c.is_ascii_digit());
                let number = |line: &str| line[letters.len()..].parse::<u32>().unwrap();
                let range = words[at - 1] == "to";
                let first = if range { number(words[at - 2]) + 1 } else { number(word) };
                let digits = word.len() - letters.len();
                out.extend((first..=number(word)).map(|n| format!("{list}-{letters}{n:0digits$}")));
            }
            Some(_) if *word == "to" && next_is_line => {}
            _ => break,
        }
    }
    out
}

/// The anchors of `docs/threats.md`.
fn anchors() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("docs/threats.md")).unwrap();
    let all: Vec<String> =
        text.split("<a id=\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect();
    let distinct: BTreeSet<String> = all.iter().cloned().collect();
    assert_eq!(distinct.len(), all.len(), "an anchor of docs/threats.md stands twice");
    distinct
}

/// Lines of two lists have one name, so a test says whose it holds.
#[test]
fn a_test_that_holds_a_line_names_its_list() {
    let nameless: Vec<String> =
        test_names().into_iter().filter(|name| is_line(name.split('_').next().unwrap_or_default())).collect();
    assert!(nameless.is_empty(), "of which list? one of {LISTS:?}: {nameless:?}");
}

#[test]
fn every_line_that_a_test_holds_is_in_the_list_of_threats() {
    assert_eq!(
        held("attack_r1_to_r3_r7_threat_s11_s9_words_that_are_no_a1"),
        ["attack-r1", "attack-r2", "attack-r3", "attack-r7", "threat-s11", "threat-s9"]
    );
    assert_eq!(held("fault_rt07_a_c1"), ["fault-rt07"]);
    assert!(held("faults_that_are_no_line").is_empty() && held("a_protocol_a1").is_empty());
    let anchors = anchors();
    let names = test_names();
    let lines: BTreeSet<String> = names.iter().flat_map(|name| held(name)).collect();
    assert!(lines.len() > 150, "the tests were not found");
    let missing: Vec<&String> = lines.iter().filter(|line| !anchors.contains(*line)).collect();
    assert!(missing.is_empty(), "not in docs/threats.md: {missing:?}");
}

/// Papers that its writers had beside them: whoever clones the repository has not.
const ELSEWHERE: [&str; 9] =
    ["ABUSE", "ACCOUNT", "CONSOLE", "DESIGN", "DOMAIN", "FAULTS", "HOUSE", "PAGES", "PROTOCOL"];

/// Whether what follows a word makes a citation of it: a section, a line of a list, or the name of a file.
fn is_cited(after: &str) -> bool {
    let section = after
        .strip_prefix(' ')
        .map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_uppercase()).trim_start_matches([' ', '-', '.']));
    after.starts_with(".md") || section.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The places where `word` stands and is no part of a longer word or path.
fn places<'a>(text: &'a str, word: &str) -> impl Iterator<Item = &'a str> {
    let joins = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
    text.match_indices(word).filter(move |(at, _)| !text[..*at].ends_with(joins)).map(move |(at, _)| &text[at..])
}

/// What a text cites that is not there.
fn not_there(text: &str, anchors: &BTreeSet<String>) -> Vec<String> {
    let word = |text: &str, more: &[char]| {
        text.chars().take_while(|c| c.is_ascii_alphanumeric() || more.contains(c)).collect::<String>()
    };
    let mut out: Vec<String> = Vec::new();
    for name in ELSEWHERE {
        out.extend(places(text, name).filter(|at| is_cited(&at[name.len()..])).map(|at| at.chars().take(20).collect()));
    }
    let paths = places(text, "docs/").map(|at| word(at, &['/', '.', '_', '-']).trim_end_matches('.').to_owned());
    out.extend(paths.filter(|path| !path.ends_with(".png") && !root().join(path).exists()));
    for rest in text.split('#').skip(1) {
        let anchor = word(rest, &['-']);
        let is_of_a_list = anchor.split_once('-').is_some_and(|(list, line)| LISTS.contains(&list) && is_line(line));
        if is_of_a_list && !anchors.contains(&anchor) {
            out.push(format!("#{anchor}"));
        }
    }
    out
}

#[test]
fn whatever_is_cited_is_in_the_repository() {
    let anchors = anchors();
    let said = |text: &str| not_there(text, &anchors);
    for text in
        ["(DESIGN 7)", "ABUSE.md", "HOUSE B.1", "PROTOCOL A 24", "docs/nowhere.md", "docs/threats.md#attack-r99"]
    {
        assert_eq!(said(text).len(), 1, "{text}");
    }
    for text in ["docs/threats.md#attack-r1, #attack-r2", "PAGES: [&str; 12]", "a DOMAIN", "https://a.example/docs/x"] {
        assert_eq!(said(text), Vec::<String>::new(), "{text}");
    }
    let texts = texts();
    assert!(texts.len() > 400, "the texts were not found");
    let missing: Vec<String> = texts
        .iter()
        .filter(|(path, _)| !path.ends_with("architecture/documents.rs"))
        .flat_map(|(path, text)| said(text).into_iter().map(|what| format!("{}: {what}", path.display())))
        .collect();
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

/// Folders whose files documents name, and functions in them: `src/oidc/tokens/claims.rs::claims_for`.
const NAMED: [&str; 5] = ["fuzz/", "migrations/", "src/", "templates/", "tests/"];

/// What a document names that is not there: a file, or a function of one.
fn not_named(text: &str) -> Vec<String> {
    let take = |text: &str, more: &[char]| {
        text.chars().take_while(|c| c.is_ascii_alphanumeric() || more.contains(c)).collect::<String>()
    };
    let mut out = Vec::new();
    for at in NAMED.iter().flat_map(|folder| places(text, folder)) {
        let whole = take(at, &['/', '.', '_', '-']);
        let path = whole.trim_end_matches('.');
        let function = at.strip_prefix(path).and_then(|rest| rest.strip_prefix("::")).map(|rest| take(rest, &['_']));
        let file = fs::read_to_string(root().join(path)).unwrap_or_default();
        let is_there = match &function {
            None => root().join(path).exists(),
            Some(name) => file.contains(&format!("fn {name}(")) || file.contains(&format!("fn {name}<")),
        };
        if !is_there {
            out.push(function.map_or_else(|| path.to_owned(), |name| format!("{path}::{name}")));
        }
    }
    out
}

#[test]
fn whatever_a_document_names_is_there() {
    assert_eq!(not_named("`src/nowhere.rs`, `src/lib.rs::nothing`."), ["src/nowhere.rs", "src/lib.rs::nothing"]);
    assert!(not_named("`tests/it/` and `src/oidc/tokens/claims.rs::claims_for`.").is_empty());
    let is_document = |path: &Path| path.extension().is_some_and(|x| x == "md") && !path.ends_with("CHANGELOG.md");
    let missing: Vec<String> = texts()
        .iter()
        .filter(|(path, _)| is_document(path))
        .flat_map(|(path, text)| not_named(text).into_iter().map(|what| format!("{}: {what}", path.display())))
        .collect();
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn every_link_of_a_document_leads_somewhere() {
    let mut dead = Vec::new();
    for (path, text) in texts().iter().filter(|(path, _)| path.extension().is_some_and(|x| x == "md")) {
        for rest in text.split("](").skip(1) {
            let target = rest.split([')', '#']).next().unwrap_or_default();
            let elsewhere = target.contains("://") || target.is_empty() || target.ends_with(".png");
            if !elsewhere && !root().join(path).with_file_name(target).exists() {
                dead.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(dead.is_empty(), "\n{}", dead.join("\n"));
}
