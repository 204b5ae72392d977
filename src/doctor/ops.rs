//! The checks of a running server, made once a minute at most: those of `preau doctor` that a server can make of itself,
//! and whether the upstreams answer.

pub mod machine;
pub mod status;
pub mod stored;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::JoinSet;

use crate::app::{App, AppState, Operation};
use crate::base::clock::Timestamp;
use crate::config::SmsGatewayRole;
use crate::ephemeral;
use crate::federation::ops::UpstreamProvider;
use crate::http::pages::dates::paris_time;
use crate::telemetry::{CheckLevel, Finding, KeepsNobodyOut};

/// The time limit of each check: somebody waits for the page, and one that hangs says enough.
const CHECK_TIMEOUT: Duration = Duration::from_secs(3);
/// The maximum number of upstreams that are asked: one of each academy, and some of parents.
const MAX_UPSTREAMS: usize = 60;

/// Returns what a check found, as a finding.
fn finding(check: &'static str, subject: &str, found: anyhow::Result<String>) -> Finding {
    let (level, text) = match found {
        Ok(text) => (CheckLevel::Ok, text),
        Err(error) => (CheckLevel::of_failure(&error), format!("{error:#}").trim_start_matches(": ").to_owned()),
    };
    Finding { check, subject: subject.to_owned(), level, text }
}

/// Bounds a check in time.
async fn in_time(check: impl Future<Output = anyhow::Result<String>>) -> anyhow::Result<String> {
    match tokio::time::timeout(CHECK_TIMEOUT, check).await {
        Ok(found) => found,
        Err(_) => Err(anyhow::anyhow!("no answer within {} s", CHECK_TIMEOUT.as_secs())),
    }
}

/// Returns the findings of this server, with the time of their checks.
pub async fn check_server(app: &AppState) -> (Timestamp, Arc<Vec<Finding>>) {
    let now = app.now();
    app.findings.get_or_check(now, Box::pin(run_checks(app, now))).await
}

async fn run_checks(app: &AppState, now: Timestamp) -> Vec<Finding> {
    let (config, db) = (&app.config, &app.db);
    let mut all = vec![
        finding("sources", "", machine::check_sources(config).context(KeepsNobodyOut)),
        finding("certificate", "", machine::check_certificate(config, now)),
        finding("disk", "", machine::check_disk(config)),
        finding("master key file", "", machine::check_key_file(config).context(KeepsNobodyOut)),
        finding("database files", "", machine::check_database_files(config).context(KeepsNobodyOut)),
    ];
    let store = async { ephemeral::diagnose(&config.ephemeral).await.map_err(anyhow::Error::from) };
    let keys = stored::check_signing_keys(db, &app.master_key, (config, now), |_| "");
    let (store, stored, gateways, mail, upstreams) = tokio::join!(
        in_time(store),
        Box::pin(async {
            // One after the other: each takes a connection.
            vec![
                finding("migrations", "", in_time(stored::check_migrations(db)).await),
                finding("signing keys", "", in_time(keys).await),
                finding("outbox", "", in_time(stored::check_outbox(db, now)).await),
                finding("SMS", "", in_time(stored::check_sms(db, config, now)).await),
                finding("sign-outs told", "", in_time(stored::logout_summary(db)).await),
                finding("codes protected", "", in_time(stored::unprotected_codes_summary(db, now)).await),
                finding("clock", "", in_time(stored::check_clock(db, now)).await),
            ]
        }),
        check_gateways(app),
        check_mail(app, now),
        check_upstreams(app),
    );
    all.push(finding("ephemeral store", "", store));
    all.extend(stored);
    all.extend(gateways);
    all.push(mail);
    all.extend(upstreams);
    all
}

/// Asks the SMS gateways for a sign of life, by a call that sends nothing; of a gateway to which this server is connected,
/// how that connection stands. `preau doctor` connects anew.
async fn check_gateways(app: &App) -> Vec<Finding> {
    let mut all = Vec::new();
    for (role, gateway) in app.sms_gateways.iter() {
        let check = match role {
            SmsGatewayRole::Primary => "SMS gateway",
            SmsGatewayRole::Fallback => "SMS fallback",
            SmsGatewayRole::Voice => "SMS voice",
        };
        let answers = in_time(async { gateway.check_connection().await.map_err(anyhow::Error::msg) }).await;
        // While the primary gateway carries, nobody misses another one.
        let answers = if role == SmsGatewayRole::Primary { answers } else { answers.context(KeepsNobodyOut) };
        all.push(finding(check, "", answers));
    }
    all
}

/// Asks the mail server for a sign of life. One that answers and takes no mail is none: the last mails of this server
/// tell.
async fn check_mail(app: &App, now: Timestamp) -> Finding {
    let answers = match (&app.mail_gateway, app.mail_circuit.outage(now)) {
        (Some(_), Some(outage)) => {
            let (why, since) = (outage.why, paris_time(outage.began_at));
            Err(anyhow::anyhow!("no mail has left since {since}: {why}; what waits is tried again by itself"))
        }
        (Some(gateway), None) => in_time(async { gateway.check_reachable().await.map_err(anyhow::Error::msg) }).await,
        (None, _) => Ok("none is sent: no [mail] section".to_owned()),
    };
    finding("mail", "", answers.context(KeepsNobodyOut))
}

/// Fetches the discovery document of each upstream, all at once.
async fn check_upstreams(app: &AppState) -> Vec<Finding> {
    let mut asked = JoinSet::new();
    for (place, upstream) in app.upstreams().all_enabled().take(MAX_UPSTREAMS).cloned().enumerate() {
        let app = app.clone();
        asked.spawn(async move {
            let op = Operation::of_job(&app, "checks");
            let provider = UpstreamProvider::new(&op, &upstream);
            let answers = in_time(async { provider.fetch_metadata().await.map(|_| "answers".to_owned()) }).await;
            // Whoever has a password signs in all the same.
            (place, finding("upstream", &upstream.label, answers.context(KeepsNobodyOut)))
        });
    }
    let mut all = asked.join_all().await;
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, finding)| finding).collect()
}
