//! The `claims` parameter (OIDCC 5.5): which claims a client asks for one by one, and where.
//!
//! Unknown claims are passed over; what a client may learn is decided elsewhere, by its registration. `sub` with a value
//! and `acr` are no claims to be told: they say about whom, and how sure, the answer must be.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::acr::{Acr, AcrWish};
use super::json;
use super::scope::Scope;

/// The longest parameter that is read, in bytes.
const LONGEST: usize = 4 * 1024;

/// The claims asked for beyond the scopes, by name, known ones only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimsRequest {
    pub userinfo: Vec<String>,
    pub id_token: Vec<String>,
}

impl ClaimsRequest {
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// Both.
    #[must_use]
    pub fn and(&self, other: &ClaimsRequest) -> ClaimsRequest {
        let both = |one: &[String], other: &[String]| {
            let more = other.iter().filter(|name| !one.contains(name));
            one.iter().chain(more).cloned().collect()
        };
        ClaimsRequest {
            userinfo: both(&self.userinfo, &other.userinfo),
            id_token: both(&self.id_token, &other.id_token),
        }
    }

    /// What of it `allowed` lets through.
    #[must_use]
    pub fn within(&self, allowed: impl Fn(&str) -> bool) -> ClaimsRequest {
        let keep = |names: &[String]| names.iter().filter(|n| allowed(n)).cloned().collect();
        ClaimsRequest { userinfo: keep(&self.userinfo), id_token: keep(&self.id_token) }
    }
}

/// The whole parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    pub claims: ClaimsRequest,
    pub acr: Option<AcrWish>,
    /// About whom the answer must be.
    pub sub: Option<String>,
}

/// Reads the parameter; `None` for what is no JSON object of the two members' form.
pub fn parse(text: &str) -> Option<Asked> {
    if text.len() > LONGEST {
        return None;
    }
    let all = json::object(text.as_bytes())?;
    let mut out = Asked::default();
    for (place, members) in &all {
        let names = match (place.as_str(), members) {
            ("userinfo", Value::Object(members)) => {
                out.claims.userinfo = known(members)?;
                continue;
            }
            ("id_token", Value::Object(members)) => members,
            ("userinfo" | "id_token", Value::Null) => continue,
            ("userinfo" | "id_token", _) => return None,
            // OIDCC 5.5: other members are ignored.
            _ => continue,
        };
        out.claims.id_token = known(names)?;
        // A demand that cannot be read is not passed over: the answer would be about another person, or less sure.
        out.sub = match names.get("sub").and_then(|request| request.get("value")) {
            None => None,
            Some(value) => Some(value.as_str()?.to_owned()),
        };
        out.acr = match names.get("acr") {
            None => None,
            Some(request) => Some(wish(request)?),
        };
    }
    Some(out)
}

/// The claims that some scope of ours gives. A request is null or an object (OIDCC 5.5.1).
fn known(members: &Map<String, Value>) -> Option<Vec<String>> {
    if members.values().any(|v| !(v.is_null() || v.is_object())) {
        return None;
    }
    let of_ours = |name: &&String| Scope::ALL.into_iter().any(|s| s.claims().contains(&name.as_str()));
    Some(members.keys().filter(|name| name.as_str() != "sub").filter(of_ours).cloned().collect())
}

/// OIDCC 5.5.1.1; `None` where a member is of another type.
fn wish(request: &Value) -> Option<AcrWish> {
    let many = match request.get("values") {
        None => Vec::new(),
        Some(values) => values.as_array()?.iter().collect(),
    };
    let names = request.get("value").into_iter().chain(many).map(Value::as_str).collect::<Option<Vec<_>>>()?;
    let essential = match request.get("essential") {
        None => false,
        Some(essential) => essential.as_bool()?,
    };
    Some(AcrWish { levels: names.into_iter().filter_map(Acr::from_name).collect(), essential })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn oidcc_5_5_known_claims_are_kept_by_place() {
        let asked = parse(
            r#"{"userinfo":{"name":{"essential":true},"picture":null,"phone_number":null},
                "id_token":{"given_name":null,"sub":{"value":"abc"},"acr":{"essential":true,"values":["x","eidas1"]}},
                "other":1}"#,
        )
        .unwrap();
        assert_eq!(asked.claims.userinfo, ["name", "phone_number"]);
        assert_eq!(asked.claims.id_token, ["given_name"]);
        assert_eq!(asked.sub.as_deref(), Some("abc"));
        assert_eq!(asked.acr, Some(AcrWish { levels: vec![Acr::Eidas1], essential: true }));
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
        assert_eq!(parse("{}"), Some(Asked::default()));
        assert!(parse(&format!(r#"{{"x":"{}"}}"#, "y".repeat(5_000))).is_none());
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,300}") {
            let _ = parse(&text);
        }
    }
}
