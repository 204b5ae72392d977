//! The actor of an operation, recorded with every audit event.

use super::typed_ids::{AccountId, ClientId};

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
            Actor::Operator(user) => Some(user),
            Actor::Job(name) => Some(name),
        }
    }
}
