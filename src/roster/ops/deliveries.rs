//! The order of an academy's deliveries in each school (docs/decisions/0052-several-formats-of-one-roster.md).
//!
//! A delta says what changed since the delivery before it. If that one was refused or interrupted, the delta would be
//! taken on a state that it does not know, and the earlier one would be too old ever after. So a school remembers what
//! it has still to take.

use super::{ImportContext, ImportRequest, Result};
use crate::db::{Durability, Tx};
use crate::roster::formats::aaf::{DeliveryMark, DeliveryName};
use crate::roster::store::deliveries::{self, DeliveryRow};
use crate::roster::store::keys;
use crate::roster::uai::Uai;

/// The turn of a delivery in a school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryTurn {
    Now,
    /// It was taken before, and this one after it: nothing of it is new.
    TakenBefore {
        later: String,
    },
    /// This earlier one has to be taken first.
    After {
        missing: String,
    },
}

/// Judges a delivery by those that the school took, or has still to take.
fn turn_of(mark: &DeliveryMark, known: &[DeliveryRow]) -> DeliveryTurn {
    let was_taken = known.iter().any(|row| row.name == mark.name && row.taken_at.is_some());
    let later = known.iter().rev().find(|row| row.taken_at.is_some() && row.exported_at > mark.exported_at.0);
    if let Some(later) = later.filter(|_| was_taken) {
        return DeliveryTurn::TakenBefore { later: later.name.clone() };
    }
    let mut earlier = known.iter().filter(|row| row.exported_at < mark.exported_at.0 && row.prefix == mark.prefix);
    match earlier.find(|row| row.taken_at.is_none() && !mark.is_complet) {
        Some(missing) => DeliveryTurn::After { missing: missing.name.clone() },
        None => DeliveryTurn::Now,
    }
}

/// Judges the delivery of an import in a school. What is no delivery has no order.
pub async fn find_turn(ctx: ImportContext<'_>, tx: &mut Tx, format: &str, uai: &Uai) -> Result<DeliveryTurn> {
    let Some(mark) = ctx.delivery else { return Ok(DeliveryTurn::Now) };
    Ok(turn_of(mark, &deliveries::list_deliveries(tx, uai, format).await?))
}

/// Records that these schools have to take a delivery, before anything of it is written.
pub async fn expect_delivery<'a>(
    ctx: ImportContext<'_>,
    request: &ImportRequest,
    mark: &DeliveryMark,
    schools: impl Iterator<Item = &'a Uai>,
) -> Result<()> {
    if request.dry_run {
        return Ok(());
    }
    let format = request.format.name();
    let mut tx = ctx.storage.write(Durability::Durable).await?;
    deliveries::delete_pending_of_academy(&mut tx, &request.academy, format, &mark.name).await?;
    for uai in schools {
        deliveries::insert_pending(&mut tx, uai, format, mark).await?;
    }
    Ok(tx.commit().await?)
}

/// Records that a delivery of which nothing was taken is missing in every school of the academy: nobody knows which it
/// concerns.
pub async fn expect_everywhere(ctx: ImportContext<'_>, request: &ImportRequest, delivery: &DeliveryName) -> Result<()> {
    let mut tx = ctx.storage.db.read().await?;
    let schools = keys::list_structures(&mut tx, &request.academy, request.format.name()).await?;
    drop(tx);
    expect_delivery(ctx, request, &delivery.mark(), schools.iter().map(|(_, uai)| uai)).await
}

/// Records that a school took the delivery, without any change, or that it came too late for it.
pub async fn settle_delivery(ctx: ImportContext<'_>, request: &ImportRequest, uai: &Uai, is_taken: bool) -> Result<()> {
    let Some(mark) = ctx.delivery.filter(|_| !request.dry_run) else { return Ok(()) };
    let format = request.format.name();
    let mut tx = ctx.storage.write(Durability::Relaxed).await?;
    if is_taken {
        deliveries::mark_taken(&mut tx, uai, format, mark).await?;
    } else {
        deliveries::delete_pending(&mut tx, uai, format, &mark.name).await?;
    }
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;

    fn mark(name: &str, at: i64) -> DeliveryMark {
        let is_complet = name.contains("Complet");
        DeliveryMark { name: name.into(), prefix: "ENT".into(), is_complet, exported_at: Timestamp(at) }
    }

    fn row(name: &str, at: i64, taken_at: Option<i64>) -> DeliveryRow {
        DeliveryRow { name: name.into(), prefix: "ENT".into(), exported_at: at, taken_at }
    }

    #[test]
    fn a_delta_waits_for_each_earlier_one_and_a_complet_for_none() {
        let known = [row("Complet_1", 1, Some(9)), row("Delta_2", 2, None), row("Delta_3", 3, None)];
        let after = |missing: &str| DeliveryTurn::After { missing: missing.into() };
        assert_eq!(turn_of(&mark("Delta_4", 4), &known), after("Delta_2"));
        assert_eq!(turn_of(&mark("Delta_3", 3), &known), after("Delta_2"));
        assert_eq!(turn_of(&mark("Delta_2", 2), &known), DeliveryTurn::Now);
        assert_eq!(turn_of(&mark("Complet_4", 4), &known), DeliveryTurn::Now);
        let other = DeliveryMark { prefix: "ENT2".into(), ..mark("Delta_4", 4) };
        assert_eq!(turn_of(&other, &known), DeliveryTurn::Now, "another project's deliveries");
    }

    #[test]
    fn what_was_taken_before_a_later_one_is_nothing_new() {
        let known = [row("Complet_1", 1, Some(9)), row("Delta_2", 2, Some(9))];
        let before = DeliveryTurn::TakenBefore { later: "Delta_2".into() };
        assert_eq!(turn_of(&mark("Complet_1", 1), &known), before);
        assert_eq!(turn_of(&mark("Delta_2", 2), &known), DeliveryTurn::Now, "compared again");
    }
}
