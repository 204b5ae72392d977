//! The actor of an operation, recorded with every audit event.

use super::typed_ids::{AccountId, AdministratorId, ApiTokenId, ClientId};

/// An administrator who does something, by the role that permits it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActingAdministrator {
    pub id: AdministratorId,
    /// The role and its territory: `school_head@0349999J`; empty if no role permitted what was tried.
    pub role: String,
    /// The proof of the session: `passkey`, `totp`.
    pub proof: &'static str,
}

/// A program that does something with a token, by the role of the administrator who made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActingToken {
    pub maker: AdministratorId,
    /// The role and its territory, like an administrator's.
    pub role: String,
    /// The proof, as the audit has it: `token:` and the id of the token.
    proof: String,
}

impl ActingToken {
    pub fn new(id: &ApiTokenId, maker: AdministratorId, role: String) -> Self {
        Self { maker, role, proof: format!("token:{id}") }
    }
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
    /// A program, in the Admin API.
    Token(ActingToken),
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
            Actor::Token(_) => "token",
            Actor::Operator(_) => "operator",
            Actor::Job(_) => "job",
        }
    }

    /// Returns the id within the kind, of a token that of its maker; `None` if nobody is signed in.
    pub fn id(&self) -> Option<&str> {
        match self {
            Actor::Anonymous => None,
            Actor::Account(id) => Some(id),
            Actor::Client(id) => Some(id),
            Actor::Administrator(acting) => Some(&acting.id),
            Actor::Token(acting) => Some(&acting.maker),
            Actor::Operator(user) => Some(user),
            Actor::Job(name) => Some(name),
        }
    }

    /// Returns the role of an administrator, and the proof: that of the session, or the token.
    pub fn role_and_proof(&self) -> (Option<&str>, Option<&str>) {
        match self {
            Actor::Administrator(acting) => (Some(&acting.role), Some(acting.proof)),
            Actor::Token(acting) => (Some(&acting.role), Some(&acting.proof)),
            _ => (None, None),
        }
    }
}
