//! Draws and closes secrets of a relying party, by roles that are read again in the same transaction.

use secrecy::SecretString;

use super::ServiceFile;
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::app::Operation;
use crate::base::clock::Span;
use crate::clients::ops::lifecycle::LifecycleError;
use crate::clients::ops::secrets::{self, SecretRotation};
use crate::clients::store::secrets as rows;
use crate::db::{Durability, UnitOfWork};

/// The outcome of an act on secrets.
#[derive(Debug)]
pub enum SecretOutcome {
    /// The secret, shown once.
    Drawn(SecretString),
    Closed,
    /// Two are taken already: one is closed first, or none overlaps.
    TwoSecrets,
    /// A client that signs with its secret has one at a time.
    NoOverlap,
    /// It has no secret that is changed here.
    NoSecret,
    /// This form drew one already, and it was shown.
    Shown,
    Changed,
    NotPermitted,
}

/// Draws a secret; the former one is taken for `overlap`. `version` is what the form was shown with: posted twice, it
/// draws one.
pub async fn draw(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    file: &ServiceFile,
    (overlap, version): (Span, i64),
) -> anyhow::Result<SecretOutcome> {
    let Some(mut tx) = begin(op, on_duty, file).await? else { return Ok(SecretOutcome::NotPermitted) };
    let id = file.record.client.id.as_str();
    let rotation = SecretRotation { overlap, version: Some(version) };
    let outcome = match secrets::rotate_in(&mut tx, &op.app.master_key, id, rotation).await {
        Ok(secret) => SecretOutcome::Drawn(secret),
        Err(LifecycleError::Changed(_)) => {
            let newest = rows::list(&mut tx, id).await?.into_iter().next();
            let own = newest.is_some_and(|row| row.drawn_by.as_deref() == Some(on_duty.administrator.id.as_str()));
            if own { SecretOutcome::Shown } else { SecretOutcome::Changed }
        }
        Err(error) => refusal(error)?,
    };
    finish(tx, outcome).await
}

/// Closes the former secret before its end.
pub async fn close_former(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    file: &ServiceFile,
    version: i64,
) -> anyhow::Result<SecretOutcome> {
    let Some(mut tx) = begin(op, on_duty, file).await? else { return Ok(SecretOutcome::NotPermitted) };
    let id = file.record.client.id.as_str();
    let outcome = match secrets::close_former_in(&mut tx, id, Some(version)).await {
        // Posted twice, the answer is the same.
        Ok(()) | Err(LifecycleError::NoFormerSecret(_)) => SecretOutcome::Closed,
        Err(LifecycleError::Changed(_)) if !has_former(file, op) => SecretOutcome::Closed,
        Err(error) => refusal(error)?,
    };
    finish(tx, outcome).await
}

fn has_former(file: &ServiceFile, op: &Operation<'_>) -> bool {
    file.record.client.previous_secret.as_ref().is_some_and(|(_, until)| op.now < *until)
}

async fn begin<'a>(
    op: &'a Operation<'_>,
    on_duty: &OnDuty,
    file: &ServiceFile,
) -> anyhow::Result<Option<UnitOfWork<'a>>> {
    let mut tx = op.write(Durability::Durable).await?;
    let act = AdminAct::DrawSecret;
    let Some(grant) = on_duty.permitted_everywhere(&mut tx, act, &file.named).await? else {
        tx.rollback().await?;
        return Ok(None);
    };
    tx.actor = on_duty.actor(Some(&grant));
    Ok(Some(tx))
}

fn refusal(error: LifecycleError) -> anyhow::Result<SecretOutcome> {
    Ok(match error {
        LifecycleError::TwoSecrets(_) => SecretOutcome::TwoSecrets,
        LifecycleError::NoOverlap(_) => SecretOutcome::NoOverlap,
        LifecycleError::NoSecret(..) | LifecycleError::FileDecides(_) | LifecycleError::State(..) => {
            SecretOutcome::NoSecret
        }
        LifecycleError::Changed(_) | LifecycleError::Unknown(_) => SecretOutcome::Changed,
        other => return Err(other.into()),
    })
}

async fn finish(tx: UnitOfWork<'_>, outcome: SecretOutcome) -> anyhow::Result<SecretOutcome> {
    match outcome {
        SecretOutcome::Drawn(_) | SecretOutcome::Closed => tx.commit().await?,
        _ => tx.rollback().await?,
    }
    Ok(outcome)
}
