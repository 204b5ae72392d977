//! Telephone numbers: whatever a parent types or a roster holds, as one E.164 text, if it is a mobile.
//!
//! Google's metadata decides what a mobile is. It knows nothing of two French habits, which are ours: overseas
//! numbers are written as they are dialled at home (0692…, also +33692…), and the +33 of the form is repeated or
//! left out. The numbers of the demo are not assigned, so they are named by the configuration and looked at first.
//! This must not guess a country from a number of six or eight digits, and must not print a number: see [`E164`].

use std::fmt;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

use super::names::is_invisible;

/// A telephone number as `+33612345678` (ITU-T E.164). Its `Debug` shows the last two digits only.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct E164(String);

impl E164 {
    /// Reads back what [`E164::as_str`] gave; nothing is normalised.
    pub fn from_stored(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let right = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        right.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last four digits as pages show them: `56 78`.
    pub fn last_four_spaced(&self) -> String {
        let last: String = self.last(4).collect();
        let (left, right) = last.split_at_checked(2).unwrap_or((&last, ""));
        format!("{left} {right}")
    }

    /// The whole number for its owner's eyes, with unbreakable blanks: as it is dialled at home where that is in France
    /// (`06 12 34 56 78`), else as abroad.
    pub fn spaced(&self) -> String {
        let home = FRANCE.iter().find_map(|country| self.0.strip_prefix('+')?.strip_prefix(country));
        let text = match home {
            Some(nine) if nine.len() == 9 => {
                let ten: Vec<char> = format!("0{nine}").chars().collect();
                ten.chunks(2).map(String::from_iter).collect::<Vec<_>>().join(" ")
            }
            _ => match PHONE_NUMBER_UTIL.parse(&self.0, None) {
                Ok(parsed) => parsed.format_as(PhoneNumberFormat::International).into_owned(),
                Err(_) => self.0.clone(),
            },
        };
        text.replace(' ', "\u{a0}")
    }

    fn last(&self, count: usize) -> impl Iterator<Item = char> {
        self.0.chars().skip(self.0.len().saturating_sub(count))
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "E164(…{})", self.last(2).collect::<String>())
    }
}

/// Why a text is no mobile number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    #[error("no number")]
    Empty,
    /// Too short, too long, holds letters, or no number of its country.
    #[error("not a complete number")]
    Incomplete,
    /// A number that exists but takes no SMS: landline, box, special number.
    #[error("not a mobile number")]
    Landline,
}

/// What numbers are taken.
#[derive(Clone, Debug, Default)]
pub struct Numbering {
    /// E.164 prefixes taken as mobiles though nobody has them, e.g. `+3363998`: for the demo and tests only.
    pub fictitious: Vec<String>,
}

/// Countries whose numbers are dialled 0NNNNNNNNN at home: métropole, then overseas.
const FRANCE: [&str; 6] = ["33", "262", "590", "594", "596", "508"];

enum Kind {
    Mobile(E164),
    Other,
    Unknown,
}

impl Numbering {
    /// The mobile number meant by `typed`.
    pub fn mobile(&self, typed: &str) -> Result<E164, PhoneError> {
        let number = international(typed)?;
        if self.fictitious.iter().any(|prefix| number.starts_with(prefix.as_str())) {
            let complete = if number.starts_with("+33") { number.len() == 12 } else { number.len() >= 9 };
            return E164::from_stored(&number).filter(|_| complete).ok_or(PhoneError::Incomplete);
        }
        let candidates = match number.strip_prefix("+33") {
            Some(national) => FRANCE.iter().map(|country| format!("+{country}{national}")).collect(),
            None => vec![number],
        };
        let mut exists = false;
        for candidate in candidates {
            match kind(&candidate) {
                Kind::Mobile(number) => return Ok(number),
                Kind::Other => exists = true,
                Kind::Unknown => {}
            }
        }
        Err(if exists { PhoneError::Landline } else { PhoneError::Incomplete })
    }
}

