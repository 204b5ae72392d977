//! `preau import --format comptes`: accounts that come from elsewhere, with one line a row that was not taken in all.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::ReportForm;
use crate::arrivals::ops::{ArrivalBatch, ROWS_PER_TRANSACTION};
use crate::arrivals::{ArrivalRemark, ArrivalSummary, ReadRow, read_rows};
use crate::roster::formats::{CsvTable, RecordWarningKind, read_table};
use crate::roster::ops::{ImportContext, ImportProgress, finish_accounts_run, start_accounts_run};
use crate::roster::report::{LineKind, ReportLine};

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
    let run = match request.dry_run {
        true => None,
        false => Some(start_accounts_run(ctx, request.academy, files).await?),
    };
    let (mut all, mut made) = (true, 0);
    if let Some(line) = request.report.heading() {
        writeln!(out, "{line}")?;
    }
    let mut report = AccountsReport { form: request.report, name: String::new(), out };
    let mut batch = ArrivalBatch::new(ctx.storage, request.academy);
    for path in files {
        report.name = path.display().to_string();
        match import_table(request, path, ctx, (&mut batch, &mut report)).await? {
            Some(sum) => {
                all &= sum.refused == 0;
                made += sum.new_accounts;
            }
            None => all = false,
        }
    }
    if let Some(run) = run {
        finish_accounts_run(ctx, &run, all, made).await?;
    }
    Ok(all)
}

/// Imports one table; `None` if it is refused as a whole.
async fn import_table(
    request: AccountsRequest<'_>,
    path: &Path,
    ctx: ImportContext<'_>,
    (batch, report): (&mut ArrivalBatch<'_>, &mut AccountsReport<'_>),
) -> anyhow::Result<Option<ArrivalSummary>> {
    let table = match read_file(path, &report.name)? {
        Ok(table) => table,
        Err(error) => return report.refuse(&error),
    };
    if let Some(encoding) = table.assumed_encoding {
        let assumed = RecordWarningKind::AssumedEncoding(encoding);
        report.tell(LineKind::Note, &assumed.to_string())?;
    }
    let mut rows = match read_rows(&table) {
        Ok(rows) => rows,
        Err(error) => return report.refuse(&anyhow::Error::from(error).context(report.name.clone())),
    };
    let mut sum = ArrivalSummary { rows: rows.len(), ..ArrivalSummary::default() };
    loop {
        let done = sum.rows - rows.len();
        ctx.report_progress(ImportProgress { done, total: sum.rows, ..ImportProgress::default() });
        let read: Vec<ReadRow> = rows.by_ref().take(ROWS_PER_TRANSACTION).collect();
        if read.is_empty() {
            break;
        }
        batch.set_time(ctx.now());
        for (line, remarks) in take_rows(read, batch, request.dry_run, &mut sum).await? {
            sum.refused += usize::from(remarks.iter().any(ArrivalRemark::is_refusal));
            for remark in remarks {
                let kind = if remark.is_refusal() { LineKind::NotRead } else { LineKind::Note };
                report.tell(kind, &format!("line {line}: {remark}"))?;
            }
        }
    }
    let kind = if request.dry_run { LineKind::WouldBeTaken } else { LineKind::Taken };
    report.tell(kind, &sum.to_string())?;
    Ok(Some(sum))
}

/// Reads a file; the inner error is that of a file that is no table.
fn read_file(path: &Path, name: &str) -> anyhow::Result<anyhow::Result<CsvTable>> {
    let opened = File::open(path).with_context(|| format!("{name}: cannot be read"))?;
    Ok(read_table(name, opened).map_err(anyhow::Error::from))
}

/// Takes the rows that could be read. Returns the line of each row, and what is to be said of it.
async fn take_rows(
    read: Vec<ReadRow>,
    batch: &mut ArrivalBatch<'_>,
    dry_run: bool,
    sum: &mut ArrivalSummary,
) -> anyhow::Result<Vec<(u64, Vec<ArrivalRemark>)>> {
    let mut lines = Vec::with_capacity(read.len());
    let mut rows = Vec::with_capacity(read.len());
    for row in read {
        match row {
            Ok(row) => {
                lines.push((row.line, None));
                rows.push(row);
            }
            Err((line, remark)) => lines.push((line, Some(remark))),
        }
    }
    let mut outcomes = batch.take(&rows, dry_run).await?.into_iter();
    let mut told = Vec::with_capacity(lines.len());
    for (line, unread) in lines {
        let remarks = match unread {
            Some(remark) => vec![remark],
            None => {
                let outcome = outcomes.next().unwrap_or_default();
                sum.new_accounts += usize::from(outcome.is_new);
                outcome.remarks
            }
        };
        told.push((line, remarks));
    }
    Ok(told)
}

/// The report of an import, in lines that begin with the name of a table.
struct AccountsReport<'a> {
    form: ReportForm,
    name: String,
    out: &'a mut (dyn Write + Send),
}

impl AccountsReport<'_> {
    fn tell(&mut self, kind: LineKind, message: &str) -> std::io::Result<()> {
        let message = format!("{}: {message}", self.name);
        self.write(ReportLine { uai: None, kind, message })
    }

    /// Says why a table is refused; the error names it.
    fn refuse(&mut self, error: &anyhow::Error) -> anyhow::Result<Option<ArrivalSummary>> {
        self.write(ReportLine { uai: None, kind: LineKind::Refused, message: format!("{error:#}") })?;
        Ok(None)
    }

    fn write(&mut self, line: ReportLine) -> std::io::Result<()> {
        writeln!(self.out, "{}", self.form.write(&line))
    }
}
