//! What the console reads of relying parties beside their own rows: places, sign-outs, the journal.

pub mod requests;
pub mod test_places;

use std::collections::BTreeMap;

use crate::base::clock::Timestamp;
use crate::base::typed_ids::ClientId;
use crate::db::{BATCH_SIZE, FromRow, Result, Tx, Value, args, batch_args, batch_placeholders};

/// Lists each academy with each ministry that has a school there.
pub async fn list_pairs(tx: &mut Tx) -> Result<Vec<(String, String)>> {
    tx.fetch_all("SELECT DISTINCT academy, ministry FROM school ORDER BY academy, ministry", args![]).await
}

/// A school, as far as perimeters name it.
#[derive(Clone, Debug, FromRow)]
pub struct PerimeterSchool {
    pub uai: String,
    pub name: String,
    pub academy: String,
    pub ministry: String,
}

/// Returns the declared ones of some schools.
pub async fn list_schools(tx: &mut Tx, uais: &[String]) -> Result<Vec<PerimeterSchool>> {
    let mut out = Vec::new();
    for uais in uais.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT uai, name, academy, ministry FROM school WHERE uai <> $1 AND uai IN (",
            batch_placeholders!(),
            ") ORDER BY uai"
        );
        out.extend(
            tx.fetch_all::<PerimeterSchool>(sql, batch_args(Value::from(""), uais.iter().map(String::as_str))).await?,
        );
    }
    Ok(out)
}

/// Counts the sign-outs of the last days that relying parties did not take, for those that have some.
pub async fn count_undelivered(tx: &mut Tx, since: Timestamp) -> Result<BTreeMap<ClientId, i64>> {
    let sql = "SELECT client_id, COUNT(*) FROM logout_delivery \
               WHERE state <> 'delivered' AND state <> 'waiting' AND created_at > $1 \
               GROUP BY client_id ORDER BY client_id LIMIT 10000";
    Ok(tx.fetch_all::<(ClientId, i64)>(sql, args![since]).await?.into_iter().collect())
}

/// Counts the sign-outs of one relying party since a time: those that ended, and those of them that it took.
pub async fn count_deliveries(tx: &mut Tx, id: &ClientId, since: Timestamp) -> Result<(i64, i64)> {
    let sql = "SELECT COUNT(*), COUNT(CASE WHEN state = 'delivered' THEN 1 END) FROM logout_delivery \
               WHERE client_id = $1 AND created_at > $2 AND state <> 'waiting'";
    tx.fetch_one(sql, args![id, since]).await
}

/// A change of a relying party, from the journal.
#[derive(Clone, Debug, FromRow)]
pub struct ClientChangeRow {
    pub at: i64,
    pub detail: String,
    pub reason: Option<String>,
    pub actor_kind: Option<String>,
    /// The name of the administrator, if one did it, or made the token that did.
    pub name: Option<String>,
}

/// Lists the latest changes of a relying party, the newest first.
pub async fn list_changes(tx: &mut Tx, id: &ClientId, most: i64) -> Result<Vec<ClientChangeRow>> {
    let sql = "SELECT a.at, a.detail, a.reason, a.actor_kind, w.name FROM audit a \
               LEFT JOIN administrator w ON w.id = a.actor_id AND a.actor_kind IN ('administrator', 'token') \
               WHERE a.client_id = $1 AND a.fact = 'client_changed' ORDER BY a.id DESC LIMIT $2";
    tx.fetch_all(sql, args![id, most]).await
}

/// Returns the role with which a relying party was suspended last; `None` if it was done without one, or is forgotten.
pub async fn find_suspending_role(tx: &mut Tx, id: &ClientId) -> Result<Option<String>> {
    let sql = "SELECT role FROM audit WHERE client_id = $1 AND fact = 'client_changed' AND after = 'suspended' \
               AND before <> 'suspended' ORDER BY id DESC LIMIT 1";
    Ok(tx.fetch_optional::<(Option<String>,)>(sql, args![id]).await?.and_then(|(role,)| role))
}
