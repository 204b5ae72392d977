//! Relying parties: their metadata, their permissions and their perimeters.
//!
//! A client is declared in a file of the deployment's directory or registers itself, with the names of RFC 7591 and
//! under the same rules (`metadata`).
//! Every endpoint checks `is_usable` before serving a client.

pub mod answers;
pub mod as_file;
pub mod branding;
pub mod checks;
pub mod fapi;
pub mod logo;
pub mod metadata;
pub mod ops;
pub mod pages;
mod perimeter;
pub mod snippets;
pub mod store;
pub mod trial;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::metadata::ClientRequirements;
pub use self::perimeter::Perimeter;
use crate::base::clock::Timestamp;
use crate::base::roster_key::RosterKey;
use crate::base::typed_ids::ClientId;
use crate::protocol::algorithms::{Alg, Encryption};
use crate::protocol::profile::SecurityProfile;
use crate::protocol::redirect;
use crate::protocol::response::ResponseType;
use crate::protocol::scope::Scopes;
use crate::protocol::tolerance::Tolerances;

/// The client authentication method at the token endpoint (OIDCC 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum AuthMethod {
    ClientSecretBasic,
    ClientSecretPost,
    /// A JWT signed with the client secret (HS256).
    ClientSecretJwt,
    /// A JWT signed with one of the client's registered keys (RFC 7523).
    PrivateKeyJwt,
    /// A public client, protected by PKCE only.
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
        self.into()
    }

    pub fn has_secret(self) -> bool {
        !matches!(self, AuthMethod::PrivateKeyJwt | AuthMethod::None)
    }
}

/// The type of the `sub` claim given to a client (OIDCC 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumString)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum SubjectType {
    /// One `sub` per sector.
    Pairwise,
    /// One `sub` for all clients with this subject type.
    Public,
    /// The roster's key of the person, for an ENT of one academy that matches accounts by this key
    /// (docs/decisions/0022-pairwise-subjects-and-perimeters.md). Allowed in files only.
    Roster,
}

/// The grant types of a client (RFC 7591 2, `grant_types`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    /// Tokens from the authorization endpoint, an OAuth 2.0 name: every response type except `code`.
    Implicit,
    RefreshToken,
    ClientCredentials,
}

impl GrantType {
    pub const ALL: [GrantType; 4] =
        [GrantType::AuthorizationCode, GrantType::Implicit, GrantType::RefreshToken, GrantType::ClientCredentials];

    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The signature and encryption of a response made for a client (OIDCR 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ResponseProtection {
    /// The signing algorithm. `None` means RS256 for ID tokens, and plain JSON for userinfo unless encrypted.
    pub signed: Option<Alg>,
    pub encrypted: Option<Encryption>,
}

/// The stored metadata of a client, with RFC 7591 names if there are any. State and times of use are separate columns.
/// A field absent from a row of an older version gets the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientMetadata {
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
    /// The URIs of request objects (OIDCC 6.2); no other URI is downloaded.
    #[serde(default)]
    pub request_uris: Vec<String>,
    pub auth_method: AuthMethod,
    /// True if the client registered no authentication method: the secret is then accepted in the header and in the
    /// body, because clients differ in their default.
    #[serde(default)]
    pub secret_either_way: bool,
    /// `token_endpoint_auth_signing_alg`; `None` allows every supported algorithm with a matching key.
    #[serde(default)]
    pub auth_signing_alg: Option<Alg>,
    /// The client's public keys, by value or by reference, never both.
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
    /// The sector: clients of one sector see the same pairwise `sub`.
    pub sector: String,
    #[serde(default)]
    pub sector_identifier_uri: Option<String>,
    pub default_max_age: Option<i64>,
    pub require_auth_time: bool,
    #[serde(default)]
    pub default_acr_values: Vec<String>,
    #[serde(default)]
    pub id_token: ResponseProtection,
    #[serde(default)]
    pub userinfo: ResponseProtection,
    /// `introspection_signed_response_alg` (RFC 9701 6); `None` means plain JSON unless the caller requests a JWT.
    #[serde(default)]
    pub introspection: ResponseProtection,
    /// The security profile beyond OpenID Connect, allowed in files only. [`Client::requirements`] derives the
    /// requirements.
    #[serde(default)]
    pub profile: SecurityProfile,
    #[serde(default)]
    pub request_object_signing_alg: Option<Alg>,
    /// `require_signed_request_object` (RFC 9101 10.5).
    #[serde(default)]
    pub require_signed_request_object: bool,
    /// `require_pushed_authorization_requests` (RFC 9126 6).
    #[serde(default)]
    pub require_par: bool,
    /// `dpop_bound_access_tokens` (RFC 9449 5.2): access tokens are always sender-constrained.
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
    /// Deviations from the specifications that the client's library needs; allowed in files only.
    #[serde(default)]
    pub tolerances: Tolerances,
    /// True if the end user's consent is required: always for registered clients.
    #[serde(default)]
    pub consent: bool,
    /// True if `offline_access` is granted without a consent page, by agreement with the deployment, in the client's
    /// file.
    #[serde(default)]
    pub offline_agreed: bool,
    /// True if the client is told, in `former_subs`, by what it knew an account that was joined to this one.
    #[serde(default)]
    pub former_subs: bool,
    /// The key by which a client with roster subjects knows people; absent: AAF's where the academy has AAF.
    #[serde(default)]
    pub roster_key: Option<RosterKey>,
    /// The resource servers allowed as audience of the client's access tokens (RFC 8707).
    #[serde(default)]
    pub audiences: Vec<String>,
    /// The academy that owns the client; optional in files.
    #[serde(default)]
    pub academy: Option<String>,
    pub perimeter: Perimeter,
}

impl ClientMetadata {
    /// Returns the academy that the client belongs to: its own, or the only one of its perimeter.
    pub fn owner_academy(&self) -> Option<&str> {
        let p = &self.perimeter;
        let only = match p.academies.as_slice() {
            [one] if p.ministries.is_empty() && p.schools.is_empty() => Some(one.as_str()),
            _ => None,
        };
        self.academy.as_deref().or(only)
    }
}

fn authorization_code() -> Vec<GrantType> {
    vec![GrantType::AuthorizationCode]
}

fn code() -> Vec<ResponseType> {
    vec![ResponseType::CODE]
}

/// The place where a client was declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ClientOrigin {
    /// A file of the deployment's directory.
    File,
    /// A registration request (RFC 7591).
    Registered,
}

