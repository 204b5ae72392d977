//! Rows of the table `passkey`.

use super::{HolderKind, PasskeyHolder, ProvenPasskey, StoredPasskey};
use crate::base::clock::Timestamp;
use crate::db::{FromRow, Result, Tx, UnitOfWork, args};

#[derive(FromRow)]
struct Row {
    id: String,
    holder_id: String,
    user_handle: String,
    credential: String,
    label: String,
    created_at: i64,
    used_at: Option<i64>,
}

impl From<Row> for StoredPasskey {
    fn from(r: Row) -> Self {
        StoredPasskey {
            id: r.id,
            holder_id: r.holder_id,
            user_handle: r.user_handle,
            credential: r.credential,
            label: r.label,
            created_at: Timestamp(r.created_at),
            used_at: r.used_at.map(Timestamp),
        }
    }
}

/// Finds a passkey of a kind of holder by its credential id.
pub async fn find_by_credential(tx: &mut Tx, kind: HolderKind, credential_id: &str) -> Result<Option<StoredPasskey>> {
    let sql = "SELECT id, holder_id, user_handle, credential, label, created_at, used_at FROM passkey \
               WHERE credential_id = $1 AND holder_kind = $2";
    let row = tx.fetch_optional::<Row>(sql, args![credential_id, kind.name()]).await?;
    Ok(row.map(StoredPasskey::from))
}

/// Finds a passkey of a holder by its id.
pub async fn find(tx: &mut Tx, holder: impl Into<PasskeyHolder<'_>>, id: &str) -> Result<Option<StoredPasskey>> {
    let holder = holder.into();
    let sql = "SELECT id, holder_id, user_handle, credential, label, created_at, used_at FROM passkey \
               WHERE id = $1 AND holder_kind = $2 AND holder_id = $3";
    let row = tx.fetch_optional::<Row>(sql, args![id, holder.kind.name(), holder.id]).await?;
    Ok(row.map(StoredPasskey::from))
}

/// Lists the passkeys of a holder, the oldest first.
pub async fn list(tx: &mut Tx, holder: impl Into<PasskeyHolder<'_>>) -> Result<Vec<StoredPasskey>> {
    let holder = holder.into();
    let sql = "SELECT id, holder_id, user_handle, credential, label, created_at, used_at FROM passkey \
               WHERE holder_kind = $1 AND holder_id = $2 ORDER BY created_at, id";
    let rows = tx.fetch_all::<Row>(sql, args![holder.kind.name(), holder.id]).await?;
    Ok(rows.into_iter().map(StoredPasskey::from).collect())
}

/// Lists the credential ids of a holder.
pub async fn list_credential_ids(tx: &mut Tx, holder: impl Into<PasskeyHolder<'_>>) -> Result<Vec<String>> {
    let holder = holder.into();
    let sql = "SELECT credential_id FROM passkey WHERE holder_kind = $1 AND holder_id = $2 ORDER BY created_at, id";
    let rows = tx.fetch_all::<(String,)>(sql, args![holder.kind.name(), holder.id]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// A new passkey.
#[derive(Clone, Copy, Debug)]
pub struct NewPasskey<'a> {
    pub id: &'a str,
    pub holder: PasskeyHolder<'a>,
    pub user_handle: &'a str,
    pub credential_id: &'a str,
    pub credential: &'a str,
    pub label: &'a str,
}

/// Inserts a passkey. Returns false if the credential is known already, of this holder or of another.
pub async fn insert(tx: &mut UnitOfWork<'_>, new: NewPasskey<'_>) -> Result<bool> {
    let now = tx.now;
    let sql = "INSERT INTO passkey (id, holder_kind, holder_id, user_handle, credential_id, credential, label, \
               created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (credential_id) DO NOTHING";
    let (kind, holder_id) = (new.holder.kind.name(), new.holder.id);
    let values = args![new.id, kind, holder_id, new.user_handle, new.credential_id, new.credential, new.label, now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Records a use. Returns false if the passkey was used or removed meanwhile: of two uses with one counter only one
/// counts.
pub async fn record_use(tx: &mut UnitOfWork<'_>, proven: &ProvenPasskey) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE passkey SET credential = $3, used_at = $4 WHERE id = $1 AND credential = $2";
    Ok(tx.execute(sql, args![&proven.id, &proven.former, &proven.credential, now]).await? == 1)
}

/// Records that the counter went back.
pub async fn mark_copied(tx: &mut UnitOfWork<'_>, id: &str) -> Result<()> {
    let now = tx.now;
    tx.execute("UPDATE passkey SET copied_at = $2 WHERE id = $1", args![id, now]).await?;
    Ok(())
}

pub async fn rename(
    tx: &mut UnitOfWork<'_>,
    holder: impl Into<PasskeyHolder<'_>>,
    id: &str,
    label: &str,
) -> Result<bool> {
    let holder = holder.into();
    let sql = "UPDATE passkey SET label = $4 WHERE id = $1 AND holder_kind = $2 AND holder_id = $3";
    Ok(tx.execute(sql, args![id, holder.kind.name(), holder.id, label]).await? == 1)
}

/// Deletes a passkey. Returns true for the call that did.
pub async fn delete(tx: &mut Tx, holder: impl Into<PasskeyHolder<'_>>, id: &str) -> Result<bool> {
    let holder = holder.into();
    let sql = "DELETE FROM passkey WHERE id = $1 AND holder_kind = $2 AND holder_id = $3";
    Ok(tx.execute(sql, args![id, holder.kind.name(), holder.id]).await? == 1)
}

/// Deletes every passkey of a holder. Returns their number.
pub async fn delete_all(tx: &mut Tx, holder: impl Into<PasskeyHolder<'_>>) -> Result<u64> {
    let holder = holder.into();
    let sql = "DELETE FROM passkey WHERE holder_kind = $1 AND holder_id = $2";
    tx.execute(sql, args![holder.kind.name(), holder.id]).await
}
