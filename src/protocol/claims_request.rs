//! The `claims` parameter (OIDCC 5.5): the individual claims requested by a client, and their destinations.
//!
//! Unknown claims are ignored; the claims permitted to a client are decided elsewhere, by its registration. `sub` with
//! a value and `acr` do not request claims: they constrain the end user and the assurance level of the response.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::acr::AcrRequest;
use super::claim::Claim;
use super::json;

/// The maximum length of the parameter, in bytes.
const MAX_PARAMETER_BYTES: usize = 4 * 1024;

/// The known claims requested in addition to the scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimsRequest {
    #[serde(deserialize_with = "known_names")]
    pub userinfo: Vec<Claim>,
    #[serde(deserialize_with = "known_names")]
    pub id_token: Vec<Claim>,
}

/// Reads the known claims of a stored list: a newer release beside this one may have stored another.
fn known_names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Claim>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

impl ClaimsRequest {
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// Returns the union of two requests.
    #[must_use]
    pub fn union(&self, other: &ClaimsRequest) -> ClaimsRequest {
        let both = |one: &[Claim], other: &[Claim]| {
            let more = other.iter().filter(|claim| !one.contains(claim));
            one.iter().chain(more).copied().collect()
        };
        ClaimsRequest {
            userinfo: both(&self.userinfo, &other.userinfo),
            id_token: both(&self.id_token, &other.id_token),
        }
    }

    /// Returns the requested claims accepted by `allowed`.
    #[must_use]
    pub fn restricted_to(&self, allowed: impl Fn(Claim) -> bool) -> ClaimsRequest {
        let keep = |claims: &[Claim]| claims.iter().copied().filter(|claim| allowed(*claim)).collect();
        ClaimsRequest { userinfo: keep(&self.userinfo), id_token: keep(&self.id_token) }
    }
}

/// The parsed parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimsParameter {
    pub claims: ClaimsRequest,
    pub acr: Option<AcrRequest>,
    /// The required subject of the response.
    pub sub: Option<String>,
}

/// Parses the parameter; returns `None` if the text is not a JSON object with well-formed `userinfo` and `id_token`
/// members.
pub fn parse(text: &str) -> Option<ClaimsParameter> {
    if text.len() > MAX_PARAMETER_BYTES {
        return None;
    }
    let all = json::object(text.as_bytes())?;
    let mut out = ClaimsParameter::default();
    for (place, members) in &all {
        let names = match (place.as_str(), members) {
            ("userinfo", Value::Object(members)) => {
                out.claims.userinfo = known_claims(members)?;
                continue;
            }
            ("id_token", Value::Object(members)) => members,
            ("userinfo" | "id_token", Value::Null) => continue,
            ("userinfo" | "id_token", _) => return None,
            // OIDCC 5.5: other members are ignored.
            _ => continue,
        };
        out.claims.id_token = known_claims(names)?;
        // An unreadable constraint must not be ignored: the response would be about another end user, or of a lower
        // level.
        out.sub = match names.get("sub").and_then(|request| request.get("value")) {
            None => None,
            Some(value) => Some(value.as_str()?.to_owned()),
        };
        out.acr = match names.get("acr") {
            None => None,
            Some(request) => Some(acr_request(request)?),
        };
    }
    Some(out)
}

/// Returns the known claims among the requested. A request is null or an object (OIDCC 5.5.1).
fn known_claims(members: &Map<String, Value>) -> Option<Vec<Claim>> {
    if members.values().any(|v| !(v.is_null() || v.is_object())) {
        return None;
    }
    Some(members.keys().filter_map(|name| name.parse().ok()).filter(|claim| *claim != Claim::Sub).collect())
}

/// Parses a request for `acr` (OIDCC 5.5.1.1); returns `None` if a member has the wrong type.
fn acr_request(request: &Value) -> Option<AcrRequest> {
    let many = match request.get("values") {
        None => Vec::new(),
        Some(values) => values.as_array()?.iter().collect(),
    };
    let names = request.get("value").into_iter().chain(many).map(Value::as_str).collect::<Option<Vec<_>>>()?;
    let essential = match request.get("essential") {
        None => false,
        Some(essential) => essential.as_bool()?,
    };
    Some(AcrRequest { levels: names.into_iter().filter_map(|name| name.parse().ok()).collect(), essential })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::acr::Acr;
    use proptest::prelude::*;

    #[test]
    fn oidcc_5_5_known_claims_are_kept_by_place() {
        let asked = parse(
            r#"{"userinfo":{"name":{"essential":true},"picture":null,"phone_number":null},
                "id_token":{"given_name":null,"sub":{"value":"abc"},"acr":{"essential":true,"values":["x","eidas1"]}},
                "other":1}"#,
        )
        .unwrap();
        assert_eq!(asked.claims.userinfo, [Claim::Name, Claim::PhoneNumber]);
        assert_eq!(asked.claims.id_token, [Claim::GivenName]);
        assert_eq!(asked.sub.as_deref(), Some("abc"));
        assert_eq!(asked.acr, Some(AcrRequest { levels: vec![Acr::Eidas1], essential: true }));
    }

    #[test]
    fn faults_f9_a_claim_of_a_newer_release_is_passed_over() {
        let stored = r#"{"userinfo":["name","of_tomorrow"],"id_token":["of_tomorrow"]}"#;
        let read: ClaimsRequest = serde_json::from_str(stored).unwrap();
        assert_eq!((read.userinfo, read.id_token), (vec![Claim::Name], vec![]));
    }

    #[test]
    fn what_is_no_request_is_refused() {
        for bad in [
            "",
            "[]",
            "{",
            "null",
            r#"{"userinfo":[]}"#,
            r#"{"id_token":"x"}"#,
            r#"{"userinfo":{"name":1}}"#,
            r#"{"id_token":{"sub":{"value":["abc"]}}}"#,
            r#"{"id_token":{"sub":{"value":null}}}"#,
            r#"{"id_token":{"acr":{"essential":"true","value":"eidas1"}}}"#,
            r#"{"id_token":{"acr":{"values":"eidas1"}}}"#,
            r#"{"id_token":{"acr":{"value":["eidas1"]}}}"#,
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert_eq!(parse("{}"), Some(ClaimsParameter::default()));
        assert!(parse(&format!(r#"{{"x":"{}"}}"#, "y".repeat(5_000))).is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,300}") {
            let _ = parse(&text);
        }
    }
}
