//! The crowd: families drawn from a seed, so that a demo school has classes and not only a cast.

use chrono::{Days, NaiveDate};

use super::schools::{Eleve, Lien, Personne, Roster, School};
use crate::base::rng::{Random, SeededRandom};

/// Pupils drawn for each school, besides the cast's.
const PUPILS: usize = 22;

const FAMILY: [&str; 32] = [
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
const GIRLS: [&str; 16] = [
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
const BOYS: [&str; 16] = [
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
const MOTHERS: [&str; 12] = [
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
const FATHERS: [&str; 12] = [
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

/// What was given away already: numbers and ids are unique over all schools.
#[derive(Debug, Default)]
pub struct Numbers {
    next: u32,
}

impl Numbers {
    fn take(&mut self) -> u32 {
        self.next += 1;
        self.next
    }
}

struct Draw<'a> {
    rng: &'a dyn Random,
}

impl Draw<'_> {
    fn one_of<T: Copy + Default>(&self, list: &[T]) -> T {
        let place = self.rng.below(u32::try_from(list.len()).unwrap_or(1)) as usize;
        list.get(place).copied().unwrap_or_default()
    }

    /// True once in `times`.
    fn once_in(&self, times: u32) -> bool {
        self.rng.below(times) == 0
    }

    /// A mobile as schools write them; now and then none, a landline, or a number from far away.
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
pub fn add(
    roster: &mut Roster,
    school: &School,
    rentree: i32,
    today: NaiveDate,
    rng: &SeededRandom,
    numbers: &mut Numbers,
) {
    let draw = Draw { rng };
    let enough = roster.eleves.len() + PUPILS;
    let gone = roster.eleves.len();
    while roster.eleves.len() < enough {
        family(roster, school, rentree, &draw, numbers);
    }
    // One pupil of each school has left since, as in every school.
    if let Some(eleve) = roster.eleves.get_mut(gone) {
        eleve.left_on = today.checked_sub_days(Days::new(3));
    }
}

fn family(roster: &mut Roster, school: &School, rentree: i32, draw: &Draw<'_>, numbers: &mut Numbers) {
    let name = draw.one_of(&FAMILY);
    let other = draw.one_of(&FAMILY);
    let mut parents = Vec::new();
    if !draw.once_in(6) {
        let usage = if draw.once_in(3) { None } else { Some(name.to_owned()) };
        let given = draw.one_of(&MOTHERS);
        parents.push((person(roster, school, draw, numbers, ("MME", other, usage, given)), 1, 10));
    }
    if parents.is_empty() || !draw.once_in(4) {
        let given = draw.one_of(&FATHERS);
        parents.push((person(roster, school, draw, numbers, ("M.", name, None, given)), 1, 20));
    }
    if draw.once_in(5) {
        let level = 2 + u8::from(draw.once_in(2));
        let given = draw.one_of(&MOTHERS);
        parents.push((person(roster, school, draw, numbers, ("MME", other, None, given)), level, 38));
    }
    let (youngest, oldest) = school.ages;
    let age = youngest + i32::try_from(draw.rng.below(u32::try_from(oldest - youngest + 1).unwrap_or(1))).unwrap_or(0);
    let born = NaiveDate::from_ymd_opt(rentree - age, 1 + draw.rng.below(12), 1 + draw.rng.below(28));
    let children = if draw.once_in(8) { 2 } else { 1 };
    for twin in 0..children {
        let given = if draw.once_in(2) { draw.one_of(&GIRLS) } else { draw.one_of(&BOYS) };
        let clash = twin > 0 && roster.eleves.last().is_some_and(|first| first.given == given);
        let id = school.base + 10_000 + numbers.take();
        roster.eleves.push(Eleve {
            id,
            family: name.to_owned(),
            given: if clash { "Camille".to_owned() } else { given.to_owned() },
            born: born.unwrap_or_default(),
            class: class_of(school, age, draw).to_owned(),
            left_on: None,
        });
        for (personne, level, relation) in &parents {
            roster.liens.push(Lien { eleve: id, personne: *personne, level: *level, relation: *relation });
        }
    }
}

/// A class of that age: divisions are listed from the youngest on.
fn class_of(school: &School, age: i32, draw: &Draw<'_>) -> &'static str {
    let (youngest, oldest) = school.ages;
    let levels = usize::try_from(oldest - youngest + 1).unwrap_or(1).max(1);
    let level = usize::try_from(age - youngest).unwrap_or(0);
    let from = level * school.classes.len() / levels;
    let to = ((level + 1) * school.classes.len() / levels).max(from + 1);
    draw.one_of(school.classes.get(from..to).unwrap_or(school.classes))
}

fn person(
    roster: &mut Roster,
    school: &School,
    draw: &Draw<'_>,
    numbers: &mut Numbers,
    name: (&'static str, &str, Option<String>, &str),
) -> u32 {
    let number = numbers.take();
    let id = school.base + 20_000 + number;
    let (civility, family, usage, given) = name;
    roster.personnes.push(Personne {
        id,
        civility,
        family: family.to_owned(),
        usage,
        given: given.to_owned(),
        mobile: draw.mobile(number),
    });
    id
}
