//! A browser: keeps cookies, fills forms, follows when told. It has no script.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use preau::base::clock::{Span, Timestamp};
use url::Url;

use super::html::{self, Form};
use super::server::encode;
use super::{Answer, Member, Server};

/// Where following ended.
#[derive(Debug)]
pub enum Landed {
    /// On a page of ours.
    Here,
    /// On another site.
    Away(Url),
}

impl Landed {
    pub fn away(self) -> Url {
        match self {
            Landed::Away(url) => url,
            Landed::Here => panic!("the browser did not leave"),
        }
    }
}

pub struct Browser {
    server: Server,
    pub cookies: BTreeMap<String, String>,
    /// When those end that do not last as long as the browser.
    ends: BTreeMap<String, Timestamp>,
    /// Where it is.
    pub at: Url,
    pub page: Answer,
    /// Headers that it sends beside the usual ones.
    pub headers: Vec<(&'static str, String)>,
    /// Where it calls from.
    pub address: IpAddr,
}

impl Browser {
    pub fn new(server: &Server) -> Self {
        let page = Answer { status: StatusCode::OK, headers: Default::default(), bytes: Vec::new() };
        let at = Url::parse(server.issuer()).unwrap();
        Self {
            server: server.clone(),
            cookies: BTreeMap::new(),
            ends: BTreeMap::new(),
            at,
            page,
            headers: Vec::new(),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }

    /// The same browser at another server of the house.
    pub fn moved(&self, server: &Server) -> Self {
        Self { cookies: self.cookies.clone(), ends: self.ends.clone(), address: self.address, ..Self::new(server) }
    }

    /// A second tab, or a copy of a stolen jar.
    pub fn copy(&self) -> Self {
        self.moved(&self.server)
    }

    pub fn cookie(&self, kind: &str) -> Option<&str> {
        let prefix = if self.server.app.config.server.is_https() { "__Host-preau" } else { "preau_dev" };
        let joint = if self.server.app.config.server.is_https() { "-" } else { "_" };
        let name = if kind.is_empty() { prefix.to_owned() } else { format!("{prefix}{joint}{kind}") };
        self.cookies.get(&name).map(String::as_str)
    }

    /// Whether a session's cookie is kept.
    pub fn has_session(&self) -> bool {
        self.cookie("").is_some()
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: Body, to: Url, cookies: bool) -> &Answer {
        let mut request = request;
        let now = self.server.now();
        self.cookies.retain(|name, _| self.ends.get(name).is_none_or(|end| now < *end));
        if cookies && !self.cookies.is_empty() {
            let line: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
            request = request.header(header::COOKIE, line.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let request = request.extension(ConnectInfo(SocketAddr::from((self.address, 4711))));
        self.page = self.server.call(request.body(body).unwrap()).await;
        self.at = to;
        for cookie in self.page.cookies() {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap_or_default();
            let age = rest.split_once("Max-Age=").map(|(_, age)| age.split(';').next().unwrap().parse().unwrap());
            match age {
                Some(seconds) => self.ends.insert(name.to_owned(), now.plus(Span::seconds(seconds))),
                None => self.ends.remove(name),
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
        self.at.join(to).unwrap()
    }

    /// Goes to an address, as a link or the address bar does.
    pub async fn get(&mut self, to: &str) -> &Answer {
        let url = self.resolve(to);
        assert!(url.as_str().starts_with(self.server.issuer()), "not ours: {url}");
        let request = Request::get(path(&url)).header("sec-fetch-site", "none");
        self.send(request, Body::empty(), url, true).await
    }

    /// Sends a form of the page that it is on.
    pub async fn post(&mut self, to: &str, fields: &[(&str, &str)]) -> &Answer {
        let url = self.resolve(to);
        let request = Request::post(path(&url))
            .header("sec-fetch-site", "same-origin")
            .header(header::ORIGIN, self.server.issuer())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(encode(fields)), url, true).await
    }

    /// A form of another site that leads here: cross-site, so without the Lax cookies.
    pub async fn post_from_elsewhere(&mut self, to: &str, fields: &[(&str, &str)]) -> &Answer {
        let url = self.resolve(to);
        let request = Request::post(path(&url))
            .header("sec-fetch-site", "cross-site")
            .header(header::ORIGIN, "https://evil.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(encode(fields)), url, false).await
    }

    /// Fills the form of a button and presses it.
    pub async fn submit(&mut self, button: &str, typed: &[(&str, &str)]) -> &Answer {
        let mut form: Form = self.page.form_of(button);
        assert_eq!(form.method, "post");
        for (name, value) in typed {
            form.set(name, value);
        }
        let to = form.action.clone().unwrap_or_else(|| self.at.to_string());
        let fields: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.post(&to, &fields).await
    }

    /// Follows the link.
    pub async fn click(&mut self, selector: &str) -> &Answer {
        let to = self.page.link(selector);
        self.get(&to).await
    }

    /// The next address that the page itself leads to: a redirect or a meta refresh.
    pub fn next(&self) -> Option<Url> {
        if self.page.status.is_redirection() {
            return Some(self.resolve(self.page.header("location")));
        }
        let (_, to) = self.page.is_html().then(|| html::refresh(&self.page.text())).flatten()?;
        Some(self.resolve(&to))
    }

    /// Follows redirects and refreshes until a page stays or the browser leaves.
    pub async fn follow(&mut self) -> Landed {
        for _ in 0..10 {
            match self.next() {
                None => return Landed::Here,
                Some(url) if !url.as_str().starts_with(&format!("{}/", self.server.issuer())) => {
                    return Landed::Away(url);
                }
                Some(url) => self.get(url.as_str()).await,
            };
        }
        panic!("it goes round in circles: {}", self.at);
    }

    /// Opens an address and follows.
    pub async fn open(&mut self, to: &str) -> Landed {
        self.get(to).await;
        self.follow().await
    }

    /// Fills the sign-in page that it is on, and follows.
    pub async fn sign_in(&mut self, member: &Member) -> Landed {
        self.sign_in_with(&member.identifiant, &member.password).await;
        self.follow().await
    }

    pub async fn sign_in_with(&mut self, identifiant: &str, password: &str) -> &Answer {
        self.submit("se-connecter", &[("identifiant", identifiant), ("mot_de_passe", password)]).await
    }
}

fn path(url: &Url) -> String {
    url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
}