/// `+` and digits, with the +33 that a form or a roster leaves out.
fn international(typed: &str) -> Result<String, PhoneError> {
    // `+33 (0)6…`: the zero in brackets is for those who dial inside the country.
    let typed = typed.replace("(0)", "");
    let mut plus = false;
    let mut digits = String::with_capacity(16);
    for c in typed.chars() {
        match c {
            '+' | '＋' if digits.is_empty() && !plus => plus = true,
            '.' | '-' | '/' | '(' | ')' | '_' | ',' | '\u{b7}' | '\u{2010}'..='\u{2015}' | '\u{2212}' => {}
            c if c.is_whitespace() || is_invisible(c) => {}
            c => digits.push(digit(c).ok_or(PhoneError::Incomplete)?),
        }
        if digits.len() > 24 {
            return Err(PhoneError::Incomplete);
        }
    }
    if digits.is_empty() {
        return Err(if plus { PhoneError::Incomplete } else { PhoneError::Empty });
    }
    let number = if plus {
        digits.strip_prefix("00").unwrap_or(&digits).to_owned()
    } else if let Some(abroad) = digits.strip_prefix("00") {
        abroad.to_owned()
    } else if let Some(national) = digits.strip_prefix('0') {
        format!("33{national}")
    } else if digits.len() == 9 {
        format!("33{digits}")
    } else if digits.len() >= 11 {
        // `33612345678`: a country code without its sign. Shorter ones could be anything.
        digits
    } else {
        return Err(PhoneError::Incomplete);
    };
    // `+330612345678`, and the +33 of the form before a whole number: `+33 0033 6…`, `+33 +33 6…`.
    let number = match number.strip_prefix("330") {
        Some(national) => format!("33{}", national.strip_prefix("033").unwrap_or(national)),
        None => number,
    };
    Ok(format!("+{number}"))
}

/// ASCII, full-width and both Arabic rows of digits, as keyboards of phones give them.
fn digit(c: char) -> Option<char> {
    let zero = match c {
        '0'..='9' => '0',
        '０'..='９' => '０',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        _ => return None,
    };
    char::from_digit(u32::from(c).checked_sub(u32::from(zero))?, 10)
}

