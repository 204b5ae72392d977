//! The content and the transport of an authorization response (OAuth 2.0 Multiple Response Types, OIDCC 3).

use std::fmt;

use serde::{Deserialize, Serialize};

/// The `response_type`: a set of values, in any order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResponseType {
    pub code: bool,
    pub id_token: bool,
    pub token: bool,
}

impl ResponseType {
    pub const CODE: ResponseType = ResponseType { code: true, id_token: false, token: false };
    /// The supported response types. `token` alone is the implicit grant of plain OAuth, discouraged by RFC 9700 2.1.2.
    pub const ALL: [ResponseType; 6] = [
        ResponseType::CODE,
        ResponseType { code: false, id_token: true, token: false },
        ResponseType { code: false, id_token: true, token: true },
        ResponseType { code: true, id_token: true, token: false },
        ResponseType { code: true, id_token: false, token: true },
        ResponseType { code: true, id_token: true, token: true },
    ];

    /// Parses `response_type`; returns `None` for an unknown or repeated value and for an unsupported combination.
    pub fn parse(text: &str) -> Option<ResponseType> {
        let mut found = ResponseType { code: false, id_token: false, token: false };
        for word in text.split(' ') {
            let flag = match word {
                "code" => &mut found.code,
                "id_token" => &mut found.id_token,
                "token" => &mut found.token,
                _ => return None,
            };
            if std::mem::replace(flag, true) {
                return None;
            }
        }
        ResponseType::ALL.contains(&found).then_some(found)
    }

    /// Returns the canonical name used in discovery and registration.
    pub fn name(self) -> &'static str {
        match (self.code, self.id_token, self.token) {
            (true, false, false) => "code",
            (false, true, false) => "id_token",
            (false, true, true) => "id_token token",
            (true, true, false) => "code id_token",
            (true, false, true) => "code token",
            _ => "code id_token token",
        }
    }

    /// True if the front channel carries a token, which must not be sent in a query (OAuth 2.0 Multiple Response Types
    /// 3).
    pub fn uses_front_channel(self) -> bool {
        self.id_token || self.token
    }
}

impl TryFrom<String> for ResponseType {
    type Error = UnknownResponseType;
    fn try_from(text: String) -> Result<Self, UnknownResponseType> {
        ResponseType::parse(&text).ok_or(UnknownResponseType)
    }
}

impl From<ResponseType> for String {
    fn from(r: ResponseType) -> String {
        r.name().to_owned()
    }
}

impl fmt::Display for ResponseType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a response_type that is spoken here")]
pub struct UnknownResponseType;

/// The `response_mode`: the transport of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ResponseMode {
    Query,
    Fragment,
    /// OAuth 2.0 Form Post Response Mode.
    FormPost,
}

impl ResponseMode {
    pub const ALL: [ResponseMode; 3] = [ResponseMode::Query, ResponseMode::Fragment, ResponseMode::FormPost];

    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the default response mode of a response type.
    pub fn default_for(kind: ResponseType) -> ResponseMode {
        if kind.uses_front_channel() { ResponseMode::Fragment } else { ResponseMode::Query }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oidcc_3_words_come_in_any_order_and_once() {
        assert_eq!(ResponseType::parse("token id_token code").unwrap().name(), "code id_token token");
        for bad in ["", "token", "none", "code code", "code  id_token", " code", "CODE", "code,id_token"] {
            assert_eq!(ResponseType::parse(bad), None, "{bad}");
        }
        for kind in ResponseType::ALL {
            assert_eq!(ResponseType::parse(kind.name()), Some(kind));
        }
    }
}
