//! Audit rows. Written, never changed.

use super::{About, Fact};
use crate::base::clock::Timestamp;
use crate::base::ids::{row_id, row_id_from};
use crate::base::rng::Random;
use crate::db::{CLEANED_AT_ONCE, Result, Tx, args};

pub async fn record(tx: &mut Tx, rng: &dyn Random, now: Timestamp, fact: Fact, about: About<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO audit (id, at, fact, account_id, client_id, detail) VALUES ($1, $2, $3, $4, $5, $6)",
        args![row_id(now, rng), now, fact.name(), about.account, about.client, about.detail],
    )
    .await?;
    Ok(())
}

/// Forgets facts from before that time. Ids begin with theirs, so this reads what it deletes.
pub async fn clean(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id < $1 ORDER BY id LIMIT $2)";
    tx.execute(sql, args![row_id_from(before), CLEANED_AT_ONCE]).await
}
