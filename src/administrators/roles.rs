//! The roles, and the one table of what each permits.

use strum::IntoEnumIterator as _;

use super::territory::TerritoryKind;

/// A role of an administrator.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr, strum::EnumIter,
)]
#[strum(serialize_all = "snake_case")]
pub enum AdminRole {
    /// The operator, or a ministry.
    National,
    Academy,
    /// A chef d'établissement.
    SchoolHead,
    /// A delegate of a school, for its classes or some of them.
    Delegate,
    HelpDesk,
    /// The technician of a relying party.
    ServiceContact,
    /// Reads the journal and the figures.
    Auditor,
}

/// Something that an administrator may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum AdminAct {
    SeeParents,
    SeePupils,
    /// Repairs what keeps one person out.
    UnblockPerson,
    SuspendAccount,
    /// Takes the second factors of an account away, for somebody who lost them.
    RemoveFactors,
    PrintLetter,
    /// Prints letters for many at once, and takes them back.
    PrintLetters,
    ChangeCampaign,
    /// Shows a message on the pages of sign-in and activation.
    Announce,
    /// Reopens the activation for one person.
    ReopenForOne,
    SeeSchool,
    UploadRoster,
    /// Accepts a roster by which more than 5 % would be gone.
    AcceptRemovals,
    SeeServices,
    RequestClient,
    ChangeClient,
    ApproveClient,
    DrawSecret,
    TestSignIn,
    SuspendClient,
    SeeTeam,
    /// Invites, gives and ends roles below the own one.
    GiveRole,
    ReadJournal,
    /// Reads one's own acts in the journal.
    ReadOwnActs,
    ReadFigures,
    ExportPersons,
    /// Keys, configuration, doctor.
    Configure,
}

/// The answer of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    No,
    Yes,
    /// Once the administrator was proven within the last five minutes.
    AfterProof,
}

impl AdminAct {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl AdminRole {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns what the role permits on its territory: the one table.
    pub fn permission(self, act: AdminAct) -> Permission {
        use AdminAct as Act;
        use AdminRole::{Academy, Auditor, Delegate, HelpDesk, National, SchoolHead, ServiceContact};
        let (may, proof): (&[AdminRole], bool) = match act {
            Act::SeeParents | Act::SeePupils | Act::UnblockPerson | Act::ReopenForOne => {
                (&[National, Academy, SchoolHead, Delegate, HelpDesk], false)
            }
            Act::SuspendAccount | Act::RemoveFactors => (&[National, Academy, SchoolHead], true),
            Act::PrintLetter | Act::SeeSchool => (&[National, Academy, SchoolHead, Delegate], false),
            Act::PrintLetters | Act::ExportPersons => (&[National, Academy, SchoolHead], true),
            Act::ChangeCampaign | Act::UploadRoster | Act::SeeTeam => (&[National, Academy, SchoolHead], false),
            Act::AcceptRemovals | Act::ApproveClient | Act::SuspendClient | Act::Announce => {
                (&[National, Academy], true)
            }
            Act::SeeServices | Act::ChangeClient | Act::TestSignIn => (&[National, Academy, ServiceContact], false),
            Act::RequestClient => (&[National, Academy], false),
            Act::DrawSecret => (&[National, Academy, ServiceContact], true),
            Act::GiveRole => (&[National, Academy, SchoolHead], true),
            Act::ReadJournal | Act::ReadFigures => (&[National, Academy, SchoolHead, ServiceContact, Auditor], false),
            Act::ReadOwnActs => (&[National, Academy, SchoolHead, Delegate, HelpDesk, ServiceContact, Auditor], false),
            Act::Configure => (&[National], false),
        };
        match (may.contains(&self), proof) {
            (false, _) => Permission::No,
            (true, false) => Permission::Yes,
            (true, true) => Permission::AfterProof,
        }
    }

    /// Returns the roles that this one may give on its own territory: never more than it has itself.
    pub fn may_give(self) -> Vec<AdminRole> {
        match self {
            AdminRole::National => AdminRole::iter().collect(),
            AdminRole::Academy => AdminRole::iter().filter(|role| *role != AdminRole::National).collect(),
            AdminRole::SchoolHead => vec![AdminRole::Delegate],
            AdminRole::Delegate | AdminRole::HelpDesk | AdminRole::ServiceContact | AdminRole::Auditor => Vec::new(),
        }
    }

