//! `preau keys`: writes the master key that everything sealed needs.

use std::io::Write;

use anyhow::Context as _;

use crate::base::rng::SystemRandom;
use crate::config::Config;
use crate::seal;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Writes a new master.key into keys.directory; never over another.
    NewMaster,
}

pub fn run(args: &Args, config: &Config, out: &mut dyn Write) -> anyhow::Result<bool> {
    let Action::NewMaster = args.action;
    let directory = &config.keys.directory;
    seal::write_new(directory, &SystemRandom).context("no new master key was written")?;
    writeln!(out, "{} is written: keep a copy of it away from the database", directory.join("master.key").display())?;
    Ok(true)
}
