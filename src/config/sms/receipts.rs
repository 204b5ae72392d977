//! `[sms.http.receipts]`: how a gateway says by HTTP what became of a message.

use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::super::{ConfigError, read_secret};
use super::answer::one_or_several;

/// The calls of a gateway that say what became of a message, by `GET` or `POST` to `/sms/receipts/primary` (`fallback`,
/// `voice`). A field is a place in the JSON of the body if it begins with a slash (RFC 6901), otherwise a parameter of
/// the query or of a form.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptCallConfig {
    /// The proof of the gateway: the last part of the address, or a bearer token.
    #[serde(default, serialize_with = "super::http::hidden")]
    pub secret: Option<SecretString>,
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
    /// The key of the signature that every call must have beside the secret: HMAC-SHA256 of the body, or of the query where
    /// there is no body.
    #[serde(default, serialize_with = "super::http::hidden")]
    pub hmac_secret: Option<SecretString>,
    #[serde(default)]
    pub hmac_secret_file: Option<PathBuf>,
    /// The header of the signature, in hexadecimal or base64, with or without `sha256=` before it.
    #[serde(default)]
    pub hmac_header: Option<String>,
    /// The place of an array of receipts in the JSON of the body; the fields are then places in each element. Absent: the
    /// body is one receipt, or an array.
    #[serde(default)]
    pub list: Option<String>,
    /// The field of the message's id: that of `message_id`, or the `{id}` that the gateway was given.
    pub id: String,
    /// The field of the state, and the words for each state; every other word means that it is on the way.
    pub status: String,
    #[serde(default, deserialize_with = "one_or_several")]
    pub delivered: Vec<String>,
    /// The words for a number that is permanently unreachable: told to the school.
    #[serde(default, deserialize_with = "one_or_several")]
    pub unreachable: Vec<String>,
    /// The words for a phone that was not reached in time.
    #[serde(default, deserialize_with = "one_or_several")]
    pub expired: Vec<String>,
    /// The words for every other failure.
    #[serde(default, deserialize_with = "one_or_several")]
    pub failed: Vec<String>,
    /// The field of an error, and the errors of a failed message that speak of the number.
    #[serde(default)]
    pub error: Option<String>,
    #[serde(default, deserialize_with = "one_or_several")]
    pub number_errors: Vec<String>,
}

/// The keys of the section.
pub const RECEIPT_CALL_KEYS: [&str; 14] = [
    "secret",
    "secret_file",
    "hmac_secret",
    "hmac_secret_file",
    "hmac_header",
    "list",
    "id",
    "status",
    "delivered",
    "unreachable",
    "expired",
    "failed",
    "error",
    "number_errors",
];

/// The minimum length of the secret, in characters: nobody guesses it, and it needs no limit of attempts.
const MIN_SECRET_CHARS: usize = 32;
/// The minimum length of the key of the signature: the gateway draws it.
const MIN_HMAC_SECRET_BYTES: usize = 16;

/// The header of the signature, unless another one is configured.
const DEFAULT_HMAC_HEADER: &str = "x-signature";

impl ReceiptCallConfig {
    /// Returns the header of the signature.
    pub fn signature_header(&self) -> &str {
        self.hmac_header.as_deref().unwrap_or(DEFAULT_HMAC_HEADER)
    }

    /// Reads the key of the signature from its file, and verifies what belongs to it.
    fn check_signature(&mut self) -> Result<(), ConfigError> {
        if let Some(path) = &self.hmac_secret_file {
            if self.hmac_secret.is_some() {
                return invalid("has hmac_secret and hmac_secret_file: keep one");
            }
            self.hmac_secret = Some(read_secret(path)?.into());
        }
        match (&self.hmac_secret, &self.hmac_header) {
            (None, Some(_)) => return invalid("hmac_header needs hmac_secret_file"),
            (_, Some(name)) if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') => {
                return invalid("has an hmac_header that is no name of a header");
            }
            _ => {}
        }
        if self.hmac_secret.as_ref().is_some_and(|secret| secret.expose_secret().len() < MIN_HMAC_SECRET_BYTES) {
            return invalid("has an hmac_secret of at least 16 bytes");
        }
        if self.list.as_ref().is_some_and(|list| !list.starts_with('/')) {
            return invalid("has a list that begins with a slash");
        }
        Ok(())
    }

    /// Reads the secret from its file, and verifies every rule of the section.
    pub(super) fn check(&mut self) -> Result<(), ConfigError> {
        if let Some(path) = &self.secret_file {
            if self.secret.is_some() {
                return invalid("has secret and secret_file: keep one");
            }
            self.secret = Some(read_secret(path)?.into());
        }
        let secret = self.secret.as_ref().map_or("", |secret| secret.expose_secret());
        let fits_in_address = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if secret.len() < MIN_SECRET_CHARS || !secret.bytes().all(fits_in_address) {
            return invalid("has a secret of at least 32 letters, digits, - and _: openssl rand -hex 16");
        }
        if self.id.is_empty() || self.status.is_empty() {
            return invalid("has id and status");
        }
        if [&self.delivered, &self.unreachable, &self.expired, &self.failed].iter().all(|words| words.is_empty()) {
            return invalid("names words in delivered, unreachable, expired or failed");
        }
        if self.error.is_none() && !self.number_errors.is_empty() {
            return invalid("number_errors needs error");
        }
        self.check_signature()
    }
}

fn invalid(rule: &str) -> Result<(), ConfigError> {
    Err(ConfigError::Invalid(format!("sms.http.receipts {rule}")))
}
