//! The words by which people are searched: folded, so that accents, capitals, hyphens and order do not count.

use crate::base::names::{canonical_key, fold};

/// The maximum number of words of a name or of a query.
pub const MAX_SEARCH_WORDS: usize = 8;
/// The maximum length of a word, in characters.
const MAX_WORD_CHARS: usize = 40;

fn parts(text: &str) -> impl Iterator<Item = String> {
    let split = |c: char| c.is_whitespace() || matches!(c, '-' | '‐' | '‑' | '–' | '\'' | '’' | '.' | ',' | '_' | '/');
    text.split(split).map(canonical_key).map(|word| word.chars().take(MAX_WORD_CHARS).collect::<String>())
}

/// Returns the words of a name, and the name as one word: `LE BŒUF` has `le`, `boeuf` and `leboeuf`.
pub fn name_words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = parts(name).filter(|word| !word.is_empty()).take(MAX_SEARCH_WORDS).collect();
    if words.len() > 1 {
        let whole: String = fold(name).chars().take(MAX_WORD_CHARS).collect();
        words.extend(Some(whole).filter(|whole| !whole.is_empty()));
    }
    words.sort();
    words.dedup();
    words
}

/// Returns the words of several names, each once.
pub fn words_of<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut words: Vec<String> = names.into_iter().flat_map(name_words).collect();
    words.sort();
    words.dedup();
    words
}

/// A searched text, in words. The longest comes first: it leaves the fewest to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchWords(Vec<String>);

impl SearchWords {
    /// Reads a typed text; `None` if it has no word, or one letter alone.
    pub fn parse(typed: &str) -> Option<Self> {
        let mut words: Vec<String> = parts(typed).filter(|word| !word.is_empty()).take(MAX_SEARCH_WORDS).collect();
        words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
        words.dedup();
        words.first().is_some_and(|word| word.chars().count() > 1).then_some(Self(words))
    }

    /// Returns the words.
    pub fn words(&self) -> &[String] {
        &self.0
    }

    /// True if each searched word begins one of the words, in any order.
    pub fn matches(&self, words: &[String]) -> bool {
        self.0.iter().all(|searched| words.iter().any(|word| word.starts_with(searched.as_str())))
    }

    /// True if each searched word is nearly one of the words: `lebeuf` and `leboeuf`.
    pub fn is_near(&self, words: &[String]) -> bool {
        let near = |searched: &String| {
            words.iter().any(|word| {
                word.starts_with(searched.as_str())
                    || (searched.chars().count() >= 4 && strsim::jaro_winkler(word, searched) > 0.92)
            })
        };
        self.0.iter().all(near)
    }
}

/// Returns the bounds between which the words lie that begin with a prefix, in the order of either database. A word of
/// another script is searched whole, because its order is the database's own.
pub fn prefix_bounds(word: &str) -> (String, String) {
    let is_latin = word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let upper = if is_latin { format!("{word}zzzzzzzzzzzzzzzz") } else { word.to_owned() };
    (word.to_owned(), upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(typed: &str, names: &[&str]) -> bool {
        SearchWords::parse(typed).is_some_and(|searched| searched.matches(&words_of(names.iter().copied())))
    }

    #[test]
    fn accents_hyphens_order_and_capitals_do_not_count() {
        let names = ["LE BŒUF-MARTÍ", "N'DIAYE", "Fatou Marie"];
        for typed in ["le bœuf", "LEBOEUF", "marti", "fatou lebo", "ndiaye", "n'diaye", "marie  fatou", "Le-Bœuf"] {
            assert!(finds(typed, &names), "{typed}");
        }
        for typed in ["boeufle", "fatou durand", "", " ", "x", "%", "_", "-'", "oeuf"] {
            assert!(!finds(typed, &names), "{typed}");
        }
        assert!(finds("محمد", &["محمد"]) && !finds("علي", &["محمد"]));
    }

    #[test]
    fn a_name_that_is_nearly_so_is_near() {
        let words = words_of(["LEBEUF", "Sandra"]);
        assert!(SearchWords::parse("leboeuf").unwrap().is_near(&words));
        assert!(!SearchWords::parse("durand").unwrap().is_near(&words));
    }

    #[test]
    fn a_text_of_ten_thousand_letters_is_cut_and_one_letter_searches_nothing() {
        let long = SearchWords::parse(&"abc ".repeat(2_500)).unwrap();
        assert_eq!(long.words(), ["abc"]);
        assert_eq!(SearchWords::parse(&"a".repeat(10_000)).unwrap().words()[0].len(), MAX_WORD_CHARS);
        assert_eq!(SearchWords::parse("é"), None);
        assert_eq!(SearchWords::parse("a b"), None);
        assert_eq!(prefix_bounds("leb").0, "leb");
        assert!(prefix_bounds("leb").1.as_str() > "lebzz" && prefix_bounds("محمد").1 == "محمد");
    }
}
