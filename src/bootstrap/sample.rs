//! Reads what `/metrics` shows beside the counters: queues, pools, caches, ages of keys and imports.
//!
//! Ends within three seconds, even if the database hangs: the monitoring must say so then.

use std::path::Path;
use std::time::Duration;

use crate::app::App;
use crate::base::clock::{Span, Timestamp};
use crate::db::files::sqlite_file;
use crate::http::certificate;
use crate::http::outgoing::FetchCache;
use crate::jose::KeyState;
use crate::outbox::{self, JobKind};
use crate::telemetry::{
    CacheSample, HashQueueSample, ImportSample, MetricsSample, OutboxQueueSample, PoolSample, ProcessSample, SmsSample,
    StoredSample,
};
use crate::{audit, keys, otp, roster, tenants};

/// The time within which the database and the store answer that they are there.
const DATABASE_TIMEOUT: Duration = Duration::from_millis(800);
/// The time limit of the figures: slow ones are left out, and nobody is paged for them.
const FIGURES_TIMEOUT: Duration = Duration::from_secs(3);
/// The time within which an import counts as running.
const IMPORT_WINDOW: Span = Span::days(1);
/// The age from which an import is not shown any more: its academy has left, or has another format.
const IMPORT_RETENTION: Span = Span::days(60);

/// Reads the values of `/metrics`.
pub async fn sample_metrics(app: &App) -> MetricsSample {
    let now = app.now();
    let pool = |state: crate::db::PoolState| PoolSample {
        pool: state.name,
        open: state.open,
        idle: state.idle,
        max: state.max,
    };
    // Before the queries below take a connection of their own.
    let pools = app.db.pool_states().map(pool).to_vec();
    let stored = app.stored_sample.get_or_read(now, sample_database(app, now));
    let stored = tokio::time::timeout(FIGURES_TIMEOUT, stored);
    let database = tokio::time::timeout(DATABASE_TIMEOUT, app.db.ping());
    let store = tokio::time::timeout(DATABASE_TIMEOUT, app.ephemeral.ping());
    let (stored, database, store) = tokio::join!(stored, database, store);
    let stored = match stored {
        Ok(read) => read.inspect_err(|error| tracing::warn!(%error, "metrics without the database's figures")).ok(),
        Err(_) => {
            tracing::warn!(limit = ?FIGURES_TIMEOUT, "metrics without the database's figures: they took too long");
            None
        }
    };
    let load = app.password_hasher.queue_load();
    MetricsSample {
        hashing: HashQueueSample {
            waiting: load.waiting,
            permits: load.permits,
            refused: load.refused,
            cost: load.cost.as_secs_f64(),
        },
        stored,
        database_up: matches!(database, Ok(Ok(()))),
        store_up: matches!(store, Ok(Ok(()))),
        mail_outages: i64::from(app.mail_circuit.outage(now).is_some()),
        clock_ahead: app.clock.ahead_of_wall_clock().0 / 1000,
        pools,
        caches: sample_caches(app),
        certificate_ends: certificate_ends(app, now),
        disk_free: sqlite_file(&app.config.database.url).and_then(|file| free_bytes(&file)),
        draining: app.is_draining(),
        process: ProcessSample::read(),
    }
}

async fn sample_database(app: &App, now: Timestamp) -> anyhow::Result<StoredSample> {
    let mut tx = app.db.read().await?;
    let waiting = outbox::list_waiting(&mut tx).await?;
    let queue = |kind: JobKind| {
        let found = waiting.iter().find(|jobs| jobs.kind == kind);
        let (waiting, oldest) = found.map_or((0, 0), |jobs| (jobs.waiting, now.since(jobs.oldest).as_seconds_ceil()));
        OutboxQueueSample { kind: kind.name(), waiting, oldest }
    };
    let outbox = JobKind::ALL.map(queue).to_vec();
    // Each notification that waits has its job. Those given up within 30 days are for `preau status` to count.
    let logouts = waiting.iter().find(|jobs| jobs.kind == JobKind::BackchannelLogout);
    let logouts_undelivered = logouts.map_or(0, |jobs| jobs.waiting);
    let sent_today = otp::ops::sent_today(&mut tx, now).await?;
    let codes = otp::store::outages::total_traffic(&mut tx, now).await?;
    let ended = roster::store::runs::list_last_complete(&mut tx, now.minus(IMPORT_RETENTION)).await?;
    let imports_running = roster::store::runs::count_unfinished(&mut tx, now.minus(IMPORT_WINDOW)).await?;
    let campaigns_open = tenants::store::figures::count_open_campaigns(&mut tx, now).await?;
    let backup = audit::store::find_last_backup(&mut tx).await?;
    // A pool gives the next reader its connection.
    drop(tx);
    let lives = keys::ops::lifecycles(&app.db).await?;
    let active = lives.iter().filter(|key| key.state == KeyState::Active);
    let age = |(academy, format, at): (String, String, i64)| ImportSample {
        academy,
        format,
        age: now.since(Timestamp(at)).as_seconds_ceil(),
    };
    Ok(StoredSample {
        outbox,
        sms: SmsSample {
            outages: otp::ops::active_outages(&app.db, now).await?.len(),
            day: (sent_today, i64::from(app.config.sms.daily_cap)),
            codes,
        },
        signing_keys: active.map(|key| (key.alg.name(), now.since(key.since).as_seconds_ceil())).collect(),
        imports: ended.into_iter().map(age).collect(),
        imports_running,
        logouts_undelivered,
        campaigns_open,
        backup_age: backup.map(|at| now.since(at).as_seconds_ceil()),
    })
}

fn sample_caches(app: &App) -> Vec<CacheSample> {
    fn fetched<T>(cache: &'static str, fetched: &FetchCache<T>) -> CacheSample {
        let (hits, misses) = fetched.lookup_counts();
        CacheSample { cache, hits, misses }
    }
    let (hits, misses) = app.db.recent_rows().lookup_counts();
    vec![
        CacheSample { cache: "clients", hits, misses },
        fetched("client_keys", &app.client_keys),
        fetched("request_objects", &app.request_objects),
        fetched("upstream_metadata", &app.upstream_metadata),
        fetched("upstream_keys", &app.upstream_keys),
    ]
}

/// Returns the remaining validity of the listener's certificate in seconds. The file is what is served after the next
/// reload.
fn certificate_ends(app: &App, now: Timestamp) -> Option<i64> {
    let tls = app.config.server.tls.as_ref()?;
    match certificate::validate(&tls.certificate, &tls.key, now) {
        Ok(valid) => Some(valid.not_after.since(now).0 / 1000),
        // What is wrong with it is for `preau doctor` to say.
        Err(_) => Some(0),
    }
}

fn free_bytes(file: &Path) -> Option<u64> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let stat = rustix::fs::statvfs(folder).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}
