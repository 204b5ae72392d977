//! Determines the source of a request behind trusted proxies (docs/threats.md#attack-l3).
//!
//! A proxy appends the address of its own client to the configured header; the part to the left was written by the
//! client. The source is therefore the peer of the connection or, if the peer is a trusted proxy, the right-most
//! untrusted address. An unreadable element ends the search: the request then counts for the proxy that wrote the
//! element, never for an address chosen by the client.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, header};

use crate::base::source::{Network, SourceAddress};
use crate::config::ProxyHeader;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// Returns the source of a request sent by `peer`.
pub fn source(peer: IpAddr, headers: &HeaderMap, trusted: &[Network], header: ProxyHeader) -> SourceAddress {
    let mut source = SourceAddress::new(peer);
    if !is_trusted(source, trusted) {
        return source;
    }
    let lines = match header {
        ProxyHeader::XForwardedFor => headers.get_all(X_FORWARDED_FOR),
        ProxyHeader::Forwarded => headers.get_all(header::FORWARDED),
    };
    for line in lines.iter().rev() {
        // A client may send arbitrary bytes; the part appended by the proxy must still be readable.
        let line = String::from_utf8_lossy(line.as_bytes());
        for element in elements(&line) {
            let node = match header {
                ProxyHeader::XForwardedFor => address(element),
                ProxyHeader::Forwarded => forwarded_for(element),
            };
            let Some(address) = node else { return source };
            source = SourceAddress::new(address);
            if !is_trusted(source, trusted) {
                return source;
            }
        }
    }
    source
}

/// True if the peer is a trusted proxy.
pub fn is_trusted(peer: SourceAddress, trusted: &[Network]) -> bool {
    trusted.iter().any(|network| network.contains(peer))
}

/// Splits a list into its elements, the last element first. The list is read from the right, because the client wrote
/// the left part: an opening quotation mark in that part must not hide the elements appended by the proxy.
fn elements(line: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    line.rsplit(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
    .map(str::trim)
    .filter(|element| !element.is_empty())
}

/// Returns the `for` parameter of an element (RFC 7239 4). No valid address contains a backslash, a comma or a
/// semicolon.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut all = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = all.find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    match value.strip_prefix('"') {
        Some(rest) => address(rest.strip_suffix('"')?),
        None => address(value),
    }
}

