//! The languages of the pages.

use serde::{Deserialize, Serialize};

/// A language of the user interface. French, the language of parents and schools, is the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    #[default]
    Fr,
    En,
}

impl Lang {
    pub const ALL: [Lang; 2] = [Lang::Fr, Lang::En];

    /// Returns the BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::Fr => "fr",
            Lang::En => "en",
        }
    }

    pub fn other(self) -> Lang {
        match self {
            Lang::Fr => Lang::En,
            Lang::En => Lang::Fr,
        }
    }

    /// Returns the supported language of a BCP 47 tag by its primary subtag.
    pub fn from_tag(tag: &str) -> Option<Lang> {
        match tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "fr" => Some(Lang::Fr),
            "en" => Some(Lang::En),
            _ => None,
        }
    }

    /// Returns the first supported language of a preference list: `ui_locales` (OIDCC 3.1.2.1, separated by spaces).
    pub fn from_ui_locales(list: &str) -> Option<Lang> {
        list.split_ascii_whitespace().find_map(Lang::from_tag)
    }

    /// Returns the supported language of highest quality (RFC 9110 12.5.4); of equal qualities, the first.
    pub fn from_accept_language(header: &str) -> Option<Lang> {
        let mut best: Option<(f32, Lang)> = None;
        for item in header.split(',').take(20) {
            let mut parts = item.split(';');
            let Some(lang) = Lang::from_tag(parts.next().unwrap_or_default().trim()) else { continue };
            let quality =
                parts.find_map(|p| p.trim().strip_prefix("q=")).map_or(1.0, |q| q.trim().parse::<f32>().unwrap_or(0.0));
            if quality > 0.0 && best.is_none_or(|(q, _)| quality > q) {
                best = Some((quality, lang));
            }
        }
        best.map(|(_, lang)| lang)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_quality_wins_and_unknown_languages_are_passed_over() {
        assert_eq!(Lang::from_accept_language("de, en;q=0.8, fr;q=0.9"), Some(Lang::Fr));
        assert_eq!(Lang::from_accept_language("en-GB,fr;q=0.5"), Some(Lang::En));
        assert_eq!(Lang::from_accept_language("ar"), None);
        assert_eq!(Lang::from_ui_locales("oc fr-FR en"), Some(Lang::Fr));
    }
}
