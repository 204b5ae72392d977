//! Names of persons: normalization, folding to letters, and matching of two spellings.
//!
//! A roster writes `N'DIAYE`, a parent types `n’diaye`: both fold to `ndiaye`. Identifiants, the search of an
//! activation and the limiter keys use the same folding; otherwise another spelling would give a second set of tries.
//! Folding never changes the displayed name: folded names are compared, not stored as names.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{latin, replacement_chars};

/// The maximum number of letters in the family part of an identifiant.
pub const MAX_STEM_LETTERS: usize = 30;

/// Reduces a name to a–z: NFKD, marks dropped, Latin letters without decomposition transliterated
/// ([`latin::transliterate`]), lower case, everything else dropped. Empty for names in other scripts. A stored result
/// (an identifiant, a limiter key) must never be compared with a newly folded name, because the table may gain letters.
pub fn fold(name: &str) -> String {
    fold_lossy(name).0
}

/// Folds the name, and returns true as the second value if a letter of another script was lost.
fn fold_lossy(name: &str) -> (String, bool) {
    let mut out = String::with_capacity(name.len());
    let mut lost = false;
    for letter in name.nfkd().flat_map(char::to_lowercase) {
        match (letter, latin::transliterate(letter)) {
            ('a'..='z', _) => out.push(letter),
            (_, Some(letters)) => out.push_str(letters),
            (other, None) => lost |= other.is_alphabetic() && !is_ignorable_mark(other),
        }
    }
    (out, lost)
}

/// True for marks, apostrophes and other signs that are not letters of a name, even if letters according to Unicode.
fn is_ignorable_mark(c: char) -> bool {
    is_combining_mark(c) || is_apostrophe(c) || is_modifier_apostrophe(c) || latin::is_ignored(c)
}

/// Returns `p.nom`, the identifiant before its digits: the first letter of the first given name, a dot, and the nom
/// d'usage if present, otherwise the nom de famille. An empty part becomes `x`.
pub fn identifier_stem(given: &str, family: &str, usage: Option<&str>) -> String {
    let initial = fold(given).chars().next().unwrap_or('x');
    let shown = usage.filter(|name| !normalize_name(name).is_empty()).unwrap_or(family);
    let mut rest: String = fold(shown).chars().take(MAX_STEM_LETTERS).collect();
    if rest.is_empty() {
        rest.push('x');
    }
    format!("{initial}.{rest}")
}

/// True if a typed family name matches the person's nom de famille or nom d'usage.
pub fn family_name_matches(typed: &str, family: &str, usage: Option<&str>) -> bool {
    names_match(typed, family) || usage.is_some_and(|name| names_match(typed, name))
}

/// The degree of a match between two given names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenMatch {
    Full,
    /// A match of the first word or with a replacement character, such as `Anne` and `Anne-Sophie`, or `Ayşe` and
    /// `AY?E`; sufficient only if a single given name is found.
    Partial,
}

/// Compares a typed given name with the roster name, in full and then by the first word (words end at blanks and
/// hyphens). `None` if neither matches.
pub fn match_given_name(typed: &str, roster: &str) -> Option<GivenMatch> {
    if names_match(typed, roster) {
        let read = !replacement_chars::has_replacement(roster) || casefold(typed) == casefold(roster);
        return Some(if read { GivenMatch::Full } else { GivenMatch::Partial });
    }
    let (typed, roster) = (normalize_name(typed), normalize_name(roster));
    let both = first_word(&typed).zip(first_word(&roster));
    both.filter(|(left, right)| names_match(left, right)).map(|_| GivenMatch::Partial)
}

/// Returns the canonical form of a typed name for limiter keys: all matching spellings have the same key.
pub fn canonical_key(text: &str) -> String {
    match fold_lossy(text) {
        (letters, false) if !letters.is_empty() => letters,
        _ => casefold(text),
    }
}

/// Returns the canonical form of a roster name, to distinguish names: a name with replacement characters is kept as
/// written, and so differs from the name without the lost letters.
pub fn roster_canonical_key(name: &str) -> String {
    if replacement_chars::has_replacement(name) { casefold(name) } else { canonical_key(name) }
}

