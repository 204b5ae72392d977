//! The content security policies: the common policy of all pages, and the policy of the page with iframes.

use url::Url;

/// The common policy: own stylesheet, script and pictures; no framing; forms post only to the same origin (forms never
/// redirect to another site: docs/decisions/0017-a-form-never-redirects-to-another-site.md).
pub const PAGE_CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
                        frame-ancestors 'none'; base-uri 'none'";

/// Returns the common policy with the given origins, deduplicated, as frame sources. The origins come from
/// [`frame_origin`].
pub fn csp_with_frames(origins: &[String]) -> String {
    let mut origins = origins.to_vec();
    origins.sort();
    origins.dedup();
    format!("{PAGE_CSP}; frame-src {}", origins.join(" "))
}

/// Returns the origin of a URL in a form safe for a policy. `None` for ambiguous hosts: only letters, digits, dots and
/// hyphens are accepted, although a URL permits more (a semicolon would begin a directive).
pub fn frame_origin(uri: &str) -> Option<String> {
    let url = Url::parse(uri).ok().filter(|url| matches!(url.scheme(), "https" | "http"))?;
    let plain = |host: &str| host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    url.host_str().filter(|host| plain(host))?;
    Some(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_cannot_say_more_than_an_origin() {
        for (uri, origin) in [
            ("https://ent.example/sortie?x=1", Some("https://ent.example")),
            ("https://ent.example:8443/", Some("https://ent.example:8443")),
            ("https://ent.example:443/", Some("https://ent.example")),
            ("http://localhost:8090/ent", Some("http://localhost:8090")),
            ("https://ent.example;sandbox/", None),
            ("https://a,b/", None),
            ("https://'self'/", None),
            ("https://*.example/", None),
            ("https://[::1]/", None),
            ("javascript:alert(1)", None),
            ("data:text/html,x", None),
            ("/here", None),
        ] {
            assert_eq!(frame_origin(uri).as_deref(), origin, "{uri}");
        }
        let two = ["https://b.example".to_owned(), "https://a.example".to_owned(), "https://b.example".to_owned()];
        assert!(csp_with_frames(&two).ends_with("; frame-src https://a.example https://b.example"));
    }
}
