//! `preau demo`: everything on this machine, ready before it says so.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::serve::stop_signal;
use crate::compose::Surroundings;
use crate::config::{Config, Log};
use crate::demo::{Demo, Doors, Ports, greet};
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The demo's folder: database, keys, roster files.
    #[arg(long, value_name = "DIR", default_value = "var")]
    data: PathBuf,
    /// Empties the demo's folder first.
    #[arg(long)]
    fresh: bool,
}

pub async fn run(args: Args, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    // Requests would push the greeting off the screen.
    let _filter = telemetry::install(&Log { filter: "warn".to_owned(), ..Log::default() });
    let stop = stop_signal()?;
    let doors = Doors::open(Ports::USUAL)?;
    let deployment = Config::default().deployment.directory;
    let prepared = Demo::prepare(doors, (&args.data, args.fresh), Path::new(&deployment), Surroundings::real());
    let demo = Box::pin(prepared).await?;
    greet(out, demo.ports(), &demo.account, &beside(&args.data))?;
    demo.run(stop).await?;
    Ok(true)
}

/// How the other commands are typed beside the demo: this program as it was called, with the demo's configuration.
fn beside(data: &Path) -> String {
    let quoted = |text: String| match text.contains([' ', '\'']) {
        true => format!("'{}'", text.replace('\'', "'\\''")),
        false => text,
    };
    let program = std::env::args().next().unwrap_or_else(|| "preau".to_owned());
    format!("{} --config {}", quoted(program), quoted(data.join("preau.toml").display().to_string()))
}
