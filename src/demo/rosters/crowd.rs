//! Generates families from a seed, so that a demo school has whole classes and not only the cast.

use chrono::{Days, NaiveDate};

use super::schools::{DemoLink, DemoPerson, DemoPupil, DemoRoster, DemoSchool};
use crate::base::rng::{Random, SeededRandom};

/// The number of pupils generated for each school, besides the cast's.
const PUPILS_PER_SCHOOL: usize = 22;

const FAMILY_NAMES: [&str; 32] = [
    "ABADIE",
    "BŒSCH",
    "CARRIÈRE",
    "DA SILVA",
    "DE BEAULIEU",
    "D'ANGLADE",
    "DIALLO",
    "DUPUY",
    "EL AMRANI",
    "FERRÉ",
    "GÓMEZ",
    "HADDAD",
    "JOLY-ROQUES",
    "KOWALCZYK",
    "LACROIX",
    "L'HÉRITIER",
    "LE BIHAN",
    "MAZEL",
    "NGUYEN",
    "NÚÑEZ",
    "OLIVÉ",
    "PUJOL",
    "QUÉRÉ",
    "RÖSSLER",
    "SABATIÉ",
    "SAINT-ANDRÉ",
    "TRAORÉ",
    "URBAN",
    "VAN DEN BERG",
    "VIDAL",
    "YILMAZ",
    "ZÜRCHER",
];
const GIRL_NAMES: [&str; 16] = [
    "Chloé",
    "Maïa",
    "Louise",
    "Anne-Lise",
    "Léonie",
    "Zoé",
    "Cœline",
    "Salomé",
    "Inaya",
    "Noémie",
    "Fleur",
    "Ambre",
    "Mathilde",
    "Thaïs",
    "Héloïse",
    "Marie-Lou",
];
const BOY_NAMES: [&str; 16] = [
    "Raphaël",
    "Gaël",
    "Louis",
    "Jean-Baptiste",
    "Loïs",
    "Timéo",
    "Adam",
    "Maxence",
    "Ismaël",
    "Côme",
    "Nino",
    "Éloi",
    "Joël",
    "Thibault",
    "François",
    "Sacha",
];
const MOTHER_NAMES: [&str; 12] = [
    "Amélie",
    "Béatrice",
    "Céline",
    "Anne-Sophie",
    "Khadija",
    "Émilie",
    "Françoise",
    "Gaëlle",
    "Hélène",
    "Joëlle",
    "Maud",
    "Aurélie",
];
const FATHER_NAMES: [&str; 12] = [
    "André",
    "Benoît",
    "Cédric",
    "Jean-Luc",
    "Mehdi",
    "Éric",
    "Frédéric",
    "Grégory",
    "Hervé",
    "Jérôme",
    "Olivier",
    "Stéphane",
];

/// The last number used: phone numbers and ids are unique over all schools.
#[derive(Debug, Default)]
pub struct IdSequence {
    next: u32,
}

impl IdSequence {
    fn next_number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }
}

struct RandomPicker<'a> {
    rng: &'a dyn Random,
}

impl RandomPicker<'_> {
    fn one_of<T: Copy + Default>(&self, list: &[T]) -> T {
        let place = self.rng.below(u32::try_from(list.len()).unwrap_or(1)) as usize;
        list.get(place).copied().unwrap_or_default()
    }

    /// Returns true once in `times`.
    fn once_in(&self, times: u32) -> bool {
        self.rng.below(times) == 0
    }

    /// Generates a mobile as written by schools; now and then none, a landline, or a number from far away.
    fn mobile(&self, number: u32) -> Option<String> {
        let (left, right) = (10 + number / 100 % 90, number % 100);
        Some(match self.rng.below(30) {
            0 => return None,
            1 => format!("04 65 71 {left:02} {right:02}"),
            2 => format!("0692 00 {left:02} {right:02}"),
            3 => format!("+41 79 000 {left:02} {right:02}"),
            4..=12 => format!("063998{left:02}{right:02}"),
            13..=18 => format!("06.39.98.{left:02}.{right:02}"),
            _ => format!("+3363998{left:02}{right:02}"),
        })
    }
}

