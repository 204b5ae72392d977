//! Decides which of two formats speaks for a row (docs/decisions/0052-several-formats-of-one-roster.md).
//!
//! Pure. A school has one leading format. Another one adds what is absent, and replaces what the leading one wrote only
//! if it is much newer: a number that the secretary mended in the evening survives the academy's export of the night.

use super::reconcile::ExportVersion;
use crate::base::clock::{Span, Timestamp};

/// The time by which the data of another format must be newer than what the leading format wrote last: more than 48
/// hours, and the second by which a delta follows the complet of its day is none of them.
pub const MIN_REPLACING_AGE: Span = Span(Span::hours(48).0 + Span::seconds(1).0);

/// The part that a format plays in a school.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatStanding {
    /// The stored name of the format that is imported.
    pub format: &'static str,
    /// The stored name of the school's leading format before this import.
    pub leading: String,
    /// True if the operator has the format take the lead.
    pub takes_lead: bool,
    /// The last set of the leading format.
    pub leading_export: Option<ExportVersion>,
}

/// The authority of an import over a row that a format wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowAuthority {
    /// The row is of the import's own domain: it changes, and ends where the set lacks it.
    Owned,
    /// The row changes if the set has it, and is left alone otherwise.
    Adoptable,
    /// The row stays as it is.
    Fixed,
}

impl FormatStanding {
    /// True if the import leads in the school.
    pub fn leads(&self) -> bool {
        self.takes_lead || self.format == self.leading
    }

    /// Returns the authority over an enrolment or a link that was written from `source`.
    pub fn authority_over(&self, source: &str, given_at: Timestamp) -> RowAuthority {
        match source {
            source if source == self.format || self.takes_lead => RowAuthority::Owned,
            source if source != self.leading => RowAuthority::Adoptable,
            _ if self.is_much_newer(given_at, Timestamp(0)) => RowAuthority::Owned,
            _ => RowAuthority::Fixed,
        }
    }

    /// Returns the authority over the data of a person or pupil, last written by `led_by` while it led.
    pub fn authority_over_data(&self, led_by: Option<&str>, row_at: Timestamp, given_at: Timestamp) -> RowAuthority {
        match led_by {
            Some(by) if by == self.format => RowAuthority::Owned,
            None => RowAuthority::Adoptable,
            Some(_) if self.takes_lead => RowAuthority::Adoptable,
            Some(by) if by == self.leading && self.is_much_newer(given_at, row_at) => RowAuthority::Adoptable,
            Some(_) => RowAuthority::Fixed,
        }
    }

    /// True for data of a format that leads in another school of the person or pupil.
    pub fn is_contested(&self, led_by: Option<&str>) -> bool {
        led_by.is_some_and(|by| by != self.format && by != self.leading && !self.takes_lead)
    }

    /// Returns the authority over contested data that differs: the import corrects what it began to say after the data
    /// last changed, and more than 48 hours after that.
    pub fn authority_over_contested(
        &self,
        changed_at: Timestamp,
        said_at: Timestamp,
        given_at: Timestamp,
    ) -> RowAuthority {
        match said_at > changed_at && given_at.since(changed_at) > MIN_REPLACING_AGE {
            true => RowAuthority::Adoptable,
            false => RowAuthority::Fixed,
        }
    }

    /// True if the data is much newer than the row and than the last set of the leading format.
    fn is_much_newer(&self, given_at: Timestamp, row_at: Timestamp) -> bool {
        let last = self.leading_export.map_or(row_at, |last| row_at.max(last.pupils_at).max(last.persons_at));
        given_at.since(last) > MIN_REPLACING_AGE
    }
}
