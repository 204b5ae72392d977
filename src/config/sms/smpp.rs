//! `[sms.smpp]`: an operator's SMSC, how a session is bound there, and what its refusals mean.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::super::{ConfigError, read_secret};

/// An SMSC that takes messages by SMPP 3.4.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SmppGatewayConfig {
    /// The host and port.
    pub address: String,
    /// True if the session runs over TLS. Without it anybody on the way reads the codes.
    #[serde(default = "yes")]
    pub tls: bool,
    /// A PEM file with the authorities of the SMSC, instead of the public ones and `[outgoing] ca`.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// The name and password of the account, at most 15 and 8 characters.
    pub system_id: String,
    #[serde(default, serialize_with = "super::http::hidden")]
    pub password: Option<SecretString>,
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    #[serde(default)]
    pub system_type: String,
    /// The sender that phones show: up to 11 letters and digits, or a number.
    #[serde(default)]
    pub source: String,
    /// The type of number and the numbering plan of `source`; by default as its form says.
    #[serde(default)]
    pub source_ton: Option<u8>,
    #[serde(default)]
    pub source_npi: Option<u8>,
    #[serde(default = "one")]
    pub destination_ton: u8,
    #[serde(default = "one")]
    pub destination_npi: u8,
    /// The way of a message longer than one SMS: `payload` or `sar`.
    #[serde(default)]
    pub long_messages: LongMessages,
    /// True if the SMSC is asked what became of each message.
    #[serde(default = "yes")]
    pub receipts: bool,
    /// True if the SMSC is told for how long it may try to reach a phone: as long as a code is valid, a day for a notice.
    /// Otherwise the operator decides.
    #[serde(default = "yes")]
    pub validity_period: bool,
    /// The SMSC's default alphabet, which is what it reads where `data_coding` is 0.
    #[serde(default)]
    pub alphabet: SmscAlphabet,
    /// The number of messages without an answer at a time.
    #[serde(default = "window")]
    pub window: u32,
    /// The number of messages a second that one server hands over.
    #[serde(default = "per_second")]
    pub per_second: u32,
    /// The interval after which a silent session is probed.
    #[serde(default = "enquire_link_seconds")]
    pub enquire_link_seconds: u64,
    /// The time in which the SMSC has to be bound, and to answer a message.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
    /// Further statuses by which the SMSC reports that a number is permanently unreachable, besides 11
    /// (ESME_RINVDSTADR).
    #[serde(default)]
    pub number_refused: Vec<u32>,
    /// The errors (`err:`) of receipts by which the operator says that a number is permanently unreachable. No other one
    /// is told to a school, because most speak of the network, the sender or the contract.
    #[serde(default)]
    pub number_errors: Vec<u32>,
}

/// The default alphabet of an SMSC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SmscAlphabet {
    /// That of GSM, one octet a character.
    #[default]
    Gsm,
    /// ISO 8859-1, which the SMSC translates.
    Latin1,
    /// Not known: every text is sent in UCS-2, which needs no default, and takes twice the room.
    Ucs2,
}

/// The way of a message that is longer than one SMS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LongMessages {
    /// Whole, in the parameter `message_payload`.
    #[default]
    Payload,
    /// In parts, which the parameters `sar_*` number.
    Sar,
}

/// The keys of the section, as the environment and files name them.
pub const SMPP_GATEWAY_KEYS: [&str; 22] = [
    "address",
    "tls",
    "ca",
    "system_id",
    "password",
    "password_file",
    "system_type",
    "source",
    "source_ton",
    "source_npi",
    "destination_ton",
    "destination_npi",
    "long_messages",
    "receipts",
    "validity_period",
    "alphabet",
    "window",
    "per_second",
    "enquire_link_seconds",
    "timeout_seconds",
    "number_refused",
    "number_errors",
];

fn yes() -> bool {
    true
}

fn one() -> u8 {
    1
}

fn window() -> u32 {
    10
}

fn per_second() -> u32 {
    20
}

fn enquire_link_seconds() -> u64 {
    30
}

