//! Outages of SMS delivery and their consequences (docs/threats.md#faults-f1).
//!
//! An outage concerns the deployment, never a person: the notices on pages and the released requests are the same for
//! persons in the roster and for everybody else. Budgets with a visible effect are therefore not released per message;
//! instead, requests made during an outage do not count.

use crate::base::clock::{Span, Timestamp};
use crate::config::{Sms, SmsGatewayRole};
use crate::http::pages::dates::date_key;
use crate::otp::conversion::{ACADEMY_CONVERSION_WINDOW, CONVERSION_WINDOW};

/// The number of consecutive refusals before an outage is reported.
const MIN_REFUSALS: i64 = 3;
/// The time after the last refusal during which the pace is still said to be too high: no waiting message pauses longer.
const PACE_MEMORY: Span = Span::minutes(3);

/// The cause of an outage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutageReason {
    /// The gateway refuses the deployment, or is unreachable.
    Gateway,
    /// The primary of two gateways refuses the deployment, or is unreachable.
    Primary,
    /// The fallback gateway does.
    Fallback,
    /// The daily cap is exhausted.
    Cap,
    /// The daily cap of a foreign prefix is exhausted.
    PrefixCap(String),
    /// The daily cap of an academy is exhausted.
    AcademyCap(String),
    /// The interface that calls landlines refuses the deployment, or is unreachable.
    Voice,
    /// A gateway took messages, and its receipts say that they did not arrive, for reasons that are not the numbers'.
    Undelivered(String),
    /// More messages than twice the forecast of an hour.
    Pace,
    /// An operator reported undelivered messages.
    Operator,
    /// Too few codes sent to the numbers of a prefix are entered.
    Prefix(String),
    /// Too few codes sent to an academy's people are entered.
    Academy(String),
    /// Too few codes sent to an academy's people with numbers abroad are entered.
    AcademyAbroad(String),
    /// A reason of another version of this program, which shares the database; kept and shown as it is written.
    Other(String),
}

impl OutageReason {
    pub fn name(&self) -> String {
        match self {
            OutageReason::Gateway => "gateway".to_owned(),
            OutageReason::Primary => "primary".to_owned(),
            OutageReason::Fallback => "fallback".to_owned(),
            OutageReason::Cap => "cap".to_owned(),
            OutageReason::PrefixCap(prefix) => format!("cap of prefix {prefix}"),
            OutageReason::AcademyCap(academy) => format!("cap of academy {academy}"),
            OutageReason::Voice => "voice".to_owned(),
            OutageReason::Undelivered(gateway) => format!("undelivered by {gateway}"),
            OutageReason::Pace => "pace".to_owned(),
            OutageReason::Operator => "operator".to_owned(),
            OutageReason::Prefix(prefix) => format!("prefix {prefix}"),
            OutageReason::Academy(academy) => format!("codes of academy {academy}"),
            OutageReason::AcademyAbroad(academy) => format!("codes abroad of academy {academy}"),
            OutageReason::Other(name) => name.clone(),
        }
    }

    /// Returns the reason of a stored name. Every name has one: a newer server beside this one writes names that this
    /// one does not know, and they must not break the pages that ask for outages.
    pub fn from_name(name: &str) -> Self {
        match name {
            "gateway" => OutageReason::Gateway,
            "primary" => OutageReason::Primary,
            "fallback" => OutageReason::Fallback,
            "cap" => OutageReason::Cap,
            "voice" => OutageReason::Voice,
            "pace" => OutageReason::Pace,
            "operator" => OutageReason::Operator,
            _ => {
                let named =
                    |start: &str, reason: fn(String) -> Self| Some(reason(name.strip_prefix(start)?.to_owned()));
                named("prefix ", OutageReason::Prefix)
                    .or_else(|| named("cap of prefix ", OutageReason::PrefixCap))
                    .or_else(|| named("cap of academy ", OutageReason::AcademyCap))
                    .or_else(|| named("undelivered by ", OutageReason::Undelivered))
                    .or_else(|| named("codes of academy ", OutageReason::Academy))
                    .or_else(|| named("codes abroad of academy ", OutageReason::AcademyAbroad))
                    .unwrap_or_else(|| OutageReason::Other(name.to_owned()))
            }
        }
    }
}

