//! Messages of an academy, or of all, written in the console: as an order that is read before it counts, and ended by one
//! button. What a message may say, and who sees it, is [`crate::announcements`]'s.

pub mod ops;
pub mod pages;
pub mod store;
pub mod views;

use serde::{Deserialize, Serialize};

use crate::administrators::territory::Place;
use crate::announcements::{AnnouncementLevel, TextFault, judge_text};
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::sha256_base64url;

/// The longest time for which a message is shown.
pub const MAX_SHOWN: Span = Span::days(31);
/// The longest time from now to the beginning of a message.
pub const MAX_AHEAD: Span = Span::days(90);
/// The time for which a draft may be confirmed.
pub const DRAFT_TTL: Span = Span::hours(1);

/// An order of somebody, before it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnnouncementOrder {
    /// The academy, by id; `None` for all.
    pub academy: Option<String>,
    pub level: AnnouncementLevel,
    pub fr: String,
    pub en: String,
    /// In milliseconds; `None` from its confirmation on.
    pub begins_at: Option<i64>,
    /// In milliseconds.
    pub ends_at: i64,
}

/// The answers of a form, as they were typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypedAnnouncement {
    pub academy: Option<String>,
    pub level: Option<AnnouncementLevel>,
    pub fr: String,
    pub en: String,
    /// `Some(None)`: what is typed is no time. `None`: nothing is typed.
    pub begins_at: Option<Option<Timestamp>>,
    pub ends_at: Option<Timestamp>,
}

/// The reason for refusing a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFault {
    /// It is no time of the calendar and the clock.
    NoTime,
    Past,
    /// It begins too far ahead.
    TooFar,
    /// It ends before it begins.
    BeforeBegin,
    /// It would be shown for too long.
    TooLong,
}

/// The fields that are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AnnouncementFaults {
    pub level: bool,
    pub fr: Option<TextFault>,
    pub en: Option<TextFault>,
    pub begins_at: Option<TimeFault>,
    pub ends_at: Option<TimeFault>,
}

impl TypedAnnouncement {
    /// Returns the order, in the form in which it is shown.
    ///
    /// # Errors
    /// A field is refused.
    pub fn judge(&self, now: Timestamp) -> Result<AnnouncementOrder, AnnouncementFaults> {
        let (fr, en) = (judge_text(&self.fr), judge_text(&self.en));
        let mut faults = AnnouncementFaults {
            level: self.level.is_none(),
            fr: fr.as_ref().err().copied(),
            en: en.as_ref().err().copied(),
            begins_at: match self.begins_at {
                Some(None) => Some(TimeFault::NoTime),
                Some(Some(at)) if at.since(now) > MAX_AHEAD => Some(TimeFault::TooFar),
                _ => None,
            },
            ends_at: None,
        };
        // A beginning that has passed is now.
        let begins_at = self.begins_at.flatten().filter(|at| *at > now);
        let from = begins_at.unwrap_or(now);
        faults.ends_at = match self.ends_at {
            None => Some(TimeFault::NoTime),
            Some(at) if at <= now => Some(TimeFault::Past),
            Some(at) if at <= from => Some(TimeFault::BeforeBegin),
            Some(at) if at.since(from) > MAX_SHOWN => Some(TimeFault::TooLong),
            Some(_) => None,
        };
        match (self.level, fr, en, self.ends_at) {
            (Some(level), Ok(fr), Ok(en), Some(ends_at)) if faults == AnnouncementFaults::default() => {
                Ok(AnnouncementOrder {
                    academy: self.academy.clone(),
                    level,
                    fr,
                    en,
                    begins_at: begins_at.map(|at| at.0),
                    ends_at: ends_at.0,
                })
            }
            _ => Err(faults),
        }
    }
}

impl AnnouncementOrder {
    /// Returns the place of which a role must permit it.
    pub fn place(&self) -> Place {
        place_of(self.academy.as_deref())
    }

    /// Returns the digest of what a page shows of it: the order, and the messages that are open beside it, by id.
    pub fn digest(&self, open: &[String]) -> String {
        let form = serde_json::to_string(self).unwrap_or_default();
        sha256_base64url(&format!("{form}\n{}", open.join(" ")))
    }
}

/// Returns the place of an academy; of all, the place that only the whole country contains.
pub fn place_of(academy: Option<&str>) -> Place {
    Place { academy: academy.map(str::to_owned), ..Place::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn typed() -> TypedAnnouncement {
        TypedAnnouncement {
            academy: Some("montpellier".into()),
            level: Some(AnnouncementLevel::Information),
            fr: " Fermé\r\nsamedi. ".into(),
            en: "Closed on Saturday.".into(),
            begins_at: None,
            ends_at: Some(NOW.plus(Span::days(1))),
        }
    }

    #[test]
    fn an_order_is_what_was_typed_in_the_form_that_is_shown() {
        let order = typed().judge(NOW).unwrap();
        assert_eq!((order.fr.as_str(), order.begins_at), ("Fermé samedi.", None));
        let past = TypedAnnouncement { begins_at: Some(Some(NOW.minus(Span::hours(1)))), ..typed() };
        assert_eq!(past.judge(NOW).unwrap().begins_at, None, "it begins now");
        let later = NOW.plus(Span::hours(1));
        let ahead = TypedAnnouncement { begins_at: Some(Some(later)), ..typed() };
        assert_eq!(ahead.judge(NOW).unwrap().begins_at, Some(later.0));
    }

    #[test]
    fn times_that_cannot_be_are_refused_each_with_its_reason() {
        let with = |begins_at, ends_at| TypedAnnouncement { begins_at, ends_at, ..typed() }.judge(NOW).unwrap_err();
        let at = |span: Span| Some(NOW.plus(span));
        assert_eq!(with(Some(None), at(Span::days(1))).begins_at, Some(TimeFault::NoTime));
        assert_eq!(with(Some(at(Span::days(91))), at(Span::days(92))).begins_at, Some(TimeFault::TooFar));
        assert_eq!(with(None, None).ends_at, Some(TimeFault::NoTime));
        assert_eq!(with(None, Some(NOW)).ends_at, Some(TimeFault::Past));
        assert_eq!(with(Some(at(Span::days(2))), at(Span::days(2))).ends_at, Some(TimeFault::BeforeBegin));
        assert_eq!(with(None, at(Span::days(32))).ends_at, Some(TimeFault::TooLong));
        assert_eq!(with(None, Some(Timestamp(i64::MAX))).ends_at, Some(TimeFault::TooLong));
        let empty = TypedAnnouncement::default().judge(NOW).unwrap_err();
        assert!(empty.level && empty.fr.is_some() && empty.en.is_some() && empty.ends_at.is_some());
    }

    #[test]
    fn the_digest_changes_with_the_order_and_with_what_is_open_beside_it() {
        let order = typed().judge(NOW).unwrap();
        let digest = order.digest(&[]);
        assert_eq!(digest, order.digest(&[]));
        assert_ne!(digest, order.digest(&["a".into()]));
        assert_ne!(digest, AnnouncementOrder { academy: None, ..order }.digest(&[]));
    }
}
