//! What a migration may do (docs/threats.md#faults-f9, #fault-rt11): an older program works on beside a newer one's
//! schema, so nothing is changed that it reads, and nothing is asked of what it writes.

use std::fs;
use std::path::Path;

/// Migrations up to this one were written before two releases had to run side by side.
const BASELINE: i64 = 10;

/// The statements of a file, without comments, on one line each.
fn statements(sql: &str) -> Vec<String> {
    let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let all = code.join(" ");
    all.split(';').map(|s| s.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|s| !s.is_empty()).collect()
}

/// Why a file may not be released, if it may not.
fn fault(sql: &str) -> Option<String> {
    let all = statements(sql);
    let made: Vec<&str> =
        all.iter().filter_map(|s| s.strip_prefix("CREATE TABLE ")?.split([' ', '(']).next()).collect();
    for statement in &all {
        let words: Vec<&str> = statement.split(' ').collect();
        let allowed = match words.as_slice() {
            ["CREATE", "TABLE", ..] => columns(statement).iter().all(|column| is_portable(column)),
            ["CREATE", "INDEX", ..] => true,
            // An older program knows nothing of what must be unique: only in a table that it does not write.
            ["CREATE", "UNIQUE", "INDEX", _, "ON", table, ..] => made.contains(table),
            ["ALTER", "TABLE", _, "ADD", "COLUMN", _, rest @ ..] => {
                is_portable(&rest.join(" ")) && (!rest.contains(&"NOT") || rest.contains(&"DEFAULT"))
            }
            _ => false,
        };
        if !allowed {
            return Some(statement.clone());
        }
    }
    None
}

/// The parts of a table's definition, without their names.
fn columns(create: &str) -> Vec<String> {
    let inner = create.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')).map_or("", |(inner, _)| inner);
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in inner.chars() {
        depth += match c {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        if c == ',' && depth == 0 {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    let parts = parts.iter().map(|part| part.trim());
    let parts =
        parts.filter(|part| !["PRIMARY ", "UNIQUE ", "FOREIGN ", "CHECK "].iter().any(|word| part.starts_with(word)));
    parts.map(|part| part.split_once(' ').map_or("", |(_, rest)| rest).to_owned()).collect()
}

/// TEXT, BIGINT and BOOLEAN are what both databases write alike.
fn is_portable(column: &str) -> bool {
    ["TEXT", "BIGINT", "BOOLEAN"].contains(&column.split(' ').next().unwrap_or_default())
}

#[test]
fn faults_f9_migrations_only_add() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let version: i64 = name.split('_').next().unwrap().parse().unwrap_or_else(|_| panic!("{name}"));
        if version > BASELINE {
            seen += 1;
            let sql = fs::read_to_string(entry.path()).unwrap();
            assert_eq!(fault(&sql), None, "{name}");
        }
    }
    assert!(seen > 0);
}

#[test]
fn faults_f9_what_would_stop_an_older_program_is_found() {
    for sql in [
        "DROP TABLE account",
        "DROP INDEX outbox_lane",
        "ALTER TABLE account DROP COLUMN stem",
        "ALTER TABLE account RENAME COLUMN stem TO root",
        "ALTER TABLE account RENAME TO konto",
        "ALTER TABLE account ADD COLUMN x TEXT NOT NULL",
        "ALTER TABLE account ADD COLUMN x INTEGER",
        "UPDATE account SET state = 'ended'",
        "DELETE FROM account",
        "INSERT INTO academy (id) VALUES ('x')",
        "CREATE UNIQUE INDEX account_name ON account (family_name)",
        "CREATE TABLE x (id TEXT PRIMARY KEY, at TIMESTAMP)",
        "CREATE TRIGGER x AFTER INSERT ON account BEGIN SELECT 1; END",
        "-- a comment; DROP TABLE x\nCREATE TABLE y (id TEXT); DROP TABLE account",
    ] {
        assert!(fault(sql).is_some(), "{sql}");
    }
    for sql in [
        "-- DROP TABLE x;\nCREATE TABLE x (id TEXT PRIMARY KEY, n BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (id, n));",
        "CREATE TABLE x (id TEXT); CREATE UNIQUE INDEX x_once ON x (id) WHERE id <> '';",
        "CREATE INDEX account_name ON account (family_name);",
        "ALTER TABLE account ADD COLUMN x TEXT;\nALTER TABLE account ADD COLUMN y BOOLEAN NOT NULL DEFAULT FALSE;",
    ] {
        assert_eq!(fault(sql), None, "{sql}");
    }
}

/// Two branches may take the same number: each is whole, and together no database opens.
#[test]
fn faults_f9_each_number_is_taken_once() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut numbers = std::collections::BTreeSet::new();
    for file in fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let number = name.split_once('_').unwrap().0.to_owned();
        assert!(numbers.insert(number), "{name}: another migration has its number");
    }
}
