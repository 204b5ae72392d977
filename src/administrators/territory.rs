//! Territories, what contains what, and what a query may see.

use std::collections::BTreeSet;
use std::fmt;

use super::roles::{AdminAct, AdminRole, Permission};
use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AdminRoleId, ClientId};
use crate::base::uai::Uai;

/// The kind of a territory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum TerritoryKind {
    All,
    Ministry,
    Academy,
    School,
    Class,
    Client,
}

impl TerritoryKind {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A territory, on which a role holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Territory {
    All,
    /// A ministry, by id.
    Ministry(String),
    /// An academy, by id.
    Academy(String),
    School(Uai),
    Class(Uai, String),
    Client(ClientId),
}

/// The separator of lists in arguments of queries: no id, UAI or class has it.
const SEPARATOR: char = '\u{1f}';

impl Territory {
    pub fn kind(&self) -> TerritoryKind {
        match self {
            Territory::All => TerritoryKind::All,
            Territory::Ministry(_) => TerritoryKind::Ministry,
            Territory::Academy(_) => TerritoryKind::Academy,
            Territory::School(_) => TerritoryKind::School,
            Territory::Class(..) => TerritoryKind::Class,
            Territory::Client(_) => TerritoryKind::Client,
        }
    }

    /// Returns the columns `territory` and `class`.
    pub fn columns(&self) -> (&str, &str) {
        match self {
            Territory::All => ("", ""),
            Territory::Ministry(id) | Territory::Academy(id) => (id, ""),
            Territory::School(uai) => (uai, ""),
            Territory::Class(uai, class) => (uai, class),
            Territory::Client(id) => (id, ""),
        }
    }

    /// Reads the columns of a row; `None` for a row of a newer release.
    pub fn from_columns(kind: TerritoryKind, territory: &str, class: &str) -> Option<Self> {
        Some(match kind {
            TerritoryKind::All => Territory::All,
            TerritoryKind::Ministry => Territory::Ministry(territory.to_owned()),
            TerritoryKind::Academy => Territory::Academy(territory.to_owned()),
            TerritoryKind::School => Territory::School(Uai::parse(territory).ok()?),
            TerritoryKind::Class => Territory::Class(Uai::parse(territory).ok()?, class.to_owned()),
            TerritoryKind::Client => Territory::Client(ClientId::new(territory)),
        })
    }

    /// Reads a typed territory: `all`, `ministry:en`, `academy:montpellier`, `school:0349999J`, `class:0349999J/6 A`,
    /// `client:mon-ent`. Whether it is there is not looked at.
    pub fn parse(typed: &str) -> Option<Self> {
        let typed = typed.trim();
        if typed == "all" {
            return Some(Territory::All);
        }
        let (kind, rest) = typed.split_once(':')?;
        let rest = rest.trim();
        if rest.is_empty() || rest.chars().any(char::is_control) || rest.len() > 100 {
            return None;
        }
        match kind.parse().ok()? {
            TerritoryKind::All => None,
            TerritoryKind::Class => {
                let (uai, class) = rest.split_once('/')?;
                let class = class.trim();
                (!class.is_empty()).then_some(Territory::Class(Uai::parse(uai).ok()?, class.to_owned()))
            }
            kind => Self::from_columns(kind, rest, ""),
        }
    }
}

impl fmt::Display for Territory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Territory::All => f.write_str("all"),
            Territory::Class(uai, class) => write!(f, "{uai}/{class}"),
            other => f.write_str(other.columns().0),
        }
    }
}

/// The place of a thing: everything that a territory may be compared with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub academy: Option<String>,
    pub ministry: Option<String>,
    pub uai: Option<Uai>,
    pub class: Option<String>,
    pub client: Option<ClientId>,
}

impl Place {
    /// True if the place lies inside a territory.
    pub fn is_inside(&self, territory: &Territory) -> bool {
        match territory {
            Territory::All => true,
            Territory::Ministry(id) => self.ministry.as_ref() == Some(id),
            Territory::Academy(id) => self.academy.as_ref() == Some(id),
            Territory::School(uai) => self.uai.as_ref() == Some(uai),
            Territory::Class(uai, class) => self.uai.as_ref() == Some(uai) && self.class.as_ref() == Some(class),
            Territory::Client(id) => self.client.as_ref() == Some(id),
        }
    }
}

