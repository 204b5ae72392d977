//! An export of SIECLE, as XML or in its ZIP; a file of an academy's delivery.

use std::io::Cursor;

use preau::roster::formats::aaf::index::DeliveryIndex;
use preau::roster::formats::aaf::{AafDocument, RecordKind, for_each_request};
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
