//! Identifiants of the form `p.nomXX`, with a random number among the free numbers of a stem
//! (docs/decisions/0031-identifiants.md).

use std::collections::HashSet;

use crate::base::names::MAX_STEM_LETTERS;
use crate::base::rng::Random;

/// Picks a random suffix not in `taken`: two digits, three digits once all hundred are taken, then four. `None` if
/// every suffix is taken.
pub fn pick_suffix(rng: &dyn Random, taken: &HashSet<String>) -> Option<String> {
    for digits in 2..=4usize {
        let all = 10u32.pow(u32::try_from(digits).unwrap_or(2));
        let used = taken.iter().filter(|s| s.len() == digits).count();
        if used >= all as usize {
            continue;
        }
        // Up to eight random picks; if all of them are taken, one among the free suffixes.
        for _ in 0..8 {
            let pick = format!("{:0digits$}", rng.below(all));
            if !taken.contains(&pick) {
                return Some(pick);
            }
        }
        let free: Vec<String> = (0..all).map(|n| format!("{n:0digits$}")).filter(|s| !taken.contains(s)).collect();
        let pick = rng.below(u32::try_from(free.len()).unwrap_or(1)) as usize;
        return free.get(pick).cloned();
    }
    None
}

/// Normalises a typed identifiant to the stored form: lowercase, without surrounding whitespace.
pub fn normalize(typed: &str) -> String {
    typed.trim().to_lowercase()
}

/// Parts an identifiant into stem and suffix; `None` if it is not of the form `p.nomXX`.
pub fn split(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| c.is_ascii_digit())?;
    let (stem, suffix) = text.split_at(end);
    let (initial, family) = stem.split_once('.')?;
    let letters = |part: &str, most| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase());
    let digits = (2..=4).contains(&suffix.len()) && suffix.bytes().all(|b| b.is_ascii_digit());
    (letters(initial, 1) && letters(family, MAX_STEM_LETTERS) && digits).then_some((stem, suffix))
}

/// True if a text has the form of an identifiant.
pub fn is_identifiant(text: &str) -> bool {
    (4..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::SeededRandom;

    #[test]
    fn a_hundred_then_three_digits_then_four_each_once() {
        let rng = SeededRandom::new(1);
        let mut taken = HashSet::new();
        for n in 0..11_100 {
            let s = pick_suffix(&rng, &taken).unwrap();
            assert_eq!(
                s.len(),
                if n < 100 {
                    2
                } else if n < 1_100 {
                    3
                } else {
                    4
                }
            );
            assert!(taken.insert(s));
        }
        assert_eq!(pick_suffix(&rng, &taken), None);
    }

    #[test]
    fn account_10_an_identifiant_of_the_form_has_a_stem_and_a_suffix() {
        assert_eq!(split("p.martin47"), Some(("p.martin", "47")));
        assert_eq!(split("x.x0012"), Some(("x.x", "0012")));
        for other in [
            "p.martin",
            "p.martin4",
            "p.martin12345",
            "martin47",
            "pa.martin47",
            "p.mar-tin47",
            "p.47",
            ".a47",
            "p.martin47a",
            "P.martin47",
            "p.martin٤٧",
            "",
        ] {
            assert_eq!(split(other), None, "{other}");
        }
        assert_eq!(split(&format!("p.{}47", "a".repeat(31))), None);
    }

    #[test]
    fn blanks_and_capitals_do_not_matter() {
        assert_eq!(normalize("  F.LeBoeuf47 "), "f.leboeuf47");
        assert!(is_identifiant("x.x00") && !is_identifiant("a b") && !is_identifiant(""));
    }
}
