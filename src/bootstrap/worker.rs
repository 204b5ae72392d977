//! The background work: the outbox queues, the reloading of keys; what each hour brings is `cleanup`'s.
//!
//! A queue takes its next job as soon as one of its jobs is done, so no job waits for the slowest of a batch; and no
//! queue waits for another (docs/threats.md#fault-rt17).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::cleanup::delete_expired;
use super::{console_mails, helpdesk, traces, uses};
use crate::app::{App, AppState, Operation};
use crate::config::SmsGatewayRole;
use crate::db::Durability;
use crate::oidc::logout::backchannel;
use crate::outbox::{self, ClaimFilter, ClaimRequest, Job, JobKind, JobOutcome};
use crate::sms::{SmsGateway, UnconfirmedReceipt};
use crate::{accounts, audit, keys, my_account, notify, otp, recovery, support};

/// The interval at which a queue polls without notification: another server may have written a job.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The interval at which due keys are renewed and all keys reloaded
/// (docs/decisions/0015-signing-keys-renew-themselves.md).
const KEY_REFRESH_INTERVAL: Duration = Duration::from_millis(keys::rotation::KEY_REFRESH_INTERVAL.0.unsigned_abs());
/// The interval at which revoked keys are looked for (docs/threats.md#fault-rt09).
const REVOCATION_POLL_INTERVAL: Duration = Duration::from_secs(2);
/// The interval at which it is looked whether hashes from elsewhere are to be measured.
const HASH_MEASURE_INTERVAL: Duration = Duration::from_secs(30);
/// The interval at which the audit is sealed.
const SEAL_INTERVAL: Duration = Duration::from_secs(60);
const CLEANUP_INTERVAL: Duration = Duration::from_secs(3600);
/// The interval at which views of pages with a support code are written to the database.
const SUPPORT_WRITE_INTERVAL: Duration = Duration::from_secs(10);

/// The number of receipts of one session that are not confirmed yet: what is beyond it waits at the gateway.
const MAX_UNCONFIRMED_RECEIPTS: usize = 256;

/// Starts the outbox's queues alone, ending soon after `stop` is true. A job under way is finished.
pub fn spawn_queues(app: &AppState, stop: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut all = JoinSet::new();
    for kind in JobKind::ALL {
        all.spawn(run_queue(app.clone(), kind, stop.clone()));
    }
    all
}

