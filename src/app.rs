//! The application state of every handler: the platform, built once at start. Depends on no feature.

mod campaign_steps;
mod last_uses;
mod mail_circuit;
mod operation;
mod rotations;
mod sign_ins;

pub use campaign_steps::{CampaignStep, CampaignSteps, NotedSteps};
pub use last_uses::LastUses;
pub use mail_circuit::{MAIL_SERVER, MailCircuit, MailFailure, MailOutage};
pub use operation::{DatabaseOperation, Operation, StorageOperation};
pub use rotations::{FamilyRotation, FamilyRotations};
pub use sign_ins::{SignInCounters, SignInNote, SignInResult};

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Semaphore;

use crate::base::clock::{Clock, Span, Timestamp};
use crate::base::phone::PhoneParser;
use crate::base::rng::Random;
use crate::config::Config;
use crate::config::deployment::Upstreams;
use crate::crypto::{MasterKey, PasswordHasher};
use crate::db::Db;
use crate::ephemeral::{Ephemeral, InFlightLimiter, KeptCount, SprayDetector};
use crate::http::large_body::LargeBodyPlaces;
use crate::http::outgoing::{FetchCache, JWKS_CACHE_POLICY, OutgoingClient, REQUEST_OBJECT_CACHE_POLICY};
use crate::http::pages::PageRenderer;
use crate::http::support::SupportPageBuffer;
use crate::jose::{KeyRing, KeySet};
use crate::mail::MailGateway;
use crate::outbox::{CircuitBreaker, JobNotifier};
use crate::protocol::provider_metadata::ProviderMetadata;
use crate::sms::SmsGateways;
use crate::telemetry::{KeptFindings, KeptStoredSample, Metrics, Tracer};

/// The minimum interval between two reloads of the key ring that an unknown `kid` causes.
const MIN_KEY_RELOAD_INTERVAL: Span = Span::seconds(5);

/// The open duration of the SMS circuit breaker, which opens after three consecutive failures. Short, because the end
/// user expects the code within the minute.
const SMS_BREAKER_OPEN_DURATION: Span = Span::seconds(5);
/// The number of receipts of SMS gateways that are settled at the same time.
const MAX_RECEIPTS_AT_A_TIME: usize = 8;

/// The platform: configuration, database, stores, keys and clients of external services.
pub struct App {
    pub config: Config,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Random>,
    pub db: Db,
    pub ephemeral: Ephemeral,
    pub master_key: MasterKey,
    pub password_hasher: PasswordHasher,
    pub pages: PageRenderer,
    pub phone_parser: PhoneParser,
    pub sms_gateways: SmsGateways,
    /// `None` if no mail is sent.
    pub mail_gateway: Option<Arc<dyn MailGateway>>,
    /// The HTTP client for URLs that relying parties register.
    pub outgoing: OutgoingClient,
    /// Counters for the operator.
    pub metrics: Metrics,
    /// The findings of this server's checks, for the operator's page.
    pub findings: KeptFindings,
    /// The figures of the database for `/metrics`, read once a minute.
    pub stored_sample: KeptStoredSample,
    /// `None` if no traces are sent.
    pub tracer: Option<Arc<Tracer>>,
    /// The places for large bodies, such as files of rosters.
    pub large_bodies: LargeBodyPlaces,
    /// Pages that showed a support code, buffered until the worker writes them to the database.
    pub support_pages: SupportPageBuffer,
    /// The last uses of client secrets, until the worker writes them to the database.
    pub secret_uses: LastUses,
    /// The steps of activations, until the worker writes them to the database.
    pub campaign_steps: CampaignSteps,
    /// The ends of sign-ins, until the worker writes them to the database.
    pub sign_ins: SignInCounters,
    /// The rotations of refresh tokens that wait for the database.
    pub rotations: FamilyRotations,
    /// Wakes the outbox worker after a commit that enqueued a job.
    pub job_notifier: JobNotifier,
    /// The cache of the key sets that relying parties publish at their `jwks_uri`.
    pub client_keys: FetchCache<KeySet>,
    /// The cache of the request objects that relying parties publish at a `request_uri`; its locks allow each client
    /// one fetch at a time.
    pub request_objects: FetchCache<String>,
    /// The cache of the upstreams' discovery documents.
    pub upstream_metadata: FetchCache<ProviderMetadata>,
    /// The cache of the upstreams' key sets.
    pub upstream_keys: FetchCache<KeySet>,
    /// The circuit breaker per relying party for back-channel logout.
    pub logout_breaker: CircuitBreaker,
    /// The circuit breaker of the SMS gateways.
    pub sms_breaker: CircuitBreaker,
    /// The circuit breaker of the mail server.
    pub mail_circuit: MailCircuit,
    /// The receipts of SMS gateways that may use the database at the same time: each gateway's session or call waits.
    pub receipt_slots: Semaphore,
    /// Passwords that recently failed on many accounts (password spraying).
    pub spray_detector: SprayDetector,
    /// Limits the concurrent password verifications per source address.
    pub sign_in_limiter: InFlightLimiter,
    /// The number of active accounts that raises the limit of all sources, some seconds old.
    pub active_accounts: KeptCount,
    key_ring: RwLock<Arc<KeyRing>>,
    upstreams: RwLock<Arc<Upstreams>>,
    /// True after the process was asked to stop.
    draining: AtomicBool,
    /// True while this server's clock differs from the others'.
    clock_is_wrong: AtomicBool,
    /// The time of the last reload of the key ring for an unknown `kid`, in milliseconds.
    last_key_reload: AtomicI64,
}

