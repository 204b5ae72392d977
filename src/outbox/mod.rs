//! The transactional outbox: a job queue for work caused by a transaction and executed after the commit.
//!
//! The row is written in the causing transaction, so the job exists exactly if its cause does. Bodies are encrypted,
//! and wiped once the job is done. A job may run twice after a crash, so the job's id serves as the idempotency key of
//! every call to another system, and what may not be repeated for ever counts its hand-overs before each of them. This
//! module does not know the meaning of a job; `bootstrap/worker.rs` runs the jobs.

mod backlog;
mod batch_jobs;
mod circuit_breaker;
mod handovers;
mod job_kind;
mod put_off;

pub use backlog::{WaitingJobs, backlog, count_tried_in_vain, count_waiting, list_waiting};
pub use batch_jobs::{TakenBackJob, count_waiting_of_batch, enqueue_of_batch, take_back_batch};
pub use circuit_breaker::{CircuitBreaker, FAILURE_THRESHOLD};
pub use handovers::{begin_handover_in, undo_handover_in};
pub use job_kind::{JobKind, JobNotifier};
pub use put_off::{hold_back, requeue};

use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id;
use crate::crypto::{AssociatedData, MasterKey};
use crate::db::{CLEANUP_BATCH_ROWS, Db, Durability, FromRow, Result, Tx, UnitOfWork, args};
use crate::telemetry::{self, TraceContext};

/// A job claimed by this server for a minute.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: String,
    pub kind: JobKind,
    pub body: String,
    pub attempts: i64,
    /// The time after which the job is worth nothing.
    pub expires_at: Timestamp,
    /// True if the job has expired and only its cleanup is left to do.
    pub overdue: bool,
    /// The number of hand-overs that the recipient may have taken, because they got no response.
    pub handovers: i64,
    /// The recipient of those.
    pub handed_to: Option<String>,
    /// The order of many that it is of, if any.
    pub batch_id: Option<String>,
    /// The trace of the request that caused it, if traces are sent.
    pub trace: Option<TraceContext>,
}

/// The selection of jobs to claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimFilter {
    /// All due jobs.
    Due,
    /// The overdue jobs among the due jobs, claimed while the recipient's circuit breaker is open.
    Overdue,
    /// All due jobs, those first that were never tried: the circuit breaker is half open, and what failed again and
    /// again keeps nothing else from being the trial.
    Trial,
}

/// The outcome of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    Done,
    /// Retry with back-off until the job expires.
    Retry,
    /// Retry with a back-off of five seconds at most: the recipient is there and has no room now.
    RetrySoon,
    /// Permanent failure.
    Dead,
    /// Nothing to do: the row is deleted.
    Discard,
}

fn associated_data(row: &str) -> AssociatedData<'_> {
    AssociatedData { table: "outbox", column: "body", row }
}

/// Writes a job into the causing transaction. Returns the job's id.
pub async fn enqueue(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    kind: JobKind,
    body: &str,
) -> anyhow::Result<String> {
    enqueue_for_source(tx, master_key, kind, body, None).await
}

/// Writes a job like [`enqueue`], which expires at another time than others of its kind. Returns the job's id.
pub async fn enqueue_until(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    kind: JobKind,
    body: &str,
    expires: Timestamp,
) -> anyhow::Result<String> {
    let id = enqueue(tx, master_key, kind, body).await?;
    tx.execute("UPDATE outbox SET expires_at = $2 WHERE id = $1", args![&id, expires]).await?;
    Ok(id)
}

/// Writes a job that is not due before `due`. Returns the job's id.
pub async fn enqueue_at(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    kind: JobKind,
    body: &str,
    due: Timestamp,
) -> anyhow::Result<String> {
    let id = enqueue(tx, master_key, kind, body).await?;
    tx.execute("UPDATE outbox SET due_at = $2, turn_at = $2 WHERE id = $1", args![&id, due]).await?;
    Ok(id)
}

/// The delay of the turn of what goes to many: longer than any job lives, so that no retry brings one forward. Such a turn
/// is always this much after the time at which the job is due, so that a claim finds due ones at the beginning of an index.
const LAST_TURN_DELAY: Span = Span::days(30);

/// Puts a job that was just written behind all others of its kind, also those that come later: its message is one of many,
/// and nobody waits for it. It is due all the same, and leaves whenever no other one is.
pub async fn put_last(tx: &mut UnitOfWork<'_>, id: &str) -> Result<()> {
    let sql = "UPDATE outbox SET turn_at = COALESCE(turn_at, due_at) + $2 WHERE id = $1";
    tx.execute(sql, args![id, LAST_TURN_DELAY.0]).await?;
    Ok(())
}

/// The longest pause of a job whose recipient has no room now.
const SOON: Span = Span::seconds(5);
/// The spacing between the jobs of one source.
const SOURCE_SPACING: Span = Span::seconds(1);

