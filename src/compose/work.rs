//! The background work: the outbox's lanes, the keys read again, what serves no more forgotten.
//!
//! A lane takes the next job as soon as one of its own is done, so that none waits for the slowest of a batch; and no
//! lane waits for another (docs/threats.md#fault-rt17).

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::health::clock_trouble;
use crate::app::AppState;
use crate::db::Durability;
use crate::oidc::backchannel;
use crate::outbox::{self, Claim, Done, Job, JobKind};
use crate::{accounts, activation, audit, devices, grants, keys, limits, logouts, otp, sessions, support};

/// How often a lane looks although nobody woke it: another server may have written a job.
const POLL: Duration = Duration::from_secs(1);
/// How often the keys are renewed where that is due, and read again
/// (docs/decisions/0015-signing-keys-renew-themselves.md).
const KEYS: Duration = Duration::from_millis(keys::rotation::REREAD.0.unsigned_abs());
/// How often the time is noted in the database: what a restart could lengthen.
const CLOCK: Duration = Duration::from_secs(30);
const CLEAN: Duration = Duration::from_secs(3600);

/// How often pages that showed a support code are written.
const SUPPORT: Duration = Duration::from_secs(10);

/// Starts the background work; it ends soon after `stop` says true. A job under way is finished.
pub fn background(app: &AppState, stop: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut all = JoinSet::new();
    for kind in JobKind::ALL {
        all.spawn(lane(app.clone(), kind, stop.clone()));
    }
    let (a, mut s) = (app.clone(), stop.clone());
    all.spawn(async move {
        loop {
            tokio::select! {
                () = tokio::time::sleep(KEYS) => {}
                _ = s.wait_for(|stop| *stop) => return,
            }
            if let Err(error) = keys::ops::tend(&a, a.now()).await {
                tracing::error!(error = format!("{error:#}"), "signing keys not renewed or not read again");
            }
        }
    });
    let (a, mut s) = (app.clone(), stop.clone());
    all.spawn(async move {
        loop {
            if let Err(error) = note_the_time(&a).await {
                tracing::error!(%error, "the time was not noted");
            }
            tokio::select! {
                () = tokio::time::sleep(CLOCK) => {}
                _ = s.wait_for(|stop| *stop) => return,
            }
        }
    });
    let (a, mut s) = (app.clone(), stop.clone());
    all.spawn(async move {
        loop {
            let stopping = tokio::select! {
                () = tokio::time::sleep(SUPPORT) => false,
                _ = s.wait_for(|stop| *stop) => true,
            };
            if let Err(error) = support::ops::write(&a, a.now()).await {
                tracing::warn!(error = format!("{error:#}"), "support events not written");
            }
            if stopping {
                return;
            }
        }
    });
    let (a, mut s) = (app.clone(), stop.clone());
    all.spawn(async move {
        loop {
            if let Err(error) = clean(&a, &s).await {
                tracing::error!(error = format!("{error:#}"), "cleaning failed");
            }
            tokio::select! {
                () = tokio::time::sleep(CLEAN) => {}
                _ = s.wait_for(|stop| *stop) => return,
            }
        }
    });
    all
}

async fn lane(app: AppState, kind: JobKind, mut stop: watch::Receiver<bool>) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            () = app.outbox.rung(kind) => {}
            () = tokio::time::sleep(POLL) => {}
            Some(_) = running.join_next() => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
        fill(&app, kind, &mut running).await;
    }
    while running.join_next().await.is_some() {}
}

/// Takes as many due jobs as the lane has places for. Gives how many.
async fn fill(app: &AppState, kind: JobKind, running: &mut JoinSet<()>) -> usize {
    // Those that ended since give their places back.
    while running.try_join_next().is_some() {}
    let free = kind.width().saturating_sub(running.len());
    if free == 0 {
        return 0;
    }
    let most = i64::try_from(free).unwrap_or(1);
    let now = app.now();
    // While the gateway rests, what waits for it is only told that it is too late.
    let rests = kind == JobKind::Sms && app.resting.is_resting(otp::ops::GATEWAY, now);
    let which = if rests { Claim::Overdue } else { Claim::Due };
    let jobs = match outbox::claim(&app.db, &app.vault, now, (kind, which), most).await {
        Ok(jobs) => jobs,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "outbox not read");
            return 0;
        }
    };
    let taken = jobs.len();
    for job in jobs {
        let app = app.clone();
        running.spawn(async move { run(&app, job).await });
    }
    taken
}

