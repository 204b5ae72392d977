//! Rows of client logos.

use crate::base::clock::Timestamp;
use crate::db::{Result, Tx, args};

/// A stored logo: the PNG in base64, or `None` if the download failed or is still running.
pub struct LogoRecord {
    pub png: Option<String>,
    pub tried_at: Timestamp,
}

/// Returns the stored logo of this address.
pub async fn find(tx: &mut Tx, client_id: &str, logo_uri: &str) -> Result<Option<LogoRecord>> {
    let sql = "SELECT png, tried_at FROM client_logo WHERE client_id = $1 AND logo_uri = $2";
    let row = tx.fetch_optional::<(Option<String>, i64)>(sql, args![client_id, logo_uri]).await?;
    Ok(row.map(|(png, tried_at)| LogoRecord { png, tried_at: Timestamp(tried_at) }))
}

/// Claims the download. Returns true if the caller has to download: no attempt was made for this address, or the last
/// one failed before `since`.
pub async fn claim_fetch(
    tx: &mut Tx,
    now: Timestamp,
    client_id: &str,
    logo_uri: &str,
    since: Timestamp,
) -> Result<bool> {
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

/// Stores the downloaded logo, unless the address changed meanwhile.
pub async fn save(tx: &mut Tx, client_id: &str, logo_uri: &str, png: &str) -> Result<()> {
    let sql = "UPDATE client_logo SET png = $3 WHERE client_id = $1 AND logo_uri = $2";
    tx.execute(sql, args![client_id, logo_uri, png]).await?;
    Ok(())
}