/// An outage that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    pub id: String,
    pub reason: OutageReason,
    /// A summary of the gateway's response; never a phone number.
    pub detail: String,
    /// The request time of the first undeliverable message.
    pub began_at: Timestamp,
    pub last_refusal_at: Timestamp,
    pub refusals: i64,
}

impl Outage {
    /// True if the outage is reported to operators.
    pub fn is_active(&self, now: Timestamp) -> bool {
        match self.reason {
            OutageReason::Gateway
            | OutageReason::Primary
            | OutageReason::Fallback
            | OutageReason::Voice
            | OutageReason::Undelivered(_) => self.refusals >= MIN_REFUSALS,
            // A new day has a new cap.
            OutageReason::Cap | OutageReason::PrefixCap(_) | OutageReason::AcademyCap(_) => {
                date_key(self.last_refusal_at) == date_key(now)
            }
            OutageReason::Pace => now.since(self.last_refusal_at) < PACE_MEMORY,
            OutageReason::Prefix(_) => true,
            // While nobody asks, nothing is judged: the messages that were poor are forgotten by then.
            OutageReason::Academy(_) => now.since(self.last_refusal_at) < ACADEMY_CONVERSION_WINDOW,
            OutageReason::AcademyAbroad(_) => now.since(self.last_refusal_at) < CONVERSION_WINDOW,
            // The version that knows the reason goes on refusing where it lasts.
            OutageReason::Other(_) => date_key(self.last_refusal_at) == date_key(now),
            OutageReason::Operator => false,
        }
    }

    /// True if the outage affects every message and is announced on all pages.
    pub fn affects_everyone(&self) -> bool {
        matches!(self.reason, OutageReason::Gateway | OutageReason::Cap | OutageReason::Pace)
    }

    /// True if the outage affects every call to a landline, and is announced on the pages of all of them.
    pub fn affects_every_call(&self) -> bool {
        matches!(self.reason, OutageReason::Voice | OutageReason::Cap | OutageReason::Pace)
    }

    /// Returns what the outage means for messages, for the log.
    pub fn summary(&self) -> &'static str {
        match self.reason {
            OutageReason::Primary | OutageReason::Fallback => "SMS leave by the other gateway",
            OutageReason::Undelivered(_) => "SMS leave and do not arrive",
            _ => "SMS do not leave",
        }
    }

    /// Returns the remedy, for operators, with the sections of the configured gateways.
    pub fn remedy(&self, sms: &Sms) -> String {
        let [primary, fallback] = [SmsGatewayRole::Primary, SmsGatewayRole::Fallback].map(|role| sms.section_of(role));
        match self.reason {
            OutageReason::Gateway => format!(
                "see [{primary}] and the gateway's account; what waits is tried again by itself, and was free for whoever \
                 asked"
            ),
            OutageReason::Primary => {
                format!("see [{primary}] and the gateway's account; messages leave by [{fallback}] meanwhile")
            }
            OutageReason::Fallback => {
                format!("see [{fallback}] and its account: nothing takes over where [{primary}] fails")
            }
            OutageReason::Cap => "raise sms.daily_cap and restart, or wait for tomorrow".to_owned(),
            OutageReason::PrefixCap(_) => {
                "see whether a roster was filled with numbers that earn somebody money; raise \
                                           sms.foreign_prefix_daily_cap and restart, or wait for tomorrow"
                    .to_owned()
            }
            OutageReason::AcademyCap(_) => {
                "see who asks for so many; raise sms.academy_daily_cap and restart, or wait for tomorrow".to_owned()
            }
            OutageReason::Voice => {
                "see [sms.voice] and its account; no call leaves meanwhile, and what waits is tried again by itself"
                    .to_owned()
            }
            OutageReason::Undelivered(_) => {
                "see the operator's table of errors, and whether it bars the sender; an error that speaks of the number \
                 belongs in number_errors"
                    .to_owned()
            }
            OutageReason::Pace => {
                "see who asks for so many; raise sms.hourly_forecast and restart if they are families, \
                                   or wait: what waits leaves at that pace"
                    .to_owned()
            }
            OutageReason::Operator => "nothing".to_owned(),
            OutageReason::Prefix(_) | OutageReason::AcademyAbroad(_) => "see whether a roster was filled with numbers \
                                                                         that earn somebody money; `preau sms \
                                                                         resume` lifts it"
                .to_owned(),
            OutageReason::Academy(_) => "see whether messages arrive late, or who asks for so many codes that nobody \
                                         enters; it ends by itself within the hour, and `preau sms resume` lifts it"
                .to_owned(),
            OutageReason::Other(_) => {
                "another version of this program reports it: see `preau sms status` of that version".to_owned()
            }
        }
    }
}

