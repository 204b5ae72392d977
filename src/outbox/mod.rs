//! Work that a transaction causes and that must happen after it: looked up, sent, retried.
//!
//! The row is written in the transaction that causes it, so it exists exactly if the cause does. Bodies are
//! sealed and wiped once done. A job may run twice after a crash: whatever it calls takes the job's id as
//! its idempotency key. This room does not know what a job means; `compose/work.rs` runs it.

mod kind;
mod silence;

pub use kind::{Bell, JobKind};
pub use silence::Silence;

use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id;
use crate::base::rng::Random;
use crate::db::{CLEANED_AT_ONCE, Db, Durability, FromRow, Result, Tx, args};
use crate::seal::{Place, Vault};

/// A job that this server has claimed for a minute.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: String,
    pub kind: JobKind,
    pub body: String,
    pub attempts: i64,
    /// Too old to be done: its kind has something to settle.
    pub overdue: bool,
    /// An attempt was not answered: whoever it was made at may have done it.
    pub unsure: bool,
}

/// Which jobs are claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Those that are due.
    Due,
    /// Of those, the ones that are too old: whoever would do them is left alone for a while.
    Overdue,
}

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Yes,
    /// Try again with back-off, while it makes sense.
    Later,
    /// It will never succeed.
    Never,
    /// There was nothing to do, and nothing of it is kept.
    Forget,
}

fn place(row: &str) -> Place<'_> {
    Place { table: "outbox", column: "body", row }
}

/// Writes a job into the transaction that causes it. Gives its id.
pub async fn enqueue(
    tx: &mut Tx,
    vault: &Vault,
    rng: &dyn Random,
    now: Timestamp,
    kind: JobKind,
    body: &str,
) -> anyhow::Result<String> {
    enqueue_from(tx, vault, rng, now, kind, body, None).await
}

/// How far apart the turns of one source's jobs are.
const APART: Span = Span::seconds(1);