/// The parts that bootstrap.rs builds and passes to [`App::new`].
pub struct AppParts {
    pub config: Config,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Random>,
    pub db: Db,
    pub ephemeral: Ephemeral,
    pub master_key: MasterKey,
    pub password_hasher: PasswordHasher,
    pub pages: PageRenderer,
    pub sms_gateways: SmsGateways,
    pub mail_gateway: Option<Arc<dyn MailGateway>>,
    pub outgoing: OutgoingClient,
}

impl App {
    pub fn new(parts: AppParts) -> Self {
        let numbering = parts.config.phone_parser();
        let tracer = Tracer::from_config(&parts.config.traces);
        Self {
            config: parts.config,
            clock: parts.clock,
            rng: parts.rng,
            db: parts.db,
            ephemeral: parts.ephemeral,
            master_key: parts.master_key,
            password_hasher: parts.password_hasher,
            pages: parts.pages,
            sms_gateways: parts.sms_gateways,
            mail_gateway: parts.mail_gateway,
            phone_parser: numbering,
            outgoing: parts.outgoing,
            metrics: Metrics::default(),
            findings: KeptFindings::default(),
            stored_sample: KeptStoredSample::default(),
            tracer,
            large_bodies: LargeBodyPlaces::default(),
            support_pages: SupportPageBuffer::default(),
            secret_uses: LastUses::default(),
            campaign_steps: CampaignSteps::default(),
            sign_ins: SignInCounters::default(),
            rotations: FamilyRotations::default(),
            job_notifier: JobNotifier::default(),
            client_keys: FetchCache::new(JWKS_CACHE_POLICY),
            request_objects: FetchCache::new(REQUEST_OBJECT_CACHE_POLICY),
            upstream_metadata: FetchCache::new(JWKS_CACHE_POLICY),
            upstream_keys: FetchCache::new(JWKS_CACHE_POLICY),
            logout_breaker: CircuitBreaker::default(),
            sms_breaker: CircuitBreaker::with_open_duration(SMS_BREAKER_OPEN_DURATION),
            mail_circuit: MailCircuit::default(),
            receipt_slots: Semaphore::new(MAX_RECEIPTS_AT_A_TIME),
            spray_detector: SprayDetector::default(),
            sign_in_limiter: InFlightLimiter::default(),
            active_accounts: KeptCount::default(),
            key_ring: RwLock::default(),
            upstreams: RwLock::default(),
            draining: AtomicBool::new(false),
            clock_is_wrong: AtomicBool::new(false),
            last_key_reload: AtomicI64::new(i64::MIN),
        }
    }

    /// Returns the current key ring. Cheap: clones a shared pointer.
    pub fn key_ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.key_ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn set_key_ring(&self, ring: KeyRing) {
        *self.key_ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }

    /// Returns the upstreams of the deployment. Cheap: clones a shared pointer.
    pub fn upstreams(&self) -> Arc<Upstreams> {
        Arc::clone(&self.upstreams.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn set_upstreams(&self, upstreams: Upstreams) {
        *self.upstreams.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(upstreams);
    }

    /// Marks this process as stopping: the readiness check fails, so no new requests should be routed here; requests
    /// that arrive are still served.
    pub fn start_draining(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Notes whether this server's clock is wrong. Returns what was noted before.
    pub fn note_clock(&self, is_wrong: bool) -> bool {
        self.clock_is_wrong.swap(is_wrong, Ordering::Relaxed)
    }

    /// True while the work on the shared database is left to servers whose clock is right. With SQLite there is no
    /// other server, so the work goes on (docs/decisions/0008-the-clock-never-goes-back.md).
    pub fn is_work_paused(&self) -> bool {
        self.clock_is_wrong.load(Ordering::Relaxed) && !self.db.is_sqlite()
    }

    /// True if the key ring may be reloaded now for an unknown `kid`, at most once per `MIN_KEY_RELOAD_INTERVAL`:
    /// unauthenticated clients can invent kids at no cost (docs/threats.md#attack-j2).
    pub fn may_reload_keys(&self, now: Timestamp) -> bool {
        let due = |last: i64| (now.0.saturating_sub(last) >= MIN_KEY_RELOAD_INTERVAL.0).then_some(now.0);
        self.last_key_reload.fetch_update(Ordering::Relaxed, Ordering::Relaxed, due).is_ok()
    }

    /// Returns the current time. Only the outermost layer reads the clock and passes the time down.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn issuer(&self) -> &str {
        &self.config.server.issuer
    }
}

/// The axum state: a shared pointer to [`App`].
#[derive(Clone)]
pub struct AppState(pub Arc<App>);

impl Deref for AppState {
    type Target = App;
    fn deref(&self) -> &App {
        &self.0
    }
}
