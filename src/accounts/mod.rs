//! Accounts, each for life, with an identifiant that is never reused.

pub mod emails;
pub mod identifier;
pub mod legacy;
pub mod ops;
pub mod password;
pub mod phones;
pub mod store;

use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::profile::Profile;
use crate::base::typed_ids::AccountId;

/// The state of an account: pending (identifiant assigned, no password) → active → closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum AccountState {
    Pending,
    Active,
    Closed,
}

impl AccountState {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The authority that suspended an account, and to which the page refers.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr, strum::EnumIter,
)]
#[serde(from = "String", into = "String")]
#[strum(serialize_all = "snake_case")]
pub enum SuspendedBy {
    School,
    Operator,
}

impl SuspendedBy {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Reads a stored name. The account is suspended whatever the name is: one of a newer release is the operator's.
    pub fn from_name(name: &str) -> Self {
        name.parse().unwrap_or(Self::Operator)
    }

    /// Returns the key of the message with the authority's name.
    pub fn message_key(self) -> &'static str {
        match self {
            SuspendedBy::School => "suspended-by-school",
            SuspendedBy::Operator => "suspended-by-operator",
        }
    }
}

impl From<String> for SuspendedBy {
    fn from(name: String) -> Self {
        Self::from_name(&name)
    }
}

impl From<SuspendedBy> for String {
    fn from(by: SuspendedBy) -> Self {
        by.name().to_owned()
    }
}

/// The two accounts of a person of which one stays, by their rows or their ids.
#[derive(Clone, Copy, Debug)]
pub struct JoinedPair<T> {
    pub kept: T,
    /// Its identifiant opens the kept one.
    pub absorbed: T,
}

impl<T> JoinedPair<T> {
    pub fn as_ref(&self) -> JoinedPair<&T> {
        JoinedPair { kept: &self.kept, absorbed: &self.absorbed }
    }
}

impl<'a> JoinedPair<&'a Account> {
    pub fn ids(self) -> JoinedPair<&'a AccountId> {
        JoinedPair { kept: &self.kept.id, absorbed: &self.absorbed.id }
    }
}

/// The account of an end user.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: AccountId,
    pub identifiant: String,
    pub state: AccountState,
    pub profile: Profile,
    pub given_name: String,
    pub family_name: String,
    /// The hash in PHC string format; `None` until the first password.
    pub password: Option<String>,
    /// The time of the last change of the password.
    pub password_at: Option<Timestamp>,
    pub suspended_by: Option<SuspendedBy>,
    /// The end of the caution after a recovery, or after « ce n'était pas moi »; see [`Account::caution`].
    pub caution_until: Option<Timestamp>,
    /// The time at which the account closes; a sign-in before keeps it.
    pub closes_at: Option<Timestamp>,
    /// The time since which the password serves no more; see [`Account::must_change_password`].
    pub must_change_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    /// True for an account that an academy's provider made: it has no password, and no roster knows it.
    pub is_federated: bool,
}

impl Account {
    /// True if the account may sign in and be disclosed to relying parties.
    pub fn is_usable(&self) -> bool {
        self.state == AccountState::Active && self.suspended_by.is_none()
    }

    /// Returns the time until which the account permits nothing that a thief would want first: an address, another
    /// mobile, a factor, its closing. `None` if no caution holds.
    pub fn caution(&self, now: Timestamp) -> Option<Timestamp> {
        self.caution_until.filter(|until| *until > now)
    }

    /// True if the right password opens no session, but leads to a new one (docs/threats.md#threat-s18). A password
    /// that was chosen later is not concerned.
    pub fn must_change_password(&self) -> bool {
        self.must_change_at.is_some_and(|forced| self.password_at.is_none_or(|chosen| chosen <= forced))
    }

    pub fn full_name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }
}
