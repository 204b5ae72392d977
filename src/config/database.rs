//! `[database]` and `[ephemeral]`: the durable store and the store of short-lived records.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;

/// The port of PostgreSQL where none is named.
const POSTGRES_PORT: u16 = 5432;
/// The port of a sentinel where none is named.
const SENTINEL_PORT: u16 = 26379;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite:PATH` or `postgres://…`.
    pub url: String,
    /// A file with the URL, which contains a password.
    pub url_file: Option<PathBuf>,
    /// True if `url` is a PgBouncer in transaction mode (1.21 or newer, `max_prepared_statements` above 0): nothing is
    /// then set for a whole connection, and each read is a transaction of its own.
    pub pooled: bool,
    /// Addresses (`host:port`) of PostgreSQL servers that replace the host of `url`: tried in turn, the first that is no
    /// standby is used, until it is one or is gone. Empty: the host of `url` alone.
    pub hosts: Vec<String>,
    /// The URL of the role that owns the tables, for migrations, backups and restores; its host is a PostgreSQL, never a
    /// pooler. Absent: `url`.
    pub owner_url: Option<String>,
    /// A file with that URL.
    pub owner_url_file: Option<PathBuf>,
    /// The maximum number of connections for reading, and again as many for writing, of one server to PostgreSQL.
    pub max_connections: u32,
}

impl Database {
    /// Returns the location of the database without its password, for messages.
    pub fn location(&self) -> String {
        if let Some(path) = self.url.strip_prefix("sqlite:") {
            return path.to_owned();
        }
        let kind = self.url.split(':').next().unwrap_or_default();
        let url = url::Url::parse(&self.url).ok().filter(|_| is_postgres(&self.url));
        let Some(url) = url else { return format!("{kind}:…") };
        let (host, port) = (url.host_str().unwrap_or("its socket"), url.port().unwrap_or(POSTGRES_PORT));
        let hosts = if self.hosts.is_empty() { format!("{host}:{port}") } else { self.hosts.join(" or ") };
        format!("PostgreSQL at {hosts}, database {}", url.path().trim_start_matches('/'))
    }

    /// Returns the addresses of `hosts`: host and port.
    pub fn addresses(&self) -> Vec<(String, u16)> {
        self.hosts.iter().filter_map(|host| parse_address(host, POSTGRES_PORT)).collect()
    }

    /// Returns the database as the owner of its tables opens it: never through a pooler.
    #[must_use]
    pub fn for_owner(&self) -> Database {
        let Some(owner) = &self.owner_url else { return self.clone() };
        // Behind a pooler, the hosts are the poolers'.
        let hosts = if self.pooled { Vec::new() } else { self.hosts.clone() };
        let plain = Database { url_file: None, owner_url: None, owner_url_file: None, ..self.clone() };
        Database { url: owner.clone(), pooled: false, hosts, ..plain }
    }

    /// Returns the URL for PostgreSQL's own programs: with all hosts, of which they take the first that can be written.
    pub fn program_url(&self) -> String {
        let Ok(mut url) = url::Url::parse(&self.url) else { return self.url.clone() };
        let addresses = self.addresses();
        if !addresses.is_empty() {
            let join = |words: Vec<String>| words.join(",");
            url.query_pairs_mut()
                .append_pair("host", &join(addresses.iter().map(|(host, _)| host.clone()).collect()))
                .append_pair("port", &join(addresses.iter().map(|(_, port)| port.to_string()).collect()))
                .append_pair("target_session_attrs", "read-write");
        }
        url.into()
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let invalid = |why: String| Err(ConfigError::Invalid(why));
        for (key, given) in
            [("pooled", self.pooled), ("hosts", !self.hosts.is_empty()), ("owner_url", self.owner_url.is_some())]
        {
            if given && !is_postgres(&self.url) {
                return invalid(format!("database.{key} is for PostgreSQL: database.url begins with postgres://"));
            }
        }
        if self.owner_url.as_deref().is_some_and(|url| !is_postgres(url)) {
            return invalid("database.owner_url begins with postgres://".into());
        }
        if let Some(wrong) = self.hosts.iter().find(|host| parse_address(host, POSTGRES_PORT).is_none()) {
            return invalid(format!("database.hosts: {wrong} is no host:port"));
        }
        if !(2..=1_000).contains(&self.max_connections) {
            return invalid("database.max_connections is 2 to 1000".into());
        }
        Ok(())
    }
}

