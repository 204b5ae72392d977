//! `[sms]`: the gateway that sends the codes.

mod answer;
mod http;
mod receipts;
mod role;
mod smpp;
mod template;

pub use answer::{ANSWER_RULE_KEYS, AnswerRule, text_at};
pub use http::{HTTP_GATEWAY_KEYS, HttpGatewayConfig, HttpGatewayTemplates};
pub use receipts::{RECEIPT_CALL_KEYS, ReceiptCallConfig};
pub use role::SmsGatewayRole;
pub use smpp::{LongMessages, SMPP_GATEWAY_KEYS, SmppGatewayConfig, SmscAlphabet};
pub use template::{MessageField, MessageFieldValues, MessageTemplate, TemplateSyntax};

use serde::{Deserialize, Serialize};

use super::{ConfigError, nearest_key};
use crate::base::destinations::DestinationList;

/// The settings of SMS sending. Read and written as `SmsKeys`: serde's own tagged enums would no longer convert values
/// of the environment, where everything is text.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "SmsKeys", into = "SmsKeys")]
pub struct Sms {
    pub gateway: SmsGatewayConfig,
    pub fallback: Option<SmsFallback>,
    pub voice: Option<SmsGatewayConfig>,
    pub daily_cap: u32,
    pub foreign_prefix_daily_cap: u32,
    pub academy_daily_cap: u32,
    pub min_conversion_percent: u32,
    pub hourly_forecast: u32,
    pub countries: DestinationList,
    pub alarm_minutes: u32,
}

/// The sections that have the form of `[sms.http]`, and those of `[sms.smpp]`.
pub(super) const HTTP_SECTIONS: [&str; 3] = ["sms.http", "sms.fallback.http", "sms.voice"];
pub(super) const SMPP_SECTIONS: [&str; 2] = ["sms.smpp", "sms.fallback.smpp"];

/// The gateway that `gateway` names, with the section of its settings.
#[derive(Clone, Debug)]
pub enum SmsGatewayConfig {
    Console,
    Http(Box<HttpGatewayConfig>),
    Smpp(Box<SmppGatewayConfig>),
}

/// The names of gateways, as the key `gateway` has them.
const GATEWAYS: [&str; 3] = ["console", "http", "smpp"];

/// The keys of the section.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct SmsKeys {
    /// `console` writes messages to the log (loopback issuers only); `http` posts messages to `[sms.http]`; `smpp`
    /// submits them to the SMSC of `[sms.smpp]`.
    gateway: String,
    /// The maximum number of messages per day, a limit on cost. Further messages are not sent until the next day.
    daily_cap: u32,
    /// The maximum number of messages per day to one foreign prefix (a plus sign and four digits): enough for the
    /// families of a border, and a bound on what premium numbers earn somebody.
    foreign_prefix_daily_cap: u32,
    /// The maximum number of messages per day to the persons of one academy; 0 means no cap of its own.
    academy_daily_cap: u32,
    /// The share of codes, of a hundred, that has to be entered: where fewer are, after fifty, none is sent there for a
    /// time. 0 stops nothing, whatever is entered.
    min_conversion_percent: u32,
    /// The messages of the busiest hour as the operator expects it; twice as many leave in an hour, of all servers
    /// together, and the rest waits. 0 means a tenth of `daily_cap`.
    hourly_forecast: u32,
    /// The foreign countries to which messages may go, by ISO code or prefix; empty means every country, because a
    /// parent abroad has no other way in. France and its overseas territories are always included.
    countries: DestinationList,
    /// The interval between two alarms in the log during an outage, in minutes: short enough to be noticed, long enough
    /// not to disturb the repair.
    alarm_minutes: u32,
    http: Option<Box<HttpGatewayConfig>>,
    smpp: Option<Box<SmppGatewayConfig>>,
    fallback: Option<FallbackKeys>,
    /// An interface by HTTP that calls a landline and speaks the text, described like `[sms.http]`. Only where it is
    /// configured are landlines of the roster kept, and codes spoken.
    voice: Option<Box<HttpGatewayConfig>>,
}

/// The fallback gateway, for what the primary one does not take.
#[derive(Clone, Debug)]
pub struct SmsFallback {
    pub gateway: SmsGatewayConfig,
    pub after_seconds: u32,
}

/// The keys of the fallback gateway's section.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
struct FallbackKeys {
    /// The gateway's name as in `[sms]`, with the section `[sms.fallback.http]` or `[sms.fallback.smpp]`.
    gateway: String,
    /// The age from which a message that the primary gateway refused is handed to the fallback: old enough for the
    /// primary to be tried twice, young enough for a code that somebody waits for.
    after_seconds: u32,
    http: Option<Box<HttpGatewayConfig>>,
    smpp: Option<Box<SmppGatewayConfig>>,
}

