//! `upstreams/*.toml`: the identity providers through which people sign in, one a file.
//!
//! Everything that decides whether an answer is believed stands here: the issuer, the algorithms, whose people they
//! are. Nothing of it comes from the provider's own documents (docs/decisions/0053-sign-in-through-others.md).

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use url::Url;

use super::reading::{parse_toml, read_beside, read_text};
use crate::base::profile::Profile;
use crate::config::ConfigError;
use crate::protocol::acr::Acr;
use crate::protocol::algorithms::Alg;
use crate::protocol::redirect::is_loopback;
use secrecy::SecretString;

/// The value of `idp_hint` that stands for the academy of somebody who works at a school, so no upstream's id.
pub const AGENTS_HINT: &str = "agents";
/// The longest wait for an upstream, in seconds: a person is waiting (docs/threats.md#attack-d6).
const MAX_TIMEOUT_SECONDS: u64 = 10;
/// The maximum length of an upstream's id, in bytes.
const MAX_ID_BYTES: usize = 40;

/// The kind of an upstream: whose people it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamKind {
    /// An academy's or a ministry's own provider: its people get an account at their first sign-in.
    Academy,
    /// FranceConnect: parents, who link it to the account that their school's roster gives them.
    Franceconnect,
}

/// The authentication of Préau at the token endpoint (OIDCC 9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamAuthMethod {
    #[default]
    ClientSecretBasic,
    ClientSecretPost,
    /// A token signed with a key that Préau publishes (OIDCC 9, RFC 7523 2.2): FAPI 2.0 knows no secrets.
    PrivateKeyJwt,
}

/// The names of the upstream's claims. A list is read in its order.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpstreamClaims {
    pub given_name: String,
    pub family_name: String,
    /// The name a person chose to be called by, where there is one.
    pub usage_name: Option<String>,
    /// The claims of which the first that has a known value gives the profile.
    #[serde(deserialize_with = "one_or_many")]
    pub profile: Vec<String>,
    /// The claims with the numbers of schools, such as `FrEduRne`.
    #[serde(deserialize_with = "one_or_many")]
    pub schools: Vec<String>,
}

impl Default for UpstreamClaims {
    fn default() -> Self {
        Self {
            given_name: "given_name".to_owned(),
            family_name: "family_name".to_owned(),
            usage_name: None,
            profile: Vec::new(),
            schools: Vec::new(),
        }
    }
}

/// Reads a name, or a list of names.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::One(name) => vec![name],
        Either::Many(names) => names,
    })
}

/// A value of a profile claim, and what it means here. Values are compared without regard to case.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileValue {
    pub value: String,
    pub profile: Profile,
}

/// A value of the upstream's `acr`, and the level that it is worth here.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcrValue {
    pub value: String,
    pub level: Acr,
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UpstreamFile {
    kind: UpstreamKind,
    label: String,
    issuer: String,
    client_id: String,
    #[serde(default)]
    client_secret: Option<String>,
    #[serde(default)]
    client_secret_file: Option<PathBuf>,
    #[serde(default)]
    token_endpoint_auth_method: UpstreamAuthMethod,
    #[serde(default)]
    token_endpoint_auth_signing_alg: Option<Alg>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    acr_values: Vec<String>,
    id_token_signed_response_algs: Vec<Alg>,
    #[serde(default)]
    userinfo_signed_response_alg: Option<Alg>,
    #[serde(default)]
    academy: Option<String>,
    #[serde(default)]
    ministry: Option<String>,
    #[serde(default)]
    profiles: Vec<Profile>,
    #[serde(default)]
    claims: UpstreamClaims,
    #[serde(default)]
    profile_value: Vec<ProfileValue>,
    #[serde(default)]
    acr_value: Vec<AcrValue>,
    /// True if `amr` of the upstream is told to relying parties.
    #[serde(default)]
    passes_amr: bool,
    #[serde(default)]
    timeout_seconds: Option<u64>,
    #[serde(default)]
    disabled: bool,
}

/// An identity provider through which people sign in.
#[derive(Clone, Debug)]
pub struct Upstream {
    /// The name of the file without its ending; part of the redirect URI.
    pub id: String,
    pub kind: UpstreamKind,
    /// The name shown on pages.
    pub label: String,
    /// The issuer, as its discovery document must say too (OIDCD 4.3).
    pub issuer: String,
    pub client_id: String,
    /// Empty where Préau signs instead.
    pub client_secret: SecretString,
    pub token_endpoint_auth_method: UpstreamAuthMethod,
    /// The algorithm of `private_key_jwt`.
    pub client_assertion_alg: Alg,
    /// The requested scopes, `openid` among them.
    pub scopes: Vec<String>,
    pub acr_values: Vec<String>,
    /// The algorithms of ID tokens that are believed: never `none`, never a secret's (docs/threats.md#attack-j1).
    pub id_token_algs: Vec<Alg>,
    /// The algorithm of userinfo as a signed token; absent: JSON.
    pub userinfo_alg: Option<Alg>,
    /// The academy of its people.
    pub academy: Option<String>,
    /// The ministry of its people.
    pub ministry: Option<String>,
    /// The profiles that its people may have here.
    pub profiles: Vec<Profile>,
    pub claims: UpstreamClaims,
    pub profile_values: Vec<ProfileValue>,
    pub acr_map: Vec<AcrValue>,
    pub passes_amr: bool,
    /// The longest wait for all of its answers together.
    pub timeout: Duration,
    pub disabled: bool,
}

impl Upstream {
    /// Returns the level that the file gives to an answer's `acr`; `None` if it gives none.
    pub fn level_of(&self, acr: &str) -> Option<Acr> {
        self.acr_map.iter().find(|mapped| mapped.value == acr).map(|mapped| mapped.level)
    }
}

