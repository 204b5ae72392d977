//! The audit log of accounts and clients: each event is a row, written in the transaction of the change.
//!
//! An event never contains a telephone number, a code or a token, nor what was typed, except an operator's reason and a
//! message that was shown to everybody.

pub mod ops;
pub mod store;

use crate::base::typed_ids::{AccountId, ClientId, PersonId};
use crate::base::uai::Uai;

/// The recorded events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum AuditEvent {
    SignedIn,
    SignedOut,
    /// An upstream's person was linked to an account, or got one; the detail is the upstream's id.
    UpstreamLinked,
    /// A link to an upstream's person ended; the detail is the upstream's id.
    UpstreamUnlinked,
    /// An upstream named a school that is not one of its own; the UAI is dropped, and is the detail.
    UpstreamSchoolDropped,
    PasswordsFailed,
    CodesFailed,
    FactorsFailed,
    BirthDatesFailed,
    LockedOut,
    ActivationStarted,
    RecoveryStarted,
    EmailConfirmed,
    EmailRemoved,
    EmailTakenBack,
    CodeAccepted,
    LetterIssued,
    /// A school took a printed letter back; the detail is its kind.
    LetterWithdrawn,
    /// A school took a batch of printed letters back; the detail is the batch, before and after are the letters of it that
    /// served.
    LetterBatchWithdrawn,
    /// The agent's letters of the day for parents with an active account were used up; the detail is how many more were
    /// asked for.
    LettersRefused,
    ChildrenConfirmed,
    ChildContested,
    #[strum(serialize = "child_set_aside")]
    ChildHidden,
    #[strum(serialize = "identifiant_given")]
    IdentifierAssigned,
    PasswordChosen,
    #[strum(serialize = "password_replaced")]
    PasswordReset,
    SessionsEnded,
    /// The detail is the kind of the factor.
    FactorAdded,
    /// The detail is the kind of the factor.
    FactorRemoved,
    /// A second factor was proven in a session; the detail is its kind.
    FactorProven,
    BackupCodesRenewed,
    DeviceForgotten,
    PhoneDisowned,
    /// A signed-in person asked for a code to prove the mobile.
    PhoneProofAsked,
    PhoneProven,
    /// A mobile that was given up serves again.
    PhoneRestored,
    /// The person answered that the mobile is still theirs, which proves nothing.
    PhoneKept,
    PasskeyAdded,
    PasskeyRemoved,
    /// The counter of a passkey went back: there may be a copy of its authenticator.
    PasskeyCopied,
    DataExported,
    /// The person asked for the closing of the account.
    ClosingRequested,
    /// A sign-in kept an account whose closing was asked for.
    ClosingWithdrawn,
    AccountClosed,
    /// The rest of a closed account was erased, a year later.
    AccountErased,
    /// People of the roster whom no school names any more were erased; the detail is the kind and their number.
    PeopleErased,
    /// Two accounts of the person became one; on both, the detail is the id of the other one.
    AccountsJoined,
    /// The person undid that.
    AccountsSeparated,
    /// The person said of something told that it was not theirs.
    NotMineReported,
    #[strum(serialize = "authorization_code_replayed")]
    CodeReplayed,
    RefreshTokenReused,
    TokensRevoked,
    ConsentGiven,
    ConsentWithdrawn,
    AccountSuspended,
    AccountResumed,
    PasswordChangeForced,
    RosterImported,
    /// An import replaced mobile numbers that got messages; the detail is how many.
    PhonesReplaced,
    /// Somebody decided on a roster that was given on screen; the detail is its format, and the decision.
    RosterUploadDecided,
    /// The last import of a school was undone.
    RosterImportUndone,
    /// An import, or a first sheet, knew a pupil by INE, birth date and names; the detail is the academy of the record that
    /// joined.
    PupilRecognised,
    /// An operator took that record out of the account again; the detail is the academy and ELEVE_ID.
    PupilDetached,
    CampaignOpened,
    CampaignClosed,
    /// A message is shown to visitors from its beginning on; the detail is its row.
    AnnouncementPublished,
    /// A message was ended before its time.
    AnnouncementEnded,
    /// An administrator ordered reminders; the detail is the number of persons, and of SMS or mails.
    RemindersOrdered,
    /// The reminders of an order left; the detail is how many did, by which means, and how many persons were left out.
    RemindersSent,
    /// An administrator cancelled an order of reminders; the detail is how many had left, by which means, and how many
    /// did not.
    RemindersCancelled,
    ClientChanged,
    /// An administrator ran a test sign-in; the detail is the kind of the fictitious person.
    ClientTested,
    #[strum(serialize = "key_made")]
    KeyCreated,
    KeyPublished,
    KeyImported,
    KeyActivated,
    KeyWithdrawn,
    KeyRetired,
    KeyRevoked,
    #[strum(serialize = "key_forgotten")]
    KeyDeleted,
    #[strum(serialize = "sms_budgets_lifted")]
    SmsLimitsReset,
    SmsResumed,
    /// A code was asked for a number in a country to which no message may go.
    SmsCountryRefused,
    FilesPublished,
    /// An operator wrote a copy of the whole database; the detail is its size in bytes.
    BackupWritten,
    /// An operator restored the database; the detail is what was ended by it.
    Restored,
    /// A help desk unblocked a person; the detail is the act, and how the identity was checked.
    PersonUnblocked,
    /// An administrator took a table of people along; the detail is its kind and their number.
    PersonsExported,
    /// An administrator took a part of the journal along; the detail is its format and the number of lines.
    JournalExported,
    AdministratorInvited,
    /// An administrator took an invitation; the detail is the kind of the proof that was made.
    AdministratorEnrolled,
    AdministratorSignedIn,
    AdministratorSignedOut,
    /// Wrong passwords or codes of an administrator, beyond what is allowed.
    AdministratorLockedOut,
    AdministratorRoleGiven,
    /// Another administrator agreed with a role.
    AdministratorRoleApproved,
    AdministratorRoleEnded,
    /// An administrator made a token of the Admin API; the detail is its id.
    ApiTokenMade,
    ApiTokenRevoked,
    /// An administrator asked for something outside the territory or the role; the detail names the act.
    AdministratorRefused,
}

impl AuditEvent {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The subjects and the detail of an event.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditDetails<'a> {
    pub account: Option<&'a AccountId>,
    pub client: Option<&'a ClientId>,
    pub uai: Option<&'a Uai>,
    /// The academy concerned, by id.
    pub academy: Option<&'a str>,
    /// The person of the roster, by id.
    pub person: Option<&'a PersonId>,
    /// A short internal text: a UAI, a count or a row id; never user input.
    pub detail: &'a str,
    /// The reason that the operator gave.
    pub reason: Option<&'a str>,
    /// The state before a change, and after it.
    pub before: Option<&'a str>,
    pub after: Option<&'a str>,
}