impl Default for FallbackKeys {
    fn default() -> Self {
        Self { gateway: "http".into(), after_seconds: 5, http: None, smpp: None }
    }
}

impl Default for SmsKeys {
    fn default() -> Self {
        Self {
            gateway: "console".into(),
            daily_cap: 20_000,
            foreign_prefix_daily_cap: 300,
            academy_daily_cap: 0,
            min_conversion_percent: 60,
            hourly_forecast: 0,
            countries: DestinationList::default(),
            alarm_minutes: 10,
            http: None,
            smpp: None,
            fallback: None,
            voice: None,
        }
    }
}

impl Default for Sms {
    fn default() -> Self {
        let keys = SmsKeys::default();
        Self {
            gateway: SmsGatewayConfig::Console,
            fallback: None,
            voice: None,
            daily_cap: keys.daily_cap,
            foreign_prefix_daily_cap: keys.foreign_prefix_daily_cap,
            academy_daily_cap: keys.academy_daily_cap,
            min_conversion_percent: keys.min_conversion_percent,
            hourly_forecast: keys.hourly_forecast,
            countries: keys.countries,
            alarm_minutes: keys.alarm_minutes,
        }
    }
}

impl TryFrom<SmsKeys> for Sms {
    type Error = String;

    fn try_from(keys: SmsKeys) -> Result<Self, String> {
        let fallback = match keys.fallback {
            None => None,
            Some(FallbackKeys { gateway, after_seconds, http, smpp }) => {
                Some(SmsFallback { gateway: gateway_of("sms.fallback", &gateway, (http, smpp))?, after_seconds })
            }
        };
        let gateway = gateway_of("sms", &keys.gateway, (keys.http, keys.smpp))?;
        Ok(Self {
            gateway,
            fallback,
            voice: keys.voice.map(SmsGatewayConfig::Http),
            daily_cap: keys.daily_cap,
            foreign_prefix_daily_cap: keys.foreign_prefix_daily_cap,
            academy_daily_cap: keys.academy_daily_cap,
            min_conversion_percent: keys.min_conversion_percent,
            hourly_forecast: keys.hourly_forecast,
            countries: keys.countries,
            alarm_minutes: keys.alarm_minutes,
        })
    }
}

/// The sections of gateways that a configuration has.
type GatewaySections = (Option<Box<HttpGatewayConfig>>, Option<Box<SmppGatewayConfig>>);

/// Returns the gateway of a section by its name.
fn gateway_of(section: &str, name: &str, (http, smpp): GatewaySections) -> Result<SmsGatewayConfig, String> {
    let needs = |key: &str| format!("{section}.gateway = \"{name}\" needs [{section}.{name}] {key}");
    match name {
        "console" => Ok(SmsGatewayConfig::Console),
        "http" => Ok(SmsGatewayConfig::Http(http.ok_or_else(|| needs("url"))?)),
        "smpp" => Ok(SmsGatewayConfig::Smpp(smpp.ok_or_else(|| needs("address"))?)),
        other => {
            let nearest = nearest_key(other, &GATEWAYS.map(str::to_owned).into());
            let hint = nearest.map(|name| format!("; did you mean \"{name}\"?")).unwrap_or_default();
            Err(format!("{section}.gateway is \"console\", \"http\" or \"smpp\"{hint}"))
        }
    }
}

/// Returns the name of a gateway and its section.
fn keys_of(gateway: SmsGatewayConfig) -> (String, GatewaySections) {
    match gateway {
        SmsGatewayConfig::Console => ("console".to_owned(), (None, None)),
        SmsGatewayConfig::Http(http) => ("http".to_owned(), (Some(http), None)),
        SmsGatewayConfig::Smpp(smpp) => ("smpp".to_owned(), (None, Some(smpp))),
    }
}

impl From<Sms> for SmsKeys {
    fn from(sms: Sms) -> Self {
        let (gateway, (http, smpp)) = keys_of(sms.gateway);
        let fallback = sms.fallback.map(|fallback| {
            let (gateway, (http, smpp)) = keys_of(fallback.gateway);
            FallbackKeys { gateway, after_seconds: fallback.after_seconds, http, smpp }
        });
        Self {
            gateway,
            daily_cap: sms.daily_cap,
            foreign_prefix_daily_cap: sms.foreign_prefix_daily_cap,
            academy_daily_cap: sms.academy_daily_cap,
            min_conversion_percent: sms.min_conversion_percent,
            hourly_forecast: sms.hourly_forecast,
            countries: sms.countries,
            alarm_minutes: sms.alarm_minutes,
            http,
            smpp,
            fallback,
            voice: sms.voice.and_then(|gateway| keys_of(gateway).1.0),
        }
    }
}

