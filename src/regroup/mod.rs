//! Regroupement: two accounts of one person become one.
//!
//! The person is signed in to one account and proves the other one, on the other one's budgets. The names agree, or only
//! the school may do it: the accounts of two persons are never joined (docs/threats.md#threat-s09). The account that is
//! kept has the children of both; the identifiant of the other one opens it too. For seven days the person may undo
//! everything; a row says what an undo puts back.

pub mod ops;
pub mod pages;
pub mod store;
pub mod views;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::accounts::{Account, AccountState, JoinedPair};
use crate::base::clock::{Span, Timestamp};
use crate::base::names::{GivenMatch, family_name_matches, match_given_name};
use crate::base::typed_ids::{AccountId, ActivationId, ClientId, LetterId, PersonId, PupilId, SessionId};
use crate::credentials::ProofRefusal;
use crate::limits::RateLimited;
use crate::roster::matching::Candidate;
use crate::subjects::RecordedSubject;

/// The time from the proof to the choice.
pub const REGROUP_TTL: Span = Span::minutes(15);
/// A sign-in this young is a proof of the person; after an older one the password is asked again.
pub const FRESH_SIGN_IN: Span = Span::minutes(5);
/// The time for which a regroupement may be undone.
pub const UNDO_TTL: Span = Span::days(7);

/// The proof of the other account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum RegroupProof {
    Password,
    /// The code of a letter; a birth date is asked after it.
    Letter,
    /// A code sent to the mobile number of both accounts, typed in this browser; a birth date is asked after it.
    SmsCode,
}

/// The state of a regroupement. Each is left once, by compare-and-set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum RegroupState {
    /// The first proof of the other account was right: its second factor is still asked.
    Factor,
    /// The code of a letter or of an SMS was right: the birth date of a child is still asked.
    Asked,
    Proven,
    Done,
    Undone,
    /// The seven days are over.
    Final,
    /// Another one was begun in its place.
    Ended,
}

impl RegroupState {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A row of the table `regroupement`.
#[derive(Clone, Debug)]
pub struct Regroupement {
    pub id: String,
    pub asked_by: AccountId,
    pub other: AccountId,
    /// The session that asked; only that one completes it.
    pub session_id: SessionId,
    pub proof: RegroupProof,
    pub letter_id: Option<LetterId>,
    /// The activation whose code proved the other account.
    pub activation_id: Option<ActivationId>,
    pub state: RegroupState,
    /// The time at which the second factor of the other account was proven.
    pub factor_at: Option<Timestamp>,
    pub support_code: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A regroupement that may still be undone.
#[derive(Clone, Debug)]
pub struct JoinedAccounts {
    pub id: String,
    pub accounts: JoinedPair<AccountId>,
    pub moved: MovedRecords,
    pub done_at: Timestamp,
    pub undo_until: Timestamp,
}

/// The records that an undo puts back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedRecords {
    /// The state of the absorbed account before.
    pub state: String,
    /// The time at which the absorbed account would have closed.
    #[serde(default)]
    pub closes_at: Option<Timestamp>,
    pub persons: Vec<PersonId>,
    /// The pupils of whom the kept account had no proof of its own.
    pub proofs: Vec<PupilId>,
    /// The identifiants that opened the absorbed account.
    pub aliases: Vec<AccountId>,
    /// The spaces whose `sub` the kept account took over.
    pub spaces: Vec<String>,
    /// The values of the absorbed account, told as former ones.
    pub former: Vec<RecordedSubject>,
    /// The former values that the absorbed account had itself.
    pub former_of_absorbed: Vec<RecordedSubject>,
    /// The clients whose use was copied to the kept account.
    #[serde(default)]
    pub uses: Vec<ClientId>,
    /// The clients whose consent was copied to the kept account.
    #[serde(default)]
    pub consents: Vec<ClientId>,
}

impl Regroupement {
    /// Returns which of the two accounts may stay. The other one may where the person gave its password: after a code
    /// nobody may know it. Where one has a second factor, one with a factor stays: what it protects is not to lose it
    /// (docs/threats.md#attack-m10).
    pub fn keepable(&self, other: &Account, has_factor: SidesWithFactor) -> KeepableAccounts {
        let knows_other = self.proof == RegroupProof::Password && other.state == AccountState::Active;
        KeepableAccounts {
            current: has_factor.current || !has_factor.other,
            other: knows_other && (has_factor.other || !has_factor.current),
        }
    }

    /// Returns the state after the other account's first proof and its factor.
    pub fn state_after_factor(proof: RegroupProof) -> RegroupState {
        match proof {
            RegroupProof::Password => RegroupState::Proven,
            RegroupProof::Letter | RegroupProof::SmsCode => RegroupState::Asked,
        }
    }
}

/// The accounts of a regroupement that have a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SidesWithFactor {
    pub current: bool,
    pub other: bool,
}

/// The accounts of a regroupement that may stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepableAccounts {
    pub current: bool,
    pub other: bool,
}

