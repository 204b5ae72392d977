//! The code of a letter: `K7PM-4HXA-9RTC`, typed by hand from paper.
//!
//! Eleven signs are drawn and the last one checks them, so that a slip of the reader is told at once and costs no try.
//! The alphabet leaves out what is confused on paper: 0 and O; 1, I and L; 2 and Z; 5 and S; 8 and B; G and Q.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::base::names::is_invisible;
use crate::base::rng::Random;

/// The signs of a code. Their number is a prime: the check rests on that.
pub const LETTER_CODE_ALPHABET: &[u8; 23] = b"ACDEFHJKMNPRTUVWXY34679";
/// The number of signs of a code, with its check sign and without hyphens.
pub const LETTER_CODE_SIGNS: usize = 12;

/// The number of signs between two hyphens of a printed code.
const GROUP_SIGNS: usize = 4;
/// The signs that a reader takes for another one, none of which a code has.
const CONFUSABLE_SIGNS: &[u8; 5] = b"0O1IL";
/// The maximum length of typed text that is read at all, in bytes: a code in wide forms with blanks between its signs.
const MAX_TYPED_BYTES: usize = 200;
/// The number that, multiplied by the check sign's weight (12), leaves 1 modulo 23.
const INVERSE_OF_LAST_WEIGHT: u32 = 2;

/// A code with the right check sign. Whoever has it and knows a birth date takes the account: `Debug` never prints it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct LetterCode([u8; LETTER_CODE_SIGNS]);

/// The reasons to reject typed text as a code; each has its own message, and none counts as a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LetterCodeError {
    #[error("not in the form of a letter's code")]
    WrongForm,
    /// The text has 0, O, 1, I or L, which no code has.
    #[error("a sign that no letter's code has: 0, O, 1, I or L")]
    ConfusableSign,
    /// The check sign does not agree, or there is another sign that no code has.
    #[error("a slip in the letter's code")]
    Slip,
}

impl LetterCode {
    /// Draws a new code, each with the same probability: 49.7 bits.
    pub fn draw(rng: &dyn Random) -> Self {
        let mut values = [0u32; LETTER_CODE_SIGNS];
        for value in values.iter_mut().take(LETTER_CODE_SIGNS - 1) {
            *value = rng.below(modulus());
        }
        let check = (modulus() - weighted_sum(&values)) * INVERSE_OF_LAST_WEIGHT % modulus();
        if let Some(last) = values.last_mut() {
            *last = check;
        }
        let code = LetterCode(values.map(sign_of));
        values.zeroize();
        code
    }

    /// Parses typed text: small letters, wide forms, blanks and hyphens are taken wherever they stand.
    pub fn parse(typed: &str) -> Result<Self, LetterCodeError> {
        let signs = typed_signs(typed).ok_or(LetterCodeError::WrongForm)?;
        if signs.iter().any(|sign| CONFUSABLE_SIGNS.contains(sign)) {
            return Err(LetterCodeError::ConfusableSign);
        }
        let mut values = [0u32; LETTER_CODE_SIGNS];
        for (value, sign) in values.iter_mut().zip(signs) {
            *value = value_of(sign).ok_or(LetterCodeError::Slip)?;
        }
        if weighted_sum(&values) == 0 { Ok(LetterCode(signs)) } else { Err(LetterCodeError::Slip) }
    }

    /// Returns the twelve signs without hyphens, the form of which a digest is stored.
    pub fn as_str(&self) -> &str {
        // The signs are ASCII, so that this never fails.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Returns the code as printed: `K7PM-4HXA-9RTC`.
    pub fn to_printed_form(&self) -> String {
        let mut out = String::with_capacity(LETTER_CODE_SIGNS + 2);
        for (place, sign) in self.0.iter().enumerate() {
            if place > 0 && place % GROUP_SIGNS == 0 {
                out.push('-');
            }
            out.push(char::from(*sign));
        }
        out
    }
}

impl fmt::Debug for LetterCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LetterCode(…)")
    }
}

/// True if text typed as a password has the form of a code: twelve signs of the alphabet, letters of one case only. No
/// valid password has this form, because a password has letters of both cases.
pub fn looks_like_a_code(text: &str) -> bool {
    let both_cases = text.chars().any(char::is_lowercase) && text.chars().any(char::is_uppercase);
    !both_cases && typed_signs(text).is_some_and(|signs| signs.iter().all(|sign| value_of(*sign).is_some()))
}

