//! Redirect URIs: validated at registration, then compared byte by byte (RFC 9700 2.1, OIDCC 3.1.2.1).
//!
//! Nothing is decoded or normalised before the comparison (docs/threats.md#attack-r1 to #attack-r4), except the port of
//! a loopback address of a native client (RFC 8252 7.3, docs/threats.md#attack-r13).

use url::{Host, ParseError, Url};

/// Response parameters forbidden in a registered query, because the response would repeat the parameter
/// (docs/threats.md#attack-r5, #threat-s11).
const RESERVED_PARAMETERS: [&str; 7] =
    ["code", "state", "iss", "error", "error_description", "id_token", "access_token"];

/// The reason for refusing a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum RedirectUriError {
    TooLong,
    ForbiddenCharacter,
    Relative,
    AmbiguousHost,
    MissingAuthority,
    Fragment,
    Userinfo,
    InvalidScheme,
    PlainHttp,
    NotHttps,
    PrivateUseScheme,
    PrivateUseAuthority,
    UnsafePath,
    ReservedParameter,
    Wildcard,
}

impl RedirectUriError {
    /// Returns the name of the reason, the end of a message's key.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the description in ASCII, for an `error_description` and for operators.
    pub fn description(self) -> &'static str {
        match self {
            RedirectUriError::TooLong => "a URI of more than 2000 characters",
            RedirectUriError::ForbiddenCharacter => {
                "a blank, or a character outside of a URI: percent-encode it, and write the host in punycode"
            }
            RedirectUriError::Relative => "not an absolute URI: it begins with https://",
            RedirectUriError::AmbiguousHost => "a host that browsers read otherwise than it is written",
            RedirectUriError::MissingAuthority => "a scheme that is not followed by two slashes and a host",
            RedirectUriError::Fragment => "a fragment",
            RedirectUriError::Userinfo => "a user name in the URI",
            RedirectUriError::InvalidScheme => {
                "a scheme that is not https; an application's own is a domain name turned round, as in \
                 fr.exemple.app:/retour (RFC 8252 7.1)"
            }
            RedirectUriError::NotHttps => "a scheme that is not https",
            RedirectUriError::PlainHttp => "http, which is for this machine only: https",
            RedirectUriError::PrivateUseScheme => "a scheme of its own, which is for application_type native",
            RedirectUriError::PrivateUseAuthority => {
                "two slashes after a scheme of one's own: write one, as in fr.exemple.app:/retour (RFC 8252 7.1)"
            }
            RedirectUriError::UnsafePath => "a dot segment or an encoded slash in the path",
            RedirectUriError::ReservedParameter => "a response parameter in the query",
            RedirectUriError::Wildcard => "a wildcard",
        }
    }
}

/// Validates a redirect URI for registration; `native` is true for an installed application.
pub fn validate(uri: &str, native: bool) -> Result<(), RedirectUriError> {
    if uri.contains('*') {
        return Err(RedirectUriError::Wildcard);
    }
    if uri.contains('#') {
        return Err(RedirectUriError::Fragment);
    }
    let url = validate_common(uri, native)?;
    if url.query_pairs().any(|(name, _)| RESERVED_PARAMETERS.contains(&name.as_ref())) {
        return Err(RedirectUriError::ReservedParameter);
    }
    Ok(())
}

/// Validates any other URI of a client for registration: a URI displayed as a link, called, or framed
/// (docs/threats.md#attack-r6). An entry of `request_uris` may end with a fragment, the digest of its content
/// (OIDCR 2).
pub fn validate_other(uri: &str, fragment: bool) -> Result<(), RedirectUriError> {
    let (bare, rest) = uri.split_once('#').map_or((uri, None), |(bare, rest)| (bare, Some(rest)));
    match rest {
        None => {}
        Some(rest) if fragment && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_=.~".contains(&b)) => {}
        Some(_) => return Err(RedirectUriError::Fragment),
    }
    validate_common(bare, false).map(|_| ()).map_err(|flaw| match flaw {
        // Private-use schemes are refused even for installed applications.
        RedirectUriError::PrivateUseScheme | RedirectUriError::InvalidScheme => RedirectUriError::NotHttps,
        other => other,
    })
}

