//! When somebody whom no school names any more counts as gone.

use chrono::Datelike as _;

use crate::base::clock::{Span, Timestamp};
use crate::http::pages::dates;

/// The time without a current link, or without a current enrolment.
pub const ABSENCE: Span = Span::days(92);

/// True from July to the end of October: a pupil who left one school in July is enrolled in another by then, at the
/// latest.
pub fn is_between_schools(now: Timestamp) -> bool {
    let day = dates::date_key(now).parse::<chrono::NaiveDate>();
    day.is_ok_and(|day| (7..=10).contains(&day.month()) && (day.month(), day.day()) != (10, 31))
}
