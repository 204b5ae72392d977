//! The kinds of jobs, each with its own queue.
//!
//! Separate queues keep a slow recipient from delaying jobs of another kind. A code is expected within a minute and
//! must not wait behind fifty unresponsive relying parties (docs/threats.md#fault-rt17).

use tokio::sync::Notify;

use crate::base::clock::Span;

/// The kind of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum JobKind {
    /// Looks the typed identity up in the roster, and sends a code only if a person is found.
    #[strum(serialize = "find_and_send")]
    SendCode,
    /// Looks the typed identifiant of a recovery up, and sends a code only to an account's mobile number.
    #[strum(serialize = "recovery_code")]
    SendRecoveryCode,
    /// Sends the code by which a signed-in person proves the account's mobile number.
    #[strum(serialize = "phone_proof")]
    SendPhoneProof,
    /// Hands a message to the SMS gateway.
    Sms,
    /// Hands a mail to the mail server.
    Mail,
    /// Writes the SMS of a notice, once it is due.
    NoticeSms,
    /// Sends a back-channel logout request to a relying party (BCL 2.5).
    BackchannelLogout,
}

impl JobKind {
    pub const ALL: [JobKind; 7] = [
        JobKind::SendCode,
        JobKind::SendRecoveryCode,
        JobKind::SendPhoneProof,
        JobKind::Sms,
        JobKind::Mail,
        JobKind::NoticeSms,
        JobKind::BackchannelLogout,
    ];

    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the number of jobs of this kind run concurrently by one server.
    pub fn concurrency(self) -> usize {
        match self {
            JobKind::SendCode | JobKind::SendRecoveryCode | JobKind::SendPhoneProof | JobKind::Sms => 16,
            JobKind::Mail | JobKind::NoticeSms => 4,
            // Logout requests mostly wait for relying parties and cost nothing meanwhile.
            JobKind::BackchannelLogout => 64,
        }
    }

    /// Returns the maximum age of a job: a code is valid for 30 minutes, and a relying party unreachable for an hour is
    /// down, not slow.
    pub(super) fn max_age(self) -> Span {
        match self {
            JobKind::SendCode | JobKind::SendRecoveryCode | JobKind::SendPhoneProof | JobKind::Sms => Span::minutes(30),
            // A confirmation is valid for as long; a notice is still worth reading the day after.
            JobKind::Mail => Span::hours(24),
            // It waits for the next morning, up to 33 hours.
            JobKind::NoticeSms => Span::days(3),
            JobKind::BackchannelLogout => Span::hours(1),
        }
    }

    /// True if an overdue job is still handed out, so that its rate limit budgets are released.
    pub(super) fn handles_overdue(self) -> bool {
        self == JobKind::Sms
    }

    /// Returns the back-off after a number of failed attempts, or `None` if no further attempt is made.
    pub(super) fn backoff(self, attempts: i64) -> Option<Span> {
        match self {
            // 2, 4, 8 … 60 s, up to the maximum age of the job.
            JobKind::SendCode | JobKind::SendRecoveryCode | JobKind::SendPhoneProof | JobKind::Sms => {
                Some(Span::seconds((1 << attempts.clamp(1, 6)).min(60)))
            }
            // 1, 2, 4 … 60 minutes: a server that greylists accepts the second attempt.
            JobKind::Mail | JobKind::NoticeSms => Some(Span::minutes((1 << attempts.clamp(1, 7) >> 1).min(60))),
            JobKind::BackchannelLogout => match attempts {
                ..=1 => Some(Span::seconds(5)),
                2 => Some(Span::seconds(30)),
                3 => Some(Span::minutes(2)),
                4 => Some(Span::minutes(10)),
                5 => Some(Span::minutes(30)),
                _ => None,
            },
        }
    }
}

/// Wakes the queue workers after a commit with new jobs.
#[derive(Debug, Default)]
pub struct JobNotifier {
    send_code: Notify,
    send_recovery_code: Notify,
    send_phone_proof: Notify,
    sms: Notify,
    mail: Notify,
    notice_sms: Notify,
    backchannel_logout: Notify,
}

impl JobNotifier {
    fn notify_for(&self, kind: JobKind) -> &Notify {
        match kind {
            JobKind::SendCode => &self.send_code,
            JobKind::SendRecoveryCode => &self.send_recovery_code,
            JobKind::SendPhoneProof => &self.send_phone_proof,
            JobKind::Sms => &self.sms,
            JobKind::Mail => &self.mail,
            JobKind::NoticeSms => &self.notice_sms,
            JobKind::BackchannelLogout => &self.backchannel_logout,
        }
    }

    /// Signals new jobs of a kind.
    pub fn notify(&self, kind: JobKind) {
        self.notify_for(kind).notify_one();
    }

    /// Waits for a signal of a kind; returns at once if a signal was sent since the last call.
    pub async fn notified(&self, kind: JobKind) {
        self.notify_for(kind).notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_rt17_a_sign_out_is_told_again_within_the_hour_and_then_no_more() {
        let kind = JobKind::BackchannelLogout;
        let pauses: Vec<Span> = (1..).map_while(|attempts| kind.backoff(attempts)).collect();
        assert_eq!(pauses.len(), 5, "six attempts");
        assert!(pauses.is_sorted(), "each waits longer");
        let last = pauses.iter().map(|pause| pause.0).sum::<i64>();
        assert!(last < kind.max_age().0 && last > Span::minutes(30).0, "the last one comes while the job lives");
    }

    #[test]
    fn a_message_waits_two_seconds_then_twice_as_long_and_a_minute_at_most() {
        for (attempts, seconds) in
            [(0, 2), (1, 2), (2, 4), (3, 8), (5, 32), (6, 60), (63, 60), (64, 60), (i64::MAX, 60)]
        {
            assert_eq!(JobKind::Sms.backoff(attempts), Some(Span::seconds(seconds)), "{attempts}");
        }
    }
}
