//! How tokens are shown: what they say in full, and never so much of them that somebody could use one.

use serde_json::Value;

use crate::base::secret::decode_base64url;

/// The number of characters of a signature, a code or an access token that are shown.
const SHOWN_CHARS: usize = 8;

/// Cuts a code or an access token.
pub fn cut(secret: &str) -> String {
    format!("{}…", secret.chars().take(SHOWN_CHARS).collect::<String>())
}

/// Cuts the signature of a token: header and claims stay, and nobody verifies it.
pub fn cut_signature(token: &str) -> String {
    match token.rsplit_once('.') {
        Some((signed, signature)) => format!("{signed}.{}", cut(signature)),
        None => cut(token),
    }
}

/// Returns the header of a token.
pub fn header_of(token: &str) -> Value {
    let head = token.split('.').next().unwrap_or_default();
    let bytes = decode_base64url(head).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// Writes JSON for people.
pub fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_j14_of_what_opens_something_eight_characters_are_shown() {
        let signature = "s".repeat(342);
        let shown = cut_signature(&format!("eyJhbGciOiJSUzI1NiJ9.e30.{signature}"));
        assert_eq!(shown, "eyJhbGciOiJSUzI1NiJ9.e30.ssssssss…");
        assert_eq!(header_of(&shown)["alg"], "RS256");
        assert_eq!((cut(&signature).as_str(), cut("").as_str()), ("ssssssss…", "…"));
        assert_eq!(cut_signature("no-token-at-all"), "no-token…");
        assert_eq!(header_of("%%%.x.y"), Value::Null);
    }
}