    /// Returns the kinds of territory on which the role exists.
    pub fn territories(self) -> &'static [TerritoryKind] {
        use TerritoryKind::{Academy, All, Class, Client, Ministry, School};
        match self {
            AdminRole::National => &[All, Ministry],
            AdminRole::Academy => &[Academy],
            AdminRole::SchoolHead => &[School],
            AdminRole::Delegate => &[School, Class],
            AdminRole::HelpDesk => &[All, Ministry, Academy, School],
            AdminRole::ServiceContact => &[Client],
            AdminRole::Auditor => &[All, Ministry, Academy, School],
        }
    }

    /// True if another administrator must agree before the role counts, unless the operator gave it.
    pub fn needs_approval(self) -> bool {
        matches!(self, AdminRole::National | AdminRole::Academy)
    }

    /// True if one passkey is too few: whoever holds the role is not shut out by one lost key, and nobody else resets it.
    pub fn needs_two_passkeys(self) -> bool {
        self.needs_approval()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every role, as the letters of the table: national, académie, chef, délégué, assistance (H), technician, auditor.
    const LETTERS: [(char, AdminRole); 7] = [
        ('N', AdminRole::National),
        ('A', AdminRole::Academy),
        ('C', AdminRole::SchoolHead),
        ('D', AdminRole::Delegate),
        ('H', AdminRole::HelpDesk),
        ('T', AdminRole::ServiceContact),
        ('V', AdminRole::Auditor),
    ];

    /// The table a second time, as people read it: a slip in one of the two is found.
    const TABLE: [(AdminAct, &str, bool); 27] = [
        (AdminAct::SeeParents, "NACDH", false),
        (AdminAct::SeePupils, "NACDH", false),
        (AdminAct::UnblockPerson, "NACDH", false),
        (AdminAct::SuspendAccount, "NAC", true),
        (AdminAct::RemoveFactors, "NAC", true),
        (AdminAct::PrintLetter, "NACD", false),
        (AdminAct::PrintLetters, "NAC", true),
        (AdminAct::ChangeCampaign, "NAC", false),
        (AdminAct::Announce, "NA", true),
        (AdminAct::ReopenForOne, "NACDH", false),
        (AdminAct::SeeSchool, "NACD", false),
        (AdminAct::UploadRoster, "NAC", false),
        (AdminAct::AcceptRemovals, "NA", true),
        (AdminAct::SeeServices, "NAT", false),
        (AdminAct::RequestClient, "NA", false),
        (AdminAct::ChangeClient, "NAT", false),
        (AdminAct::ApproveClient, "NA", true),
        (AdminAct::DrawSecret, "NAT", true),
        (AdminAct::TestSignIn, "NAT", false),
        (AdminAct::SuspendClient, "NA", true),
        (AdminAct::SeeTeam, "NAC", false),
        (AdminAct::GiveRole, "NAC", true),
        (AdminAct::ReadJournal, "NACTV", false),
        (AdminAct::ReadOwnActs, "NACDHTV", false),
        (AdminAct::ReadFigures, "NACTV", false),
        (AdminAct::ExportPersons, "NAC", true),
        (AdminAct::Configure, "N", false),
    ];

    #[test]
    fn attack_p1_the_table_says_for_every_role_and_act_what_people_read() {
        assert_eq!(AdminAct::iter().count(), TABLE.len());
        for act in AdminAct::iter() {
            let (_, letters, proof) = TABLE.iter().find(|(named, ..)| *named == act).unwrap();
            for (letter, role) in LETTERS {
                let right = match (letters.contains(letter), proof) {
                    (false, _) => Permission::No,
                    (true, false) => Permission::Yes,
                    (true, true) => Permission::AfterProof,
                };
                assert_eq!(role.permission(act), right, "{role:?} {act:?}");
            }
        }
    }

    #[test]
    fn attack_p1_nobody_gives_a_role_that_permits_what_the_own_one_does_not() {
        for giver in AdminRole::iter() {
            for given in giver.may_give() {
                assert_ne!(giver.permission(AdminAct::GiveRole), Permission::No);
                for act in AdminAct::iter().filter(|act| given.permission(*act) != Permission::No) {
                    assert_ne!(giver.permission(act), Permission::No, "{giver:?} gives {given:?}, which may {act:?}");
                }
            }
        }
    }
}
