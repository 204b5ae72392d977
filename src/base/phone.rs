//! Telephone numbers: converts typed or roster text to E.164, for mobile numbers only.
//!
//! Google's metadata decides which numbers are mobile. Two French habits missing from the metadata are handled here:
//! overseas numbers are written as dialled domestically (0692…, also +33692…), and the +33 of the form is repeated or
//! omitted. The unassigned numbers of the demo are configured as prefixes and checked first. The parser must not guess
//! a country from a number of six or eight digits, and must not print a number: see [`E164`].

use std::fmt;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

use super::destinations::is_domestic;
use super::names::is_invisible;

/// A telephone number as `+33612345678` (ITU-T E.164). `Debug` shows the last two digits only.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct E164(String);

impl E164 {
    /// Parses the output of [`E164::as_str`] without normalization.
    pub fn from_stored(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let right = (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        right.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// True if a text is this number, by its digits and the country that the form or the roster omits, as
    /// [`PhoneParser::parse_mobile`] reads it.
    pub fn is_written_as(&self, typed: &str) -> bool {
        to_international(typed).is_ok_and(|number| number == self.0)
    }

    /// Returns the last four digits in the form shown on pages: `56 78`.
    pub fn last_four_spaced(&self) -> String {
        let last: String = self.last_chars(4).collect();
        let (left, right) = last.split_at_checked(2).unwrap_or((&last, ""));
        format!("{left} {right}")
    }

    /// Returns the complete number, for display to its owner, with no-break spaces: in the domestic format for a French
    /// number (`06 12 34 56 78`), otherwise in the international format.
    pub fn formatted(&self) -> String {
        let home = FRENCH_COUNTRY_CODES.iter().find_map(|country| self.0.strip_prefix('+')?.strip_prefix(country));
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

    fn last_chars(&self, count: usize) -> impl Iterator<Item = char> {
        self.0.chars().skip(self.0.len().saturating_sub(count))
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "E164(…{})", self.last_chars(2).collect::<String>())
    }
}

/// The reasons to reject a text as a mobile number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    #[error("no number")]
    Empty,
    /// A number too short or too long, with letters, or invalid in its country.
    #[error("not a complete number")]
    Incomplete,
    /// An existing number that cannot receive SMS: a landline, a box or a special number.
    #[error("not a mobile number")]
    Landline,
}

/// A parser of mobile numbers and, where calls speak codes, of landlines.
#[derive(Clone, Debug, Default)]
pub struct PhoneParser {
    /// E.164 prefixes of unassigned numbers accepted as mobile, such as `+3363998`; for the demo and tests only.
    pub fictitious_prefixes: Vec<String>,
    /// True if a call can speak a code: only then are landlines kept.
    pub calls_landlines: bool,
}

/// The country codes of numbers dialled 0NNNNNNNNN domestically: metropolitan France, then overseas.
const FRENCH_COUNTRY_CODES: [&str; 6] = ["33", "262", "590", "594", "596", "508"];

enum NumberClass {
    Mobile(E164),
    Landline(E164),
    Other,
    Unknown,
}

impl PhoneParser {
    /// Returns the mobile number of the typed text.
    pub fn parse_mobile(&self, typed: &str) -> Result<E164, PhoneError> {
        let number = to_international(typed)?;
        if self.fictitious_prefixes.iter().any(|prefix| number.starts_with(prefix.as_str())) {
            let complete = if number.starts_with("+33") { number.len() == 12 } else { number.len() >= 9 };
            return E164::from_stored(&number).filter(|_| complete).ok_or(PhoneError::Incomplete);
        }
        let candidates = match number.strip_prefix("+33") {
            Some(national) => FRENCH_COUNTRY_CODES.iter().map(|country| format!("+{country}{national}")).collect(),
            None => vec![number],
        };
        let mut exists = false;
        for candidate in candidates {
            match classify(&candidate) {
                NumberClass::Mobile(number) => return Ok(number),
                NumberClass::Landline(_) | NumberClass::Other => exists = true,
                NumberClass::Unknown => {}
            }
        }
        Err(if exists { PhoneError::Landline } else { PhoneError::Incomplete })
    }