impl SmsGatewayConfig {
    /// Returns how the gateway calls to say what became of messages, if it does.
    pub fn receipt_calls(&self) -> Option<&ReceiptCallConfig> {
        match self {
            SmsGatewayConfig::Http(http) => http.receipts.as_ref(),
            SmsGatewayConfig::Console | SmsGatewayConfig::Smpp(_) => None,
        }
    }
}

/// The messages an hour below which no pace is held, so that a small daily cap does not put off what it allows.
const MIN_MESSAGES_PER_HOUR: u32 = 100;

impl Sms {
    /// Returns the messages that may leave in an hour: twice the forecast.
    pub fn messages_per_hour(&self) -> u32 {
        match self.hourly_forecast {
            0 => (self.daily_cap / 10).saturating_mul(2).max(MIN_MESSAGES_PER_HOUR),
            forecast => forecast.saturating_mul(2),
        }
    }

    /// Lists the configured gateways.
    pub fn gateways(&self) -> impl Iterator<Item = (SmsGatewayRole, &SmsGatewayConfig)> {
        <SmsGatewayRole as strum::IntoEnumIterator>::iter().filter_map(|role| Some((role, self.gateway_of(role)?)))
    }

    /// Returns the gateway of a role, if one is configured.
    pub fn gateway_of(&self, role: SmsGatewayRole) -> Option<&SmsGatewayConfig> {
        match role {
            SmsGatewayRole::Primary => Some(&self.gateway),
            SmsGatewayRole::Fallback => self.fallback.as_ref().map(|fallback| &fallback.gateway),
            SmsGatewayRole::Voice => self.voice.as_ref(),
        }
    }

    /// Returns the section that describes the gateway of a role, or the one where it would stand, for messages to
    /// operators.
    pub fn section_of(&self, role: SmsGatewayRole) -> String {
        let outer = role.section();
        match self.gateway_of(role) {
            Some(SmsGatewayConfig::Http(_)) if role != SmsGatewayRole::Voice => format!("{outer}.http"),
            Some(SmsGatewayConfig::Smpp(_)) => format!("{outer}.smpp"),
            _ => outer.to_owned(),
        }
    }

    pub(super) fn check(&mut self, loopback: bool) -> Result<(), ConfigError> {
        if self.daily_cap == 0 {
            return invalid("sms.daily_cap is at least 1: nobody can activate an account without a message");
        }
        if self.foreign_prefix_daily_cap == 0 {
            return invalid("sms.foreign_prefix_daily_cap is at least 1: sms.countries says where no message goes");
        }
        if self.min_conversion_percent > 100 {
            return invalid("sms.min_conversion_percent is 100 at most");
        }
        if !(1..=1440).contains(&self.alarm_minutes) {
            return invalid("sms.alarm_minutes is 1 to 1440");
        }
        if self.fallback.as_ref().is_some_and(|fallback| fallback.after_seconds > 600) {
            return invalid("sms.fallback.after_seconds is 600 at most: a code is valid for 30 minutes");
        }
        for role in <SmsGatewayRole as strum::IntoEnumIterator>::iter() {
            let section = self.section_of(role);
            let gateway = match role {
                SmsGatewayRole::Primary => Some(&mut self.gateway),
                SmsGatewayRole::Fallback => self.fallback.as_mut().map(|fallback| &mut fallback.gateway),
                SmsGatewayRole::Voice => self.voice.as_mut(),
            };
            match gateway {
                None => {}
                Some(SmsGatewayConfig::Console) if loopback => {}
                Some(SmsGatewayConfig::Console) => {
                    return invalid(&format!(
                        "{section}.gateway = \"console\" is for a loopback issuer only: set \"http\" and [{section}.http]"
                    ));
                }
                Some(SmsGatewayConfig::Http(http)) => renamed(http.check(loopback), "sms.http", &section)?,
                Some(SmsGatewayConfig::Smpp(smpp)) => renamed(smpp.check(loopback), "sms.smpp", &section)?,
            }
        }
        Ok(())
    }
}

/// Names the section in a broken rule by where it stands.
fn renamed(checked: Result<(), ConfigError>, name: &str, section: &str) -> Result<(), ConfigError> {
    checked.map_err(|error| match error {
        ConfigError::Invalid(rule) => ConfigError::Invalid(rule.replace(name, section)),
        other => other,
    })
}

fn invalid(rule: &str) -> Result<(), ConfigError> {
    Err(ConfigError::Invalid(rule.to_owned()))
}

#[cfg(test)]
mod tests;
