//! The page of figures: its context and samples.

use serde::Serialize;

use super::{ActivationSums, FigurePlace, SignInFigures, failures};
use crate::administrators::views::ConsoleFrame;
use crate::app::SignInResult;
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::http::pages::Page;
use crate::http::pages::day_chart::{self, DayChart, ShownCount, percent};

/// A number of days that the page offers.
#[derive(Clone, Debug, Serialize)]
pub struct FigureSpan {
    pub days: i64,
    pub href: String,
    pub is_current: bool,
}

/// A place of the administrator's own, where there are several.
#[derive(Clone, Debug, Serialize)]
pub struct FigureChoice {
    pub name: String,
    pub href: String,
    pub is_current: bool,
}

/// A bar with its number.
#[derive(Clone, Debug, Serialize)]
pub struct FigureBar {
    /// The end of the message's key.
    pub key: &'static str,
    pub count: ShownCount,
    /// The width, with its unit.
    pub width: String,
}

/// A relying party or an academy, with its numbers.
#[derive(Clone, Debug, Serialize)]
pub struct FigureLine {
    pub name: String,
    pub id: String,
    /// The page of its own figures; empty if there is none.
    pub href: String,
    pub signed_in: ShownCount,
    pub refused: ShownCount,
}

/// Draws the reasons for failures, the most frequent first.
pub fn reason_bars(place: &FigurePlace, figures: &SignInFigures) -> Vec<FigureBar> {
    let told: Vec<(SignInResult, ShownCount)> =
        figures.reasons.iter().map(|(result, n)| (*result, place.shown(*n))).collect();
    let most = told.iter().map(|(_, count)| count.drawn()).max().unwrap_or(0).max(1);
    let bar = |(result, count): (SignInResult, ShownCount)| FigureBar {
        key: result.name(),
        count,
        width: percent(count.drawn(), most),
    };
    told.into_iter().map(bar).collect()
}

/// Draws the days of a place.
pub fn draw_days(
    lang: Lang,
    span: (Timestamp, Timestamp),
    (place, figures): (&FigurePlace, &SignInFigures),
) -> DayChart {
    day_chart::draw(lang, span, |key| {
        let (signed_in, refused) = figures.days.get(key).copied().unwrap_or_default();
        (place.shown(signed_in), place.shown(refused))
    })
}

/// Draws how far accounts are activated: the parents, those whom an SMS reaches or who have one, and those who have one.
pub fn activation_bars(place: &FigurePlace, sums: &ActivationSums) -> Vec<FigureBar> {
    let steps = [
        ("legal", sums.parents),
        ("reachable", (sums.parents - sums.unreachable).max(0)),
        ("active", sums.with_account),
        ("pupils", sums.pupils),
        ("covered", sums.pupils_covered),
    ];
    let bar = |(key, n): (&'static str, i64)| {
        let whole = if ["pupils", "covered"].contains(&key) { sums.pupils } else { sums.parents };
        let count = place.shown(n);
        FigureBar { key, count, width: percent(count.drawn().min(whole.max(1)), whole.max(1)) }
    };
    steps.into_iter().map(bar).collect()
}

/// `/admin/chiffres`.
#[derive(Clone, Debug, Serialize)]
pub struct FiguresPage {
    pub frame: ConsoleFrame,
    /// The place or the relying party, in words.
    pub place: String,
    pub days: i64,
    pub spans: Vec<FigureSpan>,
    pub choices: Vec<FigureChoice>,
    /// True if a school may be asked for.
    pub asks_school: bool,
    /// The typed UAI.
    pub uai: String,
    /// True if what was typed is none.
    pub is_refused: bool,
    pub signed_in: ShownCount,
    pub refused: ShownCount,
    pub chart: DayChart,
    pub reasons: Vec<FigureBar>,
    pub activation: Vec<FigureBar>,
    pub clients: Vec<FigureLine>,
    pub academies: Vec<FigureLine>,
    pub csv_href: String,
}

/// The figures of a day on the home of the console.
#[derive(Clone, Debug, Serialize)]
pub struct TodayFigures {
    pub signed_in: ShownCount,
    pub refused: ShownCount,
    pub chart: DayChart,
    pub reasons: Vec<FigureBar>,
}

