//! The metrics at `/metrics` of the operations listener, in the text format of Prometheus.
//!
//! Each [`App`](crate::app::App) has its own registry, never a global: two applications in one process count
//! separately. A label is a constant of the program or a route's pattern, so that the number of series is bounded and
//! no label has personal data. Values that can be read on demand are not counted here but passed in a
//! [`MetricsSample`].

use std::fmt;

use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

/// The content type of the text format.
pub const METRICS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    /// The route's pattern, never the requested path.
    route: String,
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LimitLabels {
    action: &'static str,
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct GatewayLabels {
    gateway: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReceiptLabels {
    gateway: &'static str,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CapLabels {
    cap: &'static str,
    percent: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StepLabels {
    step: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

/// The metrics of the public listener's connections, updated by the listener, which has no access to the application.
#[derive(Clone, Debug, Default)]
pub struct ConnectionMetrics {
    open: Gauge,
    refused: Family<ReasonLabels, Counter>,
}

impl ConnectionMetrics {
    pub fn record_opened(&self) {
        self.open.inc();
    }

    pub fn record_closed(&self) {
        self.open.dec();
    }

    pub fn record_refused(&self, reason: &'static str) {
        self.refused.get_or_create(&ReasonLabels { reason }).inc();
    }
}

/// The counters. Cheap: an atomic addition behind a read lock.
pub struct Metrics {
    registry: Registry,
    requests: Family<RouteLabels, Counter>,
    limited: Family<LimitLabels, Counter>,
    sign_ins: Family<OutcomeLabels, Counter>,
    activations: Family<StepLabels, Counter>,
    sms: Family<OutcomeLabels, Counter>,
    sms_carried: Family<GatewayLabels, Counter>,
    sms_receipts: Family<ReceiptLabels, Counter>,
    sms_unmatched_receipts: Family<GatewayLabels, Counter>,
    sms_caps: Family<CapLabels, Counter>,
    connections: ConnectionMetrics,
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
        let sms_carried = Family::<GatewayLabels, Counter>::default();
        registry.register("sms_carried", "Messages that a gateway took, by gateway", sms_carried.clone());
        let sms_receipts = Family::<ReceiptLabels, Counter>::default();
        registry.register("sms_receipts", "What gateways said later of messages they took", sms_receipts.clone());
        let sms_unmatched_receipts = Family::<GatewayLabels, Counter>::default();
        let help = "Receipts of no message that waits for one, by gateway";
        registry.register("sms_unmatched_receipts", help, sms_unmatched_receipts.clone());
        let sms_caps = Family::<CapLabels, Counter>::default();
        registry.register("sms_caps_reached", "Shares of a day's cap of messages that were reached", sms_caps.clone());
        registry.register("sms", "Messages, and those that were never written", sms.clone());
        let connections = ConnectionMetrics::default();
        registry.register("connections_open", "Connections that are open", connections.open.clone());
        registry.register("connections_refused", "Connections refused", connections.refused.clone());
        Self {
            registry,
            requests,
            limited,
            sign_ins,
            activations,
            sms,
            sms_carried,
            sms_receipts,
            sms_unmatched_receipts,
            sms_caps,
            connections,
        }
    }
}

impl Metrics {
    /// Counts an answered request.
    pub fn record_request(&self, route: &str, status: u16) {
        let class = match status {
            ..=299 => "2xx",
            300..=399 => "3xx",
            400..=499 => "4xx",
            _ => "5xx",
        };
        self.requests.get_or_create(&RouteLabels { route: route.to_owned(), class }).inc();
    }

    /// Counts a request refused by a rate limit: the action and the limit.
    pub fn record_limited(&self, action: &'static str, reason: &'static str) {
        self.limited.get_or_create(&LimitLabels { action, reason }).inc();
    }

    /// Counts a finished sign-in attempt.
    pub fn record_sign_in(&self, outcome: &'static str) {
        self.sign_ins.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts an activation that reached the step.
    pub fn record_activation(&self, step: &'static str) {
        self.activations.get_or_create(&StepLabels { step }).inc();
    }

    /// Counts an SMS by outcome: `queued`, `sent`, `failed` (will be retried), `refused` (will not be retried),
    /// `throttled` (the gateway takes it later), `capped`, `stopped` (too few codes are entered), `country` (not one
    /// of `sms.countries`).
    pub fn record_sms(&self, outcome: &'static str) {
        self.sms.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts an SMS that a gateway took: `primary`, `fallback` or `voice`.
    pub fn record_sms_gateway(&self, gateway: &'static str) {
        self.sms_carried.get_or_create(&GatewayLabels { gateway }).inc();
    }

    /// Counts what a gateway said later of a message: `delivered`, `unreachable`, `expired`, `failed`, `other`.
    pub fn record_sms_receipt(&self, gateway: &'static str, state: &'static str) {
        self.sms_receipts.get_or_create(&ReceiptLabels { gateway, state }).inc();
    }

    /// Counts a receipt that fits no message.
    pub fn record_unmatched_receipt(&self, gateway: &'static str) {
        self.sms_unmatched_receipts.get_or_create(&GatewayLabels { gateway }).inc();
    }

    /// Counts that half, four fifths or all of a cap was reached: of the `day`, a `prefix`, an `academy`.
    pub fn record_sms_cap(&self, cap: &'static str, percent: i64) {
        self.sms_caps.get_or_create(&CapLabels { cap, percent }).inc();
    }

    /// Returns the connection metrics for the listener.
    pub fn connections(&self) -> ConnectionMetrics {
        self.connections.clone()
    }

    /// Returns all metrics in the text format.
    ///
    /// # Errors
    /// Fails if a value cannot be encoded, which does not happen with these metrics.
    pub fn render(&self, sample: &MetricsSample) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry)?;
        prometheus_text::encode(&mut text, &sample.registry())?;
        Ok(text)
    }
}

/// The state of the password hashing queue.
#[derive(Clone, Copy, Debug, Default)]
pub struct HashQueueSample {
    /// The number of running and waiting hashes.
    pub waiting: usize,
    /// The maximum number of concurrent hashes.
    pub permits: usize,
    /// The number of refused hashes.
    pub refused: u64,
    /// The recent cost of a hash, in seconds.
    pub cost: f64,
}

/// The state of one queue of the outbox.
#[derive(Clone, Copy, Debug)]
pub struct OutboxQueueSample {
    pub kind: &'static str,
    pub waiting: i64,
    /// The age of the oldest waiting job, in seconds.
    pub oldest: i64,
}

/// The values read for each request of `/metrics`.
#[derive(Clone, Debug, Default)]
pub struct MetricsSample {
    pub hashing: HashQueueSample,
    /// `None` if the database did not respond in time.
    pub outbox: Option<Vec<OutboxQueueSample>>,
    /// The number of active SMS outages.
    pub sms_outages: Option<usize>,
    /// The lead of the service's clock over the system clock, in seconds.
    pub clock_ahead: i64,
}

impl MetricsSample {
    fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("preau");
        let hashing = self.hashing;
        registry.register(
            "hash_queue_waiting",
            "Hashes that run or wait",
            ConstGauge::new(gauge_value(hashing.waiting)),
        );
        registry.register(
            "hash_queue_permits",
            "Hashes that run at once",
            ConstGauge::new(gauge_value(hashing.permits)),
        );
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
        let (waiting, oldest) = (Family::<KindLabels, Gauge>::default(), Family::<KindLabels, Gauge>::default());
        for lane in self.outbox.iter().flatten() {
            waiting.get_or_create(&KindLabels { kind: lane.kind }).set(lane.waiting);
            oldest.get_or_create(&KindLabels { kind: lane.kind }).set(lane.oldest);
        }
        let outages = ConstGauge::new(gauge_value(self.sms_outages.unwrap_or_default()));
        registry.register("sms_outages", "Reasons for which messages do not leave", outages);
        registry.register("outbox_waiting", "Jobs that wait", waiting);
        registry.register("outbox_oldest_seconds", "How long the oldest job has waited", oldest);
        registry
    }
}

fn gauge_value(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_names_what_was_counted() {
        let metrics = Metrics::default();
        metrics.record_request("/connexion", 200);
        metrics.record_request("/connexion", 200);
        metrics.record_request("/connexion", 503);
        metrics.record_limited("password", "budget");
        let lanes = vec![OutboxQueueSample { kind: "sms", waiting: 3, oldest: 7 }];
        let hashing = HashQueueSample { waiting: 2, permits: 4, refused: 5, cost: 0.025 };
        let text = metrics
            .render(&MetricsSample { hashing, outbox: Some(lanes), sms_outages: Some(1), clock_ahead: 0 })
            .unwrap();
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
        assert!(Metrics::default().render(&MetricsSample::default()).unwrap().contains("preau_database_up 0"));
    }
}