/// True for a URL of PostgreSQL.
fn is_postgres(url: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme))
}

/// Parses `host:port`, `host` (with the usual port) or `[address]:port`.
fn parse_address(text: &str, usual: u16) -> Option<(String, u16)> {
    let parsed = url::Url::parse(&format!("postgres://{text}")).ok()?;
    let alone = parsed.username().is_empty() && parsed.password().is_none() && parsed.path().is_empty();
    let plain = alone && parsed.query().is_none() && parsed.fragment().is_none();
    let host = parsed.host_str().filter(|host| plain && !host.is_empty())?;
    Some((host.trim_matches(['[', ']']).to_owned(), parsed.port().unwrap_or(usual)))
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: "sqlite:var/preau.db".into(),
            url_file: None,
            pooled: false,
            hosts: Vec::new(),
            owner_url: None,
            owner_url_file: None,
            max_connections: 10,
        }
    }
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct EphemeralStore {
    /// `memory:`, for one server; or `redis://…`, `rediss://…` (TLS) or `unix:PATH` of a Redis shared by all servers.
    pub url: String,
    /// A file with the URL, which contains a password.
    pub url_file: Option<PathBuf>,
    /// Addresses (`host:port`) of sentinels that name the master, whose address replaces the host of `url`. All of them
    /// are named: who more than half name is the master. Empty: the host of `url` alone.
    pub sentinels: Vec<String>,
    /// The name by which the sentinels know the master.
    pub sentinel_master: String,
    /// The password of the sentinels themselves.
    pub sentinel_password: Option<String>,
    /// A file with that password.
    pub sentinel_password_file: Option<PathBuf>,
    /// The prefix of every key in Redis, so that two deployments can share one Redis.
    pub prefix: String,
    /// The timeout of a Redis operation, in milliseconds. After a timeout the end user is asked to retry later.
    pub answer_ms: u64,
}

impl Default for EphemeralStore {
    fn default() -> Self {
        Self {
            url: "memory:".into(),
            url_file: None,
            sentinels: Vec::new(),
            sentinel_master: "preau".into(),
            sentinel_password: None,
            sentinel_password_file: None,
            prefix: "preau".into(),
            answer_ms: 250,
        }
    }
}

impl EphemeralStore {
    pub fn is_memory(&self) -> bool {
        self.url == "memory:"
    }

