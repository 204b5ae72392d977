//! x
#[derive(Debug, clap::Args)]
pub struct Args {}
pub async fn run(_a: Args, _out: &mut (dyn std::io::Write + Send)) -> anyhow::Result<bool> { Ok(true) }
