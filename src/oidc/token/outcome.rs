//! What a grant gives: tokens, or a denial.

use serde::Serialize;

use crate::protocol::error::OAuthError;

/// RFC 6749 5.1, OIDCC 3.1.3.3.
#[derive(Debug, Serialize)]
pub struct Tokens {
    pub access_token: String,
    pub token_type: &'static str,
    pub expires_in: i64,
    pub scope: String,
    pub id_token: String,
}

/// What a grant gives. A denial is kept (counted, revoked) and told; an `Err` beside it is our fault.
pub enum Exchanged {
    Tokens(Box<Tokens>),
    Denied(OAuthError),
}
