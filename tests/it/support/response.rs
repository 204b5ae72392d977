//! One HTTP response, read whole, and the invariants of every response.

use axum::http::{HeaderMap, Method, StatusCode, header};
use serde_json::Value;

use super::html::{self, Form};

#[derive(Clone, Debug)]
pub struct TestResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl TestResponse {
    pub fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// Returns the header's text, or an empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.visible_text());
        self.header("location")
    }

    pub fn is_html(&self) -> bool {
        self.header("content-type").starts_with("text/html")
    }

    /// Returns the page's text, for assertion messages.
    pub fn visible_text(&self) -> String {
        let words =
            if self.is_html() { html::visible_text(&self.text()) } else { String::from_utf8_lossy(&self.bytes).into() };
        format!("{} {:?} {words}", self.status, self.headers.get(header::LOCATION))
    }

    /// Returns the page's heading.
    pub fn heading(&self) -> String {
        html::heading(&self.text())
    }

    pub fn form_of(&self, button: &str) -> Form {
        html::form_of(&self.text(), button).unwrap_or_else(|| panic!("no button {button}: {}", self.visible_text()))
    }

    pub fn has_element(&self, selector: &str) -> bool {
        html::has_element(&self.text(), selector)
    }

    /// Returns the values of all inputs and buttons with a name.
    pub fn values_of(&self, name: &str) -> Vec<String> {
        html::attributes(&self.text(), &format!("[name='{name}']"), "value")
    }

    /// Returns the target of a link.
    pub fn link_target(&self, selector: &str) -> String {
        let found = html::attribute(&self.text(), selector, "href");
        found.unwrap_or_else(|| panic!("no link {selector}: {}", self.visible_text()))
    }

    pub fn cookies(&self) -> Vec<String> {
        self.headers.get_all(header::SET_COOKIE).iter().map(|v| v.to_str().unwrap().to_owned()).collect()
    }

    /// Returns the token endpoint's error, after checking its format (RFC 6749 5.2).
    pub fn oauth_error(&self) -> String {
        let body = self.json();
        let words = body["error_description"].as_str().unwrap_or_default();
        assert!(words.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)), "{words}");
        body["error"].as_str().unwrap_or_default().to_owned()
    }

    /// Asserts the invariants of every response: no internal error, security headers, cookies bound to the host, pages
    /// without inline code, and no form with another site as target.
    pub fn assert_invariants(&self, method: &Method, path: &str, https: bool) {
        let at = || format!("{method} {path}: {}", self.visible_text());
        let page = self.is_html().then(|| html::read(&self.text()));
        assert_ne!(self.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", at());
        for (name, value) in
            [("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("referrer-policy", "same-origin")]
        {
            assert_eq!(self.header(name), value, "{name}; {}", at());
        }
        let csp = self.header("content-security-policy");
        for rule in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(csp.contains(rule), "{csp}; {}", at());
        }
        let form_post = page.as_ref().is_some_and(|page| html::read_has(page, "form[data-send]"));
        assert_ne!(csp.contains("form-action 'self'"), form_post, "{csp}; {}", at());
        assert!(!csp.contains("unsafe"), "{csp}");
        assert!(!self.header("cache-control").is_empty(), "{}", at());
        assert_eq!(self.headers.contains_key(header::STRICT_TRANSPORT_SECURITY), https, "{}", at());
        for cookie in self.cookies() {
            let is_admin = cookie.starts_with("__Host-preau-admin=") || cookie.starts_with("preau_dev_admin=");
            let same_site = if is_admin { "; SameSite=Strict" } else { "; SameSite=Lax" };
            for rule in ["; Path=/", "; HttpOnly", same_site] {
                assert!(cookie.contains(rule), "{cookie}");
            }
            assert_eq!(cookie.starts_with("__Host-") && cookie.contains("; Secure"), https, "{cookie}");
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
        assert!(!self.header("x-request-id").is_empty(), "{}", at());
        if let Some(page) = &page {
            assert_eq!(self.header("cross-origin-opener-policy"), "same-origin", "{}", at());
            assert_eq!(self.header("content-type"), "text/html; charset=utf-8", "{}", at());
            assert_eq!(self.header("cache-control"), "no-store", "{}", at());
            if method != Method::HEAD {
                html::assert_page_invariants(page, &at);
            }
        }
        // No form of this program has this target (`html::assert_page_invariants`): only a relying party's form does.
        let from_elsewhere = path == "/oauth2/authorize";
        if method == Method::POST && !from_elsewhere && self.status.is_redirection() {
            let to = self.header("location");
            assert!(to.starts_with('/') && !to.starts_with("//"), "a form leads to {to}; {}", at());
        }
    }
}
