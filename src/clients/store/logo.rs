//! Rows of logos.

use crate::base::clock::Timestamp;
use crate::db::{Result, Tx, args};

/// What is kept of a logo: a PNG in base64, or that none could be had.
pub struct Kept {
    pub png: Option<String>,
    pub tried_at: Timestamp,
}

/// What is kept of the logo at this address.
pub async fn find(tx: &mut Tx, client_id: &str, logo_uri: &str) -> Result<Option<Kept>> {
    let sql = "SELECT png, tried_at FROM client_logo WHERE client_id = $1 AND logo_uri = $2";
    let row = tx.optional::<(Option<String>, i64)>(sql, args![client_id, logo_uri]).await?;
    Ok(row.map(|(png, tried_at)| Kept { png, tried_at: Timestamp(tried_at) }))
}

/// Whether the caller is the one who fetches: nobody has from this address, or in vain before `since`.
pub async fn claim(tx: &mut Tx, now: Timestamp, client_id: &str, logo_uri: &str, since: Timestamp) -> Result<bool> {
    let rows = tx
        .execute(
            "INSERT INTO client_logo (client_id, logo_uri, tried_at) VALUES ($1, $2, $3) \
             ON CONFLICT (client_id) DO UPDATE SET logo_uri = excluded.logo_uri, png = NULL, \
             tried_at = excluded.tried_at WHERE client_logo.logo_uri <> excluded.logo_uri \
             OR (client_logo.png IS NULL AND client_logo.tried_at < $4)",
            args![client_id, logo_uri, now, since],
        )
        .await?;
    Ok(rows == 1)
}

/// Keeps what was fetched, unless the address changed meanwhile.
pub async fn keep(tx: &mut Tx, client_id: &str, logo_uri: &str, png: &str) -> Result<()> {
    let sql = "UPDATE client_logo SET png = $3 WHERE client_id = $1 AND logo_uri = $2";
    tx.execute(sql, args![client_id, logo_uri, png]).await?;
    Ok(())
}
