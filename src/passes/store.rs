//! Rows of passes: compared and set, so that a server whose claim ran out writes nothing more.

use super::{CLAIM_TTL, DailyPass, PASS_INTERVAL};
use crate::base::clock::Timestamp;
use crate::db::{Result, Tx, UnitOfWork, args};

/// A pass that this server is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassClaim {
    pass: DailyPass,
    until: Timestamp,
    /// The place after which the next step begins; empty at the beginning.
    pub position: String,
}

/// Claims a pass that is due and that no other server is at. A pass that was cut goes on where it stood.
pub async fn claim(tx: &mut UnitOfWork<'_>, pass: DailyPass) -> Result<Option<PassClaim>> {
    let now = tx.now;
    let until = now.plus(CLAIM_TTL);
    let sql = "INSERT INTO daily_pass (name, position, claimed_until) VALUES ($1, '', $2) ON CONFLICT (name) DO UPDATE SET \
               claimed_until = excluded.claimed_until, finished_at = NULL, \
               position = CASE WHEN daily_pass.finished_at IS NULL THEN daily_pass.position ELSE '' END \
               WHERE daily_pass.claimed_until <= $3 AND (daily_pass.finished_at IS NULL OR daily_pass.finished_at <= $4) \
               RETURNING position";
    let args = args![pass.name(), until, now, now.minus(PASS_INTERVAL)];
    let row = tx.fetch_optional::<(String,)>(sql, args).await?;
    Ok(row.map(|(position,)| PassClaim { pass, until, position }))
}

/// Moves a pass on, in the transaction of the step. Returns `None` if the claim ran out and another server has it.
pub async fn advance(tx: &mut UnitOfWork<'_>, claim: &PassClaim, position: String) -> Result<Option<PassClaim>> {
    let PassClaim { pass, until, .. } = claim;
    // Never the same time as before, which is what holds the claim.
    let next = tx.now.plus(CLAIM_TTL).max(Timestamp(until.0.saturating_add(1)));
    let sql = "UPDATE daily_pass SET claimed_until = $3, position = $4 WHERE name = $1 AND claimed_until = $2";
    let is_ours = tx.execute(sql, args![pass.name(), *until, next, &position]).await? == 1;
    Ok(is_ours.then_some(PassClaim { pass: *pass, until: next, position }))
}

/// Ends a pass until tomorrow.
pub async fn finish(tx: &mut UnitOfWork<'_>, claim: &PassClaim) -> Result<()> {
    let now = tx.now;
    let sql = "UPDATE daily_pass SET claimed_until = 0, position = '', finished_at = $3 \
               WHERE name = $1 AND claimed_until = $2";
    tx.execute(sql, args![claim.pass.name(), claim.until, now]).await?;
    Ok(())
}

/// Gives a pass up where it stands: another server, or this one an hour later, goes on.
pub async fn release(tx: &mut Tx, claim: &PassClaim) -> Result<()> {
    let sql = "UPDATE daily_pass SET claimed_until = 0 WHERE name = $1 AND claimed_until = $2";
    tx.execute(sql, args![claim.pass.name(), claim.until]).await?;
    Ok(())
}
