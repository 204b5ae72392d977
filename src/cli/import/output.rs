//! Writes the report of an import, and shows how far it is.

use std::io::{IsTerminal as _, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::base::csv::csv_field;
use crate::roster::ops::ImportProgress;
use crate::roster::report::ReportLine;

/// The form of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ReportForm {
    #[default]
    Text,
    /// With a first line of names: school, kind, message.
    Csv,
    /// One object a line.
    Json,
}

impl ReportForm {
    /// Returns the line before all others, if the form has one.
    pub fn heading(self) -> Option<&'static str> {
        (self == ReportForm::Csv).then_some("school,kind,message")
    }

    pub fn write(self, line: &ReportLine) -> String {
        let school = line.uai.as_deref();
        match self {
            ReportForm::Text => line.to_string(),
            ReportForm::Csv => {
                let fields = [school.unwrap_or_default(), line.kind.name(), &line.message];
                fields.map(csv_field).join(",")
            }
            ReportForm::Json => {
                json!({ "school": school, "kind": line.kind.name(), "message": line.message }).to_string()
            }
        }
    }
}

/// The shortest time between two lines of a log.
const MIN_LINE_INTERVAL: Duration = Duration::from_secs(10);
const BAR_CHARS: usize = 30;

/// Shows the progress on standard error: a bar on a terminal, a line every ten seconds in a log.
pub struct ProgressDisplay {
    started: Instant,
    last_line: Mutex<Instant>,
    on_terminal: bool,
}

impl ProgressDisplay {
    pub fn start() -> Self {
        let now = Instant::now();
        Self { started: now, last_line: Mutex::new(now), on_terminal: std::io::stderr().is_terminal() }
    }

    pub fn show(&self, progress: ImportProgress) {
        if progress.total < 2 {
            return;
        }
        let text = describe(progress, self.started.elapsed());
        let mut stderr = std::io::stderr().lock();
        // A progress that nobody can read is no reason to stop.
        if self.on_terminal {
            let end = if progress.done == progress.total { "\n" } else { "" };
            _ = write!(stderr, "\r{} {text}{end}", bar(progress));
            _ = stderr.flush();
        } else if let Ok(mut last) = self.last_line.lock()
            && (last.elapsed() >= MIN_LINE_INTERVAL || progress.done == progress.total)
        {
            *last = Instant::now();
            _ = writeln!(stderr, "{text}");
        }
    }
}

fn bar(progress: ImportProgress) -> String {
    let full = progress.done.saturating_mul(BAR_CHARS).checked_div(progress.total).unwrap_or_default();
    format!("[{}{}]", "#".repeat(full), ".".repeat(BAR_CHARS.saturating_sub(full)))
}

/// Returns what is done, in percent too, and the time left if the rest goes as fast.
fn describe(progress: ImportProgress, elapsed: Duration) -> String {
    let ImportProgress { done, total, is_resumed } = progress;
    let percent = done.saturating_mul(100).checked_div(total).unwrap_or_default();
    let rest = u32::try_from(total.saturating_sub(done)).unwrap_or(u32::MAX);
    let left =
        u32::try_from(done).ok().and_then(|done| elapsed.checked_div(done)).map(|each| each.saturating_mul(rest));
    let left = match left {
        Some(left) if rest > 0 => format!(", {} min {:02} s left", left.as_secs() / 60, left.as_secs() % 60),
        _ => String::new(),
    };
    let again = if is_resumed { ", after an interruption: what was taken is read again" } else { "" };
    format!("{percent} % ({done} of {total} schools){left}{again}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::report::LineKind;

    #[test]
    fn a_line_is_the_same_in_every_form() {
        let line = ReportLine {
            uai: Some("0349999J".parse().unwrap()),
            kind: LineKind::ForTheSchool,
            message: "ELEVE 1: \"=SUM\"".to_owned(),
        };
        assert_eq!(ReportForm::Text.write(&line), "0349999J: for the school: ELEVE 1: \"=SUM\"");
        assert_eq!(ReportForm::Csv.write(&line), "\"0349999J\",\"for_the_school\",\"ELEVE 1: \"\"=SUM\"\"\"");
        let json: serde_json::Value = serde_json::from_str(&ReportForm::Json.write(&line)).unwrap();
        assert_eq!(json, json!({"school": "0349999J", "kind": "for_the_school", "message": "ELEVE 1: \"=SUM\""}));
        let change = ReportLine { uai: None, kind: LineKind::Change, message: "+ ELEVE 1: new".to_owned() };
        assert_eq!(ReportForm::Csv.write(&change), "\"\",\"change\",\"'+ ELEVE 1: new\"", "no formula");
    }

    #[test]
    fn the_time_left_is_that_of_the_rest() {
        let of = |done| ImportProgress { done, total: 40, ..ImportProgress::default() };
        let at = |done, seconds| describe(of(done), Duration::from_secs(seconds));
        assert_eq!(at(0, 0), "0 % (0 of 40 schools)");
        assert_eq!(at(10, 50), "25 % (10 of 40 schools), 2 min 30 s left");
        assert_eq!(at(40, 200), "100 % (40 of 40 schools)");
        let resumed = ImportProgress { is_resumed: true, ..of(20) };
        let line = "50 % (20 of 40 schools), 1 min 00 s left, after an interruption: what was taken is read again";
        assert_eq!(describe(resumed, Duration::from_secs(60)), line);
        assert_eq!(bar(of(10)), format!("[{}{}]", "#".repeat(7), ".".repeat(23)));
    }
}
