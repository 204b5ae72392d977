//! What happened to an account or a client, one line a fact, in the transaction that did it.
//!
//! A fact never holds what was typed, a number, a code or a token.

pub mod store;

/// The facts that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
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
    ChildSetAside,
    IdentifiantGiven,
    PasswordChosen,
    PasswordReplaced,
    SessionsEnded,
    CodeReplayed,
    RefreshReused,
    TokensRevoked,
    ConsentGiven,
    ConsentWithdrawn,
    RosterImported,
    CampaignOpened,
    CampaignClosed,
    ClientChanged,
    KeyMade,
    KeyPublished,
    KeyImported,
    KeyActivated,
    KeyWithdrawn,
    KeyRetired,
    KeyRevoked,
    KeyForgotten,
    SmsBudgetsLifted,
    SmsResumed,
    FilesPublished,
}

impl Fact {
    pub fn name(self) -> &'static str {
        match self {
            Fact::SignedIn => "signed_in",
            Fact::SignedOut => "signed_out",
            Fact::PasswordsFailed => "passwords_failed",
            Fact::CodesFailed => "codes_failed",
            Fact::BirthDatesFailed => "birth_dates_failed",
            Fact::LockedOut => "locked_out",
            Fact::ActivationStarted => "activation_started",
            Fact::CodeAccepted => "code_accepted",
            Fact::ChildrenConfirmed => "children_confirmed",
            Fact::ChildContested => "child_contested",
            Fact::ChildSetAside => "child_set_aside",
            Fact::IdentifiantGiven => "identifiant_given",
            Fact::PasswordChosen => "password_chosen",
            Fact::PasswordReplaced => "password_replaced",
            Fact::SessionsEnded => "sessions_ended",
            Fact::CodeReplayed => "authorization_code_replayed",
            Fact::RefreshReused => "refresh_token_reused",
            Fact::TokensRevoked => "tokens_revoked",
            Fact::ConsentGiven => "consent_given",
            Fact::ConsentWithdrawn => "consent_withdrawn",
            Fact::RosterImported => "roster_imported",
            Fact::CampaignOpened => "campaign_opened",
            Fact::CampaignClosed => "campaign_closed",
            Fact::ClientChanged => "client_changed",
            Fact::KeyMade => "key_made",
            Fact::KeyPublished => "key_published",
            Fact::KeyImported => "key_imported",
            Fact::KeyActivated => "key_activated",
            Fact::KeyWithdrawn => "key_withdrawn",
            Fact::KeyRetired => "key_retired",
            Fact::KeyRevoked => "key_revoked",
            Fact::KeyForgotten => "key_forgotten",
            Fact::SmsBudgetsLifted => "sms_budgets_lifted",
            Fact::SmsResumed => "sms_resumed",
            Fact::FilesPublished => "files_published",
        }
    }
}

/// Whom and what a fact speaks of.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    pub account: Option<&'a str>,
    pub client: Option<&'a str>,
    /// A few words of ours: a UAI, a count, a row's id.
    pub detail: &'a str,
}
