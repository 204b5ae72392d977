//! The rows that a query may see, for one act: what the roles that permit it have as their territories.

use std::collections::BTreeSet;

use super::roles::{AdminAct, Permission};
use super::territory::{Place, RoleGrant, Territory};
use crate::base::clock::Timestamp;
use crate::base::uai::Uai;

/// The separator of lists in arguments of queries: no id, UAI or class has it.
const SEPARATOR: char = '\u{1f}';

/// The part of the rows that a query may see, for one act.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AdminScope {
    everything: bool,
    ministries: BTreeSet<String>,
    academies: BTreeSet<String>,
    schools: BTreeSet<String>,
    classes: BTreeSet<String>,
}

/// The scope as the arguments of a query: a flag, and four lists between separators. A query compares a value by
/// `REPLACE($n, sep || value || sep, '') <> $n`, which is exact on both databases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeArguments {
    pub everything: bool,
    pub ministries: String,
    pub academies: String,
    pub schools: String,
    /// `UAI/class`.
    pub classes: String,
}

impl AdminScope {
    /// Returns the scope of an act.
    pub fn of(roles: &[RoleGrant], act: AdminAct, now: Timestamp) -> Self {
        let mut scope = AdminScope::default();
        for grant in roles.iter().filter(|grant| grant.is_current(now) && grant.permission(act) != Permission::No) {
            match &grant.territory {
                Territory::All => scope.everything = true,
                Territory::Ministry(id) => scope.ministries.extend([id.clone()]),
                Territory::Academy(id) => scope.academies.extend([id.clone()]),
                Territory::School(uai) => scope.schools.extend([uai.to_string()]),
                Territory::Class(uai, class) => scope.classes.extend([format!("{uai}/{class}")]),
                Territory::Client(_) => {}
            }
        }
        scope
    }

    /// Returns the scope that sees everything, of the operator's command line.
    pub fn everything() -> Self {
        AdminScope { everything: true, ..AdminScope::default() }
    }

    pub fn is_empty(&self) -> bool {
        *self == AdminScope::default()
    }

    /// True if a place lies inside.
    pub fn contains(&self, place: &Place) -> bool {
        let has = |set: &BTreeSet<String>, value: &Option<String>| value.as_ref().is_some_and(|v| set.contains(v));
        let uai = place.uai.as_ref().map(Uai::to_string);
        let class = uai.as_ref().zip(place.class.as_ref()).map(|(uai, class)| format!("{uai}/{class}"));
        self.everything
            || has(&self.ministries, &place.ministry)
            || has(&self.academies, &place.academy)
            || has(&self.schools, &uai)
            || has(&self.classes, &class)
    }

    /// True if whole academies lie inside: one, or all.
    pub fn names_academies(&self) -> bool {
        self.everything || !self.academies.is_empty()
    }

    /// True if a whole academy lies inside.
    pub fn contains_academy(&self, id: &str) -> bool {
        self.everything || self.academies.contains(id)
    }

    /// True if a part of a school lies inside, by its classes.
    pub fn has_classes(&self) -> bool {
        !self.classes.is_empty()
    }

    /// True if a whole school lies inside, by its own number.
    pub fn contains_school(&self, uai: &Uai) -> bool {
        self.schools.contains(uai.as_str())
    }

    /// Returns the schools of which the scope has classes.
    pub fn class_schools(&self) -> Vec<Uai> {
        let distinct: BTreeSet<&str> = self.of_classes().collect();
        distinct.into_iter().filter_map(|uai| Uai::parse(uai).ok()).collect()
    }

    /// The school of each class.
    fn of_classes(&self) -> impl Iterator<Item = &str> {
        self.classes.iter().filter_map(|class| class.split_once('/')).map(|(uai, _)| uai)
    }

