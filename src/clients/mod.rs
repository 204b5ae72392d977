//! Relying parties: what they may ask, and whom they may learn of.
//!
//! A client is declared in a file of the deployment's directory or registers itself, with RFC 7591's names and by the
//! same rules (`metadata`).
//! `is_usable` is the one answer to "may this client do anything", asked at every endpoint.

pub mod logo;
pub mod metadata;
pub mod ops;
pub mod pages;
mod perimeter;
pub mod shown;
pub mod store;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::metadata::Demands;
pub use self::perimeter::Perimeter;
use crate::base::clock::Timestamp;
use crate::protocol::algorithms::{Alg, Encryption};
use crate::protocol::profile::Profile;
use crate::protocol::redirect;
use crate::protocol::response::ResponseType;
use crate::protocol::scope::Scopes;
use crate::protocol::tolerance::Tolerances;

/// How a client proves who it is at the token endpoint (OIDCC 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    ClientSecretBasic,
    ClientSecretPost,
    /// A JWT signed with the secret (HS256).
    ClientSecretJwt,
    /// A JWT signed with one of the client's registered keys (RFC 7523).
    PrivateKeyJwt,
    /// A public client: PKCE is its only proof.
    None,
}

impl AuthMethod {
    pub const ALL: [AuthMethod; 5] = [
        AuthMethod::ClientSecretBasic,
        AuthMethod::ClientSecretPost,
        AuthMethod::ClientSecretJwt,
        AuthMethod::PrivateKeyJwt,
        AuthMethod::None,
    ];

    pub fn name(self) -> &'static str {
        match self {
            AuthMethod::ClientSecretBasic => "client_secret_basic",
            AuthMethod::ClientSecretPost => "client_secret_post",
            AuthMethod::ClientSecretJwt => "client_secret_jwt",
            AuthMethod::PrivateKeyJwt => "private_key_jwt",
            AuthMethod::None => "none",
        }
    }

    pub fn has_secret(self) -> bool {
        !matches!(self, AuthMethod::PrivateKeyJwt | AuthMethod::None)
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
    /// The roster's key of the person, for an ENT of one academy that matches on it
    /// (docs/decisions/0022-pairwise-subjects-and-perimeters.md). Files only.
    Roster,
}

impl SubjectType {
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "pairwise" => Some(SubjectType::Pairwise),
            "public" => Some(SubjectType::Public),
            "roster" => Some(SubjectType::Roster),
            _ => None,
        }
    }
}

/// What may be exchanged at the token endpoint (RFC 7591 2, `grant_types`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    /// What comes by the front channel, named so since OAuth 2.0: any response type but `code`.
    Implicit,
    RefreshToken,
    ClientCredentials,
}

impl GrantType {
    pub const ALL: [GrantType; 4] =
        [GrantType::AuthorizationCode, GrantType::Implicit, GrantType::RefreshToken, GrantType::ClientCredentials];

    pub fn name(self) -> &'static str {
        match self {
            GrantType::AuthorizationCode => "authorization_code",
            GrantType::Implicit => "implicit",
            GrantType::RefreshToken => "refresh_token",
            GrantType::ClientCredentials => "client_credentials",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        GrantType::ALL.into_iter().find(|g| g.name() == name)
    }
}

/// How a token made for a client is protected (OIDCR 2): its signature, and who alone can read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Protection {
    /// ID tokens: absent means RS256. Userinfo: absent means plain JSON, unless it is encrypted.
    pub signed: Option<Alg>,
    pub encrypted: Option<Encryption>,
}

