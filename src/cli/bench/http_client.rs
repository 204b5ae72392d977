//! A plain HTTP/1.1 client of one kept connection, in a thread of its own: cheap beside the server that is measured.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use anyhow::Context as _;
use serde_json::Value;
use url::Url;

/// Returns the CPU time of the calling thread so far, in seconds. Linux only (/proc/PID/schedstat: nanoseconds).
pub fn thread_cpu_seconds() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").context("the CPU time of a thread")?;
    let spent: f64 = text.split_whitespace().next().context("an empty schedstat")?.parse()?;
    Ok(spent / 1e9)
}

pub struct Connection {
    stream: BufReader<TcpStream>,
}

struct Answer {
    status: u16,
    location: Option<String>,
    body: Vec<u8>,
}

impl Connection {
    pub fn open(at: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(at)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Gets a JSON document, with a bearer token.
    pub fn get(&mut self, path: &str, token: Option<&str>) -> anyhow::Result<Value> {
        let authorization = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        self.json(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{authorization}\r\n"), path)
    }

    /// Gets a page, with a cookie.
    pub fn page(&mut self, path: &str, cookie: &str) -> anyhow::Result<String> {
        let answer = self.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n"))?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        anyhow::ensure!(answer.status == 200, "{path} answered {}: {text}", answer.status);
        Ok(text)
    }

    /// Posts a form, with the credentials of a client.
    pub fn post(&mut self, path: &str, basic: Option<&str>, body: &str) -> anyhow::Result<Value> {
        let authorization = basic.map(|basic| format!("Authorization: Basic {basic}\r\n")).unwrap_or_default();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n{authorization}\r\n",
            body.len()
        );
        self.json(&format!("{head}{body}"), path)
    }

    /// Sends an authorization request and returns the code of the redirect.
    pub fn code(&mut self, request: &str) -> anyhow::Result<String> {
        let answer = self.send(request)?;
        let location = answer.location.with_context(|| format!("authorize answered {}", answer.status))?;
        let url = Url::parse(&location).with_context(|| format!("authorize led to {location}"))?;
        let code = url.query_pairs().find(|(name, _)| name == "code");
        Ok(code.with_context(|| format!("authorize led to {location}"))?.1.into_owned())
    }

    fn json(&mut self, request: &str, path: &str) -> anyhow::Result<Value> {
        let answer = self.send(request)?;
        let text = String::from_utf8_lossy(&answer.body);
        anyhow::ensure!(answer.status == 200, "{path} answered {}: {text}", answer.status);
        Ok(serde_json::from_slice(&answer.body)?)
    }

    fn send(&mut self, request: &str) -> anyhow::Result<Answer> {
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|code| code.parse().ok()).context("not an HTTP answer")?;
        let (mut length, mut location) = (0, None);
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match name {
                "content-length" => length = value.parse()?,
                "location" => location = Some(value.to_owned()),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer { status, location, body })
    }
}