/// Parses an address, with or without a port; IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|with_port| with_port.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    const PROXY: &str = "10.0.0.1";
    const BOTH: [ProxyHeader; 2] = [ProxyHeader::XForwardedFor, ProxyHeader::Forwarded];

    fn seen(peer: &str, believed: ProxyHeader, lines: &[(&'static str, &[u8])]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "2001:db8:f::/48".parse().unwrap()];
        source(peer.parse().unwrap(), &headers, &trusted, believed).to_string()
    }

    fn x(value: &str) -> String {
        seen(PROXY, ProxyHeader::XForwardedFor, &[("x-forwarded-for", value.as_bytes())])
    }

    fn f(value: &str) -> String {
        seen(PROXY, ProxyHeader::Forwarded, &[("forwarded", value.as_bytes())])
    }

    #[test]
    fn attack_l3_nobody_but_a_trusted_proxy_is_believed() {
        let evil: [(&'static str, &[u8]); 2] = [("x-forwarded-for", b"192.0.2.9"), ("forwarded", b"for=192.0.2.9")];
        for believed in BOTH {
            assert_eq!(seen("203.0.113.5", believed, &evil), "203.0.113.5");
            assert_eq!(seen("::ffff:203.0.113.5", believed, &evil), "203.0.113.5");
            assert_eq!(seen("::ffff:10.0.0.1", believed, &evil), "192.0.2.9");
        }
    }

    #[test]
    fn attack_l3_the_right_most_address_that_is_no_proxy_is_the_source() {
        assert_eq!(x("192.0.2.9"), "192.0.2.9");
        assert_eq!(
            x("1.1.1.1, 2.2.2.2,3.3.3.3 , 4.4.4.4, 5.5.5.5, 6.6.6.6, 7.7.7.7, 8.8.8.8, 192.0.2.9, 10.3.2.1"),
            "192.0.2.9"
        );
        assert_eq!(x("1.1.1.1, , 192.0.2.9,"), "192.0.2.9", "an empty element is none (RFC 9110 5.6.1)");
        assert_eq!(x("10.0.0.9, 10.0.0.8"), "10.0.0.9", "within the house: the farthest");
        assert_eq!(x("192.0.2.9:4711"), "192.0.2.9");
        assert_eq!(x("2001:db8::1"), "2001:db8::1");
        assert_eq!(x("[2001:db8::1]:443, 2001:db8:f::5"), "2001:db8::1");
        assert_eq!(x("::ffff:192.0.2.9"), "192.0.2.9");
        assert_eq!(f("for=1.1.1.1, For=192.0.2.9;proto=https;by=10.0.0.1"), "192.0.2.9");
        assert_eq!(f(r#"for=1.1.1.1, for="[2001:db8::1]:4711";host="a,b;c""#), "2001:db8::1");
        assert_eq!(f(r#"for="[::ffff:192.0.2.9]""#), "192.0.2.9");
    }

    #[test]
    fn attack_l3_what_cannot_be_read_counts_for_the_proxy_that_wrote_it() {
        let garbage =
            ["unknown", "_hidden", "localhost", "1.2.3", "1.2.3.4.5", "[2001:db8::1", "999.1.1.1", "🦊", "for=1.1.1.1"];
        for garbage in garbage {
            assert_eq!(x(&format!("192.0.2.9, {garbage}")), PROXY, "{garbage}");
            assert_eq!(x(&format!("{garbage}, 192.0.2.9")), "192.0.2.9", "{garbage}");
            assert_eq!(x(&format!("192.0.2.9, {garbage}, 10.0.0.7")), "10.0.0.7", "{garbage}");
        }
        for garbage in ["by=10.0.0.1", "for", "for=unknown", "for=\"1.1.1.1", r#"for="1.1.1\.1""#] {
            assert_eq!(f(&format!("for=192.0.2.9, {garbage}")), PROXY, "{garbage}");
        }
        assert_eq!(seen(PROXY, ProxyHeader::XForwardedFor, &[("x-forwarded-for", b"192.0.2.9, \xff")]), PROXY);
        let appended: [(&'static str, &[u8]); 1] = [("x-forwarded-for", b"\xff\xfe, 192.0.2.9")];
        assert_eq!(seen(PROXY, ProxyHeader::XForwardedFor, &appended), "192.0.2.9");
    }

    #[test]
    fn attack_l3_a_quotation_mark_of_a_stranger_swallows_nothing() {
        for appended in ["for=192.0.2.9", r#"for="192.0.2.9:80""#] {
            for evil in [r#"for=6.6.6.6, for=""#, r#"for="6.6.6.6"#, r#"""#, r#"for="\""#] {
                assert_eq!(f(&format!("{evil}, {appended}")), "192.0.2.9", "{evil}");
            }
        }
    }

    #[test]
    fn attack_l3_one_header_is_believed_and_lines_are_one_list() {
        let both: [(&'static str, &[u8]); 2] = [("x-forwarded-for", b"192.0.2.1"), ("forwarded", b"for=192.0.2.2")];
        assert_eq!(seen(PROXY, ProxyHeader::XForwardedFor, &both), "192.0.2.1");
        assert_eq!(seen(PROXY, ProxyHeader::Forwarded, &both), "192.0.2.2");
        let lines: [(&'static str, &[u8]); 2] = [("x-forwarded-for", b"6.6.6.6"), ("x-forwarded-for", b"192.0.2.1")];
        assert_eq!(seen(PROXY, ProxyHeader::XForwardedFor, &lines), "192.0.2.1");
        for believed in BOTH {
            assert_eq!(seen(PROXY, believed, &[]), PROXY, "without the header it counts for the proxy");
        }
        assert_eq!(seen(PROXY, ProxyHeader::Forwarded, &both[..1]), PROXY);
    }
}
