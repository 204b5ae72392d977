//! Backup codes: `ACDE-FHJK`, for the day on which the phone is lost.
//!
//! Eight signs of the letters' alphabet, 36 bits, behind ten attempts a day.

use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::base::names::is_invisible;
use crate::base::rng::Random;
use crate::letters::code::LETTER_CODE_ALPHABET;

/// The number of signs of a code, without the hyphen.
pub const BACKUP_CODE_SIGNS: usize = 8;
const GROUP_SIGNS: usize = 4;
/// The maximum length of typed text that is read at all, in bytes.
const MAX_TYPED_BYTES: usize = 100;

/// A backup code. `Debug` never prints it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Zeroize, ZeroizeOnDrop)]
pub struct BackupCode(String);

impl BackupCode {
    /// Draws a new code, each with the same probability.
    pub fn draw(rng: &dyn Random) -> Self {
        let count = u32::try_from(LETTER_CODE_ALPHABET.len()).unwrap_or(1);
        let sign = |_| LETTER_CODE_ALPHABET.get(rng.below(count) as usize).copied().map_or('A', char::from);
        BackupCode((0..BACKUP_CODE_SIGNS).map(sign).collect())
    }

    /// Parses typed text: small letters, blanks and hyphens are taken wherever they stand. `None` if it is no code.
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > MAX_TYPED_BYTES {
            return None;
        }
        let separates = |c: char| c.is_whitespace() || is_invisible(c) || matches!(c, '-' | '\u{2010}'..='\u{2015}');
        let signs: String = typed.chars().filter(|c| !separates(*c)).map(|c| c.to_ascii_uppercase()).collect();
        let known = signs.bytes().all(|sign| LETTER_CODE_ALPHABET.contains(&sign));
        (known && signs.len() == BACKUP_CODE_SIGNS).then_some(BackupCode(signs))
    }

    /// Returns the signs without the hyphen, the form of which a digest is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the code as shown: `ACDE-FHJK`.
    pub fn to_printed_form(&self) -> String {
        self.0.split_at_checked(GROUP_SIGNS).map_or_else(|| self.0.clone(), |(a, b)| format!("{a}-{b}"))
    }
}

impl fmt::Debug for BackupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackupCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::SeededRandom;
    use crate::letters::code::looks_like_a_code;

    #[test]
    fn a_code_is_taken_as_people_type_it_and_is_none_of_a_letter() {
        let code = BackupCode::draw(&SeededRandom::new(3));
        let printed = code.to_printed_form();
        assert_eq!((printed.len(), printed.find('-')), (9, Some(4)));
        for typed in [printed.to_lowercase(), printed.replace('-', "\u{a0}\u{2013} "), format!(" {} ", code.as_str())] {
            assert_eq!(BackupCode::parse(&typed).as_ref(), Some(&code), "{typed:?}");
        }
        assert!(!looks_like_a_code(&printed), "the password's field does not take it for a letter's");
        assert_eq!(BackupCode::parse(&printed.repeat(20)), None);
        assert_eq!(format!("{code:?}"), "BackupCode(…)");
    }
}