/// A role on a territory, as given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleGrant {
    pub id: AdminRoleId,
    pub role: AdminRole,
    pub territory: Territory,
    /// Of a delegate who sees pupils only.
    pub pupils_only: bool,
    pub ends_at: Option<Timestamp>,
    pub approved: bool,
    pub ended: bool,
    /// The acts that a token leaves of the role; `None` for the role itself.
    pub only: Option<Vec<AdminAct>>,
    /// The territory of the role of which a token leaves a part; `None` for the role itself.
    pub carrier: Option<Territory>,
}

impl RoleGrant {
    /// True if the role counts now.
    pub fn is_current(&self, now: Timestamp) -> bool {
        self.approved && !self.ended && self.ends_at.is_none_or(|end| now < end)
    }

    /// Returns what the role permits: a delegate who sees pupils only never sees a parent, and a token does nothing but
    /// its own acts.
    pub fn permission(&self, act: AdminAct) -> Permission {
        match act {
            AdminAct::SeeParents if self.pupils_only => Permission::No,
            _ if self.only.as_ref().is_some_and(|only| !only.contains(&act)) => Permission::No,
            _ => self.role.permission(act),
        }
    }

    /// Returns the territory of the role itself, whatever a token leaves of it.
    pub fn own_territory(&self) -> &Territory {
        self.carrier.as_ref().unwrap_or(&self.territory)
    }

    /// Returns the role and its own territory as the audit has them: a program is no other authority than its maker.
    pub fn name(&self) -> String {
        format!("{}@{}", self.role.name(), self.own_territory())
    }
}

/// Returns the role by which an act is permitted at one of the places; `None` if none permits it. The caller gives the
/// current roles, read in the transaction of the act.
pub fn may<'a>(roles: &'a [RoleGrant], act: AdminAct, places: &[Place], now: Timestamp) -> Option<&'a RoleGrant> {
    let inside = |grant: &RoleGrant| places.iter().any(|place| place.is_inside(&grant.territory));
    roles.iter().find(|grant| grant.is_current(now) && grant.permission(act) != Permission::No && inside(grant))
}

/// Returns a role by which an act is permitted at each one of the places; `None` if one of them is left, or there is none.
pub fn may_everywhere<'a>(
    roles: &'a [RoleGrant],
    act: AdminAct,
    places: &[Place],
    now: Timestamp,
) -> Option<&'a RoleGrant> {
    let mut found = places.iter().map(|place| may(roles, act, std::slice::from_ref(place), now));
    let first = found.next()??;
    found.all(|grant| grant.is_some()).then_some(first)
}