/// Adds families until the school has its pupils.
pub fn add_families(
    roster: &mut DemoRoster,
    school: &DemoSchool,
    rentree: i32,
    today: NaiveDate,
    rng: &SeededRandom,
    numbers: &mut IdSequence,
) {
    let draw = RandomPicker { rng };
    let enough = roster.pupils.len() + PUPILS_PER_SCHOOL;
    let gone = roster.pupils.len();
    while roster.pupils.len() < enough {
        add_family(roster, school, rentree, &draw, numbers);
    }
    // One pupil of each school has already left, as in every real school.
    if let Some(eleve) = roster.pupils.get_mut(gone) {
        eleve.left_on = today.checked_sub_days(Days::new(3));
    }
}

fn add_family(
    roster: &mut DemoRoster,
    school: &DemoSchool,
    rentree: i32,
    draw: &RandomPicker<'_>,
    numbers: &mut IdSequence,
) {
    let name = draw.one_of(&FAMILY_NAMES);
    let other = draw.one_of(&FAMILY_NAMES);
    let mut parents = Vec::new();
    if !draw.once_in(6) {
        let usage = if draw.once_in(3) { None } else { Some(name.to_owned()) };
        let given = draw.one_of(&MOTHER_NAMES);
        parents.push((add_person(roster, school, draw, numbers, ("MME", other, usage, given)), 1, 10));
    }
    if parents.is_empty() || !draw.once_in(4) {
        let given = draw.one_of(&FATHER_NAMES);
        parents.push((add_person(roster, school, draw, numbers, ("M.", name, None, given)), 1, 20));
    }
    if draw.once_in(5) {
        let level = 2 + u8::from(draw.once_in(2));
        let given = draw.one_of(&MOTHER_NAMES);
        parents.push((add_person(roster, school, draw, numbers, ("MME", other, None, given)), level, 38));
    }
    let (youngest, oldest) = school.ages;
    let age = youngest + i32::try_from(draw.rng.below(u32::try_from(oldest - youngest + 1).unwrap_or(1))).unwrap_or(0);
    let born = NaiveDate::from_ymd_opt(rentree - age, 1 + draw.rng.below(12), 1 + draw.rng.below(28));
    let children = if draw.once_in(8) { 2 } else { 1 };
    for twin in 0..children {
        let given = if draw.once_in(2) { draw.one_of(&GIRL_NAMES) } else { draw.one_of(&BOY_NAMES) };
        let clash = twin > 0 && roster.pupils.last().is_some_and(|first| first.given == given);
        let id = school.id_base + 10_000 + numbers.next_number();
        roster.pupils.push(DemoPupil {
            id,
            family: name.to_owned(),
            given: if clash { "Camille".to_owned() } else { given.to_owned() },
            born: born.unwrap_or_default(),
            class: class_of(school, age, draw).to_owned(),
            left_on: None,
        });
        for (personne, level, relation) in &parents {
            roster.links.push(DemoLink { pupil_id: id, person_id: *personne, level: *level, relation: *relation });
        }
    }
}

/// Picks a class for the age: divisions are listed from the youngest on.
fn class_of(school: &DemoSchool, age: i32, draw: &RandomPicker<'_>) -> &'static str {
    let (youngest, oldest) = school.ages;
    let levels = usize::try_from(oldest - youngest + 1).unwrap_or(1).max(1);
    let level = usize::try_from(age - youngest).unwrap_or(0);
    let from = level * school.classes.len() / levels;
    let to = ((level + 1) * school.classes.len() / levels).max(from + 1);
    draw.one_of(school.classes.get(from..to).unwrap_or(school.classes))
}

fn add_person(
    roster: &mut DemoRoster,
    school: &DemoSchool,
    draw: &RandomPicker<'_>,
    numbers: &mut IdSequence,
    name: (&'static str, &str, Option<String>, &str),
) -> u32 {
    let number = numbers.next_number();
    let id = school.id_base + 20_000 + number;
    let (civility, family, usage, given) = name;
    roster.persons.push(DemoPerson {
        id,
        civility,
        family: family.to_owned(),
        usage,
        given: given.to_owned(),
        mobile: draw.mobile(number),
    });
    id
}