    /// Returns the arguments of a query.
    pub fn arguments(&self) -> ScopeArguments {
        let list = |values: &BTreeSet<String>| {
            let mut out = String::from(SEPARATOR);
            for value in values {
                out.push_str(value);
                out.push(SEPARATOR);
            }
            out
        };
        ScopeArguments {
            everything: self.everything,
            ministries: list(&self.ministries),
            academies: list(&self.academies),
            schools: list(&self.schools),
            classes: list(&self.classes),
        }
    }

    /// Returns the one school whose rows are all that the scope sees, classes of it included.
    pub fn only_school(&self) -> Option<Uai> {
        self.only_schools(1)?.pop()
    }

    /// Returns the whole schools of a scope, by their own numbers; `None` if they are more than so many, or of whole
    /// academies or ministries. Of classes alone there is no whole school.
    pub fn few_whole_schools(&self, most: usize) -> Option<Vec<Uai>> {
        let is_few = !self.everything && self.ministries.is_empty() && self.academies.is_empty();
        let is_few = is_few && self.schools.len() <= most;
        is_few.then(|| self.schools.iter().map(|uai| Uai::parse(uai).ok()).collect::<Option<Vec<Uai>>>()).flatten()
    }

    /// Returns the schools whose rows are all that the scope sees, classes of them included; `None` if they are more than
    /// so many, or whole academies or ministries.
    pub fn only_schools(&self, most: usize) -> Option<Vec<Uai>> {
        if self.everything || !self.ministries.is_empty() || !self.academies.is_empty() {
            return None;
        }
        let all: BTreeSet<&str> = self.schools.iter().map(String::as_str).chain(self.of_classes()).collect();
        let is_few = (1..=most).contains(&all.len());
        is_few.then(|| all.into_iter().map(|uai| Uai::parse(uai).ok()).collect::<Option<Vec<Uai>>>()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::administrators::roles::AdminRole;

    const NOW: Timestamp = Timestamp(1_000);

    fn uai(text: &str) -> Uai {
        Uai::parse(text).unwrap()
    }

    #[test]
    fn the_one_school_of_a_scope_is_known() {
        let of = |territories: &[Territory]| {
            let roles: Vec<RoleGrant> =
                territories.iter().map(|t| RoleGrant::sample(AdminRole::Delegate, t.clone())).collect();
            AdminScope::of(&roles, AdminAct::SeePupils, NOW).only_school().map(|uai| uai.to_string())
        };
        let (school, class) = (Territory::School(uai("0349999J")), Territory::Class(uai("0349999J"), "6 A".into()));
        assert_eq!(of(&[school.clone(), class.clone()]).as_deref(), Some("0349999J"));
        assert_eq!(of(std::slice::from_ref(&class)).as_deref(), Some("0349999J"));
        assert_eq!(of(&[class, Territory::School(uai("0349998H"))]), None);
        assert_eq!(of(&[school, Territory::Academy("toulouse".into())]), None);
        assert_eq!(of(&[]), None);
        let schools =
            ["0349998H", "0349999J"].map(|one| RoleGrant::sample(AdminRole::SchoolHead, Territory::School(uai(one))));
        let both = AdminScope::of(&schools, AdminAct::SeePupils, NOW);
        assert_eq!(both.only_schools(2), Some(vec![uai("0349998H"), uai("0349999J")]));
        assert_eq!((both.only_schools(1), both.only_school()), (None, None));
        assert_eq!((both.few_whole_schools(2), both.few_whole_schools(1)), (both.only_schools(2), None));
        let classes = ["6 A", "6 B"].map(|class| Territory::Class(uai("0349999J"), class.into()));
        let roles = classes.map(|territory| RoleGrant::sample(AdminRole::Delegate, territory));
        let of_classes = AdminScope::of(&roles, AdminAct::SeePupils, NOW);
        assert_eq!(of_classes.class_schools(), [uai("0349999J")]);
        assert_eq!(of_classes.few_whole_schools(1), Some(Vec::new()), "no whole one");
    }
}
