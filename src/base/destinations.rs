//! The countries to which messages may go, by their ISO code or by a prefix.
//!
//! France and its overseas territories are always among them: no list keeps the parents of the country out.

use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};
use serde::{Deserialize, Serialize};

/// The prefixes of France and its overseas territories. Numbers of other countries may be premium numbers that earn an
/// attacker money.
const DOMESTIC_PREFIXES: [&str; 9] = ["+33", "+262", "+508", "+590", "+594", "+596", "+681", "+687", "+689"];

/// True if a number in E.164 format, or the beginning of one, is of France or its overseas territories.
pub fn is_domestic(number: &str) -> bool {
    DOMESTIC_PREFIXES.iter().any(|prefix| number.starts_with(prefix))
}

/// The list of foreign destinations; an empty list permits every country.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct DestinationList {
    entries: Vec<Destination>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Destination {
    Prefix(String),
    Country(Region),
}

impl DestinationList {
    /// True if messages may go to a number in E.164 format.
    pub fn permits(&self, number: &str) -> bool {
        if self.entries.is_empty() || is_domestic(number) {
            return true;
        }
        let parsed = PHONE_NUMBER_UTIL.parse(number, None).ok();
        let country = parsed.as_ref().and_then(|parsed| parsed.get_region_code());
        self.entries.iter().any(|entry| match entry {
            Destination::Prefix(prefix) => number.starts_with(prefix),
            Destination::Country(wanted) => country == Some(*wanted),
        })
    }
}

impl TryFrom<Vec<String>> for DestinationList {
    type Error = String;

    fn try_from(texts: Vec<String>) -> Result<Self, String> {
        let parse = |text: String| {
            let digits = text.strip_prefix('+');
            if digits.is_some_and(|d| (1..=7).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_digit())) {
                return Ok(Destination::Prefix(text));
            }
            let country = text.parse::<Region>().ok();
            let known = country.filter(|country| PHONE_NUMBER_UTIL.get_country_code_for_region(*country).is_some());
            known.map(Destination::Country).ok_or_else(|| {
                format!(
                    "sms.countries: {text:?} is neither a country (ISO 3166, such as \"BE\") nor a prefix (\"+32\")"
                )
            })
        };
        Ok(Self { entries: texts.into_iter().map(parse).collect::<Result<_, _>>()? })
    }
}

impl From<DestinationList> for Vec<String> {
    fn from(list: DestinationList) -> Self {
        let text = |entry| match entry {
            Destination::Prefix(prefix) => prefix,
            Destination::Country(country) => country.to_string(),
        };
        list.entries.into_iter().map(text).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(texts: &[&str]) -> Result<DestinationList, String> {
        DestinationList::try_from(texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn threat_s07_a_list_narrows_what_is_abroad_and_never_france() {
        let (everywhere, some) = (list(&[]).unwrap(), list(&["BE", "MA", "+1514"]).unwrap());
        for (number, permitted) in [
            ("+33612345678", true),
            ("+33639980001", true),
            ("+262692123456", true),
            ("+687751234", true),
            ("+32470123456", true),
            ("+212612345678", true),
            ("+15145550123", true),
            ("+12125550123", false),
            ("+37121234567", false),
            ("+352621123456", false),
        ] {
            assert_eq!(some.permits(number), permitted, "{number}");
            assert!(everywhere.permits(number), "{number}");
        }
    }

    #[test]
    fn what_is_neither_country_nor_prefix_is_refused() {
        for text in ["Belgique", "be ", "32", "+", "+32x", "ZZ", ""] {
            assert!(list(&[text]).unwrap_err().contains("sms.countries"), "{text}");
        }
        let texts = ["BE", "+212"].map(str::to_owned).to_vec();
        assert_eq!(Vec::from(DestinationList::try_from(texts.clone()).unwrap()), texts);
    }
}
