//! The report of doctor: for a person a line a check, for monitoring one JSON object and an exit code.

use std::io::Write;

use serde::Serialize;

use crate::telemetry::CheckLevel;

/// The version of the JSON object. A member that is added does not change it.
const REPORT_VERSION: u32 = 1;

/// The result of one check.
#[derive(Serialize)]
struct Check {
    check: String,
    level: CheckLevel,
    sound: bool,
    text: String,
}

/// The whole report as JSON.
#[derive(Serialize)]
struct JsonReport<'a> {
    version: u32,
    level: CheckLevel,
    /// One line for people, what is wrong first.
    summary: String,
    sound: bool,
    checks: &'a [Check],
}

/// Reports each check, and remembers the worst level.
pub struct DoctorReport<'a> {
    out: &'a mut (dyn Write + Send),
    json: bool,
    checks: Vec<Check>,
    level: CheckLevel,
}

impl<'a> DoctorReport<'a> {
    pub fn new(out: &'a mut (dyn Write + Send), json: bool) -> Self {
        Self { out, json, checks: Vec::new(), level: CheckLevel::Ok }
    }

    /// Records a check and returns its value, if the check did not fail.
    pub fn record_value<T>(&mut self, what: &str, found: anyhow::Result<(T, String)>) -> anyhow::Result<Option<T>> {
        let (value, level, text) = match found {
            Ok((value, text)) => (Some(value), CheckLevel::Ok, text),
            Err(error) => (None, CheckLevel::of_failure(&error), crate::cli::in_one_line(&error)),
        };
        self.push(what, level, text)?;
        Ok(value)
    }

    /// Records a check without a value.
    pub fn record(&mut self, what: &str, found: anyhow::Result<String>) -> anyhow::Result<()> {
        self.record_value(what, found.map(|text| ((), text)))?;
        Ok(())
    }

    /// Records that a check could not be made, on which all others depend.
    pub fn record_unknown(&mut self, what: &str, error: &anyhow::Error) -> anyhow::Result<()> {
        self.push(what, CheckLevel::Unknown, crate::cli::in_one_line(error))
    }

    fn push(&mut self, what: &str, level: CheckLevel, text: String) -> anyhow::Result<()> {
        self.level = self.level.worse(level);
        let sound = level == CheckLevel::Ok;
        if self.json {
            self.checks.push(Check { check: what.to_owned(), level, sound, text });
        } else {
            let word = if sound { "ok   " } else { "WRONG" };
            writeln!(self.out, "{word}  {what}: {text}")?;
        }
        Ok(())
    }

    /// Ends the report. Returns its level.
    pub fn finish(self) -> anyhow::Result<CheckLevel> {
        if self.json {
            let wrong: Vec<String> = self
                .checks
                .iter()
                .filter(|check| !check.sound)
                .map(|check| format!("{}: {}", check.check, check.text))
                .collect();
            let summary = match wrong.as_slice() {
                [] => format!("{} checks", self.checks.len()),
                wrong => format!("{} of {} checks: {}", wrong.len(), self.checks.len(), wrong.join("; ")),
            };
            let sound = self.level == CheckLevel::Ok;
            let whole = JsonReport { version: REPORT_VERSION, level: self.level, summary, sound, checks: &self.checks };
            writeln!(self.out, "{}", serde_json::to_string(&whole)?)?;
        }
        Ok(self.level)
    }
}
