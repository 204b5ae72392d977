//! Rows of import runs, and of the sets that they wrote.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::{PersonId, PupilId};
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
    pub finished_at: Option<i64>,
    pub complete: bool,
    pub undone_at: Option<i64>,
    pub undone_by: Option<String>,
    /// The number of sets that were written.
    pub sets: i64,
}

pub async fn insert_run(tx: &mut UnitOfWork<'_>, id: &str, academy: &str, format: &str) -> Result<()> {
    let (now, actor) = (tx.now, actor_text(tx));
    let sql = "INSERT INTO import_run (id, academy, format, actor, started_at, complete) \
               VALUES ($1, $2, $3, $4, $5, FALSE)";
    tx.execute(sql, args![id, academy, format, actor, now]).await?;
    Ok(())
}

fn actor_text(tx: &UnitOfWork<'_>) -> String {
    match tx.actor.id() {
        Some(id) => format!("{} {id}", tx.actor.kind()),
        None => tx.actor.kind().to_owned(),
    }
}

pub async fn finish_run(tx: &mut UnitOfWork<'_>, id: &str, complete: bool) -> Result<()> {
    let now = tx.now;
    let sql = "UPDATE import_run SET finished_at = $2, complete = $3 WHERE id = $1";
    tx.execute(sql, args![id, now, complete]).await?;
    Ok(())
}

/// Lists the runs of an academy, or of all, the last first.
pub async fn list_runs(tx: &mut Tx, academy: Option<&str>) -> Result<Vec<ImportRunRow>> {
    let sql = "SELECT r.id, r.academy, r.format, r.actor, r.started_at, r.finished_at, r.complete, r.undone_at, \
               r.undone_by, COUNT(s.run_id) AS sets FROM import_run r LEFT JOIN import_run_set s ON s.run_id = r.id \
               WHERE $1 = '' OR r.academy = $1 GROUP BY r.id, r.academy, r.format, r.actor, r.started_at, \
               r.finished_at, r.complete, r.undone_at, r.undone_by ORDER BY r.started_at DESC, r.id DESC LIMIT 100";
    tx.fetch_all(sql, args![academy.unwrap_or_default()]).await
}

/// Marks a run as undone, once.
pub async fn mark_undone(tx: &mut UnitOfWork<'_>, id: &str) -> Result<bool> {
    let (now, actor) = (tx.now, actor_text(tx));
    let sql = "UPDATE import_run SET undone_at = $2, undone_by = $3 WHERE id = $1 AND undone_at IS NULL";
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
    let sql = "INSERT INTO import_run_set (run_id, uai, revision, changes, former, at) VALUES ($1, $2, $3, $4, $5, $6)";
    tx.execute(sql, args![run_id, &set.uai, set.revision, &set.changes, &set.former, now]).await?;
    Ok(())
}

/// Lists the sets of a run, the last of a school first.
pub async fn list_sets(tx: &mut Tx, run_id: &str) -> Result<Vec<RunSetRow>> {
    let sql = "SELECT uai, revision, changes, former FROM import_run_set WHERE run_id = $1 ORDER BY uai, revision DESC";
    tx.fetch_all(sql, args![run_id]).await
}

/// Forgets what an undo would put back: it was put back.
pub async fn clear_former(tx: &mut Tx, run_id: &str, set: &RunSetRow) -> Result<()> {
    let sql = "UPDATE import_run_set SET former = '' WHERE run_id = $1 AND uai = $2 AND revision = $3";
    tx.execute(sql, args![run_id, &set.uai, set.revision]).await?;
    Ok(())
}

/// Forgets what undos would put back that are past.
pub async fn clear_former_before(tx: &mut Tx, at: Timestamp) -> Result<()> {
    tx.execute("UPDATE import_run_set SET former = '' WHERE at < $1 AND former <> ''", args![at]).await?;
    Ok(())
}

/// An enrolment or a link as it was before a set; without `state` there was no row, or an ended one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FormerEnrolment {
    pub pupil_id: PupilId,
    pub state: Option<FormerEnrolmentState>,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FormerEnrolmentState {
    pub class: Option<String>,
    pub source: String,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FormerLink {
    pub pupil_id: PupilId,
    pub person_id: PersonId,
    pub state: Option<FormerLinkState>,
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FormerLinkState {
    pub level: String,
    pub relation: Option<String>,
    pub source: String,
}

/// Puts an enrolment back: what began ends, what ended or changed is as before.
pub async fn restore_enrolment(tx: &mut UnitOfWork<'_>, uai: &Uai, former: &FormerEnrolment) -> Result<()> {
    let now = tx.now;
    match &former.state {
        None => {
            let sql = "UPDATE enrolment SET ended_at = $3 WHERE pupil_id = $1 AND uai = $2 AND ended_at IS NULL";
            tx.execute(sql, args![&former.pupil_id, uai, now]).await?;
        }
        Some(FormerEnrolmentState { class, source }) => {
            let sql = "UPDATE enrolment SET class = $3, source = $4, ended_at = NULL WHERE pupil_id = $1 AND uai = $2";
            tx.execute(sql, args![&former.pupil_id, uai, class, source]).await?;
        }
    }
    Ok(())
}

/// Puts a link back like [`restore_enrolment`].
pub async fn restore_link(tx: &mut UnitOfWork<'_>, uai: &Uai, former: &FormerLink) -> Result<()> {
    let (now, FormerLink { pupil_id, person_id, state }) = (tx.now, former);
    match state {
        None => {
            let sql = "UPDATE link SET ended_at = $4 \
                       WHERE person_id = $1 AND pupil_id = $2 AND uai = $3 AND ended_at IS NULL";
            tx.execute(sql, args![person_id, pupil_id, uai, now]).await?;
        }
        Some(FormerLinkState { level, relation, source }) => {
            let sql = "UPDATE link SET level = $4, relation = $5, source = $6, ended_at = NULL \
                       WHERE person_id = $1 AND pupil_id = $2 AND uai = $3";
            tx.execute(sql, args![person_id, pupil_id, uai, level, relation, source]).await?;
        }
    }
    Ok(())
}

/// Ends all enrolments and links of a school: its first set is undone.
pub async fn end_all(tx: &mut UnitOfWork<'_>, uai: &Uai) -> Result<()> {
    let now = tx.now;
    tx.execute("UPDATE enrolment SET ended_at = $2 WHERE uai = $1 AND ended_at IS NULL", args![uai, now]).await?;
    tx.execute("UPDATE link SET ended_at = $2 WHERE uai = $1 AND ended_at IS NULL", args![uai, now]).await?;
    Ok(())
}
