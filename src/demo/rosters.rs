//! The rosters of the demo: real SIECLE files of invented people in six invented schools.
//!
//! The demo imports them as a school would, so nothing of it is a short cut. A handful of people are fixed
//! ([`cast`]): the demo names them to be tried, and tests use them. The crowd around them is drawn from a seed, the
//! same every time. Nobody here exists; mobiles are of the range for fiction, but for those that show what overseas,
//! foreign and landline numbers do.

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

pub use people::{Cast, CastChild, cast};
pub use schools::{SCHOOLS, School};

/// One export of one school.
#[derive(Clone, Debug)]
pub struct RosterFile {
    /// To be imported with `--academy`.
    pub academy: &'static str,
    pub uai: &'static str,
    /// `0349999J-ElevesAvecAdresses.xml`, or the ZIP of the export screen.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Two files a school, exported at `now`, of the school year that `now` is in. The same for the same `now`.
pub fn files(now: Timestamp) -> io::Result<Vec<RosterFile>> {
    let exported = in_paris(now);
    let rentree = if exported.month() >= 8 { exported.year() } else { exported.year() - 1 };
    let rng = SeededRandom::new(0x50_52_45_41_55);
    let mut files = Vec::new();
    let mut numbers = crowd::Numbers::default();
    for school in &SCHOOLS {
        let mut roster = people::roster(school);
        crowd::add(&mut roster, school, rentree, exported.date(), &rng, &mut numbers);
        for (export, text) in [
            ("ElevesAvecAdresses", xml::eleves(&roster, school, rentree, exported)),
            ("ResponsablesAvecAdresses", xml::responsables(&roster, school, rentree, exported)),
        ] {
            let bytes = xml::in_latin9(&text);
            let (name, bytes) = if school.zipped {
                (format!("{}-ExportXML_{export}.zip", school.uai), zipped(&format!("{export}.xml"), &bytes)?)
            } else {
                (format!("{}-{export}.xml", school.uai), bytes)
            };
            files.push(RosterFile { academy: school.academy, uai: school.uai, name, bytes });
        }
    }
    Ok(files)
}

/// Writes [`files`] into `directory`, one folder an academy; gives (academy, file) in the order of the schools.
pub fn write(directory: &Path, now: Timestamp) -> io::Result<Vec<(&'static str, PathBuf)>> {
    let mut written = Vec::new();
    for file in files(now)? {
        let folder = directory.join(file.academy);
        std::fs::create_dir_all(&folder)?;
        let path = folder.join(&file.name);
        std::fs::write(&path, &file.bytes)?;
        written.push((file.academy, path));
    }
    Ok(written)
}

fn in_paris(now: Timestamp) -> NaiveDateTime {
    DateTime::from_timestamp_millis(now.0).unwrap_or_default().with_timezone(&Paris).naive_local()
}

fn zipped(name: &str, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, zip::write::SimpleFileOptions::default())?;
    zip.write_all(bytes)?;
    Ok(zip.finish()?.into_inner())
}
