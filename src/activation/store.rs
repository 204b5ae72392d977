//! Rows of activations.

use crate::base::clock::Timestamp;
use crate::db::{Result, Tx};

pub async fn clean(_tx: &mut Tx, _now: Timestamp) -> Result<()> {
    Ok(())
}
