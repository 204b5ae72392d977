//! The INE (*identifiant national élève*), the one number by which two academies know the same pupil.
//!
//! It is read, checked and hashed during an import, and kept nowhere: the database has its HMAC only.

use std::fmt;

use crate::crypto::{HmacPurpose, MasterKey};

/// The length of an INE of either kind.
const INE_CHARS: usize = 11;
/// Of an RNIE's number; a BEA's has ten digits and one letter.
const MIN_INE_DIGITS: usize = 9;

/// An INE in capital letters. The letters at its end are not verified: the rule of the RNIE's is not public.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ine(String);

impl Ine {
    /// Parses ten digits and a letter, or nine digits and two letters, in any case and with blanks. Everything else is
    /// no INE, and so is a number of zeros only, typed where a form wants something.
    pub fn parse(text: &str) -> Option<Self> {
        let found: String =
            text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).take(INE_CHARS + 1).collect();
        let digits = found.bytes().take_while(u8::is_ascii_digit).count();
        let letters = found.bytes().skip(digits).all(|byte| byte.is_ascii_uppercase());
        let right = found.len() == INE_CHARS && (MIN_INE_DIGITS..INE_CHARS).contains(&digits) && letters;
        let empty = found.bytes().take(digits).all(|digit| digit == b'0');
        (right && !empty).then_some(Self(found))
    }

    /// Returns the HMAC that the database keeps.
    pub fn blind(&self, master_key: &MasterKey) -> String {
        master_key.hmac(HmacPurpose::Ine, &self.0)
    }
}

impl fmt::Debug for Ine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ine(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_are_read_and_nothing_else() {
        let read = |text| Ine::parse(text).map(|ine| ine.0);
        assert_eq!(read("990000001ZA").as_deref(), Some("990000001ZA"));
        assert_eq!(read(" 990 000 001 za\n").as_deref(), Some("990000001ZA"));
        assert_eq!(read("9900000002Z").as_deref(), Some("9900000002Z"));
        let wrong = [
            "",
            "99000001ZAB",
            "99000000123",
            "990000001Z",
            "990000001ZAA",
            "9900000001ZA",
            "990000001Z1",
            "990000001ZÀ",
            "0000000000Z",
            "000000000ZZ",
            "NEANT",
        ];
        for text in wrong {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn its_debug_form_shows_none_of_it_and_the_hmac_is_under_a_key_of_its_own() {
        let ine = Ine::parse("990000001ZA").unwrap();
        assert_eq!(format!("{ine:?}"), "Ine(…)");
        let master_key = MasterKey::new([7; 32]).unwrap();
        let blind = ine.blind(&master_key);
        assert_eq!(blind, Ine::parse("990000001za").unwrap().blind(&master_key));
        assert!(!blind.contains("990000001"), "{blind}");
        assert_ne!(blind, master_key.hmac(HmacPurpose::Phone, "990000001ZA"));
        assert_ne!(blind, ine.blind(&MasterKey::new([8; 32]).unwrap()));
    }
}
