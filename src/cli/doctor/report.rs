//! The report of doctor: for a person a line a check, for monitoring one JSON object and an exit code.

use std::fmt;
use std::io::Write;

use serde::Serialize;

/// The version of the JSON object. A member that is added does not change it.
const REPORT_VERSION: u32 = 1;

/// The level of a check or of the whole report, as Nagios has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckLevel {
    Ok,
    /// Nobody is kept out yet.
    Warning,
    Critical,
    /// Something could not be checked: the configuration cannot be read, or a check ended early.
    Unknown,
}

impl CheckLevel {
    /// Returns the exit code of a Nagios plugin.
    pub fn exit_code(self) -> u8 {
        match self {
            CheckLevel::Ok => 0,
            CheckLevel::Warning => 1,
            CheckLevel::Critical => 2,
            CheckLevel::Unknown => 3,
        }
    }

    fn worse(self, other: Self) -> Self {
        let rank = |level| match level {
            CheckLevel::Ok => 0,
            CheckLevel::Warning => 1,
            CheckLevel::Unknown => 2,
            CheckLevel::Critical => 3,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

/// Marks the error of a check that keeps nobody out yet, as a context without words.
#[derive(Debug)]
pub struct KeepsNobodyOut;

impl fmt::Display for KeepsNobodyOut {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

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
            Err(error) => {
                let minor = error.downcast_ref::<KeepsNobodyOut>().is_some();
                let level = if minor { CheckLevel::Warning } else { CheckLevel::Critical };
                (None, level, crate::cli::in_one_line(&error))
            }
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
