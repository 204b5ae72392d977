//! What may vanish with a restart: authorization codes, interactions. Nothing that protects a person.
//!
//! One namespace a kind, so that a record of one kind can never be presented as another (ABUSE C7, C10).
//! Expiry is stored with the value and compared with the `now` that the caller was given; the store's own
//! cleaning only frees memory.

mod memory;

pub use memory::Memory;

use crate::base::clock::{Span, Timestamp};

/// The namespaces, each with its own bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Authorization codes, by their digest.
    Code,
    /// Pending authorization requests, by `i`.
    Interaction,
    /// Requests to sign out that wait for a word of the person.
    Logout,
    /// Pushed authorization requests (RFC 9126), by the digest of their reference.
    Par,
    /// `jti` of client assertions that were used (RFC 7523 3).
    Assertion,
    /// `jti` of DPoP proofs that were used (RFC 9449 11.1).
    DpopProof,
}

impl Kind {
    /// How many records are kept; the oldest go first.
    pub fn capacity(self) -> usize {
        match self {
            Kind::Code => 100_000,
            Kind::Interaction => 50_000,
            Kind::Logout => 10_000,
            Kind::Par => 50_000,
            Kind::Assertion | Kind::DpopProof => 200_000,
        }
    }

    /// The largest value that is taken, in bytes.
    pub fn max_bytes(self) -> usize {
        8 * 1024
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

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("a record of {0} bytes is larger than its kind allows")]
    TooLarge(usize),
    /// So many names are claimed that another could only be remembered by forgetting one that still counts.
    #[error("no room to remember another single use")]
    Full,
}

/// How long the memory of a taken record lasts.
pub const TOMBSTONE: Span = Span::minutes(10);

/// The store that the configuration names.
pub enum Ephemeral {
    Memory(Memory),
}

impl Ephemeral {
    pub fn memory() -> Self {
        Self::Memory(Memory::default())
    }

    /// Writes a record, replacing one of the same key.
    ///
    /// # Errors
    /// The value is larger than the kind allows.
    pub async fn put(&self, kind: Kind, key: &str, value: &str, expires: Timestamp) -> Result<(), Error> {
        if value.len() > kind.max_bytes() {
            return Err(Error::TooLarge(value.len()));
        }
        match self {
            Self::Memory(m) => m.put(kind, key, value, expires),
        }
        Ok(())
    }

    /// Reads a record that is not expired and not taken.
    pub async fn get(&self, kind: Kind, key: &str, now: Timestamp) -> Result<Option<String>, Error> {
        match self {
            Self::Memory(m) => Ok(m.get(kind, key, now)),
        }
    }

    /// True for the first who names this key, false for every other until it expires (ABUSE T14).
    ///
    /// # Errors
    /// There is no room: nothing that still counts is ever forgotten for it.
    pub async fn claim(&self, kind: Kind, key: &str, expires: Timestamp, now: Timestamp) -> Result<bool, Error> {
        match self {
            Self::Memory(m) => m.claim(kind, key, expires, now),
        }
    }

    /// Takes a record, once, in one atomic step; leaves a tombstone.
    pub async fn take(&self, kind: Kind, key: &str, now: Timestamp) -> Result<Taken, Error> {
        match self {
            Self::Memory(m) => Ok(m.take(kind, key, now)),
        }
    }

    /// Forgets a record.
    pub async fn remove(&self, kind: Kind, key: &str) -> Result<(), Error> {
        match self {
            Self::Memory(m) => m.remove(kind, key),
        }
        Ok(())
    }
}
