//! Names of people: how they are kept, how they are folded to letters, and when two spellings agree.
//!
//! A roster writes `N'DIAYE`, a parent types `n’diaye`: both fold to `ndiaye`. Identifiers, the search of an
//! activation and the keys of its budgets use the same folding, or a budget could be had twice by spelling.
//! This must never change how a name is shown: what is folded is compared, not kept.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::{latin, lost_letters};

/// Letters of the family part of an identifiant at most.
const STEM_LETTERS: usize = 30;

/// Reduces a name to a–z: NFKD, marks dropped, Latin letters without decomposition spelt out ([`latin::spelt`]), lower
/// case, everything else dropped. Empty for names in other scripts. What it gave once may be kept (an identifiant, the
/// key of a budget) and is never compared with what it gives now: a letter may be added to the table.
pub fn fold(name: &str) -> String {
    folded(name).0
}

/// The reduction, and whether some letter was lost by it (another script).
fn folded(name: &str) -> (String, bool) {
    let mut out = String::with_capacity(name.len());
    let mut lost = false;
    for letter in name.nfkd().flat_map(char::to_lowercase) {
        match (letter, latin::spelt(letter)) {
            ('a'..='z', _) => out.push(letter),
            (_, Some(letters)) => out.push_str(letters),
            (other, None) => lost |= other.is_alphabetic() && !is_sign(other),
        }
    }
    (out, lost)
}

/// What stands between or above letters, though Unicode may call it one.
fn is_sign(c: char) -> bool {
    is_combining_mark(c) || is_apostrophe(c) || is_modifier_apostrophe(c) || latin::is_left_out(c)
}

/// `p.nom`, the identifiant before its digits: first letter of the first given name, a dot, the nom d'usage
/// where there is one, else the nom de famille. An empty part becomes `x`.
pub fn stem(given: &str, family: &str, usage: Option<&str>) -> String {
    let initial = fold(given).chars().next().unwrap_or('x');
    let shown = usage.filter(|name| !clean(name).is_empty()).unwrap_or(family);
    let mut rest: String = fold(shown).chars().take(STEM_LETTERS).collect();
    if rest.is_empty() {
        rest.push('x');
    }
    format!("{initial}.{rest}")
}

/// Whether a typed family name is the person's nom de famille or nom d'usage.
pub fn family_agrees(typed: &str, family: &str, usage: Option<&str>) -> bool {
    agree(typed, family) || usage.is_some_and(|name| agree(typed, name))
}

/// How far two given names agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenMatch {
    Whole,
    /// `Anne` and `Anne-Sophie`, `Ayşe` and `AY?E`: enough as long as it finds one given name only.
    Partly,
}

/// Whether a typed given name is the roster's, whole or by its first word (words end at blanks and hyphens).
pub fn given_agrees(typed: &str, roster: &str) -> Option<GivenMatch> {
    if agree(typed, roster) {
        let read = !lost_letters::has_lost(roster) || as_written(typed) == as_written(roster);
        return Some(if read { GivenMatch::Whole } else { GivenMatch::Partly });
    }
    let (typed, roster) = (clean(typed), clean(roster));
    let both = first_word(&typed).zip(first_word(&roster));
    both.filter(|(left, right)| agree(left, right)).map(|_| GivenMatch::Partly)
}

/// The canonical form of what was typed, for the keys of budgets: spellings that agree have one key.
pub fn typed_key(text: &str) -> String {
    match folded(text) {
        (letters, false) if !letters.is_empty() => letters,
        _ => as_written(text),
    }
}

/// The same of a roster's name, to tell names apart: one that has lost a letter is no other.
pub fn roster_key(name: &str) -> String {
    if lost_letters::has_lost(name) { as_written(name) } else { typed_key(name) }
}

/// A name as it is kept and shown: NFC, one blank between words, `'` for every apostrophe, and without control
/// and invisible characters, which would make two names differ that look the same.
pub fn clean(text: &str) -> String {
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

/// Two names agree when their folds do and nothing was lost by folding; a name in another script is compared as
/// it is written. An empty fold never agrees, or every Arabic name would be every other.
fn agree(typed: &str, roster: &str) -> bool {
    match (folded(typed), folded(roster)) {
        ((_, false), (_, false)) if lost_letters::has_lost(roster) => lost_letters::agrees(typed, roster),
        ((left, false), (right, false)) => !left.is_empty() && left == right,
        ((_, true), (_, true)) => as_written(typed) == as_written(roster),
        _ => false,
    }
}

/// NFC, one blank between words, case folded.
fn as_written(text: &str) -> String {
    let one = |c: char| if is_modifier_apostrophe(c) { '\'' } else { c };
    clean(text).to_uppercase().to_lowercase().chars().map(one).map(|c| if c == 'ς' { 'σ' } else { c }).nfc().collect()
}

fn first_word(text: &str) -> Option<&str> {
    text.split(|c: char| c.is_whitespace() || is_hyphen(c)).find(|word| !word.is_empty())
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}')
}

