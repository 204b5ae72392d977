//! Short-lived state which may be lost on restart: authorization codes, interactions. Nothing here protects a person.
//!
//! Each kind of record has a namespace of its own, so a record of one kind can never be presented as another
//! (docs/threats.md#attack-c7, #attack-c10). The expiry is stored with the value and compared with the caller's `now`;
//! the store's own cleaning only frees memory. Losing the store costs a retry: codes and requests are then unknown and
//! refused. Only a `jti` claimed before the loss could be replayed, until its assertion or proof expires.
//!
//! Every namespace is bounded in bytes. Records caused by unauthenticated clients and relying parties are refused
//! beyond their [`Quota`] and evict nothing. Authorization codes, caused only by signed-in users, evict the oldest
//! code. Marks of answers that came replace older ones, of their own network or of the one with the most.

mod carried_state;
mod in_flight;
mod kept_count;
mod marks;
mod memory_store;
mod namespace;
mod quota;
mod rate_counters;
mod redis_store;
mod spray_detector;

pub use carried_state::{CarriedState, MAX_STATE_PARAMETER_BYTES};
pub use in_flight::{Admission, InFlightLimiter, InFlightPermit};
pub use kept_count::KeptCount;
pub use memory_store::MemoryStore;
pub use namespace::Namespace;
pub use quota::Quota;
pub use rate_counters::{CounterUpdate, HourlyLimit, RateCounters, WindowCount};
pub use redis_store::RedisStore;
pub use spray_detector::SprayDetector;

use crate::base::clock::{Span, Timestamp};
use crate::config::EphemeralStore;
use crate::crypto::{MasterKey, SealError};

/// The result of taking a single-use record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakeResult {
    /// This caller took the record, and no other caller did.
    Taken(String),
    /// The record was taken earlier. The value is still known, so the tokens derived from the record can be revoked.
    AlreadyTaken(String),
    NotFound,
}

/// A record as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRecord {
    pub value: String,
    /// True if the record was already taken and only its tombstone remains.
    pub consumed: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum EphemeralError {
    #[error("a key or value of {0} bytes is larger than its kind allows")]
    TooLarge(usize),
    /// The owner's quota or the quota of all owners together is exhausted.
    #[error("there is no room for another {0:?}")]
    Full(Namespace),
    #[error("the ephemeral store does not answer: {0}")]
    Unavailable(String),
    #[error("it may forget what must be kept: its maxmemory-policy is {0}, set noeviction")]
    EvictionPolicy(String),
    #[error(
        "it belongs to a Redis Cluster, whose nodes share the names among them: name a Redis of its own, or one with \
         sentinels (ephemeral.sentinels)"
    )]
    Cluster,
    #[error("ephemeral.url is no redis://, rediss:// or unix: url")]
    Url,
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl EphemeralError {
    /// True if the same request may succeed a little later: a 503 response and not a fault of the caller.
    pub fn is_transient(&self) -> bool {
        matches!(self, EphemeralError::Full(_) | EphemeralError::Unavailable(_))
    }
}

/// The bookkeeping cost of a record besides key and value, in bytes: the memory a server needs for indexing the record.
const RECORD_OVERHEAD_BYTES: usize = 200;
/// The cost of a claim, in bytes.
const CLAIM_COST_BYTES: usize = 160;
/// The cost of a mark, in bytes.
const MARK_COST_BYTES: usize = 320;

/// The lifetime of the tombstone of a taken record.
pub const TOMBSTONE_TTL: Span = Span::minutes(10);
/// The maximum key length, in bytes. Préau's keys are identifiers and digests; a key chosen by a client is hashed
/// first.
pub const MAX_KEY_BYTES: usize = 128;

/// The store selected by the configuration.
pub enum Ephemeral {
    Memory(MemoryStore, RateCounters),
    Redis(Box<RedisStore>),
}

impl Ephemeral {
    pub fn memory() -> Self {
        Self::Memory(MemoryStore::default(), RateCounters::default())
    }

    /// Opens the configured store. A Redis store is connected to in the background.
    ///
    /// # Errors
    /// The URL is invalid.
    pub fn open(config: &EphemeralStore, master_key: &MasterKey) -> Result<Self, EphemeralError> {
        if config.is_memory() {
            return Ok(Self::memory());
        }
        Ok(Self::Redis(Box::new(RedisStore::open(config, master_key)?)))
    }

    /// Checks the connection to the store.
    ///
    /// # Errors
    /// The store does not respond.
    pub async fn ping(&self) -> Result<(), EphemeralError> {
        match self {
            Self::Memory(..) => Ok(()),
            Self::Redis(s) => s.ping().await,
        }
    }

    /// Writes a record without an owner, replacing a record of the same key.
    ///
    /// # Errors
    /// The same as for [`Ephemeral::put_for`].
    pub async fn put(
        &self,
        kind: Namespace,
        key: &str,
        value: &str,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), EphemeralError> {
        self.put_for("", kind, key, value, expires, now).await
    }

