//! Takes rows of accounts, many of them in one transaction: an import that was killed is given again, and changes nothing
//! twice.

mod known;
mod owners;
mod pending;
mod subjects;
mod taking;

use super::{ArrivalOutcome, ArrivalRow};
use crate::app::StorageOperation;
use crate::base::clock::Timestamp;
use crate::db::{DbError, Durability};

use known::KnownIdentifiants;
use taking::{RowsTaking, TakenRows};

/// The rows of one transaction: a statement for each row costs a round trip to PostgreSQL and a change of threads for
/// SQLite, and a commit for each row has SQLite write the same pages many times. SQLite's other writers wait some tens of
/// milliseconds for so many.
pub const ROWS_PER_TRANSACTION: usize = 500;

/// The maximum number of comparisons when others keep giving the same people accounts first.
const MAX_CONFLICT_ATTEMPTS: usize = 8;

/// Somebody else wrote first what the rows were compared with.
#[derive(Debug, thiserror::Error)]
#[error("somebody was given an account at the same moment: import the table again")]
struct ArrivalConflict;

/// The rows of the tables of one import: a person with keys in two places has one account.
pub struct ArrivalBatch<'a> {
    storage: StorageOperation<'a>,
    academy: &'a str,
    known: KnownIdentifiants,
}

impl<'a> ArrivalBatch<'a> {
    pub fn new(storage: StorageOperation<'a>, academy: &'a str) -> Self {
        Self { storage, academy, known: KnownIdentifiants::default() }
    }

    /// Sets the time of the rows that follow. The audit is sealed a minute after the time of its rows, and an import may
    /// take longer.
    pub fn set_time(&mut self, now: Timestamp) {
        self.storage.database.now = now;
    }

    /// Takes rows in one transaction, or says what would become of them: one after the other, as if each were alone.
    /// Returns the fate of each. A dry run forgets the rows of the calls before.
    pub async fn take(&mut self, rows: &[ArrivalRow], dry_run: bool) -> anyhow::Result<Vec<ArrivalOutcome>> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let mut tx = self.storage.write(Durability::Relaxed).await?;
            let context = (self.academy, self.storage.master_key, &self.known);
            let taken = Box::pin(RowsTaking::take_all(&mut tx, context, rows)).await;
            match taken {
                Ok(taken) if dry_run => {
                    tx.rollback().await?;
                    return Ok(taken.outcomes);
                }
                Ok(taken) => {
                    tx.commit().await?;
                    self.follow_growth().await;
                    return Ok(self.note(taken));
                }
                Err(error) if attempts < MAX_CONFLICT_ATTEMPTS && is_conflict(&error) => tx.rollback().await?,
                Err(error) => return Err(error),
            }
        }
    }

    /// Notes the identifiants of rows that are written. Returns the fates of the rows.
    fn note(&mut self, taken: TakenRows) -> Vec<ArrivalOutcome> {
        for (identifiant, account_id) in taken.known {
            let is_own = taken.accounts.get(&account_id).is_some_and(|account| account.identifiant == identifiant);
            self.known.add(identifiant, account_id, is_own);
        }
        taken.outcomes
    }

    async fn follow_growth(&self) {
        if let Err(error) = self.storage.db.follow_growth().await {
            tracing::warn!(%error, "the database does not know how many accounts it has: imports are slower");
        }
    }
}

/// True if the rows are to be compared again.
fn is_conflict(error: &anyhow::Error) -> bool {
    error.is::<ArrivalConflict>()
        || error.downcast_ref::<DbError>().is_some_and(|error| {
            // Somebody who was to be linked was erased, or another import was first.
            error.is_serialization_failure() || error.is_unique_violation() || error.is_foreign_key_violation()
        })
}
