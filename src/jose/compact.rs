//! The one strict reader of compact tokens (RFC 7515 3.1, 5.2), before any signature is looked at.
//!
//! Three parts of canonical base64url, at most 16 KiB, header and claims one JSON object each without doubled
//! members. `crit`, `b64` and `zip` are refused: they change what the rest means (RFC 7515 4.1.11, RFC 7797). `jwk`,
//! `jku`, `x5u` and `x5c` are not read here. Nothing that this reader gives is true until a signature verified: the
//! claims come out of [`Compact::verified`] only.

use serde_json::{Map, Value};

use crate::base::secret::from_base64url;
use crate::protocol::json::object;

/// The longest compact token that is looked at.
const LONGEST: usize = 16 * 1024;

/// The claims of a verified token. Times, issuer and audience are the caller's to check.
pub type Claims = Map<String, Value>;

/// Why a token does not count. For logs, and for a client's developer; never for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    #[error("not three parts of strict base64url")]
    Form,
    #[error("header or claims are not one JSON object")]
    Json,
    #[error("typ is another")]
    Typ,
    /// The signer may have a newer key than the set at hand: read its keys again, once.
    #[error("no key of that kid")]
    Kid,
    #[error("no kid, and more than one key that fits")]
    WhichKey,
    #[error("alg is not one that is taken, or not the key's")]
    Alg,
    #[error("a header that changes the meaning")]
    Header,
    #[error("the key is not one that is taken")]
    Key,
    #[error("the signature does not verify")]
    Signature,
}

/// What the header's `typ` must be. Two kinds of token of one signer must not pass for each other (RFC 8725 3.11).
#[derive(Debug, Clone, Copy)]
pub enum Typ<'a> {
    /// This one.
    Is(&'a str),
    /// Absent or one of these: kinds of token that are older than explicit typing.
    AbsentOr(&'a [&'a str]),
}

impl Typ<'_> {
    fn admits(self, found: Option<&str>) -> bool {
        // RFC 7515 4.1.9: a media type, of which "application/" may be left out.
        let found = found.map(|text| match text.split_at_checked(12) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") && !rest.contains('/') => rest,
            _ => text,
        });
        match (self, found) {
            (Typ::Is(wanted), Some(found)) => found.eq_ignore_ascii_case(wanted),
            (Typ::Is(_), None) => false,
            (Typ::AbsentOr(_), None) => true,
            (Typ::AbsentOr(all), Some(found)) => all.iter().any(|one| found.eq_ignore_ascii_case(one)),
        }
    }
}

/// The protected header of a token.
#[derive(Debug, Clone, PartialEq)]
pub struct Header(Map<String, Value>);

impl Header {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }
    pub fn alg(&self) -> Option<&str> {
        self.text("alg")
    }
    pub fn kid(&self) -> Option<&str> {
        self.text("kid")
    }
}

/// A token that is well-formed, and no more.
pub(super) struct Compact<'a> {
    pub header: Header,
    /// What the signature is of: header and payload as they came.
    pub input: &'a str,
    pub signature: Vec<u8>,
    payload: &'a str,
}

impl<'a> Compact<'a> {
    pub fn read(token: &'a str, typ: Typ<'_>) -> Result<Self, Unverified> {
        if token.len() > LONGEST {
            return Err(Unverified::Form);
        }
        let (input, signature) = token.rsplit_once('.').ok_or(Unverified::Form)?;
        let (head, payload) = input.split_once('.').ok_or(Unverified::Form)?;
        if payload.contains('.') {
            return Err(Unverified::Form);
        }
        let signature = from_base64url(signature).ok_or(Unverified::Form)?;
        let header = Header(object(&from_base64url(head).ok_or(Unverified::Form)?).ok_or(Unverified::Json)?);
        if ["crit", "b64", "zip"].into_iter().any(|name| header.get(name).is_some()) {
            return Err(Unverified::Header);
        }
        // A kid that is no text must not read as one that is absent (RFC 7515 4.1.4, 4.1.9).
        if ["alg", "kid", "typ"].into_iter().any(|name| header.get(name).is_some_and(|v| !v.is_string())) {
            return Err(Unverified::Header);
        }
        if !typ.admits(header.text("typ")) {
            return Err(Unverified::Typ);
        }
        Ok(Self { header, input, signature, payload })
    }

    /// Header and claims, if `verifies` says of input and signature that they belong together.
    pub fn verified(self, verifies: impl FnOnce(&[u8], &[u8]) -> bool) -> Result<(Header, Claims), Unverified> {
        if !verifies(self.input.as_bytes(), &self.signature) {
            return Err(Unverified::Signature);
        }
        let claims = object(&from_base64url(self.payload).ok_or(Unverified::Form)?).ok_or(Unverified::Json)?;
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
            assert!(Typ::Is("dpop+jwt").admits(Some(typ)), "{typ}");
        }
        for typ in [None, Some("JWT"), Some("application/"), Some("é"), Some("text/dpop+jwt")] {
            assert!(!Typ::Is("dpop+jwt").admits(typ), "{typ:?}");
        }
        assert!(Typ::AbsentOr(&["JWT"]).admits(None));
        assert!(Typ::AbsentOr(&["JWT"]).admits(Some("jwt")));
        assert!(!Typ::AbsentOr(&["JWT"]).admits(Some("at+jwt")), "j12: another kind of token");
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
            assert_eq!(Compact::read(&token, Typ::AbsentOr(&["JWT"])).err(), Some(Unverified::Header), "{header}");
        }
    }

    #[test]
    fn a_token_of_more_than_16_kib_is_not_looked_at() {
        let head = base64url(br#"{"alg":"ES256"}"#);
        let body = "A".repeat(LONGEST);
        assert_eq!(Compact::read(&format!("{head}.{body}.AA"), Typ::AbsentOr(&[])).err(), Some(Unverified::Form));
    }
}
