//! The trial of a client: for its first days a hundred persons may sign in there, and each is told once that it is one.

use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::AccountId;
use crate::clients::Client;
use crate::clients::store::trial;
use crate::clients::trial::TrialStanding;
use crate::db::{Durability, Tx};

/// The maximum number of persons of a trial.
pub const MAX_TRIAL_PERSONS: i64 = 100;

/// Returns how a person stands in the trial of a client. Of a client that is not on trial nothing is read.
pub async fn standing(
    tx: &mut Tx,
    now: Timestamp,
    client: &Client,
    account_id: &AccountId,
) -> anyhow::Result<TrialStanding> {
    if !client.is_on_trial(now) {
        return Ok(TrialStanding::NotOnTrial);
    }
    if trial::is_in(tx, &client.id, account_id).await? {
        return Ok(TrialStanding::Entered);
    }
    Ok(match trial::count(tx, &client.id).await? < MAX_TRIAL_PERSONS {
        true => TrialStanding::Untold,
        false => TrialStanding::Full,
    })
}

/// Returns true if a person may sign in at the client: it is not on trial, or the person is one of the first. The person
/// is in the trial then, and was told.
pub async fn admit(op: &Operation<'_>, client: &Client, account_id: &AccountId) -> anyhow::Result<bool> {
    if !client.is_on_trial(op.now) {
        return Ok(true);
    }
    let mut tx = op.app.db.read().await?;
    // A full trial writes nothing, however many come.
    match standing(&mut tx, op.now, client, account_id).await? {
        TrialStanding::NotOnTrial | TrialStanding::Entered => return Ok(true),
        TrialStanding::Full => return Ok(false),
        TrialStanding::Untold => drop(tx),
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    let admitted = trial::enter(&mut tx, op.now, (&client.id, account_id), MAX_TRIAL_PERSONS).await?;
    tx.commit().await?;
    Ok(admitted)
}
