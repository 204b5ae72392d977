//! Passwords to choose from, for pupils: three words and a number, « Tigre-lune-velo527 ».

use crate::accounts::password::{self, PasswordContext};
use crate::base::rng::Random;

/// Short French words without accents, one a line: the French word list of BIP-39, whose words differ in their first
/// four letters. Its origin and licence are in `idea_words.LICENSE.txt`.
const IDEA_WORDS: &str = include_str!("idea_words.txt");
/// The number of words: each is worth 11 bits.
pub const IDEA_WORD_COUNT: u32 = 2_048;
/// The number of ideas on a page.
const IDEAS_SHOWN: usize = 3;
/// The number of draws, of which a few may have the name of the pupil or the school.
const MAX_IDEA_DRAWS: usize = 30;

/// Draws ideas of 43 bits each. They meet the rules for passwords, also those about the person.
pub fn draw(rng: &dyn Random, known: &PasswordContext<'_>) -> Vec<String> {
    let words: Vec<&str> = IDEA_WORDS.lines().collect();
    let draws = (0..MAX_IDEA_DRAWS).map(|_| draw_one(rng, &words));
    draws.filter(|idea| password::validate(idea, known).is_ok()).take(IDEAS_SHOWN).collect()
}

fn draw_one(rng: &dyn Random, words: &[&str]) -> String {
    let count = u32::try_from(words.len()).unwrap_or(1);
    let word = || words.get(rng.below(count) as usize).copied().unwrap_or_default();
    let mut first = word().to_owned();
    if let Some(initial) = first.get_mut(..1) {
        initial.make_ascii_uppercase();
    }
    let (second, third) = (word(), word());
    format!("{first}-{second}-{third}{:03}", rng.below(1_000))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::base::rng::SeededRandom;

    #[test]
    fn the_words_are_plain_and_each_stands_once() {
        let words: BTreeSet<&str> = IDEA_WORDS.lines().collect();
        assert_eq!(words.len() as u32, IDEA_WORD_COUNT);
        assert_eq!(IDEA_WORDS.lines().count() as u32, IDEA_WORD_COUNT);
        for word in words {
            assert!((4..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase()), "{word}");
        }
    }

    #[test]
    fn ideas_meet_the_rules_and_name_nobody() {
        let (names, schools) = (vec!["Anaïs", "Tigre"], vec!["Lune"]);
        let known = PasswordContext { identifiant: "a.tigre12", names, schools, ..PasswordContext::default() };
        let mut seen = BTreeSet::new();
        for seed in 0..500 {
            let ideas = draw(&SeededRandom::new(seed), &known);
            assert_eq!(ideas.len(), IDEAS_SHOWN);
            for idea in ideas {
                assert!(password::validate(&idea, &known).is_ok(), "{idea}");
                assert!(seen.insert(idea));
            }
        }
    }
}
