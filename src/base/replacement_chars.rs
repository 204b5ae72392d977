//! Matching of roster names with « ? » in place of an unsupported letter: `YILDIZO?LU`, `?AHIN`, `D?ARCY`.
//!
//! SIECLE supports only ISO-8859-15 and never restores a lost letter. During activation, a « ? » of the roster
//! therefore matches any single letter, or none where the lost character was a ’ or a mark; the telephone number and
//! the birth date still prove the identity. A typed « ? » is never a wildcard, and a name must keep at least as many
//! letters as the roster lost: `????` matches nobody.

use unicode_normalization::UnicodeNormalization;

use super::names::fold;

/// The replacement character of rosters.
pub const REPLACEMENT_CHAR: char = '?';

/// True if a roster name contains a replacement character.
pub fn has_replacement(roster: &str) -> bool {
    roster.contains(REPLACEMENT_CHAR)
}

/// True if the typed name can be the roster name.
pub fn matches_roster_name(typed: &str, roster: &str) -> bool {
    let pattern: String = fold_letters(roster).concat();
    let lost = pattern.chars().filter(|c| *c == REPLACEMENT_CHAR).count();
    if lost > pattern.len().saturating_sub(lost) {
        return false;
    }
    // The positions in the pattern reachable with the letters typed so far.
    let mut places = skip_replacements(&pattern, vec![0]);
    for letter in fold_letters(typed) {
        let mut next = Vec::new();
        for place in places {
            let Some(rest) = pattern.get(place..) else { continue };
            if rest.starts_with(REPLACEMENT_CHAR) {
                next.push(place.saturating_add(1));
            } else if rest.starts_with(&letter) {
                next.push(place.saturating_add(letter.len()));
            }
        }
        places = skip_replacements(&pattern, next);
    }
    places.contains(&pattern.len())
}

/// Adds the positions after each replacement character that may stand for no letter; sorted, without duplicates.
fn skip_replacements(pattern: &str, mut places: Vec<usize>) -> Vec<usize> {
    let mut index = 0;
    while let Some(place) = places.get(index).copied() {
        if pattern.get(place..).is_some_and(|rest| rest.starts_with(REPLACEMENT_CHAR)) {
            places.push(place.saturating_add(1));
        }
        index += 1;
    }
    places.sort_unstable();
    places.dedup();
    places
}

/// Folds each letter to its a–z spelling, one element per letter: `ß` is a single letter despite folding to two.
fn fold_letters(name: &str) -> Vec<String> {
    let one = |letter: char| {
        if letter == REPLACEMENT_CHAR { REPLACEMENT_CHAR.to_string() } else { fold(&letter.to_string()) }
    };
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
            assert!(matches_roster_name(typed, roster), "{typed} {roster}");
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
            assert!(!matches_roster_name(typed, roster), "{typed} {roster}");
        }
    }

    #[test]
    fn a_long_name_of_lost_letters_costs_little() {
        let roster = "A?".repeat(50);
        assert!(matches_roster_name(&"ab".repeat(50), &roster));
        assert!(matches_roster_name(&"a".repeat(50), &roster));
        assert!(!matches_roster_name(&"a".repeat(101), &roster));
    }
}