/// Runs the jobs that are due until none is, each lane by itself. Returns how many there were.
pub async fn work_off(app: &AppState) -> usize {
    if let Err(error) = support::ops::write(app, app.now()).await {
        tracing::warn!(error = format!("{error:#}"), "support events not written");
    }
    let mut count = 0;
    loop {
        let mut lanes = JoinSet::new();
        for kind in JobKind::ALL {
            let app = app.clone();
            lanes.spawn(async move {
                let (mut running, mut taken) = (JoinSet::new(), 0);
                loop {
                    taken += fill(&app, kind, &mut running).await;
                    if running.join_next().await.is_none() {
                        return taken;
                    }
                }
            });
        }
        // A job of one lane may have left work to another that had ended.
        match lanes.join_all().await.into_iter().sum() {
            0 => return count,
            taken => count += taken,
        }
    }
}

async fn run(app: &AppState, job: Job) {
    let done = match job.kind {
        JobKind::FindAndSend => activation::ops::find_and_send(app, app.now(), &job).await.map(Some),
        // These settle the job with their own account of it.
        JobKind::Sms => otp::ops::deliver(app, &job).await.map(|()| None),
        JobKind::BackchannelLogout => backchannel::deliver(app, &job).await.map(|()| None),
    };
    let done = done.unwrap_or_else(|error| {
        tracing::error!(job = %job.id, attempts = job.attempts, error = format!("{error:#}"), "job failed");
        Some(Done::Later)
    });
    let Some(done) = done else { return };
    if let Err(error) = outbox::settle(&app.db, &job, done, app.now()).await {
        tracing::error!(job = %job.id, error = format!("{error:#}"), "job not settled");
    }
}

/// A server whose clock is wrong says so, and does not lead the others astray.
async fn note_the_time(app: &AppState) -> crate::db::Result<()> {
    let now = app.now();
    match clock_trouble(app, now).await? {
        Some(why) => tracing::error!(why, "this server's time is not to be trusted"),
        None => app.db.see(now).await?,
    }
    Ok(())
}

/// Forgets what serves no more, some rows a transaction: after a night without a server there are many, and whoever
/// signs in meanwhile must not wait behind all of them.
async fn clean(app: &AppState, stop: &watch::Receiver<bool>) -> anyhow::Result<()> {
    // First: what failed is read from the budgets, which go too.
    while accounts::ops::note_failures(app, app.now()).await? > 0 && !*stop.borrow() {}
    while clean_some(app).await? > 0 && !*stop.borrow() {}
    Ok(())
}

async fn clean_some(app: &AppState) -> anyhow::Result<u64> {
    let now = app.now();
    let mut tx = app.db.write(Durability::Relaxed).await?;
    let rows = outbox::clean(&mut tx, now).await?
        + limits::store::clean(&mut tx, now).await?
        + limits::store::sources::clean(&mut tx, now).await?
        + devices::store::clean(&mut tx, now).await?
        + audit::store::clean(&mut tx, now.minus(app.config.audit.kept())).await?
        + activation::store::clean(&mut tx, now).await?
        + logouts::store::clean(&mut tx, now).await?
        + otp::store::outages::clean(&mut tx, now).await?
        + sessions::store::clean(&mut tx, now).await?
        + support::store::clean(&mut tx, now, support::MOST).await?
        + grants::store::families::clean(&mut tx, now).await?
        + grants::store::revoked::clean(&mut tx, now).await?;
    tx.commit().await?;
    Ok(rows)
}
