//! The UAI, the number of a school (formerly RNE): seven digits and a check letter.
//!
//! The letter is `"ABCDEFGHJKLMNPRSTUVWXYZ"[number mod 23]`. A wrong letter means that a digit was mistyped, and a
//! roster could overwrite the roster of another school. A wrong letter is therefore reported, never corrected.

use std::fmt;

/// A UAI with a correct check letter, in capitals: `0349999J`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Uai(String);

/// The reasons to reject a text as a UAI.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UaiError {
    #[error("{0:?} is no UAI: seven digits and a letter are expected, such as 0349999J")]
    Malformed(String),
    #[error("the letter of UAI {given} is wrong: for these digits it is {right}")]
    WrongCheckLetter { given: String, right: char },
}

const CHECK_LETTERS: &[u8; 23] = b"ABCDEFGHJKLMNPRSTUVWXYZ";

impl Uai {
    /// Parses a UAI in any case, with or without blanks.
    pub fn parse(text: &str) -> Result<Self, UaiError> {
        let shape = || UaiError::Malformed(text.chars().take(20).collect());
        let given: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
        let (digits, letter) = given.split_at_checked(7).ok_or_else(shape)?;
        let [letter @ b'A'..=b'Z'] = letter.as_bytes() else { return Err(shape()) };
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(shape());
        }
        let number: usize = digits.parse().map_err(|_| shape())?;
        let right = CHECK_LETTERS.get(number % 23).copied().ok_or_else(shape)?;
        if *letter == right {
            Ok(Self(given))
        } else {
            Err(UaiError::WrongCheckLetter { given, right: char::from(right) })
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A UAI may be read as text; a text becomes a UAI by [`Uai::parse`] only.
impl std::ops::Deref for Uai {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<Uai> for String {
    fn from(uai: Uai) -> Self {
        uai.0
    }
}

impl TryFrom<String> for Uai {
    type Error = UaiError;

    fn try_from(text: String) -> Result<Self, UaiError> {
        Self::parse(&text)
    }
}

impl std::str::FromStr for Uai {
    type Err = UaiError;

    fn from_str(text: &str) -> Result<Self, UaiError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_check_the_digits() {
        for text in [
            "0951099D",
            "0140070A",
            "0752387M",
            "0752550P",
            "0750680G",
            "0341143H",
            "0310044E",
            "0349999J",
            "0123456S",
            "0349998H",
            "0349997G",
            "0349996F",
            "0319999A",
            "0319998Z",
            " 034 9999 j ",
        ] {
            assert!(Uai::parse(text).is_ok(), "{text}");
        }
        assert_eq!(Uai::parse(" 034 9999 j").unwrap().as_str(), "0349999J");
    }

    #[test]
    fn a_wrong_letter_names_the_right_one() {
        let error = Uai::parse("0349999k").unwrap_err();
        assert_eq!(error, UaiError::WrongCheckLetter { given: "0349999K".into(), right: 'J' });
        for text in ["", "0349999", "034999J", "0349999JJ", "O349999J", "034999é", "03499999"] {
            assert!(matches!(Uai::parse(text), Err(UaiError::Malformed(_))), "{text}");
        }
    }
}
