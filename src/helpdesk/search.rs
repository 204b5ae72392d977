//! The one box of a help desk: the form of the text decides what is searched.

use crate::accounts::identifier;
use crate::base::uai::Uai;
use crate::roster::search::SearchWords;

/// The longest text that is read, in characters.
pub const MAX_QUERY_CHARS: usize = 200;
/// The number of lines of a result.
pub const MAX_HITS: usize = 50;

/// A searched text, by its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HelpdeskQuery {
    /// A support code, `K7P-4MX`.
    Code(String),
    /// An identifiant, whole.
    Identifiant(String),
    /// The last two to four digits of a number.
    PhoneEnd(String),
    School(Uai),
    /// A UAI whose letter is wrong.
    WrongUai,
    Words(SearchWords),
    /// Nothing that could be searched: empty, one letter, signs alone.
    TooShort,
}

/// Reads a typed text.
pub fn parse_query(typed: &str) -> HelpdeskQuery {
    let typed: String = typed.trim().chars().take(MAX_QUERY_CHARS).collect();
    let compact: String = typed.split_whitespace().collect();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if is_support_code(&compact) {
        return HelpdeskQuery::Code(compact.to_uppercase());
    }
    if digits(&compact) && (2..=4).contains(&compact.len()) {
        return HelpdeskQuery::PhoneEnd(compact);
    }
    if compact.len() == 8 && compact.get(..7).is_some_and(digits) {
        return Uai::parse(&compact).map_or(HelpdeskQuery::WrongUai, HelpdeskQuery::School);
    }
    let folded = identifier::normalize(&typed);
    let ends_in_digits = folded.bytes().rev().take(2).all(|b| b.is_ascii_digit());
    if identifier::is_identifiant(&folded) && folded.contains('.') && ends_in_digits {
        return HelpdeskQuery::Identifiant(folded);
    }
    SearchWords::parse(&typed).map_or(HelpdeskQuery::TooShort, HelpdeskQuery::Words)
}

/// True for three and three signs of the alphabet of support codes, with a hyphen.
fn is_support_code(text: &str) -> bool {
    let sign = |b: u8| b.is_ascii_alphanumeric() && !b"01ILOilo".contains(&b);
    match text.split_once('-') {
        Some((first, second)) => {
            [first, second].iter().all(|half| half.len() == 3 && half.bytes().all(sign))
                && text.bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_the_text_decides() {
        use HelpdeskQuery as Q;
        let words = |typed: &str| Q::Words(SearchWords::parse(typed).unwrap());
        for (typed, read) in [
            (" K7P-4MX ", Q::Code("K7P-4MX".into())),
            ("k7p-4mx", Q::Code("K7P-4MX".into())),
            ("S.Leboeuf41", Q::Identifiant("s.leboeuf41".into())),
            ("41", Q::PhoneEnd("41".into())),
            ("07 41", Q::PhoneEnd("0741".into())),
            ("0349999j", Q::School(Uai::parse("0349999J").unwrap())),
            ("0349999K", Q::WrongUai),
            ("leboeuf", words("leboeuf")),
            ("Le Bœuf Anaïs", words("Le Bœuf Anaïs")),
            ("s.leboeuf", words("s.leboeuf")),
            ("lea-eva", words("lea-eva")),
            ("%", Q::TooShort),
            ("x", Q::TooShort),
            ("", Q::TooShort),
            ("7", Q::TooShort),
        ] {
            assert_eq!(parse_query(typed), read, "{typed}");
        }
        assert!(matches!(parse_query(&"dupont ".repeat(2_000)), Q::Words(_)));
    }
}
