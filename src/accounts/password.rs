//! Password policy: the leaflet's rules as the minimum, and no easily guessed password.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use crate::base::date::BirthDate;
use crate::base::names::fold;

/// The special characters listed in the leaflet.
pub const SPECIAL_CHARACTERS: &str = "+-*/&@.!?;:()[]$£,%µ";
/// The maximum length of a password, in characters: a longer one adds no security and costs hashing time.
pub const MAX_PASSWORD_CHARS: usize = 128;

/// A password rule of the leaflet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordRule {
    Length,
    Lower,
    Upper,
    Digit,
    Sign,
}

/// The reason for rejecting a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordPolicyError {
    UnmetRules(Vec<PasswordRule>),
    TooLong,
    /// The password contains the person's name.
    Name,
    /// The password contains the identifiant.
    Identifiant,
    /// The password contains the school's name.
    School,
    /// The password contains the given name of a child, or a birth date.
    Child,
    /// The password is in the list of common passwords.
    Common,
}

/// Normalises a password to NFC before hashing. Never NFKC, which replaces µ with another letter.
pub fn normalize(typed: &str) -> String {
    typed.nfc().collect()
}

/// Returns the leaflet's rules that a password does not meet.
pub fn unmet_rules(password: &str) -> Vec<PasswordRule> {
    let has = |test: fn(char) -> bool| password.chars().any(test);
    let mut out = Vec::new();
    if password.chars().count() < 8 {
        out.push(PasswordRule::Length);
    }
    if !has(char::is_lowercase) {
        out.push(PasswordRule::Lower);
    }
    if !has(char::is_uppercase) {
        out.push(PasswordRule::Upper);
    }
    if !has(|c| c.is_ascii_digit()) {
        out.push(PasswordRule::Digit);
    }
    if !has(|c| SPECIAL_CHARACTERS.contains(c)) {
        out.push(PasswordRule::Sign);
    }
    out
}

/// The person's data that an attacker may know.
#[derive(Clone, Debug, Default)]
pub struct PasswordContext<'a> {
    pub identifiant: &'a str,
    pub names: Vec<&'a str>,
    pub schools: Vec<&'a str>,
    /// The given names of the children, or of the pupil.
    pub children: Vec<&'a str>,
    pub birth_dates: Vec<BirthDate>,
}

/// Common passwords that meet the leaflet's rules, one per line (the head of the file names the source).
const COMMON_PASSWORDS: &str = include_str!("common_passwords.txt");

/// Validates a normalised password.
pub fn validate(password: &str, known: &PasswordContext<'_>) -> Result<(), PasswordPolicyError> {
    if password.chars().count() > MAX_PASSWORD_CHARS {
        return Err(PasswordPolicyError::TooLong);
    }
    let lacking = unmet_rules(password);
    if !lacking.is_empty() {
        return Err(PasswordPolicyError::UnmetRules(lacking));
    }
    let folded = fold(password);
    let lower = password.to_lowercase();
    if !known.identifiant.is_empty() && lower.contains(known.identifiant) {
        return Err(PasswordPolicyError::Identifiant);
    }
    // Words of up to three letters are too common to be rejected.
    let holds = |text: &str| {
        text.split([' ', '-', '\'', '’']).map(fold).any(|word| word.len() >= 4 && folded.contains(&word))
            || (fold(text).len() >= 4 && folded.contains(&fold(text)))
    };
    if known.names.iter().any(|n| holds(n)) {
        return Err(PasswordPolicyError::Name);
    }
    // Only the distinctive words of a school's name are rejected: « collège » and « lycée » may be part of a
    // passphrase.
    let general = ["clg", "college", "lycee", "ecole", "notre", "dame", "saint", "sainte", "cite", "scolaire"];
    let school = |name: &str| {
        name.split([' ', '-', '\'', '’'])
            .map(fold)
            .any(|w| w.len() >= 4 && !general.contains(&w.as_str()) && folded.contains(&w))
    };
    if known.schools.iter().any(|s| school(s)) {
        return Err(PasswordPolicyError::School);
    }
    if known.children.iter().any(|n| holds(n)) || known.birth_dates.iter().any(|born| holds_date(password, *born)) {
        return Err(PasswordPolicyError::Child);
    }
    if is_common(password) || is_word_with_year(password) {
        return Err(PasswordPolicyError::Common);
    }
    Ok(())
}

/// True if the figures of a password, whatever stands between them, hold a date as people write it.
fn holds_date(password: &str, date: BirthDate) -> bool {
    let figures: String = password.chars().filter(char::is_ascii_digit).collect();
    let (day, month, year) = (date.day(), date.month(), date.year());
    let short = year.rem_euclid(100);
    [
        format!("{day:02}{month:02}{year:04}"),
        format!("{day:02}{month:02}{short:02}"),
        format!("{year:04}{month:02}{day:02}"),
    ]
    .iter()
    .any(|written| figures.contains(written))
}

