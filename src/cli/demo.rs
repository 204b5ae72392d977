//! `preau demo`: runs everything on this machine, and prints the greeting once all is ready.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::serve::stop_signal;
use crate::bootstrap::Dependencies;
use crate::config::{Config, Log};
use crate::demo::{Demo, DemoListeners, Greeting, Ports};
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// The demo's folder: database, keys, roster files.
    #[arg(long, value_name = "DIR", default_value = "var")]
    data: PathBuf,
    /// Empties the demo's folder first.
    #[arg(long)]
    fresh: bool,
}

pub async fn run(args: DemoArgs, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    // Logged requests would push the greeting off the screen.
    let _filter = telemetry::install(&Log { filter: "warn".to_owned(), ..Log::default() });
    let stop = stop_signal()?;
    let doors = DemoListeners::bind(Ports::DEFAULT)?;
    let deployment = Config::default().deployment.directory;
    let prepared = Demo::prepare(doors, (&args.data, args.fresh), Path::new(&deployment), Dependencies::production());
    let demo = Box::pin(prepared).await?;
    Greeting::of(&demo, &args.data, &companion_command(&args.data)).write(out)?;
    demo.run(stop).await?;
    Ok(true)
}

/// Returns the command line for other commands during the demo: this program's path with the demo's configuration.
fn companion_command(data: &Path) -> String {
    let quoted = |text: String| match text.contains([' ', '\'']) {
        true => format!("'{}'", text.replace('\'', "'\\''")),
        false => text,
    };
    let program = std::env::args().next().unwrap_or_else(|| "preau".to_owned());
    format!("{} --config {}", quoted(program), quoted(data.join("preau.toml").display().to_string()))
}
