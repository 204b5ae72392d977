//! Strict parsing of untrusted `application/x-www-form-urlencoded` text.
//!
//! A repeated parameter is refused (RFC 6749 3.1, docs/threats.md#attack-r5), except where its specification allows
//! repetition. Size and number are bounded (docs/threats.md#attack-d1), and a value is text without NUL. An empty value
//! counts as absent (RFC 6749 3.1).

use std::collections::BTreeMap;

/// The maximum number of parameters per request.
pub const MAX_PARAMETERS: usize = 60;
/// The maximum length of a value, in bytes. The longest value sent by clients is `id_token_hint`.
pub const MAX_VALUE_BYTES: usize = 6 * 1024;
/// The parameters allowed more than once (RFC 8707 2).
const REPEATABLE: [&str; 1] = ["resource"];

/// The parameters of a request, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    values: BTreeMap<String, Vec<String>>,
    without_value: Vec<String>,
    error: Option<ParamsError>,
}

/// The reason for refusing a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    #[error("too many parameters")]
    TooMany,
    #[error("a parameter is too long")]
    TooLong,
    #[error("a parameter is not UTF-8 text")]
    NotText,
    #[error("a parameter stands twice")]
    Repeated,
}

impl Params {
    /// Parses a query or a form body. An error is kept with the parameters, so that the caller can first decide if the
    /// error may be reported by redirect.
    pub fn parse(text: &str) -> Params {
        let mut out = Params::default();
        for (seen, pair) in text.split('&').filter(|p| !p.is_empty()).enumerate() {
            if seen >= MAX_PARAMETERS {
                out.error.get_or_insert(ParamsError::TooMany);
                break;
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decode(name), decode(value)) else {
                out.error.get_or_insert(ParamsError::NotText);
                continue;
            };
            if name.len() > 256 || value.len() > MAX_VALUE_BYTES {
                out.error.get_or_insert(ParamsError::TooLong);
                continue;
            }
            // Treated as absent, even beside another value of the same name.
            if value.is_empty() {
                out.without_value.push(name);
                continue;
            }
            let may_repeat = REPEATABLE.contains(&name.as_str());
            let all = out.values.entry(name).or_default();
            if !(all.is_empty() || may_repeat) {
                out.error.get_or_insert(ParamsError::Repeated);
            }
            all.push(value);
        }
        out
    }

    /// Returns the value, unless absent, empty or repeated (in this case no value counts).
    pub fn get(&self, name: &str) -> Option<&str> {
        match self.values.get(name)?.as_slice() {
            [one] => Some(one.as_str()),
            _ => None,
        }
    }

    /// Returns every value of a repeatable parameter.
    pub fn get_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values.get(name).into_iter().flatten().map(String::as_str)
    }

    /// Returns the value like [`Params::get`], as an owned string.
    pub fn get_owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// Returns the first value or an empty string: for forms filled in by people.
    pub fn form_value(&self, name: &str) -> &str {
        self.values.get(name).and_then(|all| all.first()).map_or("", String::as_str)
    }

    pub fn error(&self) -> Option<ParamsError> {
        self.error
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// Returns the names that stood without a value: absent for OAuth, not for who holds a query against a schema.
    pub fn names_without_value(&self) -> impl Iterator<Item = &str> {
        self.without_value.iter().map(String::as_str)
    }
}

/// Percent-decodes a name or value; `+` is a space. Returns `None` for invalid UTF-8 or NUL.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        bytes.push(match b {
            b'+' => b' ',
            b'%' => hex_digit(rest.next()?)? << 4 | hex_digit(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok().filter(|t| !t.contains('\0'))
}

fn hex_digit(b: u8) -> Option<u8> {
    char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

/// Encodes pairs as a query string.
pub fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn attack_r5_a_doubled_parameter_counts_for_nothing() {
        let p = Params::parse("a=1&b=2&a=3");
        assert_eq!(p.get("a"), None);
        assert_eq!(p.get("b"), Some("2"));
        assert_eq!(p.error(), Some(ParamsError::Repeated));
    }

    #[test]
    fn rfc_8707_2_resource_may_stand_more_than_once() {
        let p = Params::parse("resource=a&x=1&resource=b");
        assert_eq!((p.error(), p.get("resource")), (None, None));
        assert_eq!(p.get_all("resource").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(p.get_all("nothing").count(), 0);
    }

    #[test]
    fn attack_d1_numbers_and_lengths_are_bounded() {
        assert_eq!(Params::parse(&"a=1&".repeat(100)).error(), Some(ParamsError::Repeated));
        let many: String = (0..100).map(|n| format!("p{n}=1&")).collect();
        assert_eq!(Params::parse(&many).error(), Some(ParamsError::TooMany));
        assert_eq!(
            Params::parse(&format!("a={}", "x".repeat(MAX_VALUE_BYTES + 1))).error(),
            Some(ParamsError::TooLong)
        );
    }

    #[test]
    fn attack_x11_nul_and_broken_escapes_are_refused() {
        for text in ["a=%00", "a=%", "a=%4", "a=%zz", "a=%ff", "%00=1"] {
            assert_eq!(Params::parse(text).error(), Some(ParamsError::NotText), "{text}");
        }
        assert_eq!(Params::parse("a=%2527").get("a"), Some("%27"), "r2: decoded once, never twice");
    }

    #[test]
    fn faults_d10_an_empty_parameter_was_not_sent() {
        let p = Params::parse("a=&b&c=1&c=&=x&d=");
        assert_eq!((p.error(), p.get("a"), p.get("b"), p.get("c")), (None, None, None, Some("1")));
        assert_eq!(p.names().collect::<Vec<_>>(), ["", "c"]);
        assert_eq!(Params::parse("c=1&c=&c=2").error(), Some(ParamsError::Repeated));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,300}") {
            let _ = Params::parse(&text);
        }

        #[test]
        fn what_is_encoded_is_read_back(value in "[^\0]{0,100}") {
            let p = Params::parse(&encode([("v", value.as_str())]));
            prop_assert_eq!(p.form_value("v"), value);
        }
    }
}
