//! The metrics at `/metrics` of the operations listener, in the text format of Prometheus.
//!
//! Each [`App`](crate::app::App) has its own registry, never a global: two applications in one process count
//! separately. A label is a constant of the program or a route's pattern, so that the number of series is bounded and
//! no label has personal data. Values that can be read on demand are not counted here but passed in a
//! [`MetricsSample`]. Each name is promised to dashboards and alerts (`config/deploy/monitoring/`).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, prometheus_text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::requests::RequestMetrics;
use super::sample::MetricsSample;

/// The content type of the text format.
pub const METRICS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

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
    requests: Arc<RequestMetrics>,
    limited: Family<LimitLabels, Counter>,
    sign_ins: Family<OutcomeLabels, Counter>,
    activations: Family<StepLabels, Counter>,
    sms: Family<OutcomeLabels, Counter>,
    sms_carried: Family<GatewayLabels, Counter>,
    sms_receipts: Family<ReceiptLabels, Counter>,
    sms_unmatched_receipts: Family<GatewayLabels, Counter>,
    sms_caps: Family<CapLabels, Counter>,
    reminder_mails: Family<OutcomeLabels, Counter>,
    mails: Family<OutcomeLabels, Counter>,
    connections: ConnectionMetrics,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("preau");
        let (limited, sign_ins, activations, sms) =
            (Family::default(), Family::default(), Family::default(), Family::default());
        let requests = Arc::<RequestMetrics>::default();
        registry.register("build", "The version that runs", Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]));
        registry.register_collector(Box::new(Arc::clone(&requests)));
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
        let reminder_mails = Family::<OutcomeLabels, Counter>::default();
        registry.register("reminder_mails", "Reminders of campaigns by mail", reminder_mails.clone());
        let mails = Family::<OutcomeLabels, Counter>::default();
        registry.register("mails", "Mails handed to the mail server", mails.clone());
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
            reminder_mails,
            mails,
            connections,
        }
    }
}

impl Metrics {
    /// Counts an answered request: its method and route, status and outcome.
    pub fn record_request(&self, which: (&str, &str), answer: (u16, &'static str), took: Duration) {
        self.requests.record(which, answer, took);
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
    /// of `sms.countries`), `cancelled` (a reminder that was taken back before it left).
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

    /// Counts a reminder by mail by outcome: `queued`, `capped` (the bound of the day is reached), or `cancelled`
    /// (taken back before it left).
    pub fn record_reminder_mail(&self, outcome: &'static str) {
        self.reminder_mails.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// Counts a mail by the answer of the mail server: `sent`, `later` (its mailbox takes it later), `refused` (its
    /// address takes no mail), or `failed` (the server takes nothing, or does not say that it is of the recipient).
    pub fn record_mail(&self, outcome: &'static str) {
        self.mails.get_or_create(&OutcomeLabels { outcome }).inc();
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
