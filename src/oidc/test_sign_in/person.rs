//! The fictitious persons of test sign-ins. Pure: they are in no database, and none of their ids can be one of it.

use strum::IntoEnumIterator as _;

use crate::accounts::{Account, AccountState, SuspendedBy};
use crate::base::clock::Timestamp;
use crate::base::profile::Profile;
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::clients::Perimeter;
use crate::federation::FederatedOrigin;
use crate::oidc::tokens::claims::PersonFacts;
use crate::roster::store::RosterChild;
use crate::tenants::School;

/// The number by which a school would know the fictitious children: ELEVE_ID is a number without a leading zero, so this
/// is nobody's.
const FIRST_PUPIL_KEY: &str = "000000001";
const SECOND_PUPIL_KEY: &str = "000000002";
/// The mobile number, of a range that the numbering plan keeps for fiction.
const MOBILE: &str = "+33639980001";
/// The key by which a client with roster subjects would know the person.
pub const ROSTER_KEY: &str = "ESSAI";

/// A kind of fictitious person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum FictitiousPerson {
    /// A parent of a child in the perimeter.
    Parent,
    /// A parent of two children in two academies.
    Siblings,
    Pupil,
    Teacher,
    Staff,
    Guest,
    /// Somebody whom the client does not concern.
    Outside,
    /// A parent whose account is suspended.
    Suspended,
}

impl FictitiousPerson {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Lists the persons for a perimeter: one a profile that may sign in, and the three with whom something is different.
    pub fn offered(perimeter: &Perimeter) -> Vec<Self> {
        let is_offered = |kind: &Self| match kind {
            Self::Siblings => perimeter.includes_profile(Profile::Responsable) && perimeter.is_about_schools(),
            Self::Outside => perimeter.is_about_schools() || outside_profile(perimeter).is_some(),
            Self::Suspended => true,
            kind => perimeter.includes_profile(kind.profile(perimeter)),
        };
        Self::iter().filter(is_offered).collect()
    }

    fn profile(self, perimeter: &Perimeter) -> Profile {
        match self {
            Self::Parent | Self::Siblings => Profile::Responsable,
            Self::Pupil => Profile::Eleve,
            Self::Teacher => Profile::Enseignant,
            Self::Staff => Profile::Personnel,
            Self::Guest => Profile::Invite,
            Self::Outside if perimeter.is_about_schools() => Profile::Responsable,
            Self::Outside => outside_profile(perimeter).unwrap_or(Profile::Invite),
            Self::Suspended => {
                let all = [Profile::Responsable, Profile::Eleve, Profile::Enseignant, Profile::Personnel];
                all.into_iter().find(|profile| perimeter.includes_profile(*profile)).unwrap_or(Profile::Invite)
            }
        }
    }

    fn given_name(self) -> &'static str {
        match self {
            Self::Parent => "Camille",
            Self::Siblings => "Dominique",
            Self::Pupil => "Sacha",
            Self::Teacher => "Claude",
            Self::Staff => "Andréa",
            Self::Guest => "Lou",
            Self::Outside => "Alix",
            Self::Suspended => "Maxime",
        }
    }
}

/// Returns a profile that may not sign in.
fn outside_profile(perimeter: &Perimeter) -> Option<Profile> {
    let all = [Profile::Personnel, Profile::Eleve, Profile::Responsable];
    all.into_iter().find(|profile| !perimeter.includes_profile(*profile))
}

/// The schools of the fictitious persons.
#[derive(Clone, Debug)]
pub struct TestPlaces {
    /// In the perimeter.
    pub inside: School,
    /// In another academy than that one, in the perimeter or not.
    pub elsewhere: School,
    /// Not in the perimeter.
    pub outside: School,
}

/// A fictitious person, as the claims' code takes one.
#[derive(Clone, Debug)]
pub struct TestPerson {
    pub kind: FictitiousPerson,
    pub account: Account,
    pub facts: PersonFacts,
}

fn child(given_name: &str, pupil_key: &str, class: &str, school: &School) -> RosterChild {
    RosterChild {
        person_id: PersonId::new("essai"),
        pupil_id: PupilId::new(format!("essai-{pupil_key}")),
        pupil_key: pupil_key.to_owned(),
        family_name: "Exemple".to_owned(),
        usage_name: None,
        given_name: given_name.to_owned(),
        birth_date: String::new(),
        uai: school.uai.clone(),
        school: school.name.clone(),
        academy: school.academy.clone(),
        ministry: school.ministry.clone(),
        first_degree: school.first_degree,
        class: Some(if school.first_degree { "CM1" } else { class }.to_owned()),
        is_hidden: false,
        may_have_aaf_key: false,
    }
}

