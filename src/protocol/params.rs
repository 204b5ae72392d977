//! `application/x-www-form-urlencoded` from outside, read strictly.
//!
//! A parameter that stands twice is refused (RFC 6749 3.1, docs/threats.md#attack-r5), but for those whose
//! specification allows it; sizes and numbers are bounded (docs/threats.md#attack-d1), and a value is text without NUL.
//! An empty value counts as absent (RFC 6749 3.1).

use std::collections::BTreeMap;

/// The most parameters of one request.
pub const MOST: usize = 60;
/// The longest value, in bytes. `id_token_hint` is the longest that a client sends.
pub const LONGEST: usize = 6 * 1024;
/// What may stand more than once (RFC 8707 2).
const REPEATABLE: [&str; 1] = ["resource"];

/// A request's parameters by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    values: BTreeMap<String, Vec<String>>,
    flaw: Option<Flaw>,
}

/// What is wrong with the form as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("too many parameters")]
    TooMany,
    #[error("a parameter is too long")]
    TooLong,
    #[error("a parameter is not UTF-8 text")]
    NotText,
    #[error("a parameter stands twice")]
    Doubled,
}

impl Params {
    /// Reads a query or a form body. Flaws are kept, so that the caller can first find out whether they
    /// may be told by redirect.
    pub fn parse(text: &str) -> Params {
        let mut out = Params::default();
        for (seen, pair) in text.split('&').filter(|p| !p.is_empty()).enumerate() {
            if seen >= MOST {
                out.flaw.get_or_insert(Flaw::TooMany);
                break;
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decode(name), decode(value)) else {
                out.flaw.get_or_insert(Flaw::NotText);
                continue;
            };
            if name.len() > 256 || value.len() > LONGEST {
                out.flaw.get_or_insert(Flaw::TooLong);
                continue;
            }
            // As if it had been left out, also beside another of its name.
            if value.is_empty() {
                continue;
            }
            let may_repeat = REPEATABLE.contains(&name.as_str());
            let all = out.values.entry(name).or_default();
            if !(all.is_empty() || may_repeat) {
                out.flaw.get_or_insert(Flaw::Doubled);
            }
            all.push(value);
        }
        out
    }

    /// The value, unless it is absent, empty, or stands twice (then none of them counts).
    pub fn get(&self, name: &str) -> Option<&str> {
        match self.values.get(name)?.as_slice() {
            [one] => Some(one.as_str()),
            _ => None,
        }
    }

    /// Every value of a parameter that may stand more than once.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values.get(name).into_iter().flatten().map(String::as_str)
    }

    /// Like [`Params::get`], for a caller that keeps it.
    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// The value, or nothing: for forms that people fill.
    pub fn raw(&self, name: &str) -> &str {
        self.values.get(name).and_then(|all| all.first()).map_or("", String::as_str)
    }

    pub fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

/// Percent-decoding of one name or value; `+` is a blank. `None` for what is no UTF-8 or holds NUL.
pub fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(b) = rest.next() {
        bytes.push(match b {
            b'+' => b' ',
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            other => other,
        });
    }
    String::from_utf8(bytes).ok().filter(|t| !t.contains('\0'))
}

fn hex(b: u8) -> Option<u8> {
    char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok())
}

/// Encodes pairs for a query.
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
        assert_eq!(p.flaw(), Some(Flaw::Doubled));
    }

    #[test]
    fn rfc_8707_2_resource_may_stand_more_than_once() {
        let p = Params::parse("resource=a&x=1&resource=b");
        assert_eq!((p.flaw(), p.get("resource")), (None, None));
        assert_eq!(p.all("resource").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(p.all("nothing").count(), 0);
    }

    #[test]
    fn attack_d1_numbers_and_lengths_are_bounded() {
        assert_eq!(Params::parse(&"a=1&".repeat(100)).flaw(), Some(Flaw::Doubled));
        let many: String = (0..100).map(|n| format!("p{n}=1&")).collect();
        assert_eq!(Params::parse(&many).flaw(), Some(Flaw::TooMany));
        assert_eq!(Params::parse(&format!("a={}", "x".repeat(LONGEST + 1))).flaw(), Some(Flaw::TooLong));
    }

    #[test]
    fn attack_x11_nul_and_broken_escapes_are_refused() {
        for text in ["a=%00", "a=%", "a=%4", "a=%zz", "a=%ff", "%00=1"] {
            assert_eq!(Params::parse(text).flaw(), Some(Flaw::NotText), "{text}");
        }
        assert_eq!(Params::parse("a=%2527").get("a"), Some("%27"), "r2: decoded once, never twice");
    }

    #[test]
    fn faults_d10_an_empty_parameter_was_not_sent() {
        let p = Params::parse("a=&b&c=1&c=&=x&d=");
        assert_eq!((p.flaw(), p.get("a"), p.get("b"), p.get("c")), (None, None, None, Some("1")));
        assert_eq!(p.names().collect::<Vec<_>>(), ["", "c"]);
        assert_eq!(Params::parse("c=1&c=&c=2").flaw(), Some(Flaw::Doubled));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,300}") {
            let _ = Params::parse(&text);
        }

        #[test]
        fn what_is_encoded_is_read_back(value in "[^\0]{0,100}") {
            let p = Params::parse(&encode([("v", value.as_str())]));
            prop_assert_eq!(p.raw("v"), value);
        }
    }
}
