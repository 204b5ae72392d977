//! Takes a batch of letters back: they were lost on the way, or printed for the wrong class or reason.
//!
//! Nobody reads a draft first, as for other acts on many: a batch never grows, so that what ends is what the page showed,
//! or less. A batch is taken back once; whoever asks again gets the same answer.

use super::find_place;
use super::letters::stated;
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::Place;
use crate::app::{DatabaseOperation, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::ids::is_id;
use crate::db::{Durability, UnitOfWork};
use crate::letters;
use crate::recovery::{self, RecoveryOutcome};
use crate::roster::store::locks;
use crate::school_admin::store;
use crate::school_admin::store::letters::LetterBatchRow;

/// A batch that somebody opens, with the places at one of which a role must permit it.
#[derive(Clone, Debug)]
pub struct LetterBatchFile {
    pub batch: LetterBatchRow,
    pub places: Vec<Place>,
}

/// Finds a batch, whoever asks.
pub async fn find_batch(op: &Operation<'_>, id: &str) -> anyhow::Result<Option<LetterBatchFile>> {
    let mut tx = op.app.db.read().await?;
    let Some(batch) = store::letters::find(&mut tx, op.now, id).await? else { return Ok(None) };
    let Some((_, whole)) = find_place(&mut tx, &batch.uai).await? else { return Ok(None) };
    let mut places = vec![whole.clone()];
    if batch.part == "class" {
        places.push(Place { class: Some(batch.class.clone()), ..whole });
    }
    Ok(Some(LetterBatchFile { batch, places }))
}

/// The outcome of an administrator's withdrawal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchWithdrawal {
    /// The batch is taken back: by this call, or before.
    Done,
    NoReason,
    /// No letter of the batch serves, and none was taken back.
    Nothing,
    /// The role ended meanwhile, or never permitted it.
    NotPermitted,
}

/// Takes a batch back, by a role that is read again in the same transaction. Whoever may print a batch may take it back.
pub async fn withdraw_batch(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    file: &LetterBatchFile,
    reason: &str,
) -> anyhow::Result<BatchWithdrawal> {
    let Some(reason) = stated(reason) else { return Ok(BatchWithdrawal::NoReason) };
    let mut tx = op.write(Durability::Durable).await?;
    let Some(grant) = on_duty.permitted(&mut tx, AdminAct::PrintLetters, &file.places).await? else {
        tx.rollback().await?;
        return Ok(BatchWithdrawal::NotPermitted);
    };
    tx.actor = on_duty.actor(Some(&grant));
    if !withdraw_in(&mut tx, &file.batch, reason).await? {
        tx.rollback().await?;
        return Ok(BatchWithdrawal::Nothing);
    }
    tx.commit().await?;
    Ok(BatchWithdrawal::Done)
}

/// The refusal of an operator's withdrawal: nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchWithdrawalError {
    #[error("there is no batch {0}: `preau letters batches` lists them")]
    Unknown(String),
    #[error("no letter of batch {0} serves any more")]
    Nothing(String),
    #[error("the reason is empty, or longer than 300 characters: the audit names it")]
    NoReason,
}

/// Takes a batch back, for the operator. Returns it as it is from then on.
pub async fn withdraw_batch_by_command(
    op: DatabaseOperation<'_>,
    id: &str,
    reason: &str,
) -> anyhow::Result<LetterBatchRow> {
    let unknown = || BatchWithdrawalError::Unknown(id.to_owned());
    let reason = stated(reason).ok_or(BatchWithdrawalError::NoReason)?;
    if !is_id(id, 32) {
        return Err(unknown().into());
    }
    let mut tx = op.write(Durability::Durable).await?;
    let batch = store::letters::find(&mut tx, op.now, id).await?.ok_or_else(unknown)?;
    if !withdraw_in(&mut tx, &batch, reason).await? {
        return Err(BatchWithdrawalError::Nothing(id.to_owned()).into());
    }
    let batch = store::letters::find(&mut tx, op.now, id).await?.ok_or_else(unknown)?;
    tx.commit().await?;
    Ok(batch)
}

/// Ends the letters of a batch that still serve, in the caller's transaction. A browser that typed such a code goes no
/// further; letters that were used stay used. Returns true if the batch is taken back, also by an earlier call; after false
/// the caller rolls back.
async fn withdraw_in(tx: &mut UnitOfWork<'_>, batch: &LetterBatchRow, reason: &str) -> anyhow::Result<bool> {
    if !store::letters::mark_withdrawn(tx, &batch.id).await? {
        return Ok(true);
    }
    // The accounts first, like whoever prints for them or uses such a letter: of two, one waits for the other.
    let account_ids = letters::store::list_accounts_of_batch(tx, &batch.id).await?;
    locks::lock_accounts(tx, &account_ids.iter().collect::<Vec<_>>()).await?;
    let ended = letters::store::withdraw_batch(tx, &batch.id).await?;
    if ended == 0 {
        return Ok(false);
    }
    recovery::store::end_of_batch(tx, &batch.id, &RecoveryOutcome::LetterWithdrawn).await?;
    store::letters::set_letters_withdrawn(tx, &batch.id, i64::try_from(ended)?).await?;
    let before = ended.to_string();
    let about = AuditDetails {
        uai: Some(&batch.uai),
        detail: &batch.id,
        reason: Some(reason),
        before: Some(&before),
        after: Some("0"),
        ..AuditDetails::default()
    };
    audit::store::record(tx, AuditEvent::LetterBatchWithdrawn, about).await?;
    Ok(true)
}
