//! How often something may be tried: one enum of actions with their figures
//! (docs/decisions/0026-budgets-are-keyed-by-what-was-typed.md).
//!
//! What protects a person is a budget (`store.rs`); how much may come from one place is decided in `ops.rs`. A budget
//! is the list of its last attempts, so that a window slides exactly. It is counted before anything is compared, in
//! SQL, and survives a restart. The key is an HMAC of what was typed or of whom it concerns; whether that exists makes
//! no difference.

pub mod failures;
pub mod ops;
pub mod store;

use crate::base::clock::{Span, Timestamp};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A password for an identifiant.
    Password,
    /// A wrong SMS code of a person, over all activations and purposes.
    Code,
    /// A wrong birth date of one child, by one parent.
    BirthDate,
    /// An SMS to one number.
    SmsToPhone,
    /// A code asked for by one typed identity.
    SmsAsked,
    /// An SMS of the whole deployment. Its figure is the configuration's.
    SmsOfDay,
    /// Wrong passwords from one place, by distinct identifiants. Its figures are the configuration's.
    WrongSignIn,
    /// Activations from one place that met no right code. Its figures are the configuration's.
    Activation,
}

/// Which limit said no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// What one source may: an IPv4 address, an IPv6 /64.
    Source,
    /// What the network behind it may: a /24, a /48.
    Network,
    /// What all together may.
    Everywhere,
    /// What one browser may.
    Browser,
    /// This password was wrong on many accounts from here.
    Spray,
    /// And from everywhere.
    SprayEverywhere,
}

impl Reason {
    pub fn name(self) -> &'static str {
        match self {
            Reason::Source => "source",
            Reason::Network => "network",
            Reason::Everywhere => "everywhere",
            Reason::Browser => "browser",
            Reason::Spray => "spray",
            Reason::SprayEverywhere => "spray_everywhere",
        }
    }
}

/// Too much of it: nothing was counted, compared or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub reason: Reason,
    pub until: Timestamp,
}

impl Refused {
    /// Whether the same would be taken from another connection to the internet.
    pub fn is_of_this_connection(&self) -> bool {
        matches!(self.reason, Reason::Source | Reason::Network | Reason::Spray)
    }
}

/// The figures of an action.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    pub most: usize,
    pub window: Span,
    /// From the n-th attempt on each must wait: 60 s, doubling, 1 h at the most.
    pub delay_after: Option<usize>,
}

impl Action {
    pub fn name(self) -> &'static str {
        match self {
            Action::Password => "password",
            Action::Code => "code",
            Action::BirthDate => "birth_date",
            Action::SmsToPhone => "sms_to_phone",
            Action::SmsAsked => "sms_asked",
            Action::SmsOfDay => "sms_of_day",
            Action::WrongSignIn => "wrong_sign_in",
            Action::Activation => "activation",
        }
    }

    pub fn figures(self) -> Figures {
        let plain = |most| Figures { most, window: Span::hours(24), delay_after: None };
        match self {
            Action::Password => Figures { most: 25, window: Span::hours(24), delay_after: Some(5) },
            Action::Code => plain(10),
            Action::BirthDate | Action::SmsToPhone | Action::SmsAsked => plain(5),
            Action::SmsOfDay | Action::WrongSignIn | Action::Activation => plain(usize::MAX),
        }
    }
}

/// Whether one more attempt may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was counted; so many remain after it.
    Go { left: usize },
    /// Not before then. Nothing was counted.
    Wait { until: Timestamp },
}

/// Decides from the attempts that still count, oldest first. An attempt that lies ahead (the clock went
/// back) counts as made now.
pub fn judge(figures: Figures, marks: &[Timestamp], now: Timestamp) -> Verdict {
    if marks.len() >= figures.most {
        let freed = marks.get(marks.len() - figures.most).copied().unwrap_or(now);
        return Verdict::Wait { until: freed.plus(figures.window) };
    }
    if let (Some(after), Some(last)) = (figures.delay_after, marks.last())
        && marks.len() >= after
    {
        let doublings = u32::try_from(marks.len() - after).unwrap_or(6).min(6);
        let wait = Span(Span::seconds(60).0.saturating_mul(1 << doublings).min(Span::hours(1).0));
        let until = last.plus(wait);
        if now < until {
            return Verdict::Wait { until };
        }
    }
    Verdict::Go { left: figures.most - marks.len() - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn five_passwords_then_delays_that_double_to_an_hour() {
        let figures = Action::Password.figures();
        let mut marks = vec![Timestamp(0); 5];
        let mut now = Timestamp(0);
        let mut waits = Vec::new();
        while marks.len() < 14 {
            match judge(figures, &marks, now) {
                Verdict::Go { .. } => marks.push(now),
                Verdict::Wait { until } => {
                    waits.push(until.since(now).0 / 1000);
                    now = until;
                }
            }
        }
        assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
    }

    proptest! {
        /// docs/threats.md#property-p02: never more than the figure in any window, whatever the times of the attempts.
        #[test]
        fn no_window_ever_holds_more(gaps in proptest::collection::vec(0i64..30_000_000, 1..200)) {
            for action in [Action::Password, Action::Code, Action::BirthDate] {
                let figures = action.figures();
                let (mut now, mut all) = (Timestamp(0), Vec::<Timestamp>::new());
                for gap in &gaps {
                    now = now.plus(Span(*gap));
                    let live: Vec<_> = all.iter().copied().filter(|t| now.since(*t) < figures.window).collect();
                    if matches!(judge(figures, &live, now), Verdict::Go { .. }) {
                        all.push(now);
                    }
                }
                for start in &all {
                    let inside = all.iter().filter(|t| **t >= *start && t.since(*start) < figures.window).count();
                    prop_assert!(inside <= figures.most);
                }
            }
        }
    }
}
