//! Measures the requests of relying parties over HTTP, each in CPU time of the server, beside the signatures that limit
//! them in the same run.
//!
//! The server's share is the CPU time of the process without that of the threads that play the relying parties.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};

use super::http_client::{Connection, thread_cpu_seconds};
use super::measure::{cpu_seconds, mean};
use super::relying_parties::{Party, RelyingParties};
use super::served::measure_served;
use crate::app::AppState;
use crate::demo::Demo;
use crate::jose::{self, Alg};
use crate::protocol::params::encode;

/// The connections that are used at the same time.
const CONNECTIONS: usize = 4;
/// The codes that each connection exchanges in a round: a code lives for a minute.
const CODES: usize = 100;

/// A request that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Call {
    Discovery,
    Jwks,
    ClientCredentials,
    Userinfo,
    Introspection,
    Refresh,
    Code,
}

impl Call {
    pub const ALL: [Call; 7] = [
        Call::Discovery,
        Call::Jwks,
        Call::ClientCredentials,
        Call::Userinfo,
        Call::Introspection,
        Call::Refresh,
        Call::Code,
    ];

    fn name(self) -> &'static str {
        match self {
            Call::Discovery => "discovery",
            Call::Jwks => "jwks",
            Call::ClientCredentials => "client_credentials",
            Call::Userinfo => "userinfo",
            Call::Introspection => "introspection",
            Call::Refresh => "refresh, rotated",
            Call::Code => "code for tokens",
        }
    }
}

/// CPU milliseconds an operation, by its name.
pub struct CpuCosts(Vec<(&'static str, f64)>);

impl CpuCosts {
    pub fn get(&self, name: &str) -> f64 {
        self.0.iter().find(|(of, _)| *of == name).map_or(0.0, |(_, ms)| *ms)
    }

    /// Returns what docs/decisions/0042-speed-and-size.md allows, from the other costs of the run.
    fn goal(&self, name: &str) -> Option<f64> {
        let asked = self.get(Call::Discovery.name()) + self.get(VERIFICATION) + 0.05;
        let has_discovery = self.get(Call::Discovery.name()) > 0.0;
        match name {
            _ if name == Call::Discovery.name() || name == Call::Jwks.name() => Some(0.05),
            _ if name == Call::ClientCredentials.name() => Some(0.2),
            _ if name == Call::Userinfo.name() || name == Call::Introspection.name() => has_discovery.then_some(asked),
            _ if name == Call::Refresh.name() => Some(0.9),
            _ if name == Call::Code.name() => Some(self.get(RSA) / 0.75),
            _ => None,
        }
    }
}

impl fmt::Display for CpuCosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:24}{:>8}{:>8}", "CPU ms an operation", "spent", "goal")?;
        for (name, ms) in &self.0 {
            match self.goal(name) {
                Some(goal) => writeln!(f, "{name:24}{ms:>8.3}{goal:>8.3}")?,
                None => writeln!(f, "{name:24}{ms:>8.3}")?,
            }
        }
        write!(f, "{CONNECTIONS} connections")
    }
}

const RSA: &str = "RS256 signature";
const VERIFICATION: &str = "ES256 verification";

/// Measures the named requests, each for so many seconds.
pub async fn measure(demo: &Demo, calls: &[Call], seconds: u64) -> anyhow::Result<CpuCosts> {
    let parties = RelyingParties::insert(demo).await?;
    let (app, calls) = (demo.app().clone(), calls.to_vec());
    measure_served(demo.app(), move |at| measure_all(&app, &parties, at, (&calls, seconds))).await
}

fn measure_all(
    app: &AppState,
    parties: &RelyingParties,
    at: SocketAddr,
    (calls, seconds): (&[Call], u64),
) -> anyhow::Result<CpuCosts> {
    let mut costs = signatures(app)?;
    for call in calls.iter().copied() {
        let rounds = (0..seconds).map(|_| measure_call(parties, at, call)).collect::<anyhow::Result<Vec<f64>>>()?;
        costs.push((call.name(), mean(&rounds)));
    }
    Ok(CpuCosts(costs))
}

/// Measures the signatures alone.
fn signatures(app: &AppState) -> anyhow::Result<Vec<(&'static str, f64)>> {
    let (ring, claims) = (app.key_ring(), json!({ "sub": "bench", "exp": 1 }));
    let token = jose::sign(&ring, Alg::ES256, "JWT", &claims)?;
    let cost = |work: &dyn Fn() -> bool| {
        let (began, from) = (Instant::now(), thread_cpu_seconds()?);
        let mut done = 0.0;
        while began.elapsed() < Duration::from_millis(500) {
            anyhow::ensure!(work(), "a signature failed");
            done += 1.0;
        }
        anyhow::Ok(1_000.0 * (thread_cpu_seconds()? - from) / done)
    };
    Ok(vec![
        (RSA, cost(&|| jose::sign(&ring, Alg::RS256, "JWT", &claims).is_ok())?),
        ("ES256 signature", cost(&|| jose::sign(&ring, Alg::ES256, "JWT", &claims).is_ok())?),
        (VERIFICATION, cost(&|| jose::verify(&ring, "JWT", &token).is_ok())?),
    ])
}

