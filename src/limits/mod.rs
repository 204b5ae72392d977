//! Rate limits: one enum of limited actions with their policies
//! (docs/decisions/0026-budgets-are-keyed-by-what-was-typed.md).
//!
//! Limits protecting a person are budgets (`store.rs`); limits by source are in `ops.rs`. A budget is the list of its
//! recent attempts, so the window slides exactly. An attempt is counted before any comparison, in SQL, and survives a
//! restart. The key is an HMAC of the typed text or of the person concerned, and is the same for existing and unknown
//! accounts.

pub mod failures;
pub mod ops;
pub mod store;

use crate::base::clock::{Span, Timestamp};

/// A rate-limited action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum RateLimit {
    /// A password attempt for an identifiant.
    Password,
    /// A wrong SMS code of a person, over all activations and purposes.
    #[strum(serialize = "code")]
    SmsCode,
    /// A wrong code of a letter for a typed identifiant, from one network or by one known device.
    LetterCode,
    /// A wrong code of a letter for a typed identifiant, from all networks together.
    LetterCodeFromAll,
    /// A letter for a parent with an active account, by one agent.
    LetterToActive,
    /// A code that a parent gets for a pupil, over all parents of the pupil.
    ParentCode,
    /// An SMS about what happened to an account.
    NoticeSms,
    /// An export of one's own data.
    Export,
    /// A wrong code of a second factor of an account.
    Factor,
    /// A password and code of an administrator.
    Administrator,
    /// The checks of a request for a relying party by one administrator: each calls addresses of others.
    ClientChecks,
    /// A test sign-in by one administrator: each is a line of the journal, and may call an address of others.
    TestSignIn,
    /// The tries at the birth date of one child that a program gives back to one parent.
    TriesGivenBack,
    /// A wrong birth date of one child, by one parent.
    BirthDate,
    /// An SMS to one number.
    SmsToPhone,
    /// A code by mail to one address.
    MailToAddress,
    /// A code requested by one typed identity.
    #[strum(serialize = "sms_asked")]
    SmsPerIdentity,
    /// An SMS of the whole deployment. The limit is configured.
    #[strum(serialize = "sms_of_day")]
    DailySms,
    /// An SMS to a foreign prefix. The limit is configured.
    #[strum(serialize = "sms_to_prefix_of_day")]
    DailySmsToPrefix,
    /// An SMS to a person of an academy. The limit is configured.
    #[strum(serialize = "sms_of_academy_of_day")]
    DailySmsOfAcademy,
    /// An SMS of the whole deployment, by the pace of an hour. The limit is configured.
    #[strum(serialize = "sms_of_hour")]
    SmsPace,
    /// A reminder, of the whole deployment or to the people of an academy: a share of the SMS of the day.
    #[strum(serialize = "reminders_of_day")]
    DailyReminders,
    /// A reminder, by the pace of an hour: a share of the pace of SMS.
    #[strum(serialize = "reminders_of_hour")]
    ReminderPace,
    /// A reminder by mail, of the whole deployment. The limit is configured.
    #[strum(serialize = "reminder_mails_of_day")]
    DailyReminderMails,
    /// An SMS about what the house tells many at once: a part of the SMS of the day.
    #[strum(serialize = "notices_of_day")]
    DailyNotices,
    /// Such an SMS, by the pace of an hour: a part of the pace of SMS.
    #[strum(serialize = "notices_of_hour")]
    NoticePace,
    /// Wrong passwords from one source, counted by distinct identifiants. The limits are configured.
    WrongSignIn,
    /// Activations from one source without a correct code. The limits are configured.
    Activation,
    /// Wrong tokens of the Admin API from one source, each counted once. The limits are those of wrong sign-ins.
    ApiToken,
    /// Requests with one token of the Admin API.
    ApiRequest,
    /// People read with one token of the Admin API, by the hour of the clock.
    ApiPersons,
    /// Sign-ins that are started from one source through an upstream that is called for it. The limits are those of
    /// wrong passwords.
    UpstreamStart,
}

/// The limit by source responsible for a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum LimitReason {
    /// The limit of one source: an IPv4 address, an IPv6 /64.
    Source,
    /// The limit of the surrounding network: a /24, a /48.
    Network,
    /// The limit of all sources together.
    Everywhere,
    /// The limit of one browser.
    Browser,
    /// The password was wrong on many accounts from this source.
    Spray,
    /// The password was wrong on many accounts from all sources.
    SprayEverywhere,
}

impl LimitReason {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A refusal by a limit: nothing was counted, compared or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimited {
    pub reason: LimitReason,
    pub until: Timestamp,
}

impl RateLimited {
    /// True if the same request would be accepted from another internet connection.
    pub fn is_connection_specific(&self) -> bool {
        matches!(self.reason, LimitReason::Source | LimitReason::Network | LimitReason::Spray)
    }
}

/// The limit of an action.
#[derive(Clone, Copy, Debug)]
pub struct RateLimitPolicy {
    pub max_attempts: usize,
    pub window: Span,
    /// From the n-th attempt on, each attempt is delayed: 60 s, doubling, up to 1 h.
    pub delay_after: Option<usize>,
}

impl RateLimit {
    pub fn name(self) -> &'static str {
        self.into()
    }