/// Writes a job like [`enqueue`], caused by a request from `source`. Each further waiting job of one source is
/// scheduled a second later, so a hundred jobs of one source wait for each other and do not delay other sources.
pub async fn enqueue_for_source(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    kind: JobKind,
    body: &str,
    source: Option<&str>,
) -> anyhow::Result<String> {
    let now = tx.now;
    let id = row_id(now, tx.rng);
    let sealed = master_key.seal(associated_data(&id), body)?;
    let mut turn = now;
    if let Some(source) = source {
        let sql = "SELECT MAX(turn_at) FROM outbox WHERE state = 'waiting' AND source = $1";
        let (last,): (Option<i64>,) = tx.fetch_one(sql, args![source]).await?;
        turn = last.map_or(now, |last| Timestamp(last).plus(SOURCE_SPACING)).max(now);
    }
    tx.execute(
        "INSERT INTO outbox (id, kind, body, state, attempts, created_at, due_at, source, turn_at, expires_at, trace) \
         VALUES ($1, $2, $3, 'waiting', 0, $4, $4, $5, $6, $7, $8)",
        args![&id, kind.name(), sealed, now, source, turn, now.plus(kind.max_age()), telemetry::current_trace()],
    )
    .await?;
    Ok(id)
}

#[derive(FromRow)]
struct Row {
    id: String,
    kind: String,
    body: Option<String>,
    attempts: i64,
    expires_at: i64,
    handovers: i64,
    handed_to: Option<String>,
    batch_id: Option<String>,
    trace: Option<String>,
}

/// True if a job is due that expires by a time. A read, so that an idle server writes nothing.
async fn is_due(db: &Db, now: Timestamp, kind: JobKind, expires: Timestamp) -> Result<bool> {
    let mut tx = db.read().await?;
    let sql = "SELECT id FROM outbox WHERE state = 'waiting' AND kind = $2 AND due_at <= $1 \
               AND COALESCE(expires_at, created_at + $4) <= $3 LIMIT 1";
    Ok(tx.fetch_optional::<(String,)>(sql, args![now, kind.name(), expires, kind.max_age().0]).await?.is_some())
}

/// Lists the kinds of which a job is due.
pub async fn list_due_kinds(db: &Db, now: Timestamp) -> Result<Vec<JobKind>> {
    let sql = "SELECT DISTINCT kind FROM outbox WHERE state = 'waiting' AND due_at <= $1";
    let rows = db.read().await?.fetch_all::<(String,)>(sql, args![now]).await?;
    Ok(rows.into_iter().filter_map(|(kind,)| kind.parse().ok()).collect())
}

/// The jobs to claim.
#[derive(Clone, Copy, Debug)]
pub struct ClaimRequest {
    pub kind: JobKind,
    pub filter: ClaimFilter,
    pub max_jobs: i64,
}

/// Makes the statement of a claim, by the order in which jobs are claimed.
macro_rules! claim_sql {
    ($order:literal) => {
        concat!(
            "UPDATE outbox SET due_at = $2, attempts = attempts + 1 WHERE state = 'waiting' AND due_at <= $1 \
             AND id IN (SELECT id FROM outbox WHERE state = 'waiting' AND kind = $4 AND +due_at <= $1 \
             AND turn_at <= $7 AND COALESCE(expires_at, created_at + $6) <= $5 ORDER BY ",
            $order,
            " LIMIT $3) RETURNING id, kind, body, attempts, COALESCE(expires_at, created_at + $6) AS expires_at, \
             handovers + CASE WHEN unsure THEN 1 ELSE 0 END AS handovers, handed_to, batch_id, trace"
        )
    };
}

