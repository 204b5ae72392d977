//! `preau letters batches` and `preau letters withdraw`.

use std::io::Write;

use crate::administrators::scope::AdminScope;
use crate::base::clock::Timestamp;
use crate::base::uai::Uai;
use crate::bootstrap;
use crate::cli::json::{self, JsonFlag, maybe_time, time};
use crate::cli::letters::LetterBatchCommand;
use crate::cli::{format_paris_time, operator_dependencies};
use crate::config::Config;
use crate::db::{AccessMode, Db};
use crate::school_admin::ops::withdrawal::withdraw_batch_by_command;
use crate::school_admin::store::letters::{LetterBatchRow, list};

/// The number of batches read by one query.
const PAGE_SIZE: i64 = 200;

/// Runs a command about batches. Always true.
pub(super) async fn run(
    command: &LetterBatchCommand,
    config: &Config,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let around = operator_dependencies();
    match command {
        LetterBatchCommand::Batches { uai, form } => {
            let db = bootstrap::open_existing_database(config, AccessMode::ReadOnly).await?;
            bootstrap::sync_clock(&db, &around).await?;
            print_batches(&db, (around.clock.now(), uai.as_ref()), *form, out).await?;
            db.close().await;
        }
        LetterBatchCommand::Withdraw { batch, reason, form } => {
            let db = bootstrap::open_existing_database(config, AccessMode::ReadWrite).await?;
            bootstrap::sync_clock(&db, &around).await?;
            let batch = withdraw_batch_by_command(around.operation(&db), batch, reason).await?;
            db.close().await;
            match form.json {
                true => json::write_line(out, &batch_value(&batch))?,
                false => {
                    let withdrawn = letters(batch.letters_withdrawn.unwrap_or_default());
                    writeln!(out, "{}: {withdrawn} withdrawn, {} of {} used", batch.id, batch.used, batch.letters)?;
                }
            }
        }
    }
    Ok(true)
}

async fn print_batches(
    db: &Db,
    (now, uai): (Timestamp, Option<&Uai>),
    form: JsonFlag,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let mut tx = db.read().await?;
    let (scope, uai) = (AdminScope::everything(), uai.map_or("", Uai::as_str));
    let mut before = String::new();
    loop {
        let batches = list(&mut tx, &scope, (now.0, uai, &before), PAGE_SIZE).await?;
        let Some(last) = batches.last() else { return Ok(()) };
        before.clone_from(&last.id);
        for batch in &batches {
            match form.json {
                true => json::write_line(out, &batch_value(batch))?,
                false => writeln!(out, "{}", describe(batch))?,
            }
        }
    }
}

fn letters(count: i64) -> String {
    super::letters(usize::try_from(count).unwrap_or_default())
}

/// Returns a batch as programs have it.
fn batch_value(batch: &LetterBatchRow) -> serde_json::Value {
    serde_json::json!({
        "id": batch.id,
        "uai": batch.uai,
        "school": batch.school,
        "part": batch.part,
        "class": Some(&batch.class).filter(|class| !class.is_empty()),
        "profile": batch.profile,
        "printed_by": batch.printed_by,
        "printed_at": time(Timestamp(batch.printed_at)),
        "reason": batch.reason,
        "letters": batch.letters,
        "used": batch.used,
        "open": batch.open,
        "withdrawn": batch.letters_withdrawn,
        "withdrawn_at": maybe_time(batch.withdrawn_at.map(Timestamp)),
    })
}

/// Returns what somebody typed in the console as a part of one line: a line break would be a batch that there is not, and a
/// sign that terminals obey is none to show.
fn one_line(typed: &str) -> String {
    let shown = typed.replace(char::is_control, " ");
    shown.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns a batch in one line.
fn describe(batch: &LetterBatchRow) -> String {
    let LetterBatchRow { id, uai, profile, reason, used, open, .. } = batch;
    let part = if batch.class.is_empty() { &batch.part } else { &batch.class };
    let [by, reason] = [batch.printed_by.as_deref().unwrap_or("-"), reason.as_str()].map(one_line);
    let at = format_paris_time(Timestamp(batch.printed_at));
    let withdrawn = batch.withdrawn_at.map_or_else(String::new, |at| {
        let count = batch.letters_withdrawn.unwrap_or_default();
        format!(", {count} withdrawn {}", format_paris_time(Timestamp(at)))
    });
    let letters = letters(batch.letters);
    format!("{id}  {at}  {uai}  {part}  {profile}  {letters}, {used} used, {open} open{withdrawn}  {by}: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_stays_in_its_line_and_tells_a_terminal_nothing() {
        for (typed, shown) in [
            ("Réunion de rentrée", "Réunion de rentrée"),
            ("Perdues\r\n0000  2026-09-01  0349999J", "Perdues 0000 2026-09-01 0349999J"),
            ("\u{1b}[2JPerdues\u{9b}1A\t", "[2JPerdues 1A"),
            ("\n", ""),
        ] {
            assert_eq!(one_line(typed), shown, "{typed:?}");
        }
    }
}
