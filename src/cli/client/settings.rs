//! `preau client settings`: what a program has to be told to sign in here as a client, in the very text of the console.

use std::io::Write;

use crate::cli::client::SettingsArgs;
use crate::clients::ops::lifecycle::LifecycleError;
use crate::clients::snippets::snippet;
use crate::clients::store::registered;
use crate::config::Config;
use crate::db::Db;

/// Prints the settings, and nothing else: the output may be written to the program's file.
pub(super) async fn print_settings(
    db: &Db,
    config: &Config,
    args: &SettingsArgs,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let id = &args.which.id;
    let found = registered::find(&mut db.read().await?, id).await?;
    let client = found.ok_or_else(|| LifecycleError::Unknown(id.to_owned()))?.client;
    if !args.program.fits(&client.meta) {
        let (program, method) = (args.program.name(), client.meta.auth_method.name());
        anyhow::bail!(
            "client {id} proves itself by {method}, and {program} would not: --program valeurs has the values alone"
        );
    }
    let text = snippet(args.program, &config.server.issuer, (&client.id, &client.meta));
    write!(out, "{text}")?;
    Ok(())
}
