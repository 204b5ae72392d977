//! Rows of refresh families.

use crate::base::clock::{Span, Timestamp};
use crate::db::{CLEANED_AT_ONCE, Error, FromRow, Result, Tx, args};
use crate::grants::Family;

#[derive(FromRow)]
struct Row {
    id: String,
    session_id: Option<String>,
    details: String,
    jkt: Option<String>,
    generation: i64,
    turned_at: i64,
    access_generation: i64,
    expires_at: i64,
    ended_at: Option<i64>,
}

impl TryFrom<Row> for Family {
    type Error = Error;
    fn try_from(r: Row) -> Result<Family> {
        let bad = || Error::Inconsistent { table: "refresh_family", column: "details", row: r.id.clone() };
        Ok(Family {
            grant: serde_json::from_str(&r.details).map_err(|_| bad())?,
            id: r.id,
            session_id: r.session_id,
            jkt: r.jkt,
            generation: r.generation,
            turned_at: Timestamp(r.turned_at),
            access_generation: r.access_generation,
            expires_at: Timestamp(r.expires_at),
            ended: r.ended_at.is_some(),
        })
    }
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Family>> {
    let sql = "SELECT id, session_id, details, jkt, generation, turned_at, access_generation, expires_at, ended_at \
               FROM refresh_family WHERE id = $1";
    tx.optional::<Row>(sql, args![id]).await?.map(Family::try_from).transpose()
}

/// As [`find`], for an access token: none where the token itself, or its grant, was revoked.
pub async fn of_token(tx: &mut Tx, id: &str, (jti, grant): (&str, &str)) -> Result<Option<Family>> {
    let sql = "SELECT id, session_id, details, jkt, generation, turned_at, access_generation, expires_at, ended_at \
               FROM refresh_family WHERE id = $1 \
               AND NOT EXISTS (SELECT 1 FROM revoked_token WHERE id IN ($2, $3))";
    tx.optional::<Row>(sql, args![id, jti, grant]).await?.map(Family::try_from).transpose()
}

/// Writes a new family; `details` is its grant as JSON.
pub async fn insert(tx: &mut Tx, now: Timestamp, family: &Family, details: &str) -> Result<()> {
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

/// Turns a living family from this generation to the next; false where another call did, or it ended.
pub async fn turn(tx: &mut Tx, now: Timestamp, id: &str, generation: i64) -> Result<bool> {
    let rows = tx
        .execute(
            "UPDATE refresh_family SET generation = generation + 1, turned_at = $3 \
             WHERE id = $1 AND generation = $2 AND ended_at IS NULL",
            args![id, generation, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Whether this call ended it.
pub async fn end(tx: &mut Tx, now: Timestamp, id: &str) -> Result<bool> {
    let sql = "UPDATE refresh_family SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}

/// Ends those that end with a session.
pub async fn end_of_session(tx: &mut Tx, now: Timestamp, session_id: &str) -> Result<u64> {
    let sql = "UPDATE refresh_family SET ended_at = $2 WHERE session_id = $1 AND ended_at IS NULL";
    tx.execute(sql, args![session_id, now]).await
}

/// They end with another session from now on: the same person signed in again.
pub async fn move_to_session(tx: &mut Tx, from: &str, to: &str, ends: Timestamp) -> Result<u64> {
    let sql = "UPDATE refresh_family SET session_id = $2, expires_at = $3 WHERE session_id = $1";
    tx.execute(sql, args![from, to, ends]).await
}

/// Ends every family of an account: a new password, a suspension.
pub async fn end_of_account(tx: &mut Tx, now: Timestamp, account_id: &str) -> Result<u64> {
    let sql = "UPDATE refresh_family SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL";
    tx.execute(sql, args![account_id, now]).await
}

/// Ends what one client holds of an account: the person took the agreement back.
pub async fn end_of_client(tx: &mut Tx, now: Timestamp, account_id: &str, client_id: &str) -> Result<u64> {
    let sql = "UPDATE refresh_family SET ended_at = $3 WHERE account_id = $1 AND client_id = $2 AND ended_at IS NULL";
    tx.execute(sql, args![account_id, client_id, now]).await
}

/// Forgets families a day after the last of their tokens.
pub async fn clean(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM refresh_family WHERE id IN \
               (SELECT id FROM refresh_family WHERE expires_at < $1 LIMIT $2)";
    tx.execute(sql, args![now.minus(Span::days(1)), CLEANED_AT_ONCE]).await
}
