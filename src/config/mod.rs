//! Configuration: one file per section, with defaults and documentation beside the fields.
//!
//! TOML, overridden by `PREAU__SECTION__KEY` in the environment; every secret can also be set by a `…_file` key. An
//! unknown key is rejected with a suggestion of the nearest known key, so that a typing error does not silently select
//! a default.

mod administration;
mod audit;
mod database;
pub mod deployment;
mod keys;
mod letters;
mod limits;
mod log;
mod mail;
mod outgoing;
mod passwords;
mod phones;
mod protocol;
mod pupils;
mod reminders;
mod server;
mod sms;
mod traces;

pub use administration::Administration;
pub use audit::Audit;
pub use database::{Database, EphemeralStore};
pub use keys::{Keys, REQUIRED_ALGORITHMS};
pub use letters::Letters;
pub use limits::Limits;
pub use log::Log;
pub use mail::{Mail, MailGatewayConfig, SmtpConfig};
pub use outgoing::Outgoing;
pub use passwords::Passwords;
pub use phones::PhoneNumbers;
pub use protocol::Protocol;
pub use pupils::Pupils;
pub use reminders::Reminders;
pub use server::{ProxyHeader, Server, Tls, UNNAMED_PROXY};
pub use sms::{
    AnswerRule, HttpGatewayConfig, HttpGatewayTemplates, LongMessages, MessageField, MessageFieldValues,
    MessageTemplate, ReceiptCallConfig, SmppGatewayConfig, Sms, SmsFallback, SmsGatewayConfig, SmsGatewayRole,
    SmscAlphabet, TemplateSyntax, text_at,
};
pub use traces::Traces;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::phone::PhoneParser;

/// The whole configuration.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    pub server: Server,
    pub database: Database,
    pub ephemeral: EphemeralStore,
    pub keys: Keys,
    pub limits: Limits,
    pub outgoing: Outgoing,
    pub protocol: Protocol,
    pub sms: Sms,
    pub mail: Mail,
    pub passwords: Passwords,
    pub pupils: Pupils,
    pub letters: Letters,
    pub reminders: Reminders,
    pub phones: PhoneNumbers,
    pub deployment: Deployment,
    pub log: Log,
    pub traces: Traces,
    pub audit: Audit,
    pub administration: Administration,
}

/// The service name shown on pages, and the directory of academies, schools and clients.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Deployment {
    /// The service name. At most 30 characters, because the name is part of the SMS. Never « ÉduConnect », the name of
    /// the State's service.
    pub name: String,
    pub directory: PathBuf,
    /// The contact for accessibility and data protection: an e-mail address or an https URL. Empty: pages name only the
    /// school and the academy.
    pub contact: String,
}

impl Default for Deployment {
    fn default() -> Self {
        Self { name: "Mon compte École".into(), directory: "config/occitanie".into(), contact: String::new() }
    }
}

