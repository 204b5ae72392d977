//! `preau serve`: the addresses first, then everything else; a graceful stop.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::compose::{self, Listeners, Surroundings};
use crate::config::Config;

pub async fn run(config: Config) -> anyhow::Result<bool> {
    let stop = stop_signal()?;
    let listeners = Listeners::bind(&config.server).await?;
    let app = compose::build(config, Surroundings::real()).await?;
    let server = &app.config.server;
    tracing::info!(issuer = %server.issuer, listen = %server.listen, operations = %server.operations, "serving");
    compose::serve_until(app, listeners, &stop).await?;
    tracing::info!("stopped");
    Ok(true)
}

/// True once the process is asked to end, by SIGTERM or Ctrl-C. Asked twice, it ends without waiting.
pub fn stop_signal() -> anyhow::Result<watch::Receiver<bool>> {
    let (tell, told) = watch::channel(false);
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn(async move {
        for again in [false, true] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if again {
                std::process::exit(130);
            }
            tell.send_replace(true);
        }
    });
    Ok(told)
}
