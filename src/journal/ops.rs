//! Reads pages of the journal, what is known of its seals, and records what was taken along.

use std::collections::BTreeMap;

use super::store::{self, JournalCondition, JournalRow, JournalWalk};
use super::{ChainStanding, JournalFilter, JournalKind, JournalScope, facts};
use crate::administrators::territory::Territory;
use crate::app::Operation;
use crate::audit::store::AuditCheck;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::ids::{is_id, row_id_lower_bound};
use crate::base::uai::Uai;
use crate::db::{Durability, Tx};

/// The number of rows of a page.
pub const PAGE_ROWS: usize = 50;
/// The maximum number of rows that a query looks at: whoever looks for few of many goes on by the link to older ones.
const MAX_SCANNED: i64 = 5_000;
/// The maximum number of rows of an export.
pub const MAX_EXPORT_ROWS: usize = 5_000;
/// The number of rows that an export reads at once, and the maximum number of such readings.
const EXPORT_PAGE_ROWS: usize = 500;
const MAX_EXPORT_PAGES: usize = 40;
/// An upper bound of all row ids, in every collation.
const AFTER_EVERY_ID: &str = "g";

/// A page of the journal, newest first.
#[derive(Clone, Debug, Default)]
pub struct JournalPart {
    pub rows: Vec<JournalRow>,
    /// Older rows are before this one.
    pub next: Option<String>,
}

/// Returns the ways into the rows that a reader asks for. Whichever they are, the scope decides what is seen.
fn walks(scope: &JournalScope, filter: &JournalFilter) -> Vec<JournalWalk> {
    if !filter.person.is_empty() {
        return vec![JournalWalk::Person(filter.person.clone()), JournalWalk::AccountOf(filter.person.clone())];
    }
    if is_id(&filter.actor, 32) {
        return vec![JournalWalk::Administrator(filter.actor.clone())];
    }
    if !filter.place.is_empty() {
        return vec![match filter.place.parse::<Uai>() {
            Ok(uai) => JournalWalk::School(uai.to_string()),
            Err(_) => JournalWalk::Academy(filter.place.clone()),
        }];
    }
    // Neither has an index of its own: the densest one that has all of the kind.
    let wide = match filter.kind {
        JournalKind::Acts | JournalKind::Refused => JournalWalk::Acts,
        JournalKind::Rosters | JournalKind::Services => JournalWalk::Impersonal,
        JournalKind::SignIns | JournalKind::Activations | JournalKind::All => JournalWalk::Everything,
    };
    if scope.is_everything() {
        return vec![wide];
    }
    let mut walks = vec![JournalWalk::Administrator(scope.administrator_id.to_string())];
    for territory in &scope.territories {
        walks.extend(match territory {
            Territory::Academy(id) => Some(JournalWalk::Academy(id.clone())),
            Territory::School(uai) => Some(JournalWalk::School(uai.to_string())),
            Territory::Ministry(_) => Some(match &wide {
                JournalWalk::Acts => JournalWalk::Acts,
                _ => JournalWalk::Impersonal,
            }),
            Territory::All | Territory::Class(..) | Territory::Client(_) => None,
        });
    }
    walks.extend(scope.clients.iter().map(|id| JournalWalk::Client(id.clone())));
    walks
}

fn condition(filter: &JournalFilter) -> JournalCondition {
    let names = facts::names_of(filter.kind);
    let facts = match names.as_slice() {
        [] => String::new(),
        names => names.iter().fold(String::from('\u{1f}'), |list, name| format!("{list}{name}\u{1f}")),
    };
    let until = filter.until.map(row_id_lower_bound);
    let before = match (filter.before.as_str(), until) {
        ("", None) => AFTER_EVERY_ID.to_owned(),
        ("", Some(until)) => until,
        (before, None) => before.to_owned(),
        (before, Some(until)) => until.min(before.to_owned()),
    };
    JournalCondition {
        only_acts: filter.kind == JournalKind::Acts,
        facts,
        place: filter.place.clone(),
        actor: filter.actor.clone(),
        from: filter.from.map(row_id_lower_bound).unwrap_or_default(),
        before,
    }
}

