//! An operator's and a help desk's work on accounts: showing one, suspending one, ending its sessions, removing
//! its second factors, taking a wrong pupil out of it, forcing new passwords.
//!
//! Each change is a compare-and-set in one transaction, with the operator and the reason in the audit. Sessions end as
//! they do at a new password, and relying parties are told in the same way.

pub mod api;
pub mod diagnosis;
pub mod ops;
pub mod pages;
pub mod report;
pub mod search;
pub mod store;
pub mod views;

use crate::accounts::{AccountState, SuspendedBy};
use crate::administrators::roles::AdminRole;
use crate::administrators::territory::{Place, RoleGrant, Territory};

/// The refusal of a change: nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum AccountChangeError {
    #[error("no account is called {0}")]
    Unknown(String),
    #[error("account {0} is {state}", state = .1.name())]
    State(String, AccountState),
    #[error("account {0} is suspended already, by the {by}", by = .1.name())]
    SuspendedAlready(String, SuspendedBy),
    #[error("account {0} is not suspended")]
    NotSuspended(String),
    #[error("account {0} has no second factor")]
    NoFactor(String),
    #[error("no import joined ELEVE {pupil_key} of {academy} to account {account}")]
    NotJoined { account: String, academy: String, pupil_key: String },
    #[error("academy {0} is not declared")]
    UnknownAcademy(String),
    #[error("the reason is empty: the audit names the reason of each change")]
    NoReason,
}

/// The suspension of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSuspension {
    pub by: SuspendedBy,
    /// The role that suspended it in the console; `None` for an operator at the command line.
    pub role: Option<String>,
    /// The school whose head suspended it, as long as the person belongs to it.
    pub school: Option<Place>,
}

impl AccountSuspension {
    /// Returns the authority to which the person is sent: the academy's administrators act for those who run the service.
    pub fn authority_of(grant: &RoleGrant) -> SuspendedBy {
        match grant.role {
            AdminRole::National | AdminRole::Academy => SuspendedBy::Operator,
            _ => SuspendedBy::School,
        }
    }

    /// True if a role that suspends accounts may end it: whoever suspended it does, and whoever is above them. Another
    /// school of the person is beside them, and so are another academy and, of what the operator did, a ministry.
    pub fn may_be_ended_by(&self, grant: &RoleGrant) -> bool {
        if self.role.as_deref() == Some(grant.name().as_str()) {
            return true;
        }
        match self.by {
            SuspendedBy::School => self.school.as_ref().is_none_or(|school| school.is_inside(grant.own_territory())),
            SuspendedBy::Operator => {
                grant.role == AdminRole::National && (self.is_of_academy() || *grant.own_territory() == Territory::All)
            }
        }
    }

    /// True if an academy suspended it.
    pub fn is_of_academy(&self) -> bool {
        let role = self.role.as_deref().and_then(|name| name.split_once('@'));
        role.is_some_and(|(role, _)| role == AdminRole::Academy.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::uai::Uai;

    #[test]
    fn attack_p1_what_somebody_above_suspended_somebody_above_resumes() {
        let grant = |role, territory: &str| RoleGrant::sample(role, Territory::parse(territory).unwrap());
        let national = grant(AdminRole::National, "all");
        let academy = grant(AdminRole::Academy, "academy:montpellier");
        let other = grant(AdminRole::Academy, "academy:toulouse");
        let head = grant(AdminRole::SchoolHead, "school:0349999J");
        let lycee = grant(AdminRole::SchoolHead, "school:0349998H");
        let ministry = grant(AdminRole::National, "ministry:mer");
        let by = |grant: &RoleGrant| AccountSuspension {
            by: AccountSuspension::authority_of(grant),
            role: Some(grant.name()),
            school: None,
        };
        let place = Place {
            academy: Some("montpellier".into()),
            ministry: Some("en".into()),
            uai: Uai::parse("0349999J").ok(),
            ..Place::default()
        };
        let by_head = AccountSuspension { school: Some(place), ..by(&head) };
        let by_command = AccountSuspension { by: SuspendedBy::Operator, role: None, school: None };
        for (suspension, resumed_by) in [
            (by_head, [true, true, false, true, false, false]),
            // The person left that school: nobody there may act any more.
            (by(&head), [true, true, true, true, true, true]),
            (by(&academy), [true, true, false, false, false, true]),
            (by(&other), [true, false, true, false, false, true]),
            (by(&national), [true, false, false, false, false, false]),
            (by(&ministry), [true, false, false, false, false, true]),
            (by_command, [true, false, false, false, false, false]),
        ] {
            let all = [&national, &academy, &other, &head, &lycee, &ministry];
            let found = all.map(|grant| suspension.may_be_ended_by(grant));
            assert_eq!(found, resumed_by, "{suspension:?}");
        }
    }
}