/// Measures one round of about a second; returns the server's CPU milliseconds an operation.
fn measure_call(parties: &RelyingParties, at: SocketAddr, call: Call) -> anyhow::Result<f64> {
    // What the calls need is made beforehand.
    let mut players = Vec::new();
    for number in 0..CONNECTIONS {
        let mut connection = Connection::open(at)?;
        players.push(Player::prepare(parties, &mut connection, number, call)?);
    }
    let before = cpu_seconds().context("the CPU time of this process")?;
    let players = std::thread::scope(|scope| {
        let mut all = Vec::new();
        for player in players {
            all.push(scope.spawn(move || player.play(at)));
        }
        let joined = all.into_iter().map(|one| one.join().map_err(|_| anyhow::anyhow!("a relying party panicked"))?);
        joined.collect::<anyhow::Result<Vec<Played>>>()
    })?;
    let spent = cpu_seconds().context("the CPU time of this process")? - before;
    let own: f64 = players.iter().map(|played| played.cpu_seconds).sum();
    let done: f64 = players.iter().map(|played| f64::from(played.done)).sum();
    Ok(1_000.0 * (spent - own).max(0.0) / done.max(1.0))
}

struct Played {
    done: u32,
    cpu_seconds: f64,
}

/// One connection, with what it presents.
struct Player<'a> {
    parties: &'a RelyingParties,
    call: Call,
    token: String,
    codes: Vec<String>,
}

impl<'a> Player<'a> {
    fn prepare(
        parties: &'a RelyingParties,
        connection: &mut Connection,
        number: usize,
        call: Call,
    ) -> anyhow::Result<Self> {
        let cookie = parties.cookie(number)?;
        let mut player = Self { parties, call, token: String::new(), codes: Vec::new() };
        match call {
            Call::Userinfo | Call::Introspection | Call::Refresh => {
                let party = if call == Call::Refresh { Party::Rotating } else { Party::Confidential };
                let code = connection.code(&parties.authorization(party, cookie))?;
                let tokens = connection.post("/oauth2/token", parties.basic(party), &parties.exchange(party, &code))?;
                let member = if call == Call::Refresh { "refresh_token" } else { "access_token" };
                player.token = text(&tokens, member)?;
            }
            Call::Code => {
                let request = parties.authorization(Party::Confidential, cookie);
                player.codes = (0..CODES).map(|_| connection.code(&request)).collect::<anyhow::Result<_>>()?;
            }
            Call::Discovery | Call::Jwks | Call::ClientCredentials => {}
        }
        Ok(player)
    }

    fn play(mut self, at: SocketAddr) -> anyhow::Result<Played> {
        let mut connection = Connection::open(at)?;
        let (began, mut done) = (Instant::now(), 0);
        while began.elapsed() < Duration::from_secs(1) {
            if self.call == Call::Code && self.codes.is_empty() {
                break;
            }
            self.step(&mut connection)?;
            done += 1;
        }
        Ok(Played { done, cpu_seconds: thread_cpu_seconds()? })
    }

    fn step(&mut self, connection: &mut Connection) -> anyhow::Result<()> {
        let basic = self.parties.basic(Party::Confidential);
        match self.call {
            Call::Discovery => connection.get("/.well-known/openid-configuration", None).map(drop),
            Call::Jwks => connection.get("/oauth2/jwks", None).map(drop),
            Call::ClientCredentials => {
                connection.post("/oauth2/token", basic, "grant_type=client_credentials").map(drop)
            }
            Call::Userinfo => {
                let told = connection.get("/oauth2/userinfo", Some(&self.token))?;
                anyhow::ensure!(text(&told, "sub").is_ok(), "userinfo told {told}");
                Ok(())
            }
            Call::Introspection => {
                let told = connection.post("/oauth2/introspect", basic, &encode([("token", self.token.as_str())]))?;
                anyhow::ensure!(told.get("active") == Some(&Value::Bool(true)), "introspection told {told}");
                Ok(())
            }
            Call::Refresh => {
                let body = self.parties.refresh(&self.token);
                self.token = text(&connection.post("/oauth2/token", None, &body)?, "refresh_token")?;
                Ok(())
            }
            Call::Code => {
                let code = self.codes.pop().context("a code")?;
                let body = self.parties.exchange(Party::Confidential, &code);
                connection.post("/oauth2/token", basic, &body).map(drop)
            }
        }
    }
}

fn text(answer: &Value, member: &str) -> anyhow::Result<String> {
    let found = answer.get(member).and_then(Value::as_str);
    Ok(found.with_context(|| format!("no {member} in {answer}"))?.to_owned())
}
