//! What every handler is given: the platform, built once. Knows no feature.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::base::clock::{Clock, Span, Timestamp};
use crate::base::phone::Numbering;
use crate::base::rng::Random;
use crate::config::Config;
use crate::db::Db;
use crate::ephemeral::{Ephemeral, Gate, Sprays};
use crate::http::outgoing::{DOCUMENTS, FetchMemory, KEYS, Outgoing};
use crate::http::pages::Pages;
use crate::http::support::SupportPages;
use crate::jose::{KeyRing, KeySet};
use crate::outbox::{Bell, Silence};
use crate::seal::{Passwords, Vault};
use crate::sms::Gateway;
use crate::telemetry::Metrics;

/// Unknown kids have the ring read again at most so often.
const ASKS_APART: Span = Span::seconds(5);

/// A gateway that took nothing three times in a row is tried once in so long: a code is wanted within the minute.
const GATEWAY_RESTS: Span = Span::seconds(5);

/// The platform.
pub struct App {
    pub config: Config,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Random>,
    pub db: Db,
    pub ephemeral: Ephemeral,
    pub vault: Vault,
    pub passwords: Passwords,
    pub pages: Pages,
    pub numbering: Numbering,
    pub sms: Gateway,
    /// Calls what others chose.
    pub outgoing: Outgoing,
    /// Counts what happens, for the operator.
    pub metrics: Metrics,
    /// Pages that showed a support code, until the worker writes them.
    pub support: SupportPages,
    /// Wakes the outbox's worker after a commit that left it work.
    pub outbox: Bell,
    /// Keys that relying parties publish.
    pub client_keys: FetchMemory<KeySet>,
    /// Request objects that they publish; and whose turn it is to have something fetched.
    pub documents: FetchMemory<String>,
    /// Relying parties that lately did not answer a sign-out.
    pub deaf: Silence,
    /// The SMS gateway, where it lately took nothing.
    pub resting: Silence,
    /// Passwords that were wrong on many accounts lately.
    pub sprays: Sprays,
    /// Sources whose passwords are being judged right now.
    pub gate: Gate,
    ring: RwLock<Arc<KeyRing>>,
    /// Set once the process was asked to end.
    draining: AtomicBool,
    /// When an unknown kid last had the ring read again.
    asked: AtomicI64,
}

/// The parts that compose.rs builds.
pub struct Parts {
    pub config: Config,
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Random>,
    pub db: Db,
    pub ephemeral: Ephemeral,
    pub vault: Vault,
    pub passwords: Passwords,
    pub pages: Pages,
    pub sms: Gateway,
    pub outgoing: Outgoing,
}

impl App {
    pub fn new(parts: Parts) -> Self {
        let numbering = Numbering { fictitious: parts.config.phones.fictitious.clone() };
        Self {
            config: parts.config,
            clock: parts.clock,
            rng: parts.rng,
            db: parts.db,
            ephemeral: parts.ephemeral,
            vault: parts.vault,
            passwords: parts.passwords,
            pages: parts.pages,
            sms: parts.sms,
            numbering,
            outgoing: parts.outgoing,
            metrics: Metrics::default(),
            support: SupportPages::default(),
            outbox: Bell::default(),
            client_keys: FetchMemory::new(KEYS),
            documents: FetchMemory::new(DOCUMENTS),
            deaf: Silence::default(),
            resting: Silence::resting(GATEWAY_RESTS),
            sprays: Sprays::default(),
            gate: Gate::default(),
            ring: RwLock::default(),
            draining: AtomicBool::new(false),
            asked: AtomicI64::new(i64::MIN),
        }
    }

    /// The keys as they are now. Cheap: a shared pointer.
    pub fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn set_ring(&self, ring: KeyRing) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }

    /// No new requests should come here; those that do are answered.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Whether the ring may be read again for an unknown kid: strangers invent them at no cost
    /// (docs/threats.md#attack-j2).
    pub fn may_ask_for_keys(&self, now: Timestamp) -> bool {
        let due = |last: i64| (now.0.saturating_sub(last) >= ASKS_APART.0).then_some(now.0);
        self.asked.fetch_update(Ordering::Relaxed, Ordering::Relaxed, due).is_ok()
    }

    /// The time; read by the outermost layer, passed down from there.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn issuer(&self) -> &str {
        &self.config.server.issuer
    }
}

/// One argument gives a handler everything.
#[derive(Clone)]
pub struct AppState(pub Arc<App>);

impl Deref for AppState {
    type Target = App;
    fn deref(&self) -> &App {
        &self.0
    }
}
