//! The guard rail of the house's floors: reads the sources, names each `use` that goes up or sideways.
//!
//! Where a rule is wrong, it is changed here with a word why. The checker itself is held by small made-up houses.

mod documents;
mod floors;
mod names;
mod reader;

use std::fs;
use std::path::{Path, PathBuf};

use floors::violations;
use reader::Source;

/// Every source below a folder, and its text.
fn sources(root: &Path) -> Vec<(PathBuf, String)> {
    let mut out = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|x| x == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                out.push((path, text));
            }
        }
    }
    out
}

fn read_house() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let read =
        |(path, text): (PathBuf, String)| Source::read(path.strip_prefix(&root).unwrap().to_str().unwrap(), &text);
    sources(&root).into_iter().map(read).collect()
}

#[test]
fn the_floors_hold() {
    let house = read_house();
    assert!(house.len() > 100, "the sources were not found");
    let found = violations(&house);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// What the checker says of a file in a house of a few others.
fn violations_of(path: &str, text: &str) -> Vec<String> {
    let others = [
        "base/clock.rs",
        "app.rs",
        "db/mod.rs",
        "http/pages.rs",
        "sms/mod.rs",
        "accounts/mod.rs",
        "accounts/store.rs",
        "accounts/ops.rs",
        "roster/store.rs",
        "roster/ops.rs",
        "login/ops.rs",
        "login/pages.rs",
        "sessions/ops.rs",
        "activation/ops.rs",
        "activation/store.rs",
        "oidc/authorization/validation.rs",
        "audit/store.rs",
        "bootstrap.rs",
    ];
    let mut house: Vec<Source> =
        others.iter().filter(|o| **o != path).map(|other| Source::read(other, "//! Nothing.\n")).collect();
    house.push(Source::read(path, text));
    violations(&house)
}

/// Lines that repeat a path of the public listener; samples of pages and programs that call from outside may.
fn repeated_paths(path: &str, text: &str, known: &[&str]) -> Vec<String> {
    let parts: Vec<&str> = path.split(['/', '.']).collect();
    if ["demo", "cli", "views", "tests", "paths", "telemetry"].iter().any(|part| parts.contains(part)) {
        return Vec::new();
    }
    let code = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    // Each text that begins like a path, up to where it ends or something is put in.
    let repeats = |line: &&str| {
        let mut texts = line.split("\"/").skip(1).filter_map(|rest| rest.find(['"', '?', '{']).map(|end| &rest[..end]));
        texts.any(|text| known.iter().any(|known| known[1..] == *text))
    };
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//")).filter(repeats);
    lines.map(|line| format!("{path}: {}", line.trim())).collect()
}

#[test]
fn each_path_stands_once() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let paths = fs::read_to_string(root.join("http/paths.rs")).unwrap();
    let known: Vec<&str> = paths.split('"').filter(|text| text.starts_with('/') && text.len() > 1).collect();
    assert!(known.len() > 20);
    let found: Vec<String> = sources(&root)
        .into_iter()
        .flat_map(|(path, text)| repeated_paths(path.strip_prefix(&root).unwrap().to_str().unwrap(), &text, &known))
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    let sample = "fn f() { see_other(\"/compte\"); g(\"/comptes\") }\n// \"/compte\"\nformat!(\"/compte?{x}\")\n";
    assert_eq!(repeated_paths("login/pages.rs", sample, &known).len(), 2);
    assert_eq!(repeated_paths("login/views.rs", sample, &known).len(), 0);
}

/// `tests/run` has these alone of the library meet PostgreSQL: others would silently go on with SQLite.
#[test]
fn of_the_library_only_the_rosters_meet_a_database_of_the_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let names = |text: &str| text.contains("TEST_DATABASE_URL") || text.contains("TEST_REDIS_URL");
    let readers: Vec<PathBuf> =
        sources(&root).into_iter().filter(|(_, text)| names(text)).map(|(path, _)| path).collect();
    assert!(!readers.is_empty(), "none is found");
    for path in readers {
        let path = path.strip_prefix(&root).unwrap_or(&path).to_owned();
        assert!(path.starts_with("roster"), "{} is not run on PostgreSQL: see on_servers of tests/run", path.display());
    }
}

#[test]
fn what_is_allowed_is_passed_over() {
    for (path, text) in [
        ("accounts/ops.rs", "use super::store;\nuse crate::{roster::{self, store}, db::Tx, base::clock::Clock};"),
        ("accounts/ops.rs", "// use crate::login::pages;\nconst A: &str = \"crate::login::pages\";"),
        ("accounts/ops.rs", "#[cfg(test)]\nmod tests { use crate::login::pages::show; }"),
        ("accounts/store.rs", "use sqlx::FromRow;"),
        ("login/pages.rs", "use axum::extract::State;\nuse crate::sessions::ops;"),
        ("http/pages.rs", "use axum::http::StatusCode;"),
        ("http/routing.rs", "use axum::routing::MethodRouter;"),
        ("login/pages.rs", "fn f() { get(show).merge(post(submit)); fields.get(a).delete(b); client().post(url) }"),
        ("login/ops.rs", "use crate::sessions::ops::begin; fn f<'a>(c: char) -> bool { c == '\"' || c == '\\'' }"),
        ("config/mod.rs", "fn f() { std::env::var(\"X\"); }"),
    ] {
        assert_eq!(violations_of(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn each_rule_can_fail() {
    for (path, text) in [
        // Up.
        ("accounts/mod.rs", "use self::store::by_id;"),
        ("accounts/mod.rs", "pub mod store;\nfn f() { store::by_id() }"),
        ("accounts/store.rs", "use crate::accounts::ops::open;"),
        ("accounts/ops.rs", "fn f() { crate::login::pages::show() }"),
        ("db/mod.rs", "use crate::{base::clock, app::App};"),
        ("base/clock.rs", "use crate::db::Tx;"),
        ("login/pages.rs", "use crate::bootstrap;"),
        ("http/pages.rs", "use crate::sms::Gateway;"),
        // Sideways.
        ("roster/ops.rs", "use crate::accounts::ops;"),
        ("login/ops.rs", "use crate::activation::{ops, store};"),
        ("oidc/authorization/validation.rs", "use crate::login::ops::sign_in;"),
        ("audit/store.rs", "use super::super::accounts::store;"),
        ("db/mod.rs", "use crate::http::pages;"),
        // Crates and the environment.
        ("accounts/ops.rs", "use sqlx::query;"),
        ("accounts/ops.rs", "use axum::Json;"),
        ("accounts/mod.rs", "fn f() -> axum::http::StatusCode {}"),
        ("login/pages.rs", "use axum::routing::{get, post};"),
        ("login/pages.rs", "fn f() { get(show)\n.post(submit) }"),
        ("login/pages.rs", "fn f() { get(show).merge(post(submit)).delete(end) }"),
        ("accounts/ops.rs", "use josekit::jws;"),
        ("login/ops.rs", "fn f() { std::env::var(\"X\"); }"),
        // A feature that the table does not know.
        ("surprise/ops.rs", "fn f() {}"),
    ] {
        assert_eq!(violations_of(path, text).len(), 1, "{path}: {text}: {:?}", violations_of(path, text));
    }
    assert_eq!(violations_of("accounts/ops.rs", &"fn f() {}\n".repeat(400)).len(), 1, "a long file");
    let tested = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{}}}\n", "fn t() {}\n".repeat(400));
    assert_eq!(violations_of("accounts/ops.rs", &tested), Vec::<String>::new(), "tests are not counted");
}
