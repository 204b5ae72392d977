//! What happened to an account, told to its person: a banner on the account page until it is answered, a mail at once
//! where an address is confirmed, and for the gravest an SMS.
//!
//! The SMS of a new password leaves at nine the next morning: whoever holds the phone tonight would delete it. No mail
//! or SMS has a link, an identifiant or a child's name, because a mail or a phone may be shared
//! (docs/threats.md#threat-s09).

pub mod ops;
pub mod store;

use crate::base::clock::{Span, Timestamp};

/// The kind of what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::EnumIter, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum AccountNoticeKind {
    /// A sign-in in a browser that the account did not know. The detail is the browser's label.
    NewDevice,
    PasswordReplaced,
    /// An application of codes was added. The detail is its id, and is not shown.
    FactorAdded,
    FactorRemoved,
    /// Five codes of a second factor were wrong in a row: whoever typed them may know the password.
    FactorsFailed,
    /// Five passwords or more were wrong within an hour.
    PasswordsFailed,
    /// Backup codes were drawn anew, in place of all others.
    BackupCodesRenewed,
    /// The confirmed address was replaced or removed.
    EmailChanged,
    /// A letter with a code was printed for the active account. The detail is the school's name.
    LetterPrinted,
    /// The person said that the mobile is theirs no more.
    PhoneDisowned,
    /// A mobile that was given up serves again: the school exported it again, and a right code was typed.
    PhoneRestored,
    /// An upstream was linked to the account: it signs in by it. The detail is the upstream's name.
    UpstreamLinked,
    /// A child joined the account. The detail is the given name.
    ChildAdded,
    /// The person took a child out of the account. The detail is the given name.
    ChildRemoved,
    /// A school names the person as a child's legal representative no more. The detail is the given name and the school.
    ChildGone,
    /// A passkey was added. The detail is its id, and is not shown.
    PasskeyAdded,
    /// The detail is the label of the passkey.
    PasskeyRemoved,
    /// The counter of a passkey went back: there may be a copy. The detail is its label.
    PasskeyCopied,
    /// A parent asked for a code for this pupil's account.
    CodeRequested,
    /// An import knew the pupil at another school. The detail is the school's name.
    PupilRecognised,
    /// An operator took a school's record out of the pupil's account. The detail is the school's name.
    PupilDetached,
    /// The account closes at the end of the thirty days. The detail is [`CHILDLESS`] or [`UNENROLLED`] if nobody asked
    /// for it.
    Closing,
    /// The account closes in a week, or tomorrow.
    ClosingSoon,
    /// The pupil has the age from which parents get no codes for the account. The detail is the age.
    ParentCodesEnded,
    /// The pupil is of age: who sees what.
    OfAge,
    /// The school replaced the mobile number. The SMS goes to the number before it.
    PhoneChanged,
    /// Another account of the person was joined to this one, or this one to it. The detail is the other identifiant.
    Regrouped,
    /// The person undid that. The detail is the other identifiant.
    RegroupUndone,
}

/// The detail of a closing that the house asked for, of a parent without a current child.
pub const CHILDLESS: &str = "childless";
/// The detail of a closing that the house asked for, of a pupil whom no school enrols.
pub const UNENROLLED: &str = "unenrolled";

/// Returns the end of the keys of a closing's words: why the house asked for it; empty for everything else.
pub fn closing_words(kind: AccountNoticeKind, detail: &str) -> &'static str {
    match (kind, detail) {
        (AccountNoticeKind::Closing, CHILDLESS) => "-childless",
        (AccountNoticeKind::Closing, UNENROLLED) => "-unenrolled",
        _ => "",
    }
}

/// The time of a notice's SMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmsTime {
    AtOnce,
    NextMorning,
}

impl AccountNoticeKind {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the time of the SMS; `None` for what is told without one.
    pub fn sms(self) -> Option<SmsTime> {
        match self {
            AccountNoticeKind::LetterPrinted | AccountNoticeKind::PhoneChanged => Some(SmsTime::AtOnce),
            AccountNoticeKind::PasswordReplaced
            | AccountNoticeKind::Closing
            | AccountNoticeKind::ClosingSoon
            | AccountNoticeKind::Regrouped => Some(SmsTime::NextMorning),
            _ => None,
        }
    }

    /// True for what the work of an hour or of a day tells to many at once. Nobody waits for it, and somebody may wait for
    /// a code: it leaves after all others.
    pub fn is_told_to_many(self, detail: &str) -> bool {
        // A closing that the house did not ask for is told to one: whoever asked may have stolen the password.
        !closing_words(self, detail).is_empty()
            || matches!(
                self,
                AccountNoticeKind::ChildGone
                    | AccountNoticeKind::ClosingSoon
                    | AccountNoticeKind::OfAge
                    | AccountNoticeKind::ParentCodesEnded
                    | AccountNoticeKind::PhoneChanged
                    | AccountNoticeKind::PupilRecognised
            )
    }

    /// Returns the name of its part of the caps of SMS, of what is told to many. Closings do not use up the part of
    /// replaced numbers, by which a theft is found out.
    pub fn sms_part(self, detail: &str) -> Option<&'static str> {
        self.is_told_to_many(detail).then_some(match self {
            AccountNoticeKind::PhoneChanged => "numbers",
            _ => "all",
        })
    }

    /// True if the banner asks whether it was the person; false if it only tells.
    pub fn asks(self) -> bool {
        !matches!(
            self,
            AccountNoticeKind::CodeRequested
                | AccountNoticeKind::PupilRecognised
                | AccountNoticeKind::PupilDetached
                | AccountNoticeKind::ChildGone
                | AccountNoticeKind::Closing
                | AccountNoticeKind::ClosingSoon
                | AccountNoticeKind::ParentCodesEnded
                | AccountNoticeKind::OfAge
                | AccountNoticeKind::PhoneChanged
                | AccountNoticeKind::PasskeyCopied
        )
    }
}

/// The end of a banner: the person's answer, or a newer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum NoticeAnswer {
    Seen,
    /// « Oui, c'était moi ».
    Mine,
    /// « Non, ce n'était pas moi ».
    NotMine,
    /// The same happened again, before an answer.
    Replaced,
}

impl NoticeAnswer {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The time after which a device that the account did not know before an event may answer it: whoever came in by that
/// event could else answer it in another browser.
pub const ANSWER_DELAY: Span = Span::hours(48);

/// A notice that waits for its answer.
#[derive(Clone, Debug)]
pub struct AccountNotice {
    pub id: String,
    pub kind: AccountNoticeKind,
    pub detail: String,
    pub at: Timestamp,
    /// The time from which this device may answer.
    pub answerable_from: Timestamp,
}
