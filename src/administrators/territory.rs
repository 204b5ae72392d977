//! Territories, what contains what, and what a role permits in them.

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

#[cfg(test)]
impl RoleGrant {
    /// Returns a role that counts, on a whole territory.
    pub fn sample(role: AdminRole, territory: Territory) -> Self {
        RoleGrant {
            id: AdminRoleId::new("r"),
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
}

impl RoleGrant {
    /// True if the role counts now.
    pub fn is_current(&self, now: Timestamp) -> bool {
        self.approved && !self.ended && self.ends_at.is_none_or(|end| now < end)
    }

    /// Returns what the role permits: a delegate who sees pupils only never sees a parent, and a token does nothing but
    /// its own acts.
    pub fn permission(&self, act: AdminAct) -> Permission {
        match &self.only {
            Some(only) if !only.contains(&act) => Permission::No,
            _ => self.own_permission(act),
        }
    }

    /// Returns what the role itself permits, whatever a token leaves of it.
    pub fn own_permission(&self, act: AdminAct) -> Permission {
        match act {
            AdminAct::SeeParents if self.pupils_only => Permission::No,
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

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;
    use crate::administrators::scope::AdminScope;

    const NOW: Timestamp = Timestamp(1_000);

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
                let roles = [RoleGrant::sample(role, territory.clone())];
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
        assert!(
            may(&[RoleGrant::sample(AdminRole::National, Territory::All)], AdminAct::Configure, &[], NOW).is_none()
        );
    }

    #[test]
    fn attack_p1_a_role_that_ended_expired_or_waits_for_agreement_permits_nothing() {
        let whole = RoleGrant::sample(AdminRole::National, Territory::All);
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
        let head = [RoleGrant::sample(AdminRole::SchoolHead, Territory::School(uai("0349999J")))];
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
        let academy = [RoleGrant::sample(AdminRole::Academy, Territory::Academy("montpellier".into()))];
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
        let roles = [RoleGrant {
            pupils_only: true,
            ..RoleGrant::sample(AdminRole::Delegate, Territory::School(uai("0349999J")))
        }];
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
}
