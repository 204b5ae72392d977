//! Accounts, each for life, with an identifiant that is never reused.

pub mod identifier;
pub mod ops;
pub mod password;
pub mod store;

use crate::base::clock::Timestamp;

/// The state of an account: pending (identifiant assigned, no password) → active → closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountState {
    Pending,
    Active,
    Closed,
}

impl AccountState {
    pub fn name(self) -> &'static str {
        match self {
            AccountState::Pending => "pending",
            AccountState::Active => "active",
            AccountState::Closed => "closed",
        }
    }
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pending, Self::Active, Self::Closed].into_iter().find(|s| s.name() == name)
    }
}

/// The account of an end user.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: String,
    pub identifiant: String,
    pub state: AccountState,
    /// `responsable` or `eleve`.
    pub profile: String,
    pub given_name: String,
    pub family_name: String,
    /// The hash in PHC string format; `None` until the first password.
    pub password: Option<String>,
    pub suspended_by: Option<String>,
    pub updated_at: Timestamp,
}

impl Account {
    /// True if the account may sign in and be disclosed to relying parties.
    pub fn is_usable(&self) -> bool {
        self.state == AccountState::Active && self.suspended_by.is_none()
    }

    pub fn full_name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }
}
