//! The families of a town and its schools, as they are: an export says so later, and the roster later still.

use std::collections::BTreeSet;

use super::dice::Dice;
use crate::support::deployment::{LYCEE, MONOD, TOULOUSE};

/// A school, and the academy that imports its roster.
pub struct TownSchool {
    pub uai: &'static str,
    pub academy: &'static str,
}

/// Two schools of one academy, one of another.
pub const SCHOOLS: [TownSchool; 3] = [
    TownSchool { uai: MONOD, academy: "montpellier" },
    TownSchool { uai: LYCEE, academy: "montpellier" },
    TownSchool { uai: TOULOUSE, academy: "toulouse" },
];

const FAMILIES: usize = 5;
const MAX_CHILDREN_OF_FAMILY: usize = 4;
/// No two people of a town have the same name, so that two accounts of one name are two of one person.
const NAMES: [(&str, [&str; 2]); FAMILIES] = [
    ("DURAND", ["Anne", "Paul"]),
    ("BENALI", ["Nadia", "Karim"]),
    ("PETIT", ["Claire", "Luc"]),
    ("ROUX", ["Sophie", "Omar"]),
    ("FAURE", ["Awa", "Pierre"]),
];
/// None is part of another, or of what the pages say.
const GIVEN_NAMES: [&str; 8] = ["Zoé", "Inès", "Basile", "Élie", "Anaïs", "Tiphaine", "Ulysse", "Maëlle"];
const CLASSES: [&str; 4] = ["6 A", "5 B", "4 C", "3 D"];
/// A date on which no child of a town was born.
pub const NOBODYS_BIRTH_DATE: &str = "01/01/2010";

/// A responsable.
#[derive(Clone, Debug)]
pub struct Human {
    pub family: usize,
    pub academy: &'static str,
    /// PERSONNE_ID.
    pub key: usize,
    pub nom: &'static str,
    pub prenom: &'static str,
    /// The mobile, as people write it.
    pub phone: String,
}

impl Human {
    /// Returns the key of the person's record in the whole deployment.
    pub fn record(&self) -> String {
        format!("{}/{}", self.academy, self.key)
    }

    /// Returns the mobile in E.164.
    pub fn number(&self) -> String {
        let digits: String = self.phone.chars().filter(char::is_ascii_digit).skip(1).collect();
        format!("+33{digits}")
    }
}

#[derive(Clone, Debug)]
pub struct Child {
    pub family: usize,
    /// ELEVE_ID.
    pub key: usize,
    pub given: &'static str,
    pub born: String,
    /// The place in [`SCHOOLS`]; `None` for who goes to none of them.
    pub school: Option<usize>,
    pub class: &'static str,
}

/// The people of a history.
pub struct Town {
    pub humans: Vec<Human>,
    pub children: Vec<Child>,
    /// The legal representatives of each child, by their places.
    pub legal: BTreeSet<(usize, usize)>,
    phones: usize,
}

/// Returns the schools to which the children of a family go.
fn schools_of(family: usize) -> &'static [usize] {
    if family + 1 == FAMILIES { &[2] } else { &[0, 1] }
}

impl Town {
    pub fn begin(dice: &Dice) -> Self {
        let mut town = Town { humans: Vec::new(), children: Vec::new(), legal: BTreeSet::new(), phones: 0 };
        for (family, (nom, prenoms)) in NAMES.into_iter().enumerate() {
            let parents = 1 + dice.below(2);
            for (n, prenom) in prenoms.into_iter().take(parents).enumerate() {
                let academy = SCHOOLS[schools_of(family)[0]].academy;
                let phone = town.next_phone();
                town.humans.push(Human { family, academy, key: 500_000 + family * 10 + n, nom, prenom, phone });
            }
            for _ in 0..=dice.below(2) {
                town.enrol_new_child(family, dice);
            }
        }
        town
    }

    fn next_phone(&mut self) -> String {
        self.phones += 1;
        format!("06 39 98 {:02} {:02}", self.phones / 100, self.phones % 100)
    }

