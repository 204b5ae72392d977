//! Whole activations through the router and the worker: identity, SMS, code, one child, password.
//!
//! Each hashes one password, so argon2id is the limit here too. Persons are written beforehand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use tower::ServiceExt as _;

use super::measure::{Rates, mean, rate, turns};
use crate::app::AppState;
use crate::base::date::BirthDate;
use crate::base::ids::{id256, row_id};
use crate::base::phone::E164;
use crate::compose;
use crate::db::Durability;
use crate::demo::Demo;
use crate::protocol::params::encode;
use crate::roster::sealed::{PersonRow, PupilRow};
use crate::roster::store::import::{self, NewLink};
use crate::roster::{Level, PersonData, Phone, PupilData};
use crate::router;
use crate::seal::Priority;

const PASSWORD: &str = "Cheval-bleu-7";
const SCHOOL: (&str, &str) = ("montpellier", "0349999J");
/// All that the range of invented numbers has.
const PEOPLE: usize = 9_000;

pub async fn measure(demo: &Demo, cores: usize, seconds: u64) -> anyhow::Result<Rates> {
    let app = demo.app();
    people(app).await?;
    let router = router::public(app.clone())?;
    let next = Arc::new(AtomicUsize::new(0));
    let activate = {
        let app = app.clone();
        move |_| {
            let (app, router, number) = (app.clone(), router.clone(), next.fetch_add(1, Ordering::Relaxed));
            async move { activation(&app, &router, number).await }
        }
    };
    let tasks = cores * 2;
    let (mut all, mut limit) = (Vec::new(), Vec::new());
    for turn in turns(seconds) {
        limit.push(alone(app, tasks, turn).await?);
        all.push(rate(tasks, turn, activate.clone()).await?);
    }
    Ok(Rates {
        what: "activations",
        whole: mean(&all),
        limit: "argon2id alone",
        alone: mean(&limit),
        by_processor: None,
    })
}

async fn alone(app: &AppState, tasks: usize, seconds: f64) -> anyhow::Result<f64> {
    let app = app.clone();
    rate(tasks, seconds, move |_| {
        let app = app.clone();
        async move {
            app.passwords.hash(PASSWORD, app.rng.as_ref(), Priority::Known).await?;
            Ok(())
        }
    })
    .await
}

fn mobile(number: usize) -> String {
    format!("+3363998{number:04}")
}

/// One parent and one child a number, at the demo's collège.
async fn people(app: &AppState) -> anyhow::Result<()> {
    let (academy, uai) = SCHOOL;
    let now = app.now();
    let born = BirthDate::new(2013, 2, 14).context("a date")?;
    let mut tx = app.db.write(Durability::Relaxed).await?;
    for number in 1_000..1_000 + PEOPLE {
        let (person_id, pupil_id) = (row_id(now, app.rng.as_ref()), row_id(now, app.rng.as_ref()));
        let key = format!("bench{number}");
        let phone = E164::from_stored(&mobile(number)).context("a number")?;
        let person = PersonData {
            family: "MESURE".into(),
            usage: None,
            given: "Banc".into(),
            phone: Phone::Mobile(phone),
            mobile_in: None,
        };
        let pupil = PupilData { family: "MESURE".into(), usage: None, given: "Zoé".into(), born };
        let person = PersonRow::seal(&app.vault, &person_id, &key, &person, now)?;
        let pupil = PupilRow::seal(&app.vault, &pupil_id, &key, &pupil, now)?;
        import::add_person(&mut tx, academy, &person).await?;
        import::add_pupil(&mut tx, academy, &pupil).await?;
        import::enrol(&mut tx, uai, &pupil_id, None).await?;
        let link = NewLink {
            person_id: &person_id,
            pupil_id: &pupil_id,
            level: Level::Legal.as_str(),
            relation: None,
            source: "bench",
        };
        import::put_link(&mut tx, uai, &link).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn activation(app: &AppState, router: &Router, number: usize) -> anyhow::Result<()> {
    anyhow::ensure!(number < PEOPLE, "all {PEOPLE} people are activated: measure for fewer seconds");
    let mut cookies = vec![format!("preau_dev_nav={}", id256(app.rng.as_ref()))];
    let to = mobile(number + 1_000);
    let identity = encode([("nom", "Mesure"), ("prenom", "Banc"), ("telephone", to.as_str())]);
    let at = post(router, &mut cookies, "/activation", identity).await?;
    let query = at.split_once('?').context("an activation has an address")?.1.to_owned();
    let code = loop {
        compose::work_off(app).await;
        if let Some(message) = app.sms.messages_to(&to).pop() {
            break message.text.rsplit('#').next().unwrap_or_default().to_owned();
        }
        // Another task has claimed the job and is at it.
        tokio::task::yield_now().await;
    };
    post(router, &mut cookies, &format!("/activation/code?{query}"), encode([("code", code.as_str())])).await?;
    let child = encode([("representant_legal_1", "oui"), ("date_naissance_1", "14/02/2013")]);
    post(router, &mut cookies, &format!("/activation/enfants?{query}"), child).await?;
    let password = encode([("mot_de_passe", PASSWORD), ("confirmation", PASSWORD)]);
    let end = post(router, &mut cookies, &format!("/activation/mot-de-passe?{query}"), password).await?;
    anyhow::ensure!(end.starts_with("/activation/terminee"), "an activation ended at {end}");
    Ok(())
}

/// Posts a form with the cookies that the answers before it set, and keeps those that its own answer sets.
async fn post(router: &Router, cookies: &mut Vec<String>, path: &str, body: String) -> anyhow::Result<String> {
    let request = Request::post(path)
        .header(header::HOST, "localhost")
        .header("sec-fetch-site", "same-origin")
        .header(header::COOKIE, cookies.join("; "))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))?;
    let response = router.clone().oneshot(request).await?;
    anyhow::ensure!(response.status() == StatusCode::SEE_OTHER, "{path} answered {}", response.status());
    for set in response.headers().get_all(header::SET_COOKIE) {
        let cookie = set.to_str()?.split(';').next().unwrap_or_default();
        let name = cookie.split_inclusive('=').next().unwrap_or_default();
        cookies.retain(|kept| !kept.starts_with(name));
        cookies.push(cookie.to_owned());
    }
    let to = response.headers().get(header::LOCATION).context("a redirect leads somewhere")?;
    Ok(to.to_str()?.to_owned())
}