/// Returns the link target of the contact; `None` if the contact is neither an e-mail address nor an https URL.
pub fn contact_href(contact: &str) -> Option<String> {
    let plain = !contact.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>'));
    if contact.starts_with("https://") {
        return plain.then(|| contact.to_owned());
    }
    let (user, host) = contact.split_once('@')?;
    (plain && !user.is_empty() && host.contains('.') && !contact.contains(['?', '&', ':', '/']))
        .then(|| format!("mailto:{contact}"))
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{0}")]
    Read(#[from] config::ConfigError),
    #[error("unknown key `{key}`{}", nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    Unknown { key: String, nearest: Option<String> },
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    #[error("{0}")]
    Invalid(String),
}

impl Config {
    /// Reads the file, if given, and the environment.
    ///
    /// # Errors
    /// The file is unreadable, a key is unknown, a value has the wrong type, or a rule between values is violated.
    pub fn load(file: Option<&Path>) -> Result<Config, ConfigError> {
        let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let text = |(name, value): (String, std::ffi::OsString)| match value.into_string() {
            Ok(value) => Some(Ok((name, value))),
            Err(_) if name.starts_with("PREAU__") => {
                Some(Err(ConfigError::Invalid(format!("{name} in the environment is no UTF-8"))))
            }
            Err(_) => None,
        };
        Self::load_with(file, variables.filter_map(text).collect::<Result<_, _>>()?)
    }

    fn load_with(file: Option<&Path>, variables: config::Map<String, String>) -> Result<Config, ConfigError> {
        let mut builder = config::Config::builder();
        if let Some(path) = file {
            let text = std::fs::read_to_string(path).map_err(|e| ConfigError::File(path.to_owned(), e))?;
            // The file is parsed alone first, so that a syntax error is reported with the file's name.
            let source = config::File::from_str(&text, config::FileFormat::Toml);
            let alone = config::Config::builder().add_source(source.clone()).build();
            alone.map_err(|e| ConfigError::Invalid(format!("{}: {e}", path.display())))?;
            builder = builder.add_source(source);
        }
        reject_single_underscore(variables.keys().cloned())?;
        for (key, list) in environment_lists(&variables) {
            builder = builder.set_override(key, list)?;
        }
        let environment = config::Environment::with_prefix("PREAU").prefix_separator("__").separator("__");
        let environment = environment.try_parsing(true).source(Some(variables));
        let built = builder.add_source(environment).build()?;
        let given: Value = built.clone().try_deserialize()?;
        reject_unknown_keys(&given)?;
        let config: Config = built.try_deserialize().map_err(|e| match (e, file) {
            // A rule of the whole section names the keys itself.
            (config::ConfigError::At { error, key: Some(key), .. }, _) if key == "sms" || key == "mail" => {
                ConfigError::Invalid(error.to_string())
            }
            (e, Some(path)) => ConfigError::Invalid(format!("{} or the environment: {e}", path.display())),
            (e, None) => ConfigError::Read(e),
        })?;
        config.resolve()
    }

    /// True if `log.json` is set, as far as a possibly invalid configuration can be read: the error message about the
    /// configuration goes to the same log collector.
    pub fn wants_json_log(file: Option<&Path>) -> bool {
        let environment = || config::Environment::with_prefix("PREAU").prefix_separator("__").separator("__");
        let with_file = |path: &Path| {
            let file = config::File::from(path).format(config::FileFormat::Toml);
            config::Config::builder().add_source(file).add_source(environment()).build().ok()
        };
        let alone = || config::Config::builder().add_source(environment()).build().ok();
        let built = file.and_then(with_file).or_else(alone);
        built.and_then(|built| built.get_bool("log.json").ok()).unwrap_or_default()
    }

    /// Returns the parser of telephone numbers.
    pub fn phone_parser(&self) -> PhoneParser {
        PhoneParser { fictitious_prefixes: self.phones.fictitious.clone(), calls_landlines: self.sms.voice.is_some() }
    }

    /// Reads the `…_file` secrets and verifies the rules between values.
    pub fn resolve(mut self) -> Result<Config, ConfigError> {
        if let Some(path) = self.database.url_file.clone() {
            self.database.url = read_secret(&path)?;
        }
        if let Some(path) = self.database.owner_url_file.clone() {
            self.database.owner_url = Some(read_secret(&path)?);
        }
        if let Some(path) = self.ephemeral.url_file.clone() {
            self.ephemeral.url = read_secret(&path)?;
        }
        if let Some(path) = self.ephemeral.sentinel_password_file.clone() {
            self.ephemeral.sentinel_password = Some(read_secret(&path)?);
        }
        self.server.check()?;
        self.database.check()?;
        self.log.check()?;
        self.traces.check()?;
        self.ephemeral.check()?;
        self.keys.check()?;
        self.limits.check()?;
        self.audit.check()?;
        self.reminders.check()?;
        self.administration.check(self.server.is_loopback() && self.server.listen.ip().is_loopback())?;
        self.sms.check(self.server.is_loopback())?;
        self.mail.check(self.server.is_loopback())?;
        self.phones.check(self.server.is_loopback())?;
        self.outgoing.check(self.server.is_loopback())?;
        let contact = &self.deployment.contact;
        if !contact.is_empty() && contact_href(contact).is_none() {
            return Err(ConfigError::Invalid("deployment.contact is an e-mail address, or an https address".into()));
        }
        if self.deployment.name.trim().is_empty() || self.deployment.name.chars().count() > 30 {
            return Err(ConfigError::Invalid("deployment.name has 1 to 30 characters: it stands in the SMS".into()));
        }
        Ok(self)
    }
}

/// The keys whose values are lists, separated by commas in the environment.
const LIST_KEYS: [&str; 8] = [
    "database.hosts",
    "ephemeral.sentinels",
    "phones.fictitious",
    "server.trusted_proxies",
    "outgoing.allow_networks",
    "limits.shared_sources",
    "keys.algorithms",
    "sms.countries",
];
/// The keys whose values are lists, in the sections of SMS gateways.
const GATEWAY_LIST_KEYS: [&str; 7] = [
    "number_refused",
    "number_errors",
    "receipts.delivered",
    "receipts.unreachable",
    "receipts.expired",
    "receipts.failed",
    "receipts.number_errors",
];

/// Returns the values of lists in the environment. The reader of the environment would take a list of one number for a
/// number.
fn environment_lists(variables: &config::Map<String, String>) -> impl Iterator<Item = (String, Vec<&str>)> {
    let sections = [&sms::HTTP_SECTIONS[..], &sms::SMPP_SECTIONS[..]].concat();
    let of_gateways = sections.into_iter().flat_map(|section| GATEWAY_LIST_KEYS.map(|key| format!("{section}.{key}")));
    LIST_KEYS.into_iter().map(str::to_owned).chain(of_gateways).filter_map(|key| {
        let value = variables.get(&format!("PREAU__{}", key.to_uppercase().replace('.', "__")))?;
        Some((key, value.split(',').collect()))
    })
}

/// Reads a secret from a file, without the trailing line break.
pub(crate) fn read_secret(path: &Path) -> Result<String, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|e| ConfigError::File(path.to_owned(), e))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Rejects variables such as `PREAU_SERVER_ISSUER`: sections and keys are separated by two underscores. Other programs
/// may use names with the same prefix, so only names that contain a section are rejected.
fn reject_single_underscore(names: impl Iterator<Item = String>) -> Result<(), ConfigError> {
    let defaults = serde_json::to_value(Config::default()).map_err(|e| ConfigError::Invalid(e.to_string()))?;
    let sections: Vec<String> =
        defaults.as_object().into_iter().flatten().map(|(name, _)| name.to_uppercase()).collect();
    for name in names {
        let rest = name.strip_prefix("PREAU_").unwrap_or_default();
        let rest = rest.strip_prefix('_').unwrap_or(rest);
        let section = sections.iter().find(|s| rest.strip_prefix(s.as_str()).is_some_and(|key| key.starts_with('_')));
        let Some(section) = section else { continue };
        let key = rest.get(section.len()..).unwrap_or_default().trim_start_matches('_');
        let right = format!("PREAU__{section}__{key}");
        // A subsection below the section is separated by two underscores as well.
        if !name.starts_with(&format!("PREAU__{section}__")) {
            return Err(ConfigError::Invalid(format!("{name} in the environment says nothing: write {right}")));
        }
    }
    Ok(())
}