    /// Returns the landline of the typed text, if calls speak codes: of France and its overseas territories only,
    /// because a call abroad costs more than a letter.
    pub fn parse_landline(&self, typed: &str) -> Option<E164> {
        if !self.calls_landlines {
            return None;
        }
        let number = to_international(typed).ok()?;
        if self.fictitious_prefixes.iter().any(|prefix| number.starts_with(prefix.as_str())) {
            return None;
        }
        let candidates = match number.strip_prefix("+33") {
            Some(national) => FRENCH_COUNTRY_CODES.iter().map(|country| format!("+{country}{national}")).collect(),
            None => vec![number],
        };
        // Overseas mobiles are written with the code of metropolitan France too.
        candidates.iter().filter(|number| is_domestic(number)).find_map(|number| match classify(number) {
            NumberClass::Landline(number) => Some(number),
            NumberClass::Mobile(_) | NumberClass::Other | NumberClass::Unknown => None,
        })
    }

    /// True if a number in E.164 format is a landline that calls speak codes to.
    pub fn is_landline(&self, number: &str) -> bool {
        self.parse_landline(number).is_some()
    }
}

/// Returns `+` and digits, with the country code 33 if the form or the roster omits the code.
fn to_international(typed: &str) -> Result<String, PhoneError> {
    // In `+33 (0)6…`, the zero in brackets is only for domestic calls.
    let typed = typed.replace("(0)", "");
    let mut plus = false;
    let mut digits = String::with_capacity(16);
    for c in typed.chars() {
        match c {
            '+' | '＋' if digits.is_empty() && !plus => plus = true,
            '.' | '-' | '/' | '(' | ')' | '_' | ',' | '\u{b7}' | '\u{2010}'..='\u{2015}' | '\u{2212}' => {}
            c if c.is_whitespace() || is_invisible(c) => {}
            c => digits.push(to_ascii_digit(c).ok_or(PhoneError::Incomplete)?),
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
        // `33612345678` is a country code without its sign. Shorter numbers are ambiguous.
        digits
    } else {
        return Err(PhoneError::Incomplete);
    };
    // Handles `+330612345678`, and the +33 of the form before a complete number: `+33 0033 6…`, `+33 +33 6…`.
    let number = match number.strip_prefix("330") {
        Some(national) => format!("33{}", national.strip_prefix("033").unwrap_or(national)),
        None => number,
    };
    Ok(format!("+{number}"))
}

/// Converts ASCII, full-width and both ranges of Arabic digits, the output of phone keyboards, to ASCII.
fn to_ascii_digit(c: char) -> Option<char> {
    let zero = match c {
        '0'..='9' => '0',
        '０'..='９' => '０',
        '\u{660}'..='\u{669}' => '\u{660}',
        '\u{6f0}'..='\u{6f9}' => '\u{6f0}',
        _ => return None,
    };
    char::from_digit(u32::from(c).checked_sub(u32::from(zero))?, 10)
}

fn classify(number: &str) -> NumberClass {
    let Ok(parsed) = PHONE_NUMBER_UTIL.parse(number, None) else { return NumberClass::Unknown };
    if !parsed.is_valid() {
        return NumberClass::Unknown;
    }
    match parsed.get_type() {
        PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile => {
            let text = parsed.format_as(PhoneNumberFormat::E164);
            E164::from_stored(&text).map_or(NumberClass::Unknown, NumberClass::Mobile)
        }
        // A box has a number of its own kind (09).
        PhoneNumberType::FixedLine | PhoneNumberType::VoIP => {
            let text = parsed.format_as(PhoneNumberFormat::E164);
            E164::from_stored(&text).map_or(NumberClass::Other, NumberClass::Landline)
        }
        _ => NumberClass::Other,
    }
}

/// The state of the mobile number that a school has registered for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum PhoneState {
    Mobile,
    #[strum(serialize = "none")]
    Absent,
    Unusable,
}

impl PhoneState {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The reason for which no SMS can be sent to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum UnusableReason {
    /// An existing number, but not a mobile.
    Landline,
    /// Too short, too long, or not a telephone number.
    Incomplete,
}

impl UnusableReason {
    pub fn name(self) -> &'static str {
        self.into()
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
            assert_eq!(E164::from_stored(stored).unwrap().formatted().replace('\u{a0}', " "), shown);
        }
    }