impl ClientOrigin {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The state of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum ClientState {
    /// Registered and not approved yet (docs/threats.md#attack-p6).
    Pending,
    Active,
    /// Suspended by an administrator; publishing the files again does not lift the suspension.
    Suspended,
    /// The client's file was deleted, or the client deleted its registration.
    Gone,
}

impl ClientState {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A relying party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub id: ClientId,
    pub state: ClientState,
    pub meta: ClientMetadata,
    /// SHA-256 of the secret; the secret itself is not stored.
    pub secret_digest: Option<String>,
    /// The digest of the secret before the last rotation, and the end of its acceptance.
    pub previous_secret: Option<(String, Timestamp)>,
    /// The encrypted secret of a client with `client_secret_jwt`, which signs with the secret.
    pub secret_sealed: Option<String>,
    pub last_used_at: Option<Timestamp>,
    /// The time of the last exchange of a code protected by neither PKCE nor `nonce`, written at most once a day.
    pub unprotected_at: Option<Timestamp>,
    /// The end of its trial, with few persons.
    pub probation_until: Option<Timestamp>,
}

impl Client {
    /// True if the client is active; every endpoint checks this.
    pub fn is_usable(&self) -> bool {
        self.state == ClientState::Active
    }

    /// True if it is on trial: a few persons may sign in.
    pub fn is_on_trial(&self, now: Timestamp) -> bool {
        self.probation_until.is_some_and(|until| now < until)
    }

    /// True if the redirect URI is registered, byte for byte except for the port of a native client's loopback URI.
    pub fn allows_redirect(&self, uri: &str) -> bool {
        redirect::matches(uri, &self.meta.redirect_uris, self.meta.native)
    }

    /// True if the post-logout redirect URI is registered, byte for byte (RPIL 3).
    pub fn allows_post_logout(&self, uri: &str) -> bool {
        redirect::matches(uri, &self.meta.post_logout_redirect_uris, false)
    }

    /// True if the client needs `sid`: for logout notifications, or for sign-out requests to Préau (BCL 2.1, FCL 3,
    /// RPIL 2).
    pub fn needs_sid(&self) -> bool {
        let m = &self.meta;
        m.backchannel_logout_uri.is_some()
            || m.frontchannel_logout_uri.is_some()
            || !m.post_logout_redirect_uris.is_empty()
    }

    pub fn allows_grant(&self, grant: GrantType) -> bool {
        self.meta.grant_types.contains(&grant)
    }

    pub fn is_public(&self) -> bool {
        self.meta.auth_method == AuthMethod::None
    }

    /// True if the client may authenticate with this method.
    pub fn accepts_auth_method(&self, method: AuthMethod) -> bool {
        use AuthMethod::{ClientSecretBasic, ClientSecretPost};
        let either = self.meta.secret_either_way && self.meta.auth_method == ClientSecretBasic;
        method == self.meta.auth_method || (either && method == ClientSecretPost)
    }

    /// Returns the requirements for the client's requests, used by every check.
    pub fn requirements(&self) -> ClientRequirements {
        metadata::requirements(&self.meta)
    }
}

/// True if a text is a valid `client_id`: 1 to 100 ASCII letters, digits and `-_.~`, safe in queries, paths and logs.
pub fn is_client_id(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~'))
}
