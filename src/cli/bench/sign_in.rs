//! Measures sign-ins through the router, each task with a separate account: tries for one account are serialized.

use std::sync::Arc;

use anyhow::Context as _;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use tower::ServiceExt as _;

use super::measure::{BenchRates, CostRounds, rounds};
use crate::accounts;
use crate::app::Operation;
use crate::base::ids::id256;
use crate::base::profile::Profile;
use crate::crypto::Priority;
use crate::db::Durability;
use crate::demo::Demo;
use crate::router;

const PASSWORD: &str = "Banc-de-mesure-7";

pub async fn measure(demo: &Demo, cores: usize, seconds: u64) -> anyhow::Result<BenchRates> {
    let app = demo.app();
    // Two tasks a core: one hashes while the other reads and writes.
    let tasks = cores * 2;
    let hash = app.password_hasher.hash(PASSWORD, app.rng.as_ref(), Priority::Known).await?;
    let mut identifiants = Vec::new();
    let op = Operation::of_job(app, "bench");
    let mut tx = op.write(Durability::Relaxed).await?;
    for _ in 0..tasks {
        let account = accounts::ops::create_account(&mut tx, Profile::Responsable, "Banc", "MESURE", None).await?;
        accounts::store::set_password(&mut tx, &account.id, &hash).await?;
        identifiants.push(account.identifiant);
    }
    tx.commit().await?;

    let router = router::public(app.clone())?;
    let (identifiants, navigation) = (Arc::new(identifiants), id256(app.rng.as_ref()));
    let sign_in = move |number: usize| {
        let (router, identifiants, navigation) = (router.clone(), Arc::clone(&identifiants), navigation.clone());
        async move {
            let identifiant = identifiants.get(number).context("an account a task")?;
            let request = Request::post("/connexion")
                .header(header::HOST, "localhost")
                .header("sec-fetch-site", "same-origin")
                .header(header::COOKIE, format!("preau_dev_nav={navigation}"))
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(format!("identifiant={identifiant}&mot_de_passe={PASSWORD}")))?;
            let response = router.oneshot(request).await?;
            anyhow::ensure!(response.status() == StatusCode::SEE_OTHER, "a sign-in answered {}", response.status());
            Ok(())
        }
    };
    let verify = {
        let (app, hash) = (app.clone(), Arc::new(hash));
        move |_| {
            let (app, hash) = (app.clone(), Arc::clone(&hash));
            async move {
                let right = app.password_hasher.verify(PASSWORD, Some(hash.as_str()), Priority::Known).await?;
                anyhow::ensure!(right, "the password does not verify");
                Ok(())
            }
        }
    };
    let (mut all, mut limit) = (CostRounds::default(), CostRounds::default());
    for turn in rounds(seconds) {
        limit.measure(tasks, turn, verify.clone()).await?;
        all.measure(tasks, turn, sign_in.clone()).await?;
    }
    Ok(BenchRates {
        measured_name: "sign-ins",
        measured_rate: all.rate(),
        limit_name: "argon2id alone",
        limit_rate: limit.rate(),
        cpu_share: limit.share_of(&all),
    })
}