/// Returns the twelve letters and digits of typed text in upper case; `None` if there are more, fewer or others.
fn typed_signs(typed: &str) -> Option<[u8; LETTER_CODE_SIGNS]> {
    if typed.len() > MAX_TYPED_BYTES {
        return None;
    }
    let mut signs = [0u8; LETTER_CODE_SIGNS];
    let mut places = signs.iter_mut();
    for c in typed.chars().filter(|c| !is_separator(*c)) {
        let sign = u8::try_from(to_narrow_form(c)).ok().filter(u8::is_ascii_alphanumeric)?;
        *places.next()? = sign.to_ascii_uppercase();
    }
    places.next().is_none().then_some(signs)
}

/// True for what people and keyboards put between the groups: blanks, hyphens and dashes, invisible characters.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || is_invisible(c)
        || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

/// Returns the ASCII character of a wide form (U+FF01 to U+FF5E), and others unchanged.
fn to_narrow_form(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

/// Returns the sum of the values, each multiplied by its place from 1 on, modulo 23. Of a right code it is 0.
///
/// The weights 1 to 12 differ and none is 0 modulo the prime 23. So one other sign, or two signs that change places,
/// always make another sum.
fn weighted_sum(values: &[u32; LETTER_CODE_SIGNS]) -> u32 {
    values.iter().zip(1u32..).map(|(value, weight)| value * weight).sum::<u32>() % modulus()
}

fn modulus() -> u32 {
    u32::try_from(LETTER_CODE_ALPHABET.len()).unwrap_or(1)
}

fn value_of(sign: u8) -> Option<u32> {
    let place = LETTER_CODE_ALPHABET.iter().position(|known| *known == sign)?;
    u32::try_from(place).ok()
}

fn sign_of(value: u32) -> u8 {
    let place = usize::try_from(value).unwrap_or_default();
    LETTER_CODE_ALPHABET.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::accounts::password::{self, PasswordContext};
    use crate::base::rng::SeededRandom;

    fn drawn(seed: u64) -> LetterCode {
        LetterCode::draw(&SeededRandom::new(seed))
    }

    fn read(typed: &str) -> Result<String, LetterCodeError> {
        LetterCode::parse(typed).map(|code| code.as_str().to_owned())
    }

    #[test]
    fn a_code_is_taken_as_people_type_it() {
        let code = drawn(1);
        let (plain, printed) = (code.as_str().to_owned(), code.to_printed_form());
        assert_eq!((printed.len(), printed.matches('-').count()), (14, 2));
        let wide: String = printed.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
        let spelled: String = plain.chars().flat_map(|c| [c, ' ']).collect();
        for typed in [
            printed.to_lowercase(),
            printed.replace('-', " "),
            printed.replace('-', "\u{a0}\u{2013} "),
            format!("\t{plain}\r\n"),
            wide.to_lowercase(),
            format!("\u{200b}{spelled}"),
            printed,
        ] {
            assert_eq!(read(&typed).as_deref(), Ok(plain.as_str()), "{typed:?}");
            assert!(looks_like_a_code(&typed), "{typed:?}");
        }
        assert_eq!(format!("{code:?}"), "LetterCode(…)");
    }

    #[test]
    fn each_fault_has_its_own_error() {
        let code = drawn(2).to_printed_form();
        let rest = code.get(1..).unwrap();
        for sign in "0O1ILoil".chars() {
            assert_eq!(read(&format!("{sign}{rest}")).unwrap_err(), LetterCodeError::ConfusableSign, "{sign}");
        }
        for sign in "2Z5S8BGQz".chars() {
            assert_eq!(read(&format!("{sign}{rest}")).unwrap_err(), LetterCodeError::Slip, "{sign}");
        }
        for typed in
            ["", "-", rest, &format!("{code}A"), &format!("é{rest}"), &format!("Ｋ.{rest}"), &"A".repeat(9_000)]
        {
            assert_eq!(read(typed).unwrap_err(), LetterCodeError::WrongForm, "{typed:?}");
        }
    }

    #[test]
    fn a_mixed_case_is_read_on_the_letters_page_and_is_a_password_elsewhere() {
        let code = drawn(3).as_str().to_owned();
        let first = code.chars().position(char::is_alphabetic).unwrap();
        let mixed: String =
            code.chars().enumerate().map(|(n, c)| if n == first { c.to_ascii_lowercase() } else { c }).collect();
        assert!(read(&mixed).is_ok() && !looks_like_a_code(&mixed));
    }

    #[test]
    fn every_sign_is_drawn_equally_often_at_every_place() {
        let rng = SeededRandom::new(4);
        let draws = 23_000;
        let mut counts = [[0u32; 23]; LETTER_CODE_SIGNS];
        for _ in 0..draws {
            for (row, sign) in counts.iter_mut().zip(LetterCode::draw(&rng).0) {
                row[value_of(sign).unwrap() as usize] += 1;
            }
        }
        // 1 000 expected each, standard deviation 31: six of them.
        for count in counts.as_flattened() {
            assert!((810..=1_190).contains(count), "{count}");
        }
    }

    proptest! {
        #[test]
        fn a_drawn_code_is_read_again(seed in any::<u64>()) {
            let code = drawn(seed);
            prop_assert_eq!(read(&code.to_printed_form()), Ok(code.as_str().to_owned()));
            prop_assert!(looks_like_a_code(code.as_str()) && looks_like_a_code(&code.as_str().to_lowercase()));
        }

        /// One wrong sign, or two signs that changed places, are always noticed.
        #[test]
        fn no_slip_becomes_another_code(seed in any::<u64>()) {
            let code = drawn(seed);
            for place in 0..LETTER_CODE_SIGNS {
                for sign in LETTER_CODE_ALPHABET {
                    let mut other = code.0;
                    other[place] = *sign;
                    let typed = std::str::from_utf8(&other).unwrap();
                    prop_assert_eq!(read(typed).is_ok(), other == code.0);
                }
                for with in 0..place {
                    let mut other = code.0;
                    other.swap(place, with);
                    prop_assert_eq!(read(std::str::from_utf8(&other).unwrap()).is_ok(), other == code.0);
                }
            }
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,60}") {
            if let Ok(code) = LetterCode::parse(&text) {
                prop_assert_eq!(read(&code.to_printed_form()), Ok(code.as_str().to_owned()));
            }
            let _ = looks_like_a_code(&text);
        }

        /// Text that is close to a code finds more of the reader's ways than any text.
        #[test]
        fn what_is_nearly_a_code_is_read_without_panic(
            text in "[A-Za-z0-9Ａ-Ｚａ-ｚ０-９ᴬᵃªⅯ \u{a0}\u{2011}\u{ad}-]{10,16}"
        ) {
            let looks = looks_like_a_code(&text);
            match LetterCode::parse(&text) {
                Ok(code) => prop_assert!(code.0.iter().all(|sign| LETTER_CODE_ALPHABET.contains(sign))),
                Err(LetterCodeError::WrongForm | LetterCodeError::ConfusableSign) => prop_assert!(!looks),
                Err(LetterCodeError::Slip) => {}
            }
        }

        /// A text taken as a code in the field of a password is no valid password.
        #[test]
        fn no_password_looks_like_a_code(
            signs in "[ACDEFHJKMNPRTUVWXY34679]{12}",
            case in any::<u16>(),
            separators in proptest::collection::vec((0usize..=12, "[-\u{a0} \u{2013}\u{ff0d}+*/&@.!?;:$£%µªᴬＡａ]"), 0..4),
        ) {
            // Signs of the alphabet in any mix of cases, with the hyphen that a password may have as its special
            // character, and letters that become others in wide or compatible forms.
            let mut text: Vec<char> = signs
                .chars()
                .enumerate()
                .map(|(n, c)| if case >> n & 1 == 1 { c.to_ascii_lowercase() } else { c })
                .collect();
            for (place, between) in separators {
                text.splice(place..place, between.chars());
            }
            let text: String = text.into_iter().collect();
            if looks_like_a_code(&text) {
                let valid = password::validate(&password::normalize(&text), &PasswordContext::default());
                prop_assert!(valid.is_err(), "{text}");
            }
        }
    }
}
