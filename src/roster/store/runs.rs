//! Rows of import runs, and of the sets that they wrote.

use crate::base::clock::Timestamp;
use crate::base::uai::Uai;
use crate::db::{FromRow, Result, Tx, UnitOfWork, args};

/// A run of an import.
#[derive(Clone, Debug, FromRow)]
pub struct ImportRunRow {
    pub id: String,
    pub academy: String,
    pub format: String,
    pub actor: String,
    pub started_at: i64,
    /// The last time at which an interrupted run was given again.
    pub resumed_at: Option<i64>,
    pub finished_at: Option<i64>,
    pub complete: bool,
    pub undone_at: Option<i64>,
    pub undone_by: Option<String>,
    /// The accounts that a table of accounts made; `None` for rosters.
    pub new_accounts: Option<i64>,
    /// The number of sets that were written.
    pub sets: i64,
}

/// The name under which a run of a table of accounts is kept: no format of rosters.
pub const ACCOUNTS_FORMAT: &str = "comptes";

pub async fn insert_run(tx: &mut UnitOfWork<'_>, id: &str, (academy, format): (&str, &str), files: &str) -> Result<()> {
    let (now, actor) = (tx.now, actor_text(tx));
    let sql = "INSERT INTO import_run (id, academy, format, actor, started_at, complete, files) \
               VALUES ($1, $2, $3, $4, $5, FALSE, $6)";
    tx.execute(sql, args![id, academy, format, actor, now, files]).await?;
    Ok(())
}

/// Goes on with the last run of an academy if it was interrupted and had the same files. Returns its id.
pub async fn resume_run(tx: &mut UnitOfWork<'_>, academy: &str, format: &str, files: &str) -> Result<Option<String>> {
    let now = tx.now;
    let sql = "UPDATE import_run SET resumed_at = $4 WHERE id = (SELECT id FROM import_run WHERE academy = $1 \
               AND format <> $5 AND upload_id IS NULL ORDER BY started_at DESC, id DESC LIMIT 1) AND format = $2 AND files = $3 AND finished_at IS NULL \
               AND undone_at IS NULL RETURNING id";
    Ok(tx.fetch_optional::<(String,)>(sql, args![academy, format, files, now, ACCOUNTS_FORMAT]).await?.map(|(id,)| id))
}

fn actor_text(tx: &UnitOfWork<'_>) -> String {
    match tx.actor.id() {
        Some(id) => format!("{} {id}", tx.actor.kind()),
        None => tx.actor.kind().to_owned(),
    }
}

pub async fn finish_run(tx: &mut Tx, id: &str, at: Timestamp, complete: bool) -> Result<()> {
    let sql = "UPDATE import_run SET finished_at = $2, complete = $3 WHERE id = $1";
    tx.execute(sql, args![id, at, complete]).await?;
    Ok(())
}

/// Ends a run of a table of accounts.
pub async fn finish_accounts_run(tx: &mut Tx, id: &str, at: Timestamp, (complete, made): (bool, i64)) -> Result<()> {
    let sql = "UPDATE import_run SET finished_at = $2, complete = $3, new_accounts = $4 WHERE id = $1";
    tx.execute(sql, args![id, at, complete, made]).await?;
    Ok(())
}

/// Forgets what undos of earlier runs would put back in the schools that this one wrote: only the last set of a school is
/// undone.
pub async fn clear_former_of_earlier(tx: &mut Tx, academy: &str, id: &str) -> Result<()> {
    let sql = "UPDATE import_run_set SET former = '' WHERE former <> '' AND run_id <> $2 \
               AND run_id IN (SELECT id FROM import_run WHERE academy = $1) \
               AND uai IN (SELECT own.uai FROM import_run_set own WHERE own.run_id = $2)";
    tx.execute(sql, args![academy, id]).await?;
    Ok(())
}

/// The last run of an academy, or of one of its schools.
#[derive(Clone, Debug, FromRow)]
pub struct LastRunRow {
    pub id: String,
    pub started_at: i64,
    pub undone_at: Option<i64>,
}

/// Notes that a run is that of an upload on screen.
pub async fn set_upload(tx: &mut Tx, id: &str, upload_id: &str) -> Result<()> {
    tx.execute("UPDATE import_run SET upload_id = $2 WHERE id = $1", args![id, upload_id]).await?;
    Ok(())
}

/// Returns the run that wrote an upload, if one did.
pub async fn find_run_of_upload(tx: &mut Tx, upload_id: &str) -> Result<Option<String>> {
    let sql = "SELECT r.id FROM import_run r JOIN import_run_set s ON s.run_id = r.id WHERE r.upload_id = $1 \
               ORDER BY r.started_at DESC, r.id DESC LIMIT 1";
    Ok(tx.fetch_optional::<(String,)>(sql, args![upload_id]).await?.map(|(id,)| id))
}

/// Returns the last run that wrote a set of an academy, or of one of its schools. Those on screen are of one school each,
/// and never the last one of the academy.
pub async fn find_last_run(tx: &mut Tx, academy: &str, uai: Option<&Uai>) -> Result<Option<LastRunRow>> {
    let sql = "SELECT r.id, r.started_at, r.undone_at FROM import_run r WHERE r.academy = $1 \
               AND ($2 <> '' OR r.upload_id IS NULL) AND EXISTS \
               (SELECT 1 FROM import_run_set s WHERE s.run_id = r.id AND ($2 = '' OR s.uai = $2)) \
               ORDER BY r.started_at DESC, r.id DESC LIMIT 1";
    tx.fetch_optional(sql, args![academy, uai.map(|uai| uai.as_str()).unwrap_or_default()]).await
}

