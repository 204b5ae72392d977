//! Measures exchanges of a code for tokens. Codes are issued beforehand, in batches, as a code expires after a minute.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tokio::task::JoinSet;
use tower::ServiceExt as _;
use url::Url;

use super::measure::{BenchRates, CpuShare, cpu_seconds, mean, measure_rate, rounds};
use crate::app::{AppState, Operation};
use crate::base::secret::sha256_base64url;
use crate::db::Durability;
use crate::demo::Demo;
use crate::jose::{self, Alg};
use crate::protocol::params::encode;
use crate::sessions::ops::SessionOrigin;
use crate::sessions::{self, AuthenticationMethod};
use crate::{accounts, router};
use secrecy::ExposeSecret as _;

const CLIENT: &str = "mon-ent-montpellier";
const VERIFIER: &str = "0123456789012345678901234567890123456789012";
const BATCH_SIZE: usize = 500;

pub async fn measure(demo: &Demo, cores: usize, seconds: u64) -> anyhow::Result<BenchRates> {
    let app = demo.app();
    let bench = Bench::new(demo).await?;
    let (mut all, mut limit) = (Vec::new(), Vec::new());
    // CPU time of one signature, and of one exchange.
    let (mut signature, mut exchange) = (Vec::new(), Vec::new());
    let used = |from: Option<f64>| Some(cpu_seconds()? - from?);
    for turn in rounds(seconds) {
        let from = cpu_seconds();
        let signed = measure_rsa(app, cores, turn).await?;
        signature.extend(used(from).map(|used| used / (signed * turn)));
        limit.push(signed);
        let (mut done, mut spent) = (0.0, 0.0);
        while spent < turn {
            let codes = bench.codes().await?;
            let (began, from) = (Instant::now(), cpu_seconds());
            bench.exchange(codes, cores * 2).await?;
            exchange.extend(used(from).map(|used| used / BATCH_SIZE as f64));
            spent += began.elapsed().as_secs_f64();
            done += BATCH_SIZE as f64;
        }
        all.push(done / spent);
    }
    let (whole, alone) = (mean(&all), mean(&limit));
    let (part, all) = (mean(&signature), mean(&exchange));
    let by_processor = (!exchange.is_empty()).then(|| CpuShare {
        share: part / all,
        whole_ms: all * 1_000.0,
        part_ms: part * 1_000.0,
    });
    Ok(BenchRates {
        measured_name: "codes exchanged for tokens",
        measured_rate: whole,
        limit_name: "RSA-2048 signatures alone",
        limit_rate: alone,
        cpu_share: by_processor,
    })
}

async fn measure_rsa(app: &AppState, cores: usize, seconds: f64) -> anyhow::Result<f64> {
    let ring = app.key_ring();
    measure_rate(cores, seconds, move |_| {
        let ring = Arc::clone(&ring);
        async move {
            jose::sign(&ring, Alg::RS256, "JWT", &json!({ "sub": "bench" }))?;
            // A task that never waits would keep the other tasks off its thread.
            tokio::task::yield_now().await;
            Ok(())
        }
    })
    .await
}

/// A signed-in user and a relying party.
struct Bench {
    router: Router,
    cookie: String,
    redirect: String,
    authorization: String,
}

impl Bench {
    async fn new(demo: &Demo) -> anyhow::Result<Self> {
        let app = demo.app();
        let account =
            accounts::store::find_by_identifiant(&mut app.db.read().await?, &demo.account.identifiant).await?;
        let account = account.context("the demo's account")?;
        let op = Operation::of_job(app, "bench");
        let mut tx = op.write(Durability::Relaxed).await?;
        let session =
            sessions::ops::begin(&op, &mut tx, &account.id, AuthenticationMethod::Password, SessionOrigin::default())
                .await?;
        tx.commit().await?;
        let secret = demo.secret(CLIENT).context("the demo's client")?;
        Ok(Self {
            router: router::public(app.clone())?,
            cookie: format!("preau_dev={}", session.cookie),
            redirect: format!("http://localhost:{}/ent/retour", demo.ports().sample_sites),
            authorization: format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{}", secret.expose_secret()))),
        })
    }

    async fn codes(&self) -> anyhow::Result<VecDeque<String>> {
        let challenge = sha256_base64url(VERIFIER);
        let query = encode([
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", self.redirect.as_str()),
            ("scope", "openid profile education"),
            ("state", "bench"),
            ("nonce", "bench"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ]);
        let mut codes = VecDeque::new();
        for _ in 0..BATCH_SIZE {
            let request = Request::get(format!("/oauth2/authorize?{query}"))
                .header(header::COOKIE, self.cookie.as_str())
                .body(Body::empty())?;
            let response = self.router.clone().oneshot(request).await?;
            let location = response.headers().get(header::LOCATION).context("authorize redirects")?.to_str()?;
            let url = Url::parse(location).with_context(|| format!("authorize led to {location}"))?;
            let code = url.query_pairs().find(|(name, _)| name == "code").context("authorize gives a code")?;
            codes.push_back(code.1.into_owned());
        }
        Ok(codes)
    }

    async fn exchange(&self, codes: VecDeque<String>, tasks: usize) -> anyhow::Result<()> {
        let codes = Arc::new(Mutex::new(codes));
        let mut all = JoinSet::new();
        for _ in 0..tasks {
            let codes = Arc::clone(&codes);
            let (router, redirect, authorization) =
                (self.router.clone(), self.redirect.clone(), self.authorization.clone());
            all.spawn(async move {
                loop {
                    let code = codes.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some(code) = code else { return anyhow::Ok(()) };
                    let body = encode([
                        ("grant_type", "authorization_code"),
                        ("code", code.as_str()),
                        ("redirect_uri", redirect.as_str()),
                        ("code_verifier", VERIFIER),
                    ]);
                    let request = Request::post("/oauth2/token")
                        .header(header::AUTHORIZATION, authorization.as_str())
                        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                        .body(Body::from(body))?;
                    let response = router.clone().oneshot(request).await?;
                    anyhow::ensure!(response.status() == StatusCode::OK, "token answered {}", response.status());
                }
            });
        }
        while let Some(task) = all.join_next().await {
            task??;
        }
        Ok(())
    }
}
