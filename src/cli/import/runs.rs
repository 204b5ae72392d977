//! `preau import history` and `preau import undo`.

use std::io::Write;

use crate::base::clock::Timestamp;
use crate::base::uai::Uai;
use crate::cli::format_paris_time;
use crate::cli::json::{self, JsonFlag, maybe_time, time};
use crate::roster::ops::ImportContext;
use crate::roster::ops::undo::{ImportUndo, undo_last_run};
use crate::roster::store::runs::{ACCOUNTS_FORMAT, ImportRunRow, list_runs};

/// Writes a line for each import. Always true.
pub async fn history(
    academy: Option<&str>,
    form: JsonFlag,
    ctx: ImportContext<'_>,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let mut tx = ctx.storage.db.read().await?;
    for run in list_runs(&mut tx, academy).await? {
        match form.json {
            true => json::write_line(out, &run_value(&run))?,
            false => writeln!(out, "{}", describe(&run))?,
        }
    }
    Ok(true)
}

/// Returns an import as programs have it.
fn run_value(run: &ImportRunRow) -> serde_json::Value {
    let at = |at: Option<i64>| maybe_time(at.map(Timestamp));
    serde_json::json!({
        "id": run.id,
        "academy": run.academy,
        "format": run.format,
        "actor": run.actor,
        "started_at": time(Timestamp(run.started_at)),
        "resumed_at": at(run.resumed_at),
        "finished_at": at(run.finished_at),
        "complete": run.complete,
        "undone_at": at(run.undone_at),
        "undone_by": run.undone_by,
        "sets": run.sets,
        "new_accounts": run.new_accounts,
    })
}

fn describe(run: &ImportRunRow) -> String {
    let ImportRunRow { academy, format, actor, .. } = run;
    let written = match (run.new_accounts, format.as_str()) {
        (Some(made), _) => format!("{made} accounts made"),
        (None, ACCOUNTS_FORMAT) => "accounts".to_owned(),
        _ => format!("{} sets written", run.sets),
    };
    let state = match (run.undone_at, &run.undone_by, run.finished_at, run.complete) {
        (Some(at), Some(by), ..) => format!("undone {} by {by}", format_paris_time(Timestamp(at))),
        (_, _, None, _) => "interrupted, or still at work: the same files again do the rest".to_owned(),
        (_, _, Some(_), false) => "not all was taken".to_owned(),
        (_, _, Some(_), true) => "all was taken".to_owned(),
    };
    let resumed = run.resumed_at.map(|at| format!(", resumed {}", format_paris_time(Timestamp(at))));
    let ended = run.finished_at.map(|at| format!(", ended {}", format_paris_time(Timestamp(at))));
    format!(
        "{}{}{} {academy} {format} by {actor}: {written}; {state}",
        format_paris_time(Timestamp(run.started_at)),
        resumed.unwrap_or_default(),
        ended.unwrap_or_default()
    )
}

/// Undoes the last import, of an academy or of a school. True if every school that it wrote is as before.
pub async fn undo(
    academy: &str,
    uai: Option<&Uai>,
    ctx: ImportContext<'_>,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let of = uai.map_or(academy, |uai| uai.as_str());
    match undo_last_run(ctx, academy, uai).await? {
        ImportUndo::NoRun => {
            writeln!(out, "nothing to undo in {of}")?;
            Ok(false)
        }
        ImportUndo::TooOld { started_at } => {
            let at = format_paris_time(started_at);
            writeln!(out, "the last import of {of} is of {at}, more than 30 days ago")?;
            Ok(false)
        }
        ImportUndo::Done { schools, left, .. } => {
            for (uai, undone) in &schools {
                let line = if *undone { "as before" } else { "left alone: something was imported after it" };
                writeln!(out, "{uai}: {line}")?;
            }
            if !left.by.is_empty() {
                let by = left.by.iter().map(|uai| uai.as_str()).collect::<Vec<_>>().join(", ");
                let (persons, pupils) = (left.persons.len(), left.pupils.len());
                writeln!(out, "{persons} persons and {pupils} pupils stay as later imports of {by} have them")?;
            }
            Ok(schools.iter().all(|(_, undone)| *undone))
        }
    }
}
