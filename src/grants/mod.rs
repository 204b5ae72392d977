//! What a client holds of a session: its own `sid`, and a generation that kills its tokens.
//!
//! A code exchange writes nothing: tokens carry sid and generation, and are alive as long as the row says
//! the same generation and the session lives. `sid` is per session and client, or it would undo pairwise.

pub mod ops;
pub mod store;

/// A client of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionClient {
    pub session_id: String,
    pub client_id: String,
    pub sid: String,
    pub generation: i64,
}
