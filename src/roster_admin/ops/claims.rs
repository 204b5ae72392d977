//! The claim of a server on an upload: taken for some minutes, and renewed while the work goes on.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::app::Operation;
use crate::base::clock::{Clock, Span};
use crate::db::{Db, Durability};
use crate::roster_admin::store::{self, UploadClaim};

/// The time for which an upload is claimed.
const CLAIM_TTL: Span = Span::minutes(10);
/// The interval at which a claim is renewed.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(120);

/// Claims the next upload.
pub async fn claim_next(op: &Operation<'_>) -> anyhow::Result<Option<UploadClaim>> {
    if !store::has_work(&mut op.app.db.read().await?, op.now).await? {
        return Ok(None);
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    let claim = store::claim(&mut tx, op.now.plus(CLAIM_TTL)).await?;
    match claim {
        Some(_) => tx.commit().await?,
        None => tx.rollback().await?,
    }
    Ok(claim)
}

/// Renews a claim from now on. Returns false if it is lost.
pub async fn renew_claim(db: &Db, clock: &dyn Clock, claim: &UploadClaim) -> anyhow::Result<bool> {
    let mut tx = db.write(Durability::Relaxed).await?;
    let holds = store::renew(&mut tx, claim, clock.now().plus(CLAIM_TTL)).await?;
    tx.commit().await?;
    Ok(holds)
}

/// Renews a claim for as long as it is held; ends when it is lost. A failure is tried again: a claim lasts longer than
/// several intervals. Runs as a task of its own, because the work beside it writes too.
async fn keep_claim(db: Db, clock: Arc<dyn Clock>, claim: UploadClaim) {
    loop {
        tokio::time::sleep(RENEWAL_INTERVAL).await;
        match renew_claim(&db, clock.as_ref(), &claim).await {
            Ok(true) => {}
            Ok(false) => {
                return tracing::warn!(upload = claim.id, "an upload that was claimed here is another server's");
            }
            Err(error) => tracing::warn!(error = format!("{error:#}"), "the claim of an upload was not renewed"),
        }
    }
}

/// Keeps a claim until it is dropped; yields when the claim is lost.
pub fn hold_claim(op: &Operation<'_>, claim: &UploadClaim) -> JoinSet<()> {
    let mut holding = JoinSet::new();
    holding.spawn(keep_claim(op.app.db.clone(), Arc::clone(&op.app.clock), claim.clone()));
    holding
}
