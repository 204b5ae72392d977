//! What the documents promise: every line that a test holds is in `docs/threats.md`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::sources;

/// The lists of `docs/threats.md`, as the first words of tests' names.
const LISTS: [&str; 6] = ["threat", "attack", "fault", "property", "protocol", "faults"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
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