/// The time span of an outage; `ended_at` is `None` while the outage lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutageWindow {
    pub began_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl OutageWindow {
    pub fn contains(&self, at: Timestamp) -> bool {
        self.began_at <= at && self.ended_at.is_none_or(|end| at <= end)
    }
}

/// Returns the percentage of the daily cap reached exactly by this message, if reported: 50, 80 or 100.
pub fn cap_percent_reached(count: i64, cap: u32) -> Option<i64> {
    [100, 80, 50].into_iter().find(|percent| count == (i64::from(cap) * percent + 99) / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_s07_half_four_fifths_and_all_of_the_day_are_told_once() {
        for (cap, told) in [(10, vec![(5, 50), (8, 80), (10, 100)]), (3, vec![(2, 50), (3, 100)]), (1, vec![(1, 100)])]
        {
            let all: Vec<_> =
                (1..=i64::from(cap)).filter_map(|n| cap_percent_reached(n, cap).map(|p| (n, p))).collect();
            assert_eq!(all, told, "{cap}");
        }
    }

    #[test]
    fn faults_f1_remedies_name_the_sections_of_the_gateways_that_are_configured() {
        let http = serde_json::json!({ "url": "http://127.0.0.1:1/" });
        let smpp = serde_json::json!({ "address": "127.0.0.1:1", "system_id": "preau", "password": "secret" });
        for (first, second) in [("http", "smpp"), ("smpp", "http")] {
            let sms: Sms = serde_json::from_value(serde_json::json!({
                "gateway": first, "http": http, "smpp": smpp,
                "fallback": { "gateway": second, "http": http, "smpp": smpp },
            }))
            .unwrap();
            let (first, second) = (format!("sms.{first}"), format!("sms.fallback.{second}"));
            for (reason, sections) in [
                (OutageReason::Gateway, vec![first.as_str()]),
                (OutageReason::Primary, vec![&first, &second]),
                (OutageReason::Fallback, vec![&second, &first]),
            ] {
                let (id, detail, now) = ("o".to_owned(), String::new(), Timestamp(1));
                let outage = Outage { id, reason, detail, began_at: now, last_refusal_at: now, refusals: 3 };
                let remedy = outage.remedy(&sms);
                let named: Vec<_> = remedy.split('[').skip(1).filter_map(|rest| rest.split(']').next()).collect();
                assert_eq!(named, sections, "{remedy}");
            }
        }
    }

    #[test]
    fn reasons_keep_their_spelling() {
        for reason in [
            OutageReason::Gateway,
            OutageReason::Primary,
            OutageReason::Fallback,
            OutageReason::Cap,
            OutageReason::Operator,
            OutageReason::Prefix("+3713".to_owned()),
            OutageReason::PrefixCap("+3713".to_owned()),
            OutageReason::AcademyCap("montpellier".to_owned()),
            OutageReason::Pace,
            OutageReason::Voice,
            OutageReason::Undelivered("primary".to_owned()),
            OutageReason::Academy("montpellier".to_owned()),
            OutageReason::AcademyAbroad("montpellier".to_owned()),
            OutageReason::Other("a reason of a later version".to_owned()),
        ] {
            assert_eq!(OutageReason::from_name(&reason.name()), reason);
        }
    }
}
