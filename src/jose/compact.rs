//! The strict parser of compact tokens (RFC 7515 3.1, 5.2), used before any signature verification.
//!
//! A token has three parts of canonical base64url and at most 16 KiB; header and claims are one JSON object each,
//! without duplicate members. `crit`, `b64` and `zip` are refused, because they change the meaning of the rest
//! (RFC 7515 4.1.11, RFC 7797). `jwk`, `jku`, `x5u` and `x5c` are not read here. No parsed value is trustworthy before
//! the signature verifies: the claims are returned by [`CompactJws::verify_with`] only.

use serde_json::{Map, Value};

use crate::base::secret::decode_base64url;
use crate::protocol::json::object;

/// The maximum length of a compact token, in bytes.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The claims of a verified token. Times, issuer and audience are checked by the caller.
pub type Claims = Map<String, Value>;

/// The reason for rejecting a token. Meant for logs and for the client's developer, never for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    #[error("not three parts of strict base64url")]
    Malformed,
    #[error("header or claims are not one JSON object")]
    Json,
    #[error("typ is another")]
    Typ,
    /// The signer may have a newer key than the key set at hand: reload its keys, once.
    #[error("no key of that kid")]
    UnknownKid,
    #[error("no kid, and more than one key that fits")]
    AmbiguousKey,
    #[error("alg is not one that is taken, or not the key's")]
    Alg,
    #[error("a header that changes the meaning")]
    Header,
    #[error("the key is not one that is taken")]
    Key,
    #[error("the signature does not verify")]
    Signature,
}

/// The expected `typ` of the header. Two kinds of tokens from one signer must not be interchangeable (RFC 8725 3.11).
#[derive(Debug, Clone, Copy)]
pub enum ExpectedTyp<'a> {
    /// Exactly this value.
    Exactly(&'a str),
    /// Absent or one of these values: kinds of tokens older than explicit typing.
    AbsentOr(&'a [&'a str]),
}

impl ExpectedTyp<'_> {
    fn matches(self, found: Option<&str>) -> bool {
        // RFC 7515 4.1.9: a media type, with an optional "application/" prefix.
        let found = found.map(|text| match text.split_at_checked(12) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") && !rest.contains('/') => rest,
            _ => text,
        });
        match (self, found) {
            (ExpectedTyp::Exactly(wanted), Some(found)) => found.eq_ignore_ascii_case(wanted),
            (ExpectedTyp::Exactly(_), None) => false,
            (ExpectedTyp::AbsentOr(_), None) => true,
            (ExpectedTyp::AbsentOr(all), Some(found)) => all.iter().any(|one| found.eq_ignore_ascii_case(one)),
        }
    }
}

/// The protected header of a token.
#[derive(Debug, Clone, PartialEq)]
pub struct JoseHeader(Map<String, Value>);

impl JoseHeader {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
    pub fn get_str(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }
    pub fn alg(&self) -> Option<&str> {
        self.get_str("alg")
    }
    pub fn kid(&self) -> Option<&str> {
        self.get_str("kid")
    }
}

/// A well-formed token, not yet verified.
pub(super) struct CompactJws<'a> {
    pub header: JoseHeader,
    /// The signing input: header and payload as received.
    pub signing_input: &'a str,
    pub signature: Vec<u8>,
    payload: &'a str,
}

impl<'a> CompactJws<'a> {
    pub fn parse(token: &'a str, typ: ExpectedTyp<'_>) -> Result<Self, VerifyError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(VerifyError::Malformed);
        }
        let (input, signature) = token.rsplit_once('.').ok_or(VerifyError::Malformed)?;
        let (head, payload) = input.split_once('.').ok_or(VerifyError::Malformed)?;
        if payload.contains('.') {
            return Err(VerifyError::Malformed);
        }
        let signature = decode_base64url(signature).ok_or(VerifyError::Malformed)?;
        let header =
            JoseHeader(object(&decode_base64url(head).ok_or(VerifyError::Malformed)?).ok_or(VerifyError::Json)?);
        if ["crit", "b64", "zip"].into_iter().any(|name| header.get(name).is_some()) {
            return Err(VerifyError::Header);
        }
        // A `kid` of another type must not be treated as absent (RFC 7515 4.1.4, 4.1.9).
        if ["alg", "kid", "typ"].into_iter().any(|name| header.get(name).is_some_and(|v| !v.is_string())) {
            return Err(VerifyError::Header);
        }
        if !typ.matches(header.get_str("typ")) {
            return Err(VerifyError::Typ);
        }
        Ok(Self { header, signing_input: input, signature, payload })
    }

    /// Returns header and claims if `verifies` accepts the signing input and the signature.
    pub fn verify_with(self, verifies: impl FnOnce(&[u8], &[u8]) -> bool) -> Result<(JoseHeader, Claims), VerifyError> {
        if !verifies(self.signing_input.as_bytes(), &self.signature) {
            return Err(VerifyError::Signature);
        }
        let claims = object(&decode_base64url(self.payload).ok_or(VerifyError::Malformed)?).ok_or(VerifyError::Json)?;
        Ok((self.header, claims))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secret::base64url;

    #[test]
    fn rfc_7515_4_1_9_a_typ_is_a_media_type_without_regard_to_case() {
        for typ in ["dpop+jwt", "DPoP+JWT", "application/dpop+jwt", "Application/dpop+jwt"] {
            assert!(ExpectedTyp::Exactly("dpop+jwt").matches(Some(typ)), "{typ}");
        }
        for typ in [None, Some("JWT"), Some("application/"), Some("é"), Some("text/dpop+jwt")] {
            assert!(!ExpectedTyp::Exactly("dpop+jwt").matches(typ), "{typ:?}");
        }
        assert!(ExpectedTyp::AbsentOr(&["JWT"]).matches(None));
        assert!(ExpectedTyp::AbsentOr(&["JWT"]).matches(Some("jwt")));
        assert!(!ExpectedTyp::AbsentOr(&["JWT"]).matches(Some("at+jwt")), "j12: another kind of token");
    }

    #[test]
    fn attack_j6_headers_that_change_the_meaning_are_refused_before_any_key() {
        for header in [
            r#"{"alg":"ES256","crit":["exp"]}"#,
            r#"{"alg":"ES256","crit":[]}"#,
            r#"{"alg":"ES256","b64":true}"#,
            r#"{"alg":"ES256","zip":"DEF"}"#,
            r#"{"alg":"ES256","kid":7}"#,
            r#"{"alg":["ES256"]}"#,
            r#"{"alg":"ES256","typ":null}"#,
        ] {
            let token = format!("{}.e30.AA", base64url(header.as_bytes()));
            assert_eq!(
                CompactJws::parse(&token, ExpectedTyp::AbsentOr(&["JWT"])).err(),
                Some(VerifyError::Header),
                "{header}"
            );
        }
    }

    #[test]
    fn a_token_of_more_than_16_kib_is_not_looked_at() {
        let head = base64url(br#"{"alg":"ES256"}"#);
        let body = "A".repeat(MAX_TOKEN_BYTES);
        assert_eq!(
            CompactJws::parse(&format!("{head}.{body}.AA"), ExpectedTyp::AbsentOr(&[])).err(),
            Some(VerifyError::Malformed)
        );
    }
}
