//! Relying parties: what they may ask, and whom they may learn of.
//!
//! A client is declared in a file of the deployment's directory (RFC 7591's names) or, later, registered.
//! `is_usable` is the one answer to "may this client do anything", asked at every endpoint.

pub mod ops;
pub mod store;

use serde::{Deserialize, Serialize};

use crate::protocol::redirect;
use crate::protocol::scope::Scopes;

/// How a client proves who it is at the token endpoint (OIDCC 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    ClientSecretBasic,
    ClientSecretPost,
    /// A public client: PKCE is its only proof.
    None,
}

impl AuthMethod {
    pub const ALL: [AuthMethod; 3] = [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost, AuthMethod::None];

    pub fn name(self) -> &'static str {
        match self {
            AuthMethod::ClientSecretBasic => "client_secret_basic",
            AuthMethod::ClientSecretPost => "client_secret_post",
            AuthMethod::None => "none",
        }
    }
}

/// What one person is called by different clients (OIDCC 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// One `sub` a sector.
    Pairwise,
    /// One `sub` for all clients that are so registered.
    Public,
}

/// Whom a client may learn of: the union of academies, ministries and schools, narrowed by profiles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Perimeter {
    pub academies: Vec<String>,
    pub ministries: Vec<String>,
    pub schools: Vec<String>,
    /// Empty means every profile.
    pub profiles: Vec<String>,
}

impl Perimeter {
    pub fn covers(&self, uai: &str, academy: &str, ministry: &str) -> bool {
        let has = |list: &[String], value: &str| list.iter().any(|v| v == value);
        has(&self.academies, academy) || has(&self.ministries, ministry) || has(&self.schools, uai)
    }

    pub fn takes_profile(&self, profile: &str) -> bool {
        self.profiles.is_empty() || self.profiles.iter().any(|p| p == profile)
    }
}

/// What is known of a client. Times of use and state are columns of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    pub client_name: String,
    pub client_uri: Option<String>,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub initiate_login_uri: Option<String>,
    pub auth_method: AuthMethod,
    pub native: bool,
    pub scopes: Scopes,
    pub subject_type: SubjectType,
    pub default_max_age: Option<i64>,
    pub require_auth_time: bool,
    pub sector: String,
    pub require_pkce: bool,
    pub perimeter: Perimeter,
}

/// Whether a client may do anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientState {
    Active,
    /// By an administrator. Survives a new reading of the files.
    Suspended,
    /// Its file is gone.
    Gone,
}

impl ClientState {
    pub fn name(self) -> &'static str {
        match self {
            ClientState::Active => "active",
            ClientState::Suspended => "suspended",
            ClientState::Gone => "gone",
        }
    }
    pub fn from_name(name: &str) -> Option<Self> {
        [ClientState::Active, ClientState::Suspended, ClientState::Gone].into_iter().find(|s| s.name() == name)
    }
}

/// A relying party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub id: String,
    pub state: ClientState,
    pub meta: Metadata,
    /// SHA-256 of the secret, never the secret.
    pub secret_digest: Option<String>,
}

impl Client {
    /// The one answer, for every endpoint.
    pub fn is_usable(&self) -> bool {
        self.state == ClientState::Active
    }

    /// Byte for byte, but for the port of a native client's loopback address.
    pub fn allows_redirect(&self, uri: &str) -> bool {
        redirect::matches(uri, &self.meta.redirect_uris, self.meta.native)
    }

    /// Byte for byte (RPIL 3).
    pub fn allows_post_logout(&self, uri: &str) -> bool {
        redirect::matches(uri, &self.meta.post_logout_redirect_uris, false)
    }

    /// Public clients always; others as their file says.
    pub fn needs_pkce(&self) -> bool {
        self.meta.require_pkce || self.meta.auth_method == AuthMethod::None
    }
}

/// `client_id`: letters, digits and a few signs, so that it can stand in a query, a path and a log.
pub fn is_client_id(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~'))
}