/// What is known of a client, under RFC 7591's names where it has one. Times of use and state are columns of their
/// own. What a row of an older version lacks has its default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    pub client_name: String,
    pub client_uri: Option<String>,
    #[serde(default)]
    pub logo_uri: Option<String>,
    #[serde(default)]
    pub policy_uri: Option<String>,
    #[serde(default)]
    pub tos_uri: Option<String>,
    #[serde(default)]
    pub contacts: Vec<String>,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub initiate_login_uri: Option<String>,
    /// Request objects by reference (OIDCC 6.2): only these are fetched.
    #[serde(default)]
    pub request_uris: Vec<String>,
    pub auth_method: AuthMethod,
    /// No method was named, so the secret is taken by header or body: programs differ in what they send by themselves.
    #[serde(default)]
    pub secret_either_way: bool,
    /// `token_endpoint_auth_signing_alg`: absent, any of ours that fits a key.
    #[serde(default)]
    pub auth_signing_alg: Option<Alg>,
    /// The client's public keys, by value or by reference; never both.
    #[serde(default)]
    pub jwks: Option<Value>,
    #[serde(default)]
    pub jwks_uri: Option<String>,
    #[serde(default = "authorization_code")]
    pub grant_types: Vec<GrantType>,
    #[serde(default = "code")]
    pub response_types: Vec<ResponseType>,
    pub native: bool,
    pub scopes: Scopes,
    pub subject_type: SubjectType,
    /// Clients of one sector see one `sub`.
    pub sector: String,
    #[serde(default)]
    pub sector_identifier_uri: Option<String>,
    pub default_max_age: Option<i64>,
    pub require_auth_time: bool,
    #[serde(default)]
    pub default_acr_values: Vec<String>,
    #[serde(default)]
    pub id_token: Protection,
    #[serde(default)]
    pub userinfo: Protection,
    /// `introspection_signed_response_alg` (RFC 9701 6): absent means plain JSON unless the caller asks for a JWT.
    #[serde(default)]
    pub introspection: Protection,
    /// What it holds to beyond OpenID Connect. Files only; what it demands is asked of [`Client::demands`].
    #[serde(default)]
    pub profile: Profile,
    #[serde(default)]
    pub request_object_signing_alg: Option<Alg>,
    /// RFC 9101 10.5.
    #[serde(default)]
    pub require_signed_request_object: bool,
    /// RFC 9126 6.
    #[serde(default)]
    pub require_par: bool,
    /// RFC 9449 5.2: only sender-constrained tokens.
    #[serde(default)]
    pub dpop_bound: bool,
    #[serde(default)]
    pub backchannel_logout_uri: Option<String>,
    #[serde(default)]
    pub backchannel_logout_session_required: bool,
    #[serde(default)]
    pub frontchannel_logout_uri: Option<String>,
    #[serde(default)]
    pub frontchannel_logout_session_required: bool,
    pub require_pkce: bool,
    /// What its library lacks; of files only.
    #[serde(default)]
    pub tolerances: Tolerances,
    /// Whether the person is asked before anything is shared: clients that are not of the house.
    #[serde(default)]
    pub consent: bool,
    /// `offline_access` without a page: agreed with the deployment, in the client's file.
    #[serde(default)]
    pub offline_agreed: bool,
    /// Resource servers that its access tokens may name (RFC 8707).
    #[serde(default)]
    pub audiences: Vec<String>,
    /// Whose client it is. Files: none needed.
    #[serde(default)]
    pub academy: Option<String>,
    pub perimeter: Perimeter,
}

fn authorization_code() -> Vec<GrantType> {
    vec![GrantType::AuthorizationCode]
}

fn code() -> Vec<ResponseType> {
    vec![ResponseType::CODE]
}

/// Whether a client may do anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientState {
    /// Registered, and nobody has approved it yet (docs/threats.md#attack-p6).
    Pending,
    Active,
    /// By an administrator. Survives a new reading of the files.
    Suspended,
    /// Its file is gone.
    Gone,
}

impl ClientState {
    pub fn name(self) -> &'static str {
        match self {
            ClientState::Pending => "pending",
            ClientState::Active => "active",
            ClientState::Suspended => "suspended",
            ClientState::Gone => "gone",
        }
    }
    pub fn from_name(name: &str) -> Option<Self> {
        let all = [ClientState::Pending, ClientState::Active, ClientState::Suspended, ClientState::Gone];
        all.into_iter().find(|s| s.name() == name)
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
    /// The secret before the last rotation, and until when it is taken.
    pub former_secret: Option<(String, Timestamp)>,
    /// The secret of a client that signs with it.
    pub secret_sealed: Option<String>,
    pub last_used_at: Option<Timestamp>,
    /// When it last exchanged a code that neither PKCE nor `nonce` protected; written once a day at most.
    pub unprotected_at: Option<Timestamp>,
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

    /// Whether `sid` serves it: told of sign-outs, or sending people here to sign out (BCL 2.1, FCL 3, RPIL 2).
    pub fn signs_out(&self) -> bool {
        let m = &self.meta;
        m.backchannel_logout_uri.is_some()
            || m.frontchannel_logout_uri.is_some()
            || !m.post_logout_redirect_uris.is_empty()
    }

    pub fn may(&self, grant: GrantType) -> bool {
        self.meta.grant_types.contains(&grant)
    }

    pub fn is_public(&self) -> bool {
        self.meta.auth_method == AuthMethod::None
    }

    /// Whether it may prove itself so.
    pub fn takes(&self, method: AuthMethod) -> bool {
        use AuthMethod::{ClientSecretBasic, ClientSecretPost};
        let either = self.meta.secret_either_way && self.meta.auth_method == ClientSecretBasic;
        method == self.meta.auth_method || (either && method == ClientSecretPost)
    }

    /// What its requests must be: the one answer for every check.
    pub fn demands(&self) -> Demands {
        metadata::demands(&self.meta)
    }
}

/// `client_id`: letters, digits and a few signs, so that it can stand in a query, a path and a log.
pub fn is_client_id(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~'))
}
