//! Exchanges of a code for tokens. The codes are drawn beforehand, in batches: they live a minute.

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

use super::measure::{Rates, mean, processor_seconds, rate, turns};
use crate::app::AppState;
use crate::base::secret::digest;
use crate::db::Durability;
use crate::demo::Demo;
use crate::jose::{self, Alg};
use crate::protocol::params::encode;
use crate::sessions::ops::Around;
use crate::sessions::{self, Method};
use crate::{accounts, router};

const CLIENT: &str = "mon-ent-montpellier";
const VERIFIER: &str = "0123456789012345678901234567890123456789012";
const BATCH: usize = 500;

pub async fn measure(demo: &Demo, cores: usize, seconds: u64) -> anyhow::Result<Rates> {
    let app = demo.app();
    let bench = Bench::new(demo).await?;
    let (mut all, mut limit) = (Vec::new(), Vec::new());
    // Processor time of one signature, and of one exchange.
    let (mut signature, mut exchange) = (Vec::new(), Vec::new());
    let used = |from: Option<f64>| Some(processor_seconds()? - from?);
    for turn in turns(seconds) {
        let from = processor_seconds();
        let signed = alone(app, cores, turn).await?;
        signature.extend(used(from).map(|used| used / (signed * turn)));
        limit.push(signed);
        let (mut done, mut spent) = (0.0, 0.0);
        while spent < turn {
            let codes = bench.codes().await?;
            let (began, from) = (Instant::now(), processor_seconds());
            bench.exchange(codes, cores * 2).await?;
            exchange.extend(used(from).map(|used| used / BATCH as f64));
            spent += began.elapsed().as_secs_f64();
            done += BATCH as f64;
        }
        all.push(done / spent);
    }
    let (whole, alone) = (mean(&all), mean(&limit));
    let by_processor = (!exchange.is_empty()).then(|| mean(&signature) / mean(&exchange));
    Ok(Rates { what: "codes exchanged for tokens", whole, limit: "RSA-2048 signatures alone", alone, by_processor })
}

async fn alone(app: &AppState, cores: usize, seconds: f64) -> anyhow::Result<f64> {
    let ring = app.ring();
    rate(cores, seconds, move |_| {
        let ring = Arc::clone(&ring);
        async move {
            jose::sign(&ring, Alg::RS256, "JWT", &json!({ "sub": "bench" }))?;
            // A task that never waits would keep the others off its thread.
            tokio::task::yield_now().await;
            Ok(())
        }
    })
    .await
}

/// A signed-in person and a relying party.
struct Bench {
    router: Router,
    cookie: String,
    redirect: String,
    authorization: String,
}

impl Bench {
    async fn new(demo: &Demo) -> anyhow::Result<Self> {
        let app = demo.app();
        let account = accounts::store::by_identifiant(&mut app.db.read().await?, &demo.account.identifiant).await?;
        let account = account.context("the demo's account")?;
        let mut tx = app.db.write(Durability::Relaxed).await?;
        let (cookie, _) =
            sessions::ops::begin(&mut tx, app, app.now(), &account.id, Method::Password, Around::default()).await?;
        tx.commit().await?;
        let secret = demo.secret(CLIENT).context("the demo's client")?;
        Ok(Self {
            router: router::public(app.clone())?,
            cookie: format!("preau_dev={cookie}"),
            redirect: format!("http://localhost:{}/ent/retour", demo.ports().neighbours),
            authorization: format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{}", secret.expose()))),
        })
    }

    async fn codes(&self) -> anyhow::Result<VecDeque<String>> {
        let challenge = digest(VERIFIER);
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
        for _ in 0..BATCH {
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