/// Reads the newest rows that a reader sees and asks for, at most `most`. Each way is walked over a bounded number of rows;
/// what is shown reaches down to where all of them came.
async fn read_some(
    tx: &mut Tx,
    scope: &JournalScope,
    filter: &JournalFilter,
    most: usize,
) -> anyhow::Result<JournalPart> {
    let condition = condition(filter);
    let wanted = i64::try_from(most)?.saturating_add(1);
    let mut rows: BTreeMap<String, JournalRow> = BTreeMap::new();
    let mut reached = String::new();
    for walk in walks(scope, filter) {
        let found = store::list(tx, scope, (&walk, &condition), (MAX_SCANNED, wanted)).await?;
        let end = match found.last() {
            Some(last) if found.len() > most => Some(last.id.clone()),
            _ => store::find_walk_end(tx, (&walk, &condition), MAX_SCANNED).await?,
        };
        reached = reached.max(end.unwrap_or_default());
        rows.extend(found.into_iter().map(|row| (row.id.clone(), row)));
    }
    let mut rows: Vec<JournalRow> = rows.into_values().rev().filter(|row| row.id >= reached).collect();
    let is_more = rows.len() > most;
    rows.truncate(most);
    let next = match rows.last() {
        Some(last) if is_more => Some(last.id.clone()),
        _ => Some(reached).filter(|reached| !reached.is_empty()),
    };
    Ok(JournalPart { rows, next })
}

/// Reads a page, and what is known of the seals.
pub async fn read_page(
    op: &Operation<'_>,
    scope: &JournalScope,
    filter: &JournalFilter,
) -> anyhow::Result<(JournalPart, Option<AuditCheck>)> {
    let mut tx = op.app.db.read().await?;
    let part = read_some(&mut tx, scope, filter, PAGE_ROWS).await?;
    Ok((part, audit::store::find_check(&mut tx).await?))
}

/// Reads at most `most` rows.
pub async fn read_part(
    op: &Operation<'_>,
    scope: &JournalScope,
    filter: &JournalFilter,
    most: usize,
) -> anyhow::Result<JournalPart> {
    read_some(&mut op.app.db.read().await?, scope, filter, most).await
}

/// Reads the rows of an export, and records that they were taken along.
pub async fn export(
    op: &Operation<'_>,
    scope: &JournalScope,
    (filter, format): (&JournalFilter, &str),
) -> anyhow::Result<JournalPart> {
    let mut taken = JournalPart::default();
    let mut asked = filter.clone();
    for _ in 0..MAX_EXPORT_PAGES {
        let most = EXPORT_PAGE_ROWS.min(MAX_EXPORT_ROWS - taken.rows.len());
        // One reading each: a long export holds back no one.
        let part = read_some(&mut op.app.db.read().await?, scope, &asked, most).await?;
        taken.rows.extend(part.rows);
        taken.next = part.next;
        match &taken.next {
            Some(next) if taken.rows.len() < MAX_EXPORT_ROWS => asked.before.clone_from(next),
            _ => break,
        }
    }
    record_export(op, scope, &format!("{format}: {}", taken.rows.len())).await?;
    Ok(taken)
}

/// Records that rows were taken along.
pub async fn record_export(op: &Operation<'_>, scope: &JournalScope, detail: &str) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let academy = scope.territories.iter().find_map(|territory| match territory {
        Territory::Academy(id) => Some(id.as_str()),
        _ => None,
    });
    let uai = scope.territories.iter().find_map(|territory| match territory {
        Territory::School(uai) => Some(uai),
        _ => None,
    });
    let about = AuditDetails { academy, uai, detail, ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::JournalExported, about).await?;
    Ok(tx.commit().await?)
}

