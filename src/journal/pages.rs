//! `/admin/journal` and its exports: filters by GET, pages by the id of the last row.

mod export;
mod list;

use axum::Router;
use axum::response::Response;

use super::{FilterRefusal, JournalFilter, JournalKind, NOBODY};
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::base::date::parse_typed;
use crate::base::ids::is_id;
use crate::base::uai::Uai;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::http::routing::get;
use crate::protocol::params::{ParamsError, encode};

/// The answer of a handler that may lead elsewhere first.
type GatedResult = Result<Response, Response>;

/// The longest text of a filter, in characters.
const MAX_FILTER_CHARS: usize = 100;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::ADMIN_JOURNAL, get(list::show))
        .route(paths::ADMIN_JOURNAL_CSV, get(export::csv))
        .route(paths::ADMIN_JOURNAL_JSON, get(export::json_lines))
}

/// A filter as it was typed, and as it is meant.
#[derive(Clone, Debug, Default)]
struct TypedFilter {
    from: String,
    to: String,
    place: String,
    filter: JournalFilter,
    refusal: Option<FilterRefusal>,
}

/// Reads a typed day. `None` is none, and an error a day that does not exist.
pub(super) fn read_day(typed: &str, days_later: u64) -> Result<Option<Timestamp>, FilterRefusal> {
    if typed.is_empty() {
        return Ok(None);
    }
    let day = parse_typed(typed).map_err(|_| FilterRefusal::Date)?;
    // Row ids have no time before the epoch, and nothing happened then.
    let begin = dates::beginning_of_day(day, days_later).ok_or(FilterRefusal::Date)?;
    Ok(Some(Timestamp(begin.0.max(0))))
}

impl TypedFilter {
    fn read(ctx: &RequestContext) -> Self {
        let query = &ctx.query;
        let is_too_long = query.error() == Some(ParamsError::TooLong)
            || ["du", "au", "lieu", "qui", "personne"]
                .iter()
                .any(|name| query.form_value(name).chars().count() > MAX_FILTER_CHARS);
        let typed = |name: &str| query.form_value(name).trim().chars().take(MAX_FILTER_CHARS).collect::<String>();
        let (from, to, place) = (typed("du"), typed("au"), typed("lieu"));
        let person = match typed("personne") {
            id if id.is_empty() || is_id(&id, 32) => id,
            _ => NOBODY.to_owned(),
        };
        let default = if person.is_empty() { JournalKind::Acts } else { JournalKind::All };
        let filter = JournalFilter {
            kind: query.get("gestes").and_then(|kind| kind.parse().ok()).unwrap_or(default),
            from: None,
            until: None,
            place: match place.to_uppercase().parse::<Uai>() {
                Ok(uai) => uai.to_string(),
                Err(_) => place.to_lowercase(),
            },
            actor: typed("qui"),
            person,
            before: query.get("avant").filter(|id| is_id(id, 32)).unwrap_or_default().to_owned(),
        };
        let mut all = TypedFilter { from, to, place, filter, refusal: is_too_long.then_some(FilterRefusal::TooLong) };
        match (read_day(&all.from, 0), read_day(&all.to, 1)) {
            (Ok(from), Ok(until)) => (all.filter.from, all.filter.until) = (from, until),
            (Err(refusal), _) | (_, Err(refusal)) => all.refusal = Some(refusal),
        }
        if all.filter.from.zip(all.filter.until).is_some_and(|(from, until)| from >= until) {
            all.refusal = Some(FilterRefusal::Order);
        }
        all
    }

    /// Returns the address of a page with this filter, before a row.
    fn href(&self, path: &str, before: &str) -> String {
        let JournalFilter { kind, actor, person, .. } = &self.filter;
        let all = [
            ("du", self.from.as_str()),
            ("au", &self.to),
            ("gestes", kind.name()),
            ("lieu", &self.place),
            ("qui", actor),
            ("personne", person),
            ("avant", before),
        ];
        format!("{path}?{}", encode(all.into_iter().filter(|(_, value)| !value.is_empty())))
    }

    /// True if one day is asked for.
    fn is_one_day(&self) -> bool {
        !self.from.is_empty() && self.from == self.to
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Span;

    #[test]
    fn a_day_that_no_calendar_has_is_refused_and_an_old_one_is_before_every_row() {
        assert_eq!(read_day("", 0), Ok(None));
        for typed in ["2026-02-30", "demain", "' OR 1=1", "0000-00-00", "99999-01-01"] {
            assert_eq!(read_day(typed, 0), Err(FilterRefusal::Date), "{typed}");
        }
        assert_eq!(read_day("1901-01-01", 0), Ok(Some(Timestamp(0))));
        let (from, until) = (read_day("9999-12-31", 0).unwrap().unwrap(), read_day("9999-12-31", 1).unwrap().unwrap());
        assert_eq!(until.since(from), Span::days(1));
        assert_eq!(read_day("26/11/2026", 0), read_day("2026-11-26", 0));
    }
}