fn reject_unknown_keys(given: &Value) -> Result<(), ConfigError> {
    let defaults = serde_json::to_value(Config::default()).map_err(|e| ConfigError::Invalid(e.to_string()))?;
    let mut known = BTreeSet::new();
    collect_keys("", &defaults, &mut known);
    for (prefix, fields) in [
        ("server.tls", &["certificate", "key"][..]),
        ("sms.fallback", &["gateway", "after_seconds", "http", "smpp"][..]),
        ("mail.smtp", &["url", "user", "password", "password_file"][..]),
        ("outgoing", &["ca", "proxy", "proxy_file"][..]),
    ] {
        known.extend(fields.iter().map(|f| format!("{prefix}.{f}")));
    }
    for section in sms::HTTP_SECTIONS {
        known.extend(sms::HTTP_GATEWAY_KEYS.map(|key| format!("{section}.{key}")));
        known.extend(sms::RECEIPT_CALL_KEYS.map(|key| format!("{section}.receipts.{key}")));
        for rule in ["success", "refused"] {
            known.extend(sms::ANSWER_RULE_KEYS.map(|key| format!("{section}.{rule}.{key}")));
        }
    }
    for section in sms::SMPP_SECTIONS {
        known.extend(sms::SMPP_GATEWAY_KEYS.map(|key| format!("{section}.{key}")));
    }
    let mut seen = BTreeSet::new();
    collect_keys("", given, &mut seen);
    // Names of headers are the gateway's.
    let is_known = |key: &String| {
        known.contains(key)
            || sms::HTTP_SECTIONS
                .iter()
                .any(|section| key.strip_prefix(section).is_some_and(|rest| rest.starts_with(".headers.")))
    };
    match seen.iter().find(|key| !is_known(key)) {
        None => Ok(()),
        Some(key) => Err(ConfigError::Unknown { key: key.clone(), nearest: nearest_key(key, &known) }),
    }
}

fn collect_keys(prefix: &str, value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
                out.insert(path.clone());
                collect_keys(&path, inner, out);
            }
        }
        _ => {
            out.insert(prefix.to_owned());
        }
    }
}

/// Returns the known key most similar to the given one, if any is similar enough.
pub(crate) fn nearest_key(key: &str, known: &BTreeSet<String>) -> Option<String> {
    let scored = known.iter().map(|k| (strsim::jaro_winkler(k, key), k));
    scored.filter(|(s, _)| *s > 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, k)| k.clone())
}

#[cfg(test)]
mod tests;
