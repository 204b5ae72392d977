//! The judgement of messages by how many of their codes are entered (docs/threats.md#threat-s07).
//!
//! Numbers that earn somebody money enter no codes. Abroad a message counts from the moment it is asked for, and few
//! entered codes stop a prefix and an academy's numbers abroad. At home a prefix only raises an alarm, because a
//! stranger who makes many parents ask could close it for a country; an academy stops, judged by the messages that a
//! gateway took and whose readers have had time, so that an evening on which many ask at once closes nothing.

use crate::base::clock::Span;
use crate::base::destinations::is_domestic;

/// The minimum number of sent codes before a conversion is judged.
pub const MIN_CODES_FOR_CONVERSION: i64 = 50;
/// The window over which a conversion abroad, and of a prefix, is judged.
pub const CONVERSION_WINDOW: Span = Span::hours(24);
/// The window over which an academy's conversion at home is judged: short, so that an honest academy that was stopped
/// sends again while its parents still try.
pub const ACADEMY_CONVERSION_WINDOW: Span = Span::hours(1);
/// The time that somebody has to enter a code before its message counts for an academy at home.
pub const CONVERSION_GRACE: Span = Span::minutes(10);

/// Returns the prefix by which a number's conversion is judged: the plus sign and the first four digits.
pub fn destination_prefix(phone: &str) -> String {
    phone.chars().take(5).collect()
}

/// Returns the name under which an academy's messages abroad are counted.
pub fn academy_abroad(academy: &str) -> String {
    format!("abroad {academy}")
}

/// Returns the names under which a message to a number, or to a prefix, is counted by the hour.
pub fn destinations_of(phone: &str, academy: Option<&str>) -> Vec<String> {
    let mut names = vec![destination_prefix(phone)];
    names.extend(academy.filter(|_| !is_domestic(phone)).map(academy_abroad));
    names
}

/// True if fewer than `min_percent` of 100 codes are entered, and enough were sent to say so. Zero percent judges
/// nothing.
pub fn is_poor_conversion(min_percent: u32, sent: i64, entered: i64) -> bool {
    sent >= MIN_CODES_FOR_CONVERSION && entered.saturating_mul(100) < sent.saturating_mul(i64::from(min_percent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_s07_fewer_than_sixty_of_a_hundred_codes_are_poor_once_fifty_were_sent() {
        for (percent, sent, entered, poor) in [
            (60, 49, 0, false),
            (60, 50, 29, true),
            (60, 50, 30, false),
            (60, 1_000, 599, true),
            (60, 1_000, 600, false),
            (60, 50, 60, false),
            (0, 1_000, 0, false),
            (100, 50, 49, true),
        ] {
            assert_eq!(is_poor_conversion(percent, sent, entered), poor, "{percent} {sent} {entered}");
        }
    }

    #[test]
    fn a_message_abroad_counts_for_its_academy_beside_its_prefix() {
        assert_eq!(destinations_of("+37121234567", Some("montpellier")), ["+3712", "abroad montpellier"]);
        assert_eq!(destinations_of("+3712", Some("montpellier")), ["+3712", "abroad montpellier"]);
        assert_eq!(destinations_of("+33612345678", Some("montpellier")), ["+3361"]);
        assert_eq!(destinations_of("+37121234567", None), ["+3712"]);
    }
}
