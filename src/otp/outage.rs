//! Times in which messages could not leave, and what follows from them (docs/threats.md#faults-f1).
//!
//! An outage is the deployment's, never a person's: what pages say of it, and what it forgives, is the same for
//! whoever the roster knows and for everybody else. So budgets that show are not given back message by message; what
//! was asked for within an outage does not count.

use crate::base::clock::{Span, Timestamp};
use crate::http::pages::when::date_key;

/// So many refusals, none taken in between, are no accident.
const REFUSALS: i64 = 3;
/// Codes sent before their conversion is judged, and the hours that it is judged over (docs/threats.md#threat-s07).
const JUDGED_FROM: i64 = 50;
pub const JUDGED_OVER: Span = Span::hours(24);
/// Of a hundred codes so many are entered at least.
const ENTERED: i64 = 60;
/// Where calls are at home: elsewhere a number may be one that earns somebody money.
const HOME: [&str; 9] = ["+33", "+262", "+508", "+590", "+594", "+596", "+681", "+687", "+689"];

/// Why messages do not leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The gateway refuses the deployment, or is away.
    Gateway,
    /// The day's messages are used up.
    Cap,
    /// An operator said that messages did not arrive.
    Operator,
    /// Of the codes to these numbers too few are entered.
    Prefix(String),
}

impl Reason {
    pub fn name(&self) -> String {
        match self {
            Reason::Gateway => "gateway".to_owned(),
            Reason::Cap => "cap".to_owned(),
            Reason::Operator => "operator".to_owned(),
            Reason::Prefix(prefix) => format!("prefix {prefix}"),
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "gateway" => Some(Reason::Gateway),
            "cap" => Some(Reason::Cap),
            "operator" => Some(Reason::Operator),
            _ => name.strip_prefix("prefix ").map(|prefix| Reason::Prefix(prefix.to_owned())),
        }
    }
}

/// One that has not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outage {
    pub id: String,
    pub reason: Reason,
    /// The gateway's answer, in our words; never a number.
    pub detail: String,
    /// When the first message that could not leave was asked for.
    pub began: Timestamp,
    pub last: Timestamp,
    pub refusals: i64,
}

impl Outage {
    /// Whether it is told to operators.
    pub fn stands(&self, now: Timestamp) -> bool {
        match self.reason {
            Reason::Gateway => self.refusals >= REFUSALS,
            // A new day has new messages.
            Reason::Cap => date_key(self.last) == date_key(now),
            Reason::Prefix(_) => true,
            Reason::Operator => false,
        }
    }

    /// Whether nobody gets a message, so that every page says it.
    pub fn is_everybodys(&self) -> bool {
        matches!(self.reason, Reason::Gateway | Reason::Cap)
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        match self.reason {
            Reason::Gateway => {
                "see [sms.http] and the gateway's account; what waits is tried again by itself, and was free for whoever \
                 asked"
            }
            Reason::Cap => "raise sms.daily_cap and restart, or wait for tomorrow",
            Reason::Operator => "nothing",
            Reason::Prefix(_) => {
                "see whether a roster was filled with numbers that earn somebody money; `preau sms resume` lifts it"
            }
        }
    }
}

/// From when to when; without an end as long as it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub began: Timestamp,
    pub ended: Option<Timestamp>,
}

impl Window {
    pub fn holds(&self, at: Timestamp) -> bool {
        self.began <= at && self.ended.is_none_or(|end| at <= end)
    }
}

/// The numbers that a number is judged with: its first four digits.
pub fn destination(phone: &str) -> String {
    phone.chars().take(5).collect()
}

/// Whether too few of the codes to a destination are entered, and whether none is sent there any more: at home that is
/// an alarm only, because many parents who wait for a gateway's late messages look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    Fine,
    Alarm,
    Stop,
}

pub fn conversion(destination: &str, sent: i64, entered: i64) -> Conversion {
    if sent < JUDGED_FROM || entered.saturating_mul(100) >= sent.saturating_mul(ENTERED) {
        return Conversion::Fine;
    }
    if HOME.iter().any(|home| destination.starts_with(home)) { Conversion::Alarm } else { Conversion::Stop }
}

/// The hundredth of the day's messages that this one reaches, where that is told: half, four fifths, all.
pub fn told_of_cap(count: i64, cap: u32) -> Option<i64> {
    [100, 80, 50].into_iter().find(|percent| count == (i64::from(cap) * percent + 99) / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_s07_half_four_fifths_and_all_of_the_day_are_told_once() {
        for (cap, told) in [(10, vec![(5, 50), (8, 80), (10, 100)]), (3, vec![(2, 50), (3, 100)]), (1, vec![(1, 100)])]
        {
            let all: Vec<_> = (1..=i64::from(cap)).filter_map(|n| told_of_cap(n, cap).map(|p| (n, p))).collect();
            assert_eq!(all, told, "{cap}");
        }
    }

    #[test]
    fn threat_s07_numbers_abroad_stop_where_few_codes_are_entered_and_at_home_it_is_an_alarm() {
        for (destination, sent, entered, wanted) in [
            ("+3713", 49, 0, Conversion::Fine),
            ("+3713", 50, 29, Conversion::Stop),
            ("+3713", 50, 30, Conversion::Fine),
            ("+3361", 50, 29, Conversion::Alarm),
            ("+2626", 1_000, 10, Conversion::Alarm),
        ] {
            assert_eq!(conversion(destination, sent, entered), wanted, "{destination} {sent} {entered}");
        }
    }

    #[test]
    fn reasons_keep_their_spelling() {
        for reason in [Reason::Gateway, Reason::Cap, Reason::Operator, Reason::Prefix("+3713".to_owned())] {
            assert_eq!(Reason::from_name(&reason.name()), Some(reason));
        }
    }
}
