//! What there is to do, and the lane in which each kind of it runs.
//!
//! A lane a kind: who does not answer delays only what is of the same kind. A code is wanted within the minute, and
//! fifty relying parties that never answer must not stand before it (docs/threats.md#fault-rt17).

use tokio::sync::Notify;

use crate::base::clock::Span;

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// Look whether the roster knows who was typed, and send a code only then.
    FindAndSend,
    /// Hand a message to the SMS gateway.
    Sms,
    /// Tell a relying party that a session ended (BCL 2.5).
    BackchannelLogout,
}

impl JobKind {
    pub const ALL: [JobKind; 3] = [JobKind::FindAndSend, JobKind::Sms, JobKind::BackchannelLogout];

    pub fn name(self) -> &'static str {
        match self {
            JobKind::FindAndSend => "find_and_send",
            JobKind::Sms => "sms",
            JobKind::BackchannelLogout => "backchannel_logout",
        }
    }

    pub(super) fn from_name(name: &str) -> Option<Self> {
        JobKind::ALL.into_iter().find(|k| k.name() == name)
    }

    /// How many of a kind one server runs at once.
    pub fn width(self) -> usize {
        match self {
            JobKind::FindAndSend | JobKind::Sms => 16,
            // They wait for others, and cost nothing meanwhile.
            JobKind::BackchannelLogout => 64,
        }
    }

    /// How long after its cause a job still makes sense: a code is valid for 30 minutes; who could not be told of a
    /// sign-out for an hour is away, not slow.
    pub(super) fn life(self) -> Span {
        match self {
            JobKind::FindAndSend | JobKind::Sms => Span::minutes(30),
            JobKind::BackchannelLogout => Span::hours(1),
        }
    }

    /// Whether one that is too old is handed out all the same: what it cost is given back.
    pub(super) fn settles_overdue(self) -> bool {
        self == JobKind::Sms
    }

    /// How long to wait after so many attempts that failed; `None`: no more of them.
    pub(super) fn pause(self, attempts: i64) -> Option<Span> {
        match self {
            // 2, 4, 8 … 60 s, as long as the job lives.
            JobKind::FindAndSend | JobKind::Sms => Some(Span::seconds((1 << attempts.clamp(1, 6)).min(60))),
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

/// Wakes the lanes after a commit that left them work.
#[derive(Debug, Default)]
pub struct Bell {
    find_and_send: Notify,
    sms: Notify,
    backchannel_logout: Notify,
}

impl Bell {
    fn of(&self, kind: JobKind) -> &Notify {
        match kind {
            JobKind::FindAndSend => &self.find_and_send,
            JobKind::Sms => &self.sms,
            JobKind::BackchannelLogout => &self.backchannel_logout,
        }
    }

    /// There is work of this kind.
    pub fn ring(&self, kind: JobKind) {
        self.of(kind).notify_one();
    }

    /// Until it is rung for this kind; at once, if it was since the last time.
    pub async fn rung(&self, kind: JobKind) {
        self.of(kind).notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_rt17_a_sign_out_is_told_again_within_the_hour_and_then_no_more() {
        let kind = JobKind::BackchannelLogout;
        let pauses: Vec<Span> = (1..).map_while(|attempts| kind.pause(attempts)).collect();
        assert_eq!(pauses.len(), 5, "six attempts");
        assert!(pauses.is_sorted(), "each waits longer");
        let last = pauses.iter().map(|pause| pause.0).sum::<i64>();
        assert!(last < kind.life().0 && last > Span::minutes(30).0, "the last one comes while the job lives");
    }

    #[test]
    fn a_message_waits_two_seconds_then_twice_as_long_and_a_minute_at_most() {
        for (attempts, seconds) in
            [(0, 2), (1, 2), (2, 4), (3, 8), (5, 32), (6, 60), (63, 60), (64, 60), (i64::MAX, 60)]
        {
            assert_eq!(JobKind::Sms.pause(attempts), Some(Span::seconds(seconds)), "{attempts}");
        }
    }
}
