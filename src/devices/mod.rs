//! Known devices: browsers in which the account's person has authenticated.
//!
//! A device has a secret in a cookie, stored as a digest, and a separate limit of wrong passwords. An attacker
//! elsewhere therefore cannot lock the person out on a known device, and a former user of one device cannot lock the
//! person out on another (docs/threats.md#threat-s06, #attack-l5). A new password forgets all devices. A device is no
//! credential and grants no access by itself.

pub mod ops;
pub mod store;

use crate::base::clock::{Span, Timestamp};
use crate::base::lang::Lang;
use crate::base::typed_ids::AccountId;
use crate::http::pages::PageRenderer;

/// The maximum number of devices per account; beyond this number, the device unused for longest is forgotten.
pub const MAX_DEVICES: i64 = 10;
/// A device unused for this long is forgotten.
pub const DEVICE_TTL: Span = Span::days(180);
/// The maximum length of a parsed `User-Agent`, in characters.
const MAX_USER_AGENT_CHARS: usize = 300;

/// A known device of the account that signs in, authenticated by its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// The digest of the secret.
    pub id: String,
    pub secret: String,
    pub account_id: AccountId,
    /// The keyed digest of the name and phone number confirmed by an SMS code on this device.
    pub identity: Option<String>,
    /// The last proof of a second factor on this device.
    pub factor_at: Option<Timestamp>,
}

/// Returns a browser's label for end users, such as `Firefox, Windows`. Empty for an unknown browser on an unknown
/// system.
pub fn label(user_agent: &str) -> String {
    let agent: String = user_agent.chars().take(MAX_USER_AGENT_CHARS).collect();
    // The order matters: the headers of earlier entries contain later names too.
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

/// Writes a label for the person: `Firefox sur Windows`; empty for an empty label.
///
/// # Errors
/// The message is missing.
pub fn display_label(pages: &PageRenderer, lang: Lang, label: &str) -> anyhow::Result<String> {
    match label.split_once(", ") {
        Some((browser, system)) => {
            Ok(pages.message(lang, "device-label", &[("browser", browser), ("system", system)])?)
        }
        None => Ok(label.to_owned()),
    }
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
