//! Rows of tokens of the Admin API.

use super::super::api_tokens::{ApiScope, ApiToken};
use super::super::territory::{Territory, TerritoryKind};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AdminRoleId, AdministratorId, ApiTokenId};
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args, parse_word};

/// A token is listed this long after its end.
const ENDED_RETENTION: Span = Span::days(400);

#[derive(FromRow)]
struct Row {
    id: ApiTokenId,
    administrator_id: AdministratorId,
    role_id: AdminRoleId,
    name: String,
    scopes: String,
    territory_kind: String,
    territory: String,
    class: String,
    created_at: i64,
    expires_at: i64,
    last_used_at: Option<i64>,
    revoked_at: Option<i64>,
}

/// Reads a row; `None` for a territory that is no more. A scope of a newer release is left out.
fn read(row: Row) -> Result<Option<ApiToken>> {
    let kind = parse_word::<TerritoryKind>("api_token", "territory_kind", &row.id, &row.territory_kind)?;
    Ok(Territory::from_columns(kind, &row.territory, &row.class).map(|territory| ApiToken {
        scopes: row.scopes.split(' ').filter_map(|word| word.parse::<ApiScope>().ok()).collect(),
        id: row.id,
        administrator_id: row.administrator_id,
        role_id: row.role_id,
        name: row.name,
        territory,
        created_at: Timestamp(row.created_at),
        expires_at: Timestamp(row.expires_at),
        last_used_at: row.last_used_at.map(Timestamp),
        revoked_at: row.revoked_at.map(Timestamp),
    }))
}

/// Finds a token.
pub async fn find(tx: &mut Tx, id: &ApiTokenId) -> Result<Option<ApiToken>> {
    let sql = "SELECT id, administrator_id, role_id, name, scopes, territory_kind, territory, class, created_at, \
               expires_at, last_used_at, revoked_at FROM api_token WHERE id = $1";
    Ok(tx.fetch_optional::<Row>(sql, args![id]).await?.map(read).transpose()?.flatten())
}

/// Finds a token by its digest.
pub async fn find_by_digest(tx: &mut Tx, digest: &str) -> Result<Option<ApiToken>> {
    let sql = "SELECT id, administrator_id, role_id, name, scopes, territory_kind, territory, class, created_at, \
               expires_at, last_used_at, revoked_at FROM api_token WHERE digest = $1";
    Ok(tx.fetch_optional::<Row>(sql, args![digest]).await?.map(read).transpose()?.flatten())
}

/// Lists the tokens of an administrator, the newest first.
pub async fn list(tx: &mut Tx, administrator_id: &AdministratorId, most: i64) -> Result<Vec<ApiToken>> {
    let sql = "SELECT id, administrator_id, role_id, name, scopes, territory_kind, territory, class, created_at, \
               expires_at, last_used_at, revoked_at FROM api_token WHERE administrator_id = $1 \
               ORDER BY id DESC LIMIT $2";
    let rows = tx.fetch_all::<Row>(sql, args![administrator_id, most]).await?;
    Ok(rows.into_iter().map(read).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// A token to insert.
#[derive(Clone, Copy, Debug)]
pub struct NewApiToken<'a> {
    pub token: &'a ApiToken,
    pub digest: &'a str,
    /// The id that the form drew.
    pub form_id: &'a str,
    /// The proof of the session in which it is made.
    pub proof: &'a str,
}

/// Inserts a token. Returns false if its form made one already.
pub async fn insert(tx: &mut UnitOfWork<'_>, new: NewApiToken<'_>) -> Result<bool> {
    let token = new.token;
    let (territory, class) = token.territory.columns();
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.name()).collect();
    let sql = "INSERT INTO api_token (id, administrator_id, role_id, name, digest, scopes, territory_kind, territory, \
               class, form_id, proof, created_at, expires_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING";
    let values = args![
        &token.id,
        &token.administrator_id,
        &token.role_id,
        &token.name,
        new.digest,
        scopes.join(" "),
        token.territory.kind().name(),
        territory,
        class,
        new.form_id,
        new.proof,
        token.created_at,
        token.expires_at
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Records a use.
pub async fn touch(tx: &mut UnitOfWork<'_>, id: &ApiTokenId) -> Result<()> {
    let now = tx.now;
    let sql = "UPDATE api_token SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
    tx.execute(sql, args![id, now]).await?;
    Ok(())
}

/// Revokes a token of an administrator. Returns true for the call that did.
pub async fn revoke(tx: &mut UnitOfWork<'_>, id: &ApiTokenId, of: &AdministratorId, by: &str) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE api_token SET revoked_at = $3, revoked_by = $4 \
               WHERE id = $1 AND administrator_id = $2 AND revoked_at IS NULL";
    Ok(tx.execute(sql, args![id, of, now, by]).await? == 1)
}

/// Revokes every token of an administrator. Returns their number.
pub async fn revoke_all(tx: &mut UnitOfWork<'_>, of: &AdministratorId, by: &str) -> Result<u64> {
    let now = tx.now;
    let sql =
        "UPDATE api_token SET revoked_at = $2, revoked_by = $3 WHERE administrator_id = $1 AND revoked_at IS NULL";
    tx.execute(sql, args![of, now, by]).await
}

/// Revokes every token of everybody, for a restored database.
pub async fn revoke_of_everybody(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    let sql = "UPDATE api_token SET revoked_at = $1, revoked_by = 'restore' WHERE revoked_at IS NULL";
    tx.execute(sql, args![now]).await
}

/// Deletes tokens a year after their term, once nothing is remembered of them: the journal still knows them.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let before = tx.now.minus(ENDED_RETENTION);
    let sql = "DELETE FROM api_token WHERE id IN (SELECT t.id FROM api_token t WHERE t.expires_at < $1 \
               AND NOT EXISTS (SELECT 1 FROM api_answer a WHERE a.token_id = t.id) ORDER BY t.expires_at LIMIT $2)";
    tx.execute(sql, args![before, CLEANUP_BATCH_ROWS]).await
}