/// Applies the rules common to all registered URIs.
fn validate_common(uri: &str, native: bool) -> Result<Url, RedirectUriError> {
    let bad = |b: u8| {
        !(0x21..=0x7E).contains(&b) || matches!(b, b'\\' | b'"' | b'<' | b'>' | b'`' | b'{' | b'}' | b'|' | b'^')
    };
    if uri.len() > 2_000 {
        return Err(RedirectUriError::TooLong);
    }
    if uri.bytes().any(bad) {
        return Err(RedirectUriError::ForbiddenCharacter);
    }
    let url = Url::parse(uri).map_err(|why| match why {
        ParseError::RelativeUrlWithoutBase => RedirectUriError::Relative,
        ParseError::EmptyHost => RedirectUriError::MissingAuthority,
        _ => RedirectUriError::AmbiguousHost,
    })?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err(RedirectUriError::PlainHttp),
        // RFC 8252 7.1: a private-use scheme is a reversed domain name, so it contains a dot.
        other if !other.contains('.') => return Err(RedirectUriError::InvalidScheme),
        _ if !native => return Err(RedirectUriError::PrivateUseScheme),
        _ if url.has_host() => return Err(RedirectUriError::PrivateUseAuthority),
        _ => return Ok(url),
    }
    // `https:host` and `https:///host` are parsed as another URI than written.
    let rest = uri.split_once("://").map(|(_, r)| r).ok_or(RedirectUriError::MissingAuthority)?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') || !url.username().is_empty() {
        return Err(RedirectUriError::Userinfo);
    }
    // A host interpreted differently by browsers (`0x7f.1`, `%65vil`) is another host than written, too
    // (docs/threats.md#threat-s11).
    let host = url.host_str().unwrap_or_default();
    let written = authority.get(..host.len()).is_some_and(|start| start.eq_ignore_ascii_case(host));
    let port = authority.get(host.len()..).unwrap_or_default();
    if authority.is_empty() {
        return Err(RedirectUriError::MissingAuthority);
    }
    if host.is_empty() || !written || !(port.is_empty() || port.starts_with(':')) {
        return Err(RedirectUriError::AmbiguousHost);
    }
    if !uri.starts_with(&format!("{}://", url.scheme())) {
        return Err(RedirectUriError::MissingAuthority);
    }
    let path = rest.get(authority.len()..).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default().to_ascii_lowercase();
    let dots =
        |s: &str| matches!(s.split(';').next().unwrap_or_default(), "." | ".." | "%2e" | "%2e%2e" | ".%2e" | "%2e.");
    if path.split('/').any(dots)
        || path.contains("%2f")
        || path.contains("%5c")
        || path.contains("%25")
        || path.contains("%00")
    {
        return Err(RedirectUriError::UnsafePath);
    }
    Ok(url)
}

/// Returns the host receiving the data sent to a redirect URI. `None` for loopback addresses and for private-use
/// schemes, because any application can register such a scheme.
pub fn host(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok()?;
    (matches!(url.scheme(), "https" | "http") && !is_loopback(&url)).then(|| url.host_str().map(str::to_owned))?
}

/// True for loopback addresses (RFC 8252 7.3 and 8.3); `localhost` is accepted for development and the demo.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// True if the requested URI is registered.
pub fn matches(requested: &str, registered: &[String], native: bool) -> bool {
    registered.iter().any(|r| r == requested || (native && same_but_loopback_port(requested, r)))
}

fn same_but_loopback_port(requested: &str, registered: &str) -> bool {
    let split = |uri: &str| -> Option<(String, String)> {
        let rest = uri.strip_prefix("http://")?;
        let at = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let host = ["127.0.0.1", "[::1]"].into_iter().find(|h| {
            authority.strip_prefix(h).is_some_and(|port| {
                port.is_empty()
                    || port
                        .strip_prefix(':')
                        .is_some_and(|p| !p.is_empty() && p.len() <= 5 && p.bytes().all(|b| b.is_ascii_digit()))
            })
        })?;
        Some((host.to_owned(), path.to_owned()))
    };
    matches!((split(requested), split(registered)), (Some(a), Some(b)) if a == b)
}

