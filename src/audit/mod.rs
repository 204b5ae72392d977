//! The audit log of accounts and clients: each event is a row, written in the transaction of the change.
//!
//! An event never contains typed input, a telephone number, a code or a token.

pub mod store;

use crate::base::typed_ids::{AccountId, ClientId, PersonId};

/// The recorded events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditEvent {
    SignedIn,
    SignedOut,
    PasswordsFailed,
    CodesFailed,
    BirthDatesFailed,
    LockedOut,
    ActivationStarted,
    CodeAccepted,
    ChildrenConfirmed,
    ChildContested,
    ChildHidden,
    IdentifierAssigned,
    PasswordChosen,
    PasswordReset,
    SessionsEnded,
    CodeReplayed,
    RefreshTokenReused,
    TokensRevoked,
    ConsentGiven,
    ConsentWithdrawn,
    RosterImported,
    CampaignOpened,
    CampaignClosed,
    ClientChanged,
    KeyCreated,
    KeyPublished,
    KeyImported,
    KeyActivated,
    KeyWithdrawn,
    KeyRetired,
    KeyRevoked,
    KeyDeleted,
    SmsLimitsReset,
    SmsResumed,
    FilesPublished,
}

impl AuditEvent {
    pub fn name(self) -> &'static str {
        match self {
            AuditEvent::SignedIn => "signed_in",
            AuditEvent::SignedOut => "signed_out",
            AuditEvent::PasswordsFailed => "passwords_failed",
            AuditEvent::CodesFailed => "codes_failed",
            AuditEvent::BirthDatesFailed => "birth_dates_failed",
            AuditEvent::LockedOut => "locked_out",
            AuditEvent::ActivationStarted => "activation_started",
            AuditEvent::CodeAccepted => "code_accepted",
            AuditEvent::ChildrenConfirmed => "children_confirmed",
            AuditEvent::ChildContested => "child_contested",
            AuditEvent::ChildHidden => "child_set_aside",
            AuditEvent::IdentifierAssigned => "identifiant_given",
            AuditEvent::PasswordChosen => "password_chosen",
            AuditEvent::PasswordReset => "password_replaced",
            AuditEvent::SessionsEnded => "sessions_ended",
            AuditEvent::CodeReplayed => "authorization_code_replayed",
            AuditEvent::RefreshTokenReused => "refresh_token_reused",
            AuditEvent::TokensRevoked => "tokens_revoked",
            AuditEvent::ConsentGiven => "consent_given",
            AuditEvent::ConsentWithdrawn => "consent_withdrawn",
            AuditEvent::RosterImported => "roster_imported",
            AuditEvent::CampaignOpened => "campaign_opened",
            AuditEvent::CampaignClosed => "campaign_closed",
            AuditEvent::ClientChanged => "client_changed",
            AuditEvent::KeyCreated => "key_made",
            AuditEvent::KeyPublished => "key_published",
            AuditEvent::KeyImported => "key_imported",
            AuditEvent::KeyActivated => "key_activated",
            AuditEvent::KeyWithdrawn => "key_withdrawn",
            AuditEvent::KeyRetired => "key_retired",
            AuditEvent::KeyRevoked => "key_revoked",
            AuditEvent::KeyDeleted => "key_forgotten",
            AuditEvent::SmsLimitsReset => "sms_budgets_lifted",
            AuditEvent::SmsResumed => "sms_resumed",
            AuditEvent::FilesPublished => "files_published",
        }
    }
}

/// The subjects and the detail of an event.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditDetails<'a> {
    pub account: Option<&'a AccountId>,
    pub client: Option<&'a ClientId>,
    pub uai: Option<&'a str>,
    /// The person of the roster, by id.
    pub person: Option<&'a PersonId>,
    /// A short internal text: a UAI, a count or a row id; never user input.
    pub detail: &'a str,
}
