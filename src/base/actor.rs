//! The actor of an operation, recorded with every audit event.

use super::typed_ids::{AccountId, AdministratorId, ClientId};

/// An administrator who does something, by the role that permits it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActingAdministrator {
    pub id: AdministratorId,
    /// The role and its territory: `school_head@0349999J`; empty if no role permitted what was tried.
    pub role: String,
    /// The proof of the session: `passkey`, `totp`.
    pub proof: &'static str,
}

/// The party on whose behalf something is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Actor {
    /// A person who has not signed in.
    #[default]
    Anonymous,
    /// The end user of an account, by the account's id.
    Account(AccountId),
    /// A relying party, by its client id.
    Client(ClientId),
    /// A person of a school, an academy or a help desk, in the console.
    Administrator(ActingAdministrator),
    /// A person at the command line, by the user name of the operating system.
    Operator(String),
    /// The program itself, by the name of the background job.
    Job(&'static str),
}

impl Actor {
    /// Returns the kind of the actor, as stored.
    pub fn kind(&self) -> &'static str {
        match self {
            Actor::Anonymous => "anonymous",
            Actor::Account(_) => "account",
            Actor::Client(_) => "client",
            Actor::Administrator(_) => "administrator",
            Actor::Operator(_) => "operator",
            Actor::Job(_) => "job",
        }
    }

    /// Returns the id within the kind; `None` if nobody is signed in.
    pub fn id(&self) -> Option<&str> {
        match self {
            Actor::Anonymous => None,
            Actor::Account(id) => Some(id),
            Actor::Client(id) => Some(id),
            Actor::Administrator(acting) => Some(&acting.id),
            Actor::Operator(user) => Some(user),
            Actor::Job(name) => Some(name),
        }
    }

    /// Returns the role of an administrator, and the proof of the session.
    pub fn role_and_proof(&self) -> (Option<&str>, Option<&'static str>) {
        match self {
            Actor::Administrator(acting) => (Some(&acting.role), Some(acting.proof)),
            _ => (None, None),
        }
    }
}
