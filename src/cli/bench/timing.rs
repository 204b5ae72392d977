//! Measures whether the time of an answer tells if an account exists (docs/threats.md#attack-l6): each form is posted
//! for people who exist and for people who do not, in turn, through the whole router.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use tower::ServiceExt as _;

use super::activation::{SCHOOL, insert_people, mobile};
use super::measure::mean;
use crate::accounts;
use crate::app::{AppState, Operation};
use crate::base::ids::id256;
use crate::base::profile::Profile;
use crate::base::uai::Uai;
use crate::bootstrap;
use crate::crypto::Priority;
use crate::db::Durability;
use crate::http::paths;
use crate::letters;
use crate::letters::LetterKind;
use crate::letters::code::LetterCode;
use crate::letters::ops::LetterOrder;
use crate::protocol::params::encode;
use crate::router;

const PASSWORD: &str = "Banc-de-mesure-7";
/// The medians of the two kinds of answers may differ by this, in milliseconds.
const MAX_MEDIAN_DIFFERENCE_MS: f64 = 1.0;
/// The greatest |t| of Welch's test; more says that the two kinds of answers can be told apart by their times.
const MAX_WELCH_T: f64 = 4.5;
/// The slowest part of each kind is left out of Welch's test: pauses of the machine are no answer of the server.
const KEPT_SHARE: f64 = 0.95;

/// A form, and the bodies that are posted for an existing and a missing person.
struct ProbedForm {
    path: &'static str,
    known: Vec<String>,
    unknown: Vec<String>,
}

/// The times of one form, in milliseconds.
struct FormTimes {
    path: &'static str,
    known: Vec<f64>,
    unknown: Vec<f64>,
}

/// The times of all forms, as a table.
pub struct TimingReport {
    forms: Vec<FormTimes>,
}

impl TimingReport {
    /// True if no form's time tells whether an account exists.
    pub fn is_quiet(&self) -> bool {
        self.forms.iter().all(|form| {
            (median(&form.known) - median(&form.unknown)).abs() <= MAX_MEDIAN_DIFFERENCE_MS
                && welch_t(&form.known, &form.unknown).abs() < MAX_WELCH_T
        })
    }
}

impl fmt::Display for TimingReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<22} {:>6} {:>12} {:>12} {:>10} {:>8}",
            "form", "pairs", "known ms", "unknown ms", "difference", "Welch t"
        )?;
        for form in &self.forms {
            let (known, unknown) = (median(&form.known), median(&form.unknown));
            let t = welch_t(&form.known, &form.unknown);
            writeln!(
                f,
                "{:<22} {:>6} {known:>12.3} {unknown:>12.3} {:>10.3} {t:>8.2}",
                form.path,
                form.known.len(),
                known - unknown
            )?;
        }
        write!(
            f,
            "medians of the answers; |t| below {MAX_WELCH_T} and medians within {MAX_MEDIAN_DIFFERENCE_MS} ms tell nothing"
        )
    }
}

/// Posts each form `pairs` times for people who exist and as often for people who do not, in a random order.
pub async fn measure(app: &AppState, pairs: usize) -> anyhow::Result<TimingReport> {
    insert_people(app).await?;
    let forms = prepare_forms(app, pairs).await?;
    let router = router::public(app.clone())?;
    let mut source = 0;
    let mut measured = Vec::new();
    for form in forms {
        let mut times = FormTimes { path: form.path, known: Vec::new(), unknown: Vec::new() };
        let mut status = None;
        for (known, unknown) in form.known.into_iter().zip(form.unknown) {
            let first_is_known = app.rng.below(2) == 0;
            let bodies =
                if first_is_known { [(true, known), (false, unknown)] } else { [(false, unknown), (true, known)] };
            for (is_known, body) in bodies {
                source += 1;
                let (answered, elapsed) = post(app, &router, form.path, body, source).await?;
                // Another answer would be told apart without a clock; a limit that is met would measure nothing.
                anyhow::ensure!(*status.get_or_insert(answered) == answered, "{} answered {answered} too", form.path);
                if is_known { times.known.push(elapsed) } else { times.unknown.push(elapsed) }
            }
            // Messages leave in a job: it is no part of an answer.
            bootstrap::drain_outbox(app).await;
        }
        measured.push(times);
    }
    Ok(TimingReport { forms: measured })
}