/// What is typed, or put by a program, for an apostrophe.
fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`' | '\u{b4}' | '\u{2bc}' | '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2032}' | '\u{ff07}')
}

/// Letters that are written as an apostrophe where they are not at hand: ʻokina, hamza and ʿayn, the prime. They are
/// kept as they are, because they are not one.
fn is_modifier_apostrophe(c: char) -> bool {
    matches!(c, '\u{2b9}' | '\u{2bb}' | '\u{2bd}'..='\u{2bf}' | '\u{2c8}' | '\u{2ee}')
}

/// Characters that leave no trace on a page: soft hyphen, joiners, directions, byte-order mark, tags, fillers.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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
        assert_eq!(stem("Fatou", "N'DIAYE", Some("LEBŒUF")), "f.leboeuf");
        assert_eq!(stem("Élie", "N'DIAYE", None), "e.ndiaye");
        assert_eq!(stem("Élie", "N'DIAYE", Some(" ")), "e.ndiaye");
        assert_eq!(stem("محمد", "李", None), "x.x");
        assert_eq!(stem("Anne", &"a".repeat(40), None), format!("a.{}", "a".repeat(30)));
    }

    #[test]
    fn either_family_name_agrees() {
        assert!(family_agrees("lebœuf", "N'DIAYE", Some("LEBOEUF")));
        assert!(family_agrees("n’diaye ", "N'DIAYE", Some("LEBŒUF")));
        assert!(!family_agrees("Diaye", "N'DIAYE", None));
        assert!(!family_agrees("", "", Some("")));
        assert!(!family_agrees("-", "'", None));
    }

    #[test]
    fn other_scripts_compare_as_written_and_never_by_their_empty_fold() {
        assert!(family_agrees("ИВАНОВ", "Иванов", None));
        assert!(family_agrees("محمد", "محمد", None));
        assert!(!family_agrees("محمد", "أحمد", None));
        assert!(!family_agrees("محمد Ali", "Ali", None), "what folding loses is compared too");
        assert_eq!(given_agrees("محمد علي", "محمد"), Some(GivenMatch::Partly));
        assert_eq!(given_agrees("محمد", "علي"), None);
    }

    #[test]
    fn given_names_agree_whole_or_by_the_first_word() {
        assert_eq!(given_agrees("anne sophie", "Anne-Sophie"), Some(GivenMatch::Whole));
        assert_eq!(given_agrees("Annesophie", "Anne-Sophie"), Some(GivenMatch::Whole));
        assert_eq!(given_agrees("Anne", "Anne-Sophie"), Some(GivenMatch::Partly));
        assert_eq!(given_agrees("Anne\u{a0}Marie", "Anne"), Some(GivenMatch::Partly));
        assert_eq!(given_agrees("Sophie", "Anne-Sophie"), None);
        assert_eq!(given_agrees("", "Anne"), None);
        assert_eq!(given_agrees("-", "-"), None);
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
            assert!(family_agrees(typed, roster, None), "{typed}");
            assert!(family_agrees(roster, typed, None), "{typed}, the other way round");
            assert_eq!(typed_key(typed), typed_key(roster), "one budget");
        }
        assert_eq!(stem("Ivan", "Yıldız", None), "i.yildiz");
    }

    #[test]
    fn faults_c3_every_apostrophe_counts_as_one() {
        for sign in "'`´\u{2bb}\u{2bc}\u{2bd}\u{2be}\u{2bf}\u{2018}\u{2019}\u{201b}\u{2032}\u{ff07}\u{a78c}".chars() {
            let typed = format!("N{sign}Diaye");
            assert!(family_agrees(&typed, "N'DIAYE", None), "U+{:04X}", u32::from(sign));
            assert!(family_agrees("ndiaye", &typed, None), "U+{:04X}", u32::from(sign));
            assert_eq!((stem("A", &typed, None).as_str(), typed_key(&typed).as_str()), ("a.ndiaye", "ndiaye"));
        }
        assert!(family_agrees("Аб\u{2bc}в", "Аб\u{2bf}в", None), "in another script too");
        // What is a letter of a name stays in it; what stands for an apostrophe becomes one.
        assert_eq!((clean("\u{2bb}Eta"), clean("D`Arcy")), ("\u{2bb}Eta".to_owned(), "D'Arcy".to_owned()));
    }

    #[test]
    fn faults_c4_a_given_name_that_lost_a_letter_agrees_partly_and_no_identifiant_has_it() {
        assert_eq!(given_agrees("Ayşe", "Ay?e"), Some(GivenMatch::Partly));
        assert_eq!(given_agrees("Ayşe", "Ay?e Nur"), Some(GivenMatch::Partly));
        assert_eq!(given_agrees("ay?e", "Ay?e"), Some(GivenMatch::Whole), "as the school's paper has it");
        assert_eq!(given_agrees("Ay?e", "Ayşe"), None, "what is typed is no pattern");
        assert!(family_agrees("Yıldızoğlu", "YILDIZO?LU", None) && !family_agrees("Kaya", "?????", None));
        assert_eq!(stem("?afak", "YILDIZO?LU", None), "a.yildizolu");
        assert_ne!(roster_key("AY?E"), roster_key("AYE"));
    }

    #[test]
    fn clean_names_hold_nothing_unseen() {
        assert_eq!(clean("  Marie\u{a0}\t Lou\u{200b}\u{202e} "), "Marie Lou");
        assert_eq!(clean("N’Diaye"), "N'Diaye");
        assert_eq!(clean("E\u{301}lie"), "Élie");
        assert_eq!(clean("a\u{0}b\u{9c}"), "ab");
    }

    #[test]
    fn one_key_for_all_spellings() {
        assert_eq!(typed_key(" N’Diaye"), typed_key("n'DIAYE"));
        assert_eq!(typed_key("ИВАНОВ"), typed_key("иванов "));
        assert_ne!(typed_key("محمد"), typed_key("أحمد"));
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing(text in ".{0,40}") {
            let once = clean(&text);
            prop_assert_eq!(clean(&once), once);
        }

        #[test]
        fn names_that_agree_have_one_key(left in "[a-zé' -]{0,4}", right in "[A-ZÉ’ -]{0,4}") {
            prop_assert!(!agree(&left, &right) || typed_key(&left) == typed_key(&right));
        }
    }
}
