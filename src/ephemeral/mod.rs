//! What may vanish with a restart: authorization codes, interactions. Nothing that protects a person.
//!
//! One namespace a kind, so that a record of one kind can never be presented as another (docs/threats.md#attack-c7,
//! #attack-c10). Expiry is stored with the value and compared with the `now` that the caller was given; the store's own
//! cleaning only frees memory. What is lost with the store costs a retry: codes and requests are then unknown and
//! refused. Only a `jti` named before the loss could be named again, until its assertion or proof expires.
//!
//! Every kind is bounded in bytes. What strangers and clients cause is refused beyond its [`Quota`] and evicts nothing;
//! of codes, which only a person who signed in causes, the oldest goes.

mod carried;
mod gate;
mod memory;
mod quota;
mod rates;
mod shared;
mod sprays;

pub use carried::{Carried, LONGEST as IN_ADDRESS};
pub use gate::{Entry, Gate, Inside};
pub use memory::Memory;
pub use quota::Quota;
pub use rates::{Counted, Limit, Rates, Tally};
pub use shared::Shared;
pub use sprays::Sprays;

use crate::base::clock::{Span, Timestamp};
use crate::config::EphemeralStore;
use crate::seal::{SealError, Vault};

/// The namespaces, each with its own bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Authorization codes, by their digest.
    Code,
    /// Pending authorization requests that are too long for an address.
    Interaction,
    /// Requests to sign out that wait for a word of the person, and are too long for an address.
    Logout,
    /// Pushed authorization requests (RFC 9126), 60 s.
    Par,
    /// `jti` of client assertions (RFC 7523 3), claimed until they expire.
    Assertion,
    /// `jti` of DPoP proofs (RFC 9449 11.1), claimed until they expire.
    DpopProof,
}

impl Kind {
    pub const ALL: [Kind; 6] =
        [Kind::Code, Kind::Interaction, Kind::Logout, Kind::Par, Kind::Assertion, Kind::DpopProof];

    /// Its name where it is kept; never another for the same.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Code => "code",
            Kind::Interaction => "interaction",
            Kind::Logout => "logout",
            Kind::Par => "par",
            Kind::Assertion => "assertion",
            Kind::DpopProof => "dpop",
        }
    }

    /// What of it may be kept.
    pub fn quota(self) -> Quota {
        const KIB: usize = 1024;
        const MIB: usize = 1024 * KIB;
        let quota = |each, all, floor, longest| Quota { each, all, floor, longest };
        match self {
            // Nobody's in particular: see `Kind::evicts`.
            Kind::Code => quota(12 * MIB, 12 * MIB, 0, TOMBSTONE),
            // Of a network: a thousand families of a school, whose service asks at length. There are as many networks as
            // somebody likes, so none has a floor.
            Kind::Interaction => quota(3 * MIB, 14 * MIB, 0, Span::hours(2)),
            Kind::Logout => quota(512 * KIB, 4 * MIB, 0, Span::minutes(30)),
            // Of a client: 60 a second, and the first 100 whatever the others do.
            Kind::Par => quota(4 * MIB, 10 * MIB, 128 * KIB, Span::minutes(1)),
            // Of a client: some 26 000 live ones, and the first 400 whatever the others do.
            Kind::Assertion | Kind::DpopProof => quota(4 * MIB, 12 * MIB, 64 * KIB, Span::minutes(5)),
        }
    }

    /// Whether the oldest goes where there is no room. Of the other kinds the new one is refused.
    pub fn evicts(self) -> bool {
        self == Kind::Code
    }

    /// Whether a second taker learns what it was: of a code, so that what came of it can be revoked.
    fn remembers(self) -> bool {
        self == Kind::Code
    }

    /// The largest value that is taken, in bytes.
    pub fn max_bytes(self) -> usize {
        match self {
            Kind::Code | Kind::Logout => 8 * 1024,
            // They hold a `state`, which may be as long as a parameter, and in JSON longer.
            Kind::Interaction | Kind::Par => 16 * 1024,
            // A claim has no value.
            Kind::Assertion | Kind::DpopProof => 0,
        }
    }
}

/// What taking a single-use record gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// This caller, and nobody else, has it.
    Now(String),
    /// It was taken before; the value is still known, so that what came of it can be revoked.
    Before(String),
    Unknown,
}

/// A record as it lies there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub value: String,
    /// It was taken before: its memory only.
    pub taken: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a key or value of {0} bytes is larger than its kind allows")]
    TooLarge(usize),
    /// Its owner has too much already, or all together have.
    #[error("there is no room for another {0:?}")]
    Full(Kind),
    #[error("the ephemeral store does not answer: {0}")]
    Unavailable(String),
    #[error("it may forget what must be kept: its maxmemory-policy is {0}, set noeviction")]
    Forgets(String),
    #[error("ephemeral.url is no redis://, rediss:// or unix: url")]
    Url,
    #[error(transparent)]
    Seal(#[from] SealError),
}

impl Error {
    /// Whether the same request may succeed a little later: a 503, and no fault of anybody's.
    pub fn is_passing(&self) -> bool {
        matches!(self, Error::Full(_) | Error::Unavailable(_))
    }
}

/// What a record costs besides its key and value: what a server's memory spends on finding it again.
const OVERHEAD: usize = 200;
/// What a claim costs.
const CLAIM: usize = 160;

