//! The journal of the console: who did what to whom, from the audit.
//!
//! A reader sees the rows of the own territory and the own acts ([`JournalScope`]); each query takes that scope, whatever
//! index it walks by. Nothing here changes a row.

pub mod api;
pub mod facts;
pub mod ops;
pub mod pages;
pub mod recorded;
pub mod store;
pub mod views;

use std::collections::BTreeSet;

use crate::administrators::roles::{AdminAct, Permission};
use crate::administrators::scope::AdminScope;
use crate::administrators::territory::{RoleGrant, Territory};
use crate::base::clock::Timestamp;
use crate::base::typed_ids::AdministratorId;

/// The id of nobody: what is asked for by no id has no row.
const NOBODY: &str = "-";

/// The rows that a reader sees.
#[derive(Clone, Debug)]
pub struct JournalScope {
    /// The territory whose rows are read.
    pub rows: AdminScope,
    /// The academies, ministries and schools of the territory, each one a way into the rows.
    pub territories: Vec<Territory>,
    /// The relying parties whose changes are read.
    pub clients: BTreeSet<String>,
    /// The reader, who sees the own acts.
    pub administrator_id: AdministratorId,
    /// The territory whose persons are named.
    pub persons: AdminScope,
}

impl JournalScope {
    /// Returns the scope of somebody's roles.
    pub fn of(roles: &[RoleGrant], administrator_id: &AdministratorId, now: Timestamp) -> Self {
        let mut scope = JournalScope {
            rows: AdminScope::of(roles, AdminAct::ReadJournal, now),
            territories: Vec::new(),
            clients: BTreeSet::new(),
            administrator_id: administrator_id.clone(),
            persons: AdminScope::of(roles, AdminAct::SeeParents, now),
        };
        let reads =
            |grant: &&RoleGrant| grant.is_current(now) && grant.permission(AdminAct::ReadJournal) != Permission::No;
        for grant in roles.iter().filter(reads) {
            match &grant.territory {
                Territory::Client(id) => scope.clients.extend([id.to_string()]),
                other if !scope.territories.contains(other) => scope.territories.push(other.clone()),
                _ => {}
            }
        }
        scope
    }

    /// True if only the own acts are read.
    pub fn is_own_only(&self) -> bool {
        self.territories.is_empty() && self.clients.is_empty()
    }

    /// True if the whole deployment is read: then users of the operating system are named too.
    pub fn is_everything(&self) -> bool {
        self.territories.contains(&Territory::All)
    }

    /// The same rows without the own acts elsewhere: a program reads its territory and nothing of its maker's.
    #[must_use]
    pub fn without_own_acts(self) -> Self {
        JournalScope { administrator_id: AdministratorId::new(NOBODY), ..self }
    }

    /// The same rows without the names of persons.
    #[must_use]
    pub fn without_persons(self) -> Self {
        JournalScope { persons: AdminScope::default(), ..self }
    }
}

/// The kinds of rows between which a reader chooses.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::EnumIter,
)]
#[strum(serialize_all = "snake_case")]
pub enum JournalKind {
    /// The acts of administrators and operators.
    #[default]
    #[strum(serialize = "gestes")]
    Acts,
    #[strum(serialize = "connexions")]
    SignIns,
    #[strum(serialize = "activations")]
    Activations,
    #[strum(serialize = "bases")]
    Rosters,
    #[strum(serialize = "services")]
    Services,
    #[strum(serialize = "refus")]
    Refused,
    #[strum(serialize = "tous")]
    All,
}

impl JournalKind {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The rows that a reader asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JournalFilter {
    pub kind: JournalKind,
    /// The first moment, and the one after the last.
    pub from: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// A UAI or the id of an academy; empty for all.
    pub place: String,
    /// The id of an administrator, or a part of the name; empty for all.
    pub actor: String,
    /// The id of a person of the roster; empty for all.
    pub person: String,
    /// The row before which the page begins; empty for the newest.
    pub before: String,
}

/// The state of the seals over some rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum ChainStanding {
    /// No server verified them yet.
    Unknown,
    /// All of these rows are as they were sealed.
    Whole,
    /// The older ones of these rows are; the newest are not verified yet.
    Partly,
    /// Something was changed, elsewhere than in these rows.
    BrokenElsewhere,
    /// Something was changed among these rows.
    Broken,
}

impl ChainStanding {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The reason for which a filter is shown again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum FilterRefusal {
    /// A day that no calendar has.
    Date,
    /// The last day is before the first.
    Order,
    TooLong,
}

impl FilterRefusal {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::administrators::roles::AdminRole;

    #[test]
    fn threat_s15_whoever_reads_own_acts_has_no_territory_of_the_journal() {
        let grant = |role, territory: &str| RoleGrant::sample(role, Territory::parse(territory).unwrap());
        let scope = |role, territory: &str| {
            JournalScope::of(&[grant(role, territory)], &AdministratorId::new("a"), Timestamp(0))
        };
        for (role, territory) in [
            (AdminRole::Delegate, "school:0349999J"),
            (AdminRole::Delegate, "class:0349999J/6 A"),
            (AdminRole::HelpDesk, "all"),
        ] {
            let scope = scope(role, territory);
            assert!(scope.is_own_only() && scope.rows.is_empty(), "{role:?} {territory}");
        }
        let of_client = scope(AdminRole::ServiceContact, "client:ent");
        assert!(of_client.rows.is_empty() && of_client.clients.contains("ent") && !of_client.is_own_only());
        let auditor = scope(AdminRole::Auditor, "academy:montpellier");
        assert!(!auditor.rows.is_empty() && auditor.persons.is_empty(), "an auditor is told no person");
        assert!(!scope(AdminRole::SchoolHead, "school:0349999J").persons.is_empty());
    }
}
