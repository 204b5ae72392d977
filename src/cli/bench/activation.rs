//! Measures whole activations through the router and the worker: identity, SMS, code, one child, password.
//!
//! Each activation hashes one password, so argon2id is the limit here too. Persons are inserted beforehand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::measure::{BenchRates, CostRounds, rounds};
use super::sms_inbox::SmsInbox;
use crate::app::AppState;
use crate::base::date::BirthDate;
use crate::base::ids::{id256, row_id};
use crate::base::phone::E164;
use crate::base::typed_ids::{PersonId, PupilId};
use crate::base::uai::Uai;
use crate::bootstrap;
use crate::crypto::Priority;
use crate::db::Durability;
use crate::demo::Demo;
use crate::protocol::params::encode;
use crate::roster::sealed_rows::{PersonRow, PupilRow};
use crate::roster::store::rows::{self, NewLink};
use crate::roster::{Level, PersonData, Phone, PupilData};
use crate::router;

const PASSWORD: &str = "Cheval-bleu-7";
pub(super) const SCHOOL: (&str, &str) = ("montpellier", "0349999J");
/// The number of people: as many as the range of invented numbers allows.
const MAX_PEOPLE: usize = 9_000;

pub async fn measure(demo: &Demo, inbox: &Arc<SmsInbox>, cores: usize, seconds: u64) -> anyhow::Result<BenchRates> {
    let app = demo.app();
    insert_people(app).await?;
    let router = router::public(app.clone())?;
    let next = Arc::new(AtomicUsize::new(0));
    let activate = {
        let (app, inbox) = (app.clone(), Arc::clone(inbox));
        move |_| {
            let (app, inbox, router) = (app.clone(), Arc::clone(&inbox), router.clone());
            let number = next.fetch_add(1, Ordering::Relaxed);
            async move { run_activation(&app, &inbox, &router, number).await }
        }
    };
    let hash = {
        let app = app.clone();
        move |_| {
            let app = app.clone();
            async move {
                app.password_hasher.hash(PASSWORD, app.rng.as_ref(), Priority::Known).await?;
                Ok(())
            }
        }
    };
    // The codes are sent as in production, by queues that are told of each job. What a server does beside, such as
    // sealing the audit, is no part of an activation.
    let (stop, stopped) = watch::channel(false);
    let mut workers = bootstrap::spawn_queues(app, &stopped);
    // While a code is on its way, its task waits.
    let tasks = cores * 4;
    let (mut all, mut limit) = (CostRounds::default(), CostRounds::default());
    for turn in rounds(seconds) {
        limit.measure(tasks, turn, hash.clone()).await?;
        all.measure(tasks, turn, activate.clone()).await?;
    }
    stop.send_replace(true);
    while workers.join_next().await.is_some() {}
    Ok(BenchRates {
        measured_name: "activations",
        measured_rate: all.rate(),
        limit_name: "argon2id alone",
        limit_rate: limit.rate(),
        cpu_share: limit.share_of(&all),
    })
}

pub(super) fn mobile(number: usize) -> String {
    format!("+3363998{number:04}")
}

/// Inserts one parent and one child for each number, at the demo's collège.
pub(super) async fn insert_people(app: &AppState) -> anyhow::Result<()> {
    let (academy, uai) = (SCHOOL.0, &Uai::parse(SCHOOL.1)?);
    let now = app.now();
    let born = BirthDate::new(2013, 2, 14).context("a date")?;
    let mut tx = app.db.write(Durability::Relaxed).await?;
    for number in 1_000..1_000 + MAX_PEOPLE {
        let (person_id, pupil_id) =
            (PersonId::new(row_id(now, app.rng.as_ref())), PupilId::new(row_id(now, app.rng.as_ref())));
        let key = format!("bench{number}");
        let phone = E164::from_stored(&mobile(number)).context("a number")?;
        let person = PersonData {
            family: "MESURE".into(),
            usage: None,
            given: "Banc".into(),
            phone: Phone::Mobile(phone),
            mobile_column: None,
            mail: None,
        };
        let pupil = PupilData { family: "MESURE".into(), usage: None, given: "Zoé".into(), born, ine_blind: None };
        let person = PersonRow::seal(&app.master_key, &person_id, &key, &person, now)?;
        let pupil = PupilRow::seal(&app.master_key, &pupil_id, &key, &pupil, now)?;
        rows::insert_persons(&mut tx, now, academy, &[&person]).await?;
        rows::insert_pupils(&mut tx, academy, &[&pupil]).await?;
        rows::upsert_enrolments(&mut tx, uai, "siecle", &[(&pupil_id, None)]).await?;
        let link = NewLink {
            person_id: &person_id,
            pupil_id: &pupil_id,
            level: Level::Legal,
            relation: None,
            source: "bench",
        };
        rows::upsert_links(&mut tx, uai, &[link]).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn run_activation(app: &AppState, inbox: &SmsInbox, router: &Router, number: usize) -> anyhow::Result<()> {
    anyhow::ensure!(number < MAX_PEOPLE, "all {MAX_PEOPLE} people are activated: measure for fewer seconds");
    let mut cookies = vec![format!("preau_dev_nav={}", id256(app.rng.as_ref()))];
    let to = mobile(number + 1_000);
    let identity = encode([("nom", "Mesure"), ("prenom", "Banc"), ("telephone", to.as_str())]);
    let at = post(router, &mut cookies, "/activation", identity).await?;
    let query = at.split_once('?').context("an activation has an address")?.1.to_owned();
    let text = inbox.wait_for(&to).await;
    let code = text.rsplit('#').next().unwrap_or_default().to_owned();
    post(router, &mut cookies, &format!("/activation/code?{query}"), encode([("code", code.as_str())])).await?;
    let child = encode([("representant_legal_1", "oui"), ("date_naissance_1", "14/02/2013")]);
    post(router, &mut cookies, &format!("/activation/enfants?{query}"), child).await?;
    let password = encode([("mot_de_passe", PASSWORD), ("confirmation", PASSWORD)]);
    let end = post(router, &mut cookies, &format!("/activation/mot-de-passe?{query}"), password).await?;
    anyhow::ensure!(end.starts_with("/activation/terminee"), "an activation ended at {end}");
    Ok(())
}

/// Posts a form with the cookies of previous responses, and stores the cookies of its own response.
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
