//! The deployment's directory: `academies.toml`, `schools.toml`, `clients/*.toml`, `upstreams/*.toml`.

mod reading;
mod upstream_set;
mod upstreams;

pub use reading::{read, serving_upstreams};
pub use upstream_set::Upstreams;
pub use upstreams::{AGENTS_HINT, AcrValue, ProfileValue, Upstream, UpstreamAuthMethod, UpstreamClaims, UpstreamKind};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::base::clock::Timestamp;
use crate::base::roster_key::RosterKey;
use crate::protocol::algorithms::Alg;
use crate::protocol::profile::SecurityProfile;
use crate::protocol::registration::ClientMetadataFields;
use crate::protocol::tolerance::{AccessTokenTyp, LogoutTokenTyp};
use secrecy::SecretString;

/// The content of the deployment's directory.
#[derive(Debug, Default)]
pub struct DeploymentFiles {
    pub academies: Vec<AcademyFile>,
    pub ministries: Vec<MinistryFile>,
    pub schools: Vec<SchoolFile>,
    pub clients: Vec<(ClientFile, Option<SecretString>)>,
    /// The invalid client files. Their clients keep the published metadata, and the other files remain valid.
    pub broken: Vec<BrokenFile>,
    /// The identity providers through which people sign in. Not published: each server has its own files' word, so that
    /// one that is disabled serves nobody from the next reload on.
    pub upstreams: Upstreams,
    /// The invalid files of upstreams, which serve nobody.
    pub broken_upstreams: Vec<BrokenFile>,
    /// The digest of `academies.toml` and `schools.toml`.
    pub digest: String,
    /// The modification time of the newest file or directory; deleting a file modifies its directory.
    pub changed_at: Option<Timestamp>,
    /// The identity of the server that reads the files.
    pub identity: ServerIdentity,
    /// The signing algorithms (`keys.algorithms`); a client file with another algorithm is rejected.
    pub algorithms: Vec<Alg>,
}

/// The identity of the server, checked against the names and hosts of clients.
#[derive(Clone, Debug, Default)]
pub struct ServerIdentity {
    pub issuer: String,
    /// The name of the service.
    pub service: String,
    /// True if the issuer is on a loopback host (development); clients may then be on loopback hosts too.
    pub loopback: bool,
}

impl ServerIdentity {
    pub fn of(config: &super::Config) -> Self {
        Self {
            issuer: config.server.issuer.clone(),
            service: config.deployment.name.clone(),
            loopback: config.server.is_loopback(),
        }
    }
}

/// An invalid client file, which declares no client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenFile {
    /// The path below the deployment's directory, such as `clients/bourses.toml`.
    pub name: String,
    pub client_id: Option<String>,
    pub reason: String,
}

impl BrokenFile {
    pub fn new(file: &ClientFile, why: String) -> Self {
        Self { name: file.name.clone(), client_id: Some(file.client_id.clone()), reason: why }
    }
}