/// How long the memory of a taken record lasts.
pub const TOMBSTONE: Span = Span::minutes(10);
/// The longest key, in bytes. Ours are identifiers and digests; what a stranger names is digested first.
pub const MAX_KEY: usize = 128;

/// The store that the configuration names.
pub enum Ephemeral {
    Memory(Memory, Rates),
    Shared(Box<Shared>),
}

impl Ephemeral {
    pub fn memory() -> Self {
        Self::Memory(Memory::default(), Rates::default())
    }

    /// The store of the configuration. One that is elsewhere is connected to in the background.
    ///
    /// # Errors
    /// A url that is none.
    pub fn open(config: &EphemeralStore, vault: &Vault) -> Result<Self, Error> {
        if config.is_memory() {
            return Ok(Self::memory());
        }
        Ok(Self::Shared(Box::new(Shared::open(config, vault)?)))
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), Error> {
        match self {
            Self::Memory(..) => Ok(()),
            Self::Shared(s) => s.ping().await,
        }
    }

    /// Writes a record that is nobody's in particular, replacing one of the same key.
    ///
    /// # Errors
    /// As [`Ephemeral::put_for`].
    pub async fn put(
        &self,
        kind: Kind,
        key: &str,
        value: &str,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.put_for("", kind, key, value, expires, now).await
    }

    /// Writes a record at the expense of its owner, replacing one of the same key.
    ///
    /// # Errors
    /// Key or value is larger than the kind allows; there is no room; the store does not answer.
    pub async fn put_for(
        &self,
        owner: &str,
        kind: Kind,
        key: &str,
        value: &str,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        fits(key, value, kind)?;
        match self {
            Self::Memory(m, _) => m.put(owner, kind, key, value, expires, now),
            Self::Shared(s) => s.put(owner, kind, key, value, expires, now).await,
        }
    }

    /// Reads a record that is not expired and not taken.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn get(&self, kind: Kind, key: &str, now: Timestamp) -> Result<Option<String>, Error> {
        Ok(self.look(kind, key, now).await?.filter(|seen| !seen.taken).map(|seen| seen.value))
    }

    /// Reads a record, taken or not, and leaves it as it is: to know whose it is before it is taken.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn look(&self, kind: Kind, key: &str, now: Timestamp) -> Result<Option<Seen>, Error> {
        match self {
            Self::Memory(m, _) => Ok(m.look(kind, key, now)),
            Self::Shared(s) => s.look(kind, key, now).await,
        }
    }

    /// Takes a record, once, in one atomic step; leaves a tombstone.
    ///
    /// # Errors
    /// The store does not answer: it may have been taken or not.
    pub async fn take(&self, kind: Kind, key: &str, now: Timestamp) -> Result<Taken, Error> {
        match self {
            Self::Memory(m, _) => Ok(m.take(kind, key, now)),
            Self::Shared(s) => s.take(kind, key, now).await,
        }
    }

    /// Forgets a record.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn remove(&self, kind: Kind, key: &str) -> Result<(), Error> {
        match self {
            Self::Memory(m, _) => m.remove(kind, key),
            Self::Shared(s) => s.remove(kind, key).await?,
        }
        Ok(())
    }

    /// What was counted under each name within the last hour, and whether one of them had reached its most; then adds or
    /// takes, in the same step. The names are keyed digests: they may stand for a person's address.
    ///
    /// # Errors
    /// The store does not answer: it may have been counted or not.
    pub async fn tally(&self, tally: Tally, limits: &[Limit], now: Timestamp) -> Result<(bool, Vec<Counted>), Error> {
        match self {
            Self::Memory(_, rates) => Ok(rates.tally(tally, limits, now)),
            Self::Shared(s) => s.tally(tally, limits, now).await,
        }
    }

    /// True for the first who names this key, false for everybody else until it expires (docs/threats.md#attack-t14).
    /// The kinds that are claimed are not put or taken. A claim is one of its owner's: another's quota is not touched.
    ///
    /// # Errors
    /// The key is too long (give a digest); there is no room; the store does not answer. Then nobody has it, and the
    /// request must be refused.
    pub async fn claim(
        &self,
        owner: &str,
        kind: Kind,
        key: &str,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        fits(key, "", kind)?;
        match self {
            Self::Memory(m, _) => m.claim(owner, kind, key, expires, now),
            Self::Shared(s) => s.claim(owner, kind, key, expires, now).await,
        }
    }
}

/// What `doctor` says of the store that the configuration names.
///
/// # Errors
/// It does not answer, or is none that may be used.
pub async fn examine(config: &EphemeralStore) -> Result<String, Error> {
    if config.is_memory() {
        return Ok("in memory, for one server".to_owned());
    }
    shared::examine(config).await
}

/// What a record costs its owner.
fn cost(key: &str, value: &str) -> usize {
    OVERHEAD + 2 * key.len() + value.len()
}

fn fits(key: &str, value: &str, kind: Kind) -> Result<(), Error> {
    if key.len() > MAX_KEY {
        return Err(Error::TooLarge(key.len()));
    }
    if value.len() > kind.max_bytes() {
        return Err(Error::TooLarge(value.len()));
    }
    Ok(())
}
