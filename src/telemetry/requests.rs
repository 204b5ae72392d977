//! Counts and latencies of HTTP requests, by route, method and outcome.
//!
//! The hot path allocates nothing: a request adds to atomic counters that its route has had since its first request.
//! Labels are patterns of routes and constants of the program, so that clients cannot make series.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;

/// The upper bounds of the latency's buckets, in microseconds: from a page that is only drawn to the limit at which a
/// request is given up.
const BUCKETS_MICROS: [u64; 13] = [
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000,
];
const CLASSES: [&str; 4] = ["2xx", "3xx", "4xx", "5xx"];
/// The methods that have a label; any other is `other`, because clients invent methods.
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "other"];
/// The maximum number of outcomes of a route. The program has some forty words in all.
const MAX_OUTCOMES: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    /// The route's pattern, never the requested path.
    route: String,
    method: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ClassLabels {
    route: String,
    method: &'static str,
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteOutcomeLabels {
    route: String,
    method: &'static str,
    outcome: &'static str,
}

/// The counters of one route and method.
#[derive(Debug, Default)]
struct RouteCounters {
    classes: [AtomicU64; CLASSES.len()],
    /// The last one counts what took longer than every bound.
    buckets: [AtomicU64; BUCKETS_MICROS.len() + 1],
    micros: AtomicU64,
    outcomes: RwLock<Vec<(&'static str, AtomicU64)>>,
}

impl RouteCounters {
    fn record(&self, status: u16, outcome: &'static str, took: Duration) {
        let class = match status {
            ..=299 => 0,
            300..=399 => 1,
            400..=499 => 2,
            _ => 3,
        };
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let bucket = BUCKETS_MICROS.iter().position(|bound| micros <= *bound).unwrap_or(BUCKETS_MICROS.len());
        for counter in [self.classes.get(class), self.buckets.get(bucket)].into_iter().flatten() {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(micros, Ordering::Relaxed);
        self.record_outcome(outcome);
    }

    fn record_outcome(&self, outcome: &'static str) {
        {
            let known = self.outcomes.read().unwrap_or_else(PoisonError::into_inner);
            if let Some((_, count)) = known.iter().find(|(word, _)| *word == outcome) {
                count.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
        let mut known = self.outcomes.write().unwrap_or_else(PoisonError::into_inner);
        match known.iter().find(|(word, _)| *word == outcome) {
            Some((_, count)) => {
                count.fetch_add(1, Ordering::Relaxed);
            }
            None if known.len() < MAX_OUTCOMES => known.push((outcome, AtomicU64::new(1))),
            None => {}
        }
    }
}

/// The counters of a route, in the order of [`METHODS`].
type MethodCounters = [RouteCounters; METHODS.len()];

/// The counters of every route that was requested.
#[derive(Debug, Default)]
pub struct RequestMetrics {
    routes: RwLock<HashMap<String, Arc<MethodCounters>>>,
}

impl RequestMetrics {
    /// Counts an answered request.
    pub fn record(&self, (method, route): (&str, &str), (status, outcome): (u16, &'static str), took: Duration) {
        let method = METHODS.iter().position(|known| *known == method).unwrap_or(METHODS.len() - 1);
        if let Some(counters) = self.of_route(route).get(method) {
            counters.record(status, outcome, took);
        }
    }

    fn of_route(&self, route: &str) -> Arc<MethodCounters> {
        if let Some(known) = self.routes.read().unwrap_or_else(PoisonError::into_inner).get(route) {
            return Arc::clone(known);
        }
        let mut all = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(route.to_owned()).or_default())
    }

    /// Returns the routes in the order of their names, each with the methods that were requested.
    fn requested(&self) -> Vec<(RequestLabels, Arc<MethodCounters>, usize)> {
        let all = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        let mut out = Vec::new();
        for (route, counters) in all.iter() {
            for (at, method) in METHODS.into_iter().enumerate() {
                let was_requested = counters.get(at).is_some_and(|counters| sum(&counters.buckets) > 0);
                if was_requested {
                    out.push((RequestLabels { route: route.clone(), method }, Arc::clone(counters), at));
                }
            }
        }
        out.sort_by(|(a, _, x), (b, _, y)| (&a.route, x).cmp(&(&b.route, y)));
        out
    }
}

fn sum(counters: &[AtomicU64]) -> u64 {
    counters.iter().map(|counter| counter.load(Ordering::Relaxed)).sum()
}

/// Converts microseconds to seconds, without the noise of a division of large numbers.
fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

impl Collector for RequestMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let requested = self.requested();
        let help = "Requests answered, by route, method and class of status";
        let mut family = encoder.encode_descriptor("http_requests", help, None, MetricType::Counter)?;
        for (labels, counters, at) in &requested {
            for (class, count) in CLASSES.into_iter().zip(counters.get(*at).into_iter().flat_map(|c| &c.classes)) {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let labels = ClassLabels { route: labels.route.clone(), method: labels.method, class };
                    ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
                }
            }
        }
        let help = "Requests answered, by route, method and outcome in a word";
        let mut family = encoder.encode_descriptor("http_outcomes", help, None, MetricType::Counter)?;
        for (labels, counters, at) in &requested {
            let Some(counters) = counters.get(*at) else { continue };
            for (outcome, count) in counters.outcomes.read().unwrap_or_else(PoisonError::into_inner).iter() {
                let labels = RouteOutcomeLabels { route: labels.route.clone(), method: labels.method, outcome };
                ConstCounter::new(count.load(Ordering::Relaxed)).encode(family.encode_family(&labels)?)?;
            }
        }
        let help = "Time from a request's headers to those of the response, by route and method";
        let name = "http_request_duration_seconds";
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for (labels, counters, at) in &requested {
            let Some(counters) = counters.get(*at) else { continue };
            let counts: Vec<u64> = counters.buckets.iter().map(|count| count.load(Ordering::Relaxed)).collect();
            let bounds = BUCKETS_MICROS.into_iter().map(seconds).chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(counts.iter().copied()).collect();
            family.encode_family(labels)?.encode_histogram::<NoLabelSet>(
                seconds(counters.micros.load(Ordering::Relaxed)),
                counts.iter().sum(),
                &buckets,
                None,
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::encoding::prometheus_text;
    use prometheus_client::registry::Registry;

    #[test]
    fn requests_are_counted_by_route_method_class_outcome_and_time() {
        let metrics = Arc::new(RequestMetrics::default());
        metrics.record(("GET", "/connexion"), (200, "ok"), Duration::from_micros(900));
        metrics.record(("POST", "/connexion"), (303, "done"), Duration::from_millis(30));
        metrics.record(("POST", "/connexion"), (503, "busy"), Duration::from_secs(60));
        metrics.record(("INVENTED", "none"), (404, "not_found"), Duration::from_millis(1));
        let mut registry = Registry::with_prefix("preau");
        registry.register_collector(Box::new(Arc::clone(&metrics)));
        let mut text = String::new();
        prometheus_text::encode(&mut text, &registry).unwrap();
        for line in [
            "# TYPE preau_http_requests_total counter",
            "# TYPE preau_http_request_duration_seconds histogram",
            "preau_http_requests_total{route=\"/connexion\",method=\"GET\",class=\"2xx\"} 1",
            "preau_http_requests_total{route=\"/connexion\",method=\"POST\",class=\"5xx\"} 1",
            "preau_http_requests_total{route=\"none\",method=\"other\",class=\"4xx\"} 1",
            "preau_http_outcomes_total{route=\"/connexion\",method=\"POST\",outcome=\"busy\"} 1",
            "preau_http_request_duration_seconds_bucket{route=\"/connexion\",method=\"GET\",le=\"0.001\"} 1",
            "preau_http_request_duration_seconds_bucket{route=\"/connexion\",method=\"POST\",le=\"0.025\"} 0",
            "preau_http_request_duration_seconds_bucket{route=\"/connexion\",method=\"POST\",le=\"0.05\"} 1",
            "preau_http_request_duration_seconds_bucket{route=\"/connexion\",method=\"POST\",le=\"+Inf\"} 2",
            "preau_http_request_duration_seconds_count{route=\"/connexion\",method=\"POST\"} 2",
            "preau_http_request_duration_seconds_sum{route=\"/connexion\",method=\"POST\"} 60.03",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn invented_methods_and_outcomes_make_no_series_without_end() {
        let metrics = RequestMetrics::default();
        for at in 0..200 {
            metrics.record((&format!("M{at}"), "none"), (404, "not_found"), Duration::ZERO);
        }
        assert_eq!(metrics.requested().len(), 1);
        assert_eq!(metrics.routes.read().unwrap().len(), 1);
    }
}
