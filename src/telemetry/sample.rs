//! Values that are read for each request of `/metrics`, not counted.
//!
//! Labels are constants of the program, signature algorithms, and academies and formats of the operator's own files.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;

use super::process::ProcessSample;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolLabels {
    pool: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CacheLabels {
    cache: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AlgorithmLabels {
    algorithm: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ImportLabels {
    academy: String,
    format: String,
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

/// The connections of a database pool.
#[derive(Clone, Copy, Debug)]
pub struct PoolSample {
    pub pool: &'static str,
    pub open: usize,
    pub idle: usize,
    pub max: usize,
}

/// The look-ups of a cache since the start.
#[derive(Clone, Copy, Debug)]
pub struct CacheSample {
    pub cache: &'static str,
    pub hits: u64,
    pub misses: u64,
}

/// The last complete import of an academy by a format.
#[derive(Clone, Debug)]
pub struct ImportSample {
    pub academy: String,
    pub format: String,
    /// In seconds.
    pub age: i64,
}

/// The messages of the day and their codes.
#[derive(Clone, Copy, Debug, Default)]
pub struct SmsSample {
    /// The number of active outages.
    pub outages: usize,
    /// The messages of the day, and how many there may be.
    pub day: (i64, i64),
    /// The codes that were asked for and entered within the last day.
    pub codes: (i64, i64),
}

/// The values that only the database knows.
#[derive(Clone, Debug, Default)]
pub struct StoredSample {
    pub outbox: Vec<OutboxQueueSample>,
    pub sms: SmsSample,
    /// The age of the signing key of each algorithm, in seconds.
    pub signing_keys: Vec<(&'static str, i64)>,
    pub imports: Vec<ImportSample>,
    /// The imports that began within a day and have not ended, and the schools that they have written.
    pub imports_running: (i64, i64),
    /// The notifications of a sign-out that wait for a relying party.
    pub logouts_undelivered: i64,
    pub campaigns_open: i64,
    /// The age of the last backup, in seconds; `None` if none was written by this program.
    pub backup_age: Option<i64>,
}

impl StoredSample {
    /// Returns the figures some seconds later, if nothing else has changed.
    #[must_use]
    pub(super) fn aged(mut self, seconds: i64) -> Self {
        for queue in self.outbox.iter_mut().filter(|queue| queue.waiting > 0) {
            queue.oldest += seconds;
        }
        for (_, age) in &mut self.signing_keys {
            *age += seconds;
        }
        for import in &mut self.imports {
            import.age += seconds;
        }
        self.backup_age = self.backup_age.map(|age| age + seconds);
        self
    }
}

/// The values read for each request of `/metrics`.
#[derive(Clone, Debug, Default)]
pub struct MetricsSample {
    pub hashing: HashQueueSample,
    /// False if the database did not respond in time.
    pub database_up: bool,
    /// `None` if the database's figures took too long.
    pub stored: Option<StoredSample>,
    /// False if the store of short-lived records did not respond in time.
    pub store_up: bool,
    /// The reasons for which this server's mails do not leave: 0 or 1.
    pub mail_outages: i64,
    /// The lead of the service's clock over the system clock, in seconds.
    pub clock_ahead: i64,
    pub pools: Vec<PoolSample>,
    pub caches: Vec<CacheSample>,
    /// The remaining validity of the listener's certificate, in seconds; `None` without one, or if it is invalid.
    pub certificate_ends: Option<i64>,
    /// The free bytes where the database file is; `None` for PostgreSQL.
    pub disk_free: Option<u64>,
    /// True after the process was asked to stop.
    pub draining: bool,
    pub process: ProcessSample,
}

impl MetricsSample {
    pub(super) fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("preau");
        self.register_hashing(&mut registry);
        gauge(&mut registry, "database_up", "Whether the database answers", i64::from(self.database_up));
        gauge(&mut registry, "store_up", "Whether the store of short-lived records answers", i64::from(self.store_up));
        gauge(&mut registry, "draining", "Whether this server is stopping", i64::from(self.draining));
        gauge(&mut registry, "mail_outages", "Reasons for which mails do not leave", self.mail_outages);
        let help = "How far our clock is ahead of the machine's";
        gauge(&mut registry, "clock_ahead_seconds", help, self.clock_ahead);
        if let Some(left) = self.certificate_ends {
            let help = "For how long the listener's certificate is valid";
            gauge(&mut registry, "certificate_ends_seconds", help, left);
        }
        if let Some(bytes) = self.disk_free {
            let help = "What is free where the database file is";
            gauge(&mut registry, "disk_free_bytes", help, gauge_value(bytes));
        }
        self.register_pools(&mut registry);
        self.register_caches(&mut registry);
        self.process.register(&mut registry);
        // Without a database nothing is said of what it knows: a zero would end an alert.
        if let Some(stored) = &self.stored {
            stored.register(&mut registry);
        }
        registry
    }

    fn register_hashing(&self, registry: &mut Registry) {
        let hashing = self.hashing;
        gauge(registry, "hash_queue_waiting", "Hashes that run or wait", gauge_value(hashing.waiting));
        gauge(registry, "hash_queue_permits", "Hashes that run at once", gauge_value(hashing.permits));
        registry.register("hash_queue_refused", "Hashes refused", ConstCounter::new(hashing.refused));
        registry.register("hash_cost_seconds", "What a hash costs, measured lately", ConstGauge::new(hashing.cost));
    }

    fn register_pools(&self, registry: &mut Registry) {
        let [open, idle, max] = [(); 3].map(|()| Family::<PoolLabels, Gauge>::default());
        for sample in &self.pools {
            let labels = PoolLabels { pool: sample.pool };
            open.get_or_create(&labels).set(gauge_value(sample.open));
            idle.get_or_create(&labels).set(gauge_value(sample.idle));
            max.get_or_create(&labels).set(gauge_value(sample.max));
        }
        registry.register("pool_connections", "Connections to the database that are open", open);
        registry.register("pool_idle", "Connections to the database that wait for work", idle);
        registry.register("pool_connections_max", "Connections to the database that may be open", max);
    }

    fn register_caches(&self, registry: &mut Registry) {
        let lookups = Family::<CacheLabels, Counter>::default();
        for &CacheSample { cache, hits, misses } in &self.caches {
            for (result, count) in [("hit", hits), ("miss", misses)] {
                lookups.get_or_create(&CacheLabels { cache, result }).inc_by(count);
            }
        }
        registry.register("cache_lookups", "Look-ups of what is kept in memory, by result", lookups);
    }
}

const SMS_OUTAGES_HELP: &str = "Reasons for which messages do not leave";

impl StoredSample {
    fn register(&self, registry: &mut Registry) {
        let (waiting, oldest) = (Family::<KindLabels, Gauge>::default(), Family::<KindLabels, Gauge>::default());
        for queue in &self.outbox {
            waiting.get_or_create(&KindLabels { kind: queue.kind }).set(queue.waiting);
            oldest.get_or_create(&KindLabels { kind: queue.kind }).set(queue.oldest);
        }
        registry.register("outbox_waiting", "Jobs that wait", waiting);
        registry.register("outbox_oldest_seconds", "How long the oldest job has waited", oldest);
        gauge(registry, "sms_outages", SMS_OUTAGES_HELP, gauge_value(self.sms.outages));
        gauge(registry, "sms_day_used", "Messages of the day, as sms.daily_cap counts them", self.sms.day.0);
        gauge(registry, "sms_day_cap", "Messages that may leave in a day (sms.daily_cap)", self.sms.day.1);
        gauge(registry, "sms_codes_asked", "Codes by SMS of the last day", self.sms.codes.0);
        gauge(registry, "sms_codes_entered", "Codes by SMS of the last day that were entered", self.sms.codes.1);
        let ages = Family::<AlgorithmLabels, Gauge>::default();
        for &(algorithm, age) in &self.signing_keys {
            ages.get_or_create(&AlgorithmLabels { algorithm }).set(age);
        }
        registry.register("signing_key_age_seconds", "For how long the key of an algorithm has signed", ages);
        let ages = Family::<ImportLabels, Gauge>::default();
        for import in &self.imports {
            let labels = ImportLabels { academy: import.academy.clone(), format: import.format.clone() };
            ages.get_or_create(&labels).set(import.age);
        }
        registry.register("import_age_seconds", "How long ago the last complete import ended", ages);
        gauge(registry, "imports_running", "Imports of the last day that have not ended", self.imports_running.0);
        let help = "Schools that the imports which have not ended have written";
        gauge(registry, "imports_running_schools", help, self.imports_running.1);
        let help = "Sign-outs that relying parties were not told yet";
        gauge(registry, "logouts_undelivered", help, self.logouts_undelivered);
        gauge(registry, "campaigns_open", "Schools whose campaign is open", self.campaigns_open);
        if let Some(age) = self.backup_age {
            gauge(registry, "backup_age_seconds", "How long ago the last backup was written", age);
        }
    }
}

pub(super) fn gauge(registry: &mut Registry, name: &str, help: &str, value: i64) {
    registry.register(name, help, ConstGauge::new(value));
}

/// Converts a number to the value of a gauge.
pub(super) fn gauge_value(n: impl TryInto<i64>) -> i64 {
    n.try_into().unwrap_or(i64::MAX)
}
