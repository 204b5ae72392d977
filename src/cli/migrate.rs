//! `preau migrate`: the schema, the signing keys, and what the deployment's files declare.

use std::io::Write;

use crate::clients::ops::publish::Consent;
use crate::compose::{self, Surroundings};
use crate::config::Config;
use crate::keys;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Publishes these files also if they are older than those that were published, or end many relying parties.
    #[arg(long)]
    accept: bool,
}

/// False where a file of a relying party is broken: the others are published.
pub async fn run(args: &Args, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let around = Surroundings::real();
    let declared = compose::declared(config)?;
    let opened = Box::pin(compose::open(config, &around)).await?;
    let consent = if args.accept { Consent::Accepted } else { Consent::Guarded };
    let (db, vault, now) = (&opened.db, &opened.vault, around.clock.now());
    keys::ops::ensure(db, vault, around.rng.as_ref(), now, &config.keys.algorithms).await?;
    let done = compose::declare(&around, &opened, (&declared, consent)).await?;
    let count = opened.db.migrated().await?;
    opened.db.close().await;
    for (client, how) in &done.changes {
        writeln!(out, "{client}: {how}")?;
    }
    for file in &done.broken {
        writeln!(out, "WRONG  {file}")?;
    }
    writeln!(out, "database: {count} migrations; signing keys; files of revision {}", done.revision)?;
    Ok(done.broken.is_empty())
}
