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
pub use keys::Keys;
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
const LIST_KEYS: [&str; 7] = [
    "database.hosts",
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
mod tests {
    use super::*;
    use crate::protocol::algorithms::Alg;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("preau.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(Some(&path))
    }

    #[test]
    fn an_empty_file_gives_the_defaults() {
        let c = load("").unwrap();
        assert_eq!(c.server.issuer, "http://localhost:8080");
        assert_eq!(c.database.url, "sqlite:var/preau.db");
    }

    #[test]
    fn faults_d2_rs256_and_es256_are_always_among_the_algorithms() {
        assert_eq!(load("").unwrap().keys.algorithms, [Alg::RS256, Alg::ES256, Alg::PS256]);
        let listed = load("[keys]\nalgorithms = [\"ES256\", \"RS256\", \"EdDSA\"]").unwrap();
        assert_eq!(listed.keys.algorithms, [Alg::ES256, Alg::RS256, Alg::EdDSA]);
        for (bad, word) in [("[\"RS256\"]", "ES256"), ("[\"ES256\"]", "RS256"), ("[\"none\"]", "none")] {
            let said = load(&format!("[keys]\nalgorithms = {bad}")).unwrap_err().to_string();
            assert!(said.contains(word), "{bad}: {said}");
        }
    }

    #[test]
    fn an_unknown_key_is_refused_and_the_nearest_is_named() {
        let e = load("[server]\nisuer = \"http://localhost:1\"").unwrap_err().to_string();
        assert_eq!(e, "unknown key `server.isuer`; did you mean `server.issuer`?");
        assert!(load("[sever]\nissuer = \"x\"").unwrap_err().to_string().contains("server"));
    }

    #[test]
    fn faults_f4_a_name_with_one_underscore_is_refused_and_the_right_one_told() {
        let refused = |name: &str| reject_single_underscore([name.to_owned()].into_iter()).map_err(|e| e.to_string());
        for name in ["PREAU_SERVER_ISSUER", "PREAU__SERVER_ISSUER", "PREAU_SERVER__ISSUER"] {
            let said = refused(name).unwrap_err();
            assert_eq!(said, format!("{name} in the environment says nothing: write PREAU__SERVER__ISSUER"));
        }
        for name in ["PREAU__SERVER__ISSUER", "PREAU_BIN", "PREAU_TEST_PYTHON", "PATH", "PREAU__SERVER__TLS__KEY"] {
            assert!(refused(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn faults_f4_a_file_that_cannot_be_read_is_named() {
        for (text, word) in
            [("[server\n", "preau.toml: "), ("[server]\nlisten = 7\n", "preau.toml or the environment: ")]
        {
            let said = load(text).unwrap_err().to_string();
            assert!(said.contains(word), "{said}");
        }
        let said = Config::load(Some(Path::new("/nowhere/preau.toml"))).unwrap_err().to_string();
        assert!(said.starts_with("/nowhere/preau.toml: "), "{said}");
    }

    #[test]
    fn console_gateway_and_fictitious_numbers_are_for_loopback_only() {
        let head = "[server]\nissuer = \"https://id.example.fr\"\n";
        assert!(load(head).unwrap_err().to_string().contains("sms.gateway"));
        let http = "[sms]\ngateway = \"http\"\n[sms.http]\nurl = \"https://sms.example/send\"\n";
        assert!(load(&format!("{head}{http}")).is_ok());
        let e = load(&format!("{head}{http}[phones]\nfictitious = [\"+3363998\"]")).unwrap_err();
        assert!(e.to_string().contains("phones.fictitious"));
    }

    #[test]
    fn f_private_addresses_are_called_for_a_loopback_issuer_only() {
        let switch = "[outgoing]\nallow_private = true\n";
        assert!(load(switch).unwrap().outgoing.allow_private);
        let http = "[sms]\ngateway = \"http\"\n[sms.http]\nurl = \"https://sms.example/send\"\n";
        let e = load(&format!("[server]\nissuer = \"https://id.example.fr\"\n{http}{switch}")).unwrap_err();
        assert!(e.to_string().contains("outgoing.allow_private"));
    }

    #[test]
    fn a_list_is_given_in_the_environment_with_commas() {
        let set = |name: &str, value: &str| {
            let given =
                [(name, value), ("PREAU__SMS__GATEWAY", "http"), ("PREAU__SMS__HTTP__URL", "https://a.example")];
            let variables = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter().collect();
            Config::load_with(None, variables).unwrap()
        };
        for (given, read) in [("400,422", vec![400, 422]), ("410", vec![410])] {
            let sms = set("PREAU__SMS__HTTP__NUMBER_REFUSED", given).sms;
            let SmsGatewayConfig::Http(http) = sms.gateway else { panic!("{given}: {sms:?}") };
            assert_eq!(http.number_refused, Some(read), "{given}");
        }
        assert_eq!(set("PREAU__PHONES__FICTITIOUS", "+3363998").phones.fictitious, ["+3363998"]);
        // Any value may look like a number.
        let SmsGatewayConfig::Http(http) = set("PREAU__SMS__HTTP__AUTHORIZATION", "12345").sms.gateway else {
            panic!()
        };
        assert!(http.authorization.is_some());
    }

    #[test]
    fn an_unknown_gateway_is_refused_and_the_nearest_is_named() {
        let said = load("[sms]\ngateway = \"https\"\n").unwrap_err().to_string();
        assert_eq!(said, "sms.gateway is \"console\", \"http\" or \"smpp\"; did you mean \"http\"?");
        assert!(
            load("[sms]\ngateway = \"pigeon\"\n")
                .unwrap_err()
                .to_string()
                .ends_with("\"console\", \"http\" or \"smpp\"")
        );
    }

    #[test]
    fn a_database_url_comes_from_its_own_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("url");
        std::fs::write(&path, "postgres://u:p@h/d\n").unwrap();
        let c = load(&format!("[database]\nurl_file = {:?}", path.display().to_string())).unwrap();
        assert_eq!(c.database.url, "postgres://u:p@h/d");
    }

    #[test]
    fn the_ephemeral_store_is_memory_or_a_redis() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("url");
        std::fs::write(&path, "rediss://preau:secret@redis.example/0\n").unwrap();
        let c = load(&format!("[ephemeral]\nurl_file = {:?}", path.display().to_string())).unwrap();
        assert_eq!(c.ephemeral.url, "rediss://preau:secret@redis.example/0");
        for wrong in ["url = \"memcached://x\"", "url = \"\"", "prefix = \"a:b\"", "prefix = \"\""] {
            assert!(load(&format!("[ephemeral]\n{wrong}")).unwrap_err().to_string().contains("ephemeral."), "{wrong}");
        }
    }

    #[test]
    fn attack_l3_trusted_proxies_are_addresses_and_networks_but_never_everybody() {
        let proxies = |list: &str| load(&format!("[server]\ntrusted_proxies = [{list}]\nproxy_header = \"Forwarded\""));
        let server = proxies("\"10.0.0.1\", \"2001:db8::/32\"").unwrap().server;
        assert_eq!(server.trusted_proxies.len(), 2);
        assert_eq!(server.proxy_header, ProxyHeader::Forwarded);
        for everybody in ["\"0.0.0.0/0\"", "\"10.0.0.1\", \"::/0\""] {
            assert!(proxies(everybody).unwrap_err().to_string().contains("whole internet"));
        }
        assert!(proxies("\"proxy.example\"").unwrap_err().to_string().contains("no address and no network"));
        assert!(load("[server]\nproxy_header = \"X-Real-IP\"").is_err());
    }

    #[test]
    fn a_proxy_that_nobody_named_is_told_from_none() {
        let hidden = |text: &str| load(text).unwrap().server.has_undeclared_proxy();
        let away = "[sms]\ngateway = \"http\"\n[sms.http]\nurl = \"https://sms.example/send\"\n[server]\nissuer = \"https://id.example.fr\"\n";
        assert!(!hidden(""));
        assert!(hidden(away));
        assert!(!hidden(&format!("{away}trusted_proxies = [\"10.0.0.1\"]")));
        assert!(!hidden(&format!("{away}tls = {{ certificate = \"a\", key = \"b\" }}")));
    }

    #[test]
    fn attack_h3_plain_http_is_for_loopback_or_behind_a_proxy() {
        assert!(load("[server]\nissuer = \"http://id.example.fr\"").is_err());
        assert!(load("[server]\nissuer = \"http://localhost:8080/\"").is_err(), "no trailing slash");
        assert!(load("[server]\nissuer = \"https://id.example.fr?x\"").is_err());
    }
}
