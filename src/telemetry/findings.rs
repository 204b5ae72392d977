//! What a check of this deployment finds, for `preau doctor`, for monitoring and for the operator's page.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::Mutex;

use crate::base::clock::{Span, Timestamp};

/// The level of a check or of a whole report, as Nagios has them.
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

    pub fn name(self) -> &'static str {
        match self {
            CheckLevel::Ok => "ok",
            CheckLevel::Warning => "warning",
            CheckLevel::Critical => "critical",
            CheckLevel::Unknown => "unknown",
        }
    }

    /// Returns the worse of two levels.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        let rank = |level| match level {
            CheckLevel::Ok => 0,
            CheckLevel::Warning => 1,
            CheckLevel::Unknown => 2,
            CheckLevel::Critical => 3,
        };
        if rank(other) > rank(self) { other } else { self }
    }

    /// Returns the level of a check that failed.
    pub fn of_failure(error: &anyhow::Error) -> Self {
        match error.downcast_ref::<KeepsNobodyOut>() {
            Some(_) => CheckLevel::Warning,
            None => CheckLevel::Critical,
        }
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

/// The result of a check of the running server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The name of the check, which `preau doctor` has too.
    pub check: &'static str,
    /// The thing that was checked, where there are several of its kind.
    pub subject: String,
    pub level: CheckLevel,
    /// In words for operators, in English.
    pub text: String,
}

/// The findings of the running server and their time, kept so that pages cause no more checks than one a minute.
#[derive(Debug, Default)]
pub struct KeptFindings(Mutex<Option<(Timestamp, Arc<Vec<Finding>>)>>);

/// The time for which findings are not renewed.
pub const FINDINGS_TTL: Span = Span::minutes(1);

impl KeptFindings {
    /// Returns the findings with the time of their checks; checks again if they are old. Whoever comes meanwhile waits for
    /// the same checks.
    pub async fn get_or_check(
        &self,
        now: Timestamp,
        check: impl Future<Output = Vec<Finding>>,
    ) -> (Timestamp, Arc<Vec<Finding>>) {
        let mut kept = self.0.lock().await;
        if let Some((at, findings)) = kept.as_ref().filter(|(at, _)| (Span(0)..FINDINGS_TTL).contains(&now.since(*at)))
        {
            return (*at, Arc::clone(findings));
        }
        let findings = Arc::new(check.await);
        *kept = Some((now, Arc::clone(&findings)));
        (now, findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn findings_are_made_once_a_minute() {
        let kept = KeptFindings::default();
        let at = Timestamp::from_seconds;
        let made = |text: &str| {
            vec![Finding { check: "clock", subject: String::new(), level: CheckLevel::Ok, text: text.to_owned() }]
        };
        for (now, text, found, checked) in [
            (100, "first", "first", 100),
            (159, "second", "first", 100),
            (160, "third", "third", 160),
            // A clock that was set back.
            (10, "fourth", "fourth", 10),
        ] {
            let (when, findings) = kept.get_or_check(at(now), async { made(text) }).await;
            assert_eq!((when, findings[0].text.as_str()), (at(checked), found), "{now}");
        }
    }

    #[test]
    fn the_worst_level_wins_and_what_keeps_nobody_out_is_a_warning() {
        let all = [CheckLevel::Ok, CheckLevel::Warning, CheckLevel::Unknown, CheckLevel::Critical];
        for (n, level) in all.into_iter().enumerate() {
            for other in &all[..=n] {
                assert_eq!((level.worse(*other), other.worse(level)), (level, level));
            }
        }
        let error = anyhow::anyhow!("late");
        assert_eq!(CheckLevel::of_failure(&error), CheckLevel::Critical);
        assert_eq!(CheckLevel::of_failure(&error.context(KeepsNobodyOut)), CheckLevel::Warning);
    }
}
