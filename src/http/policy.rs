//! The content security policy: one for every page, and the one page that frames others.

use url::Url;

/// What every page may load: its own stylesheet, script and pictures; it may be framed by nobody, and its forms lead to
/// ourselves only (they never redirect out: docs/decisions/0017-a-form-never-redirects-to-another-site.md).
pub const PAGE: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
                        frame-ancestors 'none'; base-uri 'none'";

/// The page's policy with these origins to be framed, each once. They come from [`framed_origin`].
pub fn framing(origins: &[String]) -> String {
    let mut origins = origins.to_vec();
    origins.sort();
    origins.dedup();
    format!("{PAGE}; frame-src {}", origins.join(" "))
}

/// The origin of an address as a policy may name it. `None` for what could be read there as something else: a host is
/// letters, digits, dots and hyphens, though a URL allows more (a semicolon would begin a directive).
pub fn framed_origin(uri: &str) -> Option<String> {
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
            assert_eq!(framed_origin(uri).as_deref(), origin, "{uri}");
        }
        let two = ["https://b.example".to_owned(), "https://a.example".to_owned(), "https://b.example".to_owned()];
        assert!(framing(&two).ends_with("; frame-src https://a.example https://b.example"));
    }
}
