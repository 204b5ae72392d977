//! `preau audit`: the export of events, and the verification of their seals.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use chrono::NaiveDate;

use super::json::{self, JsonFlag};
use super::{beginning_of_day, private_file};
use crate::accounts::{self, identifier};
use crate::audit::{self, store};
use crate::base::ids::row_id_lower_bound;
use crate::bootstrap;
use crate::config::Config;
use crate::db::AccessMode;

#[derive(Debug, clap::Args)]
pub struct AuditArgs {
    #[command(subcommand)]
    action: AuditCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AuditCommand {
    /// Writes the events as lines of JSON, oldest first.
    Export(ExportArgs),
    /// Verifies the seals: exit code 1 if a sealed event was changed, removed or inserted.
    Verify(JsonFlag),
}

#[derive(Debug, clap::Args)]
struct ExportArgs {
    /// The account, by identifiant; without it, everything.
    #[arg(long, value_name = "IDENTIFIANT")]
    account: Option<String>,
    /// The first day (AAAA-MM-JJ), in Paris.
    #[arg(long)]
    from: Option<NaiveDate>,
    /// The last day (AAAA-MM-JJ), in Paris.
    #[arg(long)]
    to: Option<NaiveDate>,
    /// The lines are JSON with and without it; an error is an object on stderr.
    #[arg(long)]
    json: bool,
    /// The file to write, readable by its owner only; must not exist. Without it, standard output.
    #[arg(long)]
    out: Option<PathBuf>,
}

/// The number of rows that one query reads.
const PAGE_ROWS: i64 = 1_000;

pub async fn run(args: &AuditArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    match &args.action {
        AuditCommand::Export(args) => export(args, config, out).await,
        AuditCommand::Verify(form) => Box::pin(verify(config, *form, out)).await,
    }
}

async fn export(args: &ExportArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let db = bootstrap::open_existing_database(config, AccessMode::ReadOnly).await?;
    let mut tx = db.read().await?;
    let account = match &args.account {
        Some(identifiant) => {
            let folded = identifier::normalize(identifiant);
            let found = accounts::store::find_by_identifiant(&mut tx, &folded).await?;
            Some(found.with_context(|| format!("no account is called {folded}"))?.id)
        }
        None => None,
    };
    let mut after = args.from.and_then(beginning_of_day).map(row_id_lower_bound).unwrap_or_default();
    let day_after = args.to.and_then(|day| day.succ_opt()).and_then(beginning_of_day);
    // Ids are hexadecimal: no id is greater than `g`.
    let before = day_after.map_or_else(|| "g".to_owned(), row_id_lower_bound);
    let mut file = args.out.as_deref().map(private_file).transpose()?;
    let mut count: u64 = 0;
    loop {
        let rows = match &account {
            Some(id) => store::list_of_account(&mut tx, id, &after, &before, PAGE_ROWS).await?,
            None => store::list_between(&mut tx, &after, &before, PAGE_ROWS).await?,
        };
        let Some(last) = rows.last() else { break };
        after.clone_from(&last.id);
        for row in &rows {
            let line = serde_json::to_string(row)?;
            match &mut file {
                Some(file) => writeln!(file, "{line}")?,
                None => writeln!(out, "{line}")?,
            }
            count += 1;
        }
    }
    if let (Some(mut file), Some(path)) = (file, &args.out) {
        file.flush()?;
        match args.json {
            true => json::write_line(out, &serde_json::json!({ "events": count, "file": path }))?,
            false => writeln!(out, "{count} events in {}", path.display())?,
        }
    }
    drop(tx);
    db.close().await;
    Ok(true)
}

async fn verify(config: &Config, form: JsonFlag, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let around = super::operator_dependencies();
    let opened = bootstrap::open_existing_storage(config, &around, AccessMode::ReadWrite).await?;
    let op = opened.operation(&around);
    let report = audit::ops::verify(op, op.now.minus(config.audit.retention())).await?;
    opened.db.close().await;
    if form.json {
        let line = serde_json::json!({
            "sound": report.problems.is_empty(),
            "seals": report.seals,
            "events": report.rows,
            "expired": report.expired,
            "problems": report.problems,
        });
        json::write_line(out, &line)?;
        return Ok(report.problems.is_empty());
    }
    for problem in &report.problems {
        writeln!(out, "{problem}")?;
    }
    let verdict = if report.problems.is_empty() { "nothing was changed" } else { "NOT what was sealed" };
    writeln!(
        out,
        "{} seals over {} events, {} seals beyond their term: {verdict}",
        report.seals, report.rows, report.expired
    )?;
    Ok(report.problems.is_empty())
}
