//! Mails to administrators: once a day what waits at their schools, and to a head what others did there since the last
//! mail; and once what happened to a relying party.
//!
//! A mail says that there is something to see, and where: it holds numbers, the names of those who acted or of a relying
//! party, the words of a decision, and a link of the console, which is good for nothing without a proof of its own. It
//! never holds a secret, or anything of a person of the roster. Each goes once, whichever server sends it: a row is
//! compared and set in the transaction that enqueues it.

pub mod ops;
pub mod store;

use crate::base::clock::{Span, Timestamp};

/// The reason for a mail about a relying party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum ConsoleMailKind {
    /// A request waits for a decision.
    Requested,
    /// Nobody decided for two working days: those above are told.
    Overdue,
    Approved,
    Refused,
    /// The author is asked something.
    Question,
    TrialEnded,
    /// A secret is eleven months old.
    SecretOld,
    #[strum(serialize = "secret_closing_14")]
    SecretClosingSoon,
    #[strum(serialize = "secret_closing_3")]
    SecretClosing,
    /// Sign-outs fail.
    Deliveries,
    /// Sign-outs have failed for a day: the academy is told.
    DeliveriesAcademy,
    Unused,
    Suspended,
}

impl ConsoleMailKind {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the key of the text; that of the subject has `-subject` behind it.
    pub fn message_key(self) -> String {
        format!("mail-console-{}", self.name().replace('_', "-"))
    }
}

/// A request that nobody decided on for this much working time goes to those above.
pub const OVERDUE_AFTER: Span = Span::days(2);
/// A secret is told of at this age.
pub const SECRET_OLD_AFTER: Span = Span::days(335);
/// A relying party that nobody used for this time is told of.
pub const UNUSED_AFTER: Span = Span::days(90);
/// Sign-outs that failed for these times are told of to the technicians, and to the academy.
pub const DELIVERIES_AFTER: Span = Span::hours(1);
pub const DELIVERIES_ACADEMY_AFTER: Span = Span::hours(24);
/// The time after which sign-outs that still fail are told of again.
pub const DELIVERIES_AGAIN_AFTER: Span = Span::days(7);
/// Events before this time are not told: it is old news after a night, or years, without mails.
pub const TOLD_WITHIN: Span = Span::days(7);

/// Returns the time between two moments without that of Saturdays and Sundays (of UTC).
pub fn working_time(from: Timestamp, to: Timestamp) -> Span {
    let day = Span::days(1).0;
    let (mut at, mut sum) = (from.0, 0);
    // Two weeks are beyond whatever is asked.
    let end = to.0.min(from.0.saturating_add(Span::days(14).0));
    while at < end {
        let number = at.div_euclid(day);
        let next = (number + 1).saturating_mul(day).min(end);
        // The first day of the epoch was a Thursday.
        if (number + 3).rem_euclid(7) < 5 {
            sum += next - at;
        }
        at = next;
    }
    Span(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saturdays_and_sundays_are_no_working_time() {
        // Friday 27 November 2026, noon.
        let friday = Timestamp(1_795_780_800_000);
        for (days, working) in [(0, 0), (1, 12), (2, 12), (3, 24), (4, 48), (7, 5 * 24), (400, 10 * 24)] {
            assert_eq!(working_time(friday, friday.plus(Span::days(days))), Span::hours(working), "{days}");
        }
        assert_eq!(working_time(friday, friday.minus(Span::days(1))), Span(0));
    }

    #[test]
    fn each_kind_has_a_text_and_a_subject_in_both_languages() {
        use crate::base::lang::Lang;
        use crate::http::pages::PageRenderer;
        use strum::IntoEnumIterator as _;
        let pages = PageRenderer::load("Mon compte École", "").unwrap();
        for kind in ConsoleMailKind::iter() {
            for lang in Lang::ALL {
                let values =
                    [("service", "S"), ("client", "Cantine"), ("words", "Pourquoi ?"), ("link", "https://x/y")];
                let key = kind.message_key();
                let text = pages.message(lang, &key, &values).unwrap();
                assert!(text.contains("Cantine") && text.contains("https://x/y"), "{key}: {text}");
                let subject = pages.message(lang, &format!("{key}-subject"), &values).unwrap();
                assert!(!subject.contains("Cantine") && !subject.contains('\n'), "{key}: {subject}");
            }
        }
    }
}
