//! A write transaction together with its time, randomness and actor.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Result, Tx};
use crate::base::actor::Actor;
use crate::base::clock::Timestamp;
use crate::base::rng::Random;

/// The write transaction of one operation. Dereferences to [`Tx`], so that stores take the unit of work as a
/// transaction; an audit event takes the time and the actor from the unit of work, and so cannot lack them.
pub struct UnitOfWork<'a> {
    pub tx: Tx,
    pub now: Timestamp,
    pub rng: &'a dyn Random,
    pub actor: Actor,
    /// The id of the request in the log, if the operation belongs to a request.
    pub request_id: Option<String>,
    /// Set before the commit: whether one that broke off holds, nobody knows.
    pub commits: Option<&'a AtomicBool>,
}

impl UnitOfWork<'_> {
    /// Commits the transaction.
    pub async fn commit(self) -> Result<()> {
        if let Some(commits) = self.commits {
            commits.store(true, Ordering::Relaxed);
        }
        self.tx.commit().await
    }

    /// Rolls back the transaction.
    pub async fn rollback(self) -> Result<()> {
        self.tx.rollback().await
    }
}

impl Deref for UnitOfWork<'_> {
    type Target = Tx;
    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl DerefMut for UnitOfWork<'_> {
    fn deref_mut(&mut self) -> &mut Tx {
        &mut self.tx
    }
}
