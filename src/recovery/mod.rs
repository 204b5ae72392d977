//! Recovery: a new password for somebody who forgot it, the only way to one.
//!
//! A recovery is a row, valid for two hours and bound to one browser. It exists for any typed identifiant: until the
//! code is verified, every response is the same for known and unknown ones, and only the worker looks who it is
//! (docs/decisions/0046-one-way-to-a-new-password.md). A right code alone opens nothing: a parent then enters the birth
//! date of a child, a pupil their own. A recovery never hides a child and never offers *Non*.

pub mod ops;
pub mod pages;
pub mod store;
pub mod views;

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::accounts::SuspendedBy;
use crate::accounts::phones::PhoneHistory;
use crate::base::clock::{Span, Timestamp};
use crate::base::lang::Lang;
use crate::base::typed_ids::{AccountId, ChallengeId, LetterId, RecoveryId};
use crate::guardianship::{ChildQuestion, ProofContext};
use crate::http::paths;

/// The TTL of a recovery.
pub const RECOVERY_TTL: Span = Span::hours(2);
/// A mobile number that the school wrote less than this long ago opens no active account: who gives the secretary
/// another number would get the account with it.
pub const YOUNG_PHONE: Span = Span::hours(72);
/// A mobile number without any proof for this long may belong to somebody else by now.
pub const MAX_UNPROVEN_PHONE: Span = Span::days(730);
/// An address that was confirmed less than this long ago recovers nothing: who sits at an open session for a minute
/// would get the account with it.
pub const YOUNG_EMAIL: Span = Span::hours(48);
/// After a recovery, what a thief would want waits for this long.
pub const CAUTION: Span = Span::hours(48);

/// The way by which the code reaches the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum RecoveryChannel {
    /// To the roster's mobile.
    Sms,
    /// On paper, from the school.
    Letter,
    /// To the confirmed e-mail address.
    Mail,
}

impl RecoveryChannel {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The step of a recovery. Each step is left once, by compare-and-set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum RecoveryStep {
    /// Waiting for the code.
    Code,
    /// Waiting for the birth dates of the children.
    Dates,
    /// Waiting for the pupil's own birth date.
    Birth,
    /// Waiting for the second factor of an account that has one.
    Factor,
    /// A password is to be chosen.
    Password,
    /// Completed with a sign-in.
    Done,
    /// Ended without a sign-in; the outcome column has the reason.
    Ended,
}

/// The steps that end with a proof.
const PROOF_STEPS: [RecoveryStep; 5] =
    [RecoveryStep::Code, RecoveryStep::Dates, RecoveryStep::Birth, RecoveryStep::Factor, RecoveryStep::Password];

impl RecoveryStep {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the path of the page of this step.
    pub fn path(self) -> &'static str {
        match self {
            RecoveryStep::Code => paths::RECOVERY_CODE,
            RecoveryStep::Dates => paths::RECOVERY_CHILDREN,
            RecoveryStep::Birth => paths::RECOVERY_BIRTH,
            RecoveryStep::Factor => paths::RECOVERY_FACTOR,
            RecoveryStep::Password => paths::RECOVERY_PASSWORD,
            RecoveryStep::Done => paths::RECOVERY_DONE,
            RecoveryStep::Ended => paths::RECOVERY_OUTCOME,
        }
    }
}

/// The outcome of a recovery that ends without a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RecoveryOutcome {
    /// The school wrote the mobile number lately: from `from` on it serves.
    YoungPhone {
        since: Timestamp,
        from: Timestamp,
    },
    /// The number was not proven for two years, or the person said that it is theirs no more: a letter serves.
    LetterNeeded,
    Suspended {
        by: SuspendedBy,
        school: Option<String>,
    },
    /// The address is no longer the account's, or the account is in caution, since the code was sent.
    UntrustedEmail,
    /// No child is known by which the person could be recognised.
    NothingToAsk,
    /// No birth date was right, and no tries are left.
    NoneRight,
    /// Another recovery or activation of the account completed first.
    Overtaken,
    /// The school took the letter back whose code was typed.
    LetterWithdrawn,
}

