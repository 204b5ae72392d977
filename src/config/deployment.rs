//! The deployment's directory: `academies.toml`, `schools.toml`, `clients/*.toml`.

mod reading;

pub use reading::read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::base::clock::Timestamp;
use crate::base::secret::Secret;
use crate::protocol::algorithms::Alg;
use crate::protocol::profile::Profile;
use crate::protocol::registration::Fields;
use crate::protocol::tolerance::{AccessTokenTyp, LogoutTokenTyp};

/// Everything that the directory declares.
#[derive(Debug, Default)]
pub struct Declared {
    pub academies: Vec<AcademyFile>,
    pub ministries: Vec<MinistryFile>,
    pub schools: Vec<SchoolFile>,
    pub clients: Vec<(ClientFile, Option<Secret>)>,
    /// Files of clients that cannot be used. They stop nothing: each such client stays as it was published.
    pub broken: Vec<BrokenFile>,
    /// Of academies and schools as they are written.
    pub digest: String,
    /// When the newest of the files was written, or one was taken away.
    pub changed: Option<Timestamp>,
    /// Where they are declared.
    pub identity: ServerIdentity,
    /// What is signed with (`keys.algorithms`): no client's file may ask for another.
    pub algorithms: Vec<Alg>,
}

/// What a relying party must not be taken for, and whether this is development.
#[derive(Clone, Debug, Default)]
pub struct ServerIdentity {
    pub issuer: String,
    /// The service's name.
    pub service: String,
    /// The issuer is on this machine: then relying parties may be, too.
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

/// A client's file that declares nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenFile {
    /// `clients/bourses.toml`
    pub name: String,
    pub client_id: Option<String>,
    pub why: String,
}

impl BrokenFile {
    pub fn of(file: &ClientFile, why: String) -> Self {
        Self { name: file.name.clone(), client_id: Some(file.client_id.clone()), why }
    }
}

impl std::fmt::Display for BrokenFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ", self.name)?;
        if let Some(id) = &self.client_id {
            write!(f, "{id}: ")?;
        }
        f.write_str(&self.why)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcademyFile {
    /// The name used everywhere, such as `montpellier`.
    pub id: String,
    /// The ministry's code, such as `11`.
    pub code: String,
    /// As pages show it.
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
    /// Whom families call: digits as they are dialled, with blanks. Pages that send somebody to the school show it.
    #[serde(default)]
    pub telephone: Option<String>,
}

/// A relying party: RFC 7591's names, and ours.
#[derive(Clone, Debug)]
pub struct ClientFile {
    /// `clients/bourses.toml`
    pub name: String,
    /// Of the file and its secret.
    pub digest: String,
    pub client_id: String,
    pub fields: Fields,
    pub ours: Ours,
    pub source: Source,
}

/// Where a client is declared: a refusal names the line.
#[derive(Clone, Debug, Default)]
pub struct Source {
    path: PathBuf,
    /// Of each key at the top, counted from one.
    lines: BTreeMap<String, usize>,
}

impl Source {
    fn read(path: &Path, text: &str) -> Self {
        let top = text.lines().take_while(|line| !line.trim_start().starts_with('['));
        let keys = top.enumerate().filter_map(|(n, line)| Some((line.split_once('=')?.0.trim().to_owned(), n + 1)));
        Self { path: path.to_owned(), lines: keys.collect() }
    }

    /// The file, and the line that says this; what is only implied stands where the profile is named.
    pub fn of(&self, field: &str) -> String {
        match self.lines.get(field).or_else(|| self.lines.get("profile")) {
            Some(line) => format!("{}, line {line}", self.path.display()),
            None => self.path.display().to_string(),
        }
    }
}

/// What RFC 7591 has no name for, or what no client may say of itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ours {
    client_id: String,
    #[serde(default)]
    client_secret: Option<String>,
    #[serde(default)]
    client_secret_file: Option<PathBuf>,
    /// `fapi2`: everything that FAPI 2.0 demands (docs/decisions/0019-fapi-is-a-profile-of-a-client.md).
    #[serde(default)]
    pub profile: Profile,
    /// Clients of one sector see one `sub` (docs/decisions/0022-pairwise-subjects-and-perimeters.md).
    pub sector: String,
    /// RFC 7636 S256 demanded. Absent: of public clients only, because most programs with a secret send none and their
    /// `nonce` protects the code as well (RFC 9700 2.1.1). `preau doctor` names those that send neither.
    #[serde(default)]
    pub require_pkce: Option<bool>,
    /// "JWT" for libraries that validate a logout token as if it were an ID token (pac4j 6). Absent: "logout+jwt"
    /// (BCL 2.4). Such a client must look at `events` itself, or one token passes for the other.
    #[serde(default)]
    pub logout_token_typ: LogoutTokenTyp,
    /// "JWT" for resource servers that know no other type (Spring Security's by default). Absent: "at+jwt" (RFC 9068
    /// 2.1). A resource server must then look at `aud` itself: an ID token has the same type.
    #[serde(default)]
    pub access_token_typ: AccessTokenTyp,
    /// Claims of the scopes in the ID token too, for programs that never ask userinfo (Auth.js; Spring Security without
    /// the scope `profile`). Absent: userinfo alone has them (OIDCC 5.4), live and never in an address.
    #[serde(default)]
    pub claims_in_id_token: bool,
    /// Whether the person is asked before anything is shared.
    #[serde(default)]
    pub consent: bool,
    /// `offline_access` without a page, as agreed with the deployment.
    #[serde(default)]
    pub offline_agreed: bool,
    /// Resource servers that its access tokens may name (RFC 8707).
    #[serde(default)]
    pub audiences: Vec<String>,
    #[serde(default)]
    pub academy: Option<String>,
    #[serde(default)]
    pub perimeter: PerimeterFile,
}

impl<'de> Deserialize<'de> for ClientFile {
    /// Each key to the table that knows it; one that neither knows is refused by ours.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut all = Map::<String, Value>::deserialize(deserializer)?;
        let fields = Fields::read(&mut all).map_err(D::Error::custom)?;
        let ours = Ours::deserialize(Value::Object(all)).map_err(D::Error::custom)?;
        let (name, digest, client_id) = (String::new(), String::new(), ours.client_id.clone());
        Ok(ClientFile { name, digest, client_id, fields, ours, source: Source::default() })
    }
}

/// The union of these; `profiles` narrows it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PerimeterFile {
    pub academies: Vec<String>,
    pub ministries: Vec<String>,
    pub schools: Vec<String>,
    pub profiles: Vec<String>,
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
