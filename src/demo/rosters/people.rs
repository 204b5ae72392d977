//! The people of the demo who have a name and a story. All invented.
//!
//! They are fixed, not drawn: the demo prints them, the documentation names them and tests sign in as them.

use chrono::NaiveDate;

use super::families::{Child, FAMILIES};
use super::schools::{Eleve, Lien, Personne, Roster, School};

/// Somebody to try the demo as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cast {
    /// `Fatou LEBŒUF`, unique in the cast.
    pub who: String,
    /// *Nom de famille*.
    pub family_name: &'static str,
    /// *Nom d'usage*, where there is one; either name may be typed.
    pub usage_name: Option<&'static str>,
    pub given_name: &'static str,
    /// As the person would type it.
    pub phone: &'static str,
    /// Children by a legal link: none for those who have no right.
    pub children: Vec<CastChild>,
    pub story_fr: &'static str,
    pub story_en: &'static str,
}

impl Cast {
    /// The family name a person types first: the nom d'usage, else the nom de famille.
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

/// The people to try, [`Cast::who`] first: Fatou LEBŒUF. Namesakes are numbered.
pub fn cast() -> Vec<Cast> {
    let mut cast: Vec<Cast> = Vec::new();
    for family in FAMILIES {
        for parent in family.parents.iter().filter(|parent| !parent.story.0.is_empty()) {
            let shown = format!("{} {}", parent.given, parent.usage.unwrap_or(parent.family));
            let same = cast.iter().filter(|other| other.who.starts_with(&shown)).count();
            let legal = family.children.iter().filter(|_| parent.level == 1);
            let children = legal.map(|child| CastChild {
                given_name: child.given,
                family_name: child.family,
                born: child.text,
                uai: child.uai,
            });
            cast.push(Cast {
                who: if same == 0 { shown } else { format!("{shown} {}", same + 1) },
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

/// The cast's part of a school's roster. Ids are of the academy: the same person has the same id in its schools.
pub(super) fn roster(school: &School) -> Roster {
    let mut roster = Roster::default();
    let mut id = school.base;
    for family in FAMILIES {
        let parents = id;
        let children = id + 10;
        id += 20;
        let here = |child: &&Child| child.uai == school.uai;
        if family.unlinked_at != Some(school.uai) && !family.children.iter().any(|child| here(&child)) {
            continue;
        }
        for (personne, parent) in (parents..).zip(family.parents) {
            roster.personnes.push(Personne {
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
            roster.eleves.push(Eleve {
                id: eleve,
                family: child.family.to_owned(),
                given: child.given.to_owned(),
                born: NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default(),
                class: child.class.to_owned(),
                left_on: None,
            });
            for (personne, parent) in (parents..).zip(family.parents) {
                roster.liens.push(Lien { eleve, personne, level: parent.level, relation: parent.relation });
            }
        }
    }
    roster
}
