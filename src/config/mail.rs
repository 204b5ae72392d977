//! `[mail]`: the gateway that sends mails. Without the section, no page offers an e-mail address.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};

use super::ConfigError;

/// The settings of mails. Read and written as `MailKeys`, as the SMS settings are.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(try_from = "MailKeys", into = "MailKeys")]
pub struct Mail {
    pub gateway: MailGatewayConfig,
    /// The sender, such as `Mon compte École <ne-pas-repondre@ac-montpellier.fr>`.
    pub from: String,
}

/// The gateway that `gateway` names, with the section of its settings.
#[derive(Clone, Debug, Default)]
pub enum MailGatewayConfig {
    #[default]
    Absent,
    Console,
    Smtp(SmtpConfig),
}

/// The keys of the section.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct MailKeys {
    /// `console` writes mails to the log (loopback issuers only); `smtp` hands them to `[mail.smtp]`.
    gateway: String,
    from: String,
    smtp: Option<SmtpConfig>,
}

/// An SMTP server.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpConfig {
    /// `smtps://host:465`, or `smtp://host:587?tls=required`; `smtp://host:25` without TLS for a loopback issuer only.
    pub url: String,
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default, serialize_with = "hidden")]
    pub password: Option<SecretString>,
    #[serde(default)]
    pub password_file: Option<PathBuf>,
}

fn hidden<S: Serializer>(_: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_none()
}

impl TryFrom<MailKeys> for Mail {
    type Error = String;

    fn try_from(keys: MailKeys) -> Result<Self, String> {
        let gateway = match keys.gateway.as_str() {
            "" => MailGatewayConfig::Absent,
            "console" => MailGatewayConfig::Console,
            "smtp" => {
                MailGatewayConfig::Smtp(keys.smtp.ok_or("mail.gateway = \"smtp\" needs [mail.smtp] url".to_owned())?)
            }
            _ => return Err("mail.gateway is \"console\" or \"smtp\"".to_owned()),
        };
        Ok(Self { gateway, from: keys.from })
    }
}

impl From<Mail> for MailKeys {
    fn from(mail: Mail) -> Self {
        let (gateway, smtp) = match mail.gateway {
            MailGatewayConfig::Absent => ("", None),
            MailGatewayConfig::Console => ("console", None),
            MailGatewayConfig::Smtp(smtp) => ("smtp", Some(smtp)),
        };
        Self { gateway: gateway.to_owned(), from: mail.from, smtp }
    }
}

impl Mail {
    /// True if mails are sent.
    pub fn is_offered(&self) -> bool {
        !matches!(self.gateway, MailGatewayConfig::Absent)
    }

    pub(super) fn check(&mut self, loopback: bool) -> Result<(), ConfigError> {
        match &mut self.gateway {
            MailGatewayConfig::Absent => return Ok(()),
            MailGatewayConfig::Console if loopback => {}
            MailGatewayConfig::Console => {
                return invalid(
                    "mail.gateway = \"console\" is for a loopback issuer only: set \"smtp\" and [mail.smtp]",
                );
            }
            MailGatewayConfig::Smtp(smtp) => smtp.check(loopback)?,
        }
        if self.from.parse::<lettre::message::Mailbox>().is_err() {
            return invalid("mail.from is an address: Mon compte École <ne-pas-repondre@ac-montpellier.fr>");
        }
        Ok(())
    }
}

impl SmtpConfig {
    /// Reads the password from its file, and verifies that it does not travel in the clear.
    fn check(&mut self, loopback: bool) -> Result<(), ConfigError> {
        if let Some(path) = &self.password_file {
            if self.password.is_some() {
                return invalid("mail.smtp has password and password_file: keep one");
            }
            self.password = Some(super::read_secret(path)?.into());
        }
        if self.user.is_some() != self.password.is_some() {
            return invalid("mail.smtp has user and password, or neither");
        }
        let url = url::Url::parse(&self.url).ok();
        let secure = |url: &url::Url| {
            url.scheme() == "smtps"
                || (url.scheme() == "smtp" && url.query_pairs().any(|(k, v)| k == "tls" && v == "required"))
        };
        match url {
            Some(url) if !url.username().is_empty() || url.password().is_some() => {
                invalid("mail.smtp.url holds no user and no password: set user and password_file")
            }
            Some(url) if secure(&url) || (loopback && url.scheme() == "smtp") => Ok(()),
            _ => invalid("mail.smtp.url is smtps://host:465 or smtp://host:587?tls=required"),
        }
    }
}

fn invalid(rule: &str) -> Result<(), ConfigError> {
    Err(ConfigError::Invalid(rule.to_owned()))
}
