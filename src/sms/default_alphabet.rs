//! Texts in the default alphabet of SMS, and the number of SMS that they are billed as (3GPP TS 23.038, 6.2.1).

use unicode_normalization::UnicodeNormalization as _;

/// The letters with a mark that the default alphabet of SMS has (3GPP TS 23.038, 6.2.1).
const GSM7_MARKED: &str = "èéùìòÇØøÅåÆæßÉÄÖÑÜäöñüà";

/// Writes a text in the default alphabet of SMS: one sign outside of it would halve the length of the message. Names
/// lose a mark; a sign of another script becomes a question mark.
pub fn to_default_alphabet(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{a0}' | '\u{202f}' => " ".to_owned(),
        '’' => "'".to_owned(),
        'œ' => "oe".to_owned(),
        'Œ' => "OE".to_owned(),
        c if c.is_ascii() || GSM7_MARKED.contains(c) => c.to_string(),
        c => {
            let base: String = std::iter::once(c).nfd().filter(char::is_ascii).collect();
            if base.is_empty() { "?".to_owned() } else { base }
        }
    };
    text.nfc().map(plain).collect()
}

/// The characters of a single message, and of each part of a longer one.
const MESSAGE_CHARS: usize = 160;
const PART_CHARS: usize = 153;
/// The characters that count twice.
const EXTENSION: &str = "^{}\\[]~|€";

/// Returns the number of SMS that a text in the default alphabet is billed as.
pub fn count_segments(text: &str) -> usize {
    let doubled = text.chars().filter(|c| EXTENSION.contains(*c)).count();
    match text.chars().count() + doubled {
        0..=MESSAGE_CHARS => 1,
        length => length.div_ceil(PART_CHARS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_the_marks_that_sms_has_not() {
        assert_eq!(
            to_default_alphabet("Pour Noël : été, forêt, cœur, l’École,\u{a0}Đ 李"),
            "Pour Noel : été, foret, coeur, l'École, ? ?"
        );
    }

    #[test]
    fn a_long_text_is_billed_as_several() {
        for (length, segments) in [(0, 1), (160, 1), (161, 2), (306, 2), (307, 3)] {
            assert_eq!(count_segments(&"é".repeat(length)), segments, "{length}");
        }
        assert_eq!(count_segments(&format!("{}[", "a".repeat(159))), 2);
    }
}
