//! The namespaces of the store: the records that it keeps, and the bytes that each kind may take.

use super::{Quota, TOMBSTONE_TTL};
use crate::base::clock::Span;

/// The namespaces of the store, each with its own quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Namespace {
    /// Authorization codes, keyed by digest.
    Code,
    /// Pending authorization requests too long for a URL.
    Interaction,
    /// Pending logout requests awaiting the user's confirmation, too long for a URL.
    Logout,
    /// Pushed authorization requests (RFC 9126), valid for 60 s.
    Par,
    /// Pushed authorization requests that were answered, claimed as long as an interaction of them may live.
    AnsweredPar,
    /// The `jti` values of client assertions (RFC 7523 3), claimed until the assertion expires.
    Assertion,
    /// The `jti` values of DPoP proofs (RFC 9449 11.1), claimed until the proof expires.
    DpopProof,
    /// The challenges of passkeys that were answered, claimed until they expire.
    PasskeyChallenge,
    /// Sign-ins at an upstream whose answer came, marked until they end.
    UpstreamState,
    /// Verified people of an upstream who are to be linked to an account.
    UpstreamProof,
}

impl Namespace {
    pub const ALL: [Namespace; 10] = [
        Namespace::Code,
        Namespace::Interaction,
        Namespace::Logout,
        Namespace::Par,
        Namespace::AnsweredPar,
        Namespace::Assertion,
        Namespace::DpopProof,
        Namespace::PasskeyChallenge,
        Namespace::UpstreamState,
        Namespace::UpstreamProof,
    ];

    /// Returns the stored name of the namespace. A name never changes.
    pub fn name(self) -> &'static str {
        match self {
            Namespace::Code => "code",
            Namespace::Interaction => "interaction",
            Namespace::Logout => "logout",
            Namespace::Par => "par",
            Namespace::AnsweredPar => "answered_par",
            Namespace::Assertion => "assertion",
            Namespace::DpopProof => "dpop",
            Namespace::PasskeyChallenge => "passkey",
            Namespace::UpstreamState => "upstream",
            Namespace::UpstreamProof => "upstream_proof",
        }
    }

    /// Returns the quota of the namespace.
    pub fn quota(self) -> Quota {
        const KIB: usize = 1024;
        const MIB: usize = 1024 * KIB;
        let quota =
            |each, all, floor, longest| Quota { per_owner: each, total: all, guaranteed: floor, max_ttl: longest };
        match self {
            // No owner: see `Namespace::evicts`.
            Namespace::Code => quota(12 * MIB, 12 * MIB, 0, TOMBSTONE_TTL),
            // Owned by a network: a thousand families of one school whose relying party sends long requests. An
            // attacker can use any number of networks, so no network has guaranteed room.
            Namespace::Interaction => quota(3 * MIB, 12 * MIB, 0, Span::hours(2)),
            Namespace::Logout => quota(512 * KIB, 4 * MIB, 0, Span::minutes(30)),
            // Owned by a client: 60 a second, and the first 100 regardless of other clients.
            Namespace::Par => quota(4 * MIB, 10 * MIB, 128 * KIB, Span::minutes(1)),
            // Owned by a client: about 19 000 answers.
            Namespace::AnsweredPar => quota(3 * MIB, 4 * MIB, 64 * KIB, Span::hours(2)),
            // Owned by a client: about 26 000 live claims, and the first 400 regardless of other clients.
            Namespace::Assertion | Namespace::DpopProof => quota(4 * MIB, 11 * MIB, 64 * KIB, Span::minutes(5)),
            // Owned by an account, and claimed after a right signature only: no stranger fills it.
            Namespace::PasskeyChallenge => quota(16 * KIB, MIB, 4 * KIB, Span::minutes(5)),
            // Owned by a network, and written after a right answer only.
            Namespace::UpstreamProof => quota(MIB, 4 * MIB, 0, Span::minutes(30)),
            // Owned by a network, and marked after a right state only: 26 000 answers within a quarter of an hour, 1 600
            // of one network. Beyond, the marks that end first go, after minutes: no code of an upstream lives so long.
            Namespace::UpstreamState => quota(512 * KIB, 8 * MIB, 0, Span::minutes(15)),
        }
    }

    /// True if a full namespace evicts its oldest record. The other namespaces refuse the new record.
    pub fn evicts(self) -> bool {
        self == Namespace::Code
    }

    /// True if a second attempt to take a record returns the value: for an authorization code, so that the tokens
    /// issued for the code can be revoked.
    pub(super) fn keeps_taken_value(self) -> bool {
        self == Namespace::Code
    }

    /// Returns the maximum size of a value, in bytes.
    pub fn max_value_bytes(self) -> usize {
        match self {
            Namespace::Code | Namespace::Logout | Namespace::UpstreamProof => 8 * 1024,
            // These records contain a `state`, up to the length of a parameter and longer once JSON-encoded.
            Namespace::Interaction | Namespace::Par => 16 * 1024,
            // A claim or a mark has no value.
            Namespace::AnsweredPar
            | Namespace::Assertion
            | Namespace::DpopProof
            | Namespace::PasskeyChallenge
            | Namespace::UpstreamState => 0,
        }
    }
}