/// Compares the last verification with the newest and the oldest of some rows.
pub fn chain_standing(check: Option<&AuditCheck>, rows: &[JournalRow]) -> ChainStanding {
    let Some(check) = check.filter(|check| check.checked_at.is_some()) else { return ChainStanding::Unknown };
    let broken: Vec<(String, String)> = match serde_json::from_str(&check.broken) {
        Ok(broken) => broken,
        Err(_) => return ChainStanding::Unknown,
    };
    let (newest, oldest) = match (rows.first(), rows.last()) {
        (Some(newest), Some(oldest)) => (newest.id.as_str(), oldest.id.as_str()),
        _ => ("", "~"),
    };
    let meets = |(first, last): &(String, String)| first.as_str() <= newest && last.as_str() >= oldest;
    if broken.iter().any(meets) {
        return ChainStanding::Broken;
    }
    match (broken.is_empty(), newest <= check.last.as_str()) {
        (false, _) => ChainStanding::BrokenElsewhere,
        (true, true) => ChainStanding::Whole,
        (true, false) => ChainStanding::Partly,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::administrators::scope::AdminScope;
    use crate::base::clock::Timestamp;
    use crate::base::typed_ids::AdministratorId;

    fn scope(territories: &[&str], clients: &[&str]) -> JournalScope {
        JournalScope {
            rows: AdminScope::default(),
            territories: territories.iter().map(|typed| Territory::parse(typed).unwrap()).collect(),
            clients: clients.iter().map(|id| (*id).to_owned()).collect::<BTreeSet<_>>(),
            administrator_id: AdministratorId::new("me"),
            persons: AdminScope::default(),
        }
    }

    #[test]
    fn each_reader_walks_by_the_indexes_of_the_own_territory() {
        let own = JournalWalk::Administrator("me".to_owned());
        let all = JournalFilter::default();
        let academy = JournalWalk::Academy("montpellier".to_owned());
        let school = JournalWalk::School("0349999J".to_owned());
        assert_eq!(walks(&scope(&[], &[]), &all), std::slice::from_ref(&own));
        let two = scope(&["academy:montpellier", "school:0349999J"], &[]);
        assert_eq!(walks(&two, &all), [own.clone(), academy, school.clone()]);
        assert_eq!(walks(&scope(&[], &["ent"]), &all), [own.clone(), JournalWalk::Client("ent".to_owned())]);
        assert_eq!(walks(&scope(&["all"], &[]), &all), [JournalWalk::Acts]);
        let rosters = JournalFilter { kind: JournalKind::Rosters, ..JournalFilter::default() };
        assert_eq!(walks(&scope(&["ministry:mer"], &[]), &rosters), [own, JournalWalk::Impersonal]);
        let placed = JournalFilter { place: "0349999J".to_owned(), ..JournalFilter::default() };
        assert_eq!(walks(&scope(&["all"], &[]), &placed), [school]);
    }

    #[test]
    fn a_span_and_the_place_in_the_list_are_bounds_of_ids() {
        let filter = JournalFilter {
            from: Some(Timestamp(1_790_000_000_000)),
            until: Some(Timestamp(1_790_086_400_000)),
            ..JournalFilter::default()
        };
        let of = condition(&filter);
        assert_eq!(of.from, row_id_lower_bound(Timestamp(1_790_000_000_000)));
        assert_eq!(of.before, row_id_lower_bound(Timestamp(1_790_086_400_000)));
        let before = row_id_lower_bound(Timestamp(1_790_000_050_000));
        let of = condition(&JournalFilter { before: before.clone(), ..filter.clone() });
        assert_eq!(of.before, before);
        // A place behind the span changes nothing.
        let of = condition(&JournalFilter { before: "f".repeat(32), ..filter });
        assert_eq!(of.before, row_id_lower_bound(Timestamp(1_790_086_400_000)));
        assert_eq!(condition(&JournalFilter::default()).before, AFTER_EVERY_ID);
    }
}
