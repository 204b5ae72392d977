//! The share of current records that a roster would end, and the guard against one that ends too many.

use super::desired_state::is_legal;
use super::{CurrentState, LinkKey, ReconcileError, ReconcilePlan};

/// The share of current records ended by a roster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemovalCounts {
    pub pupils: RemovedShare,
    /// Legal links ended or lowered to another level.
    pub legal_links: RemovedShare,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemovedShare {
    pub removed: usize,
    pub total: usize,
}

impl RemovalCounts {
    /// Returns the larger share, from 0 to 1.
    pub fn ratio(&self) -> f64 {
        let of = |share: RemovedShare| if share.total == 0 { 0.0 } else { share.removed as f64 / share.total as f64 };
        of(self.pupils).max(of(self.legal_links))
    }
}

/// The maximum percentage of removals within one school year; the next constant applies to the first roster of a new
/// year, when a whole year group has left.
const MAX_REMOVED_PERCENT: usize = 5;
const MAX_REMOVED_PERCENT_NEW_YEAR: usize = 40;
/// Below this total 5 % is less than one record: a family (one pupil with two legal links) may still leave.
const MIN_TOTAL_FOR_PERCENT: usize = 20;

impl ReconcilePlan {
    pub(super) fn count_removals(&self, known: &CurrentState) -> RemovalCounts {
        let was_legal = |key: &LinkKey| known.links.get(key).is_some_and(is_legal);
        let ended = self.links_ended.iter().filter(|key| was_legal(key)).count();
        let lowered = self.links_changed.iter().filter(|(key, data)| was_legal(key) && !is_legal(data)).count();
        let legal = known.links.values().filter(|data| is_legal(data)).count();
        RemovalCounts {
            pupils: RemovedShare { removed: self.enrolments_ended.len(), total: known.enrolments.len() },
            legal_links: RemovedShare { removed: ended + lowered, total: legal },
        }
    }

    pub(super) fn check_removals(&self, known: &CurrentState) -> Result<(), ReconcileError> {
        let new_year = known.last_export.is_some_and(|last| last.year < self.export.year);
        let percent = if new_year { MAX_REMOVED_PERCENT_NEW_YEAR } else { MAX_REMOVED_PERCENT };
        for (what, share, family) in
            [("pupils", self.removals.pupils, 1), ("legal links", self.removals.legal_links, 2)]
        {
            let RemovedShare { removed: gone, total: of } = share;
            let small = of < MIN_TOTAL_FOR_PERCENT && gone <= family;
            if gone.saturating_mul(100) > of.saturating_mul(percent) && !small {
                return Err(ReconcileError::TooManyRemovals { what, gone, of, percent });
            }
        }
        Ok(())
    }
}
