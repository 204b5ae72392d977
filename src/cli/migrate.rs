//! `preau migrate`: the schema, the signing keys, and the publication of the deployment's files.

use std::io::Write;

use crate::bootstrap;
use crate::clients::ops::publish::PublishMode;
use crate::config::Config;
use crate::keys;

#[derive(Debug, clap::Args)]
pub struct MigrateArgs {
    /// Publishes these files even if they are older than the published files, or remove many relying parties.
    #[arg(long)]
    accept: bool,
}

/// Returns false if a relying party's file is broken; the other files are published.
pub async fn run(args: &MigrateArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let around = super::operator_dependencies();
    let declared = bootstrap::read_deployment(config)?;
    let opened = Box::pin(bootstrap::open_storage(config, &around)).await?;
    let consent = if args.accept { PublishMode::Forced } else { PublishMode::Guarded };
    keys::ops::ensure_keys(opened.operation(&around), &config.keys.algorithms).await?;
    let done = bootstrap::publish_deployment(&around, &opened, &declared, consent).await?;
    let count = opened.db.applied_migrations().await?;
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