    #[test]
    fn a_number_is_known_by_what_the_plan_would_make_of_its_text() {
        for (typed, stored, is_same) in [
            ("06 12 34 56 78", "+33612345678", true),
            ("+33 (0)6 12 34 56 78", "+33612345678", true),
            ("0033612345678", "+33612345678", true),
            ("+262 692 12 34 56", "+262692123456", true),
            // As dialled at home, the plan says the country.
            ("0692123456", "+262692123456", false),
            ("06 12 34 56 79", "+33612345678", false),
            ("06 12 34 56 7", "+33612345678", false),
            ("12 34 56 78", "+33612345678", false),
            ("à demander", "+33612345678", false),
            ("", "+33612345678", false),
        ] {
            let number = E164::from_stored(stored).unwrap();
            assert_eq!(number.is_written_as(typed), is_same, "{typed}");
            assert!(!is_same || numbering().parse_mobile(typed) == Ok(number), "{typed}");
        }
    }

    fn numbering() -> PhoneParser {
        PhoneParser { fictitious_prefixes: vec!["+3363998".into()], calls_landlines: false }
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
            // Overseas, as dialled domestically, with the code of metropolitan France, and with the region's code.
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
            // Fictitious numbers: neither rejected nor taken as numbers of Mayotte.
            ("06 39 98 00 01", "+33639980001"),
            ("+33639980001", "+33639980001"),
            ("639980001", "+33639980001"),
        ] {
            let found = numbering().parse_mobile(typed).map(|n| n.0).unwrap_or_default();
            assert_eq!(found, number, "{typed}");
        }
    }

    #[test]
    fn a_landline_of_the_country_is_kept_only_where_calls_speak_codes() {
        let calls = PhoneParser { calls_landlines: true, ..numbering() };
        for (typed, number) in [
            ("04 67 12 34 56", "+33467123456"),
            ("+33 4 67 12 34 56", "+33467123456"),
            ("01 42 34 56 78", "+33142345678"),
            ("02 62 12 34 56", "+262262123456"),
            ("09 72 34 56 78", "+33972345678"),
            ("04 65 71 00 09", "+33465710009"),
            ("0800 12 34 56", ""),
            ("08 92 12 34 56", ""),
            ("06 12 34 56 78", ""),
            ("06 39 98 00 01", ""),
            ("+34 810 12 34 56", ""),
            ("+32 2 123 45 67", ""),
            ("04 67", ""),
            ("", ""),
        ] {
            let found = calls.parse_landline(typed).map(|n| n.0).unwrap_or_default();
            assert_eq!(found, number, "{typed}");
            assert_eq!(calls.is_landline(&found), !number.is_empty(), "{typed}");
            assert_eq!(numbering().parse_landline(typed), None, "{typed}");
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
            assert_eq!(numbering().parse_mobile(typed).map(|n| n.0), Err(error), "{typed}");
        }
        let real = PhoneParser::default().parse_mobile("0639980001").map(|n| n.0);
        assert_eq!(real, Err(Incomplete), "fictitious numbers are taken only where they are named");
    }

    #[test]
    fn a_number_shows_four_digits_and_debugs_two() {
        let number = numbering().parse_mobile("0612345678").unwrap();
        assert_eq!(number.last_four_spaced(), "56 78");
        assert_eq!(format!("{number:?}"), "E164(…78)");
        assert_eq!(E164::from_stored(number.as_str()), Some(number));
        assert_eq!(E164::from_stored("0612345678"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = numbering().parse_mobile(&text);
        }
    }
}
