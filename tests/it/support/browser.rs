//! A browser without scripts: keeps cookies, fills forms, follows redirects on request.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use preau::base::clock::{Span, Timestamp};
use url::Url;

use super::html::{self, Form};
use super::server::encode_form;
use super::{TestAccount, TestResponse, TestServer};

/// The end of a chain of redirects.
#[derive(Debug)]
pub enum Landing {
    /// A page of this server.
    OwnPage,
    /// Another site.
    ExternalSite(Url),
}

impl Landing {
    pub fn expect_redirect_away(self) -> Url {
        match self {
            Landing::ExternalSite(url) => url,
            Landing::OwnPage => panic!("the browser did not leave"),
        }
    }
}

pub struct Browser {
    server: TestServer,
    pub cookies: BTreeMap<String, String>,
    /// The expiry times of persistent cookies.
    cookie_expiry: BTreeMap<String, Timestamp>,
    /// The current address.
    pub url: Url,
    pub page: TestResponse,
    /// Headers sent in addition to the usual headers.
    pub headers: Vec<(&'static str, String)>,
    /// The IP address of the browser.
    pub address: IpAddr,
}

impl Browser {
    pub fn new(server: &TestServer) -> Self {
        let page = TestResponse { status: StatusCode::OK, headers: Default::default(), bytes: Vec::new() };
        let at = Url::parse(server.issuer()).unwrap();
        Self {
            server: server.clone(),
            cookies: BTreeMap::new(),
            cookie_expiry: BTreeMap::new(),
            url: at,
            page,
            headers: Vec::new(),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    /// Moves the browser, with its cookies, to another server of the deployment.
    pub fn at_server(&self, server: &TestServer) -> Self {
        Self {
            cookies: self.cookies.clone(),
            cookie_expiry: self.cookie_expiry.clone(),
            address: self.address,
            ..Self::new(server)
        }
    }

    /// Copies the browser: a second tab, or stolen cookies.
    pub fn clone_browser(&self) -> Self {
        self.at_server(&self.server)
    }

    pub fn cookie(&self, kind: &str) -> Option<&str> {
        let prefix = if self.server.app.config.server.is_https() { "__Host-preau" } else { "preau_dev" };
        let joint = if self.server.app.config.server.is_https() { "-" } else { "_" };
        let name = if kind.is_empty() { prefix.to_owned() } else { format!("{prefix}{joint}{kind}") };
        self.cookies.get(&name).map(String::as_str)
    }

    /// True if a session cookie is stored.
    pub fn has_session(&self) -> bool {
        self.cookie("").is_some()
    }

    async fn send(
        &mut self,
        request: axum::http::request::Builder,
        body: Body,
        to: Url,
        cookies: bool,
    ) -> &TestResponse {
        let mut request = request;
        let now = self.server.now();
        self.cookies.retain(|name, _| self.cookie_expiry.get(name).is_none_or(|end| now < *end));
        if cookies && !self.cookies.is_empty() {
            let line: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
            request = request.header(header::COOKIE, line.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.extension(ConnectInfo(SocketAddr::from((self.address, 4711))));
        self.page = self.server.call(request.body(body).unwrap()).await;
        self.url = to;
        for cookie in self.page.cookies() {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap_or_default();
            let age = rest.split_once("Max-Age=").map(|(_, age)| age.split(';').next().unwrap().parse().unwrap());
            match age {
                Some(seconds) => self.cookie_expiry.insert(name.to_owned(), now.plus(Span::seconds(seconds))),
                None => self.cookie_expiry.remove(name),
            };
            if age == Some(0) {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        &self.page
    }

    fn resolve(&self, to: &str) -> Url {
        self.url.join(to).unwrap()
    }

    /// Requests an address, as a link or the address bar does.
    pub async fn get(&mut self, to: &str) -> &TestResponse {
        let url = self.resolve(to);
        assert!(url.as_str().starts_with(self.server.issuer()), "not ours: {url}");
        let request = Request::get(path(&url)).header("sec-fetch-site", "none");
        self.send(request, Body::empty(), url, true).await
    }

    /// Posts a form of the current page.
    pub async fn post(&mut self, to: &str, fields: &[(&str, &str)]) -> &TestResponse {
        let url = self.resolve(to);
        let request = Request::post(path(&url))
            .header("sec-fetch-site", "same-origin")
            .header(header::ORIGIN, self.server.issuer())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(encode_form(fields)), url, true).await
    }

    /// Posts a body of another kind, as a form with files does.
    pub async fn post_body(&mut self, to: &str, kind: &str, body: Body) -> &TestResponse {
        let url = self.resolve(to);
        let request = Request::post(path(&url))
            .header("sec-fetch-site", "same-origin")
            .header(header::ORIGIN, self.server.issuer())
            .header(header::CONTENT_TYPE, kind);
        self.send(request, body, url, true).await
    }

    /// Posts a form of another site: cross-site, so without the Lax cookies.
    pub async fn post_cross_site(&mut self, to: &str, fields: &[(&str, &str)]) -> &TestResponse {
        let url = self.resolve(to);
        let request = Request::post(path(&url))
            .header("sec-fetch-site", "cross-site")
            .header(header::ORIGIN, "https://evil.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(encode_form(fields)), url, false).await
    }

    /// Fills the form of a button and presses the button.
    pub async fn submit(&mut self, button: &str, typed: &[(&str, &str)]) -> &TestResponse {
        let mut form: Form = self.page.form_of(button);
        assert_eq!(form.method, "post");
        for (name, value) in typed {
            form.set(name, value);
        }
        let to = form.action.clone().unwrap_or_else(|| self.url.to_string());
        let fields: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.post(&to, &fields).await
    }

    /// Follows a link.
    pub async fn click(&mut self, selector: &str) -> &TestResponse {
        let to = self.page.link_target(selector);
        self.get(&to).await
    }

    /// Returns the target of the page's redirect or meta refresh.
    pub fn next(&self) -> Option<Url> {
        if self.page.status.is_redirection() {
            return Some(self.resolve(self.page.header("location")));
        }
        let (_, to) = self.page.is_html().then(|| html::refresh(&self.page.text())).flatten()?;
        Some(self.resolve(&to))
    }

    /// Follows redirects and refreshes until a page without any, or another site.
    pub async fn follow(&mut self) -> Landing {
        for _ in 0..10 {
            match self.next() {
                None => return Landing::OwnPage,
                Some(url) if !url.as_str().starts_with(&format!("{}/", self.server.issuer())) => {
                    return Landing::ExternalSite(url);
                }
                Some(url) => self.get(url.as_str()).await,
            };
        }
        panic!("it goes round in circles: {}", self.url);
    }

    /// Requests an address and follows.
    pub async fn open(&mut self, to: &str) -> Landing {
        self.get(to).await;
        self.follow().await
    }

    /// Fills the current sign-in page and follows.
    pub async fn sign_in(&mut self, member: &TestAccount) -> Landing {
        self.sign_in_with(&member.identifiant, &member.password).await;
        self.follow().await
    }

    /// Returns a browser in which the account's person signed in and opened a page of the account.
    pub async fn signed_in_at(server: &TestServer, account: &TestAccount, page: &str) -> Self {
        let mut browser = Browser::new(server);
        browser.get("/connexion").await;
        browser.sign_in_with(&account.identifiant, &account.password).await;
        browser.get(page).await;
        assert_eq!(browser.page.status, StatusCode::OK, "{}", browser.page.visible_text());
        browser
    }

    pub async fn sign_in_with(&mut self, identifiant: &str, password: &str) -> &TestResponse {
        self.submit("se-connecter", &[("identifiant", identifiant), ("mot_de_passe", password)]).await
    }
}

fn path(url: &Url) -> String {
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}
