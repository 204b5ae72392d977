//! What only `doctor` reads, across the house: rows of a support code.

use crate::base::clock::Timestamp;
use crate::db::{Result, Tx, args};

/// A notice of a support code: school, its name, kind, when.
pub async fn notices(tx: &mut Tx, code: &str) -> Result<Vec<(String, String, String, i64)>> {
    let sql = "SELECT n.uai, s.name, n.kind, n.at FROM notice n JOIN school s ON s.uai = n.uai \
               WHERE n.support_code = $1 ORDER BY n.at DESC LIMIT 20";
    tx.all(sql, args![code]).await
}

/// The schools of an account's current children.
pub async fn schools_of(tx: &mut Tx, account_id: &str) -> Result<Vec<(String, String)>> {
    let sql = "SELECT DISTINCT s.uai, s.name FROM person p JOIN link l ON l.person_id = p.id AND l.ended_at IS NULL \
               JOIN school s ON s.uai = l.uai WHERE p.account_id = $1 ORDER BY s.uai LIMIT 20";
    tx.all(sql, args![account_id]).await
}

/// The newest moment that a row of the house speaks of: a clock behind it went back.
pub async fn newest(tx: &mut Tx) -> Result<Option<Timestamp>> {
    let (at,): (Option<i64>,) = tx.one("SELECT MAX(at) FROM audit", args![]).await?;
    Ok(at.map(Timestamp))
}
