//! `preau serve`: binds the addresses before anything else, and stops gracefully.
//!
//! SIGTERM: `/readyz` answers 503, and the stop begins after `server.drain_seconds`, or at a second signal. Ctrl-C: the
//! stop begins at once. A further signal during the stop ends the process without waiting. SIGHUP: schools, relying
//! parties, the certificate and the log filter are reloaded; files that are unreadable, or that a start would refuse, leave
//! the previous state. SIGUSR1 and SIGUSR2 are ignored. The service manager hears when requests are answered and when the stop begins.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::remedies;
use super::service_manager::ServiceManager;
use crate::app::AppState;
use crate::base::clock::{Clock as _, SystemClock};
use crate::bootstrap::{self, Dependencies, Listeners};
use crate::clients::ops::publish::PublishError;
use crate::config::{Config, Tls};
use crate::http::certificate;
use crate::http::serve::ReloadableTls;
use crate::telemetry::LogFilterHandle;

pub async fn run(config: Config, file: Option<&Path>, filter: Option<LogFilterHandle>) -> anyhow::Result<bool> {
    let mut signals = Signals::new()?;
    let manager = ServiceManager::of_environment();
    let listeners = Listeners::bind(&config.server).await?;
    let again = ReloadContext { file: file.map(Path::to_owned), filter, tls: listeners.tls.clone() };
    let app = tokio::select! {
        app = Box::pin(bootstrap::build_app(config, Dependencies::production(), log_unpublished)) => app?,
        () = signals.wait_for_stop() => return Ok(true),
    };
    let server = &app.config.server;
    tracing::info!(issuer = %server.issuer, listen = %server.listen, operations = %server.operations, "serving");
    let (tell, stop) = watch::channel(false);
    let heard = tokio::spawn(handle_signals(signals, app.clone(), (again, manager.clone()), tell));
    // The addresses are bound: whoever connects from here on is answered.
    manager.ready();
    let watchdog = manager.spawn_watchdog();
    let served = bootstrap::serve_until(app, listeners, &stop).await;
    heard.abort();
    if let Some(watchdog) = watchdog {
        watchdog.abort();
    }
    served?;
    tracing::info!("stopped");
    Ok(true)
}

/// The signal handlers, installed before anything else: until then the default action would end the process.
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

    async fn wait_for_stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

async fn handle_signals(
    mut signals: Signals,
    app: AppState,
    (again, manager): (ReloadContext, ServiceManager),
    tell: watch::Sender<bool>,
) {
    loop {
        let [first, second] = &mut signals.user;
        tokio::select! {
            _ = signals.terminate.recv() => {
                app.start_draining();
                manager.stopping();
                let seconds = app.config.server.drain_seconds;
                tracing::info!(seconds, "asked to end: not ready any more, then stopping");
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
                    () = signals.wait_for_stop() => {}
                }
                break;
            }
            _ = signals.interrupt.recv() => {
                manager.stopping();
                break;
            }
            _ = signals.hang_up.recv() => again.reload(&app).await,
            _ = first.recv() => tracing::info!("SIGUSR1 means nothing here"),
            _ = second.recv() => tracing::info!("SIGUSR2 means nothing here"),
        }
    }
    app.start_draining();
    tell.send_replace(true);
    signals.wait_for_stop().await;
    std::process::exit(130);
}

/// The files reloaded on SIGHUP.
struct ReloadContext {
    file: Option<PathBuf>,
    filter: Option<LogFilterHandle>,
    tls: Option<ReloadableTls>,
}

impl ReloadContext {
    async fn reload(&self, app: &AppState) {
        log_reload("schools and relying parties", bootstrap::republish_deployment(app).await);
        if let (Some(tls), Some(files)) = (&self.tls, &app.config.server.tls) {
            log_reload("the certificate", reload_certificate(tls, files).await);
        }
        let filter = super::load_config(self.file.as_deref()).and_then(|config| {
            let Some(filter) = &self.filter else { return Ok(()) };
            Ok(filter.set(&config.log)?)
        });
        log_reload("the log's filter", filter);
    }
}

/// Replaces the certificate by one that a start would take too: an ended one would be refused by every browser, where the
/// former one may still hold.
async fn reload_certificate(tls: &ReloadableTls, files: &Tls) -> anyhow::Result<()> {
    certificate::validate(&files.certificate, &files.key, SystemClock.now())?;
    Ok(tls.reload(&files.certificate, &files.key).await?)
}

fn log_unpublished(error: &PublishError) {
    let error = format!("{error}{}", remedies::remedy(error));
    tracing::error!(error, "the deployment's files are not published");
}

fn log_reload(what: &str, done: anyhow::Result<()>) {
    match done {
        Ok(()) => tracing::info!(what, "read again"),
        Err(error) => {
            let error = super::in_one_line(&error);
            tracing::error!(what, error, "not read again: what was there stays");
        }
    }
}

/// Returns a receiver, true once SIGTERM or Ctrl-C is received. A second signal ends the process without waiting.
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
