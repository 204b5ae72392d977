//! Sends spans to the collector of `[traces]`, and makes a trace of each job.

use std::future::Future;
use std::time::Duration;

use tokio::sync::watch;

use crate::app::{App, AppState};
use crate::http::outgoing::ConfiguredClient;
use crate::telemetry::{SpanKind, SpanStart, TraceContext, Tracer, encode_spans};

/// The interval of sending.
const EXPORT_INTERVAL: Duration = Duration::from_secs(5);
/// The time limit of a call of the collector.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs a job as a part of the trace that caused it, or as one of its own, if traces are sent. The work returns false
/// if it failed.
pub async fn within_job(
    app: &App,
    (name, caused): (&'static str, Option<TraceContext>),
    work: impl Future<Output = bool>,
) {
    let Some(tracer) = &app.tracer else {
        work.await;
        return;
    };
    let trace = tracer.begin(caused, true, SpanStart { now: app.now(), rng: app.rng.as_ref() });
    let done = trace.run(work).await;
    if trace.is_sampled() {
        trace.end(format!("job {name}"), SpanKind::Internal, Vec::new(), !done);
    }
}

/// Sends what waits until `stop` is true, and once more then. A collector that is away is told of once.
pub async fn export(app: AppState, mut stop: watch::Receiver<bool>) {
    let Some(tracer) = &app.tracer else { return };
    let client = match ConfiguredClient::new(&app.config.outgoing, EXPORT_TIMEOUT) {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "traces are not sent");
            return;
        }
    };
    let mut away = false;
    loop {
        let stopping = tokio::select! {
            () = tokio::time::sleep(EXPORT_INTERVAL) => false,
            _ = stop.wait_for(|stop| *stop) => true,
        };
        match export_waiting(&app, tracer, &client).await {
            Err(error) if !away => {
                away = true;
                tracing::warn!(error = format!("{error:#}"), "spans are not taken by the collector, and are lost");
            }
            Ok(true) if away => {
                away = false;
                tracing::info!("spans are taken by the collector again");
            }
            Ok(_) | Err(_) => {}
        }
        if stopping {
            return;
        }
    }
}

/// Sends the spans of the last jobs and requests, after which nothing begins.
pub async fn export_last(app: &App) {
    let Some(tracer) = &app.tracer else { return };
    let sent = match ConfiguredClient::new(&app.config.outgoing, EXPORT_TIMEOUT) {
        Ok(client) => export_waiting(app, tracer, &client).await,
        Err(error) => Err(error),
    };
    if let Err(error) = sent {
        tracing::warn!(error = format!("{error:#}"), "the last spans were not taken by the collector");
    }
}

/// Sends what waits. Returns true if there was something, and the collector took it.
async fn export_waiting(app: &App, tracer: &Tracer, client: &ConfiguredClient) -> anyhow::Result<bool> {
    let (spans, dropped) = tracer.take();
    if dropped > 0 {
        tracing::warn!(dropped, "more spans than wait: traces.sample_percent");
    }
    if spans.is_empty() {
        return Ok(false);
    }
    let endpoint = &app.config.traces.endpoint;
    let instance = tracer.instance(app.rng.as_ref());
    let request = client.client_for(endpoint).await.post(endpoint).json(&encode_spans(instance, &spans));
    let status = request.send().await.map_err(reqwest::Error::without_url)?.status();
    anyhow::ensure!(status.is_success(), "the collector answers {status}");
    Ok(true)
}