/// Normalizes a name for storage and display: NFC, one blank between words, `'` for every apostrophe. Control and
/// invisible characters are removed, because names that look the same would differ.
pub fn normalize_name(text: &str) -> String {
    let seen: String = text
        .chars()
        .filter(|c| c.is_whitespace() || !(c.is_control() || is_invisible(*c)))
        .map(|c| if is_apostrophe(c) { '\'' } else { c })
        .nfc()
        .collect();
    let mut out = String::with_capacity(seen.len());
    for word in seen.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// True if both names fold to the same letters without loss; names in another script are compared as written. An empty
/// fold never matches; otherwise all Arabic names would match each other.
fn names_match(typed: &str, roster: &str) -> bool {
    match (fold_lossy(typed), fold_lossy(roster)) {
        ((_, false), (_, false)) if replacement_chars::has_replacement(roster) => {
            replacement_chars::matches_roster_name(typed, roster)
        }
        ((left, false), (right, false)) => !left.is_empty() && left == right,
        ((_, true), (_, true)) => casefold(typed) == casefold(roster),
        _ => false,
    }
}

/// Returns the name in NFC, case-folded, with one blank between words.
fn casefold(text: &str) -> String {
    let one = |c: char| if is_modifier_apostrophe(c) { '\'' } else { c };
    normalize_name(text)
        .to_uppercase()
        .to_lowercase()
        .chars()
        .map(one)
        .map(|c| if c == 'ς' { 'σ' } else { c })
        .nfc()
        .collect()
}

fn first_word(text: &str) -> Option<&str> {
    text.split(|c: char| c.is_whitespace() || is_hyphen(c)).find(|word| !word.is_empty())
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}')
}