    /// Enrols one more child, of whom every parent of the family is a legal representative. Returns the school.
    fn enrol_new_child(&mut self, family: usize, dice: &Dice) -> Option<usize> {
        let n = self.children.iter().filter(|child| child.family == family).count();
        if n >= MAX_CHILDREN_OF_FAMILY {
            return None;
        }
        let born = format!("{:02}/{:02}/{}", 2 + dice.below(27), 1 + dice.below(12), 2009 + dice.below(7));
        let given = GIVEN_NAMES[(family * 3 + n) % GIVEN_NAMES.len()];
        let school = dice.pick(schools_of(family));
        let (key, class) = (900_000 + family * 10 + n, dice.pick(&CLASSES));
        let child = self.children.len();
        self.children.push(Child { family, key, given, born, school: Some(school), class });
        let parents = self.humans.iter().enumerate().filter(|(_, human)| human.family == family);
        self.legal.extend(parents.map(|(h, _)| (h, child)));
        Some(school)
    }

    /// Changes something in one family. Returns what, and the schools that write it down.
    pub fn change(&mut self, dice: &Dice) -> (&'static str, Vec<usize>) {
        let c = dice.below(self.children.len());
        let Child { family, school, .. } = self.children[c];
        match (dice.below(8), school) {
            (0, Some(school)) => {
                self.children[c].school = None;
                ("a child leaves", vec![school])
            }
            (1 | 2, Some(school)) => {
                let next = dice.pick(schools_of(family));
                self.children[c].school = Some(next);
                ("a child changes the school", vec![school, next])
            }
            (3, Some(school)) => self.end_or_renew_link(c, school),
            (4, Some(school)) => {
                let h = dice.below(self.humans.len());
                self.humans[h].phone = self.next_phone();
                let of_child = self.children.iter().find(|child| child.family == self.humans[h].family);
                ("another mobile", vec![of_child.and_then(|child| child.school).unwrap_or(school)])
            }
            (5, _) => {
                let family = dice.below(FAMILIES);
                ("one more child", self.enrol_new_child(family, dice).into_iter().collect())
            }
            (_, None) => {
                let next = dice.pick(schools_of(family));
                self.children[c].school = Some(next);
                ("a child comes back", vec![next])
            }
            (_, Some(school)) => {
                self.children[c].class = dice.pick(&CLASSES);
                ("another class", vec![school])
            }
        }
    }

    /// Ends the right of one of two parents, or gives it back.
    fn end_or_renew_link(&mut self, child: usize, school: usize) -> (&'static str, Vec<usize>) {
        let family = self.children[child].family;
        let parents: Vec<usize> = (0..self.humans.len()).filter(|h| self.humans[*h].family == family).collect();
        let [_, second] = parents.as_slice() else { return ("nothing changes", vec![school]) };
        if self.legal.remove(&(*second, child)) {
            return ("a link ends", vec![school]);
        }
        self.legal.insert((*second, child));
        ("a link begins again", vec![school])
    }

    /// Begins a school year: other classes, some go on to the lycée, and some go away.
    pub fn begin_school_year(&mut self, dice: &Dice) {
        for child in &mut self.children {
            child.class = dice.pick(&CLASSES);
            child.school = match (child.school, dice.below(4)) {
                (Some(0), 0 | 1) => Some(1),
                (Some(_), 3) => None,
                (school, _) => school,
            };
        }
    }

    /// Returns the right dates of the children whom a page names, in its order.
    pub fn dates_on(&self, h: usize, text: &str) -> Vec<&str> {
        let family = self.humans[h].family;
        let own = self.children.iter().filter(|child| child.family == family);
        let mut named: Vec<(usize, &str)> =
            own.filter_map(|child| Some((text.find(child.given)?, child.born.as_str()))).collect();
        named.sort_unstable();
        named.into_iter().map(|(_, born)| born).collect()
    }

    /// Returns the legal links that a school would write down now, in the words of the invariants.
    pub fn links_at(&self, school: usize) -> BTreeSet<String> {
        let uai = SCHOOLS[school].uai;
        let here = self.legal.iter().filter(|(_, c)| self.children[*c].school == Some(school));
        here.map(|(h, c)| format!("{uai} {} {}", self.humans[*h].record(), self.children[*c].key)).collect()
    }
}
