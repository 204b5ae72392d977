//! The problems of the Admin API (RFC 9457): stable codes, each with its status. Their sentences are messages.

use serde_json::{Map, Value};

use crate::base::clock::Timestamp;

/// The code of a problem. A code never changes its sense.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr, strum::EnumIter, strum::EnumString,
)]
#[strum(serialize_all = "snake_case")]
pub enum ProblemCode {
    TokenInQuery,
    UnknownParameter,
    BadParameter,
    BadCursor,
    BadJson,
    BadIdempotencyKey,
    MissingToken,
    InvalidToken,
    InsufficientScope,
    /// Not there, or outside the territory.
    NotFound,
    MethodNotAllowed,
    /// The same request is under way.
    InProgress,
    /// A request with this key broke off; nobody knows how far it came.
    OutcomeUnknown,
    /// The secret was shown once.
    SecretShown,
    TwoSecrets,
    NothingToDo,
    AnotherWaits,
    FileDecides,
    NotOpen,
    /// A person decides on this, in the console.
    PersonDecides,
    /// It is no more the last, or its term is over.
    TooLate,
    /// The deployment sends no reminders.
    RemindersOff,
    /// The campaign is not open, or closes within hours.
    CampaignNotOpen,
    /// The SMS, or the mails, of the school's budget are used up.
    OverBudget,
    /// An order of the school by mail goes on.
    RemindersUnderWay,
    /// The files that wait for a decision are so many that no more are kept.
    UploadsFull,
    Changed,
    TooLarge,
    JsonExpected,
    /// The body is no form with files.
    FilesExpected,
    UnknownField,
    MissingField,
    BadValue,
    BadChecks,
    /// A file is none that is read: `fault` says why.
    BadFiles,
    IdempotencyKeyReused,
    NoSecret,
    NoOverlap,
    VersionRequired,
    TooManyRequests,
    TooManyWrongTokens,
    TooManyChecks,
    TooManyDrafts,
    TooManyOfDay,
    /// The people of the hour were read with this token.
    TooManyPersons,
    Internal,
    Busy,
}

impl ProblemCode {
    pub fn name(self) -> &'static str {
        self.into()
    }

    pub fn status(self) -> u16 {
        use ProblemCode as Code;
        match self {
            Code::TokenInQuery
            | Code::UnknownParameter
            | Code::BadParameter
            | Code::BadCursor
            | Code::BadJson
            | Code::BadIdempotencyKey => 400,
            Code::MissingToken | Code::InvalidToken => 401,
            Code::InsufficientScope => 403,
            Code::NotFound => 404,
            Code::MethodNotAllowed => 405,
            Code::InProgress
            | Code::OutcomeUnknown
            | Code::SecretShown
            | Code::TwoSecrets
            | Code::NothingToDo
            | Code::AnotherWaits
            | Code::FileDecides
            | Code::NotOpen
            | Code::PersonDecides
            | Code::TooLate
            | Code::RemindersOff
            | Code::CampaignNotOpen
            | Code::OverBudget
            | Code::RemindersUnderWay
            | Code::UploadsFull => 409,
            Code::Changed => 412,
            Code::TooLarge => 413,
            Code::JsonExpected | Code::FilesExpected => 415,
            Code::UnknownField
            | Code::MissingField
            | Code::BadValue
            | Code::BadChecks
            | Code::BadFiles
            | Code::IdempotencyKeyReused
            | Code::NoSecret
            | Code::NoOverlap => 422,
            Code::VersionRequired => 428,
            Code::TooManyRequests
            | Code::TooManyWrongTokens
            | Code::TooManyChecks
            | Code::TooManyDrafts
            | Code::TooManyOfDay
            | Code::TooManyPersons => 429,
            Code::Internal => 500,
            Code::Busy => 503,
        }
    }
}

/// A refusal, with what a program needs to mend its request.
#[derive(Clone, Debug)]
pub struct ApiRefusal {
    pub code: ProblemCode,
    pub retry_at: Option<Timestamp>,
    /// The members of the answer beside title, status and code: `field`, the parameter or the member that it is about;
    /// `nearest`, the known name that is nearest to an unknown one; and others.
    pub members: Map<String, Value>,
}

impl From<ProblemCode> for ApiRefusal {
    fn from(code: ProblemCode) -> Self {
        ApiRefusal { code, retry_at: None, members: Map::new() }
    }
}

impl ApiRefusal {
    /// Names the parameter or the member.
    pub fn of_field(code: ProblemCode, field: &str) -> Self {
        ApiRefusal::from(code).with("field", Value::from(field))
    }

    /// Names an unknown parameter or member, and the known one that is nearest to it.
    pub fn unknown(code: ProblemCode, name: &str, known: &[&str]) -> Self {
        let scored = known.iter().map(|one| (strsim::jaro_winkler(one, name), *one));
        let nearest = scored.filter(|(score, _)| *score > 0.7).max_by(|a, b| a.0.total_cmp(&b.0));
        let shown: String = name.chars().take(60).filter(|c| !c.is_control()).collect();
        let refusal = Self::of_field(code, &shown);
        match nearest {
            Some((_, one)) => refusal.with("nearest", Value::from(one)),
            None => refusal,
        }
    }

    /// Says when the same request may be made again.
    #[must_use]
    pub fn until(self, at: Timestamp) -> Self {
        ApiRefusal { retry_at: Some(at), ..self }
    }

    /// Adds a member to the answer.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;

    #[test]
    fn every_problem_is_a_refusal_or_a_failure_and_a_slip_finds_the_nearest_name() {
        for code in ProblemCode::iter() {
            assert!((400..600).contains(&code.status()), "{code:?}");
        }
        let refusal = ApiRefusal::unknown(ProblemCode::UnknownField, "reasn", &["reason", "kind"]);
        assert_eq!((refusal.members.len(), &refusal.members["nearest"]), (2, &Value::from("reason")));
        let refusal = ApiRefusal::unknown(ProblemCode::UnknownField, "\u{0}zzzz", &["reason", "kind"]);
        assert_eq!((refusal.members.len(), &refusal.members["field"]), (1, &Value::from("zzzz")));
    }
}
