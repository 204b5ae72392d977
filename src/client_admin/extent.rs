//! The places of a relying party: those that its perimeter touches, and those that it names.
//!
//! Whoever administers any touched place sees the relying party. An act on it changes what everybody in the perimeter
//! gets, so it needs a role for each named place.

use std::collections::BTreeMap;

use crate::administrators::territory::Place;
use crate::base::typed_ids::ClientId;
use crate::base::uai::Uai;
use crate::clients::{ClientMetadata, Perimeter};

/// The declared schools, as far as perimeters need them.
#[derive(Clone, Debug, Default)]
pub struct SchoolPlaces {
    /// Each academy with each ministry that has a school there.
    pub pairs: Vec<(String, String)>,
    /// The academy and the ministry of schools, by UAI.
    pub schools: BTreeMap<String, (String, String)>,
}

impl SchoolPlaces {
    /// Returns the places that the perimeter names: each academy, ministry and school.
    pub fn named(&self, client: &ClientId, perimeter: &Perimeter) -> Vec<Place> {
        let ours = || Place { client: Some(client.clone()), ..Place::default() };
        let academies = perimeter.academies.iter().map(|id| Place { academy: Some(id.clone()), ..ours() });
        let ministries = perimeter.ministries.iter().map(|id| Place { ministry: Some(id.clone()), ..ours() });
        let schools = perimeter.schools.iter().map(|uai| self.school(client, uai));
        let mut places: Vec<Place> = academies.chain(ministries).chain(schools).collect();
        if places.is_empty() {
            // It is about no school: everybody may sign in there.
            places.push(ours());
        }
        places
    }

    /// Returns every place that the perimeter touches: the named ones, the ministries of an academy's schools and the
    /// reverse, and the academy that the relying party belongs to.
    pub fn touched(&self, client: &ClientId, meta: &ClientMetadata) -> Vec<Place> {
        let mut places = self.named(client, &meta.perimeter);
        let p = &meta.perimeter;
        for (academy, ministry) in &self.pairs {
            if p.academies.contains(academy) || p.ministries.contains(ministry) {
                places.push(Place {
                    academy: Some(academy.clone()),
                    ministry: Some(ministry.clone()),
                    client: Some(client.clone()),
                    ..Place::default()
                });
            }
        }
        let owner = meta.academy.clone();
        places.extend(owner.map(|id| Place { academy: Some(id), client: Some(client.clone()), ..Place::default() }));
        places
    }

    fn school(&self, client: &ClientId, uai: &str) -> Place {
        let known = self.schools.get(uai);
        Place {
            academy: known.map(|(academy, _)| academy.clone()),
            ministry: known.map(|(_, ministry)| ministry.clone()),
            uai: Uai::parse(uai).ok(),
            class: None,
            client: Some(client.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::administrators::roles::{AdminAct, AdminRole};
    use crate::administrators::territory::{RoleGrant, Territory, may, may_everywhere};
    use crate::base::clock::Timestamp;

    fn places() -> SchoolPlaces {
        let pair = |a: &str, m: &str| (a.to_owned(), m.to_owned());
        SchoolPlaces {
            pairs: vec![pair("montpellier", "en"), pair("montpellier", "mer"), pair("toulouse", "en")],
            schools: [("0349999J".to_owned(), pair("montpellier", "en"))].into(),
        }
    }

    fn perimeter(academies: &[&str], ministries: &[&str], schools: &[&str]) -> Perimeter {
        let list = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        Perimeter {
            academies: list(academies),
            ministries: list(ministries),
            schools: list(schools),
            ..Perimeter::default()
        }
    }

    fn roles(all: &[Territory]) -> Vec<RoleGrant> {
        let grant = |territory: &Territory| {
            let role = match territory {
                Territory::Academy(_) => AdminRole::Academy,
                Territory::Client(_) => AdminRole::ServiceContact,
                _ => AdminRole::National,
            };
            RoleGrant::sample(role, territory.clone())
        };
        all.iter().map(grant).collect()
    }

    #[test]
    fn threat_s15_a_part_of_the_perimeter_lets_see_and_only_all_of_it_lets_act() {
        let id = ClientId::new("ent");
        let academy = |name: &str| Territory::Academy(name.to_owned());
        let ministry = |name: &str| Territory::Ministry(name.to_owned());
        let own = Territory::Client(id.clone());
        let other = Territory::Client(ClientId::new("ent-2"));
        let (m, t) = (academy("montpellier"), academy("toulouse"));
        for (perimeter, territories, sees, acts) in [
            (perimeter(&["montpellier"], &[], &[]), vec![m.clone()], true, true),
            (perimeter(&["montpellier"], &[], &[]), vec![t.clone()], false, false),
            (perimeter(&["montpellier"], &[], &[]), vec![Territory::All], true, true),
            (perimeter(&["montpellier", "toulouse"], &[], &[]), vec![m.clone()], true, false),
            (perimeter(&["montpellier", "toulouse"], &[], &[]), vec![m.clone(), t.clone()], true, true),
            (perimeter(&[], &["mer"], &[]), vec![m.clone()], true, false),
            (perimeter(&[], &["mer"], &[]), vec![t.clone()], false, false),
            (perimeter(&[], &["mer"], &[]), vec![ministry("mer")], true, true),
            (perimeter(&["montpellier"], &[], &[]), vec![ministry("mer")], true, false),
            (perimeter(&[], &[], &["0349999J"]), vec![m.clone()], true, true),
            (perimeter(&[], &[], &["0349999J"]), vec![ministry("en")], true, true),
            (perimeter(&[], &[], &["0349999J"]), vec![t.clone()], false, false),
            (perimeter(&[], &[], &["0319999A"]), vec![t], false, false),
            (perimeter(&[], &[], &[]), vec![m], false, false),
            (perimeter(&[], &[], &[]), vec![Territory::All], true, true),
            (perimeter(&["montpellier", "toulouse"], &["mer"], &["0349999J"]), vec![own.clone()], true, true),
            (perimeter(&["montpellier"], &[], &[]), vec![other], false, false),
            (perimeter(&[], &[], &[]), vec![own], true, true),
        ] {
            let roles = roles(&territories);
            let touched = places().touched(&id, &crate::clients::metadata::sample(perimeter.clone()));
            let named = places().named(&id, &perimeter);
            let now = Timestamp(1);
            // A technician may draw secrets, and an academy too.
            let act = AdminAct::DrawSecret;
            assert_eq!(
                may(&roles, AdminAct::SeeServices, &touched, now).is_some(),
                sees,
                "{perimeter:?} {territories:?}"
            );
            assert_eq!(may_everywhere(&roles, act, &named, now).is_some(), acts, "{perimeter:?} {territories:?}");
        }
    }
}