    /// Writes a record charged to its owner, replacing a record of the same key.
    ///
    /// # Errors
    /// The key or value is larger than the namespace allows, the quota has no room, or the store does not respond.
    pub async fn put_for(
        &self,
        owner: &str,
        kind: Namespace,
        key: &str,
        value: &str,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), EphemeralError> {
        check_size(key, value, kind)?;
        match self {
            Self::Memory(m, _) => m.put(owner, kind, key, value, expires, now),
            Self::Redis(s) => s.put(owner, kind, key, value, expires, now).await,
        }
    }

    /// Reads a record neither expired nor taken.
    ///
    /// # Errors
    /// The store does not respond.
    pub async fn get(&self, kind: Namespace, key: &str, now: Timestamp) -> Result<Option<String>, EphemeralError> {
        Ok(self.peek(kind, key, now).await?.filter(|seen| !seen.consumed).map(|seen| seen.value))
    }

    /// Reads a record, taken or not, without changing the record: to learn its owner before taking the record.
    ///
    /// # Errors
    /// The store does not respond.
    pub async fn peek(
        &self,
        kind: Namespace,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, EphemeralError> {
        match self {
            Self::Memory(m, _) => Ok(m.peek(kind, key, now)),
            Self::Redis(s) => s.peek(kind, key, now).await,
        }
    }

    /// Takes a single-use record in one atomic step and leaves a tombstone.
    ///
    /// # Errors
    /// The store does not respond: the record may or may not have been taken.
    pub async fn take(&self, kind: Namespace, key: &str, now: Timestamp) -> Result<TakeResult, EphemeralError> {
        match self {
            Self::Memory(m, _) => Ok(m.take(kind, key, now)),
            Self::Redis(s) => s.take(kind, key, now).await,
        }
    }

    /// Deletes a record.
    ///
    /// # Errors
    /// The store does not respond.
    pub async fn remove(&self, kind: Namespace, key: &str) -> Result<(), EphemeralError> {
        match self {
            Self::Memory(m, _) => m.remove(kind, key),
            Self::Redis(s) => s.remove(kind, key).await?,
        }
        Ok(())
    }

    /// Returns the counts of the last hour per name and true if a name had reached its maximum, then increments or
    /// decrements the counts in the same step. The names are keyed digests, because a name may stand for a person's IP
    /// address.
    ///
    /// # Errors
    /// The store does not respond: the counters may or may not have been updated.
    pub async fn update_counters(
        &self,
        tally: CounterUpdate,
        limits: &[HourlyLimit],
        now: Timestamp,
    ) -> Result<(bool, Vec<WindowCount>), EphemeralError> {
        match self {
            Self::Memory(_, rates) => Ok(rates.update_counters(tally, limits, now)),
            Self::Redis(s) => s.update_counters(tally, limits, now).await,
        }
    }

    /// Claims a key: returns true to the first caller and false to every other caller until the key expires
    /// (docs/threats.md#attack-t14). The claimed namespaces do not support `put` and `take`. A claim counts against its
    /// owner's quota only.
    ///
    /// # Errors
    /// The key is too long (pass a digest), the quota has no room, or the store does not respond. In these cases no
    /// caller holds the claim, and the request must be refused.
    pub async fn claim_once(
        &self,
        owner: &str,
        kind: Namespace,
        key: &str,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<bool, EphemeralError> {
        check_size(key, "", kind)?;
        match self {
            Self::Memory(m, _) => m.claim_once(owner, kind, key, expires, now),
            Self::Redis(s) => s.claim_once(owner, kind, key, expires, now).await,
        }
    }

    /// Marks a key: true for the first caller, false for every other one until the mark ends. A mark is never refused
    /// for want of room: an older one goes for it, of the same owner or of the one that has the most. For what a seal of
    /// ours lets in already, so that the mark only keeps it from serving twice.
    ///
    /// # Errors
    /// The key is too long, or the store does not respond.
    pub async fn mark_once(
        &self,
        owner: &str,
        kind: Namespace,
        key: &str,
        ends: Timestamp,
        now: Timestamp,
    ) -> Result<bool, EphemeralError> {
        check_size(key, "", kind)?;
        match self {
            Self::Memory(m, _) => Ok(m.mark_once(owner, kind, key, ends, now)),
            Self::Redis(s) => s.mark_once(owner, kind, key, ends, now).await,
        }
    }
}

/// Returns the report of `doctor` on the configured store.
///
/// # Errors
/// The store does not respond or is not usable.
pub async fn diagnose(config: &EphemeralStore) -> Result<String, EphemeralError> {
    if config.is_memory() {
        return Ok("in memory, for one server".to_owned());
    }
    redis_store::diagnose(config).await
}

/// Returns the cost of a record to its owner, in bytes.
fn record_cost(key: &str, value: &str) -> usize {
    RECORD_OVERHEAD_BYTES + 2 * key.len() + value.len()
}

fn check_size(key: &str, value: &str, kind: Namespace) -> Result<(), EphemeralError> {
    if key.len() > MAX_KEY_BYTES {
        return Err(EphemeralError::TooLarge(key.len()));
    }
    if value.len() > kind.max_value_bytes() {
        return Err(EphemeralError::TooLarge(value.len()));
    }
    Ok(())
}
