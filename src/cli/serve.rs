//! `preau serve`: the addresses first, then everything else; a graceful stop.
//!
//! SIGTERM: `/readyz` answers 503, and `server.drain_seconds` later the stop begins. Ctrl-C: it begins at once. A second
//! one ends without waiting. SIGHUP: schools, relying parties, the certificate and the log's filter are read again; what
//! cannot be read stays as it was. SIGUSR1 and SIGUSR2 mean nothing and end nothing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::app::AppState;
use crate::compose::{self, Listeners, Surroundings};
use crate::config::Config;
use crate::http::serve::Tls;
use crate::telemetry::Filter;

pub async fn run(config: Config, file: Option<&Path>, filter: Option<Filter>) -> anyhow::Result<bool> {
    let mut signals = Signals::new()?;
    let listeners = Listeners::bind(&config.server).await?;
    let again = Again { file: file.map(Path::to_owned), filter, tls: listeners.tls.clone() };
    let app = tokio::select! {
        app = Box::pin(compose::build(config, Surroundings::real())) => app?,
        () = signals.end() => return Ok(true),
    };
    let server = &app.config.server;
    tracing::info!(issuer = %server.issuer, listen = %server.listen, operations = %server.operations, "serving");
    let (tell, stop) = watch::channel(false);
    let heard = tokio::spawn(listen(signals, app.clone(), again, tell));
    let served = compose::serve_until(app, listeners, &stop).await;
    heard.abort();
    served?;
    tracing::info!("stopped");
    Ok(true)
}

/// The signals of the process, asked for before anything else: until then the system's own answer would end it.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
    user: [Signal; 2],
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
            user: [signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?],
        })
    }

    async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

async fn listen(mut signals: Signals, app: AppState, again: Again, tell: watch::Sender<bool>) {
    loop {
        let [first, second] = &mut signals.user;
        tokio::select! {
            _ = signals.terminate.recv() => {
                app.drain();
                let seconds = app.config.server.drain_seconds;
                tracing::info!(seconds, "asked to end: not ready any more, then stopping");
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
                    () = signals.end() => {}
                }
                break;
            }
            _ = signals.interrupt.recv() => break,
            _ = signals.hang_up.recv() => again.read(&app).await,
            _ = first.recv() => tracing::info!("SIGUSR1 means nothing here"),
            _ = second.recv() => tracing::info!("SIGUSR2 means nothing here"),
        }
    }
    app.drain();
    tell.send_replace(true);
    signals.end().await;
    std::process::exit(130);
}

/// What SIGHUP reads again.
struct Again {
    file: Option<PathBuf>,
    filter: Option<Filter>,
    tls: Option<Tls>,
}

impl Again {
    async fn read(&self, app: &AppState) {
        said("schools and relying parties", compose::publish(app).await);
        if let (Some(tls), Some(files)) = (&self.tls, &app.config.server.tls) {
            said("the certificate", tls.reread(&files.certificate, &files.key).await.map_err(Into::into));
        }
        let filter = super::read(self.file.as_deref()).and_then(|config| {
            let Some(filter) = &self.filter else { return Ok(()) };
            Ok(filter.set(&config.log)?)
        });
        said("the log's filter", filter);
    }
}

fn said(what: &str, done: anyhow::Result<()>) {
    match done {
        Ok(()) => tracing::info!(what, "read again"),
        Err(error) => {
            let error = super::in_one_line(&error);
            tracing::error!(what, error, "not read again: what was there stays");
        }
    }
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
