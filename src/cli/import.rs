//! `preau import`: the rosters of an academy's schools, a line a finding.

use std::io::Write;
use std::path::PathBuf;

use crate::roster::ops::{House, Request, import};
use crate::roster::reconcile::Removals;

/// Imports rosters. Exit code 0 only if all was taken.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The format of the files.
    #[arg(long, value_enum)]
    pub format: Format,
    /// The academy whose schools these are, as in academies.toml: montpellier.
    #[arg(long)]
    pub academy: String,
    /// Says what would change, and changes nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Takes a set that ends more than 5 % of a school's pupils or legal links (40 % at a new school year).
    #[arg(long)]
    pub accept_removals: bool,
    /// Both exports of each school, élèves and responsables, as XML or as the ZIP of the export screen.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// SIECLE's ElevesAvecAdresses and ResponsablesAvecAdresses, of any year.
    Siecle,
}

/// True if all was taken. Everything is reported to `out`, a school as soon as it is done.
pub async fn run(args: Args, house: House<'_>, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let Args { format: Format::Siecle, academy, dry_run, accept_removals, files } = args;
    let removals = if accept_removals { Removals::Accepted } else { Removals::Guarded };
    let request = Request { academy, files, removals, dry_run };
    // A report that cannot be written must not stop an import half-way; it is told at the end.
    let mut written = Ok(());
    let all = import(house, &request, &mut |finding| {
        let line = writeln!(out, "{finding}");
        written = std::mem::replace(&mut written, Ok(())).and(line);
    })
    .await?;
    written?;
    Ok(all)
}
