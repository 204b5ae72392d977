//! Rows of refresh token families.

use crate::app::FamilyRotation;
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AccountId, ClientId, RefreshFamilyId, SessionId};
use crate::db::{
    BATCH_SIZE, CLEANUP_BATCH_ROWS, DbError, FromRow, MAX_GROUP_SIZE, Result, Tx, Value, args, batch_args,
    batch_placeholders,
};
use crate::grants::RefreshTokenFamily;

/// The columns of a family, also of a statement that joins other tables.
#[derive(FromRow)]
pub struct FamilyRow {
    family_id: RefreshFamilyId,
    session_id: Option<SessionId>,
    details: String,
    jkt: Option<String>,
    generation: i64,
    turned_at: i64,
    access_generation: i64,
    expires_at: i64,
    ended_at: Option<i64>,
}

impl TryFrom<FamilyRow> for RefreshTokenFamily {
    type Error = DbError;
    fn try_from(r: FamilyRow) -> Result<RefreshTokenFamily> {
        let bad = || DbError::Inconsistent { table: "refresh_family", column: "details", row: r.family_id.to_string() };
        Ok(RefreshTokenFamily {
            grant: serde_json::from_str(&r.details).map_err(|_| bad())?,
            id: r.family_id,
            session_id: r.session_id,
            jkt: r.jkt,
            generation: r.generation,
            rotated_at: Timestamp(r.turned_at),
            access_generation: r.access_generation,
            expires_at: Timestamp(r.expires_at),
            ended: r.ended_at.is_some(),
        })
    }
}

pub async fn find(tx: &mut Tx, id: &RefreshFamilyId) -> Result<Option<RefreshTokenFamily>> {
    let sql = "SELECT id AS family_id, session_id, details, jkt, generation, turned_at, access_generation, expires_at, ended_at \
               FROM refresh_family WHERE id = $1";
    tx.fetch_optional::<FamilyRow>(sql, args![id]).await?.map(RefreshTokenFamily::try_from).transpose()
}

/// Inserts a family; `details` is the grant as JSON.
pub async fn insert(tx: &mut Tx, now: Timestamp, family: &RefreshTokenFamily, details: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO refresh_family (id, account_id, client_id, session_id, details, jkt, generation, turned_at, \
         access_generation, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8, $10)",
        args![
            &family.id,
            &family.grant.account_id,
            &family.grant.client_id,
            &family.session_id,
            details,
            &family.jkt,
            family.generation,
            now,
            family.access_generation,
            family.expires_at
        ],
    )
    .await?;
    Ok(())
}

/// Rotates valid families, at most [`MAX_GROUP_SIZE`]; says of each whether it was rotated now. False if another call
/// rotated the family, also one beside it, or the family was revoked.
pub async fn rotate(tx: &mut Tx, rotations: &[&FamilyRotation]) -> Result<Vec<bool>> {
    if let [one] = rotations {
        let sql = "UPDATE refresh_family SET generation = generation + 1, turned_at = $3 \
                   WHERE id = $1 AND generation = $2 AND ended_at IS NULL";
        return Ok(vec![tx.execute(sql, args![&one.family, one.generation, one.at]).await? == 1]);
    }
    let sql = "UPDATE refresh_family SET generation = generation + 1, turned_at = $1 WHERE ended_at IS NULL AND (\
               (id = $2 AND generation = $3) OR (id = $4 AND generation = $5) OR (id = $6 AND generation = $7) OR \
               (id = $8 AND generation = $9) OR (id = $10 AND generation = $11) OR (id = $12 AND generation = $13) OR \
               (id = $14 AND generation = $15) OR (id = $16 AND generation = $17)) RETURNING id, generation";
    let mut values = args![rotations.iter().map(|one| one.at).max()];
    for place in 0..MAX_GROUP_SIZE {
        let one = rotations.get(place);
        values.extend(args![one.map(|one| &one.family), one.map(|one| one.generation)]);
    }
    let mut rotated = tx.fetch_all::<(RefreshFamilyId, i64)>(sql, values).await?;
    let mut was_rotated = |one: &&FamilyRotation| {
        let at = rotated.iter().position(|(id, now_is)| *id == one.family && *now_is == one.generation + 1);
        at.map(|at| rotated.swap_remove(at)).is_some()
    };
    Ok(rotations.iter().map(&mut was_rotated).collect())
}

/// Revokes a family. Returns true only for the call that revoked the family.
pub async fn revoke(tx: &mut Tx, now: Timestamp, id: &RefreshFamilyId) -> Result<bool> {
    let sql = "UPDATE refresh_family SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}

/// Revokes the families bound to a session; returns their number.
pub async fn revoke_for_session(tx: &mut Tx, now: Timestamp, session_id: &SessionId) -> Result<u64> {
    let sql = "UPDATE refresh_family SET ended_at = $2 WHERE session_id = $1 AND ended_at IS NULL";
    tx.execute(sql, args![session_id, now]).await
}

/// Binds the families of a session to a new session of the same end user; `ends` is the new expiry.
pub async fn move_to_session(tx: &mut Tx, from: &SessionId, to: &SessionId, ends: Timestamp) -> Result<u64> {
    let sql = "UPDATE refresh_family SET session_id = $2, expires_at = $3 WHERE session_id = $1";
    tx.execute(sql, args![from, to, ends]).await
}

/// Revokes every family of an account, for a new password or a suspension.
pub async fn revoke_for_account(tx: &mut Tx, now: Timestamp, account_id: &AccountId) -> Result<u64> {
    let sql = "UPDATE refresh_family SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL";
    tx.execute(sql, args![account_id, now]).await
}

/// Revokes every family, for a restored database, and raises the generations beyond those that they may have had since.
/// Returns the number of revoked families.
pub async fn revoke_of_everybody(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let raised = "UPDATE refresh_family SET access_generation = access_generation + 1000000, \
                  generation = generation + 1000000";
    tx.execute(raised, args![]).await?;
    tx.execute("UPDATE refresh_family SET ended_at = $1 WHERE ended_at IS NULL", args![now]).await
}

/// Lists those of the accounts that have a family not ended.
pub async fn list_accounts_with_open(tx: &mut Tx, accounts: &[AccountId]) -> Result<Vec<AccountId>> {
    let mut found = Vec::new();
    for ids in accounts.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT DISTINCT account_id FROM refresh_family WHERE ended_at IS NULL AND account_id > $1 \
             AND account_id IN (",
            batch_placeholders!(),
            ")"
        );
        let values = batch_args(Value::from(""), ids.iter().map(|id| id.as_str()));
        found.extend(tx.fetch_all::<(AccountId,)>(sql, values).await?.into_iter().map(|(id,)| id));
    }
    Ok(found)
}

/// Revokes the families of one client for an account, for a withdrawn consent.
pub async fn revoke_for_client(
    tx: &mut Tx,
    now: Timestamp,
    account_id: &AccountId,
    client_id: &ClientId,
) -> Result<u64> {
    let sql = "UPDATE refresh_family SET ended_at = $3 WHERE account_id = $1 AND client_id = $2 AND ended_at IS NULL";
    tx.execute(sql, args![account_id, client_id, now]).await
}

/// Deletes families a day after the expiry of the last token.
pub async fn delete_expired(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM refresh_family WHERE id IN \
               (SELECT id FROM refresh_family WHERE expires_at < $1 LIMIT $2)";
    tx.execute(sql, args![now.minus(Span::days(1)), CLEANUP_BATCH_ROWS]).await
}
