//! The people of the demo with a name and a story. All are invented.
//!
//! The cast is fixed, not generated: the demo prints the names, the documentation mentions them, and tests sign in as
//! them.

use chrono::NaiveDate;

use super::families::{CastFamilyChild, FAMILIES};
use super::schools::{DemoLink, DemoPerson, DemoPupil, DemoRoster, DemoSchool};

/// A person to try the demo as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CastMember {
    /// `Fatou LEBŒUF`, unique in the cast.
    pub label: String,
    /// *Nom de famille*.
    pub family_name: &'static str,
    /// *Nom d'usage*, if any; either name may be typed.
    pub usage_name: Option<&'static str>,
    pub given_name: &'static str,
    /// The mobile number as typed by the person.
    pub phone: &'static str,
    /// Children with a legal link; empty for a person without rights.
    pub children: Vec<CastChild>,
    pub story_fr: &'static str,
    pub story_en: &'static str,
}

impl CastMember {
    /// Returns the family name typed first by a person: the nom d'usage, else the nom de famille.
    pub fn typed_name(&self) -> &'static str {
        self.usage_name.unwrap_or(self.family_name)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CastChild {
    pub given_name: &'static str,
    pub family_name: &'static str,
    /// JJ/MM/AAAA
    pub born: &'static str,
    pub uai: &'static str,
}

/// Returns the people to try, beginning with Fatou LEBŒUF. Namesakes are numbered.
pub fn cast() -> Vec<CastMember> {
    let mut cast: Vec<CastMember> = Vec::new();
    for family in FAMILIES {
        for parent in family.parents.iter().filter(|parent| !parent.story.0.is_empty()) {
            let shown = format!("{} {}", parent.given, parent.usage.unwrap_or(parent.family));
            let same = cast.iter().filter(|other| other.label.starts_with(&shown)).count();
            let legal = family.children.iter().filter(|_| parent.level == 1);
            let children = legal.map(|child| CastChild {
                given_name: child.given,
                family_name: child.family,
                born: child.born_text,
                uai: child.uai,
            });
            cast.push(CastMember {
                label: if same == 0 { shown } else { format!("{shown} {}", same + 1) },
                family_name: parent.family,
                usage_name: parent.usage,
                given_name: parent.given,
                phone: parent.phone,
                children: children.collect(),
                story_fr: parent.story.0,
                story_en: parent.story.1,
            });
        }
    }
    cast
}

/// Makes the cast's part of a school's roster. Ids belong to the academy: a person has the same id in all its schools.
pub(super) fn cast_roster(school: &DemoSchool) -> DemoRoster {
    let mut roster = DemoRoster::default();
    let mut id = school.id_base;
    for family in FAMILIES {
        let parents = id;
        let children = id + 10;
        id += 20;
        let here = |child: &&CastFamilyChild| child.uai == school.uai;
        if family.unlinked_at != Some(school.uai) && !family.children.iter().any(|child| here(&child)) {
            continue;
        }
        for (personne, parent) in (parents..).zip(family.parents) {
            roster.persons.push(DemoPerson {
                id: personne,
                civility: parent.civility,
                family: parent.family.to_owned(),
                usage: parent.usage.map(str::to_owned),
                given: parent.given.to_owned(),
                mobile: Some(parent.phone).filter(|phone| !phone.is_empty()).map(str::to_owned),
            });
        }
        for (eleve, child) in (children..).zip(family.children).filter(|(_, child)| here(child)) {
            let (year, month, day) = child.born;
            roster.pupils.push(DemoPupil {
                id: eleve,
                family: child.family.to_owned(),
                given: child.given.to_owned(),
                born: NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default(),
                class: child.class.to_owned(),
                left_on: None,
            });
            for (personne, parent) in (parents..).zip(family.parents) {
                roster.links.push(DemoLink {
                    pupil_id: eleve,
                    person_id: personne,
                    level: parent.level,
                    relation: parent.relation,
                });
            }
        }
    }
    roster
}