/// Reads one file.
///
/// # Errors
/// Says in words what is wrong with it; such an upstream serves nobody.
pub(super) fn read(path: &Path, secrets: &Path, declared: &DeclaredIds<'_>) -> Result<Upstream, String> {
    let words = |e: ConfigError| e.to_string();
    let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let text = read_text(path).map_err(words)?;
    let file: UpstreamFile = parse_toml(&text).and_then(config::Config::try_deserialize).map_err(|e| e.to_string())?;
    let signs = file.token_endpoint_auth_method == UpstreamAuthMethod::PrivateKeyJwt;
    let secret = match (&file.client_secret, &file.client_secret_file) {
        (None, None) if signs => String::new(),
        _ if signs => {
            return Err("private_key_jwt has no secret: leave client_secret and client_secret_file out".to_owned());
        }
        (Some(_), Some(_)) => return Err("client_secret and client_secret_file: keep one".to_owned()),
        (Some(text), None) => text.clone(),
        (None, Some(named)) => read_beside(secrets, named)?,
        (None, None) => return Err("client_secret_file is missing".to_owned()),
    };
    check(&id, &file, declared)?;
    let mut scopes = file.scopes;
    if !scopes.iter().any(|scope| scope == "openid") {
        scopes.insert(0, "openid".to_owned());
    }
    let seconds = file.timeout_seconds.unwrap_or(MAX_TIMEOUT_SECONDS);
    Ok(Upstream {
        id,
        kind: file.kind,
        label: file.label,
        issuer: file.issuer,
        client_id: file.client_id,
        client_secret: SecretString::from(secret),
        token_endpoint_auth_method: file.token_endpoint_auth_method,
        client_assertion_alg: file.token_endpoint_auth_signing_alg.unwrap_or(Alg::ES256),
        scopes,
        acr_values: file.acr_values,
        id_token_algs: file.id_token_signed_response_algs,
        userinfo_alg: file.userinfo_signed_response_alg,
        academy: file.academy,
        ministry: file.ministry,
        profiles: file.profiles,
        claims: file.claims,
        profile_values: file.profile_value,
        acr_map: file.acr_value,
        passes_amr: file.passes_amr,
        timeout: Duration::from_secs(seconds),
        disabled: file.disabled,
    })
}

/// The ids that a file may name.
pub(super) struct DeclaredIds<'a> {
    pub academies: Vec<&'a str>,
    pub ministries: Vec<&'a str>,
}

fn check(id: &str, file: &UpstreamFile, declared: &DeclaredIds<'_>) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if id.is_empty() || id.len() > MAX_ID_BYTES || !id.bytes().all(plain) {
        return Err("the file's name is the upstream's id: a to z, 0 to 9 and -, at most 40".to_owned());
    }
    if id == AGENTS_HINT {
        return Err(format!("{AGENTS_HINT} is the hint for every academy: name the file otherwise"));
    }
    let issuer = Url::parse(&file.issuer).ok().filter(|url| url.query().is_none() && url.fragment().is_none());
    let loopback = |url: &Url| url.scheme() == "http" && is_loopback(url);
    if !issuer.is_some_and(|url| url.has_host() && (url.scheme() == "https" || loopback(&url))) {
        return Err("issuer is an https URL without query, exactly as in the provider's discovery document".to_owned());
    }
    if file.label.trim().is_empty() || file.label.chars().count() > 60 {
        return Err("label has 1 to 60 characters: it stands on buttons".to_owned());
    }
    let signs = file.token_endpoint_auth_method == UpstreamAuthMethod::PrivateKeyJwt;
    if file.token_endpoint_auth_signing_alg.is_some() && !signs {
        return Err("token_endpoint_auth_signing_alg is for private_key_jwt alone".to_owned());
    }
    if file.id_token_signed_response_algs.is_empty() {
        return Err("id_token_signed_response_algs names at least one algorithm".to_owned());
    }
    if !file.timeout_seconds.is_none_or(|seconds| (1..=MAX_TIMEOUT_SECONDS).contains(&seconds)) {
        return Err(format!("timeout_seconds is 1 to {MAX_TIMEOUT_SECONDS}"));
    }
    for (name, known, what) in
        [(&file.academy, &declared.academies, "academy"), (&file.ministry, &declared.ministries, "ministry")]
    {
        if let Some(name) = name.as_deref().filter(|name| !known.contains(name)) {
            return Err(format!("no {what} `{name}` in academies.toml"));
        }
    }
    match file.kind {
        UpstreamKind::Academy => check_academy(file),
        UpstreamKind::Franceconnect => {
            let strays = file.academy.is_some() || file.ministry.is_some() || !file.profiles.is_empty();
            match strays || !file.profile_value.is_empty() {
                true => {
                    Err("franceconnect knows parents only: no academy, ministry, profiles, profile_value".to_owned())
                }
                false => Ok(()),
            }
        }
    }
}

fn check_academy(file: &UpstreamFile) -> Result<(), String> {
    if file.academy.is_none() && file.ministry.is_none() {
        return Err("academy or ministry says whose people they are: name one".to_owned());
    }
    if file.profiles.is_empty() || file.claims.profile.is_empty() || file.profile_value.is_empty() {
        return Err("profiles, claims.profile and [[profile_value]] say who may sign in: name them".to_owned());
    }
    match file.profile_value.iter().find(|mapped| !file.profiles.contains(&mapped.profile)) {
        Some(mapped) => {
            Err(format!("[[profile_value]] {} is {}, which profiles has not", mapped.value, mapped.profile.name()))
        }
        None => Ok(()),
    }
}