/// True for apostrophes and the characters that people or programs use for an apostrophe.
fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`' | '\u{b4}' | '\u{2bc}' | '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '\u{ff07}')
}

/// True for letters often typed as an apostrophe: ʻokina, hamza and ʿayn, the prime. [`normalize_name`] keeps these
/// letters unchanged, because each is a letter of its own.
fn is_modifier_apostrophe(c: char) -> bool {
    matches!(c, '\u{2b9}' | '\u{2bb}' | '\u{2bd}'..='\u{2bf}' | '\u{2c8}' | '\u{2ee}')
}

/// True for characters invisible on a page: soft hyphen, joiners, directional marks, byte-order mark, tags, fillers,
/// variation selectors.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_reduced_to_letters() {
        for (name, letters) in [
            ("LEBŒUF", "leboeuf"),
            ("N'DIAYE", "ndiaye"),
            ("N\u{2019}Diaye", "ndiaye"),
            ("de La Tour-d'Auvergne", "delatourdauvergne"),
            ("Ægidius Straße", "aegidiusstrasse"),
            ("STRAẞE", "strasse"),
            ("Łukasz Đặng Øre Þór Ðan", "lukaszdangorethordan"),
            ("E\u{301}lie", "elie"),
            ("Ÿ", "y"),
            ("محمد", ""),
            ("42", ""),
        ] {
            assert_eq!(fold(name), letters, "{name}");
        }
    }

    #[test]
    fn the_stem_takes_the_usage_name_and_never_is_empty() {
        assert_eq!(identifier_stem("Fatou", "N'DIAYE", Some("LEBŒUF")), "f.leboeuf");
        assert_eq!(identifier_stem("Élie", "N'DIAYE", None), "e.ndiaye");
        assert_eq!(identifier_stem("Élie", "N'DIAYE", Some(" ")), "e.ndiaye");
        assert_eq!(identifier_stem("محمد", "李", None), "x.x");
        assert_eq!(identifier_stem("Anne", &"a".repeat(40), None), format!("a.{}", "a".repeat(30)));
    }

    #[test]
    fn either_family_name_agrees() {
        assert!(family_name_matches("lebœuf", "N'DIAYE", Some("LEBOEUF")));
        assert!(family_name_matches("n’diaye ", "N'DIAYE", Some("LEBŒUF")));
        assert!(!family_name_matches("Diaye", "N'DIAYE", None));
        assert!(!family_name_matches("", "", Some("")));
        assert!(!family_name_matches("-", "'", None));
    }

    #[test]
    fn other_scripts_compare_as_written_and_never_by_their_empty_fold() {
        assert!(family_name_matches("ИВАНОВ", "Иванов", None));
        assert!(family_name_matches("محمد", "محمد", None));
        assert!(!family_name_matches("محمد", "أحمد", None));
        assert!(!family_name_matches("محمد Ali", "Ali", None), "what folding loses is compared too");
        assert_eq!(match_given_name("محمد علي", "محمد"), Some(GivenMatch::Partial));
        assert_eq!(match_given_name("محمد", "علي"), None);
    }

    #[test]
    fn given_names_agree_whole_or_by_the_first_word() {
        assert_eq!(match_given_name("anne sophie", "Anne-Sophie"), Some(GivenMatch::Full));
        assert_eq!(match_given_name("Annesophie", "Anne-Sophie"), Some(GivenMatch::Full));
        assert_eq!(match_given_name("Anne", "Anne-Sophie"), Some(GivenMatch::Partial));
        assert_eq!(match_given_name("Anne\u{a0}Marie", "Anne"), Some(GivenMatch::Partial));
        assert_eq!(match_given_name("Sophie", "Anne-Sophie"), None);
        assert_eq!(match_given_name("", "Anne"), None);
        assert_eq!(match_given_name("-", "-"), None);
    }

    #[test]
    fn faults_c3_letters_without_decomposition_agree_with_what_siecle_writes_for_them() {
        for (typed, roster) in [
            ("Yıldız", "YILDIZ"),
            ("Dağlı", "DAGLI"),
            ("Əliyev", "ELIYEV"),
            ("Ŋgoma", "NGOMA"),
            ("Ħal Tarxien", "HAL TARXIEN"),
            ("Guŧorm", "GUTORM"),
            ("Col·lell Paraŀlel", "COLLELL PARALLEL"),
            ("Ĳsbrand", "IJSBRAND"),
            ("Ɔkɛlɛ Ɓaɗo", "OKELE BADO"),
            ("ǅuro", "DZURO"),
            ("ﬁlip", "FILIP"),
        ] {
            assert!(family_name_matches(typed, roster, None), "{typed}");
            assert!(family_name_matches(roster, typed, None), "{typed}, the other way round");
            assert_eq!(canonical_key(typed), canonical_key(roster), "one budget");
        }
        assert_eq!(identifier_stem("Ivan", "Yıldız", None), "i.yildiz");
    }

    #[test]
    fn faults_c3_every_apostrophe_counts_as_one() {
        for sign in "'`´\u{2bb}\u{2bc}\u{2bd}\u{2be}\u{2bf}\u{2018}\u{2019}\u{201b}\u{2032}\u{ff07}\u{a78c}".chars() {
            let typed = format!("N{sign}Diaye");
            assert!(family_name_matches(&typed, "N'DIAYE", None), "U+{:04X}", u32::from(sign));
            assert!(family_name_matches("ndiaye", &typed, None), "U+{:04X}", u32::from(sign));
            assert_eq!(
                (identifier_stem("A", &typed, None).as_str(), canonical_key(&typed).as_str()),
                ("a.ndiaye", "ndiaye")
            );
        }
        assert!(family_name_matches("Аб\u{2bc}в", "Аб\u{2bf}в", None), "in another script too");
        // A letter of a name stays unchanged; a substitute for an apostrophe becomes an apostrophe.
        assert_eq!(
            (normalize_name("\u{2bb}Eta"), normalize_name("D`Arcy")),
            ("\u{2bb}Eta".to_owned(), "D'Arcy".to_owned())
        );
    }

    #[test]
    fn faults_c4_a_given_name_that_lost_a_letter_agrees_partly_and_no_identifiant_has_it() {
        assert_eq!(match_given_name("Ayşe", "Ay?e"), Some(GivenMatch::Partial));
        assert_eq!(match_given_name("Ayşe", "Ay?e Nur"), Some(GivenMatch::Partial));
        assert_eq!(match_given_name("ay?e", "Ay?e"), Some(GivenMatch::Full), "as the school's paper has it");
        assert_eq!(match_given_name("Ay?e", "Ayşe"), None, "what is typed is no pattern");
        assert!(family_name_matches("Yıldızoğlu", "YILDIZO?LU", None) && !family_name_matches("Kaya", "?????", None));
        assert_eq!(identifier_stem("?afak", "YILDIZO?LU", None), "a.yildizolu");
        assert_ne!(roster_canonical_key("AY?E"), roster_canonical_key("AYE"));
    }

    #[test]
    fn clean_names_hold_nothing_unseen() {
        assert_eq!(normalize_name("  Marie\u{a0}\t Lou\u{200b}\u{202e} "), "Marie Lou");
        assert_eq!(normalize_name("N’Diaye"), "N'Diaye");
        assert_eq!(normalize_name("E\u{301}lie"), "Élie");
        assert_eq!(normalize_name("a\u{0}b\u{9c}"), "ab");
    }

    #[test]
    fn one_key_for_all_spellings() {
        assert_eq!(canonical_key(" N’Diaye"), canonical_key("n'DIAYE"));
        assert_eq!(canonical_key("ИВАНОВ"), canonical_key("иванов "));
        assert_ne!(canonical_key("محمد"), canonical_key("أحمد"));
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in ".{0,40}") {
            let once = normalize_name(&text);
            prop_assert_eq!(normalize_name(&once), once);
        }

        #[test]
        fn names_that_agree_have_one_key(left in "[a-zé' -]{0,4}", right in "[A-ZÉ’ -]{0,4}") {
            prop_assert!(!names_match(&left, &right) || canonical_key(&left) == canonical_key(&right));
        }
    }
}