impl TodayFigures {
    /// Returns an example, for the samples of pages.
    pub fn sample() -> Self {
        TodayFigures {
            signed_in: ShownCount::exact(18_412),
            refused: ShownCount::few(),
            chart: DayChart::sample(14),
            reasons: sample_reasons(),
        }
    }
}

fn sample_reasons() -> Vec<FigureBar> {
    let bar = |(n, result): (i64, SignInResult)| FigureBar {
        key: result.name(),
        count: if n > 8 { ShownCount::few() } else { ShownCount::exact(402 - 40 * n) },
        width: percent(10 - n, 10),
    };
    (0..).zip(failures()).map(bar).collect()
}

impl Page for FiguresPage {
    const TEMPLATE: &'static str = "figures/figures.html";
    fn samples() -> Vec<Self> {
        let place = FigurePlace::Academy("montpellier".to_owned());
        let sums = ActivationSums { parents: 812, with_account: 402, unreachable: 31, pupils: 560, pupils_covered: 3 };
        let line = |(name, href): (&str, &str)| FigureLine {
            name: name.to_owned(),
            id: "mon-ent".to_owned(),
            href: href.to_owned(),
            signed_in: ShownCount::exact(41_003),
            refused: ShownCount::few(),
        };
        let span =
            |days: i64| FigureSpan { days, href: format!("/admin/chiffres?jours={days}"), is_current: days == 30 };
        let choice = |(name, is_current): (&str, bool)| FigureChoice {
            name: name.to_owned(),
            href: "/admin/chiffres?lieu=academy%3Amontpellier".to_owned(),
            is_current,
        };
        let page = FiguresPage {
            frame: ConsoleFrame::sample().in_room("figures"),
            place: "académie de Montpellier".to_owned(),
            days: 30,
            spans: [7, 30, 90].map(span).to_vec(),
            choices: [("académie de Montpellier", true), ("Clg <script>Monod</script>", false)].map(choice).to_vec(),
            asks_school: true,
            uai: String::new(),
            is_refused: false,
            signed_in: ShownCount::exact(412_003),
            refused: ShownCount::exact(9_120),
            chart: DayChart::sample(30),
            reasons: sample_reasons(),
            activation: activation_bars(&place, &sums),
            clients: [("mon ENT <b>Occitanie</b>", ""), ("Bourses", "/admin/chiffres?lieu=client%3Abourses")]
                .map(line)
                .to_vec(),
            academies: vec![line(("académie de Toulouse", "/admin/chiffres?lieu=academy%3Atoulouse"))],
            csv_href: "/admin/chiffres/connexions.csv?jours=30".to_owned(),
        };
        let empty = FiguresPage {
            choices: Vec::new(),
            asks_school: false,
            signed_in: ShownCount::exact(0),
            refused: ShownCount::few(),
            chart: DayChart::sample(7),
            days: 7,
            reasons: Vec::new(),
            activation: Vec::new(),
            clients: Vec::new(),
            academies: Vec::new(),
            ..page.clone()
        };
        let refused = FiguresPage { uai: "\"><script>".to_owned(), is_refused: true, ..page.clone() };
        vec![page.clone(), empty, refused, FiguresPage { days: 90, chart: DayChart::sample(90), ..page }]
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;

    #[test]
    fn a_bar_of_a_count_that_is_not_told_has_the_width_of_every_other_such_one() {
        let place = FigurePlace::Everything;
        let reasons = vec![(SignInResult::WrongPassword, 100), (SignInResult::Suspended, 4), (SignInResult::Busy, 1)];
        let bars = reason_bars(&place, &SignInFigures { reasons, ..SignInFigures::default() });
        assert_eq!((bars[0].width.as_str(), bars[0].count.n), ("100.000%", 100));
        assert_eq!(bars[1].width, bars[2].width);
        assert!(bars[1].count.is_few && bars[1].count.n == 0);
        assert_eq!(SignInResult::iter().count(), failures().count() + 1);
    }

    #[test]
    fn no_bar_of_the_activation_is_longer_than_its_whole() {
        let sums = ActivationSums { parents: 1, with_account: 1, unreachable: 0, pupils: 0, pupils_covered: 0 };
        for bar in activation_bars(&FigurePlace::Everything, &sums) {
            let width: f64 = bar.width.trim_end_matches('%').parse().unwrap();
            assert!((0.0..=100.0).contains(&width), "{bar:?}");
        }
    }
}