/// Makes an account with an open letter for each pair, and the bodies of all forms.
async fn prepare_forms(app: &AppState, pairs: usize) -> anyhow::Result<Vec<ProbedForm>> {
    let hash = app.password_hasher.hash(PASSWORD, app.rng.as_ref(), Priority::Known).await?;
    let op = Operation::of_job(app, "bench");
    let uai = Uai::parse(SCHOOL.1)?;
    let mut known = Vec::new();
    let mut tx = op.write(Durability::Relaxed).await?;
    // One account for each form and pair: the tries of an account are limited.
    for _ in 0..pairs * 3 {
        let account = accounts::ops::create_account(&mut tx, Profile::Responsable, "Banc", "MESURE", None).await?;
        accounts::store::set_password(&mut tx, &account.id, &hash).await?;
        let drawn = letters::ops::draw(&mut tx, LetterKind::Reset, &uai).await?;
        let order = LetterOrder {
            account_id: &account.id,
            kind: LetterKind::Reset,
            uai: &uai,
            person_id: None,
            pupil_id: None,
            reason: "bench",
        };
        letters::ops::issue(&mut tx, &app.master_key, order, &drawn).await?;
        known.push(account.identifiant);
    }
    tx.commit().await?;
    let unknown: Vec<String> = (0..pairs * 3).map(|n| format!("b.absente{n}")).collect();
    let wrong_code = LetterCode::draw(app.rng.as_ref()).to_printed_form();
    // A password each: one that is tried on many accounts is limited.
    let sign_in = |id: &String| encode([("identifiant", id.as_str()), ("mot_de_passe", &format!("Pas-le-bon {id}"))]);
    let forgotten = |id: &String| encode([("identifiant", id.as_str())]);
    let letter = |id: &String| encode([("identifiant", id.as_str()), ("code", &wrong_code)]);
    let part = |all: &[String], part: usize, body: &dyn Fn(&String) -> String| -> Vec<String> {
        all.iter().skip(part * pairs).take(pairs).map(body).collect()
    };
    let person = |given: &str, number: usize| {
        encode([("nom", "Mesure"), ("prenom", given), ("telephone", mobile(number).as_str())])
    };
    // The same numbers, so that nothing but the name tells the roster's people from others.
    let people = |given: &str, first: usize| (first..first + pairs).map(|n| person(given, n)).collect::<Vec<_>>();
    Ok(vec![
        ProbedForm { path: paths::SIGN_IN, known: part(&known, 0, &sign_in), unknown: part(&unknown, 0, &sign_in) },
        ProbedForm { path: paths::ACTIVATION, known: people("Banc", 1_000), unknown: people("Ligne", 1_000 + pairs) },
        ProbedForm {
            path: paths::FORGOTTEN_IDENTIFIANT,
            known: people("Banc", 1_000 + 2 * pairs),
            unknown: people("Ligne", 1_000 + 3 * pairs),
        },
        ProbedForm {
            path: paths::FORGOTTEN_PASSWORD,
            known: part(&known, 1, &forgotten),
            unknown: part(&unknown, 1, &forgotten),
        },
        ProbedForm { path: paths::LETTER, known: part(&known, 2, &letter), unknown: part(&unknown, 2, &letter) },
    ])
}

/// Posts a form as a browser of its own, from an address of its own; returns the status and the milliseconds.
async fn post(
    app: &AppState,
    router: &Router,
    path: &str,
    body: String,
    source: u32,
) -> anyhow::Result<(StatusCode, f64)> {
    let mut request = Request::post(path)
        .header(header::HOST, "localhost")
        .header("sec-fetch-site", "same-origin")
        .header(header::COOKIE, format!("preau_dev_nav={}", id256(app.rng.as_ref())))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))?;
    let address = Ipv4Addr::from_bits(Ipv4Addr::new(100, 64, 0, 0).to_bits() + source * 256);
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((address, 40_000))));
    let began = Instant::now();
    let response = router.clone().oneshot(request).await.context("the router answers")?;
    Ok((response.status(), began.elapsed().as_secs_f64() * 1_000.0))
}

fn sorted(times: &[f64]) -> Vec<f64> {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times
}

fn median(times: &[f64]) -> f64 {
    let times = sorted(times);
    let upper = times.get(times.len() / 2).copied().unwrap_or_default();
    let lower = times.get((times.len().max(1) - 1) / 2).copied().unwrap_or_default();
    (lower + upper) / 2.0
}

/// Returns Welch's t of two samples, without the slowest part of each.
fn welch_t(left: &[f64], right: &[f64]) -> f64 {
    let crop = |times: &[f64]| {
        let mut times = sorted(times);
        times.truncate((times.len() as f64 * KEPT_SHARE).ceil() as usize);
        times
    };
    let error = |times: &[f64]| {
        let centre = mean(times);
        let squares: f64 = times.iter().map(|time| (time - centre).powi(2)).sum();
        squares / (times.len().max(2) - 1) as f64 / times.len().max(1) as f64
    };
    let (left, right) = (crop(left), crop(right));
    let spread = (error(&left) + error(&right)).sqrt();
    if spread == 0.0 { 0.0 } else { (mean(&left) - mean(&right)) / spread }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn welch_t_tells_a_slower_sample_from_noise() {
        let noise = |offset: f64| (0..100).map(|n| f64::from(n % 10) + offset).collect::<Vec<_>>();
        assert!(welch_t(&noise(0.0), &noise(0.0)).abs() < f64::EPSILON);
        assert!(welch_t(&noise(3.0), &noise(0.0)) > MAX_WELCH_T);
        // Two samples of 3: means 2 and 5, variances 1 and 1, so t = -3 / sqrt(2/3).
        assert!((welch_t(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]) + 3.0 / (2.0_f64 / 3.0).sqrt()).abs() < 1e-9);
        assert!((median(&[3.0, 1.0, 2.0, 10.0]) - 2.5).abs() < f64::EPSILON);
        let report = |unknown| TimingReport { forms: vec![FormTimes { path: "/x", known: noise(3.0), unknown }] };
        assert!(report(noise(3.0)).is_quiet());
        assert!(!report(noise(0.0)).is_quiet());
    }
}