/// As [`enqueue`], where somebody's request is the cause. Each further job of one source that waits has its turn a second
/// later: who sends a hundred waits for their own, and not everybody else for them.
pub async fn enqueue_from(
    tx: &mut Tx,
    vault: &Vault,
    rng: &dyn Random,
    now: Timestamp,
    kind: JobKind,
    body: &str,
    source: Option<&str>,
) -> anyhow::Result<String> {
    let id = row_id(now, rng);
    let sealed = vault.seal(place(&id), body)?;
    let mut turn = now;
    if let Some(source) = source {
        let sql = "SELECT MAX(turn_at) FROM outbox WHERE state = 'waiting' AND source = $1";
        let (last,): (Option<i64>,) = tx.one(sql, args![source]).await?;
        turn = last.map_or(now, |last| Timestamp(last).plus(APART)).max(now);
    }
    tx.execute(
        "INSERT INTO outbox (id, kind, body, state, attempts, created_at, due_at, source, turn_at) \
         VALUES ($1, $2, $3, 'waiting', 0, $4, $4, $5, $6)",
        args![&id, kind.name(), sealed, now, source, turn],
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
    created_at: i64,
    unsure: bool,
}

/// Whether anything is due: a read, so that an idle server writes nothing.
async fn is_due(db: &Db, now: Timestamp, kind: JobKind, born: Timestamp) -> Result<bool> {
    let mut tx = db.read().await?;
    let sql =
        "SELECT id FROM outbox WHERE state = 'waiting' AND kind = $2 AND due_at <= $1 AND created_at <= $3 LIMIT 1";
    Ok(tx.optional::<(String,)>(sql, args![now, kind.name(), born]).await?.is_some())
}

/// Claims jobs of a kind that are due, for a minute, at most `most` of them; those whose turn it is first.
pub async fn claim(
    db: &Db,
    vault: &Vault,
    now: Timestamp,
    (kind, which): (JobKind, Claim),
    most: i64,
) -> anyhow::Result<Vec<Job>> {
    let born = match which {
        // A clock that went back leaves rows of the future: they are due all the same.
        Claim::Due => Timestamp(i64::MAX),
        Claim::Overdue => now.minus(kind.life()),
    };
    if !is_due(db, now, kind, born).await? {
        return Ok(Vec::new());
    }
    let mut tx = db.write(Durability::Relaxed).await?;
    // Pushing `due_at` ahead is the claim: whoever else looks, here or on another server, no longer sees it.
    let rows = tx
        .all::<Row>(
            "UPDATE outbox SET due_at = $2, attempts = attempts + 1 WHERE state = 'waiting' AND due_at <= $1 \
             AND id IN (SELECT id FROM outbox WHERE state = 'waiting' AND kind = $4 AND due_at <= $1 \
             AND created_at <= $5 ORDER BY turn_at, due_at LIMIT $3) \
             RETURNING id, kind, body, attempts, created_at, unsure",
            args![now, now.plus(Span::minutes(1)), most, kind.name(), born],
        )
        .await?;
    let mut jobs = Vec::new();
    for row in rows {
        let kind = JobKind::from_name(&row.kind);
        let opened = row.body.as_deref().and_then(|b| vault.open(place(&row.id), b).ok());
        match (kind, opened) {
            (Some(kind), Some(body)) => {
                let overdue = now.since(Timestamp(row.created_at)) >= kind.life();
                if overdue && !kind.settles_overdue() {
                    end(&mut tx, &row.id, "dead", now).await?;
                    continue;
                }
                jobs.push(Job { id: row.id, kind, body, attempts: row.attempts, overdue, unsure: row.unsure });
            }
            _ => {
                end(&mut tx, &row.id, "dead", now).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(jobs)
}

/// Whether this call ended it: a job ends once, whoever claimed it again meanwhile.
async fn end(tx: &mut Tx, id: &str, state: &'static str, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE outbox SET state = $2, body = NULL, done_at = $3 WHERE id = $1 AND state = 'waiting'";
    Ok(tx.execute(sql, args![id, state, now]).await? == 1)
}

/// Ends a job inside the transaction that did its work.
pub async fn done_in(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool> {
    end(tx, id, "done", now).await
}

/// Gives a job up inside the transaction that settles what it cost. Whether this call did: what is given back for it is
/// given back once, also where the process dies in between.
pub async fn give_up_in(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool> {
    end(tx, id, "dead", now).await
}

/// Remembers that an attempt was not answered.
pub async fn unsure_in(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute("UPDATE outbox SET unsure = TRUE WHERE id = $1", args![id]).await?;
    Ok(())
}

/// Has what waits of a kind done now, whatever its pause. How many there were.
pub async fn hasten(tx: &mut Tx, kind: JobKind, now: Timestamp) -> Result<u64> {
    let sql = "UPDATE outbox SET due_at = $2 WHERE state = 'waiting' AND kind = $1 AND due_at > $2";
    tx.execute(sql, args![kind.name(), now]).await
}

/// Says what became of a job: wipes its body, or puts it back with the back-off of its kind. Whether it is tried again.
pub async fn settle_in(tx: &mut Tx, job: &Job, done: Done, now: Timestamp) -> Result<bool> {
    let pause = if done == Done::Later { job.kind.pause(job.attempts) } else { None };
    match pause {
        Some(pause) => {
            tx.execute(
                "UPDATE outbox SET due_at = $2, turn_at = $2 WHERE id = $1 AND state = 'waiting'",
                args![&job.id, now.plus(pause)],
            )
            .await?;
        }
        None if done == Done::Forget => {
            tx.execute("DELETE FROM outbox WHERE id = $1 AND state = 'waiting'", args![&job.id]).await?;
        }
        None => {
            end(tx, &job.id, if done == Done::Yes { "done" } else { "dead" }, now).await?;
        }
    }
    Ok(pause.is_some())
}

/// Puts a job back that was not tried at all: it counts as no attempt.
pub async fn put_back(db: &Db, job: &Job, due: Timestamp) -> Result<()> {
    let mut tx = db.write(Durability::Relaxed).await?;
    let sql = "UPDATE outbox SET due_at = $2, turn_at = $2, attempts = attempts - 1 \
               WHERE id = $1 AND state = 'waiting'";
    tx.execute(sql, args![&job.id, due]).await?;
    tx.commit().await
}

/// As [`settle_in`], in a transaction of its own.
pub async fn settle(db: &Db, job: &Job, done: Done, now: Timestamp) -> Result<()> {
    let mut tx = db.write(Durability::Relaxed).await?;
    settle_in(&mut tx, job, done, now).await?;
    tx.commit().await
}

/// Forgets what ended over a day ago.
pub async fn clean(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM outbox WHERE id IN \
               (SELECT id FROM outbox WHERE done_at IS NOT NULL AND done_at < $1 LIMIT $2)";
    tx.execute(sql, args![now.minus(Span::days(1)), CLEANED_AT_ONCE]).await
}

/// How many jobs of each kind wait, and since when the oldest does: for `/metrics`.
pub async fn waiting(tx: &mut Tx) -> Result<Vec<(JobKind, i64, Timestamp)>> {
    let sql = "SELECT kind, COUNT(*), MIN(created_at) FROM outbox WHERE state = 'waiting' GROUP BY kind";
    let rows = tx.all::<(String, i64, i64)>(sql, Vec::new()).await?;
    Ok(rows.into_iter().filter_map(|(kind, n, at)| Some((JobKind::from_name(&kind)?, n, Timestamp(at)))).collect())
}

/// How many messages wait, and since when the oldest does: for `doctor` and readiness. Sign-outs to be told are not
/// among them: those wait for others, and `logouts` keeps the account of each.
pub async fn backlog(tx: &mut Tx) -> Result<(i64, Option<i64>)> {
    let sql = "SELECT COUNT(*), MIN(created_at) FROM outbox WHERE state = 'waiting' AND kind <> $1";
    tx.one(sql, args![JobKind::BackchannelLogout.name()]).await
}
