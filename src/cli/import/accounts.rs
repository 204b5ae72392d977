//! `preau import --format comptes`: accounts that come from elsewhere, with one line a row that was not taken in all.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;

use super::ReportForm;
use crate::arrivals::ops::ArrivalBatch;
use crate::arrivals::{ArrivalRemark, ArrivalSummary, read_rows};
use crate::roster::formats::{RecordWarningKind, read_table};
use crate::roster::ops::{ImportContext, ImportProgress, finish_accounts_run, start_accounts_run};
use crate::roster::report::{LineKind, ReportLine};

/// The rows between two messages of progress.
const PROGRESS_ROWS: usize = 200;

/// The request of an import of accounts.
#[derive(Clone, Copy)]
pub struct AccountsRequest<'a> {
    pub academy: &'a str,
    pub dry_run: bool,
    pub report: ReportForm,
}

/// Imports tables of accounts. True if every row was taken in all.
pub async fn import_accounts(
    request: AccountsRequest<'_>,
    files: &[PathBuf],
    ctx: ImportContext<'_>,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let mut batch = ArrivalBatch::new(ctx.storage, request.academy);
    let run = match request.dry_run {
        true => None,
        false => Some(start_accounts_run(ctx, request.academy, files).await?),
    };
    let (mut all, mut made) = (true, 0);
    if let Some(line) = request.report.heading() {
        writeln!(out, "{line}")?;
    }
    for path in files {
        let name = path.display().to_string();
        let opened = File::open(path).with_context(|| format!("{name}: cannot be read"))?;
        let table = read_table(&name, opened).map_err(anyhow::Error::from);
        let assumed = table.as_ref().ok().and_then(|table| table.assumed_encoding);
        let rows = table.and_then(|table| read_rows(&table).with_context(|| name.clone()));
        let mut tell = |kind, message: String| {
            let line = ReportLine { uai: None, kind, message };
            writeln!(out, "{}", request.report.write(&line))
        };
        if let Some(encoding) = assumed {
            tell(LineKind::Note, format!("{name}: {}", RecordWarningKind::AssumedEncoding(encoding)))?;
        }
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => {
                all = false;
                tell(LineKind::Refused, format!("{error:#}"))?;
                continue;
            }
        };
        let mut sum = ArrivalSummary { rows: rows.len(), ..ArrivalSummary::default() };
        for (done, row) in rows.into_iter().enumerate() {
            if done % PROGRESS_ROWS == 0 {
                ctx.report_progress(ImportProgress { done, total: sum.rows, ..ImportProgress::default() });
            }
            let (line, remarks) = match row {
                Ok(row) => {
                    let outcome = batch.take(&row, request.dry_run).await?;
                    sum.new_accounts += usize::from(outcome.is_new);
                    (row.line, outcome.remarks)
                }
                Err((line, remark)) => (line, vec![remark]),
            };
            sum.refused += usize::from(remarks.iter().any(ArrivalRemark::is_refusal));
            for remark in remarks {
                let kind = if remark.is_refusal() { LineKind::NotRead } else { LineKind::Note };
                tell(kind, format!("{name}: line {line}: {remark}"))?;
            }
        }
        ctx.report_progress(ImportProgress { done: sum.rows, total: sum.rows, ..ImportProgress::default() });
        all &= sum.refused == 0;
        made += sum.new_accounts;
        let kind = if request.dry_run { LineKind::WouldBeTaken } else { LineKind::Taken };
        tell(kind, format!("{name}: {sum}"))?;
    }
    if let Some(run) = run {
        finish_accounts_run(ctx, &run, all, made).await?;
    }
    Ok(all)
}
