//! What `/metrics` of the operations listener says, in the text format of Prometheus.
//!
//! One registry an [`App`](crate::app::App), never a global: two applications in one process count apart. A label is
//! a word of the program's text or a route's pattern, so the number of series is bounded and none holds personal data.
//! What can be read when it is asked for is not counted here: [`Sample`] brings it.

use std::fmt;

use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// The content type of the text format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    /// The route's pattern, never the path that was asked for.
    route: String,
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Limited {
    action: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Step {
    step: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

/// Connections of the public listener: counted where they are accepted, which knows no application.
#[derive(Clone, Debug, Default)]
pub struct Connections {
    open: Gauge,
    refused: Family<Reason, Counter>,
}

impl Connections {
    pub fn opened(&self) {
        self.open.inc();
    }

    pub fn closed(&self) {
        self.open.dec();
    }

    pub fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&Reason { reason }).inc();
    }
}

/// Counts what happens. Cheap: an atomic addition behind a read lock.
pub struct Metrics {
    registry: Registry,
    requests: Family<Route, Counter>,
    limited: Family<Limited, Counter>,
    sign_ins: Family<Outcome, Counter>,
    activations: Family<Step, Counter>,
    sms: Family<Outcome, Counter>,
    connections: Connections,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("preau");
        let (requests, limited, sign_ins, activations, sms) =
            (Family::default(), Family::default(), Family::default(), Family::default(), Family::default());
        registry.register("build", "The version that runs", Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]));
        registry.register("http_requests", "Requests answered, by route and class of status", requests.clone());
        registry.register("limited", "What was refused because there was too much of it", limited.clone());
        registry.register("sign_ins", "Attempts to sign in with a password", sign_ins.clone());
        registry.register("activations", "Activations that reached a step", activations.clone());
        registry.register("sms", "Messages, and those that were never written", sms.clone());
        let connections = Connections::default();
        registry.register("connections_open", "Connections that are open", connections.open.clone());
        registry.register("connections_refused", "Connections refused", connections.refused.clone());
        Self { registry, requests, limited, sign_ins, activations, sms, connections }
    }
}

impl Metrics {
    /// A request was answered.
    pub fn request(&self, route: &str, status: u16) {
        let class = match status {
            ..=299 => "2xx",
            300..=399 => "3xx",
            400..=499 => "4xx",
            _ => "5xx",
        };
        self.requests.get_or_create(&Route { route: route.to_owned(), class }).inc();
    }

    /// Something was refused because there was too much of it: which act, and which limit said no.
    pub fn limited(&self, action: &'static str, reason: &'static str) {
        self.limited.get_or_create(&Limited { action, reason }).inc();
    }

    /// An attempt to sign in ended so.
    pub fn sign_in(&self, outcome: &'static str) {
        self.sign_ins.get_or_create(&Outcome { outcome }).inc();
    }

    /// An activation reached this step.
    pub fn activation(&self, step: &'static str) {
        self.activations.get_or_create(&Step { step }).inc();
    }

    /// What became of a message: `queued`, `sent`, `failed` (tried again), `refused` (never again), `capped`.
    pub fn sms(&self, outcome: &'static str) {
        self.sms.get_or_create(&Outcome { outcome }).inc();
    }

    /// For the listener.
    pub fn connections(&self) -> Connections {
        self.connections.clone()
    }

    /// Everything, as Prometheus reads it.
    ///
    /// # Errors
    /// A value that cannot be written, which none of ours is.
    pub fn text(&self, sample: &Sample) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        prometheus_text::encode(&mut text, &sample.registry())?;
        Ok(text)
    }
}

/// The queue of passwords that wait to be hashed.
#[derive(Clone, Copy, Debug, Default)]
pub struct HashQueue {
    /// Hashes that run or wait.
    pub waiting: usize,
    /// How many run at once.
    pub permits: usize,
    /// How many were told to come back.
    pub refused: u64,
    /// What one costs, measured lately, in seconds.
    pub cost: f64,
}

/// One lane of the outbox.
#[derive(Clone, Copy, Debug)]
pub struct Lane {
    pub kind: &'static str,
    pub waiting: i64,
    /// How long the oldest has waited, in seconds.
    pub oldest: i64,
}

/// What is read when `/metrics` is asked for.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    pub hashing: HashQueue,
    /// `None`: the database did not answer in time.
    pub outbox: Option<Vec<Lane>>,
    /// Reasons for which messages do not leave.
    pub sms_outages: Option<usize>,
    /// How far the machine's clock went back, in seconds.
    pub clock_ahead: i64,
}

impl Sample {
    fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("preau");
        let hashing = self.hashing;
        registry.register("hash_queue_waiting", "Hashes that run or wait", ConstGauge::new(whole(hashing.waiting)));
        registry.register("hash_queue_permits", "Hashes that run at once", ConstGauge::new(whole(hashing.permits)));
        registry.register("hash_queue_refused", "Hashes refused", ConstCounter::new(hashing.refused));
        registry.register("hash_cost_seconds", "What a hash costs, measured lately", ConstGauge::new(hashing.cost));
        registry.register(
            "database_up",
            "Whether the database answers",
            ConstGauge::new(i64::from(self.outbox.is_some())),
        );
        registry.register(
            "clock_ahead_seconds",
            "How far our clock is ahead of the machine's",
            ConstGauge::new(self.clock_ahead),
        );
        let (waiting, oldest) = (Family::<Kind, Gauge>::default(), Family::<Kind, Gauge>::default());
        for lane in self.outbox.iter().flatten() {
            waiting.get_or_create(&Kind { kind: lane.kind }).set(lane.waiting);
            oldest.get_or_create(&Kind { kind: lane.kind }).set(lane.oldest);
        }
        let outages = ConstGauge::new(whole(self.sms_outages.unwrap_or_default()));
        registry.register("sms_outages", "Reasons for which messages do not leave", outages);
        registry.register("outbox_waiting", "Jobs that wait", waiting);
        registry.register("outbox_oldest_seconds", "How long the oldest job has waited", oldest);
        registry
    }
}

fn whole(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_names_what_was_counted() {
        let metrics = Metrics::default();
        metrics.request("/connexion", 200);
        metrics.request("/connexion", 200);
        metrics.request("/connexion", 503);
        metrics.limited("password", "budget");
        let lanes = vec![Lane { kind: "sms", waiting: 3, oldest: 7 }];
        let hashing = HashQueue { waiting: 2, permits: 4, refused: 5, cost: 0.025 };
        let text =
            metrics.text(&Sample { hashing, outbox: Some(lanes), sms_outages: Some(1), clock_ahead: 0 }).unwrap();
        for line in [
            "# TYPE preau_http_requests_total counter",
            "preau_http_requests_total{route=\"/connexion\",class=\"2xx\"} 2",
            "preau_http_requests_total{route=\"/connexion\",class=\"5xx\"} 1",
            "preau_limited_total{action=\"password\",reason=\"budget\"} 1",
            "preau_hash_queue_refused_total 5",
            "preau_hash_cost_seconds 0.025",
            "preau_outbox_waiting{kind=\"sms\"} 3",
            "preau_outbox_oldest_seconds{kind=\"sms\"} 7",
            "preau_sms_outages 1",
            "preau_database_up 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}\n{text}");
        }
        assert!(Metrics::default().text(&Sample::default()).unwrap().contains("preau_database_up 0"));
    }
}