fn kind(number: &str) -> Kind {
    let Ok(parsed) = PHONE_NUMBER_UTIL.parse(number, None) else { return Kind::Unknown };
    if !parsed.is_valid() {
        return Kind::Unknown;
    }
    match parsed.get_type() {
        PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile => {
            let text = parsed.format_as(PhoneNumberFormat::E164);
            E164::from_stored(&text).map_or(Kind::Unknown, Kind::Mobile)
        }
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_shown_as_its_owner_dials_it() {
        for (stored, shown) in [
            ("+33612345678", "06 12 34 56 78"),
            ("+262692123456", "06 92 12 34 56"),
            ("+33639980001", "06 39 98 00 01"),
            ("+34612345678", "+34 612 34 56 78"),
            ("+999123456789", "+999123456789"),
        ] {
            assert_eq!(E164::from_stored(stored).unwrap().spaced().replace('\u{a0}', " "), shown);
        }
    }

    fn numbering() -> Numbering {
        Numbering { fictitious: vec!["+3363998".into()] }
    }

    #[test]
    fn what_parents_type_becomes_one_number() {
        for (typed, number) in [
            ("0612345678", "+33612345678"),
            ("06.12.34.56.78", "+33612345678"),
            ("06 12 34 56 78", "+33612345678"),
            ("06-12-34-56-78", "+33612345678"),
            ("06/12/34/56/78", "+33612345678"),
            ("06\u{a0}12\u{202f}34 56 78", "+33612345678"),
            ("０６１２３４５６７８", "+33612345678"),
            ("٠٦١٢٣٤٥٦٧٨", "+33612345678"),
            ("+33 6 12 34 56 78", "+33612345678"),
            ("+33 (0)6 12 34 56 78", "+33612345678"),
            ("+33 (0) 6 12 34 56 78", "+33612345678"),
            ("+330612345678", "+33612345678"),
            ("0033612345678", "+33612345678"),
            ("0033 (0)6 12 34 56 78", "+33612345678"),
            ("33612345678", "+33612345678"),
            ("612345678", "+33612345678"),
            ("+33+0612345678", ""),
            ("\u{200e}+33 6 12 34 56 78\u{202c}", "+33612345678"),
            ("0756789012", "+33756789012"),
            // Overseas, as dialled at home, with the métropole's code, and with their own.
            ("0692123456", "+262692123456"),
            ("+33692123456", "+262692123456"),
            ("+262 692 12 34 56", "+262692123456"),
            ("+262 0692 12 34 56", "+262692123456"),
            ("692123456", "+262692123456"),
            ("0693123456", "+262693123456"),
            ("0690123456", "+590690123456"),
            ("0691221234", "+590691221234"),
            ("0694123456", "+594694123456"),
            ("0696123456", "+596696123456"),
            ("0697123456", "+596697123456"),
            ("0639012345", "+262639012345"),
            ("+33639012345", "+262639012345"),
            ("+508 55 12 34", "+508551234"),
            ("+689 87 12 34 56", "+68987123456"),
            ("+687 75 12 34", "+687751234"),
            // Abroad.
            ("+34 612 34 56 78", "+34612345678"),
            ("0034612345678", "+34612345678"),
            ("+32 470 12 34 56", "+32470123456"),
            ("+41 79 123 45 67", "+41791234567"),
            ("+212 612 345678", "+212612345678"),
            ("+212 (0)6 12 34 56 78", "+212612345678"),
            ("+1 201 555 0123", "+12015550123"),
            ("+44 7400 123456", "+447400123456"),
            ("+39 312 345 6789", "+393123456789"),
            // Fictitious: neither refused nor moved to Mayotte.
            ("06 39 98 00 01", "+33639980001"),
            ("+33639980001", "+33639980001"),
            ("639980001", "+33639980001"),
        ] {
            let found = numbering().mobile(typed).map(|n| n.0).unwrap_or_default();
            assert_eq!(found, number, "{typed}");
        }
    }

    #[test]
    fn what_is_no_mobile_says_why() {
        use PhoneError::{Empty, Incomplete, Landline};
        for (typed, error) in [
            ("", Empty),
            (" \u{a0}", Empty),
            ("-", Empty),
            ("+", Incomplete),
            ("06", Incomplete),
            ("061234567", Incomplete),
            ("06123456789", Incomplete),
            ("06 39 98 00", Incomplete),
            ("06 39 98 00 011", Incomplete),
            ("0612 trois 4", Incomplete),
            ("06123456O8", Incomplete),
            ("06 12 34 56 78 / 06 12 34 56 79", Incomplete),
            ("551234", Incomplete),
            ("+999123456789", Incomplete),
            ("06+12345678", Incomplete),
            ("0467123456", Landline),
            ("+33467123456", Landline),
            ("0142345678", Landline),
            ("0262123456", Landline),
            ("0912345678", Landline),
            ("0800123456", Landline),
            ("+34 810 12 34 56", Landline),
        ] {
            assert_eq!(numbering().mobile(typed).map(|n| n.0), Err(error), "{typed}");
        }
        let real = Numbering::default().mobile("0639980001").map(|n| n.0);
        assert_eq!(real, Err(Incomplete), "fictitious numbers are taken only where they are named");
    }

    #[test]
    fn a_number_shows_four_digits_and_debugs_two() {
        let number = numbering().mobile("0612345678").unwrap();
        assert_eq!(number.last_four_spaced(), "56 78");
        assert_eq!(format!("{number:?}"), "E164(…78)");
        assert_eq!(E164::from_stored(number.as_str()), Some(number));
        assert_eq!(E164::from_stored("0612345678"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = numbering().mobile(&text);
        }
    }
}
