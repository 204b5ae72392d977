//! An operator's and a help desk's work on accounts: showing one, suspending one, ending its sessions, removing
//! its second factors, taking a wrong pupil out of it, forcing new passwords.
//!
//! Each change is a compare-and-set in one transaction, with the operator and the reason in the audit. Sessions end as
//! they do at a new password, and relying parties are told in the same way.

pub mod api;
pub mod diagnosis;
pub mod ops;
pub mod pages;
pub mod report;
pub mod search;
pub mod store;
pub mod views;

use crate::accounts::{AccountState, SuspendedBy};

/// The refusal of a change: nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum AccountChangeError {
    #[error("no account is called {0}")]
    Unknown(String),
    #[error("account {0} is {state}", state = .1.name())]
    State(String, AccountState),
    #[error("account {0} is suspended already, by the {by}", by = .1.name())]
    SuspendedAlready(String, SuspendedBy),
    #[error("account {0} is not suspended")]
    NotSuspended(String),
    #[error("account {0} has no second factor")]
    NoFactor(String),
    #[error("no import joined ELEVE {pupil_key} of {academy} to account {account}")]
    NotJoined { account: String, academy: String, pupil_key: String },
    #[error("academy {0} is not declared")]
    UnknownAcademy(String),
    #[error("the reason is empty: the audit names the reason of each change")]
    NoReason,
}