impl KeepableAccounts {
    /// Returns the account that stays; `None` if it is for the person to choose, or none may.
    pub fn only(self) -> Option<KeptAccount> {
        match (self.current, self.other) {
            (true, false) => Some(KeptAccount::Current),
            (false, true) => Some(KeptAccount::Other),
            (true, true) | (false, false) => None,
        }
    }
}

/// The account that the person keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptAccount {
    /// The one of this session.
    Current,
    Other,
}

/// The reason why two accounts are not joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegroupRefusal {
    /// Both identifiants open the same account.
    Same,
    /// The names differ, or one of the accounts is a pupil's: the school may do it.
    Names,
    /// An ENT knows the person by two keys of one academy: the school chooses.
    RosterKeys,
    /// One of the accounts is suspended.
    Suspended,
    /// A password has to be changed first: the other account's, or this one's.
    MustChange { other: bool },
    /// A password was replaced lately, of one of the accounts.
    Caution { until: Timestamp },
    /// Only the other account has a second factor, so that it is the one that stays; and nobody typed its password.
    Factor,
    /// The account that a code proved has no child of whom a birth date could be asked.
    NothingToAsk,
}

/// The reason why the other account was not proven. The same for known and unknown identifiants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherProofRefusal {
    Empty,
    /// Wrong identifiant, password or code: not distinguished.
    Wrong,
    /// A slip in a letter's code; it costs no try.
    Slip,
    Limited {
        until: Timestamp,
    },
    Source(RateLimited),
    /// No code of an SMS proves the account in this browser any more.
    CodeOver,
    Busy {
        seconds: u32,
    },
}

/// The outcome of the proofs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProveOutcome {
    /// The choice comes next, in the regroupement with this id.
    Begun {
        id: String,
    },
    /// The own password was asked for, and not proven.
    OwnNotProven(ProofRefusal),
    OtherNotProven(OtherProofRefusal),
    Refused(RegroupRefusal),
}

/// A name by which the school or the account knows a person.
#[derive(Clone, Debug)]
pub struct KnownName {
    pub given: String,
    pub family: String,
    pub usage: Option<String>,
}

impl From<&Account> for KnownName {
    fn from(account: &Account) -> Self {
        KnownName { given: account.given_name.clone(), family: account.family_name.clone(), usage: None }
    }
}

impl From<Candidate> for KnownName {
    fn from(person: Candidate) -> Self {
        KnownName { given: person.given_name, family: person.family_name, usage: person.usage_name }
    }
}

/// True if one name of each account is the same person's: the given name in full, and a family name in common, because
/// one school writes the nom de famille and another one the nom d'usage.
pub fn names_agree(left: &[KnownName], right: &[KnownName]) -> bool {
    let agree = |a: &KnownName, b: &KnownName| {
        let families = [Some(a.family.as_str()), a.usage.as_deref()];
        matches!(match_given_name(&a.given, &b.given), Some(GivenMatch::Full))
            && families.into_iter().flatten().any(|name| family_name_matches(name, &b.family, b.usage.as_deref()))
    };
    left.iter().any(|a| right.iter().any(|b| agree(a, b)))
}

/// Judges what the two accounts are by themselves; names and keys are the callers'.
pub fn judge_accounts(account: &Account, other: &Account, now: Timestamp) -> Option<RegroupRefusal> {
    let both = [account, other];
    if account.id == other.id {
        return Some(RegroupRefusal::Same);
    }
    if both.iter().any(|a| a.suspended_by.is_some() || a.state == AccountState::Closed) {
        return Some(RegroupRefusal::Suspended);
    }
    if account.profile != other.profile {
        return Some(RegroupRefusal::Names);
    }
    let must_change = |a: &Account| a.state == AccountState::Active && a.must_change_password();
    if both.into_iter().any(must_change) {
        return Some(RegroupRefusal::MustChange { other: must_change(other) });
    }
    both.iter().filter_map(|a| a.caution(now)).max().map(|until| RegroupRefusal::Caution { until })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(given: &str, family: &str, usage: Option<&str>) -> KnownName {
        KnownName { given: given.into(), family: family.into(), usage: usage.map(Into::into) }
    }

    #[test]
    fn threat_s09_only_one_persons_names_agree() {
        let both = |a: KnownName, b: KnownName| {
            let (a, b) = (std::slice::from_ref(&a), std::slice::from_ref(&b));
            names_agree(a, b) && names_agree(b, a)
        };
        assert!(both(name("Fatou", "NDIAYE", Some("LEBŒUF")), name("FATOU", "N'Diaye", None)));
        assert!(both(name("Fatou", "Leboeuf", None), name("Fatou", "NDIAYE", Some("LEBŒUF"))));
        for other in [
            name("Marc", "NDIAYE", None),
            name("Fatou", "PETIT", None),
            name("Fatou Marie", "NDIAYE", None),
            name("", "NDIAYE", None),
        ] {
            assert!(!both(name("Fatou", "NDIAYE", Some("LEBŒUF")), other.clone()), "{other:?}");
        }
        assert!(!names_agree(&[], &[name("Fatou", "NDIAYE", None)]));
    }
}
