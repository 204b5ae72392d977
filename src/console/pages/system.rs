//! `/admin/systeme`: what `preau doctor` would find of this server, and how the deployment stands. For whoever runs all of
//! it; reads only. No secret and no person is shown.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::pages::{failed, frame};
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::Place;
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::console::views::{ImportLine, KeyLine, OutageLine, QueueLine, SystemCheckLine, SystemPage};
use crate::doctor::ops::check_server;
use crate::doctor::ops::status::{self, KeyStatus};
use crate::http::error::PageError;
use crate::http::pages::dates;
use crate::http::request_context::RequestContext;
use crate::jose::KeyState;
use crate::keys::rotation::RotationStep;
use crate::outbox::WaitingJobs;
use crate::telemetry::{CheckLevel, Finding};

fn check_line(finding: &Finding) -> SystemCheckLine {
    SystemCheckLine {
        key: finding.check.to_ascii_lowercase().replace(' ', "-"),
        subject: finding.subject.clone(),
        level: finding.level.name(),
        text: finding.text.clone(),
    }
}

fn key_line(ctx: &RequestContext, key: &KeyStatus) -> KeyLine {
    KeyLine {
        alg: key.alg.to_owned(),
        kid: key.kid.clone(),
        state: match key.state {
            KeyState::Upcoming => "upcoming",
            KeyState::Active => "active",
            KeyState::Retiring | KeyState::Retired | KeyState::Revoked => "retiring",
        },
        since: dates::moment(ctx.lang, key.since, ctx.now),
        next: match key.next.map(|(step, _)| step) {
            Some(RotationStep::PublishNext) => "publish_next",
            Some(RotationStep::StopSigning) => "stop_signing",
            Some(RotationStep::Activate) => "activate",
            Some(RotationStep::Retire) => "retire",
            Some(RotationStep::Delete) => "delete",
            None => "",
        },
        next_at: key.next.map_or_else(String::new, |(_, at)| when(ctx, at)),
    }
}

/// Returns a time to come: the hour of today, else the day with its year.
fn when(ctx: &RequestContext, at: Timestamp) -> String {
    match dates::date_key(at) == dates::date_key(ctx.now) {
        true => dates::moment(ctx.lang, at, ctx.now),
        false => dates::day_and_year(ctx.lang, at),
    }
}

fn queue_line(ctx: &RequestContext, jobs: &WaitingJobs) -> QueueLine {
    QueueLine {
        kind: jobs.kind.name(),
        waiting: jobs.waiting,
        tried: jobs.tried,
        oldest: dates::moment(ctx.lang, jobs.oldest, ctx.now),
    }
}

/// GET.
pub async fn show(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
) -> Result<Response, Response> {
    let SignedInAdministrator(on_duty) = who;
    // Of a ministry or an academy is not of the whole deployment.
    on_duty.permit(&app, &ctx, AdminAct::Configure, &[Place::default()]).await?;
    let (checked, findings) = check_server(&app).await;
    let found = status::read(&app.db, &app.config, ctx.now).await.map_err(failed)?;
    let mut checks: Vec<SystemCheckLine> = findings.iter().map(check_line).collect();
    checks.sort_by_key(|line| line.level == CheckLevel::Ok.name());
    let moment = |at| dates::moment(ctx.lang, at, ctx.now);
    let page = SystemPage {
        frame: frame(&app, &ctx, &on_duty).await.map_err(failed)?.in_room("system"),
        version: env!("CARGO_PKG_VERSION"),
        issuer: app.issuer().to_owned(),
        database: if app.db.is_sqlite() { "SQLite" } else { "PostgreSQL" },
        migrations: found.migrations,
        in_memory: app.config.ephemeral.is_memory(),
        checked: dates::hour(ctx.lang, checked),
        level: findings.iter().fold(CheckLevel::Ok, |worst, finding| worst.worse(finding.level)).name(),
        checks,
        keys: found.keys.iter().map(|key| key_line(&ctx, key)).collect(),
        queues: found.queues.iter().map(|jobs| queue_line(&ctx, jobs)).collect(),
        sms_used: found.sms_of_day.0,
        sms_cap: found.sms_of_day.1,
        used_caps: found.used_caps,
        outages: found
            .outages
            .iter()
            .map(|outage| OutageLine {
                reason: outage.reason.name(),
                since: moment(outage.began_at),
                refusals: outage.refusals,
            })
            .collect(),
        open_campaigns: found.open_campaigns,
        running_imports: found.running_imports.0,
        written_schools: found.running_imports.1,
        imports: found
            .last_imports
            .into_iter()
            .map(|last| ImportLine { academy: last.academy, format: last.format, at: moment(last.at) })
            .collect(),
        backup: found.backup.map_or_else(String::new, moment),
    };
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}
