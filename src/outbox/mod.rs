//! Work that a transaction causes and that must happen after it: looked up, sent, retried.
//!
//! The row is written in the transaction that causes it, so it exists exactly if the cause does. Bodies are
//! sealed and wiped once done. A job may run twice after a crash: whatever it calls takes the job's id as
//! its idempotency key. This room does not know what a job means; `compose.rs` runs it.

use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id;
use crate::base::rng::Random;
use crate::db::{Db, Durability, FromRow, Result, Tx, args};
use crate::seal::{Place, Vault};

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// Look whether the roster knows who was typed, and send a code only then.
    FindAndSend,
    /// Hand a message to the SMS gateway.
    Sms,
}

impl JobKind {
    fn name(self) -> &'static str {
        match self {
            JobKind::FindAndSend => "find_and_send",
            JobKind::Sms => "sms",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [JobKind::FindAndSend, JobKind::Sms].into_iter().find(|k| k.name() == name)
    }

    /// How long after its cause a job still makes sense: a code is valid for 30 minutes.
    fn life(self) -> Span {
        Span::minutes(30)
    }
}

/// A job that this server has claimed for a minute.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: String,
    pub kind: JobKind,
    pub body: String,
    pub attempts: i64,
}

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    Yes,
    /// Try again with back-off, while it makes sense.
    Later,
    /// It will never succeed.
    Never,
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
    let id = row_id(now, rng);
    let sealed = vault.seal(place(&id), body)?;
    tx.execute(
        "INSERT INTO outbox (id, kind, body, state, attempts, created_at, due_at) VALUES ($1, $2, $3, 'waiting', 0, $4, $4)",
        args![&id, kind.name(), sealed, now],
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
}

/// Whether anything is due: a read, so that an idle server writes nothing.
async fn is_due(db: &Db, now: Timestamp) -> Result<bool> {
    let mut tx = db.read().await?;
    let sql = "SELECT id FROM outbox WHERE state = 'waiting' AND due_at <= $1 LIMIT 1";
    Ok(tx.optional::<(String,)>(sql, args![now]).await?.is_some())
}

/// Claims jobs that are due, for a minute, at most `most` of them.
pub async fn claim(db: &Db, vault: &Vault, now: Timestamp, most: i64) -> anyhow::Result<Vec<Job>> {
    if !is_due(db, now).await? {
        return Ok(Vec::new());
    }
    let mut tx = db.write(Durability::Relaxed).await?;
    // Pushing `due_at` ahead is the claim: whoever else looks, here or on another server, no longer sees it.
    let rows = tx
        .all::<Row>(
            "UPDATE outbox SET due_at = $2, attempts = attempts + 1 WHERE state = 'waiting' AND due_at <= $1 \
             AND id IN (SELECT id FROM outbox WHERE state = 'waiting' AND due_at <= $1 ORDER BY due_at LIMIT $3) \
             RETURNING id, kind, body, attempts, created_at",
            args![now, now.plus(Span::minutes(1)), most],
        )
        .await?;
    let mut jobs = Vec::new();
    for row in rows {
        let kind = JobKind::from_name(&row.kind);
        let opened = row.body.as_deref().and_then(|b| vault.open(place(&row.id), b).ok());
        match (kind, opened) {
            (Some(kind), Some(body)) if now.since(Timestamp(row.created_at)) < kind.life() => {
                jobs.push(Job { id: row.id, kind, body, attempts: row.attempts });
            }
            _ => end(&mut tx, &row.id, "dead", now).await?,
        }
    }
    tx.commit().await?;
    Ok(jobs)
}

async fn end(tx: &mut Tx, id: &str, state: &'static str, now: Timestamp) -> Result<()> {
    tx.execute("UPDATE outbox SET state = $2, body = NULL, done_at = $3 WHERE id = $1", args![id, state, now]).await?;
    Ok(())
}

/// Ends a job inside the transaction that did its work.
pub async fn done_in(tx: &mut Tx, id: &str, now: Timestamp) -> Result<()> {
    end(tx, id, "done", now).await
}

/// Says what became of a job: wipes its body, or puts it back with back-off (2, 4, 8 … 60 s).
pub async fn settle(db: &Db, job: &Job, done: Done, now: Timestamp) -> Result<()> {
    let mut tx = db.write(Durability::Relaxed).await?;
    match done {
        Done::Yes => end(&mut tx, &job.id, "done", now).await?,
        Done::Never => end(&mut tx, &job.id, "dead", now).await?,
        Done::Later => {
            let wait =
                Span::seconds(1i64.checked_shl(u32::try_from(job.attempts).unwrap_or(6)).unwrap_or(60).clamp(2, 60));
            tx.execute("UPDATE outbox SET due_at = $2 WHERE id = $1", args![&job.id, now.plus(wait)]).await?;
        }
    }
    tx.commit().await
}

/// Forgets what ended over a day ago.
pub async fn clean(tx: &mut Tx, now: Timestamp) -> Result<()> {
    let sql = "DELETE FROM outbox WHERE done_at IS NOT NULL AND done_at < $1";
    tx.execute(sql, args![now.minus(Span::days(1))]).await?;
    Ok(())
}

/// How many jobs wait, and since when the oldest does: for `doctor` and readiness.
pub async fn backlog(tx: &mut Tx) -> Result<(i64, Option<i64>)> {
    tx.one("SELECT COUNT(*), MIN(created_at) FROM outbox WHERE state = 'waiting'", Vec::new()).await
}