/// A decrypted row of the table `recovery`.
#[derive(Clone, Debug)]
pub struct Recovery {
    pub id: RecoveryId,
    pub channel: RecoveryChannel,
    pub step: RecoveryStep,
    /// The digest of the secret that binds the recovery to its browser.
    pub browser_digest: String,
    /// The identifiant as typed, normalised.
    pub identifiant: String,
    pub typed_budget: String,
    /// The challenge of a code by SMS.
    pub challenge_id: Option<ChallengeId>,
    pub letter_id: Option<LetterId>,
    pub support_code: String,
    pub lang: Lang,
    pub interaction_id: Option<String>,
    /// The pending authorization request as JSON, restored at the end.
    pub pending_request: Option<String>,
    /// The account, known from the right code on.
    pub account_id: Option<AccountId>,
    pub children: Vec<ChildQuestion>,
    pub outcome: Option<RecoveryOutcome>,
    /// The names of the source's rate limit counters that include this recovery, until the code is verified.
    pub source_counters: Option<String>,
    /// The known device of the account with this identifiant.
    pub device_id: Option<String>,
    /// The time at which a second factor of the account was proven in it.
    pub factor_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Recovery {
    pub fn proof(&self) -> ProofContext<'_> {
        ProofContext { account: self.account_id.as_ref(), support_code: &self.support_code }
    }
}

/// A recovery, with the binding secret of this browser.
#[derive(Clone, Debug)]
pub struct BoundRecovery {
    pub recovery: Recovery,
    pub secret: String,
}

impl std::ops::Deref for BoundRecovery {
    type Target = Recovery;
    fn deref(&self) -> &Recovery {
        &self.recovery
    }
}

/// Judges whether a right code from this number may open an account with a password.
pub fn judge_phone(phone: PhoneHistory, now: Timestamp) -> Option<RecoveryOutcome> {
    let young_until = phone.since.plus(YOUNG_PHONE);
    if phone.disowned {
        return Some(RecoveryOutcome::LetterNeeded);
    }
    // A number that was proven after the school wrote it is no longer young.
    let proven_since = phone.proven_at.is_some_and(|at| at >= phone.since);
    if now < young_until && !proven_since {
        return Some(RecoveryOutcome::YoungPhone { since: phone.since, from: young_until });
    }
    let last = phone.proven_at.map_or(phone.since, |at| at.max(phone.since));
    // An empty value never refuses anybody.
    (last.0 > 0 && now.since(last) > MAX_UNPROVEN_PHONE).then_some(RecoveryOutcome::LetterNeeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn phone(since: Option<Span>, proven: Option<Span>) -> PhoneHistory {
        PhoneHistory {
            since: since.map_or(Timestamp(0), |ago| NOW.minus(ago)),
            proven_at: proven.map(|ago| NOW.minus(ago)),
            disowned: false,
        }
    }

    #[test]
    fn a_number_serves_from_the_third_day_on_and_for_two_years() {
        let days = |n| Some(Span::days(n));
        for (since, proven, letter) in [
            (None, None, false),
            (None, days(1), false),
            (None, days(800), true),
            (days(4), None, false),
            (days(731), None, true),
            (days(731), days(729), false),
            (days(4), days(800), false),
        ] {
            let judged = judge_phone(phone(since, proven), NOW);
            assert_eq!(judged, letter.then_some(RecoveryOutcome::LetterNeeded), "{since:?} {proven:?}");
        }
        for hours in [0, 1, 71] {
            let since = NOW.minus(Span::hours(hours));
            let young = RecoveryOutcome::YoungPhone { since, from: since.plus(YOUNG_PHONE) };
            for proven in [None, days(100)] {
                assert_eq!(judge_phone(phone(Some(Span::hours(hours)), proven), NOW), Some(young.clone()));
            }
        }
        assert_eq!(judge_phone(phone(Some(Span::hours(72)), None), NOW), None);
        assert_eq!(judge_phone(phone(Some(Span::hours(48)), Some(Span::hours(47))), NOW), None, "proven since");
    }

    #[test]
    fn a_disowned_number_opens_nothing() {
        let disowned = PhoneHistory { disowned: true, ..phone(None, None) };
        assert_eq!(judge_phone(disowned, NOW), Some(RecoveryOutcome::LetterNeeded));
    }
}
