//! Suspends and resumes a relying party, by roles that are read again in the same transaction.

use super::ServiceFile;
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::{AdminAct, AdminRole};
use crate::app::Operation;
use crate::client_admin::store;
use crate::clients::ops::lifecycle::{self, Decision, DecisionGrounds, LifecycleError};
use crate::db::Durability;

/// The maximum length of a reason, in characters.
pub const MAX_REASON_CHARS: usize = 300;

/// The outcome of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionOutcome {
    Done,
    /// It stands so already.
    NothingToDo,
    NoReason,
    /// The role ended meanwhile, or never reached the whole perimeter.
    NotPermitted,
    /// It was changed since it was looked at.
    Changed,
}

/// Returns the trimmed reason; `None` if it is empty or too long.
pub fn stated(reason: &str) -> Option<&str> {
    let reason = reason.trim();
    (!reason.is_empty() && reason.chars().count() <= MAX_REASON_CHARS).then_some(reason)
}

/// Suspends or resumes. Nothing of a suspended relying party counts from the next request on, on every server: each
/// reads its row.
pub async fn suspend_or_resume(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    file: &ServiceFile,
    (decision, reason): (Decision, &str),
) -> anyhow::Result<DecisionOutcome> {
    let Some(reason) = stated(reason) else { return Ok(DecisionOutcome::NoReason) };
    let mut tx = op.write(Durability::Durable).await?;
    let act = AdminAct::SuspendClient;
    let Some(grant) = on_duty.permitted_everywhere(&mut tx, act, &file.named).await? else {
        tx.rollback().await?;
        return Ok(DecisionOutcome::NotPermitted);
    };
    // What somebody above suspended, somebody above resumes.
    if decision == Decision::Resume && grant.role != AdminRole::National {
        let by = store::find_suspending_role(&mut tx, &file.record.client.id).await?;
        if by.as_deref() != Some(grant.name().as_str()) {
            tx.rollback().await?;
            return Ok(DecisionOutcome::NotPermitted);
        }
    }
    tx.actor = on_duty.actor(Some(&grant));
    // The places are those of the version that was read.
    let grounds = DecisionGrounds { reason: Some(reason), version: Some(file.record.version) };
    let outcome = match lifecycle::decide_in(&mut tx, &file.record.client.id, decision, grounds).await {
        Ok(_) => DecisionOutcome::Done,
        Err(LifecycleError::State(..)) => DecisionOutcome::NothingToDo,
        Err(LifecycleError::Changed(_) | LifecycleError::Unknown(_)) => DecisionOutcome::Changed,
        Err(error) => return Err(error.into()),
    };
    match outcome {
        DecisionOutcome::Done => tx.commit().await?,
        _ => tx.rollback().await?,
    }
    Ok(outcome)
}