/// The words that come to mind in front of a year: « Ecole2026! » has every sign that the rules ask for.
const WORDS_BEFORE_A_YEAR: [&str; 36] = [
    "ecole",
    "college",
    "lycee",
    "classe",
    "rentree",
    "scolaire",
    "vacances",
    "eleve",
    "parent",
    "parents",
    "enfant",
    "enfants",
    "maman",
    "papa",
    "famille",
    "bonjour",
    "soleil",
    "france",
    "motdepasse",
    "password",
    "compte",
    "janvier",
    "fevrier",
    "mars",
    "avril",
    "juin",
    "juillet",
    "aout",
    "septembre",
    "octobre",
    "novembre",
    "decembre",
    "printemps",
    "automne",
    "hiver",
    "noel",
];

/// True for one such word with a year of ours, in whatever order and with whatever signs, and nothing else. Only whoever
/// chooses a password is told: at a sign-in, a pupil who has one of these would be out until the school prints a sheet.
fn is_word_with_year(password: &str) -> bool {
    let figures: String = password.chars().filter(char::is_ascii_digit).collect();
    let is_year = figures.len() == 4 && (figures.starts_with("19") || figures.starts_with("20"));
    let letters: String = password.chars().filter(|c| c.is_alphabetic()).collect();
    is_year && WORDS_BEFORE_A_YEAR.contains(&fold(&letters).as_str())
}

/// True if the password is in the list of common passwords, whatever its case.
pub fn is_common(password: &str) -> bool {
    // Read once: every sign-in asks.
    static COMMON: LazyLock<HashSet<String>> =
        LazyLock::new(|| COMMON_PASSWORDS.lines().filter(|l| !l.starts_with('#')).map(str::to_lowercase).collect());
    COMMON.contains(&password.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_of_the_leaflet_is_told() {
        assert_eq!(
            unmet_rules(""),
            [PasswordRule::Length, PasswordRule::Lower, PasswordRule::Upper, PasswordRule::Digit, PasswordRule::Sign]
        );
        assert_eq!(unmet_rules("abcdefg1"), [PasswordRule::Upper, PasswordRule::Sign]);
        for sign in SPECIAL_CHARACTERS.chars() {
            assert_eq!(unmet_rules(&format!("Abcdef1{sign}")), [], "{sign}");
        }
        assert_eq!(unmet_rules("Abcdefg1#"), [PasswordRule::Sign], "# is not on the leaflet's list");
        assert_eq!(unmet_rules("École-2026"), []);
    }

    #[test]
    fn the_micro_sign_survives_normalisation() {
        assert_eq!(normalize("Abcdef1µ"), "Abcdef1\u{b5}");
        assert_eq!(normalize("e\u{301}"), "é");
    }

    #[test]
    fn what_is_guessed_at_once_is_refused() {
        let known = PasswordContext {
            identifiant: "f.leboeuf47",
            names: vec!["Fatou", "LEBŒUF"],
            schools: vec!["Clg Théodore Monod"],
            children: vec!["Anaïs", "Léo"],
            birth_dates: vec!["2013-02-04".parse().unwrap()],
        };
        assert_eq!(validate("F.leboeuf47!A", &known), Err(PasswordPolicyError::Identifiant));
        assert_eq!(validate("Lebœuf-2026", &known), Err(PasswordPolicyError::Name));
        assert_eq!(validate("Monod-2026!", &known), Err(PasswordPolicyError::School));
        assert_eq!(validate("P@ssw0rd", &known), Err(PasswordPolicyError::Common));
        for of_a_child in ["Mon-anais-7", "Né-le-04/02/2013", "Bebe.040213", "Cheval-2013-02-04"] {
            assert_eq!(validate(of_a_child, &known), Err(PasswordPolicyError::Child), "{of_a_child}");
        }
        assert_eq!(validate("Cheval-2013-bleu", &known), Ok(()), "a year alone is no date");
        for common in ["École2026!", "2026-Rentree", "Noel1999 !", "Septembre.2026"] {
            assert_eq!(validate(common, &known), Err(PasswordPolicyError::Common), "{common}");
        }
        assert_eq!(validate("Ecole-du-cheval-2026", &known), Ok(()));
        assert_eq!(validate("Cheval-bleu-7", &known), Ok(()));
        assert_eq!(validate(&format!("Aa1!{}", "x".repeat(125)), &known), Err(PasswordPolicyError::TooLong));
    }
}