/// Returns the role by which another role may be given, changed or ended at a place: nobody gives what they lack, nor
/// for longer than they have it.
pub fn may_give<'a>(
    roles: &'a [RoleGrant],
    (role, place): (AdminRole, &Place),
    until: Option<Timestamp>,
    now: Timestamp,
) -> Option<&'a RoleGrant> {
    roles.iter().find(|grant| {
        grant.is_current(now)
            && grant.permission(AdminAct::GiveRole) != Permission::No
            && grant.role.may_give().contains(&role)
            && place.is_inside(&grant.territory)
            && grant.ends_at.is_none_or(|own| until.is_some_and(|until| until <= own))
    })
}

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

    /// True if a whole school lies inside, by its own number.
    pub fn contains_school(&self, uai: &Uai) -> bool {
        self.schools.contains(uai.as_str())
    }

    /// Returns the schools of which the scope has classes.
    pub fn class_schools(&self) -> Vec<Uai> {
        let of_classes = self.classes.iter().filter_map(|class| class.split_once('/')).map(|(uai, _)| uai);
        let distinct: BTreeSet<&str> = of_classes.collect();
        distinct.into_iter().filter_map(|uai| Uai::parse(uai).ok()).collect()
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

    /// Returns the schools whose rows are all that the scope sees, classes of them included; `None` if they are more than
    /// so many, or whole academies or ministries.
    pub fn only_schools(&self, most: usize) -> Option<Vec<Uai>> {
        if self.everything || !self.ministries.is_empty() || !self.academies.is_empty() {
            return None;
        }
        let of_classes = self.classes.iter().filter_map(|class| class.split_once('/')).map(|(uai, _)| uai);
        let all: BTreeSet<&str> = self.schools.iter().map(String::as_str).chain(of_classes).collect();
        let is_few = (1..=most).contains(&all.len());
        is_few.then(|| all.into_iter().map(|uai| Uai::parse(uai).ok()).collect::<Option<Vec<Uai>>>()).flatten()
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000);

    fn grant(role: AdminRole, territory: Territory) -> RoleGrant {
        let id = AdminRoleId::new("r");
        RoleGrant {
            id,
            role,
            territory,
            pupils_only: false,
            ends_at: None,
            approved: true,
            ended: false,
            only: None,
            carrier: None,
        }
    }

    fn uai(text: &str) -> Uai {
        Uai::parse(text).unwrap()
    }

    fn class_place(academy: &str, ministry: &str, school: &str, class: &str) -> Place {
        Place {
            academy: Some(academy.into()),
            ministry: Some(ministry.into()),
            uai: Some(uai(school)),
            class: Some(class.into()),
            client: None,
        }
    }

    fn territories() -> Vec<Territory> {
        vec![
            Territory::All,
            Territory::Ministry("en".into()),
            Territory::Ministry("mer".into()),
            Territory::Academy("montpellier".into()),
            Territory::Academy("toulouse".into()),
            Territory::School(uai("0349999J")),
            Territory::School(uai("0349998H")),
            Territory::Class(uai("0349999J"), "6 A".into()),
            Territory::Class(uai("0349999J"), "6 B".into()),
            Territory::Client(ClientId::new("mon-ent")),
        ]
    }

    /// True if a class of the collège lies inside, said a second time.
    fn holds_class_6a(territory: &Territory) -> bool {
        matches!(territory.to_string().as_str(), "all" | "en" | "montpellier" | "0349999J" | "0349999J/6 A")
    }

    #[test]
    fn threat_s15_attack_p1_every_act_of_every_role_stops_at_its_territory() {
        let place = class_place("montpellier", "en", "0349999J", "6 A");
        let mut permitted = 0;
        for role in AdminRole::iter() {
            for territory in territories() {
                let roles = [grant(role, territory.clone())];
                for act in AdminAct::iter() {
                    let right = holds_class_6a(&territory) && role.permission(act) != Permission::No;
                    permitted += usize::from(right);
                    let found = may(&roles, act, std::slice::from_ref(&place), NOW).is_some();
                    assert_eq!(found, right, "{role:?} of {territory} {act:?}");
                    let scope = AdminScope::of(&roles, act, NOW);
                    assert_eq!(scope.contains(&place), right, "the scope: {role:?} of {territory} {act:?}");
                }
            }
        }
        assert!(permitted > 100);
        assert!(may(&[grant(AdminRole::National, Territory::All)], AdminAct::Configure, &[], NOW).is_none());
    }

    #[test]
    fn attack_p1_a_role_that_ended_expired_or_waits_for_agreement_permits_nothing() {
        let whole = grant(AdminRole::National, Territory::All);
        let place = Place::default();
        for (changed, counts) in [
            (whole.clone(), true),
            (RoleGrant { ended: true, ..whole.clone() }, false),
            (RoleGrant { approved: false, ..whole.clone() }, false),
            (RoleGrant { ends_at: Some(NOW), ..whole.clone() }, false),
            (RoleGrant { ends_at: Some(Timestamp(NOW.0 + 1)), ..whole }, true),
        ] {
            for act in AdminAct::iter() {
                assert_eq!(
                    may(std::slice::from_ref(&changed), act, std::slice::from_ref(&place), NOW).is_some(),
                    counts
                );
                assert_eq!(AdminScope::of(std::slice::from_ref(&changed), act, NOW).is_empty(), !counts);
            }
        }
    }

    #[test]
    fn attack_p1_roles_are_given_below_inside_and_never_for_longer() {
        let school = class_place("montpellier", "en", "0349999J", "6 A");
        let elsewhere = class_place("toulouse", "en", "0319999A", "6 A");
        let head = [grant(AdminRole::SchoolHead, Territory::School(uai("0349999J")))];
        assert!(may_give(&head, (AdminRole::Delegate, &school), None, NOW).is_some());
        assert!(may_give(&head, (AdminRole::Delegate, &elsewhere), None, NOW).is_none());
        for role in AdminRole::iter().filter(|role| *role != AdminRole::Delegate) {
            assert!(may_give(&head, (role, &school), None, NOW).is_none(), "{role:?}");
        }
        let until = RoleGrant { ends_at: Some(Timestamp(5_000)), ..head[0].clone() };
        for (asked, given) in [(None, false), (Some(Timestamp(5_001)), false), (Some(Timestamp(5_000)), true)] {
            let found = may_give(std::slice::from_ref(&until), (AdminRole::Delegate, &school), asked, NOW);
            assert_eq!(found.is_some(), given, "{asked:?}");
        }
        let academy = [grant(AdminRole::Academy, Territory::Academy("montpellier".into()))];
        assert!(may_give(&academy, (AdminRole::National, &school), None, NOW).is_none());
        assert!(
            may_give(
                &academy,
                (AdminRole::Academy, &Place { academy: Some("toulouse".into()), ..Place::default() }),
                None,
                NOW
            )
            .is_none()
        );
    }

    #[test]
    fn a_delegate_for_pupils_sees_no_parent() {
        let place = [class_place("montpellier", "en", "0349999J", "6 A")];
        let roles = [RoleGrant { pupils_only: true, ..grant(AdminRole::Delegate, Territory::School(uai("0349999J"))) }];
        assert!(may(&roles, AdminAct::SeeParents, &place, NOW).is_none());
        assert!(may(&roles, AdminAct::SeePupils, &place, NOW).is_some());
    }

    #[test]
    fn a_territory_is_read_as_it_is_typed_and_written_as_it_is_read() {
        for (typed, read) in [
            ("all", Some("all")),
            (" school:0349999J ", Some("0349999J")),
            ("class:0349999J/6 A", Some("0349999J/6 A")),
            ("academy:montpellier", Some("montpellier")),
            ("client:mon-ent", Some("mon-ent")),
            ("school:0349999K", None),
            ("class:0349999J/", None),
            ("class:0349999J", None),
            ("academy:", None),
            ("academy:a\u{1f}b", None),
            ("planet:x", None),
            ("all:x", None),
            ("", None),
        ] {
            assert_eq!(Territory::parse(typed).map(|t| t.to_string()).as_deref(), read, "{typed}");
        }
        for territory in territories() {
            let (id, class) = territory.columns();
            assert_eq!(Territory::from_columns(territory.kind(), id, class), Some(territory));
        }
    }

    #[test]
    fn the_one_school_of_a_scope_is_known() {
        let of = |territories: &[Territory]| {
            let roles: Vec<RoleGrant> = territories.iter().map(|t| grant(AdminRole::Delegate, t.clone())).collect();
            AdminScope::of(&roles, AdminAct::SeePupils, NOW).only_school().map(|uai| uai.to_string())
        };
        let (school, class) = (Territory::School(uai("0349999J")), Territory::Class(uai("0349999J"), "6 A".into()));
        assert_eq!(of(&[school.clone(), class.clone()]).as_deref(), Some("0349999J"));
        assert_eq!(of(std::slice::from_ref(&class)).as_deref(), Some("0349999J"));
        assert_eq!(of(&[class, Territory::School(uai("0349998H"))]), None);
        assert_eq!(of(&[school, Territory::Academy("toulouse".into())]), None);
        assert_eq!(of(&[]), None);
        let schools = ["0349998H", "0349999J"].map(|one| grant(AdminRole::SchoolHead, Territory::School(uai(one))));
        let both = AdminScope::of(&schools, AdminAct::SeePupils, NOW);
        assert_eq!(both.only_schools(2), Some(vec![uai("0349998H"), uai("0349999J")]));
        assert_eq!((both.only_schools(1), both.only_school()), (None, None));
        let classes = ["6 A", "6 B"].map(|class| Territory::Class(uai("0349999J"), class.into()));
        let roles = classes.map(|territory| grant(AdminRole::Delegate, territory));
        assert_eq!(AdminScope::of(&roles, AdminAct::SeePupils, NOW).class_schools(), [uai("0349999J")]);
    }
}