/// Starts the background work, ending soon after `stop` is true. A job under way is finished.
pub fn spawn_workers(app: &AppState, stop: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut all = spawn_queues(app, stop);
    for (role, gateway) in app.sms_gateways.iter() {
        all.spawn(read_receipts(app.clone(), role, Arc::clone(gateway), stop.clone()));
    }
    let (a, mut s) = (app.clone(), stop.clone());
    all.spawn(async move {
        loop {
            tokio::select! {
                () = tokio::time::sleep(KEY_REFRESH_INTERVAL) => {}
                _ = s.wait_for(|stop| *stop) => return,
            }
            if let Err(error) = keys::ops::refresh_keys(&Operation::of_job(&a, "keys")).await {
                tracing::error!(error = format!("{error:#}"), "signing keys not renewed or not read again");
            }
        }
    });
    let (a, mut s) = (app.clone(), stop.clone());
    all.spawn(async move {
        loop {
            tokio::select! {
                () = tokio::time::sleep(REVOCATION_POLL_INTERVAL) => {}
                _ = s.wait_for(|stop| *stop) => return,
            }
            match keys::ops::drop_revoked_keys(&Operation::of_job(&a, "keys")).await {
                Ok(true) => tracing::warn!("a key that was revoked signs and verifies no more"),
                Ok(false) => {}
                Err(error) => tracing::error!(error = format!("{error:#}"), "revoked keys not looked for"),
            }
        }
    });
    let (a, mut s) = (app.clone(), stop.clone());
    all.spawn(async move {
        loop {
            if let Err(error) = accounts::ops::measure_legacy_hash(&Operation::of_job(&a, "hashes")).await {
                tracing::error!(error = format!("{error:#}"), "hashes from elsewhere were not measured");
            }
            tokio::select! {
                () = tokio::time::sleep(HASH_MEASURE_INTERVAL) => {}
                _ = s.wait_for(|stop| *stop) => return,
            }
        }
    });
    let (a, mut s) = (app.clone(), stop.clone());
    all.spawn(async move {
        loop {
            let stopping = tokio::select! {
                () = tokio::time::sleep(SUPPORT_WRITE_INTERVAL) => false,
                _ = s.wait_for(|stop| *stop) => true,
            };
            if let Err(error) = support::ops::flush(&Operation::of_job(&a, "support")).await {
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
            tokio::select! {
                () = tokio::time::sleep(SEAL_INTERVAL) => {}
                _ = s.wait_for(|stop| *stop) => return,
            }
            while !*s.borrow() && !a.is_work_paused() {
                match audit::ops::seal(Operation::of_job(&a, "seal").storage()).await {
                    Ok(0) => break,
                    Ok(_) => {}
                    Err(error) => {
                        tracing::error!(error = format!("{error:#}"), "the audit was not sealed");
                        break;
                    }
                }
            }
        }
    });
    all.spawn(helpdesk::index_words(app.clone(), stop.clone()));
    all.spawn(traces::export(app.clone(), stop.clone()));
    all.spawn(uses::run(app.clone(), stop.clone()));
    all.spawn(console_mails::run(app.clone(), stop.clone()));
    let (a, mut s) = (app.clone(), stop.clone());
    all.spawn(async move {
        loop {
            if let Err(error) = delete_expired(&a, &s).await {
                tracing::error!(error = format!("{error:#}"), "cleaning failed");
            }
            tokio::select! {
                () = tokio::time::sleep(CLEANUP_INTERVAL) => {}
                _ = s.wait_for(|stop| *stop) => return,
            }
        }
    });
    all
}

/// Reads what a gateway says later of messages it took. Ends once what was begun is settled: the gateway repeats the
/// rest.
async fn read_receipts(
    app: AppState,
    role: SmsGatewayRole,
    gateway: Arc<dyn SmsGateway>,
    mut stop: watch::Receiver<bool>,
) {
    let mut running = JoinSet::new();
    // Kept while others are settled: waiting begins with a bind to the gateway, which is not to be given up halfway.
    let mut next = gateway.next_receipt();
    loop {
        tokio::select! {
            receipt = &mut next, if running.len() < MAX_UNCONFIRMED_RECEIPTS => {
                running.spawn(settle_receipt(app.clone(), role, receipt));
                next = gateway.next_receipt();
            }
            Some(_) = running.join_next() => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    while running.join_next().await.is_some() {}
}

/// Confirms a receipt once it is written down; one that was not is dropped, and the gateway repeats it.
async fn settle_receipt(app: AppState, role: SmsGatewayRole, unconfirmed: UnconfirmedReceipt) {
    match otp::ops::take_receipt(&Operation::of_job(&app, "receipt"), role, &unconfirmed.receipt).await {
        Ok(()) => unconfirmed.confirm(),
        Err(error) => tracing::error!(error = format!("{error:#}"), "a receipt was not settled: it will be repeated"),
    }
}

/// Ends the sessions with the gateways, once no work is left.
pub async fn close_gateways(app: &App) {
    for (_, gateway) in app.sms_gateways.iter() {
        gateway.close().await;
    }
}

async fn run_queue(app: AppState, kind: JobKind, mut stop: watch::Receiver<bool>) {
    let mut running = JoinSet::new();
    loop {
        tokio::select! {
            () = app.job_notifier.notified(kind) => {}
            () = tokio::time::sleep(POLL_INTERVAL) => {}
            Some(_) = running.join_next() => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
        fill_queue(&app, kind, &mut running).await;
    }
    while running.join_next().await.is_some() {}
}

/// Starts as many due jobs as the queue has free slots. Returns the number of jobs started.
async fn fill_queue(app: &AppState, kind: JobKind, running: &mut JoinSet<()>) -> usize {
    // Finished jobs free their slots.
    while running.try_join_next().is_some() {}
    // By a wrong clock a job would be taken before it is due, or given up.
    if app.is_work_paused() {
        return 0;
    }
    let free = kind.concurrency().saturating_sub(running.len());
    if free == 0 {
        return 0;
    }
    let now = app.now();
    // While the circuit breakers of all SMS gateways, or that of the mail server, are open, only overdue jobs are
    // claimed, to be given up.
    let rests = match kind {
        JobKind::Sms => otp::ops::are_gateways_resting(app, now),
        JobKind::Mail => app.mail_circuit.is_open(now),
        _ => false,
    };
    // One mail alone tells whether the mail server takes them again.
    let is_trial = kind == JobKind::Mail && app.mail_circuit.is_tripped();
    let (filter, max_jobs) = match (rests, is_trial) {
        (true, _) => (ClaimFilter::Overdue, free),
        (false, true) => (ClaimFilter::Trial, 1),
        (false, false) => (ClaimFilter::Due, free),
    };
    let request = ClaimRequest { kind, filter, max_jobs: i64::try_from(max_jobs).unwrap_or(1) };
    let jobs = match outbox::claim(&app.db, &app.master_key, now, request).await {
        Ok(jobs) => jobs,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "outbox not read");
            return 0;
        }
    };
    let taken = jobs.len();
    for job in jobs {
        let app = app.clone();
        let of = (kind.name(), job.trace);
        running.spawn(async move { traces::within_job(&app, of, Box::pin(run_job(&app, job))).await });
    }
    taken
}

/// Runs due jobs until none is left, each queue separately. Returns the number of jobs. Only queues with a due job are
/// asked: tests and measurements come here after each step of a person.
pub async fn drain_outbox(app: &AppState) -> usize {
    if let Err(error) = support::ops::flush(&Operation::of_job(app, "support")).await {
        tracing::warn!(error = format!("{error:#}"), "support events not written");
    }
    let mut count = 0;
    loop {
        let due = match outbox::list_due_kinds(&app.db, app.now()).await {
            Ok(due) => due,
            Err(error) => {
                tracing::error!(%error, "outbox not read");
                return count;
            }
        };
        let mut lanes = JoinSet::new();
        for kind in due {
            let app = app.clone();
            lanes.spawn(async move {
                let (mut running, mut taken) = (JoinSet::new(), 0);
                loop {
                    taken += fill_queue(&app, kind, &mut running).await;
                    if running.join_next().await.is_none() {
                        return taken;
                    }
                }
            });
        }
        // A job may have enqueued another job in a queue already drained.
        match lanes.join_all().await.into_iter().sum() {
            0 => return count,
            taken => count += taken,
        }
    }
}

/// Runs a job. Returns false if it failed, for now or for ever.
async fn run_job(app: &AppState, job: Job) -> bool {
    let op = Operation::of_job(app, job.kind.name());
    let done = match job.kind {
        JobKind::SendCode => helpdesk::send_code(&op, &job).await.map(Some),
        JobKind::SendRecoveryCode => recovery::ops::send_code_if_known(&op, &job).await.map(Some),
        JobKind::SendPhoneProof => my_account::ops::send_phone_proof(&op, &job).await.map(Some),
        JobKind::Mail => notify::ops::deliver_mail(&op, &job).await,
        JobKind::NoticeSms => notify::ops::send_notice_sms(&op, &job).await.map(Some),
        // These two settle the job themselves.
        JobKind::Sms => otp::ops::deliver(&op, &job).await.map(|()| None),
        JobKind::BackchannelLogout => backchannel::deliver(app, &job).await.map(|()| None),
    };
    let done = done.unwrap_or_else(|error| {
        tracing::error!(job = %job.id, attempts = job.attempts, error = format!("{error:#}"), "job failed");
        Some(JobOutcome::Retry)
    });
    let Some(done) = done else { return true };
    let op = Operation { now: app.now(), ..op };
    let finished = match op.write(Durability::Relaxed).await {
        Ok(work) => outbox::finish(work, &job, done).await,
        Err(error) => Err(error),
    };
    if let Err(error) = &finished {
        tracing::error!(job = %job.id, error = format!("{error:#}"), "job not settled");
    }
    finished.is_ok() && matches!(done, JobOutcome::Done | JobOutcome::Discard)
}
