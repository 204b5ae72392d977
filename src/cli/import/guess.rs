//! `preau import --guess-mapping`: prints a mapping, and imports nothing.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::roster::formats::csv::guess::guess_mapping;
use crate::roster::formats::csv::read_tables;

/// Prints a guessed mapping of the files. Always true.
pub fn print_mapping(files: &[PathBuf], out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let mut opened = Vec::new();
    for path in files {
        let name = path.display().to_string();
        opened.push((name.clone(), File::open(path).with_context(|| format!("{name}: cannot be read"))?));
    }
    write!(out, "{}", guess_mapping(&read_tables(opened.into_iter())?))?;
    Ok(true)
}
