//! The names of the metrics, held against what dashboards, alerts and documents promise.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::*;

/// Everything that can be counted, once.
fn counted() -> Metrics {
    let metrics = Metrics::default();
    metrics.record_request(("GET", "/connexion"), (200, "ok"), Duration::from_millis(3));
    metrics.record_request(("GET", "/connexion"), (200, "ok"), Duration::from_millis(3));
    metrics.record_request(("POST", "/connexion"), (503, "busy"), Duration::from_millis(3));
    metrics.record_limited("password", "budget");
    metrics.record_sign_in("done");
    metrics.record_activation("code");
    metrics.record_sms("sent");
    metrics.record_sms_gateway("primary");
    metrics.record_sms_receipt("primary", "delivered");
    metrics.record_unmatched_receipt("primary");
    metrics.record_sms_cap("day", 50);
    metrics.record_reminder_mail("queued");
    metrics.record_mail("sent");
    metrics.connections().record_opened();
    metrics.connections().record_refused("total");
    metrics
}

/// Everything that can be read.
fn sampled() -> MetricsSample {
    MetricsSample {
        hashing: HashQueueSample { waiting: 2, permits: 4, refused: 5, cost: 0.025 },
        stored: Some(StoredSample {
            outbox: vec![OutboxQueueSample { kind: "sms", waiting: 3, oldest: 7 }],
            sms: SmsSample { outages: 1, day: (120, 20_000), codes: (90, 70) },
            signing_keys: vec![("RS256", 86_400)],
            imports: vec![ImportSample { academy: "montpellier".to_owned(), format: "siecle".to_owned(), age: 60 }],
            imports_running: (1, 12),
            logouts_undelivered: 4,
            campaigns_open: 2,
            backup_age: Some(7_200),
        }),
        database_up: true,
        store_up: true,
        mail_outages: 1,
        clock_ahead: 0,
        pools: vec![PoolSample { pool: "read", open: 2, idle: 1, max: 8 }],
        caches: vec![CacheSample { cache: "clients", hits: 9, misses: 1 }],
        certificate_ends: Some(3_600),
        disk_free: Some(1 << 30),
        draining: false,
        process: ProcessSample::read(),
    }
}

/// The names of the series in a text, each without its labels.
fn series(text: &str) -> BTreeSet<&str> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split(['{', ' ']).next()).filter(|name| !name.is_empty()).collect()
}

#[test]
fn the_text_names_what_was_counted() {
    let text = counted().render(&sampled()).unwrap();
    for line in [
        "# TYPE preau_http_requests_total counter",
        "preau_http_requests_total{route=\"/connexion\",method=\"GET\",class=\"2xx\"} 2",
        "preau_http_requests_total{route=\"/connexion\",method=\"POST\",class=\"5xx\"} 1",
        "preau_limited_total{action=\"password\",reason=\"budget\"} 1",
        "preau_hash_queue_refused_total 5",
        "preau_hash_cost_seconds 0.025",
        "preau_outbox_waiting{kind=\"sms\"} 3",
        "preau_outbox_oldest_seconds{kind=\"sms\"} 7",
        "preau_sms_outages 1",
        "preau_mail_outages 1",
        "preau_sms_day_used 120",
        "preau_sms_codes_entered 70",
        "preau_signing_key_age_seconds{algorithm=\"RS256\"} 86400",
        "preau_import_age_seconds{academy=\"montpellier\",format=\"siecle\"} 60",
        "preau_pool_idle{pool=\"read\"} 1",
        "preau_cache_lookups_total{cache=\"clients\",result=\"hit\"} 9",
        "preau_certificate_ends_seconds 3600",
        "preau_store_up 1",
        "preau_database_up 1",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
    let away = Metrics::default().render(&MetricsSample::default()).unwrap();
    for line in ["preau_database_up 0", "preau_store_up 0"] {
        assert!(away.lines().any(|l| l == line), "{line}\n{away}");
    }
    assert!(!away.contains("preau_sms_outages"), "a zero would end an alert: {away}");
    // Figures that took too long page nobody.
    let slow = Metrics::default().render(&MetricsSample { stored: None, ..sampled() }).unwrap();
    assert!(slow.lines().any(|l| l == "preau_database_up 1"), "{slow}");
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The words of a text that begin like a metric of ours; one that ends open is how tokens begin.
fn named(text: &str) -> BTreeSet<String> {
    let word = |rest: &str| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect::<String>();
    let all = text.match_indices("preau_").map(|(at, _)| word(text.get(at..).unwrap_or_default()));
    all.filter(|name| !name.ends_with('_')).collect()
}

#[test]
fn each_metric_that_the_board_the_alerts_and_the_documents_name_is_exported() {
    let text = counted().render(&sampled()).unwrap();
    let exported = series(&text);
    for path in ["config/deploy/monitoring/preau.rules.yml", "config/deploy/monitoring/preau.board.json"] {
        let names = named(&read(path));
        assert!(names.len() > 15, "{path}: {names:?}");
        let unknown: Vec<&String> = names.iter().filter(|name| !exported.contains(name.as_str())).collect();
        assert!(unknown.is_empty(), "{path}: {unknown:?}");
    }
    // The parts of a histogram stand under its name.
    let whole = |name: &str| {
        let parts = ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part));
        parts.unwrap_or(name).to_owned()
    };
    let exported: BTreeSet<String> = exported.iter().map(|name| whole(name)).collect();
    let documented: BTreeSet<String> = named(&read("docs/operating.md")).iter().map(|name| whole(name)).collect();
    let unknown: Vec<&String> = documented.difference(&exported).collect();
    assert!(unknown.is_empty(), "docs/operating.md: {unknown:?}");
    let silent: Vec<&String> = exported.difference(&documented).collect();
    assert!(silent.is_empty(), "docs/operating.md says nothing of {silent:?}");
}

#[test]
fn each_alert_has_its_heading_and_what_to_do() {
    let (rules, document) = (read("config/deploy/monitoring/preau.rules.yml"), read("docs/operating.md"));
    let alerts: Vec<&str> =
        rules.lines().filter_map(|line| line.trim_start().strip_prefix("- alert: ")).map(str::trim).collect();
    assert!(alerts.len() > 15, "{alerts:?}");
    for alert in &alerts {
        let heading = format!("\n### {alert}\n\n");
        let said = document.split_once(&heading).map(|(_, rest)| rest.split("\n#").next().unwrap_or_default());
        assert!(said.is_some_and(|said| said.len() > 80), "docs/operating.md has no part « {alert} »");
        let link = format!("runbook: docs/operating.md#{}", alert.to_lowercase());
        assert_eq!(rules.matches(&format!("{link}\n")).count(), 1, "{alert}: {link}");
    }
    for heading in document.lines().filter_map(|line| line.strip_prefix("### Preau")) {
        assert!(alerts.contains(&format!("Preau{heading}").as_str()), "Preau{heading} is no alert");
    }
}