fn timeout_seconds() -> u64 {
    10
}

impl SmppGatewayConfig {
    /// Returns the host and the port.
    pub fn host_and_port(&self) -> Option<(&str, u16)> {
        let (host, port) = self.address.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (!host.is_empty()).then_some((host, port.parse().ok().filter(|port| *port > 0)?))
    }

    /// Returns the type of number and the numbering plan of the sender: those configured, else those of its form.
    pub fn source_type(&self) -> (u8, u8) {
        let digits = self.source.trim_start_matches('+');
        let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        let (ton, npi) = match is_number {
            // A number of a country is international with its prefix; a short one belongs to the network.
            true if self.source.starts_with('+') || digits.len() > 8 => (1, 1),
            true => (3, 0),
            false if self.source.is_empty() => (0, 0),
            false => (5, 0),
        };
        (self.source_ton.unwrap_or(ton), self.source_npi.unwrap_or(npi))
    }

    fn check_rules(&self, loopback: bool) -> Result<(), &'static str> {
        let is_ascii = |text: &str| text.bytes().all(|b| (0x20..0x7F).contains(&b));
        if self.host_and_port().is_none() {
            return Err("address is a host and a port, such as smpp.example.fr:3550");
        }
        if !self.tls && !loopback {
            return Err("tls = false is for a loopback issuer only: codes would be readable on the way");
        }
        if !self.tls && self.ca.is_some() {
            return Err("ca needs tls");
        }
        if self.system_id.is_empty() || self.system_id.len() > 15 || !is_ascii(&self.system_id) {
            return Err("system_id has 1 to 15 characters");
        }
        let password = self.password.as_ref().map_or("", |password| password.expose_secret());
        if password.len() > 8 || !is_ascii(password) {
            return Err("password has 8 characters at most");
        }
        if self.system_type.len() > 12 || !is_ascii(&self.system_type) {
            return Err("system_type has 12 characters at most");
        }
        let digits = self.source.trim_start_matches('+');
        let is_number = digits.bytes().all(|b| b.is_ascii_digit());
        if !is_ascii(&self.source) || self.source.len() > if is_number { 20 } else { 11 } {
            return Err("source has 11 letters and digits at most, or is a number");
        }
        if !(1..=100).contains(&self.window) {
            return Err("window is 1 to 100");
        }
        if !(1..=1000).contains(&self.per_second) {
            return Err("per_second is 1 to 1000");
        }
        if !(1..=15).contains(&self.timeout_seconds) {
            return Err("timeout_seconds is 1 to 15: a job is this server's for a minute");
        }
        if !(1..=600).contains(&self.enquire_link_seconds) {
            return Err("enquire_link_seconds is 1 to 600");
        }
        Ok(())
    }

    /// Reads the password from its file, and verifies every rule of the section.
    pub(super) fn check(&mut self, loopback: bool) -> Result<(), ConfigError> {
        if let Some(path) = &self.password_file {
            if self.password.is_some() {
                return Err(ConfigError::Invalid("sms.smpp has password and password_file: keep one".to_owned()));
            }
            self.password = Some(read_secret(path)?.into());
        }
        self.check_rules(loopback).map_err(|rule| ConfigError::Invalid(format!("sms.smpp.{rule}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sender_says_its_type_unless_it_is_configured() {
        let mut config: SmppGatewayConfig =
            serde_json::from_str(r#"{"address": "[::1]:2775", "system_id": "a"}"#).unwrap();
        assert_eq!(config.host_and_port(), Some(("::1", 2775)));
        for (source, wanted) in
            [("", (0, 0)), ("MonCompte", (5, 0)), ("+33612345678", (1, 1)), ("33612345678", (1, 1)), ("38123", (3, 0))]
        {
            config.source = source.to_owned();
            assert_eq!(config.source_type(), wanted, "{source}");
        }
        (config.source_ton, config.source_npi) = (Some(2), Some(8));
        assert_eq!(config.source_type(), (2, 8));
    }
}
