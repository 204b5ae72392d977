//! Rows of the deliveries that schools took, or have still to take.

use crate::base::uai::Uai;
use crate::db::{FromRow, Result, Tx, UnitOfWork, args};
use crate::roster::formats::aaf::DeliveryMark;

/// A delivery of a school.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct DeliveryRow {
    pub name: String,
    pub prefix: String,
    pub exported_at: i64,
    /// Absent as long as the school has still to take it.
    pub taken_at: Option<i64>,
}

/// Lists the deliveries of a school since its last complet, in their order.
pub async fn list_deliveries(tx: &mut Tx, uai: &Uai, format: &str) -> Result<Vec<DeliveryRow>> {
    let sql = "SELECT name, prefix, exported_at, taken_at FROM roster_delivery WHERE uai = $1 AND format = $2 \
               ORDER BY exported_at, name";
    tx.fetch_all(sql, args![uai, format]).await
}

/// Records that a school has still to take a delivery, unless it took that one or a later one.
pub async fn insert_pending(tx: &mut Tx, uai: &Uai, format: &str, mark: &DeliveryMark) -> Result<()> {
    let sql = "INSERT INTO roster_delivery (uai, format, name, prefix, exported_at) SELECT $1, $2, $3, $4, $5 \
               WHERE NOT EXISTS (SELECT 1 FROM roster_delivery d WHERE d.uai = $1 AND d.format = $2 \
               AND d.taken_at IS NOT NULL AND d.exported_at >= $5) ON CONFLICT DO NOTHING";
    tx.execute(sql, args![uai, format, &mark.name, &mark.prefix, mark.exported_at]).await?;
    Ok(())
}

/// Records that a school took a delivery. A complet does for all before it.
pub async fn mark_taken(tx: &mut UnitOfWork<'_>, uai: &Uai, format: &str, mark: &DeliveryMark) -> Result<()> {
    let now = tx.now;
    let sql = "INSERT INTO roster_delivery (uai, format, name, prefix, exported_at, taken_at) \
               VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (uai, format, name) DO UPDATE SET taken_at = excluded.taken_at";
    tx.execute(sql, args![uai, format, &mark.name, &mark.prefix, mark.exported_at, now]).await?;
    if mark.is_complet {
        let sql = "DELETE FROM roster_delivery WHERE uai = $1 AND format = $2 AND exported_at < $3";
        tx.execute(sql, args![uai, format, mark.exported_at]).await?;
    }
    Ok(())
}

/// Records that a taken delivery was undone: the school has to take it again.
pub async fn mark_undone(tx: &mut Tx, uai: &Uai, format: &str, name: &str) -> Result<()> {
    let sql = "UPDATE roster_delivery SET taken_at = NULL WHERE uai = $1 AND format = $2 AND name = $3";
    tx.execute(sql, args![uai, format, name]).await?;
    Ok(())
}

/// Forgets that a school has still to take a delivery: it came too late.
pub async fn delete_pending(tx: &mut Tx, uai: &Uai, format: &str, name: &str) -> Result<()> {
    let sql = "DELETE FROM roster_delivery WHERE uai = $1 AND format = $2 AND name = $3 AND taken_at IS NULL";
    tx.execute(sql, args![uai, format, name]).await?;
    Ok(())
}

/// Forgets that the schools of an academy have still to take a delivery: it was read whole, and says which it concerns.
pub async fn delete_pending_of_academy(tx: &mut Tx, academy: &str, format: &str, name: &str) -> Result<()> {
    let sql = "DELETE FROM roster_delivery WHERE format = $2 AND name = $3 AND taken_at IS NULL AND uai IN \
               (SELECT uai FROM roster_structure WHERE academy = $1 AND format = $2)";
    tx.execute(sql, args![academy, format, name]).await?;
    Ok(())
}

/// Lists the schools with current pupils that took deliveries of this prefix.
pub async fn list_schools_of_prefix(tx: &mut Tx, academy: &str, format: &str, prefix: &str) -> Result<Vec<Uai>> {
    let sql = "SELECT DISTINCT d.uai FROM roster_delivery d \
               JOIN roster_structure s ON s.uai = d.uai AND s.academy = $1 AND s.format = d.format \
               WHERE d.format = $2 AND d.prefix = $3 AND d.taken_at IS NOT NULL AND EXISTS \
               (SELECT 1 FROM enrolment e WHERE e.uai = d.uai AND e.ended_at IS NULL) ORDER BY d.uai";
    Ok(tx.fetch_all::<(Uai,)>(sql, args![academy, format, prefix]).await?.into_iter().map(|(uai,)| uai).collect())
}
