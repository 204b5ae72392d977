//! An export of SIECLE, as XML or in its ZIP.

use std::io::Cursor;

use preau::roster::formats::siecle::{self as format, DetectedExport};

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