/// Invents a person.
pub fn invent(kind: FictitiousPerson, perimeter: &Perimeter, places: &TestPlaces, now: Timestamp) -> TestPerson {
    let profile = kind.profile(perimeter);
    let given_name = kind.given_name();
    let account = Account {
        // No id that is drawn has this form.
        id: AccountId::new(format!("essai-{}", kind.name())),
        identifiant: String::new(),
        state: AccountState::Active,
        profile,
        given_name: given_name.to_owned(),
        family_name: "Exemple".to_owned(),
        password: None,
        password_at: None,
        suspended_by: (kind == FictitiousPerson::Suspended).then_some(SuspendedBy::School),
        caution_until: None,
        closes_at: None,
        must_change_at: None,
        updated_at: now,
        is_federated: !profile.is_family(),
    };
    let school = if kind == FictitiousPerson::Outside { &places.outside } else { &places.inside };
    let mut facts = PersonFacts::default();
    match profile {
        Profile::Responsable => {
            facts.email = Some(format!("{}@example.org", given_name.to_lowercase()));
            facts.phone = Some((MOBILE.to_owned(), true));
            facts.children.push(child("Élie", FIRST_PUPIL_KEY, "4B", school));
            if kind == FictitiousPerson::Siblings {
                facts.children.push(child("Noé", SECOND_PUPIL_KEY, "6A", &places.elsewhere));
            }
        }
        Profile::Eleve => facts.children.push(child(given_name, FIRST_PUPIL_KEY, "4B", school)),
        Profile::Enseignant | Profile::Personnel | Profile::Invite => {
            facts.origin = Some(FederatedOrigin {
                upstream_id: "essai".to_owned(),
                academy: Some(school.academy.clone()),
                ministry: Some(school.ministry.clone()),
                schools: vec![school.clone()],
            });
        }
    }
    TestPerson { kind, account, facts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ids::is_id;
    use crate::base::uai::Uai;

    fn school(uai: &str, academy: &str) -> School {
        School {
            uai: Uai::parse(uai).unwrap(),
            name: format!("Clg {academy}"),
            academy: academy.to_owned(),
            ministry: "en".to_owned(),
            telephone: None,
            first_degree: false,
        }
    }

    #[test]
    fn each_profile_of_a_perimeter_has_its_person_and_no_id_is_one_that_is_drawn() {
        use FictitiousPerson::{Guest, Outside, Parent, Pupil, Siblings, Staff, Suspended, Teacher};
        let perimeter = |academies: &[&str], profiles: &[Profile]| Perimeter {
            academies: academies.iter().map(|id| (*id).to_owned()).collect(),
            profiles: profiles.to_vec(),
            ..Perimeter::default()
        };
        let all = [Profile::Responsable, Profile::Eleve, Profile::Enseignant, Profile::Personnel, Profile::Invite];
        for (perimeter, right) in [
            (perimeter(&["montpellier"], &[]), vec![Parent, Siblings, Pupil, Outside, Suspended]),
            (perimeter(&["montpellier"], &[Profile::Eleve]), vec![Pupil, Outside, Suspended]),
            (perimeter(&["montpellier"], &[Profile::Enseignant]), vec![Teacher, Outside, Suspended]),
            (perimeter(&[], &[]), vec![Parent, Pupil, Outside, Suspended]),
            (perimeter(&[], &all), vec![Parent, Pupil, Teacher, Staff, Guest, Suspended]),
        ] {
            assert_eq!(FictitiousPerson::offered(&perimeter), right, "{perimeter:?}");
            let places = TestPlaces {
                inside: school("0349999J", "montpellier"),
                elsewhere: school("0319999A", "toulouse"),
                outside: school("0319999A", "toulouse"),
            };
            for kind in right {
                let person = invent(kind, &perimeter, &places, Timestamp(0));
                let id = person.account.id.as_str();
                assert!(!is_id(id, 22) && !is_id(id, 32) && !is_id(id, 43), "{id}");
                assert_eq!(person.account.is_usable(), kind != Suspended, "{kind:?}");
                let keys = person.facts.children.iter().map(|child| child.pupil_key.as_str());
                assert!(keys.into_iter().all(|key| key.starts_with('0')), "{kind:?}");
            }
        }
    }
}