/// Lists the runs of an academy, or of all, the last first.
pub async fn list_runs(tx: &mut Tx, academy: Option<&str>) -> Result<Vec<ImportRunRow>> {
    let sql = "SELECT r.id, r.academy, r.format, r.actor, r.started_at, r.resumed_at, r.finished_at, r.complete, \
               r.undone_at, r.undone_by, r.new_accounts, COUNT(s.run_id) AS sets FROM import_run r LEFT JOIN import_run_set s ON s.run_id = r.id \
               WHERE $1 = '' OR r.academy = $1 GROUP BY r.id, r.academy, r.format, r.actor, r.started_at, \
               r.resumed_at, r.finished_at, r.complete, r.undone_at, r.undone_by, r.new_accounts ORDER BY r.started_at DESC, r.id DESC LIMIT 100";
    tx.fetch_all(sql, args![academy.unwrap_or_default()]).await
}

/// Lists academy, format and end of the last complete run of each, of those since a time.
pub async fn list_last_complete(tx: &mut Tx, since: Timestamp) -> Result<Vec<(String, String, i64)>> {
    let sql = "SELECT academy, format, MAX(finished_at) FROM import_run WHERE started_at > $1 \
               AND finished_at IS NOT NULL AND complete GROUP BY academy, format ORDER BY academy, format LIMIT 500";
    tx.fetch_all(sql, args![since]).await
}

/// Counts the runs since a time that have not ended, and the sets that they wrote.
pub async fn count_unfinished(tx: &mut Tx, since: Timestamp) -> Result<(i64, i64)> {
    let sql = "SELECT COUNT(*), CAST(COALESCE(SUM((SELECT COUNT(*) FROM import_run_set s WHERE s.run_id = r.id)), 0) \
               AS BIGINT) FROM import_run r WHERE COALESCE(r.resumed_at, r.started_at) > $1 \
               AND r.finished_at IS NULL AND r.undone_at IS NULL";
    tx.fetch_one(sql, args![since]).await
}

/// Marks a run as undone, once, if nothing is left of it to be undone.
pub async fn mark_undone(tx: &mut UnitOfWork<'_>, id: &str) -> Result<bool> {
    let (now, actor) = (tx.now, actor_text(tx));
    let sql = "UPDATE import_run SET undone_at = $2, undone_by = $3 WHERE id = $1 AND undone_at IS NULL \
               AND NOT EXISTS (SELECT 1 FROM import_run_set s WHERE s.run_id = $1 AND s.former <> '')";
    Ok(tx.execute(sql, args![id, now, actor]).await? == 1)
}

/// A set that a run wrote.
#[derive(Clone, Debug, FromRow)]
pub struct RunSetRow {
    pub uai: Uai,
    pub revision: i64,
    pub changes: String,
    pub former: String,
}

pub async fn insert_set(tx: &mut UnitOfWork<'_>, run_id: &str, set: &RunSetRow) -> Result<()> {
    let now = tx.now;
    let sql = "INSERT INTO import_run_set (run_id, uai, revision, changes, former, at, place) \
               SELECT $1, $2, $3, $4, $5, $6, COUNT(*) FROM import_run_set WHERE run_id = $1";
    tx.execute(sql, args![run_id, &set.uai, set.revision, &set.changes, &set.former, now]).await?;
    Ok(())
}

/// Lists the sets of a run, the last one first.
pub async fn list_sets(tx: &mut Tx, run_id: &str) -> Result<Vec<RunSetRow>> {
    let sql = "SELECT uai, revision, changes, former FROM import_run_set WHERE run_id = $1 \
               ORDER BY place DESC, revision DESC, uai";
    tx.fetch_all(sql, args![run_id]).await
}

/// Writes what an undo puts back, or that it put it back.
pub async fn update_former(tx: &mut Tx, run_id: &str, set: &RunSetRow, former: &str) -> Result<()> {
    let sql = "UPDATE import_run_set SET former = $4 WHERE run_id = $1 AND uai = $2 AND revision = $3";
    tx.execute(sql, args![run_id, &set.uai, set.revision, former]).await?;
    Ok(())
}

/// Forgets what an undo of a run, or of one school of it, put back.
pub async fn clear_former_of(tx: &mut Tx, run_id: &str, uai: Option<&Uai>) -> Result<()> {
    let sql = "UPDATE import_run_set SET former = '' WHERE run_id = $1 AND former <> '' AND ($2 = '' OR uai = $2)";
    tx.execute(sql, args![run_id, uai.map(|uai| uai.as_str()).unwrap_or_default()]).await?;
    Ok(())
}

/// Forgets what undos would put back that are past.
pub async fn clear_former_before(tx: &mut Tx, at: Timestamp) -> Result<()> {
    tx.execute("UPDATE import_run_set SET former = '' WHERE at < $1 AND former <> ''", args![at]).await?;
    Ok(())
}
