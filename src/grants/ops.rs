//! What of a session's grants happens with the session.

use super::store;
use crate::base::clock::Timestamp;
use crate::db::{Result, Tx};

/// A session ends: by a sign-out, a new password, somebody else's sign-in. Its tokens die with it, because whoever
/// looks at one looks at its session; what has rows of its own is ended here.
pub async fn end_session(_tx: &mut Tx, _now: Timestamp, _session_id: &str) -> Result<()> {
    Ok(())
}

/// The same person signed in again in the same browser: what the clients hold goes on in the new session, under the
/// same `sid` and generation. What names a session in rows of its own moves here too.
pub async fn move_session(tx: &mut Tx, from: &str, to: &str) -> Result<()> {
    store::move_clients(tx, from, to).await
}
