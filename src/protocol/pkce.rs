//! Proof Key for Code Exchange, S256 only (RFC 7636; `plain` is refused, RFC 9700 2.1.1).

use crate::base::secret::{base64url, constant_time_eq, sha256};

/// True if the text has the form of a code challenge (RFC 7636 4.2): the base64url of a SHA-256 digest, 43 characters.
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// True if the text has the form of a code verifier (RFC 7636 4.1): 43 to 128 unreserved characters.
pub fn is_verifier(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
}

/// True if the code verifier matches the code challenge (RFC 7636 4.6).
pub fn matches(verifier: &str, challenge: &str) -> bool {
    is_verifier(verifier) && constant_time_eq(&base64url(&sha256(verifier.as_bytes())), challenge)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rfc_7636_appendix_b() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(is_challenge(challenge));
        assert!(matches(verifier, challenge));
        assert!(!matches(challenge, challenge), "plain is not accepted");
        assert!(!matches(&verifier[..42], challenge));
        assert!(!matches("", challenge));
    }

    proptest! {
        #[test]
        fn property_p05_only_its_own_verifier_matches(verifier in "[A-Za-z0-9._~-]{43,128}", other in ".{0,130}") {
            let challenge = base64url(&sha256(verifier.as_bytes()));
            prop_assert!(is_challenge(&challenge) && matches(&verifier, &challenge));
            prop_assert_eq!(matches(&other, &challenge), other == verifier);
        }
    }
}
