//! The run of an import: begun, resumed with the same files after an interruption, and finished.

use std::path::PathBuf;

use super::{ImportContext, ImportRequest, Result, undo};
use crate::base::ids::row_id;
use crate::base::secret::sha256_base64url;
use crate::db::Durability;
use crate::roster::store::runs;

/// A run that is at work.
pub struct StartedRun {
    pub id: String,
    /// True if the files are those of a run that was interrupted.
    pub is_resumed: bool,
}

/// Begins a run, but for a dry run, or goes on with the interrupted one of the same files. Forgets what undos would have
/// put back that are past.
pub async fn start_run(ctx: ImportContext<'_>, request: &ImportRequest) -> Result<Option<StartedRun>> {
    if request.dry_run {
        return Ok(None);
    }
    let files = match ctx.bounds {
        // Files in memory have no names of their own: an upload goes on by its row.
        Some(_) => String::new(),
        None => {
            let files = request.files.clone();
            tokio::task::spawn_blocking(move || digest_of(&files)).await?
        }
    };
    let mut tx = ctx.storage.write(Durability::Relaxed).await?;
    runs::clear_former_before(&mut tx, ctx.storage.now.minus(undo::UNDO_TTL)).await?;
    let (academy, format) = (request.academy.as_str(), request.format.name());
    let resumed = match ctx.bounds {
        Some(_) => None,
        None => runs::resume_run(&mut tx, academy, format, &files).await?,
    };
    let run = match resumed {
        Some(id) => StartedRun { id, is_resumed: true },
        None => {
            let id = row_id(ctx.storage.now, ctx.storage.rng);
            runs::insert_run(&mut tx, &id, (academy, format), &files).await?;
            if let Some(bounds) = ctx.bounds {
                runs::set_upload(&mut tx, &id, bounds.upload_id).await?;
            }
            StartedRun { id, is_resumed: false }
        }
    };
    tx.commit().await?;
    Ok(Some(run))
}

/// Ends a run, and forgets what undos of earlier ones would have put back if this one wrote something. Its commit survives
/// a power cut, and with it those of all its schools, which need not: an import that was cut off is given again.
pub async fn finish_run(ctx: ImportContext<'_>, academy: &str, run_id: &str, complete: bool) -> Result<()> {
    let at = ctx.now();
    let mut tx = ctx.storage.write(Durability::Durable).await?;
    runs::finish_run(&mut tx, run_id, at, complete).await?;
    runs::clear_former_of_earlier(&mut tx, academy, run_id).await?;
    Ok(tx.commit().await?)
}

/// Begins the run of a table of accounts, for the history: it is given again whole, and no undo takes accounts away.
pub async fn start_accounts_run(ctx: ImportContext<'_>, academy: &str, files: &[PathBuf]) -> Result<String> {
    let files = files.to_vec();
    let files = tokio::task::spawn_blocking(move || digest_of(&files)).await?;
    let id = row_id(ctx.storage.now, ctx.storage.rng);
    let mut tx = ctx.storage.write(Durability::Relaxed).await?;
    runs::insert_run(&mut tx, &id, (academy, runs::ACCOUNTS_FORMAT), &files).await?;
    tx.commit().await?;
    Ok(id)
}

/// Ends the run of a table of accounts.
pub async fn finish_accounts_run(ctx: ImportContext<'_>, run_id: &str, complete: bool, made: usize) -> Result<()> {
    let at = ctx.now();
    let mut tx = ctx.storage.write(Durability::Durable).await?;
    runs::finish_accounts_run(&mut tx, run_id, at, (complete, i64::try_from(made).unwrap_or(i64::MAX))).await?;
    Ok(tx.commit().await?)
}

/// Returns a digest of the names and sizes of files, in any order.
fn digest_of(files: &[PathBuf]) -> String {
    let describe = |file: &PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let size = std::fs::metadata(file).map(|found| found.len()).unwrap_or_default();
        format!("{name} {size}")
    };
    let mut all: Vec<String> = files.iter().map(describe).collect();
    all.sort();
    sha256_base64url(&all.join("\n"))
}
