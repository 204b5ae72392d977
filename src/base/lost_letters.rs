//! Names in which a roster could not write a letter and put « ? » for it: `YILDIZO?LU`, `?AHIN`, `D?ARCY`.
//!
//! SIECLE has the letters of ISO-8859-15 only and never gives the lost one back. So at activation its place agrees with
//! any one letter, or with none, where it was a ’ or a mark; the number and the birth date still prove who it is. Only
//! the roster's « ? » is read so, never one that was typed, and a name must have at least as many letters as it lost:
//! `????` is nobody's name.

use unicode_normalization::UnicodeNormalization;

use super::names::fold;

/// What stands in the place of a letter.
pub const LOST: char = '?';

/// Whether a roster's name has lost a letter.
pub fn has_lost(roster: &str) -> bool {
    roster.contains(LOST)
}

/// Whether what was typed can be the roster's name.
pub fn agrees(typed: &str, roster: &str) -> bool {
    let pattern: String = reduced(roster).concat();
    let lost = pattern.chars().filter(|c| *c == LOST).count();
    if lost > pattern.len().saturating_sub(lost) {
        return false;
    }
    // Places in the pattern that what was typed so far may have come to.
    let mut places = after_none(&pattern, vec![0]);
    for letter in reduced(typed) {
        let mut next = Vec::new();
        for place in places {
            let Some(rest) = pattern.get(place..) else { continue };
            if rest.starts_with(LOST) {
                next.push(place.saturating_add(1));
            } else if rest.starts_with(&letter) {
                next.push(place.saturating_add(letter.len()));
            }
        }
        places = after_none(&pattern, next);
    }
    places.contains(&pattern.len())
}

/// The same places, and those behind a lost letter that was none. Each once.
fn after_none(pattern: &str, mut places: Vec<usize>) -> Vec<usize> {
    let mut index = 0;
    while let Some(place) = places.get(index).copied() {
        if pattern.get(place..).is_some_and(|rest| rest.starts_with(LOST)) {
            places.push(place.saturating_add(1));
        }
        index += 1;
    }
    places.sort_unstable();
    places.dedup();
    places
}

/// Each letter as the a–z it is written in: `ß` is one letter though it is written with two.
fn reduced(name: &str) -> Vec<String> {
    let one = |letter: char| if letter == LOST { LOST.to_string() } else { fold(&letter.to_string()) };
    name.nfc().map(one).filter(|letters| !letters.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_c4_the_place_of_a_lost_letter_agrees_with_any_one_and_with_none() {
        for (typed, roster) in [
            ("Yıldızoğlu", "YILDIZO?LU"),
            ("yildizoglu", "YILDIZO?LU"),
            ("Yildizo?lu", "YILDIZO?LU"),
            ("Şahin", "?AHIN"),
            ("Ha\u{301}nh Nguye\u{302}\u{303}n", "HÁNH NGUY?N"),
            ("Koß", "KO?"),
            ("D’Arcy", "D?ARCY"),
            ("Darcy", "D?ARCY"),
            ("Weiß", "WEI?"),
            ("Lebœuf-Niş", "LEBŒUF NI?"),
            ("Lebœufniş", "LEB?UF NI?"),
            ("Dupont", "DUPONT ?"),
        ] {
            assert!(agrees(typed, roster), "{typed} {roster}");
        }
        for (typed, roster) in [
            ("Yıldızoğğlu", "YILDIZO?LU"),
            ("Yıldızoğl", "YILDIZO?LU"),
            ("Yıldızoğlular", "YILDIZO?LU"),
            ("Kaya", "YILDIZO?LU"),
            ("Yildiz?glu", "YILDIZO?LU"),
            ("Li", "??"),
            ("??", "??"),
            ("Ali", "???I"),
            ("", "A?"),
        ] {
            assert!(!agrees(typed, roster), "{typed} {roster}");
        }
    }

    #[test]
    fn a_long_name_of_lost_letters_costs_little() {
        let roster = "A?".repeat(50);
        assert!(agrees(&"ab".repeat(50), &roster));
        assert!(agrees(&"a".repeat(50), &roster));
        assert!(!agrees(&"a".repeat(101), &roster));
    }
}
