//! The families of a town and its schools, as they are: an export says so later, and the roster later still.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike as _, NaiveDate};
use preau::base::clock::Timestamp;

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
/// The family of whom one child goes to school in the other academy from the beginning.
const FAMILY_OF_TWO_ACADEMIES: usize = 3;
/// Each academy numbers its people by itself: these are added to the keys of home elsewhere.
const PERSON_KEYS_ELSEWHERE: usize = 100_000;
const PUPIL_KEYS_ELSEWHERE: usize = 50_000;
/// None is part of another, or of what the pages say.
const GIVEN_NAMES: [&str; 8] = ["Zoé", "Inès", "Basile", "Élie", "Anaïs", "Tiphaine", "Ulysse", "Maëlle"];
const CLASSES: [&str; 4] = ["6 A", "5 B", "4 C", "3 D"];
/// A date on which no child of a town was born.
pub const NOBODYS_BIRTH_DATE: &str = "01/01/2010";

/// A record of a responsable, as one academy has it.
#[derive(Clone, Debug)]
pub struct Human {
    pub family: usize,
    pub academy: &'static str,
    /// PERSONNE_ID.
    pub key: usize,
    pub nom: &'static str,
    pub prenom: &'static str,
    /// The mobile, as people write it. No two records have the same one.
    pub phone: String,
    /// The place of the same person's record at home; `None` for that one.
    pub home: Option<usize>,
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
    /// ELEVE_ID at home.
    pub key: usize,
    pub given: &'static str,
    pub born: String,
    /// The place in [`SCHOOLS`]; `None` for who goes to none of them.
    pub school: Option<usize>,
    pub class: &'static str,
}

impl Child {
    /// Returns ELEVE_ID in an academy.
    pub fn key_in(&self, academy: &str) -> usize {
        if academy == home_of(self.family) { self.key } else { self.key + PUPIL_KEYS_ELSEWHERE }
    }

    /// Returns the key of the pupil's record of an academy in the whole deployment.
    pub fn record_in(&self, academy: &str) -> String {
        format!("{academy}/{}", self.key_in(academy))
    }

    /// Returns the keys of the pupil's records, that of home first.
    pub fn records(&self) -> [String; 2] {
        let home = home_of(self.family);
        [self.record_in(home), self.record_in(other_academy(home))]
    }

    /// Returns the number that the pupil has in every academy.
    pub fn ine(&self) -> String {
        format!("{:09}ZA", 990_000_000 + self.key % 1_000)
    }

    /// Returns whether the pupil is fifteen; `None` within a day of the birthday, which begins at midnight in Paris.
    pub fn is_fifteen(&self, now: Timestamp) -> Option<bool> {
        let born = NaiveDate::parse_from_str(&self.born, "%d/%m/%Y").unwrap();
        let birthday = NaiveDate::from_ymd_opt(born.year() + 15, born.month(), born.day()).unwrap();
        let today = DateTime::from_timestamp_millis(now.0).unwrap().date_naive();
        let days = (today - birthday).num_days();
        (days.abs() > 1).then_some(days > 0)
    }
}

/// The people of a history.
pub struct Town {
    pub humans: Vec<Human>,
    pub children: Vec<Child>,
    /// The legal representatives of each child, by the places of their records at home.
    pub legal: BTreeSet<(usize, usize)>,
    phones: usize,
}

/// Returns the schools to which the children of a family go at home.
fn schools_of(family: usize) -> &'static [usize] {
    if family + 1 == FAMILIES { &[2] } else { &[0, 1] }
}

/// Returns the academy where a family is at home.
fn home_of(family: usize) -> &'static str {
    SCHOOLS[schools_of(family)[0]].academy
}

fn other_academy(academy: &str) -> &'static str {
    SCHOOLS.iter().map(|school| school.academy).find(|other| *other != academy).unwrap()
}

impl Town {
    pub fn begin(dice: &Dice) -> Self {
        let mut town = Town { humans: Vec::new(), children: Vec::new(), legal: BTreeSet::new(), phones: 0 };
        for (family, (nom, prenoms)) in NAMES.into_iter().enumerate() {
            let parents = 1 + dice.below(2);
            for (n, prenom) in prenoms.into_iter().take(parents).enumerate() {
                let (academy, key, phone) = (home_of(family), 500_000 + family * 10 + n, town.next_phone());
                town.humans.push(Human { family, academy, key, nom, prenom, phone, home: None });
            }
            for _ in 0..=dice.below(2) {
                town.enrol_new_child(family, dice);
            }
        }
        town.enrol_new_child(FAMILY_OF_TWO_ACADEMIES, dice);
        let last = town.children.len() - 1;
        town.move_elsewhere(last, dice);
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
        let parents = self.parents_of(family);
        self.legal.extend(parents.into_iter().map(|h| (h, child)));
        Some(school)
    }

    /// Returns the parents of a family, by the places of their records at home.
    fn parents_of(&self, family: usize) -> Vec<usize> {
        (0..self.humans.len()).filter(|h| self.humans[*h].family == family && self.humans[*h].home.is_none()).collect()
    }

    /// Sends a child to a school of the academy where it is not, which writes down both parents anew. Returns the former
    /// school and the new one.
    pub fn move_elsewhere(&mut self, c: usize, dice: &Dice) -> [usize; 2] {
        let Child { family, school, .. } = self.children[c];
        let former = school.unwrap_or_default();
        let academy = other_academy(SCHOOLS[former].academy);
        for h in self.parents_of(family) {
            if self.record_at(h, academy).is_none() {
                let (key, phone) = (self.humans[h].key + PERSON_KEYS_ELSEWHERE, self.next_phone());
                let home = self.humans[h].clone();
                self.humans.push(Human { academy, key, phone, home: Some(h), ..home });
            }
        }
        let schools: Vec<usize> = (0..SCHOOLS.len()).filter(|school| SCHOOLS[*school].academy == academy).collect();
        let next = dice.pick(&schools);
        self.children[c].school = Some(next);
        [former, next]
    }

    /// Returns the places of all records of a person.
    pub fn records_of(&self, h: usize) -> Vec<usize> {
        let home = self.humans[h].home.unwrap_or(h);
        (0..self.humans.len()).filter(|n| *n == home || self.humans[*n].home == Some(home)).collect()
    }

    /// Returns the place of a person's record in an academy, if there is one.
    pub fn record_at(&self, h: usize, academy: &str) -> Option<usize> {
        self.records_of(h).into_iter().find(|n| self.humans[*n].academy == academy)
    }

    /// Returns the people of whom two academies have a record: the places of both, that of home first.
    pub fn pairs(&self) -> Vec<[usize; 2]> {
        let elsewhere = self.humans.iter().enumerate();
        elsewhere.filter_map(|(n, human)| Some([human.home?, n])).collect()
    }

    /// Returns the legal representatives of a school's children, by the places of the records that the school has, and the
    /// children.
    pub fn legal_at(&self, school: usize) -> Vec<(usize, usize)> {
        let here = self.legal.iter().filter(|(_, c)| self.children[*c].school == Some(school));
        here.filter_map(|(h, c)| Some((self.record_at(*h, SCHOOLS[school].academy)?, *c))).collect()
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
        let parents = self.parents_of(family);
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
        let TownSchool { uai, academy } = SCHOOLS[school];
        let here = self.legal_at(school).into_iter();
        here.map(|(h, c)| format!("{uai} {} {}", self.humans[h].record(), self.children[c].key_in(academy))).collect()
    }
}