    /// Returns the addresses of `sentinels`: host and port.
    pub fn sentinel_addresses(&self) -> Vec<(String, u16)> {
        self.sentinels.iter().filter_map(|text| parse_address(text, SENTINEL_PORT)).collect()
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let known = ["redis://", "rediss://", "unix:"].iter().any(|scheme| self.url.starts_with(scheme));
        if !self.is_memory() && !known {
            let words = "ephemeral.url: `memory:`, or a Redis by redis://, rediss:// or unix:";
            return Err(ConfigError::Invalid(words.into()));
        }
        if !self.sentinels.is_empty() && (self.is_memory() || self.url.starts_with("unix:")) {
            let words = "ephemeral.sentinels replace the host of a redis:// or rediss:// url";
            return Err(ConfigError::Invalid(words.into()));
        }
        let is_no_address = |text: &&String| parse_address(text, SENTINEL_PORT).is_none();
        if let Some(wrong) = self.sentinels.iter().find(is_no_address) {
            return Err(ConfigError::Invalid(format!("ephemeral.sentinels: {wrong} is no host:port")));
        }
        if self.sentinel_master.trim().is_empty() {
            return Err(ConfigError::Invalid("ephemeral.sentinel_master is the name that sentinels know".into()));
        }
        if !(10..=10_000).contains(&self.answer_ms) {
            return Err(ConfigError::Invalid("ephemeral.answer_ms is 10 to 10000".into()));
        }
        let plain = self.prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !plain || !(1..=40).contains(&self.prefix.len()) {
            return Err(ConfigError::Invalid("ephemeral.prefix has 1 to 40 of a-z, A-Z, 0-9, - and _".into()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(hosts: &[&str]) -> Database {
        let hosts = hosts.iter().map(|&host| host.to_owned()).collect();
        Database { url: "postgres://preau:secret@old/d".into(), hosts, ..Database::default() }
    }

    #[test]
    fn hosts_are_addresses_of_postgresql_and_stand_in_messages_without_the_password() {
        let two = database(&["a.example:5433", "[2001:db8::1]"]);
        two.check().unwrap();
        assert_eq!(two.addresses(), [("a.example".to_owned(), 5433), ("2001:db8::1".to_owned(), 5432)]);
        assert_eq!(two.location(), "PostgreSQL at a.example:5433 or [2001:db8::1], database d");
        assert_eq!(database(&[]).location(), "PostgreSQL at old:5432, database d");
        for wrong in ["", "a:b", "u@a:1", "a/d", "a:99999", "a?x"] {
            let said = database(&[wrong]).check().unwrap_err().to_string();
            assert!(said.starts_with("database.hosts: "), "{wrong}: {said}");
        }
    }

    #[test]
    fn what_is_postgresqls_is_refused_for_sqlite() {
        for (key, change) in [
            ("pooled", Database { pooled: true, ..Database::default() }),
            ("hosts", Database { hosts: vec!["a".into()], ..Database::default() }),
            ("owner_url", Database { owner_url: Some("postgres://o@h/d".into()), ..Database::default() }),
        ] {
            let said = change.check().unwrap_err().to_string();
            assert!(said.starts_with(&format!("database.{key} is for PostgreSQL")), "{said}");
        }
        let owner = Database { owner_url: Some("mysql://h".into()), ..database(&[]) };
        assert!(owner.check().unwrap_err().to_string().contains("owner_url"));
        assert!(Database { max_connections: 1, ..database(&[]) }.check().is_err());
        Database::default().check().unwrap();
    }

    #[test]
    fn sentinels_are_addresses_beside_a_url_of_redis() {
        let store = |url: &str, sentinels: &[&str]| EphemeralStore {
            url: url.into(),
            sentinels: sentinels.iter().map(|&text| text.to_owned()).collect(),
            ..EphemeralStore::default()
        };
        let three = store("rediss://:secret@any/0", &["10.0.0.31", "s2.example:26380", "[2001:db8::1]:1"]);
        three.check().unwrap();
        let addresses = [("10.0.0.31".to_owned(), 26379), ("s2.example".to_owned(), 26380)];
        assert_eq!(three.sentinel_addresses().get(..2).unwrap(), addresses);
        for (wrong, key) in [
            (store("memory:", &["a"]), "sentinels"),
            (store("unix:/run/redis.sock", &["a"]), "sentinels"),
            (store("redis://h", &["a:b"]), "sentinels: a:b"),
            (EphemeralStore { sentinel_master: " ".into(), ..three }, "sentinel_master"),
        ] {
            assert!(wrong.check().unwrap_err().to_string().starts_with(&format!("ephemeral.{key}")), "{key}");
        }
    }

    #[test]
    fn the_owner_connects_directly_and_programs_are_told_every_host() {
        let owner_url = Some("postgres://owner@direct/d".to_owned());
        let pooled = Database { pooled: true, owner_url: owner_url.clone(), ..database(&["pooler:6432"]) }.for_owner();
        assert_eq!((pooled.url.as_str(), pooled.pooled, pooled.hosts.len()), ("postgres://owner@direct/d", false, 0));
        let direct = Database { owner_url, ..database(&["a", "b:5433"]) }.for_owner();
        assert_eq!(
            direct.program_url(),
            "postgres://owner@direct/d?host=a%2Cb&port=5432%2C5433&target_session_attrs=read-write"
        );
        assert_eq!(database(&[]).for_owner().program_url(), "postgres://preau:secret@old/d");
    }
}