    pub fn policy(self) -> RateLimitPolicy {
        let plain = |most| RateLimitPolicy { max_attempts: most, window: Span::hours(24), delay_after: None };
        match self {
            RateLimit::Password => RateLimitPolicy { max_attempts: 25, window: Span::hours(24), delay_after: Some(5) },
            RateLimit::Factor | RateLimit::Administrator => {
                RateLimitPolicy { max_attempts: 10, window: Span::hours(24), delay_after: Some(5) }
            }
            RateLimit::SmsCode | RateLimit::LetterCode => plain(10),
            RateLimit::LetterCodeFromAll => plain(100),
            RateLimit::ClientChecks => RateLimitPolicy { max_attempts: 40, window: Span::hours(1), delay_after: None },
            RateLimit::TestSignIn => RateLimitPolicy { max_attempts: 60, window: Span::hours(1), delay_after: None },
            RateLimit::TriesGivenBack => plain(1),
            RateLimit::LetterToActive => plain(20),
            RateLimit::ParentCode | RateLimit::Export | RateLimit::NoticeSms => plain(3),
            RateLimit::BirthDate | RateLimit::SmsToPhone | RateLimit::MailToAddress | RateLimit::SmsPerIdentity => {
                plain(5)
            }
            RateLimit::DailySms
            | RateLimit::DailySmsToPrefix
            | RateLimit::DailySmsOfAcademy
            | RateLimit::SmsPace
            | RateLimit::DailyReminders
            | RateLimit::ReminderPace
            | RateLimit::DailyReminderMails
            | RateLimit::DailyNotices
            | RateLimit::NoticePace
            | RateLimit::WrongSignIn
            | RateLimit::Activation
            | RateLimit::ApiToken
            | RateLimit::UpstreamStart => plain(usize::MAX),
            RateLimit::ApiPersons => RateLimitPolicy { max_attempts: 600, window: Span::hours(1), delay_after: None },
            RateLimit::ApiRequest => RateLimitPolicy { max_attempts: 3_600, window: Span::hours(1), delay_after: None },
        }
    }
}

/// The decision on one more attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimitDecision {
    /// The attempt was counted; `remaining` attempts are left.
    Allowed { remaining: usize },
    /// No attempt is allowed before `until`. Nothing was counted.
    Limited { until: Timestamp },
}

/// Decides from the attempts within the window, oldest first. An attempt in the future (the clock went back) counts as
/// made now.
pub fn decide(figures: RateLimitPolicy, marks: &[Timestamp], now: Timestamp) -> RateLimitDecision {
    if marks.len() >= figures.max_attempts {
        let freed = marks.get(marks.len() - figures.max_attempts).copied().unwrap_or(now);
        return RateLimitDecision::Limited { until: freed.plus(figures.window) };
    }
    if let (Some(after), Some(last)) = (figures.delay_after, marks.last())
        && marks.len() >= after
    {
        let doublings = u32::try_from(marks.len() - after).unwrap_or(6).min(6);
        let wait = Span(Span::seconds(60).0.saturating_mul(1 << doublings).min(Span::hours(1).0));
        let until = last.plus(wait);
        if now < until {
            return RateLimitDecision::Limited { until };
        }
    }
    RateLimitDecision::Allowed { remaining: figures.max_attempts - marks.len() - 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn five_passwords_then_delays_that_double_to_an_hour() {
        let figures = RateLimit::Password.policy();
        let mut marks = vec![Timestamp(0); 5];
        let mut now = Timestamp(0);
        let mut waits = Vec::new();
        while marks.len() < 14 {
            match decide(figures, &marks, now) {
                RateLimitDecision::Allowed { .. } => marks.push(now),
                RateLimitDecision::Limited { until } => {
                    waits.push(until.since(now).0 / 1000);
                    now = until;
                }
            }
        }
        assert_eq!(waits, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
    }

    proptest! {
        /// docs/threats.md#property-p02: no window ever contains more attempts than the maximum, whatever their times.
        #[test]
        fn no_window_ever_holds_more(gaps in proptest::collection::vec(0i64..30_000_000, 1..200)) {
            for action in [RateLimit::Password, RateLimit::Factor, RateLimit::SmsCode, RateLimit::BirthDate] {
                let figures = action.policy();
                let (mut now, mut all) = (Timestamp(0), Vec::<Timestamp>::new());
                for gap in &gaps {
                    now = now.plus(Span(*gap));
                    let live: Vec<_> = all.iter().copied().filter(|t| now.since(*t) < figures.window).collect();
                    if matches!(decide(figures, &live, now), RateLimitDecision::Allowed { .. }) {
                        all.push(now);
                    }
                }
                for start in &all {
                    let inside = all.iter().filter(|t| **t >= *start && t.since(*start) < figures.window).count();
                    prop_assert!(inside <= figures.max_attempts);
                }
            }
        }
    }
}
