//! What a test sign-in shows.

use super::withheld::Withheld;
use crate::protocol::error::OAuthError;

/// An exchange between the client and this server, as text.
#[derive(Clone, Debug)]
pub struct TestStep {
    pub kind: TestStepKind,
    pub request: String,
    pub answer: String,
}

/// A part of the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum TestStepKind {
    /// The request was pushed (RFC 9126).
    Pushed,
    Authorize,
    Token,
    Userinfo,
}

impl TestStepKind {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The end of a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum TestOutcome {
    /// The client got its tokens.
    Complete,
    /// The client has no address to come back to.
    NoRedirectUri,
    /// The request itself is refused.
    Refused,
    /// The person sees that the account is suspended; the client hears nothing.
    Suspended,
    /// The person sees that the client does not concern them.
    OutOfPerimeter,
}

impl TestOutcome {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The encryption of an answer.
#[derive(Clone, Debug)]
pub struct ShownEncryption {
    pub alg: &'static str,
    pub enc: &'static str,
    /// The key of the client that it is encrypted to.
    pub kid: Option<String>,
    /// False if no key was found for it: then a real answer fails.
    pub has_key: bool,
}

/// A signed answer, verified, without the end of its signature.
#[derive(Clone, Debug)]
pub struct ShownToken {
    pub header: String,
    pub claims: String,
    pub compact: String,
    /// True if the claims are what the published keys verify.
    pub is_verified: bool,
}

/// Everything that a test shows.
#[derive(Clone, Debug)]
pub struct TestSignIn {
    pub outcome: TestOutcome,
    /// The error of a refused request.
    pub error: Option<OAuthError>,
    pub steps: Vec<TestStep>,
    pub id_token: Option<ShownToken>,
    pub id_token_encryption: Option<ShownEncryption>,
    /// The claims of userinfo.
    pub userinfo: Option<String>,
    /// Userinfo as a signed answer, if the client registered one.
    pub userinfo_token: Option<ShownToken>,
    pub userinfo_encryption: Option<ShownEncryption>,
    pub withheld: Vec<Withheld>,
}

impl TestSignIn {
    pub fn ended(outcome: TestOutcome, error: Option<OAuthError>, steps: Vec<TestStep>) -> Self {
        TestSignIn {
            outcome,
            error,
            steps,
            id_token: None,
            id_token_encryption: None,
            userinfo: None,
            userinfo_token: None,
            userinfo_encryption: None,
            withheld: Vec::new(),
        }
    }
}
