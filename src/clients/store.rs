//! Rows of relying parties.

pub mod logo;

use super::{Client, ClientState, Metadata};
use crate::base::clock::Timestamp;
use crate::db::{Error, FromRow, Result, Tx, args};

#[derive(FromRow)]
struct Row {
    client_id: String,
    state: String,
    metadata: String,
    secret_digest: Option<String>,
}

impl TryFrom<Row> for Client {
    type Error = Error;
    fn try_from(r: Row) -> Result<Client> {
        let bad = |column| Error::Inconsistent { table: "client", column, row: r.client_id.clone() };
        let state = ClientState::from_name(&r.state).ok_or_else(|| bad("state"))?;
        let meta: Metadata = serde_json::from_str(&r.metadata).map_err(|_| bad("metadata"))?;
        Ok(Client { id: r.client_id, state, meta, secret_digest: r.secret_digest })
    }
}

pub async fn find(tx: &mut Tx, client_id: &str) -> Result<Option<Client>> {
    let sql = "SELECT client_id, state, metadata, secret_digest FROM client WHERE client_id = $1";
    tx.optional::<Row>(sql, args![client_id]).await?.map(Client::try_from).transpose()
}

/// Writes what a file says. A suspension is an administrator's and stays; a file that came back counts again.
pub async fn put_from_file(
    tx: &mut Tx,
    now: Timestamp,
    id: &str,
    metadata: &str,
    secret_digest: Option<&str>,
) -> Result<()> {
    tx.execute(
        "INSERT INTO client (client_id, origin, state, metadata, secret_digest, updated_at) \
         VALUES ($1, 'file', 'active', $2, $3, $4) \
         ON CONFLICT (client_id) DO UPDATE SET metadata = excluded.metadata, secret_digest = excluded.secret_digest, \
         updated_at = excluded.updated_at, state = CASE WHEN client.state = 'gone' THEN 'active' ELSE client.state END",
        args![id, metadata, secret_digest, now],
    )
    .await?;
    Ok(())
}

/// The clients that came from files, whatever their state.
pub async fn ids_from_files(tx: &mut Tx) -> Result<Vec<String>> {
    let rows = tx.all::<(String,)>("SELECT client_id FROM client WHERE origin = 'file'", args![]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

pub async fn set_gone(tx: &mut Tx, now: Timestamp, id: &str) -> Result<()> {
    tx.execute(
        "UPDATE client SET state = 'gone', updated_at = $2 WHERE client_id = $1 AND state = 'active'",
        args![id, now],
    )
    .await?;
    Ok(())
}

/// Names of clients, for pages that say what stays open.
pub async fn names(tx: &mut Tx, ids: &[String]) -> Result<Vec<String>> {
    let mut out = Vec::new();
    for id in ids {
        out.extend(find(tx, id).await?.map(|c| c.meta.client_name));
    }
    Ok(out)
}