impl std::fmt::Display for BrokenFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ", self.name)?;
        if let Some(id) = &self.client_id {
            write!(f, "{id}: ")?;
        }
        f.write_str(&self.reason)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcademyFile {
    /// The id used everywhere, such as `montpellier`.
    pub id: String,
    /// The ministry's code, such as `11`.
    pub code: String,
    /// The name shown on pages.
    pub name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MinistryFile {
    pub id: String,
    pub name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchoolFile {
    pub uai: String,
    pub name: String,
    pub academy: String,
    pub ministry: String,
    /// The telephone number for families: digits as dialled, with spaces. Shown on pages that refer a family to the
    /// school.
    #[serde(default)]
    pub telephone: Option<String>,
    /// True for a nursery or primary school: its pupils are profile 3 of FrEduVecteur.
    #[serde(default)]
    pub first_degree: bool,
}

/// A client file: fields with RFC 7591 names, and Préau's extensions.
#[derive(Clone, Debug)]
pub struct ClientFile {
    /// The path below the deployment's directory, such as `clients/bourses.toml`.
    pub name: String,
    /// The digest of the file and its secret.
    pub digest: String,
    pub client_id: String,
    pub fields: ClientMetadataFields,
    pub extensions: ClientFileExtensions,
    pub location: ClientFileLocation,
}

/// The location of a client's declaration; error messages name the line.
#[derive(Clone, Debug, Default)]
pub struct ClientFileLocation {
    path: PathBuf,
    /// The line number of each top-level key, counted from 1.
    lines: BTreeMap<String, usize>,
}

impl ClientFileLocation {
    fn parse(path: &Path, text: &str) -> Self {
        let top = text.lines().take_while(|line| !line.trim_start().starts_with('['));
        let keys = top.enumerate().filter_map(|(n, line)| Some((line.split_once('=')?.0.trim().to_owned(), n + 1)));
        Self { path: path.to_owned(), lines: keys.collect() }
    }

    /// Returns the file, and the line of a field. For a field set by the profile, the line of `profile` is returned.
    pub fn locate(&self, field: &str) -> String {
        match self.lines.get(field).or_else(|| self.lines.get("profile")) {
            Some(line) => format!("{}, line {line}", self.path.display()),
            None => self.path.display().to_string(),
        }
    }
}

/// Settings without an RFC 7591 name, and settings that the client itself cannot choose.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientFileExtensions {
    client_id: String,
    #[serde(default)]
    client_secret: Option<String>,
    #[serde(default)]
    client_secret_file: Option<PathBuf>,
    /// The security profile: `fapi2` for every requirement of FAPI 2.0
    /// (docs/decisions/0019-fapi-is-a-profile-of-a-client.md).
    #[serde(default)]
    pub profile: SecurityProfile,
    /// The sector: clients of one sector see the same pairwise `sub`
    /// (docs/decisions/0022-pairwise-subjects-and-perimeters.md).
    pub sector: String,
    /// True if PKCE with S256 is required (RFC 7636). Absent: required of public clients only, because most
    /// confidential clients send no PKCE and their `nonce` protects the code as well (RFC 9700 2.1.1). `preau doctor`
    /// names the clients that send neither.
    #[serde(default)]
    pub require_pkce: Option<bool>,
    /// The `typ` of logout tokens: "JWT" for libraries that validate a logout token like an ID token (pac4j 6). Absent:
    /// "logout+jwt" (BCL 2.4). A client with "JWT" must check the `events` claim itself, otherwise an ID token is
    /// accepted as a logout token and vice versa.
    #[serde(default)]
    pub logout_token_typ: LogoutTokenTyp,
    /// The `typ` of access tokens: "JWT" for resource servers that accept no other type (the default of Spring
    /// Security). Absent: "at+jwt" (RFC 9068 2.1). A resource server with "JWT" must check `aud` itself, because an ID
    /// token has the same type.
    #[serde(default)]
    pub access_token_typ: AccessTokenTyp,
    /// True if the claims of the scopes are in the ID token too, for clients that never call userinfo (Auth.js; Spring
    /// Security without the scope `profile`). Absent: the claims are in userinfo only (OIDCC 5.4), always current and
    /// never in a URL.
    #[serde(default)]
    pub claims_in_id_token: bool,
    /// True if the end user's consent is required.
    #[serde(default)]
    pub consent: bool,
    /// True if `offline_access` is granted without a consent page, by agreement with the deployment.
    #[serde(default)]
    pub offline_agreed: bool,
    /// True if the client is told, in the claim `former_subs`, by what it knew an account that its person joined to this
    /// one in the last 400 days, so that it can join its two users.
    #[serde(default)]
    pub former_subs: bool,
    /// The key by which a client with `subject_type = "roster"` knows people: `aaf` (ENTPersonJointure) or `siecle`
    /// (PERSONNE_ID); by default `aaf` where the academy's AAF was imported.
    #[serde(default)]
    pub roster_key: Option<RosterKey>,
    /// The resource servers allowed as audience of the client's access tokens (RFC 8707).
    #[serde(default)]
    pub audiences: Vec<String>,
    #[serde(default)]
    pub academy: Option<String>,
    #[serde(default)]
    pub perimeter: PerimeterFile,
}

impl<'de> Deserialize<'de> for ClientFile {
    /// Distributes the keys of the file to [`ClientMetadataFields`] and [`ClientFileExtensions`], which rejects unknown keys.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut all = Map::<String, Value>::deserialize(deserializer)?;
        let fields = ClientMetadataFields::read(&mut all).map_err(D::Error::custom)?;
        let ours = ClientFileExtensions::deserialize(Value::Object(all)).map_err(D::Error::custom)?;
        let (name, digest, client_id) = (String::new(), String::new(), ours.client_id.clone());
        Ok(ClientFile { name, digest, client_id, fields, extensions: ours, location: ClientFileLocation::default() })
    }
}

/// The perimeter: the union of academies, ministries and schools, narrowed by `profiles`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerimeterFile {
    pub academies: Vec<String>,
    pub ministries: Vec<String>,
    pub schools: Vec<String>,
    pub profiles: Vec<String>,
    /// See [`crate::clients::Perimeter::upstream_families`].
    pub upstream_families: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Academies {
    #[serde(default)]
    academy: Vec<AcademyFile>,
    #[serde(default)]
    ministry: Vec<MinistryFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Schools {
    #[serde(default)]
    school: Vec<SchoolFile>,
}
