//! Seals the audit, and verifies the seals (docs/decisions/0047-the-audit-is-sealed-by-the-minute.md).
//!
//! A seal is an HMAC over the rows and the seal before, under the master key: whoever can write to the database alone
//! can neither change, add nor remove a sealed row unnoticed. Events never wait for the chain.

use super::store::{self, AuditCheck, AuditRow, AuditSeal};
use super::{AuditDetails, AuditEvent};
use crate::app::{DatabaseOperation, StorageOperation};
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id_lower_bound;
use crate::base::secret::{base64url, constant_time_eq, sha256};
use crate::crypto::{HmacPurpose, MasterKey};
use crate::db::Durability;

/// The age at which a row is sealed: by then the transaction that wrote it is committed, on any server.
pub const SEAL_AGE: Span = Span::seconds(60);
/// The maximum number of rows of a seal, for bounded memory.
pub const MAX_SEAL_ROWS: i64 = 5_000;
/// The interval at which one of the servers verifies all seals.
const CHECK_INTERVAL: Span = Span::hours(23);
/// The maximum number of seals that do not agree which a verification keeps by their rows.
const MAX_BROKEN_SEALS: usize = 20;

fn digest(master_key: &MasterKey, previous: &str, rows: &[AuditRow]) -> anyhow::Result<String> {
    let mut text = String::new();
    for row in rows {
        text.push_str(&serde_json::to_string(row)?);
        text.push('\n');
    }
    let content = base64url(&sha256(text.as_bytes()));
    Ok(master_key.hmac(HmacPurpose::AuditSeal, &format!("{previous}/{}/{content}", rows.len())))
}

/// Records that a copy of the whole database was written, of so many bytes.
pub async fn record_backup(op: DatabaseOperation<'_>, bytes: u64) -> crate::db::Result<()> {
    let mut tx = op.write(Durability::Durable).await?;
    let detail = bytes.to_string();
    let about = AuditDetails { detail: &detail, ..AuditDetails::default() };
    store::record(&mut tx, AuditEvent::BackupWritten, about).await?;
    tx.commit().await
}

/// Seals the rows of one day that are old enough. Returns their number; 0 if there is none, or if another server was first.
pub async fn seal(op: StorageOperation<'_>) -> anyhow::Result<i64> {
    let now = op.now;
    let mut tx = op.db.read().await?;
    let before = row_id_lower_bound(now.minus(SEAL_AGE));
    let last = store::find_last_seal(&mut tx).await?;
    let after = last.as_ref().map(|seal| seal.last.clone()).unwrap_or_default();
    let mut rows = store::list_between(&mut tx, &after, &before, MAX_SEAL_ROWS).await?;
    drop(tx);
    // The rows of one day: a seal's rows are deleted together, when the youngest reaches its term.
    let day = |row: &AuditRow| row.at.div_euclid(Span::days(1).0);
    let first_day = rows.first().map(day);
    rows.retain(|row| Some(day(row)) == first_day);
    let (Some(first), Some(end)) = (rows.first(), rows.last()) else { return Ok(0) };
    let previous = last.as_ref().map(|seal| seal.digest.clone()).unwrap_or_default();
    let count = i64::try_from(rows.len())?;
    let seal = AuditSeal {
        seq: last.map_or(1, |seal| seal.seq.saturating_add(1)),
        first: first.id.clone(),
        last: end.id.clone(),
        count,
        digest: digest(op.master_key, &previous, &rows)?,
        previous,
        sealed_at: now.0,
    };
    let mut tx = op.write(Durability::Relaxed).await?;
    let done = store::insert_seal(&mut tx, &seal).await?;
    tx.commit().await?;
    Ok(if done { count } else { 0 })
}

/// The result of a verification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SealReport {
    pub seals: i64,
    /// The rows that agree with their seal.
    pub rows: i64,
    /// The seals whose rows reached their term and were deleted.
    pub expired: i64,
    /// A line for each seal that does not agree, and why.
    pub problems: Vec<String>,
    /// The first and the last row of the first of these seals.
    pub broken: Vec<(String, String)>,
    /// The last row of the last seal; empty without one.
    pub last: String,
}

/// Compares every seal with its rows and with the seal before. `kept_since` is the beginning of the retention: rows
/// before it may be gone.
pub async fn verify(op: StorageOperation<'_>, kept_since: Timestamp) -> anyhow::Result<SealReport> {
    let mut report = SealReport::default();
    let term = row_id_lower_bound(kept_since);
    let mut tx = op.db.read().await?;
    let (mut previous, mut seq, mut last) = (String::new(), 0, String::new());
    loop {
        let seals = store::list_seals(&mut tx, seq, 100).await?;
        let Some(newest) = seals.last().map(|seal| seal.seq) else { break };
        for seal in seals {
            report.seals += 1;
            let problem = if seal.seq != seq + 1 {
                Some("a seal before it is missing".to_owned())
            } else if seal.previous != previous {
                Some("it does not follow the seal before it".to_owned())
            } else {
                let upper = format!("{}~", seal.last);
                // A row that was inserted between two seals lies before the first row of this one.
                let rows = store::list_between(&mut tx, &last, &upper, MAX_SEAL_ROWS + 1).await?;
                let count = i64::try_from(rows.len())?;
                if rows.is_empty() && seal.last < term {
                    report.expired += 1;
                    None
                } else if count == seal.count
                    && constant_time_eq(&digest(op.master_key, &previous, &rows)?, &seal.digest)
                {
                    report.rows += count;
                    None
                } else if seal.last < term && count < seal.count {
                    // The deletion of expired rows is under way.
                    report.expired += 1;
                    None
                } else {
                    Some(format!("its {} rows are {count} now, or were changed", seal.count))
                }
            };
            if let Some(problem) = problem {
                let at = Timestamp(seal.sealed_at);
                report.problems.push(format!("seal {} of {}: {problem}", seal.seq, at.as_seconds()));
                if report.broken.len() < MAX_BROKEN_SEALS {
                    report.broken.push((seal.first.clone(), seal.last.clone()));
                }
            }
            (previous, seq, last) = (seal.digest, seal.seq, seal.last);
        }
        seq = newest;
    }
    report.last = last;
    Ok(report)
}

/// Verifies all seals if no server did within a day, and keeps the result for the journal. Returns the report.
pub async fn check_if_due(op: StorageOperation<'_>, kept_since: Timestamp) -> anyhow::Result<Option<SealReport>> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let is_ours = store::begin_check(&mut tx, op.now.minus(CHECK_INTERVAL)).await?;
    tx.commit().await?;
    if !is_ours {
        return Ok(None);
    }
    let report = verify(op, kept_since).await?;
    let check = AuditCheck {
        checked_at: Some(op.now.0),
        seals: report.seals,
        events: report.rows,
        last: report.last.clone(),
        broken: serde_json::to_string(&report.broken)?,
    };
    let mut tx = op.write(Durability::Relaxed).await?;
    store::finish_check(&mut tx, &check).await?;
    tx.commit().await?;
    for problem in &report.problems {
        tracing::error!(problem, "the audit is not what was sealed");
    }
    Ok(Some(report))
}
