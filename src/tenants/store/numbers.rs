//! Notices about mobile numbers: which of them a school's new roster settles. They say a person and a school, never a number.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::names::roster_canonical_key;
use crate::base::uai::Uai;
use crate::db::{Result, UnitOfWork, args};

/// The maximum number of namesakes that are looked at for the notices of a school.
const MAX_PAIRS: i64 = 2_000;

/// Settles the notices of numbers in a country to which no message may go, and of numbers that two persons have: the
/// school wrote another number since, nobody else has it any more, or the last legal link with the school ended.
pub async fn settle_numbers(tx: &mut UnitOfWork<'_>, uai: &Uai) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "UPDATE notice SET settled_at = $2 WHERE uai = $1 AND settled_at IS NULL AND kind IN ('country_refused', 'shared_mobile') \
         AND NOT EXISTS (SELECT 1 FROM person p JOIN link l ON l.person_id = p.id WHERE p.id = notice.person_id \
         AND (notice.kind = 'country_refused' OR EXISTS (SELECT 1 FROM person o WHERE o.phone_blind = p.phone_blind \
         AND o.given_name <> p.given_name)) \
         AND p.phone_since <= notice.at AND COALESCE(l.uai, '') = notice.uai AND l.level = 'legal' \
         AND l.ended_at IS NULL)",
        args![uai, now],
    )
    .await?;
    settle_one_person_twice(tx, uai).await
}

/// Settles the notices of numbers that are one person's, whose name two academies write in two ways.
async fn settle_one_person_twice(tx: &mut UnitOfWork<'_>, uai: &Uai) -> Result<()> {
    let now = tx.now;
    let sql = "SELECT n.id, p.given_name, o.given_name AS other FROM notice n JOIN person p ON p.id = n.person_id \
               JOIN person o ON o.phone_blind = p.phone_blind AND o.given_name <> p.given_name \
               WHERE n.uai = $1 AND n.kind = 'shared_mobile' AND n.settled_at IS NULL ORDER BY n.id LIMIT $2";
    let pairs = tx.fetch_all::<(String, String, String)>(sql, args![uai, MAX_PAIRS]).await?;
    let is_cut = i64::try_from(pairs.len()).is_ok_and(|found| found >= MAX_PAIRS);
    let mut others: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
    for (id, own, other) in pairs {
        others.entry(id).or_default().insert(roster_canonical_key(&own) != roster_canonical_key(&other));
    }
    if is_cut {
        // Of the last one, not all are known.
        others.pop_last();
    }
    for (id, _) in others.iter().filter(|(_, differ)| !differ.contains(&true)) {
        tx.execute("UPDATE notice SET settled_at = $2 WHERE id = $1 AND settled_at IS NULL", args![id, now]).await?;
    }
    Ok(())
}
