//! The kinds of the recorded events: one table. Their words are messages, one an event.

use strum::IntoEnumIterator as _;

use super::JournalKind;
use crate::audit::AuditEvent;

/// Returns the kind under which an event is looked for; [`JournalKind::All`] for what is of no other one.
pub fn kind_of(event: AuditEvent) -> JournalKind {
    use AuditEvent as Fact;
    match event {
        Fact::SignedIn
        | Fact::SignedOut
        | Fact::PasswordsFailed
        | Fact::FactorsFailed
        | Fact::FactorProven
        | Fact::LockedOut
        | Fact::SessionsEnded
        | Fact::CodeReplayed
        | Fact::RefreshTokenReused
        | Fact::TokensRevoked
        | Fact::PasskeyCopied
        | Fact::AdministratorSignedIn
        | Fact::AdministratorSignedOut
        | Fact::AdministratorLockedOut => JournalKind::SignIns,
        Fact::CodesFailed
        | Fact::BirthDatesFailed
        | Fact::ActivationStarted
        | Fact::RecoveryStarted
        | Fact::CodeAccepted
        | Fact::LetterIssued
        | Fact::LetterWithdrawn
        | Fact::LetterBatchWithdrawn
        | Fact::ChildrenConfirmed
        | Fact::ChildContested
        | Fact::ChildHidden
        | Fact::IdentifierAssigned
        | Fact::PasswordChosen
        | Fact::PasswordReset
        | Fact::CampaignOpened
        | Fact::CampaignClosed
        | Fact::RemindersOrdered
        | Fact::RemindersSent
        | Fact::RemindersCancelled => JournalKind::Activations,
        Fact::RosterImported
        | Fact::PhonesReplaced
        | Fact::RosterUploadDecided
        | Fact::RosterImportUndone
        | Fact::PupilRecognised
        | Fact::PupilDetached
        | Fact::PeopleErased => JournalKind::Rosters,
        Fact::ClientChanged
        | Fact::ClientTested
        | Fact::FilesPublished
        | Fact::KeyCreated
        | Fact::KeyPublished
        | Fact::KeyImported
        | Fact::KeyActivated
        | Fact::KeyWithdrawn
        | Fact::KeyRetired
        | Fact::KeyRevoked
        | Fact::KeyDeleted => JournalKind::Services,
        Fact::AdministratorRefused | Fact::LettersRefused => JournalKind::Refused,
        Fact::UpstreamLinked
        | Fact::UpstreamUnlinked
        | Fact::UpstreamSchoolDropped
        | Fact::EmailConfirmed
        | Fact::EmailRemoved
        | Fact::EmailTakenBack
        | Fact::FactorAdded
        | Fact::FactorRemoved
        | Fact::BackupCodesRenewed
        | Fact::DeviceForgotten
        | Fact::PhoneDisowned
        | Fact::PhoneProofAsked
        | Fact::PhoneProven
        | Fact::PhoneRestored
        | Fact::PhoneKept
        | Fact::PasskeyAdded
        | Fact::PasskeyRemoved
        | Fact::DataExported
        | Fact::ClosingRequested
        | Fact::ClosingWithdrawn
        | Fact::AccountClosed
        | Fact::AccountErased
        | Fact::AccountsJoined
        | Fact::AccountsSeparated
        | Fact::NotMineReported
        | Fact::ConsentGiven
        | Fact::ConsentWithdrawn
        | Fact::AccountSuspended
        | Fact::AccountResumed
        | Fact::PasswordChangeForced
        | Fact::SmsLimitsReset
        | Fact::SmsResumed
        | Fact::SmsCountryRefused
        | Fact::BackupWritten
        | Fact::Restored
        | Fact::PersonUnblocked
        | Fact::PersonsExported
        | Fact::JournalExported
        | Fact::AnnouncementPublished
        | Fact::AnnouncementEnded
        | Fact::AdministratorInvited
        | Fact::AdministratorEnrolled
        | Fact::AdministratorRoleGiven
        | Fact::AdministratorRoleApproved
        | Fact::AdministratorRoleEnded
        | Fact::ApiTokenMade
        | Fact::ApiTokenRevoked => JournalKind::All,
    }
}

/// Lists the names of the events of a kind; none if the kind is not one of events.
pub fn names_of(kind: JournalKind) -> Vec<&'static str> {
    match kind {
        JournalKind::Acts | JournalKind::All => Vec::new(),
        kind => AuditEvent::iter().filter(|event| kind_of(*event) == kind).map(AuditEvent::name).collect(),
    }
}

/// True for an event that says that something was refused.
pub fn is_refusal(event: AuditEvent) -> bool {
    kind_of(event) == JournalKind::Refused
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::administrators::roles::AdminAct;
    use crate::base::lang::Lang;
    use crate::http::pages::PageRenderer;

    #[test]
    fn every_event_and_every_refused_act_has_its_words_in_both_languages() {
        let pages = PageRenderer::load("Mon compte École", "assistance@academie.example").unwrap();
        for lang in Lang::ALL {
            let mut words: Vec<String> = Vec::new();
            for event in AuditEvent::iter() {
                let key = format!("admin-fact-{}", event.name());
                words.push(pages.message(lang, &key, &[]).unwrap_or_else(|_| panic!("{key} in {lang:?}")));
            }
            let all = words.len();
            words.sort();
            words.dedup();
            assert_eq!(words.len(), all, "no two events are told by the same words in {lang:?}");
            for act in AdminAct::iter() {
                let key = format!("admin-refused-{}", act.name());
                assert!(pages.message(lang, &key, &[]).is_ok(), "{key} in {lang:?}");
            }
        }
    }

    #[test]
    fn every_kind_but_two_has_events() {
        for kind in JournalKind::iter() {
            let is_of_events = !matches!(kind, JournalKind::Acts | JournalKind::All);
            assert_eq!(names_of(kind).is_empty(), !is_of_events, "{kind:?}");
        }
        assert_eq!(names_of(JournalKind::Refused), ["letters_refused", "administrator_refused"]);
    }
}
