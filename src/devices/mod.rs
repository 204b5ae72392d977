//! Browsers in which somebody proved to be an account's person.
//!
//! A device has a secret in its cookie, which the row knows by its digest, and a bucket of wrong passwords of its own:
//! a stranger cannot keep the person out of it, and whoever used the browser before cannot keep them out of another
//! (docs/threats.md#threat-s06, #attack-l5). A new password forgets them all. A device is no credential: it opens
//! nothing by itself.

pub mod ops;
pub mod store;

use crate::base::clock::Span;

/// An account is known on so many; the one that was not seen for longest gives way.
pub const MOST: i64 = 10;
/// A device that was not seen for so long is forgotten.
pub const TERM: Span = Span::days(180);
/// Longest `User-Agent` that is looked at.
const LONGEST_AGENT: usize = 300;

/// A device of the account that signs in, proven by its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Digest of the secret.
    pub id: String,
    pub secret: String,
    pub account_id: String,
    /// Keyed digest of the name and number with which a right SMS code was typed there.
    pub identity: Option<String>,
}

/// What a person recognises a browser by, as `Firefox, Windows`. Empty where nothing is known.
pub fn label(user_agent: &str) -> String {
    let agent: String = user_agent.chars().take(LONGEST_AGENT).collect();
    // In this order: each of the later names stands in the former ones' headers too.
    let browsers = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox", "Firefox"),
        ("FxiOS", "Firefox"),
        ("CriOS", "Chrome"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ];
    let systems = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("CrOS", "ChromeOS"),
        ("Macintosh", "Mac"),
        ("Linux", "Linux"),
    ];
    let named = |names: &[(&str, &'static str)]| names.iter().find(|(word, _)| agent.contains(word)).map(|(_, n)| *n);
    [named(&browsers), named(&systems)].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_by_words_of_ours_only() {
        for (agent, shown) in [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox, Windows"),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
                "Safari, iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-A146P) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
                "Samsung Internet, Android",
            ),
            ("Mozilla/5.0 (X11; CrOS x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36", "Chrome, ChromeOS"),
            ("curl/8.5.0", ""),
            ("<script>alert(1)</script>", ""),
        ] {
            assert_eq!(label(agent), shown, "{agent}");
        }
    }
}