/// Appends response parameters to the query of a redirect URI, keeping the existing query.
pub fn with_query(uri: &str, pairs: &[(&str, &str)]) -> String {
    let joint = match uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some((_, query)) if query.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{uri}{joint}{}", super::params::encode(pairs.iter().copied()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ordinary_uris_are_taken() {
        for uri in [
            "https://ent.example/retour",
            "https://ent.example/retour?choix=1",
            "http://localhost:8090/ent/retour",
            "http://127.0.0.1:5000/cb",
            "fr.exemple.app:/retour",
        ] {
            assert_eq!(validate(uri, true), Ok(()), "{uri}");
            // RFC 8252 7.1: private-use schemes are for installed applications.
            let web = if uri.starts_with("http") { Ok(()) } else { Err(RedirectUriError::PrivateUseScheme) };
            assert_eq!(validate(uri, false), web, "{uri}");
        }
    }

    #[test]
    fn attack_r1_to_r7_odd_uris_cannot_be_registered() {
        for uri in [
            "https://*.example/cb",
            "https://ent.example/..;/cb",
            "https://ent.example/a/../cb",
            "https://ent.example/%2e%2e/cb",
            "https://ent.example/%252e/cb",
            "https://ent.example%2f@evil.example/cb",
            "https://ent.example@evil.example/cb",
            "https://ent.example\\@evil.example/cb",
            "https:/\\evil.example",
            "https:///evil.example/cb",
            "https:evil.example",
            "http://ent.example/cb",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "//evil.example/cb",
            "/cb",
            "https://ent.example/cb#x",
            "https://ent.example/cb?code=1",
            "https://ent.example/cb?a=1&state=2",
            "https://ent.example/c b",
            "https://ent.example/cb\n",
            "https://ent.example/cb\t",
            "https://éxample.fr/cb",
            "https://0x7f.1/cb",
            "https://2130706433/cb",
            "https://%65nt.example/cb",
            "http://localhost.evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "",
        ] {
            assert!(validate(uri, true).is_err() && validate(uri, false).is_err(), "{uri}");
        }
    }

    #[test]
    fn faults_d17_the_words_say_what_is_wrong_and_what_is_right() {
        for (uri, native, words) in [
            ("fr.exemple.app://retour", true, "two slashes after a scheme of one's own: write one"),
            ("fr.exemple.app://retour/x", true, "fr.exemple.app:/retour (RFC 8252 7.1)"),
            ("fr.exemple.app:/retour", false, "for application_type native"),
            ("fr.exemple.app://retour", false, "for application_type native"),
            ("monapp:/retour", true, "a domain name turned round"),
            ("monapp://retour", true, "a domain name turned round"),
            ("http://ent.example/cb", false, "http, which is for this machine only"),
            ("http://192.168.1.10/cb", true, "http, which is for this machine only"),
            ("https://école.example/cb", false, "the host in punycode"),
            ("https://ent.example/a b", false, "percent-encode it"),
            ("ent.example/cb", false, "not an absolute URI: it begins with https://"),
            ("/cb", false, "not an absolute URI"),
            ("", false, "not an absolute URI"),
            ("https:ent.example/cb", false, "two slashes and a host"),
            ("https:///ent.example/cb", false, "two slashes and a host"),
            ("https://", false, "two slashes and a host"),
            ("https://0x7f.1/cb", false, "a host that browsers read otherwise"),
            ("https://ent.example:x/cb", false, "a host that browsers read otherwise"),
            ("https://u@ent.example/cb", false, "a user name"),
            ("https://ent.example/cb#x", false, "a fragment"),
        ] {
            let found = validate(uri, native).unwrap_err().description();
            assert!(found.contains(words), "{uri}: {found}");
            assert!(
                found.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)),
                "RFC 6749 5.2: {found}"
            );
        }
        let other = |uri: &str| validate_other(uri, false).unwrap_err().description();
        assert_eq!(other("fr.exemple.app:/logo"), "a scheme that is not https");
        assert_eq!(other("javascript:alert(1)"), "a scheme that is not https");
        assert!(other("http://ent.example/logo.png").contains("for this machine only"));
    }

    #[test]
    fn attack_r6_r7_other_uris_are_https_and_only_a_request_uri_has_a_fragment() {
        for uri in ["https://ent.example/", "https://ent.example/a?state=1", "http://localhost:8090/logo.png"] {
            assert_eq!(validate_other(uri, false), Ok(()), "{uri}");
        }
        assert_eq!(
            validate_other("https://rp.example/request.jwt#GkurKxf5T0Y-mnPFCHqWOMiZi4VS138cQO_V7PZHAdM", true),
            Ok(())
        );
        for uri in [
            "https://rp.example/a#b",
            "javascript:alert(1)",
            "jAvAsCrIpT:alert(1)",
            "data:image/png;base64,AA",
            "http://rp.example/",
            "fr.exemple.app:/logo",
            "https://a\\b.example/",
            "https://rp.example/a\tb",
            "https:///rp.example/",
            "https://rp.example/\r\nx",
            "https://user@rp.example/",
            "//rp.example/",
            "/logo.png",
            "",
        ] {
            assert!(validate_other(uri, false).is_err(), "{uri}");
        }
        assert!(validate_other("https://rp.example/a#b#<c>", true).is_err());
    }

    #[test]
    fn attack_r2_r4_the_comparison_is_of_bytes() {
        let registered = vec!["https://ent.example/cb".to_owned()];
        assert!(matches("https://ent.example/cb", &registered, false));
        for other in [
            "https://ent.example/cb/",
            "https://ent.example/CB",
            "https://ENT.example/cb",
            "https://ent.example:443/cb",
            "https://ent.example/cb?x=1",
            "https://ent.example/%63b",
            "https://ent.example/cb.evil",
            "https://ent.example/./cb",
            "https://entXexample/cb",
            "https://ent.example/cb#",
            " https://ent.example/cb",
        ] {
            assert!(!matches(other, &registered, true), "{other}");
        }
    }

    #[test]
    fn attack_r13_only_the_port_of_a_loopback_address_may_vary() {
        let registered = vec!["http://127.0.0.1/cb".to_owned()];
        assert!(matches("http://127.0.0.1:51234/cb", &registered, true));
        assert!(!matches("http://127.0.0.1:51234/cb", &registered, false));
        for other in [
            "http://localhost:1/cb",
            "http://127.0.0.1:1/other",
            "http://127.0.0.1:1@evil/cb",
            "http://127.0.0.1.evil/cb",
            "http://[::1]:1/cb",
        ] {
            assert!(!matches(other, &registered, true), "{other}");
        }
    }

    #[test]
    fn a_registered_query_is_kept() {
        assert_eq!(with_query("https://a/cb?x=1", &[("code", "c d")]), "https://a/cb?x=1&code=c+d");
        assert_eq!(with_query("https://a/cb", &[("code", "c")]), "https://a/cb?code=c");
        assert_eq!(with_query("https://a/cb?", &[("code", "c")]), "https://a/cb?code=c");
        // A second question mark is part of the value (RFC 3986 3.4); found by the fuzzer.
        assert_eq!(with_query("https://a/cb?x=1?", &[("code", "c")]), "https://a/cb?x=1?&code=c");
    }

    proptest! {
        /// docs/threats.md#attack-r13: for a native client, only the port of a loopback address may vary.
        #[test]
        fn attack_r13_a_native_match_is_equality_but_for_the_port(
            asked in "http://(127\\.0\\.0\\.1|\\[::1\\]|localhost)(:[0-9]{0,6})?/[a-c]{0,2}",
            other in "http://(127\\.0\\.0\\.1|\\[::1\\]|localhost)(:[0-9]{1,5})?/[a-c]{0,2}",
        ) {
            // Host, then true for a port of one to five digits or no port, then the path.
            let cut = |uri: &str| {
                let rest = uri.strip_prefix("http://")?.to_owned();
                let (authority, path) = rest.split_once('/')?;
                let (host, port) = match authority.rsplit_once(':') {
                    Some((host, port)) if !host.ends_with(':') && !port.ends_with(']') => (host, Some(port)),
                    _ => (authority, None),
                };
                let sound = port.is_none_or(|p| (1..=5).contains(&p.len()));
                (sound && host != "localhost").then(|| (host.to_owned(), path.to_owned()))
            };
            let same = asked == other || matches!((cut(&asked), cut(&other)), (Some(a), Some(b)) if a == b);
            prop_assert_eq!(matches(&asked, std::slice::from_ref(&other), true), same, "{} and {}", asked, other);
        }

        /// docs/threats.md#property-p04: for any requested URI, a match means equal bytes.
        #[test]
        fn a_match_is_equality(asked in "(https?://)?[a-z.:/%@?#\\\\*]{0,40}", other in "https://[a-z.]{1,10}/[a-z?=&]{0,10}") {
            let registered = vec![other.clone()];
            prop_assert_eq!(matches(&asked, &registered, false), asked == other);
            prop_assert!(matches(&other, &registered, false));
        }

        #[test]
        fn threat_s11_what_may_be_registered_reads_as_it_is_written(uri in "https://[!-~]{0,60}") {
            if validate(&uri, false).is_ok() {
                let url = Url::parse(&uri).unwrap();
                let host = url.host_str().unwrap();
                prop_assert!(uri[8..].to_ascii_lowercase().starts_with(host), "{} is at {}", uri, host);
                prop_assert!(url.username().is_empty() && url.fragment().is_none());
            }
        }
    }
}
