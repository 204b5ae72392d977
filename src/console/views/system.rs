//! The operator's page: what is wrong with this deployment, and how it stands.

use serde::Serialize;

use crate::administrators::views::ConsoleFrame;
use crate::http::pages::Page;
use crate::outbox::JobKind;
use crate::telemetry::CheckLevel;

/// A check of this server.
#[derive(Clone, Debug, Serialize)]
pub struct SystemCheckLine {
    /// The end of the message's key.
    pub key: String,
    /// The thing that was checked, where there are several.
    pub subject: String,
    /// `ok`, `warning`, `critical` or `unknown`.
    pub level: &'static str,
    /// In English, as `preau doctor` says it.
    pub text: String,
}

/// A signing key.
#[derive(Clone, Debug, Serialize)]
pub struct KeyLine {
    pub alg: String,
    pub kid: String,
    pub state: &'static str,
    pub since: String,
    /// The next change, the end of the message's key, and its time; empty if there is none.
    pub next: &'static str,
    pub next_at: String,
}

/// The waiting jobs of a kind.
#[derive(Clone, Debug, Serialize)]
pub struct QueueLine {
    /// The end of the message's key.
    pub kind: &'static str,
    pub waiting: i64,
    pub tried: i64,
    pub oldest: String,
}

/// An outage of SMS.
#[derive(Clone, Debug, Serialize)]
pub struct OutageLine {
    pub reason: String,
    pub since: String,
    pub refusals: i64,
}

/// The last complete import of an academy.
#[derive(Clone, Debug, Serialize)]
pub struct ImportLine {
    pub academy: String,
    pub format: String,
    pub at: String,
}

/// `/admin/systeme`.
#[derive(Clone, Debug, Serialize)]
pub struct SystemPage {
    pub frame: ConsoleFrame,
    pub version: &'static str,
    pub issuer: String,
    /// `SQLite` or `PostgreSQL`.
    pub database: &'static str,
    pub migrations: usize,
    /// True if the ephemeral store is this server's memory.
    pub in_memory: bool,
    pub checked: String,
    /// The worst level of all checks.
    pub level: &'static str,
    /// The checks; those that are not in order first.
    pub checks: Vec<SystemCheckLine>,
    pub keys: Vec<KeyLine>,
    pub queues: Vec<QueueLine>,
    pub sms_used: i64,
    pub sms_cap: i64,
    pub used_caps: Vec<String>,
    pub outages: Vec<OutageLine>,
    pub open_campaigns: i64,
    pub running_imports: i64,
    pub written_schools: i64,
    pub imports: Vec<ImportLine>,
    /// The last backup; empty if there is none.
    pub backup: String,
}

/// The names of the checks, which have a message each.
#[cfg(test)]
pub const CHECK_KEYS: [&str; 18] = [
    "sources",
    "certificate",
    "disk",
    "master-key-file",
    "database-files",
    "migrations",
    "signing-keys",
    "outbox",
    "sms",
    "sign-outs-told",
    "codes-protected",
    "clock",
    "ephemeral-store",
    "sms-gateway",
    "sms-fallback",
    "sms-voice",
    "mail",
    "upstream",
];

impl Page for SystemPage {
    const TEMPLATE: &'static str = "console/system.html";
    fn samples() -> Vec<Self> {
        let check = |key: &str, subject: &str, level: CheckLevel, text: &str| SystemCheckLine {
            key: key.to_owned(),
            subject: subject.to_owned(),
            level: level.name(),
            text: text.to_owned(),
        };
        let key = |state, next, next_at: &str| KeyLine {
            alg: "RS256".to_owned(),
            kid: "kid-1".to_owned(),
            state,
            since: "le 24\u{a0}novembre à 8\u{a0}h".to_owned(),
            next,
            next_at: next_at.to_owned(),
        };
        let queue = |kind: JobKind| QueueLine {
            kind: kind.name(),
            waiting: 12,
            tried: 3,
            oldest: "aujourd'hui à 8\u{a0}h\u{a0}02".to_owned(),
        };
        let at = "24\u{a0}février 2027";
        let quiet = SystemPage {
            frame: ConsoleFrame::sample().in_room("system"),
            version: "0.9.0",
            issuer: "https://compte.example".to_owned(),
            database: "SQLite",
            migrations: 70,
            in_memory: true,
            checked: "14\u{a0}h\u{a0}05".to_owned(),
            level: "ok",
            checks: vec![check("clock", "", CheckLevel::Ok, "2026-11-24 14:05 in Paris")],
            keys: vec![key("active", "publish_next", at)],
            queues: Vec::new(),
            sms_used: 0,
            sms_cap: 20_000,
            used_caps: Vec::new(),
            outages: Vec::new(),
            open_campaigns: 0,
            running_imports: 0,
            written_schools: 0,
            imports: Vec::new(),
            backup: String::new(),
        };
        let import = ImportLine {
            academy: "montpellier".to_owned(),
            format: "siecle".to_owned(),
            at: "hier à 3\u{a0}h".to_owned(),
        };
        let busy = SystemPage {
            database: "PostgreSQL",
            in_memory: false,
            level: "critical",
            checks: vec![
                check("outbox", "", CheckLevel::Critical, "12 messages wait <b>long</b>"),
                check("upstream", "Académie de Toulouse", CheckLevel::Warning, "no answer within 3 s"),
                check("mail", "", CheckLevel::Unknown, "nobody knows"),
                check("clock", "", CheckLevel::Ok, "2026-11-24 14:05 in Paris"),
            ],
            keys: vec![
                key("upcoming", "activate", at),
                key("active", "", ""),
                key("active", "stop_signing", at),
                key("retiring", "retire", at),
                key("retiring", "delete", at),
            ],
            queues: JobKind::ALL.map(queue).to_vec(),
            sms_used: 12_000,
            used_caps: vec!["academy montpellier: 600 of 1000".to_owned()],
            outages: vec![OutageLine {
                reason: "gateway".to_owned(),
                since: "aujourd'hui à 8\u{a0}h\u{a0}02".to_owned(),
                refusals: 3,
            }],
            open_campaigns: 5,
            running_imports: 1,
            written_schools: 12,
            imports: vec![import],
            backup: "hier à 3\u{a0}h\u{a0}10".to_owned(),
            ..quiet.clone()
        };
        vec![quiet, busy]
    }
}

#[cfg(test)]
mod tests {
    use super::CHECK_KEYS;

    #[test]
    fn every_check_of_a_running_server_has_a_name_in_both_languages() {
        let checks = include_str!("../../doctor/ops.rs");
        let named = checks.split("finding(\"").skip(1).filter_map(|rest| rest.split('"').next());
        let gateways = checks.split("=> \"SMS ").skip(1).filter_map(|rest| rest.split('"').next());
        let mut keys: Vec<String> = named.map(|name| name.to_ascii_lowercase().replace(' ', "-")).collect();
        keys.extend(gateways.map(|name| format!("sms-{name}")));
        keys.sort();
        let mut known = CHECK_KEYS.to_vec();
        known.sort_unstable();
        assert_eq!(keys, known);
        for catalogue in
            [include_str!("../../../templates/messages/fr.ftl"), include_str!("../../../templates/messages/en.ftl")]
        {
            for key in CHECK_KEYS {
                assert!(catalogue.contains(&format!("\nadmin-finding-{key} = ")), "{key}");
            }
        }
    }
}
