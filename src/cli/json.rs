//! The one writer of what programs read of a command: an object a line on stdout, and an error as an object on stderr.
//!
//! A thing that the Admin API has too has the same members here: the function that makes its answers makes the line. This
//! module must not know any command.

use std::io::Write;

use serde::Serialize;

use crate::base::clock::Timestamp;

/// The flag of every command that a program reads.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct JsonFlag {
    /// Prints JSON, an object a line, times in RFC 3339; an error is an object on stderr.
    #[arg(long)]
    pub json: bool,
}

/// The word of the flag, by which a command line that is not understood is answered too.
pub const JSON_WORD: &str = "--json";

/// The reason for which a command did not end well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandFailure {
    /// It was understood and could not be done.
    Failed,
    /// The command line was not understood.
    Usage,
}

/// The error of a command.
#[derive(Serialize)]
struct ErrorLine<'a> {
    error: CommandFailure,
    message: &'a str,
    exit_code: u8,
}

/// Writes a line.
pub fn write_line(out: &mut (dyn Write + Send), value: &impl Serialize) -> anyhow::Result<()> {
    Ok(writeln!(out, "{}", serde_json::to_string(value)?)?)
}

/// Returns the line of an error.
pub fn error_line(error: CommandFailure, message: &str, exit_code: u8) -> String {
    serde_json::to_string(&ErrorLine { error, message, exit_code }).unwrap_or_default()
}

/// Returns a time as the Admin API has it.
pub fn time(at: Timestamp) -> serde_json::Value {
    crate::admin_api::shapes::time(at)
}

/// Returns a time that may be missing.
pub fn maybe_time(at: Option<Timestamp>) -> serde_json::Value {
    crate::admin_api::shapes::maybe_time(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_one_line_with_its_exit_code() {
        let line = error_line(CommandFailure::Usage, "no \"such\"\ncommand", 2);
        assert_eq!(line, r#"{"error":"usage","message":"no \"such\"\ncommand","exit_code":2}"#);
        let mut out: Vec<u8> = Vec::new();
        write_line(&mut out, &time(Timestamp(1_790_000_000_500))).unwrap();
        assert_eq!(out, b"\"2026-09-21T14:13:20Z\"\n");
    }
}
