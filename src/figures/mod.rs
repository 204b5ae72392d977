//! The figures of sign-ins in the console: how many, and why not, by place and relying party.
//!
//! Ends of sign-ins are noted in memory (`app::SignInCounters`) and written as rows of days ([`ops::write_sign_ins`]); a
//! page reads those rows and counts nobody. Above a school a count below five is not told.

pub mod api;
pub mod ops;
pub mod pages;
pub mod store;
pub mod views;

use std::collections::BTreeMap;

use strum::IntoEnumIterator as _;

use crate::administrators::territory::Territory;
use crate::app::SignInResult;
use crate::db::FromRow;
use crate::http::pages::day_chart::ShownCount;

/// Counts below this one are « fewer than five » above a school.
const MIN_SHOWN: i64 = 5;

/// The place of which sign-ins are counted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FigurePlace {
    Everything,
    Ministry(String),
    Academy(String),
    School(String),
}

impl FigurePlace {
    /// Returns the columns `place_kind` and `place`.
    pub fn columns(&self) -> (&'static str, &str) {
        match self {
            FigurePlace::Everything => ("all", ""),
            FigurePlace::Ministry(id) => ("ministry", id),
            FigurePlace::Academy(id) => ("academy", id),
            FigurePlace::School(uai) => ("school", uai),
        }
    }

    /// True if the place is so small that its people are known one by one to whoever reads.
    pub fn is_school(&self) -> bool {
        matches!(self, FigurePlace::School(_))
    }

    /// Returns a count as it may be told of this place.
    pub fn shown(&self, n: i64) -> ShownCount {
        match !self.is_school() && (1..MIN_SHOWN).contains(&n) {
            true => ShownCount::few(),
            false => ShownCount::exact(n),
        }
    }
}

/// The sums of the figures of the schools of a place, as the worker counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub struct ActivationSums {
    pub parents: i64,
    pub with_account: i64,
    pub unreachable: i64,
    pub pupils: i64,
    pub pupils_covered: i64,
}

/// The figures that somebody asks for: of a place, or of one relying party everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FigureSubject {
    pub place: FigurePlace,
    /// Empty for all relying parties together.
    pub client_id: String,
}

impl FigureSubject {
    /// Returns what is counted of a territory; `None` for a class, of which nothing is.
    pub fn of(territory: &Territory) -> Option<Self> {
        let of_place = |place| Some(FigureSubject { place, client_id: String::new() });
        match territory {
            Territory::All => of_place(FigurePlace::Everything),
            Territory::Ministry(id) => of_place(FigurePlace::Ministry(id.clone())),
            Territory::Academy(id) => of_place(FigurePlace::Academy(id.clone())),
            Territory::School(uai) => of_place(FigurePlace::School(uai.to_string())),
            Territory::Class(..) => None,
            Territory::Client(id) => Some(FigureSubject { place: FigurePlace::Everything, client_id: id.to_string() }),
        }
    }
}

/// The sign-ins of a day with one result.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct SignInDayRow {
    pub day: String,
    pub result: String,
    pub n: i64,
}

/// The sign-ins of some days.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignInFigures {
    /// The successes and the failures of each day.
    pub days: BTreeMap<String, (i64, i64)>,
    pub signed_in: i64,
    pub refused: i64,
    /// Each reason for a failure that occurred, the most frequent first.
    pub reasons: Vec<(SignInResult, i64)>,
}

impl SignInFigures {
    /// Sums the rows of a place. A result of a newer release is a failure without a reason.
    pub fn sum(rows: &[SignInDayRow]) -> Self {
        let mut figures = SignInFigures::default();
        let mut reasons: BTreeMap<SignInResult, i64> = BTreeMap::new();
        for row in rows {
            let day = figures.days.entry(row.day.clone()).or_default();
            let result = row.result.parse::<SignInResult>().ok();
            if result.is_some_and(SignInResult::is_success) {
                day.0 += row.n;
                figures.signed_in += row.n;
                continue;
            }
            day.1 += row.n;
            figures.refused += row.n;
            if let Some(result) = result {
                *reasons.entry(result).or_default() += row.n;
            }
        }
        figures.reasons = reasons.into_iter().collect();
        figures.reasons.sort_by_key(|(result, n)| (-n, *result));
        figures
    }
}

/// Lists the reasons for which a sign-in fails.
pub fn failures() -> impl Iterator<Item = SignInResult> {
    SignInResult::iter().filter(|result| !result.is_success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successes_and_failures_are_summed_by_day_and_by_reason() {
        let row = |day: &str, result: &str, n| SignInDayRow { day: day.to_owned(), result: result.to_owned(), n };
        let figures = SignInFigures::sum(&[
            row("2026-11-24", "signed_in", 10),
            row("2026-11-24", "wrong_password", 2),
            row("2026-11-25", "wrong_password", 1),
            row("2026-11-25", "suspended", 7),
            row("2026-11-25", "of a newer release", 1),
        ]);
        assert_eq!(figures.days["2026-11-24"], (10, 2));
        assert_eq!(figures.days["2026-11-25"], (0, 9));
        assert_eq!((figures.signed_in, figures.refused), (10, 11));
        assert_eq!(figures.reasons, [(SignInResult::Suspended, 7), (SignInResult::WrongPassword, 3)]);
    }

    #[test]
    fn threat_s15_above_a_school_a_small_count_is_not_told() {
        let school = FigurePlace::School("0349999J".to_owned());
        for place in [FigurePlace::Everything, FigurePlace::Academy("a".into()), FigurePlace::Ministry("m".into())] {
            for (n, right) in
                [(0, ShownCount::exact(0)), (1, ShownCount::few()), (4, ShownCount::few()), (5, ShownCount::exact(5))]
            {
                assert_eq!(place.shown(n), right, "{place:?} {n}");
                assert_eq!(school.shown(n), ShownCount::exact(n));
            }
        }
    }
}