/// Claims due jobs of a kind for one minute, in the order of their turns.
pub async fn claim(db: &Db, master_key: &MasterKey, now: Timestamp, request: ClaimRequest) -> anyhow::Result<Vec<Job>> {
    let ClaimRequest { kind, filter, max_jobs } = request;
    let expires = match filter {
        ClaimFilter::Due | ClaimFilter::Trial => Timestamp(i64::MAX),
        ClaimFilter::Overdue => now,
    };
    if !is_due(db, now, kind, expires).await? {
        return Ok(Vec::new());
    }
    let mut tx = db.write(Durability::Relaxed).await?;
    // Postponing `due_at` is the claim: other workers, on this server or another, no longer see the row.
    let sql = match filter {
        ClaimFilter::Trial => {
            // Whatever was tried, or put off, has another turn.
            claim_sql!("CASE WHEN turn_at IN (created_at, created_at + ($7 - $1)) THEN 0 ELSE 1 END, turn_at")
        }
        ClaimFilter::Due | ClaimFilter::Overdue => claim_sql!("turn_at"),
    };
    let (until, last_turn) = (now.plus(Span::minutes(1)), now.plus(LAST_TURN_DELAY));
    let values = args![now, until, max_jobs, kind.name(), expires, kind.max_age().0, last_turn];
    let rows = tx.fetch_all::<Row>(sql, values).await?;
    let mut jobs = Vec::new();
    for row in rows {
        let kind: Option<JobKind> = row.kind.parse().ok();
        let opened = row.body.as_deref().and_then(|b| master_key.open(associated_data(&row.id), b).ok());
        match (kind, opened) {
            (Some(kind), Some(body)) => {
                let overdue = Timestamp(row.expires_at) <= now;
                if overdue && !kind.handles_overdue() {
                    finish_as(&mut tx, &row.id, "dead", now).await?;
                    continue;
                }
                jobs.push(Job {
                    id: row.id,
                    kind,
                    body,
                    attempts: row.attempts,
                    expires_at: Timestamp(row.expires_at),
                    overdue,
                    handovers: row.handovers,
                    handed_to: row.handed_to,
                    batch_id: row.batch_id,
                    trace: row.trace.as_deref().and_then(TraceContext::parse),
                });
            }
            _ => {
                finish_as(&mut tx, &row.id, "dead", now).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(jobs)
}

/// Ends a job. Returns true if this call ended the job: a job ends only once, even if claimed again meanwhile.
async fn finish_as(tx: &mut Tx, id: &str, state: &'static str, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE outbox SET state = $2, body = NULL, done_at = $3 WHERE id = $1 AND state = 'waiting'";
    Ok(tx.execute(sql, args![id, state, now]).await? == 1)
}

/// Marks a job as done inside the transaction with the job's own writes.
pub async fn complete_in(tx: &mut UnitOfWork<'_>, id: &str) -> Result<bool> {
    let now = tx.now;
    finish_as(tx, id, "done", now).await
}

/// Abandons a job inside the transaction releasing its budgets. Returns true if this call abandoned the job, so budgets
/// are released exactly once, even if the process crashes in between.
pub async fn abandon_in(tx: &mut UnitOfWork<'_>, id: &str) -> Result<bool> {
    let now = tx.now;
    finish_as(tx, id, "dead", now).await
}

/// Abandons every job, for a restored database: what waited at the time of the copy was done since. Returns their number.
pub async fn abandon_all(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    let sql = "UPDATE outbox SET state = 'dead', body = NULL, done_at = $1 WHERE state = 'waiting'";
    tx.execute(sql, args![now]).await
}

/// Makes all waiting jobs of a kind due now, regardless of their back-off. Returns the number of jobs.
pub async fn make_due(tx: &mut UnitOfWork<'_>, kind: JobKind) -> Result<u64> {
    let now = tx.now;
    let sql = "UPDATE outbox SET due_at = $2 WHERE state = 'waiting' AND kind = $1 AND due_at > $2";
    tx.execute(sql, args![kind.name(), now]).await
}

/// Finishes a job: wipes the body, or reschedules the job with the back-off of its kind. Returns true if the job is
/// retried.
pub async fn finish_in(tx: &mut UnitOfWork<'_>, job: &Job, done: JobOutcome) -> Result<bool> {
    let now = tx.now;
    let backoff = job.kind.backoff(job.attempts);
    let pause = match done {
        JobOutcome::Retry => backoff,
        JobOutcome::RetrySoon => backoff.map(|pause| pause.min(SOON)),
        JobOutcome::Done | JobOutcome::Dead | JobOutcome::Discard => None,
    };
    match pause {
        Some(pause) => {
            tx.execute(
                // What was put last stays there.
                "UPDATE outbox SET due_at = $2, turn_at = CASE WHEN turn_at >= created_at + $3 THEN $2 + $3 \
                 WHEN turn_at > $2 THEN turn_at ELSE $2 END WHERE id = $1 AND state = 'waiting'",
                args![&job.id, now.plus(pause), LAST_TURN_DELAY.0],
            )
            .await?;
        }
        None if done == JobOutcome::Discard => {
            tx.execute("DELETE FROM outbox WHERE id = $1 AND state = 'waiting'", args![&job.id]).await?;
        }
        None => {
            finish_as(tx, &job.id, if done == JobOutcome::Done { "done" } else { "dead" }, now).await?;
        }
    }
    Ok(pause.is_some())
}

/// Finishes a job like [`finish_in`], and commits.
pub async fn finish(mut tx: UnitOfWork<'_>, job: &Job, done: JobOutcome) -> Result<()> {
    finish_in(&mut tx, job, done).await?;
    tx.commit().await
}

/// Deletes jobs ended more than a day ago.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    let sql = "DELETE FROM outbox WHERE id IN \
               (SELECT id FROM outbox WHERE done_at IS NOT NULL AND done_at < $1 LIMIT $2)";
    tx.execute(sql, args![now.minus(Span::days(1)), CLEANUP_BATCH_ROWS]).await
}
