//! An export of SIECLE, as XML or in its ZIP; a file of an academy's delivery; tables, their mappings, and accounts.

use std::io::Cursor;

use preau::arrivals::read_rows;
use preau::base::clock::Timestamp;
use preau::base::uai::Uai;
use preau::crypto::LegacyHash;
use preau::roster::Level;
use preau::roster::formats::aaf::index::DeliveryIndex;
use preau::roster::formats::aaf::{AafDocument, RecordKind, for_each_request};
use preau::roster::formats::columns::{TableSource, assemble_roster};
use preau::roster::formats::csv::guess::guess_mapping;
use preau::roster::formats::csv::mapping::ColumnMapping;
use preau::roster::formats::siecle::{self as format, DetectedExport};
use preau::roster::formats::{csv, onde, read_table};

/// Read to its end or refused, with file, record and reason; and twice the same.
pub fn siecle(bytes: &[u8]) {
    let read = format::read_exports("f", Cursor::new(bytes));
    let headers = format::read_headers("f", Cursor::new(bytes));
    match read {
        Ok(files) => {
            let rosters = |found: Vec<DetectedExport>| {
                found.iter().filter(|one| matches!(one, DetectedExport::Roster(..))).count()
            };
            assert_eq!(headers.map(rosters).ok(), Some(files.len()), "what is whole has its headers");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Read to its end or refused; and twice the same.
pub fn aaf(bytes: &[u8]) {
    for kind in RecordKind::ALL {
        let document = AafDocument { file: "f".into(), name: "f".to_owned(), kind };
        let read = || {
            let mut index = DeliveryIndex::default();
            let read = for_each_request(&document, Cursor::new(bytes), |request| index.take(&document, &request));
            (read, index.schools, index.errors)
        };
        let (first, second) = (read(), read());
        assert_eq!(first, second);
        assert!(first.0.is_ok() || first.0.is_err_and(|error| !error.to_string().is_empty()));
    }
}

/// Read to its end or refused, by ONDE's names, by a mapping that is guessed from it, and as a table of accounts. Whoever
/// is linked is there.
pub fn table(bytes: &[u8]) {
    let Ok(uai) = Uai::parse("0349999J") else { return };
    let at = Timestamp(1_757_349_720_000);
    let source = TableSource { uai, exported_at: None, unknown_level: Level::InCharge, pupils_alone: true };
    let table = match read_table("f", bytes) {
        Ok(table) => table,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    if let Ok(rows) = read_rows(&table) {
        assert_eq!(rows.len(), table.rows.len());
    }
    let guessed = guess_mapping(&[("f".to_owned(), table)]);
    let mapping = ColumnMapping::parse(&guessed);
    let by_mapping = mapping.ok().and_then(|mapping| csv::read_file("f", bytes, at, (&source, &mapping)).ok());
    for read in [onde::read_file("f", bytes, at, &source).ok(), by_mapping].into_iter().flatten() {
        let Ok(roster) = assemble_roster(&source, onde::WORDS, vec![read]) else { continue };
        for link in &roster.links {
            assert!(roster.pupils.iter().any(|pupil| pupil.id == link.pupil));
            assert!(roster.persons.iter().any(|person| person.id == link.person));
        }
    }
}

/// A mapping is read or refused, with a word why.
pub fn mapping(bytes: &[u8]) {
    match ColumnMapping::parse(&super::text(bytes)) {
        Ok(mapping) => _ = mapping.find_columns(&[super::text(bytes)]),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// A hash of another program is taken or refused, and what is taken is read again as it was.
pub fn hash(bytes: &[u8]) {
    if let Ok(hash) = LegacyHash::parse(&super::text(bytes)) {
        assert_eq!(LegacyHash::parse(hash.as_text()), Ok(hash));
    }
}
