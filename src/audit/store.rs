//! Audit rows. Written, never changed.

use super::{About, Fact};
use crate::base::clock::Timestamp;
use crate::base::ids::row_id;
use crate::base::rng::Random;
use crate::db::{Result, Tx, args};

pub async fn record(tx: &mut Tx, rng: &dyn Random, now: Timestamp, fact: Fact, about: About<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO audit (id, at, fact, account_id, client_id, detail) VALUES ($1, $2, $3, $4, $5, $6)",
        args![row_id(now, rng), now, fact.name(), about.account, about.client, about.detail],
    )
    .await?;
    Ok(())
}

/// The facts of one account, oldest first: `doctor`, tests, later the help desk.
pub async fn of_account(tx: &mut Tx, account: &str) -> Result<Vec<(i64, String, String)>> {
    tx.all("SELECT at, fact, detail FROM audit WHERE account_id = $1 ORDER BY at, id LIMIT 500", args![account]).await
}
