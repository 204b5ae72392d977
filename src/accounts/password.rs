//! What a password must be: the leaflet's rules as the floor, and nothing that is guessed at once.

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use crate::base::names::fold;

/// The leaflet's signs.
pub const SIGNS: &str = "+-*/&@.!?;:()[]$£,%µ";
/// Longest password, in characters: beyond it nothing is gained, and hashing costs.
pub const LONGEST: usize = 128;

/// One rule of the leaflet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    Length,
    Lower,
    Upper,
    Digit,
    Sign,
}

/// Why a password is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    Missing(Vec<Rule>),
    TooLong,
    /// It holds the person's name.
    Name,
    /// It holds the identifiant.
    Identifiant,
    /// It holds the school's name.
    School,
    /// It is on a list that attackers try first.
    Common,
}

/// The form that is hashed: NFC. Never NFKC, which turns µ into another letter.
pub fn normal(typed: &str) -> String {
    typed.nfc().collect()
}

/// Which of the leaflet's rules a text does not meet.
pub fn missing(password: &str) -> Vec<Rule> {
    let has = |test: fn(char) -> bool| password.chars().any(test);
    let mut out = Vec::new();
    if password.chars().count() < 8 {
        out.push(Rule::Length);
    }
    if !has(char::is_lowercase) {
        out.push(Rule::Lower);
    }
    if !has(char::is_uppercase) {
        out.push(Rule::Upper);
    }
    if !has(|c| c.is_ascii_digit()) {
        out.push(Rule::Digit);
    }
    if !has(|c| SIGNS.contains(c)) {
        out.push(Rule::Sign);
    }
    out
}

/// What a guesser knows of the person.
#[derive(Clone, Debug, Default)]
pub struct Known<'a> {
    pub identifiant: &'a str,
    pub names: Vec<&'a str>,
    pub schools: Vec<&'a str>,
}

/// Common passwords that meet the leaflet's rules, one a line (see the file's head for its source).
const COMMON: &str = include_str!("common_passwords.txt");

/// Judges a normalised password.
pub fn judge(password: &str, known: &Known<'_>) -> Result<(), Refused> {
    if password.chars().count() > LONGEST {
        return Err(Refused::TooLong);
    }
    let lacking = missing(password);
    if !lacking.is_empty() {
        return Err(Refused::Missing(lacking));
    }
    let folded = fold(password);
    let lower = password.to_lowercase();
    if !known.identifiant.is_empty() && lower.contains(known.identifiant) {
        return Err(Refused::Identifiant);
    }
    // Words of three letters and less stand in half of all sentences.
    let holds = |text: &str| {
        text.split([' ', '-', '\'', '’']).map(fold).any(|word| word.len() >= 4 && folded.contains(&word))
            || (fold(text).len() >= 4 && folded.contains(&fold(text)))
    };
    if known.names.iter().any(|n| holds(n)) {
        return Err(Refused::Name);
    }
    // Of a school only what names it: « collège » and « lycée » are words that a phrase may hold.
    let general = ["clg", "college", "lycee", "ecole", "notre", "dame", "saint", "sainte", "cite", "scolaire"];
    let school = |name: &str| {
        name.split([' ', '-', '\'', '’'])
            .map(fold)
            .any(|w| w.len() >= 4 && !general.contains(&w.as_str()) && folded.contains(&w))
    };
    if known.schools.iter().any(|s| school(s)) {
        return Err(Refused::School);
    }
    if COMMON.lines().filter(|l| !l.starts_with('#')).any(|l| l.to_lowercase() == lower) {
        return Err(Refused::Common);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_of_the_leaflet_is_told() {
        assert_eq!(missing(""), [Rule::Length, Rule::Lower, Rule::Upper, Rule::Digit, Rule::Sign]);
        assert_eq!(missing("abcdefg1"), [Rule::Upper, Rule::Sign]);
        for sign in SIGNS.chars() {
            assert_eq!(missing(&format!("Abcdef1{sign}")), [], "{sign}");
        }
        assert_eq!(missing("Abcdefg1#"), [Rule::Sign], "# is not on the leaflet's list");
        assert_eq!(missing("École-2026"), []);
    }

    #[test]
    fn the_micro_sign_survives_normalisation() {
        assert_eq!(normal("Abcdef1µ"), "Abcdef1\u{b5}");
        assert_eq!(normal("e\u{301}"), "é");
    }

    #[test]
    fn what_is_guessed_at_once_is_refused() {
        let known =
            Known { identifiant: "f.leboeuf47", names: vec!["Fatou", "LEBŒUF"], schools: vec!["Clg Théodore Monod"] };
        assert_eq!(judge("F.leboeuf47!A", &known), Err(Refused::Identifiant));
        assert_eq!(judge("Lebœuf-2026", &known), Err(Refused::Name));
        assert_eq!(judge("Monod-2026!", &known), Err(Refused::School));
        assert_eq!(judge("P@ssw0rd", &known), Err(Refused::Common));
        assert_eq!(judge("Cheval-bleu-7", &known), Ok(()));
        assert_eq!(judge(&format!("Aa1!{}", "x".repeat(125)), &known), Err(Refused::TooLong));
    }
}
