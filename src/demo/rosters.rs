//! The rosters of the demo: real SIECLE files of invented people in six invented schools.
//!
//! The demo imports the files as a school would, without shortcuts. A handful of people are fixed ([`cast`]): the demo
//! suggests trying them, and tests use them. The other families are generated from a fixed seed. Nobody here exists;
//! mobiles are in the range reserved for fiction, except those showing overseas, foreign and landline numbers.

use std::io::{self, Cursor, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Datelike as _, NaiveDateTime};
use chrono_tz::Europe::Paris;

use crate::base::clock::Timestamp;
use crate::base::rng::SeededRandom;

mod crowd;
mod families;
mod people;
mod schools;
#[cfg(test)]
mod tests;
mod xml;

pub use people::{CastChild, CastMember, cast};
pub use schools::{DemoSchool, SCHOOLS};

/// One export of one school.
#[derive(Clone, Debug)]
pub struct RosterFile {
    /// The value of `--academy` for the import.
    pub academy: &'static str,
    pub uai: &'static str,
    /// `0349999J-ElevesAvecAdresses.xml`, or the ZIP of the export screen.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Makes two files for each school, exported at `now`, in the school year of `now`. Deterministic for a given `now`.
pub fn roster_files(now: Timestamp) -> io::Result<Vec<RosterFile>> {
    let exported = paris_date_time(now);
    let rentree = if exported.month() >= 8 { exported.year() } else { exported.year() - 1 };
    let rng = SeededRandom::new(0x50_52_45_41_55);
    let mut files = Vec::new();
    let mut numbers = crowd::IdSequence::default();
    for school in &SCHOOLS {
        let mut roster = people::cast_roster(school);
        crowd::add_families(&mut roster, school, rentree, exported.date(), &rng, &mut numbers);
        for (export, text) in [
            ("ElevesAvecAdresses", xml::pupils_xml(&roster, school, rentree, exported)),
            ("ResponsablesAvecAdresses", xml::persons_xml(&roster, school, rentree, exported)),
        ] {
            let bytes = xml::encode_latin9(&text);
            let (name, bytes) = if school.zipped {
                (format!("{}-ExportXML_{export}.zip", school.uai), zip_file(&format!("{export}.xml"), &bytes)?)
            } else {
                (format!("{}-{export}.xml", school.uai), bytes)
            };
            files.push(RosterFile { academy: school.academy, uai: school.uai, name, bytes });
        }
    }
    Ok(files)
}

/// Writes [`roster_files`] into `directory`, one folder an academy; returns (academy, file) in school order.
pub fn write_roster_files(directory: &Path, now: Timestamp) -> io::Result<Vec<(&'static str, PathBuf)>> {
    let mut written = Vec::new();
    for file in roster_files(now)? {
        let folder = directory.join(file.academy);
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(&file.name);
        std::fs::write(&path, &file.bytes)?;
        written.push((file.academy, path));
    }
    Ok(written)
}

fn paris_date_time(now: Timestamp) -> NaiveDateTime {
    DateTime::from_timestamp_millis(now.0).unwrap_or_default().with_timezone(&Paris).naive_local()
}

fn zip_file(name: &str, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, zip::write::SimpleFileOptions::default())?;
    zip.write_all(bytes)?;
    Ok(zip.finish()?.into_inner())
}
