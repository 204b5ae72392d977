//! A page as read by a browser: its text, links and forms.

use scraper::{ElementRef, Html, Selector};

/// A form as sent by one of its buttons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    pub action: Option<String>,
    pub method: String,
    pub fields: Vec<(String, String)>,
}

impl Form {
    /// Types into a field, or chooses a radio button.
    pub fn set(&mut self, name: &str, value: &str) {
        self.fields.retain(|(n, _)| n != name);
        self.fields.push((name.to_owned(), value.to_owned()));
    }
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).unwrap()
}

fn text_of(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn visible_text(page: &str) -> String {
    let html = Html::parse_document(page);
    html.select(&selector("main")).map(text_of).collect()
}

pub fn heading(page: &str) -> String {
    Html::parse_document(page).select(&selector("h1")).map(text_of).collect()
}

/// Returns the text of an element.
pub fn text(page: &str, wanted: &str) -> Option<String> {
    Html::parse_document(page).select(&selector(wanted)).next().map(text_of)
}

/// Returns the texts of all elements.
pub fn texts(page: &str, wanted: &str) -> Vec<String> {
    Html::parse_document(page).select(&selector(wanted)).map(|e| e.text().collect()).collect()
}

pub fn has_element(page: &str, wanted: &str) -> bool {
    Html::parse_document(page).select(&selector(wanted)).next().is_some()
}

pub fn attribute(page: &str, wanted: &str, name: &str) -> Option<String> {
    let html = Html::parse_document(page);
    html.select(&selector(wanted)).next()?.value().attr(name).map(str::to_owned)
}

/// Returns every value of an attribute.
pub fn attributes(page: &str, wanted: &str, name: &str) -> Vec<String> {
    let html = Html::parse_document(page);
    html.select(&selector(wanted)).filter_map(|e| e.value().attr(name).map(str::to_owned)).collect()
}

/// Returns the delay in seconds and the target of a meta refresh.
pub fn refresh(page: &str) -> Option<(u32, String)> {
    // Browsers of these tests run no script.
    let page = page.replace("<noscript>", "").replace("</noscript>", "");
    let content = attribute(&page, "meta[http-equiv=refresh]", "content")?;
    let (seconds, url) = content.split_once(";url=")?;
    Some((seconds.trim().parse().ok()?, url.to_owned()))
}

/// Returns the form of a button, with the fields sent by a browser.
pub fn form_of(page: &str, button: &str) -> Option<Form> {
    let html = Html::parse_document(page);
    let button = html.select(&selector(&format!("button[id=\"{button}\"]"))).next()?;
    let form = button.ancestors().filter_map(ElementRef::wrap).find(|e| e.value().name() == "form")?;
    let mut fields = Vec::new();
    for input in form.select(&selector("input[name]")) {
        let value = input.value();
        let chosen = value.attr("checked").is_some() || !matches!(value.attr("type"), Some("radio" | "checkbox"));
        if chosen && value.attr("disabled").is_none() {
            let name = value.attr("name").unwrap_or_default().to_owned();
            fields.push((name, value.attr("value").unwrap_or_default().to_owned()));
        }
    }
    if let Some(name) = button.value().attr("name") {
        fields.push((name.to_owned(), button.value().attr("value").unwrap_or_default().to_owned()));
    }
    let action = button.value().attr("formaction").or(form.value().attr("action")).map(str::to_owned);
    Some(Form { action, method: form.value().attr("method").unwrap_or("get").to_owned(), fields })
}

/// Reads a page once, for several questions: reading is most of what a test of pages costs.
pub fn read(page: &str) -> Html {
    Html::parse_document(page)
}

/// Returns whether the page that was read has the element.
pub fn read_has(html: &Html, wanted: &str) -> bool {
    html.select(&selector(wanted)).next().is_some()
}

/// Asserts the invariants of a page: no inline script, style or handler, only own resources, forms to this site only.
pub fn assert_page_invariants(html: &Html, at: &dyn Fn() -> String) {
    for element in html.tree.nodes().filter_map(ElementRef::wrap) {
        let value = element.value();
        for (name, text) in value.attrs() {
            assert!(!name.starts_with("on") && name != "style", "{name}; {}", at());
            // Pages of clients at a logout (FCL 2), listed one by one in the page's CSP.
            let framed = value.name() == "iframe" && value.attr("sandbox") == Some("allow-scripts allow-same-origin");
            // Response mode form_post: the only form to another site, at a registered address
            // (docs/decisions/0017-a-form-never-redirects-to-another-site.md).
            let sent = name == "action" && value.attr("data-send").is_some();
            let loads =
                !sent && ((name == "src" && !framed) || name == "action" || (name == "href" && value.name() == "link"));
            assert!(!loads || (text.starts_with('/') && !text.starts_with("//")), "{name}={text}; {}", at());
            // The authorization endpoint may redirect to another site, forbidden to a form of this program.
            assert!(name != "action" || !text.starts_with("/oauth2/authorize"), "{name}={text}; {}", at());
            let lower = text.trim().to_ascii_lowercase();
            assert!(!lower.starts_with("javascript:") && !lower.starts_with("data:"), "{name}={text}; {}", at());
        }
        assert!(value.name() != "script" || value.attr("src").is_some(), "inline script; {}", at());
        assert!(value.name() != "style", "inline style; {}", at());
    }
    let lang = html.root_element().value().attr("lang").unwrap_or_default();
    assert!(["fr", "en"].contains(&lang), "lang {lang}; {}", at());
    assert!(read_has(html, "h1") && read_has(html, "title"), "{}", at());
}
