//! What may be linked: the licences, crates and registries of `deny.toml`, held against the lock file.
//!
//! `cargo deny check` reads the same file and asks besides what was found since; it takes minutes to build, so that each
//! run holds the lists by the parser of licences that it uses.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use spdx::{Expression, LicenseReq, Licensee};

/// Returns the rules of `deny.toml`.
fn rules() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml");
    let file = config::Config::builder().add_source(config::File::from(path)).build().unwrap();
    file.try_deserialize().unwrap()
}

/// A package that is linked or builds something.
struct Package {
    name: String,
    /// Where the package comes from, unless it is the registry of cargo.
    source: Option<String>,
    licence: String,
}

/// Returns the packages of the build and its tests: the lock file has others, of features that are off.
fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--edges", "all", "--prefix", "none", "--format", "{p}\t{l}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: BTreeSet<&str> = text.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    lines.into_iter().filter_map(package).collect()
}

/// Reads a line such as "serde v1.0.229\tMIT OR Apache-2.0"; lines of features have no licence.
fn package(line: &str) -> Option<Package> {
    let (what, licence) = line.split_once('\t')?;
    let mut words = what.split(' ').filter(|word| *word != "(proc-macro)");
    let (name, _version, source) = (words.next()?, words.next()?, words.next());
    let source = source.map(|source| source.trim_matches(['(', ')']).to_owned());
    // The package itself is a folder.
    let source = source.filter(|source| source != env!("CARGO_MANIFEST_DIR"));
    Some(Package { name: name.to_owned(), source, licence: licence.to_owned() })
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

/// True if the expression can be satisfied by the allowed licences.
fn is_allowed(expression: &str, allowed: &[Licensee]) -> bool {
    let Ok(parsed) = Expression::parse_mode(expression, spdx::ParseMode::LAX) else { return false };
    parsed.evaluate(|required: &LicenseReq| allowed.iter().any(|licence| licence.satisfies(required)))
}

#[test]
fn every_dependency_is_allowed_by_deny_toml() {
    let rules = rules();
    let allowed: Vec<Licensee> =
        texts(&rules["licenses"]["allow"]).into_iter().map(|name| Licensee::parse(name).unwrap()).collect();
    let banned: BTreeMap<&str, &str> = rules["bans"]["deny"]
        .as_array()
        .unwrap()
        .iter()
        .map(|ban| (ban["crate"].as_str().unwrap(), ban["reason"].as_str().unwrap()))
        .collect();
    let packages = packages();
    assert!(packages.len() > 100, "{}", packages.len());
    let mut found = Vec::new();
    for Package { name, source, licence } in &packages {
        if !is_allowed(licence, &allowed) {
            found.push(format!("{name}: licence {licence}"));
        }
        if let Some(reason) = banned.get(name.as_str()) {
            found.push(format!("{name}: {reason}"));
        }
        // deny.toml allows the registry of cargo and nothing else.
        if let Some(source) = source {
            found.push(format!("{name}: comes from {source}"));
        }
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_licence_that_is_not_listed_is_refused() {
    let allowed = [Licensee::parse("MIT").unwrap()];
    for (expression, expected) in
        [("MIT", true), ("MIT OR GPL-3.0", true), ("MIT/Apache-2.0", true), ("MIT AND GPL-3.0", false), ("none", false)]
    {
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }
}
