//! Rows of client secrets: when each was drawn, served last, and is taken until.

use crate::base::clock::Timestamp;
use crate::db::{FromRow, Result, Tx, args};

/// The row of a secret.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct ClientSecretRow {
    pub digest: String,
    /// `None` for a secret that was there before these rows.
    pub drawn_at: Option<i64>,
    /// The id of the administrator or operator.
    pub drawn_by: Option<String>,
    pub last_used_at: Option<i64>,
    pub closes_at: Option<i64>,
    pub closed_at: Option<i64>,
}

/// Lists the secrets of a client that were not closed, the newest first.
pub async fn list(tx: &mut Tx, client_id: &str) -> Result<Vec<ClientSecretRow>> {
    let sql = "SELECT digest, drawn_at, drawn_by, last_used_at, closes_at, closed_at FROM client_secret \
               WHERE client_id = $1 AND closed_at IS NULL ORDER BY COALESCE(drawn_at, 0) DESC, digest LIMIT 20";
    tx.fetch_all(sql, args![client_id]).await
}

/// Inserts a secret that was drawn, and closes the others: `former` at the given time, the rest now.
pub async fn insert(
    tx: &mut Tx,
    now: Timestamp,
    (client_id, digest): (&str, &str),
    drawn_by: Option<&str>,
    former: Option<(&str, Timestamp)>,
) -> Result<()> {
    if let Some((former, until)) = former {
        let sql = "INSERT INTO client_secret (client_id, digest, closes_at) VALUES ($1, $2, $3) \
                   ON CONFLICT (client_id, digest) DO UPDATE SET closes_at = excluded.closes_at";
        tx.execute(sql, args![client_id, former, until]).await?;
    }
    let sql = "UPDATE client_secret SET closed_at = $2 WHERE client_id = $1 AND closed_at IS NULL AND digest <> $3";
    tx.execute(sql, args![client_id, now, former.map_or("", |(kept, _)| kept)]).await?;
    let sql = "INSERT INTO client_secret (client_id, digest, drawn_at, drawn_by) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (client_id, digest) DO NOTHING";
    tx.execute(sql, args![client_id, digest, now, drawn_by]).await?;
    Ok(())
}

/// Closes a secret.
pub async fn close(tx: &mut Tx, now: Timestamp, client_id: &str, digest: &str) -> Result<()> {
    let sql = "INSERT INTO client_secret (client_id, digest, closed_at) VALUES ($1, $2, $3) \
               ON CONFLICT (client_id, digest) DO UPDATE SET closed_at = excluded.closed_at";
    tx.execute(sql, args![client_id, digest, now]).await?;
    Ok(())
}

/// Closes the secrets that the client's row takes no longer.
pub async fn close_dropped(tx: &mut Tx, now: Timestamp, client_id: &str) -> Result<()> {
    let sql = "UPDATE client_secret SET closed_at = $2 WHERE client_id = $1 AND closed_at IS NULL AND NOT EXISTS \
               (SELECT 1 FROM client WHERE client.client_id = $1 AND (client.secret_digest = client_secret.digest \
               OR client.secret_digest_2 = client_secret.digest))";
    tx.execute(sql, args![client_id, now]).await?;
    Ok(())
}

/// Records the last use of a secret; one that was there before these rows gets its row so.
pub async fn record_use(tx: &mut Tx, client_id: &str, digest: &str, at: Timestamp) -> Result<()> {
    // A use is written up to a minute late: the secret may be closed since, and a row of it would open it again.
    let sql = "INSERT INTO client_secret (client_id, digest, last_used_at) SELECT $1, $2, $3 FROM client \
               WHERE client_id = $1 AND (secret_digest = $2 OR secret_digest_2 = $2) \
               ON CONFLICT (client_id, digest) DO UPDATE SET last_used_at = excluded.last_used_at \
               WHERE client_secret.last_used_at IS NULL OR client_secret.last_used_at < excluded.last_used_at";
    tx.execute(sql, args![client_id, digest, at]).await?;
    Ok(())
}
